package demo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// ask makes a request that follows no redirect and returns its status and page.
func ask(t *testing.T, method, address string, fields url.Values, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestASampleLetterIsSentByItsButtonOnly(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	if status, _ := ask(t, http.MethodGet, d.base+"/demo/letter?name=offer", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("GET answers %d", status)
	}
	if status, _ := ask(t, http.MethodPost, d.base+"/demo/letter", url.Values{"name": {"offer"}}, "Origin", "https://elsewhere.example"); status != http.StatusForbidden {
		t.Errorf("a page from elsewhere gets %d", status)
	}
	if status, _ := ask(t, http.MethodPost, d.base+"/demo/letter?name=offer", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a letter named in the address only gets %d", status)
	}
	box := login(t, d.imap, "volunteering@communityaction.example", nil)
	letters(t, box, "INBOX", 0)
	if status, body := ask(t, http.MethodPost, d.base+"/demo/letter", url.Values{"name": {"offer"}}); status != http.StatusSeeOther {
		t.Fatalf("the button answers %d: %s", status, body)
	}
	raw := letters(t, box, "INBOX", 1)[0]
	m, err := read([]byte(raw))
	if err != nil || !strings.HasPrefix(raw, "Return-Path: <translator@example.org>\r\n") || m.MessageID == "" ||
		m.Date.Before(time.Now().AddDate(-1, 0, 0)) || !strings.Contains(m.Subject, "ترجمانی") || !strings.Contains(m.Text, "رضاکار") {
		t.Errorf("%v; the letter is\n%s", err, raw)
	}
}

func TestEverySampleLetterArrives(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	list, err := loadSamples()
	if err != nil || len(list) != 4 {
		t.Fatalf("%d samples, %v", len(list), err)
	}
	ids := make(map[string]bool)
	for _, s := range list {
		box := login(t, d.imap, s.To, nil)
		before, err := box.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		ask(t, http.MethodPost, d.base+"/demo/letter", url.Values{"name": {s.Name}})
		raw := letters(t, box, "INBOX", int(*before.NumMessages)+1)
		m, err := read([]byte(raw[len(raw)-1]))
		if err != nil || m.From != s.From || m.Text == "" || ids[m.MessageID] {
			t.Errorf("%s: %v, %+v", s.Name, err, m)
		}
		ids[m.MessageID] = true
		if automatic := strings.HasPrefix(raw[len(raw)-1], "Return-Path: <>\r\n"); automatic != (s.Name == "vacation") {
			t.Errorf("%s: the null sender is %v", s.Name, automatic)
		}
	}
}

func TestALetterOfOnesOwnIsSentOrShownAgain(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	good := url.Values{"from": {"Привіт <person@example.org>"}, "to": {support}, "subject": {"Питання"}, "text": {"Коли ви відчинені?"}}
	for field, value := range map[string]string{"from": "nobody", "to": "person@example.org", "subject": "a\r\nBcc: x@example.org", "text": " "} {
		bad := url.Values{"from": good["from"], "to": good["to"], "subject": good["subject"], "text": good["text"]}
		bad.Set(field, value)
		status, body := ask(t, http.MethodPost, d.base+"/demo/write", bad)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `id="`+field+`-wrong"`) || strings.Count(body, `class="wrong" id=`) != 1 {
			t.Errorf("with %s %q: %d, and it is not marked alone", field, value, status)
		}
		if field != "text" && !strings.Contains(body, "Коли ви відчинені?") {
			t.Errorf("with %s %q the reader's own words are gone", field, value)
		}
	}
	if status, body := ask(t, http.MethodPost, d.base+"/demo/write", good); status != http.StatusSeeOther {
		t.Fatalf("%d: %s", status, body)
	}
	m, err := read([]byte(letters(t, login(t, d.imap, support, nil), "INBOX", 1)[0]))
	if err != nil || m.Subject != "Питання" || !strings.Contains(m.Text, "Коли ви відчинені?") || m.Headers["Return-Path"] != "<person@example.org>" {
		t.Errorf("%v, %+v", err, m)
	}
}

