package langsmith

import (
	"encoding/hex"
	"net/http"

	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Runs converts a decoded request. header are the headers of the request, for the project; nil will do.
func Runs(req *tracepb.TracesData, header http.Header, opts Options) Result {
	d := destination{opts: opts}
	d.add(req, header)
	return d.result()
}

// destination gathers the runs of one or more requests, as LangSmith does.
type destination struct {
	opts        Options
	conversions []*conversion
	rejected    []Rejection
}

func (d *destination) add(req *tracepb.TracesData, header http.Header) {
	for _, resourceSpans := range req.GetResourceSpans() {
		for _, scopeSpans := range resourceSpans.GetScopeSpans() {
			for _, span := range scopeSpans.GetSpans() {
				d.addSpan(resourceSpans.GetResource(), span, header)
			}
		}
	}
}

func (d *destination) addSpan(resource *resourcepb.Resource, span *tracepb.Span, header http.Header) {
	c, err := convert(resource, span, d.opts)
	if err != nil {
		d.rejected = append(d.rejected,
			Rejection{Name: span.GetName(), SpanID: hex.EncodeToString(span.GetSpanId()), Reason: err.Error()})
		return
	}
	// rule 19: a non-empty project header wins over the attribute, for every run of the request.
	if project := header.Get("Langsmith-Project"); project != "" {
		c.run.SessionName = project
	}
	d.conversions = append(d.conversions, c)
}

func (d *destination) result() Result {
	result := Result{Rejected: d.rejected, Warnings: warnings(d.conversions)}
	for _, c := range d.conversions {
		result.Runs = append(result.Runs, c.run)
	}
	return result
}

// conversion is the work on one span. Every method below is one rule; each fills in or replaces fields of run.
type conversion struct {
	span        *tracepb.Span
	attrs       attributes
	run         Run
	runMetadata map[string]any // the metadata in run.Extra
}

// convert runs the rules in their order. Only ids of a wrong length make it fail.
func convert(resource *resourcepb.Resource, span *tracepb.Span, opts Options) (*conversion, error) {
	c := &conversion{span: span, attrs: attributesOf(span.GetAttributes())}
	if err := c.idsAndTimes(); err != nil { // rule 1
		return nil, err
	}
	c.events()           // rule 2
	c.runType()          // rule 3
	c.name()             // rule 4
	c.overrides()        // rule 5
	c.referenceExample() // rule 6
	c.invocationParams() // rule 7
	c.providerAndModel() // rule 8
	c.promptTemplate()   // rule 9
	c.retriever()        // rule 10
	c.indexedMessages()  // rule 11
	c.wholeValues()      // rule 12
	c.logfireEvents()    // rule 13
	if opts.Hosted {
		c.hostedContent() // rule 18; it must be here because rule 16 looks at the outputs
	}
	c.metadata() // rule 14
	c.tags()     // rule 15
	c.usage()    // rule 16
	c.status()   // rule 17
	if opts.Hosted {
		c.hostedRest(resource) // rule 18
	}
	return c, nil
}
