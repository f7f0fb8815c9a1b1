package langsmithprop

import (
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/uuid"
)

const (
	// MaxDottedOrderBytes bounds a dotted order, to about 69 generations of runs. It is what a
	// server may be expected to accept as one header beside others.
	MaxDottedOrderBytes = 4096

	uuidBytes = 36
	// secondBytes is the length of a start time without its fraction: 20060102T150405.
	secondBytes = 15
)

// Run is a run of LangSmith.
type Run struct {
	// TraceID and ID are UUIDs in lower case.
	TraceID, ID string
	// DottedOrder is the run's place in its trace: the start and the id of each of its
	// ancestors and of the run itself. Empty: unknown.
	DottedOrder string
}

// ParseRun reads a dotted order as LangSmith's SDKs write it: parts separated by dots, each a
// start time (YYYYMMDDTHHMMSSffffffZ) and a UUID. ok is false for anything else and for more
// than [MaxDottedOrderBytes].
func ParseRun(dottedOrder string) (run Run, ok bool) {
	dottedOrder = strings.ToLower(strings.TrimSpace(dottedOrder))
	if len(dottedOrder) > MaxDottedOrderBytes {
		return Run{}, false
	}
	for part := range strings.SplitSeq(dottedOrder, ".") {
		if len(part) < uuidBytes || !isStart(part[:len(part)-uuidBytes]) {
			return Run{}, false
		}
		run.ID = part[len(part)-uuidBytes:]
		if !isUUID(run.ID) {
			return Run{}, false
		}
		if run.TraceID == "" {
			run.TraceID = run.ID
		}
	}
	run.DottedOrder = upperTimes.Replace(dottedOrder)
	return run, true
}

// upperTimes spares the UUIDs: neither letter is a hex digit.
var upperTimes = strings.NewReplacer("t", "T", "z", "Z")

// isStart takes any precision up to that of LangSmith: older SDKs wrote milliseconds. s is in
// lower case.
func isStart(s string) bool {
	s, isUTC := strings.CutSuffix(s, "z")
	if !isUTC || len(s) <= secondBytes || len(s) > secondBytes+6 || strings.Trim(s[secondBytes:], "0123456789") != "" {
		return false
	}
	_, err := time.Parse("20060102t150405", s[:secondBytes])
	return err == nil
}

// isUUID refuses the zero UUID, which names no run. s is in lower case.
func isUUID(s string) bool {
	if len(s) != uuidBytes || strings.Trim(s, "0-") == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}

// Child is the run that LangSmith makes of a span below r that starts at start. Its dotted
// order is empty where that of r is, or where it would be too long.
func (r Run) Child(id string, start time.Time) Run {
	child := Run{TraceID: r.TraceID, ID: id}
	if own := part(id, start); r.DottedOrder != "" && len(r.DottedOrder)+1+len(own) <= MaxDottedOrderBytes {
		child.DottedOrder = r.DottedOrder + "." + own
	}
	return child
}

// part is one generation of a dotted order.
func part(id string, start time.Time) string {
	s := start.UTC().Format("20060102T150405.000000Z")
	return s[:secondBytes] + s[secondBytes+1:] + id
}

// RunID is the id of the run that LangSmith makes of a span: the span id as the end of a UUID
// of zeros.
func RunID(id trace.SpanID) string { return uuid.OfSpan(id) }
