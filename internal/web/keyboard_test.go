package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postroom/internal/testserver"
)

// filled is one form as somebody without a mouse fills it in: pairs of name and
// value in the order of the page. An empty pair presses the button that leads to
// the next page. first is the field that the first mistake of an empty page leads to.
type filled struct {
	form, first string
	pairs       []string
}

// next is the pair that turns the page.
const next = ""

// everyStarter fills in every form of the starter programmes, and one that asks for
// a date on pages of its own.
var everyStarter = []filled{
	{"ask", "f-name", []string{"name", "Parwin", "trusted_person.name", "Sima", "trusted_person.number", "01908 123456", "topic", "events", "question", "May I come?"}},
	{"join", "f-name", []string{"name", "Amir", "organisation", "The choir", "email", "amir@example.org", "area", "olney", "serves", "families", "serves", "older", "access_needs", "A ramp"}},
	{"register", "f-session", []string{"session", "workshop", "places", "2", "name", "Olena", "email", "olena@example.org", "attending_as", "stall", "organisation", "The choir", "access_needs.text", "A ramp", "access_needs.consent", "yes", "photographs", "yes"}},
	{"newsletter", "f-email", []string{"email", "person@example.org", "name", "Sam", "interests", "arts", "areas", "wolverton"}},
	{"refer", "f-name", []string{"name", "Olena", "phone", "01908 123456", "they_know", "yes", "referred_name", "Sam", "referred_reach", "01908 654321", "need", "A lift to the shops"}},
	{"concern", "f-name", []string{"name", "Olena", "email", "olena@example.org", "concern", "The lights are off", "where", "The hall"}},
	{"volunteer", "f-name", []string{"name", "Amir", "email", "amir@example.org", next, "", "roles", "translator", "roles", "gardens", "languages", "uk", "languages", "ps", next, "", "adult", "yes", "availability", "Weekends", next, "", next, ""}},
	{"your-data", "f-name", []string{"name", "Sam", "email", "sam@example.org", "wanted", "see", "wanted", "delete", "details", "In May"}},
	{"data-complaint", "f-name", []string{"name", "Sam", "email", "sam@example.org", "complaint", "My address was read out", "remedy", "A word"}},
	{"visit", "f-born", []string{"born", "1", "born", "2", "born", "1990", next, "", "pets", "yes", "pet", "dog", "pet", "cat", next, "", "needs", "A lift", next, "", "name", "Olena", "email", "olena@example.org", next, "", next, "", "home", "village", next, ""}},
}

// Every starter form, without a mouse: from the first page past the mistakes to the
// confirmation (points 3, 16, 19 and 20; WCAG 2.2, 2.1.1, 2.4.3, 2.4.7).
func TestEveryStarterFormIsFilledInByKeyboard(t *testing.T) {
	t.Parallel()
	k := &keyboard{t: t, browser: testserver.Browser(t), said: map[string]bool{}}
	for n, f := range everyStarter {
		for _, p := range walks(n) {
			t.Run(fmt.Sprintf("%s-%d-%t", f.form, p.width, p.script), func(t *testing.T) {
				c := open(t)
				site := httptest.NewServer(c.h)
				defer site.Close()
				k.t, k.p = t, p
				k.walk(site.URL, f)
				c.holds(f)
			})
		}
	}
}

// walks are the ways in which a form is walked: on a phone without JavaScript or on
// a wide screen with it, by turns, and with POSTROOM_LONG all four.
func walks(n int) []pairing {
	if os.Getenv("POSTROOM_LONG") != "" {
		return []pairing{{360, "light", false}, {360, "light", true}, {1280, "light", false}, {1280, "light", true}}
	}
	return []pairing{{360, "light", false}, {1280, "light", true}}[n%2 : n%2+1]
}

