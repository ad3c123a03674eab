package workflow

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The templates of what coordinators are told.
const (
	notice     = "notice"      // something came in
	chase      = "chase"       // something was promised and has not happened yet
	pleaseCall = "please-call" // somebody has to phone, because no email can tell
	pleaseLook = "please-look" // somebody has to look at a message
	wroteAgain = "wrote-again" // a reply came to something on file
	alert      = "safeguarding-alert"
	alerts     = "safeguarding-alerts" // the same about several at once
	stepLate   = "step-late"           // it is too late for a step, and somebody has to say what becomes of it
)

// Tell owes every coordinator of a case a notice, once per key, unless a step
// has just told them. It holds the reference and what the programme is called,
// nothing of the person.
func (w *Workflow) Tell(tx *store.Tx, c *Case, key string, at time.Time) error {
	if c.told {
		return nil
	}
	return w.tell(tx, c, news{key: key, template: notice}, at)
}

// Show owes every coordinator of a message's programme a word about it, once
// per message, where a person has to do something: phone, or look at what is
// held, failed or in doubt. Where nobody has to any more it owes nothing. Like
// a notice it holds nothing of the person.
func (w *Workflow) Show(tx *store.Tx, m postroom.Message, at time.Time) error {
	n := news{key: "tell:" + m.ID, data: map[string]string{"owed": m.Template, "reason": m.Reason}}
	switch {
	case m.Class == postroom.Service && (m.State == postroom.Suppressed || m.State == postroom.Failed):
		n.template = pleaseCall
	case m.State == postroom.Held && m.Submission != "":
		if reason, err := tx.Held(m.Submission); err != nil || reason != "" {
			return err // whoever must know has been called, or hears of all that looks automatic together
		}
		n.template, n.key = pleaseLook, lookKey(m.Submission)
	case m.State == postroom.Held, m.State == postroom.Failed, m.State == postroom.Uncertain:
		n.template = pleaseLook
	default:
		return nil
	}
	c, err := w.caseOfMessage(tx, m)
	if err != nil {
		return fmt.Errorf("open case of message %s: %w", m.ID, err)
	}
	return w.tell(tx, c, n, at)
}

// lookKey is the key under which coordinators are told to look at a submission,
// also at the door, so that they hear of it once.
func lookKey(submission string) string { return "look:" + submission }

// caseOfMessage is as much of a case as coordinators may be told.
func (w *Workflow) caseOfMessage(tx *store.Tx, m postroom.Message) (*Case, error) {
	sub := postroom.Submission{Programme: m.Programme, Form: m.Form}
	if m.Submission != "" {
		var err error
		if sub, err = tx.Submission(m.Submission); err != nil {
			return nil, err
		}
	}
	run := postroom.Run{Programme: cmp.Or(m.Programme, sub.Programme), Form: sub.Form, Submission: sub.ID}
	return w.CaseOf(run, sub, postroom.Contact{Discreet: m.Discreet}), nil
}

// news is what coordinators are told.
type news struct {
	key, template string
	data          map[string]string // besides what is said of every form
}

func (w *Workflow) tell(tx *store.Tx, c *Case, n news, at time.Time) error {
	if w.Coordinators == nil {
		return nil
	}
	return w.tellThese(tx, c, w.Coordinators(c.Run.Programme), n, at)
}

func (w *Workflow) tellThese(tx *store.Tx, c *Case, list []Coordinator, n news, at time.Time) error {
	for _, who := range list {
		c.told = true
		m := w.message(c, n.template, at)
		m.Key, m.To, m.Locale, m.About = n.key+":"+who.Address, who.Address, who.locale(), c.Submission.ID
		m.Data = w.aboutForm(c, m.Locale, c.Submission.ReceivedAt)
		maps.Copy(m.Data, n.data)
		if _, err := w.Outbox.Owe(tx, m); err != nil {
			return fmt.Errorf("owe %s: %w", n.template, err)
		}
	}
	return nil
}

// summed says whether what a step tells coordinators stands in their summaries
// besides: that somebody waits for an answer.
func (w *Workflow) summed(e *postroom.Effect) bool {
	return w.Summaries && e.Unless == "answered" && len(e.Notify) > 0
}

// chaseKey is the key under which a coordinator is reminded on the day of a
// moment: whoever waits besides stands in the next summary.
func (w *Workflow) chaseKey(at time.Time) string {
	return "chase:" + at.In(w.Zone).Format(time.DateOnly)
}

// chased says whether every coordinator of a case was reminded today already.
func (w *Workflow) chased(tx *store.Tx, c *Case, at time.Time) (bool, error) {
	if w.Coordinators == nil {
		return false, nil
	}
	for _, who := range w.Coordinators(c.Run.Programme) {
		if _, owed, err := tx.MessageWithKey(w.chaseKey(at) + ":" + who.Address); err != nil || !owed {
			return false, err
		}
	}
	return true, nil
}
