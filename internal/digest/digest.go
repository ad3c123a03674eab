package digest

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Coordinator is somebody who gets a summary, and what they look after.
type Coordinator struct {
	Name       string
	Address    string
	Locale     string
	Programmes []string // names; somebody with none hears only of what is nobody's
}

// Outbox owes mails, and shows what they will look like.
type Outbox interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
	Preview(m postroom.Message) (subject, text, html string, err error)
}

// Options are what Digests need.
type Options struct {
	Store        *store.Store
	Programmes   *programme.Set
	Letters      *outbound.Letters // for how dates, numbers and reasons are written
	Outbox       Outbox
	Templates    fs.FS // with digest/LOCALE.md
	Zone         *time.Location
	At           *Hour // when summaries are due; nil is never
	Coordinators []Coordinator
	Clock        postroom.Clock

	// ReplyTo is the address that a copy of an answer goes to, so that we learn
	// of the answer: of the mailbox that a submission came to ("" for one that
	// came by no letter), with its reference. "" is no copy.
	ReplyTo func(mailbox, reference string) string

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
}

// New returns Digests. The error names what is wrong in a template.
func New(o Options) (*Digests, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	sheets, err := readSheets(o.Templates)
	if err != nil {
		return nil, fmt.Errorf("read summaries: %w", err)
	}
	return &Digests{o, sheets}, nil
}

// The letters that carry a summary.
const (
	letter     = "digest"
	calmLetter = "digest-calm"
)

// Printed is a summary as its reader would see it. With nothing to say only
// Outcome is set.
type Printed struct {
	Coordinator         string
	Outcome             store.DigestOutcome
	Subject, Text, HTML string
}

// Preview returns a coordinator's summary as it would be if it were made at a
// moment, and changes nothing. It returns NotFound for an unknown coordinator.
func (d *Digests) Preview(ctx context.Context, coordinator string, at time.Time) (Printed, error) {
	who, known := d.find(coordinator)
	if !known {
		return Printed{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("there is no coordinator %q", coordinator)}
	}
	m, outcome, err := d.compose(ctx, who, at)
	p := Printed{Coordinator: who.Name, Outcome: outcome}
	if err != nil || outcome == store.DigestQuiet {
		return p, err
	}
	p.Subject, p.Text, p.HTML, err = d.Outbox.Preview(m)
	return p, err
}

// Make makes the summary that a job is about and owes it, once: the second
// time it changes nothing. A day that is over has no summary any more, because
// today's tells what still matters.
func (d *Digests) Make(ctx context.Context, subject string) error {
	name, day := parse(subject)
	now := d.Clock.Now()
	who, known := d.find(name)
	if !known || day != d.day(now) {
		return nil
	}
	if last, found, err := d.Store.Read(ctx).LastDigest(name, day); err != nil || found && last.Day == day {
		return err
	}
	m, outcome, err := d.compose(ctx, who, now)
	if err != nil {
		return fmt.Errorf("make summary of %s: %w", day, err)
	}
	return d.owe(ctx, m, store.Digest{Coordinator: name, Day: day, Outcome: outcome, MadeAt: now})
}

// owe notes the summary and owes its mail in one transaction, so that neither
// is ever there without the other.
func (d *Digests) owe(ctx context.Context, m postroom.Message, made store.Digest) error {
	if made.Outcome != store.DigestQuiet {
		m.ID = store.NewMessageID()
		m.Key, made.Message = "digest:"+made.Coordinator+":"+made.Day, m.ID
	}
	return d.Store.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.AddDigest(made)
		if err != nil || !first || made.Outcome == store.DigestQuiet {
			return err
		}
		_, err = d.Outbox.Owe(tx, m)
		return err
	})
}

// compose writes a coordinator's summary at a moment. What it says about other
// people is gathered before anything is written, because rendering has no
// place in a transaction.
func (d *Digests) compose(ctx context.Context, who Coordinator, at time.Time) (postroom.Message, store.DigestOutcome, error) {
	m := postroom.Message{
		To: who.Address, Locale: cmp.Or(who.Locale, "en"), Class: postroom.Service, Template: letter, CreatedAt: at,
		Data: map[string]string{"starts": at.UTC().Format(time.RFC3339)},
	}
	s, err := d.gather(ctx, who, at)
	if err != nil {
		return m, "", err
	}
	if !s.empty() {
		m.Data["markdown"], err = d.sheets.write(d.words(m.Locale), s)
		return m, store.DigestSent, err
	}
	if at.In(d.Zone).Weekday() == time.Monday {
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

func (d *Digests) find(coordinator string) (Coordinator, bool) {
	i := slices.IndexFunc(d.Coordinators, func(c Coordinator) bool { return c.Name == coordinator })
	if i < 0 {
		return Coordinator{}, false
	}
	return d.Coordinators[i], true
}

// subject is what the job of one summary is about.
func subject(coordinator, day string) string { return coordinator + "/" + day }

func parse(subject string) (coordinator, day string) {
	cut := strings.LastIndexByte(subject, '/')
	return subject[:max(cut, 0)], subject[cut+1:]
}

// Names lists who gets a summary.
func (d *Digests) Names() (names []string) {
	for _, c := range d.Coordinators {
		names = append(names, c.Name)
	}
	return names
}
