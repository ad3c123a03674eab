package outbound

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// hand sends the copies of one part over one connection, one after the other and
// without a pause: where the server allows it (RFC 2920), the envelope of the next
// rides behind the end of each, so that a copy costs one round trip.
type hand struct {
	t *turn
	s *server
	c *connection

	ready  []store.Copy
	answer *answered // to the copy before, not in the journal yet
	bodies [2][]byte // of this copy and the next
	other  int       // which of them the next is written to
}

// answered is what became of one copy. One that is queued again has not left.
type answered struct {
	store.CopyResult
	of   store.Copy
	says fate
}

// parcel is one copy, ready to be handed over.
type parcel struct {
	store.Copy
	from   string
	body   []byte
	permit *inUse // by which it leaves; nil where there are no limits
}

// work sends copies until none is left, and says whether the connection is good for
// more.
func (h *hand) work(ctx context.Context) bool {
	stop := context.AfterFunc(ctx, func() { _ = h.c.wire.Close() })
	defer stop()
	defer h.giveBack()
	for {
		p := h.next(ctx)
		if p == nil {
			return stop()
		}
		if p = h.open(ctx, p); p == nil {
			return false
		}
		for p.body != nil {
			next, ok := h.send(ctx, p)
			if !ok {
				return false
			}
			p = next
		}
	}
}

// roomBehind is how long an envelope is at most that usually stands behind a copy.
const roomBehind = 512

// giveBack returns what was not begun.
func (h *hand) giveBack() {
	h.t.back(h.ready...)
	h.ready = nil
}

// next takes the next copy and writes it, or returns nil if there is none.
func (h *hand) next(ctx context.Context) *parcel {
	for {
		if len(h.ready) == 0 {
			h.ready = h.t.next(ctx, h.s.Name)
		}
		if len(h.ready) == 0 {
			return nil
		}
		c := h.ready[0]
		h.ready = h.ready[1:]
		if p := h.write(ctx, c); p != nil {
			return h.permitted(ctx, p)
		}
	}
}

// permitted returns a copy with the permit by which it leaves, or nil if there is
// none: then it goes back, and the turn rests. From here on the permit counts, and
// whatever becomes of the copy ends it.
func (h *hand) permitted(ctx context.Context, p *parcel) *parcel {
	permit, none := h.t.o.permit(ctx, h.s, p.Message)
	if none != nil {
		h.t.back(p.Copy)
		h.t.limited(none.until)
		return nil
	}
	p.permit = permit
	return p
}

// write puts a copy into words. One that cannot be written has failed.
func (h *hand) write(ctx context.Context, c store.Copy) *parcel {
	t := h.t
	if c.MessageID == "" {
		c.MessageID = t.o.links.MessageID(c.ID, domain(t.o.sender(c.Message)))
	}
	body, err := t.edition.writeInto(h.bodies[h.other][:0], c.Message, h.s.signer)
	if err == nil && strings.ContainsAny(c.To, "\r\n") {
		err = errors.New("the address is more than one line")
	}
	if err != nil {
		t.o.log.ErrorContext(ctx, "letter cannot be written", "message", c.ID, "err", err)
		t.add(ctx, &answered{store.CopyResult{N: c.N, State: postroom.Failed, Reason: ReasonUnwritable}, c, blameless})
		return nil
	}
	body = slices.Grow(dotted(body), roomBehind)
	h.bodies[h.other], h.other = body, 1-h.other
	return &parcel{Copy: c, from: h.s.envelope(t.o.sender(c.Message), c.Message), body: body}
}

// open gives the envelope of a copy by itself. It returns an empty parcel if the
// server does not want that copy, and nil if the connection has ended.
func (h *hand) open(ctx context.Context, p *parcel) *parcel {
	f := h.c.open(h.s.Patience, p.from, p.To)
	switch {
	case f == nil:
		return p
	case h.unwanted(ctx, p, f):
		return &parcel{}
	}
	return nil
}

// send sends a copy whose envelope the server has taken, and with its end the next
// one's envelope. It returns the next if the server has taken that, and whether the
// connection is good for it.
func (h *hand) send(ctx context.Context, p *parcel) (next *parcel, ok bool) {
	if err := h.begin(ctx, p); err != nil {
		p.permit.end(ctx)
		h.t.back(p.Copy)
		h.t.fails(err)
		return nil, false // a server forgets what has no end
	}
	next = &parcel{}
	if h.c.pipelines {
		if n := h.next(ctx); n != nil {
			next = n
		}
	}
	if f := h.deliver(p, next); f != nil {
		h.fails(ctx, p, f)
		if f.code == 0 || f.mean() == unreachable {
			h.record(ctx)
			h.unsent(ctx, next)
			return nil, false
		}
	} else {
		h.taken(ctx, p)
	}
	if next.body == nil || h.c.Text.R.Buffered() == 0 {
		h.record(ctx) // the next answer may take its time
	}
	if next.body == nil {
		return next, true
	}
	return h.hears(ctx, next)
}

