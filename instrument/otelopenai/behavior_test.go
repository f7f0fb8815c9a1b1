package otelopenai_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/genotel/genotel/instrument/internal/clienttest"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/otelgenai"
)

// The tests of this file run a program without and with tracing against the same
// provider, and compare all that the program and the provider see.

type script = []http.HandlerFunc

// compare runs program with a plain and with a traced client.
func compare(t *testing.T, answers script, program func(ctx context.Context, client openai.Client) any) clienttest.Spans {
	t.Helper()
	p := clienttest.NewProvider(t)
	return clienttest.Compare(t, p, answers, func(t *testing.T, tracing []otelgenai.Option) any {
		return program(t.Context(), openai.NewClient(around(p, tracing)...))
	})
}

// around returns the options of a client of the provider, traced or not, with
// others after the tracing.
func around(p *clienttest.Provider, tracing []otelgenai.Option, opts ...option.RequestOption) []option.RequestOption {
	opts = append(opts, option.WithBaseURL(p.URL), option.WithAPIKey("sk-secret"), option.WithHTTPClient(p.Client))
	if tracing == nil {
		return opts
	}
	return append([]option.RequestOption{otelopenai.WithTracing(tracing...)}, opts...)
}

// seen is what a caller has of a response.
type seen struct {
	Status string
	Header http.Header
	Length int64
	Proto  string
	Body   string
	Err    string
}

// look reads a response to its end.
func look(res *http.Response, err error) (s seen) {
	if res != nil {
		s = seen{Status: res.Status, Header: res.Header, Length: res.ContentLength, Proto: res.Proto}
		body, readErr := io.ReadAll(res.Body)
		s.Body = string(body)
		err = errors.Join(err, readErr, res.Body.Close())
	}
	s.Err = message(err)
	return s
}

func message(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

var good = clienttest.JSON(completion)

func TestTheRawResponseIsTheCallersAsWithoutTracing(t *testing.T) {
	for name, c := range map[string]struct {
		answers script
		resends any
		failed  bool
	}{
		"an answer":                 {script{clienttest.With("X-Request-Id", "req_1", good)}, nil, false},
		"an answer after a retry":   {script{clienttest.Refuse(503, "c"), good}, int64(1), false},
		"an error":                  {script{clienttest.Refuse(401, "c")}, nil, true},
		"an error after a retry":    {script{clienttest.Refuse(503, "c"), clienttest.Refuse(400, "c")}, int64(1), true},
		"an answer that is no JSON": {script{clienttest.Answer(200, "text/plain", "hm")}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, program := range []func(ctx context.Context, client openai.Client) any{
				func(ctx context.Context, client openai.Client) any { // decoded, and the response beside
					var res *http.Response
					got, err := client.Chat.Completions.New(ctx, params("Hi."), option.WithResponseInto(&res))
					require.NotNil(t, res)
					if err != nil {
						return []any{look(res, err)}
					}
					return []any{got.RawJSON(), res.Status, res.Header}
				},
				func(ctx context.Context, client openai.Client) any { // the response instead of the decoded form
					var res *http.Response
					_, err := client.Chat.Completions.New(ctx, params("Hi."), option.WithResponseBodyInto(&res))
					return look(res, err)
				},
				func(ctx context.Context, client openai.Client) any { // the bytes
					var body []byte
					_, err := client.Chat.Completions.New(ctx, params("Hi."), option.WithResponseBodyInto(&body))
					return []any{string(body), message(err)}
				},
				func(ctx context.Context, client openai.Client) any { // any path with any body
					var res *http.Response
					err := client.Execute(ctx, http.MethodPost, "chat/completions?version=1", params("Hi."), &res)
					return look(res, err)
				},
				func(ctx context.Context, client openai.Client) any {
					var answer map[string]any
					err := client.Post(ctx, "chat/completions", json.RawMessage(`{"model":"gpt-4o-mini","messages":[]}`), &answer)
					return []any{answer, message(err)}
				},
			} {
				span := compare(t, c.answers, program).Call(t)
				assert.Equal(t, "chat gpt-4o-mini", span.Name())
				assert.Equal(t, c.resends, attr(span, "http.request.resend_count"))
				assert.Equal(t, c.failed, span.Status().Code == codes.Error)
			}
		})
	}
}

func TestARawStreamMayBeLeftInTheMiddle(t *testing.T) {
	spans := compare(t, script{clienttest.Hang(clienttest.Stream(delta(0, "one"), delta(0, "two")))},
		func(ctx context.Context, client openai.Client) any {
			var res *http.Response
			require.NoError(t, client.Post(ctx, "chat/completions", map[string]any{"model": "m", "stream": true}, &res))
			first := make([]byte, 6)
			_, err := io.ReadFull(res.Body, first)
			return []any{string(first), message(err), message(res.Body.Close())}
		})
	assert.Equal(t, true, attr(spans.Call(t), "genotel.response.incomplete"))
}

