package desk_test

import (
	"bufio"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

const newsSource = "---\nsubject: What is on in May\n---\nThe garden opens again on **Saturday**.\n"

// readersOf puts people on the list by the form and the button in their mail.
func readersOf(t *testing.T, room *testkit.Room, addresses ...string) {
	t.Helper()
	for _, a := range addresses {
		room.Submit(t, "newsletter", url.Values{"email": {a}})
	}
	room.Work(t)
	for _, a := range addresses {
		room.Post(t, room.Letter(t, a).Link(t, "confirm"))
	}
	room.Clock.Advance(time.Hour)
	room.Work(t)
}

// written writes a newsletter on the desk, and returns where it is.
func written(t *testing.T, who *testkit.Colleague) string {
	t.Helper()
	p := who.Post(t, "/desk/newsletters/new", url.Values{"list": {"newsletter"}, "source": {newsSource}})
	at := regexp.MustCompile(`/desk/newsletters/[0-9a-f-]{36}`).FindString(p.URL)
	if at == "" {
		t.Fatalf("it was not written: %d at %s\n%s", p.Status, p.URL, p.Body)
	}
	return at
}

func act(t *testing.T, who *testkit.Colleague, at, do string) testkit.Page {
	t.Helper()
	return who.Post(t, at+"/act", url.Values{"do": {do}})
}

func stateAt(t *testing.T, room *testkit.Room, at string) postroom.CampaignState {
	t.Helper()
	c, err := room.Store.Read(t.Context()).Campaign(at[strings.LastIndex(at, "/")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return c.State
}

func TestANewsletterIsWrittenApprovedAndSentOnTheDesk(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		readersOf(t, room, "one@example.org", "two@example.org")
		ann, ben := admin(t, room), room.Hire(t, "ben", postroom.Grant{Role: postroom.IsCoordinator, Programme: "newsletter"})
		for source, want := range map[string]string{
			"Hello": "Line 1",
			"---\nsubject: May\n---\nHello <b>you</b>\n": "Line 4",
		} {
			p := ann.Post(t, "/desk/newsletters/new", url.Values{"list": {"newsletter"}, "source": {source}})
			if p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, want) {
				t.Errorf("%q: status %d, without %q\n%s", source, p.Status, want, p.Body)
			}
		}
		at := written(t, ann)
		says(t, ann.Get(t, at), []string{"What is on in May", "Draft", "a colleague has to approve it", "garden opens again"}, "Approve it", "Send it</button>")
		if p := act(t, ann, at, "approve"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "a colleague has to approve it") {
			t.Errorf("its author approves it: status %d", p.Status)
		}
		says(t, act(t, ben, at, "approve"), []string{"Approved. It can be sent now.", "Approved by <bdi>ben</bdi>"})
		says(t, act(t, ann, at, "send"), []string{"It leaves in five minutes", "Take it back"})
		says(t, act(t, ann, at, "undo"), []string{"Taken back. Nobody got it."})
		room.Clock.Advance(time.Hour)
		room.Work(t)
		if got := stateAt(t, room, at); got != postroom.CampaignApproved {
			t.Fatalf("it is %s after it was taken back", got)
		}
		act(t, ann, at, "send")
		room.Clock.Advance(campaign.UndoFor)
		room.Work(t)
		says(t, ann.Get(t, at), []string{"Sent", "Download a list of all copies"}, "Cancel it for good")
		csv := ann.Get(t, at+"/copies.csv")
		if csv.Status != http.StatusOK || strings.Count(csv.Body, ",sent,") != 2 {
			t.Errorf("the list: status %d\n%s", csv.Status, csv.Body)
		}
		for _, a := range []string{"one@example.org", "two@example.org"} {
			if l := room.Letter(t, a); l.Subject != "What is on in May" {
				t.Errorf("%s has %q", a, l.Subject)
			}
		}
		if l := room.Letter(t, "admin-1@riverside.example"); !strings.HasPrefix(l.Subject, "Your newsletter is sent") || !strings.Contains(l.Text, "Sent: 2") {
			t.Errorf("its author was told %q\n%s", l.Subject, l.Text)
		}
	})
}

func TestAViewerSeesTheFiguresOfANewsletterAlone(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	readersOf(t, room, "one@example.org")
	ann := admin(t, room)
	eve, other := room.Hire(t, "eve", postroom.Grant{Role: postroom.Viewer}), room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "referrals"})
	at := written(t, ann)
	says(t, eve.Get(t, at), []string{"Draft", "Chosen"}, "<button type=\"submit\" name=\"do\"", "garden opens", "copies.csv")
	for _, path := range []string{at, at + "/live", at + "/copies.csv"} {
		if p := other.Get(t, path); p.Status != http.StatusForbidden {
			t.Errorf("%s for somebody else: status %d", path, p.Status)
		}
	}
	for _, end := range []string{"/act", "/words", "/test", "/schedule"} {
		if p := eve.Post(t, at+end, url.Values{"do": {"cancel"}}); p.Status != http.StatusForbidden {
			t.Errorf("a viewer posts to %s: status %d", end, p.Status)
		}
		if p := other.Post(t, at+end, url.Values{"do": {"cancel"}}); p.Status != http.StatusForbidden {
			t.Errorf("somebody else posts to %s: status %d", end, p.Status)
		}
	}
	if strings.Contains(other.Get(t, "/desk/newsletters").Body, "What is on in May") {
		t.Error("somebody else's list names it")
	}
}

// A page is told how a newsletter stands, and when there is no more to tell.
func TestAPageIsToldHowANewsletterStands(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	readersOf(t, room, "one@example.org")
	ann, ben := admin(t, room), room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
	at := written(t, ann)
	act(t, ben, at, "approve")
	act(t, ann, at, "send")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, room.URL+at+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "as", Value: "admin-1"})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("status %d, %s", res.StatusCode, kind)
	}
	lines := bufio.NewScanner(res.Body)
	reads := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended (%v) without %q", lines.Err(), want)
	}
	reads("Waiting to begin")
	act(t, ann, at, "undo")
	reads("Approved")
	reads("event: end")
}

func TestTheNewsletterPagesLookRight(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	readersOf(t, room, "one@example.org")
	ann, ben := admin(t, room), room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
	look(t, room, "admin-1", "newsletter-new", "/desk/newsletters/new")
	at := written(t, ann)
	look(t, room, "admin-1", "newsletter-draft", at)
	act(t, ben, at, "approve")
	look(t, room, "admin-1", "newsletter-approved", at)
	act(t, ann, at, "send")
	room.Sink.Down()
	room.Clock.Advance(campaign.UndoFor)
	room.Work(t)
	look(t, room, "admin-1", "newsletter-sending", at)
	look(t, room, "admin-1", "newsletters", "/desk/newsletters")
}