// holds fails unless what was typed is on file, once.
func (c *counter) holds(f filled) {
	c.t.Helper()
	if n, err := c.Store.Read(c.t.Context()).CountSubmissions(); err != nil || n != 1 {
		c.t.Fatalf("%d submissions (%v), want 1", n, err)
	}
	got := c.rooms.entry().Answers
	for i := 0; i+1 < len(f.pairs); i += 2 {
		name, value := f.pairs[i], f.pairs[i+1]
		question, _, _ := strings.Cut(name, ".")
		if name != next && name != "born" && name != "home" && !slices.Contains(got[question], value) { // an age is told from the first, the second leads to nobody
			c.t.Errorf("%s holds %q, want %q", question, got[question], value)
		}
	}
}

// keyboard is somebody at a browser who has no mouse. They go on with Tab, press
// with Enter, choose with arrows and Space, and type. At every stop they look where
// they are: a stop that cannot be seen fails the test.
type keyboard struct {
	t       testing.TB
	browser context.Context
	p       pairing
	said    map[string]bool // what failed already; once is enough
}

// walk fills in a form, with an empty page before the answers.
func (k *keyboard) walk(site string, f filled) {
	k.t.Helper()
	k.leave()
	k.run(chromedp.EmulateViewport(k.p.width, 800), chromedp.Navigate(site+"/f/"+f.form))
	k.arrived()
	k.skip()
	if f.form == "volunteer" || f.form == "visit" {
		k.turn() // the page before the first question
		k.skip()
	}
	k.turn()
	k.mistake(f.first)
	for i := 0; i+1 < len(f.pairs); i += 2 {
		if f.pairs[i] == next {
			k.turn()
			continue
		}
		k.fill(f.pairs[i], f.pairs[i+1])
	}
	if !strings.Contains(k.where(), "/receipt/") {
		k.turn()
	}
	if !strings.Contains(k.where(), "/receipt/") || !k.is(`document.querySelector(".panel h1")`) {
		k.t.Fatalf("%s ends at %s", f.form, k.where())
	}
}

// mistake reads the summary and takes its first link.
func (k *keyboard) mistake(first string) {
	k.t.Helper()
	if !k.is(`document.activeElement.matches(".summary")`) || !k.is(`document.title.startsWith("Error: ")`) {
		k.t.Fatalf("%s: the focus is not on the summary", k.where())
	}
	k.key(kb.Tab)
	k.must(".summary a")
	k.key(kb.Enter)
	k.settle("document.activeElement.matches(" + quoted("#"+first) + ")")
	if s := k.here("#" + first); !s.Is {
		k.t.Fatalf("%s: the first mistake leads to %s, want %s", k.where(), s.Says, first)
	}
}

// fill goes to a field and writes, chooses or ticks.
func (k *keyboard) fill(name, value string) {
	k.t.Helper()
	field, box := "[name="+quoted(name)+"]", "[name="+quoted(name)+"][value="+quoted(value)+"][type=checkbox]"
	switch {
	case k.is("document.querySelector(" + quoted(box) + ")"):
		k.tabTo(box)
		k.key(" ")
		k.must(box + ":checked")
	case k.is("document.querySelector(" + quoted(field+"[type=radio]") + ")"):
		k.choose(field, value)
	default:
		k.tabTo(field)
		k.key(value)
		if got := k.here(field).Value; strings.TrimSpace(got) != value {
			k.t.Fatalf("%s: %s holds %q", k.where(), name, got)
		}
	}
	k.key(kb.Tab)
}

// choose goes to a group of choices and down in it.
func (k *keyboard) choose(field, value string) {
	k.t.Helper()
	k.tabTo(field)
	k.key(" ")
	for range 20 {
		if k.here(field).Value == value {
			k.must(field + ":checked")
			return
		}
		k.key(kb.ArrowDown)
	}
	k.t.Fatalf("%s: %s has no %q", k.where(), field, value)
}

func (k *keyboard) must(wanted string) {
	k.t.Helper()
	if s := k.here(wanted); !s.Is {
		k.t.Fatalf("%s: %s is not %s", k.where(), s.Says, wanted)
	}
}

// turn goes to the button of the page and presses it, and waits for the page.
func (k *keyboard) turn() {
	k.t.Helper()
	k.tabTo("main button:not(.second)")
	k.leave()
	ctx, cancel := context.WithTimeout(k.browser, time.Minute)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, testserver.Press(kb.Enter))
	k.arrived()
	if err != nil || answer.Status >= 400 && answer.Status != 422 {
		k.t.Fatalf("%s: no page comes: %v %v", k.where(), answer, err)
	}
}

