package openinference

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
)

// Indexed returns the key of a member of the i-th object of a list, counted from
// 0: list.i.member. A list within a list takes two steps.
func Indexed(list attribute.Key, i int, member attribute.Key) attribute.Key {
	return list + "." + attribute.Key(strconv.Itoa(i)) + "." + member
}
