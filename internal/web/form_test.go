package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// ticketIn reads the ticket of a form that was shown.
func ticketIn(t testing.TB, c *counter, target string) string {
	t.Helper()
	page := parsePage(t, c.get(target).Body.String())
	return page.with("name", "ticket")[0].attrs["value"]
}

func question(more ...string) url.Values {
	v := url.Values{"name": {"Olena"}, "email": {"olena@example.org"}, "question": {"When do you meet?"}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// stillClock are the signs of whoever fills in a form in no time, as all do here.
var stillClock = []postroom.Sign{postroom.SignFast}

func TestFormLeadsToItsReceipt(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.post("/f/ask", question("lang", "uk", "ticket", ticketIn(t, c, "/f/ask")))
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/uk/receipt/") {
		t.Fatalf("%d to %q", w.Code, to)
	}
	e := c.rooms.entry()
	form, _ := c.Programmes.Form("ask")
	if e.Channel != postroom.Web || e.Form != "ask" || e.FormVersion != form.Version || e.Locale != "uk" || e.Suspect || !slices.Equal(e.Signs, stillClock) || !e.At.Equal(noon) {
		t.Errorf("entry %+v", e)
	}
	want(t, c.get(w.Header().Get("Location")), 200, `<html lang="uk"`)
	want(t, c.post("/f/ask", question("question", "Where?")), http.StatusSeeOther)
	if e := c.rooms.entry(); e.FormVersion != "" {
		t.Errorf("nobody knows what was shown, but the entry says version %s", e.FormVersion)
	}
}

func TestMistakesKeepEveryAnswerAndAreSaidTwiceInTheSameWords(t *testing.T) {
	t.Parallel()
	c := open(t)
	sent := url.Values{
		"name": {"<Olena> & co"}, "email": {"olena(at)example"}, "line": {strings.Repeat("x", 21)}, "story": {"\nfirst\nsecond"},
		"interests": {"tea", "talk"}, "member": {"no"}, "age": {"many"}, "news": {"yes"}, "born": {"1", "jan", "1990"},
	}
	w := c.post("/f/all", sent)
	want(t, w, http.StatusUnprocessableEntity)
	page := parsePage(t, w.Body.String())
	if title := page.named("title")[0].words(); !strings.HasPrefix(title, "Error: Ask everything – ") {
		t.Errorf("title %q", title)
	}
	if story := page.with("id", "f-story")[0].named("textarea"); len(story) != 0 {
		t.Error("a textarea in a textarea")
	}
	for id, value := range map[string]string{"f-name": "<Olena> & co", "f-email": "olena(at)example", "f-age": "many", "f-born-month": "jan"} {
		if got := page.with("id", id)[0].attrs["value"]; got != value {
			t.Errorf("%s holds %q, want %q", id, got, value)
		}
	}
	if got := len(page.with("checked", "*")); got != 4 {
		t.Errorf("%d boxes are ticked, want 4", got)
	}
	if !strings.Contains(w.Body.String(), ">\n\nfirst\nsecond</textarea>") {
		t.Error("the long answer has lost a line")
	}
	checkSummary(t, page)
}

// checkSummary compares the summary with what stands beside the fields.
func checkSummary(t *testing.T, page *node) {
	t.Helper()
	summary := page.class("summary")[0]
	main := page.with("id", "main")[0]
	if first := main.named("div", "h1", "p")[0]; first != summary || summary.attrs["tabindex"] != "-1" || summary.attrs["autofocus"] == "" {
		t.Error("the summary is not the first thing in main, or does not take the focus")
	}
	if alert := summary.with("role", "alert"); len(alert) != 1 || alert[0].attrs["aria-labelledby"] != "" {
		t.Error("role=alert is not on the child alone")
	}
	var above, beside, ids []string
	for _, a := range summary.named("a") {
		above = append(above, a.words())
		ids = append(ids, a.attrs["href"][1:])
	}
	for _, p := range page.class("mistake") {
		text, _ := strings.CutPrefix(p.words(), "Error: ")
		beside = append(beside, text)
		if id := strings.TrimSuffix(p.attrs["id"], "-error"); !slices.Contains(ids, id) {
			t.Errorf("%s is not in the summary", id)
		}
	}
	if !slices.Equal(above, beside) || len(above) == 0 {
		t.Errorf("the summary says\n%q, the fields\n%q", above, beside)
	}
	for _, id := range ids {
		if n := page.with("id", id)[0]; n.name != "input" && n.name != "textarea" {
			t.Errorf("the summary leads to <%s id=%s>, which takes no answer", n.name, id)
		}
	}
}

func TestTitleSaysErrorOnlyWhenThereIsOne(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, locale string, page *node) {
		prefix := map[string]string{"en": "Error:", "fa": "خطا:", "ps": "تېروتنه:"}[locale]
		if title := page.named("title")[0].words(); strings.HasPrefix(title, prefix) != (len(page.class("summary")) > 0) {
			t.Errorf("title %q with %d summaries", title, len(page.class("summary")))
		}
	})
}

