package export

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

// Destination says where and how one backend takes spans. Printing or logging one
// shows its name and host, or its file, and never a header or the rest of the URL.
type Destination struct {
	// Name is unique among the destinations of a Processor. It stands in logs,
	// errors and Stats, and has at most 64 printable bytes.
	Name string
	// URL is the full http or https URL, path included; it is used verbatim. With [GRPC]
	// it is that of the server, and the path of the call is added.
	URL string
	// File takes requests in place of URL: each is appended as one line of OTLP's JSON,
	// as the Collector's file exporter writes them. The file is created with mode 0600,
	// and opened anew when it was moved or removed. Nothing bounds it; rotate it like any
	// log. Lines are written at once and not buffered, but not forced to the disk either.
	// What concerns a URL (headers, compression and so on) has no effect.
	File string
	// Protocol is the form of requests to URL.
	Protocol Protocol
	// TLS is used for https in place of the defaults of the process.
	TLS *tls.Config
	// Headers are sent as they are, to this URL only: redirects are not followed.
	// They cannot set what describes the body (Content-Type and the like) or Host. With
	// [GRPC] they are the metadata of the call.
	Headers map[string]string
	// Account tells receivers behind one URL apart, such as projects, where requests wait
	// on the disk ([WithSpool]) for a later process. It must not be a key.
	Account string
	// UserAgent is the User-Agent header, unless Headers has one. Empty means
	// OpenTelemetry's and genotel's names and versions.
	UserAgent string
	// Compression of the request body.
	Compression Compression
	// Timeout bounds one attempt, the reading of the response included. 0 means
	// 10 s, and 30 s for a body above 1 MiB.
	Timeout time.Duration
	// MaxRequestBytes bounds a request, before compression. 0 means 4 MiB. A span that is
	// larger goes alone. When the backend refuses a request for its size (status 413), less
	// is sent at a time from then on, and a single span has its longest texts cut.
	MaxRequestBytes int
	// SingleResource puts the spans of one resource only into a request, for a
	// backend that stores no more than the first.
	SingleResource bool
	// View makes of a span what the backend wants; nil sends the span as it is.
	View View
	// WantsRecord says that View uses the record of the call. Without it View gets
	// no record, and the processor claims none.
	WantsRecord bool
	// WantsParent says that View uses [ParentOf]. Without it the processor does not watch
	// for parents of other TracerProviders.
	WantsParent bool
}

// View returns the span as the destination wants it, or nil to leave it out. It
// must change neither span nor call: other destinations and processors read them.
// call is nil for spans without a record.
//
// View runs on the destination's worker, one call at a time. A View that panics
// costs its destination the span, counted as [ReasonInternalError].
type View func(span sdktrace.ReadOnlySpan, call *record.Call) sdktrace.ReadOnlySpan

// Compression of request bodies.
type Compression uint8

const (
	// NoCompression sends bodies as they are. It is the zero value.
	NoCompression Compression = iota
	// Gzip sends bodies with Content-Encoding: gzip, and messages of [GRPC] with
	// grpc-encoding: gzip.
	Gzip
)

// maxNameBytes keeps log lines and errors short.
const maxNameBytes = 64

func (d Destination) maxRequestBytes() int { return cmp.Or(d.MaxRequestBytes, maxRequestBytes) }

// String returns name and host, or name and file.
func (d Destination) String() string { return d.Name + " (" + d.place() + ")" }

// GoString returns what String does, so that %#v shows no header either.
func (d Destination) GoString() string { return d.String() }

// LogValue returns what String does.
func (d Destination) LogValue() slog.Value { return slog.StringValue(d.String()) }

func (d Destination) place() string {
	if d.File != "" {
		return d.File
	}
	if u, err := url.Parse(d.URL); err == nil {
		return u.Host
	}
	return "invalid URL"
}

// validate returns all problems at once. Their texts hold no header value and
// nothing of the URL: both may be secret.
func (d Destination) validate() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if d.Name == "" || len(d.Name) > maxNameBytes || strings.ContainsFunc(d.Name, unprintable) {
		problem("name must have 1 to %d printable bytes", maxNameBytes)
	}
	if err := d.validateTarget(); err != nil {
		problems = append(problems, err)
	}
	if d.Protocol > GRPC {
		problem("protocol must be HTTPProtobuf, HTTPJSON or GRPC")
	}
	if d.Compression > Gzip {
		problem("compression must be NoCompression or Gzip")
	}
	if d.MaxRequestBytes < 0 {
		problem("request size is negative")
	}
	if d.Timeout < 0 {
		problem("timeout is negative")
	}
	if strings.ContainsFunc(d.UserAgent, unprintable) {
		problem("user agent has a character that no header may hold")
	}
	seen := make(map[string]bool, len(d.Headers))
	for name, value := range d.Headers {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !isToken(name):
			problem("header name %q is not valid", cut(name, maxNameBytes))
		case ownHeaders[canonical] || strings.HasPrefix(canonical, "Grpc-"):
			problem("header %s is set by the exporter", canonical)
		case seen[canonical]:
			problem("header %s is given twice", canonical)
		case strings.ContainsFunc(value, notInHeader):
			problem("value of header %s has a character that no header may hold", canonical)
		}
		seen[canonical] = true
	}
	return errors.Join(problems...)
}

func (d Destination) validateTarget() error {
	u, err := url.Parse(d.URL)
	switch {
	case d.File != "" && d.URL != "":
		return errors.New("URL and File exclude each other")
	case d.File != "":
		return nil
	case err != nil:
		return errors.New("URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("URL must begin with http:// or https://")
	case u.Hostname() == "":
		return errors.New("URL has no host")
	case d.Protocol == GRPC && (u.RawQuery != "" || u.Fragment != ""):
		return errors.New("URL of a gRPC server has a query")
	}
	return nil
}

// ownHeaders describe the body or the connection, which are not the caller's.
var ownHeaders = map[string]bool{
	"Connection":        true,
	"Content-Encoding":  true,
	"Content-Length":    true,
	"Content-Type":      true,
	"Host":              true,
	"Te":                true,
	"Trailer":           true,
	"Transfer-Encoding": true,
	"Upgrade":           true,
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// notInHeader reports what RFC 9110 keeps out of field values, whose other bytes
// are opaque.
func notInHeader(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f }

// isToken reports whether s is a token of RFC 9110, as names of headers are.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		digit := '0' <= r && r <= '9'
		return !letter && !digit && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// cut returns at most n bytes of s and cuts no rune in two.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
