package desk

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/web"
)

// maxBody is the most that one request may bring.
const maxBody = 1 << 20

// request is one look or one act of a colleague.
type request struct {
	*http.Request
	Who postroom.Colleague // the zero colleague where a stranger may look
}

type handler func(w http.ResponseWriter, r *request) error

// handle keeps a route's rule and makes a page of what its handler returns. It is
// the only place where an error becomes a status, a log line and a page.
func (d *Desk) handle(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, plain *http.Request) {
		plain.Body = http.MaxBytesReader(w, plain.Body, route.most())
		r := &request{Request: plain}
		var in bool
		if r.Who, in = d.SignIn.Who(plain); !in && !route.rule.stranger {
			d.askToSignIn(w, r)
			return
		}
		if err := d.run(route, w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

// run runs a handler if its rule lets this colleague in. A panic is an error, so
// that the reader still gets a page and the log says where it was.
func (d *Desk) run(route route, w http.ResponseWriter, r *request) (err error) {
	if !route.rule.lets(r.Who) {
		return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("desk.error.not_yours")}
	}
	defer func() {
		p := recover()
		if ended, ok := p.(error); p != nil && (!ok || !errors.Is(ended, http.ErrAbortHandler)) {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := r.ParseForm(); err != nil {
		return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.error.unreadable"), Cause: err}
	}
	return route.do(w, r)
}

// askToSignIn sends a stranger to the sign-in page, and from there back to where
// they wanted to go. What a button would have done is not done.
func (d *Desk) askToSignIn(w http.ResponseWriter, r *request) {
	to := "/desk/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/desk/" {
		to += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
}

// fail shows an error. What is not the reader's to mend is logged.
func (d *Desk) fail(w http.ResponseWriter, r *request, err error) {
	kind := postroom.KindOf(err)
	if kind == postroom.Internal || kind == postroom.Unavailable {
		d.Log.ErrorContext(r.Context(), "desk request failed", "pattern", r.Pattern, "err", err)
	}
	p := errorPage{page: d.page(r, d.say(postroom.Say("desk.error."+kind.String()+".title"))), Say: d.say(said(err))}
	if err := d.render(w, r, web.Status(err), "error.html", p); err != nil {
		d.Log.ErrorContext(r.Context(), "error page failed", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// errorPage tells a colleague what went wrong and what to do now.
type errorPage struct {
	page
	Say string
}

// said is what the reader is told about an error: its own words if it brought
// any, else those of its kind.
func said(err error) postroom.Text {
	kind := postroom.KindOf(err)
	if e, ok := errors.AsType[*postroom.Error](err); ok && e.Say.Key != "" && kind != postroom.Internal {
		return e.Say
	}
	return postroom.Say("desk.error." + kind.String() + ".text")
}

// render writes a page once all of it has been made.
func (d *Desk) render(w http.ResponseWriter, r *request, status int, name string, data any) error {
	var body bytes.Buffer
	if err := d.pages.Execute(&body, english, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", english)
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		d.Log.DebugContext(r.Context(), "reader went away", "err", err)
	}
	return nil
}

// back is the page of the desk from which a button was pressed, or another if
// that is none of ours.
func (r *request) back(otherwise string) string {
	at, err := url.Parse(r.PostFormValue("back"))
	if err != nil || at.Host != "" || at.Scheme != "" || !strings.HasPrefix(at.Path, "/desk/") || strings.Contains(at.Path, "//") {
		return otherwise
	}
	return at.RequestURI()
}

// withHeaders says what a page of the desk may do: what the public pages may, and
// run the desk's own script.
func (d *Desk) withHeaders(next http.Handler) http.Handler {
	policy := strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "img-src 'self'", "script-src 'self'", "connect-src 'self'",
		"form-action 'self'", "frame-src 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	}, "; ")
	secure := web.Secure(d.Org.BaseURL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		web.Harden(h, secure)
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Cookie")
		next.ServeHTTP(w, r)
	})
}

func (d *Desk) nowhere(http.ResponseWriter, *request) error {
	return &postroom.Error{Kind: postroom.NotFound}
}
