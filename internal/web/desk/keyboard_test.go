package desk_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// keyboard is somebody at a browser who has no mouse. They go on with Tab, press
// with Enter and Space, choose with arrows, and type. At every stop they look
// where they are: a stop that cannot be seen fails the test.
type keyboard struct {
	t       testing.TB
	room    *testkit.Room
	browser context.Context
	v       view
	wrong   map[string]bool // what was said already, once is enough
}

// hands are the ways in which every page is walked: in make test one of two, another
// each time, on a phone without JavaScript or on a wide screen with it; and with
// POSTROOM_LONG all four.
func hands() []view {
	list := []view{{360, "light", false}, {1280, "light", true}}
	if os.Getenv("POSTROOM_LONG") == "" {
		return oneOf(list)
	}
	return append(list, view{360, "light", true}, view{1280, "light", false})
}

// sit gives somebody a browser of their own.
func sit(t testing.TB, room *testkit.Room, v view) *keyboard {
	t.Helper()
	k := &keyboard{t: t, room: room, browser: testserver.Browser(t), wrong: map[string]bool{}}
	k.turn(v)
	return k
}

// turn changes the width of the window, and whether pages have JavaScript.
func (k *keyboard) turn(v view) {
	k.t.Helper()
	k.v = v
	k.run(chromedp.EmulateViewport(v.width, 800))
}

// as lets another colleague sit there.
func (k *keyboard) as(name string) { k.run(network.SetCookie("as", name).WithURL(k.room.URL)) }

func (k *keyboard) run(actions ...chromedp.Action) {
	k.t.Helper()
	if err := chromedp.Run(k.browser, actions...); err != nil {
		k.t.Fatalf("%d px, JavaScript %t: %v", k.v.width, k.v.script, err)
	}
}

// leave lets the next page have its own JavaScript, or none.
func (k *keyboard) leave() {
	k.t.Helper()
	k.run(emulation.SetScriptExecutionDisabled(!k.v.script))
}

// arrived lets the test look at the page. A page that had no JavaScript when it
// came gets none of its own any more.
func (k *keyboard) arrived() {
	k.t.Helper()
	k.run(emulation.SetScriptExecutionDisabled(false))
}

// open types an address.
func (k *keyboard) open(address string) {
	k.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = k.room.URL + address
	}
	k.leave()
	k.run(chromedp.Navigate(address))
	k.arrived()
}

// stop is where the focus is.
type stop struct {
	N       int    // which element of the page it is; -1 is none
	Is      bool   // what is looked for
	Says    string // what it is, for whoever reads a failure
	Value   string
	Unseen  string // why it cannot be seen; "" is seen
	Foreign bool   // a page within the page, into which we do not look
}

// look says where the focus is and whether it can be seen (WCAG 2.2, 2.4.7 and
// 2.4.11), and whether the page fits the window meanwhile (1.4.10).
const lookAt = `(wanted => {
	const at = document.activeElement;
	if (!at || at === document.body || at === document.documentElement) return {N: -1};
	const box = at.getBoundingClientRect(), found = {
		N: [...document.querySelectorAll("*")].indexOf(at), Is: at.matches(wanted), Value: at.value ?? "", Foreign: at.tagName === "IFRAME",
		Says: (at.tagName.toLowerCase() + " " + (at.id ? "#" + at.id : at.name ?? "") + " " + (at.innerText ?? "").trim().slice(0, 50)).trim(), Unseen: ""};
	const drawn = [null, "::before", "::after"].some(part => {
		const s = getComputedStyle(at, part);
		return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 && !/, 0\)$|transparent/.test(s.outlineColor) || s.boxShadow !== "none";
	});
	if (!drawn && !found.Foreign) found.Unseen = "nothing shows that it has the focus";
	else if (box.width < 1 || box.height < 1) found.Unseen = "it has no size";
	else {
		const inside = [[.5, .5], [.05, .5], [.95, .5], [.5, .1], [.5, .9]].map(([x, y]) => [box.x + box.width * x, box.y + box.height * y])
			.filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
		const above = inside.map(([x, y]) => document.elementFromPoint(x, y));
		if (!inside.length && box.height < innerHeight) found.Unseen = "it is outside the window";
		else if (inside.length && !above.some(e => e && (at.contains(e) || e.contains(at)))) found.Unseen = "something lies on it";
	}
	const wide = document.documentElement.scrollWidth - innerWidth;
	if (wide > 0) found.Unseen += " the page is " + wide + " px too wide";
	return found;
})`

