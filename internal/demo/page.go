package demo

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/web"
	"postroom/templates"
)

//go:embed page.html page.css
var files embed.FS

// shown is how many mails of each side the page shows.
const shown = 15

// page shows both sides of the post room: what a visitor writes and gets, and
// what a coordinator sees.
type page struct {
	room     *app.Room
	caught   *catcher
	clock    *app.Clock
	template *template.Template
	mux      *http.ServeMux
}

func newPage(room *app.Room, caught *catcher, clock *app.Clock) (*page, error) {
	words, err := web.LoadLocales(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	say := func(reason string) string {
		if !words.Has(reason) {
			return reason // a mail server's own words
		}
		return words.Text("en", postroom.Say(reason))
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{"open": opened, "say": say}).ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("read the demo's page: %w", err)
	}
	p := &page{room: room, caught: caught, clock: clock, template: t, mux: http.NewServeMux()}
	p.mux.HandleFunc("GET /demo", p.show)
	p.mux.HandleFunc("GET /demo/mail.json", p.mail)
	p.mux.HandleFunc("POST /demo/forward", p.forward)
	p.mux.Handle("GET /demo/page.css", http.StripPrefix("/demo/", http.FileServerFS(files)))
	return p, nil
}

// ServeHTTP answers the demo's own pages. Only a page of the demo itself may
// set the clock forward.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; frame-src 'self'; base-uri 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.NewCrossOriginProtection().Handler(p.mux).ServeHTTP(w, r)
}

// seen is what the page shows.
type seen struct {
	Now         time.Time
	Forms       []*programme.Form
	Mails       []Caught // to visitors, newest first
	Notices     []Caught // to coordinators, newest first
	Submissions []postroom.Submission
	Messages    map[postroom.MessageState]int
	Calls       []postroom.Call
	References  map[string]string // of submissions, by id
	Jobs        []postroom.Job
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	s, err := p.look(r)
	var out bytes.Buffer
	if err == nil {
		err = p.template.Execute(&out, s)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // only ever on one's own machine
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = out.WriteTo(w) // the reader is gone if this fails
}

func (p *page) look(r *http.Request) (s seen, err error) {
	read := p.room.Store.Read(r.Context())
	s.Now, s.Forms = p.clock.Now().In(p.room.Config.Organisation.Zone), p.room.Programmes.Forms()
	s.Mails, s.Notices = p.sort(p.caught.to(""))
	if s.Submissions, err = read.Submissions(20); err != nil {
		return s, err
	}
	s.References = make(map[string]string)
	for _, sub := range s.Submissions {
		s.References[sub.ID] = sub.Reference
	}
	if s.Messages, err = read.MessageCounts(); err != nil {
		return s, err
	}
	if s.Calls, err = read.Calls(20); err != nil {
		return s, err
	}
	s.Jobs, err = read.Jobs("", 20)
	return s, err
}

// shownMail is a mail on the page, unfolded or not.
type shownMail struct {
	Caught
	Open bool
}

func opened(m Caught, open bool) shownMail { return shownMail{m, open} }

// sort parts visitors' mails from coordinators', both newest first.
func (p *page) sort(all []Caught) (mails, notices []Caught) {
	for _, m := range slices.Backward(all) {
		if slices.ContainsFunc(p.room.Config.Coordinators, func(c config.Coordinator) bool { return c.Address == m.To }) {
			notices = append(notices, m)
			continue
		}
		mails = append(mails, m)
	}
	return mails[:min(len(mails), shown)], notices[:min(len(notices), shown)]
}

// mail lists caught mails, newest last: all, or those to one address.
func (p *page) mail(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p.caught.to(r.URL.Query().Get("to"))) // the reader is gone if this fails
}

// forward sets the clock forward by some hours, once everything that is due
// now has been done.
func (p *page) forward(w http.ResponseWriter, r *http.Request) {
	hours, err := strconv.Atoi(strings.TrimSpace(r.FormValue("hours")))
	if err != nil || hours < 1 || hours > 24*366 {
		http.Error(w, "hours: a number from 1 to 8784", http.StatusUnprocessableEntity)
		return
	}
	p.settle(r.Context())
	p.travel(r.Context(), p.clock.Now().Add(time.Duration(hours)*time.Hour))
	http.Redirect(w, r, "/demo", http.StatusSeeOther)
}

// travel sets the clock to a moment, and stops on the way wherever a promise
// falls due: to jump over its day would be to come too late for it.
func (p *page) travel(ctx context.Context, until time.Time) {
	way, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for way.Err() == nil {
		now := p.clock.Now()
		next, err := p.room.Store.Read(way).NextStep()
		if err != nil || !next.After(now) || !next.Before(until) {
			break
		}
		p.clock.Advance(next.Sub(now))
		p.settle(way)
	}
	p.clock.Advance(until.Sub(p.clock.Now()))
	p.settle(ctx)
}

// settle lets the post room do what is due, for as long as a reader would wait
// for a page. What is not done by then goes on in the background.
func (p *page) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = p.room.WorkUntilIdle(ctx) // the page shows what is left
}
