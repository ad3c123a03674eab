package outbound

import (
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Why a message was kept back, as locale keys. A reason that is none of them
// is what a mail server said.
const (
	ReasonNoAddress    = "reason.no_address"
	ReasonNotByEmail   = "reason.not_by_email" // the person asked for a call or a letter
	ReasonAddressDead  = "reason.address_dead"
	ReasonSuppressed   = "reason.suppressed"
	ReasonResting      = "reason.resting" // news, because mail to the address keeps coming back
	ReasonHeld         = "reason.held"
	ReasonNotConfirmed = "reason.not_confirmed"
	ReasonOtherTopics  = "reason.other_topics" // the reader of a newsletter chose to read about other things
	ReasonOnlyTo       = "reason.deliver_only_to"
	ReasonCoolDown     = "reason.cool_down"
	ReasonServerAway   = "reason.server_away"
	ReasonNoPermit     = "reason.no_permit" // as much has left as the mail server, or a domain, may have at a time
	ReasonAnswerLost   = "reason.answer_lost"
	ReasonPaused       = "reason.paused"       // the newsletter is not to be sent at the moment
	ReasonCancelled    = "reason.cancelled"    // nor ever
	ReasonUnwritable   = "reason.unwritable"   // the letter could not be put into words
	ReasonCheckFailed  = "reason.check_failed" // something about a newsletter must be mended before it may be sent
)

// The cool-down protects somebody whose address a stranger keeps typing into
// a form; a limit on the stranger's connection could not.
const (
	mostFormMail   = 3 // submissions of one form that an address hears of
	formMailEvery  = 24 * time.Hour
	formMailApart  = 10 * time.Minute
	formMailWithin = 7 * 24 * time.Hour // what found no room until then is told by phone
)

// verdict is what the gate says. The zero verdict lets the message pass.
type verdict struct {
	state  postroom.MessageState
	reason string
	until  time.Time // when Deferred: when to ask again
	call   bool      // somebody has to phone or write instead
}

func (v verdict) passes() bool { return v.state == "" }

// facts is what the gate asks about a message's reader: the transaction, or,
// for many copies at a time, what was read of each at once.
type facts interface {
	AddressDead(address string) (bool, error)
	Contact(id string) (postroom.Contact, error)
	Suppression(address string, class postroom.Class) (string, error)
	Subscription(id string) (postroom.Subscription, error)
}

// gate decides whether a message may leave at this moment. It is the only
// place that does. The rules come in the order in which a person would want
// to hear of them.
func (o *Outbox) gate(tx *store.Tx, m postroom.Message) (verdict, error) {
	return o.gateKnowing(tx, tx, m)
}

// gateKnowing is gate with facts that were read before, in this transaction.
func (o *Outbox) gateKnowing(tx *store.Tx, known facts, m postroom.Message) (verdict, error) {
	about := func(rule func(facts, postroom.Message) (verdict, error)) func(*store.Tx, postroom.Message) (verdict, error) {
		return func(_ *store.Tx, m postroom.Message) (verdict, error) { return rule(known, m) }
	}
	rules := []func(*store.Tx, postroom.Message) (verdict, error){o.watched, o.brake, about(o.reach), about(o.stopped), about(o.consent), o.trial, o.drafted}
	for _, rule := range rules {
		if v, err := rule(tx, m); err != nil || !v.passes() {
			return v, err
		}
	}
	return verdict{}, nil
}

// gateCopy is gate for a copy of a newsletter, with all that its rules ask of the
// reader. What somebody chose to read about counts as it is now, and not as it was when
// the readers were chosen.
func (o *Outbox) gateCopy(c store.Copy, of postroom.Campaign) (verdict, error) {
	v, err := o.gateKnowing(nil, c, c.Message)
	if err == nil && (v.passes() || v.state == postroom.Held) && !of.Audience.Wanted(c.Topics()) {
		return verdict{state: postroom.Suppressed, reason: ReasonOtherTopics}, nil
	}
	return v, err
}

// brake keeps back what is about a held submission: even a calm letter would be
// mail that a stranger can make us send. A coordinator must hear of it. What a
// person wrote leaves: only whoever may look at what is held can answer it.
func (o *Outbox) brake(tx *store.Tx, m postroom.Message) (verdict, error) {
	toStaff := m.Contact == "" && m.Letter == "" // what answers a letter may be to its address alone
	if m.Submission == "" || toStaff || o.letters.lets(m.Template) || o.letters.byAPerson(m.Template) {
		return verdict{}, nil
	}
	reason, err := tx.Held(m.Submission)
	if err != nil || reason == "" {
		return verdict{}, err
	}
	return verdict{state: postroom.Held, reason: ReasonHeld}, nil
}

// reach keeps back what no email can bring: somebody calls instead.
func (o *Outbox) reach(known facts, m postroom.Message) (verdict, error) {
	instead := verdict{state: postroom.Suppressed, call: owesCall(m)}
	if m.To == "" {
		instead.reason = ReasonNoAddress
		return instead, nil
	}
	if dead, err := known.AddressDead(m.To); err != nil || dead {
		instead.reason = ReasonAddressDead
		return instead, err
	}
	if m.Contact == "" {
		return verdict{}, nil
	}
	contact, err := known.Contact(m.Contact)
	if err == nil && contact.Reach != "" && contact.Reach != postroom.ReachEmail {
		instead.reason = ReasonNotByEmail
		return instead, nil
	}
	return verdict{}, err
}

// stopped keeps back what the owner of the address does not want, and news where
// it would only come back.
func (o *Outbox) stopped(known facts, m postroom.Message) (verdict, error) {
	reason, err := known.Suppression(m.To, m.Class)
	if err != nil || reason == "" {
		return verdict{}, err
	}
	if reason == store.RestReason {
		return verdict{state: postroom.Suppressed, reason: ReasonResting}, nil
	}
	return verdict{state: postroom.Suppressed, reason: ReasonSuppressed}, nil
}

// consent lets marketing go to a confirmed subscription of this very address
// and to nobody else.
func (o *Outbox) consent(known facts, m postroom.Message) (verdict, error) {
	if m.Class != postroom.Marketing {
		return verdict{}, nil
	}
	sub, err := known.Subscription(m.About)
	if err != nil && postroom.KindOf(err) != postroom.NotFound {
		return verdict{}, err
	}
	if sub.State == postroom.Confirmed && sub.Address == m.To {
		return verdict{}, nil
	}
	return verdict{state: postroom.Suppressed, reason: ReasonNotConfirmed}, nil
}

// trial keeps back everything but mail to the addresses a post room is being
// tried with.
func (o *Outbox) trial(_ *store.Tx, m postroom.Message) (verdict, error) {
	to := strings.ToLower(m.To)
	for _, only := range o.only {
		if to == only || strings.HasPrefix(only, "@") && strings.HasSuffix(to, only) {
			return verdict{}, nil
		}
	}
	if len(o.only) == 0 {
		return verdict{}, nil
	}
	return verdict{state: postroom.Held, reason: ReasonOnlyTo}, nil
}

// coolDown spaces out what one form causes to be sent to one address, whatever
// kind of letter it is. What one submission causes leaves together: a place
// and a list are confirmed at once, and the welcome follows. A reminder names
// no form, so it is never kept back, nor is what a coordinator is told.
func (o *Outbox) coolDown(tx *store.Tx, m postroom.Message, now time.Time) (verdict, error) {
	if !caused(m) {
		return verdict{}, nil
	}
	if err := tx.TouchAddress(m.To, time.Time{}); err != nil { // locked: two workers cannot both see the last room
		return verdict{}, err
	}
	if v, err := o.unvouched(tx, m, now); err != nil || !v.passes() || o.letters.lets(m.Template) {
		return v, err // the approved words to somebody who may be in danger need not be spaced out
	}
	begun, err := o.begun(tx, m)
	if err != nil || begun {
		return verdict{}, err
	}
	before, err := tx.FormMail(m.To, m.Form, m.Submission, now.Add(-formMailEvery))
	switch {
	case err != nil || len(before) == 0:
		return verdict{}, err
	case len(before) >= mostFormMail:
		return o.full(m, before[mostFormMail-1].Add(formMailEvery), now), nil
	case now.Sub(before[0]) < formMailApart:
		return verdict{state: postroom.Deferred, reason: ReasonCoolDown, until: before[0].Add(formMailApart)}, nil
	}
	return verdict{}, nil
}

// full says what becomes of a message for which there is no room until a
// moment. What a submission stands for must reach the person: a family may
// share an address. A question whether to be on a list may not, nor news, as
// the welcome is that answers somebody who is on the list already.
func (o *Outbox) full(m postroom.Message, until, now time.Time) verdict {
	switch {
	case m.Class == postroom.Marketing || o.letters.asks(m.Template) || o.letters.lets(m.Template): // of the last, somebody has been called
		return verdict{state: postroom.Suppressed, reason: ReasonCoolDown}
	case now.Sub(m.CreatedAt) >= formMailWithin:
		return verdict{state: postroom.Suppressed, reason: ReasonCoolDown, call: true}
	}
	return verdict{state: postroom.Deferred, reason: ReasonCoolDown, until: until}
}

// begun says whether the address has heard of the submission already.
func (o *Outbox) begun(tx *store.Tx, m postroom.Message) (bool, error) {
	if m.Submission == "" {
		return false, nil
	}
	about, err := tx.MessagesAbout(m.Submission)
	return slices.ContainsFunc(about, func(first postroom.Message) bool {
		gone := first.State == postroom.Sending || first.State == postroom.Sent || first.State == postroom.Uncertain
		return gone && first.ID != m.ID && first.To == m.To && first.Form == m.Form && first.Contact != ""
	}), err
}
