package feedback_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/feedback"
)

// onLoopback stands for LangSmith and Langtrace.
func onLoopback() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
	}))
}

func ExampleLangSmith_Send() {
	server := onLoopback()
	defer server.Close()
	ctx, url, answer := context.Background(), server.URL, answer()

	langsmith, err := feedback.NewLangSmith(feedback.LangSmithConfig{APIKey: "key", Endpoint: url})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = langsmith.Send(ctx, feedback.Entry{
		Span:    answer,
		Key:     "user_score",
		Score:   new(1.0),
		Comment: "just what I needed",
	})
	fmt.Println(err)
	// Output:
	// POST /feedback
	// <nil>
}

func ExampleLangtrace_Send() {
	server := onLoopback()
	defer server.Close()
	ctx, url, answer := context.Background(), server.URL, answer()

	langtrace, err := feedback.NewLangtrace(feedback.LangtraceConfig{APIKey: "key", Endpoint: url})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = langtrace.Send(ctx, feedback.Vote{Span: answer, UserID: "user-1", Up: true})
	fmt.Println(err)
	// Output:
	// POST /api/evaluation
	// <nil>
}

func ExampleEntry() {
	ctx := context.Background()

	// Where the answer is made; keep it beside the answer.
	answer := trace.SpanContextFromContext(ctx)

	fmt.Println(feedback.Entry{Span: answer}.Span.IsValid())
	// Output: false
}
