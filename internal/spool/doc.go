// Package spool keeps encoded requests on disk until they are delivered, so that
// they outlive an outage of the backend and the end of the process.
//
// A [Spool] belongs to one destination and one running process. It is a folder of
// immutable files, one for each request:
//
//	<dir>/v1/<destination>/<instance>/lock
//	<dir>/v1/<destination>/<instance>/<unix-ms>-<seq>-<spans>-<crc32c>.otlp
//
// A file is the request as it is sent and nothing else: no header, no key, no
// address. What else has to be known of it stands in its name. The destination is a
// hash of what the caller gives, the instance is random. Folders have mode 0700,
// files 0600.
//
// A file is written under a temporary name (.tmp) and renamed when it is complete,
// and removing it is the acknowledgment. So a process may be killed at any moment:
// a request is either there as a whole or not at all, and one that was given to
// [Spool.Put] with success is there. Against the loss of power it takes
// [Options.Sync], too. A request that was sent but not yet acknowledged when its
// process died is sent again.
//
// # Processes
//
// The owner of an instance holds an exclusive lock on its lock file. A lock that
// can be taken is that of a dead process: who takes it moves the files into a folder
// of its own while holding it, and then removes the dead one. So no request is sent
// by two processes. This needs a local disk, and file locks: systems without them
// (js, wasip1, plan9, aix, solaris) have no spool, and Open says so.
//
// The folders are read when they are opened and when they are adopted; afterwards the
// index is in memory, about 100 bytes for each file. Files with other names are left alone.
//
// # Bounds
//
// Bytes, number and age of the files are bounded ([Options]). What is dropped for
// that, or found damaged, is reported with its number of spans. A damaged file is
// kept as .bad for who wants to know why, as long as the bounds allow.
//
// The package knows bytes and numbers of spans. It knows no encoding, no destination
// and no ledger, and starts no goroutine.
package spool
