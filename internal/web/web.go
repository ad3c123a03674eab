// Package web is the front counter: the pages on which people fill in forms,
// confirm, change their mind and leave a list, and the JSON API that does the
// same for programs.
//
// The idea a newcomer needs: a handler decides nothing. It reads what came,
// hands it to a work room, and answers with a redirect or a page; an error is
// returned, and one place (answer) turns it into a status, a log line and a
// page in the reader's language. GET never changes anything, because mail
// scanners open every link; only a button's POST acts. There are no cookies, and
// all a page must remember stands in its address or its form, signed: but for the
// answers to a form of several pages and the files that come with one, which are
// kept sealed for a few days under what stands there.
//
// Every text a person reads stands in templates/locale, every page in
// templates/web. Both are checked when the Server is made, so that a missing
// key or a misspelt template stops the start and not a visitor.
package web

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Intake is the one door in.
type Intake interface {
	// Accept files an entry. What the person can mend is *intake.Refused.
	Accept(ctx context.Context, e postroom.Entry) (intake.Receipt, error)
	// Finish answers what a letter left open.
	Finish(ctx context.Context, submission string, e postroom.Entry) (intake.Receipt, error)
	// Readdress sends what is owed for a submission to another address.
	Readdress(ctx context.Context, submission, address string) error
	// Surging says whether so much comes in by a form that a person looks first.
	Surging(ctx context.Context, form string) (bool, error)
	// Busy says whether so much had come with a submission's address that a
	// stranger's would be held.
	Busy(ctx context.Context, sub postroom.Submission) (bool, error)
}

// Lists is what the links in the mails of a list do. Doing any of it a second
// time changes nothing.
type Lists interface {
	Confirm(ctx context.Context, subscription string) error
	NotMe(ctx context.Context, subscription string) error
	Unsubscribe(ctx context.Context, subscription string) error
	// Stop is Unsubscribe by a link that may have been passed on: the address hears of it.
	Stop(ctx context.Context, subscription string) error
	// Back undoes either, for whoever did it a moment ago.
	Back(ctx context.Context, subscription string) error
	// Choose keeps what somebody chose of a list.
	Choose(ctx context.Context, subscription, locale string, c postroom.Choices) error
	// AskToMove asks two addresses whether the news of one shall go to the other;
	// AgreeToMove and RefuseMove are what one of them answers.
	AskToMove(ctx context.Context, from, to, locale string) error
	AgreeToMove(ctx context.Context, move string, newEnd bool) error
	RefuseMove(ctx context.Context, move string) error
	// LeaveAll ends everything that the address of a subscription is on.
	LeaveAll(ctx context.Context, subscription string) error
	// Return undoes what a letter asked for and a message told of.
	Return(ctx context.Context, message string) error
}

// Events gives places back.
type Events interface {
	// Cancel ends a booking, or returns Gone if it has ended.
	Cancel(tx *store.Tx, b postroom.Booking, at time.Time) error
}

// Check is something the post room cannot work without.
type Check struct {
	Name string
	Do   func(ctx context.Context) error
}

// Options is what a Server is made from.
type Options struct {
	Programmes *programme.Set
	Intake     Intake
	Lists      Lists
	Events     Events
	Mails      Mails // sends links to drafts; nil offers none
	Guardians  Guardians
	Amendments Amendments
	Store      *store.Store
	Links      *link.Signer
	Clock      postroom.Clock
	Org        config.Organisation
	Templates  fs.FS    // web, static and locale
	Locales    *Locales // what LoadLocales read of them; nil reads it
	Log        *slog.Logger

	// Programs are the rooms that programs with a token ask; without an Access there
	// are none.
	Programs Programs
	// Desk answers everything below /desk; nil has none.
	Desk http.Handler
	// Ready are the checks behind /readyz; the database is always one.
	Ready []Check
	// SecretsEnd says whether a secret of ours comes to its end; nil is never.
	SecretsEnd func(now time.Time) bool
	// Mailboxes says how each mailbox is that letters are read from; nil says
	// nothing of them.
	Mailboxes func(ctx context.Context) ([]Mailbox, error)
	// TrustedProxies are the reverse proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// MetricsFrom are the networks that may read /metrics besides this machine.
	MetricsFrom []netip.Prefix
	// Sites are the websites that may show our forms in a frame, send to the API
	// from their pages, and to which people are sent back.
	Sites []string
	// PostsPerMinute is how many forms one client address may send; 0 is 30, and
	// a negative number is no limit.
	PostsPerMinute int
}

