package uuid_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/uuid"
)

func TestIdsAreUUIDs(t *testing.T) {
	assert.Equal(t, "30313233-3435-3637-3839-616263646566", uuid.Text([16]byte([]byte("0123456789abcdef"))))
	assert.Equal(t, "00000000-0000-0000-6162-636465666768", uuid.OfSpan(trace.SpanID([]byte("abcdefgh"))))
}
