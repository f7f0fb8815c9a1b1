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
	"github.com/genotel/genotel/otelgenai"
	"github.com/genotel/genotel/otelgenai/record"
)

// Send carries one attempt to the wire.
type Send = func(*http.Request) (*http.Response, error)

// Call is one logical call. Its attempts come one after the other; attempts that
// overlap are taken for calls of their own.
type Call struct {
	client     *Client
	maxRetries func() int

	mu     sync.Mutex // guards all below
	flight *flight
	// watched is the flight whose context is watched, unwatch ends that.
	watched *flight
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
	if f == nil {
		res, err := send(outgoing)
		unmark(res, req, outgoing)
		return res, err
	}
	returned := false
	defer func() {
		if !returned {
			f.aborted(req.Context())
			c.unwatchDone(f)
		}
	}()
	res, err := send(outgoing)
	returned = true
	unmark(res, req, outgoing)
	f.arrive(req, c, res, err)
	c.unwatchDone(f)
	return res, err
}

// unmark lets a response name the caller's request and not our copy of it: calls that
// are made under the copy's context count as traced.
func unmark(res *http.Response, req, outgoing *http.Request) {
	if res != nil && res.Request == outgoing {
		res.Request = req
	}
}

// depart returns the request to send, or nil when the attempt is not followed: it is
// no model call, another instrumentation outside this one traces it already, or
// something of ours failed. Without a flight nothing is to be followed of what is
// sent.
func (c *Call) depart(req *http.Request) (f *flight, outgoing *http.Request) {
	defer guard.Recover("beginning a call")
	if req.Context().Value(mark{}) != nil {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight != nil && c.flight.continues(req) {
		return c.again(req)
	}
	c.flight = nil
	endpoint := c.client.Endpoint(req.Method, req.URL.Path)
	if endpoint == nil {
		return nil, nil
	}
	if c.client.TracedBelow || otelgenai.Suppressed(req.Context()) {
		return nil, c.outgoing(req.Context(), req, nil)
	}
	return c.begin(req, endpoint)
}

// begin starts a call with its first attempt. Once the body was read the request can
// only be sent from what was read, whatever fails.
func (c *Call) begin(req *http.Request, endpoint *Endpoint) (f *flight, outgoing *http.Request) {
	body := peek(req)
	if guard.Do("beginning a call", func() { f, outgoing = c.start(req, endpoint, body) }) {
		return f, outgoing
	}
	if c.flight != nil {
		c.flight.over.Store(true)
		c.flight.done = true
		c.flight.op.End(0, nil)
		c.flight = nil
	}
	if body == nil {
		return nil, nil
	}
	outgoing = req.WithContext(req.Context())
	body.attach(outgoing)
	return nil, outgoing
}

func (c *Call) start(req *http.Request, endpoint *Endpoint, body *peeked) (*flight, *http.Request) {
	call := c.describe(req, endpoint)
	if endpoint.Model != nil {
		call.Request.Model = endpoint.Model(body.bytes())
	}
	if endpoint.Describe != nil {
		endpoint.Describe(call, req.URL, body.bytes())
	}
	boundary := boundaryOf(req)
	if model := formModel(req, endpoint, boundary); model != "" {
		call.Request.Model = model
	}
	ctx, op := c.client.Instrumentor.Begin(req.Context(), call)
	f := &flight{op: op, call: call, recording: op.Recording(), last: call.Timing.Start}
	if c.client.Instrumentor.StreamUsage() {
		f.askForUsage = endpoint.AskForUsage
	}
	c.flight = f
	if !f.recording {
		op.End(0, nil)
		f.done = true
		return nil, c.outgoing(ctx, req, body)
	}
	// Not on the runtime's own goroutine: span processors are foreign code.
	runtime.AddCleanup(c, func(f *flight) { go f.dropped() }, f)
	f.exchange = endpoint.Decode(call)
	f.onEvent = f.event
	outgoing := c.attempt(ctx, req, body)
	switch {
	case body == nil && f.readForm(req, outgoing, boundary):
	case body == nil && f.tee(outgoing):
	default:
		f.exchange.Request(body.bytes(), op.WantsContent())
	}
	c.watch(req.Context()) // from now on the call may end at any moment
	return f, outgoing
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
		call.Provider, call.ProviderAssumed = c.client.Provider(call.Server, call.Path)
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
	return !f.recording || f.done && req.Context().Err() != nil
}

// abandoned reports whether the response of the current attempt is one that the
// client repeats and has not touched: openai-go v1 does not even close it.
func (f *flight) abandoned() bool { return !f.done && !f.touched && f.retryable && f.status != 0 }

// again prepares a further attempt.
func (c *Call) again(req *http.Request) (*flight, *http.Request) {
	f := c.flight
	c.stopWatching()
	var body *peeked
	if f.askForUsage != nil {
		body = peek(req)
	}
	if !f.recording {
		return nil, c.outgoing(trace.ContextWithSpan(req.Context(), f.op.Span()), req, body)
	}
	if f.over.Load() {
		return nil, c.outgoing(req.Context(), req, body)
	}
	outgoing := c.attempt(trace.ContextWithSpan(req.Context(), f.op.Span()), req, body)
	c.watch(req.Context())
	return f, outgoing
}

// attempt starts an attempt, whose span is in ctx.
func (c *Call) attempt(ctx context.Context, req *http.Request, body *peeked) *http.Request {
	f := c.flight
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.maxRetries != nil {
		// The number is copied: the flight must not lead back to the call.
		f.maxRetries = c.maxRetries()
	}
	f.waiting, f.touched, f.retryable, f.status, f.told = false, false, false, 0, otelgenai.Told{}
	f.now = attempt{
		number: f.attempts, method: req.Method, url: plainURL(req.URL), start: time.Now(),
		replayable: bodyless(req) || req.GetBody != nil,
	}
	f.attempts++
	c.gateway(f.call, req.Header, nil)
	return c.outgoing(ctx, req, body)
}

// gateway notes what is known of a gateway, instead of what an earlier attempt said.
func (c *Call) gateway(call *record.Call, request, response http.Header) {
	if c.client.Gateway == nil {
		return
	}
	call.Gateway = nil
	guard.Do("reading headers", func() { call.Gateway = c.client.Gateway(call, request, response) })
}

// watch ends the call when the context of its current attempt does. The context
// holds no more of the call than a weak pointer: it may outlive what the
// application dropped. An attempt that overlaps another leaves that one's watch as it
// is.
func (c *Call) watch(ctx context.Context) {
	c.watched, c.unwatch = c.flight, nil
	if ctx.Done() == nil {
		return
	}
	watched, number := weak.Make(c.flight), c.flight.now.number
	c.unwatch = context.AfterFunc(ctx, func() {
		if f := watched.Value(); f != nil {
			f.canceled(ctx, number)
		}
	})
}

// stopWatching lets go of the context of the current flight's last attempt.
func (c *Call) stopWatching() {
	if c.watched == c.flight && c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
}

// unwatchDone lets go of the context of a call that has ended.
func (c *Call) unwatchDone(f *flight) {
	if !f.over.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == f {
		c.stopWatching()
	}
}

// outgoing returns a copy of the caller's request that is marked as traced and sends
// body, which may be nil; the request itself stays as it is. The trace context in the
// copy is that of the span in ctx, for the hosts that are to have it.
func (c *Call) outgoing(ctx context.Context, req *http.Request, body *peeked) *http.Request {
	outgoing := req.WithContext(context.WithValue(ctx, mark{}, true))
	body.attach(outgoing)
	if f := c.flight; f != nil && f.askForUsage != nil && body != nil {
		if asking := f.askForUsage(body.bytes()); asking != nil {
			rewrite(outgoing, asking)
		}
	}
	if in := c.client.Instrumentor; in.PropagatesTo(req.URL) {
		outgoing.Header = in.Inject(ctx, req.Header)
	}
	return outgoing
}

// plainURL is a URL without what may hold secrets.
func plainURL(u *url.URL) string {
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return plain.String()
}
