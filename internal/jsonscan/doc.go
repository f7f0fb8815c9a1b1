// Package jsonscan reads JSON as a forward cursor: no tree, no reflection, no copy of what is not asked for.
//
// Request and response bodies of model calls pass through the hot path of the instrumented program. A decoder that
// builds a tree costs more there than all the rest of a span, and typed decoding fails whole when one field has an
// unexpected type. A [Scanner] walks the bytes once, hands out what its caller asks for and skips the rest, validating
// all of it:
//
//	s := jsonscan.New(body)
//	if s.Object() {
//		for key, ok := s.Field(); ok; key, ok = s.Field() {
//			switch string(key) {
//			case "model":
//				model, _ = s.Text()
//			default:
//				s.Skip()
//			}
//		}
//	}
//	if !s.End() {
//		// not one whole JSON value; s.Err() tells where, unless something follows a whole value
//	}
//
// What encoding/json accepts is accepted and what it refuses is refused, the one difference being the smaller cap on
// nesting, [MaxDepth]; the fuzz tests hold the two against each other.
//
// The package knows JSON and nothing else: no protocol of a provider, no telemetry.
package jsonscan
