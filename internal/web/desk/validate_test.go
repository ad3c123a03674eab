package desk_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/campaign"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// Every page of the desk is HTML as its standard wants it: the pages that somebody
// finds who follows every link, who may see everything and where something of
// everything has happened.
func TestDeskPagesAreGoodHTML(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, withPhoto(t), testkit.Setting("mailboxes: [{address: "+walkedBox+", host: 127.0.0.1, port: 1, security: none, password: x, mode: watch}]"))
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin}, postroom.Grant{Role: postroom.IsCoordinator})
	somethingOfEverything(t, room, boss)
	w := &wanderer{room: room, boss: boss, routes: http.NewServeMux(), seen: map[string]int{}, pages: map[string]string{}}
	for _, p := range room.Desk.Patterns() {
		w.routes.Handle(p.Method+" "+p.Path, http.NotFoundHandler())
	}
	sub := asked(t, room, "Kit Mails", "kit@example.org", "Where?")
	deed := link.Path(link.Deed, room.Links.Make(link.Deed, link.DeedSubject("done", "submission", sub.ID, "boss"), room.Clock.Now().Add(3600e9)))
	file := fileOf(brings(t, room, "boss", "form:ask", spreadsheet))
	boss.Post(t, file, url.Values{"to": {"form:ask"}, "column-0": {"name"}, "column-1": {"email"}, "column-2": {"question"}, "column-3": {""}})
	looked := fileOf(brings(t, room, "boss", "form:ask", spreadsheet))
	w.follow(t, looked, "/desk/today", "/desk/nothing", "/desk/sign-in", "/desk/sign-in/sent", "/desk/sign-in/nonsense", "/desk/devices", "/desk/people?q=hill", deed)
	for _, p := range room.Desk.Patterns() {
		if strings.HasSuffix(p.Path, "/attachment/{n}") || strings.HasSuffix(p.Path, "/live") || p.Path == "/desk/door/{session}" {
			continue // no page but a file, and a stream of events; and the list of a day that is not near has no link
		}
		if pattern := p.Method + " " + p.Path; p.Method == http.MethodGet && w.seen[pattern] == 0 {
			t.Errorf("no link leads to %s", pattern)
		}
	}
	// A title is as long as what somebody calls their form and their organisation.
	testserver.GoodHTML(t, w.pages, "long-title")
}

// somethingOfEverything makes whatever has a page of its own or stands on one.
func somethingOfEverything(t *testing.T, room *testkit.Room, boss *testkit.Colleague) {
	t.Helper()
	asks(t, room, "Gus Hill", "gus@example.org", "First?")
	asks(t, room, "Gustav Hill", "gustav@example.org", "Second?")
	sent := sendsPhoto(t, room, "poster.png", picture)
	boss.Post(t, "/desk/submission/"+sent.ID+"/take", nil)
	boss.Post(t, "/desk/submission/"+sent.ID+"/note", url.Values{"note": {"A poster & more."}})
	sealed := asked(t, room, "Ida Fears", "ida@example.org", "Who can help?")
	boss.Post(t, "/desk/submission/"+sealed.ID+"/worry", url.Values{"why": {"She sounds afraid."}})
	sendsAs(t, room, "Bot", room.Honeypot(t, "ask"), "1")
	room.Submit(t, "ask", url.Values{"name": {"Ivo Rings"}, "phone": {"07700 900456"}, "question": {"When?"}})
	room.Submit(t, "join", url.Values{"name": {"Hana Bell"}, "organisation": {"Millside Gardeners"}, "email": {"hana@example.org"}, "area": {"wolverton"}})
	joins(t, room, "Anna Bell", "Riverside Gardeners")
	joins(t, room, "Bo Hill", "Riverside Gardners")
	books(t, room, "Flo Came", 2)
	wrote(t, room, testkit.Mail{From: "Dina <dina@example.org>", To: testkit.Support, Subject: "Hello", ID: "dina@example.org", Text: "A word <from> me.",
		Header: []string{"Return-Path: <>", "Auto-Submitted: auto-generated"}})
	readersOf(t, room, "one@example.org")
	ben := room.Hire(t, "ben", postroom.Grant{Role: postroom.IsCoordinator, Programme: "newsletter"})
	news := written(t, boss)
	act(t, ben, news, "approve")
	act(t, boss, news, "send")
	room.Clock.Advance(campaign.UndoFor)
	room.Work(t)
}

// wanderer follows every link of the desk, a few of each kind.
type wanderer struct {
	room   *testkit.Room
	boss   *testkit.Colleague
	routes *http.ServeMux
	seen   map[string]int    // pages, by pattern
	pages  map[string]string // by address
}

// enough is how many pages of one kind are looked at.
const enough = 6

var leads = regexp.MustCompile(`<a [^>]*href="(/d[^"#]*)`)

func (w *wanderer) follow(t *testing.T, paths ...string) {
	t.Helper()
	known := map[string]bool{}
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		_, pattern := w.routes.Handler(httptest.NewRequest(http.MethodGet, path, nil))
		if known[path] || w.seen[pattern] >= enough {
			continue
		}
		known[path] = true
		w.seen[pattern]++
		page := w.boss.Get(t, path)
		if !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
			continue
		}
		if page.Status >= http.StatusInternalServerError {
			t.Errorf("%s is answered with %d", path, page.Status)
		}
		w.pages[path] = page.Body
		for _, found := range leads.FindAllStringSubmatch(page.Body, -1) {
			paths = append(paths, html.UnescapeString(found[1]))
		}
	}
}
