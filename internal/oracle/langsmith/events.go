package langsmith

import (
	"fmt"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// events is rule 2: content events replace, message events collect, of the choices the last one stays.
func (c *conversion) events() {
	var inMessages, outMessages []any
	var choice map[string]any
	for _, event := range c.span.GetEvents() {
		attrs := attributesOf(event.GetAttributes())
		switch event.GetName() {
		case "gen_ai.content.prompt":
			setContent(&c.run.Inputs, attrs, "gen_ai.prompt", "input")
		case "gen_ai.content.completion":
			setContent(&c.run.Outputs, attrs, "gen_ai.completion", "output")
		case "gen_ai.system.message", "gen_ai.user.message":
			inMessages = appendMessage(inMessages, attrs, false)
		case "gen_ai.assistant.message":
			outMessages = appendMessage(outMessages, attrs, false)
		case "gen_ai.tool.message":
			outMessages = appendMessage(outMessages, attrs, true)
		case "gen_ai.choice":
			choice = choiceOf(attrs)
		}
	}

	if c.run.Inputs == nil && len(inMessages) > 0 {
		c.run.Inputs = map[string]any{"messages": inMessages}
	}
	if _, taken := c.run.Outputs["messages"]; !taken && len(outMessages) > 0 {
		c.setOutput("messages", outMessages)
	}
	if len(choice) > 0 {
		c.setOutput("choices", []any{choice})
	}
}

func (c *conversion) setOutput(key string, value any) {
	if c.run.Outputs == nil {
		c.run.Outputs = map[string]any{}
	}
	c.run.Outputs[key] = value
}

// setContent takes an object as it is and wraps any other string; null sets nothing.
func setContent(field *map[string]any, attrs attributes, key, wrapper string) {
	text, ok := attrs.str(key)
	if !ok {
		return
	}
	content, isObject := objectOrNull(text)
	switch {
	case isObject && content == nil:
	case isObject:
		*field = content
	default:
		*field = map[string]any{wrapper: text}
	}
}

func appendMessage(messages []any, attrs attributes, isTool bool) []any {
	if message, ok := object(attrs.text("gen_ai.event.content")); ok {
		return append(messages, message)
	}
	message := map[string]any{}
	set(message, "content", attrs, "content")
	set(message, "role", attrs, "role")
	if isTool {
		set(message, "tool_call_id", attrs, "id")
	}
	if len(message) == 0 {
		return messages
	}
	return append(messages, message)
}

// choiceOf puts the tool calls beside the message, as the converter does.
func choiceOf(attrs attributes) map[string]any {
	if choice, ok := object(attrs.text("gen_ai.event.content")); ok {
		if _, hasMessage := choice["message"]; hasMessage {
			return choice
		}
	}
	message := map[string]any{}
	set(message, "content", attrs, "message.content")
	set(message, "role", attrs, "message.role")

	choice := map[string]any{}
	set(choice, "finish_reason", attrs, "finish_reason")
	if len(message) > 0 {
		choice["message"] = message
	}
	if calls := toolCallsOf(attrs); len(calls) > 0 {
		choice["tool_calls"] = calls
	}
	return choice
}

// toolCallsOf stops at the first index without an id.
func toolCallsOf(attrs attributes) []any {
	var calls []any
	for n := 0; attrs.has(fmt.Sprintf("tool_calls.%d.id", n)); n++ {
		prefix := fmt.Sprintf("tool_calls.%d.", n)
		function := map[string]any{}
		set(function, "name", attrs, prefix+"function.name")
		set(function, "arguments", attrs, prefix+"function.arguments")

		call := map[string]any{}
		set(call, "id", attrs, prefix+"id")
		set(call, "type", attrs, prefix+"type")
		if len(function) > 0 {
			call["function"] = function
		}
		if len(call) > 0 {
			calls = append(calls, call)
		}
	}
	return calls
}

// set copies the attribute of whatever type, if there is one.
func set(target map[string]any, name string, attrs attributes, key string) {
	if value := stored(attrs[key]); value != nil {
		target[name] = value
	}
}

// status is rule 17. The status of the span is never read; only the first exception event counts.
func (c *conversion) status() {
	c.run.Status = "success"
	for _, event := range c.span.GetEvents() {
		if event.GetName() == "exception" {
			c.run.Status = "error"
			c.run.Error = errorText(event)
			return
		}
	}
}

// errorText walks the attributes in their order: a message replaces the text so far, a stack trace is appended.
func errorText(event *tracepb.Span_Event) string {
	text := ""
	for _, kv := range event.GetAttributes() {
		value := kv.GetValue().GetStringValue()
		switch {
		case value == "":
		case kv.GetKey() == "exception.message":
			text = value
		case kv.GetKey() == "exception.stacktrace" && text == "":
			text = "Stacktrace:\n" + value
		case kv.GetKey() == "exception.stacktrace":
			text += "\n\nStacktrace:\n" + value
		}
	}
	return text
}
