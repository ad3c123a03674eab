package intake

import (
	"fmt"
	"maps"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Heard is what became of a reply to questions that a letter had left open.
type Heard struct {
	Fields []string // whose answers were taken
	Asked  bool     // what is missing is asked for once more
}

// Fill answers as much as a reply does of what a letter left open, by the same
// check as any other door, and owes the person one letter: what was understood,
// with what follows if nothing is open any more, or else with what is missing.
// That is asked for once; what is still missing then is a person's business.
// Nobody's other answers are changed by it, nor where answers go. It returns
// Heard without fields, and changes nothing, where the reply answers nothing,
// and Gone where what it asks for is over.
func (in *Intake) Fill(tx *store.Tx, submission string, e postroom.Entry) (Heard, error) {
	sub, err := tx.Submission(submission)
	if err != nil {
		return Heard{}, err
	}
	form, ok := in.Programmes.Form(sub.Form)
	if !ok || len(sub.Open) == 0 || sub.State != postroom.SubmissionReceived {
		return Heard{}, nil
	}
	a, fields := in.supplement(form, sub, e)
	if len(fields) == 0 {
		return Heard{}, nil
	}
	if err := in.putFilled(tx, a, &sub, e.Letter, fields); err != nil {
		return Heard{}, fmt.Errorf("fill submission %s: %w", sub.ID, err)
	}
	run, err := in.Workflow.Begin(tx, sub, a.at)
	if err != nil {
		return Heard{}, err
	}
	c, err := in.Workflow.Open(tx, run)
	if err != nil {
		return Heard{}, err
	}
	in.Workflow.Answering(c, e.Letter, e.Subject, fields)
	if len(sub.Open) == 0 {
		return Heard{Fields: fields}, in.settleFilled(tx, a, c)
	}
	asked, err := in.Workflow.AskAgain(tx, c, a.at)
	return Heard{Fields: fields, Asked: asked}, err
}

// supplement checks what is on file together with what a reply says beside it,
// and returns the fields that it answers. Only what was open is taken, and what
// an answer of the same reply makes needed.
func (in *Intake) supplement(form *programme.Form, sub postroom.Submission, e postroom.Entry) (a arrival, fields []string) {
	answers := maps.Clone(sub.Answers)
	if sub.Address != "" {
		answers[emailField(form)] = []string{sub.Address}
	}
	wanted := sub.Open
	clean, mistakes := postroom.Answers(nil), []programme.FieldError(nil)
	for range 2 {
		for _, name := range wanted {
			if len(e.Answers[name]) > 0 && len(sub.Answers[name]) == 0 {
				answers[name] = e.Answers[name]
			}
		}
		clean, mistakes = form.CheckAt(answers, in.Clock.Now())
		wanted = open(form, mistakes)
	}
	for _, f := range form.Fields {
		if len(clean[f.Name]) > 0 && says(f, e.Answers) && len(sub.Answers[f.Name]) == 0 {
			fields = append(fields, f.Name)
		}
	}
	e.Answers, e.Locale = clean, sub.Locale
	a = read(form, e, clean, in.Clock.Now())
	a.contact.Address, a.worrying, a.signs = sub.Address, false, nil // whoever reads the letter has looked for that
	a.submission.Open = wanted
	return a, fields
}

// says whether answers hold one to a field, or that from which it is told.
func says(f programme.Field, answers postroom.Answers) bool {
	return len(answers[f.Name]) > 0 || f.Derived != nil && len(answers[f.Derived.From]) > 0
}

// putFilled puts the answers on file, with the letter that they came from.
func (in *Intake) putFilled(tx *store.Tx, a arrival, sub *postroom.Submission, letter string, fields []string) (err error) {
	was := *sub
	sub.Answers, sub.Open = maps.Clone(sub.Answers), a.submission.Open
	for _, name := range fields {
		sub.Answers[name] = a.submission.Answers[name]
	}
	if slices.Contains(fields, "area") {
		sub.Area = a.submission.Area
	}
	if sub.Organisation, err = joinOrganisation(tx, a, sub.Contact); err != nil {
		return err
	}
	if err := in.complement(tx, a, *sub); err != nil {
		return err
	}
	same, err := tx.FillSubmission(was, *sub, letter, fields, a.at)
	if err == nil && !same {
		err = fmt.Errorf("somebody else has just answered what was open") // to be tried again, with what is open then
	}
	if err != nil {
		return err
	}
	return in.putVersion(tx, a)
}

// settleFilled does what waited for the answers.
func (in *Intake) settleFilled(tx *store.Tx, a arrival, c *workflow.Case) error {
	c.Anew = ":finished"
	if err := in.settle(tx, a, c); err != nil {
		return err
	}
	c.Anew = "" // it was never accepted before
	return in.Workflow.FireFor(tx, c, postroom.OnAccepted, a.at)
}
