package export

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// transform is OpenTelemetry's own span-to-proto transform. It is internal to
// otlptrace; an exporter whose client only keeps what it is given is the way to it.
func transform(spans []sdktrace.ReadOnlySpan) []*tracepb.ResourceSpans {
	var kept keeper
	// The error is keeper's, which has none.
	_ = otlptrace.NewUnstarted(&kept).ExportSpans(context.Background(), spans)
	return kept.resources
}

// keeper is an otlptrace.Client that sends nothing.
type keeper struct{ resources []*tracepb.ResourceSpans }

func (*keeper) Start(context.Context) error { return nil }
func (*keeper) Stop(context.Context) error  { return nil }

func (k *keeper) UploadTraces(_ context.Context, resources []*tracepb.ResourceSpans) error {
	k.resources = resources
	return nil
}

// request is one message and the number of its spans. TracesData is on the wire what
// ExportTraceServiceRequest is, whose Go package would bring gRPC along.
type request struct {
	message *tracepb.TracesData
	spans   int
	sized   bool // proto.Size of message was called last, so that encoding need not do it again
}

// bounds are those of a request.
type bounds struct {
	bytes int // when encoded; a larger span goes alone
	spans int
	// single says that a request holds spans of one resource only.
	single bool
}

// split makes requests within bounds.
func split(resources []*tracepb.ResourceSpans, within bounds) []request {
	if len(resources) == 0 {
		return nil
	}
	whole := request{message: &tracepb.TracesData{ResourceSpans: resources}, spans: countSpans(resources)}
	if (len(resources) == 1 || !within.single) && whole.spans <= within.spans && proto.Size(whole.message) <= within.bytes {
		whole.sized = true
		return []request{whole}
	}
	p := packer{bounds: within}
	for _, resource := range resources {
		if within.single {
			p.next()
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				p.add(resource, scope, span)
			}
		}
	}
	p.next()
	return p.packed
}

func countSpans(resources []*tracepb.ResourceSpans) int {
	n := 0
	for _, resource := range resources {
		for _, scope := range resource.GetScopeSpans() {
			n += len(scope.GetSpans())
		}
	}
	return n
}

// fieldBytes is the most that tag and length add to a field.
const fieldBytes = 6

// packer fills requests with spans, one after another.
type packer struct {
	bounds bounds
	packed []request

	// The request being filled, its size at most, and where its last span came from.
	resources []*tracepb.ResourceSpans
	size      int
	spans     int
	resource  *tracepb.ResourceSpans
	scope     *tracepb.ScopeSpans
}

func (p *packer) add(resource *tracepb.ResourceSpans, scope *tracepb.ScopeSpans, span *tracepb.Span) {
	size := fieldBytes + proto.Size(span)
	if p.spans == p.bounds.spans || p.spans > 0 && p.size+p.headSize(resource, scope)+size > p.bounds.bytes {
		p.next()
	}
	p.spans++
	p.size += p.headSize(resource, scope) + size
	if p.resource != resource {
		p.resources = append(p.resources, &tracepb.ResourceSpans{
			Resource:  resource.GetResource(),
			SchemaUrl: resource.GetSchemaUrl(),
		})
		p.resource, p.scope = resource, nil
	}
	to := p.resources[len(p.resources)-1]
	if p.scope != scope {
		to.ScopeSpans = append(to.ScopeSpans, &tracepb.ScopeSpans{
			Scope:     scope.GetScope(),
			SchemaUrl: scope.GetSchemaUrl(),
		})
		p.scope = scope
	}
	within := to.ScopeSpans[len(to.ScopeSpans)-1]
	within.Spans = append(within.Spans, span)
}

// headSize is what resource and scope add to the request unless they are its last.
func (p *packer) headSize(resource *tracepb.ResourceSpans, scope *tracepb.ScopeSpans) int {
	size := 0
	if p.resource != resource {
		size += 3*fieldBytes + proto.Size(resource.GetResource()) + len(resource.GetSchemaUrl())
	}
	if p.resource != resource || p.scope != scope {
		size += 3*fieldBytes + proto.Size(scope.GetScope()) + len(scope.GetSchemaUrl())
	}
	return size
}

// next puts the request being filled away.
func (p *packer) next() {
	if p.spans > 0 {
		p.packed = append(p.packed, request{
			message: &tracepb.TracesData{ResourceSpans: p.resources},
			spans:   p.spans,
		})
	}
	*p = packer{bounds: p.bounds, packed: p.packed}
}
