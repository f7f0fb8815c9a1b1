package genotel

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/dialect"
	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
)

// redaction is what [WithRedactor] asks of the pipeline. A nil option changes nothing.
func (c config) redaction() export.Option {
	if c.redactor == nil {
		return nil
	}
	return export.WithRedaction(
		func(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan { return dialect.Redacted(span, c.redactor) },
		func(call *record.Call) *record.Call { return redaction.Call(call, c.redactor) },
	)
}
