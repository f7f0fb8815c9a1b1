package genotel

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// resource describes the program: options, then OTEL_SERVICE_NAME, then
// OTEL_RESOURCE_ATTRIBUTES, then the name of the executable.
func (c config) resource(ctx context.Context) (*resource.Resource, error) {
	var own []attribute.KeyValue
	if c.serviceName != "" {
		own = append(own, attribute.String("service.name", c.serviceName))
	}
	if c.environment != "" {
		own = append(own, attribute.String("deployment.environment.name", c.environment))
	}
	explicit, err := resource.New(ctx, resource.WithFromEnv(), resource.WithAttributes(own...))
	if err != nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES: malformed")
	}
	merged, err := resource.Merge(resource.Default(), explicit)
	if err != nil {
		return nil, fmt.Errorf("describing the program: %w", err)
	}
	return merged, nil
}

// attributeLimit replaces the SDK's limit of 128 attributes per span, beyond which
// it drops the last ones without a word: three vocabularies and the application's
// own attributes need more.
const attributeLimit = 1024

func spanLimits() sdktrace.SpanLimits {
	limits := sdktrace.NewSpanLimits()
	_, forSpans := os.LookupEnv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")
	_, forAll := os.LookupEnv("OTEL_ATTRIBUTE_COUNT_LIMIT")
	if !forSpans && !forAll {
		limits.AttributeCountLimit = attributeLimit
	}
	return limits
}
