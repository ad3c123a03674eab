package testkit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"postroom/internal/access"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// program is a program of the organisation, which asks a room with a token.
type program struct {
	room  *testkit.Room
	token string
	id    string
}

// admitted makes a program with some scopes.
func admitted(t *testing.T, room *testkit.Room, list string, scopes ...postroom.Scope) program {
	t.Helper()
	name := fmt.Sprintf("program %d", time.Now().UnixNano())
	token, secret, err := room.Access.Make(t.Context(), access.Wish{Name: name, Scopes: scopes, List: list, By: "command line"})
	if err != nil {
		t.Fatal(err)
	}
	return program{room, secret, token.ID}
}

// send asks for something, as JSON unless the headers say otherwise.
func (p program) send(t *testing.T, method, path, body string, headers ...string) testkit.Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.room.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return testkit.Ask(t, req)
}

// get asks for something and reads the answer.
func (p program) get(t *testing.T, path string, into any) {
	t.Helper()
	answers(t, p.send(t, "GET", path, ""), 200, into)
}

func answers(t *testing.T, page testkit.Page, status int, into any) {
	t.Helper()
	if page.Status != status {
		t.Fatalf("%s answers %d, want %d: %s", page.URL, page.Status, status, page.Body)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(page.Body), into); err != nil {
			t.Fatalf("%s: %v in %s", page.URL, err, page.Body)
		}
	}
}

// refused wants a problem with some words in it.
func refused(t *testing.T, page testkit.Page, status int, says ...string) {
	t.Helper()
	if page.Status != status || page.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s answers %d %s, want %d: %s", page.URL, page.Status, page.Header.Get("Content-Type"), status, page.Body)
	}
	for _, each := range says {
		if !strings.Contains(page.Body, each) {
			t.Errorf("%s says nothing of %q: %s", page.URL, each, page.Body)
		}
	}
}

// ruled is what a program has to be let in for, route by route. A route that is not
// here fails the test below: whoever adds one says who may.
func ruled() map[string][]postroom.Scope {
	const list, one = "/api/v1/lists/{list}", "/api/v1/editions/{edition}"
	read, send := []postroom.Scope{postroom.ContactsRead}, []postroom.Scope{postroom.EditionsSend}
	write := []postroom.Scope{postroom.EditionsWrite}
	return map[string][]postroom.Scope{
		"GET /api/v1/lists":                     {postroom.ListsRead},
		"GET " + list:                           {postroom.ListsRead},
		"GET " + list + "/segment":              read,
		"GET " + list + "/members":              read,
		"GET " + list + "/members/{address}":    read,
		"POST " + list + "/members":             {postroom.ContactsWrite},
		"DELETE " + list + "/members/{address}": {postroom.ContactsWrite},
		"POST " + list + "/imports":             {postroom.ContactsRead, postroom.ContactsWrite},
		"GET /api/v1/editions":                  {postroom.EditionsRead},
		"GET " + one:                            {postroom.EditionsRead},
		"GET " + one + "/rows":                  {postroom.EditionsRead, postroom.ContactsRead},
		"POST /api/v1/editions":                 write,
		"POST /api/v1/editions/check":           write,
		"PUT " + one + "/words":                 write,
		"POST " + one + "/test":                 write,
		"POST " + one + "/send":                 send,
		"POST " + one + "/undo":                 send,
		"POST " + one + "/pause":                send,
		"POST " + one + "/resume":               send,
		"POST " + one + "/cancel":               send,
	}
}

// described are the routes below /api/v1 that the description of the API says need a
// token.
func described(t *testing.T, room *testkit.Room) map[string][]postroom.Scope {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]postroom.Scope `json:"security"`
		} `json:"paths"`
	}
	program{room: room}.get(t, "/api/openapi.json", &doc)
	routes := map[string][]postroom.Scope{}
	for path, item := range doc.Paths {
		for method, o := range item {
			if len(o.Security) > 0 {
				routes[strings.ToUpper(method)+" "+path] = o.Security[0]["token"]
			}
		}
	}
	return routes
}

