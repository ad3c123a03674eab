package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Options are what Mailboxes need. Zero values of the last six are the usual.
// Token may be nil where no mailbox needs one.
type Options struct {
	Store     *store.Store
	Mailboxes []config.Mailbox
	Clock     postroom.Clock
	Log       *slog.Logger

	// Token returns the token that opens a mailbox; refused is the one with
	// which its server has just refused us, or "".
	Token func(ctx context.Context, box config.Mailbox, refused string) (string, error)

	TLS       *tls.Config   // whose certificates are trusted; nil is the system's
	Poll      time.Duration // how often a mailbox is looked through; a minute
	Patience  time.Duration // how long a server may take for a command, by the wall clock; a minute
	MaxLetter int64         // bytes of a letter that is read whole; 25 MiB

	// Alarm says aloud that a mailbox has not been read for a quarter of an hour,
	// in the transaction that notes why. It is called again where a process has
	// ended since, with the same key.
	Alarm func(tx *store.Tx, s State) error

	Before postroom.Failpoint // around each command that fetches or changes something; nil but in tests
}

// Mailboxes reads every mailbox of a post room.
type Mailboxes struct {
	options Options
	keepers []*keeper
}

// New returns Mailboxes that do nothing until Run.
func New(o Options) *Mailboxes {
	o = o.filled()
	m := &Mailboxes{options: o}
	holder := uuid.NewString()
	for _, box := range o.Mailboxes {
		m.keepers = append(m.keepers, newKeeper(o, box, holder))
	}
	return m
}

func (o Options) filled() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Poll <= 0 {
		o.Poll = time.Minute
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	if o.MaxLetter <= 0 {
		o.MaxLetter = 25 << 20
	}
	return o
}

// Run reads the mailboxes until ctx ends, each on its own: one that is broken
// stops no other. A mailbox that another process reads is waited for.
func (m *Mailboxes) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, k := range m.keepers {
		all.Go(func() { k.run(ctx) })
	}
	all.Wait()
	return nil
}

// Sweep looks through every mailbox now and returns when what lay there is on
// file, or with what kept it from being read, once each. Run must be running
// elsewhere. It is for tests and the demo: nobody else need ask.
func (m *Mailboxes) Sweep(ctx context.Context) error {
	var answers []<-chan error
	for _, k := range m.keepers {
		answers = append(answers, k.ask())
	}
	var errs []error
	for i, answer := range answers {
		select {
		case err := <-answer:
			if err != nil {
				errs = append(errs, fmt.Errorf("mailbox %s: %w", m.keepers[i].box.Address, err))
			}
		case <-ctx.Done():
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
	return errors.Join(errs...)
}

// find returns the settings of a mailbox, or NotFound.
func (m *Mailboxes) find(address string) (config.Mailbox, error) {
	for _, box := range m.options.Mailboxes {
		if strings.EqualFold(box.Address, address) {
			return box, nil
		}
	}
	return config.Mailbox{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("there is no mailbox %s", address)}
}
