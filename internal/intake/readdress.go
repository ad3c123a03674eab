package intake

import (
	"cmp"
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
// proved right (the list is confirmed, the place is an earlier one) or the
// submission is settled: from then on a link in a mail to that address is
// needed.
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
	clean, mistakes := form.Check(answers)
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
	sub, err := tx.Submission(id)
	if err != nil {
		return err
	}
	if sub.State == postroom.SubmissionAnswered || sub.State == postroom.SubmissionClosed {
		return gone(id, "it is settled")
	}
	if err := lock(tx, sub.Address, c.address); err != nil {
		return err
	}
	if sub.Contact, err = in.settleContact(tx, sub, c); err != nil {
		return err
	}
	if err := tx.ReaddressSubmission(id, c.address); err != nil {
		return err
	}
	about, begun, err := readdressList(tx, sub, c)
	if err != nil {
		return err
	}
	if err := tx.Readdress(id, c.address); err != nil {
		return err
	}
	if err := in.oweAgain(tx, sub, about, c.address); err != nil || !begun {
		return err
	}
	run, _, err := tx.RunOf(id)
	if err != nil {
		return err
	}
	return in.Workflow.Fire(tx, run, postroom.OnReceived, c.at)
}

// lock keeps away whoever writes to either address meanwhile, so that nobody
// begins to use the contact that is about to change.
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
// own, with the new address, or one apart from the contact we know.
func (in *Intake) settleContact(tx *store.Tx, sub postroom.Submission, c correction) (string, error) {
	own, err := tx.MadeContact(sub)
	if err != nil {
		return "", fmt.Errorf("look who made contact %s: %w", sub.Contact, err)
	}
	if own {
		return sub.Contact, tx.AddAddress(sub.Contact, c.address, c.at)
	}
	who := person(c.form, sub.Answers)
	who.Address, who.Locale = c.address, sub.Locale
	apart, err := tx.FindOrAddContact(who, c.at)
	if err != nil || apart.ID == sub.Contact {
		return apart.ID, err
	}
	if err := in.checkPlace(tx, sub, c.form, apart.ID); err != nil {
		return "", err
	}
	return apart.ID, tx.MoveSubmission(sub.ID, sub.Contact, apart.ID)
}

// checkPlace returns Gone where a place stands in the way: one of the contact
// we know, which is not for the submission to take along, or one that the new
// contact has.
func (in *Intake) checkPlace(tx *store.Tx, sub postroom.Submission, form *programme.Form, apart string) error {
	booking, booked, err := in.bookingOf(tx.Reader, form, sub)
	if err != nil || !booked {
		return err
	}
	if booking.Submission != sub.ID {
		return gone(sub.ID, "an earlier submission has the place")
	}
	if _, err := tx.LockSession(booking.Session); err != nil {
		return err
	}
	if _, has, err := tx.ActiveBooking(booking.Session, apart); err != nil || has {
		return cmp.Or(err, gone(sub.ID, "that person has a place"))
	}
	return nil
}

// readdressList asks for the new address to be on the list instead and returns
// the id of that subscription, or "" when the submission asked for no list. It
// says that a sign-up begins only now if the old address was on the list
// already: that subscription stays its owner's.
func readdressList(tx *store.Tx, sub postroom.Submission, c correction) (about string, begun bool, err error) {
	if !workflow.WantsList(c.form, sub.Answers) {
		return "", false, nil
	}
	asked, found, err := tx.SubscriptionOf(sub.ID)
	if err != nil {
		return "", false, err
	}
	if !found {
		asked = postroom.Subscription{List: c.form.List, Programme: sub.Programme, Locale: sub.Locale, Submission: sub.ID}
	} else if asked.State != postroom.Pending {
		return "", false, gone(sub.ID, "its subscription is "+string(asked.State))
	} else if err := tx.ReaddressSubscription(sub.ID, c.address, c.at); err != nil {
		return "", false, err
	}
	asked.Contact, asked.Address, asked.AskedAt = sub.Contact, c.address, c.at
	asked, err = tx.Subscribe(asked) // returns the one that is there now, also when it was confirmed long ago
	return asked.ID, !found && sub.Kind == postroom.SignUp, err
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
	_, _, err := in.Workflow.Outbox.Owe(tx, again)
	return err
}

func gone(submission, why string) error {
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("submission %s: %s", submission, why)}
}
