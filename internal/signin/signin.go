// Package signin lets colleagues into the desk: by a link that is mailed to
// them, or the short code beside it, and knows in which browsers they are.
//
// The idea a newcomer needs: there are no passwords, so whoever reads a
// colleague's mail in time is the colleague, and everything here keeps that
// narrow. A link works once, for a quarter of an hour, and only in the browser
// that asked for it, so that one that is forwarded or looked at by a mail scanner
// opens nothing. GET shows a button; only POST signs in. Whether an address
// belongs to somebody is told to nobody but them: asking looks the same, takes
// the same, and is counted the same, whoever is asked for.
//
// Only hashes of what is in links and cookies are stored. The cookie is read by
// scs; the rows are ours, so that using a link up and making the sign-in are one
// transaction.
package signin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/team"
)

// How long what works.
const (
	linkLives = 15 * time.Minute
	idle      = 12 * time.Hour      // without a look at the desk
	lifetime  = 30 * 24 * time.Hour // whatever they do
	seenEvery = time.Minute         // how exactly it is known when somebody was last at the desk
)

// What may be asked for in an hour.
const (
	mostMails   = 3   // about one address; and as many in each browser that its colleague has used before
	mostFromNet = 20  // from one network, whatever becomes of it
	mostAtAll   = 200 // mails about anybody
)

// Outbox is what owes mail.
type Outbox interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
}

// Options are what a SignIn needs.
type Options struct {
	Store   *store.Store
	Team    *team.Team
	Outbox  Outbox
	Clock   postroom.Clock
	BaseURL string // of the pages, without a slash at the end
	Demo    bool   // links that are printed work more than once, and at once; sign-ins last while its clock is set forward
	Log     *slog.Logger
}

// SignIn is the door of the desk.
type SignIn struct {
	Options
	cookies *scs.SessionManager
}

// New returns the door of the desk.
func New(o Options) *SignIn {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &SignIn{Options: o, cookies: scs.New()}
	s.cookies.Store = shelf{s}
	s.cookies.Lifetime = lifetime // idle and its true end are in the rows, by our own clock
	s.cookies.Cookie.Name, s.cookies.Cookie.Secure = s.cookieName("desk"), s.secure()
	s.cookies.ErrorFunc = s.failed
	return s
}

// demoLives is how long what is in a demo works by its clock, which visitors set
// forward by weeks: as long as it runs.
const demoLives = 10 * 366 * 24 * time.Hour

// unseen is the moment since which a sign-in must have been seen to be one still,
// and ends when one that begins now ends whatever they do.
func (s *SignIn) unseen(now time.Time) time.Time {
	if s.Demo {
		return now.Add(-demoLives)
	}
	return now.Add(-idle)
}

func (s *SignIn) ends(now time.Time) time.Time {
	if s.Demo {
		return now.Add(demoLives)
	}
	return now.Add(lifetime)
}

// secure says whether browsers reach the desk over https only.
func (s *SignIn) secure() bool { return strings.HasPrefix(s.BaseURL, "https://") }

// cookieName is what a cookie of ours is called. The prefix has browsers refuse
// one that another host of the domain has set (RFC 6265bis, section 4.1.3.2).
func (s *SignIn) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func (s *SignIn) failed(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.ErrorContext(r.Context(), "a sign-in could not be read", "err", err)
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}

// mayOpen says whether a colleague may open the desk at all.
func mayOpen(c postroom.Colleague) bool { return c.Here() && (len(c.Grants) > 0 || c.FromFile) }

// Asking is somebody who asks to be let in.
type Asking struct {
	Address string // as they typed it
	Browser string // what is in the cookie of their browser
	Agent   string // User-Agent
	Next    string // path of the page that they wanted
	From    netip.Addr
}

