package otelgenai_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// places are all the texts that the comment of Redactor promises to pass on. Each
// function puts a text there.
var places = map[string]func(c *record.Call, text string){
	"message text":      func(c *record.Call, text string) { ask(c, record.Text{Content: text}) },
	"reasoning":         func(c *record.Call, text string) { ask(c, record.Reasoning{Content: text}) },
	"refusal":           func(c *record.Call, text string) { ask(c, record.Refusal{Content: text}) },
	"tool arguments":    func(c *record.Call, text string) { ask(c, record.ToolCall{Name: "f", Arguments: text}) },
	"tool result":       func(c *record.Call, text string) { ask(c, record.ToolResult{Content: text}) },
	"provider's tool":   func(c *record.Call, text string) { answer(c, record.ServerToolCall{Name: "f", Content: text}) },
	"provider's result": func(c *record.Call, text string) { answer(c, record.ServerToolResult{Name: "f", Content: text}) },
	"prompt's variable": func(c *record.Call, text string) {
		c.Request.PromptVariables = []record.Variable{{Name: "x", Value: text}}
	},
	"image URI":  func(c *record.Call, text string) { ask(c, record.Image{Media: record.Media{URI: text}}) },
	"audio URI":  func(c *record.Call, text string) { ask(c, record.Audio{Media: record.Media{URI: text}}) },
	"file URI":   func(c *record.Call, text string) { ask(c, record.File{Media: record.Media{URI: text}}) },
	"transcript": func(c *record.Call, text string) { ask(c, record.Audio{Transcript: text}) },
	"file name":  func(c *record.Call, text string) { ask(c, record.File{Name: text}) },
	"image name": func(c *record.Call, text string) { ask(c, record.Image{Name: text}) },
	"sound name": func(c *record.Call, text string) { ask(c, record.Audio{Name: text}) },
	"verdict": func(c *record.Call, text string) {
		c.Response.Moderations = []record.Moderation{{JSON: text}}
	},
	"unknown part":    func(c *record.Call, text string) { ask(c, record.Generic{Type: "x", JSON: text}) },
	"participant":     func(c *record.Call, text string) { c.Request.Messages = []record.Message{{Name: text}} },
	"instructions":    func(c *record.Call, text string) { c.Request.System = []record.Part{record.Text{Content: text}} },
	"description":     func(c *record.Call, text string) { c.Request.Tools = []record.Tool{{Description: text}} },
	"schema":          func(c *record.Call, text string) { c.Request.Tools = []record.Tool{{Parameters: text}} },
	"stop sequence":   func(c *record.Call, text string) { c.Request.StopSequences = []string{"END", text} },
	"error message":   func(c *record.Call, text string) { c.Error = &record.Error{Type: "e", Message: text} },
	"answer":          func(c *record.Call, text string) { answer(c, record.Text{Content: text}) },
	"answer's call":   func(c *record.Call, text string) { answer(c, record.ToolCall{Name: "f", Arguments: text}) },
	"answer's sound":  func(c *record.Call, text string) { answer(c, record.Audio{Transcript: text}) },
	"agent":           func(c *record.Call, text string) { c.Agent.Description = text },
	"query":           func(c *record.Call, text string) { c.Retrieval.Queries = []string{"x", text} },
	"found text":      func(c *record.Call, text string) { c.Retrieval.Documents = []record.Document{{}, {Content: text}} },
	"found name":      func(c *record.Call, text string) { c.Retrieval.Documents = []record.Document{{Name: text}} },
	"found metadata":  func(c *record.Call, text string) { c.Retrieval.Documents = []record.Document{{Metadata: text}} },
	"answer, refused": func(c *record.Call, text string) { answer(c, record.Refusal{Content: text}) },
}

func ask(c *record.Call, part record.Part) {
	c.Request.Messages = append(c.Request.Messages, record.Message{Role: "user", Parts: []record.Part{part}})
}

func answer(c *record.Call, part record.Part) {
	m := &c.Response.Choices[len(c.Response.Choices)-1].Message
	m.Parts = append(m.Parts, part)
}

// atEnd reports whether a text is there when the call ends; all others come with
// the decoding of the content.
func atEnd(place string) bool {
	return place == "stop sequence" || place == "error message" || place == "agent"
}

func TestEveryTextPassesThroughTheRedactor(t *testing.T) {
	var seen []string
	redact := otelgenai.WithRedactor(func(text string) (string, error) {
		seen = append(seen, text)
		return strings.ReplaceAll(text, "MARKER", "[removed]"), nil
	})
	for place, put := range places {
		for where, opts := range map[string][]otelgenai.Option{
			"on the span": {redact, otelgenai.WithContent(otelgenai.ContentOnSpan)}, "beside it": {redact},
		} {
			t.Run(place+"/"+where, func(t *testing.T) {
				seen = nil
				s, l := newStand(t, opts...), &listener{}
				s.provider.RegisterSpanProcessor(l)
				_, op := s.Begin(t.Context(), chat())
				answered(op.Call())
				decode := func(c *record.Call) { put(c, "a MARKER here") }
				if atEnd(place) {
					put(op.Call(), "a MARKER here")
					op.Call().Outcome = record.Failed
					decode = nil
				}
				op.End(0, decode)
				call := everything(t, l.slips[0].Call())
				assert.Contains(t, seen, "a MARKER here", "the whole text at once")
				assert.NotContains(t, call, "MARKER")
				assert.Contains(t, call, "a [removed] here")
				span := s.spans.Ended()[0]
				assert.NotContains(t, everything(t, span.Attributes())+everything(t, span.Events()), "MARKER")
			})
		}
	}
}

