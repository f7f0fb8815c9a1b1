package langsmith

import (
	"slices"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

func TestRuns_Warnings(t *testing.T) {
	const run = `run "span" (` + spanUUID + `): `
	tests := []struct {
		name  string
		spans []*tracepb.Span
		want  []string
	}{
		{
			name: "is_root twice in one trace",
			spans: []*tracepb.Span{
				spanOf(attrs("langsmith.is_root", true)), spanOf(spanID("ijklmnop"), attrs("langsmith.is_root", true)),
			},
			want: []string{"trace " + traceUUID + ": langsmith.is_root on 2 runs"},
		},
		{
			name:  "a parent that is absent from the destination",
			spans: []*tracepb.Span{spanOf(parentID("ijklmnop"))},
			want:  []string{run + "parent 00000000-0000-0000-696a-6b6c6d6e6f70 is absent from the destination"},
		},
		{
			name:  "a parent that comes after its child is no reason to warn",
			spans: []*tracepb.Span{spanOf(parentID("ijklmnop")), spanOf(spanID("ijklmnop"))},
		},
		{
			name:  "is_root and parent_id together",
			spans: []*tracepb.Span{spanOf(attrs("langsmith.is_root", true, "langsmith.span.parent_id", spanUUID))},
			want:  []string{run + "langsmith.is_root and langsmith.span.parent_id together"},
		},
		{
			name:  "token attributes without outputs",
			spans: []*tracepb.Span{spanOf(attrs("gen_ai.usage.input_tokens", 3))},
			want:  []string{run + "gen_ai.usage.input_tokens without outputs: the usage is not stored"},
		},
		{
			name:  "an array among the langsmith attributes",
			spans: []*tracepb.Span{spanOf(attrs("langsmith.span.tags", list{"a"}))},
			want:  []string{run + "langsmith.span.tags is an array"},
		},
		{
			name:  "a plain root span is no reason to warn",
			spans: []*tracepb.Span{spanOf(attrs("gen_ai.completion", "{}", "gen_ai.usage.input_tokens", 3))},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Runs(requestOf(test.spans...), nil, Options{}).Warnings; !slices.Equal(got, test.want) {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}
