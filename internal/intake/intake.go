// Package intake is the one door in. Whatever a person sends, on a form, in a
// letter, by phone or on paper, becomes an Entry and is accepted here: one
// check, one rule for what is a repeat, one transaction.
//
// The idea a newcomer needs: when Accept returns, everything is decided and on
// file. The place in the event is taken, the confirmation is owed, the work
// that may take longer is a job, all committed together; so the page can say
// "booked" or "waiting" at once, and a crash a moment later loses nothing.
// Sending the same thing again (the same key, or the same answers of the same
// person within a day while the first still waits) returns the first receipt
// and changes nothing.
//
// Who is known is found by name and address, which anybody can type. So what
// goes back through the door never speaks of what that person had before; the
// mail to their address does.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/internal/config"
	"postroom/internal/event"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Options are what an Intake needs.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Workflow   *workflow.Workflow
	Events     *event.Events
	Clock      postroom.Clock
	Zone       *time.Location // of the organisation, in which a day begins; nil is UTC
	Log        *slog.Logger
	Strangers  config.Strangers // what they may cause; zero is the usual
	Mails      Mails            // asks guardians; nil leaves that to a person
	// GuardianLink is where a guardian answers the asking with a number.
	GuardianLink func(submission string, asked int) string
}

// Intake accepts entries.
type Intake struct {
	Options
	versions sync.Map // form versions that are known to be on file
	usual    surges
}

// New returns an Intake.
func New(o Options) *Intake {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Strangers = strangersOr(o.Strangers)
	return &Intake{Options: o, usual: surges{form: make(map[string]usual)}}
}

// Receipt says what became of an entry. It holds what only the sender may
// know: a page shows the subscription's state to nobody, because it would tell
// a stranger who is on a list.
type Receipt struct {
	Submission   postroom.Submission
	Booking      *postroom.Booking      // the place that this entry took; one that stood before is for the mailbox alone
	Subscription *postroom.Subscription // what was asked for, when it was a list
	Repeated     bool
}

// Known says whether the receipt is of what came in before under another key:
// the same answers are no proof of being the same person.
func (r Receipt) Known(key string) bool { return r.Repeated && r.Submission.Key != key }

// Refused is an entry that the person can mend: one message a field. Its kind
// is Invalid.
type Refused struct{ Fields []programme.FieldError }

// Error names the fields for the log, never what was written in them.
func (r *Refused) Error() string {
	text := "refused"
	for _, f := range r.Fields {
		text += " " + f.Field + ":" + f.Say.Key
	}
	return text
}

// Unwrap classifies the refusal.
func (r *Refused) Unwrap() error {
	return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("error.refused"), Cause: errors.New("answers to mend")}
}

// Accept puts an entry on file with everything that belongs to it. It returns
// NotFound for an unknown form, *Refused for answers that have to be mended,
// Gone for a date that is over or a form that is closed, and Conflict or Invalid for a key that was used
// on another form or with other answers.
func (in *Intake) Accept(ctx context.Context, e postroom.Entry) (Receipt, error) {
	form, ok := in.Programmes.Form(e.Form)
	if !ok {
		return Receipt{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: errors.New("accept: unknown form")}
	}
	a, err := in.arrive(form, e)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = in.Store.WriteInTurn(ctx, a.submission.Address, func(tx *store.Tx) (err error) {
		receipt, err = in.file(tx, a)
		return err
	})
	if again, ok := errors.AsType[*repeat](err); ok {
		return in.first(ctx, a, again.submission)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("accept form %s: %w", form.Name, err)
	}
	in.versions.Store(form.Version, true)
	in.Log.InfoContext(ctx, "accepted", "submission", receipt.Submission.ID, "programme", form.Programme.Name)
	return receipt, nil
}

// closed refuses what people send themselves to a form that somebody has closed;
// a letter then waits for a person. What staff put on file by hand is theirs to
// decide.
func closed(a arrival) error {
	if !slices.Contains([]postroom.Channel{postroom.Web, postroom.ByAPI, postroom.ByLetter}, a.submission.Channel) || !a.form.ClosedAt(a.at) {
		return nil
	}
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("closed.title"), Cause: fmt.Errorf("accept form %s: it is closed", a.form.Name)}
}

// arrive checks an entry and reads it. A letter answers no questions that it
// was not asked: what is missing from it stays open, and is asked for.
func (in *Intake) arrive(form *programme.Form, e postroom.Entry) (arrival, error) {
	if e.Channel != postroom.Web { // only our own pages have seen what is in a file
		e.Answers = form.WithoutFiles(e.Answers)
	}
	clean, mistakes := form.CheckOn(in.today(e), e.Answers)
	if staff := e.By != ""; staff { // who has the paper has what came with it
		mistakes = slices.DeleteFunc(mistakes, form.Unsent)
	}
	if len(mistakes) > 0 && e.Channel != postroom.ByLetter {
		return arrival{}, &Refused{Fields: mistakes}
	}
	a := read(form, e, clean, in.Clock.Now())
	a.submission.Open = open(form, mistakes)
	return a, nil
}

