package httpcall

import (
	"context"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"time"
	"weak"

	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/guard"
	"github.com/genotel/genotel/otelgenai/record"
)

// Send carries one attempt to the wire.
type Send = func(*http.Request) (*http.Response, error)

// Call is one logical call. Its attempts come one after the other; attempts that
// overlap are taken for calls of their own.
type Call struct {
	client     *Client
	maxRetries func() int

	mu      sync.Mutex // guards flight and unwatch
	flight  *flight
	unwatch func() bool
}

// mark is the context key that says that a request is being traced.
type mark struct{}

// RoundTrip makes one attempt of the call.
func (c *Call) RoundTrip(req *http.Request, send Send) (*http.Response, error) {
	f, outgoing := c.depart(req)
	if outgoing == nil {
		return send(req)
	}
	returned := false
	defer func() {
		if !returned {
			f.aborted(outgoing.Context())
		}
	}()
	res, err := send(outgoing)
	returned = true
	f.arrive(outgoing.Context(), c, res, err)
	c.unwatchDone(f)
	return res, err
}

// depart returns the request to send, or nil when the attempt is not followed:
// it is no model call, another instrumentation outside this one traces it
// already, or something of ours failed.
func (c *Call) depart(req *http.Request) (f *flight, outgoing *http.Request) {
	defer guard.Recover("beginning a call")
	if req.Context().Value(mark{}) != nil {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil && c.flight.continues(req) {
		return c.flight, c.again(req)
	}
	c.flight = nil
	endpoint := c.client.Endpoint(req.Method, req.URL.Path)
	if endpoint == nil {
		return nil, nil
	}
	outgoing = c.begin(req, endpoint)
	return c.flight, outgoing
}

func (c *Call) begin(req *http.Request, endpoint *Endpoint) *http.Request {
	body := peek(req)
	defer body.release()

	call := c.describe(req, endpoint)
	call.Request.Model = endpoint.Model(body.bytes())
	ctx, op := c.client.Instrumentor.Begin(req.Context(), call)
	f := &flight{op: op, call: call, last: call.Timing.Start}
	c.flight = f
	if !op.Recording() {
		op.End(0, nil)
		f.done = true
		return withContext(req, ctx)
	}
	// Not on the runtime's own goroutine: span processors are foreign code.
	runtime.AddCleanup(c, func(f *flight) { go f.dropped() }, f)
	f.exchange = endpoint.Decode(call)
	f.onEvent = f.event
	if body != nil {
		f.exchange.Request(body.bytes(), op.WantsContent())
	}
	outgoing := c.attempt(ctx, req)
	if body == nil {
		f.tee(outgoing)
	}
	return outgoing
}

func (c *Call) describe(req *http.Request, endpoint *Endpoint) *record.Call {
	call := &record.Call{
		Operation: endpoint.Operation,
		Provider:  c.client.Instrumentor.Provider(),
		API:       endpoint.API,
		Path:      req.URL.Path,
		Server:    server(req.URL),
		Timing:    record.Timing{Start: time.Now()},
	}
	if call.Provider == "" {
		call.Provider = c.client.Provider(call.Server.Address, call.Path)
	}
	return call
}

// server names the host and the port, which the scheme implies when it is not
// there.
func server(u *url.URL) record.Server {
	s := record.Server{Address: u.Hostname(), Port: 443}
	if u.Scheme == "http" {
		s.Port = 80
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		s.Port = port
	}
	return s
}

// continues reports whether req is a further attempt of this call. Some clients
// reuse the place of a call for another one, the next page of a list for
// instance, so a call that nobody waits for is continued only by an attempt that
// says so, and one that has ended only when it was not sampled or was canceled: a
// client may sleep through the end of its context before it looks.
func (f *flight) continues(req *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting {
		return true
	}
	if again, _ := strconv.Atoi(req.Header.Get("X-Stainless-Retry-Count")); again == 0 {
		return false
	}
	if f.abandoned() {
		f.wait(req.Context(), f.exchange.Failure(f.status, nil))
		return true
	}
	return !f.op.Recording() || f.done && req.Context().Err() != nil
}

// abandoned reports whether the response of the current attempt is one that the
// client repeats and has not touched: openai-go v1 does not even close it.
func (f *flight) abandoned() bool { return !f.done && !f.touched && f.retryable && f.status != 0 }

// again prepares a further attempt.
func (c *Call) again(req *http.Request) *http.Request {
	op := c.flight.op
	ctx := trace.ContextWithSpan(req.Context(), op.Span())
	if !op.Recording() {
		return withContext(req, ctx)
	}
	return c.attempt(ctx, req)
}

// attempt starts an attempt, whose span is in ctx.
func (c *Call) attempt(ctx context.Context, req *http.Request) *http.Request {
	f := c.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.maxRetries != nil {
		// The number is copied: the flight must not lead back to the call.
		f.maxRetries = c.maxRetries()
	}
	f.waiting, f.touched, f.status = false, false, 0
	f.now = attempt{
		number: f.attempts, method: req.Method, url: plainURL(req.URL), start: time.Now(),
		replayable: req.Body == nil || req.Body == http.NoBody || req.GetBody != nil,
	}
	f.attempts++
	c.watch(req.Context())
	return withContext(req, ctx)
}

// watch ends the call when the context of its current attempt does. The context
// holds no more of the call than a weak pointer: it may outlive what the
// application dropped.
func (c *Call) watch(ctx context.Context) {
	if c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
	if ctx.Done() == nil {
		return
	}
	watched := weak.Make(c.flight)
	c.unwatch = context.AfterFunc(ctx, func() {
		if f := watched.Value(); f != nil {
			f.canceled(ctx)
		}
	})
}

// unwatchDone lets go of the context of a call that has ended.
func (c *Call) unwatchDone(f *flight) {
	if !f.over.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == f && c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
}

// withContext returns a copy of the caller's request that is marked as traced;
// the request itself stays as it is.
func withContext(req *http.Request, ctx context.Context) *http.Request { //nolint:revive // as http.Request.WithContext
	return req.WithContext(context.WithValue(ctx, mark{}, true))
}

// plainURL is a URL without what may hold secrets.
func plainURL(u *url.URL) string {
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return plain.String()
}
