package team

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Keys of Deed.Before begin so: what was there, and what the deed left.
const (
	was = "was."
	is  = "is."
)

// Alter changes what is on file of a colleague, and puts the deed beside it in
// the same transaction. Whoever is changed follows the settings file no more. A
// change that changes nothing leaves no deed: the Deed has no ID then. It returns
// NotFound for somebody who is not on file, and Conflict where nobody would be
// left who may do everything.
func (t *Team) Alter(ctx context.Context, by postroom.Colleague, act, name string, change func(*postroom.Colleague) error) (d postroom.Deed, err error) {
	now, id := t.Clock.Now(), store.NewDeedID()
	err = t.Change(ctx, func(tx *store.Tx) error {
		d = postroom.Deed{}
		all, err := lock(tx)
		if err != nil {
			return err
		}
		before, known := find(all, name)
		if !known {
			return notHere(name)
		}
		after := before
		after.Grants = slices.Clone(before.Grants)
		if err := change(&after); err != nil {
			return err
		}
		after.Grants = tidy(after.Grants)
		if equal(before, after) {
			return nil
		}
		after.AtDesk = true
		if !slices.Equal(tidy(before.Grants), after.Grants) {
			after.FromFile = false // their roles are those that were ticked, and no other
		}
		if err := put(tx, all, before, after); err != nil {
			return err
		}
		d = postroom.Deed{ID: id, At: now, Actor: by.Name, Act: act, Matter: postroom.AboutColleague, Subject: name, Before: differences(before, after)}
		return note(tx, d)
	})
	return d, err
}

// Joined puts on file that somebody was asked to work here, so that it can be
// undone: they have left, then.
func (t *Team) Joined(ctx context.Context, by postroom.Colleague, name string) (d postroom.Deed, err error) {
	now := t.Clock.Now()
	c, here := t.Named(name)
	if !here {
		return d, notHere(name)
	}
	left := c
	left.LeftAt, left.Grants = now, nil
	d = postroom.Deed{ID: store.NewDeedID(), At: now, Actor: by.Name, Act: "invite", Matter: postroom.AboutColleague, Subject: name, Before: differences(left, c)}
	return d, t.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddDeed(d) })
}

// mayUndo says whether somebody may take a deed back: whoever may do everything
// now, and everybody what they did to themselves. Who has lost a role does not
// give roles by undoing.
func mayUndo(by postroom.Colleague, d postroom.Deed) bool {
	if by.Has(postroom.Admin, "", "") {
		return true
	}
	_, grants := d.Before[is+"grants"]
	_, address := d.Before[is+"address"]
	return d.Actor == by.Name && d.Subject == by.Name && !grants && !address
}

// Undo takes back what was changed of a colleague. It returns Gone where they
// were changed again since, Forbidden to whoever may not do what it does, and what
// Alter returns. Undoing again changes nothing.
func (t *Team) Undo(ctx context.Context, by postroom.Colleague, deed string) error {
	now := t.Clock.Now()
	return t.Change(ctx, func(tx *store.Tx) error {
		all, err := lock(tx)
		if err != nil {
			return err
		}
		d, err := tx.Deed(deed)
		if err != nil {
			return err
		}
		if d.Matter != postroom.AboutColleague || !mayUndo(by, d) {
			return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("desk.error.not_yours"), Cause: fmt.Errorf("%s may not undo deed %s", by.Name, deed)}
		}
		if first, err := tx.MarkUndone(deed, now); err != nil || !first {
			return err
		}
		c, known := find(all, d.Subject)
		if !known {
			return notHere(d.Subject)
		}
		before, err := reversed(c, d.Before)
		if err != nil {
			return err
		}
		if err := put(tx, all, c, before); err != nil {
			return err
		}
		if d.Act == "hand_over" {
			if err := takeBack(tx, all, c.Name, d.Before); err != nil {
				return err
			}
		}
		return tx.Audit(by.Name, "undo "+d.Act, d.Subject, now)
	})
}

// lock keeps every other change of the team out until the transaction ends, and
// reads it.
func lock(tx *store.Tx) ([]postroom.Colleague, error) {
	if err := tx.Raise(store.TeamRevision); err != nil {
		return nil, err
	}
	return tx.Colleagues()
}

