package langsmith

import (
	"fmt"
	"maps"
	"slices"
)

// promptTemplate is rule 9. It replaces inputs that events have set.
func (c *conversion) promptTemplate() {
	if !c.attrs.has("llm.prompt_template.variables") {
		return
	}
	c.run.RunType = "prompt"
	input := c.attrs.text("input.value")
	if input == "" {
		return
	}
	if inputs, ok := object(input); ok {
		c.run.Inputs = inputs
		return
	}
	variables, _ := object(c.attrs.text("llm.prompt_template.variables"))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if variables[name] == input {
			c.run.Inputs = map[string]any{name: input}
			return
		}
	}
}

// retriever is rule 10.
func (c *conversion) retriever() {
	if c.run.RunType != "retriever" {
		return
	}
	if query := c.attrs.text("input.value"); query != "" {
		c.run.Inputs = map[string]any{"query": query}
	}
	var documents []any
	for n := 0; ; n++ {
		content := c.attrs.text(fmt.Sprintf("retrieval.documents.%d.document.content", n))
		metadata := c.attrs.text(fmt.Sprintf("retrieval.documents.%d.document.metadata", n))
		if content == "" || metadata == "" {
			break
		}
		if parsed, ok := object(metadata); ok {
			documents = append(documents,
				map[string]any{"page_content": content, "metadata": parsed, "type": "Document"})
		}
	}
	if len(documents) > 0 {
		c.run.Outputs = map[string]any{"documents": documents}
	}
}

// indexedMessages is rule 11.
func (c *conversion) indexedMessages() {
	if c.run.Inputs == nil {
		c.run.Inputs = c.messagesUnder("gen_ai.prompt", "llm.input_messages")
	}
	if c.run.Outputs == nil {
		c.run.Outputs = c.messagesUnder("gen_ai.completion", "llm.output_messages")
	}
}

// messagesUnder takes the first prefix that has any message.
func (c *conversion) messagesUnder(prefixes ...string) map[string]any {
	for _, prefix := range prefixes {
		if messages := c.indexed(prefix); len(messages) > 0 {
			return map[string]any{"messages": messages}
		}
	}
	return nil
}

// indexed stops at the first index that has neither a role nor a content of any type.
func (c *conversion) indexed(prefix string) []any {
	var messages []any
	for n := 0; ; n++ {
		role := c.firstPresent(fmt.Sprintf("%s.%d.role", prefix, n), fmt.Sprintf("%s.%d.message.role", prefix, n))
		content := c.firstPresent(fmt.Sprintf("%s.%d.content", prefix, n), fmt.Sprintf("%s.%d.message.content", prefix, n))
		if role == "" && content == "" {
			return messages
		}
		message := map[string]any{}
		if text, ok := c.attrs.str(role); ok {
			message["role"] = text
		}
		if text, ok := c.attrs.str(content); ok {
			message["content"] = text
		}
		if len(message) > 0 {
			messages = append(messages, message)
		}
	}
}

// firstPresent returns the first of the keys that is present, or "".
func (c *conversion) firstPresent(keys ...string) string {
	for _, key := range keys {
		if c.attrs.has(key) {
			return key
		}
	}
	return ""
}

// wholeValues is rule 12: the first non-empty string decides, also when it is the literal null, which sets nothing.
func (c *conversion) wholeValues() {
	if c.run.Inputs == nil {
		input := c.attrs.text("input.value", "traceloop.entity.input", "gen_ai.prompt", "prompt")
		c.run.Inputs = wholeValue(input, "input")
	}
	if c.run.Outputs == nil {
		output := c.attrs.text("output.value", "traceloop.entity.output", "gen_ai.completion", "all_messages_events")
		c.run.Outputs = wholeValue(output, "text")
		embeddingsToFloats(c.run.Outputs)
	}
}

func wholeValue(text, wrapper string) map[string]any {
	if text == "" {
		return nil
	}
	if value, ok := objectOrNull(text); ok {
		return value
	}
	return map[string]any{wrapper: text}
}

// embeddingsToFloats makes every element of data[].embedding a number; what is none becomes 0.
func embeddingsToFloats(outputs map[string]any) {
	data, _ := outputs["data"].([]any)
	for _, item := range data {
		entry, _ := item.(map[string]any)
		embedding, _ := entry["embedding"].([]any)
		for i, element := range embedding {
			number, _ := element.(float64)
			embedding[i] = number
		}
	}
}

// logfireEvents is rule 13. Only a JSON string counts; of the choices the last one stays.
func (c *conversion) logfireEvents() {
	events, _ := array(c.attrs.text("events"))
	var inputs []any
	var choice map[string]any
	for _, item := range events {
		event, isObject := item.(map[string]any)
		switch {
		case !isObject:
		case event["event.name"] == "gen_ai.choice":
			choice = event
		default:
			inputs = append(inputs, event)
		}
	}
	if c.run.Inputs == nil && len(inputs) > 0 {
		c.run.Inputs = map[string]any{"input": inputs}
	}
	if c.run.Outputs == nil && choice != nil {
		c.run.Outputs = choice
	}
}
