package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Readdress corrects the address of a submission, because the person saw on
// the page that it was wrong. Messages that have not left go to the new
// address; a confirmation that has left is owed again, once per address. It
// returns *Refused for something that is no address, and Gone when the old one
// proved right (the list is confirmed) or the submission is settled: from then
// on a link in a mail to that address is needed. What we know of anybody else
// changes nothing of that answer.
//
// Whoever fills in a form may have typed the name and the address of somebody
// we know. So the correction changes a contact that this submission made and
// nobody else has used; otherwise the submission moves to a contact of its own,
// and the one we know stays as it is.
func (in *Intake) Readdress(ctx context.Context, submission, address string) error {
	sub, err := in.Store.Read(ctx).Submission(submission)
	if err != nil {
		return fmt.Errorf("readdress: %w", err)
	}
	c, err := in.check(sub, address)
	if err != nil {
		return err
	}
	err = in.Store.Write(ctx, func(tx *store.Tx) error { return in.readdress(tx, submission, c) })
	if err != nil {
		return fmt.Errorf("readdress submission %s: %w", submission, err)
	}
	return nil
}

// correction is the right address for a submission of a form.
type correction struct {
	form    *programme.Form
	address string
	at      time.Time
}

// check checks the address by the rules of the form it was given on.
func (in *Intake) check(sub postroom.Submission, address string) (c correction, err error) {
	form, ok := in.Programmes.Form(sub.Form)
	if !ok {
		return c, gone(sub.ID, "its form was taken away")
	}
	name := emailField(form)
	answers := maps.Clone(sub.Answers)
	answers[name] = []string{address}
	clean, mistakes := form.CheckAt(answers, in.Clock.Now())
	for _, m := range mistakes {
		if m.Field == name {
			return c, &Refused{Fields: []programme.FieldError{m}}
		}
	}
	if address = strings.ToLower(clean.One(name)); address == "" {
		return c, &Refused{Fields: []programme.FieldError{{Field: name, Say: postroom.Say("error.enter")}}}
	}
	return correction{form, address, in.Clock.Now()}, nil
}

func emailField(form *programme.Form) string {
	const usual = string(postroom.ReachEmail)
	if f, ok := form.Field(usual); ok && f.Type == programme.EmailField {
		return usual
	}
	i := slices.IndexFunc(form.Fields, func(f programme.Field) bool { return f.Type == programme.EmailField })
	if i < 0 {
		return usual
	}
	return form.Fields[i].Name
}

func (in *Intake) readdress(tx *store.Tx, id string, c correction) error {
	sub, err := lockFor(tx, id, c.address)
	if err != nil {
		return err
	}
	if sub.State == postroom.SubmissionAnswered || sub.State == postroom.SubmissionClosed {
		return gone(id, "it is settled")
	}
	placeless, err := in.withoutPlace(tx, sub, c)
	if err != nil {
		return err
	}
	if sub.Contact, err = in.settleContact(tx, sub, c); err != nil {
		return err
	}
	if err := tx.ReaddressSubmission(id, c.address); err != nil {
		return err
	}
	if placeless {
		return in.beginAnew(tx, sub, c)
	}
	return in.sendOn(tx, sub, c)
}

// lockFor reads a submission and keeps away whoever writes to its address or
// to the right one meanwhile, so that nobody begins to use the contact that is
// about to change.
func lockFor(tx *store.Tx, id, address string) (postroom.Submission, error) {
	sub, err := tx.Submission(id)
	if err != nil {
		return sub, err
	}
	if err := lock(tx, sub.Address, address); err != nil {
		return sub, err
	}
	return tx.Submission(id) // as whoever had the lock before has left it
}

