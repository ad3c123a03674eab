package desk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// look opens a page of the desk as a colleague in a real browser, narrow and wide,
// with JavaScript and without, and fails on anything that is
// wider than the window or breaks a rule of WCAG 2.2 AA that a machine can check.
// Pictures go to the folder that POSTROOM_SHOTS names, if any.
func look(t *testing.T, room *testkit.Room, who, name, path string) {
	t.Helper()
	browser, axe := testserver.Browser(t), testserver.Axe(t)
	for _, v := range looks() {
		var overflow int64
		var wrong []string
		var failed bool
		var picture []byte
		actions := []chromedp.Action{
			network.SetCookie("as", who).WithURL(room.URL),
			emulation.SetScriptExecutionDisabled(!v.script),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}}),
			chromedp.EmulateViewport(v.width, 800), chromedp.Navigate(room.URL + path),
			emulation.SetScriptExecutionDisabled(false),
			chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow),
			chromedp.Evaluate(`!!document.querySelector("[data-error]")`, &failed),
			chromedp.Evaluate(axe+"; true", nil),
			chromedp.Evaluate(violations, &wrong, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		}
		folder := os.Getenv("POSTROOM_SHOTS")
		if folder != "" {
			actions = append(actions, chromedp.FullScreenshot(&picture, 100))
		}
		shot := fmt.Sprintf("desk-%s-%d-%s", name, v.width, v.scheme)
		if !v.script {
			shot += "-plain"
		}
		if err := chromedp.Run(browser, actions...); err != nil {
			t.Fatalf("%s: %v", shot, err)
		}
		if failed && name != "error" {
			t.Errorf("%s: the page is an error page", shot)
		}
		if overflow > 0 || len(wrong) > 0 {
			t.Errorf("%s: %d px too wide; %s", shot, overflow, strings.Join(wrong, "\n"))
		}
		if folder != "" {
			if err := os.WriteFile(filepath.Join(folder, shot+".png"), picture, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}

// view is one way to look at a page.
type view struct {
	width  int64
	scheme string
	script bool
}

// looks are the ways in which a page is looked at: in make test one of two, another
// each time, on a phone without JavaScript or on a wide screen with it; and with
// POSTROOM_LONG, or for pictures, in both, on a phone with it and by night as well.
func looks() []view {
	list := []view{{360, "light", false}, {1280, "light", true}}
	if os.Getenv("POSTROOM_LONG") != "" || os.Getenv("POSTROOM_SHOTS") != "" {
		return append(list, view{360, "light", true}, view{360, "dark", true})
	}
	return oneOf(list)
}

// oneOf is one of the ways to look, by chance.
func oneOf(list []view) []view {
	n := rand.IntN(len(list))
	return list[n : n+1]
}

// violations are the rules of WCAG 2.2 AA that a machine can check.
const violations = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]}).then(
	r => r.violations.flatMap(v => v.nodes.map(n => v.id + " " + n.target + " " + n.failureSummary)))`

func TestTheFrameInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Hire(t, "viewer-1")
	look(t, room, "office", "error", "/desk/nowhere")
}

func TestTheDoorInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	look(t, room, "", "sign-in", "/desk/sign-in")
	look(t, room, "", "sign-in-sent", "/desk/sign-in/sent")
	look(t, room, "", "sign-in-link-old", "/desk/sign-in/nonsense")
	look(t, room, "office", "devices", "/desk/devices")
}
