package intake

import (
	"context"
	"fmt"
	"maps"

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
	clean, mistakes := form.Check(answers)
	if len(mistakes) > 0 {
		return arrival{}, &Refused{Fields: mistakes}
	}
	e.Answers = answers
	a := read(form, e, clean, in.Clock.Now())
	a.contact.Address = sub.Address
	return a, nil
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
	c.Anew = ":finished"
	if err := in.settle(tx, a, c); err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Submission: c.Submission, Subscription: c.Subscription}
	if c.Booking != nil && c.Booking.Submission == sub.ID {
		receipt.Booking = c.Booking
	}
	return receipt, in.followUp(tx, sub, a)
}

// followUp does the job of a submission again: the first time, questions were
// open.
func (in *Intake) followUp(tx *store.Tx, sub postroom.Submission, a arrival) error {
	kind := postroom.JobFor(sub.Kind)
	job, err := tx.JobOf(kind, sub.ID)
	if err != nil {
		return fmt.Errorf("find the job of submission %s: %w", sub.ID, err)
	}
	if err := tx.ReopenJob(job.ID, a.at); postroom.KindOf(err) != postroom.NotFound {
		return err
	}
	return nil // it is not done yet, and will see the answers
}
