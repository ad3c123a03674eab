package app

import (
	"postroom/internal/access"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/web"
)

// makeAccess makes the door of programs.
func (r *Room) makeAccess() {
	r.Access = access.New(access.Options{
		Store: r.Store, Clock: r.Clock,
		HasList: func(name string) bool { _, _, known := r.Programmes.List(name); return known },
	})
}

// programs are the rooms that programs with a token ask.
func (r *Room) programs() web.Programs {
	return web.Programs{
		Access: r.Access, Imports: r.Imports, Lists: r.Lists, Newsletters: r.Newsletter, Audiences: campaign.NewAudiences(r.Programmes, r.Clock),
		ReadDraft: func(file string, data []byte, list string) (postroom.Campaign, error) { // a request brings no pictures
			return r.Draft(file, data, list, nil)
		},
		Untold: func(c postroom.Campaign) []string { return Newsroom{Programmes: r.Programmes}.Untold(c) },
	}
}
