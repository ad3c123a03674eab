package web

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// view is one page to look at: where it is, and what to press first.
type view struct {
	name, path, press string
}

// in is where the page is to be had in a language.
func (v view) in(locale string) string {
	if strings.Contains(v.path, "?") {
		return v.path + "&lang=" + locale
	}
	return v.path + "?lang=" + locale
}

// views puts something on file for every page that needs it.
func (c *counter) views() []view {
	booked := c.submit("register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"Olena"}, "email": {"olena@gmial.com"}})
	waiting := c.submit("register", url.Values{"session": {"workshop"}, "places": {"1"}, "name": {"Amir"}, "email": {"amir@example.org"}})
	phoned := c.submit("ask", url.Values{"name": {"Parwin"}, "phone": {"01908 123456"}, "question": {"May I come?"}})
	news := c.submit("newsletter", url.Values{"email": {"person@example.org"}})
	pending, _, err := c.Store.Read(c.t.Context()).SubscriptionOf(news.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	secret := c.submit("all", url.Values{"name": {"Sima"}, "email": {"sima@example.org"}, "line": {"x"}, "area": {"north"}, "member": {"no"}, "story": {"A ramp"}})
	gone := c.submit("register", url.Values{"session": {"sister"}, "places": {"1"}, "name": {"Sam"}, "email": {"sam@example.org"}})
	left := c.submit("newsletter", url.Values{"email": {"left@example.org"}})
	ended, _, err := c.Store.Read(c.t.Context()).SubscriptionOf(left.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.rooms.Unsubscribe(c.t.Context(), ended.ID); err != nil {
		c.t.Fatal(err)
	}
	want(c.t, c.post(c.link(link.Manage, gone.ID), url.Values{}), 303)
	mine, moved := c.link(link.My, c.mailed("person@example.org")), c.moves()
	return append(c.journeyViews(), []view{
		{"home", "/", ""},
		{"form-everything", "/f/all", ""},
		{"form-event", "/f/register", ""},
		{"form-mistakes", "/f/all", "form.card > button"},
		{"form-newsletter", "/f/newsletter", ""},
		{"closed", "/f/past", ""},
		{"receipt-booked", c.link(link.Receipt, booked.ID), ""},
		{"receipt-change", c.link(link.Receipt, waiting.ID), "details button"},
		{"receipt-phone", c.link(link.Receipt, phoned.ID), ""},
		{"receipt-news", c.link(link.Receipt, news.ID), ""},
		{"confirm", c.link(link.Confirm, pending.ID), ""},
		{"unsubscribe", c.link(link.Unsubscribe, pending.ID), ""},
		{"leave", c.link(link.Leave, pending.ID), ""},
		{"undo", c.link(link.Undo, c.told(ended.ID)), ""},
		{"subscribed", "/subscribed", ""},
		{"manage", c.link(link.Manage, booked.ID), ""},
		{"cancel", c.link(link.Manage, booked.ID) + "/cancel", ""},
		{"cancel-waiting", c.link(link.Manage, waiting.ID) + "/cancel", ""},
		{"cancelled", c.link(link.Manage, gone.ID), ""},
		{"confirm-ended", c.link(link.Confirm, ended.ID), ""},
		{"confirm-too-old", link.Path(link.Confirm, c.Links.Make(link.Confirm, pending.ID, noon.Add(-1e9))), ""},
		{"not-me", "/not-me", ""},
		{"form-volunteer", "/f/volunteer", ""},
		{"form-join", "/f/join", ""},
		{"receipt-again", c.link(link.Receipt, phoned.ID+knownBefore), ""},
		{"manage-received", c.link(link.Manage, phoned.ID), ""},
		{"all-secret", c.link(link.Manage, secret.ID), ""},
		{"all-forget", c.link(link.Manage, secret.ID) + "/forget?field=story", ""},
		{"all-change", c.link(link.Manage, secret.ID) + "/change", ""},
		{"manage-contact", c.link(link.Manage, booked.ID) + "/contact", ""},
		{"my-link", "/my-link", ""},
		{"my-link-sent", "/my-link/sent", ""},
		{"my-page", c.link(link.My, c.mailed("olena@gmial.com")), ""},
		{"my-page-news", mine, ""},
		{"news", mine + "/news/newsletter", ""},
		{"news-left", c.link(link.My, c.mailed("left@example.org")) + "/news/newsletter", ""},
		{"news-address", mine + "/address", ""},
		{"news-address-sent", mine + "/address/sent", ""},
		{"move", c.link(link.Move, moved+"|from"), ""},
		{"unsubscribed-now", c.link(link.Unsubscribe, ended.ID), ""},
		{"privacy", "/f/register/privacy", ""},
		{"privacy-referral", "/privacy/referrals", ""},
		{"archive", "/news/news", ""},
		{"archive-edition", "/news/news/" + c.edition(), ""},
		{"not-found", "/nowhere", ""},
		{"link-damaged", "/confirm/nonsense", ""},
	}...)
}

// journeyViews are the pages of forms that ask one thing a page.
func (c *counter) journeyViews() []view {
	young := c.begin("visit", "en")
	first := young.path()
	young.send("born", "1", "born", "2", "born", "2015")
	school := young.path()
	young.send("school", "The hill school")
	pets := young.path()
	young.send("pets", "yes", "pet", "dog", "pet", "cat")
	needs := young.path()
	young.send("needs", "a lift")
	you := young.path()
	young.send("name", "Olena", "email", "olena@example.org")
	sent := c.begin("visit", "en").toCheck()
	sent.send()
	fresh, old := c.begin("visit", "en"), c.begin("visit", "en")
	c.submit("walk", url.Values{"email": {"walker@example.org"}})
	if err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error {
		_, err := tx.SaveDraft(store.HashOfDraft(old.token()), "en", noon.Add(-2*store.DraftLife), func(*store.DraftBody) {})
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return []view{
		{"start", "/f/visit", ""},
		{"date", first, ""},
		{"date-mistake", fresh.path(), "form.card button"},
		{"question", school, ""},
		{"section", pets, ""},
		{"special", needs, ""},
		{"you", you, ""},
		{"check", young.path(), ""},
		{"finish-later", young.base() + "/later", ""},
		{"equality", sent.path(), ""},
		{"draft-ended", old.path(), ""},
		{"early", "/f/later", ""},
		{"guardian", c.minor("young"), ""},
		{"full", "/f/walk", ""},
		{"form-sections", "/f/note", ""},
	}
}

// submit files a form past the pages.
func (c *counter) submit(form string, sent url.Values) postroom.Submission {
	c.t.Helper()
	r, err := c.rooms.Accept(c.t.Context(), postroom.Entry{Channel: postroom.Web, Key: form + sent.Encode(), Form: form, Locale: "en", Answers: postroom.Answers(sent), At: noon})
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Submission
}

// told puts a mail on file that told somebody which subscription their letter
// ended.
func (c *counter) told(subscription string) string {
	c.t.Helper()
	m := postroom.Message{
		ID: store.NewMessageID(), Key: "left:" + subscription, MessageID: subscription + "@post.example", Template: "left-list", To: "left@example.org", Locale: "en",
		Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: noon, Data: map[string]string{postroom.DataLeft: subscription},
	}
	if err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error { _, err := tx.AddMessage(m); return err }); err != nil {
		c.t.Fatal(err)
	}
	return m.ID
}

func (c *counter) link(p link.Purpose, id string) string {
	return link.Path(p, c.Links.Make(p, id, noon.Add(receiptLife)))
}

// pairing is one way of looking at a page.
type pairing struct {
	width  int64
	scheme string
	script bool
}

// pairings are the ways in which pages are looked at in a language: each language
// has one of its own, so that all of them together see every width, every scheme
// and pages with and without JavaScript; with POSTROOM_LONG each has all eight.
func pairings(locale string) (list []pairing) {
	if os.Getenv("POSTROOM_LONG") == "" {
		return []pairing{map[string]pairing{
			"en": {1280, "dark", true}, "uk": {320, "dark", true}, "fa": {320, "light", false}, "fa-AF": {1280, "light", false}, "ps": {320, "light", true},
		}[locale]}
	}
	for _, script := range []bool{false, true} {
		for _, width := range []int64{320, 1280} {
			list = append(list, pairing{width, "light", script}, pairing{width, "dark", script})
		}
	}
	return list
}

// Every page, in every language that its programme has, with axe (points 1, 4, 8
// and 16). One tab a language, one browser and one server for all.
func TestPagesInARealBrowser(t *testing.T) {
	t.Parallel()
	browser, axe := testserver.Browser(t), testserver.Axe(t)
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	views := c.views()
	for _, locale := range c.locales.Tags() {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			tab, cancel := chromedp.NewContext(browser)
			defer cancel()
			for _, v := range views {
				if v.inFew() && locale != "en" && locale != "fa" {
					continue // the programme lacks it: the page is the English one
				}
				l := &looking{tab: tab, site: site.URL, axe: axe, shots: os.Getenv("POSTROOM_SHOTS"), name: v.name + "-" + locale}
				l.lookAt(t, v, locale)
			}
		})
	}
}

// looking is somebody who looks at one page.
type looking struct {
	tab        context.Context
	site, name string
	axe        string
	shots      string // a folder to keep pictures of the pages in
}

// lookAt opens the page once with and once without JavaScript, as far as either is
// asked for; widths and schemes change while it is open.
func (l *looking) lookAt(t *testing.T, v view, locale string) {
	t.Helper()
	var opened *pairing
	for _, p := range pairings(locale) {
		if opened == nil || opened.script != p.script {
			l.load(t, v, locale, p.script)
			l.run(t, chromedp.Evaluate(l.axe+"; true", nil))
		}
		opened = &p
		l.judge(t, p)
	}
	l.fits(t, 320)
	if l.shots != "" && (locale == "en" || locale == "fa") {
		l.keep(t, 360)
		l.keep(t, 1280)
	}
}

func (l *looking) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(l.tab, actions...); err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
}

