// Package record holds the neutral record of one GenAI operation: what was
// asked, what came back, what it cost and how it ended.
//
// Everything in genotel speaks in these types: decoders of provider protocols
// fill them, and encoders of attribute vocabularies and backends read them. So a
// provider is added without touching a backend, and a backend without touching a
// provider.
//
// The package is plain data. It knows no provider, no backend and no
// OpenTelemetry, and it imports only the standard library's time package. A
// finished record may be read by several goroutines and must then not be changed.
package record
