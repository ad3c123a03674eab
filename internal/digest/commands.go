package digest

import (
	"context"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Told is what a colleague hears about a letter of theirs with commands.
type Told struct {
	Outcomes []Outcome
	List     bool // what waits for them is to be listed
	Rest     bool // the letter said other things too, and nobody reads them
}

// Outcome is what became of one command about one thing.
type Outcome struct {
	Verb      string // take, done, snooze, pass, note, undo or approve
	Number    int    // 0 where it has none
	Reference string // "" where it has none
	Until     time.Time
	To        string // name or address of a colleague
	Why       string // why nothing was done, as one word; "" where it was done
	Name      string // of a colleague, where that is a part of why
}

// told is what the answer to commands is written from.
type told struct {
	Done, Not []outcome
	Undo      bool // there is something that can be taken back
	Rest      bool
	List      bool
	Waiting   []listed
	More      int
}

type outcome struct {
	Verb, Why string
	Number    int
	Until     time.Time
	Reference text
	To, Name  text
}

// listed is something that waits: its number, its reference and since when, and
// no name.
type listed struct {
	age
	errand
	Reference text
}

// Told puts into a colleague's words what their letter did, as Markdown. Where
// they want to have listed what waits for them, each of it gets its number first,
// as in a summary.
func (d *Digests) Told(ctx context.Context, who postroom.Colleague, t Told) (markdown string, err error) {
	g := d.begin(ctx, d.reading(who, d.Clock.Now()), d.Clock.Now())
	out := told{Rest: t.Rest, List: t.List}
	for _, o := range t.Outcomes {
		line := outcome{o.Verb, o.Why, o.Number, o.Until, g.say(o.Reference), g.say(o.To), g.say(o.Name)}
		if o.Why != "" {
			out.Not = append(out.Not, line)
			continue
		}
		out.Done, out.Undo = append(out.Done, line), out.Undo || o.Verb != "undo" && o.Verb != "approve"
	}
	if t.List {
		if err := g.list(ctx, &out); err != nil {
			return "", err
		}
	}
	markdown, err = d.told.write(g.language, out)
	return strings.TrimSpace(markdown), err
}

// list lists everything that waits.
func (g *gathering) list(ctx context.Context, out *told) error {
	sheet, err := g.gather()
	if err != nil {
		return err
	}
	if err := g.number(ctx, &sheet); err != nil {
		return err
	}
	for _, section := range []Section[Item]{sheet.Waiting, sheet.Letters, sheet.Calls} {
		for _, i := range section.Items {
			out.Waiting = append(out.Waiting, listed{age{i.Since, i.Today, i.Days}, g.errand(i), g.say(i.Reference)})
		}
		out.More += section.More
	}
	return nil
}
