package retry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/retry"
)

func TestBackoffGrowsWithFullJitterToItsBound(t *testing.T) {
	for failures := 1; failures < 100; failures++ {
		ceiling := retry.MaxBackoff
		if failures < 8 {
			ceiling = min(ceiling, retry.MinBackoff<<(failures-1))
		}
		for range 100 {
			wait := retry.Backoff(failures)
			assert.GreaterOrEqual(t, wait, time.Duration(0))
			assert.Less(t, wait, ceiling)
		}
	}
}

func TestRetryAfterIsClampedAndGarbageIgnored(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"7":                             7 * time.Second,
		"-5":                            0,
		"3601":                          time.Hour,
		"99999999999999999999999999":    time.Hour,
		"-99999999999999999999999999":   0,
		"1.5":                           0,
		"soon":                          0,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
		"Fri, 02 Jan 2099 03:04:00 GMT": time.Hour,
	} {
		assert.Equal(t, want, retry.After(value, now), "%q", value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "Fri, 02 Jan 2026 03:04:15 GMT", "9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		pause := retry.After(value, time.Now())
		if pause < 0 || pause > retry.MaxRetryAfter {
			t.Errorf("After(%q) = %v", value, pause)
		}
	})
}
