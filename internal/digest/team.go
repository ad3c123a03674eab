package digest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Team knows who works here, and in whose list something is.
type Team interface {
	// Refresh reads what other processes have changed.
	Refresh(ctx context.Context) error
	All() []postroom.Colleague
	LooksAfter(programme, area string) []postroom.Colleague
	Owner(programme, area, assigned string, at time.Time) postroom.Colleague
	Rightful(programme, area, assigned string) postroom.Colleague
	OwnerOfMailbox(mailbox, assigned string, at time.Time) postroom.Colleague
	Covers(name string, at time.Time) []string
}

// reader is somebody who gets a summary.
type reader struct {
	postroom.Colleague
	programmes []string // that they are told of, theirs and those of whom they stand in for
	informed   bool     // they hear of what belongs to nobody, of machines, and that all is calm
}

// reading tells what a colleague is told of at a moment.
func (d *Digests) reading(c postroom.Colleague, at time.Time) reader {
	r := reader{Colleague: c, informed: d.isFallback(c) || c.FromFile || c.Is(postroom.IsCoordinator) || c.Is(postroom.Admin)}
	theirs := append(d.Team.Covers(c.Name, at), c.Name)
	for _, p := range d.Programmes.Programmes() {
		looks := slices.ContainsFunc(d.Team.LooksAfter(p.Name, ""), func(c postroom.Colleague) bool { return slices.Contains(theirs, c.Name) })
		if looks || slices.ContainsFunc(d.Team.All(), func(c postroom.Colleague) bool { return slices.Contains(theirs, c.Name) && partly(c, p.Name) }) {
			r.programmes = append(r.programmes, p.Name)
		}
	}
	return r
}

// partly says whether a colleague looks after an area of a programme.
func partly(c postroom.Colleague, programme string) bool {
	return slices.ContainsFunc(c.Grants, func(g postroom.Grant) bool {
		return g.Role == postroom.IsCoordinator && g.Area != "" && (g.Programme == "" || g.Programme == programme)
	})
}

// calm says whether somebody hears on Mondays that all is calm: whoever looks
// after something, or would if there were anything.
func (d *Digests) calm(c postroom.Colleague) bool {
	return d.isFallback(c) || c.FromFile || c.Is(postroom.IsCoordinator)
}

// isFallback says whether a colleague is on no list: the organisation's own
// address, which is asked where nobody works.
func (d *Digests) isFallback(c postroom.Colleague) bool {
	_, here := d.named(c.Name)
	return !here
}

func (d *Digests) named(name string) (postroom.Colleague, bool) {
	if name == "" {
		return postroom.Colleague{}, false
	}
	all := d.Team.All()
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return c.Name == name })
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return all[i], true
}

// readers lists who gets a summary at a moment: everybody who is here and not
// away. Whatever waits has an owner among them, and where everybody who could be
// one is away it is still somebody's, so then nobody counts as away.
func (d *Digests) readers(at time.Time) (list []postroom.Colleague) {
	all := d.Team.All()
	staffed := slices.ContainsFunc(all, func(c postroom.Colleague) bool {
		return (c.Is(postroom.IsCoordinator) || c.Is(postroom.Admin)) && !c.Away(at)
	})
	for _, c := range all {
		if !staffed || !c.Away(at) {
			list = append(list, c)
		}
	}
	for _, c := range d.Team.LooksAfter("", "") {
		if d.isFallback(c) {
			list = append(list, c)
		}
	}
	return list
}

// find returns somebody who may get a summary, also one who is away.
func (d *Digests) find(name string) (postroom.Colleague, bool) {
	if c, here := d.named(name); here {
		return c, true
	}
	for _, c := range d.Team.LooksAfter("", "") {
		if c.Name == name {
			return c, true
		}
	}
	return postroom.Colleague{}, false
}

// belongs is in whose list something is, and why if that is not plain.
type belongs struct {
	owner string    // name
	to    string    // name of who is away, if the owner only stands in
	until time.Time // when they are back; zero is that nobody knows
}

// of makes belongs of the owner and of who would be one if nobody were away.
func (g *gathering) of(owner, rightful postroom.Colleague) belongs {
	b := belongs{owner: owner.Name}
	if rightful.Name != owner.Name && rightful.Away(g.now) {
		b.to, b.until = rightful.Name, rightful.Absence.Until
	}
	return b
}

// belonging returns in whose list something of a programme and an area is. It is
// worked out once for all that has the same answer.
func (g *gathering) belonging(programme, area, assigned string) belongs {
	key := [4]string{"", programme, area, assigned}
	b, known := g.owners[key]
	if !known {
		b = g.of(g.Team.Owner(programme, area, assigned, g.now), g.Team.Rightful(programme, area, assigned))
		g.owners[key] = b
	}
	return b
}

// belongingAt is belonging for what came to a mailbox and belongs to no programme
// yet.
func (g *gathering) belongingAt(mailbox, assigned string) belongs {
	key := [4]string{mailbox, "", "", assigned}
	b, known := g.owners[key]
	if !known {
		p := ""
		if i := slices.IndexFunc(g.Programmes.Programmes(), func(p *programme.Programme) bool { return receives(p, mailbox) }); i >= 0 {
			p = g.Programmes.Programmes()[i].Name
		}
		b = g.of(g.Team.OwnerOfMailbox(mailbox, assigned, g.now), g.Team.Rightful(p, "", assigned))
		g.owners[key] = b
	}
	return b
}

func (g *gathering) mine(b belongs) bool { return b.owner == g.who.Name }

// others lists who hears that somebody's list is not looked at: whoever stands in
// for them, and the admins; where there is no admin, the other coordinators.
// Who is away does not.
func (d *Digests) others(c postroom.Colleague, at time.Time) (list []postroom.Colleague) {
	add := func(o postroom.Colleague) {
		if o.Name != c.Name && !o.Away(at) && !slices.ContainsFunc(list, func(l postroom.Colleague) bool { return l.Name == o.Name }) {
			list = append(list, o)
		}
	}
	if cover, here := d.named(c.Cover); here {
		add(cover)
	}
	admins := slices.DeleteFunc(d.Team.All(), func(c postroom.Colleague) bool { return !c.Is(postroom.Admin) })
	if len(admins) == 0 {
		admins = d.Team.LooksAfter("", "")
	}
	for _, a := range admins {
		add(a)
	}
	return list
}

func localeOf(c postroom.Colleague) string { return cmp.Or(c.Locale, "en") }
