package otelgenai

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/genotel/genotel/internal/anyjson"
	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/redaction"
	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// work is what a span of the application is about.
type work struct {
	config spanConfig
	op     *Operation // its record is guarded by mu until the end
	agent  string     // the name of the agent around, redacted

	mu      sync.Mutex // guards the fields below
	ended   bool
	request payload // of WithRequest
	system  []record.Part
	tools   []record.Tool
	input   payload
	output  payload
	choices []record.Choice
	chunks  items
	cut     bool
}

// nameAgent takes the name of the agent around for steps that an agent makes.
func (w *work) nameAgent(around *Span) {
	if around != nil {
		w.agent = around.work.agent
		if around.work.config.kind == KindAgent {
			w.agent = around.work.op.agent
		}
	}
	if agent := &w.op.call.Agent; w.config.kind.hasAgentAround() && agent.Name == "" {
		agent.Name, w.op.agent = w.agent, w.agent
	}
}

// began records what is known at the start.
func (w *work) began() {
	if w.op.WantsContent() {
		w.request = w.readRequest()
		if w.config.hasInput {
			w.input = newPayload(w.config.input, w.config.processInputs)
		}
	}
	w.config.request, w.config.input = nil, nil
}

func (w *work) readRequest() payload {
	if w.config.request == nil || !w.config.kind.callsModel() {
		return payload{}
	}
	copied := redaction.Clone(&record.Call{Request: *w.config.request}).Request
	room := budget{left: maxSide}
	room.parts(copied.System)
	room.messages(copied.Messages)
	room.tools(copied.Tools)
	w.system, w.tools = copied.System, copied.Tools
	return payload{set: true, messages: copied.Messages, cut: room.cut}
}

// update runs f unless the span has ended or nobody sees it.
func (w *work) update(f func(*work)) {
	if !w.op.Recording() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		guard.Do("recording a span", func() { f(w) })
	}
}

func (w *work) hasEnded() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

func (w *work) respond(response record.Response) {
	if w.op.WantsContent() {
		copied := redaction.Clone(&record.Call{Response: response}).Response
		room := budget{left: maxSide}
		for i := range copied.Choices {
			room.parts(copied.Choices[i].Message.Parts)
		}
		w.choices, w.cut = copied.Choices, room.cut
	}
	reasons := make([]record.Choice, len(response.Choices))
	for i, choice := range response.Choices {
		reasons[i] = record.Choice{Index: choice.Index, FinishReason: choice.FinishReason}
		reasons[i].Message.Role = choice.Message.Role
	}
	response.Choices, response.Moderations = reasons, nil
	w.op.call.Response = response
}

func (w *work) chunk(hasContent bool, now time.Time) {
	c := w.op.call
	c.Stream.Chunks++
	if c.Timing.FirstChunk.IsZero() {
		c.Timing.FirstChunk = now
	}
	if !hasContent {
		return
	}
	c.Stream.ContentChunks++
	if c.Timing.FirstContent.IsZero() {
		c.Timing.FirstContent = now
	}
}

// maxErrorMessage bounds the text of an error, in bytes.
const maxErrorMessage = 4 << 10

// fail asks err for what it is outside of the lock: its methods are foreign code.
func (w *work) fail(err error) {
	if !w.op.Recording() {
		return
	}
	outcome, failure := record.Failed, &record.Error{Type: semconv.ErrorTypeOther}
	guard.Do("describing an error", func() {
		for _, ignored := range w.config.ignored {
			if errors.Is(err, ignored) {
				outcome = record.Completed
				return
			}
		}
		if errors.Is(err, context.Canceled) {
			outcome = record.Incomplete
			return
		}
		failure.Type = errorType(err)
		if w.op.WantsContent() {
			failure.Message, _ = anyjson.Text(err, maxErrorMessage+1)
			failure.Message, _ = anyjson.Cut(failure.Message, false, maxErrorMessage)
		}
	})
	w.update(func(w *work) {
		if outcome == record.Failed {
			w.op.call.Outcome, w.op.call.Error = outcome, failure
		} else if outcome == record.Incomplete {
			w.interrupt()
		}
	})
}

