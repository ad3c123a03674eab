package outbound

import (
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// caused says whether a message is one that a stranger can make us send: it is to
// a person, and a form that they filled in is why. A reminder names no form, and
// what a coordinator is told has no contact.
func caused(m postroom.Message) bool { return m.Form != "" && m.Contact != "" }

// unvouched keeps what strangers cause to be sent to an address for which nobody
// vouches to a few mails a day, of whatever form, and to so many an hour for all
// addresses of a domain. Whoever is known to be at the address is not made to wait
// by what others typed: their mail counts, but passes. The caller has locked the
// address.
func (o *Outbox) unvouched(tx *store.Tx, m postroom.Message, now time.Time) (verdict, error) {
	vouched, err := tx.Vouched(m.Contact, m.To)
	if err != nil || vouched {
		return verdict{}, err
	}
	most := o.strange.ToAddress
	before, err := tx.CausedMail(m.To, now.Add(-formMailEvery), most)
	if err != nil {
		return verdict{}, err
	}
	if len(before) >= most {
		return o.full(m, before[most-1].Add(formMailEvery), now), nil
	}
	if everybodys(domain(m.To)) {
		return verdict{}, nil
	}
	n, err := tx.Tallied(tallyOf(m), now)
	if err != nil || n < o.strange.ToDomain {
		return verdict{}, err
	}
	return verdict{state: postroom.Deferred, reason: ReasonCoolDown, until: now.Truncate(time.Hour).Add(time.Hour)}, nil
}

// countCaused counts a message for its domain, as it leaves. What somebody known
// causes counts as well: a limit that is reached a little early only makes
// strangers wait.
func (o *Outbox) countCaused(tx *store.Tx, m postroom.Message, now time.Time) error {
	if !caused(m) || everybodys(domain(m.To)) {
		return nil
	}
	return tx.Tally(tallyOf(m), now)
}

// tallyOf is what a message counts for.
func tallyOf(m postroom.Message) string { return "mail:" + domain(m.To) }
