package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

// pending signs somebody up and returns the subscription's id.
func pending(t testing.TB, c *counter) string {
	t.Helper()
	sub := c.submit("newsletter", url.Values{"email": {"person@example.org"}})
	s, found, err := c.Store.Read(t.Context()).SubscriptionOf(sub.ID)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return s.ID
}

func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"1"}, "name": {"O"}, "email": {"o@example.org"}})
	id := pending(t, c)
	for _, at := range []string{c.link(link.Confirm, id), c.link(link.Unsubscribe, id), c.link(link.Manage, booked.ID), c.link(link.Receipt, booked.ID)} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			want(t, c.ask(method, at, ""), 200)
			want(t, c.ask(method, at+"?List-Unsubscribe=One-Click", ""), 200)
		}
		if w := c.get(at + "/not-me"); w.Code != http.StatusNotFound {
			t.Errorf("GET %s/not-me: %d", at, w.Code)
		}
	}
	if c.rooms.did() != "" {
		t.Errorf("GET did %q", c.rooms.did())
	}
}

func TestConfirmTwiceLeadsToTheSamePage(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := c.link(link.Confirm, pending(t, c))
	want(t, c.get(at), 200, "Do you want our news?", "person@example.org", "Newsletter", "This was not me")
	for range 2 {
		w := c.post(at, url.Values{})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/subscribed?lang=en" {
			t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
		}
	}
	want(t, c.get("/subscribed"), 200, "You are on the list")
	want(t, c.get(at), 200, "You are on the list")
}

func TestNotMeTakesTheAddressOff(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.post(c.link(link.Confirm, pending(t, c))+"/not-me", url.Values{"lang": {"uk"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/not-me?lang=uk" || c.rooms.did() != "not-me" {
		t.Fatalf("%d to %q, did %q", w.Code, w.Header().Get("Location"), c.rooms.did())
	}
	want(t, c.get("/not-me?lang=uk"), 200, "Адресу вилучено")
}

func TestUnsubscribeShowsAndTheButtonActs(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := c.link(link.Unsubscribe, pending(t, c))
	want(t, c.get(at), 200, "Stop the news")
	w := c.post(at, url.Values{})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/unsubscribed?lang=en" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	want(t, c.get(at), 200, "does not get")
	want(t, c.post(at, url.Values{}), http.StatusSeeOther)
}

func TestOneClickUnsubscribeActsWithoutAPage(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := c.link(link.Unsubscribe, pending(t, c))
	parts := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	want(t, c.post(at, url.Values{"List-Unsubscribe": {"One-Click"}}), 200)
	want(t, c.ask("POST", at, parts, "Content-Type", "multipart/form-data; boundary=b"), 200)
	if c.rooms.did() != "unsubscribe unsubscribe" {
		t.Errorf("did %q", c.rooms.did())
	}
	want(t, c.post("/unsubscribe/nonsense", url.Values{"List-Unsubscribe": {"One-Click"}}), http.StatusNotFound)
}

func TestALinkOpensItsOwnPageOnly(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := pending(t, c)
	for _, purpose := range []link.Purpose{link.Confirm, link.Unsubscribe, link.Manage, link.Receipt} {
		token := c.Links.Make(purpose, id, noon.Add(receiptLife))
		for _, other := range []link.Purpose{link.Confirm, link.Unsubscribe, link.Manage, link.Receipt} {
			if other == purpose {
				continue
			}
			want(t, c.get(link.Path(other, token)), http.StatusNotFound)
			want(t, c.post(link.Path(other, token), url.Values{}), http.StatusNotFound)
		}
	}
	if c.rooms.did() != "" {
		t.Errorf("did %q", c.rooms.did())
	}
}

func TestWhatALinkCannotDoAnyMoreIsSaid(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := c.link(link.Confirm, pending(t, c))
	c.rooms.fail = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("subscription.ended")}
	want(t, c.post(at, url.Values{}), http.StatusGone, "You can sign up again at any time", "All our forms")
	want(t, c.get(c.link(link.Confirm, "unknown")), http.StatusNotFound)
}

func TestBookingIsShownAndGivenBackOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"O"}, "email": {"o@example.org"}})
	at := link.Path(link.Manage, c.Links.Make(link.Manage, booked.ID, noon.AddDate(1, 0, 0)))
	want(t, c.get(at), 200, booked.Reference, "Saturday 13 March 2027, 10:00am to 3:00pm", "Cancel my booking")
	for range 2 {
		w := c.post(at, url.Values{})
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), at) {
			t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
		}
	}
	w := c.get(at)
	want(t, w, 200, "Your booking is cancelled")
	unwanted(t, w, "Cancel my booking")
	if c.rooms.did() != "cancel" {
		t.Errorf("did %q", c.rooms.did())
	}
}

func TestWhatHasBegunCannotBeCancelled(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"O"}, "email": {"o@example.org"}})
	at := link.Path(link.Manage, c.Links.Make(link.Manage, booked.ID, noon.AddDate(1, 0, 0)))
	c.clock.move(200 * 24 * 60 * 60 * 1e9)
	unwanted(t, c.get(at), "Cancel my booking")
	want(t, c.post(at, url.Values{}), http.StatusSeeOther)
	if c.rooms.did() != "" {
		t.Errorf("did %q", c.rooms.did())
	}
}
