package live_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/live"
	"postroom/internal/proof"
)

const form = "<!doctype html><html><head><title>Form</title></head><body><p>Ask</p></body></html>"

// shown serves one page that follows.
func shown(t *testing.T, o live.Options) (*live.Pages, string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p, err := live.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/data" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{\"head\":\"</head>\"}")
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "script-src 'self'")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, form)
	})))
	t.Cleanup(func() { stop(); server.Close() })
	return p, server.URL
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
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

// since is the turn that a page was made in.
func since(t *testing.T, page string) string {
	t.Helper()
	found := regexp.MustCompile(`data-since="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page does not follow:\n%s", page)
	}
	return found[1]
}

func TestAPageAsksForItselfAnewWhenAFileHasChanged(t *testing.T) {
	t.Parallel()
	p, base := shown(t, live.Options{Patience: time.Minute})
	status, page := get(t, base+"/f/ask")
	if status != http.StatusTeapot || !strings.Contains(page, "<p>Ask</p>") {
		t.Fatalf("the page itself is changed: %d\n%s", status, page)
	}
	answer := make(chan string)
	go func() { _, said := get(t, base+"/live/changes.js?since="+since(t, page)); answer <- said }()
	p.Turn(nil) // before or after the question came: both must be answered
	if said := <-answer; !strings.Contains(said, "location.replace") {
		t.Errorf("the browser is told %q", said)
	}
	if _, again := get(t, base+"/f/ask"); since(t, again) == since(t, page) {
		t.Error("the page made after the change would be asked for for ever")
	}
}

func TestAPageOfAnotherProcessIsAskedForAnew(t *testing.T) {
	t.Parallel()
	_, base := shown(t, live.Options{})
	if _, said := get(t, base+"/live/changes.js?since=before-0"); !strings.Contains(said, "location.replace") {
		t.Errorf("the browser is told %q", said)
	}
}

func TestNothingIsSaidWhereNothingChanges(t *testing.T) {
	t.Parallel()
	_, base := shown(t, live.Options{Patience: time.Millisecond})
	_, page := get(t, base+"/f/ask")
	if _, said := get(t, base+"/live/changes.js?since="+since(t, page)); said != "" {
		t.Errorf("the browser is told %q", said)
	}
}

func TestWhatIsNoPageStaysAsItIs(t *testing.T) {
	t.Parallel()
	p, base := shown(t, live.Options{})
	p.Turn(errors.New("wrong"))
	if _, data := get(t, base+"/data"); data != "{\"head\":\"</head>\"}" {
		t.Errorf("the data are now %s", data)
	}
}

func TestMistakesStandWhereAPersonLooks(t *testing.T) {
	t.Parallel()
	wrong := proof.Mistakes{{File: "club.yaml", Line: 7, Column: 11, Say: "\"enquriy\" cannot be the kind <b>", Instead: "enquiry"}}
	for _, c := range []struct {
		instead, form bool
		status        int
	}{{true, false, http.StatusUnprocessableEntity}, {false, true, http.StatusTeapot}} {
		p, base := shown(t, live.Options{Instead: c.instead})
		p.Turn(wrong)
		status, page := get(t, base+"/f/ask")
		for _, want := range []string{"club.yaml:7:11", "cannot be the kind &lt;b&gt;", "Write: <code>enquiry</code>"} {
			if !strings.Contains(page, want) {
				t.Errorf("instead=%v: the page lacks %s:\n%s", c.instead, want, page)
			}
		}
		if status != c.status || strings.Contains(page, "<p>Ask</p>") != c.form {
			t.Errorf("instead=%v: %d\n%s", c.instead, status, page)
		}
		p.Turn(nil)
		if _, page = get(t, base+"/f/ask"); strings.Contains(page, "club.yaml") || !strings.Contains(page, "<p>Ask</p>") {
			t.Errorf("instead=%v: the mistake is mended, and still there:\n%s", c.instead, page)
		}
	}
}

func TestAChangedFileIsSeenOnceItIsWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	changes, put := make(chan struct{}, 10), func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("club.yaml", "a")
	go live.Watch(ctx, []string{folder, filepath.Join(folder, "nowhere")}, func(context.Context) { changes <- struct{}{} })
	for n, text := range []string{"ab", "abc"} {
		// The watch may not have begun: a file that changes later is seen all the same.
		for seen := false; !seen; {
			put("club.yaml", text+strings.Repeat(" ", n))
			put("notes.txt", text)
			select {
			case <-changes:
				seen = true
			case <-time.After(time.Second):
				text += "."
			}
		}
	}
	if err := os.Remove(filepath.Join(folder, "club.yaml")); err != nil {
		t.Fatal(err)
	}
	<-changes
}
