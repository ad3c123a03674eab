package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

// charitySite is a website of the organisation, on another host than its post room,
// with the snippets of docs/doors.md in it word for word, and a browser that looks at
// it. Browsers find every name that ends in .localhost on the machine itself.
type charitySite struct {
	*counter
	t         *testing.T
	tab       context.Context
	home      string // of the post room
	site      string // of the website, which the settings name
	elsewhere string // the same pages on a host that they do not name

	mu   sync.Mutex
	said []string // what the browser wrote into its console that is no good
}

func newCharitySite(t *testing.T) *charitySite {
	t.Helper()
	// Frames of other hosts stay in the page's own process: the driver sees into them
	// then. What they may do is the same.
	s := &charitySite{t: t, tab: testserver.Browser(t, "--disable-features=site-per-process,IsolateOrigins", "--disable-site-isolation-trials")}
	var pages http.Handler
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(w, r) }))
	t.Cleanup(website.Close)
	at := strings.TrimPrefix(website.URL, "http://127.0.0.1")
	s.site, s.elsewhere = "http://www.charity.localhost"+at, "http://www.stranger.localhost"+at
	s.counter = open(t, func(o *Options) { o.Sites = []string{s.site} })
	room := httptest.NewServer(s.h)
	t.Cleanup(room.Close)
	s.home = room.URL
	pages = s.pages()
	chromedp.ListenTarget(s.tab, s.listen)
	s.run(network.Enable(), cdplog.Enable(), chromedp.EmulateViewport(1280, 800))
	return s
}

var snippet = regexp.MustCompile("(?s)```html\n(.*?)```")

