package export

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/faultyotlp"
)

// childAlone says that this process runs one test that changes what holds for all of it.
const childAlone = "EXPORT_TEST_ALONE"

// mounted runs the rest of the test in a process of its own with a disk of 256 KiB that nobody else sees, whoever runs
// the tests. It is false in the one that only waits.
func mounted(t *testing.T) (disk string, ok bool) {
	t.Helper()
	if os.Getenv(childAlone) == "" {
		waitForOwnProcess(t)
		return "", false
	}
	disk = t.TempDir()
	if err := syscall.Mount("spool", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	return disk, true
}

func waitForOwnProcess(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), childAlone+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := cmd.CombinedOutput()
	if len(output) == 0 && err != nil {
		t.Skipf("no such process can be started here: %v", err)
	}
	require.NoError(t, err, "%s", output)
	if strings.Contains(string(output), "--- SKIP") {
		t.Skipf("%s", output)
	}
	require.Contains(t, string(output), "--- PASS: "+t.Name())
}

func remount(t *testing.T, disk string, flags uintptr) {
	t.Helper()
	require.NoError(t, syscall.Mount("", disk, "", syscall.MS_REMOUNT|flags, "size=256k"))
}

// What does not fit on the disk stays in memory.
func TestAFullDiskLosesNoSpan(t *testing.T) {
	disk, ok := mounted(t)
	if !ok {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		m := newMeeting(t, Destination{MaxRequestBytes: 32 << 10}, nil,
			WithSpool(Spool{Dir: disk}), WithLogger(log.logger()))
		m.backend.Default(faultyotlp.Status(503))
		for range 60 {
			endLarge(m, 1, 8<<10)
			time.Sleep(4 * time.Second)
		}
		s := stats(t, m.processor)
		assert.Zero(t, s.Lost())
		assert.NotZero(t, s.Queued)
		assert.NotZero(t, s.Spooled)
		assertSaid(t, &log, 4, "no space left on device")

		m.backend.Default(faultyotlp.Accept())
		time.Sleep(2 * time.Minute)
		m.assertEachArrivedOnce(t)
		require.NoError(t, m.processor.Shutdown(t.Context()))
		assert.Equal(t, Stats{Destination: "backend", Ended: 60, Delivered: 60}, stats(t, m.processor))
	})
}

func TestADiskThatTurnsReadOnlyLosesNoSpan(t *testing.T) {
	disk, ok := mounted(t)
	if !ok {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		m := newMeeting(t, Destination{}, nil, WithSpool(Spool{Dir: disk}), WithLogger(log.logger()))
		m.backend.Default(faultyotlp.Status(503))
		m.end(10)
		time.Sleep(2 * time.Second)
		remount(t, disk, syscall.MS_RDONLY)
		for range 60 {
			m.end(1)
			time.Sleep(4 * time.Second)
		}
		s := stats(t, m.processor)
		assert.Equal(t, Stats{Destination: "backend", Ended: 70, Queued: 60, Spooled: 10}, s)
		assertSaid(t, &log, 4, "read-only file system")

		m.backend.Default(faultyotlp.Accept())
		time.Sleep(2 * time.Minute)
		m.assertEachArrivedOnce(t)
		m.end(1)
		require.NoError(t, m.processor.Shutdown(t.Context()))
		m.assertEachArrivedOnce(t)
		assert.Equal(t, Stats{Destination: "backend", Ended: 71, Delivered: 71}, stats(t, m.processor))
		remount(t, disk, 0)
	})
}

func TestWhatHasWaitedInMemoryForTheDiskIsKeptThereAtLast(t *testing.T) {
	disk, ok := mounted(t)
	if !ok {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(t, Destination{}, nil, WithSpool(Spool{Dir: disk}))
		m.backend.Default(faultyotlp.Status(503))
		remount(t, disk, syscall.MS_RDONLY)
		m.end(10)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, Stats{Destination: "backend", Ended: 10, Queued: 10}, stats(t, m.processor))
		remount(t, disk, 0)
		time.Sleep(DefaultRetryBudget)
		assert.Equal(t, Stats{Destination: "backend", Ended: 10, Spooled: 10}, stats(t, m.processor))
		require.Error(t, m.processor.Shutdown(t.Context()))
	})
}

// assertSaid wants one warning a minute, which tell the problem once.
func assertSaid(t *testing.T, log *logBuffer, minutes int, problem string) {
	t.Helper()
	lines := log.lines()
	assert.LessOrEqual(t, len(lines), minutes+1, "%q", lines)
	assert.Contains(t, strings.Join(lines, "\n"), problem)
}
