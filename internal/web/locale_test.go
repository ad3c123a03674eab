package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

func TestEveryPageIsThereUnderEveryLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, v := range c.views() {
		if v.press != "" || v.inFew() {
			continue // a button, and a programme that is not in every language
		}
		for _, tag := range c.locales.Tags() {
			w := c.get("/" + tag + v.path)
			html := parsePage(t, w.Body.String()).named("html")[0]
			if html.attrs["lang"] != tag || w.Header().Get("Content-Language") != tag || w.Header().Get("Vary") != "Accept-Language" {
				t.Errorf("/%s%s is in %s (%s), varies by %q", tag, v.path, html.attrs["lang"], w.Header().Get("Content-Language"), w.Header().Get("Vary"))
			}
			if plain := c.get(v.path); plain.Code != w.Code {
				t.Errorf("/%s%s: %d, without the language %d", tag, v.path, w.Code, plain.Code)
			}
		}
	}
}

func TestTheLanguageInAnAddress(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, each := range []struct {
		name, target string
		status       int
		to           string
	}{
		{"asked for in the query leads to its path", "/f/ask?lang=fa-AF", http.StatusFound, "/fa-AF/f/ask"},
		{"with the rest of the query", "/f/ask?lang=uk&from=poster", http.StatusFound, "/uk/f/ask?from=poster"},
		{"asked for on a page in another", "/uk/f/ask?lang=ps", http.StatusFound, "/ps/f/ask"},
		{"first page", "/?lang=fa", http.StatusFound, "/fa/"},
		{"without its slash", "/fa", http.StatusFound, "/fa/"},
		{"in other letters", "/FA-af/f/ask", http.StatusFound, "/fa-AF/f/ask"},
		{"never to another host", "/?lang=fa&x=//evil.example", http.StatusFound, "/fa/?x=%2F%2Fevil.example"},
		{"nor by two slashes", "//evil.example/?lang=fa", http.StatusFound, "/fa/evil.example/"},
		{"nor behind the language", "/FA//evil.example/", http.StatusFound, "/fa/evil.example/"},
		{"unknown is a page we do not have", "/xx/f/ask", http.StatusNotFound, ""},
		{"unknown in the query is left alone", "/f/ask?lang=xx", http.StatusOK, ""},
		{"the API has none", "/fa/api/v1/forms/ask/submissions", http.StatusNotFound, ""},
		{"nor a probe", "/fa/healthz", http.StatusNotFound, ""},
		{"a probe with a query stays", "/healthz?lang=fa", http.StatusOK, ""},
		{"only one is taken off", "/fa/uk/f/ask", http.StatusNotFound, ""},
	} {
		w := c.ask(http.MethodGet, each.target, "")
		if w.Code != each.status || w.Header().Get("Location") != each.to {
			t.Errorf("%s: %s is %d to %q, want %d to %q", each.name, each.target, w.Code, w.Header().Get("Location"), each.status, each.to)
		}
	}
}

func TestSearchEnginesAreToldOfEveryLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	page := c.get("/f/ask", "Accept-Language", "fa")
	want(t, page, 200, `<link rel="canonical" href="https://post.example.org/fa/f/ask">`, `<link rel="alternate" hreflang="fa-AF" href="https://post.example.org/fa-AF/f/ask">`,
		`<link rel="alternate" hreflang="x-default" href="https://post.example.org/f/ask">`, `<a href="/uk/f/ask" lang="uk" hreflang="uk" dir="ltr">`)
	unwanted(t, c.get(c.link(link.Confirm, pending(t, c))), "canonical", `rel="alternate"`)
}

func TestDariIsNotFarsi(t *testing.T) {
	t.Parallel()
	c := open(t)
	for wish, want := range map[string]string{
		"fa-AF": "fa-AF", "prs": "fa-AF", "prs-AF": "fa-AF", "prs;q=0.9, en;q=0.5": "fa-AF", "fa": "fa", "fa-IR": "fa", "fa-AF, fa;q=0.8": "fa-AF",
		"ps": "ps", "ps-PK": "ps", "pbt": "ps", "pus": "ps", "uk-UA": "uk", "ru": "en", "ar": "en", "tg": "en", "ur": "en",
	} {
		w := c.get("/f/ask", "Accept-Language", wish)
		if got := parsePage(t, w.Body.String()).named("html")[0].attrs["lang"]; got != want {
			t.Errorf("%s: %s, want %s", wish, got, want)
		}
	}
}

func TestAFormIsSentToThePathItIsShownAt(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, tag := range c.locales.Tags() {
		page := parsePage(t, c.get("/"+tag+"/f/ask").Body.String())
		if to := page.named("form")[0].attrs["action"]; to != "/"+tag+"/f/ask" {
			t.Errorf("%s: to %q", tag, to)
		}
	}
	w := c.post("/ps/f/ask", question("ticket", ticketIn(t, c, "/ps/f/ask")))
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/ps/receipt/") || c.rooms.entry().Locale != "ps" {
		t.Errorf("%d to %q", w.Code, to)
	}
	if w := c.post("/fa/f/ask", url.Values{}); !slices.Contains([]int{http.StatusUnprocessableEntity}, w.Code) || w.Header().Get("Content-Language") != "fa" {
		t.Errorf("mistakes are told with %d in %s", w.Code, w.Header().Get("Content-Language"))
	}
}

func TestALanguageChosenBehindALinkIsRemembered(t *testing.T) {
	t.Parallel()
	for _, each := range []struct{ name, path, browser, want string }{
		{"in the path", "/ps", "", "ps"},
		{"in the form", "?lang=ps", "", "ps"},
		{"that of the browser is not chosen", "", "ps", "uk"},
		{"nor is the one that it would be in anyway", "/uk", "ps", "uk"},
	} {
		t.Run(each.name, func(t *testing.T) {
			c := open(t)
			sub, read := pendingIn(t, c, "uk"), c.Store.Read(t.Context())
			at := c.link(link.Confirm, sub.ID)
			if strings.HasPrefix(each.path, "/") {
				at = each.path + at
			} else {
				at += each.path
			}
			c.get(at, "Accept-Language", each.browser)
			if who, err := read.Contact(sub.Contact); err != nil || who.Locale != "uk" {
				t.Fatalf("looking at the page made it %s (%v)", who.Locale, err)
			}
			want(t, c.post(at, url.Values{}, "Accept-Language", each.browser), http.StatusSeeOther)
			who, err := read.Contact(sub.Contact)
			if err != nil || who.Locale != each.want {
				t.Errorf("the person is written to in %s (%v), want %s", who.Locale, err, each.want)
			}
			if now, err := read.Subscription(sub.ID); err != nil || now.Locale != each.want {
				t.Errorf("the list writes in %s (%v), want %s", now.Locale, err, each.want)
			}
		})
	}
}

// pendingIn signs somebody up who reads a language.
func pendingIn(t *testing.T, c *counter, locale string) postroom.Subscription {
	t.Helper()
	answers := postroom.Answers{"email": {"person@example.org"}}
	r, err := c.rooms.Accept(t.Context(), postroom.Entry{Channel: postroom.Web, Key: locale, Form: "newsletter", Locale: locale, Answers: answers, At: noon})
	if err != nil || r.Subscription == nil {
		t.Fatal(r, err)
	}
	return *r.Subscription
}
