package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/en/subscribed" {
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
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/uk/not-me" || c.rooms.did() != "not-me" {
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
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/en"+at || c.rooms.did() != "stop" {
		t.Fatalf("%d to %q, did %q", w.Code, w.Header().Get("Location"), c.rooms.did())
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

func TestALinkToConfirmThatIsTooOldSaysHowToSignUpAgain(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := pending(t, c)
	at := link.Path(link.Confirm, c.Links.Make(link.Confirm, id, noon.AddDate(0, 0, 7)))
	c.clock.move(8 * 24 * time.Hour)
	want(t, c.get(at), http.StatusGone, "you are not on the list yet", `href="/en/f/newsletter">Sign up again`)
	want(t, c.post(at, url.Values{}), http.StatusGone, "you are not on the list yet")
	old := link.Path(link.Unsubscribe, c.Links.Make(link.Unsubscribe, id, noon.AddDate(0, 0, 7)))
	unwanted(t, c.get(old), "not on the list yet")
}

func TestALinkEndsWhenTheAnswersGoToAnotherAddress(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("ask", url.Values{"name": {"O"}, "email": {"stranger@example.org"}, "question": {"Hm?"}})
	at := c.link(link.Manage, c.Links.SentTo(sub.ID, "stranger@example.org"))
	want(t, c.get(at), 200, sub.Reference)
	if err := c.rooms.Readdress(t.Context(), sub.ID, "o@example.org"); err != nil {
		t.Fatal(err)
	}
	w := c.get(at)
	want(t, w, http.StatusGone, "another email address")
	unwanted(t, w, sub.Reference)
	want(t, c.get(c.link(link.Manage, c.Links.SentTo(sub.ID, "o@example.org"))), 200, sub.Reference)
}

func TestWhatIsNoBookingSaysWhereItStands(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("ask", url.Values{"name": {"O"}, "email": {"o@example.org"}, "question": {"Hm?"}})
	w := c.get(c.link(link.Manage, sub.ID))
	want(t, w, 200, "See where this stands", "We got it on <bdi>Monday 23 November 2026</bdi>. A person here reads it.")
	unwanted(t, w, "booking", "Book again")
}

func TestWhoeverWasTakenOffIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	c := open(t)
	id := pending(t, c)
	if err := c.rooms.Unsubscribe(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	unwanted(t, c.get(c.link(link.Confirm, id)), "This was not me")
}

func TestBookingIsShownAndGivenBackOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"O"}, "email": {"o@example.org"}})
	at := link.Path(link.Manage, c.Links.Make(link.Manage, booked.ID, noon.AddDate(1, 0, 0)))
	w := c.get(at)
	want(t, w, 200, booked.Reference, "Your booking", "Networking event, Main event", "Saturday 13 March 2027, 10:00am to 3:00pm", `href="/en`+at+`/cancel">Cancel my booking`)
	unwanted(t, w, `action="/en`+at+`"`)
	want(t, c.get(at+"/cancel"), 200, "Do you want to give up your place?", "Yes, cancel my booking", `href="/en`+at+`">No, keep my place`)
	if c.rooms.did() != "" {
		t.Fatalf("asking did %q", c.rooms.did())
	}
	for range 2 {
		w := c.post(at, url.Values{})
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/en"+at) {
			t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
		}
	}
	w = c.get(at)
	want(t, w, 200, "Your booking is cancelled", `href="/en/f/register">Book again`)
	want(t, c.get(at+"/cancel"), http.StatusSeeOther)
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
