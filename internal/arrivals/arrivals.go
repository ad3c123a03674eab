// Package arrivals acts on letters that are on file: it files what people wrote
// by the one door in, gives answers and reports to the conversation that they
// belong to, and keeps for a person what nobody can place.
//
// The idea a newcomer needs: each letter is settled once, in the transaction
// that does what follows from it. Whoever dies in between has done nothing, and
// whoever comes second undoes what they did. What a letter is and what it says
// is read before that, by inbound, which changes nothing and never fails.
package arrivals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/intake"
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
	reasonBooking      = "booking"       // it said what becomes of a booking
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
	reasonNotFetched   = "not_fetched"   // only its header is here, because the mailbox did not hand out more
	reasonNotOpen      = "not_open"      // what it asks for has ended
	reasonUnsubscribes = "unsubscribes"  // it asks to leave a list, and a person has to look
	reasonLeft         = "left"          // it asked to leave lists, and did
	reasonLeaveAsked   = "leave_asked"   // it asks to leave lists, and the address was asked whether it does
	reasonConfirmed    = "confirmed"     // it said yes to the mail that asked whether somebody wants news
	reasonChose        = "chose"         // it said how somebody wants to be written to or reached
	reasonWorrying     = "worrying"      // nobody wrote it, it seems, and somebody in it may be in danger
	reasonChallenge    = "wants_a_click" // somebody has to prove that we are people
	reasonAssigned     = "assigned"      // a rule gives it to a coordinator
	reasonCommands     = "commands"      // a colleague said in it what is to be done, and was told what became of that
)

// Outbox is what letters do to mails that are owed.
type Outbox interface {
	// Answered settles what would still tell somebody that we have their letter.
	Answered(tx *store.Tx, letter, submission string, at time.Time) error
	// Bounced notes that a message has come back, and what follows from it.
	Bounced(tx *store.Tx, message string, hard bool, reason string, at time.Time) error
	// Owe files a message and the job that delivers it.
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
	// Asks says whether a message asked its reader to confirm something.
	Asks(m postroom.Message) bool
}

// Options are what Arrivals need.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Intake     *intake.Intake
	Workflow   *workflow.Workflow
	Outbox     Outbox
	Lists      Lists
	Ours       func() inbound.Ours // as we are now: colleagues come and go
	Clock      postroom.Clock
	Log        *slog.Logger

	// SeemsAway hears of an automatic reply to a mail of ours from an address,
	// with the day on which somebody is back, if it says so; nil is nobody.
	SeemsAway func(tx *store.Tx, address string, back, at time.Time) error

	// Desk does what colleagues ask for in their letters; nil does nothing.
	Desk Desk
	// CommandsTo is the address to which a colleague's commands go, or "".
	CommandsTo func(colleague string) string
	Zone       *time.Location // in which the days are meant that letters name; nil is UTC
}

// Arrivals acts on letters that are on file.
type Arrivals struct{ Options }

// New returns Arrivals.
func New(o Options) *Arrivals {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Arrivals{o}
}

// actOn does what follows from a letter that has been read.
func (in *Arrivals) actOn(ctx context.Context, a arrival) error {
	if err := in.revive(ctx, a); err != nil {
		return err
	}
	if err := in.act(ctx, a); err != nil {
		return err
	}
	in.Log.InfoContext(ctx, "letter read", "letter", a.ID, "reason", string(a.Class))
	return nil
}

// asOf is the moment as of which a letter's age is judged. Some clocks are
// wrong, so a letter is as old as it has been with us; and one that a person
// wants to have read again has no age. One that does not say when it was written
// is judged as of now: the days it names are near.
func (a arrival) asOf() time.Time {
	switch {
	case a.read.Date.IsZero():
		return a.at
	case a.Reason == store.ReadAgain:
		return a.read.Date
	case a.ReceivedAt.After(a.read.Date):
		return a.at.Add(a.read.Date.Sub(a.ReceivedAt))
	}
	return a.at
}

