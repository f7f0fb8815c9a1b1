package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/genotel/genotel/internal/spool"
)

// adoptionInterval is how often the pipeline looks for what dead processes have left.
const adoptionInterval = time.Minute

// ErrSpool is what an error of [New] wraps that is about [WithSpool].
var ErrSpool = errors.New("spool")

// Spool keeps requests in files until they are delivered, so that they outlive an outage
// of the backend and the end of the process. Spans are written within the batch delay
// ([WithBatchDelay]) of their end and before they are sent. Another process, or the next
// one, sends what one that has died has left. Two processes may share a folder, and no
// request is sent by both.
//
// Files hold what the destination gets, with content where its policy has it, readable for
// their owner only, and are sent like that by whoever finds them, whatever its policy is.
// They hold no header and no key. What a backend refuses for good is kept, too, as .bad,
// until the bounds or its age remove it. When the disk is full or cannot be written, spans
// stay in memory, which the log says.
type Spool struct {
	// Dir is a folder on a local disk, made if it is not there. Empty means no spool.
	Dir string
	// MaxBytes bounds the files of one destination and process. The oldest give way. 0
	// means 100 MiB.
	MaxBytes int64
	// MaxAge is how long a request waits. 0 means 24 hours.
	MaxAge time.Duration
	// Sync forces every file to the disk, against the loss of power. It makes writing
	// about ten times as slow, which no caller waits for.
	Sync bool
}

func (s Spool) maxAge() time.Duration { return cmp.Or(s.MaxAge, spool.DefaultMaxAge) }

// open opens the spool of a destination, nil when there is none. Files need none.
func (p *pipeline) openSpool() (err error) {
	if p.spooling.Dir == "" || p.dest.File != "" {
		return nil
	}
	p.disk, err = spool.Open(p.spooling.Dir, p.dest.identity(), spool.Options{
		MaxBytes: p.spooling.MaxBytes,
		MaxAge:   p.spooling.MaxAge,
		Sync:     p.spooling.Sync,
		OnLoss: func(reason spool.Reason, spans int) {
			p.onDisk(func(l *ledger) { l.drop(Reason(reason), spans, spooled) })
			p.wake.raise()
		},
		OnAdopt: func(spans int) { p.onDisk(func(l *ledger) { l.recover(spans) }) },
	})
	p.adopted = time.Now()
	if err != nil {
		return fmt.Errorf("%w: %s", ErrSpool, reasonOf(err))
	}
	p.queue.delay /= 2 // the other half is for the writing
	return nil
}

// sweep removes what waits for too long for destinations that nobody has any more. It holds
// content, and nobody else would.
func sweep(c config, destinations []Destination) {
	if c.spool.Dir == "" {
		return
	}
	identities := make([]string, len(destinations))
	for i, d := range destinations {
		identities[i] = d.identity()
	}
	swept, _ := spool.Sweep(c.spool.Dir, c.spool.maxAge(), identities...) // the next process tries again
	if swept.Expired == 0 {
		return
	}
	defer func() { _ = recover() }() // of the logger's handler
	cmp.Or(c.logger, slog.Default()).LogAttrs(context.Background(), slog.LevelWarn,
		"genotel: spans for other destinations waited for too long and were removed", slog.Int("lost", swept.Expired))
}

// onDisk accounts for what the spool has found out.
func (p *pipeline) onDisk(account func(*ledger)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.abandoned {
		return
	}
	account(&p.ledger)
	p.announce()
}

// identity tells destinations on the disk apart. It holds no key, which may change.
func (d Destination) identity() string {
	place := d.URL
	if u, err := url.Parse(d.URL); err == nil {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		place = u.String()
	}
	return d.Name + "\n" + place + "\n" + d.Account
}

// reasonOf is the text of err without the path.
func reasonOf(err error) string {
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &inPath):
		return inPath.Err.Error()
	case errors.As(err, &inLink):
		return inLink.Err.Error()
	default:
		return err.Error()
	}
}

// spool writes a parcel to the disk, and is done with it then. False means that it has to
// stay where it is.
func (p *pipeline) spool(made *parcel) bool {
	if p.disk == nil || made.body == nil {
		return false
	}
	move := func(from, to place) {
		p.onDisk(func(l *ledger) { l.move(made.spans, from, to) })
	}
	move(made.place(), spooled) // before anybody can deliver it
	if err := p.disk.Put(made.body, made.spans); err != nil {
		move(spooled, made.place())
		p.noteDisk(reasonOf(err))
		return false
	}
	p.noteDisk("")
	p.settle(made, func() {})
	p.ready.raise()
	return true
}

// noteDisk says why the disk takes nothing, "" when it does.
func (p *pipeline) noteDisk(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news.disk = problem
}

// unspool takes the oldest request from the disk, nil for none.
func (p *pipeline) unspool() *parcel {
	if p.disk == nil || p.leaving {
		return nil
	}
	item, ok := p.disk.Next()
	if !ok {
		return nil
	}
	return &parcel{size: int(item.Bytes), spans: item.Spans, file: &file{Item: item, open: item.Spans}}
}

// read reads the body of a parcel from its file. False means that there is nothing to
// send.
func (p *pipeline) read(ctx context.Context, sent *parcel) bool {
	if sent.body != nil {
		return true
	}
	body, err := sent.file.Read()
	switch {
	case err == nil:
		sent.body = body
		return true
	case errors.Is(err, spool.ErrCorrupt), errors.Is(err, fs.ErrNotExist):
		return false // it is counted already
	default:
		sent.file.Postpone()
		p.leaving = p.leaving || p.isClosing() // it keeps no program waiting
		p.observe(outcome{class: transient, problem: "spool: " + reasonOf(err)})
		p.pause(ctx)
		return false
	}
}

// leave sees to it that a parcel is on the disk when a program ends whose backend does not
// answer, and ends the sending from there: what is safe keeps no program waiting. False
// means that the disk does not take it.
func (p *pipeline) leave(sent *parcel) bool {
	p.leaving = true
	if sent.file != nil && sent.file.open == sent.file.Spans {
		sent.file.Release()
		return true
	}
	return p.spool(sent) || sent.file != nil
}

// leaveAll leaves on the disk what the end of Shutdown's time has cut off. Of a file that
// was divided only that is left which was not settled, or the next process would send the
// rest again.
func (p *pipeline) leaveAll(context.Context) (more bool) {
	if p.disk == nil {
		return false
	}
	p.leaving = true
	for next, _ := p.choose(); next != nil; next, _ = p.choose() {
		p.leave(next)
	}
	return false
}

// adopt looks from time to time for what dead processes have left.
func (p *pipeline) adopt() {
	if p.disk == nil || time.Since(p.adopted) < p.adoption {
		return
	}
	p.adopted = time.Now()
	if err := p.disk.Adopt(); err != nil {
		p.note("spool: " + reasonOf(err))
	}
}

// closeSpool gives the files to whoever comes next. A disk that hangs does not hold up
// more than the time given.
func (p *pipeline) closeSpool(within time.Duration) {
	if p.disk == nil {
		return
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = p.disk.Close() // the files are there in any case
	}()
	select {
	case <-closed:
	case <-time.After(within):
	}
}
