package export

import (
	"bytes"
	"compress/gzip"
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// marshaler writes a message. It may change it.
type marshaler func(message *tracepb.TracesData) ([]byte, error)

// encoder makes request bodies. One worker uses it.
type encoder struct {
	marshal     marshaler
	compression Compression
	gzip        *gzip.Writer // made at first use: it takes most of a megabyte
}

// encode returns a body of its own, which may be sent again and again.
func (e *encoder) encode(message *tracepb.TracesData) ([]byte, error) {
	body, err := e.marshal(message)
	if err != nil || e.compression != Gzip {
		return body, err
	}
	var compressed bytes.Buffer
	if e.gzip == nil {
		e.gzip = gzip.NewWriter(&compressed)
	} else {
		e.gzip.Reset(&compressed)
	}
	if _, err := e.gzip.Write(body); err != nil {
		return nil, err
	}
	if err := e.gzip.Close(); err != nil {
		return nil, err
	}
	return compressed.Bytes(), nil
}

// marshal writes protobuf.
func marshal(message *tracepb.TracesData) ([]byte, error) {
	return marshalRepaired(message, func() ([]byte, error) { return proto.Marshal(message) })
}

// marshalRepaired repairs the strings of message if they prevent its encoding, which
// the usual message does not pay for.
func marshalRepaired(message *tracepb.TracesData, marshal func() ([]byte, error)) ([]byte, error) {
	body, err := marshal()
	if err == nil {
		return body, nil
	}
	repairUTF8(message.ProtoReflect())
	return marshal()
}

// repairUTF8 replaces what is not UTF-8 in the strings of message by U+FFFD.
func repairUTF8(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsList() && field.Message() != nil:
			list := value.List()
			for i := range list.Len() {
				repairUTF8(list.Get(i).Message())
			}
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			list := value.List()
			for i := range list.Len() {
				list.Set(i, validString(list.Get(i)))
			}
		case field.Message() != nil:
			repairUTF8(value.Message())
		case field.Kind() == protoreflect.StringKind:
			message.Set(field, validString(value))
		}
		return true
	})
}

func validString(value protoreflect.Value) protoreflect.Value {
	return protoreflect.ValueOfString(strings.ToValidUTF8(value.String(), "\uFFFD"))
}
