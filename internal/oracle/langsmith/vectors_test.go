package langsmith

import (
	"maps"
	"testing"
)

// vector is a span whose run was observed. Every field is checked: what a row does not mention is chain for the type,
// success for the status, the name of the span, and unset for all others. Objects are given as JSON.
type vector struct {
	name string
	span []part

	runType  string
	runName  string
	status   string
	errText  string
	inputs   string
	outputs  string
	params   string // extra.invocation_params
	metadata string // extra.metadata without the two OTEL ids
	tags     string
	parent   string
}

func (v vector) check(t *testing.T) {
	t.Helper()
	run := one(t, Options{}, v.span...)
	wantString(t, "id", spanUUID, run.ID)
	wantString(t, "trace id", traceUUID, run.TraceID)
	wantString(t, "run type", or(v.runType, "chain"), run.RunType)
	wantString(t, "name", or(v.runName, "span"), run.Name)
	wantString(t, "status", or(v.status, "success"), run.Status)
	wantString(t, "error", v.errText, run.Error)
	wantString(t, "parent", v.parent, run.ParentRunID)
	wantJSON(t, "inputs", v.inputs, run.Inputs)
	wantJSON(t, "outputs", v.outputs, run.Outputs)
	wantJSON(t, "invocation params", v.params, run.Extra["invocation_params"])
	wantJSON(t, "tags", v.tags, run.Tags)

	metadata := maps.Clone(run.Extra["metadata"].(map[string]any))
	wantString(t, "OTEL_TRACE_ID", "30313233343536373839616263646566", metadata["OTEL_TRACE_ID"].(string))
	wantString(t, "OTEL_SPAN_ID", "6162636465666768", metadata["OTEL_SPAN_ID"].(string))
	delete(metadata, "OTEL_TRACE_ID")
	delete(metadata, "OTEL_SPAN_ID")
	wantJSON(t, "metadata", or(v.metadata, "{}"), metadata)
}

