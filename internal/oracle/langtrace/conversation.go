package langtrace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/genotel/genotel/internal/oracle"
)

// side is one half of the conversation view.
type side struct {
	event, key string
	role       string // shown for a message without one
	missing    string // shown for a message without text
	broken     string // what a value that is no JSON array does
}

var (
	inputSide = side{
		event: "gen_ai.content.prompt", key: "gen_ai.prompt",
		role: "User", missing: "No input found", broken: "React exception, the page breaks",
	}
	outputSide = side{
		event: "gen_ai.content.completion", key: "gen_ai.completion",
		role: "Assistant", missing: "No output found", broken: "the trace list breaks",
	}
)

// checkConversation is rule C4: one event of each name. A failed call has no completion, and neither has an embedding,
// whose answer is no text.
func (v *Verdict) checkConversation(span *Span, opts Options) {
	prompts, completions := span.eventsNamed(inputSide.event), span.eventsNamed(outputSide.event)
	waived := span.failed() || span.text("gen_ai.operation.name") == "embeddings"
	switch {
	case opts.ContentOff && len(prompts)+len(completions) > 0:
		v.findingf("C4", "span %q: content events although content is off", span.Name)
	case opts.ContentOff:
	case len(prompts) != 1:
		v.findingf("C4", "span %q: %d %s events, want one", span.Name, len(prompts), inputSide.event)
	case len(completions) > 1, len(completions) == 0 && !waived:
		v.findingf("C4", "span %q: %d %s events, want one", span.Name, len(completions), outputSide.event)
	}
	span.UI.Inputs = v.shown(span, prompts, inputSide)
	span.UI.Outputs = v.shown(span, completions, outputSide)
}

// shown reads the first event only, as the pages do.
func (v *Verdict) shown(span *Span, events []Event, s side) []Message {
	if len(events) == 0 {
		return nil
	}
	messages, problems := s.conversation(text(events[0].Attributes[s.key]))
	for _, problem := range problems {
		v.findingf("C4", "span %q: %s: %s", span.Name, s.key, problem)
	}
	return messages
}

// conversation is the value of a content event as the pages show it.
func (s side) conversation(value string) (messages []Message, problems []string) {
	if value == "" {
		return nil, []string{"empty, nothing is shown"}
	}
	parsed, err := oracle.ParseJSON([]byte(value))
	if err != nil || !isList(parsed) {
		return nil, []string{s.broken + ": not a JSON array"}
	}
	if len(list(parsed)) == 0 {
		return nil, []string{"an empty array, nothing is shown"}
	}
	for i, item := range list(parsed) {
		message, problem := s.message(item)
		messages = append(messages, message)
		if problem != "" {
			problems = append(problems, fmt.Sprintf("message %d: %s", i, problem))
		}
	}
	return messages, problems
}

// message shows the first truthy of content, function_call, message.content and text.
func (s side) message(item any) (message Message, problem string) {
	sent := object(item)
	message = Message{Role: s.role, Text: s.missing}
	for _, role := range []any{sent["role"], object(sent["message"])["role"]} {
		if truthy(role) {
			message.Role = strings.ToLower(fmt.Sprint(role))
			break
		}
	}
	found := false
	for _, content := range []any{
		sent["content"], sent["function_call"], object(sent["message"])["content"], sent["text"],
	} {
		if found = truthy(content); found {
			message.Text = render(content)
			break
		}
	}
	switch {
	case sent == nil:
		return message, "not an object"
	case truthy(sent["role"]) && text(sent["role"]) == "":
		return message, "React exception, the role is not a string"
	case !found:
		return message, s.missing
	case message.Text == "":
		return message, "shows no text"
	case strings.Contains(message.Text, unreadable):
		return message, "a content part that cannot be shown"
	default:
		return message, ""
	}
}

// truthy is that of JavaScript.
func truthy(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case string:
		return value != ""
	case json.Number:
		f, err := value.Float64()
		return err != nil || f != 0
	default:
		return true
	}
}

// unreadable is how JavaScript prints an object that nobody has formatted.
const unreadable = "[object Object]"

// render is the shown text: a string as it is, a list as its parts one after the other, all else as JSON. The pages
// put colors around JSON and an image behind its tag; both are left out here.
func render(content any) string {
	switch content := content.(type) {
	case string:
		return content
	case []any:
		var parts strings.Builder
		for _, part := range content {
			parts.WriteString(renderPart(part))
		}
		return parts.String()
	default:
		return compact(content)
	}
}

func renderPart(part any) string {
	if part == nil {
		return ""
	}
	members, isObject := part.(map[string]any)
	if !isObject {
		return render(part)
	}
	switch members["type"] {
	case "text":
		return text(members["text"])
	case "function":
		return compact(members)
	case "image_url":
		if url := text(members["image_url"]); url != "" {
			return "<img " + url + ">"
		}
		if url := text(object(members["image_url"])["url"]); url != "" {
			return "<img " + url + ">"
		}
	}
	return unreadable
}

// compact writes JSON without escaping what HTML would want escaped: the pages inject it as it is.
func compact(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error() // cannot be: the value was parsed from JSON
	}
	return strings.TrimSuffix(out.String(), "\n")
}
