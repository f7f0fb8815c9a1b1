package genotel_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/instrument/otelopenai"
	"github.com/genotel/genotel/internal/oracle"
	"github.com/genotel/genotel/otelgenai"
)

// LangSmith's page about OpenTelemetry lists the attributes and events that it maps. Each
// has a row here, named as there. All are sent by a plain tracer, whose spans must arrive
// as they were made; what genotel's instrumentation writes is looked at on its spans, too.

// langsmithAttributes are spans of other instrumentations.
var langsmithAttributes = []struct {
	name string
	sent []attribute.KeyValue
	want places
}{
	// core
	{"langsmith.trace.name", texts("langsmith.trace.name", "answer"), places{"name": `"answer"`}},
	{"langsmith.span.kind llm", texts("langsmith.span.kind", "LLM"), places{"run_type": `"llm"`}},
	{"langsmith.span.kind chain", texts("langsmith.span.kind", "chain"), places{"run_type": `"chain"`}},
	{"langsmith.span.kind tool", texts("langsmith.span.kind", "tool"), places{"run_type": `"tool"`}},
	{"langsmith.span.kind retriever", texts("langsmith.span.kind", "retriever"), places{"run_type": `"retriever"`}},
	{"langsmith.span.kind embedding", texts("langsmith.span.kind", "embedding"), places{"run_type": `"embedding"`}},
	{"langsmith.span.kind prompt", texts("langsmith.span.kind", "prompt"), places{"run_type": `"prompt"`}},
	{"langsmith.span.kind parser", texts("langsmith.span.kind", "parser"), places{"run_type": `"parser"`}},
	{"langsmith.trace.session_id", texts("langsmith.trace.session_id", "0197c8f1-0000-7000-8000-000000000002"), places{"session_id": `"0197c8f1-0000-7000-8000-000000000002"`}},
	{"langsmith.trace.session_name", texts("langsmith.trace.session_name", "shelves"), places{"session_name": `"shelves"`}},
	{"langsmith.span.tags", texts("langsmith.span.tags", "stock, urgent"), places{"tags": `["stock","urgent"]`}},
	{
		"langsmith.metadata.{key}", some(texts("langsmith.metadata.user_id", "user_123", "langsmith.metadata.sites", `["north"]`), attribute.Int("langsmith.metadata.shelf", 7), attribute.Bool("langsmith.metadata.urgent", true)),
		places{"extra.metadata.user_id": `"user_123"`, "extra.metadata.sites": `"[\"north\"]"`, "extra.metadata.shelf": `7`, "extra.metadata.urgent": `true`},
	},
	{
		"langsmith.trace.id, langsmith.span.id, langsmith.span.parent_id", texts("langsmith.trace.id", "0197c8f1-0000-7000-8000-000000000003", "langsmith.span.id", "0197c8f1-0000-7000-8000-000000000004", "langsmith.span.parent_id", "0197c8f1-0000-7000-8000-000000000003"),
		places{"trace_id": `"0197c8f1-0000-7000-8000-000000000003"`, "id": `"0197c8f1-0000-7000-8000-000000000004"`, "parent_run_id": `"0197c8f1-0000-7000-8000-000000000003"`},
	},
	{"langsmith.span.dotted_order", texts("langsmith.span.dotted_order", "20260101T000000000000Z0197c8f1"), places{"dotted_order": `"20260101T000000000000Z0197c8f1"`}},
	{"langsmith.reference_example_id", texts("langsmith.reference_example_id", "0197c8f1-0000-7000-8000-000000000005"), places{"reference_example_id": `"0197c8f1-0000-7000-8000-000000000005"`}},
	{"langsmith.attachments", texts("langsmith.attachments", `[{"name":"shelf","mime_type":"text/plain","content":"eA=="}]`), places{"attachments": `[{"name":"shelf","mime_type":"text/plain","content":"eA=="}]`}},
	{
		"langsmith.usage_metadata", texts("gen_ai.completion", `{}`, "langsmith.usage_metadata", `{"input_tokens":20,"input_token_details":{"cache_read":5},"total_cost":0.25}`),
		places{"outputs.usage_metadata": `{"input_tokens":20,"input_token_details":{"cache_read":5},"total_cost":0.25}`},
	},

	// GenAI
	{"gen_ai.system", texts("gen_ai.system", "openai"), places{"extra.metadata.ls_provider": `"openai"`}},
	{"gen_ai.operation.name chat", texts("gen_ai.operation.name", "chat"), places{"run_type": `"llm"`}},
	{"gen_ai.operation.name completion", texts("gen_ai.operation.name", "completion"), places{"run_type": `"llm"`}},
	{"gen_ai.operation.name embedding", texts("gen_ai.operation.name", "embedding"), places{"run_type": `"embedding"`}},
	{"gen_ai.prompt", texts("gen_ai.prompt", `{"question":"How many?"}`), places{"inputs": `{"question":"How many?"}`}},
	{"gen_ai.completion", texts("gen_ai.completion", `{"answer":"Forty-two."}`), places{"outputs": `{"answer":"Forty-two."}`}},
	{
		"gen_ai.prompt.{n}.role, gen_ai.prompt.{n}.content", texts("gen_ai.prompt.0.role", "system", "gen_ai.prompt.0.content", "Count.", "gen_ai.prompt.1.role", "user", "gen_ai.prompt.1.content", "How many?"),
		places{"inputs.messages": `[{"role":"system","content":"Count."},{"role":"user","content":"How many?"}]`},
	},
	{
		"gen_ai.prompt.{n}.message.role, gen_ai.prompt.{n}.message.content", texts("gen_ai.prompt.0.message.role", "user", "gen_ai.prompt.0.message.content", "How many?"),
		places{"inputs.messages": `[{"role":"user","content":"How many?"}]`},
	},
	{
		"gen_ai.completion.{n}.role, gen_ai.completion.{n}.content", texts("gen_ai.completion.0.role", "assistant", "gen_ai.completion.0.content", "Forty-two."),
		places{"outputs.messages": `[{"role":"assistant","content":"Forty-two."}]`},
	},
	{
		"gen_ai.completion.{n}.message.role, gen_ai.completion.{n}.message.content", texts("gen_ai.completion.0.message.role", "assistant", "gen_ai.completion.0.message.content", "Forty-two."),
		places{"outputs.messages": `[{"role":"assistant","content":"Forty-two."}]`},
	},
	{"gen_ai.input.messages", texts("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"How many?"}]}]`), places{"inputs.messages.0.role": `"user"`}},
	{
		"gen_ai.output.messages", texts("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"Forty-two."}],"finish_reason":"stop"}]`),
		places{"outputs.messages.0.role or outputs.choices.0.message.role": `"assistant"`},
	},
	{"gen_ai.tool.name", texts("gen_ai.tool.name", "stock_level"), places{"extra.invocation_params.tool_name": `"stock_level"`, "run_type": `"tool"`}},
	{"gen_ai.request.model", texts("gen_ai.request.model", "gpt-4o-mini"), places{"extra.invocation_params.model": `"gpt-4o-mini"`, "extra.metadata.ls_model_name": `"gpt-4o-mini"`}},
	{"gen_ai.response.model", texts("gen_ai.request.model", "gpt-4o-mini", "gen_ai.response.model", "gpt-4o-mini-2024-07-18"), places{"extra.invocation_params.model": `"gpt-4o-mini-2024-07-18"`}},
	{"gen_ai.request.temperature", numbers("gen_ai.request.temperature", 0.25), places{"extra.invocation_params.temperature": `0.25`}},
	{"gen_ai.request.top_p", numbers("gen_ai.request.top_p", 0.5), places{"extra.invocation_params.top_p": `0.5`}},
	{"gen_ai.request.max_tokens", counts("gen_ai.request.max_tokens", 150), places{"extra.invocation_params.max_tokens": `150`}},
	{"gen_ai.request.frequency_penalty", numbers("gen_ai.request.frequency_penalty", 0.125), places{"extra.invocation_params.frequency_penalty": `0.125`}},
	{"gen_ai.request.presence_penalty", numbers("gen_ai.request.presence_penalty", -0.5), places{"extra.invocation_params.presence_penalty": `-0.5`}},
	{"gen_ai.request.seed", counts("gen_ai.request.seed", 7), places{"extra.invocation_params.seed": `7`}},
	{"gen_ai.request.top_k", counts("gen_ai.request.top_k", 40), places{"extra.invocation_params.top_k": `40`}},
	{"gen_ai.request.encoding_formats", texts("gen_ai.request.encoding_formats", "float"), places{"extra.invocation_params.encoding_formats": `"float"`}},
	{"gen_ai.request.stop_sequences", texts("gen_ai.request.stop_sequences", `["END"]`), places{"extra.invocation_params.stop": `"[\"END\"]"`}},
	{"gen_ai.usage.input_tokens", used("gen_ai.usage.input_tokens", 20), places{"outputs.usage_metadata.input_tokens": `20`}},
	{"gen_ai.usage.output_tokens", used("gen_ai.usage.output_tokens", 9), places{"outputs.usage_metadata.output_tokens": `9`}},
	{"gen_ai.usage.total_tokens", used("gen_ai.usage.total_tokens", 29), places{"outputs.usage_metadata.total_tokens": `29`}},
	{"gen_ai.usage.prompt_tokens", used("gen_ai.usage.prompt_tokens", 20), places{"outputs.usage_metadata.input_tokens": `20`}},
	{"gen_ai.usage.completion_tokens", used("gen_ai.usage.completion_tokens", 9), places{"outputs.usage_metadata.output_tokens": `9`}},
	{
		"gen_ai.usage.details.reasoning_tokens", used("gen_ai.usage.details.reasoning_tokens", 4),
		places{"outputs.usage_metadata.reasoning_tokens or outputs.usage_metadata.output_token_details.reasoning": `4`},
	},
	{"gen_ai.usage.cache_read_input_tokens", used("gen_ai.usage.cache_read_input_tokens", 5), places{"outputs.usage_metadata.input_token_details.cache_read": `5`}},
	{"gen_ai.usage.cache_creation_input_tokens", used("gen_ai.usage.cache_creation_input_tokens", 6), places{"outputs.usage_metadata.input_token_details.cache_creation": `6`}},

	// TraceLoop
	{"traceloop.entity.input", texts("traceloop.entity.input", `{"question":"How many?"}`), places{"inputs": `{"question":"How many?"}`}},
	{"traceloop.entity.output", texts("traceloop.entity.output", "Forty-two."), places{"outputs": `{"text":"Forty-two."}`}},
	{"traceloop.entity.name", texts("traceloop.entity.name", "answer"), places{"name": `"answer"`}},
	{"traceloop.span.kind", texts("traceloop.span.kind", "tool"), places{"run_type": `"tool"`}},
	{"traceloop.span.kind workflow", texts("traceloop.span.kind", "workflow"), places{"run_type": `"chain"`}},
	// The page writes traceloop.llm.request.type; the converter reads it without its prefix.
	{"traceloop.llm.request.type embedding", texts("traceloop.llm.request.type", "embedding", "llm.request.type", "embedding"), places{"run_type": `"embedding"`}},
	{"traceloop.llm.request.type chat", texts("traceloop.llm.request.type", "chat", "llm.request.type", "chat"), places{"run_type": `"llm"`}},
	{"traceloop.association.properties.{key}", texts("traceloop.association.properties.team", "stock"), places{"extra.metadata.team": `"stock"`}},

	// OpenInference
	{"input.value", texts("input.value", "How many?"), places{"inputs": `{"input":"How many?"}`}},
	{"input.value as JSON", texts("input.value", `{"question":"How many?"}`), places{"inputs": `{"question":"How many?"}`}},
	{"output.value", texts("output.value", `{"answer":"Forty-two."}`), places{"outputs": `{"answer":"Forty-two."}`}},
	{"openinference.span.kind", texts("openinference.span.kind", "LLM"), places{"run_type": `"llm"`}},
	{"llm.system", texts("llm.system", "openai"), places{"extra.metadata.ls_provider": `"openai"`}},
	{"llm.model_name", texts("llm.model_name", "gpt-4o-mini"), places{"extra.metadata.ls_model_name": `"gpt-4o-mini"`}},
	{"tool.name", texts("openinference.span.kind", "TOOL", "tool.name", "stock_level"), places{"name": `"stock_level"`, "run_type": `"tool"`}},
	{"metadata", texts("metadata", `{"team":"stock"}`), places{"extra.metadata.team": `"stock"`}},

	// LLM
	{"llm.input_messages", texts("llm.input_messages.0.message.role", "user", "llm.input_messages.0.message.content", "How many?"), places{"inputs.messages": `[{"role":"user","content":"How many?"}]`}},
	{"llm.output_messages", texts("llm.output_messages.0.message.role", "assistant", "llm.output_messages.0.message.content", "Forty-two."), places{"outputs.messages": `[{"role":"assistant","content":"Forty-two."}]`}},
	{"llm.token_count.prompt", used("llm.token_count.prompt", 20), places{"outputs.usage_metadata.input_tokens": `20`}},
	{"llm.token_count.completion", used("llm.token_count.completion", 9), places{"outputs.usage_metadata.output_tokens": `9`}},
	{"llm.token_count.total", used("llm.token_count.total", 29), places{"outputs.usage_metadata.total_tokens": `29`}},
	{"llm.usage.total_tokens", used("llm.usage.total_tokens", 29), places{"outputs.usage_metadata.total_tokens": `29`}},
	{"llm.invocation_parameters", texts("llm.invocation_parameters", `{"top_p":0.5,"logprobs":true}`), places{"extra.invocation_params": `{"top_p":0.5,"logprobs":true}`}},
	{"llm.presence_penalty", numbers("llm.presence_penalty", 0.5), places{"extra.invocation_params.presence_penalty": `0.5`}},
	{"llm.frequency_penalty", numbers("llm.frequency_penalty", 0.5), places{"extra.invocation_params.frequency_penalty": `0.5`}},
	{"llm.request.functions", texts("llm.request.functions", `[{"name":"f"}]`), places{"extra.invocation_params.functions": `"[{\"name\":\"f\"}]"`}},

	// prompt templates, retrievers, tools
	{"llm.prompt_template.variables", texts("llm.prompt_template.variables", `{"what":"brackets"}`, "input.value", "brackets"), places{"run_type": `"prompt"`, "inputs": `{"what":"brackets"}`}},
	{"retrieval.documents.{n}.document.content", found("A-17 is a bracket."), places{"inputs": `{"query":"brackets?"}`, "outputs.documents.0.page_content": `"A-17 is a bracket."`}},
	{"retrieval.documents.{n}.document.metadata", found("A-17 is a bracket."), places{"outputs.documents.0.metadata": `{"shelf":7}`}},
	{"tools", texts("tools", `[{"type":"function","function":{"name":"stock_level"}}]`), places{"extra.invocation_params.tools": `[{"type":"function","function":{"name":"stock_level"}}]`}},
	{"tool_arguments", texts("tool_arguments", `{"sku":"A-17"}`), places{"extra.invocation_params.tool_arguments": `{"sku":"A-17"}`}},

	// Logfire
	{"prompt", texts("prompt", `{"question":"How many?"}`), places{"inputs": `{"question":"How many?"}`}},
	{"all_messages_events", texts("all_messages_events", `[{"role":"assistant"}]`), places{"outputs": `{"text":"[{\"role\":\"assistant\"}]"}`}},
	{
		"events", texts("events", `[{"event.name":"gen_ai.user.message","content":"How many?"},{"event.name":"gen_ai.choice","message":{"content":"Forty-two."}}]`),
		places{"inputs.input.0.content": `"How many?"`, "outputs.message.content": `"Forty-two."`},
	},
}

// langsmithEvents are spans of other instrumentations, with events.
var langsmithEvents = []struct {
	name   string
	events map[string][]attribute.KeyValue
	want   places
}{
	{"gen_ai.content.prompt", map[string][]attribute.KeyValue{"gen_ai.content.prompt": texts("gen_ai.prompt", `{"question":"How many?"}`)}, places{"inputs": `{"question":"How many?"}`}},
	{"gen_ai.content.completion", map[string][]attribute.KeyValue{"gen_ai.content.completion": texts("gen_ai.completion", `{"answer":"Forty-two."}`)}, places{"outputs": `{"answer":"Forty-two."}`}},
	{"gen_ai.system.message", map[string][]attribute.KeyValue{"gen_ai.system.message": texts("role", "system", "content", "Count.")}, places{"inputs.messages": `[{"role":"system","content":"Count."}]`}},
	{"gen_ai.user.message", map[string][]attribute.KeyValue{"gen_ai.user.message": texts("role", "user", "content", "How many?")}, places{"inputs.messages": `[{"role":"user","content":"How many?"}]`}},
	{"gen_ai.assistant.message", map[string][]attribute.KeyValue{"gen_ai.assistant.message": texts("role", "assistant", "content", "Forty-two.")}, places{"outputs.messages": `[{"role":"assistant","content":"Forty-two."}]`}},
	{"gen_ai.tool.message with id", map[string][]attribute.KeyValue{"gen_ai.tool.message": texts("role", "tool", "content", "42", "id", "call_1")}, places{"outputs.messages": `[{"role":"tool","content":"42","tool_call_id":"call_1"}]`}},
	{"gen_ai.event.content of a message", map[string][]attribute.KeyValue{"gen_ai.user.message": texts("gen_ai.event.content", `{"role":"user","content":"How many?"}`)}, places{"inputs.messages": `[{"role":"user","content":"How many?"}]`}},
	{
		"gen_ai.choice",
		map[string][]attribute.KeyValue{"gen_ai.choice": texts("finish_reason", "stop", "message.role", "assistant", "message.content", "Forty-two.")},
		places{"outputs.choices": `[{"finish_reason":"stop","message":{"role":"assistant","content":"Forty-two."}}]`},
	},
	{
		"gen_ai.choice with tool_calls.{n}",
		map[string][]attribute.KeyValue{"gen_ai.choice": texts("finish_reason", "tool_calls", "tool_calls.0.id", "call_1", "tool_calls.0.type", "function", "tool_calls.0.function.name", "stock_level", "tool_calls.0.function.arguments", `{"sku":"A-17"}`)},
		places{"outputs.choices.0.tool_calls": `[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]`},
	},
	{"gen_ai.event.content of a choice", map[string][]attribute.KeyValue{"gen_ai.choice": texts("gen_ai.event.content", `{"message":{"role":"assistant","content":"Forty-two."}}`)}, places{"outputs.choices": `[{"message":{"role":"assistant","content":"Forty-two."}}]`}},
	{"exception", map[string][]attribute.KeyValue{"exception": texts("exception.message", "no shelf", "exception.stacktrace", "main.go:7")}, places{"status": `"error"`, "error": `"no shelf\n\nStacktrace:\nmain.go:7"`}},
	{"new_token", map[string][]attribute.KeyValue{"new_token": texts("gen_ai.operation.name", "chat")}, places{"status": `"success"`}},
}

func TestEveryDocumentedAttributeOfAnyTracerIsMappedByLangSmith(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	tracer := telemetry.TracerProvider().Tracer("app")
	ids := map[string]trace.SpanContext{}
	for _, row := range langsmithAttributes {
		_, s := tracer.Start(t.Context(), "span", trace.WithAttributes(row.sent...))
		s.End()
		ids[row.name] = s.SpanContext()
	}
	shutdown(t, telemetry)
	arrived := arrivedAt(t, server)
	for _, row := range langsmithAttributes {
		t.Run(row.name, func(t *testing.T) {
			got := arrived[ids[row.name].SpanID()]
			for _, kv := range row.sent {
				assert.Equal(t, kv.Value.AsInterface(), valueOf(got.span.GetAttributes(), string(kv.Key)), "%s must arrive as it was", kv.Key)
			}
			row.want.assert(t, got.run)
		})
	}
}

func TestEveryDocumentedEventOfAnyTracerIsMappedByLangSmith(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	tracer := telemetry.TracerProvider().Tracer("app")
	ids := map[string]trace.SpanContext{}
	for _, row := range langsmithEvents {
		_, s := tracer.Start(t.Context(), "span")
		for name, attributes := range row.events {
			s.AddEvent(name, trace.WithAttributes(attributes...))
		}
		s.End()
		ids[row.name] = s.SpanContext()
	}
	shutdown(t, telemetry)
	arrived := arrivedAt(t, server)
	for _, row := range langsmithEvents {
		t.Run(row.name, func(t *testing.T) {
			got := arrived[ids[row.name].SpanID()]
			require.Len(t, got.span.GetEvents(), len(row.events))
			for _, event := range got.span.GetEvents() {
				for _, kv := range row.events[event.GetName()] {
					assert.Equal(t, kv.Value.AsInterface(), valueOf(event.GetAttributes(), string(kv.Key)), "%s must arrive as it was", kv.Key)
				}
			}
			row.want.assert(t, got.run)
			if row.name == "new_token" {
				assert.NotEmpty(t, got.run.FirstTokenTime)
			}
		})
	}
}

// ownCalls are what the instrumentation is shown: request, answer, and its type.
var ownCalls = map[string]struct{ path, request, answer string }{
	"chat": {
		"chat/completions", `{"model":"gpt-4o-mini","temperature":0.25,"top_p":0.5,"top_k":40,"max_tokens":150,
		"frequency_penalty":0.125,"presence_penalty":-0.5,"seed":7,"stop":["END"],
		"messages":[{"role":"system","content":"Count."},{"role":"user","content":"How many?"}],
		"tools":[{"type":"function","function":{"name":"stock_level"}}]}`,
		`{"id":"c","object":"chat.completion","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,
		"tool_calls":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]}}],
		"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500,
		"prompt_tokens_details":{"cached_tokens":256,"cache_write_tokens":64,"audio_tokens":32},"completion_tokens_details":{"reasoning_tokens":128,"audio_tokens":16}}}`,
	},
	"stream": {
		"chat/completions", `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"How many?"}]}`,
		`data: {"object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"Forty-two."},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n",
	},
	"embedding": {
		"embeddings", `{"model":"text-embedding-3-small","input":"a bracket","encoding_format":"float"}`,
		`{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":8,"total_tokens":8}}`,
	},
	"failure": {
		"chat/completions", `{"model":"refused","messages":[{"role":"user","content":"How many?"}]}`,
		`{"error":{"message":"You exceeded the limit of your plan.","type":"insufficient_quota","code":"insufficient_quota"}}`,
	},
}

// langsmithOwn are what the instrumentation writes by itself.
var langsmithOwn = []struct {
	name, call string
	want       places
}{
	{"langsmith.span.kind", "chat", places{"run_type": `"llm"`}},
	{"langsmith.span.kind", "embedding", places{"run_type": `"embedding"`}},
	{"langsmith.metadata.ls_provider", "chat", places{"extra.metadata.ls_provider": `"openai"`}},
	{"langsmith.metadata.ls_model_name", "chat", places{"extra.metadata.ls_model_name": `"gpt-4o-mini-2024-07-18"`}},
	{"langsmith.metadata.ls_model_type", "chat", places{"extra.metadata.ls_model_type": `"chat"`}},
	{"langsmith.metadata.ls_temperature", "chat", places{"extra.metadata.ls_temperature": `0.25`}},
	{"langsmith.metadata.ls_max_tokens", "chat", places{"extra.metadata.ls_max_tokens": `150`}},
	{"langsmith.metadata.ls_stop", "chat", places{"extra.metadata.ls_stop": `"[\"END\"]"`}},
	{"langsmith.usage_metadata", "chat", places{"outputs.usage_metadata": `{"input_tokens":1000,"output_tokens":500,"total_tokens":1500,
		"input_token_details":{"cache_read":256,"cache_creation":64,"audio":32},"output_token_details":{"reasoning":128,"audio":16}}`}},
	{"langsmith.usage_metadata", "embedding", places{"outputs.usage_metadata.input_tokens": `8`}},
	{"gen_ai.system", "chat", places{"extra.metadata.ls_provider": `"openai"`}},
	{"gen_ai.operation.name", "chat", places{"run_type": `"llm"`}},
	{"gen_ai.prompt", "chat", places{"inputs": `{"messages":[{"role":"system","content":"Count."},{"role":"user","content":"How many?"}]}`}},
	{"gen_ai.completion", "chat", places{"outputs.choices": `[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,
		"tool_calls":[{"id":"call_1","type":"function","function":{"name":"stock_level","arguments":"{\"sku\":\"A-17\"}"}}]}}]`}},
	{"gen_ai.completion", "stream", places{"outputs.choices.0.message.content": `"Forty-two."`}},
	{"gen_ai.request.model", "chat", places{"extra.invocation_params.model": `"gpt-4o-mini-2024-07-18"`}},
	{"gen_ai.response.model", "chat", places{"extra.invocation_params.model": `"gpt-4o-mini-2024-07-18"`}},
	{"gen_ai.request.temperature", "chat", places{"extra.invocation_params.temperature": `0.25`}},
	{"gen_ai.request.top_p", "chat", places{"extra.invocation_params.top_p": `0.5`}},
	{"gen_ai.request.max_tokens", "chat", places{"extra.invocation_params.max_tokens": `150`}},
	{"gen_ai.request.frequency_penalty", "chat", places{"extra.invocation_params.frequency_penalty": `0.125`}},
	{"gen_ai.request.presence_penalty", "chat", places{"extra.invocation_params.presence_penalty": `-0.5`}},
	{"gen_ai.request.seed", "chat", places{"extra.invocation_params.seed": `7`}},
	{"gen_ai.request.top_k", "chat", places{"extra.invocation_params.top_k": `40`}},
	// The conventions make these lists, which LangSmith keeps in a form of its own.
	{"gen_ai.request.encoding_formats", "embedding", places{"extra.invocation_params.encoding_formats.values.0.Value.StringValue": `"float"`}},
	{"gen_ai.request.stop_sequences", "chat", places{"extra.invocation_params.stop.values.0.Value.StringValue": `"END"`}},
	{"gen_ai.usage.input_tokens", "chat", places{"outputs.usage_metadata.input_tokens": `1000`}},
	{"gen_ai.usage.output_tokens", "chat", places{"outputs.usage_metadata.output_tokens": `500`}},
	{"gen_ai.usage.total_tokens", "chat", places{"outputs.usage_metadata.total_tokens": `1500`}},
	{"tools", "chat", places{"extra.invocation_params.tools.0.function.name": `"stock_level"`}},
	{"error.type", "failure", places{"status": `"error"`, "inputs.messages.0.content": `"How many?"`}},
}

// own makes one of ownCalls below a span of that name, whose context it returns.
func own(t *testing.T, telemetry *genotel.Telemetry, name string) trace.SpanContext {
	t.Helper()
	call := ownCalls[name]
	provider := oracle.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(call.answer, "data:") {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		if name == "failure" {
			w.WriteHeader(http.StatusTooManyRequests)
		}
		_, _ = io.WriteString(w, call.answer)
	}))
	client := openai.NewClient(otelopenai.WithTracing(otelgenai.WithTracerProvider(telemetry.TracerProvider())),
		option.WithBaseURL(provider.URL+"/v1"), option.WithAPIKey("sk-provider-secret"), option.WithMaxRetries(0))
	ctx, s := telemetry.TracerProvider().Tracer("app").Start(t.Context(), name)
	defer s.End()
	var answer []byte
	err := client.Post(ctx, call.path, json.RawMessage(call.request), &answer)
	if name == "failure" {
		var refused *openai.Error
		require.ErrorAs(t, err, &refused)
		return s.SpanContext()
	}
	require.NoError(t, err)
	assert.Equal(t, call.answer, string(answer))
	return s.SpanContext()
}

func TestEveryAttributeThatGenotelWritesIsMappedByLangSmith(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	above := map[string]trace.SpanContext{}
	for name := range ownCalls {
		above[name] = own(t, telemetry, name)
	}
	shutdown(t, telemetry)
	calls := map[string]arrival{}
	for _, a := range arrivedAt(t, server) {
		for name, parent := range above {
			if id := parent.SpanID(); bytes.Equal(a.span.GetParentSpanId(), id[:]) {
				calls[name] = a
			}
		}
	}
	require.Len(t, calls, len(ownCalls))
	for _, row := range langsmithOwn {
		t.Run(row.name+" of "+row.call, func(t *testing.T) {
			assert.NotNil(t, valueOf(calls[row.call].span.GetAttributes(), row.name), "it is not on the span")
			row.want.assert(t, calls[row.call].run)
		})
	}
	t.Run("exception of failure", func(t *testing.T) {
		assert.Contains(t, calls["failure"].run.Error, "You exceeded the limit of your plan.")
		assert.Equal(t, "success", calls["chat"].run.Status)
	})
	t.Run("new_token of stream", func(t *testing.T) {
		assert.NotEmpty(t, calls["stream"].run.FirstTokenTime)
		assert.GreaterOrEqual(t, calls["stream"].run.FirstTokenTime, calls["stream"].run.StartTime)
		assert.Empty(t, calls["chat"].run.FirstTokenTime, "that of an answer in one piece says nothing")
	})
}

func TestTheHeaderNamesTheProjectOfEveryRun(t *testing.T) {
	server := oracle.NewServer(t)
	destination := toLangSmith(server)
	destination.Project = "warehouse-bot"
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(destination))
	span(telemetry.TracerProvider(), "span", texts("langsmith.trace.session_name", "shelves")...)
	shutdown(t, telemetry)
	runs, _ := runsOf(t, server)
	assert.Equal(t, "warehouse-bot", runs["span"].SessionName)
}

func TestAThreadAndTagsOfTheApplicationAreOnEveryRun(t *testing.T) {
	server := oracle.NewServer(t)
	provider, stop := stamping(texts("langsmith.metadata.thread_id", "0197c8f1-0000-7000-8000-000000000006", "langsmith.span.tags", "stock,urgent")...)
	defer stop()
	telemetry := configure(t, genotel.WithTracerProvider(provider), genotel.WithLangSmith(toLangSmith(server)))
	for name := range ownCalls {
		own(t, telemetry, name)
	}
	shutdown(t, telemetry)
	arrived := arrivedAt(t, server)
	require.Len(t, arrived, 2*len(ownCalls), "the calls and what is above them")
	for _, a := range arrived {
		places{"extra.metadata.thread_id": `"0197c8f1-0000-7000-8000-000000000006"`, "tags": `["stock","urgent"]`}.assert(t, a.run)
	}
}

func TestAnErrorOfTheApplicationIsShownByItsExceptionEvent(t *testing.T) {
	server := oracle.NewServer(t)
	telemetry := configure(t, genotel.WithGlobal(false), genotel.WithLangSmith(toLangSmith(server)))
	_, s := telemetry.TracerProvider().Tracer("app").Start(t.Context(), "count")
	s.RecordError(errors.New("no shelf"), trace.WithStackTrace(true))
	s.End()
	shutdown(t, telemetry)
	runs, _ := runsOf(t, server)
	assert.Equal(t, "error", runs["count"].Status)
	message, stack, found := strings.Cut(runs["count"].Error, "\n\nStacktrace:\n")
	assert.True(t, found)
	assert.Equal(t, "no shelf", message)
	assert.Contains(t, stack, "langsmith_mapping_test")
}
