package arrivals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Desk is where colleagues act, as their letters reach it.
type Desk interface {
	// At returns the colleague of an address, if they are here.
	At(address string) (postroom.Colleague, bool)
	// Act does what one command asks for, once for its cause.
	Act(ctx context.Context, a Act) error
	// Undo takes a deed back. Undoing again changes nothing.
	Undo(ctx context.Context, by postroom.Colleague, deed string) error
	// Told puts into a colleague's words what their letter did, as Markdown.
	Told(ctx context.Context, who postroom.Colleague, t Told) (markdown string, err error)
}

// Act is one command about one matter.
type Act struct {
	By     postroom.Colleague
	Cause  string
	Verb   inbound.Verb
	Matter postroom.Matter
	ID     string    // of the matter, or of the newsletter that is approved
	Until  time.Time // of a snooze
	To     string    // of a pass: address or name
	Words  string    // of a note
}

// Told is what a colleague hears about a letter of theirs with commands.
type Told struct {
	Outcomes []Outcome
	List     bool // they want to have what waits for them listed
	Rest     bool // the letter said other things too, and nobody reads them
}

// Outcome is what became of one command about one matter.
type Outcome struct {
	Verb      inbound.Verb
	Number    int    // 0 where it has none
	Reference string // "" where it has none
	Until     time.Time
	To        string
	Why       string // why nothing was done, as one word; "" where it was done
	Name      string // of a colleague, where that is a part of why
}

// The mails to colleagues about their commands.
const (
	doneByMail   = "done-by-mail"   // what was done, and what was not
	howToCommand = "how-to-command" // how commands work
	notByYou     = "not-by-you"     // somebody sent commands in their name
)

// mostAnswers is how many letters with commands of one colleague are answered in
// a day: two programs must not write to each other for ever.
const mostAnswers = 100

// byCommand acts on a letter with commands of a colleague, and says whether the
// letter is dealt with. What is not shown to be from them does nothing.
func (in *Arrivals) byCommand(ctx context.Context, a arrival) (bool, error) {
	if in.Desk == nil || a.Imported && a.Reason != store.ReadAgain || a.byMachine() {
		return false, nil
	}
	who, here := in.Desk.At(a.Address)
	if !here {
		return false, nil
	}
	commands := inbound.ReadCommands(a.read, a.ReceivedAt.In(in.zone()))
	addressed := slices.Contains(a.verdict.CommandsOf, who.Name)
	if len(commands.List) == 0 && !addressed || !addressed && in.goesOut(a) {
		return false, nil
	}
	signed, err := in.signedBy(ctx, a, who, commands)
	switch {
	case err != nil:
		return false, err
	case !signed && commands.Clear() && (commands.First || !a.verdict.Verified):
		return true, in.notBelieved(ctx, a, who)
	case !signed:
		return false, nil
	}
	if copied, err := in.copied(ctx, a); err != nil || copied {
		return true, err
	}
	if len(commands.List) == 0 {
		return in.explain(ctx, a, who)
	}
	return true, in.obey(ctx, a, who, commands)
}

// byMachine says whether anything in the letter says that nobody wrote it.
func (a arrival) byMachine() bool {
	return slices.ContainsFunc(a.verdict.Against, func(word string) bool {
		return slices.Contains([]string{"own", "not_a_person", "null_sender", "auto_submitted", "precedence", "list", "automatic_header", "report"}, word)
	})
}

// goesOut says whether a letter went to somebody who is not one of us: then it
// is written for them.
func (in *Arrivals) goesOut(a arrival) bool {
	ours := in.Ours().At(a.Mailbox)
	return slices.ContainsFunc(slices.Concat(a.read.To, a.read.Cc), func(to letter.Address) bool { return !ours.Owns(to.Address) })
}

