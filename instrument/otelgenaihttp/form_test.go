package otelgenaihttp_test

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelgenaihttp"
	"github.com/genotel/genotel/otelgenai"
)

// upload is a request whose form is written while it is sent: of a file of some
// bytes, and of the model behind it.
func upload(ctx context.Context, t *testing.T, url string, size int) *http.Request {
	t.Helper()
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() {
		_ = write.CloseWithError(fill(form, size))
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/audio/transcriptions", read)
	require.NoError(t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return req
}

func fill(form *multipart.Writer, size int) error {
	file, err := form.CreateFormFile("file", "talk.mp3")
	if err != nil {
		return err
	}
	piece := []byte(strings.Repeat("\r\n--SOUND", 1<<10/9))
	for sent := 0; sent < size; sent += len(piece) {
		if _, err := file.Write(piece[:min(len(piece), size-sent)]); err != nil {
			return err
		}
	}
	if err := form.WriteField("model", "whisper-1"); err != nil {
		return err
	}
	return form.Close()
}

func TestAFormThatIsWrittenWhileItIsSentIsReadInPassing(t *testing.T) {
	const size = 100_000
	var received int64
	var model string
	url, client, _, spans := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		assert.NoError(t, err)
		assert.Equal(t, "talk.mp3", header.Filename)
		received, _ = io.Copy(io.Discard, file)
		model = r.FormValue("model")
		answer(`{"text":"Hello."}`)(w, r)
	})
	res, err := client.Do(upload(t.Context(), t, url, size))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.JSONEq(t, `{"text":"Hello."}`, string(body))
	assert.EqualValues(t, size, received)
	assert.Equal(t, "whisper-1", model)

	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, "generate_content whisper-1", spans.Ended()[0].Name(), "the model became known while the form was sent")
	all := attributes(spans.Ended()[0])
	assert.Equal(t, "whisper-1", all["gen_ai.request.model"])
	assert.Nil(t, all["genotel.response.incomplete"])
}

func TestAFormThatIsRefusedBeforeItWasSentIsAnIncompleteRequest(t *testing.T) {
	url, client, _, spans := newStand(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	res, err := client.Do(upload(t.Context(), t, url, 50<<20))
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		require.NoError(t, res.Body.Close())
	}
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, codes.Error, spans.Ended()[0].Status().Code)
	assert.Equal(t, "generate_content", spans.Ended()[0].Name(), "nobody ever said the model")
}

// swallow is a transport that reads the request and answers in memory.
type swallow struct{ answer string }

func (s swallow) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, req.Body, make([]byte, 4<<10)); err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(s.answer)),
	}, nil
}

func TestAnUploadIsNotHeld(t *testing.T) {
	const size, most = 25 << 20, 64 << 10
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	transport := otelgenaihttp.NewTransport(swallow{`{"text":"Hello."}`},
		otelgenai.WithTracerProvider(provider), otelgenai.WithContent(otelgenai.ContentOnSpan))
	allocated := func(transport http.RoundTripper) int64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := transport.RoundTrip(upload(t.Context(), t, "http://host", size))
		require.NoError(t, err)
		_, err = io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	allocated(transport)
	without, with := allocated(swallow{`{"text":"Hello."}`}), allocated(transport)
	t.Logf("bytes allocated for a call: %d, traced %d", without, with)
	assert.Less(t, with, without+most)
	require.Len(t, spans.Ended(), 2)
	assert.Contains(t, attributes(spans.Ended()[1])["gen_ai.input.messages"], `"bytes":26214400,"name":"talk.mp3"`)
}

// seeker gives out itself as a second reader, from its start, as some clients do.
type seeker struct{ *strings.Reader }

func (s seeker) Close() error { return nil }

func TestAFormWhoseReaderIsSharedIsSentWhole(t *testing.T) {
	var b strings.Builder
	form := multipart.NewWriter(&b)
	require.NoError(t, fill(form, 1000))
	var got string
	url, client, _, spans := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
		answer(`{"text":"Hello."}`)(w, r)
	})
	shared := seeker{strings.NewReader(b.String())}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/audio/transcriptions", shared)
	require.NoError(t, err)
	req.ContentLength = int64(b.Len())
	req.GetBody = func() (io.ReadCloser, error) {
		_, err := shared.Seek(0, io.SeekStart)
		return shared, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := client.Do(req)
	require.NoError(t, err)
	_, _ = io.ReadAll(res.Body)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, b.String(), got)
	require.Len(t, spans.Ended(), 1)
	assert.Equal(t, "whisper-1", attributes(spans.Ended()[0])["gen_ai.request.model"])
}

// counted counts what is read of it.
type counted struct {
	io.Reader

	n *int
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += n
	return n, err
}

func TestAFormOfACallThatIsNotSampledIsHardlyLookedAt(t *testing.T) {
	const most = 300 << 10
	var b strings.Builder
	form := multipart.NewWriter(&b)
	require.NoError(t, fill(form, 25<<20))
	for name, test := range map[string]struct {
		sampler sdktrace.Sampler
		most    int
	}{
		"not sampled": {sdktrace.NeverSample(), most}, "sampled": {sdktrace.AlwaysSample(), b.Len() + most},
	} {
		t.Run(name, func(t *testing.T) {
			provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(test.sampler))
			transport := otelgenaihttp.NewTransport(swallow{`{"text":"Hello."}`}, otelgenai.WithTracerProvider(provider))
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://host/audio/transcriptions", strings.NewReader(b.String()))
			require.NoError(t, err)
			req.Header.Set("Content-Type", form.FormDataContentType())
			read := 0
			req.GetBody = func() (io.ReadCloser, error) {
				return io.NopCloser(counted{strings.NewReader(b.String()), &read}), nil
			}
			res, err := transport.RoundTrip(req)
			require.NoError(t, err)
			_, _ = io.ReadAll(res.Body)
			require.NoError(t, res.Body.Close())
			assert.LessOrEqual(t, read, test.most)
			assert.Positive(t, read)
		})
	}
}
