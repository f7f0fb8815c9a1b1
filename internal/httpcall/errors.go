package httpcall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/genotel/genotel/otelgenai/record"
)

// The values of error.type for failures without a response of the provider.
const (
	errorTimeout    = "timeout"
	errorConnection = "connection_error"
	errorOther      = "_OTHER"
)

// transportError describes a failure below the provider. It is nil when the
// caller canceled the call.
func transportError(err error) *record.Error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	// A url.Error quotes the URL, whose query may hold a key, and calls itself a
	// network error, whatever it wraps. Transports that are clients themselves wrap
	// one in another.
	for withURL, ok := errors.AsType[*url.Error](err); ok; withURL, ok = errors.AsType[*url.Error](err) {
		err = withURL.Err
	}
	e := &record.Error{Type: transportErrorType(err)}
	if err != nil {
		e.Message = err.Error()
	}
	return e
}

func transportErrorType(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errorTimeout
	case errors.As(err, &network):
		if network.Timeout() {
			return errorTimeout
		}
		return errorConnection
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return errorConnection
	default:
		return errorOther
	}
}

// final reports whether a Stainless client marks an error as one that another
// attempt would meet again, such as a request that leaves the client's host. Go
// does not let other packages ask for the mark, so its name has to do; without it
// the call ends when the client drops it.
func final(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasSuffix(fmt.Sprintf("%T", err), ".noRetryError") {
			return true
		}
	}
	return false
}
