package web

import (
	"net/http"
	"testing"
	"time"
)

func TestHomeListsOpenFormsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.get("/")
	want(t, w, 200, `<html lang="en" dir="ltr">`, "Book your place", "Offer to help", `href="/en/f/register"`)
	unwanted(t, w, "Come to the past")
	want(t, c.get("/?lang=uk"), 200, `<html lang="uk" dir="ltr">`, "Забронюйте місце", `<span lang="en" dir="ltr">Come for a walk</span>`)
	c.clock.move(365 * 24 * time.Hour)
	unwanted(t, c.get("/"), "Book your place", "Come for a walk")
}

func TestLanguageIsTheOneAskedForThenTheBrowsersThenEnglish(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, each := range []struct{ name, target, accept, want string }{
		{"nothing is known", "/", "", "en"},
		{"the address says it", "/?lang=uk", "fa", "uk"},
		{"the browser says it", "/", "uk-UA,uk;q=0.9,en;q=0.8", "uk"},
		{"Farsi is not Dari", "/", "fa", "fa"},
		{"Dari is not Farsi", "/", "fa-AF,fa;q=0.8", "fa-AF"},
		{"Dari under its other name", "/", "prs", "fa-AF"},
		{"Pashto", "/", "ps-AF", "ps"},
		{"a language we lack", "/", "de", "en"},
		{"a second choice", "/", "de,uk;q=0.5", "uk"},
		{"nonsense in the address", "/?lang=%00%3Cscript%3E", "fa", "fa"},
		{"a list in the address", "/?lang=uk,fa", "", "en"},
		{"a language the programme lacks", "/f/all?lang=uk", "", "en"},
		{"Dari where there is only Farsi", "/f/all?lang=fa-AF", "", "fa"},
		{"a page that is not there", "/nowhere", "uk", "uk"},
	} {
		w := c.get(each.target, "Accept-Language", each.accept)
		if got := parsePage(t, w.Body.String()).named("html")[0].attrs["lang"]; got != each.want {
			t.Errorf("%s: %s, want %s", each.name, got, each.want)
		}
	}
}

func TestWhatIsNotThereIsAPageInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, target := range []string{"/nowhere", "/f/nothing", "/static/postroom.css", "/receipt/", "/f/"} {
		want(t, c.get(target, "Accept-Language", "uk"), http.StatusNotFound, "office@example.org", `href="/uk/"`)
	}
	want(t, c.ask(http.MethodDelete, "/f/ask", ""), http.StatusNotFound)
}

func TestHeadersLetAPageDoNothingButSendItsForm(t *testing.T) {
	t.Parallel()
	c := open(t)
	h := c.get("/f/ask").Header()
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "same-origin",
		"Content-Type":            "text/html; charset=utf-8",
		"Set-Cookie":              "",
	} {
		if got := h.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if got := c.get("/confirm/x").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page of one person may be kept: %q", got)
	}
}

func TestHeadAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, target := range []string{"/", "/f/ask", "/healthz", "/readyz"} {
		if w := c.ask(http.MethodHead, target, ""); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
	}
}

func TestStaticFilesMayBeKeptForEver(t *testing.T) {
	t.Parallel()
	c := open(t)
	page := parsePage(t, c.get("/").Body.String())
	for _, address := range []string{page.named("link")[0].attrs["href"], page.named("img")[0].attrs["src"]} {
		w := c.get(address)
		want(t, w, 200)
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %q", address, got)
		}
	}
}
