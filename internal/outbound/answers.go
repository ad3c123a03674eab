package outbound

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Why an answer to a letter was kept back.
const (
	ReasonWatch    = "reason.watch"    // the mailbox is only watched: it would have been sent
	ReasonDrafted  = "reason.drafted"  // it lies among the mailbox's drafts
	ReasonAnswered = "reason.answered" // a person was faster
	ReasonBounced  = "reason.bounced"  // it was sent, and came back

	ReasonTakenBack = "reason.taken_back" // whoever wrote it took it back before it left

	// What a budget kept back or put off, the narrowest first.
	ReasonBudget        = "reason.budget"         // the sender has had this answer today
	ReasonBudgetAddress = "reason.budget_address" // the sender has had enough answers today
	ReasonBudgetDomain  = "reason.budget_domain"  // the sender's neighbours have
	ReasonBudgetInAll   = "reason.budget_in_all"  // everybody has
)

// Drafter puts a mail among the drafts of a mailbox, once.
type Drafter interface {
	Draft(ctx context.Context, mailbox string, raw []byte, messageID string) error
}

// mode says how much a mailbox does by itself.
func (o *Outbox) mode(mailbox string) config.MailboxMode {
	if o.modes == nil || mailbox == "" {
		return config.Answer
	}
	return o.modes(mailbox)
}

// watched keeps back what a mailbox would answer that is only watched, to
// whoever it is: staff see its letters in their own mail program. They are called
// all the same when somebody may be in danger, and what a person wrote is no
// doing of the mailbox's.
func (o *Outbox) watched(tx *store.Tx, m postroom.Message) (verdict, error) {
	if o.modes == nil || m.Lane == postroom.Urgent && m.Contact == "" && m.Letter == "" || o.letters.byAPerson(m.Template) {
		return verdict{}, nil
	}
	mailbox := m.Sender
	if mailbox == "" && m.Submission != "" {
		var err error
		if mailbox, err = tx.MailboxOf(m.Submission); err != nil {
			return verdict{}, err
		}
	}
	old, err := o.owedInWatch(tx, mailbox, m)
	if err != nil {
		return verdict{}, err
	}
	if old || o.mode(mailbox) == config.Watch {
		return verdict{state: postroom.Suppressed, reason: ReasonWatch}, nil
	}
	return verdict{}, nil
}

// owedInWatch says whether a message was owed, or answers a letter that came, while
// its mailbox was only watched: whoever lets the mailbox answer from now on does not
// expect that to leave. What was promised for later is kept.
func (o *Outbox) owedInWatch(tx *store.Tx, mailbox string, m postroom.Message) (bool, error) {
	if o.watch == nil || mailbox == "" {
		return false, nil
	}
	until := o.watch(mailbox)
	if until.IsZero() || m.CreatedAt.Before(until) || m.Letter == "" {
		return m.CreatedAt.Before(until), nil
	}
	answers, err := tx.Letter(m.Letter)
	if postroom.KindOf(err) == postroom.NotFound { // it was erased
		return false, nil
	}
	return err == nil && answers.ReceivedAt.Before(until), err
}

// drafted keeps back what a person wants to send themselves. Deliver makes the
// draft; whoever else asks comes again.
func (o *Outbox) drafted(_ *store.Tx, m postroom.Message) (verdict, error) {
	if o.mode(m.Sender) != config.Draft || o.letters.byAPerson(m.Template) {
		return verdict{}, nil
	}
	return verdict{state: postroom.Deferred, reason: ReasonDrafted, until: o.clock.Now().Add(lastRest)}, nil
}

