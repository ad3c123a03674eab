package signin

import (
	"net/http"
	"net/netip"
	"time"

	"postroom/internal/postroom"
)

// Renderer writes a page of templates/desk/pages.
type Renderer interface {
	Render(w http.ResponseWriter, r *http.Request, status int, page string, data any) error
}

// Pages are the pages of the door, for the desk to hang among its own. They work
// below Wrap.
type Pages struct {
	*SignIn
	Renderer
	From func(*http.Request) netip.Addr // who asks; nil counts everybody as one network
}

// Route is one page or button of the door.
type Route struct {
	Pattern string
	Open    bool // also for somebody who is not signed in
	Handle  func(http.ResponseWriter, *http.Request) error
}

// Routes lists every page and button.
func (p Pages) Routes() []Route {
	return []Route{
		{"GET /desk/sign-in", true, p.AskPage},
		{"POST /desk/sign-in", true, p.AskPost},
		{"GET /desk/sign-in/sent", true, p.SentPage},
		{"POST /desk/sign-in/code", true, p.CodePost},
		{"GET /desk/sign-in/{token}", true, p.LinkPage},
		{"POST /desk/sign-in/{token}", true, p.LinkPost},
		{"POST /desk/sign-out", true, p.SignOut},
		{"GET /desk/devices", false, p.DevicesPage},
		{"POST /desk/devices/{id}/revoke", false, p.RevokePost},
		{"POST /desk/devices/others/revoke", false, p.RevokeOthersPost},
	}
}

// AskData is what sign-in.html shows. Problem is the last part of a text's key,
// desk.signin.problem.…: "address", "too_many" or "".
type AskData struct {
	Address, Next string
	Problem       string
}

// SentData is what sign-in-sent.html shows. Problem is "code" or "".
type SentData struct{ Problem string }

// The states of a link, as sign-in-link.html shows them.
const (
	linkReady     = "ready"     // a button signs in
	linkElsewhere = "elsewhere" // it was asked for in another browser
	linkOld       = "old"       // used up, too old, or no link at all
)

// LinkData is what sign-in-link.html shows.
type LinkData struct{ State, Token, Next string }

// DevicesData is what devices.html shows.
type DevicesData struct{ Devices []Device }

// mostBytes is how long a form of these pages may be.
const mostBytes = 32 << 10

// browserCookie tells one browser from another, also while nobody is signed in:
// a link is bound to it, and by it a browser is known that a colleague has used
// before. It opens nothing.
const (
	browserCookie = "desk-browser"
	browserLives  = 400 * 24 * time.Hour // as long as browsers keep one
)

// AskPage shows the form that asks for a link. A colleague who is in is sent on.
func (p Pages) AskPage(w http.ResponseWriter, r *http.Request) error {
	next := wanted(r.URL.Query().Get("next"))
	if _, in := p.Who(r); in {
		return p.goOn(w, r, next)
	}
	p.browser(w, r)
	return p.show(w, r, http.StatusOK, "sign-in.html", AskData{Next: next})
}

// AskPost asks for a link. What follows says the same to everybody.
func (p Pages) AskPost(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostBytes)
	asked := AskData{Address: r.PostFormValue("address"), Next: wanted(r.PostFormValue("next"))}
	if asked.Address == "" {
		asked.Problem = "address"
		return p.show(w, r, http.StatusUnprocessableEntity, "sign-in.html", asked)
	}
	err := p.Ask(r.Context(), Asking{Address: asked.Address, Browser: p.browser(w, r), Agent: r.UserAgent(), Next: asked.Next, From: p.from(r)})
	if postroom.KindOf(err) == postroom.TooMany {
		p.Log.WarnContext(r.Context(), "too many requests to sign in from one network", "err", err)
		asked.Problem = "too_many"
		return p.show(w, r, http.StatusTooManyRequests, "sign-in.html", asked)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/sign-in/sent", http.StatusSeeOther)
	return nil
}

// SentPage says that a link is on its way if the address is a colleague's, and
// takes the code.
func (p Pages) SentPage(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, "sign-in-sent.html", SentData{})
}

// CodePost signs in with the code of the mail, in the browser that asked.
func (p Pages) CodePost(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostBytes)
	entered, err := p.Enter(r.Context(), Way{Code: r.PostFormValue("code"), Browser: p.browser(w, r), Agent: r.UserAgent(), Before: p.token(r)})
	if postroom.KindOf(err) == postroom.Gone {
		return p.show(w, r, http.StatusUnprocessableEntity, "sign-in-sent.html", SentData{Problem: "code"})
	}
	if err != nil {
		return err
	}
	return p.letIn(w, r, entered)
}

// LinkPage shows what a link does. In a demo it does it: its link was printed
// and never mailed, so nothing looks at it but the visitor.
func (p Pages) LinkPage(w http.ResponseWriter, r *http.Request) error {
	shown, err := p.look(w, r)
	if err != nil {
		return err
	}
	if p.Demo && shown.State == linkReady {
		return p.LinkPost(w, r)
	}
	return p.showLink(w, r, shown)
}

