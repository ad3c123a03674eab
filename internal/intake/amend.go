package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// person is who acts in the audit where somebody pressed a button on the page
// behind the link that was mailed to them.
const byPerson = "person"

// Amendable says whether an answer can be changed by giving another. A date is
// chosen by booking it, places are counted, a "yes" is withdrawn, and where
// answers go is proved by having the mail. What was told from an answer that is
// not kept, such as an age, stays as it was told: others may have agreed to it.
func Amendable(form *programme.Form, f *programme.Field) bool {
	if f.Derived != nil || f.Dropped {
		return false
	}
	switch f.Type {
	case programme.SessionField, programme.PlacesField, programme.ConsentField, programme.FileField:
		return false
	case programme.AttendeesField: // who comes is how many come
		return form.Event == ""
	}
	return f.Name != emailField(form)
}

// Amend puts other answers in the place of those on file, by the same check as
// any other door. What is of a special category and was left empty stays: the
// page does not show it. Whoever looks after it hears of it where it matters, and
// what was answered already waits for an answer again. It returns *Refused for
// answers that have to be mended, and Gone where the form is gone or what it was
// for has begun. Sending the same again changes nothing.
func (in *Intake) Amend(ctx context.Context, submission string, e postroom.Entry) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error { return in.amend(tx, submission, e) })
	if err != nil {
		return fmt.Errorf("amend submission %s: %w", submission, err)
	}
	return nil
}

func (in *Intake) amend(tx *store.Tx, submission string, e postroom.Entry) error {
	sub, c, err := in.openFor(tx, submission)
	if err != nil {
		return err
	}
	form, ok := in.Programmes.Form(sub.Form)
	at := in.Clock.Now()
	if !ok || e.Form != sub.Form || len(sub.Open) > 0 || begun(c, at) {
		return gone(sub.ID, "its answers are not to be changed any more")
	}
	a, fields, err := in.amended(form, sub, e)
	if err != nil || len(fields) == 0 {
		return err
	}
	sub.Answers, sub.Area = a.submission.Answers, a.submission.Area
	if sub.Organisation, err = joinOrganisation(tx, a, sub.Contact); err != nil {
		return err
	}
	if err := in.correct(tx, a, sub, fields); err != nil {
		return err
	}
	if err := putAmended(tx, sub, "amended ", fields, at); err != nil {
		return err
	}
	if err := keepAgreed(tx, a, sub, fields); err != nil {
		return err
	}
	c.Submission.Answers = sub.Answers
	if a.worrying {
		if err := in.brake(tx, a, c); err != nil {
			return err
		}
	}
	byPerson, err := in.guard(tx, a, c) // whom another answer may have made needed
	if err != nil || a.worrying {
		return err
	}
	if byPerson {
		return in.Workflow.Tell(tx, c, "look:"+sub.ID, at)
	}
	return in.tellOfChange(tx, c, fields, at)
}

// keepAgreed keeps what somebody said yes to with an answer that they changed.
func keepAgreed(tx *store.Tx, a arrival, sub postroom.Submission, fields []string) error {
	for _, consent := range a.consents {
		if !slices.Contains(fields, consent.Purpose) {
			continue
		}
		consent.Contact, consent.Submission = sub.Contact, sub.ID
		if err := tx.AddConsent(consent); err != nil {
			return fmt.Errorf("keep consent %s: %w", consent.Purpose, err)
		}
	}
	return nil
}

// openFor locks a submission and opens its case.
func (in *Intake) openFor(tx *store.Tx, submission string) (postroom.Submission, *workflow.Case, error) {
	sub, err := tx.LockSubmission(submission)
	if err != nil {
		return sub, nil, err
	}
	run, err := in.Workflow.Begin(tx, sub, in.Clock.Now())
	if err != nil {
		return sub, nil, err
	}
	c, err := in.Workflow.Open(tx, run)
	return sub, c, err
}

// begun says whether what was booked has begun: from then on it is history.
func begun(c *workflow.Case, at time.Time) bool {
	return c.Session != nil && !c.Session.StartsAt.After(at)
}

