package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// bound is how many rows that belong to everybody are looked through for one
// coordinator's: more than anybody could ever work off.
const bound = 10_000

// gathering is one summary being made: for whom, when, and in which language.
type gathering struct {
	*Digests
	read     store.Reader
	who      reader
	language language
	desk     bool      // it is for the desk, which may name people
	limit    int       // lines of a section
	now      time.Time // in the organisation's zone
	since    time.Time // the last summary, or the last working day's hour
	owners   map[[4]string]belongs
	alarms   map[string]postroom.Alarm // by the id of what they are about
	rung     map[string]bool           // about which of them this colleague was called
	closed   map[string]bool           // submissions of which this colleague may know the reference alone
	piles    map[string]int            // letters that are not shown, by why
	out      Sheet
}

func (d *Digests) begin(ctx context.Context, who reader, at time.Time) *gathering {
	return &gathering{
		Digests: d, read: d.Store.Read(ctx), who: who, language: d.words(who.Locale), limit: most, now: at.In(d.Zone),
		owners: make(map[[4]string]belongs), alarms: make(map[string]postroom.Alarm), rung: make(map[string]bool), closed: make(map[string]bool), piles: make(map[string]int),
		out: Sheet{Colleague: who.Name, At: at},
	}
}

// gather reads everything that one colleague's summary says.
func (g *gathering) gather() (Sheet, error) {
	for _, section := range []struct {
		what string
		read func() error
	}{
		{"last summary", g.last}, {"alarms", g.alarmed}, {"holds", g.held}, {"who waits for an answer", g.waiting}, {"letters in triage", g.triage},
		{"what is new", g.arrivals}, {"steps that are due", g.due}, {"dates", g.coming}, {"calls", g.calls},
		{"what went wrong", g.wrong}, {"mailboxes", g.unread}, {"secrets that end", g.ending}, {"mailboxes on trial", g.watched},
		{"item numbers", g.numbers},
	} {
		if err := section.read(); err != nil {
			return Sheet{}, fmt.Errorf("gather %s: %w", section.what, err)
		}
	}
	return g.out, nil
}

// cut makes a section of what there is, of all in number.
func cut[T any](items []T, limit, all int) Section[T] {
	items = items[:min(len(items), limit)]
	return Section[T]{items, all - len(items)}
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

// item begins a line about something that waits since a moment.
func (g *gathering) item(matter postroom.Matter, id string, since time.Time, b belongs) Item {
	since = since.In(g.Zone)
	return Item{
		Matter: matter, ID: id, Since: since, Today: g.day(since) == g.day(g.now), Days: workingDays(since, g.now),
		Owner: b.owner, For: b.to, ForUntil: b.until,
	}
}

// told returns a programme that the colleague is told of.
func (g *gathering) told(name string) (*programme.Programme, bool) {
	p, known := g.Programmes.Programme(name)
	return p, known && slices.Contains(g.who.programmes, name)
}

// concerns says whether something of a programme is for this colleague. What
// belongs to no programme, or to one that has no file any more, is for everybody
// who hears of such things.
func (g *gathering) concerns(programme string) bool {
	_, known := g.Programmes.Programme(programme)
	return !known && g.who.informed || slices.Contains(g.who.programmes, programme)
}

// escalated is the stage of an alarm at which the admins were told.
const escalated = 2

func (g *gathering) alarmed() error {
	list, err := g.read.OpenAlarms(bound)
	if err != nil {
		return err
	}
	for _, a := range list {
		g.alarms[a.Subject] = a
		for stage := 0; stage <= a.Stage && !g.rung[a.Subject] && err == nil; stage++ {
			g.rung[a.Subject], err = g.read.Called(a.CallKey(stage) + g.who.Address)
		}
	}
	return err
}

// guards says whether this colleague is called when somebody of a programme may
// be in danger. Whoever was called also hears each morning that it is not over;
// and so do the admins, once they were called.
func (g *gathering) guards(c postroom.Colleague, programme string) bool {
	s := g.Programmes.Safeguarding(programme)
	return c.Answers() && (c.Name == s.Lead || c.Name == s.Deputy)
}

func (g *gathering) calledAsAdmin(c postroom.Colleague, id string) bool {
	a, open := g.alarms[id]
	return open && a.Risen >= escalated && c.Has(postroom.Admin, a.Programme, "")
}

// held lists what is held, to whoever has to look and to whose list it would be
// in. The owner is told the reference alone, as the mails are.
func (g *gathering) held() error {
	all, err := g.read.OnHold(bound)
	var mine []Item
	for _, a := range all {
		b := g.belonging(a.Programme, a.Area, a.Assigned)
		called := g.guards(g.who.Colleague, a.Programme) || g.rung[a.ID] || g.calledAsAdmin(g.who.Colleague, a.ID)
		g.closed[a.ID] = !called
		if !called && !g.mine(b) {
			continue
		}
		i := g.item(postroom.AboutSubmission, a.ID, a.Since, b)
		i.Reference, i.secret = a.Reference, true
		if called {
			i.Programme, i.Name, i.Title = a.Programme, outbound.Presentable(a.Name), g.formTitle(a.Form)
		}
		mine = append(mine, i)
	}
	g.out.Held = cut(mine, g.limit, len(mine))
	return err
}

func (g *gathering) formTitle(name string) string {
	form, known := g.Programmes.Form(name)
	if !known {
		return name
	}
	return form.Title.In(g.language.tag)
}

func (g *gathering) arrivals() error {
	var items []Fresh
	for _, name := range g.who.programmes {
		p, known := g.Programmes.Programme(name)
		n, open, err := g.read.Arrivals(name, g.since, g.now)
		if err != nil {
			return err
		}
		if n == 0 || !known {
			continue
		}
		dates, err := g.bookings(p)
		if err != nil {
			return err
		}
		items = append(items, Fresh{p.Title.In(g.language.tag), n, open, dates, p.Discreet})
	}
	g.out.New = cut(items, g.limit, len(items))
	return nil
}

// bookings counts what is new for each date of a programme, with the places
// that are left.
func (g *gathering) bookings(p *programme.Programme) (list []FreshDate, err error) {
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
		b := FreshDate{Title: g.session(p, s), Starts: s.StartsAt, Confirmed: c.Confirmed, Waiting: c.Waiting}
		if s.Capacity != nil {
			b.Limited, b.Left = true, max(0, *s.Capacity-taken)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b FreshDate) int { return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.Title, b.Title)) })
	return list, nil
}