// look says what a link would do in this browser.
func (p Pages) look(w http.ResponseWriter, r *http.Request) (LinkData, error) {
	shown := LinkData{State: linkOld}
	hash, ok := secretOf(r.PathValue("token"))
	if !ok {
		return shown, nil
	}
	l, err := p.Store.Read(r.Context()).SignInLink(hash, p.Clock.Now())
	switch {
	case postroom.KindOf(err) == postroom.NotFound:
		return shown, nil
	case err != nil:
		return shown, err
	case !l.Live:
	case l.Browser != "" && l.Browser != hashed(p.browser(w, r)):
		shown.State, shown.Next = linkElsewhere, l.Next
	default:
		shown.State, shown.Token = linkReady, r.PathValue("token")
	}
	return shown, nil
}

func (p Pages) showLink(w http.ResponseWriter, r *http.Request, shown LinkData) error {
	status := map[string]int{linkReady: http.StatusOK, linkElsewhere: http.StatusForbidden, linkOld: http.StatusGone}
	return p.show(w, r, status[shown.State], "sign-in-link.html", shown)
}

// LinkPost signs in with a link, and uses it up.
func (p Pages) LinkPost(w http.ResponseWriter, r *http.Request) error {
	entered, err := p.Enter(r.Context(), Way{Token: r.PathValue("token"), Browser: p.browser(w, r), Agent: r.UserAgent(), Before: p.token(r)})
	if postroom.KindOf(err) == postroom.Gone {
		shown, err := p.look(w, r)
		if err != nil {
			return err
		}
		if shown.State == linkReady { // the colleague has left
			shown = LinkData{State: linkOld}
		}
		return p.showLink(w, r, shown)
	}
	if err != nil {
		return err
	}
	return p.letIn(w, r, entered)
}

// letIn gives the browser its cookie and shows the page that was wanted.
func (p Pages) letIn(w http.ResponseWriter, r *http.Request, entered Entered) error {
	p.setCookie(w, p.cookies.Cookie.Name, entered.Token, lifetime)
	return p.goOn(w, r, wanted(entered.Next))
}

func (p Pages) goOn(w http.ResponseWriter, r *http.Request, next string) error {
	if next == "" {
		next = "/desk/"
	}
	private(w)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// SignOut signs out of this browser.
func (p Pages) SignOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.Leave(r.Context()); err != nil {
		return err
	}
	return p.goOn(w, r, "/desk/sign-in")
}

// DevicesPage lists where the colleague is signed in.
func (p Pages) DevicesPage(w http.ResponseWriter, r *http.Request) error {
	who, in := p.Who(r)
	if !in {
		return p.goOn(w, r, "/desk/sign-in?next=/desk/devices")
	}
	list, err := p.Devices(r.Context(), who.Name)
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "devices.html", DevicesData{list})
}

// RevokePost signs the colleague out of one browser. Doing it again changes
// nothing.
func (p Pages) RevokePost(w http.ResponseWriter, r *http.Request) error {
	return p.revoking(w, r, func(who postroom.Colleague) error {
		err := p.Revoke(r.Context(), who.Name, r.PathValue("id"))
		if postroom.KindOf(err) == postroom.NotFound {
			return nil
		}
		return err
	})
}

// RevokeOthersPost signs the colleague out of every other browser.
func (p Pages) RevokeOthersPost(w http.ResponseWriter, r *http.Request) error {
	return p.revoking(w, r, func(who postroom.Colleague) error {
		_, err := p.RevokeOthers(r.Context(), who.Name)
		return err
	})
}

func (p Pages) revoking(w http.ResponseWriter, r *http.Request, do func(postroom.Colleague) error) error {
	who, in := p.Who(r)
	if !in {
		return p.goOn(w, r, "/desk/sign-in")
	}
	if err := do(who); err != nil {
		return err
	}
	return p.goOn(w, r, "/desk/devices")
}

// show writes a page that nobody keeps and that tells no other page of a link.
func (p Pages) show(w http.ResponseWriter, r *http.Request, status int, page string, data any) error {
	private(w)
	return p.Render(w, r, status, page, data)
}

func private(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "same-origin")
}

// browser returns what is in the cookie of the browser, and gives it one if it
// has none of ours.
func (p Pages) browser(w http.ResponseWriter, r *http.Request) string {
	name := p.cookieName(browserCookie)
	if c, err := r.Cookie(name); err == nil {
		if _, ok := secretOf(c.Value); ok {
			return c.Value
		}
	}
	fresh := newSecret().text
	p.setCookie(w, name, fresh, browserLives)
	r.AddCookie(&http.Cookie{Name: name, Value: fresh}) // whoever asks again in this request gets the same
	return fresh
}

// setCookie counts a cookie's life from now, whatever our clock says.
func (p Pages) setCookie(w http.ResponseWriter, name, value string, lives time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(lives.Seconds()), Secure: p.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// token is the sign-in that the request came with.
func (p Pages) token(r *http.Request) string { return p.cookies.Token(r.Context()) }

func (p Pages) from(r *http.Request) netip.Addr {
	if p.From == nil {
		return netip.Addr{}
	}
	return p.From(r)
}
