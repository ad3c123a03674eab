package outbound

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// What a turn of a part gives out to its connections, and what it hears from them.

// goesOn says whether there is a copy to be sent.
func (t *turn) goesOn(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue) > 0 && !t.stops(ctx)
}

// stops says whether nothing more may be begun.
func (t *turn) stops(ctx context.Context) bool {
	return t.halt.stopped || ctx.Err() != nil || time.Now().After(t.until)
}

// rest notes that what is left waits until a moment.
func (t *turn) rest(until time.Time, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.halt.at.IsZero() || until.Before(t.halt.at) {
		t.halt.at, t.halt.reason = until, reason
	}
}

// limited stops the turn until another message may leave.
func (t *turn) limited(until time.Time) {
	t.rest(until, ReasonNoPermit)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.halt.stopped = true
}

// fails stops the turn for a reason of ours.
func (t *turn) fails(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.halt.stopped, t.halt.err = true, err
}

// refill reads what waits and asks the gate about it. The caller has locked the
// turn.
func (t *turn) refill(ctx context.Context) {
	t.queue = nil
	if t.stops(ctx) || t.mayNot(ctx) {
		return
	}
	now := t.o.clock.Now()
	copies, err := t.o.store.Read(ctx).WaitingCopies(t.part, t.part.First, now, 1+t.part.Last-t.part.First)
	if err != nil {
		t.halt.stopped, t.halt.err = true, err
		return
	}
	t.readAt = time.Now()
	for _, c := range copies {
		if !t.given[c.N] {
			t.judge(c)
		}
	}
	if err := t.told(ctx); err != nil {
		t.queue, t.halt.stopped, t.halt.err = nil, true, err
	}
}

// told writes into the copies that wait what the edition repeats to their readers.
func (t *turn) told(ctx context.Context) error {
	if len(t.edition.fields) == 0 {
		return nil
	}
	messages := make([]postroom.Message, len(t.queue))
	for i, c := range t.queue {
		messages[i] = c.Message
	}
	if err := t.edition.tell(t.o.store.Read(ctx), messages); err != nil {
		return fmt.Errorf("look up what copies say to their readers: %w", err)
	}
	for i := range t.queue {
		t.queue[i].Message = messages[i]
	}
	return nil
}

// mayNot says whether the campaign is not to be sent at the moment, and why.
func (t *turn) mayNot(ctx context.Context) bool {
	c, err := t.o.store.Read(ctx).Campaign(t.part.Campaign)
	switch {
	case err != nil:
		t.halt.err = err
	case c.State == postroom.CampaignSending, c.State == postroom.CampaignSent: // somebody sends a copy again
		return false
	case c.State == postroom.CampaignCancelled:
		t.halt.cancelled = true
	default:
		t.halt.at, t.halt.reason = t.o.clock.Now().Add(askRest), ReasonPaused
	}
	t.halt.stopped = true
	return true
}

// judge asks the gate about one copy. All that its rules read is known of copies.
func (t *turn) judge(c store.Copy) {
	v, err := t.o.gateCopy(c, t.edition.campaign)
	switch {
	case err != nil:
		t.halt.stopped, t.halt.err = true, err
	case v.passes():
		t.queue = append(t.queue, c)
	case v.state == postroom.Deferred:
		t.halt.at, t.halt.reason = v.until, v.reason
	default:
		t.given[c.N] = true
		t.results = append(t.results, store.CopyResult{N: c.N, State: v.state, Reason: v.reason})
	}
}

// burst is how many copies a connection is given at most for one asking for permits.
const burst = 8

// next gives out copies to be handed to a server, those that may leave now: one, or,
// where permits have to be asked for, a few, so that all connections end together.
func (t *turn) next(ctx context.Context, server string) []store.Copy {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stops(ctx) {
		return nil
	}
	if len(t.queue) > 0 && time.Since(t.readAt) > freshFor {
		t.refill(ctx)
	}
	n := 1
	if t.o.permits != nil {
		n = max(1, min(burst, len(t.queue)/mostConnections))
	}
	some := t.queue[:min(n, len(t.queue))]
	t.queue = t.queue[len(some):]
	for _, c := range some {
		t.given[c.N] = true
	}
	return t.permitted(ctx, server, some)
}

// permitted narrows copies to those that may leave now, as far as limits go. The
// others wait, and the turn with them if none may.
func (t *turn) permitted(ctx context.Context, server string, some []store.Copy) []store.Copy {
	if t.o.permits == nil || len(some) == 0 {
		return some
	}
	asks := make([]Ask, len(some))
	for i, c := range some {
		asks[i] = t.o.ask(server, c.Message)
	}
	granted, until, err := t.o.permits.Take(ctx, asks)
	if err != nil {
		granted, until = nil, t.o.clock.Now().Add(askRest)
		t.o.log.WarnContext(ctx, "no permits can be had", "err", err)
	}
	var may []store.Copy
	for i, c := range some {
		if i < len(granted) && granted[i] {
			may = append(may, c)
		} else {
			t.halt.at, t.halt.reason = until, ReasonNoPermit // it stays given: this turn does not ask for it again
		}
	}
	t.halt.stopped = t.halt.stopped || len(may) == 0
	return may
}

// back takes copies back of which nothing has left.
func (t *turn) back(copies ...store.Copy) {
	if len(copies) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range copies {
		delete(t.given, c.N)
	}
	t.queue = slices.Concat(copies, t.queue)
}

// add notes what became of a copy, and settles what has gathered. The journal knows
// of it already: one that is queued again may be begun by another.
func (t *turn) add(ctx context.Context, a *answered) {
	if a.State == postroom.Queued {
		t.back(a.of)
		return
	}
	t.mu.Lock()
	t.results = append(t.results, a.CopyResult)
	if a.says != blameless {
		t.blames = append(t.blames, blame{a.of.Message, a.says})
	}
	if a.State == postroom.Sent {
		t.sent++
	}
	due := !t.busy && (len(t.results) >= settleMany || time.Since(t.settled) > settleEvery)
	t.busy = t.busy || due
	t.mu.Unlock()
	if due {
		_ = t.settle(ctx, nil) // it has been noted, and what is left is settled at the end
	}
}

// settle writes down what became of copies so far, and does something more in the
// same transaction. It does so although the process is being stopped. What cannot be
// settled stays in the journal, and a later turn settles it.
func (t *turn) settle(ctx context.Context, also func(*store.Tx) error) error {
	t.mu.Lock()
	results, blames := t.results, t.blames
	t.results, t.blames, t.settled = nil, nil, time.Now()
	t.mu.Unlock()
	err := t.o.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		now := t.o.clock.Now()
		if err := tx.SettleCopies(t.part, t.job.Turn, results, now); err != nil {
			return err
		}
		for _, b := range blames {
			if err := t.o.blame(tx, b.m, b.says, now); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	if err != nil {
		t.results, t.blames = append(results, t.results...), append(blames, t.blames...)
		t.halt.stopped, t.halt.err = true, fmt.Errorf("settle copies: %w", err)
	}
	return err
}
