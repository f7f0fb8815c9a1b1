//go:build unix

package genotel_test

import (
	"context"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel"
	"github.com/genotel/genotel/internal/oracle"
)

func TestARunEndsWhenTheProcessIsAskedToStop(t *testing.T) {
	for _, asked := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		server := oracle.NewServer(t)
		telemetry := configure(t, to(server), genotel.WithGlobal(false))
		err := telemetry.Run(t.Context(), func(ctx context.Context) error {
			require.NoError(t, syscall.Kill(os.Getpid(), asked))
			<-ctx.Done()
			ended(context.WithoutCancel(ctx), telemetry, "last")
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, uint64(1), telemetry.Stats()[0].Delivered)
	}
}
