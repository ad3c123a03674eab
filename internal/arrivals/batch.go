package arrivals

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mostReads is how often reading a letter may end with the death of the process
// before the letter is read apart from the others of its batch.
const mostReads = 3

// mostTries is after how many failures a letter that is alone in its batch
// goes to a person.
const mostTries = 5

// Letters of a batch are read in groups, so that a batch of large ones does not
// stand in memory at once.
const (
	groupLetters = 128
	groupBytes   = 8 << 20
)

// actAtOnce is how many letters are acted on side by side: their transactions
// share a commit where the database can do that.
const actAtOnce = 16

// ReadBatch does one inbound_read job: the letters of the batch are read
// together, and each from which anything follows is acted on in a transaction
// of its own. One that fails gets a batch of its own, so that the others do not
// wait for it; alone and failing again and again, it goes to a person.
func (in *Arrivals) ReadBatch(ctx context.Context, job postroom.Job) store.Outcome {
	letters, err := in.Store.Read(ctx).Batch(job.Subject)
	if err != nil {
		return store.Outcome{Verdict: store.Again, Reason: fmt.Sprintf("list letters of batch %s: %v", job.Subject, err)}
	}
	b := &batch{Arrivals: in, alone: len(letters) == 1, last: job.Tries >= mostTries, careful: job.Turn > 1 || job.Tries > 0 || begun(letters)}
	var failed error
	for _, group := range groups(letters, b.careful) {
		if ctx.Err() != nil {
			return store.Outcome{Verdict: store.Wait, At: in.Clock.Now(), Reason: "stopped", Also: b.rest()}
		}
		failed = errors.Join(failed, b.readGroup(ctx, group))
	}
	if failed != nil {
		return store.Outcome{Verdict: store.Again, Reason: failed.Error(), Also: b.rest()}
	}
	return store.Outcome{Verdict: store.Done, Also: b.rest()}
}

// begun says whether reading any of some letters was begun before and not
// ended.
func begun(letters []postroom.Letter) bool {
	return slices.ContainsFunc(letters, func(l postroom.Letter) bool { return l.Reads > 0 })
}

// groups divides letters into those that are read together: each by itself
// where care is needed.
func groups(letters []postroom.Letter, careful bool) (list [][]postroom.Letter) {
	var group []postroom.Letter
	bytes := 0
	for _, l := range letters {
		if full := len(group) >= groupLetters || bytes+l.Size > groupBytes || careful; full && len(group) > 0 {
			list, group, bytes = append(list, group), nil, 0
		}
		group, bytes = append(group, l), bytes+l.Size
	}
	if len(group) > 0 {
		list = append(list, group)
	}
	return list
}

// batch is one attempt at reading a batch. The first is quick: it reads all
// letters together, and settles together those from which nothing follows. Any
// other is careful, because a letter of the batch may be what the process died
// of or what made the first attempt fail: each letter is read by itself, after
// it was put on file that reading it begins.
type batch struct {
	*Arrivals
	alone   bool // there is one letter in it
	last    bool // no other attempt follows
	careful bool
	ends    closings // which are not settled yet
}

// readGroup reads letters and acts on them.
func (b *batch) readGroup(ctx context.Context, group []postroom.Letter) error {
	if l := group[0]; len(group) == 1 && l.Reads >= mostReads {
		return b.poisonous(ctx, l)
	}
	arrivals, err := b.open(ctx, group)
	if err != nil {
		return b.thrown(ctx, group, err)
	}
	for _, wave := range waves(arrivals) {
		if err := b.actOnAll(ctx, wave); err != nil {
			return err
		}
	}
	if !b.careful {
		return nil
	}
	return b.thrown(ctx, group, b.settleEnded(ctx))
}

// thrown says what follows from an error that is no single letter's, unless
// there is but one: the next attempt is a careful one.
func (b *batch) thrown(ctx context.Context, group []postroom.Letter, err error) error {
	if len(group) == 1 && b.careful {
		return b.failed(ctx, group[0], err)
	}
	return err
}

