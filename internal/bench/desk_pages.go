package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// deskPage is a page of the desk and how it is asked for.
type deskPage struct {
	pattern string
	name    string // in figures
	admin   bool   // an admin alone opens it
	out     bool   // it is for whoever has not signed in
	search  bool   // it looks for words
	status  int    // of the answer; 0 is OK
	path    func(d *drawn, as string, r *rand.Rand) string
	why     string // it is not measured; "" is that it is
}

// goal is how quick a page should be.
func (p deskPage) goal() goal {
	switch {
	case p.search:
		return atMost(300)
	case p.status >= http.StatusBadRequest:
		return goal{} // there to be compared with
	}
	return atMost(200)
}

// deskPages lists every page of the desk, and of some several that cost
// differently. That none is forgotten, missing says.
func deskPages() []deskPage {
	const person, programme, letter = "GET /desk/settings/people/{name}", "GET /desk/settings/programme/{name}", "GET /desk/settings/letter/{name}/{locale}"
	return []deskPage{
		{pattern: "/desk/", name: "bare_page", status: http.StatusNotFound, path: at("/desk/nothing")},
		{pattern: "GET /desk/{$}", why: "it leads to another page"},
		{pattern: "GET /desk/sign-in", name: "sign_in", out: true, path: at("/desk/sign-in")},
		{pattern: "GET /desk/sign-in/sent", why: "it is the page of the sign-in again"},
		{pattern: "GET /desk/sign-in/{token}", why: "it is the page of the sign-in again"},
		{pattern: "GET /desk/devices", name: "devices", path: at("/desk/devices")},
		{pattern: "GET /desk/today", name: "today", path: at("/desk/today")},
		{pattern: "GET /desk/inbox", name: "inbox", path: at("/desk/inbox")},
		{pattern: "GET /desk/inbox", name: "inbox_narrowed", path: narrowed},
		{pattern: "GET /desk/inbox", name: "inbox_search", search: true, path: typed("/desk/inbox?which=all&asleep=either&q=")},
		{pattern: "GET /desk/submission/{id}", name: "submission", path: one("/desk/submission/", (*drawn).submission)},
		{pattern: "GET /desk/submission/{id}/file/{file}", why: "it is no page but a file"},
		{pattern: "GET /desk/letter/{id}", name: "letter", path: one("/desk/letter/", (*drawn).letter)},
		{pattern: "GET /desk/letter/{id}/attachment/{n}", why: "it is no page but a file"},
		{pattern: "GET /deed/{token}", why: "it opens with a link out of a summary, and reads one row"},
		{pattern: "GET /desk/people", name: "people", path: at("/desk/people")},
		{pattern: "GET /desk/people", name: "people_search", search: true, path: typed("/desk/people?q=")},
		{pattern: "GET /desk/person/{id}", name: "person", path: one("/desk/person/", (*drawn).person)},
		{pattern: "GET /desk/person/{id}", name: "person_busy", path: one("/desk/person/", (*drawn).busy)},
		{pattern: "GET /desk/person/{id}/merge", name: "person_merge", search: true, path: func(d *drawn, as string, r *rand.Rand) string {
			return "/desk/person/" + d.person(as, r) + "/merge?q=" + url.QueryEscape(typedBy(r))
		}},
		{pattern: "GET /desk/person/{id}/merge/{other}", name: "person_compare", path: func(d *drawn, as string, r *rand.Rand) string {
			return "/desk/person/" + d.person(as, r) + "/merge/" + d.busy(as, r)
		}},
		{pattern: "GET /desk/organisation/{id}", name: "organisation", path: one("/desk/organisation/", (*drawn).group)},
		{pattern: "GET /desk/organisation/{id}/merge/{other}", name: "organisation_compare", path: func(d *drawn, as string, r *rand.Rand) string {
			return "/desk/organisation/" + d.group(as, r) + "/merge/" + d.group(as, r)
		}},
		{pattern: "GET /desk/imports", name: "imports", path: at("/desk/imports")},
		{pattern: "GET /desk/imports/{id}", why: "the post room that is measured has imported nothing"},
		{pattern: "GET /desk/import/{token}", why: "no file waits to be imported in the post room that is measured"},
		{pattern: "GET /desk/entry", name: "entries", path: at("/desk/entry")},
		{pattern: "GET /desk/entry/{form}", name: "entry", path: at("/desk/entry/ask")},
		{pattern: "GET /desk/calls", name: "calls", path: at("/desk/calls")},
		{pattern: "GET /desk/calls/{id}/print", why: "what a call is to say is not among what is filled in"},
		{pattern: "GET /desk/door", name: "doors", admin: true, path: at("/desk/door")},
		{pattern: "GET /desk/door/{session}", name: "door", admin: true, path: one("/desk/door/", (*drawn).date)},
		{pattern: "GET /desk/figures", name: "figures", path: at("/desk/figures")},
		{pattern: "GET /desk/newsletters", name: "newsletters", path: at("/desk/newsletters")},
		{pattern: "GET /desk/newsletters/new", name: "newsletter_new", path: at("/desk/newsletters/new")},
		{pattern: "GET /desk/newsletters/{id}", why: "the post room that is measured has sent none"},
		{pattern: "GET /desk/newsletters/{id}/live", why: "it is no page but a stream"},
		{pattern: "GET /desk/newsletters/{id}/copies.csv", why: "it is no page but a file"},
		{pattern: "GET /desk/engine", name: "engine", admin: true, path: at("/desk/engine")},
		{pattern: "GET /desk/engine/jobs", name: "engine_jobs", admin: true, path: at("/desk/engine/jobs")},
		{pattern: "GET /desk/engine/mail", name: "engine_mail", admin: true, path: at("/desk/engine/mail")},
		{pattern: "GET /desk/engine/mailbox/{address}", name: "engine_mailbox", admin: true, why: "the post room that is measured has no mailbox"},
		{pattern: "GET /desk/settings", name: "settings", path: at("/desk/settings")},
		{pattern: "GET /desk/settings/people", name: "settings_people", path: at("/desk/settings/people")},
		{pattern: person, name: "settings_person", path: at("/desk/settings/people/" + deskCoordinator)},
		{pattern: person + "/leaving", name: "settings_leaving", admin: true, path: at("/desk/settings/people/" + deskCoordinator + "/leaving")},
		{pattern: programme, name: "settings_programme", path: at("/desk/settings/programme/" + deskProgramme)},
		{pattern: programme + "/words", name: "settings_words", path: at("/desk/settings/programme/" + deskProgramme + "/words")},
		{pattern: "GET /desk/settings/form/{name}", name: "settings_form", path: at("/desk/settings/form/ask")},
		{pattern: "GET /desk/settings/letters", name: "settings_letters", path: at("/desk/settings/letters")},
		{pattern: letter, name: "settings_letter", admin: true, path: at("/desk/settings/letter/we-have-your-message/en")},
		{pattern: "GET /desk/settings/mailboxes", name: "settings_mailboxes", admin: true, path: at("/desk/settings/mailboxes")},
	}
}

