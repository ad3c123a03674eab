package workflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The stages of an alarm, by who was told last.
const (
	stageLead = iota
	stageDeputy
	stageAdmins
	stages
)

// Guards are who is called when somebody may be in danger, by the stage at which
// it is their turn: the lead, the deputy, the admins. A stage may be empty.
type Guards [stages][]Coordinator

// unopened is for how much working time an alarm waits for somebody to look,
// before the next are told.
const unopened = time.Hour

// ladder says who is told when it is a stage's turn, and which stage was reached.
// Where nobody of it is here to look, those of the next are told as well, at the
// same time; and everybody where there is no lead at all.
func (g Guards) ladder(from int) (list []Coordinator, reached int) {
	all := from == stageLead && len(g[stageLead]) == 0
	for reached = from; ; reached++ {
		list = append(list, g[reached]...)
		here := slices.ContainsFunc(g[reached], func(c Coordinator) bool { return !c.Away })
		if reached == stageAdmins || here && !all {
			return each(list), reached
		}
	}
}

// Lets says whether a colleague may look at what is held because somebody may be
// in danger: the lead and the deputy may from the beginning, also before they are
// called, and the others once it is their turn. Where neither of the first two is
// here it is at once.
func (g Guards) Lets(who postroom.Colleague, stage int) bool {
	if len(g[stageLead])+len(g[stageDeputy]) == 0 {
		stage = stageAdmins
	}
	return slices.ContainsFunc(g.upTo(max(stage, stageDeputy)), func(c Coordinator) bool { return c.Name == who.Name && c.Address == who.Address })
}

// upTo lists who has been told by a stage.
func (g Guards) upTo(stage int) (list []Coordinator) {
	for _, some := range g[:min(stage, stageAdmins)+1] {
		list = append(list, some...)
	}
	return each(list)
}

// each lists everybody once.
func each(list []Coordinator) (once []Coordinator) {
	for _, c := range list {
		if !slices.ContainsFunc(once, func(o Coordinator) bool { return o.Address == c.Address }) {
			once = append(once, c)
		}
	}
	return once
}

// Raise says that somebody may be in danger: the lead is called at once, by
// reference only. Matter, Subject and Programme say what it is about, RaisedBy
// who says so, and RaisedAt when. Raising it again changes nothing while the
// alarm is open; one that was closed is opened anew, and the lead is called anew.
func (w *Workflow) Raise(tx *store.Tx, a postroom.Alarm) error {
	if w.Safeguarding == nil {
		return nil
	}
	c, err := w.caseOfAlarm(tx, a)
	if err != nil {
		return fmt.Errorf("open case of an alarm about %s %s: %w", a.Matter, a.Subject, err)
	}
	_, err = w.raise(tx, c, a)
	return err
}

// raise raises an alarm, and says whether it rings: one that is open does not.
func (w *Workflow) raise(tx *store.Tx, c *Case, a postroom.Alarm) (rings bool, err error) {
	if w.Clock != nil { // what came in may have been on its way for days, and nobody could look
		a.RaisedAt = w.Clock.Now()
	}
	a.Programme = cmp.Or(a.Programme, c.Run.Programme)
	list, reached := w.Safeguarding(a.Programme).ladder(stageLead)
	a.Stage, a.NextAt = reached, w.turn(reached, a.RaisedAt)
	a, rings, err = tx.RaiseAlarm(a)
	if err != nil || !rings {
		return false, err
	}
	return true, w.ring(tx, c, list, a, news{key: callKey(a, reached), template: alert}, a.RaisedAt)
}

// ringAgain calls the lead anew about an alarm that somebody has opened, and
// returns who was called. One that nobody has opened yet goes on as it is.
func (w *Workflow) ringAgain(tx *store.Tx, c *Case, a postroom.Alarm) ([]Coordinator, error) {
	before, rang, err := tx.AlarmOf(a.Matter, a.Subject)
	if err != nil || !rang || before.OpenedAt.IsZero() {
		return nil, err
	}
	if w.Clock != nil {
		a.RaisedAt = w.Clock.Now()
	}
	list, reached := w.Safeguarding(before.Programme).ladder(stageLead)
	a.Stage, a.NextAt = reached, w.turn(reached, a.RaisedAt)
	a, rings, err := tx.RingAgain(a)
	if err != nil || !rings {
		return nil, err
	}
	return list, w.ring(tx, c, list, a, news{key: callKey(a, reached), template: alert}, a.RaisedAt)
}

// callKey is the key under which people are called at a stage of an alarm.
func callKey(a postroom.Alarm, stage int) string { return strings.TrimSuffix(a.CallKey(stage), ":") }

// turn is when those after a stage are told.
func (w *Workflow) turn(stage int, at time.Time) time.Time {
	if stage >= stageAdmins {
		return time.Time{}
	}
	return w.Hours.After(at, unopened, w.Zone)
}

// caseOfAlarm is as much of a case as may be told to whoever is called.
func (w *Workflow) caseOfAlarm(tx *store.Tx, a postroom.Alarm) (*Case, error) {
	if a.Matter == postroom.AboutLetter {
		l, err := tx.Letter(a.Subject)
		sub := postroom.Submission{Reference: l.Reference, Mailbox: l.Mailbox, Letter: l.ID, ReceivedAt: l.ReceivedAt}
		return w.CaseOf(postroom.Run{Programme: a.Programme}, sub, postroom.Contact{}), err
	}
	sub, err := tx.Submission(a.Subject)
	if err != nil {
		return nil, err
	}
	contact, err := tx.Contact(sub.Contact)
	sub.Letter = "" // none was the cause
	return w.CaseOf(postroom.Run{Programme: sub.Programme, Form: sub.Form, Submission: sub.ID}, sub, contact), err
}

