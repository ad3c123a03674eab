package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// UndoFor is how long a reply waits before it leaves, so that it can be taken
// back.
const UndoFor = 30 * time.Second

const (
	replyLetter = "reply" // the template of what a colleague writes
	actReply    = "reply"
)

// pressedTwice is within what time the same reply is taken for one that was sent
// twice by mistake.
const pressedTwice = 10 * time.Minute

// Reply answers whoever sent something, in their thread, from the mailbox they
// wrote to or else the organisation's address. It leaves after half a minute;
// until then Undo takes it back. What a person wrote is nothing automatic: it
// leaves also from a mailbox that is only watched, and for what is held, which
// only whoever may look at it can answer; the hold keeps back everything else.
// Nobody is chased from then on. locale is the language around the text; "" is
// the person's.
func (c *Casework) Reply(ctx context.Context, by postroom.Colleague, r Ref, words, locale string) (postroom.Deed, error) {
	words, err := text(words)
	if err != nil {
		return postroom.Deed{}, err
	}
	t, err := c.threadOf(ctx, r)
	if err != nil {
		return postroom.Deed{}, err
	}
	return c.act(ctx, by, r, actReply, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if sent, err := sentBefore(tx, d, words); err != nil || sent {
			return firstOf(err, errNothing)
		}
		message, err := c.reply(tx, m, d, t)
		if err != nil {
			return err
		}
		if locale != "" {
			message.Locale = locale
		}
		c.dress(m, t, words, &message)
		if _, err := c.Outbox.OweAt(tx, message, d.At.Add(UndoFor)); err != nil {
			return fmt.Errorf("owe %s: %w", replyLetter, err)
		}
		d.Before[mailed] = message.ID
		if m.Matter == postroom.AboutLetter {
			return c.endTriage(tx, m, d, reasonReplied)
		}
		return c.answered(tx, m, d)
	})
}

