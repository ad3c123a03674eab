package arrivals

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// submission files what a person wrote to us: on the form that its words and
// the mailbox stand for, by the one door in. What no form takes goes to a
// person, and its sender hears that we have it.
func (in *Arrivals) submission(ctx context.Context, a arrival) error {
	answered, err := in.staffHadWritten(ctx, a)
	if err != nil {
		return err
	}
	if answered {
		return in.answered(ctx, a)
	}
	if !a.mayAnswer() {
		return in.triage(ctx, a, a.against())
	}
	if a.verdict.OnlyPassesOn() {
		return in.triage(ctx, a, reasonPassedOn)
	}
	form, ok, err := in.formFor(ctx, a)
	if err != nil {
		return err
	}
	if !ok {
		return in.triage(ctx, a, reasonNoForm)
	}
	receipt, err := in.Intake.Accept(ctx, in.entry(form, a))
	if err != nil && notOpen(err) {
		return in.triage(ctx, a, reasonNotOpen)
	}
	if err != nil {
		return err
	}
	a.Submission = receipt.Submission.ID
	if answered, err = in.staffWrote(ctx, a); err != nil {
		return err
	}
	if answered { // between the two looks
		return in.answered(ctx, a)
	}
	return in.settle(ctx, a, postroom.LetterDone, reasonFiled)
}

// notOpen says whether the door is closed for what a letter asks: a date that
// is over, or a form that is gone.
func notOpen(err error) bool {
	switch postroom.KindOf(err) {
	case postroom.Gone, postroom.Conflict, postroom.Invalid, postroom.NotFound:
		return true
	}
	return false
}

// formFor looks for the form at each mailbox that the letter came to: one that
// went to two of them is one letter, and the first with keywords for it wins.
func (in *Arrivals) formFor(ctx context.Context, a arrival) (*programme.Form, bool, error) {
	if form, ok := in.ruledForm(a); ok {
		return form, true, nil
	}
	mailboxes, err := in.mailboxes(ctx, a)
	if err != nil {
		return nil, false, err
	}
	var otherwise *programme.Form
	for _, mailbox := range mailboxes {
		form, ok := inbound.FormFor(in.Programmes, mailbox, a.words())
		if ok && !form.AnyLetter {
			return form, true, nil
		}
		if ok && otherwise == nil {
			otherwise = form
		}
	}
	return otherwise, otherwise != nil, nil
}

// words is what the letter says, as far as keywords and worries go.
func (a arrival) words() string { return a.verdict.Words(a.read) }

// entry is the letter as the one door in takes it.
func (in *Arrivals) entry(form *programme.Form, a arrival) postroom.Entry {
	locale, guessed := in.locale(form.Programme.Languages, a)
	return postroom.Entry{
		Channel: postroom.ByLetter, Key: "letter:" + a.ID, Form: form.Name, Locale: locale, Guessed: guessed,
		Mailbox: a.Mailbox, Letter: a.ID, Subject: a.read.Subject, Words: cmp.Or(a.whole, a.verdict.AllWords(a.read)), At: a.ReceivedAt,
		Answers: inbound.Answers(form, a.read, a.verdict, a.at.In(in.Workflow.Zone)),
	}
}

// locale guesses the language to answer in. Where nothing speaks for a language
// of the programme, the answer is in its first one and offers the others.
func (in *Arrivals) locale(languages []string, a arrival) (locale string, guessed bool) {
	locale, sure := inbound.Guess(a.words(), languages)
	return locale, !sure
}

// reply adds a letter to the conversation that it belongs to. Whose it is not
// goes to a person: a letter that was forwarded takes its thread along.
func (in *Arrivals) reply(ctx context.Context, a arrival) error {
	sub, found, err := in.conversation(ctx, a)
	if err != nil {
		return err
	}
	theirs := found && a.Address == sub.Address
	if !found || !theirs && a.Class == postroom.LetterSubmission {
		return in.submission(ctx, a) // an answer to a newsletter, to what was erased, or to staff's own
	}
	a.Submission = sub.ID
	if !theirs {
		return in.triage(ctx, a, reasonOther)
	}
	answered, err := in.staffWrote(ctx, a) // now, not when the wave began: no second look follows
	if err != nil {
		return err
	}
	if answered {
		return in.settle(ctx, a, postroom.LetterDone, reasonAnswered)
	}
	if done, err := in.finish(ctx, a, sub); done || err != nil {
		return err
	}
	if done, err := in.booking(ctx, a, sub); done || err != nil {
		return err
	}
	h := in.heard(a, sub)
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonAdded); err != nil {
			return err
		}
		return in.wroteAgain(tx, a, sub, h)
	})
}

// heard is what the words of a letter that goes on a conversation ask for. It
// is worked out before the transaction: others wait for that to end.
type heard struct {
	known    bool // the programme is there still
	worrying bool
	silent   bool // nothing may be written to them
}

func (in *Arrivals) heard(a arrival, sub postroom.Submission) heard {
	p, ok := in.Programmes.Programme(sub.Programme)
	if !ok {
		return heard{}
	}
	said := programme.Fold(a.words())
	return heard{
		known: true, worrying: p.Safeguarding.Phrases.InFolded(said),
		silent: !a.mayAnswer() || p.Safeguarding.Silent.InFolded(said),
	}
}