// pages are the website: each snippet on a page of its own, in the order in which
// docs/doors.md has them, and where people go afterwards.
func (s *charitySite) pages() http.Handler {
	s.t.Helper()
	doors, err := os.ReadFile("../../docs/doors.md")
	if err != nil {
		s.t.Fatal(err)
	}
	found := snippet.FindAllStringSubmatch(string(doors), -1)
	if len(found) != 3 {
		s.t.Fatalf("docs/doors.md has %d snippets of HTML, want 3", len(found))
	}
	mux := http.NewServeMux()
	show := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Charity</title><link rel="icon" href="data:,"><h1>Charity</h1>%s`, body)
		})
	}
	ours := strings.NewReplacer("https://post.your-charity.example", s.home, "https://www.your-charity.example", s.site)
	for i, path := range []string{"/script", "/frame", "/form"} {
		show(path, ours.Replace(found[i][1]))
	}
	show("/away", strings.ReplaceAll(ours.Replace(found[2][1]), s.site, s.elsewhere))
	show("/whole", `<iframe src="`+s.home+`/f/ask" title="A page that nobody may show"></iframe>`)
	show("/thank-you", "<p id=thanks>Thank you")
	return mux
}

// listen notes what goes wrong in a page. That a form was not filled in right is
// told by a status, which the console counts among the errors; and a page in a frame
// may not take the focus to its summary before somebody has been in it.
func (s *charitySite) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			text = fmt.Sprint(e.Type, e.Args)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning {
			text = e.Entry.Text
		}
	}
	if text == "" || strings.Contains(text, "status of 422") || strings.HasPrefix(text, "Blocked autofocusing") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, text)
}

// console returns what went wrong since it was asked last.
func (s *charitySite) console() (said []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	said, s.said = s.said, nil
	return said
}

func (s *charitySite) run(actions ...chromedp.Action) {
	s.t.Helper()
	if err := chromedp.Run(s.tab, actions...); err != nil {
		s.t.Fatal(err)
	}
}

// visit opens a page of the website, with JavaScript or without. What is asked of
// a page afterwards is asked by script.
func (s *charitySite) visit(at string, script bool) {
	s.t.Helper()
	s.run(emulation.SetScriptExecutionDisabled(!script), chromedp.Navigate(at), emulation.SetScriptExecutionDisabled(false))
}

// inner is the frame in the page. Its address begins with chrome-error: where the
// browser does not show what is asked for.
func (s *charitySite) inner() (frame *cdp.Frame) {
	s.t.Helper()
	s.run(chromedp.ActionFunc(func(ctx context.Context) error {
		tree, err := cdppage.GetFrameTree().Do(ctx)
		if err == nil && len(tree.ChildFrames) > 0 {
			frame = tree.ChildFrames[0].Frame
		}
		return err
	}))
	if frame == nil {
		s.t.Fatal("there is no frame in the page")
	}
	return frame
}

// within asks the page in the frame, in a world of its own: nothing that it asks or
// does is the page's.
func (s *charitySite) within(script string, answer any) {
	s.t.Helper()
	frame := s.inner()
	s.run(chromedp.ActionFunc(func(ctx context.Context) error {
		world, err := cdppage.CreateIsolatedWorld(frame.ID).Do(ctx)
		if err != nil {
			return err
		}
		found, thrown, err := runtime.Evaluate(script).WithContextID(world).WithReturnByValue(true).WithAwaitPromise(true).Do(ctx)
		if err != nil {
			return err
		}
		if thrown != nil {
			return thrown
		}
		return json.Unmarshal(found.Value, answer)
	}))
}

// arrives does what leads to another page in the frame, and waits for it.
func (s *charitySite) arrives(script string) {
	s.t.Helper()
	came := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(s.tab)
	defer cancel()
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*cdppage.EventFrameNavigated); ok && e.Frame.ParentID != "" {
			select {
			case came <- struct{}{}:
			default:
			}
		}
	})
	s.within(script+"; true", new(bool))
	select {
	case <-came:
	case <-s.tab.Done():
		s.t.Fatal("no page came into the frame")
	}
	s.within(`new Promise(done => document.readyState === "complete" ? done(true) : addEventListener("load", () => done(true)))`, new(bool))
}

// write fills in the question, as its person does.
const write = `for (const [name, text] of Object.entries({name: "Olena", email: "olena@example.org", question: "When do you meet?"}))
	document.querySelector("[name=" + name + "]").value = text`

// grown waits until the frame is as high as the page in it, and says how high.
func (s *charitySite) grown() (height int) {
	s.t.Helper()
	var inside int
	s.within(`Math.ceil(document.body.getBoundingClientRect().height)`, &inside)
	s.run(chromedp.Poll(fmt.Sprintf(`document.querySelector("iframe").clientHeight === %d`, inside), nil))
	var scrolls bool
	s.within(`document.documentElement.scrollHeight > innerHeight`, &scrolls)
	if scrolls {
		s.t.Errorf("the page of %d px scrolls in its frame", inside)
	}
	return inside
}

func (s *charitySite) silent(what string) {
	s.t.Helper()
	if said := s.console(); len(said) > 0 {
		s.t.Errorf("%s: the console says %q", what, said)
	}
	var cookies []*network.Cookie
	s.run(chromedp.ActionFunc(func(ctx context.Context) (err error) { cookies, err = network.GetCookies().Do(ctx); return err }))
	if len(cookies) > 0 {
		s.t.Errorf("%s leaves cookies", what)
	}
}

// filed counts what came in, and says whether all of it came from a person.
func (s *charitySite) filed(want int) {
	s.t.Helper()
	s.rooms.mu.Lock()
	defer s.rooms.mu.Unlock()
	if n := len(s.rooms.entries); n != want {
		s.t.Errorf("%d entries came in, want %d", n, want)
	}
	for _, e := range s.rooms.entries {
		if e.Suspect || len(e.Signs) > 0 && !slices.Equal(e.Signs, stillClock) {
			s.t.Errorf("what a person sent counts as automatic: %v", e.Signs)
		}
	}
}

func TestAFormInAFrameOfAnotherWebsiteInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newCharitySite(t)
	s.visit(s.site+"/script", true)
	s.run(chromedp.WaitVisible("iframe"))
	asked := s.grown()
	s.arrives(`document.querySelector("form.card").noValidate = true; document.querySelector("form.card > button").click()`)
	if mistaken := s.grown(); mistaken <= asked {
		t.Errorf("with mistakes on it the frame is %d px high, and was %d", mistaken, asked)
	}
	s.arrives(write + `; document.querySelector("form.card > button").click()`)
	s.grown()
	var panel bool
	if s.within(`!!document.querySelector(".panel")`, &panel); !panel {
		t.Errorf("the frame shows %s", s.inner().URL)
	}
	s.filed(1)
	s.silent("the frame that a script makes")

	s.visit(s.site+"/frame", false)
	s.arrives(write + `; document.querySelector("form.card > button").click()`)
	if at := s.inner().URL; !strings.Contains(at, "/embed/receipt/") {
		t.Errorf("without JavaScript the frame shows %s", at)
	}
	s.silent("the frame without JavaScript")

	s.visit(s.site+"/script", false)
	s.run(chromedp.Click("a[data-postroom]"), chromedp.WaitVisible("form.card"))
	s.silent("the link without JavaScript")
}

func TestOnlyWebsitesThatAreNamedShowAFormInAFrame(t *testing.T) {
	t.Parallel()
	s := newCharitySite(t)
	for _, at := range []string{s.elsewhere + "/frame", s.elsewhere + "/script", s.site + "/whole"} {
		s.visit(at, true)
		s.run(chromedp.Poll(`document.readyState === "complete" && !!document.querySelector("iframe")`, nil))
		if url := s.inner().URL; !strings.HasPrefix(url, "chrome-error:") {
			t.Errorf("%s shows %s", at, url)
		}
		if said := strings.Join(s.console(), "\n"); !strings.Contains(said, "frame-ancestors") {
			t.Errorf("%s: the console says %q", at, said)
		}
	}
}

func TestAFormOfAnotherWebsitesOwnInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newCharitySite(t)
	press := chromedp.Click("form button")
	s.visit(s.site+"/form", true)
	s.run(chromedp.Evaluate(write+"; true", nil), press, chromedp.WaitVisible("#thanks"))
	s.filed(1)
	s.silent("a website's own form")

	s.visit(s.site+"/form", true)
	var name, said, next string
	s.run(chromedp.SendKeys("[name=name]", "Olena & <Ivan>"), chromedp.SendKeys("[name=email]", "olena@example.org"), press,
		chromedp.WaitVisible(".summary"),
		chromedp.Value("[name=name]", &name), chromedp.Text(".summary", &said),
		chromedp.SendKeys("[name=question]", "When do you open?"), chromedp.Click("form.card > button"),
		chromedp.WaitVisible("#thanks"), chromedp.Location(&next))
	if name != "Olena & <Ivan>" || said == "" || next != s.site+"/thank-you" {
		t.Errorf("our page has %q in it and says %q, and leads to %s", name, said, next)
	}
	s.filed(2)
	s.silent("a website's own form that was mended on our page")

	s.visit(s.elsewhere+"/away", true)
	s.run(chromedp.Evaluate(strings.Replace(write, "meet", "rest", 1)+"; true", nil), press, chromedp.WaitVisible(".panel"), chromedp.Location(&next))
	if !strings.HasPrefix(next, s.home+"/en/receipt/") {
		t.Errorf("a website that is not named leads to %s", next)
	}
	s.filed(3)
	s.silent("the form of a website that is not named")
}
