package export

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// enough is longer than any pause that a server can ask for, and shorter than a spool keeps requests.
const enough = 2 * time.Hour

func steadyOnDisk(t *testing.T, row matrixRow) {
	t.Helper()
	dir := t.TempDir()
	m := newMeeting(t, plain, nil, WithSpool(Spool{Dir: dir}))
	m.befall(row)
	m.endSteadily()
	time.Sleep(enough)
	m.checkOnDisk(t, dir, row, row.want, 0)
}

func burstOnDisk(t *testing.T, row matrixRow) {
	t.Helper()
	dir := t.TempDir()
	m := newMeeting(t, gzipped, nil, WithSpool(Spool{Dir: dir}))
	m.befall(row)
	m.end(burstSpans)
	time.Sleep(enough)
	m.checkOnDisk(t, dir, row, row.want, 0)
}

// shutdownOnDisk leaves on the disk what cannot be delivered at once.
func shutdownOnDisk(t *testing.T, row matrixRow) {
	t.Helper()
	dir := t.TempDir()
	m := newMeeting(t, asJSON, nil, WithSpool(Spool{Dir: dir}))
	m.befall(row)
	m.endForShutdown(burstSpans)
	m.checkOnDisk(t, dir, row, row.ending, burstSpans)
}

// checkOnDisk shuts down, compares the ledger with the backend's own account, and then has the next process deliver what
// is on the disk. Of spans that can be delivered it allows some to be there.
func (m *meeting) checkOnDisk(t *testing.T, dir string, row matrixRow, want Reason, waiting int) {
	t.Helper()
	begun := time.Now()
	result := m.processor.Shutdown(t.Context())
	assert.LessOrEqual(t, time.Since(begun), DefaultShutdownTimeout+stopGrace)
	s := stats(t, m.processor)
	assert.Zero(t, s.Queued)
	assert.Equal(t, len(m.ended), int(s.Ended))
	switch want {
	case delivered:
		assert.Empty(t, s.Dropped)
		assert.LessOrEqual(t, int(s.Spooled), waiting)
	case ReasonSendError, ReasonTooLarge, ReasonRejected: // for good
		assert.Equal(t, map[Reason]uint64{want: s.Lost()}, s.Dropped)
		assert.NotZero(t, s.Lost())
		assert.Zero(t, s.Spooled)
	default:
		assert.Empty(t, s.Dropped)
		assert.Equal(t, len(m.ended), int(s.Spooled))
	}
	assert.Equal(t, s.Lost()+s.Spooled == 0, result == nil, "%v", result)

	m.backend.Default(faultyotlp.Accept())
	m.start(t)
	time.Sleep(enough)
	require.NoError(t, m.processor.Shutdown(t.Context()))
	assert.Equal(t, Stats{Destination: "backend", Recovered: s.Spooled, Delivered: s.Spooled}, stats(t, m.processor))
	assert.Empty(t, filesIn(t, dir, ".otlp"))

	arrived, requests := m.backend.Arrived(), m.backend.Requests()
	assert.Len(t, arrived, len(m.ended)-int(s.Lost()))
	assert.True(t, containsAll(m.ended, arrived), "nothing arrives that did not end")
	again := 0
	switch row.told {
	case doubt, nothing, cutOff: // a backend may read on when nobody waits for its answer any more
		again = storedBy(requests, row.fault.String())
	case truth, reordered:
	}
	assert.Equal(t, again, sumOf(arrived)-len(arrived), "nothing arrives twice but what was in doubt")
	checkRequests(t, row, want, requests)
}

// A request from the disk that goes in parts is there as a whole until the last part is settled.
func TestWhatWasDeliveredOfADividedRequestIsNotSentByTheNextProcess(t *testing.T) {
	for _, then := range []faultyotlp.Fault{faultyotlp.Status(503), faultyotlp.NoAnswer()} {
		t.Run(then.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				m := newMeeting(t, Destination{}, nil, WithSpool(Spool{Dir: dir}))
				m.backend.Script(faultyotlp.Status(413), faultyotlp.Accept())
				m.backend.Default(then)
				m.end(100)
				time.Sleep(time.Minute)
				require.Error(t, m.processor.Shutdown(within(t, 2*time.Second)))
				s := stats(t, m.processor)
				assert.Len(t, m.backend.Arrived(), int(s.Delivered))
				assert.NotZero(t, s.Delivered)
				assert.Equal(t, 100-s.Delivered, s.Spooled)

				m.backend.Default(faultyotlp.Accept())
				m.start(t)
				time.Sleep(time.Minute)
				require.NoError(t, m.processor.Shutdown(t.Context()))
				assert.Equal(t, Stats{Destination: "backend", Recovered: s.Spooled, Delivered: s.Spooled}, stats(t, m.processor))
				m.assertEachArrivedOnce(t)
			})
		})
	}
}
