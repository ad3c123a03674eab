package workflow

import (
	"fmt"
	"strconv"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// calendar puts in what a calendar file needs besides what the mail says: the
// booking it is about, and a number that rises with each change of what stands
// in it (RFC 5545, section 3.8.7.4), the cancellation last. Whoever waits has
// nothing to write into a calendar, and who never had a place nothing to
// strike out of it.
func (c *Case) calendar(tx *store.Tx, data map[string]string) error {
	if c.Booking == nil {
		return nil
	}
	sequence := 2 * c.Session.Moves
	if !c.hasPlace() {
		had, err := hadPlace(tx, c.Booking)
		if err != nil || !had || !c.states()["cancelled"] {
			return err
		}
		sequence++
	}
	data["booking"], data["sequence"] = c.Booking.ID, strconv.Itoa(sequence)
	return nil
}

// hadPlace says whether somebody was ever sent a calendar file of the booking.
func hadPlace(tx *store.Tx, b *postroom.Booking) (bool, error) {
	mails, err := tx.MessagesAbout(b.Submission)
	if err != nil {
		return false, fmt.Errorf("list messages about submission %s: %w", b.Submission, err)
	}
	for _, m := range mails {
		if m.Data["booking"] == b.ID {
			return true, nil
		}
	}
	return false, nil
}
