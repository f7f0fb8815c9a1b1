package langtrace

import (
	"slices"
	"strings"
	"testing"
)

func TestConversation_ShowsWhatThePagesShow(t *testing.T) {
	tests := []struct {
		name        string
		value       string
		want        []Message
		wantProblem string // contained in the only problem; "" for none
	}{
		{name: "plain content", value: `[{"role":"user","content":"Hello"}]`, want: []Message{{"user", "Hello"}}},
		{
			name:  "a role in capitals, and none at all",
			value: `[{"role":"System","content":"a"},{"content":"b"}]`,
			want:  []Message{{"system", "a"}, {"User", "b"}},
		},
		{
			name: "a list of text and images",
			value: `[{"role":"user","content":[{"type":"text","text":"look: "},
				{"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"image_url","image_url":"data:"}]}]`,
			want: []Message{{"user", "look: <img https://x/y.png><img data:>"}},
		},
		{
			name:  "a list with a tool call",
			value: `[{"role":"assistant","content":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]`,
			want:  []Message{{"assistant", `{"function":{"arguments":"{}","name":"f"},"id":"c","type":"function"}`}},
		},
		{
			name:  "tool calls as a JSON string are text",
			value: `[{"role":"assistant","content":"[{\"id\":\"c\"}]"}]`,
			want:  []Message{{"assistant", `[{"id":"c"}]`}},
		},
		{
			name:  "the answer of a tool",
			value: `[{"role":"tool","tool_call_id":"c","content":"12C"}]`, want: []Message{{"tool", "12C"}},
		},
		{
			name:  "a function call",
			value: `[{"role":"assistant","content":null,"function_call":{"name":"f"}}]`,
			want:  []Message{{"assistant", `{"name":"f"}`}},
		},
		{
			name:  "a message inside a message, and plain text",
			value: `[{"message":{"role":"assistant","content":"a"}},{"text":"b"}]`,
			want:  []Message{{"assistant", "a"}, {"User", "b"}},
		},
		{
			name:  "HTML stays as it is",
			value: `[{"role":"user","content":"<b>&amp;</b>"}]`, want: []Message{{"user", "<b>&amp;</b>"}},
		},
		{
			name:  "the tool calls of OpenAI beside a null content",
			value: `[{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}]`,
			want:  []Message{{"assistant", "No input found"}}, wantProblem: "message 0: No input found",
		},
		{
			name:  "the parts of the semantic conventions",
			value: `[{"role":"user","parts":[{"type":"text","content":"Hello"}]}]`,
			want:  []Message{{"user", "No input found"}}, wantProblem: "No input found",
		},
		{
			name:  "an empty content, in the second message",
			value: `[{"role":"user","content":"a"},{"role":"user","content":""}]`,
			want:  []Message{{"user", "a"}, {"user", "No input found"}}, wantProblem: "message 1: No input found",
		},
		{
			name:  "an empty list as content",
			value: `[{"role":"user","content":[]}]`,
			want:  []Message{{"user", ""}}, wantProblem: "shows no text",
		},
		{
			name:  "a part of an unknown type",
			value: `[{"role":"user","content":[{"type":"input_audio"}]}]`,
			want:  []Message{{"user", "[object Object]"}}, wantProblem: "cannot be shown",
		},
		{
			name: "an entry that is no object", value: `["a"]`,
			want: []Message{{"User", "No input found"}}, wantProblem: "not an object",
		},
		{
			name:  "parts that are a string, a number and null",
			value: `[{"role":"user","content":["a",1,null]}]`, want: []Message{{"user", "a1"}},
		},
		{
			name:  "a content of false and a text of zero are none",
			value: `[{"role":"user","content":false,"text":0}]`,
			want:  []Message{{"user", "No input found"}}, wantProblem: "No input found",
		},
		{
			name:  "a content that says what the page says is content",
			value: `[{"role":"user","content":"No input found"}]`, want: []Message{{"user", "No input found"}},
		},
		{
			name:  "a role that is no string",
			value: `[{"role":1,"content":"a"}]`,
			want:  []Message{{"1", "a"}}, wantProblem: "React exception, the role",
		},
		{name: "a plain string", value: `Hello`, wantProblem: "React exception"},
		{name: "a JSON string", value: `"Hello"`, wantProblem: "React exception"},
		{name: "a scalar", value: `7`, wantProblem: "React exception"},
		{name: "a single object", value: `{"role":"user","content":"Hello"}`, wantProblem: "React exception"},
		{name: "an empty array", value: `[]`, wantProblem: "an empty array"},
		{name: "an empty string", value: ``, wantProblem: "empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, problems := inputSide.conversation(test.value)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			switch {
			case test.wantProblem == "" && len(problems) == 0:
			case test.wantProblem != "" && len(problems) == 1 && strings.Contains(problems[0], test.wantProblem):
			default:
				t.Errorf("got problems %q, want %q", problems, test.wantProblem)
			}
		})
	}
}

func TestConversation_OutputsHaveTheirOwnWords(t *testing.T) {
	messages, problems := outputSide.conversation(`[{"content":null}]`)
	if want := []Message{{"Assistant", "No output found"}}; !slices.Equal(messages, want) {
		t.Errorf("got %q, want %q", messages, want)
	}
	wantLines(t, "problems", []string{"message 0: No output found"}, problems)

	_, problems = outputSide.conversation(`Hello`)
	wantLines(t, "problems", []string{"the trace list breaks: not a JSON array"}, problems)
}
