package store

import (
	"errors"
	"testing"
	"time"

	"postroom/internal/seal"
)

func TestTheNewestRefreshTokenIsKeptSealed(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		if _, there, err := s.Read(t.Context()).RefreshToken("a"); there || err != nil {
			t.Errorf("a login that was never used has a token: %v", err)
		}
		for i, token := range []string{"first-secret", "second-secret"} {
			write(t, s, func(tx *Tx) error { return tx.UseRefreshToken("a", token, monday.Add(time.Duration(i)*time.Hour)) })
		}
		if token, there, err := s.Read(t.Context()).RefreshToken("a"); token != "second-secret" || !there || err != nil {
			t.Errorf("got %q, %t, %v", token, there, err)
		}
		if n := count(t, s, `SELECT count(*) FROM tokens WHERE used_at = $1`, micros(monday.Add(time.Hour))); n != 1 {
			t.Error("the use is not noted")
		}
		if n := count(t, s, `SELECT count(*) FROM tokens WHERE CAST(sealed AS TEXT) LIKE '%secret%'`); n != 0 {
			t.Error("the token can be read in the database")
		}
		write(t, s, func(tx *Tx) error {
			_, err := tx.exec(`INSERT INTO tokens (account, sealed, used_at) SELECT 'b', sealed, used_at FROM tokens`)
			return err
		})
		if _, _, err := s.Read(t.Context()).RefreshToken("b"); !errors.Is(err, seal.ErrSealed) {
			t.Errorf("a token that was moved to another login opens: %v", err)
		}
	})
}
