package arrivals

import (
	"context"
	"errors"
	"fmt"

	"postroom/internal/inbound"
	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// errNotUnderstood undoes a transaction in which a letter proved to be one for
// a person.
var errNotUnderstood = errors.New("a person has to look")

// booking does what a short answer says about a booking, and says whether the
// letter is dealt with by that. Whatever is not clear is for a person.
func (in *Arrivals) booking(ctx context.Context, a arrival, sub postroom.Submission) (done bool, err error) {
	if form, ok := in.Programmes.Form(sub.Form); !ok || form.Event == "" {
		return false, nil
	}
	wish, sure := wishOf(a)
	h := in.heard(a, sub)
	if !sure.Enough() || !h.known || h.worrying || h.silent {
		return false, nil
	}
	m, proven, err := in.proven(ctx, a, sub)
	if err != nil || !proven {
		return false, err
	}
	if asked := len(sub.Open) > 0 || len(workflow.AskedIn(m)) > 0; asked && wish.What != intake.Waits && !inbound.SaidOfComing(a.verdict.Visible) {
		return false, nil // it may answer what we asked
	}
	if other, err := in.somebodyElse(ctx, a, sub); err != nil || other {
		return false, err
	}
	err = in.Store.Write(ctx, func(tx *store.Tx) error { return in.changeBooking(tx, a, sub, wish, sure, h) })
	if errors.Is(err, errNotUnderstood) || err != nil && notOpen(err) {
		return false, nil // unless somebody was faster, and has settled it
	}
	return true, err
}

// wishOf reads what a letter says about a booking. The subject is that of the
// letter it answers, and says nothing.
func wishOf(a arrival) (intake.Wish, inbound.Confidence) {
	text := a.verdict.Visible
	w := intake.Wish{Letter: a.ID, Subject: a.read.Subject, Mailbox: a.Mailbox, At: a.at}
	if inbound.AsksToWait(text) {
		w.What = intake.Waits
		return w, inbound.Certain
	}
	said, sure := inbound.Said(text)
	switch said {
	case inbound.SaidYes:
		w.What, w.Party = intake.Comes, inbound.SaidParty(text)
	case inbound.SaidNo, inbound.SaidCancel:
		w.What = intake.GivesUp
	default:
		return w, inbound.Guessed
	}
	return w, sure
}

// somebodyElse says whether a letter is signed by another person that we know
// at the same address: in a household, one does not speak for the other. The
// name beside the address says nothing about that: it is the mailbox's.
func (in *Arrivals) somebodyElse(ctx context.Context, a arrival, sub postroom.Submission) (bool, error) {
	id, err := in.Store.Read(ctx).ContactNamed(a.Address, inbound.SignedName(a.verdict.Visible))
	if err != nil {
		return false, fmt.Errorf("look who else has the address: %w", err)
	}
	return id != "" && id != sub.Contact, nil
}

// changeBooking settles a letter in the transaction that does what it says.
// Where other words stand beside that, the coordinators hear that somebody
// wrote again.
func (in *Arrivals) changeBooking(tx *store.Tx, a arrival, sub postroom.Submission, wish intake.Wish, sure inbound.Confidence, h heard) error {
	reason := reasonBooking
	if sure != inbound.Certain {
		reason = reasonAdded // what staff wrote before it does not answer it
	}
	if err := a.settle(tx, postroom.LetterDone, reason); err != nil {
		return err
	}
	if held, err := tx.Held(sub.ID); err != nil || held != "" {
		return errors.Join(err, errNotUnderstood)
	}
	understood, err := in.Intake.Change(tx, sub, wish)
	if err != nil {
		return fmt.Errorf("change the booking of submission %s: %w", sub.ID, err)
	}
	if !understood {
		return errNotUnderstood
	}
	if sure == inbound.Certain {
		return nil
	}
	return in.wroteAgain(tx, a, sub, h) // now: a cancelled booking settles its submission
}
