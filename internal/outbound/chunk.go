package outbound

import (
	"context"
	"errors"
	"sync"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// NewsletterLetter is the letter that the copies of a newsletter are written
// with: it has nothing of its own to say.
const NewsletterLetter = "newsletter"

// chunkTurn is how long one turn of a chunk may take before it lets other
// chunks go on. It is shorter than the time that jobs have when the process is
// stopped, so that a chunk ends between two copies and not in the middle of
// one, about which nobody could say then whether it was sent.
const chunkTurn = 10 * time.Second

// What was read of the readers of a part is good for so long: whoever leaves
// meanwhile gets no copy.
const freshFor = time.Second

// Answers are settled in the ledger so many at a time, or so often.
const (
	settleMany  = 250
	settleEvery = 2 * time.Second
)

// A part is sent over several connections, one copy at a time on each. What is
// being sent when a process dies is uncertain for ever, so there are not many,
// and a part that is small has one.
const (
	mostConnections = 8
	copiesOfOne     = 25
	copiesEach      = 10 // of those beyond
	partsAtOnce     = 2  // as many as the bulk lane does at the same time
)

// askRest is how long a part rests that may not be sent at the moment.
const askRest = time.Minute

// crew is how many connections the copies of one part are sent over. Each
// server that they may go to allows it.
func (o *Outbox) crew(copies int) int {
	n := min(mostConnections, 1+max(0, copies-copiesOfOne)/copiesEach)
	for _, s := range o.servers {
		n = min(n, max(1, s.Connections/partsAtOnce))
	}
	return n
}

// DeliverChunk does one turn of a campaign_chunk job: it takes the copies of
// the chunk that wait through the gate and to a mail server, over several
// connections at the same time. The ledger says that the turn has the part; which
// copies are being sent, the sending journal says. What was answered is settled
// many copies at a time; what the returned outcome settles is the job. While no
// mail server is there, or when the turn's time is up, the copies that are left
// wait.
func (o *Outbox) DeliverChunk(ctx context.Context, job postroom.Job) store.Outcome {
	if err := o.recover(ctx); err != nil {
		o.log.ErrorContext(ctx, "sending journals cannot be read", "err", err)
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now().Add(askRest), Reason: err.Error()}
	}
	t, err := o.openChunk(ctx, job)
	switch {
	case errors.Is(err, errElsewhere):
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now().Add(askRest), Reason: err.Error()}
	case postroom.KindOf(err) == postroom.Gone: // the job itself may still be ours
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now()}
	case postroom.KindOf(err) == postroom.NotFound:
		return o.stays(ctx, job, nil, err)
	case err != nil: // of ours, such as a full disk: it is no try of the copies
		o.log.ErrorContext(ctx, "a part cannot be begun", "job", job.ID, "turn", job.Turn, "err", err)
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now().Add(askRest), Reason: err.Error()}
	}
	t.send(ctx)
	return t.ends(ctx)
}

// turn is one turn of a chunk.
type turn struct {
	o       *Outbox
	job     postroom.Job
	edition *edition
	part    store.Part
	book    *book
	until   time.Time // when its time is up

	mu      sync.Mutex
	queue   []store.Copy // passed the gate and wait, as far as was known at readAt
	readAt  time.Time
	given   map[int]bool // copies that this turn has begun or settled
	results []store.CopyResult
	blames  []blame
	settled time.Time // when results were settled last
	busy    bool      // somebody settles them at this moment
	sent    int
	halt    halt
}

// blame is an address that a copy did not reach, and what that says about it.
type blame struct {
	m    postroom.Message
	says fate
}

// halt is why a turn ends before all its copies have left.
type halt struct {
	err       error     // what went wrong, of ours
	at        time.Time // when to go on; zero is as soon as there is room
	reason    string
	stopped   bool // nothing more is begun
	cancelled bool // nor ever will be
}

// openChunk takes a part for this turn, and settles what an earlier one has left.
func (o *Outbox) openChunk(ctx context.Context, job postroom.Job) (*turn, error) {
	campaign, chunk, err := postroom.ParseChunk(job.Subject)
	if err != nil {
		return nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: err}
	}
	c, err := o.store.Read(ctx).Campaign(campaign)
	if err != nil {
		return nil, err
	}
	b, err := o.journals.begin(campaign, chunk, job.Turn)
	if err != nil {
		return nil, err
	}
	t := &turn{o: o, job: job, edition: o.edition(c), book: b, given: make(map[int]bool), until: time.Now().Add(chunkTurn), settled: time.Now()}
	if tried, err := t.take(ctx, campaign, chunk); err != nil {
		if tried && postroom.KindOf(err) != postroom.Gone { // the ledger may say that we have the part: nothing was begun of it
			b.enlist()
		} else {
			b.discard()
		}
		return nil, err
	}
	return t, nil
}

