package desk

import (
	"net/http"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// greeters may open the door list.
func greeters() rule {
	return rule{roles: []postroom.Role{postroom.Admin, postroom.IsCoordinator, postroom.Greeter}}
}

func (d *Desk) doorListRoutes() []route {
	return []route{
		{"GET /desk/door", greeters(), d.showDoors},
		{"GET /desk/door/{session}", greeters(), d.showDoor},
		{"POST /desk/door/{session}/came", greeters(), d.came},
		{"POST /desk/door/{session}/not-here", greeters(), d.notHere},
	}
}

// daysAtTheDoor is how many days ahead dates are listed.
const daysAtTheDoor = 7

// doorsPage lists the dates at whose door somebody greets.
type doorsPage struct {
	page
	Days []doorDay
}

type doorDay struct {
	Name  string
	Dates []dateAtDoor
}

type dateAtDoor struct {
	What, Link, Time, Venue string
	Expected, Came          int
}

// guestsPage is one date: names and how many, and nothing else of anybody.
type guestsPage struct {
	page
	dateAtDoor
	Session, Day string
	Guests       []guestView
}

type guestView struct {
	Booking, Name string
	Party         int
	Here          bool
}

// greetsIn says whether somebody greets at the door of a programme, in any area of
// it.
func greetsIn(who postroom.Colleague, programme string) bool {
	for _, g := range who.Grants {
		if g.Role != postroom.Viewer && (g.Programme == "" || g.Programme == programme) {
			return true
		}
	}
	return false
}

func (d *Desk) showDoors(w http.ResponseWriter, r *request) error {
	now := d.now()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, d.Org.Zone)
	list, err := r.read(d).DoorDates(today, today.AddDate(0, 0, daysAtTheDoor+1))
	if err != nil {
		return err
	}
	p := doorsPage{page: d.page(r, d.say(postroom.Say("desk.door.title")))}
	for _, date := range list {
		if !greetsIn(r.Who, date.Programme) {
			continue
		}
		name := d.day(date.StartsAt)
		if daysApart(now, date.StartsAt.In(d.Org.Zone)) == 0 {
			name = d.say(postroom.Say("desk.door.today", "day", name))
		}
		if n := len(p.Days); n == 0 || p.Days[n-1].Name != name {
			p.Days = append(p.Days, doorDay{Name: name})
		}
		day := &p.Days[len(p.Days)-1]
		day.Dates = append(day.Dates, d.dateAtDoor(date))
	}
	return d.render(w, r, http.StatusOK, "doors.html", p)
}

func (d *Desk) dateAtDoor(date store.DoorDate) dateAtDoor {
	from, to := date.StartsAt.In(d.Org.Zone).Format("15:04"), date.EndsAt.In(d.Org.Zone).Format("15:04")
	return dateAtDoor{
		What: d.dateTitle(date.Programme, date.EventName, date.Name), Link: "/desk/door/" + date.ID,
		Time: from + "–" + to, Venue: date.Venue, Expected: date.Expected, Came: date.Here,
	}
}

func (d *Desk) showDoor(w http.ResponseWriter, r *request) error {
	read := r.read(d)
	date, err := read.DoorDate(r.PathValue("session"))
	if err != nil {
		return err
	}
	if !greetsIn(r.Who, date.Programme) {
		return notYours()
	}
	guests, err := read.Guests(date.ID)
	if err != nil {
		return err
	}
	at := d.dateAtDoor(date)
	at.Expected, at.Came = 0, 0 // those whom this reader greets
	p := guestsPage{page: d.page(r, at.What), Session: date.ID, Day: d.day(date.StartsAt)}
	for _, g := range guests {
		if !casework.Greets(r.Who, date.Programme, g.Area) {
			continue
		}
		p.Guests = append(p.Guests, guestView{g.Booking, d.nameOf(g.Name), g.Party, g.Here})
		at.Expected += g.Party
		if g.Here {
			at.Came += g.Party
		}
	}
	p.dateAtDoor = at
	return d.render(w, r, http.StatusOK, "door.html", p)
}

func (d *Desk) came(w http.ResponseWriter, r *request) error {
	if err := d.Casework.Came(r.Context(), r.Who, r.PostFormValue("booking")); err != nil {
		return err
	}
	return d.backToDoor(w, r)
}

func (d *Desk) notHere(w http.ResponseWriter, r *request) error {
	if err := d.Casework.NotHere(r.Context(), r.Who, r.PostFormValue("booking")); err != nil {
		return err
	}
	return d.backToDoor(w, r)
}

// backToDoor shows the list again, at the party that was ticked.
func (d *Desk) backToDoor(w http.ResponseWriter, r *request) error {
	http.Redirect(w, r.Request, "/desk/door/"+r.PathValue("session")+"#b"+r.PostFormValue("booking"), http.StatusSeeOther)
	return nil
}