// wroteAgain makes a submission wait for a person once more, and tells them.
func (in *Arrivals) wroteAgain(tx *store.Tx, a arrival, sub postroom.Submission, h heard) error {
	if _, err := tx.ReopenSubmission(sub.ID); err != nil {
		return fmt.Errorf("reopen submission %s: %w", sub.ID, err)
	}
	run, begun, err := tx.RunOf(sub.ID)
	if err != nil || !begun {
		return err
	}
	held, err := tx.Held(sub.ID)
	if err != nil {
		return err
	}
	if h.known && (held == workflow.HeldForSafety || h.worrying) {
		return in.Workflow.Worry(tx, run, a.ID, h.silent, a.at)
	}
	return in.Workflow.Replied(tx, run, a.ID, a.at)
}

// conversation finds the submission that a letter belongs to: by the signed
// address it was sent to, by our message that it answers, or by the letter of
// theirs that it goes on from.
func (in *Arrivals) conversation(ctx context.Context, a arrival) (sub postroom.Submission, found bool, err error) {
	r := in.Store.Read(ctx)
	if a.verdict.Reference != "" {
		sub, err = r.SubmissionWith(a.verdict.Reference)
		return known(sub, err)
	}
	if a.verdict.Answers != "" {
		m, err := r.Message(a.verdict.Answers)
		if err == nil && m.Submission != "" && m.Campaign == "" {
			sub, err = r.Submission(m.Submission)
			return known(sub, err)
		}
		if err != nil && postroom.KindOf(err) != postroom.NotFound {
			return sub, false, err
		}
	}
	if !a.thread {
		return sub, false, nil
	}
	return in.threadOf(r, a.read.Refs())
}

// threadOf finds the submission that a letter with one of these Message-IDs
// belongs to.
func (in *Arrivals) threadOf(r store.Reader, ids []string) (sub postroom.Submission, found bool, err error) {
	for _, id := range ids {
		letters, err := r.LettersNamed(id)
		if err != nil {
			return sub, false, err
		}
		for _, l := range letters {
			if l.Submission != "" {
				sub, err = r.Submission(l.Submission)
			} else { // it may have been filed a moment ago, and not be settled yet
				sub, err = r.SubmissionByKey("letter:" + l.ID)
			}
			if sub, found, err = known(sub, err); err != nil || found {
				return sub, found, err
			}
		}
	}
	return sub, false, nil
}

func known(sub postroom.Submission, err error) (postroom.Submission, bool, error) {
	if postroom.KindOf(err) == postroom.NotFound && err != nil {
		return sub, false, nil
	}
	return sub, err == nil, err
}

// triage keeps a letter for a person, and lets its sender know that we have
// it, where anything automatic may.
func (in *Arrivals) triage(ctx context.Context, a arrival, reason string) error {
	return in.triageAnd(ctx, a, reason, nil)
}

// triageAnd is triage with something that is done in the same transaction; nil is
// nothing.
func (in *Arrivals) triageAnd(ctx context.Context, a arrival, reason string, also func(tx *store.Tx) error) error {
	alarms, answers := a.written() && !a.Imported, a.personal() && a.mayAnswer()
	if !alarms && !answers && also == nil {
		return in.settle(ctx, a, postroom.LetterTriage, reason)
	}
	worried, k := in.judged(a) // before the transaction: it takes time, and others wait for that to end
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterTriage, reason); err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if alarms && worried != nil {
			if err := in.alarm(tx, a, worried); err != nil {
				return err
			}
		}
		if !answers {
			return nil
		}
		return in.Workflow.Keep(tx, k, a.at)
	})
}

// judged reads what a letter that no form takes says: the programme at whose
// phrases somebody must be called, or nil, and what its sender may hear.
func (in *Arrivals) judged(a arrival) (worried *programme.Programme, k workflow.Kept) {
	said := programme.Fold(a.verdict.AllWords(a.read))
	p, worrying := in.Programmes.Worrying(said)
	k = in.kept(a)
	k.Worrying, k.Silent = worrying, worrying && (k.Discreet || p.Safeguarding.Silent.InFolded(said))
	return p, k
}

// alarm calls whoever a programme names for letters in which somebody may be in
// danger.
func (in *Arrivals) alarm(tx *store.Tx, a arrival, p *programme.Programme) error {
	return in.Workflow.Raise(tx, postroom.Alarm{Matter: postroom.AboutLetter, Subject: a.ID, Programme: p.Name, RaisedAt: a.at})
}

// personal says whether a person wrote the letter, as far as can be told.
func (a arrival) personal() bool {
	return a.written() && !a.verdict.Staff
}

// written says whether somebody wrote the letter, a stranger or our own.
func (a arrival) written() bool {
	switch a.Class {
	case postroom.LetterSubmission, postroom.LetterReply, postroom.LetterUnsubscribe, postroom.LetterUnknown:
		return true
	}
	return false
}

func (in *Arrivals) kept(a arrival) workflow.Kept {
	k := workflow.Kept{Letter: a.Letter, To: a.Address, Subject: a.read.Subject, Locale: "en"}
	var languages []string
	for _, p := range in.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(address string) bool { return strings.EqualFold(address, a.Mailbox) }) {
			k.Discreet = k.Discreet || p.Discreet
			languages = append(languages, p.Languages...)
			if k.Programme == "" {
				k.Programme = p.Name
			}
		}
	}
	locale, guessed := in.locale(languages, a)
	k.Locale, k.Guessed = cmp.Or(locale, k.Locale), guessed
	return k
}
