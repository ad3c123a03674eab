package desk

import (
	"net/http"
	"strconv"
	"time"

	"postroom/internal/digest"
	"postroom/internal/postroom"
)

// todayPage is what waits for a colleague, and what is around it: the morning's
// summary as it is at this moment.
type todayPage struct {
	page
	Lead    string
	Nobody  bool // waits
	Held    todayList
	Waiting todayList
	Letters []todayPile
	Calls   todayList
	PutOff  int
	New     []todayFresh
	Due     []string
	Coming  []todayDate
	Wrong   []string
	Watched []string
	Since   When
	Surges  []surgeView
}

// todayList is some of what waits, and how much more there is.
type todayList struct {
	Items []todayItem
	More  int
}

// todayPile is letters that need a person for the same reason.
type todayPile struct {
	Why   string
	Items []todayItem
}

type todayItem struct {
	digest.Item
	Link    string
	Acts    string // path below which its buttons are; "" where it has none
	What    string // its heading
	Because string // of a call
	For     string // that somebody else is away
	At      When
	Mark    string // class: late, soon or ""
	By      string // the day by which the law wants an answer; "" where it says nothing

	Nameless bool // several of these would look alike, so that it needs its reference
}

type todayFresh struct {
	digest.Fresh
	Dates []todayDate
}

type todayDate struct {
	What, Day, Detail, Link string
}

func (d *Desk) todayRoutes() []route {
	return []route{{"GET /desk/today", readers(), d.today}}
}

func (d *Desk) today(w http.ResponseWriter, r *request) error {
	sheet, err := d.Digests.Today(r.Context(), r.Who, d.now())
	if err != nil {
		return err
	}
	p := todayPage{page: d.page(r, d.say(postroom.Say("desk.today.title"))), PutOff: sheet.PutOff, Since: d.when(sheet.Since)}
	p.Wide = true
	p.Held, p.Waiting, p.Calls = d.todayList(sheet.Held), d.todayList(sheet.Waiting), d.todayList(sheet.Calls)
	p.Letters = d.piles(sheet.Letters.Items)
	p.Nobody = sheet.Waits() == 0 && sheet.Held.All() == 0
	p.Lead = d.todayLead(sheet)
	d.around(&p, sheet)
	if p.Surges, err = d.surging(r); err != nil {
		return err
	}
	return d.render(w, r, http.StatusOK, "today.html", p)
}

// todayLead says in one sentence how much waits and for how long.
func (d *Desk) todayLead(s digest.Sheet) string {
	switch n := s.Waits() + s.Held.All(); {
	case n == 0:
		return d.say(postroom.Say("desk.today.nobody"))
	case n == 1 && s.Oldest().IsZero():
		return d.say(postroom.Say("desk.today.held_one"))
	case n == 1:
		return d.say(postroom.Say("desk.today.one", "since", d.when(s.Oldest()).Said))
	default:
		if s.Oldest().IsZero() {
			return d.say(postroom.Say("desk.today.held_only", "n", strconv.Itoa(n)))
		}
		return d.say(postroom.Say("desk.today.some", "n", strconv.Itoa(n), "since", d.when(s.Oldest()).Said))
	}
}

func (d *Desk) todayList(s digest.Section[digest.Item]) (list todayList) {
	for _, i := range s.Items {
		list.Items = append(list.Items, d.todayItem(i))
	}
	list.More = s.More
	return list
}

func (d *Desk) piles(items []digest.Item) (list []todayPile) {
	for _, i := range items {
		why := d.say(postroom.Say("desk.why." + i.Why))
		if n := len(list); n == 0 || list[n-1].Why != why {
			list = append(list, todayPile{Why: why})
		}
		pile := &list[len(list)-1]
		pile.Items = append(pile.Items, d.todayItem(i))
	}
	return list
}

