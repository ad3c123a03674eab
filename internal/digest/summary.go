package digest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// most is how many lines a section of a mail has before it says "and N more".
const most = 20

// Summary is a Sheet as a mail may say it, in one language and ready to be
// printed. Sections that are empty are left out.
type Summary struct {
	Since time.Time // what is new is counted from here

	Held    section[wait]
	Waiting section[wait]
	Triage  []pile
	PutOff  int // how much is put off until later
	Example int // a number that stands in the summary, to explain commands by; 0 explains none
	New     section[arrival]
	Due     section[due]
	Coming  section[date]
	Calls   section[call]
	Wrong   section[trouble]
	Unread  section[mailbox]
	Ending  section[ending]
	GivenUp int // pieces of work
	Watched section[mailbox]
}

type section[T any] = Section[T]

// empty says whether there is nothing to say. That something is put off is no
// reason to write.
func (s Sheet) empty() bool {
	n := s.Held.All() + s.Waits() + s.New.All() + s.Due.All() + s.Coming.All()
	return n == 0 && s.Wrong.All()+s.Unread.All()+s.Ending.All()+s.GivenUp+s.Watched.All() == 0
}

// Trouble says whether anything went wrong.
func (s Summary) Trouble() bool {
	return s.Wrong.All()+s.Unread.All()+s.Ending.All()+s.GivenUp > 0
}

// Copied says whether an answer that is begun in the summary has a copy line.
func (s Summary) Copied() bool {
	return slices.ContainsFunc(s.Waiting.Items, func(w wait) bool { return w.copied != "" })
}

// pile is letters that need a person for the same reason.
type pile struct {
	Why string // one of piles
	section[wait]
}

// age is since when somebody waits.
type age struct {
	Since time.Time
	Today bool
	Days  int // working days
}

// wait is somebody who waits: of a discreet one there are a reference and an
// age, and nothing else.
type wait struct {
	age
	Reference text
	Title     text      // of the form
	Name      text      // of the person
	Mailto    string    // link that begins an answer; "" where there is no address
	Yours     bool      // a letter that this coordinator looks after
	Open      bool      // there are questions that they have not answered yet
	Again     bool      // they wrote once more
	Overdue   bool      // an answer was promised by now
	AnswerBy  time.Time // the law wants an answer; zero where it says nothing
	errand

	copied string // who gets a copy of the answer; "" when nobody does
}

// arrival is what is new in one programme.
type arrival struct {
	Programme  text // "" stands for all that are not to be named
	N          int
	Unfinished int // how many of them have questions open
	Dates      []bookings
}

// bookings is what is new for one date.
type bookings struct {
	Title     text
	Starts    time.Time
	Confirmed int
	Waiting   int
	Limited   bool
	Left      int
}

// due is what will still be sent today by itself.
type due struct {
	Programme text   // "" stands for all that are not to be named
	Kind      string // the letter that is sent, or chase
	N         int
}

// date is something that takes place soon. One that is not to be named has
// only its time.
type date struct {
	Today     bool
	Starts    time.Time
	Title     text
	Programme text
	Venue     text
	Booked    int
}

// errand is what a colleague may do about something that waits.
type errand struct {
	Number int    // that commands name; 0 while it has none
	Done   string // link that says that it is dealt with; "" where there is none
	For    text   // who is away and would have it
	Until  time.Time
}

// call is somebody to phone.
type call struct {
	age
	errand
	Reference text
	Reason    string // as a locale key
}

// trouble is mail that went wrong.
type trouble struct {
	Reference text // "" where it is not about a submission
	Programme text // "" where it is not to be named, or there is none
	Uncertain bool
	Reason    string // as a locale key
	N         int
}

// mailbox is one of the organisation's, with when it was last read or how many
// letters of it there are.
type mailbox struct {
	Address text
	Since   time.Time
	N       int
}

// ending is a secret that comes to its end, or has.
type ending struct {
	Name text // of the mailbox or the mail server
	Day  time.Time
	Over bool
}

// summary writes a sheet down as a mail may say it.
func (g *gathering) summary(s Sheet) Summary {
	out := Summary{
		Since: s.Since, PutOff: s.PutOff, GivenUp: s.GivenUp,
		Held: each(s.Held, g.waits), Waiting: each(s.Waiting, g.waits), Calls: each(s.Calls, g.toCall),
		New: g.fresh(s.New), Due: g.dueToday(s.Due), Coming: each(s.Coming, g.dated), Wrong: each(s.Wrong, g.went),
		Unread: each(s.Unread, g.box), Watched: each(s.Watched, g.box),
		Ending: each(s.Ending, func(e Secret) ending { return ending{g.say(e.Name), e.Day, e.Over} }),
	}
	for _, why := range piles() {
		these := slices.DeleteFunc(slices.Clone(s.Letters.Items), func(i Item) bool { return i.Why != why })
		if len(these) > 0 {
			out.Triage = append(out.Triage, pile{why, each(Section[Item]{these, g.piles[why]}, g.waits)})
		}
	}
	if g.commands() != "" {
		for _, i := range s.numbered() {
			if out.Example = i.Number; out.Example > 0 {
				break
			}
		}
	}
	return out
}

