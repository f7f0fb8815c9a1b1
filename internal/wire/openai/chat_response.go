package openai

import (
	"cmp"
	"slices"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// maxChoices bounds the generations of one call. OpenAI allows 128; an index
// beyond the bound is a defect of the sender.
const maxChoices = 1024

// readResponse reads everything but content from a whole response body and
// reports whether it was sound JSON.
func readResponse(body []byte, call *record.Call, from *origin) bool {
	s := jsonscan.New(body)
	if !s.Object() {
		return false
	}
	isError := false
	for {
		key, ok := s.Field()
		if !ok {
			break
		}
		switch string(key) {
		case "choices":
			readChoices(&s, call, from)
		case "error":
			readInlineError(&s, call)
		case "object":
			isError = isErrorObject(&s)
		default:
			readEnvelope(&s, string(key), call, from)
		}
	}
	if isError {
		readTopError(body, call)
	}
	return s.End()
}

// readEnvelope consumes a member that responses and chunks share.
func readEnvelope(s *jsonscan.Scanner, key string, call *record.Call, from *origin) {
	switch key {
	case "id":
		firstText(s, &call.Response.ID)
	case "model":
		firstText(s, &call.Response.Model)
	case "service_tier":
		firstText(s, &call.Response.ServiceTier)
	case "system_fingerprint":
		firstText(s, &call.Response.SystemFingerprint)
	case "usage":
		readUsage(s, &call.Usage)
	case "x_groq":
		from.note("groq")
		members(s, func(key []byte) bool {
			if string(key) != "usage" {
				return false
			}
			readUsage(s, &call.Usage)
			return true
		})
	default:
		from.noteMember(s, key)
	}
}

func readChoices(s *jsonscan.Scanner, call *record.Call, from *origin) {
	for ok := s.Array(); ok && s.Element(); {
		if s.Kind() != jsonscan.Object || len(call.Response.Choices) == maxChoices {
			s.Skip()
			continue
		}
		choice := record.Choice{Index: len(call.Response.Choices)}
		members(s, func(key []byte) bool {
			switch string(key) {
			case "index":
				choice.Index = index(s, choice.Index)
			case "finish_reason":
				reason(s, &choice.FinishReason)
			case "message", "delta", "text", "logprobs":
				return false
			default:
				readChoiceMember(s, string(key), call, from)
			}
			return true
		})
		call.Response.Choices = append(call.Response.Choices, choice)
	}
	sortChoices(call.Response.Choices)
}

// readChoiceMember consumes a member that choices have with few providers.
func readChoiceMember(s *jsonscan.Scanner, key string, call *record.Call, from *origin) {
	switch key {
	case "usage": // Moonshot
		readUsage(s, &call.Usage)
	case "error": // OpenRouter
		readInlineError(s, call)
	default:
		from.noteMember(s, key)
	}
}

func sortChoices(choices []record.Choice) {
	slices.SortStableFunc(choices, func(a, b record.Choice) int { return cmp.Compare(a.Index, b.Index) })
}

// index consumes an index, and keeps fallback when it is absurd.
func index(s *jsonscan.Scanner, fallback int) int {
	if v, ok := s.Int(); ok && v >= 0 && v < maxChoices {
		return int(v)
	}
	return fallback
}

// readResponseContent adds the messages to the choices that readResponse made of
// the same body, and returns their size. legacy choices have text.
func readResponseContent(body []byte, call *record.Call, legacy bool) (size int) {
	b := newBudget()
	var beside sources
	s := jsonscan.New(body)
	members(&s, func(key []byte) bool {
		switch string(key) {
		case "choices":
			position := 0
			for ok := s.Array(); ok && s.Element(); {
				if s.Kind() != jsonscan.Object {
					s.Skip()
					continue
				}
				readChoiceContent(&s, b, position, call.Response.Choices, legacy)
				position++
			}
		case "citations":
			beside.citations = s.Raw()
		case "search_results":
			beside.results = s.Raw()
		default:
			return false
		}
		return true
	})
	beside.addTo(call.Response.Choices, b)
	call.Content.Truncated = call.Content.Truncated || b.cut
	return b.spent()
}

func readChoiceContent(s *jsonscan.Scanner, b *budget, position int, choices []record.Choice, legacy bool) {
	var message record.Message
	var legacyText string
	var filters []byte
	at := position
	members(s, func(key []byte) bool {
		switch string(key) {
		case "index":
			at = index(s, position)
		case "message":
			message = readMessage(s, b)
		case "text":
			if !legacy {
				return false
			}
			legacyText = b.text(s)
		case "content_filter_results":
			filters = s.Raw()
		default:
			return false
		}
		return true
	})
	if legacyText != "" {
		message.Parts = []record.Part{record.Text{Content: legacyText}}
	}
	if hasFiltered(filters) {
		message.Parts = appendBeside(message.Parts, "content_filter_results", filters, b)
	}
	if message.Role == "" {
		message.Role = "assistant"
	}
	for i := range choices {
		if choices[i].Index == at && choices[i].Message.Role == "" {
			choices[i].Message = message
			return
		}
	}
}
