package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/store"
	"postroom/internal/testserver"
)

const settings = `
organisation:
  name: Riverside Community Centre
  base_url: http://127.0.0.1
  from: Riverside Community Centre <hello@riverside.example>
coordinators:
  - {name: office, address: office@riverside.example}
listen: 127.0.0.1:0
smtp:
  - {name: postfix, host: %s, port: %s, security: none}
keys:
  - {id: test, secret: 0123456789abcdef0123456789abcdef}
`

// serving runs "postroom serve" with a Postfix that delivers to a Dovecot, and
// returns the address of its pages.
func serving(t *testing.T, postfix *testserver.PostfixServer, more string) string {
	t.Helper()
	url, _ := servingWith(t, postfix, more)
	return url
}

// servingWith is serving for a test that uses the settings file as well.
func servingWith(t *testing.T, postfix *testserver.PostfixServer, more string) (url, path string) {
	t.Helper()
	host, port, err := net.SplitHostPort(postfix.Addr)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "postroom.yaml")
	if err := os.WriteFile(path, []byte(fmt.Sprintf(settings, host, port)+more), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"serve", "--config", path}, os.Getenv, in, os.Stderr); in.Close() }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("serve did not start: %v", <-done)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "ready http="), path
}

// TestAPersonFillsInAFormInABrowserAndGetsAMail goes the whole way: Chromium,
// serve, Postfix, Dovecot, and the person's own mailbox.
func TestAPersonFillsInAFormInABrowserAndGetsAMail(t *testing.T) {
	for name, engine := range map[string]func(*testing.T) string{
		"SQLite and embedded Redis": func(*testing.T) string { return "" },
		"PostgreSQL and Redis": func(t *testing.T) string {
			return fmt.Sprintf("database: %q\nredis: %q\n", testserver.PostgresWith(t, store.Prepare), testserver.Redis(t).URL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dovecot := testserver.Dovecot(t)
			url := serving(t, testserver.Postfix(t, testserver.PostfixOptions{LMTP: dovecot.LMTP}), engine(t))
			thanks := fillIn(t, url)
			if !strings.Contains(thanks, "person@example.org") {
				t.Errorf("the page after the form does not show the address:\n%s", thanks)
			}
			subject, text := firstLetter(t, dovecot)
			if !strings.Contains(text, "We have your message") {
				t.Errorf("the mail %q says:\n%s", subject, text)
			}
		})
	}
}

func fillIn(t *testing.T, url string) (thanks string) {
	t.Helper()
	err := chromedp.Run(testserver.Browser(t),
		chromedp.Navigate(url+"/f/ask"),
		chromedp.SendKeys(`input[name="name"]`, "A Person", chromedp.ByQuery),
		chromedp.SendKeys(`input[name="email"]`, "person@example.org", chromedp.ByQuery),
		chromedp.SendKeys(`textarea[name="question"]`, "When is the next meeting?", chromedp.ByQuery),
		chromedp.Submit(`main form`, chromedp.ByQuery),
		chromedp.WaitVisible(`//*[contains(text(), "person@example.org")]`),
		chromedp.Text(`main`, &thanks, chromedp.ByQuery),
	)
	if err != nil {
		t.Fatalf("fill in the form: %v", err)
	}
	return thanks
}

// firstLetter waits for a mail in the person's inbox and reads it by IMAP.
func firstLetter(t *testing.T, dovecot *testserver.DovecotServer) (subject, text string) {
	t.Helper()
	client, err := imapclient.DialInsecure(dovecot.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login("person@example.org", dovecot.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		box, err := client.Select("INBOX", nil).Wait()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no mail arrived in the inbox (%v)", err)
		}
		if box.NumMessages > 0 {
			break
		}
	}
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierText, Peek: true}
	got, err := client.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Envelope: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("fetch the mail: %d, %v", len(got), err)
	}
	return got[0].Envelope.Subject, string(got[0].FindBodySection(section))
}
