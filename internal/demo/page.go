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
	"postroom/internal/store"
	"postroom/internal/web"
	"postroom/templates"
)

//go:embed page.html page.css
var files embed.FS

// shown is how many mails of each side the page shows.
const shown = 15

// Summary is what one coordinator will read on a morning.
type Summary struct {
	Coordinator string
	Text        string
}

// pageOptions is what the page shows and acts on.
type pageOptions struct {
	Room   *app.Room
	Caught *catcher
	Clock  *app.Clock
	SMTP   string // host:port
	IMAP   string // host:port
	Desk   string // a link that opens the desk; "" where there is none

	// Sweep has the mailboxes looked through and returns when what lay there is
	// on file; nil while nobody reads them.
	Sweep func(context.Context) error

	// Tomorrow writes each coordinator's summary as it would be at a moment;
	// nil leaves that part of the page out.
	Tomorrow func(ctx context.Context, at time.Time) ([]Summary, error)
}

// page shows both sides of the post room: what a visitor writes and gets, and
// what a coordinator sees.
type page struct {
	pageOptions
	template *template.Template
	samples  []sample
	mux      *http.ServeMux
}

func newPage(o pageOptions) (*page, error) {
	words, err := web.LoadLocales(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	say := func(reason string) string {
		if !words.Has(reason) {
			return strings.ReplaceAll(reason, "_", " ") // a mail server's own words, or ours for a letter
		}
		return words.Text("en", postroom.Say(reason))
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{"open": opened, "say": say, "plain": plain}).ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("read the demo's page: %w", err)
	}
	p := &page{pageOptions: o, template: t, mux: http.NewServeMux()}
	if p.samples, err = loadSamples(); err != nil {
		return nil, err
	}
	p.mux.HandleFunc("GET /demo", p.show)
	p.mux.HandleFunc("GET /demo/mail.json", p.mail)
	p.mux.HandleFunc("POST /demo/forward", p.forward)
	p.mux.HandleFunc("POST /demo/letter", p.sendSample)
	p.mux.HandleFunc("POST /demo/write", p.sendOwn)
	p.mux.Handle("GET /demo/page.css", http.StripPrefix("/demo/", http.FileServerFS(files)))
	return p, nil
}

// plain writes one of our states or classes as words.
func plain(word any) string { return strings.ReplaceAll(fmt.Sprint(word), "_", " ") }

// ServeHTTP answers the demo's own pages. Only a page of the demo itself may
// set the clock forward or send a letter.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; form-action 'self'; frame-src 'self'; base-uri 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	http.NewCrossOriginProtection().Handler(p.mux).ServeHTTP(w, r)
}

// seen is what the page shows.
type seen struct {
	Now         time.Time
	Forms       []*programme.Form
	Samples     []sample
	Draft       draft
	Mails       []Caught // to visitors, newest first
	Mornings    bool     // somebody writes summaries
	Tomorrow    []Summary
	Desk        string   // a link that opens the desk; "" where there is none
	Letters     []filed  // newest first
	Notices     []Caught // to coordinators, newest first
	Submissions []postroom.Submission
	Messages    map[postroom.MessageState]int
	Calls       []postroom.Call
	References  map[string]string // of submissions, by id
	Jobs        []postroom.Job
	Boxes       []config.Mailbox
	IMAP, SMTP  string
}

// filed is a letter on file under the subject that its reader would see.
type filed struct {
	postroom.Letter
	Subject string
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	p.answer(w, r, http.StatusOK, draft{})
}

// answer shows the page, with a letter that still has to be put right.
func (p *page) answer(w http.ResponseWriter, r *http.Request, status int, d draft) {
	s, err := p.look(r.Context())
	s.Draft = d
	var out bytes.Buffer
	if err == nil {
		err = p.template.Execute(&out, s)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // only ever on one's own machine
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader is gone if this fails
}

func (p *page) look(ctx context.Context) (s seen, err error) {
	read := p.Room.Store.Read(ctx)
	s.Now, s.Forms, s.Samples = p.Clock.Now().In(p.Room.Config.Organisation.Zone), p.Room.Programmes.Forms(), p.samples
	s.Desk = p.Desk
	s.Boxes, s.IMAP, s.SMTP = p.Room.Config.Mailboxes, p.IMAP, p.SMTP
	s.Mails, s.Notices = p.sort(p.Caught.to(""))
	if s.Submissions, err = read.Submissions(20); err != nil {
		return s, err
	}
	s.References = make(map[string]string)
	for _, sub := range s.Submissions {
		s.References[sub.ID] = sub.Reference
	}
	if s.Letters, err = p.letters(read); err != nil {
		return s, err
	}
	if s.Messages, err = read.MessageCounts(); err != nil {
		return s, err
	}
	if s.Calls, err = read.Calls(20); err != nil {
		return s, err
	}
	if s.Jobs, err = read.Jobs("", 20); err != nil || p.Tomorrow == nil {
		return s, err
	}
	s.Mornings = true
	s.Tomorrow, err = p.Tomorrow(ctx, morningAfter(s.Now))
	return s, err
}

// morningAfter is when the coordinators' next summaries are read.
func morningAfter(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 8, 0, 0, 0, now.Location())
}

