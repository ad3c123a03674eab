package web

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

// insecure is what no policy of a page may hold.
var insecure = regexp.MustCompile(`unsafe-|\*|data:|http:`)

// inline is what no page may hold: the policy would keep it from working.
var inline = regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=|javascript:`)

func TestEveryPageIsHardenedAndHasNothingInline(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, v := range c.views() {
		w := c.get(v.path)
		h := w.Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !slices.Contains(strings.Split(policy, "; "), part) {
				t.Errorf("%s: the policy %q has no %s", v.name, policy, part)
			}
		}
		if insecure.MatchString(policy) {
			t.Errorf("%s: the policy is %q", v.name, policy)
		}
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000", "Set-Cookie": "",
		} {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", v.name, name, got, value)
			}
		}
		if h.Get("Permissions-Policy") == "" {
			t.Errorf("%s may ask for the camera", v.name)
		}
		if found := inline.FindString(w.Body.String()); found != "" {
			t.Errorf("%s has %q in it", v.name, found)
		}
	}
}

func TestHTTPIsNotToldToBeHTTPS(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) { o.Org.BaseURL = "http://localhost:8080" })
	if got := c.get("/").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("a site that is tried on one's own machine says %q", got)
	}
}

func TestOnlyWhatHoldsNoSecretIsCompressed(t *testing.T) {
	t.Parallel()
	c := open(t)
	booked := c.views()[6].path
	css := regexp.MustCompile(`/static/postroom\.[0-9a-f]+\.css`).FindString(c.get("/").Body.String())
	for target, want := range map[string]string{"/": "gzip", "/f/ask": "gzip", css: "gzip", booked: "", "/nowhere": "", "/confirm/nonsense": ""} {
		w := c.get(target, "Accept-Encoding", "br, gzip;q=0.8")
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s is encoded as %q, want %q", target, got, want)
		}
		if want == "" {
			continue
		}
		if !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s does not say that it varies", target)
		}
		zip, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		got, err := io.ReadAll(zip)
		plain := c.get(target).Body.String()
		if err != nil || ticketless(string(got)) != ticketless(plain) {
			t.Errorf("%s is another page when it is compressed: %v", target, err)
		}
	}
	for _, refuses := range []string{"", "br", "gzip;q=0", "gzip; q=0.0"} {
		if got := c.get("/", "Accept-Encoding", refuses).Header().Get("Content-Encoding"); got != "" {
			t.Errorf("who reads %q is sent %q", refuses, got)
		}
	}
	if got := c.post("/f/ask", question("question", ""), "Accept-Encoding", "gzip").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("a page with somebody's answers in it is %q", got)
	}
}

// ticketless is a page without its ticket, which is another each time.
func ticketless(page string) string {
	return regexp.MustCompile(`name="ticket" value="[^"]*"`).ReplaceAllString(page, "")
}

// The first page that somebody opens on a cheap phone is small, is all ours, and
// leaves nothing behind.
func TestAFirstVisitIsSmallAndOursAndLeavesNoCookie(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	const most = 30_000
	seen := &watched{site: site.URL}
	chromedp.ListenTarget(browser, seen.note)
	for _, v := range c.views() {
		seen.forget()
		var cookies []*network.Cookie
		err := chromedp.Run(browser, network.Enable(), network.SetCacheDisabled(true), chromedp.Navigate(site.URL+v.path), chromedp.WaitReady("main"),
			chromedp.ActionFunc(func(ctx context.Context) (err error) { cookies, err = network.GetCookies().Do(ctx); return err }))
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		bytes, strange := seen.result()
		if len(strange) > 0 || len(cookies) > 0 {
			t.Errorf("%s asks %v and leaves %d cookies", v.name, strange, len(cookies))
		}
		if bytes > most || bytes == 0 {
			t.Errorf("%s brings %.0f bytes over the wire", v.name, bytes)
		}
	}
}

// watched is what a browser fetched for one page.
type watched struct {
	site string

	mu      sync.Mutex
	bytes   float64
	strange []string
}

func (v *watched) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.bytes, v.strange = 0, nil
}

func (v *watched) note(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, v.site+"/") && !strings.HasPrefix(e.Request.URL, "data:image/svg") { // the browser's own picture in a field for a day
			v.strange = append(v.strange, e.Request.URL)
		}
	case *network.EventLoadingFinished:
		v.bytes += e.EncodedDataLength
	}
}

func (v *watched) result() (bytes float64, strange []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bytes, v.strange
}

// A client that sends a letter a second must not keep a connection for ever, and
// what is too large is not read at all.
func TestSlowAndLargeClientsAreCutOff(t *testing.T) {
	t.Parallel()
	c := open(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewHTTPServer(l.Addr().String(), c.h, slog.New(slog.DiscardHandler))
	for name, d := range map[string]time.Duration{"headers": server.ReadHeaderTimeout, "requests": server.ReadTimeout, "answers": server.WriteTimeout, "idle connections": server.IdleTimeout} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s may take %s", name, d)
		}
	}
	server.ReadHeaderTimeout, server.ReadTimeout = 200*time.Millisecond, 400*time.Millisecond // or the test takes as long as the real ones
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	for name, begins := range map[string]string{
		"slow headers":  "POST /f/ask HTTP/1.1\r\nHost: x\r\n",
		"a slow body":   "POST /f/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname=A",
		"large headers": "GET / HTTP/1.1\r\nHost: x\r\nX-Much: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
	} {
		wire, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = wire.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(wire, begins) // it may be cut off while it writes
		answer, err := io.ReadAll(wire)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Errorf("%s keeps a connection", name)
		}
		if strings.Contains(string(answer), " 303 ") || strings.Contains(string(answer), " 200 ") {
			t.Errorf("%s is answered with %.60s", name, answer)
		}
		_ = wire.Close()
	}
	if got := c.post("/f/ask", question("question", strings.Repeat("a", maxBody))).Code; got != http.StatusRequestEntityTooLarge && got != http.StatusUnprocessableEntity {
		t.Errorf("a body of more than a megabyte is answered with %d", got)
	}
}

func TestAFormThatIsShutSoftlySaysThatAPersonLooksFirst(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/f/ask"), http.StatusOK)
	c.rooms.surging = true
	want(t, c.get("/f/ask"), http.StatusOK, "A person reads what you send")
	want(t, c.post("/f/ask", question()), http.StatusSeeOther)
}
