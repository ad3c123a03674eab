package live_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/live"
	"postroom/internal/proof"
	"postroom/internal/testserver"
)

// strict is the policy of every public page.
const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// violations are the rules of WCAG 2.2 AA that a machine can check.
const violations = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
	r => r.violations.flatMap(v => v.nodes.map(n => v.id + " " + n.target + " " + n.failureSummary)))`

// A page in a real browser, under the policy of the public pages, follows what
// changes, and what is wrong can be read by everybody.
func TestABrowserFollowsUnderTheStrictPolicy(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	for _, instead := range []bool{true, false} {
		p, err := live.New(t.Context(), live.Options{Instead: instead})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(p.Around(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", strict)
			_, _ = io.WriteString(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Form</title></head><body><main id="form"><h1>Ask</h1></main></body></html>`)
		})))
		defer server.Close()
		where := ".live-wrong"
		if instead {
			where = ".live-page"
		}
		if err := chromedp.Run(browser, chromedp.Navigate(server.URL+"/f/ask#form"), chromedp.WaitVisible("#form")); err != nil {
			t.Fatal(err)
		}
		p.Turn(proof.Mistakes{
			{File: "programmes/club.yaml", Line: 7, Column: 11, Say: `"enquriy" cannot be the kind`, Instead: "enquiry"},
			{File: "programmes/club.yaml", Line: 9, Column: 5, Say: "the form has no title", Instead: "title: a few words"},
		})
		if err := chromedp.Run(browser, chromedp.WaitVisible(where)); err != nil {
			t.Fatalf("instead=%v: the page does not follow: %v", instead, err)
		}
		for _, width := range []int64{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				looked(t, browser, fmt.Sprintf("live-%v-%d-%s", instead, width, scheme), width, scheme)
			}
		}
		p.Turn(nil)
		if err := chromedp.Run(browser, chromedp.WaitNotPresent(where), chromedp.WaitVisible("#form")); err != nil {
			t.Fatalf("instead=%v: the form does not come back: %v", instead, err)
		}
	}
}

// looked fails on a page that is too wide or breaks a rule. Pictures go to the folder
// that POSTROOM_SHOTS names, if any.
func looked(t *testing.T, browser context.Context, name string, width int64, scheme string) {
	t.Helper()
	var overflow int64
	var wrong []string
	var picture []byte
	err := chromedp.Run(browser,
		chromedp.EmulateViewport(width, 640),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow),
		chromedp.Evaluate(testserver.Axe(t)+"; true", nil),
		chromedp.Evaluate(violations, &wrong, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		chromedp.FullScreenshot(&picture, 100),
	)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if overflow > 0 || len(wrong) > 0 {
		t.Errorf("%s: %d px too wide; %s", name, overflow, strings.Join(wrong, "\n"))
	}
	if folder := os.Getenv("POSTROOM_SHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600); err != nil {
			t.Error(err)
		}
	}
}
