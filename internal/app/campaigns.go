package app

import (
	"context"

	"postroom/internal/arrivals"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// makeNewsletter makes the room in which editions come to be sent.
func (r *Room) makeNewsletter() {
	r.Newsletter = campaign.NewLife(campaign.LifeOptions{
		Store: r.Store, Mails: r.Outbox, Clock: r.Clock, Zone: r.Config.Organisation.Zone,
		Alone: r.alonePublishes, Staff: r.newsStaff, Discreet: r.discreet, ReplyTo: r.commandsTo, Leaves: r.Outbox.When,
		Check: func(c postroom.Campaign) error { return r.newsroom().Check(c) },
	})
}

// alonePublishes says whether whoever writes an edition of a list may approve it.
func (r *Room) alonePublishes(list string) bool {
	l, _, known := r.Programmes.List(list)
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

// Draft reads an edition's file as somebody wrote it, for the list it is to be sent
// to, with the pictures that it names. The error names every mistake with its place.
func (r *Room) Draft(file string, data []byte, list string, pictures Pictures) (postroom.Campaign, error) {
	n := r.newsroom()
	n.Pictures = pictures
	return n.Read(file, data, list)
}

func (r *Room) newsroom() Newsroom {
	return Newsroom{Letters: r.Letters, Programmes: r.Programmes, Organisation: r.Config.Organisation, Clock: r.Clock}
}
