package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// questionsOpen is the template that asks once more for what is missing.
const questionsOpen = "questions-open"

// askedFields is the key of a message's Data under which it says which fields
// its numbers stand for.
const askedFields = "asked"

// AskedIn returns the fields that a message asked for, in the order of their
// numbers.
func AskedIn(m postroom.Message) []string {
	return strings.FieldsFunc(m.Data[askedFields], func(r rune) bool { return r == ',' })
}

// Answering makes a case that of a reply to questions of ours: what is sent
// answers that letter, and says which of them were understood.
func (w *Workflow) Answering(c *Case, letter, subject string, fields []string) {
	c.Submission.Letter, c.Subject, c.Understood = letter, subject, fields
}

// AskAgain asks for what is still missing after a reply, once: it says false,
// and owes nothing, if that was done before. Nothing asks a third time.
func (w *Workflow) AskAgain(tx *store.Tx, c *Case, at time.Time) (bool, error) {
	key := "open:" + c.Submission.ID
	if _, before, err := tx.MessageWithKey(key); err != nil || before {
		return false, err
	}
	if err := w.send(tx, c, key, questionsOpen, true, at); err != nil {
		return false, fmt.Errorf("ask once more: %w", err)
	}
	return true, nil
}

// understood lists what a reply answered, a line each, in the reader's
// language. Words of the person's own are not repeated: whoever writes with
// somebody else's address could have us carry a text to them, and what is of a
// special category stays where it is.
func (w *Workflow) understood(c *Case, locale string) string {
	if c.form == nil {
		return ""
	}
	var lines []string
	for _, name := range c.Understood {
		f, ok := c.form.Field(name)
		if !ok {
			continue
		}
		line := strings.TrimRight(w.label(f, locale), " :")
		if said := w.inOurWords(c, f, locale); said != "" {
			line += " — " + said
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// inOurWords is an answer as we name it, or "" where it is in the person's own
// words.
func (w *Workflow) inOurWords(c *Case, f *programme.Field, locale string) string {
	if f.SpecialCategory {
		return ""
	}
	values := c.Submission.Answers[f.Name]
	switch f.Type {
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField, programme.LanguagesField, programme.AvailabilityField:
		var labels []string
		for _, o := range f.Options {
			if slices.Contains(values, o.Value) {
				labels = append(labels, w.optionLabel(f, o, locale))
			}
		}
		return strings.Join(labels, " / ")
	case programme.SessionField:
		for _, s := range c.form.Sessions() {
			if slices.Contains(values, s.Name) {
				return w.dated(s, locale)
			}
		}
	case programme.PlacesField, programme.NumberField:
		return strings.Join(values, " ")
	case programme.YesNoField, programme.SafeMessageField:
		if w.Label != nil && len(values) == 1 {
			return w.Label(locale, postroom.Say("form."+values[0]))
		}
	}
	return ""
}

// label is the question of a field in the reader's language.
func (w *Workflow) label(f *programme.Field, locale string) string {
	text := f.Label.In(locale)
	if text == "" && w.Label != nil {
		text = w.Label(locale, postroom.Say(f.Type.LabelKey()))
	}
	return text
}

// Stands owes the person one letter that says what stands now: that they have
// their place, wait for one, or gave it up. It is the letter that the programme
// sends when that happens. key names what stands, so that it is said once.
func (w *Workflow) Stands(tx *store.Tx, c *Case, key string, at time.Time) error {
	trigger, template := postroom.OnBooked, "place-booked"
	switch c.Booking.State {
	case postroom.BookingWaiting:
		trigger, template = postroom.OnWaiting, "waiting-list"
	case postroom.BookingCancelled, postroom.BookingExpired:
		trigger, template = postroom.OnCancelled, "booking-cancelled"
	}
	if own := w.sends(c, trigger); own != "" {
		template = own
	}
	return w.send(tx, c, key, template, true, at)
}

// Sends says whether a programme writes to the person when something happens.
func (w *Workflow) Sends(c *Case, t postroom.Trigger) bool { return w.sends(c, t) != "" }

func (w *Workflow) sends(c *Case, t postroom.Trigger) string {
	if c.programme == nil {
		return ""
	}
	for _, s := range c.programme.Workflow {
		if s.On == t && (s.Form == "" || s.Form == c.Run.Form) && s.Send != "" && s.Before == "" && s.After == "" && s.When == "" {
			return s.Send
		}
	}
	return ""
}
