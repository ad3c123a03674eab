// Package oauth gets the tokens by which mailboxes and mail servers are opened
// that take no password (RFC 6749).
//
// The idea a newcomer needs: a token belongs to a login of the settings, not to
// a mailbox. Whatever has the same app and the same refresh token shares one
// token, and asks for it each time it connects; it is kept until a minute before
// its end. Whoever was refused says with which token: they get another one, once,
// because what a brand-new token does not open is shut for a reason that no token
// mends. Some providers give a new refresh token with each use and forget the old
// one, so the new one is on file, sealed, before anybody uses what came with it.
package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Options are what Tokens need.
type Options struct {
	Store *store.Store // nil gets no token that needs a refresh token
	Clock postroom.Clock
	Log   *slog.Logger
	HTTP  *http.Client // nil is one that waits half a minute

	Before postroom.Failpoint // around each request for a token; nil but in tests
}

// Token returns an access token. refused is the one with which a server has
// just refused us, or "".
type Token = func(ctx context.Context, refused string) (string, error)

// patience is how long a provider may take for a token.
const patience = 30 * time.Second

// Tokens are the tokens of all logins of one process.
type Tokens struct {
	options Options

	mu      sync.Mutex
	sources map[string]*source
}

// New returns Tokens that ask nobody before somebody asks them.
func New(o Options) *Tokens {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: patience}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Tokens{options: o, sources: make(map[string]*source)}
}

// For returns where a login's tokens come from, or nil where it needs none.
func (t *Tokens) For(login *config.OAuth) Token {
	if login == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := account(*login) + login.Secret.Reveal() // a new secret is another login, but opens the same refresh token
	if t.sources[key] == nil {
		t.sources[key] = &source{Options: t.options, login: *login, turn: make(chan struct{}, 1)}
	}
	return t.sources[key].token
}