// missing says which pages nobody measures, or says why not.
func missing(pages []string) error {
	var names []string
	for _, pattern := range pages {
		if !slices.ContainsFunc(deskPages(), func(p deskPage) bool { return p.pattern == pattern }) {
			names = append(names, pattern)
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("nothing in deskPages measures %s, or says why not", strings.Join(names, ", "))
	}
	return nil
}

func at(path string) func(*drawn, string, *rand.Rand) string {
	return func(*drawn, string, *rand.Rand) string { return path }
}

func one(path string, id func(*drawn, string, *rand.Rand) string) func(*drawn, string, *rand.Rand) string {
	return func(d *drawn, as string, r *rand.Rand) string { return path + id(d, as, r) }
}

func typed(path string) func(*drawn, string, *rand.Rand) string {
	return func(_ *drawn, _ string, r *rand.Rand) string { return path + url.QueryEscape(typedBy(r)) }
}

// narrowed is the inbox with something chosen, or turned to a later page.
func narrowed(_ *drawn, _ string, r *rand.Rand) string {
	after := fmt.Sprintf("&after=%d_01900000", time.Now().Add(-time.Duration(r.IntN(deskSubmissions))*5*time.Minute).UnixMicro())
	queries := []string{
		"which=waiting&asleep=asleep", "which=waiting&asleep=either", "which=waiting&whose=mine", "which=waiting&whose=nobody&kind=enquiry", "which=held", "which=answered", "which=answered" + after,
		"which=answered&language=ps", "which=answered&language=ps&area=olney", "which=answered&area=olney" + after, "which=closed", "which=closed&language=ps", "which=all", "which=all" + after,
		"which=all&whose=mine", "which=answered&whose=nobody", "which=all&language=ps", "which=waiting&language=ps", "which=answered&programme=" + deskProgramme + "&language=ps",
	}
	return "/desk/inbox?" + queries[r.IntN(len(queries))]
}

// drawn are ids on file, of which a page is asked for one at random.
type drawn struct {
	submissions, people map[string][]string // by who looks
	letters             []string            // in triage
	groups, dates       []string
}

func draw(t testing.TB, place *site) *drawn {
	db := place.sql(t)
	get := func(query string, args ...any) []string {
		list, err := column(t.Context(), db, query, args...)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			t.Fatalf("nothing to look at: %s", query)
		}
		return list
	}
	d := &drawn{submissions: map[string][]string{}, people: map[string][]string{}}
	for as, where := range map[string]string{"admin": `state <> 'held'`, "coordinator": `state <> 'held' AND programme = '` + deskProgramme + `'`} {
		d.submissions[as] = get(`SELECT id FROM submissions WHERE ` + opened + ` AND ` + where + ` ORDER BY id LIMIT 20000`)
		d.people[as] = get(`SELECT contact_id FROM submissions WHERE received_at % 97 = 0 AND ` + where + ` ORDER BY id LIMIT 20000`)
	}
	d.letters = get(`SELECT id FROM letters WHERE state = 'triage' ORDER BY id`)
	d.groups = get(`SELECT id FROM organisations ORDER BY id`)
	d.dates = get(`SELECT id FROM sessions WHERE starts_at > 0 ORDER BY id`)
	return d
}

