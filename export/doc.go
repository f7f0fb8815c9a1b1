// Package export brings ended spans to the backends that want them, and can say
// of every span what became of it.
//
// It exists because OpenTelemetry's batch processor with its OTLP exporter loses
// spans without a word: a batch is gone when the backend is down for more than
// half a minute, when one of its spans holds an invalid byte, when the queue is
// full, and a healthy backend gets nothing at shutdown while a dead one is waited
// for.
//
// A [Processor] is one span processor with one pipeline per [Destination]. Each
// pipeline has its own queue, goroutines, deadlines and [Stats], so that destinations
// cannot hurt each other. The caller's goroutine only estimates the size of the ended
// span and queues it. Two goroutines of the pipeline do the rest:
//
//	OnEnd → queue → packer: view, transform, split, encode → outbox or disk
//	      → sender: compress, send, retry, divide, shrink → ledger
//
// The packer makes parcels, which are encoded requests of a bounded size, and never
// waits for the backend: what waits through an outage waits as bytes. The sender brings
// out one parcel at a time. It learns how much the backend takes at a time, divides what
// is too much, cuts the texts of a span that is too large alone, and searches a refused
// parcel for the span that the backend does not want.
//
// For each destination, at every moment,
//
//	ended + recovered = delivered + queued + spooled + the sum of dropped
//
// Memory is bounded by the queues ([WithQueue]), parcels and the compressed copy of the
// one on its way included. Without [WithSpool] what is in memory when the process dies,
// or when the context of Shutdown ends, is lost, and in the second case counted. With it
// every parcel is on the disk before it is sent and until it is delivered, and the next
// process sends what one has left.
//
// Requests leave as OTLP: over HTTP as protobuf or JSON, over gRPC, or as lines of a file
// ([Protocol], Destination.File). That is the business of a sender, and all the rest is
// the same for each of them. gRPC is written here on top of net/http, because one unary
// call does not need what google.golang.org/grpc would add to every program.
//
// A request whose outcome is unknown, for instance after a timeout, is sent again
// with the same bytes. A backend that does not recognize spans by their ids then
// stores them twice.
//
// docs/reliability.md has the promises, the figures and the tests behind them.
//
// The package knows spans, records and OTLP. It knows no client, no provider and
// no vocabulary of attributes: what a backend wants to see is the business of the
// destination's [View].
package export
