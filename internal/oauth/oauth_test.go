package oauth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/oauth"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

const (
	client = "postroom-app"
	secret = "client-secret-value"
	agreed = "refresh-token-of-the-settings"
)

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Until(time.Time) <-chan struct{} { return nil }

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// room is what tokens need.
type room struct {
	store  *store.Store
	clock  *clock
	log    *bytes.Buffer
	server *testserver.TokenServer
	login  config.OAuth
	before func(string)
}

func open(t testing.TB, url string) *room {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() }) // what a test writes it reads back
	server := testserver.OAuth(t)
	server.App(client, secret)
	login := config.OAuth{ClientID: client, Secret: config.NewSecret(secret), TokenURL: server.URL, Scopes: []string{"mail"}}
	return &room{store: st, clock: &clock{now: time.Now()}, log: new(bytes.Buffer), server: server, login: login}
}

func sqlite(t testing.TB) *room { return open(t, filepath.Join(t.TempDir(), "postroom.db")) }

// agreed makes the login one to which a person said yes.
func (r *room) agreed() *room {
	r.server.Agree(client, agreed)
	r.login.Refresh = config.NewSecret(agreed)
	return r
}

// process returns the tokens of a process that has just begun.
func (r *room) process() oauth.Token {
	o := oauth.Options{Store: r.store, Clock: r.clock, Log: slog.New(slog.NewTextHandler(r.log, nil)), Before: r.before}
	return oauth.New(o).For(&r.login)
}

// wantToken gets a good one.
func (r *room) wantToken(t testing.TB, get oauth.Token, refused string) string {
	t.Helper()
	token, err := get(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	if !r.server.Good(token) {
		t.Error("the token is not good")
	}
	return token
}

func (r *room) wantAsked(t testing.TB, n int) {
	t.Helper()
	if asked := r.server.Asked(); len(asked) != n {
		t.Errorf("the provider was asked for %q, want %d requests", asked, n)
	}
}

func TestATokenIsKeptUntilAMinuteBeforeItsEnd(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	get := r.process()
	first := r.wantToken(t, get, "")
	r.clock.advance(58 * time.Minute)
	if again := r.wantToken(t, get, ""); again != first {
		t.Error("the token was not kept")
	}
	r.clock.advance(90 * time.Second)
	if again := r.wantToken(t, get, ""); again == first {
		t.Error("the token was used to its very end")
	}
	r.wantAsked(t, 2)
}

func TestARefusedTokenIsReplacedUnlessItIsBrandNew(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	get := r.process()
	first := r.wantToken(t, get, "")
	r.clock.advance(2 * time.Minute)
	second := r.wantToken(t, get, first)
	if second == first {
		t.Error("the refused token was given again")
	}
	if _, err := get(t.Context(), second); !oauth.Hopeless(err) {
		t.Errorf("a token that is refused at once was replaced: %v", err)
	}
	if third := r.wantToken(t, get, first); third != second {
		t.Error("whoever was refused with an older token did not get the newest")
	}
	r.wantAsked(t, 2)
}

func TestManyWhoAskAtOnceAskTheProviderOnce(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	get := r.process()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { r.wantToken(t, get, "") })
	}
	all.Wait()
	r.wantAsked(t, 1)
}

