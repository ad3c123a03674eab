package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

const danger = "I do not know what to do. My partner hits me and I am not safe at home."

// asks sends the form of questions.
func asks(t *testing.T, room *testkit.Room, name, address, question string) {
	t.Helper()
	room.Submit(t, "ask", url.Values{"name": {name}, "email": {address}, "question": {question}})
	room.Work(t)
}

// personNamed returns the id of the newest contact of a name.
func personNamed(t *testing.T, room *testkit.Room, name string) string {
	t.Helper()
	found, err := room.Store.Read(t.Context()).Search(name, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Kind == store.FoundContact && f.Name == name {
			return f.ID
		}
	}
	t.Fatalf("nobody is called %s: %+v", name, found)
	return ""
}

var markup = regexp.MustCompile(`<[^>]*>`)

// reads fails unless a page says all of some words and none of others.
func reads(t *testing.T, p testkit.Page, want []string, never ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(markup.ReplaceAllString(p.Body, " ")), " ")
	if p.Status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", p.URL, p.Status, text)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q:\n%s", p.URL, w, text)
		}
	}
	for _, n := range never {
		if strings.Contains(p.Body, n) {
			t.Errorf("%s says %q", p.URL, n)
		}
	}
}

// undone presses the button that takes back what was just done.
func undone(t *testing.T, c *testkit.Colleague, p testkit.Page) testkit.Page {
	t.Helper()
	hidden := regexp.MustCompile(`name="deed" value="([^"]+)"`).FindStringSubmatch(p.Body)
	if hidden == nil {
		t.Fatalf("%s offers nothing to undo", p.URL)
	}
	return c.Post(t, "/desk/undo", url.Values{"deed": {hidden[1]}, "back": {"/desk/people"}})
}

func TestPeopleAreFoundByWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	asker := room.Hire(t, "asker", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	reads(t, asker.Get(t, "/desk/people"), []string{"Nobody has written yet"})
	asks(t, room, "Anna Bell", "anna@example.org", "When is the garden open?")

	reads(t, asker.Get(t, "/desk/people"), []string{"Who wrote last", "Anna Bell", "anna@example.org"})
	reads(t, asker.Get(t, "/desk/people?q=ann"), []string{"Found for", "Anna Bell"})
	reads(t, boss.Get(t, "/desk/people?q=ann+be"), []string{"Anna Bell"})
	reads(t, other.Get(t, "/desk/people?q=ann"), []string{"Nobody was found"}, "Anna", "anna@")
	reads(t, other.Get(t, "/desk/people"), []string{"Nobody has written yet"}, "Anna")

	id := personNamed(t, room, "Anna Bell")
	reads(t, asker.Get(t, "/desk/person/"+id), []string{"Anna Bell", "Filled in", "What will happen next"})
	for _, path := range []string{"", "/merge"} {
		if p := other.Get(t, "/desk/person/"+id+path); p.Status != http.StatusNotFound || strings.Contains(p.Body, "Anna") {
			t.Errorf("somebody else's person%s: status %d", path, p.Status)
		}
	}
	if p := other.Post(t, "/desk/person/"+id+"/note", url.Values{"text": {"x"}}); p.Status != http.StatusNotFound {
		t.Errorf("a note on somebody else's person: status %d", p.Status)
	}
}

func TestWhoIsHeldIsNotNamedToOthers(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	asker := room.Hire(t, "asker", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	asks(t, room, "Greta Quiet", "greta@example.org", danger)
	id := personNamed(t, room, "Greta Quiet")
	subs, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil || len(subs) != 1 {
		t.Fatal(subs, err)
	}
	reference := subs[0].Reference
	for _, c := range []*testkit.Colleague{boss, asker} {
		reads(t, c.Get(t, "/desk/people"), []string{reference + " is held"}, "Greta", "greta@")
		reads(t, c.Get(t, "/desk/people?q="+reference), []string{reference + " is held"}, "Greta", "greta@")
		reads(t, c.Get(t, "/desk/people?q=greta"), []string{"Nobody was found"}, "Greta Quiet", "greta@", reference)
		for _, path := range []string{"", "/merge"} {
			if p := c.Get(t, "/desk/person/"+id+path); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Greta") {
				t.Errorf("the page of somebody who is held%s: status %d\n%s", path, p.Status, p.Body)
			}
		}
	}
	reads(t, room.As(t, "office").Get(t, "/desk/person/"+id), []string{"Greta Quiet", reference}) // the lead

	asks(t, room, "Greta Quiet", "greta@example.org", "And when is the garden open?")
	reads(t, asker.Get(t, "/desk/person/"+id), []string{"Greta Quiet", reference + " is held. Only the people", "Some things are not shown"})
}

