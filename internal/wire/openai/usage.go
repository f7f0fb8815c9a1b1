package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// readUsage consumes a usage object. Streams that report more than once report
// running totals, so the last one counts; null and an empty one leave an earlier one in place.
func readUsage(s *jsonscan.Scanner, into *record.Usage) {
	if s.Kind() != jsonscan.Object {
		s.Skip()
		return
	}
	var u record.Usage
	members(s, func(key []byte) bool {
		switch string(key) {
		case "prompt_tokens":
			count(s, &u.Input)
		case "completion_tokens":
			count(s, &u.Output)
		case "total_tokens":
			count(s, &u.Total)
		case "prompt_tokens_details", "prompt_token_details": // the latter in runs of assistants
			readInputDetails(s, &u)
		case "completion_tokens_details":
			readOutputDetails(s, &u)
		case "prompt_cache_hit_tokens", "cached_tokens": // DeepSeek; Moonshot and Together
			if u.CacheRead.IsSet() {
				return false
			}
			count(s, &u.CacheRead)
		default:
			return false
		}
		return true
	})
	if u == (record.Usage{}) {
		return
	}
	// Output is to include reasoning; xAI counts it apart.
	if reasoning := u.Reasoning.Or(0); reasoning > 0 && u.Total == record.Some(u.Input.Or(0)+u.Output.Or(0)+reasoning) {
		u.Output = record.Some(u.Output.Or(0) + reasoning)
	}
	*into = u
}

func readInputDetails(s *jsonscan.Scanner, u *record.Usage) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "cached_tokens":
			count(s, &u.CacheRead)
		case "cache_write_tokens":
			count(s, &u.CacheWrite)
		case "text_tokens":
			count(s, &u.TextInput)
		case "audio_tokens":
			count(s, &u.AudioInput)
		case "image_tokens":
			count(s, &u.ImageInput)
		default:
			return false
		}
		return true
	})
}

func readOutputDetails(s *jsonscan.Scanner, u *record.Usage) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "reasoning_tokens":
			count(s, &u.Reasoning)
		case "text_tokens":
			count(s, &u.TextOutput)
		case "audio_tokens":
			count(s, &u.AudioOutput)
		case "image_tokens":
			count(s, &u.ImageOutput)
		default:
			return false
		}
		return true
	})
}