func (d *drawn) submission(as string, r *rand.Rand) string {
	list := d.submissions[as]
	return list[r.IntN(len(list))]
}

func (d *drawn) person(as string, r *rand.Rand) string {
	list := d.people[as]
	return list[r.IntN(len(list))]
}

func (d *drawn) letter(_ string, r *rand.Rand) string { return d.letters[r.IntN(len(d.letters))] }

// busy is one of those who wrote a hundred times or more.
func (d *drawn) busy(_ string, r *rand.Rand) string { return deskID('c', r.IntN(31)+1) }

func (d *drawn) group(_ string, r *rand.Rand) string { return d.groups[r.IntN(len(d.groups))] }
func (d *drawn) date(_ string, r *rand.Rand) string  { return d.dates[r.IntN(len(d.dates))] }

// browser is one in which a colleague has signed in.
type browser struct {
	as      string // role
	address string
	drawn   *drawn
	client  *http.Client
}

// stranger is a browser in which nobody has signed in.
func stranger(t testing.TB, address string, d *drawn) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{as: "stranger", address: address, drawn: d, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// enter signs a colleague in by a link, as browsers do.
func enter(t testing.TB, as, address, link string, d *drawn) *browser {
	b := stranger(t, address, d)
	b.as = as
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := b.ask(t.Context(), http.MethodPost, at.Path); err != nil || status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: %d, %v", as, status, err)
	}
	return b
}

// look asks for a page until all of it has come.
func (b *browser) look(ctx context.Context, page deskPage, r *rand.Rand) error {
	path := page.path(b.drawn, b.as, r)
	status, err := b.ask(ctx, http.MethodGet, path)
	if want := cmp.Or(page.status, http.StatusOK); err == nil && status != want && (!page.search || status != http.StatusSeeOther) {
		err = fmt.Errorf("%s %s was answered with %d", b.as, path, status)
	}
	return err
}

func (b *browser) ask(ctx context.Context, method, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.address+path, nil)
	if err != nil {
		return 0, err
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