func TestSendingAFormTwiceIsOneSubmission(t *testing.T) {
	t.Parallel()
	c := open(t)
	ticket := ticketIn(t, c, "/f/ask")
	for range 2 {
		want(t, c.post("/f/ask", question("ticket", ticket)), http.StatusSeeOther)
	}
	first, second := c.rooms.entries[0].Key, c.rooms.entries[1].Key
	if first != second {
		t.Errorf("two keys, %s and %s", first, second)
	}
	want(t, c.post("/f/ask", question("ticket", ticket, "question", "Where, I mean?")), http.StatusSeeOther)
	if third := c.rooms.entry().Key; third == first {
		t.Error("a mended answer has the key of the first and would be lost")
	}
	if strings.Contains(first, ticket) || len(first) > 40 {
		t.Errorf("key %q", first)
	}
}

func TestAFormWithoutAGoodTicketIsStillTaken(t *testing.T) {
	t.Parallel()
	c := open(t)
	old := ticketIn(t, c, "/f/ask")
	other := ticketIn(t, c, "/f/newsletter")
	c.clock.move(ticketLife + time.Hour)
	seen := make(map[string]bool)
	for _, ticket := range []string{"", "nonsense", old, other} {
		want(t, c.post("/f/ask", question("ticket", ticket)), http.StatusSeeOther)
		seen[c.rooms.entry().Key] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d keys, want 4", len(seen))
	}
}

func TestWhatLooksAutomaticIsNotedAndRefusesNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, each := range []struct {
		name string
		wait time.Duration
		more []string
		want []postroom.Sign
	}{
		{"a person", time.Minute, nil, nil},
		{"a browser that fills in the form at a touch", time.Second, nil, []postroom.Sign{postroom.SignFast}},
		{"the trap", time.Minute, []string{trap, "1"}, []postroom.Sign{postroom.SignTrap}},
		{"the trap at once", 0, []string{trap, "1"}, []postroom.Sign{postroom.SignTrap, postroom.SignFast}},
		{"a form of another site", time.Minute, []string{"ticket", ""}, []postroom.Sign{postroom.SignNoTicket}},
	} {
		ticket := ticketIn(t, c, "/f/ask")
		c.clock.move(each.wait)
		want(t, c.post("/f/ask", question(append([]string{"ticket", ticket}, each.more...)...)), http.StatusSeeOther)
		if got := c.rooms.entry().Signs; !slices.Equal(got, each.want) {
			t.Errorf("%s: signs %v, want %v", each.name, got, each.want)
		}
	}
}

