package inbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"postroom/internal/intake"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Why a letter ended as it did, as it stands in its row; whoever shows it puts
// it into words.
const (
	reasonOwn          = "own"           // a copy of what we sent
	reasonReport       = "report"        // it told what became of something we sent
	reasonAutomatic    = "automatic"     // nobody wrote it
	reasonBulk         = "bulk"          // it went to many
	reasonFiled        = "filed"         // it became a submission
	reasonAdded        = "added"         // it belongs to one on file
	reasonCopy         = "copy"          // the same letter came to another mailbox too
	reasonStaffAnswer  = "staff_answer"  // staff answered somebody
	reasonStaffOther   = "staff_other"   // staff wrote to somebody of whom nothing is on file
	reasonStaff        = "from_staff"    // a forwarded letter, or a note to us
	reasonAnswered     = "answered"      // a person answered it
	reasonPassedOn     = "passed_on"     // it is somebody else's letter, and it is not said whose
	reasonNoForm       = "no_form"       // no programme takes letters at this address
	reasonOther        = "other_sender"  // it answers somebody else's conversation
	reasonNotAnswered  = "not_answered"  // a person wrote, and nothing automatic may answer: why follows
	reasonUnclear      = "unclear"       // it is not known what it is
	reasonUnreadable   = "unreadable"    // reading it failed again and again
	reasonNotOpen      = "not_open"      // what it asks for has ended
	reasonUnsubscribes = "unsubscribes"  // it asks to leave a list
	reasonWorrying     = "worrying"      // nobody wrote it, it seems, and somebody in it may be in danger
	reasonChallenge    = "wants_a_click" // somebody has to prove that we are people
)

// Outbox is what letters do to mails that are owed.
type Outbox interface {
	// Answered settles what would still tell somebody that we have their letter.
	Answered(tx *store.Tx, letter, submission string, at time.Time) error
	// Bounced notes that a message has come back, and what follows from it.
	Bounced(tx *store.Tx, message string, hard bool, reason string, at time.Time) error
}

// Options are what an Inbound needs.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Intake     *intake.Intake
	Workflow   *workflow.Workflow
	Outbox     Outbox
	Ours       Ours
	Clock      postroom.Clock
	Log        *slog.Logger
}

// Inbound acts on letters that are on file.
type Inbound struct{ Options }

// New returns an Inbound.
func New(o Options) *Inbound {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Inbound{o}
}

// mostReads is how often reading a letter may end with the death of the process
// before the letter is read apart from the others of its batch.
const mostReads = 3

// mostTries is after how many failures a letter that is alone in its batch
// goes to a person.
const mostTries = 5

// ReadBatch does one inbound_read job: each letter of the batch is read and
// acted on in a transaction of its own. One that fails gets a batch of its own,
// so that the others do not wait for it; alone and failing again and again, it
// goes to a person.
func (in *Inbound) ReadBatch(ctx context.Context, job postroom.Job) store.Outcome {
	letters, err := in.Store.Read(ctx).Batch(job.Subject)
	if err != nil {
		return store.Outcome{Verdict: store.Again, Reason: fmt.Sprintf("list letters of batch %s: %v", job.Subject, err)}
	}
	var failed error
	for _, l := range letters {
		if ctx.Err() != nil {
			return store.Outcome{Verdict: store.Wait, At: in.Clock.Now(), Reason: "stopped"}
		}
		failed = errors.Join(failed, in.readOne(ctx, l, len(letters) == 1, job.Tries >= mostTries))
	}
	if failed != nil {
		return store.Outcome{Verdict: store.Again, Reason: failed.Error()}
	}
	return store.Outcome{Verdict: store.Done}
}

// readOne reads a letter. What fails in company is set apart and is no failure
// of the batch.
func (in *Inbound) readOne(ctx context.Context, l postroom.Letter, alone, last bool) error {
	switch {
	case l.Reads >= mostReads && alone:
		return in.giveUp(ctx, l)
	case l.Reads >= mostReads:
		return in.setApart(ctx, l)
	}
	err := in.Store.Write(ctx, func(tx *store.Tx) error { return tx.BeginReading(l.ID) })
	if err == nil {
		err = in.read(ctx, l)
	}
	switch {
	case err == nil, ctx.Err() != nil:
		return ctx.Err()
	case postroom.KindOf(err) == postroom.Gone:
		return nil // another worker has settled it
	case alone && last:
		in.Log.ErrorContext(ctx, "letter cannot be read", "letter", l.ID, "err", err)
		return in.giveUp(ctx, l)
	case alone:
		return fmt.Errorf("read letter %s: %w", l.ID, err)
	}
	in.Log.WarnContext(ctx, "letter set apart", "letter", l.ID, "err", err)
	return in.setApart(ctx, l)
}

// setApart gives a letter a batch of its own.
func (in *Inbound) setApart(ctx context.Context, l postroom.Letter) error {
	batch, now := store.NewBatch(), in.Clock.Now()
	err := in.Store.Write(ctx, func(tx *store.Tx) error {
		moved, err := tx.SetApart(l.ID, batch)
		if err != nil || !moved {
			return err
		}
		_, err = tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, now, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("set letter %s apart: %w", l.ID, err)
	}
	return nil
}

// giveUp sends a letter to a person unread.
func (in *Inbound) giveUp(ctx context.Context, l postroom.Letter) error {
	l.Class, l.State, l.Reason = postroom.LetterUnknown, postroom.LetterTriage, reasonUnreadable
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SettleLetter(l, in.Clock.Now())
		return err
	})
}

// arrival is one letter with everything that is known of it.
type arrival struct {
	postroom.Letter
	read    letter.Letter
	verdict Verdict
	at      time.Time
}