func (d *Desk) todayItem(i digest.Item) todayItem {
	item := todayItem{Item: i, At: d.when(i.Since), What: i.Title}
	switch i.Matter {
	case postroom.AboutLetter:
		item.Link = "/desk/letter/" + i.ID
		item.What = d.say(postroom.Say("desk.today.letter", "reference", i.Reference))
	case postroom.AboutCall:
		item.Link = "/desk/calls#call-" + i.ID
		item.Because = d.because(i.Reason)
	default:
		item.Link = "/desk/submission/" + i.ID
	}
	if item.What == "" {
		item.What = i.Reference
	}
	item.Nameless = i.Name == "" && i.Matter == postroom.AboutSubmission
	if i.Number > 0 || i.Matter != postroom.AboutCall {
		item.Acts = item.Link
	}
	if i.For != "" {
		item.For = d.standsIn(i.For, i.ForUntil)
	}
	if !i.AnswerBy.IsZero() {
		item.By = d.day(i.AnswerBy)
	}
	switch {
	case i.Overdue:
		item.Mark = "late"
	case i.Soon:
		item.Mark = "soon"
	}
	return item
}

// standsIn says for whom a colleague looks after something, and until when.
func (d *Desk) standsIn(name string, until time.Time) string {
	if until.IsZero() {
		return d.say(postroom.Say("desk.today.for", "name", name))
	}
	return d.say(postroom.Say("desk.today.for_until", "name", name, "day", d.day(until)))
}

// around fills in what happens beside what waits.
func (d *Desk) around(p *todayPage, s digest.Sheet) {
	for _, f := range s.New.Items {
		fresh := todayFresh{Fresh: f}
		for _, each := range f.Dates {
			fresh.Dates = append(fresh.Dates, todayDate{What: each.Title, Day: d.day(each.Starts), Detail: d.freshDate(each)})
		}
		p.New = append(p.New, fresh)
	}
	for _, due := range s.Due.Items {
		p.Due = append(p.Due, due.Programme+": "+strconv.Itoa(due.N)+" × "+d.letterNamed(due.Kind))
	}
	for _, date := range s.Coming.Items {
		p.Coming = append(p.Coming, todayDate{
			What: date.Title, Day: d.day(date.Starts) + ", " + date.Starts.In(d.Org.Zone).Format("15:04"), Link: "/desk/door/" + date.Session,
			Detail: d.say(postroom.Say("desk.today.booked", "n", strconv.Itoa(date.Booked), "where", date.Venue)),
		})
	}
	d.wrong(p, s)
}

func (d *Desk) freshDate(f digest.FreshDate) string {
	said := d.many("desk.today.new_bookings", f.Confirmed)
	if f.Waiting > 0 {
		said += ", " + d.say(postroom.Say("desk.today.new_waiting", "n", strconv.Itoa(f.Waiting)))
	}
	switch {
	case f.Limited && f.Left <= 0:
		said += ", " + d.say(postroom.Say("desk.today.full"))
	case f.Limited:
		said += ", " + d.many("desk.today.left", f.Left)
	}
	return said
}

// wrong lists what went wrong, and what is only watched.
func (d *Desk) wrong(p *todayPage, s digest.Sheet) {
	for _, t := range s.Wrong.Items {
		key := "desk.today.failed"
		if t.Uncertain {
			key = "desk.today.uncertain"
		}
		about := t.Reference
		if about == "" {
			about = t.Programme
		}
		said := d.many(key, t.N, "about", about)
		if t.Reason != "" {
			said += ": " + d.because(t.Reason)
		}
		p.Wrong = append(p.Wrong, said)
	}
	for _, b := range s.Unread.Items {
		p.Wrong = append(p.Wrong, d.say(postroom.Say("desk.today.unread", "address", b.Address)))
	}
	for _, e := range s.Ending.Items {
		p.Wrong = append(p.Wrong, d.say(postroom.Say("desk.today.ending", "name", e.Name, "day", d.day(e.Day))))
	}
	if s.GivenUp > 0 {
		p.Wrong = append(p.Wrong, d.say(postroom.Say("desk.today.given_up", "n", strconv.Itoa(s.GivenUp))))
	}
	for _, b := range s.Watched.Items {
		p.Watched = append(p.Watched, d.many("desk.today.watched", b.N, "address", b.Address))
	}
}
