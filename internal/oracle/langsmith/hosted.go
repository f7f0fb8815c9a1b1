package langsmith

import (
	"encoding/json"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// The rules of this file are rule 18: what only the hosted converter reads. Its precedence is not known, so nothing
// here replaces what another rule has set.

// hostedContent reads the messages of the semantic conventions, as a JSON string or as a structured attribute.
func (c *conversion) hostedContent() {
	if messages := messagesOf(c.attrs["gen_ai.input.messages"]); c.run.Inputs == nil && messages != nil {
		c.run.Inputs = map[string]any{"messages": messages}
	}
	if messages := messagesOf(c.attrs["gen_ai.output.messages"]); c.run.Outputs == nil && messages != nil {
		c.run.Outputs = map[string]any{"messages": messages}
	}
}

func messagesOf(value *commonpb.AnyValue) []any {
	if value.GetArrayValue() != nil {
		messages, _ := plain(value).([]any)
		return messages
	}
	messages, _ := array(value.GetStringValue())
	return messages
}

// plain is the value as the JSON that it means.
func plain(value *commonpb.AnyValue) any {
	switch value := value.GetValue().(type) {
	case *commonpb.AnyValue_ArrayValue:
		list := []any{}
		for _, item := range value.ArrayValue.GetValues() {
			list = append(list, plain(item))
		}
		return list
	case *commonpb.AnyValue_KvlistValue:
		members := map[string]any{}
		for _, kv := range value.KvlistValue.GetValues() {
			members[kv.GetKey()] = plain(kv.GetValue())
		}
		return members
	default:
		return stored(&commonpb.AnyValue{Value: value})
	}
}

// hostedRest reads all that no other rule depends on.
func (c *conversion) hostedRest(resource *resourcepb.Resource) {
	c.tokenDetails()
	c.stopSequences()
	c.firstToken()
	c.attachments()
	c.resourceMetadata(resource)
}

// tokenDetails adds the reasoning and cache tokens, unless langsmith.usage_metadata has the word.
func (c *conversion) tokenDetails() {
	if _, explicit := objectOrNull(c.attrs.text("langsmith.usage_metadata")); explicit || c.run.Outputs == nil {
		return
	}
	details := map[string]any{}
	c.setTokens(details, "cache_read", "gen_ai.usage.cache_read_input_tokens")
	c.setTokens(details, "cache_creation", "gen_ai.usage.cache_creation_input_tokens")

	usage, _ := c.run.Outputs["usage_metadata"].(map[string]any)
	if usage == nil {
		usage = map[string]any{}
	}
	c.setTokens(usage, "reasoning_tokens", "gen_ai.usage.details.reasoning_tokens")
	if len(details) > 0 {
		usage["input_token_details"] = details
	}
	if len(usage) > 0 {
		c.run.Outputs["usage_metadata"] = usage
	}
}

// stopSequences renames the parameter to the documented name.
func (c *conversion) stopSequences() {
	params, _ := c.run.Extra["invocation_params"].(map[string]any)
	if _, taken := params["stop"]; taken || params["stop_sequences"] == nil {
		return
	}
	params["stop"] = params["stop_sequences"]
	delete(params, "stop_sequences")
}

func (c *conversion) firstToken() {
	for _, event := range c.span.GetEvents() {
		if event.GetName() == "new_token" {
			c.run.FirstTokenTime = timestamp(event.GetTimeUnixNano())
			return
		}
	}
}

func (c *conversion) attachments() {
	var attachments []Attachment
	if err := json.Unmarshal([]byte(c.attrs.text("langsmith.attachments")), &attachments); err != nil {
		return // absent, or not of the documented form
	}
	c.run.Attachments = attachments
}

func (c *conversion) resourceMetadata(resource *resourcepb.Resource) {
	metadata := c.runMetadata
	attrs := attributesOf(resource.GetAttributes())
	for key := range attrs {
		if _, taken := metadata[key]; !taken {
			set(metadata, key, attrs, key)
		}
	}
}
