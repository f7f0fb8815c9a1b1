package dialect

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
)

// Messages may be spread over attributes with an index in their names: OpenLLMetry's
// gen_ai.prompt.0.content, OpenInference's llm.input_messages.0.message.content. The
// attributes of a message event are those of one such message.

// indexedTurns reads the messages whose attributes begin with prefix, which ends with
// a dot.
func (f facts) indexedTurns(prefix, role string) []turn {
	drafts := map[int]*draft{}
	for key, value := range f {
		if i, member, ok := indexedMember(string(key), prefix); ok {
			draftAt(drafts, i).set(member, value)
		}
	}
	var turns []turn
	for _, i := range slices.Sorted(maps.Keys(drafts)) {
		turns = append(turns, drafts[i].turn(role))
	}
	return turns
}

// indexedMember takes prefix and the index behind it off a key. No list is longer than
// maxIndexDigits says: the number of attributes bounds it, not the index.
func indexedMember(key, prefix string) (i int, member string, ok bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return 0, "", false
	}
	digits, member, ok := strings.Cut(rest, ".")
	if !ok || len(digits) > maxIndexDigits {
		return 0, "", false
	}
	i, err := strconv.Atoi(digits)
	return i, member, err == nil && i >= 0
}

// maxIndexDigits keeps an index within an int of any size.
const maxIndexDigits = 9

// draft is a message that is put together from attributes, which come in any order.
type draft struct {
	role, name, id, finish string
	content                string
	refusal, reasoning     string
	whole                  string // the message or the choice in JSON
	calls                  string // the list of tool calls in JSON
	callAt                 map[int]*record.ToolCall
	partAt                 map[int]*indexedPart
}

// indexedPart is one of OpenInference's contents of a message.
type indexedPart struct{ kind, text, image string }

func draftAt(drafts map[int]*draft, i int) *draft {
	if drafts[i] == nil {
		drafts[i] = &draft{callAt: map[int]*record.ToolCall{}, partAt: map[int]*indexedPart{}}
	}
	return drafts[i]
}

// set takes an attribute by its name within the message.
func (d *draft) set(member string, value attribute.Value) {
	text := value.String() // JSON for lists and maps
	if member = strings.TrimPrefix(member, "message."); d.setText(member, text) {
		return
	}
	if i, of, ok := indexedMember(member, "tool_calls."); ok {
		d.setCall(i, of, text)
		return
	}
	if of, ok := strings.CutPrefix(member, "function_call."); ok {
		d.setCall(0, of, text)
		return
	}
	if i, of, ok := indexedMember(member, "contents."); ok {
		d.setPart(i, strings.TrimPrefix(of, "message_content."), text)
	}
}

func (d *draft) setText(member, text string) bool {
	switch member {
	case "role":
		d.role = text
	case "name":
		d.name = text
	case "content":
		d.content = text
	case "id", "tool_call_id":
		d.id = text
	case "finish_reason":
		d.finish = text
	case "refusal":
		d.refusal = text
	case "reasoning", "reasoning_content":
		d.reasoning = text
	case "tool_calls":
		d.calls = text
	case "message", "gen_ai.event.content":
		d.whole = text
	default:
		return false
	}
	return true
}

func (d *draft) setCall(i int, member, text string) {
	call := d.callAt[i]
	if call == nil {
		call = &record.ToolCall{Type: "function"}
		d.callAt[i] = call
	}
	member = strings.TrimPrefix(strings.TrimPrefix(member, "tool_call."), "function.")
	switch member {
	case "id":
		call.ID = text
	case "name", "function_name":
		call.Name = text
	case "arguments":
		call.Arguments = text
	}
}

func (d *draft) setPart(i int, member, text string) {
	part := d.partAt[i]
	if part == nil {
		part = &indexedPart{}
		d.partAt[i] = part
	}
	switch member {
	case "type":
		part.kind = text
	case "text":
		part.text = text
	case "image.image.url":
		part.image = text
	}
}

// turn makes the message. role is that of a message that names none.
func (d *draft) turn(role string) turn {
	if members(d.whole) != nil {
		t := readTurn(d.whole, cmp.Or(d.role, role))
		t.finish = cmp.Or(t.finish, d.finish)
		t.asToolMessage(d.id, false)
		return t
	}
	t := turn{Message: record.Message{Role: cmp.Or(d.role, role), Name: d.name}, finish: d.finish}
	if d.reasoning != "" {
		t.Parts = append(t.Parts, record.Reasoning{Content: d.reasoning})
	}
	t.Parts = append(t.Parts, readContent(d.content)...)
	for _, i := range slices.Sorted(maps.Keys(d.partAt)) {
		t.Parts = append(t.Parts, d.partAt[i].part()...)
	}
	if d.refusal != "" {
		t.Parts = append(t.Parts, record.Refusal{Content: d.refusal})
	}
	calls, _ := elements(d.calls)
	for _, raw := range calls {
		t.Parts = append(t.Parts, readToolCall(members(raw)))
	}
	for _, i := range slices.Sorted(maps.Keys(d.callAt)) {
		t.Parts = append(t.Parts, *d.callAt[i])
	}
	t.asToolMessage(d.id, false)
	return t
}

// readContent reads the text of an attribute, which may be a list of parts in JSON. A
// list of anything else is what somebody wrote.
func readContent(text string) []record.Part {
	if text == "" {
		return nil
	}
	list, _ := elements(text)
	for _, raw := range list {
		if members(raw)["type"] == "" {
			list = nil
			break
		}
	}
	if len(list) == 0 {
		return []record.Part{record.Text{Content: text}}
	}
	return readParts(text)
}

func (p *indexedPart) part() []record.Part {
	switch {
	case p.image != "":
		return []record.Part{record.Image{Media: located(record.Media{}, p.image)}}
	case p.text == "":
		return nil
	case p.kind == "reasoning":
		return []record.Part{record.Reasoning{Content: p.text}}
	default:
		return []record.Part{record.Text{Content: p.text}}
	}
}

// indexedTools reads OpenLLMetry's llm.request.functions.0.name and OpenInference's
// llm.tools.0.tool.json_schema.
func (f facts) indexedTools() []record.Tool {
	found := map[int]record.Tool{}
	for key, value := range f {
		text := value.String()
		if i, member, ok := indexedMember(string(key), functionsPrefix); ok {
			tool := found[i]
			tool.Type = "function"
			switch member {
			case "name":
				tool.Name = text
			case "description":
				tool.Description = text
			case "parameters":
				tool.Parameters = text
			}
			found[i] = tool
		} else if i, member, ok := indexedMember(string(key), toolsPrefix); ok && member == "tool.json_schema" {
			if m := members(text); m != nil {
				found[i] = readTool(m)
			}
		}
	}
	var tools []record.Tool
	for _, i := range slices.Sorted(maps.Keys(found)) {
		tools = append(tools, found[i])
	}
	return tools
}
