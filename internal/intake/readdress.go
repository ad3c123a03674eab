package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Readdress corrects the address of a submission, because the person saw on
// the page that it was wrong. Messages that have not left go to the new
// address; a confirmation that has left is owed again, once per address. It
// returns *Refused for something that is no address, and Gone when the old one
// proved right (the list is confirmed) or the submission is settled: from then
// on a link in a mail to that address is needed.
func (in *Intake) Readdress(ctx context.Context, submission, address string) error {
	sub, err := in.Store.Read(ctx).Submission(submission)
	if err != nil {
		return fmt.Errorf("readdress: %w", err)
	}
	address, err = in.checkAddress(sub, address)
	if err != nil {
		return err
	}
	err = in.Store.Write(ctx, func(tx *store.Tx) error { return in.readdress(tx, submission, address) })
	if err != nil {
		return fmt.Errorf("readdress submission %s: %w", submission, err)
	}
	return nil
}

// checkAddress checks the address by the rules of the form it was given on.
func (in *Intake) checkAddress(sub postroom.Submission, address string) (string, error) {
	form, ok := in.Programmes.Form(sub.Form)
	if !ok {
		return "", gone(sub.ID, "its form was taken away")
	}
	name := emailField(form)
	answers := maps.Clone(sub.Answers)
	answers[name] = []string{address}
	clean, mistakes := form.Check(answers)
	for _, m := range mistakes {
		if m.Field == name {
			return "", &Refused{Fields: []programme.FieldError{m}}
		}
	}
	if address = strings.ToLower(clean.One(name)); address == "" {
		return "", &Refused{Fields: []programme.FieldError{{Field: name, Say: postroom.Say("error.enter")}}}
	}
	return address, nil
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

func (in *Intake) readdress(tx *store.Tx, id, address string) error {
	sub, err := tx.Submission(id)
	if err != nil {
		return err
	}
	if sub.State == postroom.SubmissionAnswered || sub.State == postroom.SubmissionClosed {
		return gone(id, "it is settled")
	}
	if err := tx.ReaddressSubmission(id, address); err != nil {
		return err
	}
	if err := tx.AddAddress(sub.Contact, address, in.Clock.Now()); err != nil {
		return err
	}
	about, err := in.readdressList(tx, sub, address)
	if err != nil {
		return err
	}
	if err := tx.Readdress(id, address); err != nil {
		return err
	}
	return in.oweAgain(tx, sub, about, address)
}

// readdressList asks for the new address to be on the list instead and returns
// the id of that subscription, or "" when the submission asked for no list.
func (in *Intake) readdressList(tx *store.Tx, sub postroom.Submission, address string) (string, error) {
	asked, ok, err := tx.SubscriptionOf(sub.ID)
	if err != nil || !ok {
		return "", err
	}
	if asked.State != postroom.Pending {
		return "", gone(sub.ID, "its subscription is "+string(asked.State))
	}
	at := in.Clock.Now()
	if err := tx.ReaddressSubscription(sub.ID, address, at); err != nil {
		return "", err
	}
	asked.Address, asked.AskedAt = address, at
	asked, err = tx.Subscribe(asked) // returns the one that is there now, also when it was confirmed long ago
	return asked.ID, err
}

// oweAgain owes each confirmation that has left to the new address as well. A
// template that waits was readdressed, and one that went there before is not
// repeated, so pressing the button again owes nothing.
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
		covered[m.Template] = true
		if err := in.copyTo(tx, m, sub, about, address); err != nil {
			return fmt.Errorf("owe %s again: %w", m.Template, err)
		}
	}
	return nil
}

func (in *Intake) copyTo(tx *store.Tx, m postroom.Message, sub postroom.Submission, about, address string) error {
	again := postroom.Message{
		Key: "again:" + sub.ID + ":" + m.Template + ":" + address, Programme: m.Programme, Form: m.Form, Submission: sub.ID,
		Contact: m.Contact, About: m.About, To: address, Template: m.Template, Data: m.Data, Raw: m.Raw, Locale: m.Locale,
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
