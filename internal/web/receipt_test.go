package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// receiptOf sends a form and returns the address of its receipt.
func receiptOf(t testing.TB, c *counter, form string, pairs ...string) string {
	t.Helper()
	sent := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		sent.Set(pairs[i], pairs[i+1])
	}
	w := c.post("/f/"+form, sent)
	want(t, w, http.StatusSeeOther)
	return w.Header().Get("Location")
}

func TestReceiptSaysFirstWhatMattersMost(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, each := range []struct {
		name, form string
		pairs      []string
		heading    string
		more       []string
	}{
		{"a message", "ask", []string{"name", "O", "email", "o@example.org", "question", "Hm?"}, "We have your message",
			[]string{"A person reads it and answers you by:", "Wednesday 25 November 2026", "<bdi>o@example.org</bdi>. It can take up to 15 minutes. Is the address right?"}},
		{"a place", "register", []string{"session", "main", "places", "2", "name", "O", "email", "o@example.org"}, "Your place is booked",
			[]string{"Saturday 13 March 2027, 10:00am to 3:00pm", "The Community Hall"}},
		{"the waiting list", "register", []string{"session", "workshop", "places", "2", "name", "O", "email", "o@example.org"}, "You are on the waiting list, not booked yet",
			[]string{"Until then you have no place"}},
		{"a list", "newsletter", []string{"email", "o@example.org"}, "One more step. Check your email", []string{"Until then you are not on it"}},
		{"a list besides", "all", []string{"name", "O", "email", "o@example.org", "line", "x", "area", "north", "member", "no", "news", "yes"}, "We have your message",
			[]string{"You also asked for our news"}},
		{"no email", "ask", []string{"name", "O", "phone", "01908 123456", "question", "Hm?"}, "We have your message", []string{"We will phone you"}},
	} {
		w := c.get(receiptOf(t, c, each.form, each.pairs...))
		want(t, w, 200, each.more...)
		page := parsePage(t, w.Body.String())
		if got := page.named("h1")[0].words(); got != each.heading {
			t.Errorf("%s: %q, want %q", each.name, got, each.heading)
		}
		if len(page.class("panel")[0].named("a")) != 0 {
			t.Errorf("%s: there is a link in the panel", each.name)
		}
	}
	unwanted(t, c.get(receiptOf(t, c, "ask", "name", "O", "phone", "01908 123456", "question", "Hm?")), "Change it", "is on its way")
}

func TestReceiptOfWhatIsHeldPromisesNoMail(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.get(receiptOf(t, c, "ask", "name", "O", "email", "o@example.org", "question", "Hm?", trap, "1"))
	want(t, w, 200, "We have your message", "A person reads what you sent")
	unwanted(t, w, "is on its way", "phone you")
}

func TestReceiptAnswersForADay(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := receiptOf(t, c, "ask", "name", "O", "email", "o@example.org", "question", "Hm?")
	c.clock.move(23 * time.Hour)
	want(t, c.get(at), 200)
	c.clock.move(2 * time.Hour)
	want(t, c.get(at), http.StatusGone, "Nothing is lost")
	want(t, c.get("/receipt/nonsense"), http.StatusNotFound, "This link is not complete")
}

func TestWrongAddressIsChangedFromTheReceipt(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := receiptOf(t, c, "ask", "name", "O", "email", "olena@gmial.com", "question", "Hm?")
	asked := c.get(at)
	want(t, asked, 200, "<title>Check your email address. ", "Did you mean <bdi>olena@gmail.com</bdi>?", `name="email" value="olena@gmail.com"`)
	if page := asked.Body.String(); strings.Index(page, "Did you mean") > strings.Index(page, `class="panel`) {
		t.Error("something stands before the question")
	}
	action := strings.Split(at, "?")[0] + "/address"
	w := c.post(action, url.Values{"email": {" Olena@example.org "}})
	want(t, w, http.StatusSeeOther)
	want(t, c.get(w.Header().Get("Location")), 200, "Your message goes to <bdi>Olena@example.org</bdi> now")
	if c.rooms.did() != "readdress:Olena@example.org" {
		t.Errorf("did %q", c.rooms.did())
	}
	for written, say := range map[string]string{"": "Enter your email address", "olena": "Enter your email address like this, name@example.org"} {
		w := c.post(action, url.Values{"email": {written}})
		want(t, w, http.StatusUnprocessableEntity, "Error: ", "<details open", `href="#f-email">`+say+"<")
		checkSummary(t, parsePage(t, w.Body.String()))
	}
}

