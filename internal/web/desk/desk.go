// Package desk is the back room: the pages on which colleagues see who waits,
// answer, and look after the post room itself.
//
// The idea a newcomer needs: every page stands in one table (routes.go) with a
// rule that says who may open it, and no handler runs before its rule was kept.
// A rule knows roles; what a page shows is besides bounded by the programmes and
// areas of whoever looks, and that is the handler's to ask (scope.go). As at the
// front counter, a handler decides nothing: it reads what came, hands it to a
// work room, and answers with a redirect or a page. GET never changes anything
// but what is noted of who looked at what. Every act is a button that works
// without JavaScript, and most can be undone: the page after it says what was
// done and offers that.
package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/casework"
	"postroom/internal/config"
	"postroom/internal/digest"
	"postroom/internal/link"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/signin"
	"postroom/internal/store"
	"postroom/internal/team"
	"postroom/internal/web"
	"postroom/internal/wording"
)

// SignIn says who looks at a page.
type SignIn interface {
	// Who returns the colleague who signed in with this browser.
	Who(r *http.Request) (postroom.Colleague, bool)
	// Wrap makes a handler's requests carry their sign-in, and keeps it.
	Wrap(next http.Handler) http.Handler
}

// Inviter asks somebody to work at the desk, and owes them a mail that says so.
type Inviter interface {
	Invite(ctx context.Context, i signin.Invitation) (postroom.Colleague, error)
}

// Options is what a Desk is made from.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Team       *team.Team
	Casework   *casework.Casework
	Letters    Letters
	Outbox     *outbound.Outbox  // shows a mail as its reader would see it
	Mails      *outbound.Letters // how reasons are said
	Digests    *digest.Digests
	SignIn     SignIn // who looks; nil is Door
	Door       *signin.SignIn
	From       func(*http.Request) netip.Addr // who asks to sign in; nil counts everybody as one network
	Engine     Engine
	Wording    *wording.Wordings
	Inviter    Inviter // nil cannot invite anybody
	Surges     Surges  // nil knows of none
	// Newsletters is the room in which editions come to be sent, and ReadDraft reads
	// what somebody wrote as one for a list, with the pictures that are on file for it.
	Newsletters *campaign.Life
	ReadDraft   func(file string, data []byte, list string, pictures []postroom.Picture) (postroom.Campaign, error)
	// Form returns the page of a form as people will see it in one language.
	Form    func(r *http.Request, form *programme.Form, locale string) (string, error)
	Intake  Intake // the one door in
	Imports Imports
	// Sheet returns the questions of a form for a colleague who fills it in for somebody.
	Sheet     func(r *http.Request, form *programme.Form, locale string, answers postroom.Answers, refused []programme.FieldError, groups []string) (web.Sheet, error)
	Demo      string // where a demo shows the visitor's side; "" where this is none
	Links     *link.Signer
	Clock     postroom.Clock
	Org       config.Organisation
	Templates fs.FS        // desk and static
	Texts     *Texts       // what ReadTexts read of them; nil reads it
	Public    *web.Locales // the words of the public pages, for what work rooms say
	Log       *slog.Logger
}

// Desk answers the pages of colleagues.
type Desk struct {
	Options
	words   *web.Locales
	pages   *web.Pages
	routes  []route
	tallies tallies

	style, logo string // addresses of what makes the pages the organisation's own
	accounts    accounts
}

// New makes a Desk. It returns an error that names every page without a rule,
// every missing text and every misspelt template.
func New(o Options) (*Desk, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Org.Zone == nil {
		o.Org.Zone = time.UTC
	}
	if o.SignIn == nil {
		o.SignIn = o.Door
	}
	texts, err := o.Texts, error(nil)
	if texts == nil {
		texts, err = ReadTexts(o.Templates)
	}
	if err != nil {
		return nil, err
	}
	d := &Desk{Options: o, words: texts.words, pages: texts.pages}
	d.style, d.logo = web.LookOf(o.Org)
	d.routes = d.table()
	var mistakes []error
	for _, route := range d.routes {
		if route.rule.empty() {
			mistakes = append(mistakes, fmt.Errorf("%s has no rule that says who may open it", route.pattern))
		}
	}
	return d, errors.Join(mistakes...)
}

// Texts are the desk's words and pages, read and checked. They do not change, so
// many desks in one process may share them.
type Texts struct {
	words *web.Locales
	pages *web.Pages
}

// ReadTexts reads desk and static of fsys. It returns an error that names every
// missing text and every misspelt template.
func ReadTexts(fsys fs.FS) (*Texts, error) {
	own, err := fs.Sub(fsys, "desk")
	if err != nil {
		return nil, fmt.Errorf("find the desk's texts: %w", err)
	}
	words, err := web.LoadLocales(own)
	if err != nil {
		return nil, fmt.Errorf("load the desk's texts: %w", err)
	}
	assets, err := web.LoadAssets(fsys)
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	pages, err := web.ParsePages(fsys, "desk", words, assets)
	if err != nil {
		return nil, fmt.Errorf("parse the desk's pages: %w", err)
	}
	return &Texts{words, pages}, nil
}

// Handler returns everything below /desk.
func (d *Desk) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range d.routes {
		mux.Handle(route.pattern, d.handle(route))
	}
	handler := d.SignIn.Wrap(mux)
	if d.Door != nil && d.SignIn != SignIn(d.Door) {
		handler = d.Door.Wrap(handler) // its own pages need it, whoever says who looks
	}
	return d.withHeaders(handler)
}

// now is the moment, in the organisation's zone.
func (d *Desk) now() time.Time { return d.Clock.Now().In(d.Org.Zone) }

// say puts a text into words: the desk's own, or those of the public pages, which
// work rooms speak in.
func (d *Desk) say(t postroom.Text) string {
	if !d.words.Has(t.Key) && d.Public != nil && d.Public.Has(t.Key) {
		return d.Public.Text(english, t)
	}
	return d.words.Text(english, t)
}

// english is the language of the desk.
const english = "en"

// read is the database under a request's context.
func (r *request) read(d *Desk) store.Reader { return d.Store.Read(r.Context()) }