// today is the day on which an entry arrives, where the organisation is.
func (in *Intake) today(e postroom.Entry) time.Time {
	at := now(e.At, in.Clock.Now())
	if in.Zone == nil {
		return at
	}
	return at.In(in.Zone)
}

// repeat undoes a transaction whose entry is on file already, so that a repeat
// leaves nothing behind, not even a contact.
type repeat struct{ submission postroom.Submission }

// Error makes repeat an error; nobody reads it.
func (r *repeat) Error() string { return "repeat of submission " + r.submission.ID }

// first returns the receipt of the submission that an entry repeats.
func (in *Intake) first(ctx context.Context, a arrival, sub postroom.Submission) (Receipt, error) {
	if sub.Form != a.form.Name {
		return Receipt{}, &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.key_used"), Cause: fmt.Errorf("accept: the key belongs to submission %s on another form", sub.ID)}
	}
	sameLetter := a.submission.Channel == postroom.ByLetter // its key names its bytes, and its answers may have been finished since
	if sub.Key == a.submission.Key && !sameLetter && !sameAnswers(a, sub) {
		return Receipt{}, &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("error.key_used"), Cause: fmt.Errorf("accept: submission %s has other answers under this key", sub.ID)}
	}
	receipt := Receipt{Submission: sub, Repeated: true}
	r := in.Store.Read(ctx)
	booking, booked, err := r.BookingOf(sub.ID)
	if err != nil {
		return receipt, fmt.Errorf("read booking of submission %s: %w", sub.ID, err)
	}
	if booked && !receipt.Known(a.submission.Key) {
		receipt.Booking = &booking
	}
	subscription, asked, err := r.SubscriptionOf(sub.ID)
	if err != nil {
		return receipt, fmt.Errorf("read subscription of submission %s: %w", sub.ID, err)
	}
	if asked {
		receipt.Subscription = &subscription
	}
	return receipt, nil
}

// file writes one arrival. It may run twice, so it changes nothing but tx.
func (in *Intake) file(tx *store.Tx, a arrival) (Receipt, error) {
	contact, err := tx.FindOrAddContact(a.contact, a.at)
	if err != nil {
		return Receipt{}, err
	}
	sub := a.submission
	sub.Contact = contact.ID
	if sub.Organisation, err = joinOrganisation(tx, a, contact.ID); err != nil {
		return Receipt{}, err
	}
	if err := in.putVersion(tx, a); err != nil {
		return Receipt{}, err
	}
	sub, added, err := tx.AddSubmission(sub)
	if err != nil {
		return Receipt{}, err
	}
	if !added {
		return Receipt{}, &repeat{sub}
	}
	if err := closed(a); err != nil { // after that: a repeat of what came in time is none the less
		return Receipt{}, err
	}
	if err := putIn(tx, a, sub); err != nil {
		return Receipt{}, err
	}
	if err := sendFiles(tx, a, sub); err != nil {
		return Receipt{}, err
	}
	run, err := in.Workflow.Begin(tx, sub, a.at)
	if err != nil {
		return Receipt{}, err
	}
	c := in.Workflow.CaseOf(run, sub, contact)
	c.Subject = a.subject
	if err := in.settle(tx, a, c); err != nil {
		return Receipt{}, err
	}
	if a.quiet {
		err = rest(tx, c, a.at)
	} else {
		err = tx.OweJob(postroom.JobFor(sub.Kind), sub.ID, postroom.Confirm, a.at, a.at)
	}
	receipt := Receipt{Submission: c.Submission, Subscription: c.Subscription}
	if c.Booking != nil && c.Booking.Submission == sub.ID {
		receipt.Booking = c.Booking
	}
	return receipt, err
}

// putIn notes who put an entry in for somebody else, and how that person wants to
// be reached.
func putIn(tx *store.Tx, a arrival, sub postroom.Submission) error {
	if a.notByMail {
		if err := tx.SetReach(sub.Contact, a.contact.Reach, ""); err != nil {
			return err
		}
	}
	if a.by == "" {
		return nil
	}
	return tx.Audit(a.by, "put in by "+string(sub.Channel), sub.ID, a.at)
}