func TestARequestThatCanBeSentOnlyOnceIsNotRepeated(t *testing.T) {
	spans := compare(t, script{clienttest.Refuse(503, "overloaded"), good},
		func(ctx context.Context, client openai.Client) any {
			body := struct{ io.Reader }{strings.NewReader(`{"model":"gpt-4o-mini","messages":[]}`)}
			var answer []byte
			err := client.Post(ctx, "chat/completions", nil, &answer, option.WithRequestBody("application/json", body))
			return []any{string(answer), message(err)}
		})
	span := spans.Call(t)
	assert.Equal(t, "chat gpt-4o-mini", span.Name())
	assert.Equal(t, "overloaded", attr(span, "error.type"))
	assert.Nil(t, attr(span, "http.request.resend_count"))
}

func TestListsArePagedThroughAndNotTraced(t *testing.T) {
	page := func(more string, ids ...string) http.HandlerFunc {
		items := make([]string, len(ids))
		for i, id := range ids {
			items[i] = `{"id":"` + id + `"}`
		}
		return clienttest.JSON(`{"object":"list","data":[` + strings.Join(items, ",") + `],"has_more":` + more + `}`)
	}
	pages := script{page("true", "a", "b"), clienttest.Refuse(503, "c"), page("true", "c"), page("false", "d")}
	for name, list := range map[string]func(ctx context.Context, client openai.Client) (ids []string, err error){
		"files": func(ctx context.Context, client openai.Client) (ids []string, err error) {
			pager := client.Files.ListAutoPaging(ctx, openai.FileListParams{Limit: openai.Int(2)})
			for pager.Next() {
				ids = append(ids, pager.Current().ID)
			}
			return ids, pager.Err()
		},
		"batches": func(ctx context.Context, client openai.Client) (ids []string, err error) {
			pager := client.Batches.ListAutoPaging(ctx, openai.BatchListParams{})
			for pager.Next() {
				ids = append(ids, pager.Current().ID)
			}
			return ids, pager.Err()
		},
		"stored chats": func(ctx context.Context, client openai.Client) (ids []string, err error) {
			pager := client.Chat.Completions.ListAutoPaging(ctx, openai.ChatCompletionListParams{Model: openai.String("m")})
			for pager.Next() {
				ids = append(ids, pager.Current().ID)
			}
			return ids, pager.Err()
		},
		"page by page": func(ctx context.Context, client openai.Client) (ids []string, err error) {
			page, err := client.Files.List(ctx, openai.FileListParams{})
			for page != nil && err == nil {
				for _, file := range page.Data {
					ids = append(ids, file.ID)
				}
				page, err = page.GetNextPage()
			}
			return ids, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, compare(t, pages, func(ctx context.Context, client openai.Client) any {
				ids, err := list(ctx, client)
				require.NoError(t, err)
				assert.Equal(t, []string{"a", "b", "c", "d"}, ids)
				return ids
			}))
		})
	}
}

func TestTheHelpersOfAStreamBehaveAsWithoutTracing(t *testing.T) {
	whole := []string{delta(0, "Hel"), delta(0, "lo."), finish(0, "stop"), usageChunk, "[DONE]"}
	reset := func(w http.ResponseWriter, r *http.Request) {
		clienttest.Stream(whole[:2]...)(w, r)
		panic(http.ErrAbortHandler) // the connection breaks
	}
	for name, c := range map[string]struct {
		answers script
		// outcome is "", "incomplete" or an error.type.
		outcome string
	}{
		"a whole stream":          {script{clienttest.Stream(whole...)}, ""},
		"after a retry":           {script{clienttest.Refuse(429, "c"), clienttest.Stream(whole...)}, ""},
		"without its end":         {script{clienttest.Stream(whole[:2]...)}, "incomplete"},
		"a broken connection":     {script{reset}, "connection_error"},
		"an error in the stream":  {script{clienttest.Stream(whole[0], `{"error":{"message":"m","code":"overloaded"}}`)}, "overloaded"},
		"a chunk that is no JSON": {script{clienttest.Stream(whole[0], `{"choices":`, whole[1])}, "incomplete"},
		"comments and CRLF": {script{clienttest.Answer(200, "text/event-stream",
			": hello\r\n\r\nid: 1\r\nevent: chunk\r\ndata: "+strings.Join(whole, "\r\n\r\ndata:")+"\r\n\r\n")}, ""},
		"an error before it": {script{clienttest.Refuse(404, "model_not_found")}, "model_not_found"},
		"a document instead": {script{good}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			span := compare(t, c.answers, func(ctx context.Context, client openai.Client) any {
				var log []any
				s := client.Chat.Completions.NewStreaming(ctx, params("Hi."))
				var accumulated openai.ChatCompletionAccumulator
				for s.Next() {
					chunk := s.Current()
					log = append(log, chunk.RawJSON(), accumulated.AddChunk(chunk))
					content, hasContent := accumulated.JustFinishedContent()
					log = append(log, content, hasContent)
				}
				return append(log, s.Next(), s.Current().RawJSON(), message(s.Err()), message(s.Close()), message(s.Close()),
					s.Next(), message(s.Err()), accumulated.ChatCompletion)
			}).Call(t)
			switch c.outcome {
			case "":
				assert.Nil(t, attr(span, "genotel.response.incomplete"))
				assert.Nil(t, attr(span, "error.type"))
			case "incomplete":
				assert.Equal(t, true, attr(span, "genotel.response.incomplete"))
			default:
				assert.Equal(t, c.outcome, attr(span, "error.type"))
			}
		})
	}
}