// load opens the page and presses what has to be pressed. A page that had no
// JavaScript when it came gets none of its own any more.
func (l *looking) load(t *testing.T, v view, locale string, script bool) {
	t.Helper()
	leave, arrived := emulation.SetScriptExecutionDisabled(!script), emulation.SetScriptExecutionDisabled(false)
	l.run(t, leave, chromedp.Navigate(l.site+v.in(locale)), arrived)
	if v.press == "" {
		return
	}
	l.run(t, chromedp.Evaluate(`for (const d of document.querySelectorAll("details")) d.open = true`, nil), chromedp.Focus(v.press, chromedp.ByQuery), leave)
	if _, err := chromedp.RunResponse(l.tab, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
	l.run(t, arrived)
}

// judge looks at the open page in one way.
func (l *looking) judge(t *testing.T, p pairing) {
	t.Helper()
	var found []string
	l.run(t, chromedp.EmulateViewport(p.width, 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}}),
		chromedp.Evaluate(violations, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, v := range found {
		t.Errorf("%s, %d px, %s, JavaScript %t: %s", l.name, p.width, p.scheme, p.script, v)
	}
	l.fits(t, p.width)
}

// fits says whether a page needs no scrolling sideways and can be used by thumb.
func (l *looking) fits(t *testing.T, width int64) {
	t.Helper()
	var overflow int64
	var small []string
	l.run(t, chromedp.EmulateViewport(width, 800),
		chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow), chromedp.Evaluate(smallTargets, &small))
	if overflow > 0 {
		t.Errorf("%s: the page is %d px wider than a window of %d", l.name, overflow, width)
	}
	for _, target := range small {
		t.Errorf("%s, %d px: less than 44 px high: %s", l.name, width, target)
	}
}

