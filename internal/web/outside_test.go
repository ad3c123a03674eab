package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

const charity = "https://www.charity.example"

// withSites lets a website of the organisation show forms.
func withSites(o *Options) { o.Sites = []string{charity, "https://*.builder.example"} }

// outside sends a form as a browser does that shows a page of another website.
func (c *counter) outside(form string, sent url.Values, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	header = append([]string{"Content-Type", "application/x-www-form-urlencoded", "Origin", charity, "Sec-Fetch-Site", "cross-site"}, header...)
	return c.ask("POST", "/f/"+form+"/outside", sent.Encode(), header...)
}

func TestAnotherWebsiteSendsAForm(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	form, _ := c.Programmes.Form("ask")
	w := c.outside("ask", question(outsideNext, charity+"/thanks?a=1", outsideLang, "uk", "_subject", "New enquiry"))
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != charity+"/thanks?a=1" {
		t.Fatalf("%d to %q", w.Code, to)
	}
	if e := c.rooms.entry(); e.Channel != postroom.Web || e.Locale != "uk" || e.Suspect || e.FormVersion != "" || e.Answers.One("question") != "When do you meet?" {
		t.Errorf("entry %+v", e)
	}
	want(t, c.outside("ask", question("question", "Where?", outsideVersion, form.Version)), http.StatusSeeOther)
	if e := c.rooms.entry(); e.FormVersion != form.Version {
		t.Errorf("the page said which words it shows, and the entry says %q", e.FormVersion)
	}
	if w := c.outside("all", url.Values{"name": {"O"}, "email": {"o@example.org"}, "interests[]": {"tea", "talk"}}); w.Code == http.StatusSeeOther {
		if e := c.rooms.entry(); len(e.Answers["interests"]) != 2 {
			t.Errorf("answers %v", e.Answers)
		}
	}
}

func TestNobodyIsSentToAWebsiteThatIsNotNamed(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	for _, next := range []string{
		"", "/f/ask", "//evil.example/", "https://evil.example/", "https://www.charity.example.evil.example/", "http://www.charity.example/",
		"https://www.charity.example@evil.example/", "https://evil.example\\@www.charity.example/", "javascript:alert(1)//www.charity.example",
		"https://a.builder.example/", "https://www.charity.example:444/", "\thttps://evil.example",
	} {
		w := c.outside("ask", question("question", "To "+next, outsideNext, next))
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/en/receipt/") {
			t.Errorf("%q leads with %d to %q", next, w.Code, to)
		}
	}
}

func TestMistakesFromAnotherWebsiteAreMendedOnOurPage(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	w := c.outside("ask", url.Values{"name": {"<Olena>"}, "email": {"olena(at)example"}, "lang": {"fa"}, outsideNext: {charity + "/thanks"}})
	want(t, w, http.StatusUnprocessableEntity, `<html lang="fa" dir="rtl"`, "&lt;Olena&gt;", "olena(at)example", `class="summary"`)
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' "+charity+";") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Error(csp)
	}
	page := parsePage(t, w.Body.String())
	action := page.named("form")[0].attrs["action"]
	mended := question("lang", "fa", "ticket", page.with("name", "ticket")[0].attrs["value"])
	w = c.ask("POST", action, mended.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "Origin", "https://post.example.org")
	if to := w.Header().Get("Location"); to != charity+"/thanks" {
		t.Errorf("%d to %q", w.Code, to)
	}
	if form, _ := c.Programmes.Form("ask"); c.rooms.entry().FormVersion != form.Version {
		t.Error("they have seen our words, and that is not on file")
	}
	w = c.get("/f/ask/outside?lang=uk")
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/uk/f/ask" {
		t.Errorf("the address of the door leads with %d to %q", w.Code, to)
	}
	want(t, c.outside("past", url.Values{"email": {"o@example.org"}}), http.StatusGone)
	want(t, c.outside("nothing", url.Values{}), http.StatusNotFound)
}

func TestWhatLooksSentByAProgramIsHeld(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	kind := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for name, each := range map[string]struct {
		sent    url.Values
		header  []string
		suspect bool
	}{
		"a website we know":              {question("question", "See https://a.example"), []string{"Origin", charity}, false},
		"one that we do not":             {question("question", "When is it?"), []string{"Origin", "https://other.example"}, false},
		"a page that hides its address":  {question("question", "When is that?"), []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, false},
		"one that sends a web address":   {question("question", "Buy at http://a.example"), []string{"Origin", "https://other.example"}, true},
		"no browser":                     {question("question", "When, then?"), nil, true},
		"what fills in everything there": {question("question", "Is it on?", trap, "1"), []string{"Origin", charity}, true},
	} {
		want(t, c.ask("POST", "/f/ask/outside", each.sent.Encode(), append(kind, each.header...)...), http.StatusSeeOther)
		e := c.rooms.entry()
		if got := e.Suspect || slices.Contains(e.Signs, postroom.SignTrap); got != each.suspect {
			t.Errorf("%s: suspect %t", name, got)
		}
	}
}

