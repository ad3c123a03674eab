package signin_test

import (
	"html/template"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/signin"
	"postroom/internal/store"
	"postroom/internal/team"
	"postroom/internal/testserver"
	"postroom/templates"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// clock stands still until it is told otherwise.
type clock struct{ at atomic.Int64 }

func (c *clock) Now() time.Time                { return time.UnixMicro(c.at.Load()).UTC() }
func (*clock) Until(time.Time) <-chan struct{} { return nil }
func (c *clock) pass(d time.Duration)          { c.at.Add(d.Microseconds()) }

// post keeps what is owed, in the caller's transaction as the real one does.
type post struct {
	mu   sync.Mutex
	sent []postroom.Message
}

func (p *post) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	m.ID = store.NewMessageID()
	if m.Key == "" {
		m.Key = m.ID
	}
	m.Class, m.MessageID = postroom.Service, m.ID+"@example.org"
	p.mu.Lock()
	p.sent = append(p.sent, m)
	p.mu.Unlock()
	return m, tx.OweMessage(m, monday)
}

// house is a desk's door with somebody behind it.
type house struct {
	*signin.SignIn
	store *store.Store
	team  *team.Team
	post  *post
	clock *clock
	pages http.Handler
	from  netip.Addr
	said  func(statement string) // hears each statement; may be nil
}

const baseURL = "http://desk.example.org"

// open returns a door with two colleagues: ann, an admin, and bea, a coordinator.
func open(t testing.TB, url string, change ...func(*signin.Options)) *house {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{post: new(post), clock: new(clock), from: netip.MustParseAddr("192.0.2.7")}
	h.clock.at.Store(monday.UnixMicro())
	h.store, err = store.Open(t.Context(), store.Options{URL: url, Box: box, Before: func(s string) {
		if h.said != nil {
			h.said(s)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	h.team = team.New(team.Options{Store: h.store, Programmes: programmes(t), Clock: h.clock})
	o := signin.Options{Store: h.store, Team: h.team, Outbox: h.post, Clock: h.clock, BaseURL: baseURL}
	for _, fn := range change {
		fn(&o)
	}
	h.SignIn = signin.New(o)
	h.invite(t, signin.Invitation{Address: "ann@example.org", Role: postroom.Admin})
	h.invite(t, signin.Invitation{Address: "bea@example.org", Role: postroom.IsCoordinator})
	h.post.sent = nil
	h.pages = h.hang(t)
	return h
}

func programmes(t testing.TB) *programme.Set {
	t.Helper()
	files, err := fs.Sub(templates.FS, "programme")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(files, programme.Options{Zone: time.UTC, HasTemplate: func(string, string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (h *house) invite(t testing.TB, i signin.Invitation) {
	t.Helper()
	i.By = "test"
	if _, err := h.Invite(t.Context(), i); err != nil {
		t.Fatal(err)
	}
}

// hang puts the pages into a server, with a page of the desk behind them.
func (h *house) hang(t testing.TB) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	pages := signin.Pages{SignIn: h.SignIn, Renderer: newRenderer(t), From: func(*http.Request) netip.Addr { return h.from }}
	for _, route := range pages.Routes() {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := route.Handle(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	mux.HandleFunc("GET /desk/", func(w http.ResponseWriter, r *http.Request) {
		who, in := h.Who(r)
		if !in {
			http.Redirect(w, r, "/desk/sign-in", http.StatusSeeOther)
			return
		}
		if said := r.URL.Query().Get("keep"); said != "" {
			h.Keep(r, "notice", said)
		}
		shown := "desk of " + who.Name + " at " + r.URL.Path
		if r.URL.Query().Has("kept") {
			shown += " kept " + h.Kept(r, "notice")
		}
		_, _ = w.Write([]byte(shown))
	})
	return h.Wrap(mux)
}

// renderer writes the real pages in a bare frame.
type renderer struct{ funcs template.FuncMap }

func newRenderer(t testing.TB) renderer {
	t.Helper()
	data, err := os.ReadFile("../../templates/desk/locale/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return renderer{template.FuncMap{"t": func(key string) string {
		if texts[key] == "" {
			t.Errorf("there is no text %s", key)
		}
		return texts[key]
	}}}
}

func (r renderer) Render(w http.ResponseWriter, _ *http.Request, status int, page string, data any) error {
	made, err := template.New("frame").Funcs(r.funcs).Parse(`{{template "main" .}}`)
	if err == nil {
		made, err = made.ParseFiles(filepath.Join("../../templates/desk/pages", page), "../../templates/desk/parts/door.html", "../../templates/desk/parts/when.html")
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := made.ExecuteTemplate(&b, "frame", framed(data)); err != nil {
		return err
	}
	w.WriteHeader(status)
	_, err = w.Write([]byte(b.String()))
	return err
}

// framed is what the desk's frame makes of a page's data.
func framed(data any) map[string]any {
	p := map[string]any{"Data": data, "Title": "", "Lead": "", "Problem": "", "Field": "field"}
	switch data := data.(type) {
	case signin.AskData:
		p["Problem"] = data.Problem
	case signin.SentData:
		p["Problem"] = data.Problem
	case signin.LinkData:
		p["Title"] = map[string]string{"elsewhere": "Open this link where you asked for it"}[data.State]
	case signin.DevicesData:
		type shown struct {
			signin.Device
			At, LastSeen struct{ Said, ISO, Exact string }
		}
		var list []shown
		for _, d := range data.Devices {
			list = append(list, shown{Device: d})
		}
		p["Devices"] = list
	}
	return p
}

// browser is somebody's browser. It keeps cookies and follows no redirect.
type browser struct {
	t     testing.TB
	h     *house
	jar   *cookiejar.Jar
	agent string
}

func (h *house) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, h, jar, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"}
}

type answer struct {
	status int
	to     string // where a redirect leads
	body   string
	header http.Header
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, baseURL+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", b.agent)
	here, err := url.Parse(baseURL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.jar.Cookies(here) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.pages.ServeHTTP(w, r)
	res := w.Result()
	defer res.Body.Close()
	b.jar.SetCookies(here, res.Cookies())
	return answer{res.StatusCode, res.Header.Get("Location"), w.Body.String(), res.Header}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// ask asks for a link and returns what was mailed: the link's path and the code,
// or nothing.
func (b *browser) ask(address string) (path, code string) {
	b.t.Helper()
	before := len(b.h.post.sent)
	if a := b.post("/desk/sign-in", "address", address); a.status != http.StatusSeeOther || a.to != "/desk/sign-in/sent" {
		b.t.Fatalf("asking for %q: %d %s\n%s", address, a.status, a.to, a.body)
	}
	if len(b.h.post.sent) == before {
		return "", ""
	}
	m := b.h.post.sent[before]
	return strings.TrimPrefix(m.Data["url"], baseURL), m.Data["code"]
}

func (b *browser) isIn(name string) bool {
	b.t.Helper()
	return strings.HasPrefix(b.get("/desk/").body, "desk of "+name+" ")
}

func engines(t *testing.T, test func(t *testing.T, url string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, filepath.Join(t.TempDir(), "x.db")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, testserver.PostgresWith(t, store.Prepare)) })
}
