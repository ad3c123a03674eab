package desk_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// boss is a post room with an admin.
func boss(t *testing.T, options ...testkit.Option) (*testkit.Room, *testkit.Colleague) {
	t.Helper()
	room := testkit.New(t, options...)
	return room, room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
}

// pressed fails unless a button did what it says.
func pressed(t *testing.T, p testkit.Page) testkit.Page {
	t.Helper()
	if p.Status != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", p.URL, p.Status, visible(p))
	}
	return p
}

var tags = regexp.MustCompile(`(?s)<head>.*?</head>|<[^>]*>`)

// visible is what a page says, roughly.
func visible(p testkit.Page) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(p.Body, " ")), " ")
}

// undo presses the button that the page offers.
func undo(t *testing.T, c *testkit.Colleague, p testkit.Page) testkit.Page {
	t.Helper()
	at := strings.Index(p.Body, `action="/desk/undo"`)
	if at < 0 {
		t.Fatalf("%s offers no undo\n%s", p.URL, visible(p))
	}
	return c.Post(t, "/desk/undo", testkit.Page{Body: p.Body[at : at+400]}.Hidden())
}

func TestWhatWaitsIsInTheListOfTheCover(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	events := room.As(t, "events")
	owner := func() string { return room.Team.Owner("networking-event", "", "", room.Clock.Now()).Name }

	page := pressed(t, events.Post(t, "/desk/settings/people/events/away", url.Values{"from": {"2026-11-20"}, "until": {"27/11/2026"}, "cover": {"office"}}))
	if got := owner(); got != "office" {
		t.Errorf("while events is away it is with %s", got)
	}
	if c, _ := room.Team.Named("events"); c.Follows() || !c.Absence.Until.Equal(time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("events is %+v", c)
	}
	if !strings.Contains(visible(page), "office stands in") {
		t.Errorf("the page does not say who stands in:\n%s", visible(page))
	}
	pressed(t, undo(t, events, page))
	if c, _ := room.Team.Named("events"); owner() != "events" || !c.Follows() {
		t.Errorf("undone, it is with %s, and events is %+v", owner(), c)
	}

	pressed(t, admin.Post(t, "/desk/settings/people/events/away", url.Values{"cover": {"office"}}))
	if c, _ := room.Team.Named("events"); !c.Away(room.Clock.Now().AddDate(1, 0, 0)) {
		t.Errorf("without a last day events is %+v", c.Absence)
	}
	pressed(t, admin.Post(t, "/desk/settings/people/events/back", url.Values{}))
	if got := owner(); got != "events" {
		t.Errorf("back again, it is with %s", got)
	}
}

func TestAnAbsenceThatAnAutomaticReplyProposesIsAgreedOrNot(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	propose := func() {
		c, _ := room.Team.Named("events")
		c.Absence, c.Cover = postroom.Absence{From: room.Clock.Now().Add(-time.Hour), Until: room.Clock.Now().AddDate(0, 0, 4), Proposed: true}, "office"
		if err := room.Team.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(c) }); err != nil {
			t.Fatal(err)
		}
	}
	propose()
	if got := visible(admin.Get(t, "/desk/settings/people")); !strings.Contains(got, "An automatic reply says: events is away from") {
		t.Errorf("the page does not ask:\n%s", got)
	}
	page := pressed(t, admin.Post(t, "/desk/settings/people/events/agree", url.Values{}))
	if got := room.Team.Owner("networking-event", "", "", room.Clock.Now()).Name; got != "office" {
		t.Errorf("agreed, it is with %s", got)
	}
	pressed(t, undo(t, admin, page))
	pressed(t, admin.Post(t, "/desk/settings/people/events/not-so", url.Values{}))
	if c, _ := room.Team.Named("events"); !c.Absence.From.IsZero() {
		t.Errorf("not so, and the absence is still %+v", c.Absence)
	}
}

