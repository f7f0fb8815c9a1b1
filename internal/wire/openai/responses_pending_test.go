package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACallWaitsUntilAResultWithItsOwnIDIsThere(t *testing.T) {
	item := func(kind, id string) string { return fmt.Sprintf(`{"type":%q,"call_id":%q}`, kind, id) }
	const nameless, namelessResult = `{"type":"shell_call"}`, `{"type":"shell_call_output"}`
	many := make([]string, 0, 2*2000)
	for i := range 2000 {
		many = append(many, item("shell_call", fmt.Sprint(i)), item("shell_call_output", fmt.Sprint(i)))
	}
	for name, test := range map[string]struct {
		items []string
		want  string
	}{
		"a result of another call":        {[]string{item("function_call", "a"), item("shell_call_output", "b")}, "tool_calls"},
		"two results of one call":         {[]string{item("shell_call", "a"), item("shell_call_output", "a"), item("shell_call_output", "a"), item("function_call", "b")}, "tool_calls"},
		"each call with its result":       {[]string{item("shell_call", "a"), item("apply_patch_call", "b"), item("apply_patch_call_output", "b"), item("shell_call_output", "a")}, "stop"},
		"the result first":                {[]string{item("shell_call_output", "a"), item("shell_call", "a")}, "stop"},
		"the call twice":                  {[]string{item("shell_call", "a"), item("shell_call_output", "a"), item("shell_call", "a")}, "stop"},
		"results only":                    {[]string{item("shell_call_output", "a"), namelessResult}, "stop"},
		"without ids, each with a result": {[]string{nameless, namelessResult}, "stop"},
		"without ids, one more call":      {[]string{nameless, namelessResult, nameless}, "tool_calls"},
		"a result without an id":          {[]string{item("function_call", "a"), namelessResult}, "tool_calls"},
		"more calls than are told apart":  {many, "tool_calls"},
		"as many as are told apart":       {many[:2*1024], "stop"},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"status":"completed","output":[` + strings.Join(test.items, ",") + `]}`
			call, complete := responded(body)
			require.True(t, complete)
			require.Len(t, call.Response.Choices, 1)
			assert.Equal(t, test.want, call.Response.Choices[0].FinishReason)

			events := []string{created}
			for i, one := range test.items {
				events = append(events, fmt.Sprintf(`{"type":"response.output_item.done","output_index":%d,"item":%s}`, i, one))
			}
			call, complete = respondedBy(append(events, ending("completed", `{"output":[]}`))...)
			require.True(t, complete)
			assert.Equal(t, test.want, call.Response.Choices[0].FinishReason, "streamed")
		})
	}
}