// amended checks the new answers together with those that stay, and returns which
// fields change.
func (in *Intake) amended(form *programme.Form, sub postroom.Submission, e postroom.Entry) (a arrival, fields []string, err error) {
	answers := maps.Clone(sub.Answers)
	for i := range form.Fields {
		f := &form.Fields[i]
		given := slices.ContainsFunc(e.Answers[f.Name], func(v string) bool { return strings.TrimSpace(v) != "" })
		switch {
		case !Amendable(form, f) || f.SpecialCategory && !given:
		case given:
			answers[f.Name] = e.Answers[f.Name]
		default:
			delete(answers, f.Name)
		}
	}
	if sub.Address != "" {
		answers[emailField(form)] = []string{sub.Address}
	}
	clean, mistakes := form.Check(answers)
	mistakes = slices.DeleteFunc(mistakes, func(m programme.FieldError) bool {
		f, known := form.Field(m.Field)
		return !known || !Amendable(form, f) // of what they cannot change here
	})
	if len(mistakes) > 0 {
		return a, nil, &Refused{Fields: mistakes}
	}
	now := maps.Clone(sub.Answers)
	for i := range form.Fields {
		f := &form.Fields[i]
		if !Amendable(form, f) || slices.Equal(clean[f.Name], sub.Answers[f.Name]) {
			continue
		}
		fields = append(fields, f.Name)
		if now[f.Name] = clean[f.Name]; len(clean[f.Name]) == 0 {
			delete(now, f.Name)
		}
	}
	news := form.Programme.Worrying(unsaid(sub.Answers, now)...)
	e.Answers, e.Locale = now, sub.Locale
	a = read(form, e, now, in.Clock.Now())
	a.contact.Address, a.worrying, a.signs = sub.Address, news, nil
	return a, fields, nil
}

// correct changes what is known of the person besides: a name only where this
// submission made them known, and nobody else has used it since.
func (in *Intake) correct(tx *store.Tx, a arrival, sub postroom.Submission, fields []string) error {
	known, err := tx.Contact(sub.Contact)
	if err != nil {
		return err
	}
	if phone := a.contact.Phone; phone != "" && phone != known.Phone && slices.Contains(fields, phoneField(a.form)) {
		if err := tx.SetReach(sub.Contact, known.Reach, phone); err != nil {
			return err
		}
	}
	if a.contact.Name == "" || a.contact.Name == known.Name {
		return nil
	}
	made, err := tx.MadeContact(sub)
	if err != nil || !made {
		return err
	}
	return tx.CorrectName(sub.Contact, a.contact.Name)
}

func phoneField(form *programme.Form) string {
	for _, f := range form.Fields {
		if f.Type == programme.PhoneField {
			return f.Name
		}
	}
	return ""
}

// putAmended puts changed answers on file, with who changed which.
func putAmended(tx *store.Tx, sub postroom.Submission, did string, fields []string, at time.Time) error {
	if err := tx.AmendSubmission(sub); err != nil {
		return err
	}
	for _, field := range fields {
		if err := tx.Audit(byPerson, did+field, sub.ID, at); err != nil {
			return fmt.Errorf("note what became of answer %s: %w", field, err)
		}
	}
	return nil
}

// soon is how near a date is so that somebody has to hear of what changes.
const soon = 7 * 24 * time.Hour

// tellOfChange tells whoever looks after a submission that the person changed
// something, where that matters: a person answers it, what they need is not what
// it was, or the day is near. What was answered before waits again.
func (in *Intake) tellOfChange(tx *store.Tx, c *workflow.Case, fields []string, at time.Time) error {
	answered := c.Submission.State == postroom.SubmissionAnswered || c.Submission.State == postroom.SubmissionClosed
	if personAnswers(c.Submission.Kind) && answered {
		if _, err := tx.ReopenSubmission(c.Submission.ID); err != nil {
			return fmt.Errorf("let submission wait again: %w", err)
		}
	}
	near := c.Session != nil && c.Session.StartsAt.Sub(at) <= soon
	if !personAnswers(c.Submission.Kind) && !near && !in.special(c, fields) {
		return nil
	}
	return in.Workflow.Changed(tx, c, at)
}

// personAnswers says whether a person answers what came in.
func personAnswers(k postroom.FormKind) bool {
	switch k {
	case postroom.EventRegistration, postroom.SignUp, postroom.Feedback:
		return false
	}
	return true
}

func (in *Intake) special(c *workflow.Case, fields []string) bool {
	form, ok := in.Programmes.Form(c.Submission.Form)
	return ok && slices.ContainsFunc(fields, func(name string) bool {
		f, known := form.Field(name)
		return known && f.SpecialCategory
	})
}

