package langtrace

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/genotel/genotel/internal/oracle"
)

func TestCheck_RefusesAsTheBackendDoes(t *testing.T) {
	bare := chat()
	addEvent(bare, "new_token")
	noTime := chat()
	noTime.EndTimeUnixNano = 0
	noEventTime := chat()
	noEventTime.Events[0].TimeUnixNano = 0
	noValue := chat()
	noValue.Attributes[0].Value = nil

	good := func(t *testing.T) oracle.Capture { return captured(t, requestOf(chat())) }
	with := func(change func(*oracle.Capture)) func(*testing.T) oracle.Capture {
		return func(t *testing.T) oracle.Capture {
			capture := good(t)
			change(&capture)
			return capture
		}
	}
	request := func(spans ...*tracepb.Span) func(*testing.T) oracle.Capture {
		return func(t *testing.T) oracle.Capture { return captured(t, requestOf(spans...)) }
	}
	jsonBody := func(body string) func(*testing.T) oracle.Capture {
		return with(func(c *oracle.Capture) {
			c.Header.Set("Content-Type", "application/json")
			c.Body = []byte(body)
		})
	}
	tests := []struct {
		name       string
		capture    func(*testing.T) oracle.Capture
		wantStatus int
		wantReason string
	}{
		{"GET", with(func(c *oracle.Capture) { c.Method = "GET" }), 404, "A1"},
		{"suffix /v1/traces", with(func(c *oracle.Capture) { c.Path = "/api/trace/v1/traces" }), 404, "A1"},
		{"two trailing slashes", with(func(c *oracle.Capture) { c.Path = "/api/trace//" }), 404, "A1"},
		{"gzip in the header", with(func(c *oracle.Capture) { c.Header.Set("Content-Encoding", "gzip") }), 404, "A2"},
		{"gzip in the body", with(func(c *oracle.Capture) { c.Body = compressed(t, c.Body) }), 404, "A2"},
		{"protobuf with a charset", with(func(c *oracle.Capture) {
			c.Header.Set("Content-Type", "application/x-protobuf; charset=utf-8")
		}), 404, "A3"},
		{"body cut short", with(func(c *oracle.Capture) { c.Body = c.Body[:len(c.Body)-1] }), 404, "A3"},
		{"broken JSON", jsonBody(`{"resourceSpans":`), 404, "A3"},
		{"missing key", with(func(c *oracle.Capture) { c.Header.Del("x-api-key") }), 400, "A4"},
		{"key in Authorization", with(func(c *oracle.Capture) {
			c.Header.Del("x-api-key")
			c.Header.Set("Authorization", "Bearer key")
		}), 400, "A4"},
		{"wrong key", with(func(c *oracle.Capture) { c.Header.Set("x-api-key", "other") }), 401, "A4"},
		{"broken body and missing key", with(func(c *oracle.Capture) {
			c.Header.Del("x-api-key")
			c.Body = c.Body[1:]
		}), 404, "A3"},
		{"default Go user agent", with(func(c *oracle.Capture) {
			c.Header.Set("User-Agent", "OTel OTLP Exporter Go/1.47.0")
		}), 404, "A5"},
		{"no user agent", with(func(c *oracle.Capture) { c.Header.Del("User-Agent") }), 404, "A5"},
		{"default Go user agent and wrong key", with(func(c *oracle.Capture) {
			c.Header.Set("User-Agent", "OTel OTLP Exporter Go/1.47.0")
			c.Header.Set("x-api-key", "other")
		}), 401, "A4"},
		{"bare event", request(bare), 404, "A6"},
		{"bare event in another span", request(chat(), bare), 404, "A6"},
		{"span without an end", request(noTime), 404, "A6"},
		{"event without a time", request(noEventTime), 404, "A6"},
		{"attribute without a value", request(noValue), 404, "A6"},
		{"scope without spans", request(), 404, "A6"},
		{"empty resourceSpans", jsonBody(`{"resourceSpans":[]}`), 404, "A6"},
		{"resource without scopes", jsonBody(`{"resourceSpans":[{}]}`), 404, "A6"},
		{"attributes that are no list", jsonBody(`{"resourceSpans":[{"scopeSpans":[{"spans":[
			{"startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":{}}]}]}]}`), 404, "A6"},
		{"body that is no object", jsonBody(`null`), 404, "A6"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Check(test.capture(t), Options{KnownKeys: []string{"key"}})
			if got.Accepted || got.OK() || got.Status != test.wantStatus || !strings.HasPrefix(got.Reason, test.wantReason+":") {
				t.Errorf("got %v %d %q, want a refusal with %d by %s",
					got.Accepted, got.Status, got.Reason, test.wantStatus, test.wantReason)
			}
			if got.Spans != nil {
				t.Errorf("got spans of a refused request: %v", got.Spans)
			}
		})
	}
}

