package langsmith

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// idsAndTimes is rule 1.
func (c *conversion) idsAndTimes() error {
	id, err := uuid("span", c.span.GetSpanId())
	if err != nil {
		return err
	}
	traceID, err := uuid("trace", c.span.GetTraceId())
	if err != nil {
		return err
	}
	c.runMetadata = map[string]any{
		"OTEL_TRACE_ID": hex.EncodeToString(c.span.GetTraceId()),
		"OTEL_SPAN_ID":  hex.EncodeToString(c.span.GetSpanId()),
	}
	c.run = Run{
		ID:        id,
		TraceID:   traceID,
		StartTime: timestamp(c.span.GetStartTimeUnixNano()),
		EndTime:   timestamp(c.span.GetEndTimeUnixNano()),
		Extra:     map[string]any{"metadata": c.runMetadata},
	}
	if len(c.span.GetParentSpanId()) == 0 {
		return nil
	}
	parent, err := uuid("parent span", c.span.GetParentSpanId())
	if err != nil {
		return err
	}
	if !c.isRoot() {
		c.run.ParentRunID = parent
	}
	return nil
}

// isRoot reports the bool; a string "true" does nothing.
func (c *conversion) isRoot() bool {
	return c.attrs.isTrue("langsmith.is_root")
}

// uuid right-aligns the last 16 bytes of the id in 16 zero bytes.
func uuid(what string, id []byte) (string, error) {
	if len(id) < 8 {
		return "", fmt.Errorf("%s id has %d bytes, fewer than 8", what, len(id))
	}
	id = id[max(0, len(id)-16):]
	var b [16]byte
	copy(b[16-len(id):], id)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

func timestamp(unixNano uint64) string {
	return time.Unix(0, int64(unixNano)).UTC().Format(time.RFC3339Nano) //nolint:gosec // G115: as the converter does
}

// runType is rule 3: the first key present decides, even with a value that says nothing.
func (c *conversion) runType() {
	lower := func(key string) string { return strings.ToLower(c.attrs.text(key)) }
	switch {
	case c.attrs.has("langsmith.span.kind"):
		c.run.RunType = langsmithKind(lower("langsmith.span.kind"))
	case c.attrs.has("gen_ai.operation.name"):
		c.run.RunType = operationKind(lower("gen_ai.operation.name"))
	case c.attrs.has("llm.request.type"):
		c.run.RunType = requestKind(lower("llm.request.type"))
	default:
		openInference, isString := c.attrs.str("openinference.span.kind")
		if !isString { // a non-string passes on to the next key
			openInference = c.attrs.text("traceloop.span.kind")
		}
		c.run.RunType = spanKind(strings.ToLower(openInference))
	}
}

func langsmithKind(kind string) string {
	switch kind {
	case "llm", "chain", "tool", "retriever", "embedding", "prompt", "parser":
		return kind
	default:
		return "chain"
	}
}

func operationKind(operation string) string {
	switch operation {
	case "chat", "completion":
		return "llm"
	case "embedding":
		return "embedding"
	default:
		return "chain"
	}
}

func requestKind(request string) string {
	if request == "embedding" {
		return "embedding"
	}
	return "llm"
}

func spanKind(kind string) string {
	switch kind {
	case "tool", "llm", "retriever", "embedding":
		return kind
	default: // workflow, task, agent, chain and all others
		return "chain"
	}
}

// name is rule 4.
func (c *conversion) name() {
	c.run.Name = c.attrs.text("langsmith.trace.name", "traceloop.entity.name")
	if c.run.Name == "" && c.attrs.text("openinference.span.kind") == "TOOL" {
		c.run.Name = c.attrs.text("tool.name")
	}
	if c.run.Name == "" {
		c.run.Name = c.span.GetName()
	}
}

// overrides is rule 5. A parent id given here beats is_root.
func (c *conversion) overrides() {
	override := func(field *string, key string) {
		if value := c.attrs.text(key); value != "" {
			*field = value
		}
	}
	override(&c.run.TraceID, "langsmith.trace.id")
	override(&c.run.ID, "langsmith.span.id")
	override(&c.run.ParentRunID, "langsmith.span.parent_id")
	override(&c.run.DottedOrder, "langsmith.span.dotted_order")
	override(&c.run.SessionID, "langsmith.trace.session_id")
	override(&c.run.SessionName, "langsmith.trace.session_name")
}

// referenceExample is rule 6.
func (c *conversion) referenceExample() {
	c.run.ReferenceExampleID = c.attrs.text("langsmith.reference_example_id")
}
