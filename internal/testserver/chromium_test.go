package testserver_test

import (
	"context"
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

// Cookies do not know about ports: two tests whose servers stand on one machine would
// read each other's without profiles of their own.
func TestEachBrowserHasCookiesOfItsOwn(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := r.Cookie("as")
		if err != nil {
			http.SetCookie(w, &http.Cookie{Name: "as", Value: "somebody", Path: "/"})
			_, _ = io.WriteString(w, page)
			return
		}
		_, _ = io.WriteString(w, "<!doctype html><h1>"+who.Value+"</h1>")
	}))
	t.Cleanup(web.Close)
	one, other, alone := testserver.Browser(t), testserver.Browser(t), testserver.Browser(t, "--lang=uk")
	for _, each := range []struct {
		name, want string
		in         context.Context
	}{
		{"the first", "Join us", one}, {"the first again", "somebody", one}, {"the second", "Join us", other}, {"one of its own", "Join us", alone},
	} {
		var heading string
		if err := chromedp.Run(each.in, chromedp.Navigate(web.URL), chromedp.Text("h1", &heading)); err != nil {
			t.Fatal(err)
		}
		if heading != each.want {
			t.Errorf("%s reads %q, want %q", each.name, heading, each.want)
		}
	}
}
