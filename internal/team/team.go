// Package team knows who works at the desk: the colleagues and their roles, who
// looks after what, who is away and who stands in.
//
// The idea a newcomer needs: everything that waits has exactly one owner, worked
// out at the moment it is asked for and stored nowhere. Whoever it was assigned
// to, or else the first who looks after its programme and area; where they are
// away, their cover. So nobody who waits is in two lists, and nobody is in none
// because somebody left or fell ill.
//
// The coordinators of the settings file are put on file when they are first
// seen, and follow the file until they are changed at the desk; from then on the
// desk says. All of it is kept in memory and read anew when a counter in the
// database has risen, so that asking costs nothing and other processes follow
// within seconds.
package team

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// FromFile is a coordinator as the settings file names them.
type FromFile struct {
	Name, Address, Locale, Cover string
	Programmes                   []string // names; none is every programme that names them
}

// Options are what a Team needs.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	File       []FromFile
	Fallback   postroom.Colleague // who is asked while nobody works here: the organisation's own address
	Clock      postroom.Clock
	Log        *slog.Logger
}

// Team is everybody who works at the desk.
type Team struct {
	Options
	known atomic.Pointer[roll]
}

// roll is what was read at one moment.
type roll struct {
	revision int64
	all      []postroom.Colleague // also who has left
}

// New returns a Team that knows nobody before Sync.
func New(o Options) *Team {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	t := &Team{Options: o}
	t.known.Store(&roll{revision: -1})
	return t
}

// every is how often another process's changes are looked for.
const every = 3 * time.Second

// Run follows what other processes change, until ctx ends.
func (t *Team) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every): // what others do happens in real time, whatever the clock says
		}
		if err := t.Refresh(ctx); err != nil && ctx.Err() == nil {
			t.Log.WarnContext(ctx, "who works here could not be read", "err", err)
		}
	}
}

// Refresh reads the team anew if it has changed.
func (t *Team) Refresh(ctx context.Context) error {
	read := t.Store.Read(ctx)
	n, err := read.Revision(store.TeamRevision)
	if err != nil {
		return fmt.Errorf("look whether the team has changed: %w", err)
	}
	if n == t.known.Load().revision {
		return nil
	}
	all, err := read.Colleagues()
	if err != nil {
		return err
	}
	t.known.Store(&roll{n, all})
	return nil
}

// Change runs fn in a transaction and reads the team anew.
func (t *Team) Change(ctx context.Context, fn func(tx *store.Tx) error) error {
	if err := t.Store.Write(ctx, fn); err != nil {
		return err
	}
	return t.Refresh(ctx)
}

// All lists the colleagues who are here, by name.
func (t *Team) All() []postroom.Colleague {
	return slices.DeleteFunc(slices.Clone(t.known.Load().all), func(c postroom.Colleague) bool { return !c.Here() })
}

// Gone lists the colleagues who have left, by name.
func (t *Team) Gone() []postroom.Colleague {
	return slices.DeleteFunc(slices.Clone(t.known.Load().all), postroom.Colleague.Here)
}

// Named returns the colleague of a name, if they are here.
func (t *Team) Named(name string) (postroom.Colleague, bool) {
	return t.which(func(c postroom.Colleague) bool { return name != "" && c.Name == name })
}

// At returns the colleague of an address, if they are here.
func (t *Team) At(address string) (postroom.Colleague, bool) {
	return t.which(func(c postroom.Colleague) bool { return address != "" && strings.EqualFold(c.Address, address) })
}

func (t *Team) which(is func(postroom.Colleague) bool) (postroom.Colleague, bool) {
	all := t.known.Load().all
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return c.Here() && is(c) })
	if i < 0 {
		return postroom.Colleague{}, false
	}
	return all[i], true
}

// With lists the colleagues who have a role anywhere, by name.
func (t *Team) With(role postroom.Role) []postroom.Colleague {
	return slices.DeleteFunc(t.All(), func(c postroom.Colleague) bool { return !c.Is(role) })
}