func TestTheSameLongTextFromManyIsAnEcho(t *testing.T) {
	t.Parallel()
	g := newGuard(&hands{now: noon}, 0)
	form, _ := open(t).Programmes.Form("ask")
	said := func(text string, n int) []postroom.Sign {
		client := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n), 0, 1}), 32)
		return g.signs(client, form, postroom.Answers{"question": {text}}, noon)
	}
	spam := "We make websites rise in every search engine, write to us now."
	for n := range 10 {
		if got, want := len(said(spam, n)) > 0, n >= manySenders-1; got != want {
			t.Errorf("sender %d of a text is an echo: %t", n, got)
		}
		if got := said("Is the hall free?", n); len(got) > 0 {
			t.Errorf("a short text is %v", got)
		}
	}
	for range 10 {
		if got := said("One person who presses the button again and again, and again.", 1); len(got) > 0 {
			t.Errorf("the text of one person is %v", got)
		}
	}
}

func TestVeryManyFromOnePartOfTheInternetAreNoted(t *testing.T) {
	t.Parallel()
	g := newGuard(&hands{now: noon}, 0)
	form, _ := open(t).Programmes.Form("ask")
	for _, net := range []string{"192.0.2.%d", "2001:db8:1:%x::1"} {
		found := 0
		for n := range postsOfACrowd + 10 {
			addr := netip.MustParseAddr(fmt.Sprintf(net, n%250))
			found += len(g.signs(netip.PrefixFrom(addr, addr.BitLen()), form, postroom.Answers{}, noon))
		}
		if found != 10 {
			t.Errorf("%d of %s were noted", found, net)
		}
	}
	if got := g.signs(netip.MustParsePrefix("198.51.100.1/32"), form, postroom.Answers{}, noon); len(got) > 0 {
		t.Errorf("a neighbour of nobody is %v", got)
	}
}

func TestTheTrapIsOutOfTheWayOfPeople(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/ask").Body.String())
	box := page.with("name", trap)[0]
	if box.attrs["tabindex"] != "-1" || box.attrs["autocomplete"] != "off" || box.parent.attrs["aria-hidden"] != "true" {
		t.Errorf("the trap is %v in %v", box.attrs, box.parent.attrs)
	}
}

func TestWhenItIsUsNoAnswerIsLost(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		err    error
		status int
		say    string
	}{
		{errors.New("the disk is full"), 500, "not saved yet"},
		{&postroom.Error{Kind: postroom.Unavailable}, 503, "could not save your answers just now"},
		{&postroom.Error{Kind: postroom.Gone, Say: postroom.Say("session.over")}, 410, "This date has passed"},
	} {
		c := open(t)
		c.rooms.fail = each.err
		w := c.post("/f/ask", question())
		want(t, w, each.status, each.say)
		if each.status != 410 {
			want(t, w, each.status, "When do you meet?", `value="olena@example.org"`, "Your answers are still here")
		}
		if logged := strings.Contains(c.log.String(), "the disk is full"); logged != (each.status == 500) || strings.Contains(c.log.String(), "olena") {
			t.Errorf("log: %s", c.log)
		}
	}
}

func TestTooManyFormsWaitAndKeepTheirAnswers(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) { o.PostsPerMinute = 2 })
	for range 2 {
		want(t, c.post("/f/ask", question()), http.StatusSeeOther)
	}
	w := c.post("/f/ask", question())
	want(t, w, http.StatusTooManyRequests, "When do you meet?", "Wait a minute", "Your answers are still here")
	if w.Header().Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	c.clock.move(30 * time.Second)
	want(t, c.post("/f/ask", question()), http.StatusSeeOther)
}

func TestClientsBehindOurProxyAreToldApart(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) {
		o.PostsPerMinute = 1
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // httptest's
	})
	for _, each := range []struct {
		forwarded string
		status    int
	}{
		{"198.51.100.1", 303},
		{"198.51.100.2", 303},
		{"203.0.113.9, 198.51.100.2", 429}, // what the visitor wrote counts for nothing
		{"2001:db8:1:2::1", 303},
		{"2001:db8:1:2::2", 429}, // one household
		{"2001:db8:1:3::1", 303},
	} {
		if w := c.post("/f/ask", question(), "X-Forwarded-For", each.forwarded); w.Code != each.status {
			t.Errorf("%s: %d, want %d", each.forwarded, w.Code, each.status)
		}
	}
}

