// Package feedback tells LangSmith and Langtrace what users think of an answer, or what a
// check has found out about it.
//
// Feedback belongs to a span. Keep the span context of the answer, and send the feedback when
// there is some:
//
//	langsmith, err := feedback.NewLangSmith(feedback.LangSmithConfig{})
//	...
//	err = langsmith.Send(ctx, feedback.Entry{Span: answer, Key: "user_score", Score: new(1.0)})
//
// Send is a request and its answer, with no queue and no goroutine behind it: it returns when
// the backend has the feedback, when it refuses it, or when its time is up. Call it in a
// goroutine of your own where nobody is to wait. What may pass is tried again with a back-off,
// as spans are: 408, 425, 429, the 5xx statuses but 501 and 505, and failures of the network;
// Retry-After is heeded. Redirects are not followed, they would carry the key to another host.
//
// Errors are of type [*Error] when the backend was asked. They have neither key nor URL nor
// feedback in them. The texts that are sent are not redacted.
package feedback
