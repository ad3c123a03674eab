package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// do carries out one step.
func (w *Workflow) do(tx *store.Tx, c *Case, step string, e postroom.Effect, caused bool, at time.Time) error {
	for _, forum := range e.AddTo {
		if err := tx.JoinForum(forum, c.Submission, at); err != nil {
			return fmt.Errorf("join forum %s: %w", forum, err)
		}
	}
	if e.Send != "" {
		if err := w.send(tx, c, "step:"+step, e.Send, caused, at); err != nil {
			return err
		}
	}
	if len(e.Notify) == 0 || c.suspected && e.Unless == "" { // they hear of all that looks automatic together
		return nil
	}
	if c.danger && c.told { // they have just been called
		return nil
	}
	if c.danger { // whoever was named for that, and not as if it were any letter
		return w.callAgain(tx, c, "alert:step:"+step, at)
	}
	n := news{key: "step:" + step, template: notice}
	if e.Unless != "" {
		n.template = chase // it waited for something that did not happen
	}
	if w.summed(&e) {
		n.key = w.chaseKey(at)
	}
	return w.tell(tx, c, n, at)
}

// send owes the person a message. Data is a snapshot: what the mail says is
// what was true when it was promised.
func (w *Workflow) send(tx *store.Tx, c *Case, key, template string, caused bool, at time.Time) error {
	m := w.message(c, template, at)
	m.Key, m.To, m.Contact, m.Locale = key, c.Submission.Address, c.Contact.ID, c.Submission.Locale
	m.About = c.about(template)
	if err := c.vouch(tx); err != nil {
		return err
	}
	m.Data = w.data(c, m.Locale, at)
	if err := c.calendar(tx, m.Data); err != nil {
		return err
	}
	if caused || template == holding {
		m.Form = c.Run.Form
	}
	if caused {
		if err := c.sameAddress(tx, &m); err != nil {
			return err
		}
	}
	if err := w.thread(tx, c, &m, caused); err != nil {
		return err
	}
	c.sent = true
	if _, err := w.Outbox.Owe(tx, m); err != nil {
		return fmt.Errorf("owe %s: %w", template, err)
	}
	return nil
}

// vouch finds out whether anybody but the form itself says that the address is the
// person's. What came by another door needs no such proof: one of us put it there,
// or they wrote from the address.
func (c *Case) vouch(tx *store.Tx) (err error) {
	if c.Submission.Channel != postroom.Web && c.Submission.Channel != postroom.ByAPI || c.Submission.Address == "" {
		return nil
	}
	vouched, err := tx.Vouched(c.Contact.ID, c.Submission.Address)
	c.unvouched = !vouched
	return err
}

// sameAddress notes in what confirms a booking that somebody else at the address
// has one for the same date. It may be another of a household, or the same
// person with another spelling of their name: nobody but they can tell. To
// whoever is to be written to discreetly nothing is said of others.
func (c *Case) sameAddress(tx *store.Tx, m *postroom.Message) (err error) {
	active := c.hasPlace() || c.Booking != nil && c.Booking.State == postroom.BookingWaiting
	if !active || c.Again || m.Discreet || m.To == "" {
		return nil
	}
	m.Data["also_at"] = m.To // and nobody else's to know: an address may prove wrong before the mail leaves
	m.Data["also"], err = tx.AlsoBooked(c.Session.ID, c.Booking.Contact, m.To)
	if err != nil {
		return fmt.Errorf("look for another booking at the address: %w", err)
	}
	return nil
}

// thread makes a message part of the conversation that a letter began: it is
// from the mailbox people wrote to, and what it causes at once answers it.
func (w *Workflow) thread(tx *store.Tx, c *Case, m *postroom.Message, caused bool) error {
	m.Sender = c.Submission.Mailbox
	if !c.byLetter() {
		return nil
	}
	letter, err := tx.Letter(c.Submission.Letter)
	if err != nil && postroom.KindOf(err) != postroom.NotFound { // one that was erased has no thread any more
		return fmt.Errorf("find letter of submission %s: %w", c.Submission.ID, err)
	}
	m.InReplyTo, m.References = letter.MessageID, letter.MessageID
	if w.ReplyTo != nil {
		m.Data["reply_to"] = w.ReplyTo(m.Sender, c.Submission.Reference)
	}
	if caused && (c.Anew == "" || c.Understood != nil) || m.Template == holding { // a page that finishes a letter is no letter
		m.Letter, m.Data["re"] = letter.ID, c.Subject
	}
	if c.Submission.Guessed {
		m.Data["guessed"] = "yes"
	}
	return nil
}

func (w *Workflow) message(c *Case, template string, at time.Time) postroom.Message {
	return postroom.Message{
		Programme: c.Run.Programme, Submission: c.Submission.ID, Template: template, CreatedAt: at,
		Discreet: c.Contact.Discreet || c.programme != nil && c.programme.Discreet,
	}
}

