// Package wording keeps what was changed on the desk: programmes, mails, and how
// much each mailbox does by itself. Every version is kept, and any of them can be
// brought back.
//
// The idea a newcomer needs: what came with the program, or lies in the folder of
// programmes, is never touched. A change is a whole file in the database that
// stands in the place of the one that came. It is put together and checked with
// everything else before it is stored, and again whenever it is read: a version
// that a newer program no longer takes is left aside with its mistake, and what came
// is used, so that the post room always starts. The Set of programmes and the
// Letters that every other room holds are replaced in place, at once in the process
// that made the change, within seconds in every other.
package wording

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Options are what Wordings need.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set    // which is replaced; as Files say when New is called
	Letters    *outbound.Letters // which are replaced; as they came when New is called
	Files      fs.FS             // the folder of programmes, which is read once, and by Reread
	Mailboxes  []config.Mailbox
	Zone       *time.Location // in which dates of events are written
	Us         string         // the organisation's name, for looks at letters
	Clock      postroom.Clock
	Log        *slog.Logger
	// Known says whether somebody of this name works here; nil takes any name.
	Known func(name string) bool
	// Changed does what follows when programmes were replaced, such as to tell
	// people of another date. It is called again after an error. It may be nil, and
	// must not change wordings.
	Changed func(ctx context.Context) error
}

// Wordings is what was changed on the desk. It is safe for many goroutines.
type Wordings struct {
	o     Options
	came  *outbound.Letters // as they came with the program
	set   *programme.Set    // as the folder has them
	files map[string][]byte // of the folder, as they were when Load was called first, or Reread last

	mu    sync.Mutex // held while what stands is replaced, and while Changed runs
	owed  bool       // Changed has not succeeded since
	stale bool       // the folder was read anew, and what stands is made of what was there before

	now atomic.Pointer[standing]
}

// New returns Wordings that know of no change before Load.
func New(o Options) *Wordings {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w := &Wordings{o: o, came: o.Letters.Copy(), set: &programme.Set{}}
	w.set.Replace(o.Programmes)
	w.now.Store(&standing{revision: -1})
	return w
}

// Load reads what was changed and puts it in the place of what came. Its error is
// about the database or the folder itself, never about a change: one that cannot be
// used is left aside. It does not call Changed.
func (w *Wordings) Load(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.read(ctx)
	return err
}

// Refresh reads anew what was changed, if anything was, and has Changed do what
// follows.
func (w *Wordings) Refresh(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.readLocked(ctx); err != nil {
		return err
	}
	if !w.owed || w.o.Changed == nil {
		return nil
	}
	if err := w.o.Changed(ctx); err != nil {
		return fmt.Errorf("do what follows from a change: %w", err)
	}
	w.owed = false
	return nil
}

// Reread reads the folder of programmes anew, for whoever looks at a form while it
// is being written, and has Changed do what follows. Files with a mistake change
// nothing: the error is proof.Mistakes, and what stood goes on standing. What was
// changed on the desk stands over the new files as it did over the old.
func (w *Wordings) Reread(ctx context.Context) error {
	files, err := programme.ReadFiles(w.o.Files)
	if err != nil {
		return err
	}
	set, err := programme.LoadFiles(files, w.options())
	if err != nil {
		return fmt.Errorf("read programmes: %w", err)
	}
	w.mu.Lock()
	w.files, w.set, w.stale = files, set, true
	w.mu.Unlock()
	return w.Refresh(ctx)
}

// reread is Refresh without what follows, for whoever is about to change more.
func (w *Wordings) reread(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.readLocked(ctx)
}

func (w *Wordings) readLocked(ctx context.Context) error {
	changed, err := w.read(ctx)
	w.owed = w.owed || changed
	return err
}

// every is how often another process's changes are looked for.
const every = 3 * time.Second

// Run follows what other processes change, until ctx ends.
func (w *Wordings) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every): // what others do happens in real time, whatever the clock says
		}
		if err := w.Refresh(ctx); err != nil && ctx.Err() == nil {
			w.o.Log.WarnContext(ctx, "what was changed on the desk could not be read", "err", err)
		}
	}
}

// Stands says whether this process knows of every change that is on file.
func (w *Wordings) Stands(tx *store.Tx) (bool, error) {
	n, err := tx.Revision(store.WordingRevision)
	return err == nil && n == w.now.Load().revision, err
}

// read reads what is on file if it is not what stands, and says whether it was not.
func (w *Wordings) read(ctx context.Context) (bool, error) {
	if err := w.readFiles(); err != nil {
		return false, err
	}
	r := w.o.Store.Read(ctx)
	n, err := r.Revision(store.WordingRevision) // first: what is written meanwhile is read again
	if err != nil {
		return false, fmt.Errorf("look whether a wording has changed: %w", err)
	}
	if n == w.now.Load().revision && !w.stale {
		return false, nil
	}
	newest, err := r.Wordings()
	if err != nil {
		return false, fmt.Errorf("read wordings: %w", err)
	}
	modes, err := r.MailboxWordings()
	if err != nil {
		return false, fmt.Errorf("read modes of mailboxes: %w", err)
	}
	s, err := w.lay(newest)
	if err != nil {
		return false, err
	}
	s.revision, s.modes = n, modesOf(w.o.Mailboxes, modes)
	w.o.Letters.Replace(s.letters)
	w.o.Programmes.Replace(s.set)
	w.now.Store(s)
	w.stale = false
	w.tellAside(ctx, s)
	return true, nil
}

// readFiles reads the folder once: a file that somebody is about to change counts
// from the next start, as ever.
func (w *Wordings) readFiles() (err error) {
	if w.files == nil {
		w.files, err = programme.ReadFiles(w.o.Files)
	}
	return err
}

// tellAside notes in the log what is left aside.
func (w *Wordings) tellAside(ctx context.Context, s *standing) {
	for t, m := range s.made {
		if m.problem != nil {
			w.o.Log.WarnContext(ctx, "a wording is left aside", "kind", t.kind, "name", t.name, "locale", t.locale, "version", m.Version, "err", m.problem)
		}
	}
}