func TestSomebodyLeavesInOneStepAndComesBack(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room, admin := boss(t, engine)
		office := room.As(t, "office")
		pressed(t, office.Post(t, "/desk/settings/people/office/details", url.Values{"cover": {"events"}, "locale": {"en"}}))
		id := waiting(t, room, "events")

		before := visible(admin.Get(t, "/desk/settings/people/events/leaving"))
		for _, want := range []string{"1 person who waits", "The programme Networking event", "danger: Networking event", "Standing in for office"} {
			if !strings.Contains(before, want) {
				t.Errorf("the page does not say %q:\n%s", want, before)
			}
		}
		if got := admin.Post(t, "/desk/settings/people/events/leaving", url.Values{"to": {"events"}}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("handed over to themselves: status %d", got.Status)
		}
		page := pressed(t, admin.Post(t, "/desk/settings/people/events/leaving", url.Values{"to": {"volunteering"}}))
		at := func(where, assigned, cover string, here bool) {
			t.Helper()
			sub, err := room.Store.Read(t.Context()).Submission(id)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := room.Programmes.Programme("networking-event")
			o, _ := room.Team.Named("office")
			if _, is := room.Team.Named("events"); is != here || sub.AssignedTo != assigned || p.Coordinators[0] != assigned || p.Safeguarding.Lead != assigned || o.Cover != cover {
				t.Errorf("%s: here %t; it is with %s; the programme names %v and %s; %s covers", where, is, sub.AssignedTo, p.Coordinators, p.Safeguarding.Lead, o.Cover)
			}
			if got := room.Team.Owner("networking-event", "", "", room.Clock.Now()).Name; got != assigned {
				t.Errorf("%s: what comes in is with %s", where, got)
			}
		}
		at("handed over", "volunteering", "volunteering", false)
		if got := admin.Get(t, "/desk/settings/people/events"); got.Status != http.StatusNotFound {
			t.Errorf("who has left still has a page: %d", got.Status)
		}
		pressed(t, undo(t, admin, page))
		at("undone", "events", "events", true)
		if v, _ := room.Team.Named("volunteering"); v.Has(postroom.IsCoordinator, "networking-event", "") {
			t.Error("undone, and the other still looks after it")
		}
	})
}

// waiting books a place, gives what was sent to a colleague, and returns its id.
func waiting(t *testing.T, room *testkit.Room, with string) (id string) {
	t.Helper()
	room.Submit(t, "register", url.Values{"session": {"main"}, "places": {"1"}, "name": {"Ann"}, "email": {"ann@example.org"}, "attending_as": {"visitor"}})
	room.Work(t)
	list, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d submissions, %v", len(list), err)
	}
	id = list[0].ID
	if err := room.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.AssignSubmission(id, with) }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	for what, page := range map[string]testkit.Page{
		"loses the role": admin.Post(t, "/desk/settings/people/boss/grants", url.Values{"work": {"enquiries"}}),
		"leaves":         admin.Post(t, "/desk/settings/people/boss/leaving", url.Values{"to": {"office"}}),
	} {
		if c, here := room.Team.Named("boss"); !here || !c.Has(postroom.Admin, "", "") || !strings.Contains(visible(page), "boss is the only admin") {
			t.Errorf("the last admin %s: %+v\n%s", what, c, visible(page))
		}
	}
	if strings.Contains(admin.Get(t, "/desk/settings/people/boss/leaving").Body, `name="to"`) {
		t.Error("the page lets the last admin leave")
	}
	room.Hire(t, "second", postroom.Grant{Role: postroom.Admin})
	admin.Post(t, "/desk/settings/people/boss/grants", url.Values{})
	if c, _ := room.Team.Named("boss"); c.Is(postroom.Admin) {
		t.Error("with another admin the first keeps the role")
	}
	if got := room.As(t, "second").Post(t, "/desk/settings/people/second/grants", url.Values{}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("then the second is the last, and status is %d", got.Status)
	}
}

