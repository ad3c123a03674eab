package signin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// What every sign-in holds.
const (
	keyName = "colleague"
	keyID   = "id"
)

// encode writes what a new sign-in holds. Its end is only for the cookie, which
// the browser measures by its own clock.
func encode(name, id string) ([]byte, error) {
	b, err := scs.GobCodec{}.Encode(time.Now().Add(lifetime).UTC(), map[string]any{keyName: name, keyID: id})
	if err != nil {
		return nil, fmt.Errorf("encode sign-in: %w", err)
	}
	return b, nil
}

// shelf is where scs finds sign-ins. It makes none: Enter does, with the link
// that is used up. What somebody leaves here who is not signed in is not kept, so
// that strangers fill no table.
type shelf struct{ *SignIn }

// FindCtx returns what a sign-in holds, and notes that its colleague is here.
func (s shelf) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	hash, ok := secretOf(token)
	if !ok {
		return nil, false, nil
	}
	now := s.Clock.Now()
	row, found, err := s.Store.Read(ctx).SignIn(hash, now, s.unseen(now))
	if err != nil || !found {
		return nil, false, err
	}
	if now.Sub(row.SeenAt) >= seenEvery {
		if err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.SeeSignIn(hash, now) }); err != nil {
			s.Log.WarnContext(ctx, "that a colleague is at the desk could not be noted", "err", err)
		}
	}
	return row.Data, true, nil
}

// CommitCtx stores what a sign-in holds now, until it ends as it would have.
func (s shelf) CommitCtx(ctx context.Context, token string, data []byte, _ time.Time) error {
	hash, ok := secretOf(token)
	if !ok {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.KeepSignIn(hash, data) })
}

// DeleteCtx ends a sign-in.
func (s shelf) DeleteCtx(ctx context.Context, token string) error {
	hash, ok := secretOf(token)
	if !ok {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndSignIn(hash)
		if err != nil || ended.ID == "" {
			return err
		}
		return tx.Audit(ended.Colleague, "signed out", ended.ID, s.Clock.Now())
	})
}

// Find, Commit and Delete are what scs.Store asks for; scs calls the others.
func (s shelf) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s shelf) Commit(token string, data []byte, end time.Time) error {
	return s.CommitCtx(context.Background(), token, data, end)
}

func (s shelf) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// Wrap reads the sign-in of each request for a handler. Who, Leave and what they
// keep work only below it.
func (s *SignIn) Wrap(next http.Handler) http.Handler {
	return s.cookies.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), wrapped{}, true)))
	}))
}

// Who returns who is signed in, below Wrap. Whoever has left, or has lost every
// role, is signed out at once.
func (s *SignIn) Who(r *http.Request) (postroom.Colleague, bool) {
	name := s.cookies.GetString(r.Context(), keyName)
	if name == "" {
		return postroom.Colleague{}, false
	}
	if c, here := s.Team.Named(name); here && mayOpen(c) {
		return c, true
	}
	if err := (shelf{s}).DeleteCtx(r.Context(), s.cookies.Token(r.Context())); err != nil { // not Leave: another sign-in may begin in this very request
		s.Log.ErrorContext(r.Context(), "a colleague who has left could not be signed out", "err", err)
	}
	return postroom.Colleague{}, false
}

// Leave signs out whoever asks.
func (s *SignIn) Leave(ctx context.Context) error { return s.cookies.Destroy(ctx) }

// current is the id of the sign-in that asks, or "": the command line has none.
func (s *SignIn) current(ctx context.Context) (id string) {
	if ctx.Value(wrapped{}) == nil {
		return ""
	}
	return s.cookies.GetString(ctx, keyID)
}

// wrapped marks the context of a request below Wrap.
type wrapped struct{}

// Keep remembers a text for whoever is signed in until it is taken: for the page
// after this one. Like Kept it must be called before anything is written.
func (s *SignIn) Keep(r *http.Request, key, text string) {
	s.cookies.Put(r.Context(), "kept."+key, text)
}

// Kept takes what Keep has kept, or returns "".
func (s *SignIn) Kept(r *http.Request, key string) string {
	return s.cookies.PopString(r.Context(), "kept."+key)
}
