package casework

import (
	"context"
	"fmt"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// actCame is that somebody who was expected has come.
const actCame = "came"

// whose is the key of Before under which a deed at the door names the booking.
const whose = "booking"

// Greets says whether a colleague may greet those of a programme and an area at
// the door: whoever has that role, or looks after them anyway.
func Greets(by postroom.Colleague, programme, area string) bool {
	return by.Has(postroom.Greeter, programme, area) || by.Reads(programme, area)
}

// Came notes at the door that a party has come, and lets go what the programme
// promises for that. It tells nobody of a hold: whoever stands at the door is let
// in. Ticking again changes nothing. It returns Gone where the place was given
// back meanwhile.
func (c *Casework) Came(ctx context.Context, by postroom.Colleague, booking string) error {
	now, id := c.Clock.Now(), store.NewDeedID()
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		b, date, err := c.atDoor(tx, by, booking)
		if err != nil || b.State == postroom.BookingAttended {
			return err
		}
		moved, err := tx.MoveBooking(b.ID, postroom.BookingConfirmed, postroom.BookingAttended)
		if err != nil {
			return fmt.Errorf("note that booking %s came: %w", b.ID, err)
		}
		if !moved {
			return fault(postroom.Gone, "booking "+b.ID+" is "+string(b.State), "desk.door.over")
		}
		d := postroom.Deed{ID: id, At: now, Actor: by.Name, Act: actCame, Matter: postroom.AboutSubmission, Subject: b.Submission, Before: map[string]string{whose: b.ID}}
		if err := c.attended(tx, b, date.Programme, &d); err != nil {
			return err
		}
		if err := tx.AddDeed(d); err != nil {
			return err
		}
		return tx.Audit(by.Name, actCame, b.ID, now)
	})
}

// atDoor locks the date of a booking and reads both, for somebody who may greet
// there.
func (c *Casework) atDoor(tx *store.Tx, by postroom.Colleague, booking string) (b postroom.Booking, date store.DoorDate, err error) {
	if b, err = tx.Booking(booking); err != nil {
		return b, date, err
	}
	if _, err = tx.LockSession(b.Session); err != nil {
		return b, date, err
	}
	if date, err = tx.DoorDate(b.Session); err != nil {
		return b, date, err
	}
	if b, err = tx.Booking(booking); err != nil { // as it stands under the lock
		return b, date, err
	}
	standing, err := tx.StandingsAt([]string{b.Submission})
	if err != nil {
		return b, date, err
	}
	if len(standing) == 0 || !Greets(by, date.Programme, standing[0].Area) {
		err = fault(postroom.Forbidden, by.Name+" does not greet at this door", "desk.not_yours", "reference", "")
	}
	return b, date, err
}

// attended fires what coming means to the run of a booking, and notes in the deed
// which steps that promised.
func (c *Casework) attended(tx *store.Tx, b postroom.Booking, programme string, d *postroom.Deed) error {
	run, begun, err := tx.RunOf(b.Submission)
	if err != nil || !begun {
		return err
	}
	before, err := stepIDs(tx, run.ID)
	if err != nil {
		return err
	}
	triggers := []postroom.Trigger{postroom.OnFirstAttended, postroom.OnAttended}
	if again, err := tx.CameBefore(b.Contact, programme, b.ID); err != nil {
		return err
	} else if again {
		triggers = triggers[1:]
	}
	for _, t := range triggers {
		if err := c.Workflow.Fire(tx, run, t, d.At); err != nil {
			return fmt.Errorf("fire %s for booking %s: %w", t, b.ID, err)
		}
	}
	after, err := stepIDs(tx, run.ID)
	put(d, promised, without(after, before))
	return err
}

func stepIDs(tx *store.Tx, run string) (ids []string, err error) {
	steps, err := tx.StepsOf(run)
	for _, s := range steps {
		ids = append(ids, s.ID)
	}
	return ids, err
}

// NotHere takes back that a party has come: it is expected again, and what that
// had promised is promised no more, unless it has left. Doing it again changes
// nothing.
func (c *Casework) NotHere(ctx context.Context, by postroom.Colleague, booking string) error {
	now := c.Clock.Now()
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		b, _, err := c.atDoor(tx, by, booking)
		if err != nil || b.State != postroom.BookingAttended {
			return err
		}
		d := postroom.Deed{Act: actCame, Matter: postroom.AboutSubmission, Subject: b.Submission, Before: map[string]string{whose: b.ID}}
		list, err := tx.Deeds(d.Matter, d.Subject)
		if err != nil {
			return fmt.Errorf("list deeds about %s: %w", d.Subject, err)
		}
		for _, one := range list {
			if one.Act == actCame && one.Before[whose] == b.ID && one.UndoneAt.IsZero() {
				d = one
				break
			}
		}
		if d.ID != "" {
			if _, err := tx.MarkUndone(d.ID, now); err != nil {
				return err
			}
		}
		if err := c.expectAgain(tx, d); err != nil {
			return err
		}
		return tx.Audit(by.Name, "undo "+actCame, b.ID, now)
	})
}

// expectAgain puts back what a deed at the door changed.
func (c *Casework) expectAgain(tx *store.Tx, d postroom.Deed) error {
	b, err := tx.Booking(d.Before[whose])
	if err != nil {
		return err
	}
	if _, booked, err := tx.ActiveBooking(b.Session, b.Contact); err != nil {
		return err
	} else if booked {
		return fault(postroom.Conflict, "contact "+b.Contact+" has booked anew", "desk.overtaken")
	}
	if _, err := tx.MoveBooking(b.ID, postroom.BookingAttended, postroom.BookingConfirmed); err != nil {
		return fmt.Errorf("expect booking %s again: %w", b.ID, err)
	}
	for _, step := range strings.Fields(d.Before[promised]) {
		if err := c.unpromise(tx, step); err != nil {
			return err
		}
	}
	return nil
}
