package redact

import "strings"

// Key finds keys of model providers, clouds and code hosts by what they begin with.
func Key() Detector { return Detector{"key", nextKey} }

// keyForm is the beginning of a key, how many characters follow at least, and by what
// else a key is told from a name that begins like one.
type keyForm struct {
	prefix string
	least  int
	is     func(tail string) bool
}

var keyForms = []keyForm{
	{"sk-", 20, looksRandom},      // OpenAI, Anthropic (sk-ant-), OpenRouter (sk-or-), DeepSeek and others
	{"lsv2_pt_", 16, isAny},       // LangSmith, personal
	{"lsv2_sk_", 16, isAny},       // LangSmith, service
	{"gsk_", 20, looksRandom},     // Groq
	{"xai-", 20, looksRandom},     // xAI
	{"pplx-", 20, looksRandom},    // Perplexity
	{"csk-", 20, looksRandom},     // Cerebras
	{"fw_", 16, looksRandom},      // Fireworks
	{"tgp_v1_", 20, isAny},        // Together
	{"nvapi-", 20, isAny},         // NVIDIA
	{"hf_", 20, looksRandom},      // Hugging Face
	{"r8_", 20, looksRandom},      // Replicate
	{"AIza", 35, isAny},           // Google
	{"GOCSPX-", 20, isAny},        // Google, OAuth client
	{"ya29.", 20, looksRandom},    // Google, OAuth access
	{"AKIA", 16, isCapitals},      // AWS, long-term
	{"ASIA", 16, isCapitals},      // AWS, temporary
	{"ghp_", 30, looksRandom},     // GitHub, and the following
	{"gho_", 30, looksRandom},     //
	{"ghu_", 30, looksRandom},     //
	{"ghs_", 30, looksRandom},     //
	{"ghr_", 30, looksRandom},     //
	{"github_pat_", 30, isAny},    //
	{"glpat-", 20, isAny},         // GitLab
	{"npm_", 30, looksRandom},     // npm
	{"xoxb-", 20, isAny},          // Slack, bot
	{"xoxp-", 20, isAny},          // Slack, user
	{"xapp-", 20, isAny},          // Slack, app
	{"SG.", 20, looksRandom},      // SendGrid
	{"sk_live_", 16, looksRandom}, // Stripe
	{"sk_test_", 16, looksRandom}, //
	{"rk_live_", 16, looksRandom}, // Stripe, restricted
	{"pk-lf-", 20, isAny},         // Langfuse
	{"sk-lf-", 20, isAny},         //
}

// isAny is for beginnings that no name has.
func isAny(string) bool { return true }

// isCapitals reports whether a tail begins with the 16 capitals and digits of AWS.
func isCapitals(tail string) bool {
	for _, c := range []byte(tail[:16]) {
		if !isDigit(c) && !isCapital(c) {
			return false
		}
	}
	return true
}

// mostLookedAt bounds how much of a tail is looked at to tell a key from a name, in
// bytes, so that the search takes linear time where every place may begin a key.
const mostLookedAt = 128

// looksRandom reports whether a piece of the tail, between hyphens, underscores and
// dots, is like none of a name: a short one of digits and letters in both cases, one as
// long as a hexadecimal number of 64 bits with digits and letters, or a very long one
// of letters in both cases, as Hugging Face has them.
func looksRandom(tail string) bool {
	const short, long, veryLong = 8, 16, 30
	var length, digits, capitals int
	for _, c := range []byte(tail[:min(len(tail), mostLookedAt)]) {
		switch {
		case isDigit(c):
			digits++
		case isCapital(c):
			capitals++
		case !isLetter(c):
			length, digits, capitals = 0, 0, 0
			continue
		}
		length++
		letters, bothCases := length > digits, capitals > 0 && length > digits+capitals
		if length >= short && digits > 0 && bothCases || length >= long && digits > 0 && letters ||
			length >= veryLong && bothCases {
			return true
		}
	}
	return false
}

func nextKey(text string, from int) (begin, end int) {
	for at := from; at < len(text); at++ {
		forms := keyFormsBy[text[at]]
		if forms == nil || at > 0 && isWord(text[at-1]) {
			continue
		}
		for _, form := range forms {
			if end := form.end(text, at); end > 0 {
				return at, end
			}
		}
	}
	return -1, -1
}

// end returns the end of the key that begins here, 0 when none does.
func (f keyForm) end(text string, begin int) int {
	if !strings.HasPrefix(text[begin:], f.prefix) {
		return 0
	}
	begin += len(f.prefix)
	dotted := strings.HasSuffix(f.prefix, ".")
	// That much tells whether it is one.
	head := text[begin:endOfTail(text[:min(len(text), begin+mostLookedAt)], begin, dotted)]
	if len(head) < f.least || !f.is(head) {
		return 0
	}
	return endOfTail(text, begin, dotted)
}

// endOfTail returns the end of the characters of a key. Keys with a dot in their
// beginning have more of them, but none at the end.
func endOfTail(text string, begin int, dotted bool) int {
	end := endOfToken(text, begin)
	for dotted && end+1 < len(text) && text[end] == '.' && isOfToken(text[end+1]) {
		end = endOfToken(text, end+1)
	}
	return end
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