// Ask owes a mail with a link and a code, if the address is a colleague's. To
// whoever asks everything else is the same: nobody learns who works here. It
// returns TooMany when too much is asked for from one network; over any other
// limit it owes nothing and says nothing.
func (s *SignIn) Ask(ctx context.Context, a Asking) error {
	fresh, now := newSecret(), s.Clock.Now()
	ask := store.SignInAsk{
		Hash: fresh.hash, Code: newCode(), Address: typed(a.Address), Net: network(a.From), Browser: hashed(a.Browser),
		Next: wanted(a.Next), At: now, Until: now.Add(linkLives),
	}
	if ask.Browser == "" { // "" would be any
		ask.Browser = newSecret().hash
	}
	c, known := s.Team.At(ask.Address)
	if known {
		ask.Address, ask.Colleague = c.Address, c.Name // there are many ways to write it
	}
	mail := postroom.Message{To: c.Address, Locale: c.Locale, Template: "sign-in", Lane: postroom.Urgent, Data: s.saying(a.Agent, now)}
	mail.Data["url"], mail.Data["code"] = s.linkTo(fresh.text), readable(ask.Code)
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.CountSignInAsks(ask, now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n.FromNet >= mostFromNet {
			return &postroom.Error{Kind: postroom.TooMany, Cause: fmt.Errorf("ask to sign in: %d times from one network", n.FromNet)}
		}
		asked := ask
		if !known || !mayOpen(c) || n.Mailed >= mostMails || n.All >= mostAtAll {
			asked.Colleague = ""
		}
		return s.answer(tx, asked, mail)
	})
}

// answer files what was asked for, and owes the mail where that is to somebody.
func (s *SignIn) answer(tx *store.Tx, ask store.SignInAsk, mail postroom.Message) error {
	if err := tx.AddSignInAsk(ask); err != nil {
		return err
	}
	if ask.Colleague == "" {
		if err := tx.OweNobody(); err != nil {
			return err
		}
		return tx.Audit(stranger, "sign-in refused", "", ask.At)
	}
	if _, err := s.Outbox.Owe(tx, mail); err != nil {
		return err
	}
	return tx.Audit(stranger, "sign-in asked", ask.Colleague, ask.At)
}

// stranger is in the audit whoever has not proved yet who they are.
const stranger = "somebody"

// saying is what a mail says of when and with what somebody was at the desk.
func (s *SignIn) saying(agent string, at time.Time) map[string]string {
	d := deviceOf(agent)
	return map[string]string{"starts": at.UTC().Format(time.RFC3339), "browser": d.Browser, "system": d.System}
}

func (s *SignIn) linkTo(token string) string { return s.BaseURL + "/desk/sign-in/" + token }

// Way is how somebody signs in: with what was in a link, or with a code.
type Way struct {
	Token, Code string
	Browser     string // what is in the cookie of their browser
	Agent       string // User-Agent
	Before      string // token of the sign-in that this one takes the place of; "" is none
}

// Entered is a sign-in that has begun.
type Entered struct {
	Token string // for the cookie
	Next  string // path of the page that was wanted, or ""
}

// Enter signs somebody in, and uses up what they did it with, in one
// transaction. It returns Gone where that opens nothing, or nothing any more, or
// not in this browser. A code that is wrong counts as a try all the same.
func (s *SignIn) Enter(ctx context.Context, way Way) (Entered, error) {
	hash, err := s.opens(ctx, way)
	if err != nil {
		return Entered{}, err
	}
	fresh, now := newSecret(), s.Clock.Now()
	entered := Entered{Token: fresh.text}
	begun := store.SignIn{Hash: fresh.hash, ID: store.NewSignInID(), Device: deviceOf(way.Agent).String(), BeganAt: now, ExpiresAt: s.ends(now)}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		name, next, err := tx.UseSignInLink(hash, hashed(way.Browser), now)
		if err != nil {
			return err
		}
		c, here := s.Team.Named(name)
		if !here || !mayOpen(c) {
			return gone("a colleague who has left")
		}
		entered.Next, begun.Colleague = next, name
		return s.begin(tx, c, begun, way)
	})
	if postroom.KindOf(err) == postroom.Gone {
		s.noteRefusal(ctx, hash)
	}
	return entered, err
}

