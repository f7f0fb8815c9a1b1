package langsmith

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
)

// RefusalError is the answer to a request that LangSmith does not take.
type RefusalError struct {
	Status int
	Reason string
}

func (r *RefusalError) Error() string {
	return fmt.Sprintf("langsmith refuses the request with %d: %s", r.Status, r.Reason)
}

func refuse(status int, format string, args ...any) *RefusalError {
	return &RefusalError{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// FromCapture checks a captured request by the transport rules, decodes it and converts its spans. The error, if any,
// is a [*RefusalError].
func FromCapture(capture oracle.Capture, opts Options) (Result, error) {
	return FromCaptures([]oracle.Capture{capture}, opts)
}

// FromCaptures does the same for all requests to one destination; a parent may come in another request than its child.
func FromCaptures(captures []oracle.Capture, opts Options) (Result, error) {
	d := destination{opts: opts}
	for _, capture := range captures {
		req, err := decode(capture)
		if err != nil {
			return Result{}, err
		}
		d.add(req, capture.Header)
	}
	return d.result(), nil
}

func decode(capture oracle.Capture) (*tracepb.TracesData, error) {
	if refusal := checkEnvelope(capture); refusal != nil {
		return nil, refusal
	}
	body, refusal := plainBody(capture)
	if refusal != nil {
		return nil, refusal
	}
	mediaType, _, _ := mime.ParseMediaType(capture.Header.Get("Content-Type")) // "" for what does not parse
	decodeBody := oracle.DecodeProtobuf
	switch mediaType {
	case "application/x-protobuf":
	case "application/json":
		decodeBody = oracle.DecodeJSON
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "content type %q", capture.Header.Get("Content-Type"))
	}
	req, err := decodeBody(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return req, nil
}

// checkEnvelope checks the method, the path and the key. The hosted service answers a bad key with 403, the proxy a
// missing one with 401.
func checkEnvelope(capture oracle.Capture) *RefusalError {
	if capture.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "method %s", capture.Method)
	}
	base, ok := strings.CutSuffix(capture.Path, "/v1/traces")
	if !ok {
		return refuse(http.StatusNotFound, "path %s does not end with /v1/traces", capture.Path)
	}
	if strings.Contains(base, "/v1/traces") {
		return refuse(http.StatusNotFound, "path %s has the suffix twice", capture.Path)
	}
	key := capture.Header.Get("x-api-key")
	if key == "" {
		return refuse(http.StatusUnauthorized, "no x-api-key")
	}
	if strings.Trim(key, " \t\"'") != key {
		return refuse(http.StatusForbidden, "x-api-key with blanks or quotes around it")
	}
	return nil
}

// plainBody undoes the compression: gzip or none.
func plainBody(capture oracle.Capture) ([]byte, *RefusalError) {
	switch encoding := strings.ToLower(capture.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return capture.Body, nil
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(capture.Body))
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "gzip: %v", err)
		}
		body, err := io.ReadAll(reader)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "gzip: %v", err)
		}
		return body, nil
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "content encoding %q", encoding)
	}
}
