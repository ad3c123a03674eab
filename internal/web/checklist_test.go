package web

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// everyPage gives each page of views in English, Farsi and Pashto, as a
// visitor without JavaScript sees it.
func everyPage(t *testing.T, check func(t *testing.T, v view, locale string, page *node)) {
	t.Parallel()
	c := open(t)
	for _, v := range c.views() {
		for _, locale := range []string{"en", "fa", "ps"} {
			w := c.seen(v, locale)
			shown := locale
			if v.inFew() {
				shown = strings.Replace(locale, "ps", "en", 1) // the programme has no Pashto
			}
			t.Run(v.name+"-"+locale, func(t *testing.T) { check(t, v, shown, parsePage(t, w.Body.String())) })
		}
	}
}

// seen is the page of a view, after what is pressed there.
func (c *counter) seen(v view, locale string) *httptest.ResponseRecorder {
	c.t.Helper()
	switch v.press {
	case "form.card > button":
		return c.post(v.path, url.Values{"lang": {locale}})
	case "form.card button":
		return c.post("/"+locale+v.path, url.Values{})
	case "details button":
		return c.post(v.path+"/address", url.Values{"lang": {locale}})
	}
	return c.get(v.in(locale))
}

// inFew says whether a page is of a programme that is not in every language.
func (v view) inFew() bool {
	return strings.HasPrefix(v.name, "all-") || slices.ContainsFunc([]string{"/f/all", "/f/past", "/d/", "/guardian/", "/f/visit", "/f/walk", "/f/note", "/f/later", "/news/"}, func(path string) bool {
		return strings.HasPrefix(v.path, path)
	})
}

func TestEveryPageSaysItsLanguage(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, locale string, page *node) {
		html := page.named("html")[0]
		if html.attrs["lang"] != locale || html.attrs["dir"] != direction(locale) {
			t.Errorf("lang %q, dir %q, want %s", html.attrs["lang"], html.attrs["dir"], locale)
		}
		for _, n := range page.with("lang", "*") {
			if n.attrs["dir"] == "" {
				t.Errorf("<%s lang=%s> %q has no dir", n.name, n.attrs["lang"], n.words())
			}
		}
	})
}

func TestEveryPageHasItsLandmarksAndHeadings(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, _ string, page *node) {
		if mains := page.with("id", "main"); len(mains) != 1 || mains[0].name != "main" {
			t.Error("there is not one main#main")
		}
		if n := len(page.named("h1")); n != 1 {
			t.Errorf("%d h1, want 1", n)
		}
		if first := page.named("a", "button", "input")[0]; first.attrs["href"] != "#main" || first.parent.name != "body" {
			t.Error("what gets the focus first is not the skip link")
		}
		level := 1
		for _, h := range page.named("h1", "h2", "h3", "h4") {
			if h.within(func(n *node) bool { return n.attrs["class"] == "summary" }) {
				continue // it stands above the h1
			}
			next := int(h.name[1] - '0')
			if next > level+1 {
				t.Errorf("<%s> %q skips a level", h.name, h.words())
			}
			level = next
		}
	})
}

func TestIDsAreUniqueAndReferencesLeadSomewhere(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, _ string, page *node) {
		seen := make(map[string]bool)
		for _, n := range page.with("id", "*") {
			if seen[n.attrs["id"]] {
				t.Errorf("two elements have the id %q", n.attrs["id"])
			}
			seen[n.attrs["id"]] = true
		}
		for _, attr := range []string{"aria-describedby", "aria-labelledby", "for"} {
			for _, n := range page.with(attr, "*") {
				for _, id := range strings.Fields(n.attrs[attr]) {
					if !seen[id] {
						t.Errorf("%s of <%s> names %q, which is not there", attr, n.name, id)
					}
				}
			}
		}
		for _, a := range page.named("a") {
			if id, ok := strings.CutPrefix(a.attrs["href"], "#"); ok && !seen[id] {
				t.Errorf("a link leads to #%s, which is not there", id)
			}
		}
	})
}

func TestControlsAreAsPeopleNeedThem(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, _ string, page *node) {
		for _, n := range page.named("input", "textarea", "select") {
			for _, attr := range []string{"required", "maxlength", "placeholder", "pattern"} {
				if _, ok := n.attrs[attr]; ok {
					t.Errorf("%s has %s", n.attrs["name"], attr)
				}
			}
			if n.attrs["type"] == "number" || n.name == "input" && n.attrs["type"] == "" {
				t.Errorf("%s has the type %q", n.attrs["name"], n.attrs["type"])
			}
			checkDirection(t, n)
			checkLabel(t, page, n)
		}
		for _, f := range page.named("form") {
			if f.attrs["method"] != "post" || f.attrs["action"] == "" {
				t.Errorf("form %v does not post to an address", f.attrs)
			}
		}
		for _, f := range page.named("fieldset") {
			if first := f.named("legend", "p", "div", "input"); len(first) == 0 || first[0].name != "legend" {
				t.Error("a fieldset does not begin with its legend")
			}
		}
	})
}

