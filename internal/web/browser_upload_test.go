package web

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

func TestAFileIsChosenInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	name := filepath.Join(t.TempDir(), "poster of the fair.png")
	if err := os.WriteFile(name, []byte(png), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		locale string
		width  int64
	}{{"en", 360}, {"fa", 1280}} {
		var list, left string
		var picture []byte
		err := chromedp.Run(browser,
			chromedp.EmulateViewport(look.width, 800),
			chromedp.Navigate(site.URL+"/"+look.locale+"/f/send"),
			chromedp.SetUploadFiles("#f-photo", []string{name}),
			chromedp.Click("form.card > button"),
			chromedp.WaitVisible(".files"),
			chromedp.Text(".files", &list),
			chromedp.FullScreenshot(&picture, 100),
			chromedp.Click(".files button"),
			chromedp.WaitNotPresent(".files"),
			chromedp.Text("main", &left),
		)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(list, "poster of the fair.png") || strings.Contains(left, "poster of the fair.png") {
			t.Errorf("listed %q, then %q", list, left)
		}
		if folder := os.Getenv("POSTROOM_SHOTS"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, "upload-"+look.locale+".png"), picture, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}
