// Package faultyotlp is a backend for tests that takes spans over OTLP/HTTP and fails as
// backends, gateways and networks do.
//
// A [Server] plays one [Fault] per request: those of its script in turn, then its default,
// which is to accept. It keeps account of every span id that it stored and of every request
// as it arrived, so that a test can compare what an exporter claims with what came:
//
//	backend := faultyotlp.Start(t)
//	backend.Script(faultyotlp.Status(503).RetryAfter("2"), faultyotlp.Reset())
//	// ... export to backend.URL ...
//	backend.Arrived() // how often each span was stored
//
// A server listens on the loopback interface or, with [InMemory], on a network of pipes that
// works inside a testing/synctest bubble; [Transport] reaches both. It speaks HTTP/1 and
// takes protobuf and JSON, gzip'd or not.
//
// The package is a test helper; nothing outside tests imports it, and it imports nothing of
// the code that it judges.
package faultyotlp
