package genotel

import (
	"context"
	"fmt"
	"slices"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// hosts are the providers that have processors of ours until their Shutdown. A provider
// does not tell what it has, and two Configures know of each other only by it.
var hosts = hostList{of: map[*sdktrace.TracerProvider]*host{}}

type hostList struct {
	mu sync.Mutex // guards of, and what is in it
	of map[*sdktrace.TracerProvider]*host
}

type host struct {
	made    bool // by Configure, and so to be shut down with its last guest
	guests  []*attachment
	leaving int // how many last guests deliver what is left, while another one may come
}

func (h *host) isEmpty() bool { return len(h.guests)+h.leaving == 0 }

// attachment is the processor of one Configure on a provider.
type attachment struct {
	*SpanProcessor

	plan     plan
	provider *sdktrace.TracerProvider

	gate    sync.RWMutex // held by those who bring a span, and guards leaving
	leaving bool
}

// attach adds the processor to provider, which was made for it or was there before.
func attach(provider *sdktrace.TracerProvider, made bool, p prepared) *attachment {
	a := &attachment{SpanProcessor: p.processor, plan: p.plan, provider: provider}
	hosts.mu.Lock()
	defer hosts.mu.Unlock()
	there := hosts.of[provider]
	if there == nil {
		there = &host{made: made}
		hosts.of[provider] = there
	}
	there.guests = append(there.guests, a)
	provider.RegisterSpanProcessor(a)
	return a
}

// detach ends the intake and takes the processor off its provider, unless that may end with
// it: Configure made the provider, and nobody else is left. What ends meanwhile on a
// provider that goes on is not ours to lose.
func (a *attachment) detach() (last bool) {
	hosts.mu.Lock()
	there := hosts.of[a.provider]
	there.guests = slices.DeleteFunc(there.guests, func(one *attachment) bool { return one == a })
	last = there.made && len(there.guests) == 0
	if last {
		there.leaving++
	}
	if there.isEmpty() {
		delete(hosts.of, a.provider)
	}
	hosts.mu.Unlock()
	if !last {
		a.leave()
	}
	return last
}

// detachLast is for the last one, after it has delivered. The provider is to be shut down
// unless another Configure has come meanwhile.
func (a *attachment) detachLast() (ending bool) {
	hosts.mu.Lock()
	there := hosts.of[a.provider]
	there.leaving--
	ending = there.isEmpty()
	if ending {
		delete(hosts.of, a.provider)
	}
	hosts.mu.Unlock()
	if ending {
		a.close()
	} else {
		a.leave()
	}
	return ending
}

// leave takes the processor off its provider, which does not shut it down: that would
// report losses a second time.
func (a *attachment) leave() {
	a.close()
	a.provider.UnregisterSpanProcessor(a)
}

// close ends the intake. Spans that are on their way in have come in when it returns.
func (a *attachment) close() {
	a.gate.Lock()
	defer a.gate.Unlock()
	a.leaving = true
}

func (a *attachment) isClosed() bool {
	a.gate.RLock()
	defer a.gate.RUnlock()
	return a.leaving
}

// OnStart implements [sdktrace.SpanProcessor].
func (a *attachment) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if !a.isClosed() {
		a.SpanProcessor.OnStart(ctx, span)
	}
}

// OnEnd implements [sdktrace.SpanProcessor].
func (a *attachment) OnEnd(span sdktrace.ReadOnlySpan) {
	if a.admit(span) {
		a.deliver(span)
	}
}

func (a *attachment) admit(span sdktrace.ReadOnlySpan) (open bool) {
	a.gate.RLock()
	defer a.gate.RUnlock()
	if !a.leaving {
		a.queue(span)
	}
	return !a.leaving
}

// Shutdown implements [sdktrace.SpanProcessor].
func (a *attachment) Shutdown(ctx context.Context) error {
	if a.isClosed() {
		return nil
	}
	return a.SpanProcessor.Shutdown(ctx)
}

// noteTwice warns of receivers that get the spans of provider already. They are not left
// out: the earlier Configure may be shut down at any time.
func (p *plan) noteTwice(provider *sdktrace.TracerProvider) {
	hosts.mu.Lock()
	defer hosts.mu.Unlock()
	there := hosts.of[provider]
	if there == nil {
		return
	}
	for _, guest := range there.guests {
		for _, name := range p.common(guest.plan) {
			p.note(fmt.Sprintf("%s is a destination of an earlier Configure as well and gets every span twice; "+
				"call Configure once, or Shutdown of the earlier one before", name))
		}
	}
}

// common returns the names of p's destinations that other has, too.
func (p *plan) common(other plan) (names []string) {
	for _, d := range p.destinations {
		if slices.ContainsFunc(other.destinations, func(o destination) bool { return sameReceiver(d, o) }) {
			names = append(names, d.Name)
		}
	}
	if p.console != nil && other.console != nil && p.console.where == other.console.where && p.console.where != someWriter {
		names = append(names, "console ("+p.console.where+")")
	}
	return names
}
