package team

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// What a hand-over keeps in Deed.Before beside what it changed of who left.
const (
	handedTo      = "to"          // name
	handedGrants  = "gave"        // what the other may do since
	handedCovers  = "covers"      // names of those for whom they stood in
	handedSubs    = "submissions" // ids
	handedLetters = "letters"     // ids
	handedCalls   = "calls"       // ids
)

// MayLeave says whether somebody is left who may do everything if a colleague
// goes.
func (t *Team) MayLeave(name string) bool {
	c, here := t.Named(name)
	return here && (!mayAll(c) || slices.ContainsFunc(t.All(), func(o postroom.Colleague) bool { return o.Name != name && mayAll(o) }))
}

// HandOver gives everything that one colleague has to another, and ends what the
// first may do here: what waits and is assigned to them, what they look after,
// and those for whom they stand in. Whether the other may do everything does not
// change. Programmes name people too, which is for the caller to change; more is
// kept with the deed. It returns Conflict where nobody would be left who may do
// everything, and NotFound where either is not here. All of it is one
// transaction.
func (t *Team) HandOver(ctx context.Context, by postroom.Colleague, from, to string, more map[string]string) (d postroom.Deed, err error) {
	now, id := t.Clock.Now(), store.NewDeedID()
	err = t.Change(ctx, func(tx *store.Tx) error {
		all, err := lock(tx)
		if err != nil {
			return err
		}
		leaving, known := find(all, from)
		heir, here := find(all, to)
		if !known || !leaving.Here() || !here || !heir.Here() || from == to {
			return notHere(from + " or " + to)
		}
		d = postroom.Deed{ID: id, At: now, Actor: by.Name, Act: "hand_over", Matter: postroom.AboutColleague, Subject: from, Before: map[string]string{handedTo: to}}
		if err := inherit(tx, all, leaving, heir, d.Before); err != nil {
			return err
		}
		gone := leaving
		gone.LeftAt, gone.FromFile, gone.Grants, gone.Absence, gone.Cover = now, false, nil, postroom.Absence{}, ""
		if err := put(tx, all, leaving, gone); err != nil {
			return err
		}
		for _, list := range []map[string]string{differences(leaving, gone), more} {
			for name, value := range list {
				d.Before[name] = value
			}
		}
		return note(tx, d)
	})
	return d, err
}

// inherit gives the heir what somebody who leaves has, and keeps what that was.
func inherit(tx *store.Tx, all []postroom.Colleague, leaving, heir postroom.Colleague, kept map[string]string) error {
	var gave []postroom.Grant
	for _, g := range leaving.Grants {
		if g.Role != postroom.Admin && !slices.Contains(heir.Grants, g) {
			gave = append(gave, g)
		}
	}
	after := heir
	after.Grants = append(slices.Clone(heir.Grants), gave...)
	if after.Cover == leaving.Name {
		after.Cover = ""
	}
	if len(gave) > 0 || after.Cover != heir.Cover {
		after.AtDesk = true
		if err := put(tx, all, heir, after); err != nil {
			return err
		}
	}
	var covers []string
	for _, c := range all {
		if c.Cover != leaving.Name || !c.Here() || c.Name == heir.Name {
			continue
		}
		covers = append(covers, c.Name)
		c.Cover, c.AtDesk = heir.Name, true
		if err := tx.ChangeColleague(c); err != nil {
			return err
		}
	}
	load, err := tx.Assigned(leaving.Name)
	if err != nil {
		return err
	}
	lines := make([]string, len(gave))
	for i, g := range gave {
		lines[i] = written(g)
	}
	kept[handedGrants], kept[handedCovers] = strings.Join(lines, "\n"), strings.Join(covers, "\n")
	kept[handedSubs], kept[handedLetters], kept[handedCalls] = strings.Join(load.Submissions, "\n"), strings.Join(load.Letters, "\n"), strings.Join(load.Calls, "\n")
	_, err = tx.PassAll(leaving.Name, heir.Name)
	return err
}

// takeBack gives somebody who is back what a hand-over gave away, as far as it is
// still with whom it went to.
func takeBack(tx *store.Tx, all []postroom.Colleague, name string, kept map[string]string) error {
	heir := kept[handedTo]
	load := store.Load{Submissions: lines(kept[handedSubs]), Letters: lines(kept[handedLetters]), Calls: lines(kept[handedCalls])}
	if err := tx.Reassign(load, heir, name); err != nil {
		return err
	}
	for _, covered := range lines(kept[handedCovers]) {
		if c, known := find(all, covered); known && c.Cover == heir {
			c.Cover = name
			if err := tx.ChangeColleague(c); err != nil {
				return err
			}
		}
	}
	c, known := find(all, heir)
	if !known || !c.Here() || kept[handedGrants] == "" {
		return nil
	}
	gave := lines(kept[handedGrants])
	after := c
	after.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g postroom.Grant) bool { return slices.Contains(gave, written(g)) })
	return put(tx, all, c, after)
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// errNobody ends a hand-over to nobody.
var errNobody = errors.New("nobody of this name is here")

func notHere(name string) error {
	return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("desk.error.not_found.text"), Cause: fmt.Errorf("%s: %w", name, errNobody)}
}