func TestCheck_AcceptsEveryDocumentedForm(t *testing.T) {
	tests := map[string]func(*testing.T, *oracle.Capture){
		"protobuf":       func(*testing.T, *oracle.Capture) {},
		"trailing slash": func(_ *testing.T, c *oracle.Capture) { c.Path = "/api/trace/" },
		"JSON":           func(t *testing.T, c *oracle.Capture) { *c = capturedJSON(t, requestOf(chat())) },
		"JSON of any type": func(t *testing.T, c *oracle.Capture) {
			*c = capturedJSON(t, requestOf(chat()))
			c.Header.Set("Content-Type", "application/json; charset=utf-8")
		},
		"user agent of the environment": func(_ *testing.T, c *oracle.Capture) {
			c.Header.Set("User-Agent", "opentelemetry-go/1.47.0")
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			capture := captured(t, requestOf(chat()))
			change(t, &capture)
			got := Check(capture, Options{KnownKeys: []string{"other", "key"}, RequireLLM: true})
			if !got.OK() || got.Status != 200 || len(got.Spans) != 1 || !got.ContractHolds || len(got.Warnings) != 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestCheck_AcceptsAndStoresNothingOfABodyWithoutResources(t *testing.T) {
	empty := captured(t, &tracepb.TracesData{})
	document := captured(t, &tracepb.TracesData{})
	document.Header.Set("Content-Type", "application/json")
	document.Body = []byte(`{}`)
	for name, capture := range map[string]oracle.Capture{"protobuf": empty, "JSON": document} {
		t.Run(name, func(t *testing.T) {
			got := Check(capture, Options{})
			if !got.Accepted || got.Status != 200 || got.OK() {
				t.Errorf("got %+v, want accepted but not OK", got)
			}
			wantLines(t, "findings", []string{"B: nothing of it is stored"}, got.Findings)
		})
	}
}

func TestCheck_LosesAllButTheFirstResource(t *testing.T) {
	req := requestOf(chat())
	lost := requestOf(spanOf("a", "ijklmnop"), spanOf("b", "qrstuvwx"))
	req.ResourceSpans = append(req.ResourceSpans, lost.ResourceSpans...)
	got := Check(captured(t, req), Options{})
	if !got.Accepted || got.OK() || got.LostSpans != 2 || len(got.Spans) != 1 {
		t.Errorf("got %+v, want one span kept and two lost", got)
	}
	wantLines(t, "warnings", []string{"A7: 2 resourceSpans, only the first is read: 2 spans are lost"}, got.Warnings)
}

func TestCheck_ReadsEveryScopeOfTheFirstResource(t *testing.T) {
	req := requestOf(chat())
	req.ResourceSpans[0].ScopeSpans = append(req.ResourceSpans[0].ScopeSpans,
		&tracepb.ScopeSpans{Spans: []*tracepb.Span{spanOf("a", "ijklmnop")}})
	if got := Check(captured(t, req), Options{}); !got.OK() || len(got.Spans) != 2 {
		t.Errorf("got %+v, want two spans", got)
	}
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