// Forget deletes an answer of a special category at once, because the person does
// not want us to have it any more. The second time it changes nothing.
func (in *Intake) Forget(ctx context.Context, submission, field string) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, c, err := in.openFor(tx, submission)
		if err != nil || len(sub.Answers[field]) == 0 {
			return err
		}
		if !in.special(c, []string{field}) {
			return gone(sub.ID, "that answer is not of a special category")
		}
		at := in.Clock.Now()
		delete(sub.Answers, field)
		if err := unagree(tx, sub.ID, field, at); err != nil {
			return err
		}
		if err := putAmended(tx, sub, "forgot ", []string{field}, at); err != nil {
			return err
		}
		return in.tellOfChange(tx, c, []string{field}, at)
	})
	if err != nil {
		return fmt.Errorf("forget an answer of submission %s: %w", submission, err)
	}
	return nil
}

// unagree ends the "yes" by which an answer was kept that is kept no more.
func unagree(tx *store.Tx, submission, field string, at time.Time) error {
	all, err := tx.ConsentsTo(submission)
	if err != nil {
		return fmt.Errorf("list consents: %w", err)
	}
	for _, given := range all {
		if given.Purpose != field {
			continue
		}
		if _, err := tx.WithdrawConsent(given.ID, at); err != nil {
			return fmt.Errorf("withdraw consent to keep %s: %w", field, err)
		}
	}
	return nil
}

// Withdraw ends a "yes" that was given with a submission, with everything that was
// asked only because of it. The second time it changes nothing. It returns
// NotFound if that "yes" was given elsewhere.
func (in *Intake) Withdraw(ctx context.Context, submission, consent string) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, c, err := in.openFor(tx, submission)
		if err != nil {
			return err
		}
		given, err := consentOf(tx, sub.ID, consent)
		if err != nil {
			return err
		}
		at := in.Clock.Now()
		stood, err := tx.WithdrawConsent(given.ID, at)
		if err != nil || !stood {
			return err
		}
		if err := in.endNews(tx, sub, given.Purpose, at); err != nil {
			return err
		}
		fields := in.unsay(&sub, given.Purpose)
		if err := putAmended(tx, sub, "withdrew ", fields, at); err != nil {
			return err
		}
		return in.Workflow.Changed(tx, c, at)
	})
	if err != nil {
		return fmt.Errorf("withdraw consent to submission %s: %w", submission, err)
	}
	return nil
}

// endNews takes an address off the list for which a "yes" was.
func (in *Intake) endNews(tx *store.Tx, sub postroom.Submission, purpose string, at time.Time) error {
	form, ok := in.Programmes.Form(sub.Form)
	if !ok || form.List == "" || store.Purpose(form.List) != purpose {
		return nil
	}
	on, found, err := tx.SubscriptionAt(form.List, sub.Address)
	if err != nil || !found {
		return err
	}
	ended, err := tx.Unsubscribe(on.ID, at)
	if err != nil || !ended {
		return err
	}
	return tx.Audit("person", "unsubscribed", on.ID, at)
}

// backOnNews puts an address back on the list for which a "yes" is, with that "yes",
// and says whether it did. Later than a moment after it left it returns Gone: the
// form is there for that, and asks at the address.
func backOnNews(tx *store.Tx, sub postroom.Submission, form *programme.Form, purpose string, at time.Time) (bool, error) {
	if form.List == "" || store.Purpose(form.List) != purpose {
		return false, nil
	}
	on, found, err := tx.SubscriptionAt(form.List, sub.Address)
	if err != nil || !found || on.State != postroom.Unsubscribed {
		return false, err
	}
	ended, can, err := tx.CanReturn(on.ID, at)
	if err != nil {
		return false, err
	}
	if !can {
		return false, gone(sub.ID, "it left the news too long ago")
	}
	return tx.Resubscribe(on.ID, ended, at)
}