// draft makes a draft of the message of a job where its mailbox asks for
// that, and says whether the job is dealt with. A draft that was made by a
// process that died is found again by its Message-ID.
func (o *Outbox) draft(ctx context.Context, job postroom.Job) (store.Outcome, bool) {
	if o.drafter == nil || o.modes == nil {
		return store.Outcome{}, false
	}
	var m postroom.Message
	var v verdict
	err := o.store.Write(ctx, func(tx *store.Tx) (err error) {
		if m, err = tx.Message(job.Subject); err == nil && m.Sender != "" {
			v, err = o.judge(tx, m, o.clock.Now())
		}
		return err
	})
	if err != nil || v.reason != ReasonDrafted {
		return store.Outcome{}, false // the ordinary way finds out why
	}
	raw, err := o.compose(m, nil)
	if err == nil {
		err = o.drafter.Draft(ctx, m.Sender, raw, m.MessageID)
	}
	if err != nil {
		o.log.WarnContext(ctx, "draft not made", "message", m.ID, "job", job.ID, "err", err)
		return store.Outcome{Verdict: store.Wait, At: o.clock.Now().Add(lastRest), Reason: ReasonServerAway}, true
	}
	return store.Outcome{Verdict: store.Done, Reason: ReasonDrafted, Also: func(tx *store.Tx) error {
		return tx.Withhold(m.ID, postroom.Suppressed, ReasonDrafted, o.clock.Now())
	}}, true
}

// answersWithin is the time for which answers to letters are counted. How many
// there may be is in the settings.
const answersWithin = 24 * time.Hour

// budget bounds what letters cause to be sent. That we have a letter is said
// once a day and form; whoever writes more often knows it by then, and people
// see every letter. What a letter brought about (a place, a cancellation) waits
// for room instead, and so does the first answer to somebody whose neighbours
// have had many: nobody is left without one.
func (o *Outbox) budget(tx *store.Tx, m postroom.Message, now time.Time) (verdict, error) {
	if m.Letter == "" {
		return verdict{}, nil
	}
	if err := tx.TouchAddress(m.To, time.Time{}); err != nil { // locked: two workers cannot both see the last room
		return verdict{}, err
	}
	sent, err := tx.Answers(m.To, now.Add(-answersWithin))
	if err != nil {
		return verdict{}, err
	}
	later := func(reason string) verdict {
		return verdict{state: postroom.Deferred, reason: reason, until: now.Add(time.Hour)}
	}
	enough := o.answersTo(sent, m.To) >= o.answers.ToAddress
	switch {
	case o.answersLike(sent, m) >= o.mostLike(m):
		return verdict{state: postroom.Suppressed, reason: ReasonBudget}, nil
	case enough && o.onlyAcknowledges(m):
		return verdict{state: postroom.Suppressed, reason: ReasonBudgetAddress}, nil
	case enough && !o.letters.lets(m.Template):
		return later(ReasonBudgetAddress), nil
	case len(sent.ToDomain) >= o.answers.ToDomain && !everybodys(domain(m.To)) && !o.letters.lets(m.Template):
		return later(ReasonBudgetDomain), nil
	case sent.InAll >= o.answers.InAll:
		return later(ReasonBudgetInAll), o.alarmOfAnswers(tx, sent.InAll, now)
	}
	return verdict{}, nil
}

// alarmOfAnswers says aloud, once a day, that no more answers leave.
func (o *Outbox) alarmOfAnswers(tx *store.Tx, sent int, now time.Time) error {
	return o.Alarm(tx, Alarm{
		Key: "answers:" + now.In(o.org.Zone).Format(time.DateOnly), Template: alarmAnswers, To: o.watchers,
		Data: map[string]string{"waiting": strconv.Itoa(sent)},
	})
}

// sameAnswer says whether somebody has had an answer already that says what a
// message would say: that we have a letter on the same form, or the approved
// words of a hold, which are counted by themselves.
func (o *Outbox) sameAnswer(m postroom.Message, a store.Answer) bool {
	if o.letters.lets(m.Template) {
		return o.letters.lets(a.Template)
	}
	return a.Form == m.Form && o.onlyAcknowledges(m) && o.letters.acknowledges(a.Template)
}

// onlyAcknowledges says whether a message says no more than that a letter came
// in. What was understood of it is more.
func (o *Outbox) onlyAcknowledges(m postroom.Message) bool {
	return o.letters.acknowledges(m.Template) && m.Data["understood"] == ""
}

