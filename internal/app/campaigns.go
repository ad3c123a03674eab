package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"postroom/internal/arrivals"
	"postroom/internal/campaign"
	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// makeNewsletter makes the room in which editions come to be sent.
func (r *Room) makeNewsletter() {
	r.Newsletter = campaign.NewLife(campaign.LifeOptions{
		Store: r.Store, Mails: r.Outbox, Clock: r.Clock, Zone: r.Config.Organisation.Zone,
		Alone: r.alonePublishes, Staff: r.newsStaff, Discreet: r.discreet, ReplyTo: r.commandsTo,
	})
}

// alonePublishes says whether whoever writes an edition of a list may approve it.
func (r *Room) alonePublishes(list string) bool {
	_, l, known := r.Programmes.ListNamed(list)
	return known && l.Approval == programme.OwnApproval
}

// newsStaff lists who looks after a programme's newsletters.
func (r *Room) newsStaff(name string) []postroom.Colleague { return r.Team.LooksAfter(name, "") }

// approve approves a newsletter as a letter asks for it, if whoever wrote that looks
// after its programme.
func (r *Room) approve(ctx context.Context, a arrivals.Act) error {
	c, err := r.Store.Read(ctx).Campaign(a.ID)
	if err != nil {
		return err
	}
	if !a.By.Reads(c.Programme, "") {
		return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("desk.not_yours")}
	}
	return r.Newsletter.Approve(ctx, a.ID, a.By.Name, a.Words)
}

// Campaigns opens what it takes to steer newsletters beside a running server, which
// does the sending.
func Campaigns(ctx context.Context, cfg config.Config, log *slog.Logger, do func(*Room) error) (err error) {
	r := &Room{Config: cfg, Clock: new(Clock), Log: log, unlock: func() error { return nil }}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.lay(ctx, Options{}); err != nil {
		return err
	}
	if r.Outbox, err = outbound.New(outboxOptions(r, DeskAt(cfg))); err != nil {
		return err
	}
	r.makeNewsletter()
	return do(r)
}

// Colleague returns who works here by name or address.
func (r *Room) Colleague(named string) (postroom.Colleague, bool) {
	all := r.Team.All()
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool {
		return strings.EqualFold(c.Name, named) || strings.EqualFold(c.Address, named)
	})
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return all[i], true
}