func TestEveryRouteOfAProgramLetsInWhomItsRuleNamesAndNobodyElse(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	rules, known := ruled(), described(t, room)
	for route := range rules {
		if known[route] == nil {
			t.Errorf("%s is not described", route)
		}
	}
	nobody := program{room: room}
	for route, needs := range known {
		rule, there := rules[route]
		if !there {
			t.Errorf("%s has no rule", route)
			continue
		}
		if !slices.Equal(rule, needs) {
			t.Errorf("%s is described with %v, want %v", route, needs, rule)
		}
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{list}", "newsletter", "{address}", "nobody@example.org", "{edition}", "none").Replace(path)
		without := nobody.send(t, method, path, "", "Cookie", "desk=anything; postroom=anything")
		refused(t, without, 401, "unauthorized")
		if without.Header.Get("WWW-Authenticate") != `Bearer realm="postroom"` {
			t.Errorf("%s does not say how to come in: %q", route, without.Header.Get("WWW-Authenticate"))
		}
		for _, scope := range rule {
			others := slices.DeleteFunc(postroom.Scopes(), func(s postroom.Scope) bool { return s == scope })
			page := admitted(t, room, "", others...).send(t, method, path, "")
			refused(t, page, 403, string(scope))
			if !strings.Contains(page.Header.Get("WWW-Authenticate"), `scope="`+string(scope)+`"`) {
				t.Errorf("%s: %q", route, page.Header.Get("WWW-Authenticate"))
			}
		}
		if page := admitted(t, room, "", rule...).send(t, method, path, ""); page.Status == 401 || page.Status == 403 {
			t.Errorf("%s refuses what its rule lets in: %s", route, page.Body)
		}
	}
}

func TestATokenLetsInUntilItEndsIsRevokedOrIsTooMuchUsed(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		p := admitted(t, room, "", postroom.ListsRead)
		if !strings.HasPrefix(p.token, access.Prefix) {
			t.Errorf("the secret is %q", p.token)
		}
		p.get(t, "/api/v1/lists", nil)
		all, err := room.Access.All(t.Context())
		if err != nil || len(all) != 1 || !all[0].UsedOn.Equal(room.Clock.Now().Truncate(24*time.Hour)) {
			t.Errorf("on file are %+v, %v; want the day of its use", all, err)
		}
		for name, shown := range map[string]string{
			"another": "Bearer " + access.Prefix + strings.Repeat("A", 43), "no prefix": "Bearer " + strings.TrimPrefix(p.token, access.Prefix),
			"basic": "Basic " + p.token, "longer": "Bearer " + p.token + "A", "nothing": "Bearer", "newline": "Bearer " + p.token[:len(p.token)-1],
		} {
			refused(t, program{room: room}.send(t, "GET", "/api/v1/lists", "", "Authorization", shown), 401, "unauthorized")
			_ = name
		}
		for page := p.send(t, "GET", "/api/v1/lists", ""); ; page = p.send(t, "GET", "/api/v1/lists", "") {
			if page.Status == 200 {
				continue
			}
			refused(t, page, 429, "too_many", "this token")
			if page.Header.Get("Retry-After") == "" {
				t.Error("it does not say when to come again")
			}
			break
		}
		other := admitted(t, room, "", postroom.ListsRead)
		other.get(t, "/api/v1/lists", nil) // one program does not use up what another may
		if _, err := room.Access.Revoke(t.Context(), other.id, "command line"); err != nil {
			t.Fatal(err)
		}
		refused(t, other.send(t, "GET", "/api/v1/lists", ""), 401)
		room.Clock.Advance(access.Lasts)
		refused(t, p.send(t, "GET", "/api/v1/lists", ""), 401)
	})
}

