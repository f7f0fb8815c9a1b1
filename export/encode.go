package export

import (
	"strings"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// marshal writes protobuf. It repairs the strings of the message if they prevent that, which
// the usual message does not pay for, and returns the number of repaired spans.
func marshal(r request) (body []byte, repaired int, err error) {
	body, err = proto.MarshalOptions{UseCachedSize: r.sized}.Marshal(r.message)
	if err == nil {
		return body, 0, nil
	}
	repaired = repair(r.message)
	body, err = proto.Marshal(r.message)
	return body, repaired, err
}

// repair replaces what is not UTF-8 in message by U+FFFD and returns in how many spans it
// did.
func repair(message *tracepb.TracesData) (spans int) {
	for _, resource := range message.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				if repairUTF8(span.ProtoReflect()) {
					spans++
				}
			}
		}
	}
	repairUTF8(message.ProtoReflect()) // the rest
	return spans
}

// repairUTF8 replaces what is not UTF-8 in the strings of message by U+FFFD, and reports
// whether there was any.
func repairUTF8(message protoreflect.Message) (repaired bool) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsList() && field.Message() != nil:
			list := value.List()
			for i := range list.Len() {
				repaired = repairUTF8(list.Get(i).Message()) || repaired
			}
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			list := value.List()
			for i := range list.Len() {
				if valid, changed := validString(list.Get(i)); changed {
					list.Set(i, valid)
					repaired = true
				}
			}
		case field.Message() != nil:
			repaired = repairUTF8(value.Message()) || repaired
		case field.Kind() == protoreflect.StringKind:
			if valid, changed := validString(value); changed {
				message.Set(field, valid)
				repaired = true
			}
		}
		return true
	})
	return repaired
}

func validString(value protoreflect.Value) (valid protoreflect.Value, changed bool) {
	text := value.String()
	fixed := strings.ToValidUTF8(text, "\uFFFD")
	return protoreflect.ValueOfString(fixed), fixed != text
}