func TestTheAccumulatorAndTheSpanCountTheSameTokens(t *testing.T) {
	var accumulated openai.ChatCompletionAccumulator
	span := compare(t, script{clienttest.Stream(delta(0, "Hel"), delta(1, "Good"), delta(0, "lo."), finish(0, "stop"),
		finish(1, "length"), usageChunk, "[DONE]")}, func(ctx context.Context, client openai.Client) any {
		accumulated = openai.ChatCompletionAccumulator{}
		s := client.Chat.Completions.NewStreaming(ctx, params("Hi."))
		for s.Next() {
			require.True(t, accumulated.AddChunk(s.Current()))
		}
		require.NoError(t, s.Err())
		return []any{accumulated.ChatCompletion, message(s.Close())}
	}).Call(t)
	assert.Equal(t, accumulated.Usage.PromptTokens, attr(span, "gen_ai.usage.input_tokens"))
	assert.Equal(t, accumulated.Usage.CompletionTokens, attr(span, "gen_ai.usage.output_tokens"))
	assert.Equal(t, accumulated.ID, attr(span, "gen_ai.response.id"))
	assert.Equal(t, []string{accumulated.Choices[0].FinishReason, accumulated.Choices[1].FinishReason},
		attr(span, "gen_ai.response.finish_reasons"))
	assert.Contains(t, attr(span, "gen_ai.output.messages"), accumulated.Choices[0].Message.Content)
}

func TestAStreamedResponseBehavesAsWithoutTracing(t *testing.T) {
	failed := `{"type":"error","sequence_number":1,"code":"server_error","message":"m","param":null}`
	for name, answers := range map[string]script{
		"whole":            {clienttest.Stream(clienttest.ResponseEvents...)},
		"after a retry":    {clienttest.Refuse(500, "c"), clienttest.Stream(clienttest.ResponseEvents...)},
		"without its end":  {clienttest.Stream(clienttest.ResponseEvents[:2]...)},
		"an event of harm": {clienttest.Stream(clienttest.ResponseEvents[0], failed)},
	} {
		t.Run(name, func(t *testing.T) {
			spans := compare(t, answers, func(ctx context.Context, client openai.Client) any {
				s := client.Responses.NewStreaming(ctx, responses.ResponseNewParams{
					Model: "m", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hi.")},
				})
				var log []any
				for s.Next() {
					log = append(log, s.Current().RawJSON(), s.Current().AsAny())
				}
				return append(log, message(s.Err()), message(s.Close()), s.Next())
			})
			assert.Equal(t, "chat m", spans.Call(t).Name())
		})
	}
}

// dump is all that an error of the SDK tells.
func dump(t *testing.T, err error) []any {
	t.Helper()
	var e *openai.Error
	require.ErrorAs(t, err, &e)
	return []any{
		e.StatusCode, e.Code, e.Type, e.Param, e.Message, e.RawJSON(), e.Error(),
		string(e.DumpRequest(true)), string(e.DumpRequest(false)), string(e.DumpResponse(true)), string(e.DumpResponse(false)),
		e.Request.URL.String(), e.Request.Header, e.Response.Header,
	}
}

