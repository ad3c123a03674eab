package arrivals

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// staffSent reads a letter of the Sent folder. What we sent ourselves is there
// too at some providers, signed by us; everything else a person wrote. A draft
// of ours that a person sent counts as theirs.
func (in *Arrivals) staffSent(ctx context.Context, a arrival) error {
	if a.verdict.Own != "" {
		drafted, err := in.wasDraft(ctx, a.verdict.Own)
		if err != nil {
			return err
		}
		if !drafted {
			return in.settle(ctx, a, postroom.LetterIgnored, reasonOwn)
		}
	}
	answered, err := in.staffAnswered(ctx, a)
	if err != nil || answered {
		return err
	}
	return in.settle(ctx, a, postroom.LetterDone, reasonStaffOther)
}

// wasDraft says whether a message of ours was left for a person to send.
func (in *Arrivals) wasDraft(ctx context.Context, message string) (bool, error) {
	m, err := in.Store.Read(ctx).Message(message)
	if err != nil && postroom.KindOf(err) == postroom.NotFound {
		return false, nil
	}
	return m.State == postroom.Suppressed, err
}

// fromStaff deals with a letter to us from one of our own people: commands, an
// answer to somebody that came to us as a copy, or else a forwarded letter or a note,
// which a person has to place. It is never taken for a stranger's and never
// answered.
func (in *Arrivals) fromStaff(ctx context.Context, a arrival) error {
	if dealt, err := in.byCommand(ctx, a); err != nil || dealt {
		return err
	}
	if len(in.Ours().AuthservIDs) > 0 && !a.verdict.Verified {
		return in.triage(ctx, a, reasonStaff) // anybody can write that they are us
	}
	answered, err := in.staffAnswered(ctx, a)
	if err != nil || answered {
		return err
	}
	return in.triage(ctx, a, reasonStaff)
}

// staffAnswered marks what a letter of staff answers, if it went to the person
// who waits, and says whether it did. A forward to a colleague has the same
// thread and answers nobody.
func (in *Arrivals) staffAnswered(ctx context.Context, a arrival) (answered bool, err error) {
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		answered = false
		if err := in.answerSubmission(tx, &a, &answered); err != nil {
			return err
		}
		if err := in.answerTriage(tx, a, &answered); err != nil || !answered {
			return err
		}
		return a.settle(tx, postroom.LetterDone, reasonStaffAnswer)
	})
	return answered, err
}

func (in *Arrivals) answerSubmission(tx *store.Tx, a *arrival, answered *bool) error {
	sub, found, err := in.answersWhat(tx, *a)
	if err != nil || !found || !wentTo(a.read, sub.Address) {
		return err
	}
	*answered, a.Submission = true, sub.ID
	return in.markAnswered(tx, *a, sub)
}

// answersWhat finds the submission that a letter of staff goes on from: their
// letter, or ours that they answered over.
func (in *Arrivals) answersWhat(tx *store.Tx, a arrival) (postroom.Submission, bool, error) {
	if a.verdict.Reference != "" { // the copy line of a link in a summary
		sub, err := tx.SubmissionWith(a.verdict.Reference)
		return known(sub, err)
	}
	if sub, found, err := in.threadOf(tx.Reader, a.read.Refs()); err != nil || found {
		return sub, found, err
	}
	for _, id := range a.read.Refs() {
		message, ours := in.own(id)
		if !ours {
			continue
		}
		m, known, err := in.message(tx, message)
		if err != nil || known && m.Submission != "" { // also a notice, which a colleague sends on to the person as their answer
			return openSubmission(tx, m.Submission, err)
		}
	}
	return named(tx, a.read.Subject)
}

// reference is how submissions are called in subjects, as the daily summary
// writes them into its "Reply to" links: those begin a letter without a thread.
var reference = regexp.MustCompile(`\b[2-9BCDFGHJKMNPQRTVWXZ]{3}-[2-9BCDFGHJKMNPQRTVWXZ]{3}\b`)

// named finds the submission whose reference stands in a subject.
func named(tx *store.Tx, subject string) (postroom.Submission, bool, error) {
	found := reference.FindString(subject)
	if found == "" {
		return postroom.Submission{}, false, nil
	}
	sub, err := tx.SubmissionWith(found)
	return known(sub, err)
}

