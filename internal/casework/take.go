package casework

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// passedOn is the template by which a colleague hears of what was passed to
// them.
const passedOn = "passed-on"

// Take gives a matter to the colleague who takes it. It returns Conflict where
// somebody else who is at work has it: of two who take at the same moment, the
// second hears who was first. Whoever means to take it from them passes it to
// themselves.
func (c *Casework) Take(ctx context.Context, by postroom.Colleague, r Ref) (postroom.Deed, error) {
	return c.act(ctx, by, r, "take", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.assigned == by.Name {
			return errNothing
		}
		if other, here := c.Team.Named(m.assigned); here && other.Answers() && !other.Away(d.At) {
			return fault(postroom.Conflict, "it is with "+m.assigned, "desk.taken", "name", m.assigned, "reference", m.reference)
		}
		if err := m.waits(); err != nil {
			return err
		}
		return c.assign(tx, m, by.Name)
	})
}

// Pass gives a matter to another colleague, by name or address, who hears of it
// by mail: its reference, since when it waits and who passed it on.
func (c *Casework) Pass(ctx context.Context, by postroom.Colleague, r Ref, to string) (postroom.Deed, error) {
	other, err := c.colleague(to)
	if err != nil {
		return postroom.Deed{}, err
	}
	return c.act(ctx, by, r, "pass", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.assigned == other.Name {
			return errNothing
		}
		if err := m.waits(); err != nil {
			return err
		}
		if m.safety() && !c.mayThis(other, m) {
			return fault(postroom.Invalid, other.Name+" may not read what is held", "desk.pass_held", "name", other.Name)
		}
		if err := c.assign(tx, m, other.Name); err != nil || other.Name == by.Name {
			return err
		}
		return c.tellOf(tx, m, *d, other)
	})
}

// colleague finds whoever a colleague names, if they can look after something.
func (c *Casework) colleague(named string) (postroom.Colleague, error) {
	named = strings.TrimSpace(named)
	who, here := c.Team.Named(named)
	if !here {
		who, here = c.Team.At(named)
	}
	if !here {
		return who, fault(postroom.NotFound, "there is no colleague of that name or address", "desk.no_colleague", "name", named)
	}
	if !who.Answers() {
		return who, fault(postroom.Invalid, who.Name+" looks after nothing", "desk.no_coordinator", "name", who.Name)
	}
	return who, nil
}

// waits returns Gone for a matter that nobody waits for any more.
func (m *matter) waits() error {
	state := m.stood["state"]
	switch m.Matter {
	case postroom.AboutSubmission:
		if state == string(postroom.SubmissionReceived) || state == string(postroom.SubmissionHeld) {
			return nil
		}
	case postroom.AboutLetter:
		if state == string(postroom.LetterTriage) {
			return nil
		}
	case postroom.AboutCall:
		if state == "open" {
			return nil
		}
	default:
		return fault(postroom.Invalid, "nobody waits for a "+string(m.Matter), "desk.not_possible")
	}
	return fault(postroom.Gone, string(m.Matter)+" is "+state, "desk.settled", "reference", m.reference)
}

func (c *Casework) assign(tx *store.Tx, m *matter, name string) error {
	switch m.Matter {
	case postroom.AboutSubmission:
		return tx.AssignSubmission(m.ID, name)
	case postroom.AboutLetter:
		return tx.AssignLetter(m.ID, name)
	case postroom.AboutCall:
		return tx.AssignCall(m.ID, name)
	}
	return fault(postroom.Invalid, "a "+string(m.Matter)+" is nobody's", "desk.not_possible")
}

// tellOf owes a colleague the word that something was passed to them. It names
// no submission, so that it leaves also where the mailbox is only watched.
func (c *Casework) tellOf(tx *store.Tx, m *matter, d postroom.Deed, to postroom.Colleague) error {
	name := d.Actor
	if name == commandLine {
		name = "" // which is nobody's name
	}
	_, err := c.Outbox.OweAt(tx, postroom.Message{
		Key: "passed:" + d.ID, Programme: m.programmes[0], Template: passedOn, To: to.Address, Locale: to.Locale, CreatedAt: d.At,
		Data: map[string]string{"reference": m.reference, "name": name, "starts": m.since().UTC().Format(time.RFC3339)},
	}, d.At)
	if err != nil {
		return fmt.Errorf("owe %s: %w", passedOn, err)
	}
	return nil
}

// since is when what is waited for came in.
func (m *matter) since() time.Time {
	switch m.Matter {
	case postroom.AboutLetter:
		return m.letter.ReceivedAt
	case postroom.AboutCall:
		return m.call.At
	}
	return m.submission.ReceivedAt
}

// longestSnooze is for how long a matter may be put off: whoever mistypes a year
// must not make somebody wait for ever, unseen.
const longestSnooze = 366 * 24 * time.Hour

// Snooze puts a matter off until a moment, which must be to come, and within a
// year. Nobody is reminded of it before.
func (c *Casework) Snooze(ctx context.Context, by postroom.Colleague, r Ref, until time.Time) (postroom.Deed, error) {
	return c.act(ctx, by, r, "snooze", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if err := m.waits(); err != nil {
			return err
		}
		if !until.After(d.At) {
			return fault(postroom.Invalid, "that moment is past", "desk.snooze_past")
		}
		if until.Sub(d.At) > longestSnooze {
			return fault(postroom.Invalid, "that moment is too far away", "desk.snooze_far")
		}
		if m.safety() {
			return fault(postroom.Conflict, "what is held cannot be put off", "desk.held_first", "reference", m.reference)
		}
		if m.stood["snoozed_until"] == strconv.FormatInt(until.UnixMicro(), 10) {
			return errNothing
		}
		return snooze(tx, m, until)
	})
}

func snooze(tx *store.Tx, m *matter, until time.Time) error {
	switch m.Matter {
	case postroom.AboutSubmission:
		return tx.Snooze(m.ID, until)
	case postroom.AboutLetter:
		return tx.SnoozeLetter(m.ID, until)
	}
	return tx.SnoozeCall(m.ID, until)
}
