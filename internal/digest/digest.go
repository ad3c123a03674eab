package digest

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Outbox owes mails, and shows what they will look like.
type Outbox interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
	Preview(m postroom.Message) (subject, text, html string, err error)
}

// Options are what Digests need.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Letters    *outbound.Letters // for how dates, numbers and reasons are written
	Outbox     Outbox
	Templates  fs.FS // with digest/LOCALE.md
	Zone       *time.Location
	At         *Hour // when summaries are due; nil is never
	Team       Team
	Clock      postroom.Clock

	// ReplyTo is the address that a copy of an answer goes to, so that we learn
	// of the answer: of the mailbox that a submission came to ("" for one that
	// came by no letter), with its reference. "" is no copy.
	ReplyTo func(mailbox, reference string) string

	// CommandsTo is the address to which a colleague's commands go, signed for them
	// where a mailbox of ours gets mail for that; "" where we read no mailbox.
	CommandsTo func(colleague string) string

	// Deed is the link to a page with one button that does an act about a matter
	// as a colleague; "" where there is no desk.
	Deed func(act string, matter postroom.Matter, id, colleague string) string

	// Slack posts counts; nil is nowhere.
	Slack *Slack

	// Ending lists the secrets of ours that come to their end; nil is none.
	Ending func(now time.Time) []Ending
}

// Ending is that a secret of ours comes to its end, by which a mailbox is opened
// or a mail server sends. One of both is named.
type Ending struct {
	Mailbox string
	Server  string
	At      time.Time // the day
}

// Digests makes the daily summaries.
type Digests struct {
	Options
	sheets sheets
	told   sheets // of the answers to commands
	post   *template.Template
}

// New returns Digests. The error names what is wrong in a template.
func New(o Options) (*Digests, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	sheets, err := readSheets(o.Templates, "digest")
	if err != nil {
		return nil, fmt.Errorf("read summaries: %w", err)
	}
	told, err := readSheets(o.Templates, "commands")
	if err != nil {
		return nil, fmt.Errorf("read answers to commands: %w", err)
	}
	text, err := fs.ReadFile(o.Templates, "digest/slack.txt")
	if err != nil {
		return nil, fmt.Errorf("read post: %w", err)
	}
	post, err := readPost(string(text))
	if err != nil {
		return nil, fmt.Errorf("read post: %w", err)
	}
	return &Digests{o, sheets, told, post}, nil
}

// The letters that carry a summary.
const (
	letter     = "digest"
	calmLetter = "digest-calm"
	awayLetter = "digest-away" // somebody seems to be away
	unheardOf  = "unheard"     // nobody acts on somebody's summaries
)

// Printed is a summary as its reader would see it. With nothing to say only
// Outcome is set.
type Printed struct {
	Coordinator         string
	Outcome             store.DigestOutcome
	Subject, Text, HTML string
}

// Preview returns a colleague's summary as it would be if it were made at a
// moment, and changes nothing: what has no number yet gets none. It returns
// NotFound for somebody who is not here.
func (d *Digests) Preview(ctx context.Context, colleague string, at time.Time) (Printed, error) {
	who, known := d.find(colleague)
	if !known {
		return Printed{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("nobody here is called %q", colleague)}
	}
	g := d.begin(ctx, d.reading(who, at), at)
	p := Printed{Coordinator: who.Name}
	sheet, err := g.gather()
	if err != nil {
		return p, err
	}
	m, outcome, err := g.compose(sheet)
	p.Outcome = outcome
	if err != nil || outcome == store.DigestQuiet {
		return p, err
	}
	p.Subject, p.Text, p.HTML, err = d.Outbox.Preview(m)
	return p, err
}

// Make makes the summary that a job is about and owes it, once: the second
// time it changes nothing. A day that is over has no summary any more, because
// today's tells what still matters. Somebody who is away gets none: what waits
// for them stands in the summary of whoever covers for them.
func (d *Digests) Make(ctx context.Context, subject string) error {
	name, day := parse(subject)
	now := d.Clock.Now()
	if err := d.Team.Refresh(ctx); err != nil {
		return err
	}
	who, reads := d.readsNow(name, now)
	if !reads || day != d.day(now) {
		return nil
	}
	if last, found, err := d.Store.Read(ctx).LastDigest(name, day); err != nil || found && last.Day == day {
		return err
	}
	if err := d.make(ctx, who, day, now); err != nil {
		return fmt.Errorf("make summary of %s: %w", day, err)
	}
	return nil
}

