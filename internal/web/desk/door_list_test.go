package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// worryAbout holds a submission, as somebody who works there may.
func worryAbout(t *testing.T, room *testkit.Room, submission string) {
	t.Helper()
	who, _ := room.Team.Named("office")
	if _, err := room.Casework.Worry(t.Context(), who, casework.Ref{Matter: postroom.AboutSubmission, ID: submission}, ""); err != nil {
		t.Fatal(err)
	}
}

// books takes a place at the main event.
func books(t *testing.T, room *testkit.Room, name string, party int) {
	t.Helper()
	address := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.org"
	if strings.Contains(name, "ر") {
		address = "dari@example.org"
	}
	room.Submit(t, "register", url.Values{"session": {"main"}, "places": {strconv.Itoa(party)}, "name": {name}, "email": {address}, "phone": {"07700 900123"}, "attending_as": {"visitor"}})
	room.Work(t)
}

// morning is half an hour before the main event.
var morning = time.Date(2027, 3, 13, 9, 30, 0, 0, time.UTC)

// doorLink is the address of the door list of the main event.
func doorLink(t *testing.T, c *testkit.Colleague) string {
	t.Helper()
	p := c.Get(t, "/desk/door")
	m := regexp.MustCompile(`href="(/desk/door/[0-9a-f-]+)">[^<]*Main event`).FindStringSubmatch(p.Body)
	if m == nil {
		t.Fatalf("no door of the main event:\n%s", p.Body)
	}
	return m[1]
}

func bookingIn(t *testing.T, p testkit.Page, name string) url.Values {
	t.Helper()
	for _, item := range strings.Split(p.Body, `<li id="b`)[1:] {
		if strings.Contains(item, name) {
			return url.Values{"booking": {item[:strings.Index(item, `"`)]}}
		}
	}
	t.Fatalf("%s is not on the list", name)
	return nil
}

func TestAGreeterTicksWhoCame(t *testing.T) {
	t.Parallel()
	space := changed(t, "networking-event.yaml", "workflow:\n", "workflow:\n  - {step: space, after: first_attended, by: 1h, send: workspace-invitation}\n  - {step: hello, on: attended, send: welcome}\n")
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine, space)
		greeter := room.Hire(t, "greeter-1", postroom.Grant{Role: postroom.Greeter, Programme: "networking-event"})
		reads(t, greeter.Get(t, "/desk/"), []string{"Door list", "No date is coming up"})
		books(t, room, "Anna Bell", 3)
		books(t, room, "Tom Hill", 1)
		room.Clock.Set(morning)
		room.Work(t)
		before := len(room.Letters(t, "anna.bell@example.org"))

		list := greeter.Get(t, doorLink(t, greeter))
		reads(t, list, []string{"0 of 4 people are here", "Anna Bell 3 people", "Tom Hill"}, "@example.org", "900123", "07700", "/desk/person")
		anna := bookingIn(t, list, "Anna Bell")
		here := greeter.Post(t, doorLink(t, greeter)+"/came", anna)
		reads(t, here, []string{"3 of 4 people are here", "Not here"})
		greeter.Post(t, doorLink(t, greeter)+"/came", anna) // twice is once
		room.Work(t)
		if got := len(room.Letters(t, "anna.bell@example.org")) - before; got != 1 {
			t.Errorf("%d mails at the door, want one", got)
		}
		events := room.As(t, "events")
		id := personNamed(t, room, "Anna Bell")
		reads(t, events.Get(t, "/desk/person/"+id), []string{"They came", "greeter-1 ticked that they came", "1 hour after they came for the first time"})

		reads(t, greeter.Post(t, doorLink(t, greeter)+"/not-here", anna), []string{"0 of 4 people are here"})
		page := events.Get(t, "/desk/person/"+id)
		reads(t, page, []string{"They have a place", "This was undone"}, "1 hour after they came for the first time")
		greeter.Post(t, doorLink(t, greeter)+"/came", anna)
		room.Clock.Advance(61 * time.Minute)
		room.Work(t)
		if got := len(room.Letters(t, "anna.bell@example.org")) - before; got != 2 {
			t.Errorf("%d mails an hour later, want the invitation besides", got)
		}
	})
}

