package store

import (
	"slices"
	"strings"
	"testing"

	"postroom/internal/postroom"
)

// left counts the rows that know a letter, by table.
func left(t *testing.T, s *Store, id string) map[string]int {
	t.Helper()
	n := map[string]int{}
	for table, column := range map[string]string{"letters": "id", "letter_bytes": "letter_id", "letter_refs": "letter_id", "deliveries": "letter_id"} {
		n[table] = count(t, s, `SELECT count(*) FROM `+table+` WHERE `+column+` = $1`, id)
	}
	return n
}

func fileAll(t *testing.T, s *Store, from Cursor, letters []Filing) (added int) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		added, err = tx.FileLetters(from, letters, monday)
		return err
	})
	return added
}

func TestAnErasedLetterLeavesOnlyATombstone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		fileAll(t, s, support, posted(3))
		gone := got(s.Read(t.Context()).LettersNamed("1@example.org"))(t)[0]
		write(t, s, func(tx *Tx) error { return tx.EraseLetter(gone.ID, monday) })
		for table, n := range left(t, s, gone.ID) {
			if n != 0 {
				t.Errorf("%d rows of %s know the letter", n, table)
			}
		}
		_, err := s.Read(t.Context()).Letter(gone.ID)
		wantKind(t, err, postroom.NotFound)
		if n := count(t, s, `SELECT count(*) FROM tombstones WHERE raw_hash = $1 AND erased_at > 0`, gone.Hash); n != 1 {
			t.Errorf("%d tombstones", n)
		}
		if n := count(t, s, `SELECT count(*) FROM letters`); n != 2 {
			t.Errorf("%d other letters are on file", n)
		}
		err = s.Write(t.Context(), func(tx *Tx) error { return tx.EraseLetter(gone.ID, monday) })
		wantKind(t, err, postroom.NotFound)
	})
}

// The letter still lies in the mailbox: it comes again when the folder's UIDs
// lose their meaning, and from another mailbox, alone or among others.
func TestAnErasedLetterIsNotFiledAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		letters := posted(70)
		fileAll(t, s, support, letters[:2])
		gone := got(s.Read(t.Context()).LettersNamed("1@example.org"))(t)[0]
		write(t, s, func(tx *Tx) error { return tx.EraseLetter(gone.ID, monday) })
		anew := support
		anew.UIDValidity = 2
		if n := fileAll(t, s, anew, letters[1:2]); n != 0 {
			t.Errorf("alone it is new")
		}
		if n := fileAll(t, s, anew, append(slices.Clone(letters), letters[1])); n != 68 {
			t.Errorf("%d letters are new, want all but the one that is on file and the one that was erased", n)
		}
		if list := got(s.Read(t.Context()).LettersNamed("1@example.org"))(t); len(list) != 0 {
			t.Errorf("on file is %+v", list)
		}
		uids := got(s.Read(t.Context()).DeliveredUIDs(support.Mailbox, support.Folder, 2, 1, 100))(t)
		if len(uids) != 69 || slices.Contains(uids, 2) {
			t.Errorf("places on file: %d", uids)
		}
		if n := count(t, s, `SELECT count(*) FROM letter_bytes`); n != 69 {
			t.Errorf("the bytes of %d letters are on file", n)
		}
		err := s.Write(t.Context(), func(tx *Tx) error {
			_, _, err := tx.AddLetter(letters[1].Letter, letters[1].Refs, letters[1].Raw)
			return err
		})
		wantKind(t, err, postroom.Gone)
		if err == nil || !strings.Contains(err.Error(), "erased") {
			t.Errorf("whoever takes it in by hand hears %v", err)
		}
	})
}

// Filing and erasing at the same moment leaves the letter erased, or says that
// one of the two did not happen.
func TestFilingWhileErasingBringsNothingBack(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		letters := posted(20)
		fileAll(t, s, support, letters)
		all := got(s.Read(t.Context()).Batch("b"))(t)
		anew := support
		anew.UIDValidity = 3
		erased := make([]bool, len(all))
		together(2*len(all), func(i int) error {
			if i%2 == 0 {
				return s.Write(t.Context(), func(tx *Tx) error {
					_, err := tx.FileLetters(anew, letters[i/2:i/2+1], monday)
					return err
				})
			}
			err := s.Write(t.Context(), func(tx *Tx) error { return tx.EraseLetter(all[i/2].ID, monday) })
			erased[i/2] = err == nil
			return err
		})
		for i, l := range all {
			n := count(t, s, `SELECT count(*) FROM letters WHERE raw_hash = $1`, l.Hash)
			if dead := count(t, s, `SELECT count(*) FROM tombstones WHERE raw_hash = $1`, l.Hash); n+dead != 1 || erased[i] != (dead == 1) {
				t.Errorf("letter %d: erased %t, on file %d, tombstones %d", i, erased[i], n, dead)
			}
		}
	})
}

func TestALetterIsWantedAtThePlaceItLayIn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		fileAll(t, s, support, posted(3))
		l := got(s.Read(t.Context()).LettersNamed("1@example.org"))(t)[0]
		write(t, s, func(tx *Tx) error {
			known, err := tx.Want(l.ID)
			if !known {
				t.Error("it lay nowhere")
			}
			return err
		})
		r := s.Read(t.Context())
		if list := got(r.Wanted(support.Mailbox, support.Folder, 1, 10))(t); len(list) != 1 || list[2] != l.ID {
			t.Errorf("wanted are %v", list)
		}
		if list := got(r.Wanted(support.Mailbox, support.Folder, 2, 10))(t); len(list) != 0 {
			t.Errorf("under other UIDs %v are wanted", list)
		}
		write(t, s, func(tx *Tx) error { return tx.Unwant(support.Mailbox, support.Folder, 1, 2) })
		if list := got(r.Wanted(support.Mailbox, support.Folder, 1, 10))(t); len(list) != 0 {
			t.Errorf("still wanted are %v", list)
		}
	})
}
