package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// ItemNumbers is the counter of item numbers. It only rises, so that the number
// of something that was erased is never another's.
const ItemNumbers = "items"

// Number returns the short number of something that waits, and gives it the next
// one the first time. Two who ask at the same moment get the same: the second
// waits until the first has ended, so that no number is left out.
func (tx *Tx) Number(matter postroom.Matter, subject string, at time.Time) (n int, err error) {
	if n, err = tx.numberOf(matter, subject); err != nil || n > 0 {
		return n, err
	}
	if err := tx.lockCounter(ItemNumbers); err != nil {
		return 0, err
	}
	if n, err = tx.numberOf(matter, subject); err != nil || n > 0 { // somebody was faster
		return n, err
	}
	if err := tx.Raise(ItemNumbers); err != nil {
		return 0, err
	}
	next, err := tx.Revision(ItemNumbers)
	if err == nil {
		_, err = tx.exec(`INSERT INTO items (number, kind, subject, made_at) VALUES ($1, $2, $3, $4)`, next, matter, subject, micros(at))
	}
	if err != nil {
		return 0, fmt.Errorf("number %s %s: %w", matter, subject, err)
	}
	return int(next), nil
}

// numberOf returns the number of something, or 0.
func (r Reader) numberOf(matter postroom.Matter, subject string) (n int, err error) {
	err = r.row(`SELECT number FROM items WHERE kind = $1 AND subject = $2`, matter, subject).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// ItemsOf returns the numbers that things of one matter have, by their ids. What
// has none is left out.
func (r Reader) ItemsOf(matter postroom.Matter, subjects []string) (map[string]int, error) {
	numbers := make(map[string]int)
	for some := range blocks(subjects) {
		var list places
		in := list.each(some)
		list.args = append(list.args, matter)
		err := r.each(func(rows *sql.Rows) error {
			var subject string
			var n int
			err := rows.Scan(&subject, &n)
			numbers[subject] = n
			return err
		}, fmt.Sprintf(`SELECT subject, number FROM items WHERE subject IN (%s) AND kind = $%d`, in, len(list.args)), list.args...)
		if err != nil {
			return nil, fmt.Errorf("find item numbers: %w", err)
		}
	}
	return numbers, nil
}
