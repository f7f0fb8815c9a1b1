package dialect

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
	"github.com/genotel/genotel/semconv/langsmith"
	"github.com/genotel/genotel/semconv/openinference"
)

// Prefixes of attributes with an index in their names.
const (
	inputMessagesPrefix  = string(openinference.LLMInputMessagesKey) + "."
	outputMessagesPrefix = string(openinference.LLMOutputMessagesKey) + "."
	promptsPrefix        = string(openinference.LLMPromptsKey) + "."
	completionsPrefix    = string(langsmith.LLMCompletionsKey) + "."
	functionsPrefix      = string(langsmith.LLMRequestFunctionsKey) + "."
	toolsPrefix          = string(openinference.LLMToolsKey) + "."
)

// content reads both sides of the conversation. What is told in several ways is taken
// from the first of them that tells anything.
func (f facts) content(c *record.Call, events []trace.Event) {
	switch c.Operation {
	case semconv.GenAIOperationNameExecuteTool:
		f.toolRun(c, events)
		return
	case semconv.GenAIOperationNameRetrieval:
		f.search(&c.Retrieval)
		return
	}
	if asked, ok := f.asked(events); ok {
		c.Request.System, c.Request.Messages, c.Request.Tools = asked.System, asked.Messages, asked.Tools
	}
	reasons := f.list(semconv.GenAIResponseFinishReasonsKey)
	answers := f.answers(events)
	for i := range max(len(reasons), len(answers)) {
		choice := record.Choice{Index: i}
		if i < len(answers) {
			choice.Message, choice.FinishReason = answers[i].Message, answers[i].finish
		}
		// The list has the provider's own words, a message those of the conventions.
		if i < len(reasons) && (len(reasons) == len(answers) || choice.FinishReason == "") {
			choice.FinishReason = reasons[i]
		}
		c.Response.Choices = append(c.Response.Choices, choice)
	}
}

// asked reads the input. It is ok when all of it could be read.
func (f facts) asked(events []trace.Event) (r record.Request, ok bool) {
	turns, turnsOK := f.turns(&asking, events)
	system, systemOK := readInstructions(f[semconv.GenAISystemInstructionsKey].String())
	tools, toolsOK := readTools(f[semconv.GenAIToolDefinitionsKey].String())
	if len(tools) == 0 {
		tools = f.indexedTools()
	}
	r.System, r.Tools = system, tools
	for _, t := range turns {
		r.Messages = append(r.Messages, t.Message)
	}
	return r, turnsOK && systemOK && toolsOK
}

// answers reads the output, none when it cannot be read.
func (f facts) answers(events []trace.Event) []turn {
	turns, ok := f.turns(&answering, events)
	if !ok {
		return nil
	}
	return turns
}

// wording is where instrumentations put one side of a conversation, the newest place first.
type wording struct {
	role      string // of a message that names none
	messages  attribute.Key
	events    map[string]string // message events of the older conventions, and who speaks in them
	prefixes  []string          // of attributes with an index for each message
	event     string            // with the whole of the side in one attribute
	eventText attribute.Key
	whole     []attribute.Key // with the whole of the side
}

var (
	asking = wording{
		role:      "user",
		messages:  semconv.GenAIInputMessagesKey,
		events:    inputEvents,
		prefixes:  []string{langsmith.GenAIPromptPrefix, inputMessagesPrefix, promptsPrefix},
		event:     langsmith.EventContentPrompt,
		eventText: langsmith.GenAIPromptKey,
		whole:     []attribute.Key{langsmith.GenAIPromptKey, openinference.InputValueKey, langsmith.TraceloopEntityInputKey},
	}
	answering = wording{
		role:      "assistant",
		messages:  semconv.GenAIOutputMessagesKey,
		events:    outputEvents,
		prefixes:  []string{langsmith.GenAICompletionPrefix, outputMessagesPrefix, completionsPrefix},
		event:     langsmith.EventContentCompletion,
		eventText: langsmith.GenAICompletionKey,
		whole:     []attribute.Key{langsmith.GenAICompletionKey, openinference.OutputValueKey, langsmith.TraceloopEntityOutputKey},
	}
)

// turns reads one side from the first place that has it. It is not ok when the newest one
// cannot be read.
func (f facts) turns(w *wording, events []trace.Event) (turns []turn, ok bool) {
	turns, ok = readTurns(f[w.messages].String(), w.role)
	if len(turns) == 0 {
		turns = eventTurns(events, w.events)
	}
	for _, prefix := range w.prefixes {
		if len(turns) == 0 {
			turns = f.indexedTurns(prefix, w.role)
		}
	}
	if len(turns) == 0 {
		turns = wholeTurns(f.wholeOf(w, events), w.role)
	}
	return turns, ok
}

// wholeOf is the text that stands for one side as a whole.
func (f facts) wholeOf(w *wording, events []trace.Event) string {
	return cmp.Or(contentOf(events, w.event, w.eventText), f.text(w.whole...))
}

// inputEvents and outputEvents are the message events of the older conventions, and
// who speaks in them.
var (
	inputEvents = map[string]string{
		langsmith.EventSystemMessage:    "system",
		langsmith.EventUserMessage:      "user",
		langsmith.EventAssistantMessage: "assistant",
		langsmith.EventToolMessage:      "tool",
	}
	outputEvents = map[string]string{langsmith.EventChoice: "assistant"}
)

