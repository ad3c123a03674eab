package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// joins signs somebody of a group up.
func joins(t testing.TB, room *testkit.Room, name, group string) testkit.Page {
	t.Helper()
	address := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.org"
	p := room.Submit(t, "join", url.Values{"name": {name}, "organisation": {group}, "email": {address}, "area": {"wolverton"}})
	room.Work(t)
	return p
}

// groupNamed returns the id of a group.
func groupNamed(t testing.TB, room *testkit.Room, name string) string {
	t.Helper()
	found, err := room.Store.Read(t.Context()).Search(name, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Kind == store.FoundOrganisation && f.Name == name {
			return f.ID
		}
	}
	t.Fatalf("no group is called %s: %+v", name, found)
	return ""
}

func TestGroupsThatMayBeOneAreShownAndMerged(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	cag := room.As(t, "cag")
	joins(t, room, "Anna Bell", "Riverside Gardeners")
	joins(t, room, "Bo Hill", "Riverside Gardners")
	joins(t, room, "Cy Moss", "the riverside gardeners ltd")
	keep, drop := groupNamed(t, room, "Riverside Gardeners"), groupNamed(t, room, "Riverside Gardners")
	reads(t, cag.Get(t, "/desk/organisation/"+keep), []string{"Anna Bell", "Cy Moss", "Groups that may be one", "Riverside Gardners : the same as Riverside Gardeners ?"}, "Bo Hill")
	reads(t, cag.Get(t, "/desk/people"), []string{"Groups that may be one"})
	compare := "/desk/organisation/" + keep + "/merge/" + drop
	reads(t, cag.Get(t, compare), []string{"Is this one group?", "Anna Bell", "Bo Hill"})
	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	reads(t, other.Get(t, compare), []string{"Riverside Gardners"}, "Anna Bell", "Bo Hill")
	viewer := room.Hire(t, "eyes", postroom.Grant{Role: postroom.Viewer})
	if p := viewer.Post(t, "/desk/organisation/"+keep+"/merge", url.Values{"other": {drop}}); p.Status != http.StatusForbidden {
		t.Errorf("somebody who only looks merged groups: %d", p.Status)
	}
	merged := cag.Post(t, "/desk/organisation/"+keep+"/merge", url.Values{"other": {drop}})
	reads(t, merged, []string{"They are one group now.", "Anna Bell", "Bo Hill", "Cy Moss"}, "Groups that may be one")
	if p := cag.Get(t, "/desk/organisation/"+drop); !strings.HasSuffix(p.URL, keep) {
		t.Errorf("the other leads to %s", p.URL)
	}
	joins(t, room, "Di Reed", "Riverside Gardners")
	reads(t, cag.Get(t, "/desk/organisation/"+keep), []string{"Di Reed"})
	deeds, err := room.Store.Read(t.Context()).Deeds(postroom.AboutOrganisation, keep)
	if err != nil || len(deeds) == 0 {
		t.Fatal(deeds, err)
	}
	cag.Post(t, "/desk/undo", url.Values{"deed": {deeds[0].ID}})
	reads(t, cag.Get(t, "/desk/organisation/"+drop), []string{"Bo Hill", "Groups that may be one"}, "Anna Bell")
	reads(t, cag.Post(t, "/desk/organisation/"+keep+"/apart", url.Values{"other": {drop}}), []string{"Riverside Gardeners"}, "Groups that may be one")
}

func TestWhoTakesACallIsOfferedTheGroupsTheyKnow(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	cag := room.As(t, "cag")
	joins(t, room, "Anna Bell", "Meadow Gardeners & Co")
	page := cag.Get(t, "/desk/entry/join")
	for _, want := range []string{`list="f-organisation-known"`, `<datalist id="f-organisation-known"><option value="Meadow Gardeners &amp; Co"></option>`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	public := room.Get(t, "/f/join")
	if strings.Contains(public.Body, "Meadow") || strings.Contains(public.Body, "<datalist") {
		t.Error("the public form tells which groups we know")
	}
	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	if p := other.Get(t, "/desk/entry/register"); strings.Contains(p.Body, "Meadow") {
		t.Error("somebody who looks after another programme is offered the group")
	}
}

// TestNothingTellsAStrangerWhichGroupsWeKnow sends a form with a name that we know and
// with one that we do not, and holds what comes back against each other: every
// status, header and word but for what differs from one sending to the next.
func TestNothingTellsAStrangerWhichGroupsWeKnow(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	joins(t, room, "Anna Bell", "Riverside Gardeners")
	var told [2]string
	for i, group := range []string{"Riverside Gardeners Ltd", "Meadowland Gardeners Ltd"} {
		p := joins(t, room, "Zoe Bird", group)
		body := p.Body
		for _, secret := range append(referenceOf.FindAllString(body, -1), tokenOf.FindAllString(body, -1)...) {
			body = strings.ReplaceAll(body, secret, "…")
		}
		told[i] = strings.ReplaceAll(body, group, "GROUP")
		if p.Status != http.StatusOK {
			t.Fatalf("status %d", p.Status)
		}
		for _, h := range []string{"Date", "Content-Length", "Last-Modified"} {
			p.Header.Del(h)
		}
		var header strings.Builder
		_ = p.Header.Write(&header)
		told[i] += header.String()
		for _, known := range []string{"Anna", "Riverside Gardeners"} {
			if strings.Contains(strings.ReplaceAll(p.Body, group, ""), known) {
				t.Errorf("the page says %s", known)
			}
		}
	}
	if told[0] != told[1] {
		t.Errorf("the answers differ:\n%s\n---\n%s", told[0], told[1])
	}
}

func TestGroupsInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	joins(t, room, "Anna Bell", "انجمن زنان ولورتن")
	joins(t, room, "Bo Hill", "زنان ولورتن")
	keep, drop := groupNamed(t, room, "انجمن زنان ولورتن"), groupNamed(t, room, "زنان ولورتن")
	look(t, room, "cag", "groups-alike", "/desk/organisation/"+keep)
	look(t, room, "cag", "groups-people", "/desk/people")
	look(t, room, "cag", "groups-compare", "/desk/organisation/"+keep+"/merge/"+drop)
	look(t, room, "cag", "entry-groups", "/desk/entry/join")
}
