package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"postroom/internal/config"
	"postroom/internal/digest"
	"postroom/internal/link"
	"postroom/internal/oauth"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/templates"
)

// Beside opens what a command needs that reads or writes beside a running
// server: the database, the mails, the programmes with what they promise, the
// door in, and the summaries, without the lock of the data folder, the queue or
// the pages. Close it like any other.
func Beside(ctx context.Context, cfg config.Config, clock postroom.Clock, log *slog.Logger) (*Room, error) {
	r := &Room{Config: cfg, Clock: clock, Log: log, unlock: func() error { return nil }}
	if err := r.beside(ctx); err != nil {
		_ = r.Close() // the error that counts is why it could not be opened
		return nil, err
	}
	return r, nil
}

func (r *Room) beside(ctx context.Context) (err error) {
	keys, err := secrets(r.Config)
	if err != nil {
		return err
	}
	if r.Links, err = link.New(r.Clock, linkKeys(keys)); err != nil {
		return err
	}
	if r.Store, err = openStore(ctx, r.Config, keys, r.Log, nil); err != nil {
		return err
	}
	r.Tokens = oauth.New(oauth.Options{Store: r.Store, Clock: r.Clock, Log: r.Log})
	if err := r.readTexts(nil); err != nil {
		return err
	}
	if err := r.makeWording(ctx); err != nil {
		return err
	}
	if err := r.makeTeam(ctx); err != nil {
		return err
	}
	if r.Outbox, err = outbound.New(outboxOptions(r, "")); err != nil {
		return err
	}
	r.makeSignIn(false)
	r.makeWorkflow()
	r.makeIntake()
	r.Digests, err = r.makeDigests()
	return err
}

func (r *Room) makeDigests() (*digest.Digests, error) {
	o := digest.Options{
		Store: r.Store, Programmes: r.Programmes, Letters: r.Letters, Outbox: r.Outbox, Templates: templates.FS,
		Zone: r.Config.Organisation.Zone, Coordinators: r.readers(), Clock: r.Clock, ReplyTo: r.copyTo,
		Ending: r.ending,
	}
	if at := r.Config.DigestAt; at != nil {
		o.At = &digest.Hour{Hour: at.Hour, Minute: at.Minute}
	}
	return digest.New(o)
}

// ending lists the secrets that come to their end.
func (r *Room) ending(now time.Time) (list []digest.Ending) {
	for _, l := range r.Config.Expiring(now) {
		list = append(list, digest.Ending{Mailbox: l.Mailbox, Server: l.Server, At: l.Expires})
	}
	return list
}

// copyTo is the address by whose copy of an answer we learn that somebody
// answered: the mailbox that they were written to, or for what came by no
// letter the one that we write from. What nobody here reads is no use.
func (r *Room) copyTo(mailbox, reference string) string {
	for _, address := range []string{mailbox, r.Config.Organisation.From.Address} {
		if signed := r.replyTo(address, reference); signed != "" {
			return signed
		}
		if m, ok := r.mailbox(address); ok {
			return m.Address
		}
	}
	return ""
}

// orderSummaries makes today's summaries due if their hour has come.
func (r *Room) orderSummaries(ctx context.Context) error {
	day, due := r.Digests.Day(r.Clock.Now())
	if !due {
		return nil
	}
	if err := r.Digests.Order(ctx, day); err != nil {
		return fmt.Errorf("order summaries: %w", err)
	}
	return nil
}
