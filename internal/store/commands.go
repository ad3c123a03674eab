package store

import (
	"database/sql"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// DeedsBy lists what a colleague did last, also what was undone, the newest
// first, at most limit.
func (r Reader) DeedsBy(actor string, limit int) (list []postroom.Deed, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d, err := scanDeed(rows.Scan)
		list = append(list, d)
		return err
	}, `SELECT `+deedColumns+` FROM deeds WHERE actor = $1 ORDER BY at DESC, id DESC LIMIT $2`, actor, limit)
	if err != nil {
		return nil, fmt.Errorf("list deeds of %s: %w", actor, err)
	}
	return list, nil
}

// CommandLetters counts the letters with commands that came from an address since
// a moment.
func (r Reader) CommandLetters(address string, since time.Time) (n int, err error) {
	err = r.row(`SELECT count(*) FROM letters WHERE folder = 'inbox' AND address = $1 AND received_at > $2 AND reason = 'commands'`,
		address, micros(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count letters with commands: %w", err)
	}
	return n, nil
}
