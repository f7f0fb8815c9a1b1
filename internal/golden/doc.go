// Package golden compares the output of a test with a file that is kept beside it.
//
//	golden.JSON(t, attributes, "testdata/streamed_chat.golden.json")
//
// A golden file is reviewed as prose: it shows what a user of the library gets. When the change is meant, run the
// tests once with GENOTEL_UPDATE_GOLDEN=1 (or make golden), read the diff, and commit it with the change.
//
// The switch is an environment variable and not a flag because go test ./... hands a flag to every test binary, and
// those that do not know it fail.
package golden
