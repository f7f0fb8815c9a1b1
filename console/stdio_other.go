//go:build !unix

package console

import "io"

// survivable returns w: where there are no signals, a writer whose reader is gone
// fails as any other.
func survivable(w io.Writer) (survivor io.Writer, release func()) { return w, func() {} }