func wantString(t *testing.T, what, want, got string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func checkAll(t *testing.T, vectors []vector) {
	t.Helper()
	for _, v := range vectors {
		t.Run(v.name, v.check)
	}
}

func TestRuns_TypeAndName(t *testing.T) {
	checkAll(t, []vector{
		{name: "operation chat is llm", span: []part{attrs("gen_ai.operation.name", "chat")}, runType: "llm"},
		{name: "operation completion is llm", span: []part{attrs("gen_ai.operation.name", "completion")}, runType: "llm"},
		{
			name:    "operation embedding, without an s, is embedding",
			span:    []part{attrs("gen_ai.operation.name", "embedding")},
			runType: "embedding",
		},
		{name: "operation embeddings is chain", span: []part{attrs("gen_ai.operation.name", "embeddings")}},
		{name: "operation text_completion is chain", span: []part{attrs("gen_ai.operation.name", "text_completion")}},
		{name: "operation execute_tool is chain", span: []part{attrs("gen_ai.operation.name", "execute_tool")}},
		{
			name:    "a tool name beats the kind, which is read in any case",
			span:    []part{attrs("langsmith.span.kind", "LLM", "gen_ai.tool.name", "x")},
			runType: "tool", params: `{"tool_name":"x"}`,
		},
		{
			name:    "the kind is read in any case",
			span:    []part{attrs("langsmith.span.kind", "Retriever")},
			runType: "retriever",
		},
		{
			name: "an unknown kind does not fall through to the operation",
			span: []part{attrs("langsmith.span.kind", "agent", "gen_ai.operation.name", "chat")},
		},
		{
			name: "a kind of type int does not fall through to the operation",
			span: []part{attrs("langsmith.span.kind", 1, "gen_ai.operation.name", "chat")},
		},
		{
			name:    "a request type of embedding is embedding",
			span:    []part{attrs("llm.request.type", "embedding", "openinference.span.kind", "TOOL")},
			runType: "embedding",
		},
		{name: "a request type of type int is llm", span: []part{attrs("llm.request.type", 1)}, runType: "llm"},
		{
			name:    "an openinference TOOL is named by tool.name",
			span:    []part{attrs("openinference.span.kind", "TOOL", "tool.name", "calc")},
			runType: "tool", runName: "calc",
		},
		{
			name:    "an openinference tool in lower case is named by the span",
			span:    []part{attrs("openinference.span.kind", "tool", "tool.name", "calc")},
			runType: "tool",
		},
		{
			name: "traceloop.entity.name wins over tool.name",
			span: []part{attrs(
				"openinference.span.kind", "TOOL", "tool.name", "calc", "traceloop.entity.name", "entity")},
			runType: "tool", runName: "entity",
		},
		{
			name:    "langsmith.trace.name wins over all names",
			span:    []part{attrs("langsmith.trace.name", "mine", "traceloop.entity.name", "entity")},
			runName: "mine",
		},
		{
			name: "an empty tool name still makes a tool",
			span: []part{attrs("langsmith.span.kind", "llm", "gen_ai.tool.name", "")}, runType: "tool",
			params: `{"tool_name":""}`,
		},
		{name: "traceloop.llm.request.type is not read", span: []part{attrs("traceloop.llm.request.type", "chat")}},
		{
			name:    "an openinference kind of type int passes on to traceloop",
			span:    []part{attrs("openinference.span.kind", 1, "traceloop.span.kind", "llm")},
			runType: "llm",
		},
	})
}

func TestRuns_PromptTemplate(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "the variable whose value is the input names it, and prompt beats tool",
			span: []part{attrs("langsmith.span.kind", "llm", "gen_ai.tool.name", "x",
				"llm.prompt_template.variables", `{"v":"hello"}`, "input.value", "hello")},
			runType: "prompt", inputs: `{"v":"hello"}`, params: `{"tool_name":"x"}`,
		},
		{
			name: "an input that is an object replaces the inputs of events",
			span: []part{
				event("gen_ai.content.prompt", "gen_ai.prompt", `{"e":1}`),
				attrs("llm.prompt_template.variables", 1, "input.value", `{"i":1}`),
			},
			runType: "prompt", inputs: `{"i":1}`,
		},
		{
			name:    "an input that is no variable is a plain input",
			span:    []part{attrs("llm.prompt_template.variables", `{"v":"z"}`, "input.value", "hello")},
			runType: "prompt", inputs: `{"input":"hello"}`,
		},
	})
}

func TestRuns_WholeValues(t *testing.T) {
	checkAll(t, []vector{
		{
			name:   "JSON arrays are text",
			span:   []part{attrs("gen_ai.prompt", `[{"role":"user"}]`, "gen_ai.completion", `["a"]`)},
			inputs: `{"input":"[{\"role\":\"user\"}]"}`, outputs: `{"text":"[\"a\"]"}`,
		},
		{
			name: "values that are no strings are ignored",
			span: []part{attrs("gen_ai.prompt", list{"a"}, "gen_ai.completion", 1)},
		},
		{
			name:    "embeddings become numbers",
			span:    []part{attrs("gen_ai.completion", `{"data":[{"embedding":[1,2.5,"x"]}]}`)},
			outputs: `{"data":[{"embedding":[1,2.5,0]}]}`,
		},
		{
			name: "the first key with a string wins, object or not",
			span: []part{attrs("gen_ai.prompt", `{"k":1}`, "input.value", "plain",
				"output.value", `[1]`, "gen_ai.completion", `{"c":1}`)},
			inputs: `{"input":"plain"}`, outputs: `{"text":"[1]"}`,
		},
		{
			name:   "indexed messages end at the first missing index and beat the whole value",
			span:   []part{attrs("gen_ai.prompt.0.role", "user", "gen_ai.prompt.2.role", "user", "gen_ai.prompt", `{"k":1}`)},
			inputs: `{"messages":[{"role":"user"}]}`,
		},
		{
			name:   "an indexed message without a string is skipped but does not end the list",
			span:   []part{attrs("gen_ai.prompt.0.content", 7, "gen_ai.prompt.1.content", "b")},
			inputs: `{"messages":[{"content":"b"}]}`,
		},
	})
}

