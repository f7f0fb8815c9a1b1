package dialect

import (
	"cmp"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv/openinference"
)

// flatMessages appends messages in OpenInference's form: one attribute for each member of
// each message. An image is its URL; what else is not text is described in words, as in
// OpenAI's form.
type flatMessages struct {
	attributes []attribute.KeyValue
	list       attribute.Key
	count      int
}

// append has a message of its own for each tool result, as OpenInference does.
func (f *flatMessages) append(m *record.Message) {
	role := toolRole(m)
	for _, part := range m.Parts {
		if result, ok := part.(record.ToolResult); ok {
			f.toolResult(role, result)
		}
	}
	if isToolMessage(m) {
		return
	}
	before := len(f.attributes)
	f.optional(openinference.MessageRoleKey, m.Role)
	f.optional(openinference.MessageNameKey, m.Name)
	f.contents(flatContents(m.Parts))
	f.toolCalls(m.Parts)
	if len(f.attributes) > before { // an index without members would be a hole in the list
		f.count++
	}
}

func (f *flatMessages) toolResult(role string, result record.ToolResult) {
	f.set(openinference.MessageRoleKey, role)
	f.optional(openinference.MessageToolCallIDKey, result.ID)
	f.optional(openinference.MessageNameKey, result.Name)
	f.set(openinference.MessageContentKey, result.Content)
	f.count++
}

// contents writes a lone text as the content of the message, which is how most readers
// expect it.
func (f *flatMessages) contents(parts []flatContent) {
	if len(parts) == 1 && parts[0].kind == openinference.ContentTypeText {
		f.set(openinference.MessageContentKey, parts[0].text)
		return
	}
	for i, p := range parts {
		at := func(member attribute.Key) attribute.Key {
			return openinference.Indexed(openinference.MessageContentsKey, i, member)
		}
		f.set(at(openinference.MessageContentTypeKey), p.kind)
		switch p.kind {
		case openinference.ContentTypeImage:
			f.set(at(openinference.MessageContentImageURLKey), p.url)
		case openinference.ContentTypeAudio:
			f.set(at(openinference.MessageContentAudioURLKey), p.url)
			f.optional(at(openinference.MessageContentAudioMIMETypeKey), p.mimeType)
			f.optional(at(openinference.MessageContentAudioTranscriptKey), p.text)
		default:
			f.set(at(openinference.MessageContentTextKey), p.text)
		}
	}
}

func (f *flatMessages) toolCalls(parts []record.Part) {
	count := 0
	for _, part := range parts {
		call, ok := part.(record.ToolCall)
		if !ok {
			continue
		}
		at := func(member attribute.Key) attribute.Key {
			return openinference.Indexed(openinference.MessageToolCallsKey, count, member)
		}
		f.optional(at(openinference.ToolCallIDKey), call.ID)
		f.set(at(openinference.ToolCallFunctionNameKey), call.Name)
		f.set(at(openinference.ToolCallFunctionArgumentsKey), call.Arguments)
		count++
	}
}

// set writes a member of the message that is being written.
func (f *flatMessages) set(member attribute.Key, value string) {
	f.attributes = append(f.attributes, openinference.Indexed(f.list, f.count, member).String(value))
}

func (f *flatMessages) optional(member attribute.Key, value string) {
	if value != "" {
		f.set(member, value)
	}
}

// flatContent is one content of a message.
type flatContent struct {
	kind          string // one of OpenInference's types
	text          string // or the transcript of a sound
	url, mimeType string
}

// flatContents leaves out what a message has elsewhere, and what providers send beside
// the content, for which OpenInference has no place.
func flatContents(parts []record.Part) (contents []flatContent) {
	for _, part := range parts {
		if content := flatContentOf(part); content.kind != "" {
			contents = append(contents, content)
		}
	}
	return contents
}

func flatContentOf(part record.Part) flatContent {
	switch p := part.(type) {
	case record.Text:
		return flatText(p.Content)
	case record.Refusal:
		return flatText(p.Content)
	case record.Reasoning:
		return flatContent{kind: openinference.ContentTypeReasoning, text: p.Content}
	case record.Image:
		if isLink(p.URI) {
			return flatContent{kind: openinference.ContentTypeImage, url: p.URI}
		}
		return flatMedia(cmp.Or(uploadKinds[p.Field], "image"), &p.Media, p.Name)
	case record.Audio:
		if isLink(p.URI) {
			return flatContent{kind: openinference.ContentTypeAudio, url: p.URI, mimeType: p.MIMEType, text: p.Transcript}
		}
		return flatMedia("audio", &p.Media, cmp.Or(p.Transcript, p.Name))
	case record.File:
		return flatMedia("file", &p.Media, p.Name)
	case record.ServerToolCall:
		return flatText(serverToolText(p.Type, p.Content))
	case record.ServerToolResult:
		return flatText(serverToolText(p.Type+" result", p.Content))
	case record.Generic:
		if !p.Beside {
			return flatText(p.JSON)
		}
	}
	return flatContent{}
}

func flatText(text string) flatContent {
	return flatContent{kind: openinference.ContentTypeText, text: text}
}

func flatMedia(modality string, m *record.Media, text string) flatContent {
	return flatText(mediaText(modality, m, text))
}