func TestOnlyTheDoorForOtherWebsitesIsOpenToThem(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	for _, path := range []string{"/f/ask", "/embed/ask", "/confirm/x", "/f/ask/outside/more", "/finish/x", "/manage/x", "/receipt/x/address"} {
		w := c.ask("POST", path, question().Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", charity, "Sec-Fetch-Site", "cross-site")
		if w.Code != http.StatusForbidden && w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestFormsInOtherCharacterSetsAreReadRight(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	const body = "name=Rene&email=r@example.org&question="
	cyrillic, err := charmap.Windows1251.NewEncoder().String("Привіт")
	if err != nil {
		t.Fatal(err)
	}
	for name, each := range map[string]struct{ kind, body, field, want string }{
		"said in the header":      {"; charset=windows-1251", body + url.QueryEscape(cyrillic), "question", "Привіт"},
		"filled in by browsers":   {"", body + url.QueryEscape(cyrillic) + "&_charset_=windows-1251", "question", "Привіт"},
		"said by nobody":          {"", "name=Ren%E9e&email=r@example.org&question=When", "name", "Renée"},
		"a letter the set lacks":  {"; charset=iso-8859-1", "name=%26%231054%3Blena&email=r@example.org&question=Now", "name", "Оlena"},
		"UTF-8":                   {"; charset=UTF-8", "name=%D0%9E&email=r@example.org&question=So", "name", "О"},
		"a set that there is not": {"; charset=klingon", "name=%D0%9E&email=r@example.org&question=Hm", "name", "О"},
	} {
		want(t, c.ask("POST", "/f/ask/outside", each.body, "Content-Type", "application/x-www-form-urlencoded"+each.kind, "Origin", charity), http.StatusSeeOther)
		if got := c.rooms.entry().Answers.One(each.field); got != each.want {
			t.Errorf("%s: %q, want %q", name, got, each.want)
		}
	}
}

func TestAFormInAFrame(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	frames := "frame-ancestors 'self' " + charity + " https://*.builder.example"
	shown := func(w *httptest.ResponseRecorder, status int) *node {
		t.Helper()
		want(t, w, status, "/static/frame.")
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, frames) || !strings.Contains(csp, "script-src 'self'") {
			t.Error(csp)
		}
		if w.Header().Get("Set-Cookie") != "" {
			t.Error("a frame has no cookies")
		}
		page := parsePage(t, w.Body.String())
		for _, a := range page.named("a") {
			to := a.attrs["href"]
			if !strings.HasPrefix(to, "#") && !strings.Contains(to, "/embed/") && a.attrs["target"] != "_blank" {
				t.Errorf("%q leads out of the frame inside it", to)
			}
		}
		return page
	}
	page := shown(c.get("/embed/ask?lang=uk"), 200)
	if action := page.named("form")[0].attrs["action"]; action != "/uk/embed/ask" {
		t.Errorf("the form goes to %q", action)
	}
	ticket := page.with("name", "ticket")[0].attrs["value"]
	shown(c.post("/embed/ask", url.Values{"ticket": {ticket}, "name": {"O"}}), 422)
	w := c.post("/embed/ask", question("ticket", ticket, "email", "olena@gmial.com"))
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/en/embed/receipt/") {
		t.Fatalf("%d to %q", w.Code, to)
	}
	receipt := shown(c.get(to), 200)
	change := receipt.named("form")[0].attrs["action"]
	w = c.post(change, url.Values{"email": {"olena@gmail.com"}})
	if to = w.Header().Get("Location"); !strings.HasPrefix(to, "/en/embed/receipt/") {
		t.Errorf("changing the address leads to %q", to)
	}
	shown(c.get(to), 200)
	shown(c.get("/embed/past"), http.StatusGone)
	shown(c.get("/embed/nothing"), http.StatusNotFound)
	if csp := c.get("/f/ask").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Error(csp)
	}
}