func TestTheSameAnswersFromElsewhereShowAndChangeNoAddress(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("newsletter", url.Values{"email": {"victim@example.org"}})
	at := link.Path(link.Receipt, c.Links.Make(link.Receipt, sub.ID+knownBefore, noon.Add(time.Hour)))
	w := c.get(at)
	want(t, w, 200, "You sent us the same thing before")
	unwanted(t, w, "victim@example.org", "Change it", "already sent")
	want(t, c.post(at+"/address", url.Values{"email": {"thief@example.org"}}), http.StatusForbidden)
	if c.rooms.did() != "" {
		t.Errorf("did %q", c.rooms.did())
	}
}

func TestWhoSentTheSameBeforeHearsThatTheMessageHasLeft(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("newsletter", url.Values{"email": {"o@example.org"}})
	m := postroom.Message{
		ID: "m", MessageID: "m@example.org", Programme: sub.Programme, Form: sub.Form, Submission: sub.ID, Contact: sub.Contact, To: sub.Address,
		Template: "please-confirm", Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, State: postroom.Queued, CreatedAt: noon,
	}
	again := c.link(link.Receipt, sub.ID+knownBefore)
	err := c.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddMessage(m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	unwanted(t, c.get(again), "already sent")
	err = c.Store.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.StartSending("m", 1, noon), tx.EndSending("m", 1, postroom.Sent, "", 0, noon))
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, c.get(again), 200, "We already sent you a message")
}

func TestTheSameBookingFromElsewhereShowsNoPlace(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"O"}, "email": {"victim@example.org"}})
	w := c.get(link.Path(link.Receipt, c.Links.Make(link.Receipt, sub.ID+knownBefore, noon.Add(time.Hour))))
	want(t, w, 200, "The message we send says what stands.")
	unwanted(t, w, "Your place is booked", "13 March", "victim@example.org")
}

func TestReceiptDoesNotTellWhoIsOnAList(t *testing.T) {
	t.Parallel()
	c := open(t)
	first := c.submit("newsletter", url.Values{"email": {"member@example.org"}})
	s, _, err := c.Store.Read(t.Context()).SubscriptionOf(first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.rooms.Confirm(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	hide := func(body, address string) string { return strings.ReplaceAll(body, address, "") }
	on := c.get(receiptOf(t, c, "newsletter", "email", "member@example.org", "name", "M"))
	off := c.get(receiptOf(t, c, "newsletter", "email", "nobody@example.org", "name", "M"))
	if a, b := shape(t, hide(on.Body.String(), "member@example.org")), shape(t, hide(off.Body.String(), "nobody@example.org")); a != b {
		t.Errorf("one on the list sees\n%s\none who is not\n%s", a, b)
	}
}

// shape is what a receipt says, without its reference.
func shape(t *testing.T, html string) string {
	page := parsePage(t, html)
	reference := page.class("reference")[0].named("bdi")[0].words()
	return strings.ReplaceAll(page.with("id", "main")[0].words(), reference, "")
}

func TestDidYouMeanSuggestsOnlyWhatLooksLikeASlip(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a@gmial.com":       "a@gmail.com",
		"a@gmal.com":        "a@gmail.com",
		"a@GMAIL.CON":       "a@gmail.com",
		"a@gmail.co.uk":     "a@gmail.com",
		"a@hotmial.co.uk":   "a@hotmail.co.uk",
		"a@yaho.co.uk":      "a@yahoo.co.uk",
		"a@btintenet.com":   "a@btinternet.com",
		"a@gmail.com":       "",
		"a@mail.com":        "",
		"a@me.com":          "",
		"a@mk.com":          "",
		"a@gmx.net":         "",
		"a@example.org":     "",
		"a@live.nl":         "",
		"a@yahoo.fr":        "",
		"a@proton.ch":       "",
		"":                  "",
		"a":                 "",
		"a@":                "",
		"a@milton-keynes.x": "",
	} {
		if got := didYouMean(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestOneEntryEachForEveryKindOfForm(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(open(t).Templates)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []postroom.FormKind{postroom.SignUp, postroom.VolunteerOffer, postroom.EventRegistration, postroom.Enquiry,
		postroom.Concern, postroom.Referral, postroom.Feedback, postroom.DataRequest} {
		if key := "receipt.have." + string(k); !l.Has(key) {
			t.Errorf("%s is missing", key)
		}
	}
}
