package genotel

import (
	"fmt"
	"strconv"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// langsmithSampler follows LANGSMITH_TRACING_SAMPLING_RATE: it says which traces
// LangSmith gets, whole ones and the same in every process. Other destinations are
// not thinned. It returns nil when LangSmith gets all.
func langsmithSampler() (func(trace.TraceID) bool, error) {
	value, source := langsmithVariable("TRACING_SAMPLING_RATE")
	if value == "" {
		return nil, nil //nolint:nilnil // no sampling is a good answer
	}
	rate, err := strconv.ParseFloat(value, 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		return nil, fmt.Errorf("%s: not a number from 0 to 1", source)
	}
	sampler := sdktrace.TraceIDRatioBased(rate)
	return func(id trace.TraceID) bool {
		return sampler.ShouldSample(sdktrace.SamplingParameters{TraceID: id}).Decision == sdktrace.RecordAndSample
	}, nil
}