// poisonous deals with a letter at which the process died again and again.
func (b *batch) poisonous(ctx context.Context, l postroom.Letter) error {
	if b.alone {
		return b.giveUp(ctx, l)
	}
	return b.setApart(ctx, l)
}

// actOnAll acts on letters side by side. What ended before is on file by then.
func (b *batch) actOnAll(ctx context.Context, wave []arrival) error {
	if err := errors.Join(b.settleEnded(ctx), b.recall(ctx, wave)); err != nil {
		return err
	}
	errs := make([]error, len(wave))
	var g errgroup.Group
	g.SetLimit(actAtOnce)
	for i, a := range wave {
		a.ends = &b.ends
		g.Go(func() error {
			errs[i] = b.failed(ctx, a.Letter, guarded(func() error { return b.actOn(ctx, a) }))
			return nil
		})
	}
	_ = g.Wait() // each error has its place
	return errors.Join(errs...)
}

// closings are letters from which nothing else follows than that they end.
type closings struct {
	mu      sync.Mutex
	letters []postroom.Letter
}

func (e *closings) add(l postroom.Letter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.letters = append(e.letters, l)
}

// settleEnded settles the letters that have ended.
func (b *batch) settleEnded(ctx context.Context) error {
	if settle := b.rest(); settle != nil {
		return b.Store.Write(ctx, settle)
	}
	return nil
}

// rest settles the letters that have ended in a transaction; nil if there are
// none. The last ones of a batch are settled with its job.
func (b *batch) rest() func(tx *store.Tx) error {
	letters, at := b.ends.letters, b.Clock.Now()
	b.ends.letters = nil
	if len(letters) == 0 {
		return nil
	}
	return func(tx *store.Tx) error {
		_, err := tx.SettleLetters(letters, at)
		return err
	}
}

// guarded turns a panic into an error, so that one letter does not take the
// process down.
func guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return fn()
}

// failed says what follows from what became of a letter. What fails in company
// is set apart and is no failure of the batch.
func (b *batch) failed(ctx context.Context, l postroom.Letter, err error) error {
	switch {
	case err == nil, ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errSettled):
		return nil // whatever else has gone meanwhile, such as a mail that left, is no reason to leave the letter unread
	case b.alone && b.last:
		b.Log.ErrorContext(ctx, "letter cannot be read", "letter", l.ID, "err", err)
		return b.giveUp(ctx, l)
	case b.alone:
		return fmt.Errorf("read letter %s: %w", l.ID, err)
	}
	b.Log.WarnContext(ctx, "letter set apart", "letter", l.ID, "err", err)
	return b.setApart(ctx, l)
}

// setApart gives a letter a batch of its own.
func (in *Arrivals) setApart(ctx context.Context, l postroom.Letter) error {
	batch, now := store.NewBatch(), in.Clock.Now()
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		moved, err := tx.SetApart(l.ID, batch)
		if err != nil || !moved {
			return err
		}
		_, err = tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, now, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("set letter %s apart: %w", l.ID, err)
	}
	return nil
}

// giveUp sends a letter to a person unread.
func (in *Arrivals) giveUp(ctx context.Context, l postroom.Letter) error {
	l.Class, l.State, l.Reason = postroom.LetterUnknown, postroom.LetterTriage, reasonUnreadable
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SettleLetter(l, in.Clock.Now())
		return err
	})
}

// arrival is one letter with everything that is known of it.
type arrival struct {
	postroom.Letter
	read    letter.Letter
	verdict inbound.Verdict
	whole   string // all that it says, where it is taken for the letter of the person behind it; else ""
	at      time.Time
	rule    *postroom.Rule // by which it is what it is; nil is by itself
	ends    *closings      // where it is settled if nothing else follows from it

	wordless bool // only a part of it is on file, and nothing that somebody wrote
	recalled
}

