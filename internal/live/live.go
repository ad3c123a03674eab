// Package live lets somebody who writes a form see it in the browser while they
// write: when a file changes, the page asks for itself anew.
//
// The idea a newcomer needs: nothing of this is part of a real post room. The
// preview and the demo put it around the pages that everybody gets, and those stay
// what they are: the same policy about content, no line of script in them. Browsers
// wait by fetching a script of ours that is answered when something has changed,
// because that is the one way of waiting which the strict policy of the pages lets
// through as it is; an event stream would need "connect-src", and then the page that
// is looked at would not be the page that people get.
package live

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"postroom/internal/proof"
)

//go:embed page.html live.css live.js
var files embed.FS

// patience is how long a browser waits for one answer: less than the server lets
// any answer take.
const patience = 20 * time.Second

// Options say how pages follow what changes.
type Options struct {
	// Instead shows mistakes in the place of every page. Otherwise they stand above
	// pages that go on as they were.
	Instead bool
	// Patience is how long a browser waits for one answer; 0 is 20 seconds.
	Patience time.Duration
}

// Pages follow what they are made from. It is safe for many goroutines.
type Pages struct {
	Options
	ended    <-chan struct{}
	began    string // tells this process from the one before, whose pages are still open
	template *template.Template

	mu      sync.Mutex
	turn    int
	changed chan struct{} // closed by the next turn
	wrong   []wrong
}

// wrong is one thing that keeps the files from being used.
type wrong struct{ Where, Say, Instead string }

// New returns Pages whose browsers wait no longer than ctx.
func New(ctx context.Context, o Options) (*Pages, error) {
	t, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("read the page of mistakes: %w", err)
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	return &Pages{
		Options: o, ended: ctx.Done(), template: t,
		began: strconv.FormatInt(time.Now().UnixNano(), 36), changed: make(chan struct{}),
	}, nil
}

// Turn says that the files were read anew, with what is wrong with them; nil is
// nothing. Every open page asks for itself again.
func (p *Pages) Turn(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	p.wrong = told(err)
	close(p.changed)
	p.changed = make(chan struct{})
}

// told takes an error apart into what a person can mend.
func told(err error) (list []wrong) {
	if err == nil {
		return nil
	}
	mistakes, ok := errors.AsType[proof.Mistakes](err)
	if !ok {
		return []wrong{{Say: err.Error()}}
	}
	for _, m := range mistakes {
		list = append(list, wrong{Where: fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column), Say: m.Say, Instead: m.Instead})
	}
	return list
}

// stand is how things are at one moment.
type stand struct {
	Turn    string
	Wrong   []wrong
	changed <-chan struct{}
}

func (p *Pages) now() stand {
	p.mu.Lock()
	defer p.mu.Unlock()
	return stand{p.began + "-" + strconv.Itoa(p.turn), p.wrong, p.changed}
}

// Around puts the following around pages.
func (p *Pages) Around(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	static := http.StripPrefix("/live/", http.FileServerFS(files))
	mux.Handle("GET /live/live.js", static)
	mux.Handle("GET /live/live.css", static)
	mux.HandleFunc("GET /live/changes.js", p.wait)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.page(w, r, pages) })
	return mux
}

// wait answers when something has changed since the page was made, or with nothing
// when it has been long.
func (p *Pages) wait(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	now := p.now()
	if now.Turn == r.FormValue("since") {
		enough := time.NewTimer(p.Patience)
		defer enough.Stop()
		select {
		case <-now.changed:
		case <-enough.C:
			return
		case <-p.ended:
			return
		case <-r.Context().Done():
			return
		}
	}
	// Not reload: what was sent with a form would be sent again.
	_, _ = w.Write([]byte("location.replace(location.pathname + location.search);\n")) // the reader is gone if this fails
}

// page answers with a page that follows, or with what is wrong in its place.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, pages http.Handler) {
	now := p.now()
	if p.Instead && len(now.Wrong) > 0 && !strings.HasPrefix(r.URL.Path, "/static/") {
		p.mistaken(w, now)
		return
	}
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding") // what is compressed could not be added to
	added := &adder{ResponseWriter: w, status: http.StatusOK}
	pages.ServeHTTP(added, r)
	added.finish(p.following(now))
}

// mistaken shows what is wrong and nothing else.
func (p *Pages) mistaken(w http.ResponseWriter, now stand) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = p.template.ExecuteTemplate(w, "page", now) // the reader is gone if this fails
}

// following is what is put into a page.
func (p *Pages) following(now stand) (head, body []byte) {
	var h, b bytes.Buffer
	_ = p.template.ExecuteTemplate(&h, "head", now) // memory takes everything, and the template was tried
	if len(now.Wrong) > 0 {
		_ = p.template.ExecuteTemplate(&b, "above", now)
	}
	return h.Bytes(), b.Bytes()
}

// adder keeps a page back until something was put into it. What is no page goes
// through as it comes.
type adder struct {
	http.ResponseWriter
	status  int
	begun   bool
	through bool
	page    bytes.Buffer
}

// WriteHeader says whether it is a page.
func (a *adder) WriteHeader(status int) {
	if a.begun {
		return
	}
	a.begun, a.status = true, status
	a.through = !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html")
	if a.through {
		a.ResponseWriter.WriteHeader(status)
	}
}

// Write keeps a page and passes on everything else.
func (a *adder) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.through {
		return a.ResponseWriter.Write(b)
	}
	return a.page.Write(b)
}

// Unwrap lets http.ResponseController find the writer beneath.
func (a *adder) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// finish sends the page with what is put into its head and before its end.
func (a *adder) finish(head, body []byte) {
	if a.through || !a.begun {
		return
	}
	a.Header().Del("Content-Length")
	a.ResponseWriter.WriteHeader(a.status)
	page := a.page.Bytes()
	page = bytes.Replace(page, []byte("</head>"), append(head, "</head>"...), 1)
	if i := bytes.LastIndex(page, []byte("</body>")); i >= 0 && len(body) > 0 {
		page = append(append(page[:i:i], body...), page[i:]...)
	}
	_, _ = a.ResponseWriter.Write(page) // the reader is gone if this fails
}
