package casework

import (
	"context"
	"fmt"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

const actReclassify = "reclassify"

// Reclassify moves a submission to another form of its programme. Nothing that
// was answered may be lost, so it returns Invalid unless the form is of the same
// kind and asks all that was answered, and neither form books a date or signs up
// to a list. What is planned for the old form alone is stopped, and what the
// programme promises for the new one when something is received begins.
func (c *Casework) Reclassify(ctx context.Context, by postroom.Colleague, r Ref, form string) (postroom.Deed, error) {
	if r.Matter != postroom.AboutSubmission {
		return postroom.Deed{}, fault(postroom.Invalid, "a "+string(r.Matter)+" is on no form", "desk.not_possible")
	}
	return c.act(ctx, by, r, actReclassify, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.submission.Form == form {
			return errNothing
		}
		if err := m.waits(); err != nil {
			return err
		}
		if m.safety() || m.suspect {
			return fault(postroom.Conflict, m.reference+" is held", "desk.held_first", "reference", m.reference)
		}
		to, err := c.formLike(m.submission, form)
		if err != nil {
			return err
		}
		return c.watching(tx, m, d, func() error { return c.moveTo(tx, m, d, to) })
	})
}

// formLike returns a form that loses nothing of a submission.
func (c *Casework) formLike(sub postroom.Submission, name string) (*programme.Form, error) {
	from, known := c.Programmes.Form(sub.Form)
	to, there := c.Programmes.Form(name)
	if known && places(from) || there && places(to) {
		return nil, fault(postroom.Invalid, sub.Form+" or "+name+" books a date or signs up to a list", "desk.form_books")
	}
	if !known || !there || from.Programme != to.Programme || from.Kind != to.Kind {
		return nil, fault(postroom.Invalid, name+" is no form like "+sub.Form, "desk.other_form")
	}
	asked := slices.Clone(sub.Open)
	for field := range sub.Answers {
		asked = append(asked, field)
	}
	for _, field := range asked {
		old, was := from.Field(field)
		now, is := to.Field(field)
		if !was || !is || old.Type != now.Type || old.SpecialCategory != now.SpecialCategory {
			return nil, fault(postroom.Invalid, name+" does not ask for "+field, "desk.other_form")
		}
	}
	return to, nil
}

// places says whether a form books a date or signs up to a list.
func places(f *programme.Form) bool { return f.Event != "" || f.List != "" }

func (c *Casework) moveTo(tx *store.Tx, m *matter, d *postroom.Deed, to *programme.Form) error {
	if err := tx.PutFormVersion(to.Version, to.Programme.Name, to.Name, to.Snapshot, d.At); err != nil {
		return fmt.Errorf("keep form %s: %w", to.Name, err)
	}
	run, begun, err := tx.RunOf(m.ID)
	if err != nil {
		return err
	}
	if err := tx.MoveToForm(m.ID, to.Name, to.Version); err != nil || !begun {
		return err
	}
	d.Before[stopped] = reasonReclassified
	steps, err := tx.StepsOf(run.ID)
	if err != nil {
		return fmt.Errorf("list steps of run %s: %w", run.ID, err)
	}
	for _, s := range steps {
		if s.State != postroom.StepPlanned || !onlyFor(to.Programme, s.Name, m.submission.Form) {
			continue
		}
		if _, err := tx.SettleStep(s.ID, postroom.StepCancelled, reasonReclassified, d.At); err != nil {
			return fmt.Errorf("stop step %s: %w", s.ID, err)
		}
	}
	run.Form = to.Name
	return c.Workflow.Fire(tx, run, postroom.OnReceived, d.At)
}

// onlyFor says whether a step of a programme is for one form alone.
func onlyFor(p *programme.Programme, step, form string) bool {
	return slices.ContainsFunc(p.Workflow, func(s programme.Step) bool { return s.Name == step && s.Form == form })
}
