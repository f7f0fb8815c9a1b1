package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
)

func TestEveryExporterOfTheCollectorGetsTheSpansAsTheyWereSent(t *testing.T) {
	for name, to := range map[string]genotel.OTLP{
		"protobuf":       {Protocol: genotel.HTTPProtobuf},
		"protobuf, gzip": {Protocol: genotel.HTTPProtobuf, Compression: genotel.Gzip},
		"JSON":           {Protocol: genotel.HTTPJSON},
		"JSON, gzip":     {Protocol: genotel.HTTPJSON, Compression: genotel.Gzip},
		"gRPC":           {Protocol: genotel.GRPC},
		"gRPC, gzip":     {Protocol: genotel.GRPC, Compression: genotel.Gzip},
	} {
		t.Run(name, func(t *testing.T) {
			langsmith, other, direct := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
			c := startCollector(t, langsmith.URL, other.URL)
			to.Name, to.Endpoint = "collector", c.endpoint(to.Protocol)
			telemetry := configure(t, genotel.WithOTLP(to),
				genotel.WithOTLP(genotel.OTLP{Name: "direct", Endpoint: direct.URL}))
			converse(t, telemetry)
			require.NoError(t, telemetry.Shutdown(within(t, time.Minute)))
			c.stop(t)

			sent := received(t, direct)
			require.Len(t, sent, 3)
			assertNoContent(t, sent)
			assert.Equal(t, sent, received(t, langsmith))
			assert.Equal(t, sent, received(t, other))
			for _, capture := range langsmith.Captures() {
				assert.Equal(t, "/otel/v1/traces", capture.Path)
				assert.Equal(t, []string{"key-of-langsmith"}, capture.Header["X-Api-Key"])
				assert.Equal(t, []string{"warehouse"}, capture.Header["Langsmith-Project"])
				assert.NotContains(t, capture.Header, "Api-Key")
			}
			for _, capture := range other.Captures() {
				assert.Equal(t, "/v1/traces", capture.Path)
				assert.Equal(t, []string{"key-of-other"}, capture.Header["Api-Key"])
				assert.NotContains(t, capture.Header, "X-Api-Key")
				assert.NotContains(t, capture.Header, "Langsmith-Project")
			}
		})
	}
}

// A Collector passes on what it gets, and LangSmith's own form as well.
func TestLangSmithBehindACollectorShowsWhatItShowsDirectly(t *testing.T) {
	langsmith, other, direct := oracle.NewServer(t), oracle.NewServer(t), oracle.NewServer(t)
	c := startCollector(t, langsmith.URL, other.URL)
	endpoints, err := json.Marshal([]map[string]string{
		{"api_url": direct.URL, "api_key": "key-1", "project_name": "warehouse"},
		{"api_url": c.endpoint(genotel.HTTPProtobuf) + "/v1/traces", "api_key": "key-2"},
	})
	require.NoError(t, err)
	t.Setenv("LANGSMITH_RUNS_ENDPOINTS", string(endpoints))
	telemetry := configure(t)
	converse(t, telemetry)
	require.NoError(t, telemetry.Shutdown(within(t, time.Minute)))
	c.stop(t)

	want := runs(t, direct)
	assert.Len(t, want, 3)
	assert.Equal(t, want, runs(t, langsmith))
	assert.Equal(t, received(t, langsmith), received(t, other), "what one gets, all get")
	for _, server := range []*oracle.Server{langsmith, other} {
		for _, capture := range server.Captures() {
			assert.NotContains(t, slices.Concat(slices.Collect(maps.Values(capture.Header))...), "key-2")
		}
	}
}

