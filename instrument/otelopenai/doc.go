// Package otelopenai traces clients of github.com/openai/openai-go/v3.
//
//	client := openai.NewClient(otelopenai.WithTracing())
//
// Each chat completion, response that is created, completion and call for
// embeddings, images, speech, a transcription or a moderation becomes one span that
// follows the OpenTelemetry GenAI conventions: model, parameters, token counts,
// finish reasons, time to first token, length of the embeddings and errors, for
// plain and streamed calls. Images, sound and uploaded files are never held. A call that the client
// retries stays one span, with its attempts as children. Spans go to the global
// TracerProvider, or to the one given by otelgenai.WithTracerProvider; see
// genotel.Configure for sending them somewhere.
//
// Prompts and answers are not put on spans unless otelgenai.WithContent says so;
// destinations of genotel.Configure that exist to show them get them beside the
// span. Other endpoints are passed through untraced.
//
// Beside generation there are spans for responses that are fetched or canceled,
// which have no token counts, since those were told before; for the compaction of
// conversations and the counting of tokens; for assistants and their runs; for
// decisions; for searches in vector stores; and for batches that are handed in.
//
// The package imports openai-go's option package and never its root, so that
// compile-time injection of it into openai-go makes no import cycle. A client
// that is already traced is in package tracedopenai.
package otelopenai
