package casework

import (
	"context"
	"fmt"
	"strings"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Undo takes a deed back: the matter stands as it did before. It returns Gone
// when something newer has changed the matter since, or when what the deed sent
// has left. Undoing again changes nothing.
func (c *Casework) Undo(ctx context.Context, by postroom.Colleague, deed string) error {
	now := c.Clock.Now()
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		d, err := tx.Deed(deed)
		if err != nil {
			return err
		}
		m, err := c.open(tx, Ref{d.Matter, d.Subject})
		if err != nil {
			return err
		}
		if err := c.mayUndo(tx, by, m, d); err != nil {
			return err
		}
		if first, err := tx.MarkUndone(d.ID, now); err != nil || !first {
			return err
		}
		if err := c.stillNewest(tx, m, d); err != nil {
			return err
		}
		if err := c.reverse(tx, m, d); err != nil {
			return err
		}
		if err := tx.PutBack(m.Matter, m.ID, changed(d, was)); err != nil {
			return err
		}
		return tx.Audit(by.Name, "undo "+d.Act, d.Subject, now)
	})
}

// mayUndo returns Forbidden unless a colleague may act on a matter. Whoever closed
// an alarm by what they did may take that back, also where they look after the
// matter no more now that nobody is in danger.
func (c *Casework) mayUndo(tx *store.Tx, by postroom.Colleague, m *matter, d postroom.Deed) error {
	if d.Before[rang] != "" && d.Actor == by.Name {
		a, found, err := tx.AlarmOf(m.Matter, m.ID)
		if err != nil || found && c.lets(by, a.Programme, a.Risen) {
			return err
		}
	}
	return c.may(tx, by, m)
}

// stillNewest returns Gone where a matter does not stand as a deed left it, or
// somebody has done something else to it since.
func (c *Casework) stillNewest(tx *store.Tx, m *matter, d postroom.Deed) error {
	overtaken := fault(postroom.Gone, "something has happened since "+d.Act, "desk.overtaken")
	for name, value := range changed(d, is) {
		if m.stood[name] != value {
			return overtaken
		}
	}
	if d.Act == actNote {
		return nil
	}
	list, err := tx.Deeds(d.Matter, d.Subject)
	if err != nil {
		return fmt.Errorf("list deeds about %s: %w", d.Subject, err)
	}
	for _, newer := range list {
		if newer.ID == d.ID {
			return nil
		}
		if newer.UndoneAt.IsZero() && newer.Act != actNote {
			return overtaken
		}
	}
	return nil
}

// reverse takes back what a deed did beside changing where its matter stands.
func (c *Casework) reverse(tx *store.Tx, m *matter, d postroom.Deed) error {
	now := c.Clock.Now()
	switch d.Act {
	case actWorry, "release":
		return fault(postroom.Forbidden, "a hold is let go, not undone", "desk.release_instead")
	case actMerge:
		return c.part(tx, m, d)
	case actMergeGroups:
		return c.partGroups(tx, m, d)
	case actCame:
		return c.expectAgain(tx, d)
	case actReclassify:
		if err := tx.SetRunForm(m.ID, d.Before[was+"form"]); err != nil {
			return fmt.Errorf("move the run of submission %s back: %w", m.ID, err)
		}
	}
	if id := d.Before[noted]; id != "" {
		if _, err := tx.RemoveNote(id, now); err != nil {
			return fmt.Errorf("remove note %s: %w", id, err)
		}
	}
	if id := d.Before[mailed]; id != "" {
		if err := tx.Forgo(id, outbound.ReasonTakenBack, now); err != nil {
			if postroom.KindOf(err) == postroom.Gone {
				return fault(postroom.Gone, "message "+id+" has left", "desk.reply_left")
			}
			return err
		}
	}
	return c.unanswer(tx, m, d)
}

// unanswer takes back that nobody waits: what was kept back leaves after all,
// what was promised because of it is promised no more, and what was stopped, or
// left out meanwhile, is planned again.
func (c *Casework) unanswer(tx *store.Tx, m *matter, d postroom.Deed) error {
	now := c.Clock.Now()
	for _, id := range strings.Fields(d.Before[promised]) {
		if err := c.unpromise(tx, id); err != nil {
			return err
		}
	}
	if err := c.Outbox.Resume(tx, strings.Fields(d.Before[keptBack]), outbound.ReasonAnswered); err != nil {
		return err
	}
	if d.Before["held"] != "" {
		if err := tx.Hold(m.ID, d.Before["held"], now); err != nil {
			return err
		}
	}
	if d.Before[rang] != "" && c.Alarms.Raise != nil { // the lead is called anew: better once too often
		a, _, err := tx.AlarmOf(m.Matter, m.ID) // those who were called before, whosever the mailbox is
		if err != nil {
			return err
		}
		if err := c.Alarms.Raise(tx, postroom.Alarm{Matter: m.Matter, Subject: m.ID, Programme: a.Programme, RaisedBy: d.Actor, RaisedAt: now}); err != nil {
			return err
		}
	}
	if m.submission.ID == "" || m.Matter == postroom.AboutStep {
		return nil
	}
	if err := c.unvoid(tx, m, d); err != nil {
		return err
	}
	run, begun, err := tx.RunOf(m.submission.ID)
	if err != nil || !begun {
		return err
	}
	for _, reason := range []string{d.Before[stopped], "unless answered"} {
		if reason == "" {
			continue
		}
		if err := tx.RestoreSteps(run.ID, reason, d.At); err != nil {
			return fmt.Errorf("plan steps of run %s again: %w", run.ID, err)
		}
	}
	return nil
}

// unpromise takes a step back that a deed promised, with the mail it owed if
// that has not left. One whose mail has left stays done.
func (c *Casework) unpromise(tx *store.Tx, step string) error {
	m, owed, err := tx.MessageWithKey("step:" + step)
	if err != nil {
		return fmt.Errorf("find mail of step %s: %w", step, err)
	}
	if owed {
		if err := tx.Forgo(m.ID, outbound.ReasonTakenBack, c.Clock.Now()); err != nil {
			if postroom.KindOf(err) == postroom.Gone {
				return nil
			}
			return err
		}
	}
	return tx.ForgetStep(step)
}

// unvoid gives back the place that a deed took.
func (c *Casework) unvoid(tx *store.Tx, m *matter, d postroom.Deed) error {
	if d.Before[voided] == "" || c.Places == nil {
		return nil
	}
	if err := c.Places.Unvoid(tx, m.ID, postroom.BookingState(d.Before[voided])); err != nil {
		return fmt.Errorf("give %s its place again: %w", m.ID, err)
	}
	return nil
}
