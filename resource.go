package genotel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

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
	// Not resource.Default, which keeps for good what the environment said at first.
	described, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "unknown_service:"+filepath.Base(os.Args[0]))),
		resource.WithFromEnv(),
		resource.WithAttributes(own...))
	if err != nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES: malformed")
	}
	return described, nil
}

// ignoredFile is what the user should know who has named a file for a provider that is
// made without it.
func ignoredFile() (notice string) {
	if path, name := variable("OTEL_CONFIG_FILE"); path != "" {
		return name + " is read by genotelconf.Configure only; the file is not heeded"
	}
	return ""
}

// attributeLimit replaces the SDK's limit of 128 attributes per span, beyond which
// it drops the last ones without a word: three vocabularies and the application's
// own attributes need more.
const attributeLimit = 1024

func spanLimits() sdktrace.SpanLimits {
	limits := sdktrace.NewSpanLimits()
	if chosen, _ := limitVariable(); chosen == "" {
		limits.AttributeCountLimit = attributeLimit
	}
	return limits
}

func limitVariable() (value, name string) {
	return variable("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
}

// checkLimits refuses what the SDK would replace by its own limit.
func checkLimits() error {
	value, name := limitVariable()
	if value == "" {
		return nil
	}
	if _, err := strconv.Atoi(value); err != nil {
		return fmt.Errorf("%s: not a number", name)
	}
	return nil
}
