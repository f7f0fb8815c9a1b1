package main

import (
	"fmt"
	"slices"
	"strings"
)

// typePhrases are the types of the registry in words.
var typePhrases = map[string]string{
	"string":           "a string",
	"int":              "an int",
	"double":           "a double",
	"boolean":          "a bool",
	"string[]":         "a list of strings",
	"any":              "a structured value or its JSON text",
	"template[string]": "a string",
}

// levels are the requirement levels of the registry, strongest first.
var levels = []struct{ id, phrase string }{
	{"required", "required"},
	{"conditionally_required", "conditionally required"},
	{"recommended", "recommended"},
	{"opt_in", "opt-in"},
}

// keyComment describes a key by the facts of the registry, one sentence a line:
// type, values, where it is used and what to beware of.
func keyComment(reg *registry, a attribute, constant, base string) []string {
	subject := fmt.Sprintf("%s is %s, ", constant, a.Key)
	if a.Template {
		subject = fmt.Sprintf("%s starts the keys %s.<name>, each ", constant, a.Key)
	}
	kind := typePhrases[a.Type]
	if old, ok := a.TypeOverrides[v141]; ok {
		kind += fmt.Sprintf(" (%s in profile %s)", typePhrases[old], v141)
	}
	if values, _ := a.values(); len(values) > 0 {
		kind += fmt.Sprintf("; for its values see %s*", base)
	}
	lines := []string{subject + kind + "."}

	p := reg.profileOf(a)
	spans, entities := spanUsage(p, a.Key), entityUsage(p, a.Key)
	events, metrics := signalUsage(p.Events, a.Key), signalUsage(p.Metrics, a.Key)
	if spans.empty() {
		lines = append(lines, events.sentence("Events")...)
		lines = append(lines, metrics.sentence("Metrics")...)
		lines = append(lines, entities.sentence("Resource entities")...)
	} else {
		lines = append(lines, spans.sentence("Spans")...)
		lines = append(lines, alsoSentence(events, metrics)...)
	}
	if spans.samplingRelevant {
		lines = append(lines, "Sampling relevant: passed to Tracer.Start when known.")
	}
	if a.Content {
		lines = append(lines, "Content: recorded only where the capture policy allows it.")
	} else if a.Sensitive {
		lines = append(lines, "Sensitive: may hold private data.")
	}
	return append(lines, originSentence(a)...)
}

// originSentence says which profile has a, unless both do, or that it is a core key.
func originSentence(a attribute) []string {
	switch {
	case a.external():
		return []string{fmt.Sprintf("Core conventions, %s.", strings.ReplaceAll(a.Stability, "_", " "))}
	case !a.in(v141):
		return []string{"Profile latest only."}
	case !a.in(latest) && a.Deprecated != nil && a.Deprecated.ReplacedBy != "":
		return []string{fmt.Sprintf("Profile v1.41 only; latest has %s.", a.Deprecated.ReplacedBy)}
	case !a.in(latest):
		return []string{"Profile v1.41 only."}
	}
	return nil
}

// usage says where a key is used: for each level the signals that want it there.
type usage struct {
	signals          map[string][]string // by level
	conditions       map[string][]string // by level, parallel to signals
	samplingRelevant bool
}

func (u *usage) add(signal string, r requirement) {
	if u.empty() {
		u.signals, u.conditions = map[string][]string{}, map[string][]string{}
	}
	u.signals[r.Level] = append(u.signals[r.Level], signal)
	u.conditions[r.Level] = append(u.conditions[r.Level], r.Condition)
	u.samplingRelevant = u.samplingRelevant || r.SamplingRelevant
}

func (u *usage) empty() bool { return len(u.signals) == 0 }

// condition returns the condition that all signals of a level share, or "".
func (u *usage) condition(level string) string {
	conditions := slices.Compact(slices.Clone(u.conditions[level]))
	if len(conditions) != 1 {
		return ""
	}
	return strings.NewReplacer(" (", ", ", ")", "").Replace(conditions[0]) // it is put in parentheses
}

// sentence puts u into words, for example
// "Spans: required on gen_ai.client.inference; recommended on mcp.client."
// There is none when the key is not used.
func (u *usage) sentence(kind string) []string {
	var parts []string
	for _, level := range levels {
		signals := u.signals[level.id]
		if len(signals) == 0 {
			continue
		}
		part := level.phrase
		if c := u.condition(level.id); c != "" {
			part += " (" + c + ")"
		}
		parts = append(parts, part+" on "+enumerate(signals))
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{kind + ": " + strings.Join(parts, "; ") + "."}
}

// all returns the signals of every level.
func (u *usage) all() []string {
	var all []string
	for _, level := range levels {
		all = append(all, u.signals[level.id]...)
	}
	return all
}

// alsoSentence names the events and metrics of a key whose levels on spans have
// been told; there they are much the same.
func alsoSentence(events, metrics usage) []string {
	var parts []string
	if !events.empty() {
		parts = append(parts, "events: "+enumerate(events.all()))
	}
	if !metrics.empty() {
		parts = append(parts, "metrics: "+enumerate(metrics.all()))
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"Also on " + strings.Join(parts, "; ") + "."}
}

// spanUsage collects the span types with key. A provider's variant counts only
// where it differs from its base.
func spanUsage(p profile, key string) (u usage) {
	levelOn := map[string]string{} // by span type
	for _, s := range p.Spans {
		for _, r := range s.Attributes {
			if r.Key != key {
				continue
			}
			levelOn[s.ID] = r.Level
			if s.Refines == "" || levelOn[s.Refines] != r.Level {
				u.add(s.ID, r)
			}
		}
	}
	return u
}

// signalUsage collects the events or metrics with key.
func signalUsage(signals []signal, key string) (u usage) {
	for _, s := range signals {
		for _, r := range slices.Concat(s.Attributes, s.OpenAIAttributes) {
			if r.Key == key {
				u.add(s.Name, r)
			}
		}
	}
	return u
}

// entityUsage collects the entities whose resource attributes include key.
func entityUsage(p profile, key string) (u usage) {
	for _, e := range p.Entities {
		for _, r := range slices.Concat(e.Identity, e.Description) {
			if r.Key == key {
				u.add(e.Type, r)
			}
		}
	}
	return u
}

// enumerate joins names and cuts a list of more than three to its first two.
func enumerate(names []string) string {
	switch n := len(names); n {
	case 1:
		return names[0]
	case 2, 3:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	default:
		return fmt.Sprintf("%s, %s and %d more", names[0], names[1], n-2)
	}
}

// writeComment writes each line as a comment, wrapped at 80 columns.
func writeComment(b *strings.Builder, lines ...string) {
	const width = 80
	for _, text := range lines {
		line := "//"
		for word := range strings.FieldsSeq(text) {
			if len(line)+1+len(word) > width {
				b.WriteString(line + "\n")
				line = "//"
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
}
