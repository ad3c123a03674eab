package app

import (
	"context"
	"io/fs"

	"postroom/internal/arrivals"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/templates"
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

// Draft reads an edition's file as somebody wrote it, for the list it is to be sent
// to. The error names every mistake with its place.
func (r *Room) Draft(file string, data []byte, list string) (postroom.Campaign, error) {
	return Newsletter(r.Letters, r.Programmes, file, data, list)
}

// EditionTemplate returns the file that an edition of a kind begins with, or false
// if there is none of that name.
func EditionTemplate(name string) ([]byte, bool) {
	data, err := fs.ReadFile(templates.FS, "edition/"+name+".md")
	if err == nil {
		return data, true
	}
	if name == "newsletter" {
		return []byte(plainEdition), true
	}
	return nil, false
}

// plainEdition is an edition with nothing in it yet.
const plainEdition = `---
subject: What is on
---
Hello,

here is what is new.

[Read more](https://www.example.org)
`
