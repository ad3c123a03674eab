package testserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Chromium returns the path of the browser.
func Chromium(t testing.TB) string {
	t.Helper()
	return need(t, browserWant())
}

func browserWant() want {
	return want{program: "chromium", also: []string{"/usr/bin/chromium-browser", "/usr/bin/google-chrome"}, install: "apt-get install chromium"}
}

// Browser returns the context in which chromedp drives a tab of a browser: one browser
// serves all tests of a process, and each has a profile of its own, without cookies,
// storage or cache of anybody else. Further tabs of the profile come from
// chromedp.NewContext on that context. It ends with the test, and after eight minutes at
// the latest: the time of one walk through every page. The full matrix of POSTROOM_LONG
// has an hour. Who asks for flags has a browser for this test alone.
func Browser(t testing.TB, flags ...string) context.Context {
	t.Helper()
	Chromium(t)
	ctx, cancelTime := context.WithTimeout(browserFor(t, flags), browserLife())
	profile, window, err := newProfile(ctx)
	if err != nil {
		t.Fatalf("open a window of Chromium: %v", err)
	}
	tab, cancelTab := chromedp.NewContext(ctx, chromedp.WithTargetID(window))
	chromedp.FromContext(tab).BrowserContextID = profile // for further tabs, which chromedp would open in the browser's own
	t.Cleanup(func() {
		cancelTab()
		_ = target.DisposeBrowserContext(profile).Do(driving(ctx))
		cancelTime()
	})
	// As a window in front has it, however many are at work beside it: without the
	// focus, what has the focus does not show it.
	if err := chromedp.Run(tab, emulation.SetFocusEmulationEnabled(true)); err != nil {
		t.Fatalf("open a window of Chromium: %v", err)
	}
	return tab
}

// newProfile makes a profile and opens its first window. chromedp asks for a tab, and
// there is no window yet that it could be in.
func newProfile(ctx context.Context) (cdp.BrowserContextID, target.ID, error) {
	profile, err := target.CreateBrowserContext().Do(driving(ctx))
	if err != nil {
		return "", "", err
	}
	window, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(driving(ctx))
	return profile, window, err
}

// driving is for what is asked of the browser and not of one of its pages.
func driving(ctx context.Context) context.Context {
	return cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
}

// browserFor returns the context of the browser itself, whose windows tests open.
func browserFor(t testing.TB, flags []string) context.Context {
	t.Helper()
	if len(flags) == 0 {
		b, err := sharedBrowser()
		if err != nil {
			t.Fatalf("start Chromium: %v", err)
		}
		return b.all
	}
	b, err := newBrowser(flags)
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	t.Cleanup(b.close)
	return b.all
}

// browser is a running Chromium with an empty profile, and our connection to it.
type browser struct {
	run *process
	all context.Context
}

// sharedBrowser is the one browser of this test process, as shared is its PostgreSQL.
var sharedBrowser = sync.OnceValues(func() (*browser, error) { return newBrowser(nil) })

// newBrowser starts a browser and opens the connection that all its windows share. It
// has a window already when newBrowser returns, because profiles can only be asked for
// in a browser that is there.
func newBrowser(flags []string) (*browser, error) {
	dir, err := makeFolder("chromium")
	if err != nil {
		return nil, err
	}
	b := &browser{}
	if b.run, err = launch(spec{name: "chromium", argv: browserArgs(dir, flags), folder: dir, quit: syscall.SIGTERM}); err != nil {
		return nil, err
	}
	var address string
	if err := b.run.ready(func(context.Context) (err error) { address, err = devTools(dir); return err }); err != nil {
		return nil, err
	}
	alloc, _ := chromedp.NewRemoteAllocator(context.Background(), address, chromedp.NoModifyURL)
	all, _ := chromedp.NewContext(alloc, chromedp.WithBrowserOption(chromedp.WithDialTimeout(readyWithin)),
		chromedp.WithErrorf(func(string, ...any) {})) // events that are newer than the driver
	b.all = all
	return b, chromedp.Run(all)
}

func (b *browser) close() {
	_ = chromedp.Cancel(b.all)
	b.run.stop()
	_ = os.RemoveAll(b.run.folder)
}

// browserArgs is the command line of a browser that nobody sees, that calls nobody, and
// that does not slow down the windows at the back.
func browserArgs(dir string, flags []string) []string {
	return append([]string{
		find(browserWant()), "--user-data-dir=" + dir, "--remote-debugging-port=0",
		"--headless", "--hide-scrollbars", "--mute-audio", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
		"--disable-background-networking", // it would look for Google's hosts
		"--disable-component-update", "--disable-sync", "--disable-quic", "--disable-extensions", "--disable-breakpad",
		"--disable-dev-shm-usage", // containers give it 64 MB
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
	}, append(flags, "about:blank")...)
}

// devTools is the address at which a browser can be driven, which it writes into its
// profile once it listens: a line with the port, and one with the path.
func devTools(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
	if err != nil {
		return "", err
	}
	port, path, whole := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !whole {
		return "", errors.New("the browser has not written all of its address yet")
	}
	return "ws://127.0.0.1:" + port + path, nil
}

func browserLife() time.Duration {
	if os.Getenv("POSTROOM_LONG") != "" {
		return time.Hour
	}
	return 8 * time.Minute
}

// axeFile is where `make test` keeps the accessibility checker, below the top
// of the checkout.
const axeFile = ".cache/axe.min.js"

// Axe returns the source text of axe-core, to be evaluated in a page. It is
// the file that POSTROOM_AXE names, or else the one an earlier `make test` has
// fetched.
func Axe(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("axe-core needs a real browser, and -short leaves real servers out")
	}
	path := os.Getenv("POSTROOM_AXE")
	if path == "" {
		path = filepath.Join(top(t), axeFile)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		missing(t, "axe-core is not on this machine; `make test` fetches it with npm, or set POSTROOM_AXE to an axe.min.js: "+err.Error())
	}
	return string(source)
}

// Fixtures returns the folder with the fixtures of govuk-frontend, one folder a
// component, which an earlier `make test` has fetched.
func Fixtures(t testing.TB) string {
	t.Helper()
	return fetched(t, "govuk-frontend-6.6.0")
}

func fetched(t testing.TB, what string) string {
	t.Helper()
	path := filepath.Join(top(t), ".cache", what)
	if _, err := os.Stat(path); err != nil {
		missing(t, what+" is not on this machine; `make test` fetches it with npm")
	}
	return path
}

// top returns the folder that holds go.mod.
func top(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test's folder")
	return ""
}

// Press presses keys as somebody at a keyboard does. Enter is one event that brings
// its own sign: chromedp's KeyEvent sends the sign by itself, and a link that has
// moved the focus on Enter would hand it to the field it leads to, which sends the
// form.
func Press(keys string, more ...chromedp.KeyOption) chromedp.Action {
	if keys != kb.Enter || len(more) > 0 {
		return chromedp.KeyEvent(keys, more...)
	}
	enter := func(kind input.KeyType) *input.DispatchKeyEventParams {
		return input.DispatchKeyEvent(kind).WithKey("Enter").WithCode("Enter").WithWindowsVirtualKeyCode(13).WithNativeVirtualKeyCode(13)
	}
	return chromedp.Tasks{enter(input.KeyDown).WithText("\r").WithUnmodifiedText("\r"), enter(input.KeyUp)}
}