func TestADoorIsOpenToItsGreetersOnly(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	books(t, room, "Anna Bell", 3)
	room.Clock.Set(morning)
	other := room.Hire(t, "greeter-2", postroom.Grant{Role: postroom.Greeter, Programme: "volunteering"})
	events := room.As(t, "events")
	link := doorLink(t, events)
	anna := bookingIn(t, events.Get(t, link), "Anna Bell")
	reads(t, other.Get(t, "/desk/door"), []string{"No date is coming up"}, "Main event")
	if p := other.Get(t, link); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Anna") {
		t.Errorf("somebody else's door: status %d", p.Status)
	}
	for _, act := range []string{"/came", "/not-here"} {
		if p := other.Post(t, link+act, anna); p.Status != http.StatusForbidden {
			t.Errorf("%s at somebody else's door: status %d", act, p.Status)
		}
	}
	id := personNamed(t, room, "Anna Bell")
	greeter := room.Hire(t, "greeter-1", postroom.Grant{Role: postroom.Greeter})
	for _, path := range []string{"/desk/people", "/desk/person/" + id, "/desk/calls", "/desk/figures"} {
		if p := greeter.Get(t, path); p.Status != http.StatusForbidden {
			t.Errorf("%s as a greeter: status %d", path, p.Status)
		}
	}
	room.Get(t, "/") // the public pages are as they were
	if _, err := room.Store.Read(t.Context()).Booking("nobody"); postroom.KindOf(err) != postroom.NotFound {
		t.Error(err)
	}
}

func TestAtTheDoorInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Hire(t, "greeter-1", postroom.Grant{Role: postroom.Greeter})
	look(t, room, "greeter-1", "doors-empty", "/desk/door")
	books(t, room, "Anna Bell", 3)
	books(t, room, "Tom Hill", 1)
	books(t, room, "مریم احمدی", 5)
	books(t, room, "Maximiliane Featherstonehaugh-Cholmondeley", 2)
	room.Clock.Set(morning)
	greeter := room.As(t, "greeter-1")
	link := doorLink(t, greeter)
	greeter.Post(t, link+"/came", bookingIn(t, greeter.Get(t, link), "Anna Bell"))
	look(t, room, "greeter-1", "doors", "/desk/door")
	look(t, room, "greeter-1", "door", link)
}

// Places are of the month of their date, also while that is to come.
func TestFiguresOfMonthsThatAreOverFollowWithinMinutes(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	viewer := room.Hire(t, "viewer-1", postroom.Grant{Role: postroom.Viewer})
	for _, name := range []string{"Anna Bell", "Tom Hill", "Olena Kovalenko", "Ina Many", "Joan Post", "Greta Quiet"} {
		books(t, room, name, 1)
	}
	november := room.Clock.Now()
	room.Clock.Set(morning)
	reads(t, viewer.Get(t, "/desk/figures"), []string{"November 2026 6"})
	late := postroom.Entry{
		Channel: postroom.ByImport, Key: "late", Form: "register", Locale: "en", At: november,
		Answers: postroom.Answers{"session": {"main"}, "places": {"1"}, "name": {"Late Comer"}, "email": {"late@example.org"}},
	}
	if _, err := room.Intake.Accept(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	reads(t, viewer.Get(t, "/desk/figures"), []string{"November 2026 6"})
	room.Clock.Set(morning.Add(10 * time.Minute))
	reads(t, viewer.Get(t, "/desk/figures"), []string{"November 2026 7"})
}

func TestFiguresNameNobody(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	viewer := room.Hire(t, "viewer-1", postroom.Grant{Role: postroom.Viewer, Programme: "networking-event"})
	all := room.Hire(t, "viewer-2", postroom.Grant{Role: postroom.Viewer})
	for _, name := range []string{"Anna Bell", "Tom Hill", "Olena Kovalenko", "Ina Many", "Joan Post", "Greta Quiet"} {
		books(t, room, name, 2)
	}
	asks(t, room, "Tom Hill", "tom@example.org", "Hello?")
	reads(t, viewer.Get(t, "/desk/figures"), []string{"Places booked", "Later none 12 none", "November 2026 6 none none"})
	room.Clock.Set(morning)
	events := room.As(t, "events")
	link := doorLink(t, events)
	events.Post(t, link+"/came", bookingIn(t, events.Get(t, link), "Anna Bell"))
	p := viewer.Get(t, "/desk/")
	reads(t, p, []string{"Figures", "Networking event", "March 2027", "November 2026 6", "12 fewer than 5", "English 6"}, "Anna", "Tom", "@example.org", "Enquiries")
	reads(t, all.Get(t, "/desk/figures"), []string{"Enquiries", "November 2026 fewer than 5"}, "Tom", "@example.org")
	for _, path := range []string{"/desk/people", "/desk/person/" + personNamed(t, room, "Tom Hill"), "/desk/door", link, "/desk/calls"} {
		if p := viewer.Get(t, path); p.Status != http.StatusForbidden {
			t.Errorf("%s as a viewer: status %d", path, p.Status)
		}
	}
	look(t, room, "viewer-2", "figures", "/desk/figures")
}