// Server answers the pages and the API.
type Server struct {
	Options
	locales *Locales
	pages   *Pages
	assets  *Assets
	limits  *limiter[netip.Prefix]
	strays  *limiter[netip.Prefix] // who comes with a token that does not work
	pace    *limiter[string]       // of each token
	room    *room                  // for files that are being sent
	uploads uploads
	guard   *guard
	metrics *metrics
	guess   *guesser
	look    look
}

// New makes a Server. It returns an error that names every missing or
// superfluous text, every misspelt template and every asset that is not there.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Org.Zone == nil {
		o.Org.Zone = time.UTC
	}
	locales, err := o.Locales, error(nil)
	if locales == nil {
		locales, err = LoadLocales(o.Templates)
	}
	if err != nil {
		return nil, fmt.Errorf("load texts: %w", err)
	}
	assets, err := LoadAssets(o.Templates)
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	pages, err := ParsePages(o.Templates, "web", locales, assets)
	if err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	s := &Server{Options: o, locales: locales, pages: pages, assets: assets}
	s.limits, s.guard = newLimiter[netip.Prefix](o.Clock, o.PostsPerMinute), newGuard(o.Clock, o.PostsPerMinute)
	s.strays, s.pace = newLimiter[netip.Prefix](o.Clock, straysPerMinute), newLimiter[string](o.Clock, cmp.Or(o.Programs.PerMinute, RequestsPerMinute))
	s.room, s.uploads = newRoom(), uploads{most: maxUpload, time: uploadTime}
	s.metrics = newMetrics(o.Store, o.Clock, o.Log)
	if o.Mailboxes != nil {
		s.metrics.registry.MustRegister(newBoxes(o.Mailboxes))
	}
	s.look = assets.wear(o.Org)
	s.guess = newGuesser(locales.Tags(), o.Programmes)
	return s, nil
}

// Handler returns everything a browser, a program or a probe may ask for. It
// returns an error when the organisation's own address is not one.
func (s *Server) Handler() (http.Handler, error) {
	mux := http.NewServeMux()
	s.route(mux)
	if err := s.routeDoors(mux); err != nil {
		return nil, err
	}
	guard, err := s.crossOrigin()
	if err != nil {
		return nil, err
	}
	// What these take from other sites they look at themselves.
	guard.AddInsecureBypassPattern("POST " + outsidePattern)
	guard.AddInsecureBypassPattern("POST " + submissionsPattern)
	for _, route := range s.programRoutes() { // a browser sends no token by itself
		guard.AddInsecureBypassPattern(route.method + " " + route.path)
	}
	return s.metrics.count(s.withHeaders(s.byPath(guard.Handler(mux)))), nil
}