func TestNothingElseIsGivenToTheRedactor(t *testing.T) {
	s := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithRedactor(func(text string) (string, error) {
		assert.NotEmpty(t, text)
		return "[removed]", nil
	}))
	span := s.call(t, func(c *record.Call) {
		ask(c, record.ToolCall{ID: "call_1", Name: "lookup", Type: "function"})
		ask(c, record.Image{Media: record.Media{MIMEType: "image/png", Blob: &record.Blob{Bytes: 8, SHA256: "ab"}}})
	})
	for _, kv := range span.Attributes() {
		assert.NotContains(t, kv.Value.String(), "[removed]", kv.Key)
	}
	assert.Contains(t, attr(span, "gen_ai.input.messages"), "lookup")
}

// everything renders a value, to search it.
func everything(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestARedactorThatFailsAtAnyTextWithholdsAllContent(t *testing.T) {
	failures := map[string]otelgenai.Redactor{
		"error": func(text string) (string, error) {
			if strings.Contains(text, "MARKER") {
				return text, errors.New("cannot judge")
			}
			return text, nil
		},
		"panic": func(text string) (string, error) {
			if strings.Contains(text, "MARKER") {
				panic("cannot judge")
			}
			return text, nil
		},
	}
	for place, put := range places {
		for failure, redact := range failures {
			t.Run(place+"/"+failure, func(t *testing.T) {
				errs := reported(t)
				s, l := newStand(t, otelgenai.WithRedactor(redact)), &listener{}
				s.provider.RegisterSpanProcessor(l)
				_, op := s.Begin(t.Context(), chat())
				answered(op.Call())
				if atEnd(place) {
					put(op.Call(), "a MARKER here")
					op.Call().Outcome = record.Failed
				}
				op.End(0, func(c *record.Call) {
					ask(c, record.Text{Content: "question"})
					answer(c, record.Text{Content: "answer"})
					if !atEnd(place) {
						put(c, "a MARKER here")
					}
				})
				call := l.slips[0].Call()
				for _, word := range []string{"MARKER", "question", "answer"} {
					assert.NotContains(t, everything(t, call), word)
				}
				assert.Equal(t, "redactor_error", call.Content.Withheld)
				assert.Equal(t, "stop", call.Response.Choices[0].FinishReason)
				span := s.spans.Ended()[0]
				assert.NotContains(t, everything(t, span.Attributes())+everything(t, span.Events()), "MARKER")
				assert.Equal(t, int64(9), attr(span, "gen_ai.usage.input_tokens"))
				require.Len(t, errs(), 1)
				assert.Contains(t, errs()[0], "redactor failed")
				assert.NotContains(t, errs()[0], "cannot judge", "it may quote the prompt")
			})
		}
	}
}

func TestAFailureOfTheRedactorTakesTheErrorTextAlong(t *testing.T) {
	reported(t)
	for where, opts := range map[string][]otelgenai.Option{
		"on the span": {otelgenai.WithContent(otelgenai.ContentOnSpan)}, "beside it": nil,
	} {
		t.Run(where, func(t *testing.T) {
			opts = append(opts, otelgenai.WithRedactor(func(text string) (string, error) {
				if strings.Contains(text, "MARKER") {
					return "", errors.New("cannot judge")
				}
				return text, nil
			}))
			s, l := newStand(t, opts...), &listener{}
			s.provider.RegisterSpanProcessor(l)
			_, op := s.Begin(t.Context(), chat())
			answered(op.Call())
			op.Call().Outcome = record.Failed
			op.Call().Error = &record.Error{Type: "e", Message: "quoting you"}
			op.End(0, func(c *record.Call) { ask(c, record.Text{Content: "MARKER"}) })
			assert.Empty(t, l.slips[0].Call().Error.Message)
			assert.NotContains(t, everything(t, s.spans.Ended()[0].Events()), "quoting")
		})
	}
}

func TestTheReportOfAFailedRedactorIsShort(t *testing.T) {
	errs := reported(t)
	s := newStand(t, otelgenai.WithContent(otelgenai.ContentOnSpan), otelgenai.WithRedactor(func(string) (string, error) {
		return "", errors.New(strings.Repeat("x", 10_000))
	}))
	s.call(t, say("it"))
	require.Len(t, errs(), 1)
	assert.Less(t, len(errs()[0]), 700)
}