func TestAProgramPutsPeopleOnAListByTheSameDoorsAsEverybody(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		p := admitted(t, room, "", postroom.ContactsRead, postroom.ContactsWrite)
		add := func(address, basis string) string {
			t.Helper()
			var added struct{ Outcome string }
			answers(t, p.send(t, "POST", "/api/v1/lists/newsletter/members", fmt.Sprintf(`{"address": %q, "basis": %q, "source": "summer fair, on paper", "name": "Olena"}`, address, basis)), 200, &added)
			return added.Outcome
		}
		for _, each := range []struct{ address, basis, want string }{
			{"yes@example.org", "consent", "new"}, {"Yes@example.org", "consent", "known"}, {"perhaps@example.org", "unknown", "not_mailed"},
			{"perhaps@example.org", "consent", "ground_found"}, {"soft@example.org", "soft_opt_in", "not_mailed"}, {"asked@example.org", "ask", "asked"},
		} {
			if got := add(each.address, each.basis); got != each.want {
				t.Errorf("%s with %s is %s, want %s", each.address, each.basis, got, each.want)
			}
		}
		room.Work(t)
		if standing(t, room, "asked@example.org") != postroom.Pending || len(room.Letters(t, "yes@example.org")) != 0 {
			t.Error("somebody is on the list who was only asked, or was mailed who was not to be")
		}
		room.Post(t, room.Letter(t, "asked@example.org").Link(t, "confirm"))
		if standing(t, room, "asked@example.org") != postroom.Confirmed {
			t.Error("the button in the mail does not confirm")
		}
		const yes = "/api/v1/lists/newsletter/members/yes@example.org"
		answers(t, p.send(t, "DELETE", yes, ""), 204, nil)
		answers(t, p.send(t, "DELETE", yes, ""), 204, nil)
		if got := add("yes@example.org", "consent"); got != "left_before" || standing(t, room, "yes@example.org") != postroom.Unsubscribed {
			t.Errorf("somebody who has left is %s", got)
		}
		refused(t, p.send(t, "DELETE", "/api/v1/lists/newsletter/members/never@example.org", ""), 404)

		blind := admitted(t, room, "", postroom.ContactsWrite)
		page := blind.send(t, "POST", "/api/v1/lists/newsletter/members", `{"address": "soft@example.org", "basis": "unknown", "source": "x"}`)
		if page.Status != 200 || !strings.Contains(page.Body, `"received"`) {
			t.Errorf("a program that may not look learns %s", page.Body)
		}
		answers(t, blind.send(t, "DELETE", "/api/v1/lists/newsletter/members/never@example.org", ""), 204, nil)

		const post = "/api/v1/lists/newsletter/members"
		refused(t, p.send(t, "POST", post, `{"address": "a@example.org", "basis": "consent"}`), 422, `"field":"source"`)
		refused(t, p.send(t, "POST", post, `{"address": "a@example.org", "basis": "consent", "source": "x", "Name": "y"}`), 422, `"field":"Name"`)
		refused(t, p.send(t, "POST", post, `{"address": "a@example.org", "basis": "whim", "source": "x"}`), 422, "soft_opt_in")
		refused(t, p.send(t, "POST", post, `{"address": "a@", "basis": "consent", "source": "x"}`), 422, `"field":"address"`)
		refused(t, p.send(t, "POST", post, `{"address": "a@", "basis": "ask", "source": "x"}`), 422, `"field":"email"`)
		refused(t, p.send(t, "POST", post, `{"address": 7, "basis": "ask", "source": "x"}`), 422, `"field":"address"`)
		refused(t, p.send(t, "POST", post, `{"address"`), 400)
		refused(t, p.send(t, "POST", post, `{"address": "`+strings.Repeat("a", 2<<20)+`"}`), 413)
		refused(t, p.send(t, "POST", post, "address=a", "Content-Type", "application/x-www-form-urlencoded"), 415)
		refused(t, p.send(t, "GET", post+"?sort=name", ""), 422, `"field":"sort"`)
		refused(t, p.send(t, "GET", "/api/v1/lists/nothing/members", ""), 404)
	})
}