func TestAFormOfSeveralPagesStaysInItsFrame(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	page := parsePage(t, c.get("/embed/visit?lang=en").Body.String())
	ticket := page.with("name", "ticket")[0].attrs["value"]
	if action := page.named("form")[0].attrs["action"]; action != "/en/embed/visit" {
		t.Errorf("the form goes to %q", action)
	}
	w := c.post("/embed/visit", url.Values{"ticket": {ticket}, "born.day": {"1"}, "born.month": {"2"}, "born.year": {"1980"}, "pets": {"no"}, "name": {"Olena"}, "email": {"olena@example.org"}})
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/en/embed/receipt/") {
		t.Errorf("%d to %q", w.Code, to)
	}
	c.submit("walk", url.Values{"email": {"a@example.org"}})
	full := c.get("/embed/walk")
	want(t, full, 200, "/embed/walk?waiting=1")
	for _, a := range parsePage(t, full.Body.String()).named("a") {
		if to := a.attrs["href"]; !strings.HasPrefix(to, "#") && !strings.Contains(to, "/embed/") && a.attrs["target"] != "_blank" {
			t.Errorf("%q leads out of the frame inside it", to)
		}
	}
}

func TestTheScriptForOtherWebsitesIsSmallAndStaysWhereItIs(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.get("/embed.js")
	want(t, w, 200, "data-postroom", "e.origin !== home")
	if w.Body.Len() > 2048 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("%d bytes of %s", w.Body.Len(), w.Header().Get("Content-Type"))
	}
}

// TestAFormIsForTheWebsitesThatItNames: fewer than the settings name, and never more.
func TestAFormIsForTheWebsitesThatItNames(t *testing.T) {
	t.Parallel()
	const other, stranger = "https://other.example", "https://stranger.example"
	c := open(t, withSites, func(o *Options) { o.Sites = append(o.Sites, other) })
	form, ok := c.Programmes.Form("ask")
	if !ok {
		t.Fatal("no form")
	}
	form.Sites = &programme.Sites{Only: []string{other, stranger}}
	if policy := c.get("/embed/ask").Header().Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors 'self' "+other) && !strings.Contains(policy, "frame-ancestors 'self' "+other+";") {
		t.Errorf("it may be framed by %s", policy)
	}
	for origin, may := range map[string]bool{other: true, charity: false, stranger: false} {
		if got := c.ask("GET", "/api/v1/forms/ask", "", "Origin", origin).Header().Get("Access-Control-Allow-Origin") == origin; got != may {
			t.Errorf("the API answers %s: %t", origin, got)
		}
		w := c.outside("ask", question("question", "When? "+origin[8:11], outsideNext, origin+"/thanks"), "Origin", origin)
		if took := w.Code == http.StatusSeeOther && w.Header().Get("Location") == origin+"/thanks"; took != may {
			t.Errorf("what %s sends is answered with %d to %q", origin, w.Code, w.Header().Get("Location"))
		}
		if !may && (w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "When? "+origin[8:11])) {
			t.Errorf("from %s people lose their answers: %d", origin, w.Code)
		}
	}
}

// TestThePageAfterAFormIsForTheWebsitesOfTheForm: what another website may not show,
// it may not show afterwards either.
func TestThePageAfterAFormIsForTheWebsitesOfTheForm(t *testing.T) {
	t.Parallel()
	const other = "https://other.example"
	c := open(t, withSites, func(o *Options) { o.Sites = append(o.Sites, other) })
	form, _ := c.Programmes.Form("ask")
	form.Sites = &programme.Sites{Only: []string{other}}
	receipt := "/embed" + strings.TrimPrefix(receiptOf(t, c, "ask", "name", "O", "email", "o@example.org", "question", "Hm?"), "/en")
	for path, ancestors := range map[string]string{receipt: "frame-ancestors 'self' " + other, "/embed/receipt/nothing": "frame-ancestors 'self' " + charity} {
		if policy := c.get(path).Header().Get("Content-Security-Policy"); !strings.Contains(policy+";", ancestors+";") && !strings.Contains(policy, ancestors+" ") {
			t.Errorf("%s may be framed by %s", path, policy)
		}
	}
	if policy := c.get(receipt).Header().Get("Content-Security-Policy"); strings.Contains(policy, charity) {
		t.Errorf("a website that the form is not for may frame the page after it: %s", policy)
	}
	want(t, c.ask("POST", receipt+"/address", "email=a@example.org", "Content-Type", "application/x-www-form-urlencoded", "Origin", other, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
	if policy := c.get(strings.TrimPrefix(receipt, "/embed")).Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("out of its frame the page may be framed: %s", policy)
	}
}
