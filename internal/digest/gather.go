package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// bound is how many rows that belong to everybody are looked through for one
// coordinator's.
const bound = 500

// gathering is one summary being made: for whom, when, and in which language.
type gathering struct {
	*Digests
	read     store.Reader
	who      Coordinator
	language language
	now      time.Time // in the organisation's zone
	since    time.Time // the last summary, or the last working day's hour
	out      Summary
}

// gather reads everything that one coordinator's summary says.
func (d *Digests) gather(ctx context.Context, who Coordinator, at time.Time) (Summary, error) {
	g := &gathering{Digests: d, read: d.Store.Read(ctx), who: who, language: d.words(who.Locale), now: at.In(d.Zone)}
	for _, section := range []struct {
		what string
		read func() error
	}{
		{"last summary", g.last}, {"holds", g.held}, {"who waits for an answer", g.waiting}, {"letters in triage", g.triage},
		{"what is new", g.arrivals}, {"steps that are due", g.due}, {"dates", g.coming}, {"calls", g.calls},
		{"what went wrong", g.wrong}, {"mailboxes", g.unread}, {"secrets that end", g.ending}, {"mailboxes on trial", g.watched},
	} {
		if err := section.read(); err != nil {
			return Summary{}, fmt.Errorf("gather %s: %w", section.what, err)
		}
	}
	return g.out, nil
}

// last finds out since when things are new.
func (g *gathering) last() error {
	before := g.day(g.now.AddDate(0, 0, -1))
	last, found, err := g.read.LastDigest(g.who.Name, before)
	g.since = last.MadeAt
	if !found {
		g.since = g.on(g.now.AddDate(0, 0, workday(g.now, -1)))
	}
	g.out.Since = g.since
	return err
}

func (g *gathering) say(s string) text { return g.language.say(s) }

func (g *gathering) age(since time.Time) age {
	since = since.In(g.Zone)
	return age{Since: since, Today: g.day(since) == g.day(g.now), Days: workingDays(since, g.now)}
}

// mine returns a programme that the coordinator looks after.
func (g *gathering) mine(name string) (*programme.Programme, bool) {
	p, known := g.Programmes.Programme(name)
	return p, known && slices.Contains(g.who.Programmes, name)
}

// concerns says whether something of a programme is for this coordinator. What
// belongs to no programme is for everybody.
func (g *gathering) concerns(programme string) bool {
	return programme == "" || slices.Contains(g.who.Programmes, programme)
}

// guards says whether this coordinator is called when somebody of a programme
// may be in danger. Whoever was called also hears each morning that it is not
// over.
func (g *gathering) guards(programme string) bool {
	p, known := g.Programmes.Programme(programme)
	return known && (g.who.Name == p.Safeguarding.Lead || g.who.Name == p.Safeguarding.Deputy)
}

func (g *gathering) held() error {
	all, err := g.read.OnHold(bound)
	if err != nil {
		return err
	}
	called, err := g.calledAbout()
	var mine []wait
	for _, a := range all {
		if g.concerns(a.Programme) || g.guards(a.Programme) || slices.Contains(called, a.Reference) {
			mine = append(mine, wait{age: g.age(a.Since), Reference: g.say(a.Reference)})
		}
	}
	g.out.Held = cut(mine, len(mine))
	return err
}

func (g *gathering) arrivals() error {
	var items []arrival
	var unnamed arrival
	for _, name := range g.who.Programmes {
		p, known := g.Programmes.Programme(name)
		n, open, err := g.read.Arrivals(name, g.since, g.now)
		if err != nil {
			return err
		}
		switch {
		case n == 0:
			continue
		case !known || p.Discreet:
			unnamed.N, unnamed.Unfinished = unnamed.N+n, unnamed.Unfinished+open
			continue
		}
		dates, err := g.bookings(p)
		if err != nil {
			return err
		}
		items = append(items, arrival{g.say(p.Title.In(g.language.tag)), n, open, dates})
	}
	if unnamed.N > 0 {
		items = append(items, unnamed)
	}
	g.out.New = cut(items, len(items))
	return nil
}

// bookings counts what is new for each date of a programme, with the places
// that are left.
func (g *gathering) bookings(p *programme.Programme) (list []bookings, err error) {
	counts, err := g.read.BookingArrivals(p.Name, g.since, g.now)
	if err != nil {
		return nil, err
	}
	for _, c := range counts {
		s, err := g.read.Session(c.Session)
		if err != nil {
			return nil, err
		}
		taken, _, err := g.read.Places(s.ID)
		if err != nil {
			return nil, err
		}
		b := bookings{Title: g.session(p, s), Starts: s.StartsAt, Confirmed: c.Confirmed, Waiting: c.Waiting}
		if s.Capacity != nil {
			b.Limited, b.Left = true, max(0, *s.Capacity-taken)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b bookings) int { return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.Title, b.Title)) })
	return list, nil
}

