package otelopenai_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/litellmtest"
	"github.com/genotel/genotel/otelgenai"
)

// newProxyStand is a stand whose provider is a LiteLLM proxy.
func newProxyStand(t *testing.T, opts ...otelgenai.Option) (*stand, *litellmtest.Proxy) {
	t.Helper()
	proxy := litellmtest.New(t)
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	opts = append([]otelgenai.Option{otelgenai.WithTracerProvider(provider)}, opts...)
	s := &stand{server: proxy.Server, spans: spans, traced: otelopenai.WithTracing(opts...)}
	s.client = openai.NewClient(s.traced, option.WithBaseURL(proxy.URL), option.WithAPIKey(litellmtest.Key),
		option.WithHTTPClient(proxy.Server.Client()))
	return s, proxy
}

func askFor(model string) openai.ChatCompletionNewParams {
	p := params("hi")
	p.Model = model
	return p
}

func TestAProxyIsRecognizedByItsHeaders(t *testing.T) {
	s, _ := newProxyStand(t)
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model),
		option.WithHeader("x-litellm-tags", "team-a,nightly"))
	require.NoError(t, err)
	span := s.span(t)
	for key, want := range map[string]any{
		"gen_ai.provider.name":                "openai",
		"gen_ai.request.model":                "gpt-4o",
		"gen_ai.response.model":               "gpt-4o",
		"gen_ai.usage.input_tokens":           int64(9),
		"litellm.call_id":                     litellmtest.CallID,
		"litellm.model_id":                    "f0b8e5d1",
		"litellm.model_group":                 "gpt-4o",
		"litellm.api_base":                    "https://api.openai.com/v1",
		"litellm.version":                     "1.98.0",
		"litellm.region":                      nil,
		"litellm.cost.total":                  0.000123,
		"litellm.cost.original":               0.0002,
		"litellm.cost.discount_amount":        7.7e-05,
		"litellm.retries.attempted":           int64(1),
		"litellm.retries.max":                 int64(2),
		"litellm.fallbacks.attempted":         int64(0),
		"litellm.fallback":                    nil,
		"litellm.timeout":                     6000.0,
		"litellm.duration.response":           843.25,
		"litellm.duration.overhead":           nil,
		"litellm.provider.request_id":         "req_1",
		"litellm.request.tags":                []string{"team-a", "nightly"},
		"langsmith.metadata.litellm_call_id":  litellmtest.CallID,
		"langsmith.metadata.ls_provider":      "openai",
		"langsmith.metadata.ls_model_name":    "gpt-4o",
		"langsmith.span.kind":                 "llm",
		"http.request.resend_count":           nil,
		"litellm.key.spend":                   nil,
		"litellm.ratelimit.remaining_request": nil,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.JSONEq(t, `{"input_tokens":9,"output_tokens":3,"total_tokens":12,"total_cost":0.000123}`,
		attr(span, "langsmith.usage_metadata").(string))
	everything := all(s.spans.Ended())
	assert.NotContains(t, everything, litellmtest.Key)
	assert.NotContains(t, everything, "secret")
	assert.NotContains(t, everything, "12.5", "what the key has spent")
}

func TestAProviderItselfHasNoneOfTheProxysAttributes(t *testing.T) {
	s := newStand(t, answerJSON(completion))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithHeader("x-litellm-tags", "a"))
	require.NoError(t, err)
	assert.NotContains(t, all(s.spans.Ended()), "litellm")
}

func TestACallIDOfTheClientsIsTheOneRecorded(t *testing.T) {
	s, _ := newProxyStand(t)
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model), option.WithHeader("x-litellm-call-id", "mine"))
	require.NoError(t, err)
	assert.Equal(t, "mine", attr(s.span(t), "litellm.call_id"))
}

func TestAFallbackIsNoted(t *testing.T) {
	for model, counted := range map[string]any{litellmtest.Broken: int64(1), litellmtest.Aged: nil} {
		t.Run(model, func(t *testing.T) {
			s, _ := newProxyStand(t)
			res, err := s.client.Chat.Completions.New(t.Context(), askFor(model))
			require.NoError(t, err)
			require.NotEqual(t, model, res.Model)
			span := s.span(t)
			assert.Equal(t, true, attr(span, "litellm.fallback"))
			assert.Equal(t, counted, attr(span, "litellm.fallbacks.attempted"))
			assert.Equal(t, model, attr(span, "gen_ai.request.model"))
			assert.Equal(t, codes.Unset, span.Status().Code)
			assert.Nil(t, event(span, "exception"))
		})
	}
}

func TestTheProviderForPricesIsInTheModelsName(t *testing.T) {
	s, _ := newProxyStand(t)
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Routed))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "anthropic", attr(span, "langsmith.metadata.ls_provider"))
	assert.Equal(t, "claude-sonnet-5", attr(span, "langsmith.metadata.ls_model_name"))
	assert.Equal(t, litellmtest.Routed, attr(span, "gen_ai.request.model"), "as sent")
	assert.Equal(t, "openai", attr(span, "gen_ai.provider.name"), "the flavor of the protocol")
}

