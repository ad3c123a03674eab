package app

import (
	"context"
	"strings"

	"postroom/internal/arrivals"
	"postroom/internal/casework"
	"postroom/internal/digest"
	"postroom/internal/inbound"
	"postroom/internal/postroom"
)

// byLetter is the desk as the letters of colleagues reach it.
type byLetter struct{ room *Room }

// At returns the colleague of an address, if they are here.
func (b byLetter) At(address string) (postroom.Colleague, bool) { return b.room.Team.At(address) }

// Act does what one command asks for, once for its cause.
func (b byLetter) Act(ctx context.Context, a arrivals.Act) (err error) {
	desk, about := b.room.Casework.For(a.Cause), casework.Ref{Matter: a.Matter, ID: a.ID}
	switch a.Verb {
	case inbound.VerbTake:
		_, err = desk.Take(ctx, a.By, about)
	case inbound.VerbDone:
		_, err = desk.Done(ctx, a.By, about)
	case inbound.VerbSnooze:
		_, err = desk.Snooze(ctx, a.By, about, a.Until)
	case inbound.VerbPass:
		_, err = desk.Pass(ctx, a.By, about, b.called(a.To))
	case inbound.VerbApprove:
		err = b.room.approve(ctx, a)
	case inbound.VerbNote:
		_, err = desk.Note(ctx, a.By, about, a.Words)
	}
	return err
}

// called is the name of the colleague whom somebody names, also in other letters
// than their own, or else what was written.
func (b byLetter) called(name string) string {
	for _, c := range b.room.Team.All() {
		if strings.EqualFold(c.Name, name) {
			return c.Name
		}
	}
	return name
}

// Undo takes a deed back.
func (b byLetter) Undo(ctx context.Context, by postroom.Colleague, deed string) error {
	return b.room.Casework.Undo(ctx, by, deed)
}

// Told puts into a colleague's words what their letter did.
func (b byLetter) Told(ctx context.Context, who postroom.Colleague, t arrivals.Told) (string, error) {
	told := digest.Told{List: t.List, Rest: t.Rest}
	for _, o := range t.Outcomes {
		told.Outcomes = append(told.Outcomes, digest.Outcome{
			Verb: string(o.Verb), Number: o.Number, Reference: o.Reference, Until: o.Until, To: o.To, Why: o.Why, Name: o.Name,
		})
	}
	return b.room.Digests.Told(ctx, who, told)
}
