package casework

import (
	"context"
	"fmt"
	"maps"
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
	read := c.Store.Read(ctx)
	list, err := read.LatestStandingsOf(ids, newestSeen)
	if err != nil {
		return nil, err
	}
	seen, sent := c.seeAll(by, list)
	var more []string
	for contact, n := range sent {
		if n == newestSeen && seen[contact].Sight != Clear {
			more = append(more, contact)
		}
	}
	if list, err = read.StandingsOf(more); err != nil {
		return nil, err
	}
	all, _ := c.seeAll(by, list)
	maps.Copy(seen, all)
	if isRoot(by) || by.Has(postroom.Admin, "", "") || by.Has(postroom.IsCoordinator, "", "") {
		for _, id := range ids {
			if sent[id] == 0 {
				seen[id] = Seen{Sight: Clear}
			}
		}
	}
	return seen, nil
}

// newestSeen is how much of what somebody sent last is looked at first: mostly some
// of it is open, and then nothing else matters.
const newestSeen = 10

// seeAll says, by contact, how much a colleague may see of the one of some
// submissions of which that is the most, and how many there are.
func (c *Casework) seeAll(by postroom.Colleague, list []store.Standing) (seen map[string]Seen, sent map[string]int) {
	seen, sent = make(map[string]Seen), make(map[string]int)
	for _, s := range list {
		sent[s.Contact]++
		if one := c.see(by, s); one.Sight > seen[s.Contact].Sight {
			seen[s.Contact] = one
		}
	}
	return seen, sent
}

func (c *Casework) see(by postroom.Colleague, s store.Standing) Seen {
	m := &matter{
		Ref: Ref{postroom.AboutSubmission, s.Submission}, programmes: []string{s.Programme}, area: s.Area, assigned: s.AssignedTo, reference: s.Reference,
	}
	if s.Held == workflow.HeldForSafety {
		b := brake{Ref: m.Ref, programme: s.Programme}
		if s.Alarm {
			b.programme, b.stage = s.Rings, s.Risen
		}
		m.brakes = []brake{b}
	}
	seen := Seen{Clear, s.Reference, s.ReceivedAt, m.safety()}
	if c.mayThis(by, m) {
		return seen
	}
	m.brakes, seen.Sight = nil, Nothing
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
