package mailbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	leaseFor   = 3 * time.Minute
	leaseAgain = 30 * time.Second // how soon a mailbox that another process reads is looked at again
	firstWait  = 5 * time.Second  // after the first failure; each one more doubles it
	longWait   = 5 * time.Minute  // at the most, and after a refused login
	alarmAfter = 15 * time.Minute // how long a mailbox may fail before it is said aloud
	mostIdle   = 9 * time.Minute  // by the wall clock, because the network forgets silent connections
	mostWords  = 300              // bytes of a problem on file
)

// keeper reads one mailbox. All but ask runs in one goroutine.
type keeper struct {
	Options
	box    config.Mailbox
	holder string // names this process in the lease
	until  time.Time

	conn    *conn
	folders []folder
	tidied  bool // what an earlier connection left to do after filing is done

	careful map[postroom.Folder]uint32 // letters up to this one are fetched one at a time
	strikes map[place]*strike
	said    map[string]bool // log lines that are said once

	problem  string    // as noted on file
	since    time.Time // when it began to fail; zero while it does not
	failures int
	alarmed  bool

	wake  chan struct{}
	mu    sync.Mutex
	asked []chan error
}

func newKeeper(o Options, box config.Mailbox, holder string) *keeper {
	o.Log = o.Log.With("mailbox", box.Address)
	return &keeper{
		Options: o, box: box, holder: holder, problem: "unknown",
		careful: make(map[postroom.Folder]uint32), strikes: make(map[place]*strike), said: make(map[string]bool),
		wake: make(chan struct{}, 1),
	}
}

// ask makes the keeper look through the mailbox now. The channel gets what
// came of it.
func (k *keeper) ask() <-chan error {
	answer := make(chan error, 1)
	k.mu.Lock()
	k.asked = append(k.asked, answer)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return answer
}

// askers takes whoever has asked so far.
func (k *keeper) askers() []chan error {
	k.mu.Lock()
	defer k.mu.Unlock()
	asked := k.asked
	k.asked = nil
	return asked
}

// run works until ctx ends, and then gives the mailbox back.
func (k *keeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		asked := k.askers()
		err := k.round(ctx)
		wait := k.settle(ctx, err)
		for _, answer := range asked {
			answer <- err
		}
		k.rest(ctx, wait)
	}
	k.leave(context.WithoutCancel(ctx))
	for _, answer := range k.askers() {
		answer <- ctx.Err()
	}
}

// round looks through the mailbox once, if this process may. A panic is this
// mailbox's trouble alone.
func (k *keeper) round(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := k.lease(ctx); err != nil {
		return err
	}
	if err := k.connect(ctx); err != nil {
		return err
	}
	return k.sweep(ctx)
}

// write runs fn in a transaction in which this process holds the mailbox, so
// that of two which believe so only one files anything.
func (k *keeper) write(ctx context.Context, fn func(tx *store.Tx, now time.Time) error) error {
	now := k.Clock.Now()
	err := k.Store.Write(ctx, func(tx *store.Tx) error {
		mine, err := tx.Lease("mailbox:"+k.box.Address, k.holder, now, now.Add(leaseFor))
		if err != nil {
			return fmt.Errorf("take the lease: %w", err)
		}
		if !mine {
			return errElsewhere
		}
		return fn(tx, now)
	})
	if err == nil {
		k.until = now.Add(leaseFor)
	}
	return err
}

// lease takes or keeps the mailbox. Every write renews the lease, so that
// there is seldom anything to do.
func (k *keeper) lease(ctx context.Context) error {
	if left := k.until.Sub(k.Clock.Now()); left > leaseFor/2 && left <= leaseFor {
		return nil
	}
	return k.write(ctx, func(*store.Tx, time.Time) error { return nil })
}

// connect opens a connection unless there is one that lives.
func (k *keeper) connect(ctx context.Context) (err error) {
	if k.conn != nil {
		select {
		case <-k.conn.Closed():
			k.drop()
		default:
			return nil
		}
	}
	if k.conn, err = connect(ctx, k.box, k.Options); err != nil {
		return err
	}
	all, err := k.conn.list(ctx)
	if err != nil {
		return err
	}
	k.tidied, k.folders = false, k.choose(all)
	return nil
}

// choose says which folders are read. The inbox comes last, so that it stays
// open while we wait for letters.
func (k *keeper) choose(all folders) []folder {
	inbox := folder{Folder: postroom.Inbox, name: all.inbox(k.box.Inbox), write: k.box.After != config.Leave}
	sent := all.sent(k.box.Sent)
	if sent == "" || strings.EqualFold(sent, inbox.name) {
		if k.once("no sent folder") {
			k.Log.Warn("no folder of sent letters was found, so answers by staff are not seen")
		}
		return []folder{inbox}
	}
	return []folder{{Folder: postroom.SentFolder, name: sent}, inbox}
}

// once says whether something is to be said for the first time.
func (k *keeper) once(what string) bool {
	first := !k.said[what]
	k.said[what] = true
	return first
}