func TestAStreamThroughAProxyHasUsageAndOneSpan(t *testing.T) {
	s, _ := newProxyStand(t)
	p := askFor(litellmtest.Model)
	p.StreamOptions.IncludeUsage = openai.Bool(true)
	text, err := stream(t.Context(), t, s.client, p)
	require.NoError(t, err)
	assert.Equal(t, litellmtest.Answer, text)
	span := s.span(t)
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, int64(3), attr(span, "gen_ai.usage.output_tokens"))
	assert.Nil(t, attr(span, "litellm.cost.total"), "zero, because it is not known yet")
	assert.NotNil(t, attr(span, "genotel.stream.time_to_first_content"))
	assert.Equal(t, litellmtest.CallID, attr(span, "litellm.call_id"))
	assert.Len(t, s.spans.Ended(), 1)
}

func TestAnErrorInsideAStreamFailsTheSpanAndKeepsWhatCame(t *testing.T) {
	s, _ := newProxyStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan))
	text, err := stream(t.Context(), t, s.client, askFor(litellmtest.Failing))
	require.ErrorContains(t, err, "litellm.RateLimitError", "the client's own error")
	assert.Equal(t, "hello ", text)
	span := s.span(t)
	assert.Equal(t, codes.Error, span.Status().Code)
	for key, want := range map[string]any{
		"error.type":                  "429",
		"genotel.error.code":          "429",
		"genotel.error.provider_type": "throttling_error",
		"http.response.status_code":   int64(200),
		"genotel.response.incomplete": true,
		"litellm.call_id":             litellmtest.CallID,
	} {
		assert.Equal(t, want, attr(span, key), key)
	}
	assert.Contains(t, attr(span, "gen_ai.output.messages"), "hello ")
	assert.Equal(t, "429", event(span, "exception")["exception.type"])
}

func TestAWrongKeyIsAFailureThatRepeatsNoKey(t *testing.T) {
	s, _ := newProxyStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan))
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model), option.WithAPIKey("sk-wrong-key"))
	require.Error(t, err)
	span := s.span(t)
	assert.Equal(t, "auth_error", attr(span, "error.type"))
	assert.Equal(t, int64(401), attr(span, "http.response.status_code"))
	assert.Equal(t, litellmtest.CallID, attr(span, "litellm.call_id"))
	assert.NotContains(t, all(s.spans.Ended()), "sk-wrong")
}

func TestTheHeadersOfTheLastAttemptCount(t *testing.T) {
	s, proxy := newProxyStand(t)
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Flaky))
	require.NoError(t, err)
	require.Len(t, proxy.Requests(), 2)
	span := s.span(t)
	assert.Nil(t, attr(span, "litellm.region"), "of the first attempt")
	assert.Equal(t, int64(1), attr(span, "http.request.resend_count"))
	assert.Equal(t, int64(1), attr(span, "litellm.retries.attempted"))
	for _, attempt := range s.attempts() {
		assert.Nil(t, attr(attempt, "litellm.call_id"))
	}
}

func TestAnAttemptWithoutAResponseHasNoHeadersOfAnEarlierOne(t *testing.T) {
	proxy := litellmtest.New(t)
	turn := 0
	broken := roundTripper(func(r *http.Request) (*http.Response, error) {
		turn++
		if turn > 1 {
			return nil, io.ErrUnexpectedEOF
		}
		return proxy.Server.Client().Transport.RoundTrip(r)
	})
	s := newStand(t, answerJSON(completion))
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Flaky), option.WithBaseURL(proxy.URL),
		option.WithAPIKey(litellmtest.Key), option.WithHTTPClient(&http.Client{Transport: broken}), option.WithMaxRetries(1))
	require.Error(t, err)
	assert.NotContains(t, all(s.spans.Ended()), "litellm")
}

func TestWhatIsSaidOfAProxyHoldsWithoutItsHeaders(t *testing.T) {
	s := newStand(t, answerJSON(completion), otelgenai.WithLiteLLM(otelgenai.LiteLLMClient))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithHeader("x-litellm-tags", "a"))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, "litellm", attr(span, "langsmith.metadata.ls_provider"))
	assert.Equal(t, []string{"a"}, attr(span, "litellm.request.tags"))
	assert.Equal(t, true, attr(span, "litellm.fallback"), "the answer is of a dated model")
	assert.Equal(t, "llm", attr(span, "langsmith.span.kind"))
}

