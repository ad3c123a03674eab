package digest

import (
	"cmp"
	"slices"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// line is everybody who waits for an answer in one colleague's list, each once.
type line struct {
	list []waiter
	more int // who is not in the list, because it has an end
}

type waiter struct {
	store.Awaiting
	again   bool      // they wrote once more
	overdue bool      // an answer was promised by now
	by      time.Time // the law wants an answer; zero where it says nothing
}

func (g *gathering) waiting() error {
	var l line
	names, err := g.read.WaitingProgrammes() // also those that have no file any more
	if err != nil {
		return err
	}
	for _, p := range g.Programmes.Programmes() {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	for _, name := range names {
		if err := g.queue(&l, name); err != nil {
			return err
		}
	}
	if err := g.again(&l); err != nil {
		return err
	}
	for i := range l.list {
		l.list[i].overdue, l.list[i].by = g.overdue(l.list[i]), g.byLaw(l.list[i])
	}
	slices.SortStableFunc(l.list, func(a, b waiter) int {
		return cmp.Or(first(a.overdue, b.overdue), first(g.soon(a), g.soon(b)), a.Since.Compare(b.Since))
	})
	var items []Item
	for _, a := range l.list[:min(len(l.list), g.limit)] {
		items = append(items, g.wait(a))
	}
	g.out.Waiting = cut(items, g.limit, len(l.list)+l.more)
	return nil
}

// first orders what is so ahead of what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// queue adds who waits in one programme: for what a person answers, or for a
// question that is still open.
func (g *gathering) queue(l *line, name string) error {
	p, _ := g.Programmes.Programme(name)
	for _, kind := range p.Awaited() {
		shares, err := g.read.Shares(name, kind.Kind, kind.Form, g.now)
		if err != nil {
			return err
		}
		for _, share := range shares {
			if err := g.share(l, name, kind, share); err != nil {
				return err
			}
		}
	}
	unfinished, err := g.read.Unfinished(name, g.now)
	if err != nil {
		return err
	}
	for _, a := range unfinished {
		if !p.Awaits(a.Kind, a.Form) {
			g.add(l, waiter{Awaiting: a})
		}
	}
	return nil
}

// share adds what of a kind has one owner, if that is this colleague.
func (g *gathering) share(l *line, name string, kind postroom.Awaited, share store.Share) error {
	if !g.mine(g.belonging(name, share.Area, share.Assigned)) {
		return nil
	}
	g.out.PutOff += share.PutOff
	if share.N == 0 {
		return nil
	}
	some, err := g.read.Unanswered(name, kind.Kind, kind.Form, share, g.now, g.limit)
	for _, a := range some {
		l.list = append(l.list, waiter{Awaiting: a})
	}
	l.more += share.N - len(some)
	return err
}

// add adds somebody who was not counted yet, if they are in this colleague's
// list.
func (g *gathering) add(l *line, w waiter) {
	switch {
	case !g.mine(g.belonging(w.Programme, w.Area, w.Assigned)):
	case w.Snoozed.After(g.now):
		g.out.PutOff++
	default:
		l.list = append(l.list, w)
	}
}

// again notes who wrote again, and adds those who wait for nothing else. They
// wait since their newest letter; but whoever waits for a first answer waits
// since the beginning, however often they ask for it.
func (g *gathering) again(l *line) error {
	all, err := g.read.WroteAgain(g.now)
	for _, a := range all {
		i := slices.IndexFunc(l.list, func(w waiter) bool { return w.ID == a.ID })
		if i >= 0 {
			l.list[i].again = true
			if a.Answered {
				l.list[i].Since = a.Since
			}
			continue
		}
		if p, _ := g.Programmes.Programme(a.Programme); !a.Open && !p.Awaits(a.Kind, a.Form) {
			g.add(l, waiter{Awaiting: a.Awaiting, again: true})
		}
	}
	return err
}

// overdue says whether somebody was promised an answer by now.
func (g *gathering) overdue(w waiter) bool {
	p, known := g.Programmes.Programme(w.Programme)
	if !known {
		return false
	}
	by := p.AnswerBy(w.Kind, w.Since, g.Zone)
	return !by.IsZero() && by.Before(g.now)
}

// soonByLaw is how long before the last day somebody has to begin: data has to be
// looked for in many places.
const soonByLaw = 7

// byLaw is by when the law wants an answer, or zero.
func (g *gathering) byLaw(w waiter) time.Time {
	p, known := g.Programmes.Programme(w.Programme)
	if !known || !programme.ByLaw(w.Kind) {
		return time.Time{}
	}
	return p.AnswerBy(w.Kind, w.Since, g.Zone)
}

// soon says whether the law's last day is near.
func (g *gathering) soon(w waiter) bool {
	return !w.by.IsZero() && !w.by.After(g.now.AddDate(0, 0, soonByLaw))
}

// wait says all of a submission that its owner may know, and whether a mail may
// say it.
func (g *gathering) wait(w waiter) Item {
	i := g.item(postroom.AboutSubmission, w.ID, w.Since, g.belonging(w.Programme, w.Area, w.Assigned))
	i.Reference, i.Programme, i.Overdue, i.Again, i.Open, i.Yours = w.Reference, w.Programme, w.overdue, w.again, w.Open, w.Assigned == g.who.Name
	_, named := g.mayName(w.Awaiting)
	i.AnswerBy, i.Soon = w.by, g.soon(w)
	i.Title, i.Name, i.secret = g.formTitle(w.Form), outbound.Presentable(w.Name), !named
	if w.Address == "" || !named && !g.desk {
		return i
	}
	subject := i.Title
	if form, known := g.Programmes.Form(w.Form); known {
		subject = form.Title.In(w.Locale)
	}
	i.copied = g.copyTo(w.Awaiting)
	i.Mailto = mailto(w.Address, i.copied, subject, w.Reference)
	return i
}

// copyTo is the address by whose copy of an answer the post room knows of it,
// or "".
func (g *gathering) copyTo(a store.Awaiting) string {
	if g.ReplyTo == nil {
		return ""
	}
	return g.ReplyTo(a.Mailbox, a.Reference)
}
