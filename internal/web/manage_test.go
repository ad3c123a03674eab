package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

func (f *rooms) Amend(_ context.Context, _ string, e postroom.Entry) error {
	return f.note("amend:" + strings.Join(e.Answers["line"], ","))
}
func (f *rooms) Forget(_ context.Context, _, field string) error { return f.note("forget:" + field) }
func (f *rooms) Withdraw(_ context.Context, _, id string) error  { return f.note("withdraw:" + id) }
func (f *rooms) Agree(_ context.Context, _, id string) error     { return f.note("agree:" + id) }
func (f *rooms) Speak(_ context.Context, _, tag string) error    { return f.note("speak:" + tag) }
func (f *rooms) Reach(_ context.Context, _ string, how intake.ReachBy) error {
	return f.note(fmt.Sprintf("reach:%s:%s:%s", how.Way, how.LeaveMessage, how.Through))
}
func (f *rooms) Bring(_ context.Context, _ string, n int) (bool, error) {
	return n < 5, f.note(fmt.Sprintf("bring:%d", n))
}
func (f *rooms) TakePlace(context.Context, string) (bool, error) { return true, f.note("take") }
func (f *rooms) AskForLink(_ context.Context, address, locale string) error {
	return f.note("link:" + address + ":" + locale)
}

// mailed puts a mail on file that has the link to all of an address.
func (c *counter) mailed(address string) string {
	c.t.Helper()
	m := postroom.Message{
		ID: store.NewMessageID(), Key: "my-link:" + address, MessageID: address, Template: "my-link", To: address, Locale: "en",
		Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: noon, Data: map[string]string{},
	}
	if err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error { _, err := tx.AddMessage(m); return err }); err != nil {
		c.t.Fatal(err)
	}
	return m.ID
}

func secretive(c *counter) string {
	sub := c.submit("all", url.Values{"name": {"Sima"}, "email": {"sima@example.org"}, "line": {"x"}, "area": {"north"}, "member": {"no"}, "story": {"A ramp"}})
	return c.link(link.Manage, sub.ID)
}

func TestManagePageShowsWhatWasSentAndNothingSecret(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := secretive(c)
	w := c.get(at)
	want(t, w, 200, "What you told us", "You told us.", "Change my answers", "By email", "English")
	unwanted(t, w, "A ramp")
	want(t, c.get(at+"/change"), 200, "Leave this empty to keep that")
	unwanted(t, c.get(at+"/change"), "A ramp", `name="email"`)
	want(t, c.get(at+"/forget?field=story"), 200, "Yes, delete it")
	want(t, c.get(at+"/forget?field=line"), http.StatusSeeOther)
	if did := c.rooms.did(); did != "" {
		t.Errorf("looking did %s", did)
	}
	for _, each := range []struct{ act, fields, done, did string }{
		{"/change", "line=y", "changed", "amend:y"},
		{"/forget", "field=story", "forgotten", "forget:story"},
		{"/withdraw", "consent=c1", "withdrawn", "withdraw:c1"},
		{"/agree", "consent=c1", "agreed", "agree:c1"},
		{"/language", "speak=fa", "language", "speak:fa"},
		{"/reach", "reach=phone&message=no", "reach", "reach:phone:no:"},
	} {
		c.rooms.acts = nil
		sent, err := url.ParseQuery(each.fields)
		if err != nil {
			t.Fatal(err)
		}
		w := c.post(at+each.act, sent)
		want(t, w, http.StatusSeeOther)
		if to := w.Header().Get("Location"); !strings.Contains(to, "done="+each.done) || c.rooms.did() != each.did {
			t.Errorf("%s led to %s and did %q, want %q", each.act, to, c.rooms.did(), each.did)
		}
		want(t, c.get(w.Header().Get("Location")), 200, `class="done" role="status"`)
	}
	want(t, c.post(at+"/reach", url.Values{"reach": {"trusted_person"}}), 422, "Enter the name and number of somebody you trust")
	want(t, c.post(at+"/reach", url.Values{"reach": {"pigeon"}}), 422, "Select how we shall reach you")
}

func TestPartyIsChangedByTheFormsOwnRules(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"Olena"}, "email": {"olena@example.org"}})
	at := c.link(link.Manage, booked.ID)
	want(t, c.get(at), 200, "Change the number", `name="party"`)
	want(t, c.post(at+"/party", url.Values{"party": {"many"}}), 422, `value="many"`, "There is something to put right")
	w := c.post(at+"/party", url.Values{"party": {"3"}})
	want(t, w, http.StatusSeeOther)
	want(t, c.get(w.Header().Get("Location")), 200, "The number of people is changed.")
	w = c.post(at+"/party", url.Values{"party": {"9"}})
	want(t, c.get(w.Header().Get("Location")), 200, "There is no room for that many.")
	if did := c.rooms.did(); did != "bring:3 bring:9" {
		t.Errorf("did %q", did)
	}
	c.clock.move(200 * 24 * time.Hour)
	at = link.Path(link.Manage, c.Links.Make(link.Manage, booked.ID, c.clock.Now().Add(time.Hour)))
	w = c.get(at)
	want(t, w, 200, "This has begun or is over")
	unwanted(t, w, "Change the number", "Change my answers", "Cancel my booking")
	want(t, c.get(at+"/change"), http.StatusSeeOther)
}

func TestNobodyLearnsWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.submit("ask", url.Values{"name": {"O"}, "email": {"known@example.org"}, "question": {"Hm?"}})
	var answers [2]string
	for i, address := range []string{"known@example.org", "nobody@example.org"} {
		w := c.post("/my-link", url.Values{"email": {address}})
		want(t, w, http.StatusSeeOther)
		page := c.get(w.Header().Get("Location"))
		answers[i] = fmt.Sprint(w.Code, w.Header(), w.Body.String(), page.Code, page.Header(), page.Body.String())
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers differ:\n%s\n%s", answers[0], answers[1])
	}
	if !strings.Contains(answers[0], "If we know this address, a mail is on its way") {
		t.Error(answers[0])
	}
	want(t, c.post("/my-link", url.Values{"email": {"no address"}}), 422, "Enter your email address like this")
	want(t, c.get("/my-link"), 200, "Send me my link")
}

func TestMyPageShowsWhatAnAddressHas(t *testing.T) {
	t.Parallel()
	c := open(t)
	one := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"Olena"}, "email": {"home@example.org"}})
	at := c.link(link.My, c.mailed("home@example.org"))
	w := c.get(at)
	want(t, w, 200, "What you have with us", "home@example.org", one.Reference, "Saturday 13 March 2027", "/manage/")
	unwanted(t, w, "Olena")
	c.submit("newsletter", url.Values{"email": {"home@example.org"}})
	c.submit("ask", url.Values{"name": {"Petro"}, "email": {"home@example.org"}, "question": {"Hm?"}})
	referral := c.submit("refer", url.Values{"name": {"Nadia"}, "email": {"home@example.org"}, "they_know": {"yes"}, "need": {"Company"}})
	w = c.get(at)
	want(t, w, 200, "Olena", "Petro", "Somebody else", "Something you sent us", referral.Reference, "News that you get", "/unsubscribe/")
	unwanted(t, w, "Nadia", "Company", "Refer somebody")
	held := c.submit("ask", url.Values{"name": {"Petro"}, "email": {"home@example.org"}, "question": {"He hits me"}})
	if err := c.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.Hold(held.ID, "safeguarding", noon) }); err != nil {
		t.Fatal(err)
	}
	unwanted(t, c.get(at), held.Reference)
}

func TestALinkOpensOnlyWhatItIsFor(t *testing.T) {
	t.Parallel()
	c := open(t)
	sub := c.submit("ask", url.Values{"name": {"O"}, "email": {"o@example.org"}, "question": {"Hm?"}})
	mail := c.mailed("o@example.org")
	manage, my := c.Links.Make(link.Manage, sub.ID, noon.Add(time.Hour)), c.Links.Make(link.My, mail, noon.Add(time.Hour))
	want(t, c.get("/my/"+manage), http.StatusNotFound)
	want(t, c.get("/manage/"+my), http.StatusNotFound)
	want(t, c.post("/manage/"+my+"/forget", url.Values{"field": {"story"}}), http.StatusNotFound)
	want(t, c.get("/my/"+my), 200)
	c.clock.move(2 * time.Hour)
	want(t, c.get("/my/"+my), http.StatusGone)
	if did := c.rooms.did(); did != "" {
		t.Errorf("did %q", did)
	}
}

func TestPrivacyNoticeSaysAllThatTheLawAsksFor(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) {
		o.Org.PostalAddress, o.Org.DataContact, o.Org.DataNumber = "1 High Street", "the data lead", "ZA123456"
		o.Org.DataTransfers = postroom.Words{"en": "none"}
	})
	want(t, c.get("/f/refer"), 200, `href="/en/f/refer/privacy"`)
	w := c.get("/f/refer/privacy")
	want(t, w, 200,
		"Community Hub", "1 High Street", "the data lead", "ZA123456", // Article 13(1)(a) and (b)
		"What we ask, and why", "Article 6(1)(f)", "it is our interest", "Article 9(2)(a)", // (c) and (d)
		"Who sees it", "Outside the United Kingdom:", // (e) and (f)
		"How long we keep it", "until 1 year after we have answered", // (2)(a)
		"show you what we hold", "correct what is wrong", "delete it", "use it less", "stop using it", "take elsewhere", // (b)
		"take back what you said yes to",               // (c)
		"0303 123 1113", "ico.org.uk/make-a-complaint", // (d)
		"/en/f/data-complaint", "within 30 days", // DPA 2018, section 164A
		"Must you answer?",            // (e)
		"Does a computer decide?",     // (f)
		"somebody referred you to us", // Article 14(2)(f)
	)
	want(t, c.get("/privacy/newsletter"), 200, "Article 6(1)(a)")
	want(t, c.get("/privacy/your-data"), 200, "Article 6(1)(c)")
	want(t, c.get("/privacy/nothing"), http.StatusNotFound)
	want(t, c.get("/f/refer/privacy?lang=fa-AF"), 200, `dir="rtl"`, "معلومات شما و حقوق شما")
}

func TestReceiptOfADataRequestNamesTheLawsDay(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := receiptOf(t, c, "your-data", "name", "O", "email", "o@example.org", "wanted", "see")
	want(t, c.get(at), 200, "We have your request", "Wednesday 23 December 2026")
	at = receiptOf(t, c, "data-complaint", "name", "O", "email", "o@example.org", "complaint", "Hm")
	want(t, c.get(at), 200, "We have your complaint", "Tuesday 22 December 2026")
	want(t, c.get(strings.Replace(at, "/en/", "/fa-AF/", 1)), 200, "۲۲")
}