func put(tx *store.Tx, all []postroom.Colleague, before, after postroom.Colleague) error {
	if mayAll(before) && !mayAll(after) && !slices.ContainsFunc(all, func(c postroom.Colleague) bool { return c.Name != before.Name && mayAll(c) }) {
		return &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("desk.team.last_admin", "name", before.Name), Cause: errors.New("the last admin cannot go")}
	}
	if other, taken := at(all, after.Address); taken && other.Name != after.Name {
		return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.team.address_taken", "name", other.Name), Cause: errors.New("somebody else has the address")}
	}
	if err := tx.ChangeColleague(after); err != nil {
		return err
	}
	if !after.Here() {
		return nil
	}
	return tx.SetGrants(after.Name, after.Grants)
}

func at(all []postroom.Colleague, address string) (postroom.Colleague, bool) {
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return strings.EqualFold(c.Address, address) })
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return all[i], true
}

// mayAll says whether somebody is here who may do everything.
func mayAll(c postroom.Colleague) bool { return c.Here() && c.Has(postroom.Admin, "", "") }

func note(tx *store.Tx, d postroom.Deed) error {
	if err := tx.AddDeed(d); err != nil {
		return err
	}
	return tx.Audit(d.Actor, d.Act, d.Subject, d.At)
}

// tidy puts grants in the order in which they are read back, each once.
func tidy(list []postroom.Grant) []postroom.Grant {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b postroom.Grant) int { return strings.Compare(written(a), written(b)) })
	return slices.Compact(list)
}

// gap parts what is written of one grant, and between parts which no name has.
const gap = "\x1f"

func written(g postroom.Grant) string {
	return string(g.Role) + gap + g.Programme + gap + g.Area
}

// on is what is on file of a colleague, as a deed keeps it.
func on(c postroom.Colleague) map[string]string {
	grants := make([]string, len(c.Grants))
	for i, g := range tidy(c.Grants) {
		grants[i] = written(g)
	}
	return map[string]string{
		"address": c.Address, "locale": c.Locale, "cover": c.Cover, "grants": strings.Join(grants, "\n"),
		"from": stamp(c.Absence.From), "until": stamp(c.Absence.Until), "proposed": strconv.FormatBool(c.Absence.Proposed),
		"file": strconv.FormatBool(c.FromFile), "desk": strconv.FormatBool(c.AtDesk), "left": stamp(c.LeftAt),
	}
}

func equal(a, b postroom.Colleague) bool { return len(differences(a, b)) == 0 }

// differences lists what a change makes different, as it was and as it is.
func differences(before, after postroom.Colleague) map[string]string {
	list := map[string]string{}
	then := on(before)
	for name, value := range on(after) {
		if then[name] != value {
			list[was+name], list[is+name] = then[name], value
		}
	}
	return list
}

// reversed is a colleague as they were before a deed. It returns Gone where what
// the deed left is not there any more.
func reversed(c postroom.Colleague, changed map[string]string) (postroom.Colleague, error) {
	now := on(c)
	for key, value := range changed {
		name, left := strings.CutPrefix(key, is)
		if left && now[name] != value {
			return c, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("desk.team.overtaken", "name", c.Name), Cause: fmt.Errorf("%s of %s was changed since", name, c.Name)}
		}
	}
	for key, value := range changed {
		if name, before := strings.CutPrefix(key, was); before {
			set(&c, name, value)
		}
	}
	return c, nil
}

func set(c *postroom.Colleague, name, value string) {
	switch name {
	case "address":
		c.Address = value
	case "locale":
		c.Locale = value
	case "cover":
		c.Cover = value
	case "from":
		c.Absence.From = stamped(value)
	case "until":
		c.Absence.Until = stamped(value)
	case "proposed":
		c.Absence.Proposed = value == "true"
	case "file":
		c.FromFile = value == "true"
	case "desk":
		c.AtDesk = value == "true"
	case "left":
		c.LeftAt = stamped(value)
	case "grants":
		c.Grants = nil
		for line := range strings.Lines(value) {
			if parts := strings.Split(strings.TrimSuffix(line, "\n"), gap); len(parts) == 3 {
				c.Grants = append(c.Grants, postroom.Grant{Role: postroom.Role(parts[0]), Programme: parts[1], Area: parts[2]})
			}
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func stamped(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