func (p *page) letters(read store.Reader) (list []filed, err error) {
	letters, err := read.Letters(shown)
	for _, l := range letters {
		m, _ := p.Caught.named(l.MessageID) // without one it is shown by its sender alone
		list = append(list, filed{Letter: l, Subject: m.Subject})
	}
	return list, err
}

// shownMail is a mail on the page, unfolded or not.
type shownMail struct {
	Caught
	Open bool
}

func opened(m Caught, open bool) shownMail { return shownMail{m, open} }

// sort parts visitors' mails from coordinators', both newest first, and leaves
// out what came in as a letter.
func (p *page) sort(all []Caught) (mails, notices []Caught) {
	for _, m := range slices.Backward(all) {
		if p.Caught.delivers(m.To) {
			continue
		}
		if slices.ContainsFunc(p.Room.Config.Coordinators, func(c config.Coordinator) bool { return c.Address == m.To }) {
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
	_ = enc.Encode(p.Caught.to(r.URL.Query().Get("to"))) // the reader is gone if this fails
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
	p.travel(r.Context(), p.Clock.Now().Add(time.Duration(hours)*time.Hour))
	http.Redirect(w, r, "/demo", http.StatusSeeOther)
}

// travel sets the clock to a moment, and stops on the way wherever a promise
// falls due: to jump over its day would be to come too late for it.
func (p *page) travel(ctx context.Context, until time.Time) {
	way, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for way.Err() == nil {
		now := p.Clock.Now()
		next, err := p.Room.Store.Read(way).NextStep()
		if err != nil || !next.After(now) || !next.Before(until) {
			break
		}
		p.Clock.Advance(next.Sub(now))
		p.settle(way)
	}
	p.Clock.Advance(until.Sub(p.Clock.Now()))
	p.settle(ctx)
}

// sendSample sends one of the sample letters.
func (p *page) sendSample(w http.ResponseWriter, r *http.Request) {
	at := slices.IndexFunc(p.samples, func(s sample) bool { return s.Name == r.PostFormValue("name") })
	if at < 0 {
		http.Error(w, "name: one of the sample letters", http.StatusUnprocessableEntity)
		return
	}
	s, g := p.samples[at], gaps{Date: p.Clock.Now().In(p.Room.Config.Organisation.Zone).Format(time.RFC1123Z), MessageID: newMessageID()}
	if got := p.Caught.to(s.sender()); len(got) > 0 && s.envelope() == "" {
		g.Answers = got[len(got)-1].MessageID
	}
	raw, err := s.fill(g)
	if err == nil {
		err = p.post(r.Context(), s.envelope(), s.To, raw)
	}
	p.sent(w, r, err)
}

// sendOwn sends a letter of the reader's own.
func (p *page) sendOwn(w http.ResponseWriter, r *http.Request) {
	d := draft{From: strings.TrimSpace(r.PostFormValue("from")), To: r.PostFormValue("to"), Subject: r.PostFormValue("subject"), Text: r.PostFormValue("text")}
	if !d.check(p.Caught) {
		p.answer(w, r, http.StatusUnprocessableEntity, d)
		return
	}
	from, raw, err := d.write(newMessageID(), p.Clock.Now().In(p.Room.Config.Organisation.Zone))
	if err == nil {
		err = p.post(r.Context(), from, d.To, raw)
	}
	p.sent(w, r, err)
}

// sent shows the page once the post room has dealt with a letter.
func (p *page) sent(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway) // only ever on one's own machine
		return
	}
	p.settle(r.Context())
	http.Redirect(w, r, "/demo#got", http.StatusSeeOther)
}

// settle lets the post room fetch its letters and do what is due, for as long
// as a reader would wait for a page. What is not done by then goes on in the background.
func (p *page) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if p.Sweep != nil {
		_ = p.Sweep(ctx) // the next look finds what this one did not
	}
	_ = p.Room.WorkUntilIdle(ctx) // the page shows what is left
}
