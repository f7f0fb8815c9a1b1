package openai_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/wire/openai"
	"github.com/genotel/genotel/otelgenai/record"
)

// creating returns the decoders of calls that create a response, fetching those
// of calls that fetch one, of a client with a memory.
func creating(b *openai.Background) func(*record.Call) *openai.Responses {
	return func(call *record.Call) *openai.Responses {
		r := openai.NewResponses(call)
		r.Background = b
		return r
	}
}

func fetching(b *openai.Background) func(*record.Call) *openai.Stored {
	return func(call *record.Call) *openai.Stored {
		r := openai.NewStored(call)
		r.Background = b
		return r
	}
}

// counts reports whether a fetch of a response is the one that counts its tokens.
func counts(b *openai.Background, response string) bool {
	call, _ := exchanged(fetching(b), "", response)
	return !call.UsageCounted
}

const unfinished = `{"id":"resp_1","status":"queued","output":[],"usage":null}`

func TestTheTokensOfAResponseInTheBackgroundAreCountedByTheFirstWhoFetchesItDone(t *testing.T) {
	b := new(openai.Background)
	assert.False(t, counts(b, wholeResponse), "nobody knows who created it")
	exchanged(creating(b), `{"background":true}`, unfinished)
	exchanged(creating(b), `{"background":true}`, unfinished)
	assert.False(t, counts(b, unfinished))
	assert.False(t, counts(b, strings.Replace(unfinished, "queued", "in_progress", 1)))
	assert.False(t, counts(b, `{"id":"resp_1","status":"cancelled","usage":null}`), "no tokens yet") //nolint:misspell // as the protocol spells it
	assert.False(t, counts(b, `{"id":"resp_1","status":"completed","usage":{"input_tokens":1`), "it is cut")
	assert.False(t, counts(b, strings.Replace(wholeResponse, `"resp_1"`, `"resp_2"`, 1)), "another one")
	assert.False(t, counts(new(openai.Background), wholeResponse), "another client")
	assert.True(t, counts(b, wholeResponse))
	assert.False(t, counts(b, wholeResponse), "again")
	assert.False(t, counts(nil, wholeResponse))
}

func TestAResponseThatWasToldWholeIsNotCountedWhenItIsFetched(t *testing.T) {
	b := new(openai.Background)
	exchanged(creating(b), `{}`, wholeResponse)
	assert.False(t, counts(b, wholeResponse))
	exchangedEvents(creating(b), `{"stream":true}`, created, ending("completed", wholeResponse))
	assert.False(t, counts(b, wholeResponse))
	exchanged(fetching(b), "", unfinished)
	assert.False(t, counts(b, wholeResponse), "to fetch is not to create")
}

func TestAResponseOfWhichTheStreamWasCutIsCountedWhenItIsFetched(t *testing.T) {
	b := new(openai.Background)
	exchangedEvents(creating(b), `{"stream":true}`, created, fragment("output_text", 0, "Hel"))
	call, complete := exchangedEvents(fetching(b), `{"stream":true}`, ending("completed", wholeResponse))
	assert.True(t, complete)
	assert.False(t, call.UsageCounted)
}

func TestTheMemoryOfResponsesIsBoundedAndForgetsTheOldest(t *testing.T) {
	b := new(openai.Background)
	for i := range 1025 {
		exchanged(creating(b), `{}`, fmt.Sprintf(`{"id":"resp_%d","status":"queued"}`, i))
	}
	exchanged(creating(b), `{}`, `{"id":"`+strings.Repeat("x", 600)+`","status":"queued"}`)
	exchanged(creating(b), `{}`, `{"status":"queued"}`)
	done := func(id string) string {
		return `{"id":"` + id + `","status":"completed","output":[],"usage":{"input_tokens":1}}`
	}
	assert.False(t, counts(b, done("resp_0")))
	assert.False(t, counts(b, done(strings.Repeat("x", 600))))
	assert.False(t, counts(b, done("")))
	assert.True(t, counts(b, done("resp_1")))
	assert.True(t, counts(b, done("resp_1024")))
}

func TestOfManyWhoFetchAtOnceOneCounts(t *testing.T) {
	b := new(openai.Background)
	exchanged(creating(b), `{}`, unfinished)
	var counted atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if counts(b, wholeResponse) {
				counted.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(1), counted.Load())
}