// TestACoordinatorChangesTheirOwnAlone walks the acts that a route allows and a
// page refuses.
func TestACoordinatorChangesTheirOwnAlone(t *testing.T) {
	t.Parallel()
	room, _ := boss(t)
	mine := room.Hire(t, "mine", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	area := room.Hire(t, "area", postroom.Grant{Role: postroom.IsCoordinator, Programme: "collaborative-action-groups", Area: "olney"})
	for _, c := range []struct {
		what    string
		who     *testkit.Colleague
		path    string
		form    url.Values
		allowed bool
	}{
		{"the reply time of their own programme", mine, "/desk/settings/programme/enquiries/reply-time", url.Values{"n": {"3"}, "unit": {"d"}}, true},
		{"the reply time of another", mine, "/desk/settings/programme/volunteering/reply-time", url.Values{"n": {"3"}, "unit": {"d"}}, false},
		{"the reply time where they have an area", area, "/desk/settings/programme/collaborative-action-groups/reply-time", url.Values{"n": {"3"}, "unit": {"d"}}, false},
		{"who looks after their own programme", mine, "/desk/settings/programme/enquiries/coordinators", url.Values{"who": {"mine"}}, false},
		{"who is called about danger", mine, "/desk/settings/programme/enquiries/safeguarding", url.Values{"lead": {"mine"}, "deputy": {"office"}}, false},
		{"a form of another programme", mine, "/desk/settings/programme/volunteering/form/volunteer", url.Values{"do": {"close"}}, false},
		{"a form of another programme by way of their own", mine, "/desk/settings/programme/enquiries/form/register", url.Values{"do": {"close"}}, false},
		{"words of another programme", mine, "/desk/settings/programme/volunteering/words", url.Values{"in": {"en"}, "t/name": {"Mine"}}, false},
		{"words of a form of another programme", mine, "/desk/settings/form/register", url.Values{"in": {"en"}, "t/form/register/title": {"Mine"}}, false},
		{"a mail of another programme", mine, "/desk/settings/letter/place-booked/en", url.Values{"subject": {"Mine"}, "body": {"Mine"}}, false},
		{"a mail of every programme", mine, "/desk/settings/letter/holding/en", url.Values{"subject": {"Mine"}, "body": {"Mine"}}, false},
		{"an older version of another programme", mine, "/desk/settings/restore", url.Values{"kind": {"programme"}, "name": {"volunteering"}, "version": {"0"}}, false},
		{"a mailbox by way of a version", mine, "/desk/settings/restore", url.Values{"kind": {"mailbox"}, "name": {"support@communityaction.example"}, "version": {"0"}}, false},
		{"a mailbox", mine, "/desk/settings/mailboxes/support@communityaction.example", url.Values{"mode": {"answer"}}, false},
		{"somebody else's absence", mine, "/desk/settings/people/office/away", url.Values{}, false},
		{"their own absence", mine, "/desk/settings/people/mine/away", url.Values{"cover": {"office"}}, true},
		{"what they may do", mine, "/desk/settings/people/mine/grants", url.Values{"admin": {"yes"}}, false},
		{"who works here", mine, "/desk/settings/people", url.Values{"name": {"x"}, "address": {"x@example.org"}, "role": {"admin"}}, false},
		{"that somebody leaves", mine, "/desk/settings/people/office/leaving", url.Values{"to": {"mine"}}, false},
	} {
		got := c.who.Post(t, c.path, c.form)
		refused := got.Status == http.StatusForbidden || got.Status == http.StatusNotFound
		if refused == c.allowed || c.allowed && got.Status != http.StatusOK {
			t.Errorf("%s: status %d, want allowed: %t\n%s", c.what, got.Status, c.allowed, visible(got))
		}
	}
	mine.Post(t, "/desk/settings/people/mine/details", url.Values{"address": {"elsewhere@example.org"}, "locale": {"uk"}})
	if c, _ := room.Team.Named("mine"); c.Address != "mine@riverside.example" || c.Locale != "uk" {
		t.Errorf("a coordinator's own details are %+v", c)
	}
}

func TestALabelChangedAtTheDeskIsOnTheForm(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	path := "/desk/settings/form/register"
	form := url.Values{"in": {"en"}, "seen": {"0"}, "t/form/register/title": {"Come to <b>us</b> & bring friends"}, "do": {"preview"}}

	look := pressed(t, admin.Post(t, path, form))
	if !strings.Contains(look.Body, "srcdoc=") || !strings.Contains(look.Body, "Come to &amp;lt;b&amp;gt;us") {
		t.Error("the preview does not show the new title as text")
	}
	if strings.Contains(room.Get(t, "/f/register").Body, "Come to") {
		t.Error("a preview has changed the form")
	}
	form.Set("do", "save")
	saved := pressed(t, admin.Post(t, path, form))
	if body := room.Get(t, "/f/register").Body; !strings.Contains(body, "Come to &lt;b&gt;us&lt;/b&gt; &amp; bring friends") {
		t.Error("the new title is not on the form")
	}
	if got := admin.Post(t, path, form); got.Status != http.StatusUnprocessableEntity && got.Status != http.StatusConflict {
		t.Errorf("saved on top of what nobody looked at: status %d", got.Status)
	}
	pressed(t, undo(t, admin, saved))
	if strings.Contains(room.Get(t, "/f/register").Body, "Come to") {
		t.Error("undone, and the new title is still there")
	}
	empty := admin.Post(t, path, url.Values{"in": {"uk"}, "t/form/register/title": {" "}, "do": {"save"}})
	if empty.Status != http.StatusUnprocessableEntity || !strings.Contains(visible(empty), "Write something here") {
		t.Errorf("an empty title: status %d\n%s", empty.Status, visible(empty))
	}
	pressed(t, admin.Post(t, path, url.Values{"in": {"uk"}, "t/form/register/title": {"Приходьте"}, "t/form/register/field/name/hint": {"Як вас звати"}, "do": {"save"}}))
	if body := room.Get(t, "/f/register?lang=uk").Body; !strings.Contains(body, "Приходьте") || !strings.Contains(body, "Як вас звати") {
		t.Error("the Ukrainian title, or a hint that was not there before, is not on the form")
	}
}

func TestAFormIsClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	closed := pressed(t, admin.Post(t, "/desk/settings/programme/networking-event/form/register", url.Values{"do": {"close"}}))
	if got := room.Get(t, "/f/register"); got.Status != http.StatusGone {
		t.Errorf("closed, and its page says %d", got.Status)
	}
	pressed(t, undo(t, admin, closed))
	if got := room.Get(t, "/f/register"); got.Status != http.StatusOK {
		t.Errorf("undone, and its page says %d", got.Status)
	}
	pressed(t, admin.Post(t, "/desk/settings/programme/networking-event/form/register", url.Values{"do": {"close"}, "until": {"2026-12-01"}}))
	room.Clock.Set(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	if got := room.Get(t, "/f/register"); got.Status != http.StatusOK {
		t.Errorf("closed until today, and its page says %d", got.Status)
	}
}

func TestWhatAProgrammeSetsIsChangedAndChecked(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	const cag, event = "/desk/settings/programme/collaborative-action-groups", "/desk/settings/programme/networking-event"
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{cag + "/reply-time", url.Values{"n": {"4"}, "unit": {" working days"}}, 200, "Saved"},
		{cag + "/reply-time", url.Values{"n": {"0"}, "unit": {"h"}}, 422, "number from 1 to 60"},
		{cag + "/reply-time", url.Values{"n": {"1"}, "unit": {"h\nforms: []"}}, 422, "number from 1 to 60"},
		{cag + "/area", url.Values{"label": {"Great Linford: <the north>"}}, 200, "Saved"},
		{cag + "/area", url.Values{"label": {"Олни"}}, 200, "Saved"},
		{cag + "/area", url.Values{"label": {"olney"}}, 422, "there already"},
		{cag + "/area", url.Values{"label": {"\u202eevil"}}, 422, "nobody can see"},
		{cag + "/area/olney", url.Values{"do": {"rename"}, "label": {"Olney Town"}}, 200, "Saved"},
		{cag + "/area/olney", url.Values{"do": {"up"}}, 200, "Saved"},
		{cag + "/area/olney", url.Values{"do": {"close"}}, 200, "Saved"},
		{cag + "/area/nowhere", url.Values{"do": {"close"}}, 404, ""},
		{cag + "/coordinators", url.Values{"who": {"office", "cag", "office", ""}}, 200, "Saved"},
		{cag + "/coordinators", url.Values{"who": {"stranger"}}, 422, "stranger"},
		{cag + "/coordinators", url.Values{}, 422, "at least one"},
		{cag + "/safeguarding", url.Values{"lead": {"office"}, "deputy": {"office"}}, 422, "two different"},
		{cag + "/safeguarding", url.Values{"lead": {"office"}, "deputy": {"events"}}, 200, "Saved"},
		{cag + "/reviewed", url.Values{"language": {"uk"}, "do": {"yes"}}, 200, "Saved"},
		{event + "/date/networking/main", url.Values{"starts": {"2027-03-20T11:00"}, "ends": {"2027-03-20T15:00"}, "venue": {"The Barn"}, "capacity": {"40"}}, 200, "Saved"},
		{event + "/date/networking/main", url.Values{"starts": {"2027-03-20T16:00"}, "ends": {"2027-03-20T15:00"}, "venue": {"The Barn"}}, 422, "end comes after"},
		{event + "/date/networking/nowhere", url.Values{}, 404, ""},
	} {
		got := admin.Post(t, c.path, c.form)
		if got.Status != c.status || !strings.Contains(visible(got), c.says) {
			t.Errorf("%s %v: status %d, want %d and %q\n%s", c.path, c.form, got.Status, c.status, c.says, visible(got))
		}
	}
	p, _ := room.Programmes.Programme("collaborative-action-groups")
	if p.ReplyWithin.Working != 4 || p.Coordinators[0] != "office" || p.Safeguarding.Deputy != "events" || strings.Join(p.Reviewed, " ") != "en uk" {
		t.Errorf("the programme is %+v, %v, %+v, %v", p.ReplyWithin, p.Coordinators, p.Safeguarding.Deputy, p.Reviewed)
	}
	form := room.Get(t, "/f/join").Body
	if !strings.Contains(form, "Great Linford: &lt;the north&gt;") || strings.Contains(form, "Olney") {
		t.Error("the form does not offer the new area, or offers the closed one")
	}
	e, _ := room.Programmes.Programme("networking-event")
	if s := e.Events[0].Sessions[0]; s.Venue != "The Barn" || *s.Capacity != 40 {
		t.Errorf("the date is %+v", s)
	}
}