// eventTurns reads the messages of events that kinds names.
func eventTurns(events []trace.Event, kinds map[string]string) []turn {
	var turns []turn
	for _, event := range events {
		role, ok := kinds[event.Name]
		if !ok {
			continue
		}
		drafts := map[int]*draft{}
		d := draftAt(drafts, 0)
		for _, kv := range event.Attributes {
			d.set(string(kv.Key), kv.Value)
		}
		if t := d.turn(role); len(t.Parts) > 0 || t.finish != "" {
			turns = append(turns, t)
		}
	}
	return turns
}

// wholeTurns reads one text for a whole side, in JSON or not.
func wholeTurns(text, role string) []turn {
	if text == "null" {
		return nil
	}
	if turns, ok := readTurns(text, role); ok {
		return turns
	}
	return textTurn(text, role)
}

func contentOf(events []trace.Event, name string, key attribute.Key) string {
	for _, event := range events {
		if event.Name == name {
			return textOf(event.Attributes, key)
		}
	}
	return ""
}

// toolRun reads what a tool was given and what it returned, also as the call and the result
// that a conversation has of it.
func (f facts) toolRun(c *record.Call, events []trace.Event) {
	id, name := f.text(semconv.GenAIToolCallIDKey, openinference.ToolIDKey), f.text(semconv.GenAIToolNameKey, openinference.ToolNameKey)
	given := cmp.Or(f[semconv.GenAIToolCallArgumentsKey].String(), f.wholeOf(&asking, events))
	returned := cmp.Or(f[semconv.GenAIToolCallResultKey].String(), f.wholeOf(&answering, events))
	c.Step.Input, c.Step.Output = given, returned
	if given != "" {
		c.Request.Messages = []record.Message{{Role: "assistant", Parts: []record.Part{
			record.ToolCall{ID: id, Name: name, Type: cmp.Or(f.text(semconv.GenAIToolTypeKey), "function"), Arguments: given},
		}}}
	}
	if returned != "" {
		c.Response.Choices = []record.Choice{{Message: record.Message{Role: "tool", Parts: []record.Part{
			record.ToolResult{ID: id, Name: name, Content: returned},
		}}}}
	}
}

func (f facts) search(r *record.Retrieval) {
	r.DataSource = f.text(semconv.GenAIDataSourceIDKey)
	r.TopK = f.integer(semconv.GenAIRetrievalTopKKey)
	if query := f.text(semconv.GenAIRetrievalQueryTextKey, openinference.InputValueKey); query != "" {
		r.Queries = []string{query}
	}
	r.Documents = readDocuments(f[semconv.GenAIRetrievalDocumentsKey].String())
}

// movedKeys are the attributes whose content a view writes in another form.
var movedKeys = map[attribute.Key]side{
	semconv.GenAIInputMessagesKey:      input,
	semconv.GenAISystemInstructionsKey: input,
	semconv.GenAIToolDefinitionsKey:    input,
	semconv.GenAIToolCallArgumentsKey:  input,
	semconv.GenAIRetrievalQueryTextKey: input,
	semconv.GenAIOutputMessagesKey:     output,
	semconv.GenAIToolCallResultKey:     output,
	semconv.GenAIRetrievalDocumentsKey: output,
}

var movedPrefixes = []struct {
	prefix string
	side   side
}{
	{langsmith.GenAIPromptPrefix, input},
	{inputMessagesPrefix, input},
	{promptsPrefix, input},
	{functionsPrefix, input},
	{toolsPrefix, input},
	{langsmith.GenAICompletionPrefix, output},
	{outputMessagesPrefix, output},
	{completionsPrefix, output},
}

// isMoved reports whether an attribute has content of a side in a form that readCall
// reads.
func isMoved(key attribute.Key, from side) bool {
	if s, ok := movedKeys[key]; ok {
		return s == from
	}
	for _, p := range movedPrefixes {
		if _, _, ok := indexedMember(string(key), p.prefix); ok {
			return p.side == from
		}
	}
	return false
}

// removeMoved removes from attributes and events the content of a side, once it is
// written in the backend's form: some backends read the older form first, and lose half of
// it.
func (r *rewritten) removeMoved(from side) {
	moved := func(kv attribute.KeyValue) bool { return isMoved(kv.Key, from) }
	r.attributes = slices.DeleteFunc(r.attributes, moved)
	kinds := inputEvents
	if from == output {
		kinds = outputEvents
	}
	r.events = slices.DeleteFunc(r.events, func(event trace.Event) bool { return kinds[event.Name] != "" })
	for i, event := range r.events {
		if event.Name == eventInferenceDetails {
			r.events[i].Attributes = slices.DeleteFunc(slices.Clone(event.Attributes), moved)
		}
	}
}

// says reports whether one of the attributes is a text with something in it. A null is
// nothing to LangSmith.
func (r *rewritten) says(keys ...attribute.Key) bool {
	for _, key := range keys {
		if text := strings.TrimSpace(textOf(r.attributes, key)); text != "" && text != "null" {
			return true
		}
	}
	return false
}

func (r *rewritten) hasEvent(name string) bool {
	return slices.ContainsFunc(r.events, func(event trace.Event) bool { return event.Name == name })
}