func TestAnErrorTellsAllThatItTellsWithoutTracing(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 413, 422, 429, 500, 503} {
		span := compare(t, script{clienttest.With("X-Request-Id", "req_7", clienttest.Refuse(status, "c"))},
			func(ctx context.Context, client openai.Client) any {
				_, err := client.Chat.Completions.New(ctx, params("Hi."))
				s := client.Chat.Completions.NewStreaming(ctx, params("Hi."), option.WithMaxRetries(0))
				require.False(t, s.Next())
				return append(dump(t, err), dump(t, s.Err())...)
			}).Calls()
		require.Len(t, span, 2)
		for _, span := range span {
			assert.Equal(t, "c", attr(span, "error.type"))
			assert.Equal(t, int64(status), attr(span, "http.response.status_code"))
		}
	}
}

func TestTheHeadersOfTheSDKAreLeftAsTheyAre(t *testing.T) {
	p := clienttest.NewProvider(t)
	spans := clienttest.Compare(t, p, script{clienttest.Refuse(429, "c"), good},
		func(t *testing.T, tracing []otelgenai.Option) any {
			t.Helper()
			client := openai.NewClient(around(p, tracing, option.WithOrganization("org"), option.WithProject("proj"),
				option.WithHeader("X-Own", "1"), option.WithHeaderAdd("X-Own", "2"), option.WithQuery("q", "1"),
				option.WithJSONSet("vendor.extra", 7), option.WithHeader("X-Stainless-Retry-Count", "own"))...)
			got, err := client.Chat.Completions.New(t.Context(), params("Hi."), option.WithHeaderDel("X-Stainless-Lang"))
			require.NoError(t, err)
			return got.RawJSON()
		})
	assert.Equal(t, int64(1), attr(spans.Call(t), "http.request.resend_count"), "the caller's own retry count is no obstacle")
	for _, asked := range p.Asked() {
		assert.Contains(t, asked, "X-Stainless-Retry-Count: own")
		assert.Contains(t, asked, "X-Stainless-Package-Version: ")
		assert.Contains(t, asked, `"vendor":{"extra":7}`)
	}
}

func TestAClientThatIsMadeOfAnotherIsTracedOnce(t *testing.T) {
	p := clienttest.NewProvider(t)
	spans := clienttest.Compare(t, p, script{good}, func(t *testing.T, tracing []otelgenai.Option) any {
		t.Helper()
		opts := around(p, tracing)
		clients := []openai.Client{openai.NewClient(opts...), openai.NewClient(opts...)} // of the same options
		services := []openai.ChatService{openai.NewChatService(opts...), clients[0].Chat, clients[1].Chat}
		var answers []string
		for _, service := range services {
			got, err := service.Completions.New(t.Context(), params("Hi."), option.WithHeader("X-Once", "1"))
			require.NoError(t, err)
			answers = append(answers, got.RawJSON())
		}
		return answers
	})
	assert.Len(t, spans.Calls(), 3)
	assert.Len(t, spans, 3)
}

func TestSeveralClientsKeepTheirSpansApart(t *testing.T) {
	p := clienttest.NewProvider(t)
	p.Play(good)
	one, two := tracetest.NewSpanRecorder(), tracetest.NewSpanRecorder()
	for recorder, model := range map[*tracetest.SpanRecorder]string{one: "m-1", two: "m-2"} {
		client := openai.NewClient(around(p, clienttest.Tracing(recorder))...)
		question := params("Hi.")
		question.Model = model
		_, err := client.Chat.Completions.New(t.Context(), question)
		require.NoError(t, err)
	}
	plain := openai.NewClient(around(p, nil)...)
	_, err := plain.Chat.Completions.New(t.Context(), params("Hi."))
	require.NoError(t, err)
	assert.Equal(t, "chat m-1", clienttest.Ended(t, one).Call(t).Name())
	assert.Equal(t, "chat m-2", clienttest.Ended(t, two).Call(t).Name())
}

// noted is what a middleware of the application saw.
type noted struct {
	Request  string
	Header   http.Header
	Response string
	Status   int
	Err      string
}

// nosy returns a middleware that reads all bodies and puts them back.
func nosy(t *testing.T, log *[]noted) option.RequestOption {
	t.Helper()
	return option.WithMiddleware(func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		var n noted
		n.Header = maps.Clone(req.Header)
		body, err := io.ReadAll(req.Body)
		require.NoError(t, err)
		n.Request = req.Method + " " + req.URL.String() + " " + string(body)
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		res, err := next(req)
		if res != nil {
			answered, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			res.Body = io.NopCloser(strings.NewReader(string(answered)))
			n.Status, n.Response = res.StatusCode, string(answered)
		}
		n.Err = message(err)
		*log = append(*log, n)
		return res, err
	})
}