func TestAProgramGoesThroughAListInPagesOfAStableOrder(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		p := admitted(t, room, "newsletter", postroom.ListsRead, postroom.ContactsRead, postroom.ContactsWrite)
		var file strings.Builder
		file.WriteString("email,name,areas\n")
		for n := range 25 {
			fmt.Fprintf(&file, "%s,Reader %d,bletchley\n", reader(n), n)
		}
		const post = "/api/v1/lists/newsletter/imports?source=old+list&basis=consent"
		var done struct {
			Applied bool
			Added   int
			Plan    map[string]int
		}
		answers(t, p.send(t, "POST", post, file.String()+"nobody,x,\n", "Content-Type", "text/csv"), 200, &done)
		if done.Applied || done.Plan["new"] != 25 || done.Plan["mend"] != 1 {
			t.Errorf("a look at a file says %+v", done)
		}
		answers(t, p.send(t, "POST", post+"&apply=true", file.String(), "Content-Type", "text/csv"), 200, &done)
		if !done.Applied || done.Added != 25 {
			t.Errorf("the import did %+v", done)
		}
		refused(t, p.send(t, "POST", post, "name\nx\n", "Content-Type", "text/csv"), 422, "no column is named email")
		refused(t, p.send(t, "POST", "/api/v1/lists/newsletter/imports", "email\n", "Content-Type", "text/csv"), 422, "source")

		var seen []string
		for cursor := ""; ; {
			var page struct {
				Members []struct{ Address, State, Basis string }
				Next    string
			}
			p.get(t, "/api/v1/lists/newsletter/members?limit=10&state=confirmed&cursor="+cursor, &page)
			for _, m := range page.Members {
				seen = append(seen, m.Address)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 25 || !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != 25 {
			t.Errorf("%d were seen: %v", len(seen), seen)
		}
		for _, wrong := range []string{"limit=0", "limit=1001", "limit=x", "cursor=%21", "state=gone"} {
			refused(t, p.send(t, "GET", "/api/v1/lists/newsletter/members?"+wrong, ""), 422)
		}
		var list struct {
			Count struct{ State map[string]int }
		}
		p.get(t, "/api/v1/lists/newsletter", &list)
		if list.Count.State["confirmed"] != 25 {
			t.Errorf("the list counts %v", list.Count.State)
		}
		var segment struct {
			Of, Count int
			Examples  []struct{ Address string }
		}
		p.get(t, "/api/v1/lists/newsletter/segment?to=%22bletchley%22+in+areas", &segment)
		if segment.Of != 25 || segment.Count != 25 || len(segment.Examples) != 10 {
			t.Errorf("the segment is %+v", segment)
		}
		refused(t, p.send(t, "GET", "/api/v1/lists/newsletter/segment?to=colour+==+1", ""), 422, "mistake")
		var member struct{ Name string }
		p.get(t, "/api/v1/lists/newsletter/members/"+reader(3), &member)
		if member.Name != "Reader 3" {
			t.Errorf("the member is %+v", member)
		}
	})
}

func TestAProgramWritesANewsletterAPersonApprovesItAndItIsSentOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Hire(t, "ann", postroom.Grant{Role: postroom.Admin})
		signUp(t, room, 1, 3)
		p := admitted(t, room, "newsletter", postroom.EditionsRead, postroom.EditionsWrite, postroom.EditionsSend, postroom.ContactsRead)
		type view struct {
			ID, State, Author string
			Account           struct{ Chosen, Sent, Waiting int }
		}
		body, err := json.Marshal(map[string]string{"list": "newsletter", "markdown": edition})
		if err != nil {
			t.Fatal(err)
		}
		var check struct{ Sendable bool }
		answers(t, p.send(t, "POST", "/api/v1/editions/check", string(body)), 200, &check)
		if !check.Sendable {
			t.Error("it cannot be sent")
		}
		refused(t, p.send(t, "POST", "/api/v1/editions", `{"list": "newsletter", "markdown": "---\nsubject: x\n---\n[a]()\n"}`), 422, `"line":4`)
		refused(t, p.send(t, "POST", "/api/v1/editions", `{"list": "nothing", "markdown": "x"}`), 403, "newsletter")

		var e view
		answers(t, p.send(t, "POST", "/api/v1/editions", string(body)), 201, &e)
		answers(t, p.send(t, "POST", "/api/v1/editions", string(body)), 200, &e)
		one := "/api/v1/editions/" + e.ID
		if e.State != "draft" || !strings.HasPrefix(e.Author, "token: ") {
			t.Errorf("the draft is %+v", e)
		}
		refused(t, p.send(t, "POST", one+"/send", `{"now": true}`), 409, "draft")
		refused(t, p.send(t, "POST", one+"/approve", `{}`), 404)
		for range 2 {
			answers(t, p.send(t, "POST", one+"/test", `{"to": "ann"}`, "Idempotency-Key", "once"), 200, nil)
		}
		refused(t, p.send(t, "POST", one+"/test", `{"to": "person@example.org"}`), 422, "works here")
		room.Work(t)
		if tests := room.Letters(t, "ann@riverside.example"); len(tests) != 1 {
			t.Errorf("%d tests arrived", len(tests))
		}
		if err := room.Newsletter.Approve(t.Context(), e.ID, "ann", ""); err != nil {
			t.Fatal(err)
		}
		refused(t, p.send(t, "POST", one+"/send", `{"at": "yesterday"}`), 422, "no time")
		refused(t, p.send(t, "POST", one+"/send", `{"at": "2026-12-24T09:00", "zone": "Nowhere/Land"}`), 422, `"field":"zone"`)
		answers(t, p.send(t, "POST", one+"/send", `{"at": "2026-12-24T09:00"}`), 200, &e)
		if e.State != "scheduled" {
			t.Errorf("it is %s", e.State)
		}
		answers(t, p.send(t, "POST", one+"/undo", ""), 200, &e)
		answers(t, p.send(t, "POST", one+"/send", `{"now": true}`), 200, &e)
		room.Work(t)
		answers(t, p.send(t, "POST", one+"/send", `{"now": true}`), 200, &e)
		room.Work(t)
		p.get(t, one, &e)
		if e.State != "sent" || e.Account.Chosen != 3 || e.Account.Sent != 3 || e.Account.Waiting != 0 {
			t.Errorf("it is %+v", e)
		}
		rows := p.send(t, "GET", one+"/rows", "")
		if rows.Status != 200 || strings.Count(rows.Body, "\n") != 4 || !strings.Contains(rows.Body, reader(2)+",sent") {
			t.Errorf("the rows are %s", rows.Body)
		}
		refused(t, p.send(t, "POST", one+"/pause", ""), 409, "sent")
		for _, act := range []string{"resume", "cancel"} {
			refused(t, p.send(t, "POST", one+"/"+act, ""), 409)
		}
		var list struct{ Editions []view }
		p.get(t, "/api/v1/editions?list=newsletter&limit=1", &list)
		if len(list.Editions) != 1 || list.Editions[0].ID != e.ID {
			t.Errorf("the list is %+v", list)
		}
	})
}

