// Package console prints every finished trace of GenAI calls as a panel with a
// table of its steps, for people who sit in front of a terminal:
//
//	processor := console.New(os.Stderr)
//	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(processor))
//	defer processor.Shutdown(ctx)
//
// A trace is finished when its local root has ended: the span without a parent, or
// with a parent in another process. Traces without a GenAI span are left out. Spans
// of any instrumentation count, by their gen_ai.* attributes; the prompt comes from
// genotel's record of the call, or else from gen_ai.input.messages.
//
// A step is a call of a model, or a tool, a retrieval or the like that was run around
// it. Of a call that was retried, every attempt is a step. Agents, workflows and model
// calls around other model calls are no steps, and tokens are counted once, where the
// span is closest to the provider.
//
// What models and people wrote is made harmless before it is printed: one line, no
// control characters, no escape sequences, nothing that changes the direction of
// text. The output has no colors, so that NO_COLOR and pipes are respected by
// themselves.
//
// Printing happens on a goroutine of its own, started by the first panel and stopped
// by [Processor.Shutdown]. The application never waits for the writer: where that is
// slow or fails, panels are dropped and counted.
package console