// revive makes an address good again that mail did not arrive at, dead or with
// points for what came back: somebody writes to us from there, and waits for an
// answer.
func (in *Arrivals) revive(ctx context.Context, a arrival) error {
	if !a.personal() || !a.dead {
		return nil
	}
	return in.Store.Write(ctx, func(tx *store.Tx) error { return tx.Revive(a.Address, a.at) })
}

// act sends a letter the way that its class asks for. Each way ends with the
// letter settled in the transaction that does what follows from it.
func (in *Arrivals) act(ctx context.Context, a arrival) error {
	v := a.verdict
	switch {
	case a.Folder == postroom.SentFolder:
		return in.staffSent(ctx, a)
	case a.wordless:
		return in.triage(ctx, a, reasonNotFetched)
	case v.Own != "":
		return in.settle(ctx, a, postroom.LetterIgnored, reasonOwn)
	case v.Class == postroom.LetterBounce:
		return in.bounced(ctx, a)
	case v.Class == postroom.LetterComplaint:
		return in.complained(ctx, a)
	case v.Class == postroom.LetterUnsubscribe && v.Leaves != "":
		return in.byAddress(ctx, a)
	case v.Class == postroom.LetterDeliveredNotice, v.Class == postroom.LetterReceipt:
		return in.settle(ctx, a, postroom.LetterIgnored, reasonReport)
	case a.ruledTo(postroom.RuleCoordinator):
		return in.toCoordinator(ctx, a)
	case v.Class == postroom.LetterAutoReply && !in.worrying(a):
		return in.automatic(ctx, a)
	case v.Class == postroom.LetterAutoReply:
		return in.triage(ctx, a, reasonWorrying)
	case v.Class == postroom.LetterChallenge:
		return in.triage(ctx, a, reasonChallenge)
	case v.Class == postroom.LetterList:
		return in.bulk(ctx, a)
	case v.Behind != nil && v.Behind.By == inbound.ByWebsite:
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
func (in *Arrivals) fromPerson(ctx context.Context, a arrival) error {
	switch v := a.verdict; {
	case v.Class == postroom.LetterReply, v.Class == postroom.LetterSubmission && len(a.read.Refs()) > 0:
		return in.toOurs(ctx, a)
	case v.Class == postroom.LetterUnsubscribe:
		return in.leaving(ctx, a)
	case v.Class == postroom.LetterSubmission:
		return in.submission(ctx, a)
	}
	return in.triage(ctx, a, reasonUnclear)
}

// bulk ends a letter that went to many. Some charities have a mailing list for a
// front door, so one in which somebody may be in danger is for a person to see;
// newsletters about such things are too many to call anybody for.
func (in *Arrivals) bulk(ctx context.Context, a arrival) error {
	if in.worrying(a) {
		return in.triage(ctx, a, reasonWorrying)
	}
	return in.settle(ctx, a, postroom.LetterIgnored, reasonBulk)
}

func (in *Arrivals) worrying(a arrival) bool {
	_, worrying := in.Programmes.Worrying(programme.Fold(a.words()))
	return worrying
}

// settle ends a letter from which nothing else follows. It is settled together
// with the others of its wave.
func (in *Arrivals) settle(_ context.Context, a arrival, state postroom.LetterState, reason string) error {
	a.ends.add(a.ended(state, reason))
	return nil
}

// ended is the letter as it is to be settled.
func (a arrival) ended(state postroom.LetterState, reason string) postroom.Letter {
	l := a.Letter
	l.State, l.Reason = state, a.byRule(reason)
	return l
}

// errSettled says that another worker was faster with a letter.
var errSettled = errors.New("the letter is settled")

// settle ends the letter in a transaction that does what follows from it. One
// that was settled meanwhile undoes all of that.
func (a arrival) settle(tx *store.Tx, state postroom.LetterState, reason string) error {
	settled, err := tx.SettleLetter(a.ended(state, reason), a.at)
	if err == nil && !settled {
		err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("letter %s: %w", a.ID, errSettled)}
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
