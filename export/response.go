package export

import (
	"encoding/json"
	"math"
	"mime"

	"google.golang.org/protobuf/encoding/protowire"
)

// rejectedSpans reads the partial success of an accepted request. What is not an
// OTLP response rejects nothing: the status has said that all is well. The server's
// message is not read, it may quote content.
func rejectedSpans(contentType string, body []byte) int {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0
	}
	var rejected int64
	switch mediaType {
	case "application/x-protobuf":
		rejected = rejectedInProto(body)
	case "application/json":
		rejected = rejectedInJSON(body)
	}
	return clampSpans(rejected)
}

// clampSpans makes a number of spans of what a server says.
func clampSpans(n int64) int { return int(min(max(n, 0), math.MaxInt32)) }

func rejectedInJSON(body []byte) int64 {
	var response struct {
		PartialSuccess struct {
			RejectedSpans json.Number `json:"rejectedSpans"` // as a string too
		} `json:"partialSuccess"`
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return 0
	}
	rejected, err := response.PartialSuccess.RejectedSpans.Int64()
	if err != nil {
		return 0
	}
	return rejected
}

// rejectedInProto reads two fields of ExportTraceServiceResponse, whose Go package
// would bring gRPC along: partial_success = 1, and in it rejected_spans = 1.
func rejectedInProto(body []byte) int64 {
	partialSuccess, n := protowire.ConsumeBytes(firstField(body, protowire.BytesType))
	if n < 0 {
		return 0
	}
	rejected, n := protowire.ConsumeVarint(firstField(partialSuccess, protowire.VarintType))
	if n < 0 {
		return 0
	}
	return int64(rejected) //nolint:gosec // G115: an int64 travels so, and the caller clamps it
}

// firstField returns the encoded value of field 1 of message, nil if it has none.
func firstField(message []byte, want protowire.Type) []byte {
	for len(message) > 0 {
		number, wireType, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		message = message[n:]
		if number == 1 && wireType == want {
			return message
		}
		if n = protowire.ConsumeFieldValue(number, wireType, message); n < 0 {
			return nil
		}
		message = message[n:]
	}
	return nil
}
