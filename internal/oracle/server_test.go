package oracle

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func post(t *testing.T, url, contentType, body string) (status int, answerType, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(read)
}

func TestServer_AnswersInTheFormOfTheBackend(t *testing.T) {
	const added = `{"message":"Traces added successfully"}`
	tests := []struct{ name, path, contentType, wantType, wantBody string }{
		{"OTLP protobuf", "/otel/v1/traces", "application/x-protobuf", "application/x-protobuf", ""},
		{"OTLP JSON", "/v1/traces", "application/json", "application/json", `{}`},
		{"Langtrace", "/api/trace", "application/x-protobuf", "application/json", added},
		{"Langtrace with a slash", "/api/trace/", "application/x-protobuf", "application/json", added},
	}
	server := NewServer(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, gotType, gotBody := post(t, server.URL+test.path, test.contentType, "x")
			if status != http.StatusOK || gotType != test.wantType || gotBody != test.wantBody {
				t.Errorf("got %d %q %q, want 200 %q %q", status, gotType, gotBody, test.wantType, test.wantBody)
			}
		})
	}
}

func TestServer_RecordsTheRequestAndLeavesItsBodyToTheHandler(t *testing.T) {
	var handled string
	server := NewServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		handled = string(body)
	}))
	post(t, server.URL+"/p", "text/plain", "hello")

	captures := server.Captures()
	if len(captures) != 1 {
		t.Fatalf("got %d captures, want 1", len(captures))
	}
	got := captures[0]
	if got.Method != http.MethodPost || got.Path != "/p" || got.Header.Get("Content-Type") != "text/plain" ||
		string(got.Body) != "hello" {
		t.Errorf("got %+v", got)
	}
	if handled != "hello" {
		t.Errorf("the handler read %q, want hello", handled)
	}
}

func TestServer_TakesItsHandlersInTurnAndStaysWithTheLast(t *testing.T) {
	server := NewServer(t, Status(503), Status(429, "Retry-After", "1"), Accept())
	for i, want := range []int{503, 429, 200, 200} {
		if got, _, _ := post(t, server.URL+"/v1/traces", "application/json", "{}"); got != want {
			t.Errorf("request %d: got status %d, want %d", i, got, want)
		}
	}
}

func TestServer_ConcurrentSafe(t *testing.T) {
	server := NewServer(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("{}"))
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := new(http.Client).Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close() // nothing was written to it
			server.Captures()
		})
	}
	all.Wait()
	if got := len(server.Captures()); got != 20 {
		t.Errorf("got %d captures, want 20", got)
	}
}
