// Package genotel sends the traces of GenAI applications to LangSmith, Langtrace,
// any OpenTelemetry endpoint, files and the terminal, to one of them or to several at
// once.
//
//	telemetry, err := genotel.Configure(ctx)
//	if err != nil {
//		return err
//	}
//	defer telemetry.Shutdown(context.WithoutCancel(ctx))
//
//	client := openai.NewClient(otelopenai.WithTracing())
//
// [Configure] takes its destinations from options, or from the environment
// variables that the backends' own SDKs read. Every destination has its own form
// of a span, its own queue and its own headers; nothing meant for one reaches
// another. Message content goes to LangSmith and Langtrace, which exist to show
// it, and to a plain OpenTelemetry endpoint or a file only when asked for. The terminal
// shows prompts.
//
// Spans are made by instrumentations (see the packages under instrument) and by
// package otelgenai, and pass through an ordinary TracerProvider: the
// application's own or one made here. Instrumentations work without this package
// as well.
package genotel
