package langsmith

import (
	"testing"

	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

func hostedExample() *tracepb.TracesData {
	span := spanOf(
		attrs(
			"gen_ai.input.messages", `[{"role":"user"}]`,
			"gen_ai.output.messages", list{kvs{"role", "assistant", "n", 1}},
			"gen_ai.usage.input_tokens", 9,
			"gen_ai.usage.details.reasoning_tokens", 4,
			"gen_ai.usage.cache_read_input_tokens", 2,
			"gen_ai.usage.cache_creation_input_tokens", 1,
			"gen_ai.request.stop_sequences", "END",
			"langsmith.attachments", `[{"name":"a","content":"eA==","mime_type":"text/plain"}]`,
			"langsmith.metadata.env", "span",
		),
		event("new_token", "index", 0),
		event("new_token", "index", 1),
	)
	span.Events[0].TimeUnixNano = 1_700_000_000_000_000_001
	req := requestOf(span)
	req.ResourceSpans[0].Resource = &resourcepb.Resource{
		Attributes: keyValues([]any{"service.name", "s", "env", "resource"}),
	}
	return req
}

func TestRuns_HostedReadsMore(t *testing.T) {
	run := Runs(hostedExample(), nil, Options{Hosted: true}).Runs[0]
	wantJSON(t, "inputs", `{"messages":[{"role":"user"}]}`, run.Inputs)
	wantJSON(t, "outputs", `{"messages":[{"role":"assistant","n":1}],"usage_metadata":{"input_tokens":9,
		"reasoning_tokens":4,"input_token_details":{"cache_read":2,"cache_creation":1}}}`, run.Outputs)
	wantJSON(t, "extra", `{"invocation_params":{"stop":"END"},"metadata":{"env":"span","service.name":"s",
		"OTEL_TRACE_ID":"30313233343536373839616263646566","OTEL_SPAN_ID":"6162636465666768"}}`, run.Extra)
	wantString(t, "first token", "2023-11-14T22:13:20.000000001Z", run.FirstTokenTime)
	wantJSON(t, "attachments", `[{"name":"a","mime_type":"text/plain","content":"eA=="}]`, run.Attachments)
}

func TestRuns_PublicConverterDoesNotReadTheHostedKeys(t *testing.T) {
	run := Runs(hostedExample(), nil, Options{}).Runs[0]
	wantJSON(t, "inputs", "", run.Inputs)
	wantJSON(t, "outputs", "", run.Outputs)
	wantJSON(t, "extra", `{"invocation_params":{"stop_sequences":"END"},"metadata":{"env":"span",
		"OTEL_TRACE_ID":"30313233343536373839616263646566","OTEL_SPAN_ID":"6162636465666768"}}`, run.Extra)
	wantString(t, "first token", "", run.FirstTokenTime)
	wantJSON(t, "attachments", "", run.Attachments)
}

func TestRuns_HostedReplacesNothing(t *testing.T) {
	run := one(t, Options{Hosted: true}, attrs(
		"gen_ai.prompt", `{"p":1}`, "gen_ai.input.messages", `[1]`,
		"gen_ai.completion", `{"c":1}`, "gen_ai.output.messages", `[1]`,
		"langsmith.usage_metadata", `{"input_tokens":1}`, "gen_ai.usage.cache_read_input_tokens", 2,
		"llm.invocation_parameters", `{"stop":"A"}`, "gen_ai.request.stop_sequences", "B"))
	wantJSON(t, "inputs", `{"p":1}`, run.Inputs)
	wantJSON(t, "outputs", `{"c":1,"usage_metadata":{"input_tokens":1}}`, run.Outputs)
	wantJSON(t, "params", `{"stop":"A","stop_sequences":"B"}`, run.Extra["invocation_params"])
}
