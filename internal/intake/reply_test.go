package intake_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// letter puts a letter on file and returns it.
func (r *room) letter(t *testing.T, id string) (l postroom.Letter) {
	t.Helper()
	r.write(t, func(tx *store.Tx) error {
		got, _, err := tx.AddLetter(postroom.Letter{Hash: id, MessageID: id + "@example.org", Mailbox: "support@hall.example", Folder: postroom.Inbox,
			Batch: store.NewBatch(), ReceivedAt: r.clock.Now()}, nil, []byte("From: ann@example.org\r\n\r\n"+id))
		if err != nil {
			return err
		}
		l, err = tx.Letter(got)
		return err
	})
	l.State, l.Reason, l.Address = postroom.LetterDone, "added", "ann@example.org"
	return l
}

// byLetter accepts what a letter said.
func (r *room) byLetter(t *testing.T, form string, pairs ...string) postroom.Submission {
	t.Helper()
	l := r.letter(t, "first of "+form)
	e := entry("letter:"+l.ID, form, append(pairs, "name", "Ann", "email", "ann@example.org")...)
	e.Channel, e.Letter, e.Mailbox = postroom.ByLetter, l.ID, l.Mailbox
	got, err := r.Accept(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return got.Submission
}

func reply(l postroom.Letter, form string, pairs ...string) postroom.Entry {
	e := entry("", form, pairs...)
	e.Channel, e.Letter = postroom.ByLetter, l.ID
	return e
}

func (r *room) fill(t *testing.T, sub postroom.Submission, e postroom.Entry) (heard intake.Heard) {
	t.Helper()
	r.write(t, func(tx *store.Tx) (err error) {
		heard, err = r.Fill(tx, sub.ID, e)
		return err
	})
	return heard
}

func (r *room) submission(t *testing.T, id string) postroom.Submission {
	t.Helper()
	sub, err := r.store.Read(t.Context()).Submission(id)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func TestAReplyFillsOnlyWhatWasOpenAndFits(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.byLetter(t, "join", "organisation", "The band")
		if heard := r.fill(t, sub, reply(r.letter(t, "no area"), "join", "area", "west", "organisation", "Another", "email", "else@example.net")); len(heard.Fields) != 0 {
			t.Errorf("an area that there is not was taken: %q", heard.Fields)
		}
		l := r.letter(t, "area")
		heard := r.fill(t, sub, reply(l, "join", "area", "north", "organisation", "Another", "email", "else@example.net"))
		now := r.submission(t, sub.ID)
		if !slices.Equal(heard.Fields, []string{"area"}) || now.Area != "north" || len(now.Open) != 0 || now.Address != "ann@example.org" || now.Answers.One("organisation") != "The band" {
			t.Errorf("heard %q; on file is %+v", heard.Fields, now)
		}
		r.heard(t, "ann@example.org", "letter-received", "welcome")
		by, err := r.store.Read(t.Context()).FilledBy(sub.ID)
		if err != nil || by["area"] != l.ID {
			t.Errorf("the area came from letter %q, %v; want %s", by["area"], err, l.ID)
		}
		if heard := r.fill(t, sub, reply(r.letter(t, "later"), "join", "area", "south")); len(heard.Fields) != 0 || r.submission(t, sub.ID).Area != "north" {
			t.Error("what was answered was changed by another letter")
		}
	})
}

func TestWhatAReplySaysOfASpecialCategoryIsRepeatedToNobody(t *testing.T) {
	t.Parallel()
	r := open(t, filepath.Join(t.TempDir(), "postroom.db"))
	sub := r.byLetter(t, "visit")
	r.fill(t, sub, reply(r.letter(t, "needs"), "visit", "floor", "low", "needs", "a wheelchair"))
	if now := r.submission(t, sub.ID); now.Answers.One("needs") != "a wheelchair" || len(now.Open) != 0 {
		t.Errorf("on file is %+v", now)
	}
	said := ""
	for _, m := range append(r.mails(t, "ann@example.org"), r.mails(t, "office@hall.example")...) {
		for _, value := range m.Data {
			if strings.Contains(value, "wheelchair") {
				t.Errorf("%s repeats it", m.Template)
			}
		}
		said += m.Data["understood"]
	}
	if said != "Floor — Low\nWhat you need" {
		t.Errorf("the person is told %q", said)
	}
}