func firstOf(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// thread is what a reply goes on from.
type thread struct {
	subject    string // of the person's letter; "" where they wrote none
	inReplyTo  string
	references string
}

// threadOf reads the newest letter of the person. It is read before the
// transaction, which may run twice.
func (c *Casework) threadOf(ctx context.Context, r Ref) (t thread, err error) {
	read := c.Store.Read(ctx)
	var letters []postroom.Letter
	switch r.Matter {
	case postroom.AboutLetter:
		l, err := read.Letter(r.ID)
		if err != nil {
			return t, err
		}
		letters = []postroom.Letter{l}
	case postroom.AboutSubmission:
		if letters, err = read.LettersAbout(r.ID); err != nil {
			return t, fmt.Errorf("list letters about submission %s: %w", r.ID, err)
		}
	}
	letters = slices.DeleteFunc(letters, func(l postroom.Letter) bool { return l.Folder != postroom.Inbox })
	if len(letters) == 0 {
		return c.threadOfMail(read, r)
	}
	newest := letters[len(letters)-1]
	raw, err := read.LetterRaw(newest.ID)
	if err != nil {
		return t, fmt.Errorf("read letter %s: %w", newest.ID, err)
	}
	seen := letter.Read(raw)
	refs := seen.References
	if len(refs) == 0 {
		refs = seen.InReplyTo
	}
	refs = append(slices.Clone(refs[max(0, len(refs)-longestThread):]), newest.MessageID)
	return thread{withoutRe(seen.Subject), newest.MessageID, bracketed(refs)}, nil
}

// longestThread is how many letters before it a reply names.
const longestThread = 20

// threadOfMail goes on from what we sent last to somebody who wrote no letter.
func (c *Casework) threadOfMail(read store.Reader, r Ref) (t thread, err error) {
	if r.Matter != postroom.AboutSubmission {
		return t, nil
	}
	mails, err := read.MessagesAbout(r.ID)
	if err != nil {
		return t, fmt.Errorf("list messages about submission %s: %w", r.ID, err)
	}
	for _, m := range slices.Backward(mails) {
		if m.Contact != "" && m.State == postroom.Sent {
			return thread{"", m.MessageID, bracketed([]string{m.MessageID})}, nil
		}
	}
	return t, nil
}

func bracketed(ids []string) string {
	var list []string
	for _, id := range ids {
		if id != "" && !slices.Contains(list, "<"+id+">") {
			list = append(list, "<"+id+">")
		}
	}
	return strings.Join(list, " ")
}

// withoutRe takes away what mail programs put before the subject of an answer.
func withoutRe(subject string) string {
	for {
		subject = strings.TrimSpace(subject)
		if len(subject) < 3 || !strings.EqualFold(subject[:3], "re:") {
			return subject
		}
		subject = subject[3:]
	}
}

// sentBefore says whether the same colleague has just sent the same words.
func sentBefore(tx *store.Tx, d *postroom.Deed, words string) (bool, error) {
	list, err := tx.Deeds(d.Matter, d.Subject)
	if err != nil {
		return false, fmt.Errorf("list deeds about %s: %w", d.Subject, err)
	}
	for _, before := range list {
		if before.Act != actReply || before.Actor != d.Actor || !before.UndoneAt.IsZero() || d.At.Sub(before.At) > pressedTwice {
			continue
		}
		m, err := tx.Message(before.Before[mailed])
		if err != nil {
			return false, err
		}
		return m.Data["words"] == words, nil
	}
	return false, nil
}

// reply is the message to the person, or Invalid where no mail reaches them.
func (c *Casework) reply(tx *store.Tx, m *matter, d *postroom.Deed, t thread) (postroom.Message, error) {
	message := postroom.Message{
		ID: store.NewMessageID(), Key: "reply:" + d.ID, Template: replyLetter, CreatedAt: d.At,
		InReplyTo: t.inReplyTo, References: t.references, Data: map[string]string{"reference": m.reference},
	}
	if p := m.programmes; len(p) > 0 {
		message.Programme = p[0]
		known, is := c.Programmes.Programme(p[0])
		message.Discreet = is && known.Discreet
	}
	switch m.Matter {
	case postroom.AboutSubmission:
		if err := c.toContact(tx, m, &message); err != nil {
			return message, err
		}
	case postroom.AboutLetter:
		if err := c.toWriter(m, &message); err != nil {
			return message, err
		}
	case postroom.AboutCall:
		return message, fault(postroom.Invalid, "nobody can be mailed about a call", "desk.reply_by_phone")
	default:
		return message, fault(postroom.Invalid, "nobody can be mailed about a "+string(m.Matter), "desk.not_possible")
	}
	return message, reaches(tx, message.To)
}

// reaches returns Invalid where mail to an address does not arrive, or is not
// wanted.
func reaches(tx *store.Tx, address string) error {
	dead, err := tx.AddressDead(address)
	if err != nil {
		return fmt.Errorf("look whether mail arrives: %w", err)
	}
	stopped, err := tx.Suppression(address, postroom.Service)
	if err != nil {
		return fmt.Errorf("look whether mail is wanted: %w", err)
	}
	if dead || stopped != "" {
		return fault(postroom.Invalid, "mail to them does not arrive, or was stopped", "desk.reply_stopped")
	}
	return nil
}

// toContact sends a reply to whoever sent a submission.
func (c *Casework) toContact(tx *store.Tx, m *matter, message *postroom.Message) error {
	sub := m.submission
	contact, err := tx.Contact(sub.Contact)
	if err != nil {
		return err
	}
	if sub.Address == "" || contact.Reach != "" && contact.Reach != postroom.ReachEmail {
		return fault(postroom.Invalid, "they are not reached by mail", "desk.reply_by_phone")
	}
	message.To, message.Contact, message.Submission, message.About = sub.Address, contact.ID, sub.ID, sub.ID
	message.Locale, message.Sender = sub.Locale, sub.Mailbox
	message.Discreet = message.Discreet || contact.Discreet
	message.Data["reply_to"] = c.ReplyTo(sub.Mailbox, sub.Reference)
	return nil
}

// toWriter sends a reply to whoever wrote a letter that belongs to nothing. What
// a colleague passed on, or nobody is named in, is filed first: it is known then
// whose it is.
func (c *Casework) toWriter(m *matter, message *postroom.Message) error {
	if err := m.waits(); err != nil {
		return err
	}
	l := m.letter
	_, ours := c.Team.At(l.Address)
	if l.Address == "" || ours || c.programmesAt(l.Address)[0] != "" {
		return fault(postroom.Invalid, "it is not known whose letter it is", "desk.reply_file_first")
	}
	message.To, message.Sender = l.Address, l.Mailbox
	return nil
}

// dress adds what a reply says.
func (c *Casework) dress(m *matter, t thread, words string, message *postroom.Message) {
	message.Data["words"], message.Data["subject"] = words, t.subject
	if form, known := c.Programmes.Form(m.submission.Form); known && t.subject == "" {
		message.Data["form_title"] = form.Title.In(message.Locale)
	}
}