// keep takes a picture of the whole page, in a window as high as the page. A
// picture that reaches beyond the window is shifted on pages from right to left.
func (l *looking) keep(t *testing.T, width int64) {
	t.Helper()
	var height int64
	var picture []byte
	l.run(t, emulation.SetEmulatedMedia(), chromedp.EmulateViewport(width, 800), chromedp.Evaluate(`document.documentElement.scrollHeight`, &height))
	l.run(t, chromedp.EmulateViewport(width, height), chromedp.CaptureScreenshot(&picture))
	if err := os.WriteFile(filepath.Join(l.shots, fmt.Sprintf("%s-%d.png", l.name, width)), picture, 0o600); err != nil {
		t.Error(err)
	}
}

// violations are the rules of WCAG 2.2 AA that a machine can check. What
// passes is not asked for.
const violations = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(
	r => r.violations.flatMap(v => v.nodes.map(n => v.id + " " + n.target + " " + n.failureSummary)))`

// smallTargets lists what a thumb would miss. Links inside a sentence may be
// small (WCAG 2.2, 2.5.8); a box counts with its label.
const smallTargets = `[...document.querySelectorAll("a, button, summary, input:not([type=hidden], .away), select, textarea")].filter(e => {
	if (e.closest("p, .trap") || e.matches(".skip, .cards a, .summary a")) return false;
	const box = e.getBoundingClientRect(), label = e.matches("[type=radio], [type=checkbox]") ? e.labels[0].getBoundingClientRect() : box;
	return Math.max(box.height, label.height) < 44 && box.height > 0;
}).map(e => e.outerHTML.slice(0, 120))`

func TestASecondClickAndTheBackButtonInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	var focused, answer, heading string
	err := chromedp.Run(browser,
		chromedp.Navigate(site.URL+"/f/newsletter"),
		chromedp.Click("form.card button"),
		chromedp.WaitVisible(".summary"),
		chromedp.Evaluate(`document.activeElement.className`, &focused),
		chromedp.Click(".summary a"),
		chromedp.SendKeys("#f-email", "person@example.org"),
		chromedp.Evaluate(`document.activeElement.id`, &answer),
		chromedp.Click("form.card button"),
		chromedp.WaitVisible(".panel"),
		chromedp.Text("h1", &heading),
	)
	if err = errors.Join(err, chromedp.Run(browser, chromedp.NavigateBack(), chromedp.WaitVisible("form.card"),
		chromedp.Click("form.card button"), chromedp.WaitVisible(".panel"))); err != nil {
		t.Fatal(err)
	}
	if focused != "summary" || answer != "f-email" || heading == "" {
		t.Errorf("focus on %q, then %q; heading %q", focused, answer, heading)
	}
	n, err := c.Store.Read(t.Context()).CountSubmissions()
	if err != nil || n != 1 {
		t.Errorf("%d submissions (%v), want 1", n, err)
	}
}
