package langsmith

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/genotel/genotel/internal/oracle"
)

// captured is a request that LangSmith takes.
func captured(t *testing.T, req *tracepb.TracesData) oracle.Capture {
	t.Helper()
	body, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/x-protobuf")
	header.Set("x-api-key", "lsv2_pt_key")
	return oracle.Capture{Method: "POST", Path: "/otel/v1/traces", Header: header, Body: body}
}

func compressed(t *testing.T, body []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func TestFromCapture_TakesEveryDocumentedForm(t *testing.T) {
	tests := map[string]func(*oracle.Capture){
		"protobuf":         func(*oracle.Capture) {},
		"self-hosted base": func(c *oracle.Capture) { c.Path = "/api/v1/otel/v1/traces" },
		"proxy":            func(c *oracle.Capture) { c.Path = "/v1/traces" },
		"content type parameter": func(c *oracle.Capture) {
			c.Header.Set("Content-Type", "application/x-protobuf; charset=utf-8")
		},
		"identity": func(c *oracle.Capture) { c.Header.Set("Content-Encoding", "identity") },
		"gzip": func(c *oracle.Capture) {
			c.Header.Set("Content-Encoding", "gzip")
			c.Body = compressed(t, c.Body)
		},
		"JSON": func(c *oracle.Capture) {
			c.Header.Set("Content-Type", "application/json")
			body, err := oracle.EncodeJSON(requestOf(spanOf()))
			if err != nil {
				t.Fatal(err)
			}
			c.Body = body
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			capture := captured(t, requestOf(spanOf()))
			change(&capture)
			result, err := FromCapture(capture, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Runs) != 1 || result.Runs[0].ID != spanUUID || result.Runs[0].TraceID != traceUUID {
				t.Errorf("got %+v", result)
			}
		})
	}
}

func TestFromCapture_RefusesAsTheBackendDoes(t *testing.T) {
	tests := []struct {
		name   string
		change func(*oracle.Capture)
		want   int
	}{
		{"GET", func(c *oracle.Capture) { c.Method = "GET" }, 405},
		{"bare base", func(c *oracle.Capture) { c.Path = "/" }, 404},
		{"other path", func(c *oracle.Capture) { c.Path = "/otel/v1/logs" }, 404},
		{"doubled suffix", func(c *oracle.Capture) { c.Path = "/otel/v1/traces/otel/v1/traces" }, 404},
		{"no key", func(c *oracle.Capture) { c.Header.Del("x-api-key") }, 401},
		{"key in Authorization", func(c *oracle.Capture) {
			c.Header.Del("x-api-key")
			c.Header.Set("Authorization", "Bearer lsv2_pt_key")
		}, 401},
		{"quoted key", func(c *oracle.Capture) { c.Header.Set("x-api-key", `"lsv2_pt_key"`) }, 403},
		{"no content type", func(c *oracle.Capture) { c.Header.Del("Content-Type") }, 415},
		{"text", func(c *oracle.Capture) { c.Header.Set("Content-Type", "text/plain") }, 415},
		{"zstd", func(c *oracle.Capture) { c.Header.Set("Content-Encoding", "zstd") }, 415},
		{"gzip in the header only", func(c *oracle.Capture) { c.Header.Set("Content-Encoding", "gzip") }, 400},
		{"gzip in the body only", func(c *oracle.Capture) { c.Body = compressed(t, c.Body) }, 400},
		{"body cut short", func(c *oracle.Capture) { c.Body = c.Body[:len(c.Body)-1] }, 400},
		{"protobuf called JSON", func(c *oracle.Capture) { c.Header.Set("Content-Type", "application/json") }, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			capture := captured(t, requestOf(spanOf()))
			test.change(&capture)
			_, err := FromCapture(capture, Options{})
			var refusal *RefusalError
			if !errors.As(err, &refusal) || refusal.Status != test.want {
				t.Errorf("got %v, want status %d", err, test.want)
			}
		})
	}
}

func TestFromCaptures_FindsTheParentInAnotherRequest(t *testing.T) {
	child := captured(t, requestOf(spanOf(parentID("ijklmnop"))))
	child.Header.Set("Langsmith-Project", "p")
	parent := captured(t, requestOf(spanOf(spanID("ijklmnop"))))
	result, err := FromCaptures([]oracle.Capture{child, parent}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Warnings) != 0 {
		t.Errorf("got warnings %q", result.Warnings)
	}
	if len(result.Runs) != 2 || result.Runs[0].SessionName != "p" || result.Runs[1].SessionName != "" {
		t.Errorf("got %+v", result.Runs)
	}
}