func TestATimelineIsInWordsThatAnybodyUnderstands(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	events := room.As(t, "events")
	room.Submit(t, "register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"Olena Kovalenko"}, "email": {"olena@example.org"}, "attending_as": {"visitor"}})
	room.Work(t)
	id := personNamed(t, room, "Olena Kovalenko")
	page := events.Get(t, "/desk/person/"+id)
	reads(t, page, []string{
		"They have a place", "for 2 people", "Sent to olena@example.org", "We wrote “", "Because the programme “Networking event” does this", "as soon as they had a place",
		"7 days before the event", "2 days before the event", "1 day after the event", "Do it now", "Leave it out",
	}, "place-booked", "reason.")

	step := regexp.MustCompile(`name="step" value="([^"]+)"`).FindStringSubmatch(page.Body)[1]
	skipped := events.Post(t, "/desk/step/skip", url.Values{"step": {step}, "back": {"/desk/person/" + id}})
	reads(t, skipped, []string{"Left out. It will not happen."})
	if strings.Contains(skipped.Body, step) {
		t.Error("what is left out is still promised")
	}
	undone(t, events, skipped)
	if again := events.Get(t, "/desk/person/"+id); !strings.Contains(again.Body, step) {
		t.Error("what was undone is not promised again")
	}
	events.Post(t, "/desk/step/now", url.Values{"step": {step}, "back": {"/desk/person/" + id}})
	before := len(room.Letters(t, "olena@example.org"))
	room.Work(t)
	if got := len(room.Letters(t, "olena@example.org")) - before; got != 1 {
		t.Errorf("done now: %d mails, want 1", got)
	}
	note := events.Post(t, "/desk/person/"+id+"/note", url.Values{"text": {"Prefers the afternoon."}, "back": {"/desk/person/" + id}})
	reads(t, note, []string{"Your note is kept.", "events wrote a note", "Prefers the afternoon."})
	if p := events.Post(t, "/desk/person/"+id+"/note", url.Values{"text": {" "}}); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "Write something first") {
		t.Errorf("an empty note: status %d", p.Status)
	}
	if n := strings.Count(room.Rows(t), " events view "+id); n != 1 {
		t.Errorf("looking many times was noted %d times, want once", n)
	}
}

func TestTheTimelineGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	for i := range 30 {
		asks(t, room, "Ina Many", "ina@example.org", "Question "+strings.Repeat("x", i+1))
		room.Clock.Advance(8 * 24 * time.Hour) // past what protects an address from many confirmations
	}
	id := personNamed(t, room, "Ina Many")
	seen, pages := map[string]int{}, 0
	for path := "/desk/person/" + id; path != ""; pages++ {
		p := office.Get(t, path)
		if p.Status != http.StatusOK || pages > 9 {
			t.Fatalf("page %d: status %d", pages, p.Status)
		}
		for _, ref := range regexp.MustCompile(`Reference ([A-Z0-9-]+)`).FindAllStringSubmatch(p.Body, -1) {
			seen[ref[1]]++
		}
		path = ""
		if m := regexp.MustCompile(`href="(/desk/person/[^"]*before[^"]*)"`).FindStringSubmatch(p.Body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != 30 || pages < 2 {
		t.Errorf("%d submissions on %d pages, want 30 on some", len(seen), pages)
	}
	for ref, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", ref, n)
		}
	}
}

