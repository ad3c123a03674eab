package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/testserver"
)

// Each secret stands where a person put something that a stolen database must
// not tell.
const (
	secretAnswer = "uses-a-wheelchair-and-fled-the-war"
	secretData   = "data-of-a-mail-that-names-the-club"
	secretRaw    = "raw-bytes-of-a-mail-kept-as-it-was"
	secretLetter = "letter-in-which-somebody-tells-all"
)

// secrets files one of each.
func secrets(t testing.TB, s *Store) (sub postroom.Submission, m postroom.Message, letter string) {
	t.Helper()
	entered := entry(contactFor(t, s, "ann"))
	entered.Answers = postroom.Answers{"access_needs": {secretAnswer}}
	sub, _ = accept(t, s, entered)
	m = letterTo(sub)
	m.Data, m.Raw = map[string]string{"needs": secretData}, []byte(secretRaw)
	addMessage(t, s, m)
	write(t, s, func(tx *Tx) (err error) {
		letter, _, err = tx.AddLetter(postroom.Letter{Hash: "hash", MessageID: "id@example.org", ReceivedAt: monday}, nil, []byte(secretLetter))
		return err
	})
	return sub, m, letter
}

// wantNoSecret looks for the secrets, and for the reference as a proof that
// the look finds what is there.
func wantNoSecret(t testing.TB, where string, dump []byte, reference string) {
	t.Helper()
	if !bytes.Contains(dump, []byte(reference)) {
		t.Errorf("the reference %s is not found in %s: the test looks in the wrong place", reference, where)
	}
	for _, secret := range []string{secretAnswer, secretData, secretRaw, secretLetter} {
		if bytes.Contains(dump, []byte(secret)) || bytes.Contains(dump, []byte(hex.EncodeToString([]byte(secret)))) {
			t.Errorf("%s tells %q", where, secret)
		}
	}
}

func TestTheDatabaseFileTellsNoSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "x.db"))
	sub, _, _ := secrets(t, s)
	for _, when := range []string{"while open", "when closed"} {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var dump []byte
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dump = append(dump, text...)
		}
		wantNoSecret(t, "the files "+when, dump, sub.Reference)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADumpOfEveryRowTellsNoSecret(t *testing.T) {
	t.Parallel()
	s := open(t, testserver.PostgresWith(t, Prepare))
	sub, _, _ := secrets(t, s)
	var dump strings.Builder
	for _, table := range columns(t, s, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
		for _, row := range columns(t, s, `SELECT row_to_json(x)::text FROM `+table+` AS x`) {
			dump.WriteString(row + "\n")
		}
	}
	wantNoSecret(t, "the dump", []byte(dump.String()), sub.Reference)
}

func TestASealedValueDoesNotOpenInAnotherRowOrColumn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub, m, letter := secrets(t, s)
		other, m2 := filed(t, s, "bob"), addMessage(t, s, letterTo(sub))
		var letter2 string
		write(t, s, func(tx *Tx) (err error) {
			letter2, _, err = tx.AddLetter(postroom.Letter{Hash: "hash2", ReceivedAt: monday}, nil, []byte("another"))
			return err
		})
		r := s.Read(t.Context())
		for _, c := range []struct {
			what string
			move string
			args []any
			read func() error
		}{
			{"answers", `UPDATE submissions SET answers_sealed = (SELECT answers_sealed FROM submissions WHERE id = $1) WHERE id = $2`,
				[]any{sub.ID, other.ID}, func() error { _, err := r.Submission(other.ID); return err }},
			{"message data", `UPDATE messages SET data_sealed = (SELECT data_sealed FROM messages WHERE id = $1) WHERE id = $2`,
				[]any{m.ID, m2.ID}, func() error { _, err := r.Message(m2.ID); return err }},
			{"raw in the place of data", `UPDATE messages SET data_sealed = raw_sealed WHERE id = $1`,
				[]any{m.ID}, func() error { _, err := r.Message(m.ID); return err }},
			{"letter", `UPDATE letter_bytes SET sealed = (SELECT sealed FROM letter_bytes WHERE letter_id = $1) WHERE letter_id = $2`,
				[]any{letter, letter2}, func() error { _, err := r.LetterRaw(letter2); return err }},
		} {
			if err := c.read(); err != nil {
				t.Errorf("%s: does not open in its own place: %v", c.what, err)
			}
			write(t, s, func(tx *Tx) error { _, err := tx.exec(c.move, c.args...); return err })
			if err := c.read(); !errors.Is(err, seal.ErrSealed) {
				t.Errorf("%s: moved, it opens: %v", c.what, err)
			}
		}
	})
}

func TestANaturalKeyIsStoredBlinded(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		first, _ := accept(t, s, sub)
		if n := count(t, s, `SELECT count(*) FROM submissions WHERE natural_key = $1`, sub.NaturalKey); n != 0 {
			t.Error("a guess can be tested against the database")
		}
		sub.Key = newID()
		if back, added := accept(t, s, sub); added || back.ID != first.ID {
			t.Errorf("the repetition is not found: %+v", back)
		}
	})
}
