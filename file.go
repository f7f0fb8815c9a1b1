package genotel

import (
	"errors"
	"fmt"

	"github.com/genotel/genotel/export"
)

// File is a file that spans are appended to, one line of OTLP's JSON for each batch: the
// format of the file exporter of the OpenTelemetry Collector, which its receiver for such
// files reads again. It is created with mode 0600 and grows without bound. It may be
// moved away or removed at any time, as programs that rotate logs do, and shared by
// several processes.
type File struct {
	// Name tells destinations apart in reports. Empty: "file", and "file-2" and so on
	// for further ones.
	Name string
	// Path of the file, whose folder must exist.
	Path string
	// Content is the content policy.
	Content Content
}

func (c config) fileDestinations() (all []destination, err error) {
	configured := c.files
	if path, _ := variable("GENOTEL_FILE"); len(configured) == 0 && path != "" {
		configured = []File{{Path: path}}
	}
	var problems []error
	for i, f := range configured {
		name, path := nameAt(f.Name, "file", i), trimmed(f.Path)
		if path == "" {
			problems = append(problems, fmt.Errorf("%s: File.Path is empty", name))
			continue
		}
		all = append(all, c.plain(f.Content, export.Destination{Name: name, File: path}))
	}
	return all, errors.Join(problems...)
}