// answersLike counts the answers that said to the same address what a message
// would say.
func (o *Outbox) answersLike(sent store.Answers, m postroom.Message) (n int) {
	for _, a := range sent.ToDomain {
		if a.Address == m.To && o.sameAnswer(m, a) {
			n++
		}
	}
	return n
}

// mostLike is how often a day may say the same to somebody: the approved words
// of a hold never twice.
func (o *Outbox) mostLike(m postroom.Message) int {
	if o.letters.lets(m.Template) {
		return 1
	}
	return o.answers.Same
}

// answersTo counts the answers to one address, but for the approved words.
func (o *Outbox) answersTo(sent store.Answers, address string) (n int) {
	for _, a := range sent.ToDomain {
		if a.Address == address && !o.letters.lets(a.Template) {
			n++
		}
	}
	return n
}

// everybodys says whether a domain gives addresses to everybody, so that many
// people write from it in a day.
func everybodys(domain string) bool {
	return slices.Contains([]string{"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "live.co.uk", "msn.com",
		"yahoo.com", "yahoo.co.uk", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "btinternet.com", "sky.com", "talktalk.net",
		"virginmedia.com", "ntlworld.com", "proton.me", "protonmail.com", "gmx.com", "gmx.net", "mail.com", "ukr.net", "i.ua", "meta.ua"}, strings.ToLower(domain))
}

// Answered settles what would still tell somebody that we have their letter:
// a person was faster. submission is "" for a letter that belongs to none.
func (o *Outbox) Answered(tx *store.Tx, letter, submission string, at time.Time) error {
	var owed []postroom.Message
	if kept, found, err := tx.MessageWithKey("kept:" + letter); err != nil {
		return fmt.Errorf("find answer to letter %s: %w", letter, err)
	} else if found {
		owed = append(owed, kept)
	}
	if submission != "" {
		about, err := tx.MessagesAbout(submission)
		if err != nil {
			return fmt.Errorf("list messages about submission %s: %w", submission, err)
		}
		owed = append(owed, about...)
	}
	for _, m := range owed {
		waits := m.State == postroom.Queued || m.State == postroom.Deferred || m.State == postroom.Held
		if !waits || m.Letter == "" || !o.letters.acknowledges(m.Template) {
			continue
		}
		if err := tx.Forgo(m.ID, ReasonAnswered, at); err != nil {
			return fmt.Errorf("keep message %s back: %w", m.ID, err)
		}
	}
	return nil
}

// Bounced notes that a message which was sent has come back. Where nothing ever
// arrives, the address is dead; where the report does not blame us, it gets a point;
// and what a person was
// owed, they are told by phone. The second report of one message changes
// nothing.
func (o *Outbox) Bounced(tx *store.Tx, message string, never bool, reason string, at time.Time) error {
	m, err := tx.Message(message)
	if err != nil {
		return err
	}
	first, err := tx.BounceMessage(m.ID, ReasonBounced, at)
	if err != nil || !first {
		return err
	}
	if err := o.blame(tx, m, reported(never, reason), at); err != nil {
		return err
	}
	o.log.InfoContext(context.Background(), "message came back", "message", m.ID, "reason", reason)
	if owesCall(m) {
		if err := tx.OweCall(m, ReasonBounced, at); err != nil {
			return err
		}
	}
	return o.shows(tx, m, nil)
}

// acknowledges says whether a letter only says that something came in.
func (l *Letters) acknowledges(name string) bool {
	found := l.library()["en"][name]
	return found != nil && found.acknowledges
}

// byAPerson says whether a letter is what a person wrote.
func (l *Letters) byAPerson(name string) bool {
	found := l.library()["en"][name]
	return found != nil && found.byPerson
}

// lets says whether a letter is the approved words that a hold lets pass.
func (l *Letters) lets(name string) bool {
	found := l.library()["en"][name]
	return found != nil && found.holding
}
