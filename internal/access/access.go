// Package access lets programs of the organisation in: a website, the script of a
// volunteer. Each has a token of its own, which says what it may do and ends one day.
//
// The idea a newcomer needs: what a program shows is a secret that is seen once, when
// it is made. On file is its hash alone, so whoever reads the database, or a backup of
// it, is let in nowhere. The secret begins with what it is for, so that a scanner that
// looks for lost secrets knows it, and nothing else of ours takes it.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Prefix is how every secret begins.
const Prefix = "postroom_api_"

// Lasts is how long a token lets a program in where nothing else is said.
const Lasts = 365 * 24 * time.Hour

// longest is how many characters a name may have.
const longest = 60

// secretBytes is how long what follows the prefix is. Nobody guesses it, so a plain
// hash of it is safe to store.
const secretBytes = 32

// Options are what Access needs.
type Options struct {
	Store   *store.Store
	Clock   postroom.Clock
	HasList func(name string) bool
}

// Access makes tokens, knows them again, and ends them.
type Access struct{ Options }

// New returns Access.
func New(o Options) *Access { return &Access{o} }

// Wish says what token is to be made.
type Wish struct {
	Name   string
	Scopes []postroom.Scope
	List   string
	Until  time.Time // zero is Lasts from now
	By     string
}

// Make makes a token and returns it with the secret, which is never seen again. It
// returns Invalid for a wish that cannot be, and Conflict for a name that is taken.
func (a *Access) Make(ctx context.Context, w Wish) (t postroom.Token, secret string, err error) {
	now := a.Clock.Now()
	t = postroom.Token{Name: strings.Join(strings.Fields(w.Name), " "), List: w.List, MadeBy: w.By, MadeAt: now, ExpiresAt: w.Until}
	if t.ExpiresAt.IsZero() {
		t.ExpiresAt = now.Add(Lasts)
	}
	for _, s := range postroom.Scopes() { // in this order, each once
		if slices.Contains(w.Scopes, s) {
			t.Scopes = append(t.Scopes, s)
		}
	}
	if err := a.check(t, w, now); err != nil {
		return t, "", &postroom.Error{Kind: postroom.Invalid, Cause: err}
	}
	secret = newSecret()
	err = a.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if t, err = tx.AddAPIToken(t, hashed(secret)); err != nil {
			return err
		}
		return tx.Audit(w.By, "made token", t.ID, now)
	})
	if err != nil {
		return t, "", fmt.Errorf("make token: %w", err)
	}
	return t, secret, nil
}

func (a *Access) check(t postroom.Token, w Wish, now time.Time) error {
	for _, s := range w.Scopes {
		if !slices.Contains(postroom.Scopes(), s) {
			return fmt.Errorf("there is no scope %q; write some of %v", s, postroom.Scopes())
		}
	}
	switch {
	case t.Name == "" || len([]rune(t.Name)) > longest:
		return fmt.Errorf("a token needs a name of at most %d characters, which says what uses it", longest)
	case len(t.Scopes) == 0:
		return fmt.Errorf("a token needs a scope: some of %v", postroom.Scopes())
	case w.List != "" && !a.HasList(w.List):
		return fmt.Errorf("there is no list %q", w.List)
	case !t.ExpiresAt.After(now):
		return errors.New("a token that has ended already lets nobody in")
	}
	return nil
}

// Open returns the token that a secret belongs to, and whether it lets anybody in
// now. That it was used is noted, once a day.
func (a *Access) Open(ctx context.Context, secret string) (postroom.Token, bool, error) {
	if !plausible(secret) {
		return postroom.Token{}, false, nil
	}
	t, there, err := a.Store.Read(ctx).APITokenOf(hashed(secret))
	now := a.Clock.Now()
	if err != nil || !there || !t.Works(now) {
		return postroom.Token{}, false, err
	}
	day := now.UTC().Truncate(24 * time.Hour)
	if t.UsedOn.Before(day) {
		err = a.Store.Write(ctx, func(tx *store.Tx) error { return tx.UseAPIToken(t.ID, day) })
	}
	return t, err == nil, err
}

// All lists every token, the newest first.
func (a *Access) All(ctx context.Context) ([]postroom.Token, error) {
	return a.Store.Read(ctx).APITokens()
}

// Revoke ends a token, named by its id or its name. From then on it lets nobody in.
// Doing it again changes nothing. It returns NotFound.
func (a *Access) Revoke(ctx context.Context, named, by string) (t postroom.Token, err error) {
	now := a.Clock.Now()
	err = a.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if t, err = tx.RevokeAPIToken(named, now); err != nil || !t.RevokedAt.Equal(now) {
			return err
		}
		return tx.Audit(by, "revoked token", t.ID, now)
	})
	if err != nil {
		return t, fmt.Errorf("revoke token: %w", err)
	}
	return t, nil
}

// encoding is strict, so that one secret is written in one way only.
func encoding() *base64.Encoding { return base64.RawURLEncoding.Strict() }

func newSecret() string {
	var b [secretBytes]byte
	rand.Read(b[:])
	return Prefix + encoding().EncodeToString(b[:])
}

// plausible says whether a text may be a secret, so that what is none costs no look
// at the database.
func plausible(text string) bool {
	rest, ours := strings.CutPrefix(text, Prefix)
	if !ours || len(rest) != encoding().EncodedLen(secretBytes) || strings.ContainsAny(rest, "\r\n") { // the decoder passes over line breaks
		return false
	}
	_, err := encoding().DecodeString(rest)
	return err == nil
}

// hashed is how a secret is on file.
func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