func TestRuns_InvocationParamsAndModel(t *testing.T) {
	checkAll(t, []vector{
		{
			name:   "of two penalties the llm one wins",
			span:   []part{attrs("llm.presence_penalty", 2.0, "gen_ai.request.presence_penalty", 1.0)},
			params: `{"presence_penalty":2}`,
		},
		{
			name: "metadata names the model, the params take the response model, provider.name is not read",
			span: []part{attrs("gen_ai.provider.name", "openai", "gen_ai.request.model", "alias",
				"gen_ai.response.model", "real", "langsmith.metadata.ls_model_name", "override")},
			params: `{"model":"real"}`, metadata: `{"ls_model_name":"override"}`,
		},
		{
			name:   "an empty request model hides the response model",
			span:   []part{attrs("gen_ai.request.model", "", "gen_ai.response.model", "resp")},
			params: `{"model":"resp"}`, metadata: `{"ls_model_name":""}`,
		},
		{
			name: "llm.invocation_parameters are merged over the others",
			span: []part{attrs("gen_ai.request.model", "req",
				"llm.invocation_parameters", `{"model":"iv","t":1}`)},
			params: `{"model":"iv","t":1}`, metadata: `{"ls_model_name":"req"}`,
		},
		{
			name: "tools and arguments as JSON", params: `{"tools":[{"n":1}],"tool_arguments":{"x":2}}`,
			span: []part{attrs("tools", `[{"n":1}]`, "tool_arguments", `{"x":2}`)},
		},
		{
			name: "tools and arguments as plain text", params: `{"tools":["get_weather"],"tool_arguments":"raw"}`,
			span: []part{attrs("tools", "get_weather", "tool_arguments", "raw")},
		},
		{
			name:   "tools as an array, arguments as a list of keys that loses its values",
			span:   []part{attrs("tools", list{"t1"}, "tool_arguments", kvs{"a", "b"})},
			params: `{"tools":["t1"],"tool_arguments":{"a":null}}`,
		},
		{
			name:   "an array parameter is stored as a raw protobuf object",
			span:   []part{attrs("gen_ai.request.stop_sequences", list{"END"})},
			params: `{"stop_sequences":{"values":[{"Value":{"StringValue":"END"}}]}}`,
		},
	})
}

