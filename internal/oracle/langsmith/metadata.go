package langsmith

import (
	"maps"
	"strings"
)

// metadata is rule 14; later sources win, so langsmith.metadata.ls_model_name beats rule 8.
func (c *conversion) metadata() {
	metadata := c.runMetadata
	for _, prefix := range []string{"traceloop.association.properties.", "langsmith.metadata."} {
		for key := range c.attrs {
			if name, ok := strings.CutPrefix(key, prefix); ok {
				set(metadata, name, c.attrs, key)
			}
		}
	}
	if more, ok := object(c.attrs.text("metadata")); ok {
		maps.Copy(metadata, more)
	}
}

// tags is rule 15: a comma-separated string only; empty items stay.
func (c *conversion) tags() {
	list := c.attrs.text("langsmith.span.tags")
	if list == "" {
		return
	}
	for tag := range strings.SplitSeq(list, ",") {
		c.run.Tags = append(c.run.Tags, strings.TrimSpace(tag))
	}
}

// usage is rule 16: without outputs nothing is stored.
func (c *conversion) usage() {
	if c.run.Outputs == nil {
		return
	}
	if text := c.attrs.text("langsmith.usage_metadata"); text != "" {
		if usage, ok := objectOrNull(text); ok {
			c.run.Outputs["usage_metadata"] = usage // null is stored as null
			return
		}
	}
	usage := map[string]any{}
	c.setTokens(usage, "input_tokens",
		"gen_ai.usage.prompt_tokens", "gen_ai.usage.input_tokens", "llm.token_count.prompt")
	c.setTokens(usage, "output_tokens",
		"gen_ai.usage.completion_tokens", "gen_ai.usage.output_tokens", "llm.token_count.completion")
	c.setTokens(usage, "total_tokens",
		"gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total")
	if len(usage) > 0 {
		c.run.Outputs["usage_metadata"] = usage
	}
}

// setTokens takes the first key that is an int.
func (c *conversion) setTokens(usage map[string]any, name string, keys ...string) {
	for _, key := range keys {
		if tokens, ok := c.attrs.integer(key); ok {
			usage[name] = tokens
			return
		}
	}
}
