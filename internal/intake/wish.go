package intake

import (
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Wish is what somebody says about a booking of theirs, in a letter that is
// shown to be theirs.
type Wish struct {
	What    What
	Party   int    // how many will come; 0 is not said
	Letter  string // id
	Subject string // of the letter
	Mailbox string // it came to
	At      time.Time
}

// What somebody wants of a booking.
type What string

// The wishes.
const (
	Comes   What = "comes"
	GivesUp What = "gives_up"
	Waits   What = "waits" // for a place
)

// mostChanges is how often letters may say the same of one booking. Two machines
// that answer each other stop there, whatever they say; people are heard by a
// person then.
const mostChanges = 10

// Change does what somebody says about the booking of a submission, and owes
// them one letter that says what stands then. Saying it again changes nothing
// and owes nothing. It returns false, and has changed nothing, where a person
// has to look: there is no booking, it has begun or ended, there is no room, or
// nobody can know what is meant.
func (in *Intake) Change(tx *store.Tx, sub postroom.Submission, wish Wish) (bool, error) {
	c, err := in.bookedBy(tx, sub)
	if err != nil || c == nil {
		return false, err
	}
	said, err := tx.Audited(string(wish.What), c.Submission.ID)
	if err != nil || said >= mostChanges || !c.Session.StartsAt.After(wish.At) {
		return false, err
	}
	act := map[What]func(*store.Tx, *workflow.Case, Wish) (bool, error){Comes: in.comes, GivesUp: in.givesUp, Waits: in.waits}[wish.What]
	done, err := act(tx, c, wish)
	if err != nil || !done {
		return false, err
	}
	return true, tx.Audit("letter:"+wish.Letter, string(wish.What), c.Submission.ID, wish.At)
}

// bookedBy returns the case of the booking that a submission is about: its
// own, or the one that the same person had before at the same address. It is
// nil if there is none.
func (in *Intake) bookedBy(tx *store.Tx, sub postroom.Submission) (*workflow.Case, error) {
	form, ok := in.Programmes.Form(sub.Form)
	if !ok {
		return nil, nil
	}
	b, _, found, err := workflow.BookingOf(tx.Reader, form, sub)
	if err != nil || !found {
		return nil, err
	}
	if b.Submission != sub.ID {
		owner, err := tx.Submission(b.Submission)
		if err != nil || !strings.EqualFold(owner.Address, sub.Address) {
			return nil, err
		}
	}
	run, begun, err := tx.RunOf(b.Submission)
	if err != nil || !begun {
		return nil, err
	}
	return in.Workflow.Open(tx, run)
}

func (in *Intake) comes(tx *store.Tx, c *workflow.Case, wish Wish) (bool, error) {
	b := *c.Booking
	switch {
	case b.State == postroom.BookingHeld && (wish.Party == 0 || wish.Party == b.Party):
		return in.Events.Take(tx, b, wish.At)
	case b.State != postroom.BookingConfirmed && b.State != postroom.BookingWaiting:
		return false, nil
	case wish.Party != 0 && wish.Party != b.Party:
		return in.comeAs(tx, c, wish)
	}
	return true, in.stands(tx, c, wish)
}

// comeAs changes for how many a booking is.
func (in *Intake) comeAs(tx *store.Tx, c *workflow.Case, wish Wish) (bool, error) {
	was := c.Booking.State
	changed, err := in.Events.Resize(tx, *c.Booking, wish.Party, wish.At)
	if err != nil || !changed {
		return false, err
	}
	c, err = in.Workflow.Open(tx, c.Run)
	if err != nil {
		return false, err
	}
	if c.Booking.State != was {
		return true, nil // it moved up, and the programme tells them
	}
	in.answer(c, wish)
	return true, in.Workflow.Stands(tx, c, "stands:"+c.Booking.ID+":"+wish.Letter, wish.At)
}

func (in *Intake) waits(tx *store.Tx, c *workflow.Case, wish Wish) (bool, error) {
	if c.Booking.State != postroom.BookingWaiting || wish.Party != 0 && wish.Party != c.Booking.Party {
		return false, nil
	}
	return true, in.stands(tx, c, wish)
}

// stands tells somebody that nothing has changed, once for what stands.
func (in *Intake) stands(tx *store.Tx, c *workflow.Case, wish Wish) error {
	c.Again = true
	in.answer(c, wish)
	key := fmt.Sprintf("stands:%s:%s:%d:%d", c.Booking.ID, c.Booking.State, c.Booking.Party, c.Session.Moves)
	return in.Workflow.Stands(tx, c, key, wish.At)
}

// answer makes what is sent answer the letter.
func (in *Intake) answer(c *workflow.Case, wish Wish) {
	in.Workflow.Answering(c, wish.Letter, wish.Subject, nil)
	if c.Submission.Mailbox == "" {
		c.Submission.Mailbox = wish.Mailbox
	}
}

// givesUp cancels a booking; the programme tells the person, and whoever waits
// moves up.
func (in *Intake) givesUp(tx *store.Tx, c *workflow.Case, wish Wish) (bool, error) {
	if c.Booking.State == postroom.BookingCancelled {
		return true, nil // they have said so before
	}
	err := in.Events.Cancel(tx, *c.Booking, wish.At)
	if postroom.KindOf(err) == postroom.Gone && err != nil {
		return false, nil // it has expired, or they came
	}
	if err != nil || in.Workflow.Sends(c, postroom.OnCancelled) {
		return err == nil, err
	}
	c.Booking.State = postroom.BookingCancelled
	in.answer(c, wish)
	return true, in.Workflow.Stands(tx, c, "stands:"+c.Booking.ID+":cancelled", wish.At)
}
