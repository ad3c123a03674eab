package desk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// wideLogo is five times as wide as it is high, as logos with a name in them are.
const wideLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 120"><rect width="600" height="120" fill="#7a1f5c"/></svg>`

// TestAWideLogoLeavesRoomForTheName looks at the head of a page on a phone: with the
// organisation's logo in it, its name must not be one letter a line.
func TestAWideLogoLeavesRoomForTheName(t *testing.T) {
	t.Parallel()
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(wideLogo), 0o600); err != nil {
		t.Fatal(err)
	}
	room := testkit.New(t, testkit.Wearing("#7a1f5c", logo))
	browser := testserver.Browser(t)
	for _, path := range []string{"/desk/today", "/en/", "/fa/f/ask"} {
		var high, over int64
		var shown bool
		err := chromedp.Run(browser,
			network.SetCookie("as", "office").WithURL(room.URL), chromedp.EmulateViewport(360, 800), chromedp.Navigate(room.URL+path),
			chromedp.Evaluate(`document.querySelector(".org").offsetHeight`, &high),
			chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &over),
			chromedp.Evaluate(`document.querySelector(".org .logo").naturalWidth > 0`, &shown),
		)
		if err != nil {
			t.Fatal(err)
		}
		if high > 140 || over > 0 || !shown {
			t.Errorf("%s: the head is %d px high and the page %d too wide; the logo is there: %t", path, high, over, shown)
		}
	}
}
