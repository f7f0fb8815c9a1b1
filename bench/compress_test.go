package bench

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// compressor is what all of them have in common.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compressors are made once and used again, as the pipelines do. The backends that genotel knows take no zstd; it is
// here to be compared.
var compressors = []struct {
	name string
	make func() (compressor, error)
}{
	{"gzip-std-6", func() (compressor, error) { return stdgzip.NewWriterLevel(nil, 6) }},
	{"gzip-std-1", func() (compressor, error) { return stdgzip.NewWriterLevel(nil, 1) }},
	{"gzip-klauspost-default", func() (compressor, error) { return gzip.NewWriter(nil), nil }},
	{"gzip-klauspost-6", func() (compressor, error) { return gzip.NewWriterLevel(nil, 6) }},
	{"gzip-klauspost-1", func() (compressor, error) { return gzip.NewWriterLevel(nil, 1) }},
	{"zstd-klauspost-default", func() (compressor, error) { return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)) }},
}

func BenchmarkCompress(b *testing.B) {
	body := encoded(b, 400, 10<<10)
	for _, each := range compressors {
		b.Run("compressor="+each.name, func(b *testing.B) {
			c, err := each.make()
			require.NoError(b, err)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var compressed bytes.Buffer
			used := cpuTime()
			for b.Loop() {
				compressed.Reset()
				require.NoError(b, compress(c, body, &compressed))
			}
			b.ReportMetric(float64((cpuTime()-used).Nanoseconds())/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(len(body))/float64(compressed.Len()), "ratio")
		})
	}
}

func compress(c compressor, body []byte, to io.Writer) error {
	c.Reset(to)
	if _, err := c.Write(body); err != nil {
		return err
	}
	return c.Close()
}

// encoded is a request of n spans.
func encoded(tb testing.TB, n, bytes int) []byte {
	tb.Helper()
	var kept keeper
	require.NoError(tb, otlptrace.NewUnstarted(&kept).ExportSpans(tb.Context(), endedSpans(tb, n, bytes)))
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: kept.resources})
	require.NoError(tb, err)
	return body
}

// keeper is a client that sends nothing.
type keeper struct{ resources []*tracepb.ResourceSpans }

func (*keeper) Start(context.Context) error { return nil }
func (*keeper) Stop(context.Context) error  { return nil }

func (k *keeper) UploadTraces(_ context.Context, resources []*tracepb.ResourceSpans) error {
	k.resources = resources
	return nil
}

func TestTheContentIsAsHardToCompressAsText(t *testing.T) {
	body := encoded(t, 50, 10<<10)
	var compressed bytes.Buffer
	require.NoError(t, compress(stdgzip.NewWriter(nil), body, &compressed))
	assert.InDelta(t, 3.2, float64(len(body))/float64(compressed.Len()), 0.4)
}
