package store

import (
	"errors"
	"testing"
)

const noted = `INSERT INTO audit (id, at, actor, action, subject) VALUES ($1, 1, 'test', 'wrote', '1')`

func TestWhatNobodyWaitsForIsSeenByTheNextStatement(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var seen int
		write(t, s, func(tx *Tx) error {
			if err := errors.Join(tx.later(noted, "a"), tx.later(noted, "b")); err != nil {
				return err
			}
			return tx.row(`SELECT count(*) FROM audit`).Scan(&seen)
		})
		if seen != 2 {
			t.Errorf("the transaction saw %d of its 2 rows", seen)
		}
		write(t, s, func(tx *Tx) error { return tx.later(noted, "c") }) // nothing but the commit comes after it
		if n := count(t, s, `SELECT count(*) FROM audit`); n != 3 {
			t.Errorf("%d rows are kept, want 3", n)
		}
	})
}

func TestWhatGoesWrongWithWhatNobodyWaitsForUndoesTheTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error { return tx.later(noted, "a") })
		for name, after := range map[string]func(tx *Tx) error{
			"the commit":    func(*Tx) error { return nil },
			"a statement":   func(tx *Tx) error { _, err := tx.exec(noted, "c"); return err },
			"a query":       func(tx *Tx) error { var n int; return tx.row(`SELECT count(*) FROM audit`).Scan(&n) },
			"many more":     func(tx *Tx) error { return errors.Join(tx.later(noted, "d"), tx.later(noted, "e")) },
			"another error": func(*Tx) error { return errors.New("something else") },
		} {
			err := s.Write(t.Context(), func(tx *Tx) error {
				if err := errors.Join(tx.later(noted, "b"), tx.later(noted, "a")); err != nil {
					return err
				}
				return after(tx)
			})
			if err == nil {
				t.Errorf("a row that is there already was written once more, with %s after it", name)
			}
			if n := count(t, s, `SELECT count(*) FROM audit`); n != 1 {
				t.Errorf("with %s after it %d rows are kept, want 1", name, n)
			}
		}
		write(t, s, func(tx *Tx) error { return tx.later(noted, "f") }) // and the connections are as good as new
	})
}
