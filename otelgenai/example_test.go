package otelgenai_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// printed is a TracerProvider that prints what ends. A program has the one of
// genotel.Configure in its place, and needs no option.
func printed(keys ...attribute.Key) otelgenai.Option {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(printer{listener: &listener{}, keys: keys}))
	return otelgenai.WithTracerProvider(provider)
}

type printer struct {
	*listener

	keys []attribute.Key
}

func (printer) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (p printer) OnEnd(span sdktrace.ReadOnlySpan) {
	fmt.Print("span: ", span.Name())
	for _, key := range p.keys {
		for _, kv := range span.Attributes() {
			if kv.Key == key {
				fmt.Print(", ", key, "=", kv.Value.String())
			}
		}
	}
	fmt.Println()
}

func lookUp(context.Context, string) (string, error) { return "Paris", nil }

func ExampleRun() {
	ctx := context.Background()
	answer, err := otelgenai.Run(ctx, "answer", func(ctx context.Context) (string, error) {
		return lookUp(ctx, "What is the capital of France?")
	}, printed())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output:
	// span: answer
	// Paris
}

func ExampleWrap() {
	lookUp := otelgenai.Wrap("look_up", lookUp, otelgenai.WithKind(otelgenai.KindTool), printed())
	answer, err := lookUp(context.Background(), "France")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output:
	// span: execute_tool look_up
	// Paris
}

// words is a stream of an answer.
func words(text string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for word := range strings.FieldsSeq(text) {
			if !yield(word, nil) {
				return
			}
		}
	}
}

func ExampleSeq() {
	ctx := context.Background()
	for word, err := range otelgenai.Seq(ctx, "tell", words("Once upon a time"), printed("genotel.stream.chunks")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(word)
	}
	// Output:
	// Once
	// upon
	// a
	// time
	// span: tell, genotel.stream.chunks=4
}

func ExampleStart() {
	handle := func(ctx context.Context, question string) (answer string, err error) {
		ctx, span := otelgenai.Start(ctx, "handle", otelgenai.WithInput(question), printed())
		defer span.End()
		answer, err = lookUp(ctx, question)
		span.Fail(err)
		span.SetOutput(answer)
		return answer, err
	}
	_, _ = handle(context.Background(), "What is the capital of France?")
	// Output: span: handle
}

func ExampleSpanFromContext() {
	_, _ = otelgenai.Run(context.Background(), "answer", func(ctx context.Context) (string, error) {
		otelgenai.SpanFromContext(ctx).SetAttributes(attribute.Bool("app.cached", true))
		return "Paris", nil
	}, printed("app.cached"))
	// Output: span: answer, app.cached=true
}

func ExampleStartTool() {
	_, span := otelgenai.StartTool(context.Background(), "stock_level",
		otelgenai.WithTool(record.ToolRun{Type: "function", CallID: "call_1"}),
		otelgenai.WithInput(map[string]string{"sku": "A-17"}), printed("gen_ai.tool.call.id"))
	span.SetOutput(map[string]int{"on_hand": 21})
	span.End()
	// Output: span: execute_tool stock_level, gen_ai.tool.call.id=call_1
}

func ExampleStartAgent() {
	ctx, agent := otelgenai.StartAgent(context.Background(), "clerk", printed("gen_ai.agent.name"))
	_, tool := otelgenai.StartTool(ctx, "stock_level") // goes where the agent goes
	tool.End()
	agent.End()
	// Output:
	// span: execute_tool stock_level, gen_ai.agent.name=clerk
	// span: invoke_agent clerk, gen_ai.agent.name=clerk
}

func ExampleStartWorkflow() {
	_, span := otelgenai.StartWorkflow(context.Background(), "restock", printed())
	span.End()
	// Output: span: invoke_workflow restock
}

func ExampleStartPlan() {
	ctx, agent := otelgenai.StartAgent(context.Background(), "clerk", printed())
	_, plan := otelgenai.StartPlan(ctx)
	plan.SetOutput([]string{"count", "order"})
	plan.End()
	agent.End()
	// Output:
	// span: plan clerk
	// span: invoke_agent clerk
}

