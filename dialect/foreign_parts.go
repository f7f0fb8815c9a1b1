package dialect

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

// readParts reads the content of a message: a list of parts, one part, or a text.
func readParts(raw string) []record.Part {
	list, ok := elements(raw)
	if !ok {
		list = []string{raw}
	}
	var parts []record.Part
	for _, element := range list {
		if part := readPart(element); part != nil {
			parts = append(parts, part)
		}
	}
	return parts
}

// readPart returns nil for what says nothing.
func readPart(raw string) record.Part {
	m := members(raw)
	if m == nil {
		if text := jsonOrText(raw); text != "" {
			return record.Text{Content: text}
		}
		return nil
	}
	switch kind := str(m["type"]); kind {
	case "text", "input_text", "output_text", "":
		if text := firstString(m["content"], m["text"]); text != "" {
			return record.Text{Content: text}
		}
	case "reasoning", "thinking":
		if thought := firstString(m["content"], m["thinking"], m["text"]); thought != "" {
			return record.Reasoning{Content: thought}
		}
	case "refusal":
		return record.Refusal{Content: firstString(m["refusal"], m["content"])}
	case "tool_call", "tool_use", "function", "custom":
		if call := readToolCall(m); call.Name != "" {
			return call
		}
	case "tool_call_response", "tool_result":
		return record.ToolResult{
			ID: firstString(m["id"], m["tool_use_id"], m["tool_call_id"]), Name: str(m["name"]),
			Content: jsonOrText(cmp.Or(m["response"], m["result"], m["content"])),
		}
	case "server_tool_call":
		kind := cmp.Or(str(members(m[kind])["type"]), str(m["name"]))
		return record.ServerToolCall{ID: str(m["id"]), Name: str(m["name"]), Type: kind, Content: m["server_tool_call"]}
	case "server_tool_call_response":
		kind := cmp.Or(str(members(m[kind])["type"]), str(m["name"]))
		return record.ServerToolResult{ID: str(m["id"]), Type: kind, Content: m["server_tool_call_response"]}
	default:
		if part := readMedia(kind, m); part != nil {
			return part
		}
	}
	return record.Generic{Type: str(m["type"]), JSON: raw}
}

// readToolCall reads a call: that of the conventions, or one of OpenAI's or
// Anthropic's kinds.
func readToolCall(m map[string]string) record.ToolCall {
	call := record.ToolCall{ID: firstString(m["id"], m["call_id"]), Type: "function"}
	inner := m
	if custom := members(m["custom"]); custom != nil {
		call.Type, inner = "custom", custom
	} else if function := members(m["function"]); function != nil {
		inner = function
	}
	call.Name = str(inner["name"])
	call.Arguments = jsonOrText(cmp.Or(inner["arguments"], inner["input"]))
	return call
}

// readMedia returns nil for what is no media. Inline bytes become their description.
func readMedia(kind string, m map[string]string) record.Part {
	modality, detail := str(m["modality"]), ""
	media := record.Media{MIMEType: str(m["mime_type"])}
	switch kind {
	case "uri":
		media = located(media, str(m["uri"]))
	case "file":
		media.FileID = firstString(m["file_id"], members(m["file"])["file_id"])
	case "blob":
		media.Blob = describe(str(m["content"]))
	case blobType:
		media.Blob = &record.Blob{Bytes: int(numberOf(m["bytes"]).Or(0)), SHA256: str(m["sha256"])}
	case "image_url", "input_image":
		modality = "image"
		image := members(m["image_url"])
		detail = firstString(image["detail"], m["detail"])
		media = located(media, firstString(m["image_url"], image["url"]))
		media.FileID = str(m["file_id"])
	case "image":
		modality = "image"
		source := members(m["source"])
		media.MIMEType = cmp.Or(media.MIMEType, str(source["media_type"]))
		media = located(media, str(source["url"]))
		if data := str(source["data"]); data != "" {
			media.Blob = describe(data)
		}
	case "input_audio":
		modality = "audio"
		media.Blob = describe(str(members(m["input_audio"])["data"]))
	}
	if media.URI == "" && media.FileID == "" && media.Blob == nil {
		return nil
	}
	switch modality {
	case "image":
		return record.Image{Media: media, Detail: detail, Name: str(m["name"])}
	case "audio":
		return record.Audio{Media: media, Name: str(m["name"])}
	default:
		return record.File{Media: media, Name: str(m["name"])}
	}
}

// located sets where the bytes are: at an address, or in a data URL itself.
func located(media record.Media, uri string) record.Media {
	kind, data, inline := strings.Cut(uri, ";base64,")
	mime, isData := strings.CutPrefix(kind, "data:")
	if !inline || !isData {
		media.URI = uri
		return media
	}
	media.MIMEType = cmp.Or(media.MIMEType, mime)
	media.Blob = describe(data)
	return media
}

// describe returns what can be told of bytes in base64 without keeping them.
func describe(data string) *record.Blob {
	if data == "" {
		return nil
	}
	unpadded := strings.TrimRight(data, "=")
	digest := sha256.New()
	n, err := io.Copy(digest, base64.NewDecoder(base64.RawStdEncoding, strings.NewReader(unpadded)))
	if err != nil {
		return &record.Blob{Bytes: base64.RawStdEncoding.DecodedLen(len(unpadded))}
	}
	return &record.Blob{Bytes: int(n), SHA256: hex.EncodeToString(digest.Sum(nil))}
}

func numberOf(raw string) record.Opt[float64] {
	s := jsonscan.NewString(raw)
	if s.Kind() != jsonscan.Number {
		return record.Opt[float64]{}
	}
	n, ok := s.Float()
	if !ok {
		return record.Opt[float64]{}
	}
	return record.Some(n)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
