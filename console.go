package genotel

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/genotel/genotel/console"
)

// consoleVariable switches the console on.
const consoleVariable = "GENOTEL_CONSOLE"

// consoleOption is what [WithConsole] was given.
type consoleOption struct {
	writer io.Writer // nil for os.Stderr
	opts   []console.Option
}

// consoleOutput is the console of a plan, and what people are told of it.
type consoleOutput struct {
	*console.Processor

	where string
}

// String says for people what goes where.
func (o *consoleOutput) String() string {
	if o.Content().Input {
		return "console (" + o.where + ") with prompts"
	}
	return "console (" + o.where + ") without prompts"
}

// consoleOutput is nil when neither option nor environment asks for the console. What
// one of the backends' variables hides is not shown there either: a terminal may be a
// log that others read.
func (c config) consoleOutput() (*consoleOutput, error) {
	wanted := c.console
	if wanted == nil {
		var err error
		if wanted, err = consoleOfEnvironment(); wanted == nil {
			return nil, err
		}
	}
	hidden, _ := langsmithVariable("HIDE_INPUTS")
	langsmith, langtrace := truish(hidden), langtraceHidden()
	opts := []console.Option{
		console.WithContent(c.visible(ContentDefault, langsmith || langtrace, langtrace)),
		console.WithProject(LangSmith{}.named(c.project)),
		console.WithEnvironment(c.environment),
		console.WithLogger(c.logger),
		console.WithRedactor(c.redactor),
	}
	return &consoleOutput{
		Processor: console.New(wanted.writer, append(opts, wanted.opts...)...),
		where:     nameOf(wanted.writer),
	}, nil
}

// consoleOfEnvironment returns nil where the variable does not ask for the console.
func consoleOfEnvironment() (*consoleOption, error) {
	value, name := variable(consoleVariable)
	switch strings.ToLower(trimmed(value)) {
	case "", "false", "0":
		return nil, nil //nolint:nilnil // no console is a good answer
	case "true", "1", "stderr":
		return &consoleOption{}, nil
	case "stdout":
		return &consoleOption{writer: os.Stdout}, nil
	default:
		return nil, fmt.Errorf("%s: unknown value; known are true, false, stdout and stderr", name)
	}
}

// someWriter is the name of a writer of the application's.
const someWriter = "writer"

func nameOf(w io.Writer) string {
	switch w {
	case nil, os.Stderr:
		return "stderr"
	case os.Stdout:
		return "stdout"
	default:
		return someWriter
	}
}
