// Package workflow keeps what a programme promises: it turns something that
// happened to somebody (a trigger) into steps, does those that are due at
// once, and does the others when their time has come.
//
// The idea a newcomer needs: a promise is a row in steps, unique by run, step
// and occurrence, and it is settled by compare and set in the transaction that
// does it. So a trigger may fire twice, two schedulers may reach for the same
// step, and a process may die anywhere: the person still hears once. What a
// step does is written in the programme file and is read again when the step
// falls due; here it becomes messages that are owed and places on forums, never
// anything that leaves the machine.
package workflow

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Outbox is where messages are owed. It adds what the template says (class,
// lane) and the Message-ID, and does nothing for a key that was owed before.
type Outbox interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
	// Answered settles what would still tell somebody that we have their letter.
	Answered(tx *store.Tx, letter, submission string, at time.Time) error
}

// Coordinator is somebody who looks after a programme.
type Coordinator struct {
	Name, Address, Locale string
	Away                  bool // now
}

func (c Coordinator) locale() string { return cmp.Or(c.Locale, "en") }

// Options are what a Workflow needs.
type Options struct {
	Store        *store.Store
	Programmes   *programme.Set
	Outbox       Outbox
	Zone         *time.Location
	Quiet        postroom.Quiet // when no follow-up is sent
	Coordinators func(programme string) []Coordinator
	// Safeguarding says who is called when somebody may be in danger; nil where
	// nobody is.
	Safeguarding func(programme string) Guards
	Hours        postroom.WorkingHours // in which somebody has to look
	KeepMonths   int                   // for how long what an alarm was about is kept after it was closed
	Clock        postroom.Clock        // when an alarm begins to wait; nil is when what raised it came in
	// Label puts the question of a well-known field into words; nil where no
	// question is asked by mail.
	Label func(locale string, say postroom.Text) string
	// Day writes a day as people say it; nil leaves days out.
	Day func(locale string, at time.Time) string
	// ReplyTo returns the address to which replies about a submission come, or
	// "" for the mailbox's own.
	ReplyTo func(mailbox, reference string) string
	Log     *slog.Logger
}

// Workflow plans and does steps.
type Workflow struct{ Options }

// New returns a Workflow.
func New(o Options) *Workflow {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Workflow{o}
}

// Begin starts a contact's way through the programme of a submission. The
// second time it returns the run that was begun.
func (w *Workflow) Begin(tx *store.Tx, sub postroom.Submission, at time.Time) (postroom.Run, error) {
	return tx.AddRun(postroom.Run{Programme: sub.Programme, Form: sub.Form, Submission: sub.ID, Contact: sub.Contact, CreatedAt: at})
}

// Fire tells a run what happened to it. What the programme promises for that
// is planned, and done in the same transaction where it is due at once. Firing
// again promises nothing again. A sign-up to a list is not accepted before it
// is confirmed, nor a letter that left questions open before they are
// answered; until then that trigger is nothing.
func (w *Workflow) Fire(tx *store.Tx, run postroom.Run, t postroom.Trigger, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	return w.FireFor(tx, c, t, at)
}

// FireFor is Fire for a caller who has the case at hand.
func (w *Workflow) FireFor(tx *store.Tx, c *Case, t postroom.Trigger, at time.Time) error {
	return w.fire(tx, c, t, at, whole)
}

// fire does a part of what a trigger promises.
func (w *Workflow) fire(tx *store.Tx, c *Case, t postroom.Trigger, at time.Time, part share) error {
	if c.programme == nil {
		return nil // it was taken away: nothing new is promised
	}
	if t == postroom.OnAccepted && (c.awaitsClick() || len(c.Submission.Open) > 0) {
		return nil
	}
	for _, e := range programme.Plan(c.programme, t, w.facts(c, at)) {
		if part == greeting && !greets(&e) {
			continue
		}
		if err := w.promise(tx, c, t, e, at, part); err != nil {
			return fmt.Errorf("promise step %s of run %s: %w", e.Step, c.Run.ID, err)
		}
	}
	return nil
}

// End cancels what a submission's run still had planned, because what it was
// for has ended.
func (w *Workflow) End(tx *store.Tx, submission, reason string, at time.Time) error {
	run, begun, err := tx.RunOf(submission)
	if err != nil || !begun {
		return err
	}
	steps, err := tx.StepsOf(run.ID)
	if err != nil {
		return fmt.Errorf("list steps of run %s: %w", run.ID, err)
	}
	for _, s := range steps {
		if s.State != postroom.StepPlanned {
			continue
		}
		if _, err := tx.SettleStep(s.ID, postroom.StepCancelled, reason, at); err != nil {
			return fmt.Errorf("cancel step %s: %w", s.ID, err)
		}
	}
	return nil
}

func (w *Workflow) promise(tx *store.Tx, c *Case, t postroom.Trigger, e postroom.Effect, at time.Time, part share) error {
	later := e.Due.After(at)
	if later && c.Again {
		return nil // promised to the run that was first
	}
	promised := postroom.Step{Run: c.Run.ID, Name: e.Step, Occurrence: e.Occurrence, DueAt: e.Due}
	if later {
		_, _, err := tx.PromiseStep(promised)
		return err
	}
	promised.DueAt = at
	promised.Occurrence += c.Anew
	step, first, err := tx.KeepStep(promised)
	if err != nil || !first && (part != rest || c.danger) { // whoever held it has called them
		return err
	}
	if !first {
		e = postroom.Effect{Step: e.Step, Notify: e.Notify, Unless: e.Unless} // once, by the key of the message
	}
	if c.byLetter() && len(c.Submission.Open) > 0 {
		e.Send = "" // it would read as if all were said; Acknowledge asks for what is missing
	}
	return w.do(tx, c, step.ID, e, formCaused(c, t, at), at)
}

// formCaused says whether a message answers a form that was just filled in,
// which is what the limit on confirmations counts: strangers can fill in forms
// with somebody's address. A place that becomes free later is no stranger's
// doing.
func formCaused(c *Case, t postroom.Trigger, at time.Time) bool {
	return t == postroom.OnReceived || t == postroom.OnAccepted || c.Anew != "" || !at.After(c.Run.CreatedAt)
}
