package dialect

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
)

func appendText(dst []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return dst
	}
	return append(dst, key.String(value))
}

func appendInt(dst []attribute.KeyValue, key attribute.Key, value record.Opt[int64]) []attribute.KeyValue {
	if v, ok := value.Get(); ok {
		return append(dst, key.Int64(v))
	}
	return dst
}

func appendPositive(dst []attribute.KeyValue, key attribute.Key, value record.Opt[int64]) []attribute.KeyValue {
	if v, ok := value.Get(); ok && v > 0 {
		return append(dst, key.Int64(v))
	}
	return dst
}

func appendFloat(dst []attribute.KeyValue, key attribute.Key, value record.Opt[float64]) []attribute.KeyValue {
	if v, ok := value.Get(); ok {
		return append(dst, key.Float64(v))
	}
	return dst
}

// appendFloatText writes a fraction as text, for backends that drop doubles.
func appendFloatText(dst []attribute.KeyValue, key attribute.Key, value record.Opt[float64]) []attribute.KeyValue {
	if v, ok := value.Get(); ok {
		return append(dst, key.String(strconv.FormatFloat(v, 'g', -1, 64)))
	}
	return dst
}

// total is the provider's total, or the sum when it gave none.
func total(u *record.Usage) record.Opt[int64] {
	if u.Total.IsSet() || !u.Input.IsSet() {
		return u.Total
	}
	return record.Some(u.Input.Or(0) + u.Output.Or(0))
}