// sendFiles puts the files of an entry on its submission. One that was deleted in
// the meantime has to be chosen again.
func sendFiles(tx *store.Tx, a arrival, sub postroom.Submission) error {
	for _, f := range a.form.FilesIn(sub.Answers) {
		err := tx.SendFile(sub.ID, f.ID)
		if postroom.KindOf(err) == postroom.Gone && err != nil {
			return &Refused{Fields: a.form.Lost(sub.Answers, f)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rest makes a quiet entry wait for nobody, unless a person has to look at it. A
// sign-up, a booking and feedback never do.
func rest(tx *store.Tx, c *workflow.Case, at time.Time) error {
	switch c.Submission.Kind {
	case postroom.SignUp, postroom.EventRegistration, postroom.Feedback:
		return nil
	}
	if c.Submission.State == postroom.SubmissionHeld {
		return nil
	}
	c.Submission.State = postroom.SubmissionAnswered
	return tx.MarkAnswered(c.Submission.ID, at)
}

func joinOrganisation(tx *store.Tx, a arrival, contact string) (id string, err error) {
	if a.organisation == "" {
		return "", nil
	}
	if id, err = tx.FindOrAddOrganisation(a.organisation, a.at); err != nil {
		return "", err
	}
	return id, tx.JoinOrganisation(contact, id, a.at)
}

// putVersion keeps what the form asked. A version that was committed once need
// not be looked for again.
func (in *Intake) putVersion(tx *store.Tx, a arrival) error {
	if _, known := in.versions.Load(a.form.Version); known {
		return nil
	}
	return tx.PutFormVersion(a.form.Version, a.form.Programme.Name, a.form.Name, a.form.Snapshot, a.at)
}

// settle does what the form is for: consents, the list, the place; and then
// tells the run.
func (in *Intake) settle(tx *store.Tx, a arrival, c *workflow.Case) error {
	for _, consent := range a.consents {
		consent.Contact, consent.Submission = c.Contact.ID, c.Submission.ID
		if err := tx.AddConsent(consent); err != nil {
			return fmt.Errorf("keep consent %s: %w", consent.Purpose, err)
		}
	}
	if err := in.subscribe(tx, a, c); err != nil {
		return err
	}
	if err := in.book(tx, a, c); err != nil {
		return err
	}
	if err := in.brake(tx, a, c); err != nil {
		return err
	}
	if a.quiet {
		return nil
	}
	byPerson, err := in.guard(tx, a, c)
	if err != nil {
		return err
	}
	for _, t := range triggers(c) {
		if err := in.Workflow.Greet(tx, c, t, a.at); err != nil {
			return err
		}
	}
	if err := in.Workflow.Acknowledge(tx, c, a.at); err != nil {
		return err
	}
	if byPerson {
		return in.Workflow.PhoneGuardian(tx, c.Submission.ID, a.at)
	}
	if c.Submission.State != postroom.SubmissionHeld && c.Again && c.Booking != nil {
		return in.Workflow.Tell(tx, c, "look:"+c.Submission.ID, a.at) // a person has to look
	}
	return nil
}

// brake holds what a person has to see before anything automatic goes on: what
// looks automatic, and what has a worrying phrase in it. Whoever was named for
// that is called at once; a false alarm costs nothing but a release.
func (in *Intake) brake(tx *store.Tx, a arrival, c *workflow.Case) error {
	if a.worrying {
		c.Submission.State = postroom.SubmissionHeld
		return in.Workflow.Brake(tx, c, a.silent || a.quiet, a.at)
	}
	found, err := in.suspicious(tx, a, c)
	if err != nil || len(found) == 0 {
		return err
	}
	c.Submission.State = postroom.SubmissionHeld
	if err := tx.Hold(c.Submission.ID, postroom.SuspectReason(found), a.at); err != nil {
		return err
	}
	return in.Workflow.OweSuspects(tx, c, in.Clock.Now())
}

// suspicious returns why an arrival is held as automatic, or nothing. What cannot
// be told from the entry alone is asked only of what strangers send.
func (in *Intake) suspicious(tx *store.Tx, a arrival, c *workflow.Case) ([]postroom.Sign, error) {
	if !byStranger(a.submission.Channel) {
		return nil, nil
	}
	found := a.signs
	surging, err := in.surge(tx, a, c)
	if err != nil {
		return nil, err
	}
	if surging {
		found = append(found, postroom.SignSurge)
	}
	busy, err := in.busy(tx, a, c)
	if err != nil {
		return nil, err
	}
	if busy {
		found = append(found, postroom.SignBusy)
	}
	return weighed(found), nil
}

// busy says whether so much was sent on forms with an address today that mail to it
// would have to wait. The stranger who did that and the person whose address it is
// look the same from here: a coordinator looks.
func (in *Intake) busy(tx *store.Tx, a arrival, c *workflow.Case) (bool, error) {
	address := c.Submission.Address
	if address == "" {
		return false, nil
	}
	vouched, err := tx.Vouched(c.Contact.ID, address)
	if err != nil || vouched {
		return false, err
	}
	n, err := tx.CausedFor(address, in.Clock.Now().Add(-24*time.Hour), in.Strangers.ToAddress)
	return n >= in.Strangers.ToAddress, err
}

// Busy says whether so much had been sent with the address of a submission that a
// stranger's would be held. What the sender is shown must depend on nothing else, or
// it would tell whether we know the name that was typed.
func (in *Intake) Busy(ctx context.Context, sub postroom.Submission) (bool, error) {
	if sub.Address == "" || !byStranger(sub.Channel) {
		return false, nil
	}
	n, err := in.Store.Read(ctx).CausedBefore(sub, in.Strangers.ToAddress)
	return n >= in.Strangers.ToAddress, err
}

// triggers are what happened to a run at the door. Somebody who is on the list
// already need not confirm anything: they get the list's welcome again, which
// says that they are on it and how to leave.
func triggers(c *workflow.Case) []postroom.Trigger {
	if c.Subscription != nil && c.Subscription.State == postroom.Confirmed && c.Submission.Kind == postroom.SignUp {
		return []postroom.Trigger{postroom.OnConfirmed}
	}
	happened := []postroom.Trigger{postroom.OnReceived}
	switch {
	case c.Booking == nil:
	case c.Booking.State == postroom.BookingWaiting:
		happened = append(happened, postroom.OnWaiting)
	default:
		happened = append(happened, postroom.OnBooked)
	}
	return happened
}

// subscribe asks for the address to be on the form's list, with what they chose of
// it. Where the form has a box of the list's name, only a tick asks.
func (in *Intake) subscribe(tx *store.Tx, a arrival, c *workflow.Case) error {
	if !a.wantsList {
		return nil
	}
	asked := postroom.Subscription{
		List: a.form.List, Programme: c.Run.Programme, Contact: c.Contact.ID, Address: c.Submission.Address,
		Locale: c.Submission.Locale, Submission: c.Submission.ID, AskedAt: a.at,
	}
	if list, _, ok := in.Programmes.List(a.form.List); ok {
		asked.Topics = chosenOf(c.Submission.Answers[list.TopicsField], list.Topics)
		asked.Areas = chosenOf(c.Submission.Answers[list.AreasField], list.Areas)
	}
	s, err := tx.Subscribe(asked)
	if err != nil {
		return err
	}
	c.Subscription, c.Again = &s, s.State == postroom.Confirmed && c.Submission.Kind == postroom.SignUp
	return keepAsking(tx, a, c)
}

// chosenOf are the answers among them that a list offers.
func chosenOf(answers []string, offered []programme.Option) string {
	var kept []string
	for _, o := range offered {
		if slices.Contains(answers, o.Value) {
			kept = append(kept, o.Value)
		}
	}
	return strings.Join(kept, " ")
}

// keepAsking keeps the words by which somebody asked for a list where the form has
// no box of its own for it: that they sent it is the "yes".
func keepAsking(tx *store.Tx, a arrival, c *workflow.Case) error {
	purpose := store.Purpose(a.form.List)
	if f, ok := a.form.Field(purpose); ok && f.Type == programme.ConsentField {
		return nil
	}
	yes := postroom.Consent{Contact: c.Contact.ID, Submission: c.Submission.ID, Purpose: purpose, At: a.at, Source: a.source}
	if a.seen {
		locale := c.Submission.Locale
		yes.Source, yes.FormVersion = "", a.form.Version
		yes.Wording = strings.TrimSpace(a.form.Title.In(locale) + "\n" + a.form.Intro.In(locale))
	}
	if err := tx.AddConsent(yes); err != nil {
		return fmt.Errorf("keep consent %s: %w", purpose, err)
	}
	return nil
}

// book takes the place that was chosen. Nobody gets two: the booking that
// exists stands, whatever the new answers say.
func (in *Intake) book(tx *store.Tx, a arrival, c *workflow.Case) error {
	if a.form.Event == "" {
		return nil
	}
	session, chosen, err := workflow.SessionOf(tx.Reader, a.form, c.Submission.Answers)
	if err != nil || !chosen {
		return err
	}
	b, err := in.Events.Book(tx, session.ID, c.Contact.ID, c.Submission.ID, a.party, a.at)
	if err != nil {
		return err
	}
	c.Booking, c.Session, c.Again = &b, &session, b.Submission != c.Submission.ID
	return nil
}

// now is the moment an entry counts as arrived: when the channel says, but
// never later than now.
func now(said, clock time.Time) time.Time {
	if said.IsZero() || said.After(clock) {
		said = clock
	}
	return said.UTC().Truncate(time.Microsecond) // as the store keeps it
}
