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
// cannot hurt each other. The caller's goroutine only estimates the size of the
// ended span and queues it; everything else happens on two workers, one that packs
// requests and one that sends them:
//
//	OnEnd → queue → view → transform → split by bytes → encode → [disk] → send, retry → ledger
//
// For each destination, at every moment,
//
//	ended + recovered = delivered + queued + spooled + the sum of dropped
//
// Memory is bounded by the queues ([WithQueue]). What is still queued when the process
// dies, or when the context of Shutdown ends, is lost, and in the second case counted.
// With [WithSpool] requests are on the disk before they are sent, and outlive both.
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
// The package knows spans, records and OTLP. It knows no client, no provider and
// no vocabulary of attributes: what a backend wants to see is the business of the
// destination's [View].
package export
