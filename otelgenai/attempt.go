package otelgenai

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/semconv"
)

// Attempt is one try of a call that took several.
type Attempt struct {
	// Number is 0 for the first try.
	Number int
	Method string
	// URL is the request's URL without user information and query.
	URL string
	// Status is the HTTP status code, 0 when there was no response.
	Status int
	// ErrorType is the error.type, empty when the attempt succeeded.
	ErrorType string
	// Told is what the response's headers told, none of it when there was none.
	Told       Told
	Start, End time.Time
}

// Told holds response headers as they were sent, short enough to be shown. An empty
// one did not come.
type Told struct {
	// RetryAfter and RetryAfterMs say when the provider wants to be asked again.
	RetryAfter, RetryAfterMs string
	// RequestID is the header X-Request-Id.
	RequestID string
}

// WantsAttempts reports whether [Operation.Attempt] has any effect.
func (op *Operation) WantsAttempts() bool { return op.recording && op.in.config.attemptSpans }

// Attempt adds a child span for one attempt, with the times it really had. It is
// a plain HTTP client span by the HTTP conventions. ctx is the attempt's own.
func (op *Operation) Attempt(ctx context.Context, a Attempt) {
	defer guard.Recover("recording an attempt")
	if !op.WantsAttempts() || op.ended.Load() {
		return
	}
	attrs := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(a.Method),
		semconv.URLFullKey.String(redaction.URL(a.URL, op.in.config.redactor)),
		semconv.ServerAddressKey.String(op.call.Server.Address),
		semconv.ServerPortKey.Int(op.call.Server.Port),
	}
	if a.Number > 0 {
		attrs = append(attrs, semconv.HTTPRequestResendCountKey.Int(a.Number))
	}
	if a.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCodeKey.Int(a.Status))
	}
	if a.ErrorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(a.ErrorType))
	}
	attrs = appendHeader(attrs, semconv.HTTPResponseHeaderRetryAfterKey, a.Told.RetryAfter)
	attrs = appendHeader(attrs, semconv.HTTPResponseHeaderRetryAfterMsKey, a.Told.RetryAfterMs)
	attrs = appendHeader(attrs, semconv.HTTPResponseHeaderRequestIDKey, a.Told.RequestID)
	_, span := op.in.currentTracer().Start(
		trace.ContextWithSpan(ctx, op.span),
		a.Method,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(a.Start),
		trace.WithAttributes(attrs...),
	)
	if a.ErrorType != "" {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(a.End))
}

func appendHeader(attrs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, key.StringSlice([]string{value}))
}