func openSubmission(tx *store.Tx, id string, err error) (postroom.Submission, bool, error) {
	if err != nil {
		return postroom.Submission{}, false, err
	}
	sub, err := tx.Submission(id)
	return known(sub, err)
}

// markAnswered ends the waiting: nobody is chased, and what would still say
// "we have your message" stays here.
func (in *Arrivals) markAnswered(tx *store.Tx, a arrival, sub postroom.Submission) error {
	newer, err := wroteSince(tx, sub, a)
	if err != nil || newer {
		return err
	}
	return in.Workflow.Answered(tx, sub, "mailbox", a.at)
}

// wroteSince says whether the person has written since staff's answer: it is
// read late, and answers what was before.
func wroteSince(tx *store.Tx, sub postroom.Submission, a arrival) (bool, error) {
	letters, err := tx.LettersAbout(sub.ID)
	if err != nil {
		return false, fmt.Errorf("list letters about submission %s: %w", sub.ID, err)
	}
	return slices.ContainsFunc(letters, func(l postroom.Letter) bool {
		return l.ID != a.ID && l.Folder == postroom.Inbox && l.Reason == reasonAdded && l.ReceivedAt.After(a.ReceivedAt)
	}), nil
}

// answerTriage ends the triage of letters that staff have answered.
func (in *Arrivals) answerTriage(tx *store.Tx, a arrival, answered *bool) error {
	for _, id := range a.read.Refs() {
		letters, err := tx.LettersNamed(id)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if l.State != postroom.LetterTriage || !wentTo(a.read, l.Address) {
				continue
			}
			*answered = true
			if _, err := tx.EndTriage(l.ID, reasonAnswered, a.at); err != nil {
				return fmt.Errorf("end triage of letter %s: %w", l.ID, err)
			}
			if err := in.Workflow.CloseAlarm(tx, postroom.AboutLetter, l.ID, "mailbox", "somebody has answered it from their mail program", a.at); err != nil {
				return err
			}
			if err := in.Outbox.Answered(tx, l.ID, "", a.at); err != nil {
				return err
			}
		}
	}
	return nil
}

// staffHadWritten says whether the Sent folder held an answer to a letter when
// that came to be acted on.
func (in *Arrivals) staffHadWritten(ctx context.Context, a arrival) (bool, error) {
	if !a.named {
		return false, nil
	}
	return in.staffWrote(ctx, a)
}

// staffWrote says whether the Sent folder holds an answer to a letter that is
// only read now.
func (in *Arrivals) staffWrote(ctx context.Context, a arrival) (bool, error) {
	if a.MessageID == "" {
		return false, nil
	}
	sent, err := in.Store.Read(ctx).LettersNaming(a.MessageID, postroom.SentFolder)
	if err != nil {
		return false, fmt.Errorf("look for answers to letter %s: %w", a.ID, err)
	}
	for _, l := range sent {
		raw, err := in.Store.Read(ctx).LetterRaw(l.ID)
		if err != nil {
			return false, err
		}
		if wentTo(letter.Read(raw), a.Address) {
			return true, nil
		}
	}
	return false, nil
}

// answered ends a letter that staff have answered before us. Nobody waits, and
// nothing automatic follows; if it is a submission already, because they were
// faster by a moment only, that is answered too.
func (in *Arrivals) answered(ctx context.Context, a arrival) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.SubmissionByKey("letter:" + a.ID)
		if filed, found, err := known(sub, err); err != nil {
			return err
		} else if found {
			a.Submission = filed.ID
			if err := in.markAnswered(tx, a, filed); err != nil {
				return err
			}
		}
		return a.settle(tx, postroom.LetterDone, reasonAnswered)
	})
}

// wentTo says whether a letter was sent to an address.
func wentTo(l letter.Letter, address string) bool {
	is := func(to letter.Address) bool { return strings.EqualFold(to.Address, address) }
	return address != "" && (slices.ContainsFunc(l.To, is) || slices.ContainsFunc(l.Cc, is))
}

// own returns the id of our message with a Message-ID.
func (in *Arrivals) own(messageID string) (string, bool) {
	own := in.Ours().OwnMessage
	if own == nil {
		return "", false
	}
	return own(messageID)
}
