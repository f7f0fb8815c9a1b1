package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/otelconv"

	"github.com/genotel/genotel/internal/version"
)

// The meter's name, and that of what is measured besides what the conventions know.
const (
	meterName     = "github.com/genotel/genotel/export"
	queueBytesKey = "genotel.exporter.queue.bytes"
	componentName = "genotel/"
	queueFull     = "queue_full" // as the conventions call it
)

// instruments tell the ledgers as the metrics that OpenTelemetry's conventions have for
// an SDK (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/). They are read
// when metrics are collected, and cost nothing in between.
type instruments struct {
	queueSize     otelconv.SDKProcessorSpanQueueSize
	queueCapacity otelconv.SDKProcessorSpanQueueCapacity
	processed     otelconv.SDKProcessorSpanProcessedObservable
	inflight      otelconv.SDKExporterSpanInflightObservable
	exported      otelconv.SDKExporterSpanExportedObservable
	queueBytes    metric.Int64ObservableUpDownCounter
	duration      otelconv.SDKExporterOperationDuration

	registration metric.Registration
}

// instrument makes the instruments of pipelines. A nil provider stands for the global one.
// What fails is told to OpenTelemetry's error handler and does not stop anything.
func instrument(provider metric.MeterProvider, pipelines []*pipeline) *instruments {
	if provider == nil {
		provider = otel.GetMeterProvider()
	}
	meter := provider.Meter(meterName,
		metric.WithInstrumentationVersion(version.Version), metric.WithSchemaURL(semconv.SchemaURL))
	var i instruments
	var problems [8]error
	i.queueSize, problems[0] = otelconv.NewSDKProcessorSpanQueueSize(meter)
	i.queueCapacity, problems[1] = otelconv.NewSDKProcessorSpanQueueCapacity(meter)
	i.processed, problems[2] = otelconv.NewSDKProcessorSpanProcessedObservable(meter)
	i.inflight, problems[3] = otelconv.NewSDKExporterSpanInflightObservable(meter)
	i.exported, problems[4] = otelconv.NewSDKExporterSpanExportedObservable(meter)
	i.duration, problems[5] = otelconv.NewSDKExporterOperationDuration(meter)
	i.queueBytes, problems[6] = meter.Int64ObservableUpDownCounter(queueBytesKey, metric.WithUnit("By"),
		metric.WithDescription("The estimated size of the spans that are in memory for a destination."))
	i.registration, problems[7] = meter.RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			for _, p := range pipelines {
				i.tell(o, p)
			}
			return nil
		},
		i.queueSize.Inst(), i.queueCapacity.Inst(), i.processed.Inst(), i.inflight.Inst(), i.exported.Inst(), i.queueBytes)
	if err := errors.Join(problems[:]...); err != nil {
		otel.Handle(fmt.Errorf("genotel: measuring export: %w", err))
	}
	return &i
}

// tell reports one destination.
func (i *instruments) tell(o metric.Observer, p *pipeline) {
	p.mu.Lock()
	stats, flying, bytes := p.ledger.stats(p.dest.Name), p.inflight, p.room.bytes
	p.mu.Unlock()
	with := func(kv ...attribute.KeyValue) metric.ObserveOption {
		return metric.WithAttributeSet(attribute.NewSet(slices.Concat(p.about, kv)...)) // which sorts in place
	}
	set := with()
	waiting := max(int64(stats.Queued)-int64(flying[queued]), 0) //nolint:gosec // G115: spans
	o.ObserveInt64(i.queueSize.Inst(), waiting, set)
	o.ObserveInt64(i.queueCapacity.Inst(), int64(p.room.maxSpans), set)
	o.ObserveInt64(i.queueBytes, int64(bytes), set)
	o.ObserveInt64(i.inflight.Inst(), int64(flying[queued]+flying[spooled]), set)
	overflow := stats.Dropped[ReasonQueueOverflow]
	o.ObserveInt64(i.processed.Inst(), int64(stats.Ended-overflow), set) //nolint:gosec // G115: spans
	o.ObserveInt64(i.exported.Inst(), int64(stats.Delivered), set)       //nolint:gosec // G115: spans
	for reason, n := range stats.Dropped {
		if reason == ReasonQueueOverflow {
			o.ObserveInt64(i.processed.Inst(), int64(n), with(semconv.ErrorTypeKey.String(queueFull))) //nolint:gosec // G115: spans
			continue
		}
		o.ObserveInt64(i.exported.Inst(), int64(n), with(semconv.ErrorTypeKey.String(string(reason)))) //nolint:gosec // G115: spans
	}
}

// attempted records the duration of one attempt.
func (i *instruments) attempted(ctx context.Context, about []attribute.KeyValue, took time.Duration, o outcome) {
	defer func() { _ = recover() }() // of the application's meter; the request has its outcome
	about = slices.Clone(about)      // the set is sorted in place
	if o.status != 0 {
		about = append(about, semconv.HTTPResponseStatusCode(o.status))
	}
	if o.class != accepted {
		about = append(about, semconv.ErrorTypeKey.String(o.errorType()))
	}
	i.duration.RecordSet(ctx, took.Seconds(), attribute.NewSet(about...))
}

func (i *instruments) close() {
	if i != nil && i.registration != nil {
		_ = i.registration.Unregister() // it fails where there is nothing any more
	}
}

// errorType is the status, or the class for what has none.
func (o outcome) errorType() string {
	if o.status != 0 {
		return strconv.Itoa(o.status)
	}
	return [...]string{"", "transient", "misconfigured", "refused", "too_large"}[o.class]
}

// component describes a destination by the conventions' attributes.
func (d Destination) component() []attribute.KeyValue {
	about := []attribute.KeyValue{semconv.OTelComponentName(componentName + d.Name), d.componentType()}
	u, err := url.Parse(d.URL)
	if err != nil || d.File != "" {
		return about
	}
	about = append(about, semconv.ServerAddress(u.Hostname()))
	port, err := strconv.Atoi(cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
	if err == nil {
		about = append(about, semconv.ServerPort(port))
	}
	return about
}

func (d Destination) componentType() attribute.KeyValue {
	switch {
	case d.File != "":
		return semconv.OTelComponentTypeKey.String("genotel_file_span_exporter")
	case d.Protocol == GRPC:
		return semconv.OTelComponentTypeOtlpGRPCSpanExporter
	case d.Protocol == HTTPJSON:
		return semconv.OTelComponentTypeOtlpHTTPJSONSpanExporter
	default:
		return semconv.OTelComponentTypeOtlpHTTPSpanExporter
	}
}
