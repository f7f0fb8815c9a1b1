package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// backendVariable makes this test binary the backend.
const backendVariable = "GENOTEL_BENCH_BACKEND"

const (
	acceptingPath = "/v1/traces"
	downPath      = "/down"
	countPath     = "/count"
)

// backend is a server in a process of its own, so that its work is not measured.
type backend struct{ url string }

// traffic is what a backend has got.
type traffic struct{ Requests, Bytes int64 }

func startBackend(tb testing.TB) backend {
	tb.Helper()
	program, err := os.Executable()
	require.NoError(tb, err)
	child := exec.CommandContext(tb.Context(), program)
	child.Env = append(os.Environ(), backendVariable+"=1")
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	require.NoError(tb, err)
	stdout, err := child.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, child.Start())
	tb.Cleanup(func() {
		_ = stdin.Close() // ends it
		_ = child.Wait()
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(tb, err)
	return backend{url: "http://" + strings.TrimSpace(address)}
}

func (b backend) traffic(tb testing.TB) (t traffic) {
	tb.Helper()
	res, err := http.Get(b.url + countPath)
	require.NoError(tb, err)
	defer res.Body.Close()
	require.NoError(tb, json.NewDecoder(res.Body).Decode(&t))
	return t
}

// serve is the backend's process. It ends with its standard input.
func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var requests, bytes atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc(acceptingPath, func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		requests.Add(1)
		bytes.Add(n)
	})
	mux.HandleFunc(downPath, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.HandleFunc(countPath, func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(traffic{Requests: requests.Load(), Bytes: bytes.Load()})
	})
	go func() { _ = http.Serve(listener, mux) }()
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}
