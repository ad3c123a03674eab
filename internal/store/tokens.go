package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// tokenPurpose is what a refresh token is sealed for, before its account.
const tokenPurpose = "tokens.refresh:"

// RefreshToken returns the newest refresh token of a login, and whether there
// is any on file.
func (r Reader) RefreshToken(account string) (token string, there bool, err error) {
	var sealed []byte
	err = r.row(`SELECT sealed FROM tokens WHERE account = $1`, account).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read refresh token: %w", err)
	}
	plain, err := r.box.Open(tokenPurpose+account, sealed)
	return string(plain), err == nil, err
}

// UseRefreshToken notes that a login's refresh token was used, and keeps the
// one that came in its place.
func (tx *Tx) UseRefreshToken(account, next string, at time.Time) error {
	sealed, err := tx.box.Seal(tokenPurpose+account, []byte(next))
	if err != nil {
		return err
	}
	_, err = tx.exec(`
		INSERT INTO tokens (account, sealed, used_at) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, used_at = excluded.used_at`, account, sealed, micros(at))
	if err != nil {
		return fmt.Errorf("keep refresh token: %w", err)
	}
	return nil
}
