package openai_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
)

// oracle reads documents of the protocol with encoding/json, for the fuzz tests.
// Where the protocol leaves open what a document means, unclear is set, and
// nothing is compared: names that are repeated, numbers that are not written as
// integers, two members for one thing, texts that may be names too long to be kept, or
// counts of which the sum runs over.
type oracle struct{ unclear bool }

type object = map[string]any

// expectation is what the oracle finds. A count that is not there is -1.
type expectation struct {
	id, model                       string
	input, output, total, reasoning int64
	reasons, texts                  []string
	failed                          bool
}

// document decodes one whole JSON text.
func (o *oracle) document(data []byte) any {
	const deepest = 500 // jsonscan stops at 512
	if !json.Valid(data) || !unambiguous(json.NewDecoder(bytes.NewReader(data)), deepest) {
		o.unclear = true
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		o.unclear = true
	}
	return v
}

// unambiguous reports whether no object of the next value repeats a name, and no text
// is longer than names may be.
func unambiguous(d *json.Decoder, depth int) bool {
	token, err := d.Token()
	if err != nil || depth == 0 {
		return false
	}
	if text, ok := token.(string); ok && len(text) > 512 {
		return false
	}
	if token != json.Delim('{') && token != json.Delim('[') {
		return true
	}
	names := map[any]bool{}
	for d.More() {
		if token == json.Delim('{') {
			name, err := d.Token()
			if err != nil || names[name] {
				return false
			}
			names[name] = true
		}
		if !unambiguous(d, depth-1) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

func members(v any) object { m, _ := v.(object); return m }

func elements(v any) []any { l, _ := v.([]any); return l }

func str(v any) string { s, _ := v.(string); return s }

var integer = regexp.MustCompile(`^-?\d+$`)

// whole returns an integer, fallback when there is none.
func (o *oracle) whole(v any, fallback int64) int64 {
	number, ok := v.(json.Number)
	if !ok {
		return fallback
	}
	if !integer.MatchString(number.String()) {
		o.unclear = true
		return fallback
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil { // too large
		return fallback
	}
	o.unclear = o.unclear || n > 1<<60
	return n
}

func (o *oracle) count(v any) int64 { return max(o.whole(v, -1), -1) }

// usage reads the one usage object that there is.
func (o *oracle) usage(e *expectation, candidates ...any) {
	found := false
	for _, v := range candidates {
		u, ok := v.(object)
		if !ok {
			continue
		}
		o.unclear = o.unclear || found
		found = true
		e.input, e.output, e.total = o.count(u["prompt_tokens"]), o.count(u["completion_tokens"]), o.count(u["total_tokens"])
		e.reasoning = o.count(members(u["completion_tokens_details"])["reasoning_tokens"])
		o.complete(e, u, "prompt_tokens_details", "prompt_token_details")
	}
}

// complete adds what the counts of a usage object leave out.
func (o *oracle) complete(e *expectation, u object, details ...string) {
	if e.reasoning < 0 { // Perplexity
		e.reasoning = o.count(u["reasoning_tokens"])
		_, cited := u["citation_tokens"]
		_, searched := u["num_search_queries"]
		if (cited || searched) && e.output >= 0 && e.reasoning > e.output {
			e.output += e.reasoning
		}
	}
	switch {
	case e.reasoning > 0 && e.total == max(e.input, 0)+max(e.output, 0)+e.reasoning: // xAI
		e.output = max(e.output, 0) + e.reasoning
	case e.output >= 0 && e.reasoning > e.output:
		e.reasoning = e.output
	}
	o.unclear = o.unclear || e.total > max(e.input, 0)+max(e.output, 0) // it may include a cache
	if read := o.cacheRead(u, details...); e.input >= 0 && read > e.input {
		e.input += read
	}
}

// usages reads one of several usage objects, of which an empty one leaves an
// earlier one in place.
func (o *oracle) usages(e *expectation, candidates []any) {
	for _, u := range candidates {
		if m, ok := u.(object); ok && len(m) == 0 {
			o.unclear = true
		}
	}
	o.usage(e, candidates...)
}

// cacheRead reads what a usage object says of the cache.
func (o *oracle) cacheRead(u object, details ...string) int64 {
	read, places := int64(-1), 0
	for _, name := range details {
		if v, ok := members(u[name])["cached_tokens"]; ok {
			places++
			read = max(read, o.count(v))
		}
	}
	o.unclear = o.unclear || places > 1
	if read >= 0 {
		return read
	}
	places = 0
	for _, name := range []string{"prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"} {
		if v, ok := u[name]; ok {
			places++
			read = max(read, o.count(v))
		}
	}
	o.unclear = o.unclear || places > 1
	return read
}

func (o *oracle) failed(v any) bool {
	if list := elements(v); list != nil {
		for _, element := range list {
			if _, isObject := element.(object); isObject {
				return true
			}
		}
		return false
	}
	_, isObject := v.(object)
	return isObject || str(v) != ""
}

// saysError reports whether a document, or a choice in it, is an error.
func (o *oracle) saysError(document object) bool {
	failed := o.failed(document["error"]) || str(document["object"]) == "error"
	for _, v := range elements(document["choices"]) {
		failed = failed || o.failed(members(v)["error"])
	}
	return failed
}

func (o *oracle) reason(v any) string {
	if len(str(v)) > 256 {
		o.unclear = true
	}
	return str(v)
}

// index returns the index of a choice, fallback when it has none; absurd ones are
// below zero.
func (o *oracle) index(choice object, fallback int64) int64 {
	const most = 1024
	if _, ok := choice["index"].(json.Number); !ok {
		return fallback
	}
	n := o.whole(choice["index"], -1)
	if n >= most {
		return -1
	}
	return n
}

// response reads a whole response.
func (o *oracle) response(data []byte) expectation {
	r, ok := o.document(data).(object)
	o.unclear = o.unclear || !ok
	e := expectation{id: str(r["id"]), model: str(r["model"]), input: -1, output: -1, total: -1, reasoning: -1, failed: o.saysError(r)}
	usages := []any{r["usage"], members(r["x_groq"])["usage"]}
	type choice struct {
		index        int64
		reason, text string
	}
	var choices []choice
	for _, v := range elements(r["choices"]) {
		c, ok := v.(object)
		if !ok {
			continue
		}
		usages = append(usages, c["usage"])
		position := int64(len(choices))
		index := o.index(c, position)
		if index < 0 {
			index = position
		}
		choices = append(choices, choice{index, o.reason(c["finish_reason"]), o.text(members(c["message"]))})
	}
	o.usages(&e, usages)
	o.unclear = o.unclear || len(choices) > 1024
	slices.SortStableFunc(choices, func(a, b choice) int { return int(a.index - b.index) })
	for _, c := range choices {
		e.reasons, e.texts = append(e.reasons, c.reason), append(e.texts, c.text)
	}
	return e
}

// text joins the texts of a message.
func (o *oracle) text(message object) string {
	if role := str(message["role"]); role == "tool" || role == "function" {
		o.unclear = true
	}
	all := str(message["content"])
	for _, v := range elements(message["content"]) {
		switch part := members(v); part["type"] {
		case "text", "input_text", "output_text":
			all += str(part["text"])
		}
	}
	return all
}

// stream reads the events of a stream.
func (o *oracle) stream(events [][]byte) expectation {
	type choice struct{ reason, text string }
	e := expectation{input: -1, output: -1, total: -1, reasoning: -1}
	choices := map[int64]choice{}
	for _, data := range events {
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) {
			break
		}
		event := members(o.document(data))
		if e.id == "" {
			e.id = str(event["id"])
		}
		if e.model == "" {
			e.model = str(event["model"])
		}
		e.failed = e.failed || o.saysError(event)
		usages := []any{event["usage"], members(event["x_groq"])["usage"]}
		for position, v := range elements(event["choices"]) {
			c, ok := v.(object)
			if !ok {
				continue
			}
			index := o.index(c, int64(position))
			if index < 0 || index >= 1024 {
				continue
			}
			usages = append(usages, c["usage"])
			known := choices[index]
			if reason := o.reason(c["finish_reason"]); reason != "" {
				known.reason = reason
			}
			content := members(c["delta"])["content"]
			o.unclear = o.unclear || elements(content) != nil
			known.text += str(content)
			choices[index] = known
		}
		o.usages(&e, usages)
	}
	for index := range int64(1024) {
		if c, ok := choices[index]; ok {
			e.reasons, e.texts = append(e.reasons, c.reason), append(e.texts, c.text)
		}
	}
	return e
}
