package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// The request message of the OTLP trace service and TracesData have the same fields, on the wire and in JSON.
// TracesData is used here because its package does not bring gRPC along.

// DecodeProtobuf reads an uncompressed OTLP trace request in protobuf form. Strings must be valid UTF-8.
func DecodeProtobuf(body []byte) (*tracepb.TracesData, error) {
	req := &tracepb.TracesData{}
	if err := proto.Unmarshal(body, req); err != nil {
		return nil, fmt.Errorf("decode OTLP protobuf: %w", err)
	}
	return req, nil
}

// DecodeJSON reads an uncompressed OTLP trace request in JSON form. OTLP writes ids as hex, in either case, where the
// JSON form of protobuf has base64; all else is alike. Unknown members are ignored.
func DecodeJSON(body []byte) (*tracepb.TracesData, error) {
	rewritten, err := rewriteIDs(body, func(id string) (string, error) {
		raw, err := hex.DecodeString(id)
		return base64.StdEncoding.EncodeToString(raw), err
	})
	if err != nil {
		return nil, fmt.Errorf("decode OTLP JSON: %w", err)
	}
	req := &tracepb.TracesData{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(rewritten, req); err != nil {
		return nil, fmt.Errorf("decode OTLP JSON: %w", err)
	}
	return req, nil
}

// EncodeJSON writes req in the JSON form of OTLP as a Go exporter does: enums as numbers, ids in upper-case hex.
func EncodeJSON(req *tracepb.TracesData) ([]byte, error) {
	body, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("encode OTLP JSON: %w", err)
	}
	return rewriteIDs(body, func(id string) (string, error) {
		raw, err := base64.StdEncoding.DecodeString(id)
		return strings.ToUpper(hex.EncodeToString(raw)), err
	})
}

// rewriteIDs applies rewrite to every id member of an OTLP JSON document. No other member of OTLP has these names:
// names made by users are values there, never members.
func rewriteIDs(body []byte, rewrite func(string) (string, error)) ([]byte, error) {
	document, err := ParseJSON(body)
	if err != nil {
		return nil, err
	}
	if err := walkIDs(document, rewrite); err != nil {
		return nil, err
	}
	return json.Marshal(document)
}

func walkIDs(node any, rewrite func(string) (string, error)) error {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			if err := walkIDs(item, rewrite); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range node {
			id, isString := member.(string)
			if !isString || (name != "traceId" && name != "spanId" && name != "parentSpanId") {
				if err := walkIDs(member, rewrite); err != nil {
					return err
				}
				continue
			}
			rewritten, err := rewrite(id)
			if err != nil {
				return fmt.Errorf("%s %q: %w", name, id, err)
			}
			node[name] = rewritten
		}
	}
	return nil
}

// ParseJSON reads exactly one JSON document and keeps its numbers as written.
func ParseJSON(body []byte) (any, error) {
	if !json.Valid(body) { // also refuses trailing data, which a Decoder accepts
		return nil, fmt.Errorf("not a JSON document: %.40q", body)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	return document, nil
}
