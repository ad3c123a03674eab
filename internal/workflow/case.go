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

// Case is one run with everything a step may ask about or write about it.
type Case struct {
	Run          postroom.Run
	Submission   postroom.Submission
	Contact      postroom.Contact
	Booking      *postroom.Booking // nil when there is none
	Session      *postroom.Session
	Was          *postroom.Session // what the session was before it moved; nil when it has not just moved
	Subscription *postroom.Subscription
	// Again marks a submission of somebody who already has what it asks for:
	// a place in the session, or the list's news. They hear what stands, but
	// reminders and the like were promised to the first submission's run.
	Again bool
	// Anew names the correction of an address after which what was done at
	// once is done once more, for whoever reads mail at the new one.
	Anew string
	// Subject is that of the letter that is being answered, or "".
	Subject string
	// Understood lists the fields that the letter that is being answered filled
	// in; nil where it answers no question of ours.
	Understood []string

	programme *programme.Programme
	form      *programme.Form
	worriedBy string // name of the colleague who says that somebody may be in danger; "" is a phrase
	danger    bool   // somebody may be in danger, and a person has not looked yet
	suspected bool   // it looks automatic, and a person has not looked yet
	told      bool   // the coordinators hear of it already
	sent      bool   // the person hears of it already
	unvouched bool   // nothing but a form says that the address is theirs
}

// byLetter says whether it came in by a letter.
func (c *Case) byLetter() bool { return c.Submission.Letter != "" }

// plain says whether it is a form that asks for no place and no list: nothing
// of what is to happen then depends on what became of it meanwhile.
func (c *Case) plain() bool { return !c.byLetter() && c.Booking == nil && c.Subscription == nil }

// CaseOf puts together a case of which everything is at hand.
func (w *Workflow) CaseOf(run postroom.Run, sub postroom.Submission, contact postroom.Contact) *Case {
	c := &Case{Run: run, Submission: sub, Contact: contact}
	if form, ok := w.Programmes.Form(run.Form); ok && form.Programme.Name == run.Programme {
		c.form, c.programme = form, form.Programme // asked once: the set may be replaced at any moment
		return c
	}
	c.programme, _ = w.Programmes.Programme(run.Programme)
	return c
}

// Open reads the case of a run.
func (w *Workflow) Open(tx *store.Tx, run postroom.Run) (*Case, error) {
	sub, err := tx.Submission(run.Submission)
	if err != nil {
		return nil, err
	}
	contact, err := tx.Contact(sub.Contact)
	if err != nil {
		return nil, err
	}
	c := w.CaseOf(run, sub, contact)
	reason, err := tx.Held(sub.ID)
	if err != nil {
		return nil, fmt.Errorf("look for a hold on submission %s: %w", sub.ID, err)
	}
	c.danger, c.suspected = reason == HeldForSafety, strings.HasPrefix(reason, postroom.HeldAsSuspect)
	if err := c.readBooking(tx); err != nil {
		return nil, fmt.Errorf("read booking of submission %s: %w", sub.ID, err)
	}
	subscription, asked, err := tx.SubscriptionOf(sub.ID)
	if err != nil {
		return nil, fmt.Errorf("read subscription of submission %s: %w", sub.ID, err)
	}
	if asked {
		c.Subscription = &subscription
	}
	return c, nil
}

func (c *Case) readBooking(tx *store.Tx) error {
	booking, session, found, err := BookingOf(tx.Reader, c.form, c.Submission)
	if err != nil || !found {
		return err
	}
	c.Booking, c.Session, c.Again = &booking, &session, booking.Submission != c.Submission.ID
	return nil
}

// BookingOf returns the booking a submission made, or else the one that the
// same person had already in the session that was chosen, and whether there is
// one. Whoever typed the name and address of somebody we know has sent such a
// submission too: the booking of another submission may be spoken of in the
// mail to that address and nowhere else. form may be nil.
func BookingOf(r store.Reader, form *programme.Form, sub postroom.Submission) (b postroom.Booking, s postroom.Session, found bool, err error) {
	if b, found, err = r.BookingOf(sub.ID); err != nil {
		return b, s, false, err
	}
	if found {
		s, err = r.Session(b.Session)
		return b, s, err == nil, err
	}
	if form == nil || form.Event == "" {
		return b, s, false, nil
	}
	s, chosen, err := SessionOf(r, form, sub.Answers)
	if err != nil || !chosen {
		return b, s, false, err
	}
	b, found, err = r.ActiveBooking(s.ID, sub.Contact)
	return b, s, found, err
}

