package workflow

import (
	"fmt"
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

// Acknowledge owes whoever wrote a letter an answer, unless something else has
// answered it: that we have it, and which questions are open. What came by
// another door has its answer already, on a page.
func (w *Workflow) Acknowledge(tx *store.Tx, c *Case, at time.Time) error {
	if !c.byLetter() || c.sent || c.Submission.Address == "" {
		return nil
	}
	return w.send(tx, c, "ack:"+c.Submission.ID, letterReceived, true, at)
}

// Brake holds a submission in which somebody may be in danger: the named lead
// and deputy are called at once, by reference only, and nothing automatic goes
// on but the approved words. Somebody who is to be written to discreetly is
// left alone until a person has looked.
func (w *Workflow) Brake(tx *store.Tx, c *Case, at time.Time) error {
	if err := tx.Hold(c.Submission.ID, HeldForSafety, at); err != nil {
		return err
	}
	if err := w.call(tx, c, at); err != nil {
		return err
	}
	discreet := w.message(c, holding, at).Discreet
	if discreet || c.Submission.Address == "" {
		c.sent = true
		return nil
	}
	return w.send(tx, c, "holding:"+c.Submission.ID, holding, false, at)
}

// call owes the lead and the deputy an alert.
func (w *Workflow) call(tx *store.Tx, c *Case, at time.Time) error {
	if w.Safeguarding == nil {
		return nil
	}
	return w.tellThese(tx, c, w.Safeguarding(c.Run.Programme), news{key: "alert:" + c.Submission.ID + ":" + c.Submission.Letter, template: alert}, at)
}

// Unreviewed says whether the texts of a locale have not been read by anybody
// who speaks the language, so that the English must stand beside them.
func unreviewed(p *programme.Programme, locale string) bool {
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
	text := f.Label.In(locale)
	if text == "" && w.Label != nil {
		text = w.Label(locale, postroom.Say(f.Type.LabelKey()))
	}
	var options []string
	for _, o := range f.Options {
		options = append(options, o.Label.In(locale))
	}
	if f.Type == programme.SessionField {
		for _, s := range form.Sessions() {
			options = append(options, s.Title.In(locale))
		}
	}
	if len(options) == 0 || len(options) > mostOptions {
		return text
	}
	return text + " (" + strings.Join(options, " / ") + ")"
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
}

// Keep owes whoever wrote a letter that nobody could place the word that we
// have it.
func (w *Workflow) Keep(tx *store.Tx, k Kept, at time.Time) error {
	m := postroom.Message{
		Key: "kept:" + k.Letter.ID, Programme: k.Programme, Template: letterKept, To: k.To, Locale: k.Locale, CreatedAt: at,
		Sender: k.Letter.Mailbox, Letter: k.Letter.ID, InReplyTo: k.Letter.MessageID, References: k.Letter.MessageID,
		Discreet: k.Discreet, Data: map[string]string{"re": k.Subject},
	}
	if k.Guessed {
		m.Data["guessed"] = "yes"
	}
	if _, _, err := w.Outbox.Owe(tx, m); err != nil {
		return fmt.Errorf("owe %s: %w", letterKept, err)
	}
	return nil
}

// Alarm calls the lead and the deputy of a programme about a letter that
// belongs to nothing on file.
func (w *Workflow) Alarm(tx *store.Tx, programme string, l postroom.Letter, reference string, at time.Time) error {
	if w.Safeguarding == nil {
		return nil
	}
	for _, who := range w.Safeguarding(programme) {
		m := postroom.Message{
			Key: "alert:" + l.ID + ":" + who.Address, Programme: programme, Template: alert, To: who.Address,
			Locale: who.locale(), CreatedAt: at, Data: map[string]string{"reference": reference},
		}
		if _, _, err := w.Outbox.Owe(tx, m); err != nil {
			return fmt.Errorf("owe %s: %w", alert, err)
		}
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

// Worry puts the brake on a submission of which a later letter gives cause.
func (w *Workflow) Worry(tx *store.Tx, run postroom.Run, letter string, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	c.Submission.Letter = letter // the newest is what is answered
	return w.Brake(tx, c, at)
}
