// Package outbound is the one door out: it writes every email and hands it to
// a mail server, and no other package speaks SMTP.
//
// The idea a newcomer needs: a message is a row before it is sent, and the row
// says "sending", committed, before the mail server hears of it. So whatever
// dies, and whenever, the row tells what is known: it has left, it has not, or
// nobody can say. A service message that nobody can say about is sent once
// more under the same Message-ID and then shown to a person; a newsletter copy
// is only shown.
//
// Whether a message may leave at all is decided in one place, gate.go. How it
// reads is in templates/email; letters.go loads that, compose.go makes the
// mail, send.go speaks to the server, breaker.go leaves a server alone that is
// away.
package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/internal/config"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Organisation is whose mail it is.
type Organisation struct {
	Name          string
	BaseURL       string         // of the web pages, without a slash at the end
	DeskURL       string         // of the coordinators' desk; "" where there is none, and then no letter mentions it
	Zone          *time.Location // in which dates are written; nil is UTC
	From          mail.Address
	PostalAddress string         // at the end of marketing
	EmergencyText postroom.Words // instead of the standard text; nil keeps that
}

// Options is everything an Outbox needs.
type Options struct {
	Store         *store.Store
	Letters       *Letters
	Links         *link.Signer
	Clock         postroom.Clock
	Org           Organisation
	Servers       []Server // tried in this order
	DeliverOnlyTo []string // addresses, or @domain, in small letters; all other mail is held. Empty is no limit
	// Modes says how much a mailbox does by itself; nil is: it answers.
	Modes func(mailbox string) config.MailboxMode
	// WatchedUntil returns when a mailbox was watched last, if it was changed to
	// more since: what was owed before stays unsent. Nil is never.
	WatchedUntil func(mailbox string) time.Time

	Drafter Drafter // makes drafts for mailboxes in mode draft; may be nil
	// LeaveTo returns the address to which a letter ends a subscription; nil, or
	// "", is that there is none.
	LeaveTo func(subscription string) string

	// Tell writes into copies of a newsletter what is known of those they are for:
	// Data of the fields that are named. nil knows nothing.
	Tell func(r store.Reader, c postroom.Campaign, fields []string, copies []postroom.Message) error

	Permits   Permits          // how many may leave at a time; nil is no limit
	Answers   config.Answers   // to letters, in a day; zero is the usual
	Strangers config.Strangers // what they may cause; zero is the usual
	Watchers  []Reader         // hear when no more answers leave

	// Journal is the folder of the sending journals; "" keeps them in memory, and
	// then all copies of a part that was being sent when the process died are
	// uncertain.
	Journal string

	Log    *slog.Logger
	Before postroom.Failpoint // around each command to a mail server; nil but in tests
}

// Outbox owes, gates and sends messages. It is safe for many workers at once.
type Outbox struct {
	store   *store.Store
	letters *Letters
	links   *link.Signer
	clock   postroom.Clock
	org     Organisation
	only    []string
	servers []*server
	modes   func(mailbox string) config.MailboxMode
	watch   func(mailbox string) time.Time // until when it was only watched
	drafter Drafter
	leaveTo func(subscription string) string
	permits Permits
	tell    func(r store.Reader, c postroom.Campaign, fields []string, copies []postroom.Message) error
	answers config.Answers
	strange config.Strangers // what strangers may cause
	log     *slog.Logger

	watchers []Reader
	journals *journals

	mu     sync.Mutex
	latest *edition // of the campaign that was sent last
}

// New returns an Outbox. It connects to nothing yet. It returns an error when
// an option is missing or a server's settings cannot be used.
func New(o Options) (*Outbox, error) {
	if o.Store == nil || o.Letters == nil || o.Links == nil || o.Clock == nil || o.Org.From.Address == "" {
		return nil, errors.New("outbound: store, letters, links, clock and the organisation's address are all needed")
	}
	out := &Outbox{store: o.Store, letters: o.Letters, links: o.Links, clock: o.Clock, org: o.Org, only: o.DeliverOnlyTo, modes: o.Modes, watch: o.WatchedUntil, drafter: o.Drafter, leaveTo: o.LeaveTo, permits: o.Permits, tell: o.Tell, answers: o.Answers, strange: o.Strangers, watchers: o.Watchers, log: o.Log}
	if out.answers == (config.Answers{}) {
		out.answers = config.UsualAnswers()
	}
	if out.strange == (config.Strangers{}) {
		out.strange = config.UsualStrangers()
	}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	if out.org.Zone == nil {
		out.org.Zone = time.UTC
	}
	var err error
	if out.journals, err = openJournals(o.Journal); err != nil {
		return nil, err
	}
	for _, settings := range o.Servers {
		s, err := newServer(settings, o.Clock)
		if err != nil {
			return nil, fmt.Errorf("mail server %s: %w", settings.Name, err)
		}
		s.before = o.Before
		out.servers = append(out.servers, s)
	}
	return out, nil
}

// Close ends the connections that are kept for the next message.
func (o *Outbox) Close() {
	for _, s := range o.servers {
		s.hangUp()
	}
}

// Owe files a message and the job that delivers it, in the caller's
// transaction. It fills in what follows from the letter: id, Message-ID, class
// and (unless the caller chose one) lane. A message with this key that was owed
// before stands as it is, and nothing is filed.
func (o *Outbox) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	return o.OweAt(tx, m, o.clock.Now())
}

