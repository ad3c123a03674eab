package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// moves puts a wish for another address on file, and returns it.
func (c *counter) moves() string {
	c.t.Helper()
	var m store.Move
	if err := c.Store.Write(c.t.Context(), func(tx *store.Tx) (err error) {
		m, _, err = tx.AddMove(store.Move{From: "person@example.org", To: "new@example.org", Locale: "en", AskedAt: noon})
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return m.ID
}

// reader signs somebody up who confirms, and returns where everything of theirs is.
func reader(t testing.TB, c *counter) (sub, mine string) {
	t.Helper()
	id := pending(t, c)
	if err := c.rooms.Confirm(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c.rooms.did() // is of no interest
	return id, c.link(link.My, c.mailed("person@example.org"))
}

func TestAReaderChoosesWhatTheyGet(t *testing.T) {
	t.Parallel()
	c := open(t)
	id, mine := reader(t, c)
	at := mine + "/news/newsletter"
	want(t, c.get(mine), 200, "Choose what you get", "Get the news at another address")
	want(t, c.get(at), 200, "Once a month", "Large print", "Courses and training", "Wolverton")
	chosen := url.Values{"topics": {"events", "nonsense"}, "areas": {"olney"}, "often": {"monthly"}, "look": {"large"}, "speak": {"fa"}, "until": {noon.AddDate(0, 1, 0).Format("2006-01-02")}}
	w := c.post(at, chosen)
	if w.Code != http.StatusSeeOther || !strings.HasSuffix(w.Header().Get("Location"), "/news/newsletter?done=saved") {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	sub, err := c.Store.Read(t.Context()).Subscription(id)
	if err != nil || sub.Topics != "events" || sub.Areas != "olney" || sub.Often != postroom.RoundUp || sub.Look != postroom.LargeText || sub.Locale != "fa" || !sub.PausedUntil.After(noon) {
		t.Errorf("kept %+v, %v", sub, err)
	}
	for _, day := range []string{"yesterday", "2001-01-01", "2999-01-01"} {
		want(t, c.post(at, url.Values{"until": {day}}), http.StatusUnprocessableEntity, "Choose a day")
	}
	want(t, c.post(mine+"/news/strangers", chosen), http.StatusNotFound)
}

func TestLeavingBehindTheLinkCanBeUndoneThere(t *testing.T) {
	t.Parallel()
	c := open(t)
	_, mine := reader(t, c)
	at := mine + "/news/newsletter"
	want(t, c.post(at+"/stop", url.Values{}), http.StatusSeeOther)
	want(t, c.get(at), 200, "does not get", "Undo, I want the news")
	want(t, c.get(mine), 200, "You have just left", "Undo, I want the news")
	want(t, c.post(at+"/back", url.Values{}), http.StatusSeeOther)
	want(t, c.get(at), 200, "Save what I chose")
	want(t, c.post(mine+"/stop", url.Values{}), http.StatusSeeOther)
	if did := c.rooms.did(); !strings.HasSuffix(did, "unsubscribe back unsubscribe") {
		t.Errorf("did %q", did)
	}
}

func TestTheLinkOfANewsletterOpensNoChoices(t *testing.T) {
	t.Parallel()
	c := open(t)
	id, _ := reader(t, c)
	token := c.Links.Make(link.Unsubscribe, id, noon.AddDate(1, 0, 0))
	for _, path := range []string{"", "/news/newsletter", "/address"} {
		want(t, c.get(link.Path(link.My, token)+path), http.StatusNotFound)
	}
	for _, path := range []string{"/news/newsletter", "/news/newsletter/stop", "/stop", "/address"} {
		want(t, c.post(link.Path(link.My, token)+path, url.Values{"email": {"thief@example.org"}}), http.StatusNotFound)
	}
	if did := c.rooms.did(); did != "" && !strings.HasSuffix(did, "confirm") {
		t.Errorf("did %q", did)
	}
}

func TestBothEndsOfAMoveHaveTheirOwnLink(t *testing.T) {
	t.Parallel()
	c := open(t)
	_, mine := reader(t, c)
	w := c.post(mine+"/address", url.Values{"email": {"New@Example.org"}})
	if w.Code != http.StatusSeeOther || !strings.HasSuffix(c.rooms.did(), "move:new@example.org") {
		t.Fatalf("%d, did %q", w.Code, c.rooms.did())
	}
	want(t, c.post(mine+"/address", url.Values{"email": {"no address"}}), http.StatusUnprocessableEntity)
	id := c.moves()
	from, to := c.link(link.Move, id+"|from"), c.link(link.Move, id+"|to")
	want(t, c.get(from), 200, "person@example.org", "Yes, change it")
	page := c.get(to)
	want(t, page, 200, "new@example.org", "Yes, change it")
	if strings.Contains(page.Body.String(), "person@example.org") {
		t.Error("the new address is told the old one")
	}
	want(t, c.post(from, url.Values{}), http.StatusSeeOther)
	want(t, c.get(from), 200, "Now press the button in the mail to the other address")
	want(t, c.post(to+"/no", url.Values{}), http.StatusSeeOther)
}
