package openai

import (
	"strings"

	"github.com/genotel/genotel/internal/jsonappend"
	"github.com/genotel/genotel/internal/jsonscan"
)

// plain writes the next value as JSON that may be kept: bytes in data URLs are
// replaced by their description, addresses lose their secrets, and members that
// hold secrets or nothing readable are left out.
func plain(s *jsonscan.Scanner, w *jsonappend.Writer) {
	switch s.Kind() {
	case jsonscan.Object:
		w.Object()
		members(s, func(key []byte) bool {
			if isOpaque(string(key)) {
				return false
			}
			w.Key(string(key))
			if isEncoded(string(key)) && s.Kind() == jsonscan.String {
				encoded, _ := s.Text()
				writeDescription(w, "", describe(encoded))
				return true
			}
			plain(s, w)
			return true
		})
		w.EndObject()
	case jsonscan.Array:
		w.Array()
		for ok := s.Array(); ok && s.Element(); {
			if s.Kind() == jsonscan.Invalid { // the end of JSON that is cut
				break
			}
			plain(s, w)
		}
		w.EndArray()
	case jsonscan.String:
		value, _ := s.Text()
		switch {
		case isBase64URL(value):
			media, _ := dataURL(value)
			writeDescription(w, media.MIMEType, media.Blob)
		case looksEncoded(value):
			writeDescription(w, "", describe(value))
		case isLink(strings.TrimSpace(value)):
			w.String(plainLink(strings.TrimSpace(value)))
		default:
			w.String(value)
		}
	default:
		plainLiteral(s, w)
	}
}

// plainLiteral writes a number, true, false or null.
func plainLiteral(s *jsonscan.Scanner, w *jsonappend.Writer) {
	if raw := s.Raw(); raw != nil {
		w.Raw(raw)
		return
	}
	w.Null()
}

// isOpaque names the members that are never kept: what a client gives to a remote
// tool server, and the provider's own encrypted state.
func isOpaque(key string) bool {
	switch key {
	case "authorization", "headers", "server_url", "domain_secrets", "encrypted_content", "fingerprint":
		return true
	default:
		return false
	}
}

// isEncoded names the members that hold bytes in base64.
func isEncoded(key string) bool {
	switch key {
	case "file_data", "b64_json", "partial_image_b64":
		return true
	default:
		return false
	}
}

// minEncoded is the length from which text without a single blank or sign outside
// of base64's is taken for bytes.
const minEncoded = 512

func looksEncoded(value string) bool {
	if len(value) < minEncoded {
		return false
	}
	for _, c := range []byte(value) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '+', c == '/', c == '=', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// plainText is the next value as text: a string as it is, anything else as plain
// JSON.
func plainText(s *jsonscan.Scanner, b *budget) string {
	switch s.Kind() {
	case jsonscan.String:
		return b.text(s)
	case jsonscan.Null, jsonscan.Invalid:
		s.Skip()
		return ""
	default:
		return plainJSON(s, b)
	}
}

// plainJSON is the next value as plain JSON.
func plainJSON(s *jsonscan.Scanner, b *budget) string {
	var w jsonappend.Writer
	plain(s, &w)
	return b.take(validText(w.Bytes()))
}