// signedBy says whether a letter is shown to be from the colleague in its From:
// it came to the address that only they were told, or it answers a mail of ours
// that went to them, whose Message-ID is signed; or our mail provider vouches for
// it, and it begins with a command. What a filter or the sender's own domain
// disowns is believed in none of these cases, nor is a letter of two people.
func (in *Arrivals) signedBy(ctx context.Context, a arrival, who postroom.Colleague, c inbound.Commands) (bool, error) {
	disowned := slices.ContainsFunc(a.verdict.Against, func(word string) bool { return word == "dmarc_fail" || word == "spam" })
	if disowned || len(a.read.From) != 1 || len(a.read.Header.All("From")) != 1 {
		return false, nil
	}
	if slices.Contains(a.verdict.CommandsOf, who.Name) {
		return true, nil
	}
	if len(a.verdict.CommandsOf) > 0 { // it came to a colleague's, who is somebody else
		return false, nil
	}
	for _, id := range a.read.Refs() {
		if m, found, err := in.toColleague(ctx, id, who); err != nil || found {
			return m.ID != "", err
		}
	}
	return a.verdict.Verified && c.First && c.Clear() && !slices.Contains(a.verdict.Against, "bcc"), nil
}

// toColleague returns the message of ours with a Message-ID, if it went to a
// colleague for their work.
func (in *Arrivals) toColleague(ctx context.Context, messageID string, who postroom.Colleague) (postroom.Message, bool, error) {
	id, ours := in.own(messageID)
	if !ours {
		return postroom.Message{}, false, nil
	}
	m, err := in.Store.Read(ctx).Message(id)
	if err != nil {
		return postroom.Message{}, false, ignoreNotFound(err)
	}
	return m, m.Contact == "" && strings.EqualFold(m.To, who.Address), nil
}

// notBelieved does nothing, keeps the letter for a person, and lets the colleague
// know whose name stands on it, once a day.
func (in *Arrivals) notBelieved(ctx context.Context, a arrival, who postroom.Colleague) error {
	return in.triageAnd(ctx, a, reasonStaff, func(tx *store.Tx) error {
		return in.owe(tx, in.toThem(a, who, notByYou, "not-by-you:"+who.Name+":"+in.dayOf(a)))
	})
}

// explain tells a colleague how commands work whose letter came to their address
// for commands and has none, once a day, and keeps the letter for a person. An
// answer to somebody that was copied there is dealt with as any other.
func (in *Arrivals) explain(ctx context.Context, a arrival, who postroom.Colleague) (bool, error) {
	if answered, err := in.staffAnswered(ctx, a); err != nil || answered {
		return answered, err
	}
	return true, in.triageAnd(ctx, a, reasonStaff, func(tx *store.Tx) error {
		return in.owe(tx, in.answerTo(a, who, howToCommand, "how-to-command:"+who.Name+":"+in.dayOf(a)))
	})
}

func (in *Arrivals) zone() *time.Location {
	if in.Zone == nil {
		return time.UTC
	}
	return in.Zone
}

func (in *Arrivals) dayOf(a arrival) string { return a.at.In(in.zone()).Format(time.DateOnly) }

// toThem is a mail to a colleague that belongs to no thread and names nothing of
// a letter.
func (in *Arrivals) toThem(a arrival, who postroom.Colleague, template, key string) postroom.Message {
	m := postroom.Message{Key: key, Template: template, To: who.Address, Locale: who.Locale, CreatedAt: a.at, Data: map[string]string{}}
	if in.CommandsTo != nil {
		m.Data["reply_to"] = in.CommandsTo(who.Name)
	}
	return m
}

// answerTo is a mail to a colleague that answers a letter of theirs.
func (in *Arrivals) answerTo(a arrival, who postroom.Colleague, template, key string) postroom.Message {
	m := in.toThem(a, who, template, key)
	m.InReplyTo, m.References = a.MessageID, strings.Join(append(a.read.Refs(), a.MessageID), " ")
	return m
}

