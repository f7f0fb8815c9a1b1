// Package uuid writes the ids that LangSmith knows traces and runs by.
package uuid

import (
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"
)

// Text writes b as a UUID. The id of a trace is one as it is.
func Text(b [16]byte) string {
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// OfSpan is the id of the run that LangSmith makes of a span: the id of the span as the
// end of a UUID of zeros.
func OfSpan(id trace.SpanID) string {
	var b [16]byte
	copy(b[8:], id[:])
	return Text(b)
}