// sendOn sends what a submission caused to the right address.
func (in *Intake) sendOn(tx *store.Tx, sub postroom.Submission, c correction) error {
	asked, begun, err := readdressList(tx, sub, c)
	if err != nil {
		return err
	}
	if err := tx.Readdress(sub.ID, c.address); err != nil {
		return err
	}
	if err := in.oweAgain(tx, sub, asked.ID, c.address); err != nil || !begun {
		return err
	}
	owed, err := tx.MessagesAbout(sub.ID)
	if err != nil {
		return fmt.Errorf("list messages: %w", err)
	}
	if slices.ContainsFunc(owed, func(m postroom.Message) bool { return m.About == asked.ID && m.To == c.address }) {
		return nil
	}
	again, err := in.anew(tx, sub, asked, c.address)
	if err != nil {
		return err
	}
	return in.Workflow.FireFor(tx, again, postroom.OnReceived, c.at)
}

// anew opens the case of a corrected submission, of which the right address
// hears what was said at the door.
func (in *Intake) anew(tx *store.Tx, sub postroom.Submission, asked postroom.Subscription, address string) (*workflow.Case, error) {
	run, _, err := tx.RunOf(sub.ID)
	if err != nil {
		return nil, err
	}
	c, err := in.Workflow.Open(tx, run)
	if err != nil {
		return nil, err
	}
	if asked.ID != "" {
		c.Subscription = &asked
	}
	c.Anew = "again:" + address
	return c, nil
}

// withoutPlace says whether a submission chose a date and took no place in it,
// because somebody had one by that name and address. That place is for no
// other address to hear of.
func (in *Intake) withoutPlace(tx *store.Tx, sub postroom.Submission, c correction) (bool, error) {
	if c.form.Event == "" || sub.Address == c.address {
		return false, nil
	}
	if _, booked, err := tx.BookingOf(sub.ID); err != nil || booked {
		return false, err
	}
	_, chosen, err := workflow.SessionOf(tx.Reader, c.form, sub.Answers)
	return chosen, err
}

// beginAnew treats a corrected submission as it would have been treated had
// the right address come in first: it takes a place of its own, and hears of
// that. Nothing that was owed to the old address is sent on. Whoever sees the
// page is told no more than anybody else who corrects an address.
func (in *Intake) beginAnew(tx *store.Tx, sub postroom.Submission, c correction) error {
	if err := tx.DropMail(sub.ID, ReasonCorrected, c.at); err != nil {
		return err
	}
	asked, _, err := readdressList(tx, sub, c)
	if err != nil {
		return err
	}
	session, _, err := workflow.SessionOf(tx.Reader, c.form, sub.Answers)
	if err != nil {
		return err
	}
	_, err = in.Events.Book(tx, session.ID, sub.Contact, sub.ID, party(c.form, sub.Answers), c.at)
	if err != nil && postroom.KindOf(err) != postroom.Gone { // over by now
		return err
	}
	again, err := in.anew(tx, sub, asked, c.address)
	if err != nil {
		return err
	}
	for _, t := range triggers(again) {
		if err := in.Workflow.FireFor(tx, again, t, c.at); err != nil {
			return err
		}
	}
	return nil
}

// ReasonCorrected is why a message was dropped whose address proved wrong, as
// a locale key.
const ReasonCorrected = "reason.corrected"

func lock(tx *store.Tx, addresses ...string) error {
	slices.Sort(addresses) // in one order, whoever corrects which to which
	for _, address := range slices.Compact(addresses) {
		if address == "" {
			continue
		}
		if err := tx.TouchAddress(address, time.Time{}); err != nil {
			return fmt.Errorf("lock address: %w", err)
		}
	}
	return nil
}

// settleContact returns the contact that a corrected submission is of: its
// own, with the new address, or one apart from the contact we know. That one
// is new, though somebody by that name may be known at the new address too:
// nobody has shown that it is them.
func (in *Intake) settleContact(tx *store.Tx, sub postroom.Submission, c correction) (string, error) {
	if sub.Address == c.address {
		return sub.Contact, nil
	}
	own, err := tx.MadeContact(sub)
	if err != nil {
		return "", fmt.Errorf("look who made contact %s: %w", sub.Contact, err)
	}
	if own {
		return sub.Contact, tx.CorrectAddress(sub.Contact, sub.Address, c.address, c.at)
	}
	who := person(c.form, sub.Answers)
	who.Address, who.Locale = c.address, sub.Locale
	apart, err := tx.AddContact(who, c.at)
	if err != nil {
		return "", fmt.Errorf("add a contact apart: %w", err)
	}
	return apart.ID, tx.MoveSubmission(sub.ID, sub.Contact, apart.ID)
}

