package langsmith

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRuns_RejectsIDsThatAreTooShort(t *testing.T) {
	tests := map[string]part{
		"parent span id of 3 bytes": parentID("abc"),
		"span id of 7 bytes":        spanID("abcdefg"),
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			result := Runs(requestOf(spanOf(change)), nil, Options{})
			if len(result.Runs) != 0 || len(result.Rejected) != 1 {
				t.Fatalf("got %+v, want one rejection", result)
			}
			if reason := result.Rejected[0].Reason; !strings.Contains(reason, "fewer than 8") {
				t.Errorf("got reason %q", reason)
			}
		})
	}
}

func TestRuns_RightAlignsIDs(t *testing.T) {
	tests := []struct{ id, want string }{
		{"abcdefgh", spanUUID},
		{"0123456789abcdef", traceUUID},
		{"xx0123456789abcdef", traceUUID},
	}
	for _, test := range tests {
		wantString(t, test.id, test.want, one(t, Options{}, spanID(test.id)).ID)
	}
}

func TestRuns_WritesTimesWithNanosecondsInUTC(t *testing.T) {
	span := spanOf()
	span.StartTimeUnixNano, span.EndTimeUnixNano = 1_700_000_000_123_456_789, 1_700_000_001_000_000_000
	run := Runs(requestOf(span), nil, Options{}).Runs[0]
	wantString(t, "start", "2023-11-14T22:13:20.123456789Z", run.StartTime)
	wantString(t, "end", "2023-11-14T22:13:21Z", run.EndTime)
}

func TestRuns_TakesOverridesAsTheyAre(t *testing.T) {
	run := one(t, Options{}, attrs("langsmith.trace.id", "T", "langsmith.span.id", "S", "langsmith.span.parent_id", "P",
		"langsmith.span.dotted_order", "D", "langsmith.trace.session_id", "I", "langsmith.trace.session_name", "N",
		"langsmith.reference_example_id", "R"))
	got := []string{
		run.TraceID, run.ID, run.ParentRunID, run.DottedOrder, run.SessionID, run.SessionName, run.ReferenceExampleID,
	}
	if want := []string{"T", "S", "P", "D", "I", "N", "R"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRuns_ProjectHeaderBeatsTheAttributeOfEveryRun(t *testing.T) {
	req := requestOf(spanOf(attrs("langsmith.trace.session_name", "attribute")), spanOf())
	for header, want := range map[string][]string{
		"header": {"header", "header"},
		"":       {"attribute", ""},
	} {
		runs := Runs(req, http.Header{"Langsmith-Project": {header}}, Options{}).Runs
		if got := []string{runs[0].SessionName, runs[1].SessionName}; !slices.Equal(got, want) {
			t.Errorf("header %q: got %v, want %v", header, got, want)
		}
	}
}