// open reads letters.
func (b *batch) open(ctx context.Context, letters []postroom.Letter) ([]arrival, error) {
	ids := make([]string, len(letters))
	for i, l := range letters {
		ids[i] = l.ID
	}
	if b.careful {
		if err := b.Store.Write(ctx, func(tx *store.Tx) error { return tx.BeginReading(ids) }); err != nil {
			return nil, err
		}
	}
	raws, err := b.Store.Read(ctx).Raws(ids)
	if err != nil {
		return nil, err
	}
	if len(raws) < len(ids) {
		return nil, fmt.Errorf("the bytes of %d of %d letters are not on file", len(ids)-len(raws), len(ids))
	}
	arrivals, now := make([]arrival, len(letters)), b.Clock.Now()
	var g sync.WaitGroup
	hands := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, l := range letters {
		hands <- struct{}{}
		g.Go(func() {
			arrivals[i] = b.opened(l, raws[l.ID], now)
			<-hands
		})
	}
	g.Wait()
	return arrivals, b.underRules(ctx, arrivals)
}

// opened is a letter with what it says and what it is.
func (in *Arrivals) opened(l postroom.Letter, raw []byte, now time.Time) arrival {
	a := arrival{Letter: l, read: letter.Read(raw), at: now}
	a.wordless = l.Size > len(raw) && strings.TrimSpace(a.read.Text) == ""
	a.verdict = inbound.Classify(a.read, in.Ours().At(l.Mailbox), a.asOf())
	a.Class, a.Address = a.verdict.Class, inbound.Sender(a.read)
	return a
}

// waves divides letters into those that can be acted on side by side. Two of
// one sender or of one thread are not: what is done with the second depends on
// what became of the first.
func waves(arrivals []arrival) (list [][]arrival) {
	next := map[string]int{} // the wave after that of the last letter with this tie
	for _, a := range arrivals {
		n := 0
		for _, tie := range a.ties() {
			n = max(n, next[tie])
		}
		for _, tie := range a.ties() {
			next[tie] = n + 1
		}
		if n == len(list) {
			list = append(list, nil)
		}
		list[n] = append(list[n], a)
	}
	return list
}

// ties are what a letter may have in common with another that has to do with
// it.
func (a arrival) ties() []string {
	ties := append(a.read.Refs(), a.MessageID, "from "+a.Address, "message "+a.verdict.Answers, "reference "+a.verdict.Reference)
	if behind := a.verdict.Behind; behind != nil {
		ties = append(ties, "from "+behind.Address)
	}
	return slices.DeleteFunc(ties, func(tie string) bool {
		return tie == "" || tie == "from " || tie == "message " || tie == "reference "
	})
}

// recalled is what was on file about a letter when it came to be acted on. It is
// looked up for many letters at once; most of them are new in every respect.
type recalled struct {
	namesakes []postroom.Letter // letters with its Message-ID, itself among them
	thread    bool              // a letter that it names is on file
	named     bool              // a letter of the Sent folder names it
	dead      bool              // mail to its sender did not arrive
}

// recall looks up what is on file about letters.
func (in *Arrivals) recall(ctx context.Context, wave []arrival) error {
	var ids, refs, senders []string
	for _, a := range wave {
		ids, refs, senders = append(ids, a.MessageID), append(refs, a.read.Refs()...), append(senders, a.Address)
	}
	r := in.Store.Read(ctx)
	letters, err := r.LettersNamedAny(distinct(append(slices.Clone(ids), refs...)))
	if err != nil {
		return err
	}
	named, err := r.Named(distinct(ids), postroom.SentFolder)
	if err != nil {
		return err
	}
	dead, err := r.DeadAmong(distinct(senders))
	if err != nil {
		return err
	}
	for i := range wave {
		a := &wave[i]
		a.namesakes, a.named, a.dead = letters[a.MessageID], named[a.MessageID], dead[a.Address]
		a.thread = slices.ContainsFunc(a.read.Refs(), func(id string) bool { return len(letters[id]) > 0 })
	}
	return nil
}

// distinct lists what is not empty, once each.
func distinct(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == "" {
		return list[1:]
	}
	return list
}
