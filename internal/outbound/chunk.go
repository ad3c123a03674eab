package outbound

import (
	"context"
	"slices"
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

// A part is sent over several connections, one copy at a time on each. What is
// being sent when a process dies is uncertain for ever, so there are not many,
// and a part that is small has one.
const (
	mostConnections = 8
	copiesOfOne     = 25
	copiesEach      = 10 // of those beyond
	partsAtOnce     = 2  // as many as the bulk lane does at the same time
)

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
// the chunk that wait through the gate and to a mail server, a few at the same
// time. One transaction settles those whose answers are known, by the turn of
// the chunk's job, and commits that the next are being sent; what this returns
// settles the last of them and the job. A copy that another turn was sending
// when it died is uncertain and is not sent again. While no mail server is
// there, or when the turn's time is up, the copies that are left wait.
func (o *Outbox) DeliverChunk(ctx context.Context, job postroom.Job) store.Outcome {
	t, err := o.openChunk(ctx, job)
	if err != nil {
		return o.stays(ctx, job, nil, err)
	}
	defer t.leave()
	t.crew = make([]road, o.crew(len(t.ids)))
	for end := time.Now().Add(chunkTurn); len(t.ids) > 0; {
		if ctx.Err() != nil || time.Now().After(end) {
			return t.ends(store.Outcome{Verdict: store.Wait, At: o.clock.Now()})
		}
		if away := t.man(ctx); away != nil {
			return t.ends(store.Outcome{Verdict: store.Wait, At: away.until, Reason: ReasonServerAway})
		}
		copies, err := t.next(ctx)
		if err != nil {
			return t.unbegun(ctx, err)
		}
		t.send(ctx, copies)
	}
	return t.ends(t.seen.outcome(o.endCampaign(t.edition.campaign.ID)))
}

// openChunk reads what the chunk's copies say and which of them wait, and
// settles those about which an earlier turn left nothing to be known.
func (o *Outbox) openChunk(ctx context.Context, job postroom.Job) (*turn, error) {
	campaign, chunk, err := postroom.ParseChunk(job.Subject)
	if err != nil {
		return nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: err}
	}
	t := &turn{o: o, job: job}
	doubted := 0
	var c postroom.Campaign
	err = o.store.Write(ctx, func(tx *store.Tx) (err error) {
		if c, err = tx.Campaign(campaign); err != nil {
			return err
		}
		if doubted, err = tx.DoubtChunk(campaign, chunk, job.Turn, ReasonAnswerLost, o.clock.Now()); err != nil {
			return err
		}
		t.ids, err = tx.WaitingCopies(campaign, chunk)
		return err
	})
	if doubted > 0 {
		o.log.WarnContext(ctx, "copies are uncertain", "campaign", campaign, "job", job.ID, "turn", job.Turn)
	}
	if err != nil {
		return nil, err
	}
	t.edition = o.edition(c)
	return t, nil
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

// turn is one turn of a chunk. Its goroutine is the only one that changes it.
type turn struct {
	o       *Outbox
	job     postroom.Job
	edition *edition
	ids     []string // of the copies that have not been looked at
	crew    []road   // those without a connection are to be manned
	done    results  // of copies that were sent and are not settled
	seen    round
}

// results are copies that were being sent and what came of it.
type results struct {
	sent []string
	also []func(*store.Tx) error // settles one that was not simply sent
}

// settle writes results down. It returns Gone if another turn has any of the
// copies.
func (r results) settle(tx *store.Tx, turn int, at time.Time) error {
	if err := tx.EndCopies(r.sent, turn, at); err != nil {
		return err
	}
	for _, also := range r.also {
		if err := also(tx); err != nil {
			return err
		}
	}
	return nil
}

// man has a connection for each of the crew there is a copy for. Where fewer
// can be had, the turn goes on with those: a server that takes no more is not
// asked again before each copy. If that is none, man says why.
func (t *turn) man(ctx context.Context) (away *absence) {
	for i := t.manned(); i < min(len(t.crew), len(t.ids)) && away == nil; i++ {
		var r road
		if r.s, r.c, away = t.o.connect(ctx); away == nil {
			t.crew[t.free()] = r
		}
	}
	if away == nil {
		return nil
	}
	t.crew = slices.DeleteFunc(t.crew, func(r road) bool { return r.c == nil })
	if len(t.crew) > 0 {
		return nil
	}
	return away
}

func (t *turn) free() int { return slices.IndexFunc(t.crew, func(r road) bool { return r.c == nil }) }

// leave keeps the connections for the next part.
func (t *turn) leave() {
	for _, r := range t.crew {
		if r.c != nil {
			r.s.keep(r.c)
		}
	}
}

// next settles what was sent and commits that the next copies are being sent,
// one for each connection, in one transaction. It does so although the process
// is being stopped: a copy that was sent and not settled would be uncertain
// for ever. What the gate keeps back is settled with them.
func (t *turn) next(ctx context.Context) (begun []postroom.Message, err error) {
	ids := t.ids[:min(len(t.ids), t.manned())]
	var kept []*store.Outcome
	err = t.o.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) (err error) {
		now := t.o.clock.Now()
		if err := t.done.settle(tx, t.job.Turn, now); err != nil {
			return err
		}
		begun, kept, err = t.begin(tx, ids, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.ids, t.done = t.ids[len(ids):], results{}
	for _, k := range kept {
		t.seen.add(*k)
		t.o.log.InfoContext(ctx, "copy kept back", "job", t.job.ID, "lane", t.job.Lane, "reason", k.Reason)
	}
	return begun, nil
}

func (t *turn) manned() (n int) {
	for _, r := range t.crew {
		if r.c != nil {
			n++
		}
	}
	return n
}

// begin asks the gate about each copy, and commits that those are being sent
// that may leave.
func (t *turn) begin(tx *store.Tx, ids []string, now time.Time) (begun []postroom.Message, kept []*store.Outcome, err error) {
	copies, err := tx.Copies(ids)
	if err != nil {
		return nil, nil, err
	}
	var leave []string
	for _, c := range copies {
		v, err := t.o.judgeKnowing(tx, c, c.Message, now)
		switch {
		case postroom.KindOf(err) == postroom.Gone: // somebody settled it meanwhile
		case err != nil:
			return nil, nil, err
		case v.passes():
			leave = append(leave, c.ID)
		default:
			k := t.o.keeps(c.Message, v)
			if err := k.Also(tx); err != nil {
				return nil, nil, err
			}
			kept = append(kept, k)
		}
	}
	started, err := tx.StartCopies(leave, t.job.Turn, now)
	for _, c := range copies {
		if started[c.ID] {
			begun = append(begun, c.Message)
		}
	}
	if err == nil {
		err = t.edition.tell(tx.Reader, begun)
	}
	return begun, kept, err
}

// send sends copies at the same time, each over a connection of its own.
func (t *turn) send(ctx context.Context, copies []postroom.Message) {
	outcomes := make([]store.Outcome, len(copies))
	var all sync.WaitGroup
	at := 0
	for i, m := range copies {
		for t.crew[at].c == nil {
			at++
		}
		r := &t.crew[at]
		if at++; i == len(copies)-1 { // the last needs no goroutine
			outcomes[i] = t.carry(ctx, r, m)
			break
		}
		all.Go(func() { outcomes[i] = t.carry(ctx, r, m) })
	}
	all.Wait()
	for i, out := range outcomes {
		t.seen.add(out)
		if out.Also == nil {
			t.done.sent = append(t.done.sent, copies[i].ID)
		} else {
			t.done.also = append(t.done.also, out.Also)
		}
	}
}

// carry writes one copy and sends it along a road. The outcome of one that was
// simply sent has nothing to settle by itself.
func (t *turn) carry(ctx context.Context, r *road, m postroom.Message) store.Outcome {
	body, err := t.edition.write(m, r.s.signer)
	if err != nil {
		t.o.log.ErrorContext(ctx, "letter cannot be written", "message", m.ID, "err", err)
		return t.o.giveUp(t.job, m, ReasonUnwritable, blameless)
	}
	var failed *failure
	if r.c, failed = t.o.send(ctx, r.s, r.c, m, body); failed == nil {
		t.o.log.InfoContext(ctx, "message sent", "message", m.ID, "job", t.job.ID, "lane", m.Lane, "turn", t.job.Turn)
		return store.Outcome{Verdict: store.Done}
	}
	t.o.log.Log(ctx, failed.level(), "message not sent", "message", m.ID, "job", t.job.ID, "lane", m.Lane, "turn", t.job.Turn, "err", failed.reason())
	return t.o.settle(r.s, t.job, m, failed)
}

// ends makes the outcome of the job settle what was sent last as well.
func (t *turn) ends(out store.Outcome) store.Outcome {
	with, done := out.Also, t.done
	if len(done.sent)+len(done.also) == 0 {
		return out
	}
	out.Also = func(tx *store.Tx) error {
		if err := done.settle(tx, t.job.Turn, t.o.clock.Now()); err != nil || with == nil {
			return err
		}
		return with(tx)
	}
	return out
}

// unbegun ends a turn that could not settle what was sent or begin the next
// copies. If the copies have moved on, another turn has the chunk. Otherwise
// the queue, which insists when the database is away, settles what was sent
// with the job.
func (t *turn) unbegun(ctx context.Context, err error) store.Outcome {
	if postroom.KindOf(err) == postroom.Gone {
		t.done = results{}
		return store.Outcome{Verdict: store.Wait, At: t.o.clock.Now()}
	}
	t.o.log.ErrorContext(ctx, "copies cannot be begun", "job", t.job.ID, "turn", t.job.Turn, "err", err)
	return t.ends(store.Outcome{Verdict: store.Again, At: t.o.clock.Now().Add(pause(t.job.Tries)), Reason: err.Error()})
}

// round is what one turn found: whether a copy has to be tried again, and when
// the first of those that wait may leave.
type round struct {
	again  bool
	at     time.Time
	reason string
}

func (r *round) add(out store.Outcome) {
	if out.Verdict != store.Again && out.Verdict != store.Wait {
		return
	}
	r.again = r.again || out.Verdict == store.Again
	if r.at.IsZero() || out.At.Before(r.at) {
		r.at, r.reason = out.At, out.Reason
	}
}

// outcome ends the job if nothing waits. Only copies that were put off count
// as a try of the chunk: that is what bounds their tries.
func (r *round) outcome(end func(*store.Tx) error) store.Outcome {
	switch {
	case r.at.IsZero():
		return store.Outcome{Verdict: store.Done, Also: end}
	case r.again:
		return store.Outcome{Verdict: store.Again, At: r.at, Reason: r.reason}
	}
	return store.Outcome{Verdict: store.Wait, At: r.at, Reason: r.reason}
}

// ComposeCopy returns the copy of a campaign that somebody at an address would
// get, without a row and without sending it: for a look beforehand. Its links
// lead nowhere.
func (o *Outbox) ComposeCopy(c postroom.Campaign, to, locale string) ([]byte, error) {
	m := postroom.Message{To: to, Template: NewsletterLetter, Locale: locale, Programme: c.Programme, Lane: postroom.Bulk, About: "preview"}
	if err := o.address(&m); err != nil {
		return nil, err
	}
	return o.edition(c).compose(m, nil)
}