func TestAMailChangedAtTheDeskGoesOutSo(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	path := "/desk/settings/letter/we-have-your-message/en"
	l, _ := room.Wording.Letter("we-have-your-message", "en")
	form := url.Values{"seen": {"0"}, "subject": {"Thank you <i>so</i> much"}, "discreet": {l.Text.Discreet}, "body": {"Hello from the barn.\r\n\r\n" + l.Text.Body}, "do": {"preview"}}
	look := pressed(t, admin.Post(t, path, form))
	if !strings.Contains(look.Body, "Hello from the barn.") || !strings.Contains(look.Body, `sandbox`) {
		t.Error("the preview does not show the change")
	}
	form.Set("do", "save")
	saved := pressed(t, admin.Post(t, path, form))
	ask := func(address string) {
		room.Submit(t, "ask", url.Values{"name": {"Ann"}, "email": {address}, "question": {"When are you open?"}})
		room.Work(t)
	}
	ask("ann@example.org")
	if got := room.Letter(t, "ann@example.org"); got.Subject != "Thank you <i>so</i> much" || !strings.Contains(got.Text, "Hello from the barn.") {
		t.Errorf("the mail says %q\n%s", got.Subject, got.Text)
	}
	pressed(t, undo(t, admin, saved))
	ask("bob@example.org")
	if got := room.Letter(t, "bob@example.org"); strings.Contains(got.Text, "barn") {
		t.Errorf("undone, the mail says\n%s", got.Text)
	}
	for what, bad := range map[string]url.Values{
		"nothing":                {"subject": {""}, "body": {""}},
		"a gap nobody knows":     {"subject": {"x"}, "body": {"{{.password}}"}},
		"a template of its own":  {"subject": {"x"}, "body": {`{{define "x"}}{{end}}`}},
		"a link that acts":       {"subject": {"x"}, "body": {"[x](javascript:alert(1))"}},
		"a direction turned":     {"subject": {"x\u202e"}, "body": {"y"}},
		"the front matter ended": {"subject": {"x\"\nclass: marketing"}, "body": {"---\nclass: marketing\n---\n{{.nothing}}"}},
	} {
		bad.Set("do", "save")
		got := admin.Post(t, path, bad)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `class="mistake"`) {
			t.Errorf("%s: status %d\n%s", what, got.Status, visible(got))
		}
	}
}

