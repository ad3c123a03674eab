package casework

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const actMergeGroups = "merge_groups"

// MergeGroups makes one local group of two that are the same: everything of drop is
// keep's, and whoever writes the name of drop is filed under keep from then on.
func (c *Casework) MergeGroups(ctx context.Context, by postroom.Colleague, keep, drop string) (postroom.Deed, error) {
	if keep == drop {
		return postroom.Deed{}, fault(postroom.Invalid, "it is the same organisation", "desk.groups_same")
	}
	return c.act(ctx, by, Ref{postroom.AboutOrganisation, keep}, actMergeGroups, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		other, err := c.open(tx, Ref{postroom.AboutOrganisation, drop})
		if err != nil {
			return err
		}
		if into := other.stood["merged_into"]; into == keep {
			return errNothing
		} else if into != "" || m.stood["merged_into"] != "" {
			return fault(postroom.Gone, "one of them is merged already", "desk.groups_merged")
		}
		if err := c.may(tx, by, other); err != nil {
			return err
		}
		did, err := tx.MergeOrganisations(keep, drop)
		if err != nil {
			return err
		}
		d.Before[dropped] = drop
		for key, ids := range did {
			d.Before[moved+key] = ids
		}
		return nil
	})
}

// TellGroupsApart notes that two local groups with names alike are two, so that
// nobody is asked again.
func (c *Casework) TellGroupsApart(ctx context.Context, by postroom.Colleague, one, other string) error {
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range []string{one, other} {
			m, err := c.open(tx, Ref{postroom.AboutOrganisation, id})
			if err != nil {
				return err
			}
			if err := c.may(tx, by, m); err != nil {
				return err
			}
		}
		now := c.Clock.Now()
		first, err := tx.TellApart(one, other, by.Name, now)
		if err != nil || !first {
			return err
		}
		return tx.Audit(by.Name, "tell groups apart", one, now)
	})
}

// partGroups makes two local groups of one again.
func (c *Casework) partGroups(tx *store.Tx, m *matter, d postroom.Deed) error {
	drop := d.Before[dropped]
	into, err := tx.GroupMergedInto(drop)
	if err != nil {
		return err
	}
	if into != m.ID {
		return fault(postroom.Gone, "they are merged no more", "desk.overtaken")
	}
	return tx.PartOrganisations(m.ID, drop, movedBy(d))
}
