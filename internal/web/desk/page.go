package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// page is what every page has besides its own matter.
type page struct {
	Title  string // without the organisation
	Org    string
	Here   string // where buttons come back to
	Who    postroom.Colleague
	Rooms  []room
	Notice *notice // what was just done; nil is nothing
	Now    time.Time
	Wide   bool   // two columns, where the window has room for them
	Demo   string // where a demo shows the visitor's side
	Style  string // address of the organisation's colour; "" is ours
	Logo   string // address of its logo; "" is ours
}

// room is one place that the colleague may go to.
type room struct {
	Name, Link string
	Current    bool
}

// notice says what was done, and offers to undo it.
type notice struct {
	Say  string
	Undo string // id of the deed; "" where it cannot be undone
}

// place is one of the desk's main pages.
type place struct {
	key, path string
	rule      rule
}

// places lists the main pages, in the order of the menu.
func places() []place {
	return []place{
		{"desk.nav.today", "/desk/today", readers()},
		{"desk.nav.inbox", "/desk/inbox", readers()},
		{"desk.nav.people", "/desk/people", readers()},
		{"desk.nav.calls", "/desk/calls", readers()},
		{"desk.nav.engine", "/desk/engine", keepers()},
		{"desk.nav.settings", "/desk/settings", readers()},
		{"desk.nav.door", "/desk/door", greeters()},
		{"desk.nav.figures", "/desk/figures", viewers()},
		{"desk.nav.newsletters", "/desk/newsletters", viewers()},
	}
}

// page fills in what a page has in common with the others.
func (d *Desk) page(r *request, title string) page {
	p := page{Title: title, Org: d.Org.Name, Here: here(r), Who: r.Who, Now: d.now(), Notice: d.notice(r), Demo: d.Demo, Style: d.style, Logo: d.logo}
	for _, each := range places() {
		if r.Who.Name != "" && each.rule.lets(r.Who) {
			p.Rooms = append(p.Rooms, room{d.say(postroom.Say(each.key)), each.path, within(r.URL.Path, each.path)})
		}
	}
	return p
}

func within(path, place string) bool {
	return path == place || len(path) > len(place) && path[:len(place)] == place && path[len(place)] == '/'
}

// here is the page that is looked at, without what was just done.
func here(r *request) string {
	at := *r.URL
	query := at.Query()
	query.Del("did")
	at.RawQuery = query.Encode()
	return at.RequestURI()
}

// letGo stands for the deed of releasing a hold, which nobody can undo.
const letGo = "release"

// noticed is how long a page may still say what was done.
const noticed = 10 * time.Minute

// notice says what the colleague has just done, if the address of the page names
// a deed of theirs.
func (d *Desk) notice(r *request) *notice {
	id := r.URL.Query().Get("did")
	if id == "" || r.Who.Name == "" {
		return nil
	}
	if id == letGo {
		return &notice{Say: d.say(postroom.Say("desk.did.release"))}
	}
	deed, err := d.deed(r.Context(), id)
	if err != nil || deed.Actor != r.Who.Name || d.Clock.Now().Sub(deed.At) > noticed {
		return nil
	}
	if !deed.UndoneAt.IsZero() {
		return &notice{Say: d.say(postroom.Say("desk.did.undone"))}
	}
	n := notice{Say: d.say(postroom.Say("desk.did." + strings.ReplaceAll(deed.Act, " ", "_"))), Undo: deed.ID}
	if deed.Act == "worry" || deed.Act == letGo { // whoever is called lets it go
		n.Undo = ""
	}
	return &n
}

// did sends a colleague back to where they were, and says there what was done.
func (d *Desk) did(w http.ResponseWriter, r *request, deed postroom.Deed, otherwise string) error {
	at, err := url.Parse(r.back(otherwise))
	if err != nil {
		return err
	}
	query := at.Query()
	if query.Del("did"); deed.ID != "" || deed.Act == letGo {
		query.Set("did", cmp.Or(deed.ID, letGo))
	}
	at.RawQuery = query.Encode()
	http.Redirect(w, r.Request, at.RequestURI(), http.StatusSeeOther)
	return nil
}

// home leads to the first page that the colleague may open.
func (d *Desk) home(w http.ResponseWriter, r *request) error {
	for _, each := range places() {
		if each.rule.lets(r.Who) {
			http.Redirect(w, r.Request, each.path, http.StatusSeeOther)
			return nil
		}
	}
	return d.render(w, r, http.StatusOK, "welcome.html", struct{ page }{d.page(r, d.say(postroom.Say("desk.welcome.title")))})
}

// undo takes back what the colleague did.
func (d *Desk) undo(w http.ResponseWriter, r *request) error {
	id := r.PostFormValue("deed")
	deed, err := d.deed(r.Context(), id)
	if err != nil {
		return err
	}
	switch {
	case deed.Act == "hand_over":
		err = d.undoHandOver(r, deed)
	case deed.Matter == postroom.AboutColleague:
		err = d.Team.Undo(r.Context(), r.Who, id)
	case deed.Matter == postroom.AboutSetting:
		err = d.undoWording(r, id)
	default:
		err = d.Casework.Undo(r.Context(), r.Who, id)
	}
	if err != nil {
		return err
	}
	return d.did(w, r, postroom.Deed{ID: id}, "/desk/")
}