func TestTheProviderThatIsSetCountsBehindAProxy(t *testing.T) {
	s := newStand(t, answerJSON(completion), otelgenai.WithLiteLLM(otelgenai.LiteLLMClient),
		otelgenai.WithProvider("azure.ai.openai"))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"))
	require.NoError(t, err)
	assert.Equal(t, "azure", attr(s.span(t), "langsmith.metadata.ls_provider"))
}

func TestAProxyThatTracesLeavesTheClientWithoutASpan(t *testing.T) {
	s, proxy := newProxyStand(t, otelgenai.WithLiteLLM(otelgenai.LiteLLMProxy))
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model))
	require.NoError(t, err)
	_, err = stream(t.Context(), t, s.client, askFor(litellmtest.Flaky))
	require.NoError(t, err)
	assert.Empty(t, s.spans.Started())
	require.Len(t, proxy.Requests(), 3)
	for _, r := range proxy.Requests() {
		assert.Empty(t, r.Header.Get("traceparent"))
	}
}

func TestAProxyThatTracesIsSentTheSpanAroundTheCall(t *testing.T) {
	s, proxy := newProxyStand(t, otelgenai.WithLiteLLM(otelgenai.LiteLLMProxy), otelgenai.WithPropagateTo("127.0.0.1"))
	provider := sdktrace.NewTracerProvider()
	ctx, span := provider.Tracer("app").Start(t.Context(), "work")
	defer span.End()
	_, err := s.client.Chat.Completions.New(ctx, askFor(litellmtest.Model))
	require.NoError(t, err)
	assert.Empty(t, s.spans.Started())
	assert.Equal(t, traceparent(span.SpanContext()), proxy.Requests()[0].Header.Get("traceparent"))
}

func TestANestedCallIsAStepWithoutUsage(t *testing.T) {
	for name, call := range map[string]func(openai.Client) error{
		"plain": func(client openai.Client) error {
			_, err := client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model))
			return err
		},
		"streamed": func(client openai.Client) error {
			_, err := stream(t.Context(), t, client, askFor(litellmtest.Model))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, proxy := newProxyStand(t, otelgenai.WithLiteLLM(otelgenai.LiteLLMNested))
			require.NoError(t, call(s.client))
			span := s.span(t)
			assert.Equal(t, "chain", attr(span, "langsmith.span.kind"))
			for _, kv := range span.Attributes() {
				assert.NotContains(t, string(kv.Key), "usage", kv.Key)
			}
			assert.Nil(t, attr(span, "langsmith.metadata.ls_model_type"))
			assert.Equal(t, litellmtest.CallID, attr(span, "litellm.call_id"), "what the proxy said")
			assert.Equal(t, traceparent(span.SpanContext()), proxy.Requests()[0].Header.Get("traceparent"))
		})
	}
}

func TestANestedCallThatReachesNobodyIsAStepToo(t *testing.T) {
	s := newStand(t, answerJSON(completion), otelgenai.WithLiteLLM(otelgenai.LiteLLMNested))
	_, err := s.client.Chat.Completions.New(t.Context(), params("hi"), option.WithBaseURL("http://127.0.0.1:1/v1"),
		option.WithMaxRetries(0))
	require.Error(t, err)
	assert.Equal(t, "chain", attr(s.span(t), "langsmith.span.kind"))
}

func TestAnUnknownModeIsReportedAndIgnored(t *testing.T) {
	errs := reported(t)
	s, _ := newProxyStand(t, otelgenai.WithLiteLLM(77))
	assert.Contains(t, errs(), "WithLiteLLM")
	_, err := s.client.Chat.Completions.New(t.Context(), askFor(litellmtest.Model))
	require.NoError(t, err)
	assert.Equal(t, "llm", attr(s.span(t), "langsmith.span.kind"))
}

func TestTheRequestReachesTheProxyUnchanged(t *testing.T) {
	for _, mode := range []otelgenai.LiteLLMMode{otelgenai.LiteLLMClient, otelgenai.LiteLLMProxy, otelgenai.LiteLLMNested} {
		s, proxy := newProxyStand(t, otelgenai.WithLiteLLM(mode))
		body := []byte(`{"model":"gpt-4o", "messages":[] ,"metadata":{"a":"b"}}`)
		var res json.RawMessage
		require.NoError(t, s.client.Post(context.WithoutCancel(t.Context()), "chat/completions", nil, &res,
			option.WithRequestBody("application/json", body)))
		assert.Equal(t, string(body), string(proxy.Requests()[0].Body))
	}
}

func TestUsageIsAskedForAndTheTraceSentInOneRequest(t *testing.T) {
	s, proxy := newProxyStand(t, otelgenai.WithPropagateTo("127.0.0.1"), otelgenai.WithStreamUsage())
	_, err := stream(t.Context(), t, s.client, askFor(litellmtest.Model))
	require.NoError(t, err)
	span := s.span(t)
	assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, traceparent(span.SpanContext()), proxy.Requests()[0].Header.Get("traceparent"))
}
