package export

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// tenThousand ends 10,000 spans, 900 a second, while the backend answers 503 for 19 seconds.
func tenThousand(t *testing.T, m *meeting) {
	t.Helper()
	m.backend.Default(faultyotlp.Status(503))
	time.AfterFunc(19*time.Second, func() { m.backend.Default(faultyotlp.Accept()) })
	for range 100 {
		m.end(100)
		time.Sleep(time.Second / 9)
	}
	time.Sleep(10 * time.Second)
}

func TestAnOutageDelaysTenThousandSpansAndLosesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Destination{}, nil, WithQueue(0, 10_000))
		tenThousand(t, m)
		require.NoError(t, m.processor.Shutdown(within(t, 30*time.Second)))
		m.assertEachArrivedOnce(t)
		assert.Equal(t, Stats{Destination: "backend", Ended: 10_000, Delivered: 10_000}, stats(t, m.processor))
	})
}

func TestAnOutageLosesOnlyWhatTheQueueHasNoRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Destination{}, nil, WithQueue(0, 8000))
		tenThousand(t, m)
		require.Error(t, m.processor.Shutdown(within(t, 30*time.Second)))
		assert.Len(t, m.backend.Arrived(), 8000)
		assert.Equal(t, Stats{
			Destination: "backend", Ended: 10_000, Delivered: 8000, Dropped: map[Reason]uint64{ReasonQueueOverflow: 2000},
		}, stats(t, m.processor))
	})
}

func TestABackendThatIsDownOrShowsABadCertificateIsWaitedFor(t *testing.T) {
	down := func(m *meeting) (mend func(testing.TB)) {
		m.backend.Down()
		return m.backend.Up
	}
	for name, tt := range map[string]struct {
		opts  []faultyotlp.Option
		spoil func(*meeting) (mend func(testing.TB))
		never Reason // what becomes of the spans if nobody mends it
	}{
		"refuses connections":         {nil, down, ReasonExpired},
		"refuses connections for TLS": {[]faultyotlp.Option{faultyotlp.TLS(faultyotlp.Good)}, down, ReasonExpired},
		"untrusted":                   {[]faultyotlp.Option{faultyotlp.TLS(faultyotlp.Untrusted)}, goodCertificate, ReasonConfig},
		"expired":                     {[]faultyotlp.Option{faultyotlp.TLS(faultyotlp.Expired)}, goodCertificate, ReasonConfig},
		"wrong host":                  {[]faultyotlp.Option{faultyotlp.TLS(faultyotlp.WrongHost)}, goodCertificate, ReasonConfig},
	} {
		t.Run(name+", for a while", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{}, tt.opts)
				mend := tt.spoil(m)
				time.AfterFunc(90*time.Second, func() { mend(t) })
				m.end(100)
				require.NoError(t, m.processor.ForceFlush(within(t, time.Hour)))
				require.NoError(t, m.processor.Shutdown(t.Context()))
				m.assertEachArrivedOnce(t)
			})
		})
		t.Run(name+", at the end of the program", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{}, tt.opts)
				mend := tt.spoil(m)
				time.AfterFunc(5*time.Second, func() { mend(t) })
				m.end(100)
				require.NoError(t, m.processor.Shutdown(within(t, 5*time.Minute)))
				m.assertEachArrivedOnce(t)
			})
		})
		t.Run(name+", for good", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMeeting(t, Destination{}, tt.opts)
				tt.spoil(m)
				m.end(100)
				require.NoError(t, m.processor.ForceFlush(within(t, time.Hour)))
				require.Error(t, m.processor.Shutdown(t.Context()))
				assert.Equal(t, map[Reason]uint64{tt.never: 100}, stats(t, m.processor).Dropped)
				assert.Empty(t, m.backend.Requests())
			})
		})
	}
}

// goodCertificate replaces the bad one.
func goodCertificate(m *meeting) (mend func(testing.TB)) {
	return func(testing.TB) { m.backend.Show(faultyotlp.Good) }
}

func TestAFullQueueOfLargeSpansGoesInRequestsOfAFewMegabytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const spans, size = 512, 140 << 10
		m := newMeeting(t, Destination{}, nil, WithQueue(2*spans*size, 0))
		content := attribute.String("content", strings.Repeat("x", size))
		for i := range spans {
			_, span := m.tracer.Start(t.Context(), fmt.Sprint("span ", i), trace.WithAttributes(content))
			m.ended[span.SpanContext().SpanID()] = 1
			span.End()
		}
		require.NoError(t, m.processor.Shutdown(within(t, 5*time.Minute)))
		m.assertEachArrivedOnce(t)
		requests := m.backend.Requests()
		assert.InDelta(t, spans*size/maxRequestBytes, len(requests), 2)
		for _, r := range requests {
			assert.LessOrEqual(t, r.Bytes, maxRequestBytes)
		}
	})
}

// The server closes a kept-alive connection at the moment at which the next request is about to take it.
func TestConnectionsThatAreClosedWhenIdleLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle = 50 * time.Millisecond
		m := newMeeting(t, Destination{}, []faultyotlp.Option{faultyotlp.IdleTimeout(idle)})
		for range 400 {
			m.end(1)
			require.NoError(t, m.processor.ForceFlush(within(t, time.Minute)))
			time.Sleep(idle)
		}
		require.NoError(t, m.processor.Shutdown(t.Context()))
		m.assertEachArrivedOnce(t)
	})
}

func TestFaultsOfRealConnectionsAreClassifiedAndNamed(t *testing.T) {
	for _, tt := range []struct {
		fault   faultyotlp.Fault
		status  int    // 0 for no answer
		problem string // with the host after it
	}{
		{faultyotlp.Reset(), 0, "connection closed: "},
		{faultyotlp.CloseBeforeHeaders(), 0, "connection closed: "},
		{faultyotlp.CutHeaders(), 0, "connection closed: "},
		{faultyotlp.Garbage(), 0, "network error: "},
		{faultyotlp.CutBody(503), 503, "503 from "},
		{faultyotlp.HugeBody(503, 1<<20), 503, "503 from "},
		{faultyotlp.GzipBomb(503, 8<<20), 503, "503 from "},
		{faultyotlp.Status(503).Unread(), 503, "503 from "},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			backend := faultyotlp.Start(t)
			backend.Script(tt.fault)
			s := newSender(Destination{URL: backend.URL}, nil)
			t.Cleanup(s.close)
			assert.Equal(t, outcome{
				class: transient, status: tt.status, doubtful: tt.status == 0, problem: tt.problem + backend.Host(),
			}, s.attempt(t.Context(), noResource))
			assert.Equal(t, outcome{class: accepted, status: 200}, s.attempt(t.Context(), noResource), "the next attempt starts afresh")
			assert.Len(t, backend.Requests(), 2)
		})
	}
	for _, fault := range []faultyotlp.Fault{
		faultyotlp.CutBody(200), faultyotlp.HugeBody(200, 1<<20), faultyotlp.GzipBomb(200, 8<<20),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			backend := faultyotlp.Start(t)
			backend.Default(fault)
			for n := range 2 {
				assert.Equal(t, outcome{class: accepted, status: 200}, attemptAt(t, Destination{URL: backend.URL}))
				assert.Len(t, backend.Requests(), n+1)
			}
		})
	}
}
