package export

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewReportsEveryProblemAtOnceAndNoSecret(t *testing.T) {
	_, err := New([]Destination{
		{Name: "", URL: "://user:PASS@host/?key=SECRET"},
		{Name: "ftp", URL: "ftp://user:PASS@host/?key=SECRET", Compression: 7, Timeout: -1, UserAgent: "a\nb"},
		{Name: "both", URL: "https://host/?key=SECRET", File: "traces.jsonl", Protocol: 3},
		{Name: "query", URL: "https://host/?key=SECRET", Protocol: GRPC},
		{Name: "ftp", URL: "https:///?key=SECRET", Headers: map[string]string{
			"grpc-timeout": "SECRET",
			"TE":           "SECRET",
			"bad name":     "SECRET",
			"content-type": "SECRET",
			"x-api-key":    "SECRET\r\nInjected: yes",
			"x-twice":      "SECRET",
			"X-Twice":      "SECRET",
		}},
	}, WithQueue(-1, -1), WithBatchDelay(-1), WithRetryBudget(-1), nil)
	require.Error(t, err)
	for _, want := range []string{
		"genotel: configuring export: ",
		"queue size in bytes is negative",
		"queue size in spans is negative",
		"batch delay is negative",
		"retry budget is negative",
		`destination 0 "": name must have 1 to 64 printable bytes`,
		"URL cannot be parsed",
		`destination 1 "ftp": URL must begin with http:// or https://`,
		"compression must be NoCompression or Gzip",
		"timeout is negative",
		"user agent has a character that no header may hold",
		`destination 2 "both": URL and File exclude each other`,
		"protocol must be HTTPProtobuf, HTTPJSON or GRPC",
		`destination 3 "query": URL of a gRPC server has a query`,
		`destination 4 "ftp": `,
		"URL has no host",
		`header name "bad name" is not valid`,
		"header Content-Type is set by the exporter",
		"header Grpc-Timeout is set by the exporter",
		"header Te is set by the exporter",
		"value of header X-Api-Key has a character that no header may hold",
		"header X-Twice is given twice",
		"name is taken",
	} {
		assert.ErrorContains(t, err, want)
	}
	for _, secret := range []string{"SECRET", "PASS", "user"} {
		assert.NotContains(t, strings.ReplaceAll(err.Error(), "user agent", ""), secret)
	}
}

func TestNewWantsADestination(t *testing.T) {
	_, err := New(nil)
	assert.ErrorContains(t, err, "no destination")
}

func TestZeroOptionsMeanDefaults(t *testing.T) {
	c, err := newConfig([]Option{WithLogger(nil), WithQueue(0, 0), WithBatchDelay(0), WithRetryBudget(0)})
	require.NoError(t, err)
	assert.Equal(t, config{
		queueBytes: 32 << 20, queueSpans: 65536, batchDelay: time.Second, retryBudget: 5 * time.Minute, adoption: time.Minute,
	}, c)
}

func TestAPrintedDestinationShowsNoSecret(t *testing.T) {
	d := Destination{
		Name: "backend", URL: "https://user:PASS@host:8080/path?key=SECRET",
		Headers: map[string]string{"x-api-key": "SECRET"},
	}
	var log logBuffer
	log.logger().Info("start", "destination", d, "pointer", &d, "all", []any{d})
	texts := append(log.lines(), fmt.Sprintln(d), fmt.Sprintf("%+v %#v %s %q", d, d, &d, []any{d}))
	for _, text := range texts {
		assert.Contains(t, text, "backend (host:8080)")
		assert.NotContains(t, text, "SECRET")
		assert.NotContains(t, text, "PASS")
	}
}

func TestAPrintedDestinationShowsItsFile(t *testing.T) {
	assert.Equal(t, "file (/var/log/traces.jsonl)", Destination{Name: "file", File: "/var/log/traces.jsonl"}.String())
}
