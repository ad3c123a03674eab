// Package casework is what colleagues do with what came in: take it, pass it
// on, answer it, put it off, put it aside. The desk's pages, the commands in a
// reply to a summary, and the command line all act through it.
//
// The idea a newcomer needs: each act is one function and one transaction. It
// looks whether the colleague may, acts, and writes a Deed beside it: where the
// matter stood before and where it stands after. Whoever undoes a deed puts
// back what was before, as long as the matter stands where the deed left it.
// So an act that died half way never happened, a second press of the same
// button changes nothing, and undoing never overwrites what somebody else did
// since.
package casework

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/team"
	"postroom/internal/workflow"
)

// Ref names what a colleague acts on.
type Ref struct {
	Matter postroom.Matter
	ID     string
}

// FileAs says whose letter it is, by a colleague who has looked.
type FileAs struct {
	Person string // their address, or their telephone number
	Name   string // "" is as the letter says
	Form   string // "" is the form that the words and the mailbox stand for
}

// Outbox is where messages are owed, let go and kept back.
type Outbox interface {
	// OweAt owes a message that leaves no earlier than at.
	OweAt(tx *store.Tx, m postroom.Message, at time.Time) (postroom.Message, error)
	Answered(tx *store.Tx, letter, submission string, at time.Time) error
	Release(tx *store.Tx, submission string) (sent int, err error)
	// Resume lets messages go that were kept back for a reason.
	Resume(tx *store.Tx, messages []string, reason string) error
}

// Letters is the room that reads letters.
type Letters interface {
	// File files a letter in triage as what somebody sent, and returns the
	// reference of what it became.
	File(ctx context.Context, letter string, as FileAs, by string) (reference string, err error)
}

// Places is where places of dated events are kept.
type Places interface {
	// Void takes back what a submission has that nobody was behind, and Unvoid gives
	// it back.
	Void(tx *store.Tx, submission string, at time.Time) (was postroom.BookingState, err error)
	Unvoid(tx *store.Tx, submission string, was postroom.BookingState) error
}

// Alarms is told what concerns somebody who may be in danger. Each part may be
// nil.
type Alarms struct {
	Raise  func(tx *store.Tx, a postroom.Alarm) error
	Opened func(tx *store.Tx, r Ref, by string, at time.Time) error
	Closed func(tx *store.Tx, r Ref, by, reason string, at time.Time) error
}

// Options are what a Casework needs.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Team       *team.Team
	Workflow   *workflow.Workflow
	Outbox     Outbox
	Letters    Letters
	Places     Places // nil where nothing can be booked
	Alarms     Alarms
	// AskGuardian asks somebody's guardian who was not asked at the door; nil leaves
	// that to a person.
	AskGuardian func(tx *store.Tx, submission string, at time.Time) error
	Clock       postroom.Clock
	// ReplyTo returns the address to which replies about a submission come, or
	// "" for the mailbox's own; nil is "".
	ReplyTo func(mailbox, reference string) string
	Log     *slog.Logger
}

// Casework is what colleagues do. It is safe for many at once.
type Casework struct {
	Options
	cause string // what its acts are done for; "" is a button
}

// New returns a Casework.
func New(o Options) *Casework {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ReplyTo == nil {
		o.ReplyTo = func(string, string) string { return "" }
	}
	return &Casework{Options: o}
}

// For returns a Casework whose acts are done for a cause, such as one command of
// a letter, and once for it: whoever comes again with the same cause, also after
// the deed was undone, is given the deed that is on file, and nothing is done.
func (c *Casework) For(cause string) *Casework { return &Casework{c.Options, cause} }

// commandLine is who did something with a command, as the audit names them.
const commandLine = "command line"

// Root is whoever works with commands: they can read the settings, so they hold
// the keys and may do everything, also let go what is held.
func Root() postroom.Colleague {
	return postroom.Colleague{Name: commandLine, Locale: "en", Grants: []postroom.Grant{{Role: postroom.Admin}}}
}