// take notes in the ledger that this turn has the part, and says whether it tried to.
func (t *turn) take(ctx context.Context, campaign string, chunk int) (tried bool, err error) {
	p, err := t.o.store.Read(ctx).Part(campaign, chunk)
	if err != nil {
		return false, err
	}
	left := takenOver{clear: func() {}, leave: func() {}}
	if p.Turn >= t.job.Turn {
		return false, errTaken
	}
	if p.Turn != 0 {
		if left, err = t.o.takeOver(p); err != nil {
			return false, err
		}
		t.o.log.WarnContext(ctx, "a part is taken over", "job", t.job.ID, "turn", t.job.Turn, "known", left.whole)
	}
	err = t.o.store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.Part(campaign, chunk)
		if err != nil {
			return err
		}
		if now.Turn != p.Turn || now.Journal != p.Journal {
			return errTaken
		}
		if p.Turn != 0 {
			if err := t.o.settleLeft(tx, p, left.notes, left.whole); err != nil {
				return err
			}
		}
		return tx.TakePart(p, t.job.Turn, t.o.journals.id)
	})
	if err != nil {
		left.leave()
		return true, err
	}
	left.clear()
	t.part = p
	t.book.enlist()
	return true, nil
}

// endCampaign ends the campaign with its last chunk.
func (o *Outbox) endCampaign(id string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		if _, err := tx.LockCampaign(id); err != nil {
			return err
		}
		return tx.EndCampaign(id, o.clock.Now())
	}
}

// send sends what waits over as many connections as that is worth.
func (t *turn) send(ctx context.Context) {
	t.mu.Lock()
	t.refill(ctx)
	crew := min(t.o.crew(len(t.queue)), len(t.queue))
	t.mu.Unlock()
	var all sync.WaitGroup
	for i := range crew {
		if i == crew-1 { // the last needs no goroutine
			t.work(ctx)
			break
		}
		all.Go(func() { t.work(ctx) })
	}
	all.Wait()
}

// work sends copies over one connection, and over another if that ends, until
// nothing is left or no server can be had.
func (t *turn) work(ctx context.Context) {
	for t.goesOn(ctx) {
		s, c, away := t.o.connect(ctx)
		if away != nil {
			t.rest(away.until, ReasonServerAway)
			return
		}
		h := &hand{t: t, s: s, c: c}
		if h.work(ctx) {
			s.keep(h.c)
			return
		}
		h.c.drop()
	}
}

// ends settles what is left to be settled, gives the part back and says when the
// job goes on.
func (t *turn) ends(ctx context.Context) store.Outcome {
	var due time.Time
	var waits bool
	err := t.settle(ctx, func(tx *store.Tx) (err error) {
		now := t.o.clock.Now()
		if t.halt.cancelled {
			if _, err := tx.KeepBackPart(t.part, postroom.Suppressed, ReasonCancelled, now); err != nil {
				return err
			}
		}
		if due, waits, err = tx.NextCopy(t.part); err != nil {
			return err
		}
		return tx.LeavePart(t.part, t.job.Turn)
	})
	if t.sent > 0 {
		t.o.log.InfoContext(ctx, "copies sent", "job", t.job.ID, "turn", t.job.Turn, "copies", t.sent)
	}
	now := t.o.clock.Now()
	switch {
	case postroom.KindOf(err) == postroom.Gone: // another turn has the part, and has asked our journal
		t.book.discard()
		return store.Outcome{Verdict: store.Wait, At: now}
	case err != nil:
		t.o.log.ErrorContext(ctx, "copies cannot be settled", "job", t.job.ID, "turn", t.job.Turn, "err", err)
		return store.Outcome{Verdict: store.Again, At: now.Add(pause(t.job.Tries)), Reason: err.Error()}
	}
	t.book.discard()
	switch {
	case !waits:
		return store.Outcome{Verdict: store.Done, Also: t.o.endCampaign(t.part.Campaign)}
	case t.halt.err != nil:
		t.o.log.ErrorContext(ctx, "copies cannot be sent", "job", t.job.ID, "turn", t.job.Turn, "err", t.halt.err)
		return store.Outcome{Verdict: store.Wait, At: now.Add(askRest), Reason: t.halt.err.Error()}
	case !t.halt.at.IsZero():
		return store.Outcome{Verdict: store.Wait, At: t.halt.at, Reason: t.halt.reason}
	}
	if due.Before(now) {
		due = now
	}
	return store.Outcome{Verdict: store.Wait, At: due}
}

// Recipient is somebody whom a look at an edition is for.
type Recipient struct {
	To, Locale string
	Look       postroom.Look
}

// ComposeCopy returns the copy of a campaign that somebody would get, without a row and
// without sending it: for a look beforehand. Its links lead nowhere.
func (o *Outbox) ComposeCopy(c postroom.Campaign, to Recipient) ([]byte, error) {
	m, err := o.looksAt(c, to)
	if err != nil {
		return nil, err
	}
	return o.newEdition(c, o.letters.held.Load()).compose(m, nil) // what is being sent keeps its own
}

// ShowCopy is ComposeCopy in parts. html is "" for whoever wants none.
func (o *Outbox) ShowCopy(c postroom.Campaign, to Recipient) (subject, text, html string, err error) {
	m, err := o.looksAt(c, to)
	if err != nil {
		return "", "", "", err
	}
	_, w, err := o.newEdition(c, o.letters.held.Load()).writeLocked(m)
	return w.subject, w.text, w.html, err
}

// looksAt is a copy that is not sent, to somebody of whom nothing is known.
func (o *Outbox) looksAt(c postroom.Campaign, to Recipient) (postroom.Message, error) {
	m := postroom.Message{
		To: to.To, Template: NewsletterLetter, Locale: to.Locale, Look: to.Look, Programme: c.Programme, Lane: postroom.Bulk, About: "preview", Data: map[string]string{},
	}
	return m, o.address(&m)
}
