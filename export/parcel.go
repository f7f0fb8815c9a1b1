package export

import (
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/genotel/genotel/internal/spool"
)

// parcel is one request on its way: an encoded TracesData, before compression and
// whatever else the protocol does to it.
type parcel struct {
	body  []byte // nil for one that is still to be read from its file
	size  int    // of body
	spans int
	batch *batch // where the spans came from; nil for a file's
	file  *file  // nil for what is in memory only

	first    time.Time // of the first attempt
	doubtful bool      // an attempt had no answer: the backend may have the spans
	strikes  int       // answers with status 500 in a row
	wasAside bool      // other parcels went first
	aside    uint64    // requests accepted until then
	shrunk   int       // how often its only span was
	whole    []byte    // body before that
	search   *search   // of which the parcel is a part; nil for none
}

// file is a request on the disk, whose spans are in one parcel or in several.
type file struct {
	spool.Item

	open int // spans that are not settled; the sender's alone
}

// place is where the spans of p are.
func (p *parcel) place() place {
	if p.file != nil {
		return spooled
	}
	return queued
}

// original is the body before anything was cut in it.
func (p *parcel) original() []byte {
	if p.whole != nil {
		return p.whole
	}
	return p.body
}

// search is for the span because of which a request was refused. It bounds the requests
// that are spent on it in vain.
type search struct{ left int }

// searchRequests is enough for one bad span among [maxBatchSpans].
const searchRequests = 32

func newParcel(r request, b *batch) (p *parcel, repaired int, err error) {
	body, repaired, err := marshal(r)
	return &parcel{body: body, size: len(body), spans: r.spans, batch: b}, repaired, err
}

// divide makes smaller parcels of p. It returns nil when p is not what it should be.
func (p *parcel) divide(within bounds) []*parcel {
	data := &tracepb.TracesData{}
	if err := proto.Unmarshal(p.body, data); err != nil {
		return nil
	}
	var parts []*parcel
	for _, r := range split(data.GetResourceSpans(), within) {
		part, _, err := newParcel(r, p.batch)
		if err != nil {
			return nil
		}
		part.inherit(p)
		parts = append(parts, part)
	}
	return parts
}

// shrunkTo is p with the texts of its only span cut so that it has at most maxBytes, as
// far as that can be. nil means that there is nothing to cut.
func (p *parcel) shrunkTo(maxBytes int) *parcel {
	whole := p.original() // of which a text that is cut again tells the length
	data := &tracepb.TracesData{}
	if err := proto.Unmarshal(whole, data); err != nil {
		return nil
	}
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				shrink(span, len(whole)-maxBytes)
			}
		}
	}
	smaller, _, err := newParcel(request{message: data, spans: p.spans}, p.batch)
	if err != nil || smaller.size >= p.size {
		return nil
	}
	smaller.inherit(p)
	smaller.shrunk, smaller.whole = p.shrunk+1, whole
	return smaller
}

// inherit takes over what is known of the parcel that p is made of.
func (p *parcel) inherit(from *parcel) {
	p.file, p.first, p.search = from.file, from.first, from.search
	p.wasAside, p.aside = from.wasAside, from.aside
}

// outbox holds parcels in the order of sending. Its owner serializes access.
type outbox struct {
	parcels []*parcel
	aside   []*parcel // after all others
}

func (o *outbox) add(p *parcel) { o.parcels = append(o.parcels, p) }

// insert puts parts where the parcel was that they came from.
func (o *outbox) insert(parts []*parcel) { o.parcels = append(parts, o.parcels...) }

// take removes the first parcel, nil when there is none.
func (o *outbox) take() *parcel { return takeFirst(&o.parcels) }

// takeAside removes the first of those that were set aside, nil when there is none.
func (o *outbox) takeAside() *parcel { return takeFirst(&o.aside) }

func takeFirst(from *[]*parcel) *parcel {
	if len(*from) == 0 {
		return nil
	}
	first := (*from)[0]
	(*from)[0] = nil // the array may live on
	*from = (*from)[1:]
	return first
}