// obey does what a letter asks for, one command after the other, and then ends
// the letter and owes the answer in one transaction. Each command is done once
// for the letter, whoever dies in between and begins again.
func (in *Arrivals) obey(ctx context.Context, a arrival, who postroom.Colleague, c inbound.Commands) error {
	t, help := Told{Rest: c.Rest}, false
	for i, cmd := range c.List {
		switch cmd.Verb {
		case inbound.VerbList:
			t.List = true
		case inbound.VerbHelp:
			help = true
		case inbound.VerbApprove:
			o, err := in.approve(ctx, a, who, c, i)
			if err != nil {
				return fmt.Errorf("approve by letter %s: %w", a.ID, err)
			}
			t.Outcomes = append(t.Outcomes, o)
		default:
			outcomes, err := in.do(ctx, a, who, cmd, i)
			if err != nil {
				return fmt.Errorf("%s by letter %s: %w", cmd.Verb, a.ID, err)
			}
			t.Outcomes = append(t.Outcomes, outcomes...)
		}
	}
	mails, err := in.answers(ctx, a, who, t, help)
	if err != nil {
		return err
	}
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonCommands); err != nil {
			return err
		}
		for _, m := range mails {
			if err := in.owe(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// commandsOfLetter is the key of the answer to the commands of a letter.
const commandsOfLetter = "commands:"

// answers writes what a colleague hears, unless they have heard so much today
// that it must be a machine.
func (in *Arrivals) answers(ctx context.Context, a arrival, who postroom.Colleague, t Told, help bool) (list []postroom.Message, err error) {
	n, err := in.Store.Read(ctx).CommandLetters(a.Address, a.at.Add(-24*time.Hour))
	if err != nil || n >= mostAnswers {
		return nil, err
	}
	if t.List || len(t.Outcomes) > 0 {
		m := in.answerTo(a, who, doneByMail, commandsOfLetter+a.ID)
		if m.Data["markdown"], err = in.Desk.Told(ctx, who, t); err != nil {
			return nil, fmt.Errorf("put into words what letter %s did: %w", a.ID, err)
		}
		list = append(list, m)
	}
	if help {
		list = append(list, in.answerTo(a, who, howToCommand, "how-to-command:"+a.ID))
	}
	return list, nil
}

// do does one command.
func (in *Arrivals) do(ctx context.Context, a arrival, who postroom.Colleague, cmd inbound.Command, n int) (list []Outcome, err error) {
	if cmd.Verb == inbound.VerbUndo {
		return in.undo(ctx, a, who, cmd)
	}
	aims := cmd.Aims
	if len(aims) == 0 {
		if aims, err = in.answeredAbout(ctx, a, who); err != nil {
			return nil, err
		}
	}
	if len(aims) == 0 || cmd.Fault != "" && len(cmd.Aims) == 0 {
		return []Outcome{{Verb: cmd.Verb, Why: faultOf(cmd)}}, nil
	}
	for i, aim := range aims {
		o, err := in.doOne(ctx, Act{
			By: who, Cause: fmt.Sprintf("%s%d.%d", causeOf(a.ID), n, i), Verb: cmd.Verb, Until: cmd.Until, To: cmd.To, Words: cmd.Words,
		}, aim, cmd.Fault)
		if err != nil {
			return list, err
		}
		list = append(list, o)
	}
	return list, nil
}

// approve approves the newsletter whose test a letter answers, as it was shown
// there. A letter that says anything else besides may set a condition, and approves
// nothing.
func (in *Arrivals) approve(ctx context.Context, a arrival, who postroom.Colleague, c inbound.Commands, n int) (Outcome, error) {
	o := Outcome{Verb: inbound.VerbApprove, Why: "test"}
	for _, id := range slices.Backward(a.read.Refs()) {
		m, theirs, err := in.toColleague(ctx, id, who)
		if err != nil {
			return o, err
		}
		if !theirs || m.Template != postroom.NewsletterTest {
			continue
		}
		if o.Why = ""; c.Rest || len(c.List) > 1 {
			o.Why = "alone"
			return o, nil
		}
		return o, o.tell(in.Desk.Act(ctx, Act{
			By: who, Cause: fmt.Sprintf("%s%d", causeOf(a.ID), n), Verb: inbound.VerbApprove, ID: m.About, Words: m.Data[postroom.DataDigest],
		}))
	}
	return o, nil
}

func faultOf(cmd inbound.Command) string {
	if cmd.Fault == "" {
		return inbound.FaultWhich
	}
	return cmd.Fault
}

// causeOf is what the causes of a letter's deeds begin with.
func causeOf(letter string) string { return causePrefix + letter + "/" }

const causePrefix = "letter:"

func (in *Arrivals) doOne(ctx context.Context, act Act, aim, fault string) (o Outcome, err error) {
	o = Outcome{Verb: act.Verb, Until: act.Until, To: act.To}
	found, err := in.aimed(ctx, aim, &act, &o)
	if err != nil {
		return o, err
	}
	switch {
	case !found:
		o.Why = "unknown"
	case fault != "":
		o.Why = fault
	default:
		err = o.tell(in.Desk.Act(ctx, act))
	}
	return o, err
}

// tell notes why something was not done. What is nobody's fault but ours stays an
// error, and is tried again.
func (o *Outcome) tell(err error) error {
	e, is := errors.AsType[*postroom.Error](err)
	switch {
	case err == nil:
	case !is, e.Kind == postroom.Internal, e.Kind == postroom.Unavailable, e.Kind == postroom.TooMany:
		return err
	case e.Kind == postroom.NotFound && e.Say.Key != "desk.no_colleague":
		o.Why = "unknown"
	default:
		o.Why, o.Name = strings.TrimPrefix(e.Say.Key, "desk."), e.Say.Args["name"]
	}
	return nil
}

// answeredAbout is the reference of what the mail is about that a letter answers,
// if that is one thing: a notice, or a reminder.
func (in *Arrivals) answeredAbout(ctx context.Context, a arrival, who postroom.Colleague) ([]string, error) {
	for _, id := range slices.Backward(a.read.Refs()) {
		m, theirs, err := in.toColleague(ctx, id, who)
		if err != nil {
			return nil, err
		}
		if theirs && m.Submission != "" {
			sub, err := in.Store.Read(ctx).Submission(m.Submission)
			return []string{sub.Reference}, err
		}
	}
	return nil, nil
}

// aimed finds what a number or a reference stands for.
func (in *Arrivals) aimed(ctx context.Context, aim string, act *Act, o *Outcome) (found bool, err error) {
	r := in.Store.Read(ctx)
	if number, err := strconv.Atoi(aim); err == nil {
		o.Number = number
		item, err := r.ItemWith(number)
		if err != nil {
			return false, ignoreNotFound(err)
		}
		act.Matter, act.ID = item.Matter, item.Subject
		o.Reference, err = referenceOf(r, item.Matter, item.Subject)
		return err == nil, ignoreNotFound(err)
	}
	o.Reference = aim
	if sub, err := r.SubmissionWith(aim); err == nil {
		act.Matter, act.ID = postroom.AboutSubmission, sub.ID
	} else if err := ignoreNotFound(err); err != nil {
		return false, err
	} else if l, err := r.LetterWith(aim); err == nil {
		act.Matter, act.ID = postroom.AboutLetter, l.ID
	} else {
		return false, ignoreNotFound(err)
	}
	o.Number, err = numberOf(r, act.Matter, act.ID)
	return true, err
}

func numberOf(r store.Reader, matter postroom.Matter, id string) (int, error) {
	numbers, err := r.ItemsOf(matter, []string{id})
	return numbers[id], err
}

// referenceOf is what a matter is called; "" where it has no reference.
func referenceOf(r store.Reader, matter postroom.Matter, id string) (string, error) {
	switch matter {
	case postroom.AboutSubmission:
		sub, err := r.Submission(id)
		return sub.Reference, err
	case postroom.AboutLetter:
		l, err := r.Letter(id)
		return l.Reference, err
	case postroom.AboutCall:
		c, err := r.Call(id)
		return c.Reference, err
	}
	return "", nil
}