func (k *keyboard) evaluate(script string, into any) {
	k.t.Helper()
	k.run(chromedp.Evaluate(script, into))
}

// here looks where the focus is.
func (k *keyboard) here(wanted string) (s stop) {
	k.t.Helper()
	k.evaluate(lookAt+"("+quoted(wanted)+")", &s)
	if s.Unseen != "" && !k.wrong[s.Says] {
		k.wrong[s.Says] = true
		k.t.Errorf("%s, %d px, JavaScript %t: %s: %s", k.where(), k.v.width, k.v.script, s.Says, s.Unseen)
	}
	return s
}

func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(q)
}

func (k *keyboard) key(keys string, more ...chromedp.KeyOption) {
	k.t.Helper()
	k.run(testserver.Press(keys, more...))
}

// most is how often somebody presses Tab before they give up.
const most = 300

// mostParts is how often Tab may come to the same: a field for a day and a time
// has so many parts.
const mostParts = 8

// tabTo presses Tab until the focus is on what is meant. On a fresh page it takes
// the way past the menu, as people do who come every day.
func (k *keyboard) tabTo(wanted string) stop {
	k.t.Helper()
	if s := k.here(wanted); s.N < 0 && !strings.HasPrefix(wanted, ".rooms") && !strings.HasPrefix(wanted, ".me") {
		k.key(kb.Tab)
		if wanted != ".skip" && k.here(".skip").Is {
			k.key(kb.Enter)
			k.key(kb.Tab)
		}
	}
	return k.goTo(wanted)
}

// backTo presses Shift and Tab until the focus is on what is meant.
func (k *keyboard) backTo(wanted string) stop {
	k.t.Helper()
	return k.goTo(wanted, chromedp.KeyModifiers(8)) // Shift
}

func (k *keyboard) goTo(wanted string, more ...chromedp.KeyOption) stop {
	k.t.Helper()
	times := map[int]int{}
	for range most {
		s := k.here(wanted)
		if s.Is {
			return s
		}
		if times[s.N]++; times[s.N] > mostParts {
			break // round and round
		}
		k.key(kb.Tab, more...)
	}
	k.t.Fatalf("%s, %d px, JavaScript %t: no way to %s", k.where(), k.v.width, k.v.script, wanted)
	return stop{}
}

func (k *keyboard) where() (path string) {
	k.evaluate("location.pathname + location.search", &path)
	return path
}

// follow goes to a link or a button and presses Enter, and waits for the page.
func (k *keyboard) follow(wanted string) {
	k.t.Helper()
	k.tabTo(wanted)
	k.arrives(kb.Enter)
}

// press goes to a button and presses Space, and waits for the page.
func (k *keyboard) press(wanted string) {
	k.t.Helper()
	k.tabTo(wanted)
	k.arrives(" ")
}

func (k *keyboard) arrives(keys string) {
	k.t.Helper()
	if status := k.answered(keys); status >= 400 {
		k.t.Fatalf("%s, %d px, JavaScript %t: status %d", k.where(), k.v.width, k.v.script, status)
	}
}

// answered presses a key, waits for the page that comes and returns its status.
func (k *keyboard) answered(keys string) int64 {
	k.t.Helper()
	k.leave()
	ctx, cancel := context.WithTimeout(k.browser, time.Minute)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, testserver.Press(keys))
	k.arrived()
	if err != nil {
		k.t.Fatalf("%s, %d px, JavaScript %t: no page comes: %v", k.where(), k.v.width, k.v.script, err)
	}
	return answer.Status
}

// skip jumps over the menu.
func (k *keyboard) skip() {
	k.t.Helper()
	k.tabTo(".skip")
	k.key(kb.Enter)
	k.key(kb.Tab)
	var inside bool
	k.evaluate(`document.activeElement.closest("main") !== null || ![...document.querySelectorAll("main *")].some(e => e.tabIndex >= 0)`, &inside)
	if !inside {
		k.t.Errorf("%s: the way past the menu leads to %s", k.where(), k.here("*").Says)
	}
}