// isRoot says whether somebody works with commands.
func isRoot(by postroom.Colleague) bool { return by.Name == commandLine && by.Address == "" }

// errNothing ends an act that has nothing to change.
var errNothing = errors.New("nothing to change")

// act does one act in one transaction: it opens the matter, looks whether by
// may, does what is asked, and puts the deed on file with where the matter stood
// and stands. An act that changes nothing leaves no deed: the one of the same
// colleague that did it before is returned, or, where there is none, a Deed
// without an ID.
func (c *Casework) act(ctx context.Context, by postroom.Colleague, r Ref, name string, do func(tx *store.Tx, m *matter, d *postroom.Deed) error) (d postroom.Deed, err error) {
	now, id := c.Clock.Now(), store.NewDeedID()
	err = c.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := c.open(tx, r)
		if err != nil {
			return err
		}
		if before, found, err := c.done(tx.Reader, r, name); err != nil || found {
			d = before
			return err
		}
		if err := c.may(tx, by, m); err != nil {
			return err
		}
		d = postroom.Deed{ID: id, At: now, Actor: by.Name, Act: name, Matter: r.Matter, Subject: r.ID, Before: map[string]string{}}
		err = do(tx, m, &d)
		if errors.Is(err, errNothing) || postroom.KindOf(err) == postroom.Gone {
			d, err = again(tx.Reader, by, d, err)
			return err
		}
		if err != nil {
			return err
		}
		return c.note(tx, m, d)
	})
	return d, err
}

// Keys of Before begin so: where the matter stood, and where the deed left it.
const (
	was = "was."
	is  = "is."
)

// note puts a deed on file, with what it changed.
func (c *Casework) note(tx *store.Tx, m *matter, d postroom.Deed) error {
	stands, err := tx.Stand(m.Matter, m.ID)
	if err != nil {
		return err
	}
	for name, value := range stands {
		if m.stood[name] != value {
			d.Before[was+name] = m.stood[name]
			d.Before[is+name] = value
		}
	}
	if c.cause != "" {
		d.Before[postroom.DeedCause] = c.cause
	}
	if err := tx.AddDeed(d); err != nil {
		return err
	}
	return tx.Audit(d.Actor, d.Act, d.Subject, d.At)
}

// done returns the deed that was done for the same cause, if there is one.
func (c *Casework) done(r store.Reader, about Ref, act string) (postroom.Deed, bool, error) {
	if c.cause == "" {
		return postroom.Deed{}, false, nil
	}
	list, err := r.Deeds(about.Matter, about.ID)
	if err != nil {
		return postroom.Deed{}, false, fmt.Errorf("list deeds about %s: %w", about.ID, err)
	}
	for _, d := range list {
		if d.Act == act && d.Before[postroom.DeedCause] == c.cause {
			return d, true, nil
		}
	}
	return postroom.Deed{}, false, nil
}

// again returns the deed by which a colleague did the same before, if it stands:
// a button may be pressed twice. Else the act has nothing to change, or fails as
// why says.
func again(r store.Reader, by postroom.Colleague, like postroom.Deed, why error) (postroom.Deed, error) {
	list, err := r.Deeds(like.Matter, like.Subject)
	if err != nil {
		return postroom.Deed{}, fmt.Errorf("list deeds about %s: %w", like.Subject, err)
	}
	for _, d := range list {
		if d.Act == like.Act && d.Actor == by.Name && d.UndoneAt.IsZero() {
			return d, nil
		}
	}
	if errors.Is(why, errNothing) {
		why = nil
	}
	return postroom.Deed{}, why
}

// fault is a failure that a colleague is told in words.
func fault(kind postroom.Kind, cause, key string, pairs ...string) error {
	return &postroom.Error{Kind: kind, Say: postroom.Say(key, pairs...), Cause: errors.New(cause)}
}
