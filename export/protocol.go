package export

import (
	"context"
	"net/http"
	"time"
)

// Protocol is the form in which requests go to a URL. All are of OTLP, whose
// specification is https://opentelemetry.io/docs/specs/otlp/.
type Protocol uint8

const (
	// HTTPProtobuf is protobuf over HTTP. It is the zero value.
	HTTPProtobuf Protocol = iota
	// HTTPJSON is JSON over HTTP, for receivers that take nothing else: it is larger
	// than protobuf, by half and more, and slower to write. The bound of a request counts
	// it as protobuf.
	HTTPJSON
	// GRPC is gRPC: protobuf over HTTP/2, encrypted for https and with prior knowledge
	// for http. An http URL is called without the process's proxy, which would not
	// understand it.
	GRPC
)

// sender brings requests out. There is one for each [Protocol] and one for files; the
// rest of the pipeline does not know which it has. encode and attempt are for the
// worker, one call at a time; close may come while the worker is stuck in one of them,
// and does not wait for it.
type sender interface {
	// encode returns an encoded TracesData as attempt takes it. It leaves body as it is,
	// and may return it.
	encode(body []byte) ([]byte, error)
	// attempt sends body once. It may be sent again and again.
	attempt(ctx context.Context, body []byte) outcome
	// close gives free what attempts have left open.
	close()
}

// newSender returns the sender for a valid d. A nil transport stands for an own one.
func newSender(d Destination, transport http.RoundTripper) sender {
	switch {
	case d.File != "":
		return newFileSender(d.File)
	case d.Protocol == GRPC:
		return newGRPCSender(d, transport)
	case d.Protocol == HTTPJSON:
		return newHTTPSender(d, transport, "application/json", toJSON)
	default:
		return newHTTPSender(d, transport, "application/x-protobuf", nil)
	}
}

// outcome is how one attempt ended.
type outcome struct {
	class      class
	rejected   int           // spans of an accepted request that were not
	retryAfter time.Duration // what the server asked for
	status     int           // of HTTP; 0 for none
	doubtful   bool          // there was no answer: the backend may have the spans
	problem    string        // status or kind of failure, and the host; nothing else
	denied     bool          // the key is wrong: a program must not hang at its end for that
}