// TestDyingInAReplyLeavesAllOrNothing settles a letter with what follows from
// it, and dies ahead of each statement in turn.
func TestDyingInAReplyLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "postroom.db") },
		"postgres": func(t *testing.T) string { return testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failpoint{}
			r := openWith(t, store.Options{URL: url(t), Before: f.pass})
			join := r.byLetter(t, "join")
			r.dies(t, f, "area", join.ID, func(tx *store.Tx, l postroom.Letter) error {
				heard, err := r.Fill(tx, join.ID, reply(l, "join", "area", "north"))
				if err == nil && len(heard.Fields) != 1 {
					err = errors.New("nothing was understood")
				}
				return err
			})
			supper := r.byLetter(t, "supper", "session", "spring", "places", "4")
			r.send(t, "w", "supper", "session", "spring", "places", "2", "name", "Bob", "email", "bob@example.org")
			r.dies(t, f, "cancel", supper.ID, func(tx *store.Tx, l postroom.Letter) error {
				done, err := r.Change(tx, supper, intake.Wish{What: intake.GivesUp, Letter: l.ID, At: r.clock.Now()})
				if err == nil && !done {
					err = errors.New("it was not cancelled")
				}
				return err
			})
			r.heard(t, "bob@example.org", "waiting-list", "place-booked")
			if taken, waiting := r.places(t); taken != 2 || waiting != 0 {
				t.Errorf("%d places are taken and %d parties wait, want 2 and 0", taken, waiting)
			}
		})
	}
}

func (r *room) places(t *testing.T) (taken, waiting int) {
	t.Helper()
	read := r.store.Read(t.Context())
	sessions, err := read.Sessions("hall", "supper")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if s.Name == "spring" {
			if taken, waiting, err = read.Places(s.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	return taken, waiting
}

// dies settles a letter and does what follows, dying ahead of the first
// statement, the second, and so on, and checks each time that nothing is left.
func (r *room) dies(t *testing.T, f *failpoint, id, submission string, follows func(tx *store.Tx, l postroom.Letter) error) {
	t.Helper()
	l := r.letter(t, id)
	stand := func() string {
		got, err := r.store.Read(t.Context()).Letter(l.ID)
		if err != nil {
			t.Fatal(err)
		}
		sub := r.submission(t, submission)
		taken, waiting := r.places(t)
		rows := r.rows(t)
		return strings.Join([]string{string(got.State), string(sub.State), sub.Area, strings.Join(sub.Open, ",")}, " ") +
			strings.Repeat("m", rows[1]) + strings.Repeat("j", rows[2]) + strings.Repeat("s", rows[3]) + strings.Repeat("t", taken) + strings.Repeat("w", waiting)
	}
	before := stand()
	for n := 1; ; n++ {
		f.left = n
		err := r.store.Write(t.Context(), func(tx *store.Tx) error {
			settled, err := tx.SettleLetter(l, r.clock.Now())
			if err == nil && !settled {
				err = errors.New("the letter was settled")
			}
			if err != nil {
				return err
			}
			return follows(tx, l)
		})
		f.left = 0
		if err == nil {
			t.Logf("%s is %d statements", id, n-1)
			break
		}
		if !strings.Contains(err.Error(), "died ahead") {
			t.Fatal(err)
		}
		if after := stand(); after != before {
			t.Fatalf("dying ahead of statement %d left %q, before was %q", n, after, before)
		}
	}
	if after := stand(); after == before {
		t.Error("nothing follows from the letter")
	}
}

func TestAReplyWithADateOfBirthLeavesTheBandAndNothingElse(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.byLetter(t, "club")
		born := r.Clock.Now().AddDate(-12, 0, 0).Format("2006-01-02")
		heard := r.fill(t, sub, reply(r.letter(t, "second"), "club", "born", born))
		now := r.submission(t, sub.ID)
		if now.Answers.One("age_band") != "under 18" || len(now.Answers["born"]) > 0 || !slices.Equal(now.Open, []string{"adult_email"}) {
			t.Errorf("heard %+v: on file are %v, open is %v", heard, now.Answers, now.Open)
		}
		r.fill(t, now, reply(r.letter(t, "third"), "club", "adult_email", "adult@example.org"))
		if now = r.submission(t, sub.ID); len(now.Open) > 0 || now.State != postroom.SubmissionHeld {
			t.Errorf("it is %s, open is %v", now.State, now.Open)
		}
	})
}
