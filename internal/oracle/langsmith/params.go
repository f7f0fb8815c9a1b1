package langsmith

import (
	"maps"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
)

// invocationParamKeys go to the invocation params under their last path segment; later ones win.
var invocationParamKeys = []string{
	"gen_ai.request.model",
	"gen_ai.response.model",
	"gen_ai.request.temperature",
	"gen_ai.request.top_p",
	"gen_ai.request.max_tokens",
	"gen_ai.request.frequency_penalty",
	"gen_ai.request.presence_penalty",
	"gen_ai.request.seed",
	"gen_ai.request.stop_sequences",
	"gen_ai.request.top_k",
	"gen_ai.request.encoding_formats",
	"llm.presence_penalty",
	"llm.frequency_penalty",
	"llm.request.functions",
}

// invocationParams is rule 7. The params stand beside the metadata in extra.
func (c *conversion) invocationParams() {
	params := map[string]any{}
	for _, key := range invocationParamKeys {
		set(params, key[strings.LastIndex(key, ".")+1:], c.attrs, key)
	}
	if more, ok := object(c.attrs.text("llm.invocation_parameters")); ok {
		maps.Copy(params, more)
	}
	if tools := toolsOf(c.attrs["tools"]); tools != nil {
		params["tools"] = tools
	}
	if tool := stored(c.attrs["gen_ai.tool.name"]); tool != nil {
		params["tool_name"] = tool
		c.run.RunType = "tool"
	}
	if arguments := toolArgumentsOf(c.attrs["tool_arguments"]); arguments != nil {
		params["tool_arguments"] = arguments
	}
	if len(params) > 0 {
		c.run.Extra["invocation_params"] = params
	}
}

func toolsOf(value *commonpb.AnyValue) []any {
	switch value := value.GetValue().(type) {
	case *commonpb.AnyValue_ArrayValue:
		tools := []any{}
		for _, tool := range value.ArrayValue.GetValues() {
			tools = append(tools, stored(tool))
		}
		return tools
	case *commonpb.AnyValue_StringValue:
		if tools, ok := array(value.StringValue); ok {
			return tools
		}
		return []any{value.StringValue}
	default:
		return nil
	}
}

// toolArgumentsOf loses the values of a list of keys: a defect of the converter, kept here.
func toolArgumentsOf(value *commonpb.AnyValue) any {
	switch value := value.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		if arguments, ok := object(value.StringValue); ok {
			return arguments
		}
		return value.StringValue
	case *commonpb.AnyValue_KvlistValue:
		arguments := map[string]any{}
		for _, kv := range value.KvlistValue.GetValues() {
			arguments[kv.GetKey()] = nil
		}
		return arguments
	default:
		return nil
	}
}

// providerAndModel is rule 8. The first model that is a string counts, even an empty one.
func (c *conversion) providerAndModel() {
	if provider := c.attrs.text("gen_ai.system", "llm.system"); provider != "" {
		c.runMetadata["ls_provider"] = provider
	}
	for _, key := range []string{"gen_ai.request.model", "gen_ai.response.model", "model", "llm.model_name"} {
		if model, ok := c.attrs.str(key); ok {
			c.runMetadata["ls_model_name"] = model
			return
		}
	}
}