func TestWhatLangSmithShowsBehindACollectorIsAMatterOfTheForm(t *testing.T) {
	for name, tt := range map[string]struct {
		base, traces  string // the variable that names the Collector, by its base URL or in full
		content       genotel.Content
		hide          string
		texts, tokens bool
	}{
		"the conventions": {base: "OTEL_EXPORTER_OTLP_ENDPOINT"},
		"the conventions with content": {
			base: "OTEL_EXPORTER_OTLP_ENDPOINT", content: genotel.ContentInclude, texts: true, tokens: true,
		},
		"LangSmith's form":                 {traces: "LANGSMITH_ENDPOINT", texts: true, tokens: true},
		"LangSmith's form without content": {traces: "LANGSMITH_ENDPOINT", hide: "true", tokens: true},
	} {
		t.Run(name, func(t *testing.T) {
			langsmith, other := oracle.NewServer(t), oracle.NewServer(t)
			c := startCollector(t, langsmith.URL, other.URL)
			endpoint := c.endpoint(genotel.HTTPProtobuf)
			if tt.base != "" {
				t.Setenv(tt.base, endpoint)
			} else {
				t.Setenv(tt.traces, endpoint+"/v1/traces")
				t.Setenv("LANGSMITH_API_KEY", "key-1")
			}
			t.Setenv("LANGSMITH_HIDE_INPUTS", tt.hide)
			t.Setenv("LANGSMITH_HIDE_OUTPUTS", tt.hide)
			telemetry := configure(t, genotel.WithContent(tt.content))
			converse(t, telemetry)
			require.NoError(t, telemetry.Shutdown(within(t, time.Minute)))
			c.stop(t)
			result, err := langsmithoracle.FromCaptures(langsmith.Captures(), langsmithoracle.Options{Hosted: true})
			require.NoError(t, err)
			require.Len(t, result.Runs, 3)
			tokens := 0
			for _, run := range result.Runs {
				inputs, err := json.Marshal(run.Inputs)
				require.NoError(t, err)
				assert.Equal(t, tt.texts, strings.Contains(string(inputs), "brackets"), "%s", inputs)
				if usage, ok := run.Outputs["usage_metadata"].(map[string]any); ok && usage["input_tokens"] != nil {
					tokens++
				}
			}
			assert.Equal(t, tt.tokens, tokens == 2, "%d of the three calls have tokens, of which one failed", tokens)
		})
	}
}

// runs are those of LangSmith, in the order of their start.
func runs(t *testing.T, server *oracle.Server) []langsmithoracle.Run {
	t.Helper()
	result, err := langsmithoracle.FromCaptures(server.Captures(), langsmithoracle.Options{Hosted: true})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	assert.Empty(t, result.Rejected)
	for _, run := range result.Runs {
		assert.Equal(t, "warehouse", run.SessionName)
	}
	slices.SortFunc(result.Runs, func(a, b langsmithoracle.Run) int { return strings.Compare(a.StartTime, b.StartTime) })
	return result.Runs
}

func TestTheExampleSplitsWhatLangSmithWouldRefuse(t *testing.T) {
	langsmith, other := oracle.NewServer(t), oracle.NewServer(t)
	c := startCollector(t, langsmith.URL, other.URL)
	scope := &tracepb.ScopeSpans{}
	for i := range 11 {
		scope.Spans = append(scope.Spans, &tracepb.Span{
			TraceId: fmt.Appendf(nil, "%016d", i), SpanId: fmt.Appendf(nil, "%08d", i), Name: strings.Repeat("n", 1<<20),
		})
	}
	body, err := proto.Marshal(&tracepb.TracesData{
		ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{scope}}},
	})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		c.endpoint(genotel.HTTPProtobuf)+"/v1/traces", bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	c.stop(t)

	assert.Len(t, received(t, langsmith), 11)
	assert.Len(t, langsmith.Captures(), 2)
	for _, capture := range langsmith.Captures() {
		assert.LessOrEqual(t, len(plain(t, capture)), 10_000_000)
	}
	assert.Len(t, received(t, other), 11)
}

// A Collector answers before it has passed anything on.
func TestWhatIsLostBehindTheCollectorIsNotCounted(t *testing.T) {
	langsmith, other := oracle.NewServer(t), oracle.NewServer(t, oracle.Status(http.StatusBadRequest))
	c := startCollector(t, langsmith.URL, other.URL)
	telemetry := configure(t, genotel.WithOTLP(genotel.OTLP{Endpoint: c.endpoint(genotel.HTTPProtobuf)}))
	converse(t, telemetry)
	require.NoError(t, telemetry.Shutdown(within(t, time.Minute)))
	c.stop(t)
	assert.Len(t, received(t, langsmith), 3)
	assert.NotEmpty(t, other.Captures())
	assert.Equal(t, uint64(3), telemetry.Stats()[0].Delivered)
	assert.Contains(t, c.log.String(), "Exporting failed")
}
