package export

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMessageThatIsTooLargeForAServerIsToldByItsText(t *testing.T) {
	for name, tt := range map[string]struct {
		code, message string
		want          class
	}{
		"grpc-go":             {"8", "grpc: received message larger than max (5000000 vs. 4194304)", tooLarge},
		"grpc-go, compressed": {"8", "grpc: message after decompression larger than max (5000000 vs. 4194304)", tooLarge},
		"in C":                {"8", "Received message larger than max (5000000 vs 4194304)", tooLarge},
		"grpc-java":           {"8", "gRPC message exceeds maximum size 4194304: 5000000", tooLarge},
		".NET":                {"8", "Received message exceeds the maximum configured message size.", tooLarge},
		"tonic":               {"11", "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes", tooLarge},
		"escaped":             {"8", "received%20message%20larger%20than%20max%20(5%20vs.%204)", tooLarge},
		"a quota":             {"8", "quota exceeded", refused},
		"another range":       {"11", "out of range", transient},
		"another code":        {"3", "prompt is larger than max", refused},
	} {
		t.Run(name, func(t *testing.T) {
			o := callAt(t, withStatus(nil, "Grpc-Status", tt.code, "Grpc-Message", tt.message))
			assert.Equal(t, tt.want, o.class)
			assert.NotContains(t, o.problem, tt.message)
		})
	}
	o := callAt(t, withStatus(nil, "Grpc-Status", "8", "Grpc-Message", "larger than max",
		"Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(statusDetails(8, 1, 0))))
	assert.Equal(t, transient, o.class, "who says when to come back means something else")
}
