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

// safeguarding says who is called when somebody of a programme may be in danger:
// its lead, its deputy, and then its admins. Where neither of the first two is
// here, those who look after it are called with the admins. Nobody is called at
// two stages, unless there is nobody else.
func (r *Room) safeguarding(name string) workflow.Guards {
	s := r.Programmes.Safeguarding(name)
	lead, deputy := r.guards(r.named(s.Lead)), r.guards(r.named(s.Deputy))
	known := slices.Concat(lead, deputy)
	admins := slices.DeleteFunc(r.Team.All(), func(c postroom.Colleague) bool { return !c.Has(postroom.Admin, name, "") })
	last := r.guards(admins)
	if len(known) == 0 {
		last = append(last, r.guards(r.Team.LooksAfter(name, ""))...)
	}
	others := r.guards(r.Team.LooksAfter("", "")) // every coordinator
	for _, list := range [][]workflow.Coordinator{last, others} {
		if list = without(list, known); len(list) > 0 {
			return workflow.Guards{lead, without(deputy, lead), list}
		}
	}
	return workflow.Guards{lead, without(deputy, lead), others}
}

// named is the colleague of a name, if they are here and may read what people sent:
// who has lost that role is not called, and opens nothing by having been named.
func (r *Room) named(name string) []postroom.Colleague {
	c, here := r.Team.Named(name)
	if !here || !c.Answers() {
		return nil
	}
	return []postroom.Colleague{c}
}

// guards are colleagues as those who are called, also while they are away.
func (r *Room) guards(colleagues []postroom.Colleague) (list []workflow.Coordinator) {
	for _, c := range colleagues {
		list = append(list, workflow.Coordinator{Name: c.Name, Address: c.Address, Locale: c.Locale, Away: c.Away(r.Clock.Now())})
	}
	return list
}

// without is a list without those who are in another.
func without(list, other []workflow.Coordinator) []workflow.Coordinator {
	return slices.DeleteFunc(slices.Clone(list), func(c workflow.Coordinator) bool {
		return slices.ContainsFunc(other, func(o workflow.Coordinator) bool { return o.Address == c.Address })
	})
}

// staff lists the addresses of everybody who works here, in small letters.
func (r *Room) staff() (list []string) {
	for _, c := range r.Team.All() {
		list = append(list, strings.ToLower(c.Address))
	}
	return list
}
