//go:build !unix

package bench

import "time"

// cpuTime is not known here, and its metric 0.
func cpuTime() time.Duration { return 0 }
