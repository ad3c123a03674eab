package outbound

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// What comes back is weighed as Mailman weighs it: a point a day at most, which
// fades, so that a full mailbox over the holidays costs nobody their news; and
// before news stays away for good a letter asks whether mail arrives at all.
const (
	mostBounces = 5                  // points at which news rests
	probeFor    = 7 * 24 * time.Hour // how long the letter that asks may take to come back
	dayFormat   = time.DateOnly
)

// ProbeLetter asks whether mail arrives. It is owed to nobody: whoever does not
// get it has missed nothing that had to be said by phone.
const ProbeLetter = "mail-came-back"

// fate is what a message that did not arrive says about its address.
type fate int

const (
	blameless fate = iota // nothing: it is ours to mend
	soft                  // mail may arrive another day
	hard                  // mail never arrives
)

// fate of the address that a server would not take a message for. Before it
// heard of the address it can have meant only us, and so can a line that broke
// or a status that speaks of policy (RFC 3463, 3.8), of the sender or of the
// size of the message.
func (f *failure) fate() fate {
	switch {
	case f.deadAddress():
		return hard
	case f.at < rcptTo || f.code == 0 || statusAboutUs.MatchString(f.text):
		return blameless
	}
	return soft
}

var statusAboutUs = regexp.MustCompile(`^[45]\.(7\.\d+|1\.[78]|2\.3|3\.4|5\.\d+|6\.\d+) `)

// reported is the fate of the address in a report that something came back, by
// the reason that the report gives. A block, a filter or a missing signature is
// ours to mend: five days of one would let everybody's news rest.
func reported(never bool, reason string) fate {
	switch reason {
	case "authentication", "bad_syntax", "blocked", "loop", "no_reverse_dns", "policy", "rate_limited", "relay_denied", "security", "sender_refused", "spam", "too_big", "virus":
		return blameless
	}
	if never {
		return hard
	}
	return soft
}

// blame notes what a message that did not arrive says about its address. A
// coordinator's is never blamed: one report must not cut them off from every
// alert.
func (o *Outbox) blame(tx *store.Tx, m postroom.Message, f fate, at time.Time) error {
	switch {
	case m.Contact == "":
		return nil
	case f == hard:
		return tx.MarkAddress(m.To, true)
	case f == soft:
		return o.score(tx, m.To, at)
	}
	return nil
}

// score counts what came back from an address, and lets news to it rest when
// that is too much.
func (o *Outbox) score(tx *store.Tx, address string, at time.Time) error {
	points, rose, err := tx.ScoreBounce(address, at.In(o.org.Zone).Format(dayFormat), at)
	if err != nil || !rose || points < mostBounces {
		return err
	}
	return o.rest(tx, address, at)
}

// rest stops news to an address and owes it the letter that asks, once. Where
// nobody gets news there is none to rest: what is service is never stopped by
// points, because each of those that comes back is told by phone.
func (o *Outbox) rest(tx *store.Tx, address string, at time.Time) error {
	sub, found, err := tx.NewsTo(address)
	if err != nil || !found {
		return err
	}
	reader, err := tx.Contact(sub.Contact)
	if err != nil {
		return fmt.Errorf("find reader of subscription %s: %w", sub.ID, err)
	}
	probe := postroom.Message{
		ID: store.NewMessageID(), Programme: sub.Programme, Contact: sub.Contact, About: sub.ID, To: address,
		Template: ProbeLetter, Locale: sub.Locale, Discreet: reader.Discreet, CreatedAt: at,
	}
	rests, err := tx.Rest(address, probe.ID, at)
	if err != nil || !rests {
		return err
	}
	if _, err := o.Owe(tx, probe); err != nil {
		return fmt.Errorf("owe %s: %w", ProbeLetter, err)
	}
	return tx.Audit("postroom", "rested news", sub.ID, at)
}

// EndRests lets news go on to the addresses whose letter that asks has not come
// back in time. It is for the scheduler.
func (o *Outbox) EndRests(ctx context.Context, now time.Time) error {
	ended := 0
	err := o.store.Write(ctx, func(tx *store.Tx) (err error) {
		ended, err = tx.EndRests(now.Add(-probeFor), now)
		return err
	})
	if err != nil {
		return err
	}
	if ended > 0 {
		o.log.InfoContext(ctx, "news goes on where it rested")
	}
	return nil
}

// owesCall says whether somebody has to phone if a message cannot be mailed.
func owesCall(m postroom.Message) bool {
	return m.Contact != "" && m.Class == postroom.Service && m.Template != ProbeLetter
}
