package semconv

// ExceptionEventName is the name of the span event that describes an error, with
// [ExceptionTypeKey] and [ExceptionMessageKey]. It belongs to the core conventions.
const ExceptionEventName = "exception"
