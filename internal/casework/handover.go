package casework

import (
	"context"
	"fmt"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// HandOver gives everything of a colleague who leaves to another: what waits for
// them, what they may do, and whom they cover. From then on they are not here.
// An admin does it, or whoever leaves. It says how much that waits was handed
// over; doing it again hands over nothing. In which programmes they are called
// when somebody may be in danger, Called says: that is written in the programme.
func (c *Casework) HandOver(ctx context.Context, by postroom.Colleague, from, to string) (n int, err error) {
	if !isRoot(by) && !by.Has(postroom.Admin, "", "") && by.Name != from {
		return 0, fault(postroom.Forbidden, by.Name+" is no admin", "desk.admin_only")
	}
	heir, here := c.Team.Named(to)
	if !here || from == to {
		return 0, fault(postroom.Invalid, "nobody takes over", "desk.no_colleague", "name", to)
	}
	err = c.Team.Change(ctx, func(tx *store.Tx) error {
		n, err = c.handOver(tx, by, from, heir.Name)
		return err
	})
	return n, err
}

func (c *Casework) handOver(tx *store.Tx, by postroom.Colleague, from, to string) (int, error) {
	all, err := tx.Colleagues()
	if err != nil {
		return 0, err
	}
	leaves, heir := at(all, from), at(all, to)
	if leaves < 0 || heir < 0 || !all[heir].Here() {
		return 0, fault(postroom.NotFound, "there is no such colleague", "desk.no_colleague", "name", from)
	}
	now := c.Clock.Now()
	n, err := tx.PassAll(from, to)
	if err != nil || !all[leaves].Here() {
		return int(n), err
	}
	if err := tx.SetGrants(to, together(all[heir].Grants, all[leaves].Grants)); err != nil {
		return 0, err
	}
	for _, who := range all {
		if !who.Here() || who.Cover != from && who.Name != to {
			continue
		}
		if who.Cover == from {
			who.Cover = to
		}
		if who.Cover == who.Name {
			who.Cover = ""
		}
		who.FromFile = false // or the settings file would take back what they have now
		if err := tx.ChangeColleague(who); err != nil {
			return 0, err
		}
	}
	gone := all[leaves]
	gone.LeftAt, gone.FromFile = now, false // nor does the file bring them back
	if err := tx.ChangeColleague(gone); err != nil {
		return 0, err
	}
	d := postroom.Deed{ID: store.NewDeedID(), At: now, Actor: by.Name, Act: "hand over", Matter: postroom.AboutColleague, Subject: from, Before: map[string]string{"to": to}}
	if err := tx.AddDeed(d); err != nil {
		return 0, err
	}
	return int(n), tx.Audit(by.Name, fmt.Sprintf("hand over to %s", to), from, now)
}

func at(all []postroom.Colleague, name string) int {
	return slices.IndexFunc(all, func(c postroom.Colleague) bool { return c.Name == name })
}

// together are two lists of grants, each once.
func together(some, more []postroom.Grant) []postroom.Grant {
	list := slices.Clone(some)
	for _, g := range more {
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// Called lists the programmes in which a colleague is called when somebody may
// be in danger. Whoever leaves is replaced there by hand.
func (c *Casework) Called(name string) (programmes []string) {
	for _, p := range c.Programmes.Programmes() {
		if name != "" && (p.Safeguarding.Lead == name || p.Safeguarding.Deputy == name) {
			programmes = append(programmes, p.Name)
		}
	}
	return programmes
}