// sweep reads every folder to its end and notes that.
func (k *keeper) sweep(ctx context.Context) error {
	var read []store.Cursor
	for _, f := range k.folders {
		cursor, err := k.read(ctx, f)
		if f.Folder == postroom.SentFolder && errors.Is(err, errNoFolder) {
			if k.once("sent folder closed") {
				k.Log.WarnContext(ctx, "the folder of sent letters cannot be opened, so answers by staff are not seen", "err", err)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("read folder %s: %w", f.Folder, err)
		}
		read = append(read, cursor)
	}
	err := k.write(ctx, func(tx *store.Tx, now time.Time) error {
		for _, cursor := range read {
			cursor.PolledAt, cursor.Problem = now, ""
			if err := tx.PutCursor(cursor); err != nil {
				return err
			}
		}
		return tx.NoteMailbox(k.box.Address, "")
	})
	return err
}

// settle draws the conclusions from a round and says how long to rest.
func (k *keeper) settle(ctx context.Context, err error) time.Duration {
	switch {
	case err == nil:
		k.recovered()
		return min(k.Poll, leaseFor/2)
	case ctx.Err() != nil:
		return 0
	case errors.Is(err, errElsewhere):
		k.until = time.Time{}
		k.drop()
		return leaseAgain
	}
	k.drop()
	k.failed(ctx, err)
	if errors.Is(err, errRefused) {
		return jittered(longWait) // a server locks out who tries too often
	}
	return jittered(min(longWait, firstWait<<min(k.failures-1, 10)))
}

// jittered is between three quarters of d and d, so that many do not come
// back at once.
func jittered(d time.Duration) time.Duration { return d - rand.N(d/4) }

func (k *keeper) recovered() {
	if k.alarmed {
		k.Log.Info("mailbox is read again")
	}
	k.problem, k.since, k.failures, k.alarmed = "", time.Time{}, 0, false
}

// failed notes why the mailbox cannot be read, where the daily summary looks
// for it, and says it aloud when that lasts.
func (k *keeper) failed(ctx context.Context, err error) {
	now := k.Clock.Now()
	if k.failures++; k.since.IsZero() {
		k.since = now
	}
	k.Log.WarnContext(ctx, "mailbox cannot be read", "attempt", k.failures, "err", err)
	problem, alarm := words(err), !k.alarmed && now.Sub(k.since) >= alarmAfter
	if problem == k.problem && !alarm {
		return
	}
	if noted := k.note(ctx, problem, alarm); noted != nil {
		k.Log.WarnContext(ctx, "problem of a mailbox not noted", "err", noted)
		return
	}
	k.problem = problem
	if alarm {
		k.alarmed = true
		k.Log.ErrorContext(ctx, "mailbox has not been read for a quarter of an hour", "err", err)
	}
}

// note puts a problem on file and, if it is time, says it aloud.
func (k *keeper) note(ctx context.Context, problem string, alarm bool) error {
	return k.write(ctx, func(tx *store.Tx, now time.Time) error {
		if err := tx.NoteMailbox(k.box.Address, problem); err != nil || !alarm || k.Alarm == nil {
			return err
		}
		states, err := States(tx.Reader, []config.Mailbox{k.box}, now)
		if err != nil {
			return err
		}
		return k.Alarm(tx, states[0])
	})
}

// words makes one line of an error.
func words(err error) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(err.Error(), "?")), " ")
	if len(line) > mostWords {
		line = strings.ToValidUTF8(line[:mostWords], "") + "…"
	}
	return strings.ReplaceAll(line, "\x00", "?")
}

// drop gives the connection up.
func (k *keeper) drop() {
	if k.conn != nil {
		k.conn.cut()
		k.conn = nil
	}
}

// rest waits until it is time to look again: by the clock, because somebody
// asks, or because the server says that something came.
func (k *keeper) rest(ctx context.Context, wait time.Duration) {
	if ctx.Err() != nil {
		return
	}
	due := k.Clock.Until(k.Clock.Now().Add(wait))
	if k.conn != nil && k.idle(ctx, due) {
		return
	}
	select {
	case <-ctx.Done():
	case <-k.wake:
	case <-due:
	}
}

// idle rests while the server listens for letters (RFC 2177), where it can,
// and says whether it is time to look again. It never lasts long: an end that
// is gone says nothing.
func (k *keeper) idle(ctx context.Context, due <-chan struct{}) bool {
	c := k.conn
	if !c.canIdle() {
		return false
	}
	var command *imapclient.IdleCommand
	err := c.do(ctx, 0, func() (err error) {
		command, err = c.Idle()
		return err
	})
	if err != nil {
		k.drop()
		return false
	}
	limit := time.NewTimer(mostIdle - rand.N(4*time.Minute))
	defer limit.Stop()
	select {
	case <-ctx.Done():
		k.drop()
		return true
	case <-k.wake:
	case <-due:
	case <-c.changed:
	case <-limit.C:
	case <-c.Closed():
		k.drop()
		return false
	}
	if err := c.do(ctx, 0, func() error { return errors.Join(command.Close(), command.Wait()) }); err != nil {
		k.drop() // the next round opens another
	}
	return true
}

func (c *conn) canIdle() bool {
	caps := c.Caps()
	return caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
}

// leave says goodbye to the server and gives the mailbox back.
func (k *keeper) leave(ctx context.Context) {
	if k.conn != nil {
		k.conn.leave(ctx)
		k.conn = nil
	}
	k.until = time.Time{}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err := k.Store.Write(ctx, func(tx *store.Tx) error { return tx.EndLease("mailbox:"+k.box.Address, k.holder) })
	if err != nil && !errors.Is(err, store.ErrClosed) {
		k.Log.WarnContext(ctx, "lease of a mailbox not given back", "err", err)
	}
}