func TestTheMemoryForClientsHasAnEnd(t *testing.T) {
	t.Parallel()
	l := newLimiter[netip.Prefix](&hands{now: noon}, 1)
	for i := range mostClients + 10 {
		_ = l.allow(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32))
	}
	if len(l.clients) != mostClients || l.order.Len() != mostClients {
		t.Errorf("%d clients are remembered", len(l.clients))
	}
}

func TestAClosedFormSaysSoAndWhatElseThereIs(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/f/past"), http.StatusGone, "This form is closed", "All our forms")
	want(t, c.post("/f/past", url.Values{"email": {"a@example.org"}}), http.StatusGone, "This form is closed")
	if len(c.rooms.entries) != 0 {
		t.Error("a closed form took an entry")
	}
}

func TestFullDatesSayThatThereIsAWaitingList(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/f/walk"), 200, "Saturday 1 May 2027, 10:00am to 12:00pm", "The park")
	unwanted(t, c.get("/f/walk"), "waiting list")
	c.submit("walk", url.Values{"email": {"a@example.org"}})
	want(t, c.get("/f/walk?waiting=1"), 200, "Full: you can join the waiting list")
}

func TestAFormFromSomebodyElsesPageIsRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.post("/f/ask", question(), "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "a page that is not ours")
	want(t, c.post("/f/ask", question(), "Origin", "https://elsewhere.example"), http.StatusForbidden)
	want(t, c.post("/f/ask", question(), "Sec-Fetch-Site", "same-origin"), http.StatusSeeOther)
	want(t, c.post("/f/ask", question(), "Origin", "https://post.example.org"), http.StatusSeeOther)
}

func TestBodiesThatCannotBeReadAreAnsweredWithAPage(t *testing.T) {
	t.Parallel()
	c := open(t)
	const form = "application/x-www-form-urlencoded"
	want(t, c.ask("POST", "/f/ask", "name="+strings.Repeat("x", maxBody), "Content-Type", form), http.StatusRequestEntityTooLarge, "more than we can take")
	want(t, c.ask("POST", "/f/ask", "%zz", "Content-Type", form), http.StatusUnprocessableEntity, "arrived damaged")
	want(t, c.ask("POST", "/f/ask", "x", "Content-Type", "multipart/form-data"), http.StatusUnprocessableEntity, "arrived damaged")
}

func TestAFormMayComeInParts(t *testing.T) {
	t.Parallel()
	c := open(t)
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for name, values := range question() {
		if err := parts.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, c.ask("POST", "/f/ask", body.String(), "Content-Type", parts.FormDataContentType()), http.StatusSeeOther)
}

func FuzzForm(f *testing.F) {
	f.Add("name=Olena&email=olena%40example.org&question=x&ticket=abc&lang=fa")
	f.Add("born=1&born=2&born=3&born=4&interests=tea&area=north&member=yes&story=%00%ff")
	f.Add("%zz;;&=&&lang=uk,fa;q=2")
	c := open(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := c.on(t).ask("POST", "/f/all", body, "Content-Type", "application/x-www-form-urlencoded")
		switch w.Code {
		case http.StatusSeeOther:
		case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			if n := len(parsePage(t, strings.ToValidUTF8(w.Body.String(), "?")).named("h1")); n != 1 {
				t.Errorf("%d h1", n)
			}
		default:
			t.Errorf("status %d for %q", w.Code, body)
		}
	})
}

func BenchmarkRenderForm(b *testing.B) {
	c := open(b)
	for b.Loop() {
		if w := c.get("/f/all?lang=fa"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
