package testserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

const page = `<!doctype html><html lang="en"><title>Join</title><main><h1>Join us</h1><form><input name="who"></form></main></html>`

func TestBrowserOpensAPageAndAxeFindsTheMissingLabel(t *testing.T) {
	t.Parallel()
	ctx, axe := testserver.Browser(t), testserver.Axe(t)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(web.Close)
	var heading string
	var found []string
	err := chromedp.Run(ctx,
		chromedp.Navigate(web.URL),
		chromedp.Text("h1", &heading),
		chromedp.Evaluate(axe+"; true", nil),
		chromedp.Evaluate(`axe.run().then(r => r.violations.map(v => v.id))`, &found, awaited),
	)
	if err != nil {
		t.Fatal(err)
	}
	if heading != "Join us" || len(found) != 1 || found[0] != "label" {
		t.Errorf("heading %q, violations %q", heading, found)
	}
}

// awaited lets Evaluate return what the promise comes to.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
