package otelgenai

// Version is the version of genotel, as reported on the instrumentation scope.
const Version = "0.1.0"
