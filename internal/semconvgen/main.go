// Command semconvgen writes the generated files of package semconv: it reads
// registry.json in the current directory and writes keys.go, values.go and
// schema.go beside it. Run it with
//
//	go generate ./semconv
//
// The work is done by [Generate], a pure function. Names follow OpenTelemetry's
// own Go packages. The doc comments are assembled from the facts of the registry
// and hold no text of the conventions themselves.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "semconvgen:", err)
		os.Exit(1)
	}
}

// run generates in the current directory. Nothing is written unless everything
// could be generated.
func run() error {
	registry, err := os.ReadFile("registry.json")
	if err != nil {
		return err
	}
	files, err := Generate(registry)
	if err != nil {
		return err
	}
	for name, source := range files {
		if err := os.WriteFile(name, source, 0o644); err != nil { //nolint:gosec // source code is not secret
			return err
		}
	}
	return nil
}
