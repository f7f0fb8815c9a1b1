package otelopenai_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/genotel/genotel/otelgenai"
)

func TestEventsThatAreCalledJSONAreAStream(t *testing.T) {
	for name, body := range map[string]string{
		"data":    "data: " + delta(0, "Hello.") + "\n\ndata: " + finish(0, "stop") + "\n\ndata: [DONE]\n\n",
		"comment": ": hold on\n\ndata: " + delta(0, "Hello.") + "\n\ndata: " + finish(0, "stop") + "\n\n",
		"name":    "event: chunk\ndata: " + delta(0, "Hello.") + "\n\ndata: " + finish(0, "stop") + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerJSON(body), otelgenai.WithContent(otelgenai.ContentOnSpan))
			text, err := stream(t.Context(), t, s.client, params("Hi."))
			require.NoError(t, err)
			assert.Equal(t, "Hello.", text, "openai-go reads it so, too")
			span := s.span(t)
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Equal(t, []string{"stop"}, attr(span, "gen_ai.response.finish_reasons"))
			assert.Contains(t, attr(span, "gen_ai.output.messages"), "Hello.")
		})
	}
}

func TestAWholeResponseToAStreamedRequestIsADocument(t *testing.T) {
	for _, space := range []string{"", "\n ", "\r\n"} {
		s := newStand(t, answerJSON(space+completion))
		var body []byte
		err := s.client.Post(t.Context(), "chat/completions", map[string]any{"model": "m", "stream": true}, &body)
		require.NoError(t, err)
		span := s.span(t)
		assert.Equal(t, codes.Unset, span.Status().Code)
		assert.Equal(t, "chatcmpl-1", attr(span, "gen_ai.response.id"))
	}
}

func TestADocumentThatIsClosedBeforeItsEndIsIncomplete(t *testing.T) {
	whole := strings.TrimSpace(completion)
	for name, test := range map[string]struct {
		read       int
		incomplete any
		id         any
	}{
		"in the middle of the message": {strings.Index(whole, "there"), true, "chatcmpl-1"},
		"before the last bracket":      {len(whole) - 1, true, "chatcmpl-1"},
		"with its last byte":           {len(whole), nil, "chatcmpl-1"},
		"unread":                       {0, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, answerJSON(whole))
			var res *http.Response
			err := s.client.Post(t.Context(), "chat/completions", params("Hi."), &res)
			require.NoError(t, err)
			_, err = io.ReadFull(res.Body, make([]byte, test.read))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			span := s.span(t)
			assert.Equal(t, codes.Unset, span.Status().Code, "that the caller leaves is no error")
			assert.Equal(t, test.incomplete, attr(span, "genotel.response.incomplete"))
			assert.Equal(t, test.id, attr(span, "gen_ai.response.id"))
		})
	}
}

func TestADocumentLargerThanWhatIsHeldIsNoError(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 130 MB")
	}
	const held = 64 << 20
	s := newStand(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Replace(completion, "Hello there.", strings.Repeat("x", held), 1))
	}), otelgenai.WithContent(otelgenai.ContentOnSpan))
	var res *http.Response
	err := s.client.Post(t.Context(), "chat/completions", params("Hi."), &res, option.WithMaxRetries(0))
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, int64(held+len(completion)-len("Hello there.")), n)
	span := s.span(t)
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, "chatcmpl-1", attr(span, "gen_ai.response.id"))
	assert.Equal(t, true, attr(span, "genotel.content.truncated"))
}
