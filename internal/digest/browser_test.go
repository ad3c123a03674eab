package digest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/digest"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// A summary is read on the phone, on the way to work.
func TestASummaryInARealBrowser(t *testing.T) {
	t.Parallel()
	browser, axe := testserver.Browser(t), testserver.Axe(t)
	room := boxed(t, testkit.Misbehaving(testserver.RefuseRcpt("refused@example.org")))
	richDay(t, room)
	at(t, room, 26, 8, 0) // so that what waits has its numbers
	thursday, err := room.Digests.Moment("2026-11-26")
	if err != nil {
		t.Fatal(err)
	}
	for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
		digests := *room.Digests
		digests.Deed = func(act string, _ postroom.Matter, id, _ string) string {
			return "https://riverside.example/deed/" + act + id + id + id
		}
		digests.Team = speaking{digests.Team, locale}
		p, err := digests.Preview(t.Context(), "office", thursday)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s\n\n%s", p.Subject, p.Text)
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, p.HTML)
		}))
		t.Cleanup(site.Close)
		for _, width := range []int64{320, 360, 1280} {
			var overflow int64
			var wrong []string
			var picture []byte
			err := chromedp.Run(browser,
				chromedp.EmulateViewport(width, 800), chromedp.Navigate(site.URL),
				chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow),
				chromedp.Evaluate(axe+"; true", nil),
				chromedp.Evaluate(violations, &wrong, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
				chromedp.FullScreenshot(&picture, 100),
			)
			if err != nil {
				t.Fatal(err)
			}
			if overflow > 0 || len(wrong) > 0 {
				t.Errorf("%s at %d px: %d px too wide, %q", locale, width, overflow, wrong)
			}
			keep(t, fmt.Sprintf("digest-%s-%d.png", locale, width), picture)
		}
	}
}

// speaking is a team in which everybody reads one language.
type speaking struct {
	digest.Team
	locale string
}

func (s speaking) All() []postroom.Colleague {
	all := s.Team.All()
	for i := range all {
		all[i].Locale = s.locale
	}
	return all
}

// violations are the rules of WCAG 2.2 AA that a machine can check.
const violations = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
	r => r.violations.flatMap(v => v.nodes.map(n => v.id + " " + n.target + " " + n.failureSummary)))`

// keep writes a picture into the folder that POSTROOM_SHOTS names, if any.
func keep(t *testing.T, name string, picture []byte) {
	t.Helper()
	folder := os.Getenv("POSTROOM_SHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), picture, 0o600); err != nil {
		t.Error(err)
	}
}
