package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/team"
	"postroom/internal/workflow"
)

// makeTeam makes the room that knows who works here, and has it follow the
// settings file.
func (r *Room) makeTeam(ctx context.Context) error {
	from := r.Config.Organisation.From
	o := team.Options{
		Store: r.Store, Programmes: r.Programmes, Clock: r.Clock, Log: r.Log,
		Fallback: postroom.Colleague{Name: cmp.Or(from.Name, from.Address), Address: from.Address, Locale: "en"},
	}
	for _, c := range r.Config.Coordinators {
		o.File = append(o.File, team.FromFile{Name: c.Name, Address: c.Address, Locale: c.Locale, Cover: c.Cover, Programmes: c.Programmes})
	}
	r.Team = team.New(o)
	return r.Team.Sync(ctx)
}

// coordinators lists who is told about a programme: everybody who looks after
// it, and for whoever is away their cover.
func (r *Room) coordinators(name string) []workflow.Coordinator {
	return r.present(name, r.Team.LooksAfter(name, ""))
}

// present lists colleagues as those who get mail for them, each once.
func (r *Room) present(programme string, list []postroom.Colleague) (told []workflow.Coordinator) {
	for _, c := range list {
		if c.Away(r.Clock.Now()) {
			c = r.Team.Owner(programme, "", c.Name, r.Clock.Now())
		}
		if !slices.ContainsFunc(told, func(t workflow.Coordinator) bool { return t.Address == c.Address }) {
			told = append(told, workflow.Coordinator{Name: c.Name, Address: c.Address, Locale: c.Locale})
		}
	}
	return told
}

// everybody lists every coordinator, or else the organisation's own address.
func (r *Room) everybody() (list []workflow.Coordinator) {
	for _, c := range r.Team.LooksAfter("", "") {
		list = append(list, workflow.Coordinator{Name: c.Name, Address: c.Address, Locale: c.Locale})
	}
	return list
}

// safeguarding lists who is called when somebody of a programme may be in
// danger: its lead and deputy. Where it names nobody who is here, those who look
// after it are called.
func (r *Room) safeguarding(name string) (list []workflow.Coordinator) {
	if p, known := r.Programmes.Programme(name); known {
		for _, who := range []string{p.Safeguarding.Lead, p.Safeguarding.Deputy} {
			if c, here := r.Team.Named(who); here {
				list = append(list, workflow.Coordinator{Name: c.Name, Address: c.Address, Locale: c.Locale})
			}
		}
	}
	if len(list) == 0 {
		return r.coordinators(name)
	}
	return list
}

// staff lists the addresses of everybody who works here, in small letters.
func (r *Room) staff() (list []string) {
	for _, c := range r.Team.All() {
		list = append(list, strings.ToLower(c.Address))
	}
	return list
}