// interrupt marks work that stopped early without failing.
func (w *work) interrupt() {
	if w.op.call.Outcome == record.Completed {
		w.op.call.Outcome = record.Incomplete
	}
}

// The values of error.type that are no names of Go types.
const (
	errorTypeTimeout = "timeout"
	errorTypePanic   = "panic"
)

// errorType is the type of the innermost error that has one of its own. Those of packages
// errors and fmt say nothing.
func errorType(err error) string {
	if timeout := net.Error(nil); errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return errorTypeTimeout
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if name := fmt.Sprintf("%T", err); !strings.HasPrefix(name, "*errors.") && !strings.HasPrefix(name, "*fmt.") {
			return name
		}
	}
	return semconv.ErrorTypeOther
}

// panicked marks work that a panic ended, which is seen and not stopped.
func (w *work) panicked() {
	w.update(func(w *work) {
		w.op.call.Outcome, w.op.call.Error = record.Failed, &record.Error{Type: errorTypePanic}
	})
}

// dropped ends the span of work that the application forgot.
func (w *work) dropped() {
	w.update((*work).interrupt)
	w.end()
}

func (w *work) end() {
	w.mu.Lock()
	if w.ended {
		w.mu.Unlock()
		return
	}
	w.ended = true
	c := w.op.call
	c.Timing.End = time.Now()
	if w.config.kind == KindLLM && len(c.Response.Choices) == 0 && c.Outcome == record.Completed && w.answers() {
		c.Response.Choices = []record.Choice{{FinishReason: "stop"}}
	}
	w.mu.Unlock()
	if !w.op.Recording() || !w.op.WantsContent() {
		w.op.End(0, nil)
		return
	}
	w.op.End(w.size(), w.decode)
}

// answers reports whether a model said something, content or not.
func (w *work) answers() bool { return w.output.set || w.op.call.Stream.ContentChunks > 0 }

func (w *work) size() int {
	size := w.request.size() + w.input.size() + w.output.size() + w.chunks.size
	for i := range w.choices {
		size += messagesSize([]record.Message{w.choices[i].Message})
	}
	return size
}

// decode adds the content to the record. Nobody else has the work any more.
func (w *work) decode(c *record.Call) {
	if !w.output.set && len(w.chunks.values) > 0 {
		w.output = w.chunks.payload()
	}
	c.Content.Truncated = w.request.cut || w.input.cut || w.output.cut || w.cut
	if w.input.withheld || w.output.withheld {
		c.Content.Withheld = semconv.ContentWithheldProcessError
	}
	switch kind := w.config.kind; {
	case kind == KindRetrieval:
		w.search(c)
	case kind == KindMemory && c.Operation != "":
		w.remember(c)
	case kind.callsModel():
		w.converse(c)
	default:
		c.Step.Input, c.Step.Output = w.input.value(), w.output.value()
	}
}

func (w *work) search(c *record.Call) {
	if query := w.input.value(); query != "" {
		c.Retrieval.Queries = []string{query}
	}
	c.Retrieval.Documents = w.output.found()
}

// remember has documents on either side: what was found, or what is kept.
func (w *work) remember(c *record.Call) {
	if c.Operation == string(SearchMemory) {
		w.search(c)
		return
	}
	c.Retrieval.Documents = w.input.found()
	c.Step.Output = w.output.value()
}

func (w *work) converse(c *record.Call) {
	c.Request.System, c.Request.Tools = w.system, w.tools
	c.Request.Messages = w.request.messages
	if w.input.set {
		c.Request.Messages = w.input.conversation("user")
		if w.config.kind == KindEmbedding {
			c.Request.Messages = w.input.texts()
		}
	}
	if w.config.kind == KindEmbedding {
		return
	}
	for i := range w.choices {
		c.Response.Choices[i].Message = w.choices[i].Message
	}
	said := w.output.conversation("assistant")
	if len(w.choices) > 0 && !w.output.set || len(said) == 0 {
		return
	}
	if len(c.Response.Choices) == 0 {
		c.Response.Choices = []record.Choice{{}}
	}
	c.Response.Choices[0].Message = said[len(said)-1]
}
