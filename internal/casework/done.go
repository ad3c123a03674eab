package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Why a letter needs no person any more, and why steps were stopped, as they
// stand in their rows.
const (
	reasonDone         = "done" // a person has dealt with it
	reasonClosed       = "closed"
	reasonSpam         = "spam"
	reasonReplied      = "answered" // as where staff answered with their own mail program
	reasonReclassified = "reclassified"
)

// Done notes that a person answered elsewhere, or has dealt with it: the chase
// ends as if the answer had been found in the Sent folder.
func (c *Casework) Done(ctx context.Context, by postroom.Colleague, r Ref) (postroom.Deed, error) {
	return c.act(ctx, by, r, "done", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.stood["state"] == string(postroom.SubmissionAnswered) || m.stood["state"] == string(postroom.LetterDone) { // a call that is done says so too
			return errNothing
		}
		if err := m.waits(); err != nil {
			return err
		}
		switch m.Matter {
		case postroom.AboutSubmission:
			if m.safety() || m.suspect {
				return fault(postroom.Conflict, m.reference+" is held", "desk.held_first", "reference", m.reference)
			}
			return c.answered(tx, m, d)
		case postroom.AboutLetter:
			return c.endTriage(tx, m, d, reasonDone)
		}
		return tx.CallDone(m.ID, d.At)
	})
}

// Keys of Before: what an act caused beside the matter, as ids with blanks
// between.
const (
	keptBack = "kept_back" // messages that it kept back
	promised = "promised"  // steps that it promised
	stopped  = "stopped"   // the reason under which it stopped steps
	noted    = "note"      // the note that it made
	voided   = "place"     // what the booking was that it took back
	mailed   = "message"   // the message that it owes
)

// answered ends the waiting for a submission, and notes in the deed what that
// kept back and promised.
func (c *Casework) answered(tx *store.Tx, m *matter, d *postroom.Deed) error {
	return c.watching(tx, m, d, func() error {
		return c.Workflow.Answered(tx, m.submission, d.Actor, d.At)
	})
}

// watching runs do, and notes which messages it kept back and which steps it
// promised.
func (c *Casework) watching(tx *store.Tx, m *matter, d *postroom.Deed, do func() error) error {
	waited, err := waiting(tx, m)
	if err != nil {
		return err
	}
	before, err := stepsOf(tx, m)
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	wait, err := waiting(tx, m)
	if err != nil {
		return err
	}
	after, err := stepsOf(tx, m)
	if err != nil {
		return err
	}
	put(d, keptBack, without(waited, wait))
	put(d, promised, without(after, before))
	return nil
}

// put adds ids to those under a key of a deed.
func put(d *postroom.Deed, key string, ids []string) {
	if len(ids) > 0 {
		d.Before[key] = strings.TrimSpace(d.Before[key] + " " + strings.Join(ids, " "))
	}
}

func without(ids, others []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(others, id) })
}

// waiting lists the messages about a matter that have not left.
func waiting(tx *store.Tx, m *matter) (ids []string, err error) {
	var list []postroom.Message
	if m.submission.ID != "" {
		if list, err = tx.MessagesAbout(m.submission.ID); err != nil {
			return nil, fmt.Errorf("list messages about submission %s: %w", m.submission.ID, err)
		}
	}
	if m.letter.ID != "" {
		kept, found, err := tx.MessageWithKey("kept:" + m.letter.ID)
		if err != nil {
			return nil, fmt.Errorf("find answer to letter %s: %w", m.letter.ID, err)
		}
		if found {
			list = append(list, kept)
		}
	}
	for _, message := range list {
		if message.State == postroom.Queued || message.State == postroom.Deferred || message.State == postroom.Held {
			ids = append(ids, message.ID)
		}
	}
	return ids, nil
}

// stepsOf lists the steps of the run of a submission.
func stepsOf(tx *store.Tx, m *matter) (ids []string, err error) {
	if m.submission.ID == "" {
		return nil, nil
	}
	run, begun, err := tx.RunOf(m.submission.ID)
	if err != nil || !begun {
		return nil, err
	}
	return stepIDs(tx, run.ID)
}

// endTriage takes a letter out of triage.
func (c *Casework) endTriage(tx *store.Tx, m *matter, d *postroom.Deed, reason string) error {
	return c.watching(tx, m, d, func() error {
		if _, err := tx.EndTriage(m.ID, reason, d.At); err != nil {
			return fmt.Errorf("end triage of letter %s: %w", m.ID, err)
		}
		if err := c.endAlarm(tx, m, d, reason); err != nil {
			return err
		}
		return c.Outbox.Answered(tx, m.ID, "", d.At)
	})
}

