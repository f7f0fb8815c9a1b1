// Package langtrace says what Langtrace makes of a captured OTLP request: whether it takes the request (the rules A),
// what of it survives (B), what its pages show (C), and whether the documented llm.* contract holds (D).
//
// It was written from the documented and observed behavior of the backend, independent of the code under test.
// "rule A1" and so on are the numbers of the documented acceptance rules. Attribute names are literals on purpose.
package langtrace