// Agree gives a "yes" anew that was withdrawn, in the words that it was given in
// before. Where the form asks in other words by now it returns Gone, and where what
// was agreed to is an answer itself; where it stands it changes nothing.
func (in *Intake) Agree(ctx context.Context, submission, consent string) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, _, err := in.openFor(tx, submission)
		if err != nil {
			return err
		}
		given, err := consentOf(tx, sub.ID, consent)
		if err != nil || sub.Answers.One(given.Purpose) == "yes" {
			return err
		}
		form, ok := in.Programmes.Form(sub.Form)
		if !ok || form.Version != given.FormVersion {
			return gone(sub.ID, "its form asks in other words by now")
		}
		if f, known := form.Field(given.Purpose); !known || f.Type != programme.ConsentField {
			return gone(sub.ID, "what it let us keep is to be given with it")
		}
		at := in.Clock.Now()
		renewed, err := backOnNews(tx, sub, form, given.Purpose, at)
		if err != nil {
			return err
		}
		again := given.Consent
		again.At = at
		if !renewed {
			if err := tx.AddConsent(again); err != nil {
				return fmt.Errorf("keep consent %s: %w", again.Purpose, err)
			}
		}
		sub.Answers[given.Purpose] = []string{"yes"}
		return putAmended(tx, sub, "agreed ", []string{given.Purpose}, at)
	})
	if err != nil {
		return fmt.Errorf("agree again to submission %s: %w", submission, err)
	}
	return nil
}

// consentOf finds a "yes" of a submission.
func consentOf(tx *store.Tx, submission, id string) (store.PersonConsent, error) {
	all, err := tx.ConsentsTo(submission)
	if err != nil {
		return store.PersonConsent{}, fmt.Errorf("list consents: %w", err)
	}
	i := slices.IndexFunc(all, func(c store.PersonConsent) bool { return c.ID == id })
	if i < 0 {
		return store.PersonConsent{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"),
			Cause: fmt.Errorf("consent %s is not of submission %s", id, submission)}
	}
	return all[i], nil
}

// unsay takes an answer away, and with it those to questions that are asked only
// because of it. It returns the fields, the first of them first.
func (in *Intake) unsay(sub *postroom.Submission, field string) []string {
	fields := []string{field}
	delete(sub.Answers, field)
	form, ok := in.Programmes.Form(sub.Form)
	if !ok {
		return fields
	}
	clean, mistakes := form.Check(sub.Answers)
	for _, f := range form.Fields {
		wrong := slices.ContainsFunc(mistakes, func(m programme.FieldError) bool { return m.Field == f.Name })
		if f.If == "" || wrong || len(sub.Answers[f.Name]) == 0 || len(clean[f.Name]) > 0 {
			continue
		}
		delete(sub.Answers, f.Name)
		fields = append(fields, f.Name)
	}
	return fields
}

// Speak notes in which language the person wants to be written to.
func (in *Intake) Speak(ctx context.Context, submission, locale string) error {
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.LockSubmission(submission)
		if err != nil || sub.Locale == locale && !sub.Guessed {
			return err
		}
		if err := tx.SetLocale(sub, locale); err != nil {
			return err
		}
		return tx.Audit(byPerson, "language "+locale, sub.ID, in.Clock.Now())
	})
	if err != nil {
		return fmt.Errorf("set language of submission %s: %w", submission, err)
	}
	return nil
}

// ReachBy is how somebody wants to be reached from now on.
type ReachBy struct {
	Way   postroom.Reach
	Phone string // "" leaves the number that is known
	store.ByPhone
}

// Reach notes how the person of a submission wants to be reached. Whoever looks
// after it hears of it where a person has to call now. It returns *Refused for
// what is no telephone number, or none where one is needed.
func (in *Intake) Reach(ctx context.Context, submission string, how ReachBy) error {
	phone, err := cleanPhone(how)
	if err != nil {
		return err
	}
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, c, err := in.openFor(tx, submission)
		if err != nil {
			return err
		}
		if how.Way == postroom.ReachPhone && phone == "" && c.Contact.Phone == "" {
			return refusedPhone("error.enter")
		}
		return in.reachBy(tx, sub, c, how, phone)
	})
	if err != nil {
		return fmt.Errorf("set how to reach the person of submission %s: %w", submission, err)
	}
	return nil
}

func (in *Intake) reachBy(tx *store.Tx, sub postroom.Submission, c *workflow.Case, how ReachBy, phone string) error {
	before, err := tx.ByPhone(sub.Contact)
	if err != nil {
		return err
	}
	same := how.Way == c.Contact.Reach && (phone == "" || phone == c.Contact.Phone)
	if same && before == how.ByPhone {
		return nil
	}
	at := in.Clock.Now()
	if err := tx.SetReach(sub.Contact, how.Way, phone); err != nil {
		return err
	}
	if err := tx.SetByPhone(sub.Contact, how.ByPhone); err != nil {
		return err
	}
	if err := tx.Audit(byPerson, "reach "+string(how.Way), sub.ID, at); err != nil {
		return err
	}
	if how.Way == postroom.ReachEmail {
		return nil
	}
	return in.Workflow.Changed(tx, c, at)
}

