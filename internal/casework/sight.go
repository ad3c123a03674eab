package casework

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Sight is how much of something a colleague may see.
type Sight int

// Nothing is as if it were not there. Closed is that it is there and held, with
// its reference and since when, and neither who nor what. Clear is all of it.
const (
	Nothing Sight = iota
	Closed
	Clear
)

// Seen is what a colleague may see of something, and by what it is known where
// that is closed.
type Seen struct {
	Sight
	Reference string
	Since     time.Time
	Held      bool // because somebody may be in danger
}

// SeeSubmissions says how much of some submissions a colleague may see, by their
// ids, with one query for all of them. It allows what May allows.
func (c *Casework) SeeSubmissions(ctx context.Context, by postroom.Colleague, ids []string) (map[string]Seen, error) {
	list, err := c.Store.Read(ctx).StandingsAt(ids)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]Seen, len(list))
	for _, s := range list {
		seen[s.Submission] = c.see(by, s)
	}
	return seen, nil
}

// SeeContacts says how much of some contacts a colleague may see: as much as of
// whatever they sent that is open to them the most. Somebody who is known only
// by what is held is closed. Who sent nothing is for those who look after
// everything.
func (c *Casework) SeeContacts(ctx context.Context, by postroom.Colleague, ids []string) (map[string]Seen, error) {
	list, err := c.Store.Read(ctx).StandingsOf(ids)
	if err != nil {
		return nil, err
	}
	seen, sent := make(map[string]Seen, len(ids)), make(map[string]bool, len(ids))
	for _, s := range list {
		sent[s.Contact] = true
		if one := c.see(by, s); one.Sight > seen[s.Contact].Sight {
			seen[s.Contact] = one
		}
	}
	if isRoot(by) || by.Has(postroom.Admin, "", "") || by.Has(postroom.IsCoordinator, "", "") {
		for _, id := range ids {
			if !sent[id] {
				seen[id] = Seen{Sight: Clear}
			}
		}
	}
	return seen, nil
}

func (c *Casework) see(by postroom.Colleague, s store.Standing) Seen {
	m := &matter{
		Ref: Ref{postroom.AboutSubmission, s.Submission}, programmes: []string{s.Programme}, area: s.Area, assigned: s.AssignedTo, reference: s.Reference,
		safety: s.Held == workflow.HeldForSafety, escalated: s.Alarm && s.Stage >= 2,
	}
	seen := Seen{Clear, s.Reference, s.ReceivedAt, m.safety}
	if c.mayThis(by, m) {
		return seen
	}
	m.safety, seen.Sight = false, Nothing
	if seen.Held && c.mayThis(by, m) {
		seen.Sight = Closed
	}
	return seen
}

// SeesLetter says whether a colleague may see that a letter came, where it is
// part of no submission.
func (c *Casework) SeesLetter(ctx context.Context, by postroom.Colleague, l postroom.Letter) (bool, error) {
	m := &matter{Ref: Ref{postroom.AboutLetter, l.ID}, letter: l, programmes: c.programmesAt(l.Mailbox), assigned: l.AssignedTo}
	if l.State == postroom.LetterTriage { // nobody has placed it: it may be one that somebody is called about
		if err := m.readAlarm(c.Store.Read(ctx), postroom.AboutLetter, l.ID, ""); err != nil {
			return false, err
		}
	}
	return c.mayThis(by, m), nil
}

// OpenAll is Open for several matters, in one transaction: what one page shows.
func (c *Casework) OpenAll(ctx context.Context, by postroom.Colleague, refs []Ref) error {
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		for _, r := range refs {
			if err := c.look(tx, by, r); err != nil {
				return fmt.Errorf("open %s %s: %w", r.Matter, r.ID, err)
			}
		}
		return nil
	})
}

// SeeContact says how much of a contact a colleague may see, and of each thing
// that they sent, by its id.
func (c *Casework) SeeContact(ctx context.Context, by postroom.Colleague, contact string) (whole Seen, each map[string]Seen, err error) {
	list, err := c.Store.Read(ctx).StandingsOf([]string{contact})
	if err != nil {
		return whole, nil, err
	}
	each = make(map[string]Seen, len(list))
	for _, s := range list {
		one := c.see(by, s)
		each[s.Submission] = one
		if one.Sight > whole.Sight {
			whole = one
		}
	}
	if len(list) == 0 && (isRoot(by) || by.Has(postroom.Admin, "", "") || by.Has(postroom.IsCoordinator, "", "")) {
		whole.Sight = Clear
	}
	return whole, each, nil
}
