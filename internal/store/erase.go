package store

import (
	"database/sql"
	"fmt"
	"time"
)

// EraseLetter removes a letter for good: its bytes, what it names, where it lay
// and what was read of it. All that stays is the hash of its bytes, so that it is
// not filed again from a mailbox in which it still lies. It returns NotFound if
// there is no such letter. What was made of it, such as a submission, is not
// touched.
func (tx *Tx) EraseLetter(id string, at time.Time) error {
	l, err := tx.Letter(id)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		statement string
		args      []any
	}{
		// The hash is taken away first: whoever files the same bytes at this moment
		// waits for us, and then finds the tombstone.
		{`UPDATE letters SET raw_hash = 'erased ' || id WHERE id = $1`, []any{id}},
		{`INSERT INTO tombstones (raw_hash, erased_at) VALUES ($1, $2) ON CONFLICT (raw_hash) DO NOTHING`, []any{l.Hash, micros(at)}},
		{`DELETE FROM letter_bytes WHERE letter_id = $1`, []any{id}},
		{`DELETE FROM letter_refs WHERE letter_id = $1`, []any{id}},
		{`DELETE FROM deliveries WHERE letter_id = $1`, []any{id}},
		{`DELETE FROM letters WHERE id = $1`, []any{id}},
	} {
		if _, err := tx.exec(step.statement, step.args...); err != nil {
			return fmt.Errorf("erase letter %s: %w", id, err)
		}
	}
	return nil
}

// passOver takes letters away again that were erased before, and returns which
// of the fresh ones remain; the ids of the others become "". It looks after they
// were put in, because that waits for whoever is erasing the same letter.
func (tx *Tx) passOver(filings []Filing, ids []string, fresh []int) (remain []int, err error) {
	if len(fresh) == 0 {
		return nil, nil
	}
	hashes := make([]string, len(fresh))
	for n, i := range fresh {
		hashes[n] = filings[i].Letter.Hash
	}
	erased, err := tx.erased(hashes)
	if err != nil || len(erased) == 0 {
		return fresh, err
	}
	for _, i := range fresh {
		if !erased[filings[i].Letter.Hash] {
			remain = append(remain, i)
			continue
		}
		if _, err := tx.exec(`DELETE FROM letters WHERE id = $1`, ids[i]); err != nil {
			return nil, fmt.Errorf("pass over letter %s: %w", ids[i], err)
		}
	}
	for i, f := range filings {
		if erased[f.Letter.Hash] { // also a second one of the same bytes
			ids[i] = ""
		}
	}
	return remain, nil
}

// erased says which of some hashes belong to letters that were erased.
func (r Reader) erased(hashes []string) (map[string]bool, error) {
	erased := make(map[string]bool)
	var list places
	err := r.each(func(rows *sql.Rows) error {
		var hash string
		err := rows.Scan(&hash)
		erased[hash] = true
		return err
	}, `SELECT raw_hash FROM tombstones WHERE raw_hash IN (`+list.each(hashes)+`)`, list.args...)
	if err != nil {
		return nil, fmt.Errorf("look for erased ones among %d letters: %w", len(hashes), err)
	}
	return erased, nil
}
