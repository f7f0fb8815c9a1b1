package faultyotlp

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/genotel/genotel/internal/oracle"
)

// maxBytes is the largest body that is unpacked.
const maxBytes = 256 << 20

// unpack returns the body without its Content-Encoding.
func unpack(wire []byte, encoding string) ([]byte, error) {
	switch encoding {
	case "":
		return wire, nil
	case "gzip":
	default:
		return nil, fmt.Errorf("unknown Content-Encoding %q", encoding)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(wire))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(unzip, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBytes {
		return nil, fmt.Errorf("body of more than %d bytes", maxBytes)
	}
	return body, nil
}

// decode returns the spans of an uncompressed body in the order in which they stand there.
func decode(body []byte, contentType string) ([]Span, error) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, fmt.Errorf("Content-Type: %w", err)
	}
	switch mediaType {
	case "application/x-protobuf":
		return decodeProtobuf(body)
	case "application/json":
		return decodeJSON(body)
	default:
		return nil, fmt.Errorf("unknown Content-Type %q", mediaType)
	}
}

func decodeProtobuf(body []byte) ([]Span, error) {
	data, err := oracle.DecodeProtobuf(body)
	if err != nil {
		return nil, err
	}
	var spans []Span
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				id, err := spanID(span.GetSpanId())
				if err != nil {
					return nil, err
				}
				spans = append(spans, Span{ID: id, Name: span.GetName()})
			}
		}
	}
	return spans, nil
}

// decodeJSON reads ids and names only, which the oracle's decoder of OTLP's JSON takes many times as long for.
func decodeJSON(body []byte) ([]Span, error) {
	if !utf8.Valid(body) { // encoding/json repairs it
		return nil, errors.New("JSON that is not UTF-8")
	}
	var data struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					SpanID string `json:"spanId"`
					Name   string `json:"name"`
				} `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
	}
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, err
	}
	var spans []Span
	for _, resource := range data.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				raw, err := hex.DecodeString(span.SpanID)
				if err != nil {
					return nil, err
				}
				id, err := spanID(raw)
				if err != nil {
					return nil, err
				}
				spans = append(spans, Span{ID: id, Name: span.Name})
			}
		}
	}
	return spans, nil
}

func spanID(raw []byte) (trace.SpanID, error) {
	if len(raw) != len(trace.SpanID{}) {
		return trace.SpanID{}, fmt.Errorf("span id of %d bytes", len(raw))
	}
	return trace.SpanID(raw), nil
}

// rejection is an ExportTraceServiceResponse whose partial_success has rejected_spans and an error_message.
func rejection(rejected int) []byte {
	var partial []byte
	partial = protowire.AppendTag(partial, 1, protowire.VarintType)
	partial = protowire.AppendVarint(partial, uint64(max(rejected, 0)))
	partial = protowire.AppendTag(partial, 2, protowire.BytesType)
	partial = protowire.AppendString(partial, "too old")
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
}
