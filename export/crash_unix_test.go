//go:build unix

package export

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// busy is how late a process may be on a machine that has much else to do.
const busy = 10 * childDelay

// heir delivers what is on the disk, and returns its account.
func heir(t *testing.T, dir string, backend *faultyotlp.Server) Stats {
	t.Helper()
	p := newProcessor(t, []Destination{{Name: "backend", URL: backend.URL, UserAgent: "heir"}},
		WithSpool(Spool{Dir: dir}))
	ctx := within(t, time.Minute)
	for stats(t, p).Spooled > 0 && ctx.Err() == nil {
		_ = p.ForceFlush(ctx) // which also returns when an attempt has failed
	}
	require.NoError(t, p.Shutdown(ctx))
	assert.Empty(t, filesIn(t, dir, ".otlp"))
	assert.Empty(t, filesIn(t, dir, ".tmp"))
	return stats(t, p)
}

// account compares what arrived with what processes have said. Those that were killed may have sent a request of which
// they did not hear, or did not note, that it was accepted.
type account struct {
	backend  *faultyotlp.Server
	children []*child
	killed   map[string]bool
}

func (a account) check(t *testing.T) {
	t.Helper()
	doubtful := make(map[trace.SpanID]int)
	last := make(map[string]faultyotlp.Request)
	names := make(map[trace.SpanID]string)
	for _, r := range a.backend.Requests() {
		for _, span := range r.Spans {
			names[span.ID] = span.Name
		}
		agent := r.Header.Get("User-Agent")
		switch {
		case r.Stored == 0:
		case r.Fault != faultyotlp.Accept().String():
			note(doubtful, r)
		case a.killed[agent]:
			last[agent] = r
		}
	}
	for _, r := range last {
		note(doubtful, r)
	}
	arrived := a.backend.Arrived()
	for id, n := range arrived {
		assert.LessOrEqual(t, n, 1+doubtful[id], "what arrives more than once was in doubt")
	}
	total := 0
	for _, c := range a.children {
		total += len(c.ended)
		for i, id := range c.order {
			if !a.killed[c.name] || i < c.safe || c.times[len(c.times)-1].Sub(c.times[i]) > busy {
				require.NotZero(t, arrived[id], "span %d of %d, %d of them safe", i, len(c.order), c.safe)
			}
			if arrived[id] > 0 {
				require.Equal(t, c.ended[id], names[id])
			}
		}
	}
	assert.LessOrEqual(t, len(arrived), total+len(a.killed), "one of each can be ended and not yet said")
}

func note(doubtful map[trace.SpanID]int, r faultyotlp.Request) {
	for _, span := range r.Spans {
		doubtful[span.ID]++
	}
}

func TestSpansOutliveSIGKILL(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*testing.T, *faultyotlp.Server, *rand.Rand) (mend func()){
		"backend up": func(*testing.T, *faultyotlp.Server, *rand.Rand) func() { return func() {} },
		"backend down": func(t *testing.T, s *faultyotlp.Server, _ *rand.Rand) func() {
			s.Down()
			return func() { s.Up(t) }
		},
		"backend broken": func(_ *testing.T, s *faultyotlp.Server, _ *rand.Rand) func() {
			s.Default(faultyotlp.Status(503))
			return func() { s.Default(faultyotlp.Accept()) }
		},
		"backend flapping": func(_ *testing.T, s *faultyotlp.Server, random *rand.Rand) func() {
			faults := []faultyotlp.Fault{
				faultyotlp.Accept(), faultyotlp.Accept(), faultyotlp.Status(503), faultyotlp.Reset(), faultyotlp.Reset().Storing(),
			}
			for range 8 {
				s.Script(faults[random.IntN(len(faults))])
			}
			return func() {}
		},
	} {
		for _, role := range []string{"ends", "ends", "flushes"} {
			seed := rand.Uint64()
			t.Run(fmt.Sprintf("%s, %s, seed %d", name, role, seed), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(seed, 0))
				dir, backend := t.TempDir(), faultyotlp.Start(t)
				mend := trouble(t, backend, random)
				first := startChild(t, role, "first", dir, backend.URL)
				enough := random.IntN(1500)
				first.hearUntil(t, func() bool { return len(first.order) > enough })
				first.kill(t)
				mend()
				s := heir(t, dir, backend)
				account{backend, []*child{first}, map[string]bool{"first": true}}.check(t)
				t.Logf("%d ended, %d known to be safe, %d arrived, %d recovered",
					len(first.order), first.safe, len(backend.Arrived()), s.Recovered)
			})
		}
	}
}

func TestAProcessThatIsAskedToStopLosesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault faultyotlp.Fault
		left  bool // on the disk
	}{
		"backend up":       {faultyotlp.Accept(), false},
		"backend broken":   {faultyotlp.Status(503), true},
		"backend misnamed": {faultyotlp.Status(404), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, backend := t.TempDir(), faultyotlp.Start(t)
			backend.Default(tt.fault)
			c := startChild(t, "ends", "child", dir, backend.URL)
			c.hearUntil(t, func() bool { return len(c.order) == 200 })
			c.ask(t)
			ended, spooled := c.shut[0], c.shut[3]
			assert.Equal(t, len(c.order), ended)
			if tt.left {
				assert.Equal(t, []int{ended, 0, 0, ended, 0}, c.shut)
			} else {
				assert.Equal(t, []int{ended, 0, ended, 0, 0}, c.shut)
			}
			backend.Default(faultyotlp.Accept())
			assert.Equal(t, spooled, int(heir(t, dir, backend).Delivered))
			account{backend, []*child{c}, nil}.check(t)
		})
	}
}

func TestALivingProcessSendsWhatADeadOneHasLeft(t *testing.T) {
	t.Parallel()
	dir, backend := t.TempDir(), faultyotlp.Start(t)
	backend.Default(faultyotlp.Status(503))
	dies := startChild(t, "flushes", "dies", dir, backend.URL)
	dies.hearUntil(t, func() bool { return len(dies.order) == 1 })
	lives := startChild(t, "ends", "lives", dir, backend.URL)
	lives.hearUntil(t, func() bool { return len(lives.order) == 200 })
	dies.hearUntil(t, func() bool { return dies.safe > 0 && len(dies.order) > 200 })
	dies.kill(t)
	backend.Default(faultyotlp.Accept())

	// It goes on until it has sent what the other one has left.
	lives.hearUntil(t, func() bool { return backend.Arrived()[dies.order[0]] > 0 })
	lives.ask(t)
	ended, recovered, delivered, spooled, lost := lives.shut[0], lives.shut[1], lives.shut[2], lives.shut[3], lives.shut[4]
	assert.Equal(t, len(lives.order), ended)
	assert.GreaterOrEqual(t, recovered, dies.safe)
	assert.Equal(t, []int{ended + recovered, 0, 0}, []int{delivered, spooled, lost})
	account{backend, []*child{dies, lives}, map[string]bool{"dies": true}}.check(t)
	for id, n := range backend.Arrived() {
		assert.Equal(t, 1, n, "%v arrived more than once", id)
	}
	assert.Empty(t, filesIn(t, dir, "lock"))
}