// cleanPhone reads a number as every form does.
func cleanPhone(how ReachBy) (string, error) {
	const name = string(postroom.ReachPhone)
	if strings.TrimSpace(how.Phone) == "" {
		return "", nil
	}
	form := programme.Form{Fields: []programme.Field{{Name: name, Type: programme.PhoneField, MaxLength: longestPhone}}}
	clean, mistakes := form.Check(postroom.Answers{name: {how.Phone}})
	if len(mistakes) > 0 {
		return "", &Refused{Fields: mistakes}
	}
	return clean.One(name), nil
}

// longestPhone is enough for a number and whom to ask for.
const longestPhone = 60

func refusedPhone(key string) error {
	return &Refused{Fields: []programme.FieldError{{Field: string(postroom.ReachPhone), Say: postroom.Say(key)}}}
}

// mostResizes is how often a day somebody may change for how many they come; each
// time they are sent a letter.
const mostResizes = 10

// Bring changes for how many people a booking is, and says whether there was room:
// whole or not at all. What becomes free goes to those who wait. The person is
// sent what stands. It returns Gone where there is no booking any more or it has
// begun, and TooMany where they have changed their mind too often today.
func (in *Intake) Bring(ctx context.Context, submission string, party int) (fits bool, err error) {
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		fits, err = in.bring(tx, submission, party)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("change the party of submission %s: %w", submission, err)
	}
	return fits, nil
}

func (in *Intake) bring(tx *store.Tx, submission string, party int) (bool, error) {
	at := in.Clock.Now()
	c, err := in.bookingFor(tx, submission, at)
	if err != nil || c.Booking.Party == party {
		return err == nil, err
	}
	often, err := tx.AuditedBy(byPerson, "party", c.Submission.ID, at.AddDate(0, 0, -1))
	if err != nil {
		return false, err
	}
	if often >= mostResizes {
		return false, &postroom.Error{Kind: postroom.TooMany, Say: postroom.Say("manage.too_often"), Cause: fmt.Errorf("booking %s was changed %d times today", c.Booking.ID, often)}
	}
	was := c.Booking.State
	changed, err := in.Events.Resize(tx, *c.Booking, party, at)
	if err != nil || !changed {
		return false, err
	}
	if err := in.putParty(tx, c, party, at); err != nil {
		return false, err
	}
	if c, err = in.Workflow.Open(tx, c.Run); err != nil {
		return false, err
	}
	if c.Booking.State != was {
		return true, nil // it moved up, and the programme tells them
	}
	return true, in.Workflow.Stands(tx, c, fmt.Sprintf("party:%s:%d", c.Booking.ID, at.UnixMicro()), at)
}

// bookingFor opens the case of the booking that a submission is about, or returns
// Gone.
func (in *Intake) bookingFor(tx *store.Tx, submission string, at time.Time) (*workflow.Case, error) {
	sub, err := tx.LockSubmission(submission)
	if err != nil {
		return nil, err
	}
	c, err := in.bookedBy(tx, sub)
	if err != nil {
		return nil, err
	}
	if c == nil || begun(c, at) {
		return nil, gone(submission, "it has no booking that can be changed")
	}
	return c, nil
}

// putParty keeps what was answered in step with what was booked.
func (in *Intake) putParty(tx *store.Tx, c *workflow.Case, party int, at time.Time) error {
	sub := c.Submission
	form, ok := in.Programmes.Form(sub.Form)
	if ok {
		for _, f := range form.Fields {
			if f.Type == programme.PlacesField {
				sub.Answers[f.Name] = []string{strconv.Itoa(party)}
			}
		}
		if err := tx.AmendSubmission(sub); err != nil {
			return err
		}
	}
	return tx.Audit(byPerson, "party", sub.ID, at)
}

// TakePlace takes the place that is kept for the person of a submission, and says
// whether it still was.
func (in *Intake) TakePlace(ctx context.Context, submission string) (taken bool, err error) {
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		at := in.Clock.Now()
		c, err := in.bookingFor(tx, submission, at)
		if err != nil {
			return err
		}
		taken = c.Booking.State == postroom.BookingConfirmed
		if c.Booking.State != postroom.BookingHeld {
			return nil
		}
		taken, err = in.Events.Take(tx, *c.Booking, at)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the place of submission %s: %w", submission, err)
	}
	return taken, nil
}