// unfold opens what is folded.
func (k *keyboard) unfold(details string) {
	k.t.Helper()
	k.tabTo(details + " > summary")
	k.key(kb.Enter)
	var open bool
	k.evaluate("!!document.querySelector("+quoted(details+"[open]")+")", &open)
	if !open {
		k.t.Fatalf("%s: %s does not unfold", k.where(), details)
	}
}

// write goes to a field and puts a text into the place of what is there.
func (k *keyboard) write(field, text string) {
	k.t.Helper()
	k.tabTo(field)
	k.key("a", chromedp.KeyModifiers(2)) // Control and a: all of it
	k.key(text)
	if got := k.here(field).Value; got != text {
		k.t.Fatalf("%s: %s holds %q and not %q", k.where(), field, got, text)
	}
}

// day types a day into a field for one, as month, day and year.
func (k *keyboard) day(field string, day time.Time) {
	k.t.Helper()
	k.tabTo(field)
	k.key(day.Format("01022006"))
	if got := k.here(field).Value; got != day.Format(time.DateOnly) {
		k.t.Fatalf("%s: %s holds %q", k.where(), field, got)
	}
}

// choose goes to a list of choices, or to a group of them, and goes down in it.
func (k *keyboard) choose(field, value string) {
	k.t.Helper()
	s := k.tabTo(field)
	if strings.Contains(field, "radio") {
		k.key(" ")
	} else {
		k.key(kb.Home)
	}
	for range 40 {
		if s = k.here(field); s.Value == value {
			return
		}
		k.key(kb.ArrowDown)
	}
	k.t.Fatalf("%s: %s has no %q", k.where(), field, value)
}

// tick ticks a box.
func (k *keyboard) tick(box string) {
	k.t.Helper()
	k.tabTo(box)
	k.key(" ")
	if !k.here(box + ":checked").Is {
		k.t.Fatalf("%s: %s cannot be ticked", k.where(), box)
	}
}

// says waits for words on the page.
func (k *keyboard) says(words ...string) {
	k.t.Helper()
	var text string
	k.evaluate(`document.body.innerText.replace(/\s+/g, " ")`, &text)
	for _, w := range words {
		if !strings.Contains(text, w) {
			k.t.Fatalf("%s, %d px, JavaScript %t: the page does not say %q:\n%s", k.where(), k.v.width, k.v.script, w, text)
		}
	}
}

// tabbable lists what Tab has to reach, of a group of choices one.
const tabbable = `[...document.querySelectorAll("*")].flatMap((e, i) =>
	e.matches("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]") && e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true})
	&& !(e.type === "radio" && (e.form?.querySelector("[name=" + CSS.escape(e.name) + "]:checked") ?? e.form?.querySelector("[name=" + CSS.escape(e.name) + "]")) !== e) ? [String(i)] : [])`

// tour opens a page, goes all the way round it and one step back, and fails
// where the focus is caught, misses something or jumps.
func (k *keyboard) tour(path string) {
	k.t.Helper()
	k.open(path)
	var want, got []string
	k.evaluate(tabbable, &want)
	if k.here("*").N >= 0 { // a message may have the focus at once
		k.key(kb.Tab, chromedp.KeyModifiers(8))
	}
	before := stop{N: -1}
	for n := range most {
		k.key(kb.Tab)
		s := k.here("*")
		if s.N < 0 || len(got) > 0 && strconv.Itoa(s.N) == got[0] && s.N != before.N {
			break
		}
		if s.N != before.N {
			if s.N < before.N {
				k.t.Errorf("%s: from %s the focus jumps back to %s", path, before.Says, s.Says)
			}
			got = append(got, strconv.Itoa(s.N))
		}
		if n == most-1 {
			k.t.Errorf("%s, %d px, JavaScript %t: Tab never comes to an end", path, k.v.width, k.v.script)
		}
		before = s
	}
	for _, n := range want {
		if !slices.Contains(got, n) {
			var missed string
			k.evaluate(`document.querySelectorAll("*")[`+n+`].outerHTML.slice(0, 120)`, &missed)
			k.t.Errorf("%s, %d px, JavaScript %t: Tab does not come to %s", path, k.v.width, k.v.script, missed)
		}
	}
	k.backTo("*")
}