// told lists who has been called about something by now: by the stage that its
// alarm has ever reached, and whoever has opened it. A hold from before there were
// alarms is the lead's and the deputy's.
func (w *Workflow) told(tx *store.Tx, matter postroom.Matter, subject, programme string) (list []Coordinator, a postroom.Alarm, err error) {
	if w.Safeguarding == nil {
		return nil, a, nil
	}
	a, rang, err := tx.AlarmOf(matter, subject)
	if err != nil {
		return nil, a, err
	}
	stage := stageDeputy
	if rang {
		programme, stage = a.Programme, a.Risen
	}
	guards := w.Safeguarding(programme)
	list = guards.upTo(stage)
	for _, c := range guards.upTo(stageAdmins) {
		if a.OpenedBy != "" && c.Name == a.OpenedBy {
			list = append(list, c)
		}
	}
	return each(list), a, nil
}

// Opened notes that somebody has looked at what an alarm is about: nobody else
// is told from now on. It changes nothing where there is no alarm, and where
// somebody has looked before.
func (w *Workflow) Opened(tx *store.Tx, matter postroom.Matter, subject, by string, at time.Time) error {
	_, err := tx.OpenAlarm(matter, subject, by, at)
	return err
}

// CloseAlarm ends an alarm, and notes by whom and why: each time it was closed is
// a line of its reason. What it is about is kept from then for as long as the
// organisation says. Where there is no alarm that is open it changes nothing.
func (w *Workflow) CloseAlarm(tx *store.Tx, matter postroom.Matter, subject, by, reason string, at time.Time) error {
	a, rang, err := tx.AlarmOf(matter, subject)
	if err != nil || !rang || !a.ClosedAt.IsZero() {
		return err
	}
	line := at.In(w.Zone).Format(time.DateOnly) + " " + by + ": " + reason
	if a.Reason != "" {
		line = a.Reason + "\n" + line
	}
	_, err = tx.CloseAlarm(a, by, line, at, at.AddDate(0, w.KeepMonths, 0))
	return err
}

// alarmsAtOnce is how many alarms one look tells of; there is another at once.
const alarmsAtOnce = 100

// EscalateAlarms tells the next of each alarm that nobody has opened for one
// working hour, each in a transaction of its own, and says how many it dealt
// with. One that cannot be told of is put off for a while, and the error names it.
func (w *Workflow) EscalateAlarms(ctx context.Context, now time.Time) (n int, err error) {
	due, err := w.Store.Read(ctx).DueAlarms(now, alarmsAtOnce)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, a := range due {
		var dealt bool
		err := w.Store.Write(ctx, func(tx *store.Tx) (err error) {
			dealt, err = w.escalate(tx, a, now)
			return err
		})
		if ctx.Err() != nil {
			return n, errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("tell the next of alarm %s: %w", a.ID, err))
			dealt = w.postponeAlarm(ctx, a, now)
		}
		if dealt {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// escalate tells the next of an alarm, and says false if somebody has looked
// since it was read, or another process was first. Of what needs nobody any more
// nobody is told.
func (w *Workflow) escalate(tx *store.Tx, a postroom.Alarm, now time.Time) (first bool, err error) {
	if over, err := w.over(tx, a); err != nil {
		return false, err
	} else if over {
		return true, w.CloseAlarm(tx, a.Matter, a.Subject, ourselves, "nothing waits any more", now)
	}
	c, err := w.caseOfAlarm(tx, a)
	if err != nil {
		return false, fmt.Errorf("open case: %w", err)
	}
	list, reached := w.Safeguarding(a.Programme).ladder(min(a.Stage+1, stageAdmins))
	first, err = tx.EscalateAlarm(a, reached, w.turn(reached, now))
	if err != nil || !first {
		return first, err
	}
	return true, w.ring(tx, c, list, a, news{key: callKey(a, reached), template: alert, data: again(a)}, now)
}

// ourselves is who did what nobody did.
const ourselves = "postroom"

// again is what the second word about an alarm says besides: since when nobody
// has looked.
func again(a postroom.Alarm) map[string]string {
	return map[string]string{"again": "yes", "since": stamp(a.RaisedAt)}
}

// over says whether what an alarm is about has been dealt with otherwise: a hold
// that was taken off, a letter that was filed.
func (w *Workflow) over(tx *store.Tx, a postroom.Alarm) (bool, error) {
	if a.Matter == postroom.AboutSubmission {
		danger, err := inDanger(tx, a.Subject)
		return !danger, err
	}
	l, err := tx.Letter(a.Subject)
	if postroom.KindOf(err) == postroom.NotFound && err != nil {
		return true, nil // it was erased
	}
	return l.State == postroom.LetterDone || l.State == postroom.LetterIgnored, err
}

// postponeAlarm puts off an alarm that could not be told of, in a transaction of
// its own because that one was undone.
func (w *Workflow) postponeAlarm(ctx context.Context, a postroom.Alarm, now time.Time) (done bool) {
	err := w.Store.Write(ctx, func(tx *store.Tx) (err error) {
		done, err = tx.PostponeAlarm(a, now.Add(putOff))
		return err
	})
	if err != nil {
		w.Log.ErrorContext(ctx, "alarm not put off", "err", err)
	}
	return done && err == nil
}
