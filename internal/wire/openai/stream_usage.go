package openai

import (
	"bytes"
	"slices"

	"github.com/genotel/genotel/internal/jsonscan"
)

// AskForUsage returns the body of a streamed request with
// stream_options.include_usage set, so that the provider ends the stream with a
// chunk that has the usage. It returns nil when there is nothing to change: the
// request is not streamed, it says itself whether it wants the usage, or it is not
// one JSON object with unique names. The body itself is left alone.
func AskForUsage(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"stream"`)) {
		return nil
	}
	var streamed, twice bool
	var options place
	s := jsonscan.New(body)
	if !s.Object() {
		return nil
	}
	first := s.Offset()
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		switch string(key) {
		case "stream":
			twice = twice || streamed
			streamed, _ = s.Bool()
		case "stream_options":
			twice = twice || options.end != 0
			raw := s.Raw()
			options = place{s.Offset() - len(raw), s.Offset()}
		default:
			s.Skip()
		}
	}
	switch {
	case !s.End() || !streamed || twice:
		return nil
	case options.end == 0:
		return insert(body, place{first, first}, `"stream_options":{"include_usage":true},`)
	case string(body[options.begin:options.end]) == "null":
		return insert(body, options, `{"include_usage":true}`)
	}
	return askInOptions(body, options)
}

// askInOptions does so in stream options that are there.
func askInOptions(body []byte, options place) []byte {
	s := jsonscan.New(body[options.begin:options.end])
	if !s.Object() {
		return nil
	}
	first := options.begin + s.Offset()
	more := ""
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		if string(key) == "include_usage" {
			return nil
		}
		more = ","
		s.Skip()
	}
	return insert(body, place{first, first}, `"include_usage":true`+more)
}

// place is a part of a text.
type place struct{ begin, end int }

// insert returns a copy of body with text instead of what was at a place.
func insert(body []byte, at place, text string) []byte {
	return slices.Concat(body[:at.begin], []byte(text), body[at.end:])
}