// opens returns the hash of the link that a way in stands for.
func (s *SignIn) opens(ctx context.Context, way Way) (hash string, err error) {
	if way.Code == "" {
		hash, ok := secretOf(way.Token)
		if !ok {
			return "", gone("what never was a link")
		}
		return hash, nil
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error { // kept, whatever follows: each try counts
		var tried bool
		if hash, tried, err = tx.TrySignInCode(hashed(way.Browser), digits(way.Code), s.Clock.Now()); err != nil || !tried || hash != "" {
			return err
		}
		return tx.Audit(stranger, "sign-in refused", "", s.Clock.Now())
	})
	if err == nil && hash == "" {
		err = gone("a code that opens nothing")
	}
	return hash, err
}

func gone(what string) error {
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("sign in with %s", what)}
}

// noteRefusal notes that a link did not let somebody in. What never was a link
// is not noted: strangers could fill the audit with it.
func (s *SignIn) noteRefusal(ctx context.Context, hash string) {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		l, err := tx.SignInLink(hash, s.Clock.Now())
		if postroom.KindOf(err) == postroom.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.Audit(stranger, "sign-in refused", l.Colleague, s.Clock.Now())
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "a refused sign-in could not be noted", "err", err)
	}
}

// begin files a sign-in. A colleague is told of one in a browser that is new.
func (s *SignIn) begin(tx *store.Tx, c postroom.Colleague, begun store.SignIn, way Way) (err error) {
	if begun.Data, err = encode(begun.Colleague, begun.ID); err != nil {
		return err
	}
	if hash, ok := secretOf(way.Before); ok {
		if _, err := tx.EndSignIn(hash); err != nil {
			return fmt.Errorf("end the sign-in before: %w", err)
		}
	}
	if err := tx.AddSignIn(begun, s.unseen(begun.BeganAt)); err != nil {
		return err
	}
	elsewhere, err := tx.NewBrowser(c.Name, hashed(way.Browser), begun.BeganAt)
	if err != nil {
		return fmt.Errorf("note the browser of a sign-in: %w", err)
	}
	if elsewhere && !s.Demo {
		mail := postroom.Message{Key: "signed-in:" + begun.ID, To: c.Address, Locale: c.Locale, Template: "signed-in-elsewhere", Lane: postroom.Urgent, Data: s.saying(way.Agent, begun.BeganAt)}
		mail.Data["url"] = s.BaseURL + "/desk/devices"
		if _, err := s.Outbox.Owe(tx, mail); err != nil {
			return err
		}
	}
	return tx.Audit(c.Name, "signed in", begun.ID, begun.BeganAt)
}

// SignInFor makes a link that signs a colleague in in any browser, without any
// mail, and returns what is in it. It works once and for a quarter of an hour,
// and in a demo for as long as it runs.
func (s *SignIn) SignInFor(ctx context.Context, name string) (token string, err error) {
	c, here := s.Team.Named(name)
	if !here || !mayOpen(c) {
		return "", &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("nobody here is called %q and may open the desk", name)}
	}
	fresh, now := newSecret(), s.Clock.Now()
	ask := store.SignInAsk{Hash: fresh.hash, Colleague: name, Address: c.Address, At: now, Until: now.Add(linkLives), Many: s.Demo}
	if s.Demo {
		ask.Until = now.Add(demoLives)
	}
	return fresh.text, s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddSignInAsk(ask); err != nil {
			return err
		}
		return tx.Audit("command line", "sign-in link made", name, now)
	})
}

// LinkFor is SignInFor with the whole address to open.
func (s *SignIn) LinkFor(ctx context.Context, name string) (string, error) {
	token, err := s.SignInFor(ctx, name)
	return s.linkTo(token), err
}