func TestTwoEntriesBecomeOnePersonAndTwoAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	asks(t, room, "Tom Hill", "tom@example.org", "First?")
	asks(t, room, "Thomas Hill", "thomas@example.org", "Second?")
	keep, drop := personNamed(t, room, "Tom Hill"), personNamed(t, room, "Thomas Hill")
	reads(t, office.Get(t, "/desk/person/"+keep+"/merge?q=hill"), []string{"Thomas Hill"}, "/merge/"+keep)
	reads(t, office.Get(t, "/desk/person/"+keep+"/merge/"+drop), []string{"This one stays Tom Hill", "becomes part of it Thomas Hill", "thomas@example.org"})
	done := office.Post(t, "/desk/person/"+keep+"/merge", url.Values{"other": {drop}, "back": {"/desk/person/" + keep}})
	reads(t, done, []string{"They are one person now.", "thomas@example.org", "made one person of two"})
	if p := office.Get(t, "/desk/person/"+drop); !strings.HasSuffix(p.URL, keep) {
		t.Errorf("the other entry leads to %s", p.URL)
	}
	undone(t, office, done)
	reads(t, office.Get(t, "/desk/person/"+drop), []string{"Thomas Hill", "Second"}[:1], "tom@example.org")
	stranger := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	if p := stranger.Post(t, "/desk/person/"+keep+"/merge", url.Values{"other": {drop}}); p.Status != http.StatusNotFound {
		t.Errorf("merging somebody else's people: status %d", p.Status)
	}
}

func TestAGroupHasItsPeople(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	cag := room.As(t, "cag")
	room.Submit(t, "join", url.Values{"name": {"Anna Bell"}, "organisation": {"Riverside Gardeners"}, "email": {"anna@example.org"}, "area": {"wolverton"}})
	room.Work(t)
	reads(t, cag.Get(t, "/desk/people?q=riverside"), []string{"Local group", "Riverside Gardeners", "Anna Bell"})
	found, err := room.Store.Read(t.Context()).Search("gardeners", 9)
	if err != nil {
		t.Fatal(err)
	}
	var id string
	for _, f := range found {
		if f.Kind == store.FoundOrganisation {
			id = f.ID
		}
	}
	reads(t, cag.Get(t, "/desk/organisation/"+id), []string{"Riverside Gardeners", "Anna Bell", "Wolverton", "What its people sent"})
	reads(t, cag.Post(t, "/desk/organisation/"+id+"/note", url.Values{"text": {"They have a van."}}), []string{"Your note is kept.", "They have a van."})
	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	reads(t, other.Get(t, "/desk/organisation/"+id), []string{"Riverside Gardeners"}, "Anna", "anna@")
}

func TestPeopleInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.Misbehaving(testserver.RefuseRcpt("tom@example.org")))
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin}, postroom.Grant{Role: postroom.IsCoordinator})
	look(t, room, "boss", "people-empty", "/desk/people")
	room.Submit(t, "join?lang=fa-AF", url.Values{"name": {"مریم احمدی"}, "organisation": {"انجمن زنان ولورتن"}, "email": {"maryam@example.org"}, "phone": {"07700 900456"}, "area": {"wolverton"}, "challenges": {"ما به جای بهتر ضرورت داریم"}})
	room.Submit(t, "register?lang=fa-AF", url.Values{"session": {"main"}, "places": {"3"}, "name": {"مریم احمدی"}, "email": {"maryam@example.org"}, "attending_as": {"visitor"}, "newsletter": {"yes"}})
	asks(t, room, "Anna Bell", "anna@example.org", "Hello?")
	asks(t, room, "Greta Quiet", "greta@example.org", danger)
	asks(t, room, "Marjam Ahmadi", "m.ahmadi.the.second@example.org", "Hello again?")
	asks(t, room, "Tom Hill", "tom@example.org", "Do you hear me?")
	id, other := personNamed(t, room, "مریم احمدی"), personNamed(t, room, "Marjam Ahmadi")
	boss.Post(t, "/desk/person/"+id+"/note", url.Values{"text": {"She likes to be called in the morning.\nاو صبح وقت بهتر است"}})
	look(t, room, "boss", "people", "/desk/people")
	look(t, room, "boss", "people-found", "/desk/people?q=an")
	look(t, room, "boss", "person", "/desk/person/"+id)
	look(t, room, "boss", "person-failed", "/desk/person/"+personNamed(t, room, "Tom Hill"))
	look(t, room, "boss", "merge", "/desk/person/"+id+"/merge?q=ahmadi")
	look(t, room, "boss", "compare", "/desk/person/"+id+"/merge/"+other)
	found, err := room.Store.Read(t.Context()).Search("انجمن", 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Kind == store.FoundOrganisation {
			look(t, room, "boss", "organisation", "/desk/organisation/"+f.ID)
		}
	}
}
