package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

// running is a demo and where it can be reached.
type running struct {
	base string // of the pages
	smtp string
	imap string
	desk string // a link that signs in
	stop func() // ends it before the test does
}

// started runs the demo and returns the address of its pages.
func started(t *testing.T) string {
	t.Helper()
	return startedIn(t, t.TempDir()).base
}

// startedIn runs the demo in a folder.
func startedIn(t *testing.T, dir string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", Dir: dir, Log: slog.New(slog.DiscardHandler)}, in)
		in.Close()
	}()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("demo: %v", err)
		}
	})
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the demo did not start: %v", <-done)
	}
	ready := regexp.MustCompile(`^ready http=(\S+) smtp=(127\.0\.0\.1:\d+) imap=(127\.0\.0\.1:\d+) desk=(\S+)\n$`).FindStringSubmatch(line)
	if ready == nil || !strings.HasPrefix(ready[4], ready[1]+"/desk/sign-in/") {
		t.Fatalf("the ready line is %q", line)
	}
	return running{base: ready[1], smtp: ready[2], imap: ready[3], desk: ready[4], stop: stop}
}

func TestTheDemoGoesOnInTheSameFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n := 1; n <= 2; n++ {
		d := startedIn(t, dir)
		post(t, d.base+"/f/ask", url.Values{"name": {"A Person"}, "email": {fmt.Sprintf("person-%d@example.org", n)}, "question": {"When?"}})
		mails(t, d.base, fmt.Sprintf("person-%d@example.org", n), 1)
		d.stop()
	}
}

// A visitor opens the desk's link, twice, and reads who waits.
func TestTheDemosDeskShowsWhatCameIn(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	post(t, d.base+"/f/ask", url.Values{"name": {"A Person"}, "email": {"person@example.org"}, "question": {"When?"}})
	mails(t, d.base, "person@example.org", 1)
	for opened := range 2 {
		for range 5 * opened { // more weeks than a sign-in lasts
			post(t, d.base+"/demo/forward", url.Values{"hours": {"168"}})
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.desk, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Jar: jar}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.HasSuffix(resp.Request.URL.Path, "/desk/today") || !strings.Contains(string(page), "A Person") || !strings.Contains(string(page), "Engine room") {
			t.Fatalf("the desk shows %s, %v:\n%s", resp.Request.URL, err, page)
		}
	}
}

// Whoever is at the desk stays there while they set the clock forward, also by more
// than a real sign-in lasts.
func TestAVisitorStaysSignedInWhenTheClockOfTheDemoJumps(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	visitor := &http.Client{Jar: jar}
	for _, address := range []string{d.desk, d.base + "/desk/today"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := visitor.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.HasSuffix(resp.Request.URL.Path, "/desk/today") {
			t.Fatalf("%s leads to %s with status %d", address, resp.Request.URL, resp.StatusCode)
		}
		post(t, d.base+"/demo/forward", url.Values{"hours": {"960"}})
	}
}

func TestTheDemoKeepsOutOfARealPostRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "postroom.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), Options{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", Dir: dir, Log: slog.New(slog.DiscardHandler)}, io.Discard); err == nil {
		t.Error("the demo started in the folder of a real post room")
	}
}

func post(t *testing.T, address string, fields url.Values) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", address, resp.Status)
	}
}

// mails asks until there are n mails to an address, newest last.
func mails(t *testing.T, base, to string, n int) (list []Caught) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); len(list) < n && time.Now().Before(deadline); <-tick.C {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/demo/mail.json?to="+url.QueryEscape(to), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < n {
		t.Fatalf("%d mails to %s arrived, want %d", len(list), to, n)
	}
	return list
}

func TestAFormIsAnsweredAndFastForwardKeepsLaterPromises(t *testing.T) {
	t.Parallel()
	base := started(t)
	post(t, base+"/f/register", url.Values{"name": {"A Person"}, "email": {"person@example.org"}, "session": {"workshop"}, "places": {"2"}, "attending_as": {"visitor"}})
	m := mails(t, base, "person@example.org", 1)[0]
	if m.To != "person@example.org" || m.From == "" || m.Subject == "" || m.MessageID == "" || m.Date.IsZero() ||
		m.Headers["Auto-Submitted"] == "" || !strings.HasPrefix(m.Text, "Your place is booked") || m.HTML == "" {
		t.Errorf("the mail as JSON lacks something: %+v", m)
	}
	post(t, base+"/demo/forward", url.Values{"hours": {"8784"}}) // past the event, whenever it is
	mails(t, base, "person@example.org", 2)
}

const violations = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
	r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html).join(" ")).join("\n"))`

// lookAt runs axe on the page in the browser, with everything unfolded.
func lookAt(t *testing.T, what string) chromedp.Action {
	var found string
	var wide bool
	return chromedp.Tasks{
		chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true); document.querySelectorAll("details").length`, nil),
		chromedp.Evaluate(testserver.Axe(t)+"; true", nil),
		chromedp.Evaluate(violations, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
		chromedp.ActionFunc(func(context.Context) error {
			if found != "" || wide {
				t.Errorf("%s: scrolls sideways: %v; axe found:\n%s", what, wide, found)
			}
			return nil
		}),
	}
}

func TestTheDemoPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	base := started(t)
	post(t, base+"/f/ask", url.Values{"name": {"A Person"}, "email": {"person@example.org"}, "question": {"When?"}})
	mails(t, base, "person@example.org", 1)
	err := chromedp.Run(testserver.Browser(t),
		chromedp.EmulateViewport(360, 800),
		chromedp.Navigate(base+"/demo"),
		lookAt(t, "a phone"),
		chromedp.SetValue(`#from`, "nobody", chromedp.ByQuery),
		chromedp.Submit(`#write form`, chromedp.ByQuery),
		chromedp.WaitVisible(`#from-wrong`, chromedp.ByQuery),
		lookAt(t, "a phone, with a letter to put right"),
		chromedp.EmulateViewport(1280, 800),
		lookAt(t, "a desk"),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func TestLettersAndSummariesOnThePageCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	p := openedPage(t, pageOptions{Tomorrow: func(context.Context, time.Time) ([]Summary, error) {
		return []Summary{{Coordinator: "office", Text: "1 letter waits for an answer"}}, nil
	}})
	settled(t, p.Room, postroom.Letter{Hash: "1"}, postroom.Letter{Class: postroom.LetterUnknown, State: postroom.LetterTriage, Reason: "nothing_known", Address: "a-very-long-address-without-any-place-to-break@example.org"})
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	err := chromedp.Run(testserver.Browser(t), chromedp.EmulateViewport(360, 800), chromedp.Navigate(server.URL+"/demo"), lookAt(t, "a phone"))
	if err != nil {
		t.Fatal(err)
	}
}
