package faultyotlp

import (
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Span is what a server keeps of a span.
type Span struct {
	ID   trace.SpanID
	Name string
}

// Request is one request as it arrived.
type Request struct {
	// Time is when its headers were there.
	Time time.Time
	// Path and Header are what the client sent.
	Path   string
	Header http.Header
	// Fault is the name of what was played.
	Fault string
	// WireBytes is the size of the body as it was sent, and Bytes that of the body uncompressed. Of a body that was left
	// unread they are both its Content-Length.
	WireBytes, Bytes int
	// Sum is the SHA-256 of the body as it was sent, zero if that was left unread.
	Sum [32]byte
	// Spans are all of its spans, stored or not, and Stored is how many of them were, from the first.
	Spans  []Span
	Stored int
	// Problem says why the body could not be read or decoded; empty for all is well.
	Problem string
}

// Server is a running backend. It is safe for concurrent use.
type Server struct {
	// URL is where spans are sent to. Every path is served.
	URL string

	network     network
	certificate *authority // nil for http
	http        *http.Server
	closed      chan struct{}  // closed when the test has ended
	serving     sync.WaitGroup // for listeners, connections and requests

	mu          sync.Mutex // guards the following
	listener    net.Listener
	connections map[net.Conn]struct{}
	script      []Fault
	fallback    Fault
	requests    []Request
	arrived     map[trace.SpanID]int
}

// Option changes how a server is started.
type Option func(*Server)

// InMemory puts the server on a network of pipes, which needs no socket and works inside testing/synctest bubbles. It
// is reached by [Transport] only.
func InMemory() Option { return func(s *Server) { s.network = &pipes{host: pipeHost()} } }

// TLS makes it a server of https that shows the certificate first. See [Server.Show].
func TLS(certificate Certificate) Option {
	return func(s *Server) { s.certificate = newAuthority(certificate) }
}

// IdleTimeout is how long a kept-alive connection may wait for its next request. Zero, the default, is for ever.
func IdleTimeout(timeout time.Duration) Option {
	return func(s *Server) { s.http.IdleTimeout = timeout }
}

// Start starts a server that lives as long as the test.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{
		network:     &loopback{},
		closed:      make(chan struct{}),
		connections: make(map[net.Conn]struct{}),
		fallback:    Accept(),
		arrived:     make(map[trace.SpanID]int),
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ConnState:         s.track,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a failed handshake is what the test is about
		ReadHeaderTimeout: time.Minute,
	}
	for _, opt := range opts {
		opt(s)
	}
	if err := s.listen(); err != nil {
		t.Fatalf("faultyotlp: %v", err)
	}
	t.Cleanup(s.close)
	scheme := "http://"
	if s.certificate != nil {
		scheme = "https://"
	}
	s.URL = scheme + s.network.address() + "/v1/traces"
	return s
}

// Script appends faults: each is played once, on one request after another.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// Default is played on the requests after the script.
func (s *Server) Default(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fallback = fault
}

// Arrived returns how often each span was stored.
func (s *Server) Arrived() map[trace.SpanID]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.arrived)
}

// Requests returns all requests so far in the order of their arrival, those included that were cut off.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Host is the host and port of URL.
func (s *Server) Host() string { return s.network.address() }

// Down cuts all connections and refuses new ones.
func (s *Server) Down() {
	s.mu.Lock()
	listener, connections := s.listener, slices.Collect(maps.Keys(s.connections))
	s.mu.Unlock()
	_ = listener.Close() // it may be closed already
	for _, conn := range connections {
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn() // no goodbye, for which it would wait
		}
		_ = conn.Close()
	}
}

// Up takes connections again, on the same port.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	if err := s.listen(); err != nil {
		t.Fatalf("faultyotlp: %v", err)
	}
}

func (s *Server) listen() error {
	listener, err := s.network.listen()
	if err != nil {
		return err
	}
	if s.certificate != nil {
		listener = tls.NewListener(listener, s.certificate.config(strings.Split(s.network.address(), ":")[0]))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = listener
	s.serving.Go(func() { _ = s.http.Serve(listener) }) // it ends with the listener
	return nil
}

func (s *Server) close() {
	close(s.closed)
	s.Down()
	_ = s.http.Close() // all is closed already
	s.serving.Wait()
}

// track knows the connections, also those that were taken over.
func (s *Server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.connections[conn] = struct{}{}
		s.serving.Add(1)
	case http.StateActive, http.StateIdle:
	case http.StateHijacked:
		s.serving.Done()
	case http.StateClosed:
		delete(s.connections, conn)
		s.serving.Done()
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	x := &exchange{server: s, w: w, r: r}
	s.mu.Lock()
	x.fault = s.fallback
	if len(s.script) > 0 {
		x.fault, s.script = s.script[0], s.script[1:]
	}
	x.number = len(s.requests)
	s.requests = append(s.requests, Request{
		Time: time.Now(), Path: r.URL.Path, Header: r.Header.Clone(), Fault: x.fault.name,
	})
	s.mu.Unlock()
	x.run()
}

func (s *Server) request(number int) Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[number]
}
