package spool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatNobodyWillGetTakesTheRoomOfNothingThatWaits(t *testing.T) {
	s, a := open(t, t.TempDir(), Options{MaxBytes: 10, MaxFiles: 3})
	require.NoError(t, s.SetAside([]byte("oldbad"), 1))
	put(t, s, 1, "aaaa")
	require.NoError(t, s.SetAside([]byte("newbad"), 1))
	assert.Equal(t, 1, s.Stats().Damaged, "the older one gave way")
	require.ErrorIs(t, s.SetAside([]byte("too large"), 1), ErrFull)
	assert.Equal(t, 1, s.Stats().Damaged, "which gives way for nothing")
	assert.Empty(t, a.lost)
	put(t, s, 1, "b", "c")
	require.ErrorIs(t, s.SetAside([]byte("x"), 1), ErrFull, "there are as many files as may be")
	assert.Empty(t, a.lost)
	assert.Equal(t, []string{"aaaa", "b", "c"}, drain(t, s))
}
