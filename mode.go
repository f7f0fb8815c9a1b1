package genotel

import (
	"errors"
	"fmt"
	"strings"
)

// Mode says which of two destinations get spans: LangSmith, and the OpenTelemetry
// endpoint that the environment names. Destinations given by an option are there in
// every mode, but for that of [WithLangSmith] in [ModeOTel].
type Mode uint8

const (
	// ModeDefault takes the mode from the environment. When that names none, spans
	// go to LangSmith if there is a key, and otherwise to the OpenTelemetry endpoint.
	ModeDefault Mode = iota
	// ModeLangSmith sends to LangSmith, and not to the environment's endpoint. A key
	// is needed.
	ModeLangSmith
	// ModeHybrid sends to LangSmith and to the environment's endpoint, if it names
	// one. A key is needed.
	ModeHybrid
	// ModeOTel sends to the environment's endpoint, and neither WithLangSmith nor the
	// variables of LangSmith have an effect; an endpoint that is LangSmith's own URL is
	// one like any other. Where neither environment nor options name a destination it is
	// the Collector on this machine, http://localhost:4318.
	ModeOTel //nolint:revive // as OpenTelemetry writes itself
)

// modeNames are the modes as LANGSMITH_TRACING_MODE has them.
var modeNames = map[string]Mode{"langsmith": ModeLangSmith, "hybrid": ModeHybrid, "otel": ModeOTel}

// resolvedMode follows LangSmith's SDK for Python: the option, then
// LANGSMITH_TRACING_MODE, LANGSMITH_OTEL_ONLY, LANGSMITH_OTEL_ENABLED. notice is
// what the user should know about variables that contradict each other.
func (c config) resolvedMode() (mode Mode, notice string, err error) {
	onlyValue, only := langsmithVariable("OTEL_ONLY")
	enabledValue, enabled := langsmithVariable("OTEL_ENABLED")
	named, source := langsmithVariable("TRACING_MODE")
	switch {
	case c.mode > ModeOTel:
		return 0, "", errors.New("WithMode: not one of the modes")
	case c.mode != ModeDefault:
		return c.mode, "", nil
	case named != "":
		mode, ok := modeNames[strings.ToLower(trimmed(named))]
		if !ok {
			return 0, "", fmt.Errorf("%s: unknown mode; known are langsmith, hybrid and otel", source)
		}
		if truish(onlyValue) || truish(enabledValue) {
			notice = fmt.Sprintf("%s decides; %s and %s are not heeded", source, only, enabled)
		}
		return mode, notice, nil
	case truish(onlyValue):
		return ModeOTel, "", nil
	case truish(enabledValue):
		return ModeHybrid, "", nil
	default:
		return ModeDefault, "", nil
	}
}