func TestAMailboxIsLetAnswerAndWatchedAgain(t *testing.T) {
	t.Parallel()
	const address = "support@communityaction.example"
	room, admin := boss(t, testkit.Mailbox(testserver.Dovecot(t), address, "mode: watch"))
	if got := visible(admin.Get(t, "/desk/settings/mailboxes")); !strings.Contains(got, "send nothing") || !strings.Contains(got, "Collaborative Action Groups") {
		t.Errorf("the page says\n%s", got)
	}
	path := "/desk/settings/mailboxes/" + address
	page := pressed(t, admin.Post(t, path, url.Values{"mode": {"answer"}, "seen": {"0"}}))
	if got := room.Wording.Mode(address); got != config.Answer {
		t.Errorf("it is in mode %s", got)
	}
	if got := admin.Post(t, path, url.Values{"mode": {"draft"}, "seen": {"0"}}); got.Status != http.StatusConflict {
		t.Errorf("changed by somebody who saw another mode: status %d", got.Status)
	}
	if got := admin.Post(t, path, url.Values{"mode": {"everything"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a mode that is none: status %d", got.Status)
	}
	pressed(t, undo(t, admin, page))
	if got := room.Wording.Mode(address); got != config.Watch {
		t.Errorf("undone, it is in mode %s", got)
	}
}

func TestEveryMailAndEveryGapHasPlainWords(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	shown := map[string]bool{}
	for _, l := range room.Wording.Letters() {
		page := admin.Get(t, "/desk/settings/letter/"+l.Name+"/"+l.Locale)
		if page.Status != http.StatusOK {
			t.Errorf("%s in %s: status %d", l.Name, l.Locale, page.Status)
		}
		if strings.Contains(page.Body, "<h1>"+l.Name+"</h1>") || strings.Contains(page.Body, `<p class="lead"></p>`) || strings.Contains(page.Body, `<span class="line"></span>`) {
			t.Errorf("%s has no plain name, or no words for when it is sent or for what is filled in", l.Name)
		}
		shown[l.Name] = true
	}
	list := admin.Get(t, "/desk/settings/letters").Body
	for name := range shown {
		if !strings.Contains(list, "/desk/settings/letter/"+name+"/en") {
			t.Errorf("%s is not in the list", name)
		}
	}
}

func TestSomebodyIsInvitedAndHearsOfIt(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	form := url.Values{"name": {"Zoë"}, "address": {"zoe@example.org"}, "role": {"coordinator"}, "programme": {"enquiries", "newsletter"}, "locale": {"uk"}}
	page := pressed(t, admin.Post(t, "/desk/settings/people", form))
	c, here := room.Team.Named("Zoë")
	if !here || !c.Reads("enquiries", "") || !c.Reads("newsletter", "") || c.Reads("volunteering", "") || c.Locale != "uk" {
		t.Fatalf("invited, and they are %+v, %t", c, here)
	}
	room.Work(t)
	room.Letter(t, "zoe@example.org")
	pressed(t, undo(t, admin, page))
	if _, here := room.Team.Named("Zoë"); here {
		t.Error("undone, and they are still here")
	}
	form.Set("name", "Zoe")
	if got := admin.Post(t, "/desk/settings/people", form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(visible(got), "was that of Zoë") {
		t.Errorf("back under another name: status %d\n%s", got.Status, visible(got))
	}
	form.Set("name", "Zoë")
	pressed(t, admin.Post(t, "/desk/settings/people", form))
	if _, here := room.Team.Named("Zoë"); !here {
		t.Error("asked again, and they are not back")
	}
}

func TestNamesThatSomebodyInventsStayText(t *testing.T) {
	t.Parallel()
	room, admin := boss(t)
	for _, name := range []string{"<script>alert(1)</script>", "a/../b", "x\r\nBcc: y", "", " ", strings.Repeat("n", 41), "\u202eabc", "office"} {
		got := admin.Post(t, "/desk/settings/people", url.Values{"name": {name}, "address": {"new@example.org"}, "role": {"coordinator"}})
		if got.Status != http.StatusUnprocessableEntity || strings.Contains(got.Body, "<script>alert") {
			t.Errorf("%q: status %d", name, got.Status)
		}
	}
	for _, address := range []string{"", "x", "a@b", "Ann <ann@example.org>", "ann@example.org\r\nBcc: x@example.org", "office@riverside.example"} {
		got := admin.Post(t, "/desk/settings/people", url.Values{"name": {"New"}, "address": {address}, "role": {"coordinator"}})
		if got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", address, got.Status)
		}
	}
	if got := len(room.Team.All()); got != 6 {
		t.Errorf("%d people work here", got)
	}
}

// TestTheSettingsInARealBrowser looks at every page of the settings with
// something on it.
func TestTheSettingsInARealBrowser(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	room, admin := boss(t, testkit.Mailbox(d, "support@communityaction.example", "mode: watch"))
	room.Hire(t, "ringo", postroom.Grant{Role: postroom.Viewer})
	room.Hire(t, "olney", postroom.Grant{Role: postroom.IsCoordinator, Programme: "collaborative-action-groups", Area: "olney"}, postroom.Grant{Role: postroom.Greeter})
	c, _ := room.Team.Named("cag")
	c.Absence, c.Cover = postroom.Absence{From: room.Clock.Now(), Until: room.Clock.Now().AddDate(0, 0, 5), Proposed: true}, "office"
	if err := room.Team.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(c) }); err != nil {
		t.Fatal(err)
	}
	waiting(t, room, "events")
	pressed(t, admin.Post(t, "/desk/settings/people/office/away", url.Values{"until": {"2026-11-27"}, "cover": {"events"}}))
	pressed(t, admin.Post(t, "/desk/settings/programme/networking-event/form/register", url.Values{"do": {"close"}, "until": {"2026-12-01"}}))
	pressed(t, admin.Post(t, "/desk/settings/programme/networking-event/reply-time", url.Values{"n": {"3"}, "unit": {"d"}}))
	l, _ := room.Wording.Letter("place-booked", "en")
	pressed(t, admin.Post(t, "/desk/settings/letter/place-booked/en", url.Values{"subject": {l.Text.Subject}, "discreet": {l.Text.Discreet}, "body": {"Good to have you.\n\n" + l.Text.Body}, "do": {"save"}}))
	pages := map[string]string{
		"settings": "/desk/settings", "people": "/desk/settings/people", "person": "/desk/settings/people/cag", "leaving": "/desk/settings/people/events/leaving",
		"programme": "/desk/settings/programme/networking-event", "areas": "/desk/settings/programme/collaborative-action-groups",
		"words": "/desk/settings/form/ask?in=uk&look=1", "letters": "/desk/settings/letters", "letter": "/desk/settings/letter/place-booked/fa",
		"mailboxes": "/desk/settings/mailboxes",
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		look(t, room, "boss", "settings-"+name, pages[name])
	}
}

