package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

// sentAsShown is a form as a browser sends it: each answer where its input stands in
// the page.
func sentAsShown(t *testing.T, page string, typed url.Values, file attached) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	const boundary = "----browser"
	for _, input := range parsePage(t, page).named("input", "textarea") {
		name := input.attrs["name"]
		switch input.attrs["type"] {
		case "submit":
		case "file":
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: %s\r\n\r\n%s\r\n", boundary, name, file.name, file.kind, file.content)
		default:
			value := input.attrs["value"]
			if typed.Has(name) {
				value = typed.Get(name)
			}
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, name, value)
		}
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), "multipart/form-data; boundary=" + boundary
}

// overALine sends the beginning of a request over a connection of its own, in
// several pieces, and returns that connection.
func overALine(t *testing.T, site *httptest.Server, path, kind string, body []byte, pieces int) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: post.example.org\r\nSec-Fetch-Site: same-origin\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, kind, len(body)+1<<20)
	for size := max(1, len(body)/pieces); len(body) > 0; body = body[min(size, len(body)):] {
		if _, err := conn.Write(body[:min(size, len(body))]); err != nil {
			t.Fatal(err)
		}
	}
	return conn.(*net.TCPConn)
}

func answerOn(t *testing.T, conn io.Reader) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestNothingTypedIsLostWithAFile: the note stands below the file in the programme
// file, and comes before it nevertheless.
func TestNothingTypedIsLostWithAFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		patience time.Duration
		cut      bool
		says     string
	}{
		"the line is cut":   {time.Minute, true, "The line broke off while the file was on its way"},
		"the line trickles": {time.Second, false, "The file took too long to reach us"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.uploads.time = tc.patience
			site := httptest.NewServer(c.h)
			t.Cleanup(site.Close)
			typed := url.Values{"email": {"ann@example.org"}, "note": {"It is by the river"}}
			body, kind := sentAsShown(t, c.get("/f/send").Body.String(), typed, photo())
			at := bytes.Index(body, []byte(png))
			if at < 0 {
				t.Fatal("the page asks for no file")
			}
			conn := overALine(t, site, "/f/send", kind, body[:at+8], 5) // the file has just begun
			if tc.cut {
				_ = conn.CloseWrite()
			}
			status, page := answerOn(t, conn)
			if status != http.StatusUnprocessableEntity {
				t.Errorf("status %d", status)
			}
			for _, want := range []string{tc.says, `value="ann@example.org"`, `value="It is by the river"`} {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %s", want)
				}
			}
			if strings.Index(page, `name="note"`) > strings.Index(page, `type="file"`) {
				t.Error("a question stands below the file")
			}
		})
	}
}

// TestWhatCameOfAnswersIsSaidToBePart: a line that breaks off before the file may have
// taken answers with it.
func TestWhatCameOfAnswersIsSaidToBePart(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.uploads.time = time.Second
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	body, kind := sentAsShown(t, c.get("/f/send").Body.String(), url.Values{"email": {"ann@example.org"}, "note": {"It is by the river"}}, photo())
	conn := overALine(t, site, "/f/send", kind, body[:bytes.Index(body, []byte(" the river"))], 3)
	_, page := answerOn(t, conn)
	for _, want := range []string{"Look through your answers: some may be missing", `value="ann@example.org"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestALineThatIsGoneLeavesTheDraft: nobody is there to answer to, and the page of the
// draft has all that was typed when they come back.
func TestALineThatIsGoneLeavesTheDraft(t *testing.T) {
	t.Parallel()
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	path := c.begin("pieces", "en").path()
	body, kind := sentAsShown(t, c.get(path).Body.String(), url.Values{"email": {"ann@example.org"}, "words": {"It is by the river"}}, photo())
	conn := overALine(t, site, path, kind, body[:bytes.Index(body, []byte(png))+8], 1)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = io.Copy(io.Discard, conn) // until the counter has seen that the line is gone
	}()
	_ = conn.CloseWrite()
	<-answered
	want(t, c.get(path), http.StatusOK, `value="ann@example.org"`, `value="It is by the river"`)
}

// TestASlowFileInARealBrowserWithoutScripts shows what stands below a file in its
// programme to somebody whose line is too slow for it.
func TestASlowFileInARealBrowserWithoutScripts(t *testing.T) {
	t.Parallel()
	browser := testserver.Browser(t)
	c := open(t)
	c.uploads.time = time.Second
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	slow := trickling(t, site.Listener.Addr().String())
	name := filepath.Join(t.TempDir(), "poster.png")
	if err := os.WriteFile(name, []byte(png+strings.Repeat("x", 3<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said, note string
	err := chromedp.Run(browser,
		emulation.SetScriptExecutionDisabled(true),
		chromedp.Navigate("http://"+slow+"/en/f/send"),
		chromedp.SendKeys("#f-email", "ann@example.org"),
		chromedp.SendKeys("#f-note", "It is by the river"),
		chromedp.SetUploadFiles("#f-photo", []string{name}),
		chromedp.Click("form.card > button"),
		chromedp.WaitVisible(".summary"),
		chromedp.Text(".summary", &said),
		chromedp.Value("#f-note", &note),
	)
	if err != nil {
		t.Fatal(err)
	}
	if note != "It is by the river" || !strings.Contains(said, "The file took too long to reach us") {
		t.Errorf("the note is %q, and the page says %q", note, said)
	}
}

// trickling is a line to a server over which little goes up, and everything comes down.
func trickling(t *testing.T, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go carry(conn, to)
		}
	}()
	return listener.Addr().String()
}

// lineHolds is how much of one request the line carries before nothing more goes.
const lineHolds = 64 << 10

func carry(from net.Conn, address string) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() { _, _ = io.Copy(to, io.LimitReader(from, lineHolds)) }()
	_, _ = io.Copy(from, to)
}