// crossOrigin refuses what pages of somebody else's send, but for those of sites.
func (s *Server) crossOrigin(sites ...string) (*http.CrossOriginProtection, error) {
	guard := http.NewCrossOriginProtection()
	trusted := slices.DeleteFunc(slices.Clone(sites), func(site string) bool { return strings.Contains(site, "*") })
	if s.Org.BaseURL != "" {
		trusted = append(trusted, originOf(s.Org.BaseURL))
	}
	for _, origin := range trusted {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trust what comes from %s: %w", origin, err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(s.elsewhere))
	return guard, nil
}

// Probes returns what a process answers that has no pages: whether it is up,
// whether it is ready, and its figures.
func (s *Server) Probes() http.Handler {
	mux := http.NewServeMux()
	s.routeProbes(mux)
	return s.withHeaders(mux)
}

// route names every page. What is not named is not found, in the reader's
// language.
func (s *Server) route(mux *http.ServeMux) {
	page := func(pattern string, h handler) { mux.Handle(pattern, s.handle(h)) }
	mux.Handle("GET /{$}", compressed(s.handle(s.home)))
	mux.Handle("GET /f/{form}", compressed(s.handle(s.showForm)))
	page("POST /f/{form}", s.submitForm)
	page("GET /leave-page/{form}", s.leavePage)
	page("GET /d/{token}", s.resume)
	page("GET /d/{token}/{page}", s.showQuestions)
	page("POST /d/{token}/{page}", s.saveQuestions)
	page("GET /d/{token}/check", s.showCheck)
	page("POST /d/{token}/check", s.sendDraft)
	page("GET /d/{token}/later", s.showLater)
	page("POST /d/{token}/later", s.mailLink)
	page("GET /d/{token}/equality", s.showEquality)
	page("POST /d/{token}/equality", s.saveEquality)
	page("GET /guardian/{token}", s.showGuardian)
	page("POST /guardian/{token}", s.answerGuardian)
	page("POST /guardian/{token}/again", s.askGuardian)
	page("GET /receipt/{token}", s.showReceipt)
	page("POST /receipt/{token}/address", s.changeAddress)
	page("GET /confirm/{token}", s.showConfirm)
	page("POST /confirm/{token}", s.confirm)
	page("POST /confirm/{token}/not-me", s.notMe)
	page("GET /subscribed", s.done("subscribed.html", "subscribed.title"))
	page("GET /not-me", s.done("not-me.html", "not_me.title"))
	page("GET /unsubscribe/{token}", s.showUnsubscribe)
	page("POST /unsubscribe/{token}", s.unsubscribe)
	page("POST /unsubscribe/{token}/back", s.back)
	page("GET /leave/{token}", s.showLeave)
	page("POST /leave/{token}", s.leave)
	page("GET /undo/{token}", s.showUndo)
	page("POST /undo/{token}", s.undo)
	page("GET /unsubscribed", s.done("unsubscribed.html", "unsubscribed.title"))
	page("GET /finish/{token}", s.showFinish)
	page("POST /finish/{token}", s.finish)
	s.routeManage(page)
	s.routeNews(page)
	page("/", s.nowhere)
	mux.Handle("/api/", s.api(s.nowhere))
	mux.Handle("GET /static/{file}", s.handle(s.static))
	mux.Handle("GET "+postroom.PicturePath+"{name}", s.handle(s.picture))
	if s.Desk != nil {
		mux.Handle("/desk/", s.Desk)
		mux.Handle("/deed/", s.Desk)
		mux.Handle("GET /desk", http.RedirectHandler("/desk/", http.StatusSeeOther))
	}
	s.routeProbes(mux)
}

// routeManage names the pages behind a mailed link, and what stands around them.
func (s *Server) routeManage(page func(string, handler)) {
	page("GET /manage/{token}", s.showManage)
	page("POST /manage/{token}", s.cancelBooking)
	page("GET /manage/{token}/cancel", s.askCancel)
	page("POST /manage/{token}/party", s.changeParty)
	page("POST /manage/{token}/take", s.takePlace)
	page("GET /manage/{token}/change", s.askChange)
	page("POST /manage/{token}/change", s.change)
	page("GET /manage/{token}/forget", s.askForget)
	page("POST /manage/{token}/forget", s.forget)
	page("GET /manage/{token}/withdraw", s.askWithdraw)
	page("POST /manage/{token}/withdraw", s.withdraw)
	page("POST /manage/{token}/agree", s.agree)
	page("GET /manage/{token}/contact", s.askContact)
	page("POST /manage/{token}/language", s.speak)
	page("POST /manage/{token}/reach", s.reach)
	page("GET /my-link", s.askMyLink)
	page("POST /my-link", s.sendMyLink)
	page("GET /my-link/sent", s.done("my-link-sent.html", "my_link.sent_title"))
	page("GET /my/{token}", s.showMine)
	s.routeArchive(page)
	page("GET /privacy/{programme}", s.showNotice)
	page("GET /f/{form}/privacy", s.showNotice)
}

func (s *Server) routeProbes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.handle(s.showMetrics))
}
