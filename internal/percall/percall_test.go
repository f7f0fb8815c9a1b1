package percall_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/genotel/genotel/internal/percall"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// sdkOption is the option of a made-up SDK with configurations of type C.
type sdkOption[C any] func(C) error

func (o sdkOption[C]) Apply(config C) error { return o(config) }

// middleware is the constructor of a made-up SDK; it collects the layers it is
// given.
func middleware[C any](layers *[]percall.Layer) func(...percall.Layer) sdkOption[C] {
	return func(given ...percall.Layer) sdkOption[C] {
		return func(C) error {
			*layers = append(*layers, given...)
			return nil
		}
	}
}

// applied makes an option for configurations of type C, applies it to config and
// returns the limit of retries that begin was told.
func applied[C any](t *testing.T, config C) func() int {
	t.Helper()
	var limit func() int
	var layers []percall.Layer
	o := percall.New(middleware[C](&layers), func(maxRetries func() int) percall.Layer {
		limit = maxRetries
		return func(r *http.Request, send percall.Send) (*http.Response, error) { return send(r) }
	})
	require.NoError(t, o.Apply(config))
	require.Len(t, layers, 1)
	return limit
}

type withRetries struct{ MaxRetries int }

type withSmallRetries struct{ MaxRetries int8 }

type withOddRetries struct{ MaxRetries string }

type withoutRetries struct{ URL string }

type withHiddenRetries struct{ maxRetries int }

type withEmbeddedRetries struct{ withRetries }

func TestTheLimitOfRetriesIsReadWhereverTheSDKHasIt(t *testing.T) {
	assert.Equal(t, 7, applied(t, &withRetries{7})())
	assert.Equal(t, 7, applied(t, withRetries{7})())
	assert.Equal(t, 3, applied(t, &withSmallRetries{3})())
	assert.Equal(t, 5, applied(t, &withEmbeddedRetries{withRetries{5}})())
}

func TestWithoutALimitTheClientCountsAsOneThatNeverRetries(t *testing.T) {
	assert.Zero(t, applied(t, &withoutRetries{})())
	assert.Zero(t, applied(t, &withOddRetries{"7"})())
	assert.Zero(t, applied(t, &withHiddenRetries{maxRetries: 7})())
	assert.Zero(t, applied(t, 7)())
	assert.Zero(t, applied(t, "config")())
	assert.Zero(t, applied(t, (*withRetries)(nil))())
	assert.Zero(t, applied[any](t, nil)())
	assert.Zero(t, applied(t, map[string]int{"MaxRetries": 7})())
}

func TestTheLimitMayChangeAfterTheOptionWasApplied(t *testing.T) {
	config := &withRetries{2}
	limit := applied(t, config)
	config.MaxRetries = 0 // by an option that comes later
	assert.Zero(t, limit())
}

func TestBeginRunsAtEachApplicationAndNotBefore(t *testing.T) {
	begun := 0
	var layers []percall.Layer
	o := percall.New(middleware[*withRetries](&layers), func(func() int) percall.Layer {
		begun++
		return nil
	})
	assert.Zero(t, begun)
	for range 3 {
		require.NoError(t, o.Apply(&withRetries{}))
	}
	assert.Equal(t, 3, begun)
	assert.Len(t, layers, 3)
}

func TestAnErrorOfTheSDKIsPassedOn(t *testing.T) {
	refused := errors.New("refused")
	o := percall.New(func(...percall.Layer) sdkOption[int] {
		return func(int) error { return refused }
	}, func(func() int) percall.Layer { return nil })
	assert.ErrorIs(t, o.Apply(1), refused)
}

func TestIsKnowsItsOwnOptions(t *testing.T) {
	own := percall.New(option.WithMiddleware, func(func() int) percall.Layer { return nil })
	assert.True(t, percall.Is(own))
	assert.True(t, percall.Is(option.RequestOption(own)))
	assert.False(t, percall.Is(option.WithAPIKey("k")))
	assert.False(t, percall.Is(nil))
	assert.False(t, percall.Is(7))
}

func TestARealClientBeginsOncePerCallAndPassesEveryAttempt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After-Ms", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	begun, attempts, limit := 0, 0, 0
	client := openai.NewClient(
		percall.New(option.WithMiddleware, func(maxRetries func() int) percall.Layer {
			begun++
			return func(r *http.Request, send percall.Send) (*http.Response, error) {
				attempts++
				limit = maxRetries()
				return send(r)
			}
		}),
		option.WithBaseURL(server.URL), option.WithAPIKey("k"), option.WithHTTPClient(server.Client()), option.WithMaxRetries(2))
	for range 2 {
		_, err := client.Models.List(t.Context())
		require.Error(t, err)
	}
	assert.Equal(t, 2, begun)
	assert.Equal(t, 6, attempts)
	assert.Equal(t, 2, limit)

	_, err := client.Models.List(t.Context(), option.WithMaxRetries(0))
	require.Error(t, err)
	assert.Equal(t, 7, attempts)
	assert.Zero(t, limit, "the option of a call comes after the client's")
}
