// Package jsonappend writes JSON by appending to a byte slice: no reflection, and no allocation besides the buffer.
//
// The messages of a call are put together as JSON for every destination that may see them, which at a few kilobytes costs
// more than all the rest of a span; encoding/json, with maps or with structs made for the purpose, doubles that. The
// functions append one value to a slice, as those of strconv do. A [Writer] puts the commas in between as well:
//
//	var w jsonappend.Writer
//	w.Array()
//	for _, m := range messages {
//		w.Object()
//		w.StringField("role", m.Role)
//		w.StringField("content", m.Text)
//		w.EndObject()
//	}
//	w.EndArray()
//	return w.Bytes()
//
// Values are written as encoding/json writes them, with these exceptions: the characters <, >, &, U+2028, U+2029 and the
// U+FFFD put for bad UTF-8 stand for themselves, since no HTML or JavaScript is made of it, and the numbers that JSON does
// not have become null.
//
// The package knows JSON and nothing else: no vocabulary of a backend, no telemetry.
package jsonappend