func TestMailToTheMailboxesIsNeitherWhatVisitorsGotNorANotice(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	send(t, d.smtp, "person@example.org", []string{support}, "From: person@example.org\r\nSubject: Only a letter\r\n\r\nHello?\r\n")
	mails(t, d.base, support, 1)
	if _, body := ask(t, http.MethodGet, d.base+"/demo", nil); strings.Contains(body, "Only a letter") {
		t.Error("a letter is shown among the mails that visitors or coordinators got")
	}
}

// TestNoNoticeComesBackAsALetter keeps the demo from writing to itself.
func TestNoNoticeComesBackAsALetter(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(written(t), func(name string) string {
		return map[string]string{"HTTP": "127.0.0.1:1", "SMTP_PORT": "1", "IMAP_PORT": "1"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	boxes, err := newMailboxes(cfg.Mailboxes, new(app.Clock))
	if err != nil || len(cfg.Mailboxes) != 4 {
		t.Fatalf("%d mailboxes, %v", len(cfg.Mailboxes), err)
	}
	for _, c := range cfg.Coordinators {
		if boxes.account(c.Address) != nil {
			t.Errorf("notices to %s would lie in a mailbox that the post room reads", c.Name)
		}
	}
}

// openedPage makes the page of a post room that does not run, so that a test can
// say what is on file.
func openedPage(t *testing.T, o pageOptions) *page {
	t.Helper()
	d, err := listen(t.Context(), Options{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.close() })
	if o.Room, o.Clock, err = (Options{Log: quiet()}).open(t.Context(), t.TempDir(), d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Room.Close() })
	boxes, err := newMailboxes(o.Room.Config.Mailboxes, o.Clock)
	if err != nil {
		t.Fatal(err)
	}
	o.Caught = newCatcher(boxes, o.Clock)
	p, err := newPage(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func shownBy(t *testing.T, p *page) string {
	t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/demo", nil))
	return w.Body.String()
}

func TestTomorrowsSummaryIsShownForTheMorningAfter(t *testing.T) {
	t.Parallel()
	var asked time.Time
	p := openedPage(t, pageOptions{Tomorrow: func(_ context.Context, at time.Time) ([]Summary, error) {
		asked = at
		return []Summary{{Coordinator: "office", Text: "1 letter waits <for> an answer"}}, nil
	}})
	if body := shownBy(t, p); !strings.Contains(body, "1 letter waits &lt;for&gt; an answer") {
		t.Errorf("the summary is not on the page: %s", body)
	}
	if now := p.Clock.Now(); asked.Before(now) || asked.Sub(now) > 33*time.Hour || asked.Hour() != 8 {
		t.Errorf("at %v the summary of %v was asked for", now, asked)
	}
}

func TestAQuietTomorrowIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	p := openedPage(t, pageOptions{Tomorrow: func(context.Context, time.Time) ([]Summary, error) { return nil, nil }})
	if body := shownBy(t, p); !strings.Contains(body, "a quiet day sends no summary") {
		t.Errorf("the page says nothing of tomorrow: %s", body)
	}
}

func TestThePageSaysWhatBecameOfLetters(t *testing.T) {
	t.Parallel()
	p := openedPage(t, pageOptions{})
	p.Caught.keep(Caught{To: support, MessageID: "1@example.org", Subject: "A <question>"})
	settled(t, p.Room, postroom.Letter{Hash: "1", MessageID: "1@example.org"},
		postroom.Letter{Class: postroom.LetterAutoReply, State: postroom.LetterIgnored, Reason: "auto_submitted", Address: "person@example.org"})
	body := shownBy(t, p)
	for _, want := range []string{"A &lt;question&gt;", "from person@example.org", "to " + support, "<b>auto reply</b> <b>ignored</b>", "(auto submitted)"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q: %s", want, body)
		}
	}
}

// settled puts a letter on file as the post room does, with what became of it.
func settled(t *testing.T, room *app.Room, l, became postroom.Letter) {
	t.Helper()
	l.Mailbox, l.ReceivedAt = support, room.Clock.Now()
	err := room.Store.Write(t.Context(), func(tx *store.Tx) (err error) {
		if became.ID, _, err = tx.AddLetter(l, nil, []byte("x")); err == nil {
			_, err = tx.SettleLetter(became, l.ReceivedAt)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