// listTemplates are the mails whose links are about a subscription, whatever
// form it was asked for on.
var listTemplates = []string{"please-confirm", "newsletter-welcome"}

// about returns the id that the links in a mail are bound to.
func (c *Case) about(template string) string {
	if c.Subscription == nil || c.Submission.Kind != postroom.SignUp && !slices.Contains(listTemplates, template) {
		return c.Submission.ID
	}
	return c.Subscription.ID
}

// data is what a template may say to the person, in plain strings. Every key
// is there, so that a template can ask whether it is empty.
func (w *Workflow) data(c *Case, locale string, at time.Time) map[string]string {
	d := w.aboutForm(c, locale, at)
	d["name"], d["area"] = c.greeting(), c.areaIn(locale)
	d["questions"] = w.questions(c, locale)
	d[askedFields], d["understood"] = strings.Join(c.Submission.Open, ","), w.understood(c, locale)
	if c.programme != nil && Unreviewed(c.programme, locale) {
		d["unreviewed"] = "yes"
	}
	if c.Subscription != nil {
		d["list"] = w.listTitle(c.Subscription.List).In(locale)
	}
	if c.Booking == nil {
		return d
	}
	d["party"] = strconv.Itoa(c.Booking.Party)
	if c.Again {
		d["again"] = "yes" // so that nobody believes the new form changed it
	}
	d["starts"], d["ends"], d["venue"] = stamp(c.Session.StartsAt), stamp(c.Session.EndsAt), c.Session.Venue
	event, session := c.titles()
	d["event"], d["session"] = event.In(locale), session.In(locale)
	if c.Booking.State == postroom.BookingWaiting {
		d["waiting"] = "yes"
	}
	if c.Was != nil && !c.Was.StartsAt.Equal(c.Session.StartsAt) {
		d["was_starts"] = stamp(c.Was.StartsAt)
	}
	if c.Was != nil && c.Was.Venue != c.Session.Venue {
		d["was_venue"] = c.Was.Venue
	}
	return d
}

// aboutForm is what may be said to anybody who may know that there was a
// submission at all. The reply is promised from the moment told.
func (w *Workflow) aboutForm(c *Case, locale string, from time.Time) map[string]string {
	d := map[string]string{"reference": c.Submission.Reference}
	for _, key := range []string{"name", "programme", "form_title", "reply_by", "event", "session", "starts", "ends", "venue", "party", "list", "area", "again", "waiting", "step", "was_starts", "was_venue", "mailbox"} {
		d[key] = ""
	}
	d["mailbox"] = c.Submission.Mailbox
	if c.programme != nil {
		d["programme"] = c.programme.Title.In(locale)
		d["reply_by"] = stamp(c.answerBy(from, w.Zone))
	}
	if c.form != nil && !c.byLetter() {
		d["form_title"] = c.form.Title.In(locale)
	}
	return d
}

// greeting returns the name to greet by. As long as nobody vouches for an address,
// anybody could have put anything into the field, and mail with their words in it
// would be mail of theirs that we send; and so could whoever fills in a form for
// somebody who has what it asks for already.
func (c *Case) greeting() string {
	if c.unvouched || c.Again || c.Submission.Kind == postroom.SignUp && c.Subscription != nil && c.Subscription.State == postroom.Pending {
		return ""
	}
	return c.Contact.Name
}

// areaIn returns the area in the reader's words, where it was chosen from a
// list. What was typed goes to nobody whom nobody vouches for.
func (c *Case) areaIn(locale string) string {
	typed := c.Submission.Area
	if c.unvouched {
		typed = ""
	}
	if c.form == nil {
		return typed
	}
	field, ok := c.form.Field("area")
	if !ok || field.SpecialCategory {
		return typed
	}
	for _, o := range field.Options {
		if o.Value == c.Submission.Area {
			return o.Label.In(locale)
		}
	}
	return typed
}

func (w *Workflow) listTitle(name string) postroom.Words {
	for _, p := range w.Programmes.Programmes() {
		for _, l := range p.Lists {
			if l.Name == name {
				return l.Title
			}
		}
	}
	return nil
}

// titles are the words for the event and the session of the booking.
func (c *Case) titles() (event, session postroom.Words) {
	if c.form == nil {
		return nil, nil
	}
	same := func(s *programme.Session) bool { return s.Name == c.Session.Name }
	for _, e := range c.form.Programme.Events {
		if e.Name != c.form.Event {
			continue
		}
		if i := slices.IndexFunc(e.Sessions, same); i >= 0 {
			session = e.Sessions[i].Title
		}
		return e.Title, session
	}
	return nil, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