// session is what a date is called.
func (g *gathering) session(p *programme.Programme, s postroom.Session) string {
	for _, e := range p.Events {
		for _, each := range e.Sessions {
			if each.Name == s.Name && each.StartsAt.Equal(s.StartsAt) {
				return each.Title.In(g.language.tag)
			}
		}
	}
	return s.Name
}

// chase stands for a step that reminds coordinators, which sends no letter to
// anybody else.
const chase = "chase"

func (g *gathering) due() error {
	counts, err := g.read.StepsBetween(g.now, g.midnight(g.now, 1), bound)
	if err != nil {
		return err
	}
	var items []Due
	for _, c := range counts {
		p, mine := g.told(c.Programme)
		if !mine {
			continue
		}
		i := slices.IndexFunc(p.Workflow, func(s programme.Step) bool { return s.Name == c.Step })
		if i < 0 || p.Workflow[i].Unless == "answered" && c.Answered {
			continue // it will be skipped when its time comes
		}
		items = addDue(items, Due{p.Title.In(g.language.tag), cmp.Or(p.Workflow[i].Send, chase), c.N, p.Discreet})
	}
	g.out.Due = cut(items, g.limit, len(items))
	return nil
}

func addDue(items []Due, more Due) []Due {
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
	var items []Date
	for _, s := range sessions {
		p, mine := g.told(s.Programme)
		if !mine {
			continue
		}
		item := Date{
			Session: s.ID, Today: g.day(s.StartsAt) == g.day(g.now), Starts: s.StartsAt,
			Title: g.session(p, s.Session), Programme: p.Title.In(g.language.tag), Venue: s.Venue, secret: p.Discreet,
		}
		if item.Booked, _, err = g.read.Places(s.ID); err != nil {
			return err
		}
		items = append(items, item)
	}
	g.out.Coming = cut(items, g.limit, len(items))
	return nil
}

