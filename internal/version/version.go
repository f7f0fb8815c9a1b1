// Package version is the one place where the version of genotel stands.
package version

// Version is genotel's version, by semantic versioning.
const Version = "0.1.0"
