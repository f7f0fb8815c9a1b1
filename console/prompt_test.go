package console

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/otelgenai/record"
)

func TestThePromptIsWhatTheUserSaidLast(t *testing.T) {
	text := func(role, content string) record.Message {
		return record.Message{Role: role, Parts: []record.Part{record.Text{Content: content}}}
	}
	for name, test := range map[string]struct {
		messages []record.Message
		want     string
	}{
		"none":             {nil, ""},
		"the last user":    {[]record.Message{text("user", "first"), text("assistant", "a"), text("user", "second"), text("tool", "t")}, "second"},
		"no user":          {[]record.Message{text("system", "s"), text("developer", "d")}, "d"},
		"an empty user":    {[]record.Message{text("user", "first"), {Role: "user"}}, "first"},
		"parts":            {[]record.Message{{Role: "user", Parts: []record.Part{record.Text{Content: "What is"}, record.Image{}, record.Text{Content: "this?"}}}}, "What is [image] this?"},
		"sound and a file": {[]record.Message{{Role: "user", Parts: []record.Part{record.Audio{}, record.File{}}}}, "[audio] [file]"},
		"a tool's result":  {[]record.Message{{Role: "tool", Parts: []record.Part{record.ToolResult{Content: "11 degrees"}}}}, "11 degrees"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, asked(test.messages)) })
	}
}

func FuzzMessagesOfOthersAreRead(f *testing.F) {
	f.Add(`[{"role":"user","parts":[{"type":"text","content":"Hi."}]}]`)
	f.Add(`[{"role":"user","content":"Hi."},{"role":"tool","parts":[{"type":"tool_call_response"}]}]`)
	f.Add(`[{"role":1,"parts":{}},[],null,{"role":"system","parts":[7,{"type":"text","content":"a"},{"content":"b"}]}]`)
	f.Add(`[{"role":"user","parts":[{"type":"text","content":"a"},{"type":"text","content":"\ud800"}]}] `)
	f.Add(`[{`)
	f.Fuzz(func(t *testing.T, messages string) {
		want, judged := readByTree(messages)
		if !judged {
			return
		}
		if got := userText(messages); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// readByTree is what userText is to return. It is not clear about objects in which a
// name stands twice, or a message with both forms of content, and about deep nesting.
func readByTree(messages string) (text string, judged bool) {
	if strings.Count(messages, "[")+strings.Count(messages, "{") > 500 {
		return "", false
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(messages), &list) != nil {
		return "", true
	}
	var last, user string
	for _, raw := range list {
		m, ok := object(raw)
		if !ok || m["content"] != nil && m["parts"] != nil {
			return "", false
		}
		last = textOf(m["content"])
		if m["parts"] != nil {
			var parts []json.RawMessage
			_ = json.Unmarshal(m["parts"], &parts)
			var texts []string
			for _, raw := range parts {
				p, ok := object(raw)
				if !ok {
					return "", false
				}
				if content := textOf(p["content"]); textOf(p["type"]) == "text" && content != "" {
					texts = append(texts, content)
				}
			}
			last = strings.Join(texts, " ")
		}
		if textOf(m["role"]) == "user" && last != "" {
			user = last
		}
	}
	if user != "" {
		return user, true
	}
	return last, true
}

// object returns the members of an object, none for any other value. ok is false when
// a name stands twice.
func object(raw json.RawMessage) (members map[string]json.RawMessage, ok bool) {
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return nil, true
	}
	names := 0
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	_, _ = decoder.Token()
	for decoder.More() {
		names++
		var value json.RawMessage
		if _, err := decoder.Token(); err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
	}
	return members, names == len(members)
}

func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}