// each writes every line of a section.
func each[A, B any](s Section[A], write func(A) B) Section[B] {
	out := Section[B]{More: s.More}
	for _, item := range s.Items {
		out.Items = append(out.Items, write(item))
	}
	return out
}

func (g *gathering) say(s string) text { return g.language.say(s) }

// unless says a text, or nothing where no mail may.
func (g *gathering) unless(secret bool, s string) text {
	if secret {
		return ""
	}
	return g.say(s)
}

func (g *gathering) waits(i Item) wait {
	w := wait{age: age{i.Since, i.Today, i.Days}, Reference: g.say(i.Reference), Yours: i.Yours, Overdue: i.Overdue, AnswerBy: i.AnswerBy, errand: g.errand(i)}
	if !i.secret {
		w.Title, w.Name, w.Open, w.Again, w.Mailto, w.copied = g.say(i.Title), g.say(i.Name), i.Open, i.Again, i.Mailto, i.copied
	}
	return w
}

func (g *gathering) toCall(i Item) call {
	return call{age: age{i.Since, i.Today, i.Days}, errand: g.errand(i), Reference: g.say(i.Reference), Reason: i.Reason}
}

// errand is what may be done about an item from the mail: by a page with one
// button where there is a desk, or by a letter that needs only to be sent.
func (g *gathering) errand(i Item) errand {
	e := errand{Number: i.Number, For: g.say(i.For), Until: i.ForUntil}
	if i.Number == 0 {
		return e
	}
	if g.Deed != nil {
		e.Done = g.Deed(actDone, i.Matter, i.ID, g.who.Name)
	}
	if to := g.commands(); e.Done == "" && strings.Contains(to, "+") {
		e.Done = "mailto:" + percent(to, "@") + "?subject=" + percent("DONE "+strconv.Itoa(i.Number), "")
	}
	return e
}

// What the links in our mails do, as the pages behind them and the commands by
// letter call it. Of what a colleague may do about something that waits there is
// only this one link: the rest is a word in a reply.
const (
	actDone = "done"
	actAway = "away"
)

// commands is the address to which this colleague's commands go, or "".
func (g *gathering) commands() string { return g.Digests.commands(g.who.Name) }

func (d *Digests) commands(colleague string) string {
	if d.CommandsTo == nil {
		return ""
	}
	return d.CommandsTo(colleague)
}

// fresh says what is new, with all that is not to be named in one line.
func (g *gathering) fresh(s Section[Fresh]) (out section[arrival]) {
	var unnamed arrival
	for _, f := range s.Items {
		if f.secret {
			unnamed.N, unnamed.Unfinished = unnamed.N+f.N, unnamed.Unfinished+f.Unfinished
			continue
		}
		a := arrival{Programme: g.say(f.Programme), N: f.N, Unfinished: f.Unfinished}
		for _, d := range f.Dates {
			a.Dates = append(a.Dates, bookings{g.say(d.Title), d.Starts, d.Confirmed, d.Waiting, d.Limited, d.Left})
		}
		out.Items = append(out.Items, a)
	}
	if unnamed.N > 0 {
		out.Items = append(out.Items, unnamed)
	}
	out.More = s.More
	return out
}

// dueToday says what is due, with all that is not to be named in one line a kind.
func (g *gathering) dueToday(s Section[Due]) (out section[due]) {
	for _, d := range s.Items {
		programme := g.unless(d.secret, d.Programme)
		if i := slices.IndexFunc(out.Items, func(o due) bool { return o.Programme == programme && o.Kind == d.Kind }); i >= 0 {
			out.Items[i].N += d.N
			continue
		}
		out.Items = append(out.Items, due{programme, d.Kind, d.N})
	}
	out.More = s.More
	return out
}

func (g *gathering) dated(d Date) date {
	out := date{Today: d.Today, Starts: d.Starts}
	if !d.secret {
		out.Title, out.Programme, out.Venue, out.Booked = g.say(d.Title), g.say(d.Programme), g.say(d.Venue), d.Booked
	}
	return out
}

func (g *gathering) went(t Trouble) trouble {
	return trouble{g.say(t.Reference), g.unless(t.secret, t.Programme), t.Uncertain, t.Reason, t.N}
}

func (g *gathering) box(b Box) mailbox { return mailbox{g.say(b.Address), b.Since, b.N} }
