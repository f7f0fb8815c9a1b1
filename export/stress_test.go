package export

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/genotel/genotel/otelgenai/record"
)

// moody answers as chance has it, in phases. It stores nothing that it does not confirm.
func moody(b *backend, seed uint64) {
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(seed, 2))
	phase, until := 0, 0
	b.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		mu.Lock()
		if n > until {
			phase, until = chance.IntN(12), n+1+chance.IntN(12)
		}
		now := phase
		mu.Unlock()
		body := b.received()[n-1].body
		switch {
		case bytes.Contains(body, []byte("poison")):
			w.WriteHeader(http.StatusBadRequest)
		case bytes.Contains(body, []byte("breaker")):
			w.WriteHeader(http.StatusInternalServerError)
		case now == 0:
			w.WriteHeader(http.StatusInternalServerError)
		case now == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case now == 2:
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(http.StatusTooManyRequests)
		case now == 3 && len(body) > 20_000:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case now == 4:
			w.WriteHeader(http.StatusUnauthorized)
		case now == 5:
			hang(w, r, n)
		case now == 6:
			w.WriteHeader(http.StatusBadRequest)
		}
	}
}

func TestTheBooksAreRightWhateverHappens(t *testing.T) {
	const rounds = 20
	for seed := range uint64(rounds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stress(t, seed) })
		})
	}
}

func stress(t *testing.T, seed uint64) {
	t.Helper()
	chance := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	var opts []Option
	disk := chance.IntN(3) > 0
	if disk {
		opts = append(opts, WithSpool(Spool{Dir: dir, MaxBytes: []int64{0, 1_000_000}[chance.IntN(2)]}))
	}
	opts = append(opts, WithQueue([]int{0, 200_000}[chance.IntN(2)], []int{0, 150}[chance.IntN(2)]))
	var b backend
	moody(&b, seed)
	view := func(span sdktrace.ReadOnlySpan, _ *record.Call) sdktrace.ReadOnlySpan {
		switch {
		case strings.Contains(span.Name(), "panics"):
			panic("view")
		case strings.Contains(span.Name(), "hidden"):
			return nil
		}
		return span
	}
	build := func(h http.Handler) *Processor {
		return newProcessor(t, []Destination{{Name: "backend", URL: "http://backend/v1/traces", View: view}},
			append(opts, withTransport(inMemory{"backend": h}))...)
	}
	p := build(&b)
	stop := make(chan struct{})
	var all sync.WaitGroup
	var wait [4]*rand.Rand
	for i := range wait {
		wait[i] = rand.New(rand.NewPCG(seed, uint64(10+i)))
	}
	again := func(r *rand.Rand, most time.Duration) bool {
		select {
		case <-stop:
			return false
		case <-time.After(time.Duration(r.Int64N(int64(most)))):
			return true
		}
	}
	ended := map[string]bool{}
	all.Go(func() {
		for i := 0; again(wait[0], 20*time.Second); i++ {
			for j := range 1 + wait[0].IntN(100) {
				kind := ""
				if wait[0].IntN(40) == 0 {
					kind = []string{" poison", " breaker", " panics", " hidden"}[wait[0].IntN(4)]
				}
				s := stub(fmt.Sprintf("span %d.%d%s.", i, j, kind))
				s.Attributes = []attribute.KeyValue{attribute.String("text", strings.Repeat("x", wait[0].IntN(1500)))}
				ended[s.Name] = true
				p.OnEnd(s.Snapshot())
			}
		}
	})
	all.Go(func() {
		for again(wait[1], time.Minute) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(wait[1].Int64N(int64(10*time.Second))))
			_ = p.ForceFlush(ctx)
			cancel()
		}
	})
	all.Go(func() {
		for again(wait[2], time.Second) {
			stats(t, p)
			pl := p.pipelines[0]
			pl.mu.Lock()
			assert.GreaterOrEqual(t, pl.room.bytes, 0)
			assert.GreaterOrEqual(t, pl.room.spans, 0)
			assert.LessOrEqual(t, pl.room.spans, pl.room.maxSpans)
			assert.Equal(t, pl.ledger.waiting[queued], uint64(pl.room.spans))
			pl.mu.Unlock()
		}
	})
	time.Sleep(time.Duration(chance.Int64N(int64(20 * time.Minute))))
	early := chance.IntN(2) == 0
	if early {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(chance.Int64N(int64(10*time.Second))))
		_ = p.Shutdown(ctx)
		cancel()
	}
	close(stop)
	all.Wait()
	if !early {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(chance.Int64N(int64(10*time.Second))))
		_ = p.Shutdown(ctx)
		cancel()
	}
	first := stats(t, p)
	assert.Zero(t, first.Queued)
	assert.Len(t, ended, int(first.Ended+first.LeftOut))
	assert.Len(t, b.names(), int(first.Delivered), "%+v", first)

	total := first
	if disk {
		var healthy backend
		second := build(&healthy)
		require.NoError(t, second.ForceFlush(t.Context()))
		_ = second.Shutdown(t.Context())
		s := stats(t, second)
		assert.Equal(t, first.Spooled, s.Recovered, "%+v\n%+v", first, s)
		assert.Equal(t, s.Recovered, s.Delivered)
		b.accepted = append(b.accepted, healthy.accepted...)
		total.Delivered += s.Delivered
		assert.Empty(t, filesIn(t, dir, ".otlp"))
	}
	arrived := map[string]int{}
	for _, name := range b.names() {
		arrived[name]++
		assert.True(t, ended[name])
		if arrived[name] > 1 {
			t.Errorf("%s arrived twice", name)
		}
	}
	assert.Equal(t, len(ended), len(arrived)+int(first.Lost()+first.LeftOut), "%+v", total)
}
