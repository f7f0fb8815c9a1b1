package dialect

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/openinference"
)

// isStep reports whether a call is work of the program itself, or an access to memory,
// neither of which uses tokens.
func isStep(c *record.Call) bool { return c.Step.InProcess || isMemory(c.Operation) }

func isMemory(operation string) bool {
	switch operation {
	case semconv.GenAIOperationNameSearchMemory, semconv.GenAIOperationNameCreateMemory, semconv.GenAIOperationNameUpdateMemory,
		semconv.GenAIOperationNameUpsertMemory, semconv.GenAIOperationNameDeleteMemory,
		semconv.GenAIOperationNameCreateMemoryStore, semconv.GenAIOperationNameDeleteMemoryStore:
		return true
	default:
		return false
	}
}

// appendStep appends what is known of a step at its end, except content.
func appendStep(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	s := &c.Step
	dst = appendText(dst, semconv.GenAIToolCallIDKey, s.Tool.CallID)
	dst = appendText(dst, semconv.GenAIToolDescriptionKey, s.Tool.Description)
	dst = appendText(dst, semconv.GenAIMemoryStoreIDKey, s.Memory.StoreID)
	dst = appendText(dst, semconv.GenAIMemoryRecordIDKey, s.Memory.RecordID)
	if isMemory(c.Operation) {
		dst = appendInt(dst, semconv.GenAIMemoryRecordCountKey, c.Retrieval.Found)
	}
	return dst
}

// appendStepContent appends what a step was given and returned. A function and a plan
// have no keys of the conventions; those of OpenInference are the ones that most
// backends read.
func appendStepContent(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	switch {
	case c.Operation == semconv.GenAIOperationNameExecuteTool:
		dst = appendText(dst, semconv.GenAIToolCallArgumentsKey, jsonOf(c.Step.Input))
		return appendText(dst, semconv.GenAIToolCallResultKey, jsonOf(c.Step.Output))
	case isMemory(c.Operation):
		dst = appendText(dst, semconv.GenAIMemoryQueryTextKey, queryText(&c.Retrieval))
		if len(c.Retrieval.Documents) > 0 {
			dst = append(dst, semconv.GenAIMemoryRecordsKey.String(memoryRecords(c.Retrieval.Documents)))
		}
		return dst
	case c.Operation == semconv.GenAIOperationNameInvokeAgent, c.Operation == semconv.GenAIOperationNameInvokeWorkflow:
		dst = appendText(dst, semconv.GenAIAgentDescriptionKey, c.Agent.Description)
		c = conversation(c)
		if len(c.Request.Messages) > 0 {
			dst = append(dst, semconv.GenAIInputMessagesKey.String(genAIInput(c.Request.Messages)))
		}
		if len(c.Response.Choices) > 0 {
			dst = append(dst, semconv.GenAIOutputMessagesKey.String(genAIOutput(c.Response.Choices)))
		}
		return dst
	default:
		dst = appendValue(dst, openinference.InputValueKey, openinference.InputMIMETypeKey, c.Step.Input)
		return appendValue(dst, openinference.OutputValueKey, openinference.OutputMIMETypeKey, c.Step.Output)
	}
}

// jsonOf returns JSON as it is and text as a JSON string.
func jsonOf(text string) string {
	if text == "" {
		return ""
	}
	var w jsonappend.Writer
	w.RawOrString(text)
	return string(w.Bytes())
}

func memoryRecords(records []record.Document) string {
	var w jsonappend.Writer
	w.Array()
	for i := range records {
		r := &records[i]
		w.Object()
		writeOptional(&w, "id", r.ID)
		w.StringField("content", r.Content)
		writeFloat(&w, "score", r.Score)
		if isObject(r.Metadata) {
			w.Key("metadata")
			w.RawOrString(r.Metadata)
		}
		w.EndObject()
	}
	w.EndArray()
	return string(w.Bytes())
}

// conversation returns the call with the values of a step as messages, for backends that
// show nothing else. Other calls are returned as they are.
func conversation(c *record.Call) *record.Call {
	if !isStep(c) {
		return c
	}
	said := *c
	said.Request.Messages, said.Response.Choices = nil, nil
	if input := rawStepInput(c); input != "" {
		said.Request.Messages = []record.Message{textMessage("user", input)}
	}
	if output := rawStepOutput(c); output != "" {
		said.Response.Choices = []record.Choice{{FinishReason: "stop", Message: textMessage("assistant", output)}}
	}
	return &said
}

func textMessage(role, text string) record.Message {
	return record.Message{Role: role, Parts: []record.Part{record.Text{Content: text}}}
}

func rawStepInput(c *record.Call) string {
	if isMemory(c.Operation) && c.Step.Input == "" {
		return queryText(&c.Retrieval)
	}
	return c.Step.Input
}

func rawStepOutput(c *record.Call) string {
	if isMemory(c.Operation) && c.Step.Output == "" && len(c.Retrieval.Documents) > 0 {
		return memoryRecords(c.Retrieval.Documents)
	}
	return c.Step.Output
}

// inputObject is what a call was given, as the object that LangSmith wants.
func inputObject(c *record.Call) string {
	if !isStep(c) {
		return promptObject(c)
	}
	return stepObject("input", rawStepInput(c))
}

// outputObject is what came back, as the object that LangSmith wants.
func outputObject(c *record.Call) string {
	if !isStep(c) {
		return completionObject(c)
	}
	return stepObject("output", rawStepOutput(c))
}

func stepObject(name, text string) string {
	if text == "" {
		return "{}"
	}
	return asObject(name, text)
}
