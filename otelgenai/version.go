package otelgenai

import "github.com/genotel/genotel/internal/version"

// Version is the version of genotel, as reported on the instrumentation scope.
const Version = version.Version
