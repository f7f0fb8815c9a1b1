package openai_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/wire"
	"github.com/genotel/genotel/otelgenai/record"
)

// exchanged decodes one call, content included.
func exchanged[E wire.Exchange](decoder func(*record.Call) E, request, response string) (call *record.Call, complete bool) {
	call = new(record.Call)
	exchange := decoder(call)
	exchange.Request([]byte(request), true)
	exchange.Response([]byte(response))
	complete = exchange.Finish()
	exchange.Content(call)
	return call, complete
}

// exchangedEvents decodes the events of a stream up to its end.
func exchangedEvents[E wire.Exchange](decoder func(*record.Call) E, request string, events ...string) (call *record.Call, complete bool) {
	call = new(record.Call)
	exchange := decoder(call)
	exchange.Request([]byte(request), true)
	for _, data := range events {
		buffer := []byte(data)
		progress := exchange.Event(buffer)
		clear(buffer) // it may be used again
		if progress.Has(wire.Done) {
			break
		}
	}
	complete = exchange.Finish()
	exchange.Content(call)
	return call, complete
}

// described is what a URL says.
func described(t *testing.T, describe func(*record.Call, *url.URL, []byte), address, body string) *record.Call {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	call := new(record.Call)
	describe(call, u, []byte(body))
	return call
}
