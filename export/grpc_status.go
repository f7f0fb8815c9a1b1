package export

import (
	"encoding/base64"
	"iter"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/genotel/genotel/internal/retry"
)

// grpcCode is a status code of gRPC. See
// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md.
type grpcCode uint32

const (
	grpcOK                grpcCode = 0
	grpcCanceled          grpcCode = 1
	grpcDeadlineExceeded  grpcCode = 4
	grpcPermissionDenied  grpcCode = 7
	grpcResourceExhausted grpcCode = 8
	grpcAborted           grpcCode = 10
	grpcOutOfRange        grpcCode = 11
	grpcUnimplemented     grpcCode = 12
	grpcUnavailable       grpcCode = 14
	grpcDataLoss          grpcCode = 15
	grpcUnauthenticated   grpcCode = 16
)

var grpcCodes = [...]string{
	"OK",
	"CANCELLED", //nolint:misspell // as gRPC writes it
	"UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
	"UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// String is the name of the code.
func (c grpcCode) String() string {
	if int(c) < len(grpcCodes) {
		return grpcCodes[c]
	}
	return "an unknown gRPC status"
}

// classOfCode retries what the OTLP specification says can be retried: a backend that
// is out of resources only when it says for when (RetryInfo). In addition it holds
// spans where the key, the rights or the address are wrong, like [classOf].
func classOfCode(code grpcCode, retryInfo bool) class {
	switch code {
	case grpcOK:
		return accepted
	case grpcCanceled, grpcDeadlineExceeded, grpcAborted, grpcOutOfRange, grpcUnavailable, grpcDataLoss:
		return transient
	case grpcResourceExhausted:
		if retryInfo {
			return transient
		}
		return refused
	case grpcUnauthenticated, grpcPermissionDenied, grpcUnimplemented:
		return misconfigured
	default:
		return refused
	}
}

// isAboutSize reports whether a server refuses a message for its length, for which gRPC has
// no code. It goes by the texts of the implementations: grpc-go and those in C, grpc-java,
// .NET's, and tonic, which is the one with OUT_OF_RANGE.
func isAboutSize(code grpcCode, message string) bool {
	if code != grpcResourceExhausted && code != grpcOutOfRange {
		return false
	}
	message = strings.ReplaceAll(message, "%20", " ")
	for _, text := range []string{
		"larger than max", "exceeds maximum size", "exceeds the maximum configured message size", "length too large",
	} {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}

// retryDelay reads the RetryInfo among the details of a status: a google.rpc.Status in
// base64, with or without padding, whose field 3 holds them. false means that there is
// none. The delay is clamped like that of Retry-After.
func retryDelay(details string) (time.Duration, bool) {
	status, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(details, "="))
	if err != nil {
		return 0, false
	}
	for field := range byteFields(status, 3) {
		var detail anypb.Any
		if proto.Unmarshal(field, &detail) == nil && strings.HasSuffix(detail.GetTypeUrl(), "/google.rpc.RetryInfo") {
			return min(max(retryInfoDelay(detail.GetValue()), 0), retry.MaxRetryAfter), true
		}
	}
	return 0, false
}

// retryInfoDelay reads field 1 of a RetryInfo.
func retryInfoDelay(retryInfo []byte) time.Duration {
	for field := range byteFields(retryInfo, 1) {
		var delay durationpb.Duration
		if proto.Unmarshal(field, &delay) == nil {
			return delay.AsDuration()
		}
	}
	return 0
}

// byteFields goes through the values of one field of message, up to where that is not
// protobuf any more.
func byteFields(message []byte, number protowire.Number) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := message; len(rest) > 0; {
			found, wireType, head := protowire.ConsumeTag(rest)
			if head < 0 {
				return
			}
			size := protowire.ConsumeFieldValue(found, wireType, rest[head:])
			if size < 0 {
				return
			}
			if found == number && wireType == protowire.BytesType {
				value, _ := protowire.ConsumeBytes(rest[head:])
				if !yield(value) {
					return
				}
			}
			rest = rest[head+size:]
		}
	}
}