func checkDirection(t *testing.T, n *node) {
	t.Helper()
	want := map[string]string{"email": "ltr", "tel": "ltr", "text": "*", "": "auto"}[n.attrs["type"]]
	if want != "" && n.attrs["tabindex"] != "-1" && n.attrs["dir"] != want && (want != "*" || n.attrs["dir"] == "") {
		t.Errorf("%s has dir %q, want %q", n.attrs["name"], n.attrs["dir"], want)
	}
	token := map[string]string{"email": "email", "tel": "tel"}[n.attrs["type"]]
	if token != "" && n.attrs["autocomplete"] != token && n.attrs["autocomplete"] != "off" { // off: another person's
		t.Errorf("%s has autocomplete %q", n.attrs["name"], n.attrs["autocomplete"])
	}
	if n.attrs["type"] == "email" && n.attrs["spellcheck"] != "false" {
		t.Errorf("%s is spell checked", n.attrs["name"])
	}
}

func checkLabel(t *testing.T, page, n *node) {
	t.Helper()
	if n.attrs["type"] == "hidden" || n.attrs["type"] == "submit" {
		return
	}
	labels := page.with("for", n.attrs["id"])
	if len(labels) != 1 || labels[0].words() == "" {
		t.Errorf("%s has %d labels", n.attrs["name"], len(labels))
		return
	}
	if text := labels[0].words(); strings.HasSuffix(text, ":") || strings.Contains(text, "*") {
		t.Errorf("label %q ends in a colon or has an asterisk", text)
	}
}

func TestNothingIsChosenBeforehandAndWhatIsOptionalSaysSo(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/all").Body.String())
	if checked := page.with("checked", "*"); len(checked) > 0 {
		t.Errorf("%d boxes are ticked beforehand", len(checked))
	}
	optional := func(id string) bool { return strings.HasSuffix(page.with("for", id)[0].words(), "(optional)") }
	for id, want := range map[string]bool{"f-name": false, "f-email": false, "f-group": true, "f-story": true, "f-age": true, "f-line": false, "f-news": true} {
		if got := optional(id); got != want {
			t.Errorf("%s says optional: %t, want %t", id, got, want)
		}
	}
	legends := page.named("legend")
	if !slices.ContainsFunc(legends, func(n *node) bool { return n.words() == "What do you like? (optional)" }) {
		t.Error("the legend of an optional question does not say so")
	}
	if text := page.with("for", "f-number")[0].words(); text != "Member number (only if you are a member)" {
		t.Errorf("a question that not everybody is asked says %q", text)
	}
}

func TestScreenReadersHearWhatIsNeeded(t *testing.T) {
	t.Parallel()
	c := open(t)
	page := parsePage(t, c.get("/f/register?lang=fa").Body.String())
	for _, id := range []string{"f-email", "f-phone"} {
		if got := page.with("id", id)[0].attrs["aria-describedby"]; got != "f-email-reach" {
			t.Errorf("%s is described by %q", id, got)
		}
	}
	required := func(id string) bool { return page.with("id", id)[0].attrs["aria-required"] == "true" }
	for id, want := range map[string]bool{"f-name": true, "f-places": true, "f-email": false, "f-organisation": false} {
		if got := required(id); got != want {
			t.Errorf("%s is required: %t, want %t", id, got, want)
		}
	}
	if n := page.with("role", "radiogroup"); len(n) != 1 || n[0].attrs["aria-required"] != "true" {
		t.Error("the choice of a date is not said to be required")
	}
	want(t, c.get("/f/register?lang=fa"), 200, `lang="en" dir="ltr">The Community Hall`, "۱۳ مارس ۲۰۲۷، از ۱۰:۰۰ تا ۱۵:۰۰")
	want(t, c.get("/f/join?lang=uk"), 200, `lang="en" dir="ltr">Bletchley<`)
}

func TestSpecialAnswersSayWhatForAndHowLong(t *testing.T) {
	t.Parallel()
	c := open(t)
	page := parsePage(t, c.get("/f/all").Body.String())
	box := page.with("id", "f-story")[0]
	if got := box.attrs["aria-describedby"]; got != "f-story-hint f-story-purpose" {
		t.Errorf("the box is described by %q", got)
	}
	if got := page.with("id", "f-story-purpose")[0].words(); got != "We ask this for one reason: to make the day work for you. How long we keep your answer: until the end of the year." {
		t.Errorf("it says %q", got)
	}
	want(t, c.get("/f/all"), 200, "Only our team sees your answers", "call 999")
}

func TestWhatNobodyHasReviewedStandsBesideTheEnglish(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.get("/f/all?lang=fa")
	want(t, w, 200, `lang="en" dir="ltr">Send me the news`, "We ask this for one reason: to make the day work for you", `lang="en" dir="ltr">Only our team sees your answers`)
	unwanted(t, c.get("/f/all?lang=en"), "beside")
}

func TestDateIsThreeInputsOfOneName(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.post("/f/all", url.Values{"born": {"31", "2", "1990"}})
	page := parsePage(t, w.Body.String())
	var values []string
	for _, n := range page.with("name", "born") {
		values = append(values, n.attrs["value"]+" "+n.attrs["autocomplete"]+" "+n.attrs["type"]+" "+n.attrs["inputmode"])
	}
	if !slices.Equal(values, []string{"31 bday-day text numeric", "2 bday-month text numeric", "1990 bday-year text numeric"}) {
		t.Errorf("inputs %q", values)
	}
	want(t, w, 422, `<a href="#f-born">Your date of birth must be a real date, like 27 3 2027</a>`)
}
