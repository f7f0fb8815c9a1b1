package redact

import "strings"

// Key finds keys of model providers, clouds and code hosts by what they begin with.
func Key() Detector { return Detector{"key", nextKey} }

// keyForm is the beginning of a key, and how many characters follow at least.
type keyForm struct {
	prefix string
	least  int
}

var keyForms = []keyForm{
	{"sk-", 20},         // OpenAI, Anthropic (sk-ant-), OpenRouter (sk-or-), DeepSeek and others
	{"lsv2_pt_", 16},    // LangSmith, personal
	{"lsv2_sk_", 16},    // LangSmith, service
	{"gsk_", 20},        // Groq
	{"xai-", 20},        // xAI
	{"pplx-", 20},       // Perplexity
	{"csk-", 20},        // Cerebras
	{"fw_", 16},         // Fireworks
	{"tgp_v1_", 20},     // Together
	{"nvapi-", 20},      // NVIDIA
	{"hf_", 20},         // Hugging Face
	{"r8_", 20},         // Replicate
	{"AIza", 35},        // Google
	{"AKIA", 16},        // AWS, long-term
	{"ASIA", 16},        // AWS, temporary
	{"ghp_", 30},        // GitHub, and the following
	{"gho_", 30},        //
	{"ghu_", 30},        //
	{"ghs_", 30},        //
	{"github_pat_", 30}, //
	{"glpat-", 20},      // GitLab
	{"xoxb-", 20},       // Slack, bot
	{"xoxp-", 20},       // Slack, user
	{"sk_live_", 16},    // Stripe
	{"rk_live_", 16},    // Stripe, restricted
	{"pk-lf-", 20},      // Langfuse
	{"sk-lf-", 20},      //
}

func nextKey(text string, from int) (begin, end int) {
	for at := from; at < len(text); at++ {
		forms := keyFormsBy[text[at]]
		if forms == nil || at > 0 && isWord(text[at-1]) {
			continue
		}
		for _, form := range forms {
			if !strings.HasPrefix(text[at:], form.prefix) {
				continue
			}
			if end := endOfToken(text, at+len(form.prefix)); end-at-len(form.prefix) >= form.least {
				return at, end
			}
		}
	}
	return -1, -1
}

// keyFormsBy has the forms of keys by their first byte.
var keyFormsBy = func() (forms [256][]keyForm) {
	for _, form := range keyForms {
		first := form.prefix[0]
		forms[first] = append(forms[first], form)
	}
	return forms
}()

// endOfToken returns the end of a run of the characters that keys consist of.
func endOfToken(text string, begin int) int {
	at := begin
	for at < len(text) && isOfToken(text[at]) {
		at++
	}
	return at
}

func isOfToken(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' }
