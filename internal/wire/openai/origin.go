package openai

import (
	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// origin is the provider that an answer tells by a trait that others' answers do
// not have; empty when it has none. The first trait counts: what comes later was
// passed on.
type origin string

// note takes a trait.
func (o *origin) note(provider origin) {
	if *o == "" {
		*o = provider
	}
}

// noteMember takes the name of a member that only one provider's answers have, and
// consumes its value.
func (o *origin) noteMember(s *jsonscan.Scanner, key string) {
	switch key {
	case "prompt_filter_results", "content_filter_results":
		o.note("azure.ai.openai")
	case "native_finish_reason":
		o.note("openrouter")
	case "kv_transfer_params", "stop_reason", "prompt_logprobs":
		o.note("vllm")
	case "matched_stop":
		o.note("sglang")
	case "metadata":
		if hasMember(s, "weight_version") {
			o.note("sglang")
		}
		return
	case "timings":
		if hasMember(s, "predicted_n") {
			o.note("llama_cpp")
		}
		return
	}
	s.Skip()
}

// hasMember consumes a value and reports whether it is an object with a member of
// that name.
func hasMember(s *jsonscan.Scanner, name string) (found bool) {
	members(s, func(key []byte) bool {
		found = found || string(key) == name
		return false
	})
	return found
}

// name puts the origin of an answer in the place of a provider that was only
// assumed.
func (o *origin) name(call *record.Call) {
	if !call.ProviderAssumed || call.Gateway != nil { // a gateway says itself who answered
		return
	}
	switch fingerprint := call.Response.SystemFingerprint; fingerprint {
	case "":
	case "fp_ollama":
		o.note("ollama")
	case call.Response.Model:
		o.note("lm_studio")
	}
	if *o != "" {
		call.Provider, call.ProviderAssumed = string(*o), false
	}
}