// LooksAfter lists the coordinators of a programme and an area of it, those
// first whom the programme file names, in its order, and among them those of the
// very area. Somebody always looks after it: where nobody does, every coordinator
// is asked, else every admin, else the organisation's own address.
func (t *Team) LooksAfter(name, area string) []postroom.Colleague {
	list := slices.DeleteFunc(t.All(), func(c postroom.Colleague) bool { return !c.Has(postroom.IsCoordinator, name, area) })
	if name != "" && len(list) > 0 {
		t.order(list, name, area)
		return list
	}
	for _, role := range []postroom.Role{postroom.IsCoordinator, postroom.Admin} {
		if list := t.With(role); len(list) > 0 {
			return list
		}
	}
	return []postroom.Colleague{t.Fallback}
}

func (t *Team) order(list []postroom.Colleague, name, area string) {
	var named []string
	if p, known := t.Programmes.Programme(name); known {
		named = p.Coordinators
	}
	rank := func(c postroom.Colleague) (n int) {
		if area != "" && slices.ContainsFunc(c.Grants, func(g postroom.Grant) bool { return g.Area == area && g.Programme == name }) {
			n -= len(named) + 1
		}
		if i := slices.Index(named, c.Name); i >= 0 {
			return n + i
		}
		return n + len(named)
	}
	slices.SortStableFunc(list, func(a, b postroom.Colleague) int { return rank(a) - rank(b) })
}

// LookedAfter says whether a programme and an area of it are somebody's to look
// after, so that nobody has to be asked instead.
func (t *Team) LookedAfter(name, area string) bool {
	return slices.ContainsFunc(t.All(), func(c postroom.Colleague) bool { return c.Has(postroom.IsCoordinator, name, area) })
}

// Rightful returns in whose list something would be if nobody were away: of whom it
// was assigned to, or of the first who looks after it. What nobody looks after is
// an admin's, so that it is not left to a coordinator of something else.
func (t *Team) Rightful(programme, area, assigned string) postroom.Colleague {
	if c, here := t.Named(assigned); here && c.Answers() {
		return c
	}
	return t.inTurn(programme, area)[0]
}

// inTurn lists those in whose list something may be that is assigned to nobody, the
// first first.
func (t *Team) inTurn(programme, area string) []postroom.Colleague {
	list := t.LooksAfter(programme, area)
	if t.LookedAfter(programme, area) {
		return list
	}
	admins := slices.DeleteFunc(t.All(), func(c postroom.Colleague) bool { return !c.Has(postroom.Admin, programme, area) })
	return append(admins, list...)
}

// Owner returns the one colleague in whose list something of a programme and an
// area is at a moment: whose it is by right, or whoever stands in for them. What was
// assigned to somebody who has lost the role since is in the list of who looks after
// it.
func (t *Team) Owner(programme, area, assigned string, at time.Time) postroom.Colleague {
	if c, here := t.Named(assigned); here && c.Answers() {
		if stand, present := t.standIn(c, at); present {
			return stand
		}
	}
	list := t.inTurn(programme, area)
	for _, c := range list {
		if stand, present := t.standIn(c, at); present {
			return stand
		}
	}
	for _, role := range []postroom.Role{postroom.Admin, postroom.IsCoordinator} {
		for _, c := range t.With(role) {
			if !c.Away(at) {
				return c
			}
		}
	}
	return list[0] // everybody is away; it is still somebody's
}

// OwnerOfMailbox is Owner of what came to a mailbox and belongs to no programme
// yet: of the first programme that people write to there.
func (t *Team) OwnerOfMailbox(mailbox, assigned string, at time.Time) postroom.Colleague {
	return t.Owner(t.programmeAt(mailbox), "", assigned, at)
}

func (t *Team) programmeAt(mailbox string) string {
	for _, p := range t.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) }) {
			return p.Name
		}
	}
	return ""
}

// standIn returns a colleague, or whoever covers for them while they are away,
// and whether that is somebody who is here and may see who waits.
func (t *Team) standIn(c postroom.Colleague, at time.Time) (postroom.Colleague, bool) {
	for range len(t.known.Load().all) + 1 { // covers may go in a circle
		if !c.Away(at) {
			return c, true
		}
		next, here := t.Named(c.Cover)
		if !here || !next.Answers() {
			return c, false
		}
		c = next
	}
	return c, false
}

// Covers lists the names of those for whom a colleague stands in at a moment.
func (t *Team) Covers(name string, at time.Time) (list []string) {
	for _, c := range t.All() {
		if stand, present := t.standIn(c, at); present && c.Name != name && stand.Name == name {
			list = append(list, c.Name)
		}
	}
	return list
}
