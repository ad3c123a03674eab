package store

import (
	"bytes"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func begun(t testing.TB, s *Store, hash string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		return tx.BeginDraft(Draft{Hash: hash, Form: "f", BegunAt: monday, TouchedAt: monday, DraftBody: DraftBody{Key: "k", Answers: postroom.Answers{"a": {secretAnswer}}}})
	})
}

func TestADraftIsKeptSealedUntilItIsSentOrEnds(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		begun(t, s, "one")
		begun(t, s, "two")
		if d := got(s.Read(t.Context()).Draft("one", monday))(t); d.Answers.One("a") != secretAnswer || d.State != DraftOpen {
			t.Errorf("kept: %+v", d)
		}
		var sealed []byte
		if err := s.read.QueryRow(`SELECT body_sealed FROM drafts WHERE hash = 'one'`).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte(secretAnswer)) {
			t.Errorf("it is not sealed (%v)", err)
		}
		write(t, s, func(tx *Tx) error { return tx.SentDraft("one", "sub", monday) })
		write(t, s, func(tx *Tx) error { return tx.SentDraft("one", "other", monday) })
		if d := got(s.Read(t.Context()).Draft("one", monday))(t); d.State != DraftSent || d.Receipt != "sub" || len(d.Answers) != 0 {
			t.Errorf("sent: %+v", d)
		}
		err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.SaveDraft("one", "en", monday, func(*DraftBody) {}); return err })
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("saving what was sent: %v", err)
		}
		later := monday.Add(DraftLife)
		if d := got(s.Read(t.Context()).Draft("two", later))(t); d.State != DraftEnded || len(d.Answers) != 0 {
			t.Errorf("ended: %+v", d)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.PurgeDrafts(later); return err })
		if n := count(t, s, `SELECT count(*) FROM drafts WHERE body_sealed IS NOT NULL OR receipt <> ''`); n != 0 {
			t.Errorf("%d rows hold something still", n)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.PurgeDrafts(later.Add(draftMemory)); return err })
		if n := count(t, s, `SELECT count(*) FROM drafts`); n != 0 {
			t.Errorf("%d rows are remembered", n)
		}
	})
}

func TestEqualityHasNoTimeAndComesOnce(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		for range 2 {
			write(t, s, func(tx *Tx) error { return tx.AddEquality("id", "f", postroom.Answers{"g": {"x"}}, monday) })
		}
		list := got(s.Read(t.Context()).Equality("f", "2000-01", "2999-12"))(t)
		if len(list) != 1 || list[0].One("g") != "x" {
			t.Errorf("kept: %v", list)
		}
	})
}

func TestAGuardianAnswersTheNewestAskingOnce(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		sub, _ := accept(t, s, entry(contactFor(t, s, "ann")))
		write(t, s, func(tx *Tx) error {
			_, err := tx.AddGuardian(Guardian{Submission: sub.ID, GuardianReach: GuardianReach{Address: "b@example.org"}, Asked: 1, AskedAt: monday, ChaseAt: monday.Add(time.Hour)})
			return err
		})
		if late := got(s.Read(t.Context()).GuardiansToChase(monday.Add(time.Hour), 9))(t); len(late) != 0 {
			t.Errorf("to chase for what is not held: %v", late)
		}
		write(t, s, func(tx *Tx) error { return tx.Hold(sub.ID, "guardian", monday) })
		if late := got(s.Read(t.Context()).GuardiansToChase(monday.Add(time.Hour), 9))(t); len(late) != 1 {
			t.Errorf("to chase: %v", late)
		}
		var asked int
		var old, fresh, again bool
		write(t, s, func(tx *Tx) (err error) {
			asked, err = tx.AskGuardianAgain(sub.ID, 5, time.Minute, monday.Add(time.Hour))
			return err
		})
		write(t, s, func(tx *Tx) (err error) { old, err = tx.AnswerGuardian(sub.ID, 1, GuardianAgreed, monday); return err })
		write(t, s, func(tx *Tx) (err error) {
			fresh, err = tx.AnswerGuardian(sub.ID, asked, GuardianAgreed, monday)
			return err
		})
		write(t, s, func(tx *Tx) (err error) {
			again, err = tx.AnswerGuardian(sub.ID, asked, GuardianRefused, monday)
			return err
		})
		if asked != 2 || old || !fresh || again {
			t.Errorf("asked %d: %t %t %t", asked, old, fresh, again)
		}
		if late := got(s.Read(t.Context()).GuardiansToChase(monday.Add(time.Hour), 9))(t); len(late) != 0 {
			t.Errorf("to chase after the answer: %v", late)
		}
	})
}

func TestAHoldForSafetyIsNeverHiddenByAnEarlierOne(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		sub, _ := accept(t, s, entry(contactFor(t, s, "ann")))
		for i, c := range []struct{ placed, want string }{{"guardian", "guardian"}, {"suspect: trap", "suspect: trap"}, {"safeguarding", "safeguarding"}} {
			write(t, s, func(tx *Tx) error { return tx.Hold(sub.ID, c.placed, monday.Add(time.Duration(i)*time.Minute)) })
			if held := got(s.Read(t.Context()).Held(sub.ID))(t); held != c.want {
				t.Errorf("with %q as well it is held for %q, want %q", c.placed, held, c.want)
			}
		}
	})
}

func TestWhileADraftIsSentNothingElseIsSaved(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		begun(t, s, "one")
		save := func(at time.Time) error {
			return s.Write(t.Context(), func(tx *Tx) error { _, err := tx.SaveDraft("one", "en", at, func(*DraftBody) {}); return err })
		}
		write(t, s, func(tx *Tx) error { _, err := tx.SendingDraft("one", monday); return err })
		if err := save(monday.Add(time.Second)); postroom.KindOf(err) != postroom.Unavailable {
			t.Errorf("while it is sent: %v", err)
		}
		if err := save(monday.Add(draftSending)); err != nil { // whoever sent it has died
			t.Errorf("a minute later: %v", err)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.SendingDraft("one", monday); return err })
		write(t, s, func(tx *Tx) error { return tx.UnsentDraft("one") })
		if err := save(monday); err != nil {
			t.Errorf("after it could not be sent: %v", err)
		}
	})
}