// endAlarm closes the alarm about a letter that somebody has dealt with.
func (c *Casework) endAlarm(tx *store.Tx, m *matter, d *postroom.Deed, reason string) error {
	if !m.rings() || c.Alarms.Closed == nil {
		return nil
	}
	d.Before[rang] = "yes"
	return c.Alarms.Closed(tx, m.Ref, d.Actor, reason, d.At)
}

// rang is the key of Before under which stands that an alarm was closed.
const rang = "rang"

// Close notes that something needs no answer. What would still say that we have
// it leaves all the same.
func (c *Casework) Close(ctx context.Context, by postroom.Colleague, r Ref) (postroom.Deed, error) {
	return c.act(ctx, by, r, "close", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if err := m.waits(); err != nil {
			return err
		}
		switch m.Matter {
		case postroom.AboutSubmission:
			if m.safety() || m.suspect {
				return fault(postroom.Conflict, m.reference+" is held", "desk.held_first", "reference", m.reference)
			}
			_, err := tx.CloseSubmission(m.ID)
			return err
		case postroom.AboutLetter:
			if _, err := tx.EndTriage(m.ID, reasonClosed, d.At); err != nil {
				return err
			}
			return c.endAlarm(tx, m, d, reasonClosed)
		}
		return tx.CallDone(m.ID, d.At)
	})
}

// Spam puts aside what nobody has to answer because a machine or a seller sent
// it: nothing more leaves for it, and nothing more is planned. What somebody
// may be in danger about is let go first.
func (c *Casework) Spam(ctx context.Context, by postroom.Colleague, r Ref) (postroom.Deed, error) {
	return c.act(ctx, by, r, "spam", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.safety() {
			return fault(postroom.Conflict, m.reference+" is held", "desk.held_first", "reference", m.reference)
		}
		if err := m.waits(); err != nil {
			return err
		}
		switch m.Matter {
		case postroom.AboutSubmission:
			return c.spam(tx, m, d)
		case postroom.AboutLetter:
			return c.watching(tx, m, d, func() error {
				if _, err := tx.IgnoreLetter(m.ID, reasonSpam, d.At); err != nil {
					return fmt.Errorf("put letter %s aside: %w", m.ID, err)
				}
				return c.Outbox.Answered(tx, m.ID, "", d.At)
			})
		}
		return fault(postroom.Invalid, "a "+string(m.Matter)+" is no spam", "desk.not_possible")
	})
}

// spam closes a submission for good: what it was suspected of is true.
func (c *Casework) spam(tx *store.Tx, m *matter, d *postroom.Deed) error {
	d.Before[stopped] = reasonSpam
	return c.watching(tx, m, d, func() error {
		if m.suspect {
			d.Before["held"] = m.held
			if _, err := tx.Release(m.ID, d.Actor, d.At); err != nil {
				return fmt.Errorf("take the hold off %s: %w", m.ID, err)
			}
		}
		if err := tx.DropMail(m.ID, outbound.ReasonAnswered, d.At); err != nil {
			return err
		}
		if err := c.Workflow.End(tx, m.ID, reasonSpam, d.At); err != nil {
			return err
		}
		if _, err := tx.CloseSubmission(m.ID); err != nil {
			return err
		}
		return c.void(tx, m, d)
	})
}

// void gives back the place that a submission took. It comes last: a session is
// locked after everything else.
func (c *Casework) void(tx *store.Tx, m *matter, d *postroom.Deed) error {
	if c.Places == nil {
		return nil
	}
	was, err := c.Places.Void(tx, m.ID, d.At)
	if err != nil {
		return fmt.Errorf("give back the place of %s: %w", m.ID, err)
	}
	if was != "" {
		d.Before[voided] = string(was)
	}
	return nil
}

// changed returns the columns of a matter that a deed changed, as they were or
// are.
func changed(d postroom.Deed, prefix string) map[string]string {
	columns := maps.Clone(d.Before)
	maps.DeleteFunc(columns, func(key, _ string) bool { return !strings.HasPrefix(key, prefix) })
	found := make(map[string]string, len(columns))
	for key, value := range columns {
		found[strings.TrimPrefix(key, prefix)] = value
	}
	return found
}