// begin notes that the text of a copy is about to leave, and what was answered to
// the one before.
func (h *hand) begin(ctx context.Context, p *parcel) error {
	a := h.answer
	h.answer = nil
	var before *store.CopyResult
	if a != nil {
		before = &a.CopyResult
	}
	err := h.c.before.Around("journal: begin", func() error { return h.t.book.turnOver(before, p.N) })
	if a != nil {
		h.t.add(ctx, a)
	}
	return err
}

// record notes the answer to the copy before, without beginning another.
func (h *hand) record(ctx context.Context) {
	a := h.answer
	if a == nil {
		return
	}
	h.answer = nil
	h.t.book.note(a.CopyResult)
	h.t.add(ctx, a)
}

func (h *hand) unsent(ctx context.Context, p *parcel) {
	if p.body != nil {
		p.permit.end(ctx) // its envelope may have arrived
		h.t.back(p.Copy)
	}
}

// deliver writes a copy, its end with the envelope of the next, and hears the
// answer.
func (h *hand) deliver(p, next *parcel) *failure {
	c := h.c
	if err := c.UpdateDeadline(5 * h.s.Patience); err != nil {
		return fail(content, err)
	}
	var behind []string
	if next.body != nil {
		all := c.envelope(next.from, next.To)
		behind = all[:]
	}
	if f := c.at(content, func() *failure { return c.sayAtOnce(p.body, behind...) }); f != nil {
		return f
	}
	return c.at(finalDot, func() *failure { return c.hear(finalDot, 250) })
}

// hears hears the answers to an envelope that was given before.
func (h *hand) hears(ctx context.Context, p *parcel) (next *parcel, ok bool) {
	f := h.c.opened(h.s.Patience)
	if f == nil {
		return p, true
	}
	h.record(ctx)
	if !h.unwanted(ctx, p, f) {
		return nil, false
	}
	return &parcel{}, true
}

// unwanted deals with a copy whose envelope was not taken, and says whether the
// connection is good for another. One that has been used may have ended for a reason
// that has nothing to do with the copy, such as that it has carried enough.
func (h *hand) unwanted(ctx context.Context, p *parcel, f *failure) bool {
	if h.c.used && f.at == mailFrom && (f.code == 0 || f.code == 421) {
		p.permit.end(ctx)
		h.t.back(p.Copy)
		return false
	}
	h.fails(ctx, p, f)
	h.record(ctx)
	return f.code != 0 && f.mean() != unreachable && h.c.reset(h.s.Patience) == nil
}

// taken notes that a copy was sent.
func (h *hand) taken(ctx context.Context, p *parcel) {
	p.permit.end(ctx)
	h.s.well()
	h.c.used = true
	h.answer = &answered{store.CopyResult{N: p.N, State: postroom.Sent}, p.Copy, blameless}
	h.t.o.log.Debug("message sent", "message", p.ID, "job", h.t.job.ID, "turn", h.t.job.Turn)
}

// fails turns what went wrong with a copy into what becomes of it, as settle does
// for other messages.
func (h *hand) fails(ctx context.Context, p *parcel, f *failure) {
	p.permit.end(ctx)
	t := h.t
	t.o.log.Log(ctx, f.level(), "message not sent", "message", p.ID, "job", t.job.ID, "turn", t.job.Turn, "err", f.reason())
	mean := f.mean()
	if f.lost() && h.s.poisoned(p.ID) {
		mean = putOff
	}
	if mean == putOff || mean == refused {
		h.s.well() // it does not want this copy, but it is there
	}
	if mean == putOff && p.Tries+1 >= tries {
		mean = refused
	}
	r := &answered{store.CopyResult{N: p.N}, p.Copy, blameless}
	h.answer = r
	switch mean {
	case unreachable:
		t.rest(h.s.away(), ReasonServerAway)
		r.State = postroom.Queued
	case refused:
		r.State, r.Reason, r.says = postroom.Failed, f.reason(), f.fate()
	case unanswered:
		r.State, r.Reason = postroom.Uncertain, ReasonAnswerLost
	default:
		r.State, r.Reason, r.Tries, r.Due = postroom.Deferred, f.reason(), p.Tries+1, t.o.clock.Now().Add(pause(p.Tries))
	}
}
