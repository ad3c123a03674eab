package workflow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// The templates of what answers a letter when the programme says nothing.
const (
	letterReceived = "letter-received" // it is on file; perhaps questions are open
	letterKept     = "letter-kept"     // a person will look at it; nobody knows yet what it is
	holding        = "holding"         // the approved words while somebody looks
)

// HeldForSafety is the reason of a hold that a worrying phrase placed.
const HeldForSafety = "safeguarding"

// Acknowledge owes whoever wrote a letter an answer, unless something else
// answers it: that we have it, and which questions are open. Its coordinators
// hear of it, because a letter says more than a form asks. What came by another
// door has its answer already, on a page.
func (w *Workflow) Acknowledge(tx *store.Tx, c *Case, at time.Time) error {
	if !c.byLetter() {
		return nil
	}
	if !c.danger && c.Subscription == nil {
		if err := w.Tell(tx, c, "letter:"+c.Submission.ID, at); err != nil {
			return err
		}
	}
	if c.sent || c.Submission.Address == "" || w.welcomes(c, at) {
		return nil
	}
	key := "ack:" + c.Submission.ID
	if c.Understood != nil {
		key += ":" + c.Submission.Letter // what was said of the first letter holds no longer
	}
	return w.send(tx, c, key, letterReceived, true, at)
}

// welcomes says whether the programme writes to the person as soon as the
// submission is accepted, which a moment later it is: two mails that say
// different things would only confuse.
func (w *Workflow) welcomes(c *Case, at time.Time) bool {
	if c.programme == nil || c.danger || c.awaitsClick() || len(c.Submission.Open) > 0 {
		return false
	}
	return slices.ContainsFunc(programme.Plan(c.programme, postroom.OnAccepted, w.facts(c, at)), func(e postroom.Effect) bool {
		return e.Send != "" && e.Due.IsZero()
	})
}

// Brake holds a submission in which somebody may be in danger: the alarm is
// raised, by which the named lead is called at once and others while nobody has
// looked, by reference only, and nothing automatic goes on but the approved words. silent
// is somebody who must not be written to; they, and whoever is to be written to
// discreetly, are left alone until a person has looked.
func (w *Workflow) Brake(tx *store.Tx, c *Case, silent bool, at time.Time) error {
	if err := w.endStale(tx, c.Submission.ID, at); err != nil {
		return err
	}
	if err := tx.Hold(c.Submission.ID, HeldForSafety, at); err != nil {
		return err
	}
	c.danger = true
	if err := w.call(tx, c, at); err != nil {
		return err
	}
	discreet := w.message(c, holding, at).Discreet
	if silent || discreet || c.Submission.Address == "" {
		return nil
	}
	err := w.send(tx, c, "holding:"+c.Submission.ID, holding, false, at)
	c.sent = false // it is no answer: what a letter left open is asked once somebody has looked
	return err
}

// endStale closes an alarm of which the hold was taken off, so that it rings
// anew.
func (w *Workflow) endStale(tx *store.Tx, submission string, at time.Time) error {
	danger, err := inDanger(tx, submission)
	if err != nil || danger {
		return err
	}
	return w.CloseAlarm(tx, postroom.AboutSubmission, submission, ourselves, "it was let go", at)
}

// inDanger says whether a submission is held because somebody may be in danger.
func inDanger(tx *store.Tx, submission string) (bool, error) {
	reason, err := tx.Held(submission)
	if err != nil {
		return false, fmt.Errorf("look for a hold on submission %s: %w", submission, err)
	}
	return reason == HeldForSafety, nil
}

// lookAgain is the name of the steps by which versions before there were alarms
// promised to call once more.
const lookAgain = "safeguarding-look"

// call raises the alarm about a submission. Where it is open already whoever has
// been called hears that there is more to look at; and where somebody has looked,
// the lead is called anew and the hour begins again, once for each letter:
// nobody has looked at that one.
func (w *Workflow) call(tx *store.Tx, c *Case, at time.Time) error {
	if w.Safeguarding == nil {
		return nil
	}
	a := postroom.Alarm{Matter: postroom.AboutSubmission, Subject: c.Submission.ID, Programme: c.Run.Programme, RaisedBy: c.worriedBy, RaisedAt: at}
	fresh, err := w.unheard(tx, c, at)
	if err != nil {
		return err
	}
	rings, err := w.raise(tx, c, a)
	if err != nil || rings || !fresh && c.worriedBy == "" {
		return err
	}
	list, _, err := w.told(tx, a.Matter, a.Subject, a.Programme)
	if err != nil {
		return err
	}
	if fresh {
		called, err := w.ringAgain(tx, c, a)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(who Coordinator) bool {
			return slices.ContainsFunc(called, func(c Coordinator) bool { return c.Address == who.Address })
		})
	}
	return w.tellThese(tx, c, list, news{key: "alert:" + c.Submission.ID + ":" + c.Submission.Letter, template: alert}, at)
}

// worrying is in the audit that a letter, or what came by another door, gave cause
// to call somebody.
const worrying = "gave cause for an alarm"

// unheard notes that what came in gives cause to call somebody, and says whether
// it is the first time.
func (w *Workflow) unheard(tx *store.Tx, c *Case, at time.Time) (bool, error) {
	what := cmp.Or(c.Submission.Letter, c.Submission.ID)
	known, err := tx.Seen(ourselves, worrying, what, time.Time{})
	if err != nil || known {
		return false, err
	}
	return true, tx.Audit(ourselves, worrying, what, at)
}