func ExampleStartRetrieval() {
	_, span := otelgenai.StartRetrieval(context.Background(), "shelves",
		otelgenai.WithInput("brackets"), otelgenai.WithTopK(5), printed("gen_ai.retrieval.top_k", "genotel.retrieval.document_count"))
	span.SetOutput([]record.Document{{ID: "7", Content: "Bracket A-17", Score: record.Some(0.92)}})
	span.End()
	// Output: span: retrieval shelves, gen_ai.retrieval.top_k=5, genotel.retrieval.document_count=1
}

func ExampleStartMemory() {
	_, span := otelgenai.StartMemory(context.Background(), otelgenai.SearchMemory,
		otelgenai.WithMemory(record.Memory{StoreID: "preferences"}), otelgenai.WithInput("color"),
		printed("gen_ai.memory.store.id", "gen_ai.memory.record.count"))
	span.SetOutput([]string{"likes green"})
	span.End()
	// Output: span: search_memory, gen_ai.memory.store.id=preferences, gen_ai.memory.record.count=1
}

func ExampleStartEmbedding() {
	_, span := otelgenai.StartEmbedding(context.Background(), "mistral-embed", otelgenai.WithProvider("mistral_ai"),
		otelgenai.WithInput([]string{"a bracket", "a shelf"}), printed("gen_ai.usage.input_tokens"))
	span.SetUsage(record.Usage{Input: record.Some(int64(6))})
	span.End()
	// Output: span: embeddings mistral-embed, gen_ai.usage.input_tokens=6
}

func ExampleStartLLM() {
	_, span := otelgenai.StartLLM(context.Background(), "llama-3", otelgenai.WithProvider("ollama"),
		otelgenai.WithServer("localhost", 11434),
		otelgenai.WithRequest(record.Request{
			Temperature: record.Some(0.2),
			Messages:    []record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "Hello."}}}},
		}),
		printed("gen_ai.request.temperature", "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons"))
	defer span.End()
	span.SetResponse(record.Response{ID: "r-1", Choices: []record.Choice{{
		FinishReason: "stop",
		Message:      record.Message{Role: "assistant", Parts: []record.Part{record.Text{Content: "Hi!"}}},
	}}})
	span.SetUsage(record.Usage{Input: record.Some(int64(4)), Output: record.Some(int64(2))})
	// Output: span: chat llama-3, gen_ai.request.temperature=0.2, gen_ai.usage.output_tokens=2, gen_ai.response.finish_reasons=["stop"]
}

func ExampleSpan_Chunk() {
	_, span := otelgenai.StartLLM(context.Background(), "llama-3", otelgenai.WithProvider("ollama"),
		otelgenai.WithInput("Tell a story."), printed("genotel.stream.content_chunks"))
	defer span.End()
	for word, err := range words("Once upon a time") {
		span.Fail(err)
		span.Chunk(word)
	}
	// Output: span: chat llama-3, genotel.stream.content_chunks=4
}

func ExampleWithIgnoredErrors() {
	_, err := otelgenai.Run(context.Background(), "read", func(context.Context) (string, error) {
		return "", io.EOF
	}, otelgenai.WithIgnoredErrors(io.EOF), printed("error.type"))
	fmt.Println(errors.Is(err, io.EOF))
	// Output:
	// span: read
	// true
}

func ExampleWithProcessInputs() {
	type login struct{ User, Password string }
	check := otelgenai.Wrap("check", func(context.Context, login) (bool, error) { return true, nil },
		otelgenai.WithProcessInputs(func(v any) any {
			if l, ok := v.(login); ok {
				l.Password = ""
				return l
			}
			return nil
		}),
		otelgenai.WithContent(otelgenai.ContentOnSpan), printed("input.value"))
	_, _ = check(context.Background(), login{"ann", "secret"})
	// Output: span: check, input.value={"User":"ann","Password":""}
}

func ExampleWithAttributes() {
	_, _ = otelgenai.Run(context.Background(), "answer", func(context.Context) (int, error) { return 42, nil },
		otelgenai.WithAttributes(attribute.String("app.tenant", "north")), printed("app.tenant"))
	// Output: span: answer, app.tenant=north
}
