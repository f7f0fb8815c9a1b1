package otelgenai

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/internal/runes"
	"github.com/genotel/genotel/otelgenai/record"
)

// Bounds of what an application says of its work. It stands on every span.
const (
	maxLabel     = 512 // bytes of an id, of a value of metadata, and of all tags together
	maxLabelName = 128 // bytes
	maxMetadata  = 64  // names
	maxTags      = 32
)

// bounded is text of at most limit bytes in valid UTF-8.
func bounded(text string, limit int) string {
	return runes.Clip(strings.ToValidUTF8(runes.Clip(text, limit), "\uFFFD"), limit)
}

// withMetadata returns a copy of labels with those of more, which win.
func withMetadata(labels []record.Label, more map[string]any) []record.Label {
	merged := slices.Clone(labels)
	for _, name := range slices.Sorted(maps.Keys(more)) {
		value := labelValue(more[name])
		if name = bounded(name, maxLabelName); name != "" && value != nil {
			merged = setLabel(merged, record.Label{Name: name, Value: value})
		}
	}
	return merged
}

// mergedMetadata returns both, of which those of near win.
func mergedMetadata(far, near []record.Label) []record.Label {
	if len(far) == 0 || len(near) == 0 {
		return slices.Concat(far, near)
	}
	merged := slices.Clone(far)
	for _, label := range near {
		merged = setLabel(merged, label)
	}
	return merged
}

// setLabel changes labels, which the caller owns.
func setLabel(labels []record.Label, label record.Label) []record.Label {
	for i := range labels {
		if labels[i].Name == label.Name {
			labels[i] = label
			return labels
		}
	}
	if len(labels) == maxMetadata {
		return labels
	}
	return append(labels, label)
}

// labelValue returns the value as a record has it, nil when there is nothing to show.
func labelValue(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return bounded(v, maxLabel)
	case bool, int64:
		return v
	case int:
		return int64(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has no such numbers
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return v
	default:
		return jsonValue(v)
	}
}

// jsonValue is what JSON makes of a value: a scalar, or the JSON of a list or an object as
// text.
func jsonValue(value any) any {
	text := jsonText(value)
	if text == "" {
		return nil
	}
	return scalarOf(text)
}

// jsonText is the JSON of a value, or the text of an error. The value may have methods of
// its own, which may fail; what has no JSON is "".
func jsonText(value any) (text string) {
	guard.Do("reading metadata", func() {
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(false)
		if failure, ok := value.(error); ok {
			value = failure.Error()
		}
		if encoder.Encode(value) == nil {
			text = strings.TrimSpace(buffer.String())
		}
	})
	return text
}

// scalarOf reads a scalar of JSON. What is none stays as it is.
func scalarOf(text string) any {
	switch text[0] {
	case 'n':
		return nil
	case 't', 'f':
		return text[0] == 't'
	case '"':
		var s string
		_ = json.Unmarshal([]byte(text), &s) // the encoder wrote it
		return bounded(s, maxLabel)
	case '[', '{':
		return bounded(text, maxLabel)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, ".eE") {
		return f
	}
	return bounded(text, maxLabel) // a whole number beyond 64 bits
}

// withTags returns a copy of tags with those of more. A comma separates tags: they are
// stored as one text.
func withTags(tags, more []string) []string {
	merged := slices.Clone(tags)
	size := 0
	for _, tag := range tags {
		size += len(tag) + len(",")
	}
	for _, list := range more {
		for tag := range strings.SplitSeq(list, ",") {
			tag = strings.TrimSpace(bounded(tag, maxLabel))
			if tag == "" || slices.Contains(merged, tag) || len(merged) == maxTags || size+len(tag) > maxLabel {
				continue
			}
			merged = append(merged, tag)
			size += len(tag) + len(",")
		}
	}
	return merged
}
