// Package oracle holds what the backend oracles below it share: a captured HTTP request, the decoding of its OTLP body
// and a loopback server that records requests.
//
// The oracles judge what the exporters of this module send. They were written from the documented and observed
// behavior of the backends, independent of the code under test: they import nothing else of this module and spell
// every attribute name out.
//
// The packages are test helpers; nothing outside tests imports them.
package oracle
