package casework

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Worry puts the brake on a matter in which somebody may be in danger: the lead
// and the deputy are called, by reference only, and nothing automatic goes on.
// The person is not written to. why, which may be "", is kept beside it, and is
// closed to all but the lead and the deputy from then on, like the rest of it. A
// colleague cannot take it back: whoever is called lets it go.
func (c *Casework) Worry(ctx context.Context, by postroom.Colleague, r Ref, why string) (postroom.Deed, error) {
	if why != "" {
		words, err := text(why)
		if err != nil {
			return postroom.Deed{}, err
		}
		why = words
	}
	if r.Matter == postroom.AboutCall {
		call, err := c.Store.Read(ctx).Call(r.ID)
		if err != nil {
			return postroom.Deed{}, err
		}
		r = Ref{postroom.AboutSubmission, call.Submission}
	}
	return c.act(ctx, by, r, actWorry, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.safety() {
			return errNothing
		}
		if err := c.worry(tx, m, d); err != nil || why == "" {
			return err
		}
		return beside(tx, d, why)
	})
}

const actWorry = "worry"

func (c *Casework) worry(tx *store.Tx, m *matter, d *postroom.Deed) error {
	a := postroom.Alarm{Matter: m.Matter, Subject: m.ID, RaisedBy: d.Actor, RaisedAt: d.At}
	if len(m.programmes) > 0 {
		a.Programme = m.programmes[0]
	}
	switch m.Matter {
	case postroom.AboutSubmission:
		run, err := c.Workflow.Begin(tx, m.submission, d.At)
		if err != nil {
			return err
		}
		if err := c.Workflow.WorryBy(tx, run, d.Actor, d.At); err != nil {
			return fmt.Errorf("hold submission %s: %w", m.ID, err)
		}
	case postroom.AboutLetter:
		if m.letter.State != postroom.LetterTriage {
			return fault(postroom.Invalid, "the letter is not in triage", "desk.not_possible")
		}
	default:
		return fault(postroom.Invalid, "a "+string(m.Matter)+" is not held", "desk.not_possible")
	}
	if c.Alarms.Raise == nil {
		return nil
	}
	return c.Alarms.Raise(tx, a)
}

// Release takes the brake off a submission, and lets go what that kept back. By
// the lead and the deputy of its programme, who say why; where it was only
// suspected of a machine, by anybody who looks after it. An admin may where
// nobody is called who is here, or once the alarm has risen to them.
func (c *Casework) Release(ctx context.Context, by postroom.Colleague, submission, reason string) error {
	_, err := c.ReleaseMail(ctx, by, submission, reason)
	return err
}

// ReleaseMail is Release, and says how many mails it let go.
func (c *Casework) ReleaseMail(ctx context.Context, by postroom.Colleague, submission, reason string) (sent int, err error) {
	if reason != "" {
		if reason, err = text(reason); err != nil {
			return 0, err
		}
	}
	r := Ref{postroom.AboutSubmission, submission}
	err = c.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := c.open(tx, r)
		if err != nil {
			return err
		}
		if err := c.mayRelease(by, m, reason); err != nil {
			return err
		}
		sent, err = c.release(tx, by, m, reason, c.Clock.Now())
		return err
	})
	return sent, err
}

// mayRelease returns Forbidden unless a colleague may let a submission go, and
// Invalid where they must say why.
func (c *Casework) mayRelease(by postroom.Colleague, m *matter, reason string) error {
	switch {
	case !c.mayThis(by, m):
		key := "desk.not_yours"
		if m.safety() {
			key = "desk.held_for_lead"
		}
		return fault(postroom.Forbidden, by.Name+" may not let this go", key, "reference", m.reference)
	case !m.safety() && !m.suspect:
		return fault(postroom.Gone, m.reference+" is not held", "desk.not_held", "reference", m.reference)
	case m.safety() && reason == "" && !isRoot(by):
		return fault(postroom.Invalid, "no reason is given", "desk.reason_needed")
	}
	return nil
}

func (c *Casework) release(tx *store.Tx, by postroom.Colleague, m *matter, reason string, at time.Time) (sent int, err error) {
	d := postroom.Deed{ID: store.NewDeedID(), At: at, Actor: by.Name, Act: "release", Matter: m.Matter, Subject: m.ID, Before: map[string]string{}}
	if _, err := tx.Release(m.ID, by.Name, at); err != nil {
		return 0, fmt.Errorf("take the hold off %s: %w", m.ID, err)
	}
	if err := c.guard(tx, by, m, at); err != nil {
		return 0, err
	}
	if sent, err = c.Outbox.Release(tx, m.ID); err != nil {
		return 0, err
	}
	if reason != "" {
		if err := beside(tx, &d, reason); err != nil {
			return 0, err
		}
	}
	if m.safety() && c.Alarms.Closed != nil {
		if err := c.Alarms.Closed(tx, m.Ref, by.Name, reason, at); err != nil {
			return 0, err
		}
	}
	return sent, c.note(tx, m, d)
}

// guard keeps what is let go waiting for a guardian who has not agreed: that nobody
// is in danger, or that no machine sent it, is no yes of theirs. Who had to be looked
// at before they were asked is asked now, but not about what may be danger at home:
// whoever was called for that knows whom to phone. Where nothing but the guardian
// was waited for, a colleague has heard their yes.
func (c *Casework) guard(tx *store.Tx, by postroom.Colleague, m *matter, at time.Time) error {
	g, there, err := tx.Guardian(m.ID)
	if err != nil || !there || g.State == store.GuardianAgreed {
		return err
	}
	if m.held == workflow.HeldForGuardian && !m.safety() {
		_, err := tx.GuardianToldUs(m.ID, at)
		if err != nil {
			return err
		}
		return tx.Audit(by.Name, "guardian agreed by phone", m.ID, at)
	}
	if err := tx.Hold(m.ID, workflow.HeldForGuardian, at); err != nil || m.safety() || c.AskGuardian == nil {
		return err
	}
	return c.AskGuardian(tx, m.ID, at)
}

// viewed is how often it is noted that the same colleague looks at the same.
const viewed = 10 * time.Minute

// Open notes that a colleague looks at what is sealed, once in ten minutes, and
// that somebody has looked where there is an alarm. It returns Forbidden for one
// who may not.
func (c *Casework) Open(ctx context.Context, by postroom.Colleague, r Ref) error {
	return c.Store.Write(ctx, func(tx *store.Tx) error { return c.look(tx, by, r) })
}

// OpenFile is Open for a file that came with a matter. Every time is noted.
func (c *Casework) OpenFile(ctx context.Context, by postroom.Colleague, r Ref, file string) error {
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := c.look(tx, by, r); err != nil {
			return err
		}
		return tx.Audit(by.Name, "view file "+file, r.ID, c.Clock.Now())
	})
}

func (c *Casework) look(tx *store.Tx, by postroom.Colleague, r Ref) error {
	m, err := c.read(tx.Reader, r)
	if err != nil {
		return err
	}
	if err := c.may(tx, by, m); err != nil {
		return err
	}
	now := c.Clock.Now()
	for _, b := range m.brakes { // whoever reads a letter of a submission that is held has looked at that
		if c.Alarms.Opened == nil {
			break
		}
		if err := c.Alarms.Opened(tx, b.Ref, by.Name, now); err != nil {
			return err
		}
	}
	if seen, err := tx.Seen(by.Name, "view", r.ID, now.Add(-viewed)); err != nil || seen {
		return err
	}
	return tx.Audit(by.Name, "view", r.ID, now)
}