// skip takes the way past the menu, which comes first.
func (k *keyboard) skip() {
	k.t.Helper()
	k.key(kb.Tab)
	k.must(`.skip[href="#main"]`)
	k.key(kb.Enter)
	k.key(kb.Tab)
	k.must("main *")
}

// tabTo presses Tab until the focus is on what is meant.
func (k *keyboard) tabTo(wanted string) {
	k.t.Helper()
	for range 120 {
		if k.here(wanted).Is {
			return
		}
		k.key(kb.Tab)
	}
	k.t.Fatalf("%s, %d px, JavaScript %t: no way to %s", k.where(), k.p.width, k.p.script, wanted)
}

// stop is where the focus is.
type stop struct {
	Is     bool   // what is looked for
	Says   string // what it is, for whoever reads a failure
	Value  string
	Unseen string // why it cannot be seen; "" is seen
}

// lookAround says where the focus is and whether it can be seen (WCAG 2.2, 2.4.7
// and 2.4.11).
const lookAround = `(wanted => {
	const at = document.activeElement;
	if (!at || at === document.body) return {};
	const box = at.getBoundingClientRect(), drawn = [null, "::before", "::after"].some(part => {
		const s = getComputedStyle(at, part);
		return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 && !/, 0\)$|transparent/.test(s.outlineColor) || s.boxShadow !== "none";
	});
	const unseen = !drawn ? "nothing shows that it has the focus" : box.width < 1 || box.height < 1 ? "it has no size"
		: box.bottom < 0 || box.top > innerHeight ? "it is outside the window" : "";
	return {Is: at.matches(wanted), Value: at.value ?? "", Unseen: unseen, Says: at.tagName.toLowerCase() + "#" + at.id + " " + (at.innerText ?? "").slice(0, 50)};
})`

// here looks where the focus is.
func (k *keyboard) here(wanted string) (s stop) {
	k.t.Helper()
	k.run(chromedp.Evaluate(lookAround+"("+quoted(wanted)+")", &s))
	if s.Unseen != "" && !k.said[s.Says] {
		k.said[s.Says] = true
		k.t.Errorf("%s, %d px, JavaScript %t: %s: %s", k.where(), k.p.width, k.p.script, s.Says, s.Unseen)
	}
	return s
}

func (k *keyboard) is(script string) (yes bool) {
	k.t.Helper()
	k.run(chromedp.Evaluate("!!("+script+")", &yes))
	return yes
}

func (k *keyboard) where() (path string) {
	k.run(chromedp.Evaluate("location.pathname", &path))
	return path
}

func (k *keyboard) key(keys string) {
	k.t.Helper()
	k.run(testserver.Press(keys))
}

// leave lets the next page have its own JavaScript, or none.
func (k *keyboard) leave() {
	k.t.Helper()
	k.run(emulation.SetScriptExecutionDisabled(!k.p.script))
}

// arrived lets the test look at the page, as soon as the page is drawn and the focus
// is where it wants it.
func (k *keyboard) arrived() {
	k.t.Helper()
	k.run(emulation.SetScriptExecutionDisabled(false))
	k.settle("true")
}

// settle waits until something is so and drawn, five seconds at most.
func (k *keyboard) settle(so string) {
	k.t.Helper()
	k.run(chromedp.Evaluate(`new Promise(done => {
		const until = Date.now() + 5000, look = () => (`+so+`) || Date.now() > until ? requestAnimationFrame(() => setTimeout(done)) : requestAnimationFrame(look);
		requestAnimationFrame(look);
	})`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

func (k *keyboard) run(actions ...chromedp.Action) {
	k.t.Helper()
	if err := chromedp.Run(k.browser, actions...); err != nil {
		k.t.Fatalf("%d px, JavaScript %t: %v", k.p.width, k.p.script, err)
	}
}

// quoted is a text as JavaScript and CSS want it.
func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(q)
}
