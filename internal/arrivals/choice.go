package arrivals

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// The mails about how somebody wants to be written to.
const (
	languageKept  = "language-kept"  // in the language that they chose
	whichLanguage = "which-language" // Farsi or Dari?
	reachKept     = "reach-kept"
)

// chose keeps how somebody wants to be written to or reached, if that is all
// that a letter in a conversation of their own says, and says whether it did.
// Whoever is not known for sure changes nothing: a person reads it.
func (in *Arrivals) chose(ctx context.Context, a arrival) (bool, error) {
	c := inbound.Choose(a.verdict)
	if c == (inbound.Choice{}) || !a.mayAnswer() {
		return false, nil
	}
	sub, found, err := in.conversation(ctx, a)
	if err != nil || !found || a.Address != sub.Address {
		return false, err
	}
	sure, err := in.theirs(ctx, a)
	if err != nil || !sure.them {
		return false, err
	}
	h := in.heard(a, sub)
	if !h.known || h.worrying || h.silent || c.Reach == "" && !in.offers(sub, c, sure.answered) {
		return false, nil
	}
	return in.keep(ctx, a, sub, c, h)
}

// sender is what is known of who wrote a letter in a conversation.
type sender struct {
	them     bool             // it is whoever the conversation is with
	answered postroom.Message // the message of ours that they answer; may be none
}

// theirs says whether a letter is from its sender for sure: our provider vouches
// for them, or it answers a mail of ours from where that went.
func (in *Arrivals) theirs(ctx context.Context, a arrival) (s sender, err error) {
	s.them = a.verdict.Verified
	if !in.answersItself(a) {
		return s, nil
	}
	m, err := in.Store.Read(ctx).Message(a.verdict.Answers)
	if err != nil {
		return s, ignoreNotFound(err)
	}
	if strings.EqualFold(m.To, a.Address) {
		s.them, s.answered = true, m
	}
	return s, nil
}

// offers says whether a choice of language can be meant as one. The name of a
// language alone may also answer a question, and a number certainly may; so they
// count in answer to a letter that offers other languages, and not where that
// asks for the like.
func (in *Arrivals) offers(sub postroom.Submission, c inbound.Choice, answered postroom.Message) bool {
	p, known := in.Programmes.Programme(sub.Programme)
	if !known || c.Locale != "" && !slices.Contains(p.Languages, c.Locale) {
		return false
	}
	if !c.Named && !c.Numbered {
		return true
	}
	offered := answered.Data["guessed"] != "" || answered.Template == whichLanguage || answered.Template == languageKept
	return offered && (len(sub.Open) == 0 || c.Named && !asksForLanguages(p, sub))
}

// asksForLanguages says whether a question is open that a language answers.
func asksForLanguages(p *programme.Programme, sub postroom.Submission) bool {
	for i := range p.Forms {
		for _, open := range sub.Open {
			f, ok := p.Forms[i].Field(open)
			if ok && p.Forms[i].Name == sub.Form && inbound.AsksForLanguages(f) {
				return true
			}
		}
	}
	return false
}

// keep puts a choice on file and says so, in the new language. It says false
// where a person has to look after all.
func (in *Arrivals) keep(ctx context.Context, a arrival, sub postroom.Submission, c inbound.Choice, h heard) (kept bool, err error) {
	a.Submission = sub.ID
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		kept = false
		held, err := tx.Held(sub.ID)
		if err != nil || held != "" {
			return err
		}
		m, ok, err := in.keepOne(tx, a, sub, c)
		if err != nil || !ok {
			return err
		}
		if err := a.settle(tx, postroom.LetterDone, reasonChose); err != nil {
			return err
		}
		kept = true
		if err := in.owe(tx, m); err != nil || c.Reach != postroom.ReachPhone {
			return err
		}
		return in.wroteAgain(tx, a, sub, h) // somebody has to call
	})
	return kept && err == nil, err
}

// keepOne returns the mail that says so: once in a conversation where everything
// was so before, so that robots that confirm our confirmations end there. It says
// false where a person has to look after all.
func (in *Arrivals) keepOne(tx *store.Tx, a arrival, sub postroom.Submission, c inbound.Choice) (postroom.Message, bool, error) {
	m := in.aboutChoice(a, sub)
	if c.Persian {
		m.Key, m.Template = "which-language:"+sub.ID, whichLanguage
		_, asked, err := tx.MessageWithKey(m.Key)
		return m, !asked, err // asked twice helps nobody
	}
	if c.Locale != "" {
		m.Template, m.Locale = languageKept, c.Locale
		if c.Locale == sub.Locale && !sub.Guessed {
			m.Key = "language:" + sub.ID + ":" + c.Locale
		}
		return m, true, in.audited(tx, a, sub, "language "+c.Locale, tx.SetLocale(sub, c.Locale))
	}
	contact, err := tx.Contact(sub.Contact)
	if err != nil {
		return m, false, err
	}
	if c.Phone = cmp.Or(c.Phone, contact.Phone); c.Reach == postroom.ReachPhone {
		m.Data["phone"] = ending(c.Phone)
	}
	if c.Reach == postroom.ReachPhone && c.Phone == "" {
		return m, false, nil // nobody knows where to call
	}
	if m.Template = reachKept; c.Reach == contact.Reach && c.Phone == contact.Phone {
		m.Key = "reach:" + sub.ID + ":" + string(c.Reach)
	}
	return m, true, in.audited(tx, a, sub, "reach "+string(c.Reach), tx.SetReach(sub.Contact, c.Reach, c.Phone))
}

// audited notes what a letter changed, if it did.
func (in *Arrivals) audited(tx *store.Tx, a arrival, sub postroom.Submission, what string, err error) error {
	if err != nil {
		return err
	}
	return tx.Audit("letter "+a.ID, what, sub.Contact, a.at)
}

// ending is the last figures of a telephone number: enough to see a mistake.
func ending(phone string) string { return phone[max(0, len(phone)-3):] }

// aboutChoice is a mail that answers a choice. It is to the address and not to
// the contact, for whom mail may have just ended.
func (in *Arrivals) aboutChoice(a arrival, sub postroom.Submission) postroom.Message {
	p, known := in.Programmes.Programme(sub.Programme)
	m := postroom.Message{
		Key: "chose:" + a.ID, Programme: sub.Programme, Submission: sub.ID, About: sub.ID, To: a.Address, Locale: sub.Locale, CreatedAt: a.at,
		Sender: a.Mailbox, Letter: a.ID, InReplyTo: a.MessageID, References: a.MessageID, Discreet: known && p.Discreet,
		Data: map[string]string{"reference": sub.Reference},
	}
	if in.Workflow.ReplyTo != nil && sub.Mailbox != "" {
		m.Data["reply_to"] = in.Workflow.ReplyTo(sub.Mailbox, sub.Reference)
	}
	return m
}