// SessionOf returns the session that answers choose: the one named by a field
// of type session, or the only one of the form's event. It says false when
// none is chosen, as by somebody who will take any date, and NotFound when the
// session is not on file.
func SessionOf(r store.Reader, form *programme.Form, answers postroom.Answers) (postroom.Session, bool, error) {
	name := chosen(form, answers)
	if name == "" {
		return postroom.Session{}, false, nil
	}
	sessions, err := r.Sessions(form.Programme.Name, form.Event)
	if err != nil {
		return postroom.Session{}, false, fmt.Errorf("list sessions of event %s: %w", form.Event, err)
	}
	i := slices.IndexFunc(sessions, func(s postroom.Session) bool { return s.Name == name })
	if i < 0 {
		return postroom.Session{}, false, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"),
			Cause: fmt.Errorf("session %s of event %s is not on file", name, form.Event)}
	}
	return sessions[i], true, nil
}

func chosen(form *programme.Form, answers postroom.Answers) string {
	for _, f := range form.Fields {
		if f.Type == programme.SessionField {
			return answers.One(f.Name)
		}
	}
	if sessions := form.Sessions(); len(sessions) == 1 {
		return sessions[0].Name
	}
	return ""
}

// WantsList says whether answers ask for the form's list. A consent field with
// the list's name (with _ for -) makes it a choice.
func WantsList(form *programme.Form, answers postroom.Answers) bool {
	if form.List == "" {
		return false
	}
	box := strings.ReplaceAll(form.List, "-", "_")
	if f, ok := form.Field(box); ok && f.Type == programme.ConsentField {
		return answers.One(box) == "yes"
	}
	return true
}

// awaitsClick says whether this is a sign-up to a list that the owner of the
// address has not confirmed: anybody could have typed the address.
func (c *Case) awaitsClick() bool {
	if c.Submission.Kind != postroom.SignUp || c.form == nil || !WantsList(c.form, c.Submission.Answers) {
		return false
	}
	return c.Subscription == nil || c.Subscription.State != postroom.Confirmed
}

// facts is what plans are made from.
func (w *Workflow) facts(c *Case, at time.Time) postroom.Facts {
	return postroom.Facts{
		Programme: c.Run.Programme, Form: c.Run.Form, Kind: c.Submission.Kind, Locale: c.Submission.Locale, At: at,
		Answers: c.plainAnswers(), Dates: c.dates(w.Zone), States: c.states(), Zone: w.Zone, Quiet: w.Quiet, Occurrence: w.occurrence(c),
	}
}

// occurrence tells one move from the next, also from one back to a date that
// the session had before.
func (w *Workflow) occurrence(c *Case) string {
	if c.Was == nil {
		return ""
	}
	return fmt.Sprintf("%s, move %d", c.Session.StartsAt.In(w.Zone).Format("2006-01-02 15:04"), c.Session.Moves)
}

// plainAnswers are the answers without those of special categories. Without
// the form nobody can tell which those are, so none are left.
func (c *Case) plainAnswers() postroom.Answers {
	plain := make(postroom.Answers)
	if c.form == nil {
		return plain
	}
	for _, f := range c.form.Fields {
		if values := c.Submission.Answers[f.Name]; len(values) > 0 && !f.SpecialCategory {
			plain[f.Name] = values
		}
	}
	return plain
}

// eventDate is what a programme calls the date of the session that was booked.
const eventDate = "event"

// dates knows the event's only for somebody who has a place: a reminder to
// somebody who waits would read as an invitation.
func (c *Case) dates(zone *time.Location) map[string]time.Time {
	dates := make(map[string]time.Time)
	if c.programme != nil {
		dates[programme.AnswerByDate] = c.answerBy(c.Submission.ReceivedAt, zone)
	}
	if c.hasPlace() && !c.Again {
		dates[eventDate] = c.Session.StartsAt
	}
	return dates
}

// answerBy is by when a person answers. What the programme promises it promises
// from the moment told; the law counts from when it came in.
func (c *Case) answerBy(told time.Time, zone *time.Location) time.Time {
	if programme.ByLaw(c.Submission.Kind) {
		told = c.Submission.ReceivedAt
	}
	return c.programme.AnswerBy(c.Submission.Kind, told, zone)
}

func (c *Case) hasPlace() bool {
	return c.Booking != nil && (c.Booking.State == postroom.BookingConfirmed || c.Booking.State == postroom.BookingAttended)
}

func (c *Case) states() map[string]bool {
	ended := c.Booking != nil && (c.Booking.State == postroom.BookingCancelled || c.Booking.State == postroom.BookingExpired)
	left := c.Subscription != nil && c.Subscription.State == postroom.Unsubscribed && c.Submission.Kind == postroom.SignUp
	subscribed := c.Subscription != nil && c.Subscription.State == postroom.Confirmed
	return map[string]bool{
		"answered":  c.Submission.State == postroom.SubmissionAnswered || c.Submission.State == postroom.SubmissionClosed,
		"cancelled": ended || left,
		"confirmed": subscribed || c.hasPlace(),
	}
}
