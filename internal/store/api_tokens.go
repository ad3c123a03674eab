package store

import (
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

const apiTokenColumns = `id, name, scopes, list, made_by, made_at, expires_at, used_on, revoked_at`

func scanAPIToken(scan func(...any) error, more ...any) (t postroom.Token, err error) {
	var scopes string
	var made, expires, used, revoked int64
	err = scan(append([]any{&t.ID, &t.Name, &scopes, &t.List, &t.MadeBy, &made, &expires, &used, &revoked}, more...)...)
	for scope := range strings.FieldsSeq(scopes) {
		t.Scopes = append(t.Scopes, postroom.Scope(scope))
	}
	t.MadeAt, t.ExpiresAt, t.UsedOn, t.RevokedAt = moment(made), moment(expires), moment(used), moment(revoked)
	return t, err
}

// AddAPIToken files a token under the hash of what its program shows. It returns
// Conflict if one of the same name works.
func (tx *Tx) AddAPIToken(t postroom.Token, hash string) (postroom.Token, error) {
	t.ID = newID()
	scopes := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		scopes[i] = string(s)
	}
	n, err := tx.exec(`
		INSERT INTO api_tokens (id, name, hash, scopes, list, made_by, made_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) WHERE revoked_at = 0 DO NOTHING`,
		t.ID, t.Name, hash, strings.Join(scopes, " "), t.List, t.MadeBy, micros(t.MadeAt), micros(t.ExpiresAt))
	if err != nil {
		return t, fmt.Errorf("add token: %w", err)
	}
	if n == 0 {
		return t, &postroom.Error{Kind: postroom.Conflict, Cause: fmt.Errorf("there is a token called %s already", t.Name)}
	}
	return t, nil
}

// APITokens lists all tokens, the newest first.
func (r Reader) APITokens() (list []postroom.Token, err error) {
	err = r.each(func(rows *sql.Rows) error {
		t, err := scanAPIToken(rows.Scan)
		list = append(list, t)
		return err
	}, `SELECT `+apiTokenColumns+` FROM api_tokens ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// APITokenOf returns the token that is on file under a hash, and whether there is
// one, whatever has become of it. The index finds the row; that it is the right one
// is looked at in the same time whatever differs.
func (r Reader) APITokenOf(hash string) (t postroom.Token, there bool, err error) {
	var filed string
	t, err = scanAPIToken(r.row(`SELECT `+apiTokenColumns+`, hash FROM api_tokens WHERE hash = $1`, hash).Scan, &filed)
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("look for a token: %w", err)
	}
	return t, subtle.ConstantTimeCompare([]byte(filed), []byte(hash)) == 1, nil
}

// UseAPIToken notes that a token was used on a day.
func (tx *Tx) UseAPIToken(id string, day time.Time) error {
	if _, err := tx.exec(`UPDATE api_tokens SET used_on = $2 WHERE id = $1 AND used_on < $2`, id, micros(day)); err != nil {
		return fmt.Errorf("note the use of token %s: %w", id, err)
	}
	return nil
}

// RevokeAPIToken ends the token of an id, or the one that works under a name, and
// says which that was. Doing it again changes nothing. It returns NotFound.
func (tx *Tx) RevokeAPIToken(named string, at time.Time) (postroom.Token, error) {
	t, err := scanAPIToken(tx.row(`SELECT `+apiTokenColumns+` FROM api_tokens WHERE id = $1 OR name = $1 AND revoked_at = 0`, named).Scan)
	if err != nil {
		return t, absent(err, "token", named)
	}
	if !t.RevokedAt.IsZero() {
		return t, nil
	}
	if _, err := tx.exec(`UPDATE api_tokens SET revoked_at = $2 WHERE id = $1`, t.ID, micros(at)); err != nil {
		return t, fmt.Errorf("revoke token %s: %w", t.ID, err)
	}
	t.RevokedAt = at
	return t, nil
}