func TestNobodyBecomesTheLeadByGoingBack(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room, boss := boss(t, engine)
		mine := room.Hire(t, "mine", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
		const at = "/desk/settings/programme/enquiries"
		for _, lead := range []string{"mine", "office"} {
			pressed(t, boss.Post(t, at+"/safeguarding", url.Values{"lead": {lead}, "deputy": {"cag"}}))
		}
		for what, got := range map[string]testkit.Page{
			"an older version": mine.Post(t, "/desk/settings/restore", url.Values{"kind": {"programme"}, "name": {"enquiries"}, "version": {"1"}}),
			"undoing":          mine.Post(t, "/desk/undo", url.Values{"deed": {"wording~programme~2~~enquiries"}}),
		} {
			if got.Status != http.StatusForbidden {
				t.Errorf("%s: status %d", what, got.Status)
			}
		}
		if s := room.Programmes.Safeguarding("enquiries"); s.Lead != "office" {
			t.Errorf("the lead is %s", s.Lead)
		}
		undo(t, mine, pressed(t, mine.Post(t, at+"/reply-time", url.Values{"n": {"9"}, "unit": {"d"}})))
		if p, _ := room.Programmes.Programme("enquiries"); p.ReplyWithin.Days == 9 {
			t.Error("what they changed themselves is not undone")
		}
	})
}