func TestRuns_Events(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "content events beat object attributes, and arrays in them are text",
			span: []part{
				event("gen_ai.content.prompt", "gen_ai.prompt", `[{"role":"user"}]`),
				event("gen_ai.content.completion", "gen_ai.completion", `["a"]`),
				attrs("gen_ai.prompt", `{"p":1}`, "gen_ai.completion", `{"c":1}`, "gen_ai.usage.input_tokens", 3),
			},
			inputs:  `{"input":"[{\"role\":\"user\"}]"}`,
			outputs: `{"output":"[\"a\"]","usage_metadata":{"input_tokens":3}}`,
		},
		{
			name: "a content event with null sets nothing",
			span: []part{
				event("gen_ai.content.prompt", "gen_ai.prompt", `null`), attrs("gen_ai.prompt", `{"p":1}`),
			},
			inputs: `{"p":1}`,
		},
		{
			name: "a content event counts as a string only, and an empty message not at all",
			span: []part{event("gen_ai.content.prompt", "gen_ai.prompt", 1), event("gen_ai.user.message", "other", "x")},
		},
		{
			name: "an empty choice clears the one before",
			span: []part{event("gen_ai.choice", "finish_reason", "stop"), event("gen_ai.choice")},
		},
		{
			name: "messages are split by their sender and the last choice stays",
			span: []part{
				event("gen_ai.user.message", "content", "hi"),
				event("gen_ai.assistant.message", "content", "prev"),
				event("gen_ai.choice", "message.content", "c0"),
				event("gen_ai.choice", "message.content", "c1"),
			},
			inputs:  `{"messages":[{"content":"hi"}]}`,
			outputs: `{"messages":[{"content":"prev"}],"choices":[{"message":{"content":"c1"}}]}`,
		},
		{
			name: "messages of the completion keep those of the assistant out",
			span: []part{
				event("gen_ai.content.completion", "gen_ai.completion", `{"messages":[1]}`),
				event("gen_ai.choice", "finish_reason", "stop"),
				event("gen_ai.assistant.message", "content", "x"),
			},
			outputs: `{"messages":[1],"choices":[{"finish_reason":"stop"}]}`,
		},
		{
			name: "tool calls end at the first missing index and stand beside the message",
			span: []part{event("gen_ai.choice", "message.role", "assistant",
				"tool_calls.0.id", "c0", "tool_calls.0.type", "function",
				"tool_calls.0.function.name", "f", "tool_calls.0.function.arguments", "{}",
				"tool_calls.2.id", "c2")},
			outputs: `{"choices":[{"message":{"role":"assistant"},"tool_calls":[
				{"id":"c0","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`,
		},
		{
			name: "gen_ai.event.content is the whole message, or the choice if it has a message",
			span: []part{
				event("gen_ai.system.message", "gen_ai.event.content", `{"role":"system","content":"s"}`),
				event("gen_ai.tool.message", "id", "c0", "content", "12C"),
				event("gen_ai.choice", "gen_ai.event.content", `{"message":{"content":"m"},"index":0}`),
			},
			inputs: `{"messages":[{"role":"system","content":"s"}]}`,
			outputs: `{"messages":[{"content":"12C","tool_call_id":"c0"}],
				"choices":[{"message":{"content":"m"},"index":0}]}`,
		},
	})
}

func TestRuns_LogfireEvents(t *testing.T) {
	user := `{"event.name":"gen_ai.user.message","content":"hi"}`
	choice := func(n string) string { return `{"event.name":"gen_ai.choice","index":` + n + `}` }
	checkAll(t, []vector{
		{
			name:   "a JSON string is split into inputs and the last choice",
			span:   []part{attrs("events", "["+user+","+choice("0")+","+choice("1")+"]")},
			inputs: `{"input":[` + user + `]}`, outputs: choice("1"),
		},
		{
			name: "an array yields nothing",
			span: []part{attrs("events", list{user, choice("0"), choice("1")})},
		},
	})
}

func TestRuns_Retriever(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "a document without metadata ends the list",
			span: []part{attrs("langsmith.span.kind", "retriever", "input.value", "q",
				"retrieval.documents.0.document.content", "d0")},
			runType: "retriever", inputs: `{"query":"q"}`,
		},
		{
			name: "a document whose metadata is no object is skipped",
			span: []part{attrs("openinference.span.kind", "RETRIEVER",
				"retrieval.documents.0.document.content", "d0", "retrieval.documents.0.document.metadata", "notjson",
				"retrieval.documents.1.document.content", "d1", "retrieval.documents.1.document.metadata", "{}")},
			runType: "retriever", outputs: `{"documents":[{"page_content":"d1","metadata":{},"type":"Document"}]}`,
		},
	})
}

