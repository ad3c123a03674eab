package casework

import (
	"context"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const actMerge = "merge"

// Keys of Before of a merger: the contact that was dropped, and what was moved.
const (
	dropped = "drop"
	moved   = "moved."
)

// Merge makes one contact of two who are the same person: everything of drop is
// keep's. The row of drop stays and points to keep, so that who writes under the
// other name is known. It returns Conflict where both have a place on the same
// date: one of them is given back first.
func (c *Casework) Merge(ctx context.Context, by postroom.Colleague, keep, drop string) (postroom.Deed, error) {
	if keep == drop {
		return postroom.Deed{}, fault(postroom.Invalid, "it is the same contact", "desk.merge_same")
	}
	return c.act(ctx, by, Ref{postroom.AboutContact, keep}, actMerge, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		other, err := c.open(tx, Ref{postroom.AboutContact, drop})
		if err != nil {
			return err
		}
		if into := other.stood["merged_into"]; into == keep {
			return errNothing
		} else if into != "" || m.stood["merged_into"] != "" {
			return fault(postroom.Gone, "one of them is merged already", "desk.merged")
		}
		if err := c.may(tx, by, other); err != nil {
			return err
		}
		if both, err := tx.BothBooked(keep, drop); err != nil {
			return err
		} else if both {
			return fault(postroom.Conflict, "both have a place on the same date", "desk.merge_booked")
		}
		did, err := tx.MergeContacts(keep, drop)
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

// part makes two contacts of one again.
func (c *Casework) part(tx *store.Tx, m *matter, d postroom.Deed) error {
	drop := d.Before[dropped]
	into, err := tx.MergedInto(drop)
	if err != nil {
		return err
	}
	if into != m.ID {
		return fault(postroom.Gone, "they are merged no more", "desk.overtaken")
	}
	return tx.PartContacts(m.ID, drop, movedBy(d))
}

// movedBy is what a merger moved.
func movedBy(d postroom.Deed) map[string]string {
	did := make(map[string]string, len(d.Before))
	for key, value := range d.Before {
		if name, ok := strings.CutPrefix(key, moved); ok {
			did[name] = value
		}
	}
	return did
}
