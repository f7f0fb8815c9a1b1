package openai

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// maxBackground bounds the responses that are remembered; the oldest is forgotten
// first, and its tokens are then counted nowhere.
const maxBackground = 1024

// Background remembers the responses whose creation ended before their tokens were
// known: made in the background, or of which the stream was cut. The first of those
// who fetch such a response when it is done is to count its tokens. What was created
// by another client is not in it, so that of several programs that fetch the same
// response none counts what another one has. It is safe for concurrent use, and nil
// remembers nothing.
type Background struct {
	mu  sync.Mutex
	ids []string // guarded by mu, the oldest first
}

// began notes a response whose tokens are not known yet.
func (b *Background) began(id string) {
	if b == nil || id == "" || len(id) > maxIdentity-utf8.UTFMax { // it may be cut
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.ids, id) {
		return
	}
	if len(b.ids) == maxBackground {
		b.ids = slices.Delete(b.ids, 0, 1)
	}
	b.ids = append(b.ids, id)
}

// take forgets a response and reports whether it was remembered.
func (b *Background) take(id string) bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(b.ids, id)
	if at < 0 {
		return false
	}
	b.ids = slices.Delete(b.ids, at, at+1)
	return true
}
