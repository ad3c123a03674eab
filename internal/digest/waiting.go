package digest

import (
	"slices"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// line is everybody who waits for an answer, each once.
type line struct {
	list []waiter
	more int // who is not in the list, because it has an end
}

type waiter struct {
	store.Awaiting
	again bool // they wrote once more
}

func (g *gathering) waiting() error {
	var l line
	for _, name := range g.who.Programmes {
		p, known := g.Programmes.Programme(name)
		if !known {
			continue
		}
		if err := g.queue(&l, p); err != nil {
			return err
		}
	}
	slices.SortStableFunc(l.list, func(a, b waiter) int { return a.Since.Compare(b.Since) })
	var items []wait
	for _, a := range l.list[:min(len(l.list), most)] {
		items = append(items, g.wait(a))
	}
	g.out.Waiting = cut(items, len(l.list)+l.more)
	return nil
}

// queue adds who waits in one programme: for what a person answers, for a
// question that is still open, or because they wrote again.
func (g *gathering) queue(l *line, p *programme.Programme) error {
	for _, kind := range awaited(p) {
		some, all, err := g.read.Unanswered(p.Name, kind.kind, kind.form, g.now, bound)
		if err != nil {
			return err
		}
		l.add(some, all)
	}
	unfinished, all, err := g.read.Unfinished(p.Name, g.now, bound)
	if err != nil {
		return err
	}
	l.add(unfinished, all)
	again, all, err := g.read.WroteAgain(p.Name, g.now, bound)
	if err != nil {
		return err
	}
	l.addAgain(again, all)
	return nil
}

func (l *line) at(reference string) int {
	return slices.IndexFunc(l.list, func(w waiter) bool { return w.Reference == reference })
}

func (l *line) add(some []store.Awaiting, all int) {
	for _, a := range some {
		if l.at(a.Reference) < 0 {
			l.list = append(l.list, waiter{Awaiting: a})
		}
	}
	l.more += all - len(some)
}

// addAgain adds who wrote again. They wait since their newest letter; but
// whoever waits for a first answer waits since the beginning, however often
// they ask for it.
func (l *line) addAgain(some []store.AwaitingAgain, all int) {
	for _, a := range some {
		w, i := waiter{a.Awaiting, true}, l.at(a.Reference)
		if i < 0 {
			l.list = append(l.list, w)
			continue
		}
		if !a.Answered {
			w.Since = l.list[i].Since
		}
		l.list[i] = w
	}
	l.more += all - len(some)
}

// awaits is a kind of submission that a person answers, or one form of it.
type awaits struct {
	kind postroom.FormKind
	form string
}

// awaited lists what a person answers in a programme: what is a question by
// its kind, and every form for which the programme chases an answer.
func awaited(p *programme.Programme) []awaits {
	list := []awaits{{postroom.Enquiry, ""}, {postroom.VolunteerOffer, ""}, {postroom.Concern, ""}, {postroom.Referral, ""}, {postroom.DataRequest, ""}}
	known := len(list)
	for _, f := range p.Forms {
		chased := slices.ContainsFunc(p.Workflow, func(s programme.Step) bool { return s.Form == f.Name && s.Unless == "answered" })
		if chased && !slices.ContainsFunc(list[:known], func(a awaits) bool { return a.kind == f.Kind }) {
			list = append(list, awaits{f.Kind, f.Name})
		}
	}
	return list
}

// wait says as much of a submission as may be said aloud.
func (g *gathering) wait(a waiter) wait {
	w := wait{age: g.age(a.Since), Reference: g.say(a.Reference)}
	form, named := g.named(a.Awaiting)
	if !named {
		return w
	}
	name := outbound.Presentable(a.Name)
	w.Title, w.Name, w.Open, w.Again = g.say(form.Title.In(g.language.tag)), g.say(name), a.Open, a.again
	if a.Address != "" {
		w.copied = g.copyTo(a.Awaiting)
		w.Mailto = mailto(a.Address, w.copied, form.Title.In(a.Locale), a.Reference)
	}
	return w
}

// copyTo is the address by whose copy of an answer the post room knows of it,
// or "".
func (g *gathering) copyTo(a store.Awaiting) string {
	if g.ReplyTo == nil {
		return ""
	}
	return g.ReplyTo(a.Mailbox, a.Reference)
}
