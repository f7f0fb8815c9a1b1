package genotel

import (
	"net/http"
	"slices"

	"github.com/genotel/genotel/export"
	"github.com/genotel/genotel/semconv/langsmith"
)

// spoolVariable names the folder of the spool.
const spoolVariable = "GENOTEL_SPOOL_DIR"

// WithSpool keeps spans in files in dir, a folder on a local disk, until they are
// delivered: they outlive an outage of the backend and the end of the process, and the
// next process that is configured alike sends what one has left. Spans are written within
// a second of their end; what has not ended when a process is killed is lost. Files hold
// what the destination gets, prompts included where its policy has them, readable for
// their owner only, and no key. [WithExport] with [export.WithSpool] sets bounds. Default:
// GENOTEL_SPOOL_DIR, else spans are in memory only. Files ([WithFile]) and the console have
// no spool.
func WithSpool(dir string) Option {
	return optionFunc(func(c config) config {
		c.spool = dir
		return c
	})
}

// WithExport sets what the pipeline of each destination keeps in memory and on the disk, how
// long it retries and so on. It wins over what Configure sets itself. Given several times,
// all hold.
func WithExport(opts ...export.Option) Option {
	return optionFunc(func(c config) config {
		c.export = append(slices.Clip(c.export), opts...)
		return c
	})
}

// pipeline is what Configure asks of the pipelines, and where their spool was set.
func (c config) pipeline() (opts []export.Option, spool string) {
	dir, source := c.spool, "WithSpool"
	if dir == "" {
		dir, source = variable(spoolVariable)
	}
	if dir == "" {
		source = "WithExport"
	}
	opts = []export.Option{
		export.WithLogger(c.logger), c.redaction(), export.WithMeterProvider(c.meters),
		export.WithSpool(export.Spool{Dir: dir}),
	}
	return append(opts, c.export...), source
}

// account tells projects of LangSmith apart, whose URL is the same.
func (d destination) account() string {
	if d.form != langsmithForm {
		return ""
	}
	headers := mergeHeaders(d.Headers)
	return headers[http.CanonicalHeaderKey(langsmith.HeaderProject)] + "\n" +
		headers[http.CanonicalHeaderKey(langsmith.HeaderTenantID)]
}
