package team

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Sync puts the coordinators of the settings file on file, has those follow it
// who were never changed at the desk, and reads the team. Doing it again changes
// nothing.
func (t *Team) Sync(ctx context.Context) error {
	before, err := t.Store.Read(ctx).Colleagues()
	if err != nil {
		return err
	}
	if t.inStep(before) {
		return t.Refresh(ctx)
	}
	return t.Change(ctx, func(tx *store.Tx) error {
		before, err := tx.Colleagues() // another process may have been first
		if err != nil {
			return err
		}
		for _, f := range t.File {
			if err := t.follow(tx, f, before); err != nil {
				return fmt.Errorf("put coordinator %s on file: %w", f.Name, err)
			}
		}
		return t.letGo(tx, before)
	})
}

// inStep says whether what is on file is what the settings file says.
func (t *Team) inStep(all []postroom.Colleague) bool {
	for _, f := range t.File {
		c, known := find(all, f.Name)
		if !known || c.Follows() && (!same(c, f) || !slices.Equal(c.Grants, t.grants(f))) {
			return false
		}
	}
	return !slices.ContainsFunc(all, func(c postroom.Colleague) bool { return c.Follows() && c.Here() && !t.inFile(c.Name) })
}

func find(all []postroom.Colleague, name string) (postroom.Colleague, bool) {
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return c.Name == name })
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return all[i], true
}

func same(c postroom.Colleague, f FromFile) bool {
	return c.Address == strings.ToLower(f.Address) && c.Locale == f.Locale && c.Cover == f.Cover && c.Here()
}

// follow puts one coordinator of the file on file, or has them follow it.
func (t *Team) follow(tx *store.Tx, f FromFile, before []postroom.Colleague) error {
	c, known := find(before, f.Name)
	if known && !c.Follows() {
		return nil // the desk says
	}
	if other, taken := at(before, strings.ToLower(f.Address)); known && taken && other.Name != c.Name {
		t.Log.Warn("a coordinator of the settings has the address of another colleague, and stays as they were", "coordinator", f.Name)
		return nil
	}
	if known {
		c.Address, c.Locale, c.Cover, c.LeftAt = strings.ToLower(f.Address), f.Locale, f.Cover, postroom.Colleague{}.LeftAt
		if err := tx.ChangeColleague(c); err != nil {
			return err
		}
		return tx.SetGrants(c.Name, t.grants(f))
	}
	added, err := tx.AddColleague(postroom.Colleague{
		Name: f.Name, Address: strings.ToLower(f.Address), Locale: f.Locale, Cover: f.Cover, Grants: t.grants(f), FromFile: true, AddedAt: t.Clock.Now(),
	})
	if err == nil && !added {
		t.Log.Warn("a coordinator of the settings has the address of another colleague, and is left out", "coordinator", f.Name)
	}
	return err
}

// letGo ends those whom the file named and names no more.
func (t *Team) letGo(tx *store.Tx, before []postroom.Colleague) error {
	for _, c := range before {
		if !c.Follows() || !c.Here() || t.inFile(c.Name) {
			continue
		}
		c.LeftAt = t.Clock.Now()
		if err := tx.ChangeColleague(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *Team) inFile(name string) bool {
	return slices.ContainsFunc(t.File, func(f FromFile) bool { return f.Name == name })
}

// grants are the programmes that a coordinator of the file looks after: those
// their settings name, or else those that name them. In the order in which they
// are read back.
func (t *Team) grants(f FromFile) (list []postroom.Grant) {
	for _, p := range t.Programmes.Programmes() {
		if looksAfter(f, p) {
			list = append(list, postroom.Grant{Role: postroom.IsCoordinator, Programme: p.Name})
		}
	}
	slices.SortFunc(list, func(a, b postroom.Grant) int { return strings.Compare(a.Programme, b.Programme) })
	return list
}

func looksAfter(f FromFile, p *programme.Programme) bool {
	if len(f.Programmes) > 0 {
		return slices.Contains(f.Programmes, p.Name)
	}
	return slices.Contains(p.Coordinators, f.Name)
}
