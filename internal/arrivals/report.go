package arrivals

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// bounced acts on a delivery report that names a message of ours: only then is
// it known that the mail it speaks of was really sent, and to whom. Any other is
// kept and not believed.
func (in *Arrivals) bounced(ctx context.Context, a arrival) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonReport); err != nil {
			return err
		}
		m, known, err := in.message(tx, a.verdict.Answers)
		if err != nil || !known {
			return err
		}
		for _, b := range a.verdict.Bounces {
			if b.Delayed() {
				continue
			}
			if b.Recipient != m.To && len(a.verdict.Bounces) > 1 {
				continue
			}
			never := b.Hard && (b.Recipient == m.To || b.Recipient == "") // where somebody has mail sent on, it is another address that fails
			if err := in.Outbox.Bounced(tx, m.ID, never, b.Reason, a.at); err != nil {
				return fmt.Errorf("note that message %s came back: %w", m.ID, err)
			}
		}
		return nil
	})
}

// complained stops news to somebody who pressed "junk" on a mail of ours.
// Service goes on: a booking is not silenced by that.
func (in *Arrivals) complained(ctx context.Context, a arrival) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonReport); err != nil {
			return err
		}
		m, known, err := in.message(tx, a.verdict.Answers)
		if err != nil || !known || m.To == "" || !a.verdict.Complaint.Unwanted() {
			return err
		}
		if m.Campaign != "" {
			if err := tx.NoteComplaint(m.Campaign, m.ID, a.at); err != nil {
				return err
			}
		}
		if reason, err := tx.Suppression(m.To, postroom.Marketing); err != nil || reason != "" && reason != store.RestReason {
			return err
		}
		return tx.Suppress(m.To, true, "complaint", a.at)
	})
}

// automatic keeps an automatic reply with the conversation that it answers. It
// answers nothing, and nobody is chased because of it; but follow-ups wait until
// whoever is away is back.
func (in *Arrivals) automatic(ctx context.Context, a arrival) error {
	sub, found, err := in.conversation(ctx, a)
	if err != nil {
		return err
	}
	if found {
		a.Submission = sub.ID
	}
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonAutomatic); err != nil {
			return err
		}
		if err := in.colleagueAway(tx, a); err != nil || !found {
			return err
		}
		return in.away(tx, a, sub)
	})
}

// colleagueAway passes on that whoever was told something of their work seems to
// be away: the letter answers that mail, and comes from where it went; or it came
// to the address for commands that only they were told.
func (in *Arrivals) colleagueAway(tx *store.Tx, a arrival) error {
	if in.SeemsAway == nil || a.Address == "" {
		return nil
	}
	m, known, err := in.message(tx, a.verdict.Answers)
	if err != nil {
		return err
	}
	theirs := known && m.Contact == "" && strings.EqualFold(m.To, a.Address)
	if !theirs && !in.ownCommands(a) {
		return nil
	}
	return in.SeemsAway(tx, a.Address, a.verdict.Back, a.at)
}

// ownCommands says whether a letter came to its sender's own address for commands.
func (in *Arrivals) ownCommands(a arrival) bool {
	if in.Desk == nil || len(a.verdict.CommandsOf) == 0 {
		return false
	}
	who, here := in.Desk.At(a.Address)
	return here && slices.Contains(a.verdict.CommandsOf, who.Name)
}

// away lets follow-ups wait for somebody who is away, if the letter answers what
// we sent them about this submission and comes from where we sent it. Anybody can
// write that they are somebody else, on holiday; and the holiday of a coordinator
// who was told of it is no reason to wait.
func (in *Arrivals) away(tx *store.Tx, a arrival, sub postroom.Submission) error {
	if a.verdict.Back.IsZero() || a.Address == "" || !strings.EqualFold(sub.Address, a.Address) {
		return nil
	}
	m, known, err := in.message(tx, a.verdict.Answers)
	theirs := known && m.Contact != "" && m.Submission == sub.ID && strings.EqualFold(m.To, a.Address)
	if err != nil || !theirs {
		return err
	}
	return in.Workflow.Away(tx, sub.ID, a.verdict.Back, a.at)
}

func (in *Arrivals) message(tx *store.Tx, id string) (postroom.Message, bool, error) {
	if id == "" {
		return postroom.Message{}, false, nil
	}
	m, err := tx.Message(id)
	if err != nil && postroom.KindOf(err) == postroom.NotFound {
		return m, false, nil
	}
	return m, err == nil, err
}
