package web

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postroom/internal/testserver"
)

func TestAListIsSearchedByWritingInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	var role, status, first, chosen, shown, again string
	var expanded []string
	look := func() chromedp.Action {
		var is string
		return chromedp.Tasks{chromedp.Evaluate(`document.querySelector("#f-estate").getAttribute("aria-expanded")`, &is),
			chromedp.ActionFunc(func(context.Context) error { expanded = append(expanded, is); return nil })}
	}
	err := chromedp.Run(browser,
		chromedp.Navigate(site.URL+"/f/all?lang=fa"),
		chromedp.WaitVisible("#f-estate[role=combobox]"),
		chromedp.AttributeValue("#f-estate", "role", &role, nil),
		look(),
		chromedp.SendKeys("#f-estate", "بل"),
		look(),
		chromedp.Text("#f-estate-list li", &first),
		chromedp.Evaluate(`document.querySelector(".pick [role=status]").textContent`, &status),
		chromedp.SendKeys("#f-estate", kb.ArrowDown),
		testserver.Press(kb.Enter),
		look(),
		chromedp.Evaluate(`document.querySelector("[name=estate]").value`, &chosen),
		chromedp.Value("#f-estate", &shown),
		chromedp.SendKeys("#f-estate", kb.ArrowUp+kb.Escape+kb.Tab),
		chromedp.Evaluate(`document.querySelector("[name=estate]").value`, &again),
	)
	if err != nil {
		t.Fatal(err)
	}
	if role != "combobox" || first != "بلچلی" || chosen != "bletchley" || shown != "بلچلی" || again != "bletchley" || status == "" {
		t.Errorf("role %q, first %q, chosen %q, shown %q, then %q, status %q", role, first, chosen, shown, again, status)
	}
	if want := []string{"false", "true", "false"}; !slices.Equal(expanded, want) {
		t.Errorf("the list was open: %q, want %q", expanded, want)
	}
}
