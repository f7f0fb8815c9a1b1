// Package clienttest judges the tracing of a client: it runs a program against a
// provider on loopback once without tracing and once with it, compares all that
// the program and the provider saw, and looks at the spans.
//
// [Compare] does that for any program. [Test] is what every SDK for OpenAI's
// protocol has to pass, in all of its versions; it knows none of them.
package clienttest
