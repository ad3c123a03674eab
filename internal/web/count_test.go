package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

// counting returns pages on which the question of a form says how long an answer may
// be.
func counting(t *testing.T, most int) *counter {
	t.Helper()
	c := open(t)
	form, _ := c.Programmes.Form("ask")
	f, ok := form.Field("question")
	if !ok {
		t.Fatal("no field")
	}
	f.Counted, f.MaxLength = true, most
	return c
}

func TestHowLongAnAnswerMayBeIsSaidWithoutAScript(t *testing.T) {
	t.Parallel()
	c := counting(t, 200)
	for lang, want := range map[string]string{"en": "Write no more than 200 characters.", "uk": "Напишіть не більше ніж 200 знаків."} {
		body := c.get("/f/ask?lang=" + lang).Body.String()
		if !strings.Contains(body, want) || !strings.Contains(body, "f-question-limits") {
			t.Errorf("%s: the page does not say %q", lang, want)
		}
	}
	if body := open(t).get("/f/ask?lang=en").Body.String(); strings.Contains(body, "count.js") {
		t.Error("a field of which the programme says nothing is counted")
	}
}

func TestWhatIsLeftIsCountedInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := counting(t, 12)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	seen := `document.querySelector("[data-count] + p").textContent`
	var first, left, over, heard string
	err := chromedp.Run(browser,
		chromedp.Navigate(site.URL+"/f/ask?lang=en"),
		chromedp.WaitVisible("[data-count] + p"),
		chromedp.Evaluate(seen, &first),
		chromedp.SendKeys("#f-question", "سلام abcdef"),
		chromedp.Evaluate(seen, &left),
		chromedp.SendKeys("#f-question", " abc"),
		chromedp.Evaluate(seen, &over),
		chromedp.Poll(`document.querySelector("[data-count] ~ [role=status]").textContent`, &heard, chromedp.WithPollingTimeout(20*time.Second)),
	)
	if err != nil {
		t.Fatal(err)
	}
	if first != "You have \u206812\u2069 characters left" && first != "You have 12 characters left" {
		t.Errorf("at first it says %q", first)
	}
	if !strings.Contains(left, "1") || !strings.Contains(left, "character left") || !strings.Contains(over, "characters too many") || heard != over {
		t.Errorf("it says %q, then %q, and reads out %q", left, over, heard)
	}
}
