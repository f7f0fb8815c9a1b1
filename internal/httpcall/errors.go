package httpcall

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"

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
	return &record.Error{Type: transportErrorType(err), Message: transportMessage(err)}
}

func transportErrorType(err error) string {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		err = withURL.Err // it calls itself a network error, whatever it wraps
	}
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

// transportMessage is the error's text without the URL, whose query may hold a
// key.
func transportMessage(err error) string {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		err = withURL.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}
