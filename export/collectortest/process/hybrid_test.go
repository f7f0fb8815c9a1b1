package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
	langsmithoracle "github.com/genotel/genotel/internal/oracle/langsmith"
	langtraceoracle "github.com/genotel/genotel/internal/oracle/langtrace"
)

// hybrid sends to LangSmith and Langtrace with content and to a Collector without.
type hybrid struct {
	langsmith, langtrace *oracle.Server
	collector            *collector
	behind               [2]*oracle.Server // the Collector
	telemetry            *genotel.Telemetry
}

func newHybrid(t *testing.T, protocol genotel.Protocol) *hybrid {
	t.Helper()
	h := &hybrid{langsmith: oracle.NewServer(t), langtrace: oracle.NewServer(t)}
	h.behind = [2]*oracle.Server{oracle.NewServer(t), oracle.NewServer(t)}
	h.collector = startCollector(t, h.behind[0].URL, h.behind[1].URL)
	h.telemetry = configure(t,
		genotel.WithLangSmith(genotel.LangSmith{APIKey: "key-1", Endpoint: h.langsmith.URL}),
		genotel.WithLangtrace(genotel.Langtrace{APIKey: "key-2", Endpoint: h.langtrace.URL}),
		genotel.WithOTLP(genotel.OTLP{
			Name: "collector", Endpoint: h.collector.endpoint(protocol), Protocol: protocol,
		}))
	return h
}

// converse makes three spans and returns when the destinations have them.
func (h *hybrid) converse(t *testing.T, destinations ...string) {
	t.Helper()
	ended := h.stats()
	converse(t, h.telemetry)
	for _, name := range destinations {
		require.Eventually(t, func() bool {
			return h.stats()[name].Delivered == ended[name].Delivered+3
		}, time.Minute, 10*time.Millisecond, name)
	}
}

func (h *hybrid) stats() map[string]genotel.DestinationStats {
	stats := map[string]genotel.DestinationStats{}
	for _, s := range h.telemetry.Stats() {
		stats[s.Destination] = s
	}
	return stats
}

// awaitFanOut returns when all that is behind the Collector has n spans.
func (h *hybrid) awaitFanOut(t *testing.T, n int) {
	t.Helper()
	for _, server := range h.behind {
		require.Eventually(t, func() bool { return len(received(t, server)) == n }, time.Minute, 20*time.Millisecond)
	}
}

// assertShown checks what LangSmith and Langtrace show of n spans.
func (h *hybrid) assertShown(t *testing.T, n int) {
	t.Helper()
	result, err := langsmithoracle.FromCaptures(h.langsmith.Captures(), langsmithoracle.Options{})
	require.NoError(t, err)
	assert.Empty(t, result.Warnings)
	assert.Len(t, result.Runs, n)
	for _, run := range result.Runs {
		assert.Contains(t, run.Inputs, "messages")
	}
	shown := 0
	for _, capture := range h.langtrace.Captures() {
		verdict := langtraceoracle.Check(capture, langtraceoracle.Options{KnownKeys: []string{"key-2"}, RequireLLM: true})
		assert.True(t, verdict.OK(), "%d %s %v", verdict.Status, verdict.Reason, verdict.Findings)
		for _, span := range verdict.Spans {
			assert.NotEmpty(t, span.UI.Inputs)
		}
		shown += len(verdict.Spans)
	}
	assert.Equal(t, n, shown)
}

func TestACollectorThatIsKilledHoldsUpNobodyElse(t *testing.T) {
	h := newHybrid(t, genotel.HTTPProtobuf)
	h.converse(t, "langsmith", "langtrace", "collector")
	h.awaitFanOut(t, 3)
	h.collector.kill()
	h.converse(t, "langsmith", "langtrace")
	assert.Equal(t, uint64(3), h.stats()["collector"].Queued)

	err := h.telemetry.Shutdown(within(t, 100*time.Millisecond))
	var loss *genotel.DeliveryError
	require.ErrorAs(t, err, &loss)
	assert.Equal(t, map[string]uint64{"langsmith": 0, "langtrace": 0, "collector": 3}, lost(loss))
	assert.ErrorContains(t, err, "collector 3 (shutdown 3")
	h.assertShown(t, 6)
	for _, server := range h.behind {
		assert.Len(t, received(t, server), 3)
		assertNoContent(t, received(t, server))
	}
}

func lost(err *genotel.DeliveryError) map[string]uint64 {
	lost := map[string]uint64{}
	for _, stats := range err.Stats {
		lost[stats.Destination] = stats.Lost()
	}
	return lost
}

func TestACollectorThatIsStartedAgainGetsEverySpanOnce(t *testing.T) {
	for name, protocol := range map[string]genotel.Protocol{"HTTP": genotel.HTTPProtobuf, "gRPC": genotel.GRPC} {
		t.Run(name, func(t *testing.T) {
			h := newHybrid(t, protocol)
			h.converse(t, "langsmith", "langtrace", "collector")
			h.awaitFanOut(t, 3)
			h.collector.kill()
			h.converse(t, "langsmith", "langtrace")
			assert.Equal(t, uint64(3), h.stats()["collector"].Queued)
			h.collector.start(t)
			require.NoError(t, h.telemetry.Shutdown(within(t, time.Minute)))
			h.collector.stop(t)

			h.assertShown(t, 6)
			for _, server := range h.behind {
				assert.Len(t, received(t, server), 6)
				assertNoContent(t, received(t, server))
			}
			assert.Equal(t, received(t, h.behind[0]), received(t, h.behind[1]))
		})
	}
}
