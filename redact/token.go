package redact

import "strings"

// JWT finds JSON web tokens in their compact form (RFC 7519): header, claims and,
// unless it is unsecured, signature.
func JWT() Detector { return Detector{"jwt", nextJWT} }

// jwtBegin is how an object begins in base64, and so both header and claims.
const jwtBegin = "eyJ"

func nextJWT(text string, from int) (begin, end int) {
	for at := from; ; at++ {
		n := strings.Index(text[at:], jwtBegin)
		if n < 0 {
			return -1, -1
		}
		at += n
		if at > 0 && isOfToken(text[at-1]) { // or the search would take quadratic time
			continue
		}
		header := endOfToken(text, at)
		if !strings.HasPrefix(text[header:], "."+jwtBegin) {
			continue
		}
		claims := endOfToken(text, header+1)
		if claims == len(text) || text[claims] != '.' {
			continue
		}
		return at, endOfToken(text, claims+1)
	}
}

// PEM finds private keys, certificates and whatever else stands between BEGIN and END
// (RFC 7468). One without an end reaches to the end of the text.
func PEM() Detector { return Detector{"pem", nextPEM} }

func nextPEM(text string, from int) (begin, end int) {
	const opening, closing, dashes = "-----BEGIN ", "-----END ", "-----"
	n := strings.Index(text[from:], opening)
	if n < 0 {
		return -1, -1
	}
	begin = from + n
	n = strings.Index(text[begin:], closing)
	if n < 0 {
		return begin, len(text)
	}
	end = begin + n + len(closing)
	if n = strings.Index(text[end:], dashes); n < 0 {
		return begin, len(text)
	}
	return begin, end + n + len(dashes)
}
