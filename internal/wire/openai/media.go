package openai

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"strings"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/otelgenai/record"
)

func readImage(s *jsonscan.Scanner, b *budget) record.Part {
	var image record.Image
	image.Media, image.Detail = readLink(s, b, "image_url")
	return image
}

// readDocument consumes a part with a URL that is no image's: documents of Mistral
// and videos.
func readDocument(s *jsonscan.Scanner, b *budget, kind string) record.Part {
	var file record.File
	file.Media, _ = readLink(s, b, kind)
	return file
}

// readLink consumes a part whose member of the given name is a URL, or an object
// with one.
func readLink(s *jsonscan.Scanner, b *budget, name string) (media record.Media, detail string) {
	members(s, func(key []byte) bool {
		if string(key) != name {
			return false
		}
		if s.Kind() == jsonscan.String { // Mistral's short form
			media = readURL(s, b)
			return true
		}
		members(s, func(key []byte) bool {
			switch string(key) {
			case "url":
				media = readURL(s, b)
			case "detail":
				b.name(s, &detail)
			default:
				return false
			}
			return true
		})
		return true
	})
	return media, detail
}

func readInputAudio(s *jsonscan.Scanner, b *budget) record.Part {
	var data, format string
	members(s, func(key []byte) bool {
		if string(key) != "input_audio" {
			return false
		}
		members(s, func(key []byte) bool {
			switch string(key) {
			case "data":
				data = payload(s)
			case "format":
				format = b.text(s)
			default:
				return false
			}
			return true
		})
		return true
	})
	return record.Audio{Media: record.Media{MIMEType: audioType(format), Blob: describe(data)}}
}

// readAudio consumes an assistant's audio: a reference in a request, data and
// transcript in an answer. It is nil when there is neither.
func readAudio(s *jsonscan.Scanner, b *budget) record.Part {
	var audio record.Audio
	members(s, func(key []byte) bool {
		switch string(key) {
		case "id":
			b.name(s, &audio.FileID)
		case "data":
			audio.Blob = describe(payload(s))
		case "transcript":
			audio.Transcript = b.text(s)
		default:
			return false
		}
		return true
	})
	if audio.Blob != nil {
		audio.FileID = ""
	}
	if audio == (record.Audio{}) {
		return nil
	}
	return audio
}

func readFile(s *jsonscan.Scanner, b *budget) record.Part {
	var file record.File
	members(s, func(key []byte) bool {
		if string(key) != "file" {
			return false
		}
		readFileMembers(s, b, &file)
		return true
	})
	return file
}

// readInputFile consumes a file in the form of responses, without an object of
// its own.
func readInputFile(s *jsonscan.Scanner, b *budget) record.Part {
	var file record.File
	readFileMembers(s, b, &file)
	return file
}

func readFileMembers(s *jsonscan.Scanner, b *budget, file *record.File) {
	members(s, func(key []byte) bool {
		switch string(key) {
		case "file_id":
			b.name(s, &file.FileID)
		case "filename":
			file.Name = b.text(s)
		case "file_url":
			if s.Kind() == jsonscan.String {
				link := readURL(s, b)
				file.URI, file.MIMEType, file.Blob = link.URI, link.MIMEType, link.Blob
				return true
			}
			return false
		case "file_data":
			data := payload(s)
			media, ok := dataURL(data)
			if !ok { // bare base64
				media.Blob = describe(data)
			}
			file.MIMEType, file.Blob = media.MIMEType, media.Blob
		default:
			return false
		}
		return true
	})
}

// readInputImage consumes an image in the form of responses: a URL or an upload.
func readInputImage(s *jsonscan.Scanner, b *budget) record.Part {
	var image record.Image
	members(s, func(key []byte) bool {
		switch string(key) {
		case "image_url":
			if s.Kind() != jsonscan.String {
				return false
			}
			link := readURL(s, b)
			image.URI, image.MIMEType, image.Blob = link.URI, link.MIMEType, link.Blob
		case "file_id":
			b.name(s, &image.FileID)
		case "detail":
			b.name(s, &image.Detail)
		default:
			return false
		}
		return true
	})
	return image
}

func audioType(format string) string {
	if !isMIMEType("audio/" + format) {
		return ""
	}
	return "audio/" + format
}

// readURL consumes a URL; a data URL becomes a description of its bytes.
func readURL(s *jsonscan.Scanner, b *budget) record.Media {
	media := linkOf(payload(s))
	media.URI = b.take(media.URI)
	return media
}

// dataURL describes the bytes in a data URL and reports whether it is one.
func dataURL(uri string) (media record.Media, ok bool) {
	const scheme = "data:"
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return record.Media{}, false
	}
	header, payload, found := strings.Cut(uri[len(scheme):], ",")
	if !found { // nothing that anybody could open
		return record.Media{Blob: describe(header)}, true
	}
	if mime, _, _ := strings.Cut(header, ";"); isMIMEType(mime) {
		media.MIMEType = mime
	}
	if strings.HasSuffix(strings.ToLower(header), ";base64") {
		media.Blob = describe(payload)
		return media, true
	}
	if plain, err := url.PathUnescape(payload); err == nil {
		payload = plain
	}
	if payload != "" {
		media.Blob = digest(strings.NewReader(payload))
	}
	return media, true
}

// isBase64URL reports whether text is a data URL of the usual kind, and no sentence
// or log that begins like one.
func isBase64URL(text string) bool {
	header, _, found := strings.Cut(text, ",")
	const scheme, encoding = "data:", ";base64"
	if !found || len(header) < len(scheme)+len(encoding) || len(header) > len(scheme)+maxMIMEType {
		return false
	}
	header = strings.ToLower(header)
	return strings.HasPrefix(header, scheme) && strings.HasSuffix(header, encoding) && !strings.ContainsAny(header, " \n")
}

// maxMIMEType bounds a media type, in bytes.
const maxMIMEType = 127

// isMIMEType reports whether text is a type and a subtype.
func isMIMEType(text string) bool {
	kind, subtype, found := strings.Cut(text, "/")
	return found && kind != "" && subtype != "" && len(text) <= maxMIMEType &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' || r == '"' })
}

// describe replaces base64 by a description of the bytes. What is not base64
// is described as it stands, and nothing has no description.
func describe(encoded string) *record.Blob {
	if encoded == "" {
		return nil
	}
	encoded = strings.TrimRight(encoded, "=")
	blob := digest(base64.NewDecoder(base64.RawStdEncoding, strings.NewReader(encoded)))
	if blob == nil {
		return digest(strings.NewReader(encoded))
	}
	return blob
}

func digest(r io.Reader) *record.Blob {
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	if err != nil {
		return nil
	}
	return &record.Blob{Bytes: int(n), SHA256: hex.EncodeToString(hash.Sum(nil))}
}
