package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"postroom/internal/config"
	"postroom/internal/store"
)

const (
	spare      = time.Minute      // how long before its end a token is not used any more
	usualLife  = 30 * time.Minute // of a token whose end the provider does not name
	brandNew   = time.Minute      // for so long a token is not to blame when it is refused
	afterWords = 5 * time.Minute  // for so long a provider that has refused us is not asked again
)

// shut is that no token helps.
type shut struct{}

func (shut) Error() string { return "a new token is refused as well" }

// Refused says that it is no outage.
func (shut) Refused() bool { return true }

// source gets the tokens of one login.
type source struct {
	Options
	login config.OAuth
	turn  chan struct{} // held by who looks or asks; a channel, so that nobody waits longer than they may

	access  string
	since   time.Time // when it was got
	until   time.Time // when it is not used any more
	unsaved string    // a refresh token that could not be put on file

	refusal  error // what the provider said last, if it refused
	askAgain time.Time
}

// account names a login without telling its secrets, the same for every
// process. Who pastes another refresh token into the settings has begun anew.
func account(login config.OAuth) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{login.TokenURL, login.ClientID, strings.Join(login.Scopes, " "), login.Refresh.Reveal()}, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (s *source) token(ctx context.Context, refused string) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := s.Clock.Now()
	switch {
	case s.access != "" && s.access != refused && now.Before(s.until):
		return s.access, nil
	case s.access != "" && s.access == refused && now.Sub(s.since) < brandNew:
		return "", shut{}
	case s.refusal != nil && now.Before(s.askAgain):
		return "", s.refusal
	}
	return s.renew(ctx, now)
}

// renew asks the provider for a token and keeps it.
func (s *source) renew(ctx context.Context, now time.Time) (string, error) {
	got, err := s.get(context.WithValue(ctx, oauth2.HTTPClient, s.HTTP))
	if err != nil {
		err = explain(err, s.login)
		if s.refusal = nil; refused(err) {
			s.refusal, s.askAgain = err, now.Add(afterWords)
		}
		return "", err
	}
	life := usualLife
	if !got.Expiry.IsZero() {
		life = time.Until(got.Expiry) // which the library counts from the wall clock
	}
	s.access, s.since, s.until, s.refusal = got.AccessToken, now, now.Add(life-spare), nil
	return s.access, nil
}

func (s *source) get(ctx context.Context) (got *oauth2.Token, err error) {
	if !s.login.Refresh.Empty() {
		return s.refresh(ctx)
	}
	app := clientcredentials.Config{
		ClientID: s.login.ClientID, ClientSecret: s.login.Secret.Reveal(), TokenURL: s.login.TokenURL,
		Scopes: s.login.Scopes, AuthStyle: oauth2.AuthStyleInParams,
	}
	err = s.Before.Around("oauth: token", func() error {
		got, err = app.Token(ctx)
		return err
	})
	return got, err
}

// refresh uses the newest refresh token there is. One that is void may have
// been used by another process a moment ago, which then has put a newer one on
// file.
func (s *source) refresh(ctx context.Context) (*oauth2.Token, error) {
	with, err := s.newest(ctx)
	if err != nil {
		return nil, err
	}
	got, err := s.exchange(ctx, with)
	if void(err) {
		other, readErr := s.newest(ctx)
		if readErr != nil || other == with {
			return nil, errors.Join(err, readErr)
		}
		got, err = s.exchange(ctx, other)
	}
	if err != nil {
		return nil, err
	}
	s.save(ctx, got.RefreshToken)
	return got, nil
}

func (s *source) exchange(ctx context.Context, refresh string) (got *oauth2.Token, err error) {
	app := oauth2.Config{
		ClientID: s.login.ClientID, ClientSecret: s.login.Secret.Reveal(), Scopes: s.login.Scopes,
		Endpoint: oauth2.Endpoint{TokenURL: s.login.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	err = s.Before.Around("oauth: refresh", func() error {
		got, err = app.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		return err
	})
	return got, err
}

// newest returns the refresh token on file, or the one in the settings, from
// which all others came.
func (s *source) newest(ctx context.Context) (string, error) {
	if s.unsaved != "" {
		return s.unsaved, nil
	}
	if s.Store == nil {
		return "", errors.New("the refresh token is in the database, which cannot be opened")
	}
	filed, there, err := s.Store.Read(ctx).RefreshToken(account(s.login))
	if err != nil {
		return "", fmt.Errorf("read refresh token: %w", err)
	}
	if !there {
		return s.login.Refresh.Reveal(), nil
	}
	return filed, nil
}

// save notes the use of a refresh token and keeps the one that came in its
// place, together. It does not end with the request that asked: the provider
// may have forgotten the old token by now. What cannot be filed is kept in
// memory, because the access token that came with it works all the same.
func (s *source) save(ctx context.Context, refresh string) {
	now := s.Clock.Now()
	err := s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return tx.UseRefreshToken(account(s.login), refresh, now)
	})
	if s.unsaved = ""; err != nil {
		s.unsaved = refresh
		s.Log.ErrorContext(ctx, "a new refresh token is not on file, and may be lost when this process ends", "err", err)
	}
}