func (g *gathering) calls() error {
	all, err := g.read.CallsToMake(bound)
	var mine []Item
	n := 0
	for _, c := range all {
		assigned := cmp.Or(c.AssignedTo, c.Assigned)
		b := g.belonging(c.Programme, c.Area, assigned)
		if !g.mine(b) {
			continue
		}
		if c.SnoozedUntil.After(g.now) {
			g.out.PutOff++
			continue
		}
		if n++; n > g.limit {
			continue
		}
		i := g.item(postroom.AboutCall, c.ID, c.At, b)
		i.Reference, i.Reason, i.Programme, i.Yours = c.Reference, c.Reason, c.Programme, assigned == g.who.Name
		i.secret = true
		if !g.closed[c.Submission] { // or only whoever is called may know whom it is about
			i.Name, i.Phone = outbound.Presentable(c.Name), c.Phone
		}
		mine = append(mine, i)
	}
	g.out.Calls = cut(mine, g.limit, n)
	return err
}

func (g *gathering) wrong() error {
	all, err := g.read.Troubles(g.since, g.now, bound)
	if err != nil {
		return err
	}
	var mine []Trouble
	for _, t := range all {
		if !g.concerns(t.Programme) {
			continue
		}
		item := Trouble{Reference: t.Reference, Uncertain: t.State == postroom.Uncertain, Reason: t.Reason, N: t.N}
		if p, known := g.Programmes.Programme(t.Programme); known {
			item.Programme, item.secret = p.Title.In(g.language.tag), p.Discreet
		}
		mine = append(mine, item)
	}
	g.out.Wrong = cut(mine, g.limit, len(mine))
	if g.who.informed {
		g.out.GivenUp, err = g.read.JobsGivenUp(g.since, g.now)
	}
	return err
}

// unreadAfter is how long a mailbox may not have been read before coordinators
// hear of it: what passes by itself is not worth a line.
const unreadAfter = 15 * time.Minute

func (g *gathering) unread() error {
	cursors, err := g.read.Cursors()
	var mine []Box
	for _, c := range cursors {
		listed := slices.ContainsFunc(mine, func(m Box) bool { return m.Address == c.Mailbox })
		lasts := c.Problem != "" && g.now.Sub(c.PolledAt) >= unreadAfter
		if lasts && !listed && g.reads(c.Mailbox) {
			mine = append(mine, Box{Address: c.Mailbox, Since: c.PolledAt})
		}
	}
	g.out.Unread = cut(mine, len(mine), len(mine))
	return err
}

// ending finds the secrets that come to their end. Those of a mailbox are for
// who looks after it, as all that concerns it.
func (g *gathering) ending() error {
	if g.Ending == nil {
		return nil
	}
	var mine []Secret
	for _, e := range g.Ending(g.now) {
		if e.Mailbox != "" && !g.reads(e.Mailbox) || e.Mailbox == "" && !g.who.informed {
			continue
		}
		mine = append(mine, Secret{Name: cmp.Or(e.Mailbox, e.Server), Day: e.At, Over: !g.now.Before(e.At)})
	}
	g.out.Ending = cut(mine, len(mine), len(mine))
	return nil
}

func (g *gathering) watched() error {
	counts, err := g.read.Watched(g.since, g.now)
	var mine []Box
	for _, c := range counts {
		if g.reads(c.Mailbox) {
			mine = append(mine, Box{Address: c.Mailbox, N: c.N})
		}
	}
	g.out.Watched = cut(mine, len(mine), len(mine))
	return err
}

// reads says whether what concerns a mailbox is for this colleague: they are told
// of a programme that people write to there, or it is of none.
func (g *gathering) reads(mailbox string) bool {
	owned := false
	for _, p := range g.Programmes.Programmes() {
		if !receives(p, mailbox) {
			continue
		}
		if slices.Contains(g.who.programmes, p.Name) {
			return true
		}
		owned = true
	}
	return !owned && g.who.informed
}

func receives(p *programme.Programme, mailbox string) bool {
	return slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) })
}

// numbers finds the numbers that what waits has already.
func (g *gathering) numbers() error {
	ids := make(map[postroom.Matter][]string)
	for _, i := range g.out.numbered() {
		ids[i.Matter] = append(ids[i.Matter], i.ID)
	}
	for matter, list := range ids {
		known, err := g.read.ItemsOf(matter, list)
		if err != nil {
			return err
		}
		for _, i := range g.out.numbered() {
			if i.Matter == matter {
				i.Number = known[i.ID]
			}
		}
	}
	return nil
}

// numbered lists what a command may be about. What is held is not: somebody has
// to look at it.
func (s *Sheet) numbered() (list []*Item) {
	for _, items := range [][]Item{s.Waiting.Items, s.Letters.Items, s.Calls.Items} {
		for i := range items {
			list = append(list, &items[i])
		}
	}
	return list
}