// read reads a letter and acts on it.
func (in *Inbound) read(ctx context.Context, l postroom.Letter) error {
	raw, err := in.Store.Read(ctx).LetterRaw(l.ID)
	if err != nil {
		return err
	}
	now := in.Clock.Now()
	a := arrival{Letter: l, read: letter.Read(raw), at: now}
	a.verdict = Classify(a.read, in.Ours.at(l.Mailbox), a.asOf())
	a.Class, a.Address = a.verdict.Class, firstAddress(a.read.From)
	if err := in.revive(ctx, a); err != nil {
		return err
	}
	if err := in.act(ctx, a); err != nil {
		return err
	}
	in.Log.InfoContext(ctx, "letter read", "letter", l.ID, "reason", string(a.Class))
	return nil
}

// asOf is the moment as of which a letter's age is judged. Some clocks are
// wrong, so a letter is as old as it has been with us; and one that a person
// wants to have read again has no age.
func (a arrival) asOf() time.Time {
	switch {
	case a.Reason == store.ReadAgain:
		return a.read.Date
	case a.ReceivedAt.After(a.read.Date):
		return a.at.Add(a.read.Date.Sub(a.ReceivedAt))
	}
	return a.at
}

func firstAddress(list []letter.Address) string {
	if len(list) == 0 {
		return ""
	}
	return strings.ToLower(list[0].Address)
}

// revive makes an address good again that mail did not arrive at: somebody
// writes to us from there, and waits for an answer.
func (in *Inbound) revive(ctx context.Context, a arrival) error {
	if !a.personal() || a.Address == "" {
		return nil
	}
	dead, err := in.Store.Read(ctx).AddressDead(a.Address)
	if err != nil || !dead {
		return err
	}
	return in.Store.Write(ctx, func(tx *store.Tx) error { return tx.MarkAddress(a.Address, false) })
}

// act sends a letter the way that its class asks for. Each way ends with the
// letter settled in the transaction that does what follows from it.
func (in *Inbound) act(ctx context.Context, a arrival) error {
	v := a.verdict
	switch {
	case a.Folder == postroom.SentFolder:
		return in.staffSent(ctx, a)
	case v.Own != "":
		return in.settle(ctx, a, postroom.LetterIgnored, reasonOwn)
	case v.Class == postroom.LetterBounce:
		return in.bounced(ctx, a)
	case v.Class == postroom.LetterComplaint:
		return in.complained(ctx, a)
	case v.Class == postroom.LetterDeliveredNotice, v.Class == postroom.LetterReceipt:
		return in.settle(ctx, a, postroom.LetterIgnored, reasonReport)
	case v.Class == postroom.LetterAutoReply && !in.worrying(a):
		return in.automatic(ctx, a)
	case v.Class == postroom.LetterAutoReply:
		return in.triage(ctx, a, reasonWorrying)
	case v.Class == postroom.LetterChallenge:
		return in.triage(ctx, a, reasonChallenge)
	case v.Class == postroom.LetterList:
		return in.bulk(ctx, a)
	case v.Behind != nil && v.Behind.By == ByWebsite:
		return in.fromSite(ctx, a)
	case v.Staff:
		return in.fromStaff(ctx, a)
	}
	if copied, err := in.copied(ctx, a); err != nil || copied {
		return err
	}
	return in.fromPerson(ctx, a)
}

// fromPerson acts on what a person wrote.
func (in *Inbound) fromPerson(ctx context.Context, a arrival) error {
	switch v := a.verdict; {
	case v.Class == postroom.LetterReply, v.Class == postroom.LetterSubmission && len(a.read.Refs()) > 0:
		return in.reply(ctx, a)
	case v.Class == postroom.LetterUnsubscribe:
		return in.triage(ctx, a, reasonUnsubscribes)
	case v.Class == postroom.LetterSubmission:
		return in.submission(ctx, a)
	}
	return in.triage(ctx, a, reasonUnclear)
}

// bulk ends a letter that went to many. Some charities have a mailing list for a
// front door, so one in which somebody may be in danger is for a person to see;
// newsletters about such things are too many to call anybody for.
func (in *Inbound) bulk(ctx context.Context, a arrival) error {
	if in.worrying(a) {
		return in.triage(ctx, a, reasonWorrying)
	}
	return in.settle(ctx, a, postroom.LetterIgnored, reasonBulk)
}

func (in *Inbound) worrying(a arrival) bool {
	_, worrying := in.Programmes.Worrying(programme.Fold(a.words()))
	return worrying
}

// settle ends a letter from which nothing else follows.
func (in *Inbound) settle(ctx context.Context, a arrival, state postroom.LetterState, reason string) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error { return a.settle(tx, state, reason) })
}

// settle ends the letter in a transaction that does what follows from it. One
// that was settled meanwhile undoes all of that.
func (a arrival) settle(tx *store.Tx, state postroom.LetterState, reason string) error {
	l := a.Letter
	l.State, l.Reason = state, reason
	settled, err := tx.SettleLetter(l, a.at)
	if err == nil && !settled {
		err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("letter %s is settled", l.ID)}
	}
	return err
}

// mayAnswer says whether anything automatic may answer the letter: what the
// letter itself says, and that it did not lie there before we came.
func (a arrival) mayAnswer() bool {
	old := a.Imported && a.Reason != store.ReadAgain
	return a.verdict.Answerable && !old && a.Address != ""
}

// against is why nothing automatic may answer it.
func (a arrival) against() string {
	reasons := slices.Clone(a.verdict.Against)
	if a.Imported {
		reasons = append(reasons, "imported")
	}
	return strings.Join(append([]string{reasonNotAnswered}, reasons...), " ")
}