// session is what a date is called.
func (g *gathering) session(p *programme.Programme, s postroom.Session) text {
	for _, e := range p.Events {
		for _, each := range e.Sessions {
			if each.Name == s.Name && each.StartsAt.Equal(s.StartsAt) {
				return g.say(each.Title.In(g.language.tag))
			}
		}
	}
	return g.say(s.Name)
}

// chase stands for a step that reminds coordinators, which sends no letter to
// anybody else.
const chase = "chase"

func (g *gathering) due() error {
	counts, err := g.read.StepsBetween(g.now, g.midnight(g.now, 1), bound)
	if err != nil {
		return err
	}
	var items []due
	for _, c := range counts {
		p, mine := g.mine(c.Programme)
		if !mine {
			continue
		}
		i := slices.IndexFunc(p.Workflow, func(s programme.Step) bool { return s.Name == c.Step })
		if i < 0 || p.Workflow[i].Unless == "answered" && c.Answered {
			continue // it will be skipped when its time comes
		}
		items = addDue(items, due{g.title(p), cmp.Or(p.Workflow[i].Send, chase), c.N})
	}
	g.out.Due = cut(items, len(items))
	return nil
}

// title is what a programme is called, or "" where it is not to be named.
func (g *gathering) title(p *programme.Programme) text {
	if p == nil || p.Discreet {
		return ""
	}
	return g.say(p.Title.In(g.language.tag))
}

func addDue(items []due, more due) []due {
	for i := range items {
		if items[i].Programme == more.Programme && items[i].Kind == more.Kind {
			items[i].N += more.N
			return items
		}
	}
	return append(items, more)
}

// coming lists what takes place today and up to the next working day, so that
// Friday's summary tells of the weekend.
func (g *gathering) coming() error {
	until := g.midnight(g.now, workday(g.now, 1)+1)
	sessions, err := g.read.SessionsBetween(g.midnight(g.now, 0), until, bound)
	if err != nil {
		return err
	}
	var items []date
	for _, s := range sessions {
		p, mine := g.mine(s.Programme)
		if !mine {
			continue
		}
		item := date{Today: g.day(s.StartsAt) == g.day(g.now), Starts: s.StartsAt}
		if !p.Discreet {
			if item.Booked, _, err = g.read.Places(s.ID); err != nil {
				return err
			}
			item.Title, item.Programme, item.Venue = g.session(p, s.Session), g.title(p), g.say(s.Venue)
		}
		items = append(items, item)
	}
	g.out.Coming = cut(items, len(items))
	return nil
}

func (g *gathering) calls() error {
	all, err := g.read.CallsToMake(bound)
	var mine []call
	for _, c := range all {
		if g.concerns(c.Programme) {
			mine = append(mine, call{g.age(c.At), g.say(c.Reference), c.Reason})
		}
	}
	g.out.Calls = cut(mine, len(mine))
	return err
}

func (g *gathering) wrong() error {
	all, err := g.read.Troubles(g.since, g.now, bound)
	if err != nil {
		return err
	}
	var mine []trouble
	for _, t := range all {
		if g.concerns(t.Programme) {
			p, _ := g.Programmes.Programme(t.Programme)
			mine = append(mine, trouble{g.say(t.Reference), g.title(p), t.State == postroom.Uncertain, t.Reason, t.N})
		}
	}
	g.out.Wrong = cut(mine, len(mine))
	g.out.GivenUp, err = g.read.JobsGivenUp(g.since, g.now)
	return err
}

// unreadAfter is how long a mailbox may not have been read before coordinators
// hear of it: what passes by itself is not worth a line.
const unreadAfter = 15 * time.Minute

func (g *gathering) unread() error {
	cursors, err := g.read.Cursors()
	var mine []mailbox
	for _, c := range cursors {
		address := g.say(c.Mailbox)
		listed := slices.ContainsFunc(mine, func(m mailbox) bool { return m.Address == address })
		lasts := c.Problem != "" && g.now.Sub(c.PolledAt) >= unreadAfter
		if lasts && !listed && g.reads(c.Mailbox) {
			mine = append(mine, mailbox{Address: address, Since: c.PolledAt})
		}
	}
	g.out.Unread = cut(mine, len(mine))
	return err
}

// ending finds the secrets that come to their end. Those of a mailbox are for
// who looks after it, as all that concerns it.
func (g *gathering) ending() error {
	if g.Ending == nil {
		return nil
	}
	var mine []ending
	for _, e := range g.Ending(g.now) {
		if e.Mailbox != "" && !g.reads(e.Mailbox) {
			continue
		}
		mine = append(mine, ending{Name: g.say(cmp.Or(e.Mailbox, e.Server)), Day: e.At, Over: !g.now.Before(e.At)})
	}
	g.out.Ending = cut(mine, len(mine))
	return nil
}

func (g *gathering) watched() error {
	counts, err := g.read.Watched(g.since, g.now)
	var mine []mailbox
	for _, c := range counts {
		if g.reads(c.Mailbox) {
			mine = append(mine, mailbox{Address: g.say(c.Mailbox), N: c.N})
		}
	}
	g.out.Watched = cut(mine, len(mine))
	return err
}