func TestRuns_MetadataAndTags(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "the metadata attribute beats langsmith.metadata, which beats the association properties",
			span: []part{attrs("metadata", `{"k":"oi"}`, "langsmith.metadata.k", "ls",
				"traceloop.association.properties.k", "tl", "gen_ai.system", "openai", "llm.system", "oi")},
			metadata: `{"k":"oi","ls_provider":"openai"}`,
		},
		{
			name:     "langsmith.metadata beats the association properties",
			span:     []part{attrs("langsmith.metadata.k", "ls", "traceloop.association.properties.k", "tl")},
			metadata: `{"k":"ls"}`,
		},
		{
			name: "metadata of any type is kept, bytes in base64",
			span: []part{attrs("langsmith.metadata.b", true, "langsmith.metadata.i", 1, "langsmith.metadata.d", 0.5,
				"langsmith.metadata.y", []byte("x"), "langsmith.metadata.e", nil)},
			metadata: `{"b":true,"i":1,"d":0.5,"y":"eA=="}`,
		},
		{
			name: "tags are trimmed and empty ones stay",
			span: []part{attrs("langsmith.span.tags", " a ,,b")}, tags: `["a","","b"]`,
		},
		{name: "an array of tags is ignored", span: []part{attrs("langsmith.span.tags", list{"a", "b"})}},
	})
}

func TestRuns_Usage(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "llm.usage.total_tokens beats llm.token_count.total", outputs: `{"usage_metadata":{"total_tokens":5}}`,
			span: []part{attrs("llm.token_count.total", 3, "llm.usage.total_tokens", 5, "gen_ai.completion", `{}`)},
		},
		{
			name: "a completion of null leaves no place for the usage",
			span: []part{attrs("gen_ai.completion", `null`, "gen_ai.usage.input_tokens", 3)},
		},
		{
			name: "an empty completion leaves no place for the usage",
			span: []part{attrs("gen_ai.completion", ``, "gen_ai.usage.input_tokens", 3)},
		},
		{
			name:    "an empty object is enough, and a double is no token count",
			span:    []part{attrs("gen_ai.completion", `{}`, "gen_ai.usage.input_tokens", 3, "gen_ai.usage.output_tokens", 4.0)},
			outputs: `{"usage_metadata":{"input_tokens":3}}`,
		},
		{
			name: "usage_metadata needs outputs too",
			span: []part{attrs("langsmith.usage_metadata", `{"input_tokens":1}`)},
		},
		{
			name: "usage_metadata that is no object is passed over, and the deprecated name wins",
			span: []part{attrs("langsmith.usage_metadata", `[1]`, "gen_ai.completion", `{}`,
				"gen_ai.usage.input_tokens", 3, "gen_ai.usage.prompt_tokens", 9)},
			outputs: `{"usage_metadata":{"input_tokens":9}}`,
		},
		{
			name:    "usage_metadata of null is stored as null",
			span:    []part{attrs("langsmith.usage_metadata", `null`, "gen_ai.completion", `{}`)},
			outputs: `{"usage_metadata":null}`,
		},
		{
			name: "usage_metadata that is an object is exclusive",
			span: []part{attrs("langsmith.usage_metadata", `{"input_tokens":1}`, "gen_ai.completion", `{}`,
				"gen_ai.usage.output_tokens", 3)},
			outputs: `{"usage_metadata":{"input_tokens":1}}`,
		},
	})
}

func TestRuns_StatusAndError(t *testing.T) {
	checkAll(t, []vector{
		{name: "the span status is never read", span: []part{errorStatus}},
		{
			name: "a stack trace is appended and a second exception ignored",
			span: []part{
				event("exception", "exception.message", "m", "exception.stacktrace", "st"),
				event("exception", "exception.message", "second"),
			},
			status: "error", errText: "m\n\nStacktrace:\nst",
		},
		{
			name:   "a stack trace before the message is lost",
			span:   []part{event("exception", "exception.stacktrace", "st", "exception.message", "m")},
			status: "error", errText: "m",
		},
		{
			name:   "a stack trace alone",
			span:   []part{event("exception", "exception.stacktrace", "st")},
			status: "error", errText: "Stacktrace:\nst",
		},
		{
			name:   "an exception with a type only has no text",
			span:   []part{event("exception", "exception.type", "T")},
			status: "error",
		},
	})
}