// OweAt is Owe for a message that leaves no earlier than a moment, so that it
// can be taken back until then.
func (o *Outbox) OweAt(tx *store.Tx, m postroom.Message, at time.Time) (postroom.Message, error) {
	if err := o.address(&m); err != nil {
		return m, fmt.Errorf("owe message: %w", err)
	}
	return m, tx.OweMessage(m, at)
}

// OweCopies files copies of one part of a newsletter, in the caller's
// transaction, without jobs of their own: the job of the part delivers them. It
// says how many it filed: not those for a subscription that has one. A copy's id
// and Message-ID follow from its campaign and its number.
func (o *Outbox) OweCopies(tx *store.Tx, copies []postroom.Message) (int, error) {
	found := make(map[string]bool)
	for i := range copies {
		m := &copies[i]
		m.Template, m.Locale = NewsletterLetter, cmp.Or(m.Locale, "en")
		if m.CreatedAt.IsZero() {
			m.CreatedAt = o.clock.Now()
		}
		if found[m.Locale] {
			continue
		}
		if _, err := o.letters.find(m.Template, m.Locale); err != nil {
			return 0, fmt.Errorf("owe copy: %w", err)
		}
		found[m.Locale] = true
	}
	return tx.AddCopies(copies)
}

// address fills in what is fixed at the moment a message is owed.
func (o *Outbox) address(m *postroom.Message) error {
	if m.Raw == nil {
		l, err := o.letters.find(m.Template, m.Locale)
		if err != nil {
			return err
		}
		m.Class = l.class
		if m.Lane == "" {
			m.Lane = l.lane
		}
	}
	if m.ID == "" {
		m.ID = store.NewMessageID()
	}
	if m.Key == "" {
		m.Key = m.ID
	}
	if m.Locale == "" {
		m.Locale = "en"
	}
	m.MessageID = o.links.MessageID(m.ID, domain(o.sender(*m)))
	m.State = postroom.Queued
	if m.CreatedAt.IsZero() {
		m.CreatedAt = o.clock.Now()
	}
	return nil
}

// Release sends what a hold on a submission kept back, and says how many mails
// that is. The caller has taken the hold off in the same transaction. Whoever
// has had the approved words knows that we have the message and is not told
// again, unless a question is open.
func (o *Outbox) Release(tx *store.Tx, submission string) (sent int, err error) {
	if err := o.forgoNeedless(tx, submission); err != nil {
		return 0, err
	}
	ids, err := tx.ReleaseMessages(submission)
	if err != nil {
		return 0, fmt.Errorf("release messages: %w", err)
	}
	for _, id := range ids {
		if err := o.reopen(tx, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// Resume lets messages go that were kept back for a reason which holds no
// longer. Those that were settled otherwise stay as they are.
func (o *Outbox) Resume(tx *store.Tx, messages []string, reason string) error {
	for _, id := range messages {
		resumed, err := tx.Resume(id, reason)
		if err == nil && resumed {
			err = o.reopen(tx, id)
		}
		if err != nil {
			return fmt.Errorf("let message %s go after all: %w", id, err)
		}
	}
	return nil
}

func (o *Outbox) forgoNeedless(tx *store.Tx, submission string) error {
	about, err := tx.MessagesAbout(submission)
	if err != nil {
		return fmt.Errorf("list messages about submission %s: %w", submission, err)
	}
	told := slices.ContainsFunc(about, func(m postroom.Message) bool { return o.letters.lets(m.Template) })
	for _, m := range about {
		if m.State != postroom.Held || m.Contact == "" || !o.letters.acknowledges(m.Template) {
			continue
		}
		if told && m.Data["questions"] == "" {
			err = tx.Forgo(m.ID, ReasonAnswered, o.clock.Now())
		} else { // the day that was promised may be past
			m.Data["reply_by"] = ""
			err = tx.SetMessageData(m.ID, m.Data)
		}
		if err != nil {
			return fmt.Errorf("release message %s: %w", m.ID, err)
		}
	}
	return nil
}

// SendAgain makes a failed, held or uncertain message due once more, because
// a person said so. It returns Gone if the message is in another state.
func (o *Outbox) SendAgain(ctx context.Context, id string) error {
	return o.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RequeueMessage(id); err != nil {
			return err
		}
		return o.reopen(tx, id)
	})
}

// reopen makes the deliver job of a message due. One that is not settled yet
// will find the message waiting by itself.
func (o *Outbox) reopen(tx *store.Tx, message string) error {
	job, err := jobOf(tx, message)
	if err != nil {
		return err
	}
	if job.State != postroom.JobDone && job.State != postroom.JobDead {
		return nil
	}
	return tx.ReopenJob(job.ID, o.clock.Now())
}

// jobOf returns the job that delivers a message: its own, or, for a copy of a
// newsletter, that of the part it belongs to.
func jobOf(tx *store.Tx, message string) (postroom.Job, error) {
	m, err := tx.Message(message)
	if err != nil {
		return postroom.Job{}, err
	}
	if m.Campaign != "" {
		return tx.JobOf(postroom.JobCampaignChunk, postroom.ChunkSubject(m.Campaign, m.Chunk))
	}
	return tx.JobOf(postroom.JobDeliver, message)
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// instance names this post room in the headers by which it knows its own mail.
func (o *Outbox) instance() string {
	if u, err := url.Parse(o.org.BaseURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return domain(o.org.From.Address)
}
