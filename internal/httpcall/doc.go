// Package httpcall follows one logical model call over HTTP: the attempts a
// client makes, the bodies that pass by, and the many ways in which it can end.
//
// It is the engine under every instrumentation of an HTTP client. Such a client
// offers a place where each attempt passes (a middleware, a RoundTripper); the
// instrumentation calls [Call.RoundTrip] there, and this package turns the
// attempts into one operation. The caller's request is never changed, the bytes
// of the response reach it as they came, and no failure of ours is one of its.
//
// The package knows no client and no provider protocol: what a body means is told
// by a decoder of package wire.
package httpcall