func TestRuns_Parent(t *testing.T) {
	const parentUUID = "00000000-0000-0000-6f70-717273747576"
	checkAll(t, []vector{
		{name: "is_root drops the parent", span: []part{parentID("opqrstuv"), attrs("langsmith.is_root", true)}},
		{
			name:   "is_root as a string does nothing",
			span:   []part{parentID("opqrstuv"), attrs("langsmith.is_root", "true")},
			parent: parentUUID,
		},
		{
			name:   "parent_id brings a parent back",
			span:   []part{parentID("opqrstuv"), attrs("langsmith.is_root", true, "langsmith.span.parent_id", "P")},
			parent: "P",
		},
	})
}

func TestRuns_ReferenceSpans(t *testing.T) {
	checkAll(t, []vector{
		{
			name: "the documented plain OpenTelemetry recipe",
			span: []part{attrs(
				"langsmith.span.kind", "LLM", "gen_ai.system", "OpenAI",
				"gen_ai.prompt.0.role", "system", "gen_ai.prompt.0.content", "be kind",
				"gen_ai.prompt.1.role", "user", "gen_ai.prompt.1.content", "hi",
				"gen_ai.completion.0.role", "assistant", "gen_ai.completion.0.content", "hello",
				"gen_ai.usage.prompt_tokens", 12, "gen_ai.usage.completion_tokens", 7, "gen_ai.usage.total_tokens", 19)},
			runType: "llm", metadata: `{"ls_provider":"OpenAI"}`,
			inputs: `{"messages":[{"role":"system","content":"be kind"},{"role":"user","content":"hi"}]}`,
			outputs: `{"messages":[{"role":"assistant","content":"hello"}],
				"usage_metadata":{"input_tokens":12,"output_tokens":7,"total_tokens":19}}`,
		},
		{
			name: "a complete LLM span",
			span: []part{attrs(
				"langsmith.span.kind", "llm", "langsmith.trace.name", "ChatOpenAI",
				"langsmith.metadata.ls_provider", "openai", "langsmith.metadata.ls_model_name", "gpt-4o-mini",
				"langsmith.metadata.ls_model_type", "chat", "langsmith.metadata.thread_id", "t1",
				"langsmith.span.tags", "a,b",
				"gen_ai.system", "openai", "gen_ai.operation.name", "chat",
				"gen_ai.request.model", "gpt-4o-mini", "gen_ai.response.model", "gpt-4o-mini-2024-07-18",
				"gen_ai.request.temperature", 0.5, "gen_ai.request.max_tokens", 100,
				"gen_ai.prompt", `{"messages":[{"role":"user","content":"hi"}]}`,
				"gen_ai.completion", `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant"}}]}`,
				"gen_ai.usage.input_tokens", 8, "gen_ai.usage.output_tokens", 2,
				"langsmith.usage_metadata", `{"input_tokens":8,"output_tokens":2,"total_tokens":10}`)},
			runType: "llm", runName: "ChatOpenAI", tags: `["a","b"]`,
			inputs: `{"messages":[{"role":"user","content":"hi"}]}`,
			outputs: `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant"}}],
				"usage_metadata":{"input_tokens":8,"output_tokens":2,"total_tokens":10}}`,
			params:   `{"model":"gpt-4o-mini-2024-07-18","temperature":0.5,"max_tokens":100}`,
			metadata: `{"ls_provider":"openai","ls_model_name":"gpt-4o-mini","ls_model_type":"chat","thread_id":"t1"}`,
		},
		{
			name: "an embedding span with an empty completion keeps its tokens",
			span: []part{attrs("langsmith.span.kind", "embedding", "gen_ai.operation.name", "embeddings",
				"gen_ai.completion", `{}`, "gen_ai.usage.input_tokens", 8)},
			runType: "embedding", outputs: `{"usage_metadata":{"input_tokens":8}}`,
		},
	})
}
