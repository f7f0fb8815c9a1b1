package guard_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/genotel/genotel/internal/guard"
)

// handle sets OpenTelemetry's error handler for the test.
func handle(t *testing.T, handler func(error)) {
	t.Helper()
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(handler))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
}

func guarded(f func()) {
	defer guard.Recover("testing the guard")
	f()
}

func TestAPanicIsStoppedAndReported(t *testing.T) {
	var errs []error
	handle(t, func(err error) { errs = append(errs, err) })
	for _, reason := range []any{"text", errors.New("an error"), 42} {
		assert.NotPanics(t, func() { guarded(func() { panic(reason) }) })
	}
	require.Len(t, errs, 3)
	const where = " in github.com/genotel/genotel/internal/guard_test.TestAPanicIsStoppedAndReported.func2.1"
	assert.EqualError(t, errs[0], "genotel: panic while testing the guard: string"+where)
	assert.EqualError(t, errs[1], "genotel: panic while testing the guard: *errors.errorString"+where)
	assert.EqualError(t, errs[2], "genotel: panic while testing the guard: int"+where)
}

func TestARuntimeErrorIsStoppedToo(t *testing.T) {
	var errs []error
	handle(t, func(err error) { errs = append(errs, err) })
	var list []int
	assert.NotPanics(t, func() { guarded(func() { _ = list[len(errs)] }) })
	require.Len(t, errs, 1)
	assert.Contains(t, errs[0].Error(), "index out of range [0] with length 0 in ")
}

func TestWithoutAPanicNothingIsReported(t *testing.T) {
	handle(t, func(err error) { t.Error(err) })
	called := false
	guarded(func() { called = true })
	assert.True(t, called)
}

func TestAnErrorHandlerThatPanicsIsStoppedToo(t *testing.T) {
	handle(t, func(error) { panic("handler") })
	assert.NotPanics(t, func() { guarded(func() { panic("first") }) })
}

// badError panics when it is asked what it is; fmt deals with that.
type badError struct{}

func (badError) Error() string { panic("no text") }

func TestAReasonThatCannotBePrintedIsReportedAllTheSame(t *testing.T) {
	var errs []error
	handle(t, func(err error) { errs = append(errs, err) })
	assert.NotPanics(t, func() { guarded(func() { panic(badError{}) }) })
	require.Len(t, errs, 1)
	assert.ErrorContains(t, errs[0], "testing the guard")
}
