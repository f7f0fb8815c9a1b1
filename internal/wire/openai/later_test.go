package openai_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestWhatIsKeptOfAnAnswerDoesNotHoldTheWholeOfIt(t *testing.T) {
	for name, test := range map[string]struct {
		exchange func(*record.Call) wire.Exchange
		answer   string
	}{
		"search":   {func(c *record.Call) wire.Exchange { return openai.NewSearch(c) }, `"data":[{"file_id":"a"}]`},
		"decision": {func(c *record.Call) wire.Exchange { return openai.NewDecision(c) }, `"id":"d","answers":[{"type":"choice"}]`},
		"run":      {runs, `"id":"r","status":"requires_action","required_action":{"submit_tool_outputs":{"tool_calls":[{"id":"c"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.exchange(new(record.Call))
			e.Request([]byte(`{}`), true)
			body := []byte(`{"junk":"` + strings.Repeat("j", 8<<20) + `",` + test.answer + `}`)
			freed := make(chan struct{})
			runtime.AddCleanup(&body[0], func(done chan struct{}) { close(done) }, freed)
			e.Response(body)
			e.Finish()
			runtime.GC()
			<-freed
			assert.Less(t, e.Retained(), 1000)
		})
	}
}
