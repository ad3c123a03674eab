package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Finish answers what a letter left open: the answers are put with what is on
// file, and whatever waited for them happens now, as if all had come at once.
// It returns NotFound for an unknown submission, *Refused for answers that
// have to be mended, and Gone if nothing is open any more: then it is a new
// entry.
func (in *Intake) Finish(ctx context.Context, submission string, e postroom.Entry) (Receipt, error) {
	var receipt Receipt
	err := in.Store.Write(ctx, func(tx *store.Tx) (err error) {
		receipt, err = in.finish(tx, submission, e)
		return err
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("finish submission %s: %w", submission, err)
	}
	return receipt, nil
}

func (in *Intake) finish(tx *store.Tx, submission string, e postroom.Entry) (Receipt, error) {
	sub, err := tx.Submission(submission)
	if err != nil {
		return Receipt{}, err
	}
	form, ok := in.Programmes.Form(sub.Form)
	if !ok || len(sub.Open) == 0 || e.Form != sub.Form {
		return Receipt{}, gone(submission, "nothing is open")
	}
	a, err := in.complete(form, sub, e)
	if err != nil {
		return Receipt{}, err
	}
	sub.Answers, sub.Area, sub.Open, sub.Locale, sub.Guessed = a.submission.Answers, a.submission.Area, nil, a.submission.Locale, false
	if sub.Organisation, err = joinOrganisation(tx, a, sub.Contact); err != nil {
		return Receipt{}, err
	}
	if err := in.complement(tx, a, sub); err != nil {
		return Receipt{}, err
	}
	added, err := tx.FinishSubmission(sub)
	if err == nil && !added {
		err = gone(sub.ID, "somebody else has just finished it")
	}
	if err != nil {
		return Receipt{}, err
	}
	if err := in.putVersion(tx, a); err != nil {
		return Receipt{}, err
	}
	return in.settleFinished(tx, a, sub)
}

// complete checks the answers on file with the new ones over them. They are
// whole now, so nothing may be missing. Where answers go is not asked again:
// a link in a mail is no proof of owning another address.
func (in *Intake) complete(form *programme.Form, sub postroom.Submission, e postroom.Entry) (arrival, error) {
	answers := maps.Clone(sub.Answers)
	maps.Copy(answers, e.Answers)
	if sub.Address != "" {
		answers[string(postroom.ReachEmail)] = []string{sub.Address}
	}
	clean, mistakes := form.CheckAt(answers, in.Clock.Now())
	mistakes = slices.DeleteFunc(mistakes, form.Unsent) // a letter has its attachments
	if len(mistakes) > 0 {
		return arrival{}, &Refused{Fields: mistakes}
	}
	news := form.Programme.Worrying(unsaid(sub.Answers, e.Answers)...)
	e.Answers = answers
	a := read(form, e, clean, in.Clock.Now())
	a.contact.Address, a.worrying = sub.Address, news // a person has looked at what is on file
	return a, nil
}

// unsaid is what was not said before.
func unsaid(before, now postroom.Answers) (texts []string) {
	for field, values := range now {
		for _, value := range values {
			if !slices.Contains(before[field], value) {
				texts = append(texts, value)
			}
		}
	}
	return texts
}

func (in *Intake) settleFinished(tx *store.Tx, a arrival, sub postroom.Submission) (Receipt, error) {
	run, err := in.Workflow.Begin(tx, sub, a.at)
	if err != nil {
		return Receipt{}, err
	}
	c, err := in.Workflow.Open(tx, run)
	if err != nil {
		return Receipt{}, err
	}
	if err := in.settleFilled(tx, a, c); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Submission: c.Submission, Subscription: c.Subscription}
	if c.Booking != nil && c.Booking.Submission == sub.ID {
		receipt.Booking = c.Booking
	}
	return receipt, nil
}

// complement fills in what was not known of somebody whom the letter made known
// to us. Whoever was known before is changed by nothing that a link can do.
func (in *Intake) complement(tx *store.Tx, a arrival, sub postroom.Submission) error {
	made, err := tx.MadeContact(sub)
	if err != nil || !made {
		return err
	}
	return tx.ComplementContact(sub.Contact, a.contact)
}