func TestWhatProgramsAreToldIsAsDescribed(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	p := admitted(t, room, "", postroom.Scopes()...)
	doc, err := libopenapi.NewDocument([]byte(program{room: room}.send(t, "GET", "/api/openapi.json", "").Body))
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, wrong := v.ValidateDocument(); !ok {
		t.Fatalf("the description is none: %s", wrong[0].Reason)
	}
	signUp(t, room, 1, 2)
	for _, each := range []struct{ method, path, body string }{
		{"GET", "/api/v1/lists", ""},
		{"GET", "/api/v1/lists/newsletter", ""},
		{"GET", "/api/v1/lists/newsletter/segment", ""},
		{"GET", "/api/v1/lists/newsletter/members?limit=1", ""},
		{"GET", "/api/v1/lists/newsletter/members/" + reader(1), ""},
		{"POST", "/api/v1/lists/newsletter/members", `{"address": "a@example.org", "basis": "consent", "source": "x"}`},
		{"POST", "/api/v1/lists/newsletter/members", `{"address": "a@", "basis": "consent", "source": "x"}`},
		{"DELETE", "/api/v1/lists/newsletter/members/" + reader(2), ""},
		{"GET", "/api/v1/editions", ""},
		{"GET", "/api/v1/editions/none", ""},
		{"POST", "/api/v1/editions/check", `{"list": "newsletter", "markdown": "x"}`},
		{"POST", "/api/v1/editions", `{"list": "newsletter", "markdown": "---\nsubject: x\n---\ny\n"}`},
	} {
		req := func() *http.Request {
			r, err := http.NewRequestWithContext(t.Context(), each.method, room.URL+each.path, bytes.NewBufferString(each.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+p.token)
			if each.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			return r
		}
		if ok, wrong := v.ValidateHttpRequest(req()); !ok {
			t.Errorf("%s %s: the request is not as described: %v", each.method, each.path, wrong[0])
		}
		resp, err := http.DefaultClient.Do(req())
		if err != nil {
			t.Fatal(err)
		}
		if ok, wrong := v.ValidateHttpResponse(req(), resp); !ok {
			t.Errorf("%s %s answers %d, not as described: %v", each.method, each.path, resp.StatusCode, wrong[0])
		}
		resp.Body.Close()
	}
}

func TestNoPageOfAnotherSiteReachesWhatProgramsAskFor(t *testing.T) {
	t.Parallel()
	const site = "https://charity.example"
	room := testkit.New(t, testkit.Setting("sites: ["+site+"]"))
	p := admitted(t, room, "", postroom.Scopes()...)
	for _, origin := range []string{site, "https://evil.example"} {
		pre := p.send(t, "OPTIONS", "/api/v1/lists", "", "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
		if strings.Contains(strings.ToLower(pre.Header.Get("Access-Control-Allow-Headers")), "authorization") {
			t.Errorf("a page of %s may send a token", origin)
		}
		read := p.send(t, "GET", "/api/v1/lists", "", "Origin", origin)
		if read.Status != 200 || read.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a page of %s may read: %d %q", origin, read.Status, read.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}
