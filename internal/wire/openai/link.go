package openai

import (
	"net/url"
	"strings"

	"github.com/genotel/genotel/otelgenai/record"
)

// linkOf describes a picture or a file by its address, or by its bytes where the
// address has them.
func linkOf(address string) record.Media {
	if media, ok := dataURL(address); ok {
		return media
	}
	return record.Media{URI: plainLink(address)}
}

// plainLink is an address without what may let anybody fetch what is private:
// without user information, without a fragment, and without a query of which not
// every member is known to be harmless.
func plainLink(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, query, asked := strings.Cut(address, "?")
	address = withoutUser(address)
	if asked && isHarmless(query) {
		return address + "?" + query
	}
	return address
}

// withoutUser drops what stands before the host.
func withoutUser(address string) string {
	scheme := ""
	if at := strings.Index(address, "//"); at >= 0 {
		scheme, address = address[:at+len("//")], address[at+len("//"):]
	}
	host, path := address, ""
	if at := strings.IndexAny(address, `/\`); at >= 0 {
		host, path = address[:at], address[at:]
	}
	return scheme + host[strings.LastIndexByte(host, '@')+1:] + path
}

// maxQueryValue is the length up to which a value of a query says which page, and
// is no secret, in bytes.
const maxQueryValue = 20

// isHarmless reports whether a query has nothing but members that choose a page or
// a size, or say where a reader came from. No list can name all the members that
// hold signatures.
func isHarmless(query string) bool {
	members, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for name, values := range members {
		if !isHarmlessName(strings.ToLower(name)) {
			return false
		}
		for _, value := range values {
			if value != "" && (len(value) > maxQueryValue || !isIdentifier(value)) {
				return false
			}
		}
	}
	return true
}

func isHarmlessName(name string) bool {
	switch name {
	case "id", "v", "p", "page", "item", "article", "articleid", "lang", "locale", "hl", "gl", "t", "start", "ref", "src",
		"w", "h", "width", "height", "size", "dpr", "fit", "crop", "format", "fm", "quality", "auto", "alt", "version":
		return true
	default:
		return strings.HasPrefix(name, "utm_")
	}
}

// isLink reports whether a text is an address and nothing else.
func isLink(value string) bool {
	scheme, rest, found := strings.Cut(value, "://")
	return found && isIdentifier(scheme) && rest != "" &&
		!strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' })
}
