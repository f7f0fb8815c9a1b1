package openai

import (
	"bytes"

	"github.com/genotel/genotel/internal/jsonscan"
	"github.com/genotel/genotel/internal/runes"
)

// keeper bounds the content that is held of a stream.
type keeper struct {
	// kept counts the bytes of content held; cut is set when there was no room
	// for more.
	kept int
	cut  bool
}

// append consumes a text and adds it to into, and reports whether it was more
// than nothing.
func (k *keeper) append(s *jsonscan.Scanner, into *[]byte, content bool) bool {
	if s.Kind() != jsonscan.String {
		s.Skip()
		return false
	}
	if !content || k.kept >= maxContent {
		some := someText(s)
		k.cut = k.cut || content && some
		return some
	}
	before := len(*into)
	*into, _ = s.TextBytes(*into)
	added := len(*into) - before
	k.keepWithin(into, before)
	return added > 0
}

// name consumes an identifier and keeps the first one that is not empty, for
// streams repeat it. It reports whether it was more than nothing.
func (k *keeper) name(s *jsonscan.Scanner, into *string, content bool) bool {
	if !content || *into != "" || s.Kind() != jsonscan.String {
		return someText(s)
	}
	name, _ := s.Text()
	k.cut = k.cut || len(name) > maxIdentity
	if name = runes.Clip(name, maxIdentity); len(name) > maxContent-k.kept {
		k.cut = true
		return true
	}
	*into = name
	k.kept += len(name)
	return name != ""
}

func (k *keeper) keep(into *[]byte, text string, content bool) {
	if !content {
		return
	}
	before := len(*into)
	*into = append(*into, text...)
	k.keepWithin(into, before)
}

// replace keeps JSON in the place of what into held, or nothing when there is no
// room. What comes with every chunk is mostly the same.
func (k *keeper) replace(into *[]byte, raw []byte, content bool) {
	if !content || bytes.Equal(*into, raw) || !hasAny(raw) {
		return
	}
	k.kept -= len(*into)
	*into = (*into)[:0]
	if len(raw) > maxContent-k.kept {
		k.cut = true
		return
	}
	*into = append(*into, raw...)
	k.kept += len(raw)
}

// extend consumes a list and adds the JSON of its elements to into, separated by
// commas.
func (k *keeper) extend(s *jsonscan.Scanner, into *[]byte, content bool) {
	for ok := s.Array(); ok && s.Element(); {
		raw := s.Raw()
		if !content || raw == nil {
			continue
		}
		if len(raw)+len(",") > maxContent-k.kept {
			k.cut = true
			continue
		}
		before := len(*into)
		*into = appendElement(*into, raw)
		k.kept += len(*into) - before
	}
}

// keepWithin accounts for what was added to into and takes back what exceeds the
// bound, on a rune boundary. After that there is no room for anything, so that
// what is kept has no gap.
func (k *keeper) keepWithin(into *[]byte, before int) {
	end := len(*into)
	room := maxContent - k.kept
	if end-before <= room {
		k.kept += end - before
		return
	}
	*into = (*into)[:before+runes.Fit((*into)[before:], room)]
	k.kept, k.cut = maxContent, true
}
