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
//	attribute.String("gen_ai.input.messages", string(w.Bytes()))
//
// Values are written as encoding/json writes them, with these exceptions: the characters <, >, & and U+2028 and U+2029
// stay as they are, since no HTML or JavaScript is made of it, and numbers that JSON does not have become null.
//
// The package knows JSON and nothing else: no vocabulary of a backend, no telemetry.
package jsonappend