func (d *Digests) readsNow(name string, at time.Time) (postroom.Colleague, bool) {
	list := d.readers(at)
	i := slices.IndexFunc(list, func(c postroom.Colleague) bool { return c.Name == name })
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return list[i], true
}

// make gathers before anything is written, because rendering has no place in a
// transaction. What is told of gets its number first, in a transaction of its
// own: a number that was once given stays, so whoever dies in between finds the
// same ones again.
func (d *Digests) make(ctx context.Context, who postroom.Colleague, day string, at time.Time) error {
	g := d.begin(ctx, d.reading(who, at), at)
	sheet, err := g.gather()
	if err != nil {
		return err
	}
	if err := g.number(ctx, &sheet); err != nil {
		return err
	}
	m, outcome, err := g.compose(sheet)
	if err != nil {
		return err
	}
	made := store.Digest{Coordinator: who.Name, Day: day, Outcome: outcome, Waiting: sheet.Waits(), MadeAt: at}
	if made.Unheard, err = g.unheard(sheet, day); err != nil {
		return fmt.Errorf("look whether anybody acts: %w", err)
	}
	return d.owe(ctx, m, made, g.unheardMails(sheet, made))
}

// number gives a number to everything in a sheet that has none yet.
func (g *gathering) number(ctx context.Context, sheet *Sheet) error {
	lacking := slices.DeleteFunc(sheet.numbered(), func(i *Item) bool { return i.Number > 0 })
	if len(lacking) == 0 {
		return nil
	}
	return g.Store.Write(ctx, func(tx *store.Tx) (err error) {
		for _, i := range lacking {
			if i.Number, err = tx.Number(i.Matter, i.ID, sheet.At); err != nil {
				return err
			}
		}
		return nil
	})
}

// owe notes the summary and owes its mail in one transaction, so that neither
// is ever there without the other; and so with what others are told about it.
func (d *Digests) owe(ctx context.Context, m postroom.Message, made store.Digest, besides []postroom.Message) error {
	if made.Outcome != store.DigestQuiet {
		m.ID = store.NewMessageID()
		m.Key, made.Message = "digest:"+made.Coordinator+":"+made.Day, m.ID
		besides = append([]postroom.Message{m}, besides...)
	}
	return d.Store.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.AddDigest(made)
		if err != nil || !first {
			return err
		}
		for _, m := range besides {
			if _, err := d.Outbox.Owe(tx, m); err != nil {
				return fmt.Errorf("owe %s: %w", m.Template, err)
			}
		}
		return nil
	})
}

// compose writes down what was gathered as a mail.
func (g *gathering) compose(s Sheet) (m postroom.Message, outcome store.DigestOutcome, err error) {
	m = postroom.Message{
		To: g.who.Address, Locale: localeOf(g.who.Colleague), Class: postroom.Service, Template: letter, CreatedAt: s.At,
		Data: map[string]string{"starts": s.At.UTC().Format(time.RFC3339), "reply_to": g.commands()},
	}
	if !s.empty() {
		m.Data["markdown"], err = g.sheets.write(g.language, g.summary(s))
		return m, store.DigestSent, err
	}
	if s.PutOff == 0 && g.now.Weekday() == time.Monday && g.calm(g.who.Colleague) {
		m.Template = calmLetter
		return m, store.DigestCalm, nil
	}
	return m, store.DigestQuiet, nil
}

// words are the language that a summary for a reader of locale is written in.
func (d *Digests) words(locale string) language {
	tag := d.sheets.nearest(locale)
	return language{tag: tag, Words: d.Letters.Words(tag, d.Zone)}
}

// subject is what the job of one summary is about.
func subject(coordinator, day string) string { return coordinator + "/" + day }

func parse(subject string) (coordinator, day string) {
	cut := strings.LastIndexByte(subject, '/')
	return subject[:max(cut, 0)], subject[cut+1:]
}

// Names lists who gets a summary now.
func (d *Digests) Names() (names []string) {
	for _, c := range d.readers(d.Clock.Now()) {
		names = append(names, c.Name)
	}
	return names
}
