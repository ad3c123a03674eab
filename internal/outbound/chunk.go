package outbound

import (
	"context"
	"time"

	gomail "github.com/wneessen/go-mail"

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

// DeliverChunk does one turn of a campaign_chunk job: it takes each copy of
// the chunk that waits through the gate and to a mail server, one after the
// other. Each copy is settled by itself, by the turn of the chunk's job, as
// soon as its answer is known; what this returns settles the job alone. A copy
// that another turn was sending when it died is uncertain and is not sent
// again. While no mail server is there, or when the turn's time is up, the
// copies that are left wait.
func (o *Outbox) DeliverChunk(ctx context.Context, job postroom.Job) store.Outcome {
	e, ids, err := o.openChunk(ctx, job)
	if err != nil {
		return o.stays(ctx, job, nil, err)
	}
	var seen round
	for end := time.Now().Add(chunkTurn); len(ids) > 0; ids = ids[1:] {
		if ctx.Err() != nil || time.Now().After(end) {
			return store.Outcome{Verdict: store.Wait, At: o.clock.Now()}
		}
		s, c, away := o.connect(ctx)
		if away != nil {
			return store.Outcome{Verdict: store.Wait, At: away.until, Reason: ReasonServerAway}
		}
		copied := job
		copied.Subject = ids[0]
		out := o.deliver(ctx, road{s, c, nil}, copied, e.compose)
		if err := o.note(ctx, out); err != nil {
			return o.unnoted(ctx, job, out, err)
		}
		seen.add(out)
	}
	return seen.outcome(o.endCampaign(e.campaign.ID))
}

// openChunk reads what the chunk's copies say and which of them wait, and
// settles those about which an earlier turn left nothing to be known.
func (o *Outbox) openChunk(ctx context.Context, job postroom.Job) (e *edition, ids []string, err error) {
	campaign, chunk, err := postroom.ParseChunk(job.Subject)
	if err != nil {
		return nil, nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: err}
	}
	e = &edition{outbox: o, given: make(map[string]prose)}
	doubted := 0
	err = o.store.Write(ctx, func(tx *store.Tx) error {
		if e.campaign, err = tx.Campaign(campaign); err != nil {
			return err
		}
		if doubted, err = tx.DoubtChunk(campaign, chunk, job.Turn, ReasonAnswerLost, o.clock.Now()); err != nil {
			return err
		}
		ids, err = tx.WaitingCopies(campaign, chunk)
		return err
	})
	if doubted > 0 {
		o.log.WarnContext(ctx, "copies are uncertain", "campaign", campaign, "job", job.ID, "turn", job.Turn)
	}
	return e, ids, err
}

// note settles one copy. It does so although the process is being stopped: a
// copy that was sent and not settled would be uncertain for ever.
func (o *Outbox) note(ctx context.Context, out store.Outcome) error {
	if out.Also == nil {
		return nil
	}
	return o.store.Write(context.WithoutCancel(ctx), out.Also)
}

// unnoted ends a turn whose last copy could not be settled. If the copy has
// moved on, another turn has the chunk. Otherwise the queue, which insists when
// the database is away, settles the copy with the job.
func (o *Outbox) unnoted(ctx context.Context, job postroom.Job, out store.Outcome, err error) store.Outcome {
	left := store.Outcome{Verdict: store.Wait, At: o.clock.Now(), Also: out.Also}
	if postroom.KindOf(err) == postroom.Gone {
		left.Also = nil
	}
	o.log.WarnContext(ctx, "copy not settled", "job", job.ID, "turn", job.Turn, "err", err)
	return left
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

// edition writes the copies of one campaign. What all of them say is set once
// for each language of the letter around it.
type edition struct {
	outbox   *Outbox
	campaign postroom.Campaign
	given    map[string]prose
}

func (e *edition) compose(m postroom.Message, signer *gomail.DKIMSigner) ([]byte, error) {
	l, err := e.outbox.letters.find(m.Template, m.Locale)
	if err != nil {
		return nil, err
	}
	m.Data = map[string]string{
		"subject": e.campaign.Subject, dataMarkdown: e.campaign.Markdown, dataLanguage: e.campaign.Locale, dataList: e.campaign.List,
	}
	given, set := e.given[l.locale]
	if !set {
		if given, err = e.outbox.given(l, m); err != nil {
			return nil, err
		}
		e.given[l.locale] = given
	}
	w, err := e.outbox.writeAround(l, m, given)
	if err != nil {
		return nil, err
	}
	return e.outbox.pack(m, w, signer)
}

// ComposeCopy returns the copy of a campaign that somebody at an address would
// get, without a row and without sending it: for a look beforehand. Its links
// lead nowhere.
func (o *Outbox) ComposeCopy(c postroom.Campaign, to, locale string) ([]byte, error) {
	m := postroom.Message{To: to, Template: NewsletterLetter, Locale: locale, Programme: c.Programme, Lane: postroom.Bulk, About: "preview"}
	if err := o.address(&m); err != nil {
		return nil, err
	}
	e := &edition{outbox: o, campaign: c, given: make(map[string]prose)}
	return e.compose(m, nil)
}
