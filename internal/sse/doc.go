// Package sse decodes Server-Sent Events out of bytes that pass by.
//
// A streamed answer goes from the provider to the program that asked for it. Whoever observes it sees the bytes that each
// Read happens to return, must not hold them back, and must not keep them, since they belong to the reader. A [Decoder] is
// fed such pieces and calls back once for each event, at the moment its last byte has come:
//
//	var d sse.Decoder
//	n, err := body.Read(p)
//	d.Write(p[:n], onEvent)
//	if err != nil {
//		d.Flush(onEvent)
//	}
//
// An event that lies whole in one piece, which is the rule, is neither copied nor costs it an allocation. Of other events the
// part that has come is kept, up to a bound.
//
// The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html, apart from what [Decoder.Flush]
// says of the end. The names and the data of events have no meaning here: the package knows no protocol of a provider and
// no telemetry.
package sse