func TestAMiddlewareOfTheApplicationSeesTheSameOnEitherSide(t *testing.T) {
	for name, c := range map[string]struct {
		answers script
		attrs   map[string]any
	}{
		"an answer": {script{good}, map[string]any{"gen_ai.usage.input_tokens": int64(9)}},
		"a stream": {
			script{clienttest.Stream(delta(0, "a"), finish(0, "stop"), usageChunk, "[DONE]")},
			map[string]any{"gen_ai.usage.input_tokens": int64(20)},
		},
		"an error": {script{clienttest.Refuse(400, "c")}, map[string]any{"error.type": "c"}},
	} {
		for _, outside := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := clienttest.NewProvider(t)
				spans := clienttest.Compare(t, p, c.answers, func(t *testing.T, tracing []otelgenai.Option) any {
					t.Helper()
					var log []noted
					opts := around(p, tracing, nosy(t, &log))
					if outside {
						opts = append([]option.RequestOption{nosy(t, &log)}, around(p, tracing)...)
					}
					client := openai.NewClient(opts...)
					var got []any
					if name == "a stream" {
						s := client.Chat.Completions.NewStreaming(t.Context(), params("Hi."))
						for s.Next() {
							got = append(got, s.Current().RawJSON())
						}
						got = append(got, message(s.Err()), message(s.Close()))
					} else {
						answer, err := client.Chat.Completions.New(t.Context(), params("Hi."))
						got = append(got, answer, message(err))
					}
					require.NotEmpty(t, log)
					return append(got, log)
				})
				for key, want := range c.attrs {
					assert.Equal(t, want, attr(spans.Call(t), key))
				}
			})
		}
	}
}

func TestAMiddlewareInsideThatReadsErrorsLeavesOneSpanOfARetriedCall(t *testing.T) {
	p := clienttest.NewProvider(t)
	spans := clienttest.Compare(t, p, script{clienttest.Refuse(429, "c"), clienttest.Refuse(503, "c"), good},
		func(t *testing.T, tracing []otelgenai.Option) any {
			t.Helper()
			var log []noted
			client := openai.NewClient(around(p, tracing, nosy(t, &log))...)
			got, err := client.Chat.Completions.New(t.Context(), params("Hi."))
			require.NoError(t, err)
			return []any{got, log}
		})
	assert.Equal(t, int64(2), attr(spans.Call(t), "http.request.resend_count"))
	assert.Len(t, spans.Attempts(), 3)
}

func TestAMiddlewareMayAnswerInsteadOfTheProvider(t *testing.T) {
	p := clienttest.NewProvider(t)
	cached := option.WithMiddleware(func(req *http.Request, _ option.MiddlewareNext) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(completion)), Request: req, ContentLength: -1,
		}, nil
	})
	spans := clienttest.Compare(t, p, script{good}, func(t *testing.T, tracing []otelgenai.Option) any {
		t.Helper()
		client := openai.NewClient(around(p, tracing, cached)...)
		got, err := client.Chat.Completions.New(t.Context(), params("Hi."))
		require.NoError(t, err)
		return got
	})
	assert.Empty(t, p.Asked())
	assert.Equal(t, int64(9), attr(spans.Call(t), "gen_ai.usage.input_tokens"))
}

// openai-go does not let a request leave its host, and does not try again.
func TestAnErrorThatTheSDKNeverRepeatsEndsTheSpanAtOnce(t *testing.T) {
	p := clienttest.NewProvider(t)
	elsewhere := option.WithMiddleware(func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		req.URL.Host = "localhost:1"
		return next(req)
	})
	spans := clienttest.Compare(t, p, script{good}, func(t *testing.T, tracing []otelgenai.Option) any {
		t.Helper()
		client := openai.NewClient(around(p, tracing, elsewhere)...)
		_, err := client.Chat.Completions.New(t.Context(), params("Hi."))
		require.Error(t, err)
		return err.Error()
	})
	assert.Equal(t, codes.Error, spans.Call(t).Status().Code)
	assert.Empty(t, spans.Attempts())
}

func TestOtherRequestsPassAndAreNotTraced(t *testing.T) {
	spans := compare(t, script{clienttest.JSON(`{"id":"x","object":"model","data":[]}`)},
		func(ctx context.Context, client openai.Client) any {
			var model map[string]any
			err := client.Get(ctx, "models/m", nil, &model)
			_, models := client.Models.List(ctx)
			_, file := client.Files.New(ctx, openai.FileNewParams{File: strings.NewReader("{}"), Purpose: openai.FilePurposeBatch})
			deleted := client.Delete(ctx, "files/x", nil, nil)
			return []any{slices.Sorted(maps.Keys(model)), message(err), message(models), message(file), message(deleted)}
		})
	assert.Empty(t, spans)
}
