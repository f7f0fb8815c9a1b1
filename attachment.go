package genotel

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

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
	made   bool // by Configure, and so to be shut down with its last guest
	guests []*attachment
}

// attachment is the processor of one Configure on a provider.
type attachment struct {
	*SpanProcessor

	plan     plan
	provider *sdktrace.TracerProvider
	leaving  atomic.Bool
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

// detach ends the intake and takes the processor off its provider, unless that ends with
// it: Configure made the provider, and nobody else is left. What ends meanwhile on a
// provider that goes on is not ours to lose.
func (a *attachment) detach() (ending bool) {
	hosts.mu.Lock()
	there := hosts.of[a.provider]
	there.guests = slices.DeleteFunc(there.guests, func(one *attachment) bool { return one == a })
	last := len(there.guests) == 0
	if last {
		delete(hosts.of, a.provider)
	}
	hosts.mu.Unlock()
	if last && there.made {
		return true
	}
	a.leave()
	a.provider.UnregisterSpanProcessor(a)
	return false
}

// leave keeps the provider from a Shutdown of its own, which would report losses a second
// time.
func (a *attachment) leave() { a.leaving.Store(true) }

// OnStart implements [sdktrace.SpanProcessor].
func (a *attachment) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	if !a.leaving.Load() {
		a.SpanProcessor.OnStart(ctx, span)
	}
}

// OnEnd implements [sdktrace.SpanProcessor].
func (a *attachment) OnEnd(span sdktrace.ReadOnlySpan) {
	if !a.leaving.Load() {
		a.SpanProcessor.OnEnd(span)
	}
}

// Shutdown implements [sdktrace.SpanProcessor].
func (a *attachment) Shutdown(ctx context.Context) error {
	if a.leaving.Load() {
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
