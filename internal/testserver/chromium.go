package testserver

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Chromium returns the path of the browser.
func Chromium(t testing.TB) string {
	t.Helper()
	return need(t, want{
		program: "chromium", also: []string{"/usr/bin/chromium-browser", "/usr/bin/google-chrome"},
		install: "apt-get install chromium",
	})
}

// Browser starts a browser with an empty profile and returns the context in
// which chromedp drives it. Further tabs come from chromedp.NewContext on that
// context. It ends with the test, and after eight minutes at the latest: the time of
// one walk through every page. The full matrix of POSTROOM_LONG has an hour.
func Browser(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(Chromium(t)),
		chromedp.UserDataDir(folder(t, "chromium")),
		chromedp.WSURLReadTimeout(readyWithin),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true), // it would look for Google's hosts
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-dev-shm-usage", true), // containers give it 64 MB
	}, more...)
	ctx, cancelTime := context.WithTimeout(context.Background(), browserLife())
	alloc, cancelAlloc := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab) // waits until the browser has let go of its profile
		cancelTab()
		cancelAlloc()
		cancelTime()
	})
	// As a window in front has it, however many browsers are at work beside it:
	// without the focus, what has the focus does not show it.
	if err := chromedp.Run(tab, emulation.SetFocusEmulationEnabled(true)); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return tab
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