func TestWhatAProviderRefusesIsSaidInPlainWordsAndNotRepeated(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"AADSTS7000222: The provided client secret keys for app are expired.":    "the client secret has expired (AADSTS7000222)",
		"AADSTS90002: Tenant 'x' not found.":                                     "the tenant is not known at Microsoft (AADSTS90002)",
		"AADSTS65001: The user or administrator has not consented.":              "nobody has agreed that the app may do this (AADSTS65001)",
		"AADSTS99999999: We say " + secret + " and " + agreed + " in our answer": "the client id or the client secret is wrong (AADSTS99999999)",
		"": "the client id or the client secret is wrong (invalid_client)",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := sqlite(t)
			r.server.Fail(401, "invalid_client", description)
			get := r.process()
			for range 3 {
				_, err := get(t.Context(), "")
				if err == nil || err.Error() != "no token: "+want || !oauth.Hopeless(err) {
					t.Errorf("got %v", err)
				}
				if no, ok := errors.AsType[*oauth.Refusal](err); !ok || no.Do == "" {
					t.Error("nothing says what to do")
				}
			}
			r.wantAsked(t, 1)
			r.server.Fail(0, "", "")
			r.clock.advance(6 * time.Minute)
			r.wantToken(t, get, "")
		})
	}
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	good := r.login.TokenURL
	r.login.TokenURL = "http://127.0.0.1:1/token"
	_, err := r.process()(t.Context(), "")
	if err == nil || oauth.Hopeless(err) || strings.Contains(err.Error(), secret) || !strings.HasPrefix(err.Error(), "ask 127.0.0.1:1 for a token: ") {
		t.Errorf("got %v", err)
	}
	r.login.TokenURL = good + "-which-is-not-there"
	if _, err := r.process()(t.Context(), ""); err == nil || oauth.Hopeless(err) || !strings.HasSuffix(err.Error(), "it answers 404 Not Found") {
		t.Errorf("got %v", err)
	}
}

func TestARotatedRefreshTokenIsUsedByTheNextProcess(t *testing.T) {
	t.Parallel()
	for engine, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "postroom.db") },
		"postgres": func(t *testing.T) string { return testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			r := open(t, url(t)).agreed()
			r.server.Rotate()
			for range 3 {
				r.wantToken(t, r.process(), "") // the token before is worthless by now
			}
			one, other := r.process(), r.process()
			for range 3 {
				r.clock.advance(2 * time.Hour)
				r.wantToken(t, one, "")
				r.wantToken(t, other, "") // which has to find what the first has put on file
			}
			if r.log.Len() > 0 {
				t.Errorf("the log says %s", r.log)
			}
		})
	}
}

func TestAnotherRefreshTokenInTheSettingsBeginsAnew(t *testing.T) {
	t.Parallel()
	r := sqlite(t).agreed()
	r.server.Rotate()
	r.wantToken(t, r.process(), "")
	r.server.Agree(client, "another")
	r.login.Refresh = config.NewSecret("another")
	r.wantToken(t, r.process(), "")
	r.wantToken(t, r.process(), "")
}

// Between a provider's answer and the commit a process may die. The provider
// has forgotten the old refresh token by then and nobody knows the new one: that
// cannot be helped from here, and is said in plain words.
func TestWhoDiesBetweenUseAndSaveHasToSignInAgain(t *testing.T) {
	t.Parallel()
	r := sqlite(t).agreed()
	r.server.Rotate()
	r.before = func(point string) {
		if point == "oauth: refresh done" {
			panic("killed")
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = r.process()(t.Context(), "")
	}()
	r.before = nil
	_, err := r.process()(t.Context(), "")
	if want := "no token: the refresh token is not valid any more (AADSTS70000)"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	r.server.Agree(client, agreed) // as with Microsoft, which lets the old one live on
	r.wantToken(t, r.process(), "")
}

// Whoever asked may have gone by the time the answer comes: it is saved.
func TestARotatedRefreshTokenIsSavedThoughNobodyWaits(t *testing.T) {
	t.Parallel()
	r := sqlite(t).agreed()
	r.server.Rotate()
	ctx, cancel := context.WithCancel(t.Context())
	r.before = func(point string) {
		if point == "oauth: refresh done" {
			cancel()
		}
	}
	if _, err := r.process()(ctx, ""); err != nil {
		t.Fatal(err)
	}
	r.before = nil
	r.wantToken(t, r.process(), "")
}

func TestNothingThatIsPrintedTellsASecret(t *testing.T) {
	t.Parallel()
	r := sqlite(t).agreed()
	if text := fmt.Sprintf("%v %+v %#v", r.login, r.login, &r.login); strings.Contains(text, secret) || strings.Contains(text, agreed) {
		t.Errorf("a login prints as %s", text)
	}
}