func TestWhatBelongsToNoProgrammeIsForAdminsOfEverything(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	some := room.Hire(t, "some", postroom.Grant{Role: postroom.Admin, Programme: "enquiries"})
	for _, path := range []string{"/desk/engine", "/desk/engine/mail", "/desk/engine/jobs", "/desk/engine/mailbox/support@communityaction.example", "/desk/settings/mailboxes"} {
		if got := some.Get(t, path); got.Status != http.StatusForbidden {
			t.Errorf("%s: status %d", path, got.Status)
		}
	}
	if got := some.Post(t, "/desk/engine/jobs/nothing/drop", url.Values{}); got.Status != http.StatusForbidden {
		t.Errorf("dropping a job: status %d", got.Status)
	}
}

// Whoever is told when somebody may be in danger can read what they sent, so nobody
// is who may not read what people send.
func TestOnlyWhoReadsWhatPeopleSentIsToldOfDanger(t *testing.T) {
	t.Parallel()
	room, boss := boss(t)
	room.Hire(t, "door", postroom.Grant{Role: postroom.Greeter})
	room.Hire(t, "numbers", postroom.Grant{Role: postroom.Viewer})
	const at = "/desk/settings/programme/enquiries"
	for _, asked := range []url.Values{{"lead": {"door"}}, {"lead": {"office"}, "deputy": {"numbers"}}, {"lead": {"somebody"}, "deputy": {"office"}}} {
		p := boss.Post(t, at+"/safeguarding", asked)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: status %d", asked, p.Status)
		}
	}
	has(t, boss.Post(t, at+"/safeguarding", url.Values{"lead": {"door"}}), "door cannot be told: they may not read what people sent.")
	hasNot(t, boss.Get(t, at), `<option value="door"`, `<option value="numbers"`)
	if s := room.Programmes.Safeguarding("enquiries"); s.Lead != "office" || s.Deputy != "cag" {
		t.Errorf("told are %s and %s", s.Lead, s.Deputy)
	}
}

// A name in a programme's file that never was anybody's is not said to have left.
func TestANameThatIsNobodysIsNotSaidToHaveLeft(t *testing.T) {
	t.Parallel()
	room, boss := boss(t, changed(t, "enquiries.yaml", "deputy: cag", "deputy: warden"))
	const at = "/desk/settings/programme/enquiries"
	has(t, boss.Get(t, at), "warden (nobody here has this name)")
	room.Hire(t, "warden", postroom.Grant{Role: postroom.IsCoordinator})
	hasNot(t, boss.Get(t, at), "warden (")
	warden, _ := room.Team.Named("warden")
	warden.LeftAt = room.Clock.Now()
	if err := room.Team.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(warden) }); err != nil {
		t.Fatal(err)
	}
	has(t, boss.Get(t, at), "warden (not here any more)")
}
