// Package bench compares the export pipeline with the one that OpenTelemetry brings along: its batch processor and its
// OTLP exporter for HTTP. It has benchmarks only, in a module of its own, because what it compares with would otherwise
// be a dependency of genotel.
//
// The contestants run one after another in one process and send to a server in another one, which reads what comes and
// answers at once. So the figures are those of the pipelines alone, the kernel's part of sending included. Spans are
// made beforehand; the work of making them is the application's.
//
// make bench prints them side by side. docs/reliability.md has figures. What a metric means:
//
//	sec/op        time for one span, from its end to the answer of the server, in windows of 8 MB
//	cpu-sec/op    processor time for one span, user and system, that of the garbage collector included
//	spans/s       the inverse of sec/op
//	wire-B/op     bytes of the requests' bodies for one span
//	B, allocs/op  allocations for one span
//	held-B        live heap while the backend is down, beyond that of the same process without a pipeline
//	peak-B        the most of it while spans come
//	ratio         size before compression by that after it
package bench
