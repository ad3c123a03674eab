package mailbox_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/oauth"
	"postroom/internal/testserver"
)

const (
	client       = "postroom-app"
	clientSecret = "client-secret-value"
)

// appLogin is a login by which an app opens mailboxes as itself.
func appLogin(s *testserver.TokenServer) *config.OAuth {
	return &config.OAuth{ClientID: client, Secret: config.NewSecret(clientSecret), TokenURL: s.URL, Scopes: []string{"mail"}}
}

// withTokens returns options in which mailboxes get their tokens.
func (r *room) withTokens(boxes ...config.Mailbox) mailbox.Options {
	tokens := oauth.New(oauth.Options{Store: r.store, Clock: r.clock, Log: slog.New(r.log)})
	return mailbox.Options{Mailboxes: boxes, Token: func(ctx context.Context, box config.Mailbox, refused string) (string, error) {
		return tokens.For(box.OAuth)(ctx, refused)
	}}
}

// tokenDovecot is a server that takes tokens alone, and who gives them.
func tokenDovecot(t *testing.T) (*testserver.DovecotServer, *testserver.TokenServer) {
	t.Helper()
	d, s := testserver.Dovecot(t), testserver.OAuth(t)
	s.App(client, clientSecret)
	d.TakeTokens(s)
	return d, s
}

func tokenBox(d *testserver.DovecotServer, t *testing.T, address string, login *config.OAuth) config.Mailbox {
	b := box(t, d.IMAP, address, "")
	b.OAuth = login
	return b
}

func TestAMailboxIsOpenedWithAToken(t *testing.T) {
	t.Parallel()
	d, s := tokenDovecot(t)
	r := sqlite(t)
	m := r.startWith(t, r.withTokens(tokenBox(d, t, address, appLogin(s)), tokenBox(d, t, "other@riverside.example", appLogin(s))))
	m.sweep(t)
	d.Deliver("person@example.org", address, []byte("Subject: Hello\r\n\r\nIs the hall open?\r\n"))
	m.sweep(t)
	if n := len(r.letters(t)); n != 1 {
		t.Errorf("%d letters are on file", n)
	}
	if asked := s.Asked(); len(asked) != 1 || asked[0] != "client_credentials" {
		t.Errorf("two mailboxes of one app asked for %q", asked)
	}
}

func TestAWithdrawnTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	d, s := tokenDovecot(t)
	r := sqlite(t)
	m := r.startWith(t, r.withTokens(tokenBox(d, t, address, appLogin(s))))
	m.sweep(t)
	r.clock.advance(10 * time.Minute)
	s.Revoke()
	d.Restart() // which ends the connection
	if err := m.Sweep(t.Context()); err != nil {
		m.sweep(t) // the first may have found the dead connection
	}
	if n := len(s.Asked()); n != 2 {
		t.Errorf("%d tokens were asked for, want the first and one in its place", n)
	}
}

// Neither a login that its server refuses whatever the token nor one whose app
// is unknown may keep another mailbox from being read.
func TestABrokenLoginStopsNoOtherMailboxAndAsksSeldom(t *testing.T) {
	t.Parallel()
	d, s := tokenDovecot(t)
	elsewhere, shut := testserver.OAuth(t), testserver.OAuth(t)
	elsewhere.App(client, clientSecret)
	shut.App(client, "another")
	r := sqlite(t)
	m := r.startWith(t, r.withTokens(
		tokenBox(d, t, "refused@riverside.example", appLogin(elsewhere)),
		tokenBox(d, t, "unknown@riverside.example", appLogin(shut)),
		tokenBox(d, t, address, appLogin(s))))
	for range 3 {
		err := m.Sweep(t.Context())
		for _, want := range []string{"mailbox refused@riverside.example: login refused", "mailbox unknown@riverside.example: login refused: no token: the client secret is wrong (AADSTS7000215)"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if err != nil && (strings.Contains(err.Error(), address) || strings.Contains(err.Error(), clientSecret) || strings.Contains(err.Error(), "access-token")) {
			t.Errorf("the error is about the good mailbox, or tells a secret: %v", err)
		}
	}
	if a, b := len(elsewhere.Asked()), len(shut.Asked()); a > 1 || b > 1 {
		t.Errorf("in the same minute %d and %d tokens were asked for", a, b)
	}
	cursors, err := r.store.Read(t.Context()).Cursors()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cursors {
		if (c.Problem == "") != (c.Mailbox == address) {
			t.Errorf("mailbox %s has the problem %q", c.Mailbox, c.Problem)
		}
	}
}

func TestAMailboxWithATokenNeedsSomebodyToGiveIt(t *testing.T) {
	t.Parallel()
	d, s := tokenDovecot(t)
	if _, err := mailbox.Try(t.Context(), tokenBox(d, t, address, appLogin(s)), mailbox.Options{}); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
