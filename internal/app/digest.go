package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
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
	r.desk = DeskAt(r.Config)
	if r.Outbox, err = outbound.New(outboxOptions(r, r.desk)); err != nil {
		return err
	}
	r.makeSignIn(false)
	r.makeAccess()
	r.makeWorkflow()
	r.makeNewsletter()
	r.makeIntake()
	r.Digests, err = r.makeDigests()
	return err
}

func (r *Room) makeDigests() (*digest.Digests, error) {
	o := digest.Options{
		Store: r.Store, Programmes: r.Programmes, Letters: r.Letters, Outbox: r.Outbox, Templates: templates.FS,
		Zone: r.Config.Organisation.Zone, Team: r.Team, Clock: r.Clock, ReplyTo: r.copyTo,
		Ending: r.ending, CommandsTo: r.commandsTo, Deed: r.deed, Slack: r.slack(),
	}
	if at := r.Config.DigestAt; at != nil {
		o.At = &digest.Hour{Hour: at.Hour, Minute: at.Minute}
	}
	return digest.New(o)
}

// commandsTo is the address to which a colleague's commands go: of the
// organisation's own mailbox if that gets mail for it, else of the first that
// does, else a mailbox itself, where a reply is known by what it answers.
func (r *Room) commandsTo(colleague string) (to string) {
	own := r.Config.Organisation.From.Address
	for _, m := range r.Config.Mailboxes {
		signed := ""
		if m.Replies == config.PlusReplies {
			signed = r.Links.CommandAddress(m.Address, colleague)
		}
		better := signed != "" && (!strings.Contains(to, "+") || strings.EqualFold(m.Address, own))
		if to == "" || better || !strings.Contains(to, "+") && strings.EqualFold(m.Address, own) {
			to = cmp.Or(signed, m.Address)
		}
	}
	return to
}

// deedsFor is how long a button in a summary may be pressed.
const deedsFor = 14 * 24 * time.Hour

// deed is the link to a page with one button, or "" where there is no desk.
func (r *Room) deed(act string, matter postroom.Matter, id, colleague string) string {
	if r.desk == "" {
		return ""
	}
	until := r.Clock.Now().Add(deedsFor).Truncate(24 * time.Hour)
	return r.Config.Organisation.BaseURL + link.Path(link.Deed, r.Links.Make(link.Deed, link.DeedSubject(act, string(matter), id, colleague), until))
}

// slack is where counts are posted, or nil.
func (r *Room) slack() *digest.Slack {
	c := r.Config.Slack
	if !c.Configured() {
		return nil
	}
	hooks := make(map[string]config.Secret)
	if !c.Webhook.Empty() {
		hooks[digest.All] = c.Webhook
	}
	for name, hook := range c.Coordinators {
		hooks[digest.Of(name)] = hook
	}
	for name, hook := range c.Programmes {
		hooks[digest.In(name)] = hook
	}
	return &digest.Slack{
		Targets: slices.Sorted(maps.Keys(hooks)),
		Hook:    func(target string) string { return hooks[target].Reveal() },
	}
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