// callAgain owes whoever has been called the word that nobody has looked yet.
// Where somebody has, the summary of each morning says that it is not over.
func (w *Workflow) callAgain(tx *store.Tx, c *Case, key string, at time.Time) error {
	list, a, err := w.told(tx, postroom.AboutSubmission, c.Submission.ID, c.Run.Programme)
	if err != nil || !a.OpenedAt.IsZero() {
		return err
	}
	return w.tellThese(tx, c, list, news{key: key, template: alert, data: again(a)}, at)
}

// settleLook does a step that calls once more, or leaves it out because
// somebody has looked.
func (w *Workflow) settleLook(tx *store.Tx, c *Case, step postroom.Step, now time.Time) (first bool, err error) {
	to, reason := postroom.StepDone, ""
	if !c.danger {
		to, reason = postroom.StepSkipped, reasonLooked
	}
	first, err = tx.SettleStep(step.ID, to, reason, now)
	if err != nil || !first || !c.danger {
		return first, err
	}
	return true, w.callAgain(tx, c, "alert:step:"+step.ID, now)
}

// Unreviewed says whether the texts of a locale have not been read by anybody
// who speaks the language, so that the English must stand beside them.
func Unreviewed(p *programme.Programme, locale string) bool {
	for _, tag := range p.Reviewed {
		if tag == locale || strings.HasPrefix(locale, tag+"-") {
			return false
		}
	}
	return locale != "en" && !strings.HasPrefix(locale, "en-")
}

// mostOptions is how many answers to choose from are named in a mail.
const mostOptions = 12

// questions are those that a letter left open, a line each, in the reader's
// language.
func (w *Workflow) questions(c *Case, locale string) string {
	if c.form == nil {
		return ""
	}
	var lines []string
	for _, name := range c.Submission.Open {
		if f, ok := c.form.Field(name); ok {
			lines = append(lines, w.question(c.form, f, locale))
		}
	}
	return strings.Join(lines, "\n")
}

func (w *Workflow) question(form *programme.Form, f *programme.Field, locale string) string {
	text := w.label(f, locale)
	var options []string
	for _, o := range f.Options {
		if !o.Closed {
			options = append(options, w.optionLabel(f, o, locale))
		}
	}
	if f.Type == programme.SessionField {
		for _, s := range form.Sessions() {
			options = append(options, w.dated(s, locale))
		}
	}
	if len(options) == 0 || len(options) > mostOptions {
		return text
	}
	return text + " (" + strings.Join(options, " / ") + ")"
}

// optionLabel is an answer to choose in the reader's language.
func (w *Workflow) optionLabel(f *programme.Field, o programme.Option, locale string) string {
	if key := f.OptionKey(o.Value); len(o.Label) == 0 && key != "" && w.Label != nil {
		return w.Label(locale, postroom.Text{Key: key})
	}
	return o.Label.In(locale)
}

// dated is what a session is called, with its day.
func (w *Workflow) dated(s *programme.Session, locale string) string {
	if w.Day == nil {
		return s.Title.In(locale)
	}
	return s.Title.In(locale) + ", " + w.Day(locale, s.StartsAt)
}

// Kept is a letter that belongs to nothing on file, as far as a mail about it
// must know.
type Kept struct {
	Letter    postroom.Letter
	To        string
	Locale    string
	Guessed   bool
	Subject   string
	Programme string // the first at its mailbox, or ""
	Discreet  bool
	Worrying  bool // the approved words are what they hear
	Silent    bool // they hear nothing
}

// Keep owes whoever wrote a letter that nobody could place the word that we
// have it.
func (w *Workflow) Keep(tx *store.Tx, k Kept, at time.Time) error {
	if k.Silent {
		return nil
	}
	template := letterKept
	if k.Worrying {
		template = holding
	}
	m := postroom.Message{
		Key: "kept:" + k.Letter.ID, Programme: k.Programme, Template: template, To: k.To, Locale: k.Locale, CreatedAt: at,
		Sender: k.Letter.Mailbox, Letter: k.Letter.ID, InReplyTo: k.Letter.MessageID, References: k.Letter.MessageID,
		Discreet: k.Discreet, Data: map[string]string{"re": k.Subject},
	}
	if k.Guessed {
		m.Data["guessed"] = "yes"
	}
	if p, ok := w.Programmes.Programme(k.Programme); !ok || Unreviewed(p, k.Locale) {
		m.Data["unreviewed"] = "yes"
	}
	if _, err := w.Outbox.Owe(tx, m); err != nil {
		return fmt.Errorf("owe %s: %w", template, err)
	}
	return nil
}

// Replied tells the coordinators of a submission that the person wrote again.
func (w *Workflow) Replied(tx *store.Tx, run postroom.Run, letter string, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	return w.tell(tx, c, news{key: "reply:" + letter, template: wroteAgain}, at)
}

// Worry puts the brake on a submission to which a letter has come that gives
// cause, or that has it on already: whoever must know hears of each.
func (w *Workflow) Worry(tx *store.Tx, run postroom.Run, letter string, silent bool, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	c.Submission.Letter = letter // the newest is what is answered
	return w.Brake(tx, c, silent, at)
}

// WorryBy puts the brake on a submission because a colleague says that somebody
// may be in danger. Nothing is sent to the person.
func (w *Workflow) WorryBy(tx *store.Tx, run postroom.Run, by string, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	c.worriedBy = by
	return w.Brake(tx, c, true, at)
}