// readdressList asks for the new address to be on the list instead and returns
// that subscription, if the submission asked for the list at all. It says that
// a sign-up begins only now if somebody else asked for the old address as
// well: that subscription stays theirs.
func readdressList(tx *store.Tx, sub postroom.Submission, c correction) (asked postroom.Subscription, begun bool, err error) {
	if !workflow.WantsList(c.form, sub.Answers) {
		return asked, false, nil
	}
	old, found, err := tx.SubscriptionOf(sub.ID)
	if err != nil {
		return asked, false, err
	}
	if found && old.State != postroom.Pending {
		return asked, false, gone(sub.ID, "its subscription is "+string(old.State))
	}
	if found {
		if err := tx.ReaddressSubscription(sub.ID, c.address, c.at); err != nil {
			return asked, false, err
		}
		if old, err = tx.Subscription(old.ID); err != nil {
			return asked, false, err
		}
	}
	asked, err = tx.Subscribe(postroom.Subscription{ // which returns the one that is there now, also when it was confirmed long ago
		List: c.form.List, Programme: sub.Programme, Contact: sub.Contact, Address: c.address,
		Locale: sub.Locale, Submission: sub.ID, AskedAt: c.at,
	})
	return asked, old.Submission != sub.ID && sub.Kind == postroom.SignUp, err
}

// oweAgain owes each confirmation that has left to the new address as well. A
// template that waits was readdressed, and one that went there before is not
// repeated, so pressing the button again owes nothing. What somebody who was on
// the list before was told about that is theirs.
func (in *Intake) oweAgain(tx *store.Tx, sub postroom.Submission, about, address string) error {
	sent, err := tx.MessagesAbout(sub.ID)
	if err != nil {
		return fmt.Errorf("list messages: %w", err)
	}
	covered := make(map[string]bool)
	for _, m := range sent {
		if m.Contact != "" && m.To == address {
			covered[m.Template] = true
		}
	}
	for _, m := range sent {
		if m.Contact == "" || m.Lane != postroom.Confirm || covered[m.Template] {
			continue
		}
		if theirs, err := aboutAnother(tx, m, sub); err != nil || theirs && sub.Kind == postroom.SignUp {
			if err != nil {
				return err
			}
			continue
		}
		covered[m.Template] = true
		if err := in.copyTo(tx, m, sub, about, address); err != nil {
			return fmt.Errorf("owe %s again: %w", m.Template, err)
		}
	}
	return nil
}

// aboutAnother says whether a message is about a subscription that another
// submission asked for.
func aboutAnother(tx *store.Tx, m postroom.Message, sub postroom.Submission) (bool, error) {
	if m.About == "" || m.About == sub.ID {
		return false, nil
	}
	s, err := tx.Subscription(m.About)
	if postroom.KindOf(err) == postroom.NotFound {
		return false, nil
	}
	return err == nil && s.Submission != sub.ID, err
}

func (in *Intake) copyTo(tx *store.Tx, m postroom.Message, sub postroom.Submission, about, address string) error {
	again := postroom.Message{
		Key: "again:" + sub.ID + ":" + m.Template + ":" + address, Programme: m.Programme, Form: m.Form, Submission: sub.ID,
		Contact: sub.Contact, About: m.About, To: address, Template: m.Template, Data: m.Data, Raw: m.Raw, Locale: m.Locale,
		Discreet: m.Discreet, CreatedAt: in.Clock.Now(),
	}
	if about != "" && m.About != sub.ID {
		again.About = about
	}
	_, err := in.Workflow.Outbox.Owe(tx, again)
	return err
}

func gone(submission, why string) error {
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("submission %s: %s", submission, why)}
}
