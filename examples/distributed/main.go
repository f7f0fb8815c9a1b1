// Command distributed shows one trace over two processes. Service A calls a model, and then
// service B over HTTP, which calls a model as well; W3C trace context in the headers of that
// request makes one trace of it. What LangSmith gets of both is printed as a tree.
//
// It needs no key and no network: the model and LangSmith are played on this machine.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if backend, ok := askedForServiceB(os.Args); ok {
		err = serveB(ctx, backend, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "distributed:", err)
		os.Exit(1)
	}
}

// run has service A do its work while service B runs in a process of its own, and prints
// what came of it.
func run(ctx context.Context, out io.Writer) (err error) {
	backend, err := startBackend(ctx)
	if err != nil {
		return fmt.Errorf("starting the backend: %w", err)
	}
	defer func() { err = errors.Join(err, backend.stop()) }()
	b, err := startServiceB(ctx, backend.url)
	if err != nil {
		return fmt.Errorf("starting service B: %w", err)
	}
	_, _ = fmt.Fprintf(out, "service-a is process %d, service-b is process %d.\n", os.Getpid(), b.pid())
	err = errors.Join(operationA(ctx, backend.url, b.url), b.stop())
	printTraces(out, backend.received())
	return err
}

const (
	// roleB is the argument that makes this program service B.
	roleB = "service-b"
	// stopTimeout bounds how long service B may take to send its last spans.
	stopTimeout = 10 * time.Second
)

// askedForServiceB reads the arguments that startServiceB gives.
func askedForServiceB(args []string) (backend string, ok bool) {
	if len(args) != 3 || args[1] != roleB {
		return "", false
	}
	return args[2], true
}

// process is service B, as service A knows it.
type process struct {
	url     string
	command *exec.Cmd
	stdin   io.Closer
}

// startServiceB starts this program once more. The process says its URL in its first line.
func startServiceB(ctx context.Context, backend string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, self, roleB, backend) //nolint:gosec // G204: it is this program
	command.Stderr = os.Stderr
	command.WaitDelay = stopTimeout
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err = command.Start(); err != nil {
		return nil, err
	}
	b := &process{command: command, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, b.stop())
	}
	b.url = strings.TrimSpace(line)
	return b, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

// stop asks the process to end, by the end of its input, and waits until it has.
func (p *process) stop() error {
	late := time.AfterFunc(stopTimeout, func() { _ = p.command.Process.Kill() })
	defer late.Stop()
	return errors.Join(p.stdin.Close(), p.command.Wait())
}
