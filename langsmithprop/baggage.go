package langsmithprop

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/genotel/genotel/semconv/langsmith"
)

// Bounds of what is read and written. What goes beyond them is left out, not cut.
const (
	// maxBaggageBytes is W3C's bound of the header; of a longer one nothing is read.
	maxBaggageBytes = 8192
	// maxItemBytes bounds one item as it is encoded.
	maxItemBytes = 4096

	maxTextBytes     = 256 // of a project or a tag
	maxTags          = 32
	maxMetadata      = 32
	maxMetadataBytes = 128 // of a name
)

// parseItems reads LangSmith's items of a baggage header. Other items, blanks and what has no
// value are skipped; of two with one name the last one counts.
func parseItems(header string) Items {
	var items Items
	if len(header) > maxBaggageBytes {
		return items
	}
	for item := range strings.SplitSeq(header, ",") {
		name, value := parseItem(item)
		switch name {
		case langsmith.BaggageProject:
			items.Project = boundedText(value)
		case langsmith.BaggageTags:
			items.Tags = parseTags(value)
		case langsmith.BaggageMetadata:
			items.Metadata = parseMetadata(value)
		}
	}
	return items
}

// parseItem returns an empty value where there is none that can be read. Properties, which
// W3C allows behind a semicolon, are not LangSmith's.
func parseItem(item string) (name, value string) {
	name, value, _ = strings.Cut(item, "=")
	name = strings.TrimSpace(name)
	if len(value) > maxItemBytes || !strings.HasPrefix(name, langsmith.BaggageNamespace) {
		return name, ""
	}
	value, _, _ = strings.Cut(value, ";")
	value, err := url.PathUnescape(strings.TrimSpace(value))
	if err != nil || !utf8.ValidString(value) {
		return name, ""
	}
	return name, value
}

func boundedText(s string) string {
	if s = strings.TrimSpace(s); len(s) > maxTextBytes {
		return ""
	}
	return s
}

func parseTags(list string) []string {
	var tags []string
	for tag := range strings.SplitSeq(list, ",") {
		if tag = boundedText(tag); tag != "" && len(tags) < maxTags {
			tags = append(tags, tag)
		}
	}
	return tags
}

// parseMetadata returns nil for what is no JSON object or has too many members.
func parseMetadata(object string) map[string]any {
	if !json.Valid([]byte(object)) { // a Decoder takes what stands behind the object as well
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(object))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil || len(members) > maxMetadata {
		return nil
	}
	for name, member := range members {
		if !isTakenOver(name) || member == nil {
			delete(members, name)
			continue
		}
		members[name] = plain(member)
	}
	return members
}

// isTakenOver is false for what is about the calling run or its process alone. A model or a
// price of the caller would be counted once more here.
func isTakenOver(name string) bool {
	if name == "" || len(name) > maxMetadataBytes {
		return false
	}
	for _, prefix := range []string{"ls_", "LANGSMITH_", "LANGCHAIN_"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// plain makes an int64 or a float64 of each number.
func plain(member any) any {
	switch member := member.(type) {
	case []any:
		for i := range member {
			member[i] = plain(member[i])
		}
	case map[string]any:
		for name := range member {
			member[name] = plain(member[name])
		}
	case json.Number:
		if i, err := member.Int64(); err == nil {
			return i
		}
		if f, err := member.Float64(); err == nil {
			return f
		}
		return member.String()
	}
	return member
}

// withItems returns a baggage header with items in place of those of LangSmith that it had.
// An item that would make the header too long is left out.
func withItems(header string, items Items) string {
	var kept []string
	length := 0
	add := func(item string) {
		if len(item) <= maxItemBytes && length+len(item) < maxBaggageBytes {
			kept = append(kept, item)
			length += len(item) + 1
		}
	}
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item != "" && !strings.HasPrefix(item, langsmith.BaggageNamespace) {
			kept = append(kept, item) // the application's own, whatever its length
			length += len(item) + 1
		}
	}
	if project := boundedText(items.Project); project != "" {
		add(langsmith.BaggageProject + "=" + escaped(project))
	}
	if tags := sentTags(items.Tags); tags != "" {
		add(langsmith.BaggageTags + "=" + escaped(tags))
	}
	if metadata := sentMetadata(items.Metadata); metadata != "" {
		add(langsmith.BaggageMetadata + "=" + escaped(metadata))
	}
	return strings.Join(kept, ",")
}

func sentTags(tags []string) string {
	var sent []string
	for _, tag := range tags {
		if tag = boundedText(tag); tag != "" && len(sent) < maxTags && !strings.Contains(tag, ",") {
			sent = append(sent, tag)
		}
	}
	return strings.Join(sent, ",")
}

// sentMetadata is "" for what the receiver would not read.
func sentMetadata(metadata map[string]any) string {
	if len(metadata) == 0 || len(metadata) > maxMetadata {
		return ""
	}
	var object bytes.Buffer
	encoder := json.NewEncoder(&object)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(metadata); err != nil {
		return ""
	}
	return strings.TrimSpace(object.String())
}

// escaped leaves neither a comma nor an equals sign, at which LangSmith's SDKs split, nor a
// plus sign for a blank, which they would keep.
func escaped(s string) string {
	return strings.ReplaceAll(url.QueryEscape(strings.ToValidUTF8(s, "\uFFFD")), "+", "%20")
}
