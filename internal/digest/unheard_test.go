package digest_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// subjects returns how many mails of a beginning an address received.
func subjects(t *testing.T, room *testkit.Room, address, begins string) (n int) {
	t.Helper()
	for _, s := range room.Subjects(t, address) {
		if strings.HasPrefix(s, begins) {
			n++
		}
	}
	return n
}

const nobodyActs = "Nobody has acted on the summaries of office"

func TestOthersHearOnceThatNobodyActs(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := open(t, engine)
		change(t, room, "office", func(c *postroom.Colleague) { c.Cover = "events" })
		admin(t, room)
		first := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
		heard := func(want int) {
			t.Helper()
			for _, address := range []string{events, boss} {
				if n := subjects(t, room, address, nobodyActs); n != want {
					t.Errorf("on %s %s was told %d times, want %d: %q", room.Clock.Now().Format(time.DateOnly), address, n, want, room.Subjects(t, address))
				}
			}
		}
		for _, day := range []int{24, 25, 26} {
			at(t, room, day, 8, 0)
			heard(0)
		}
		at(t, room, 27, 8, 0) // three working days went by
		heard(1)
		got := room.Letters(t, boss)
		if text := got[len(got)-1].Text; strings.Contains(text, "Olena") || strings.Contains(text, first) || !strings.Contains(text, "Waiting in that list: 1") || !strings.Contains(text, "since Monday 23 November") {
			t.Errorf("the admin reads\n%s", text)
		}
		at(t, room, 30, 8, 0)
		room.Clock.Set(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))
		room.Work(t)
		heard(1) // once for each time that they do not act

		write(t, room, func(tx *store.Tx) error { return tx.Audit("office", "looked", "x", room.Clock.Now().Add(time.Hour)) })
		for day := 2; day <= 9; day++ {
			room.Clock.Set(time.Date(2026, 12, day, 8, 0, 0, 0, time.UTC))
			room.Work(t)
		}
		heard(2)
	})
}

const boss = "boss@riverside.example"

// admin adds an admin who looks after nothing.
func admin(t *testing.T, room *testkit.Room) {
	t.Helper()
	err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddColleague(postroom.Colleague{Name: "boss", Address: boss, Locale: "en", AddedAt: room.Clock.Now(), Grants: []postroom.Grant{{Role: postroom.Admin}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAnswerFromAMailboxShowsThatSomebodyActs(t *testing.T) {
	t.Parallel()
	room := boxed(t)
	admin(t, room)
	send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	receive(t, room, support, testkit.Mail{From: "parwin@example.org", To: support, Subject: "A question", Text: "When are you open?", ID: "1@example.org"})
	for _, day := range []int{24, 25, 26} {
		at(t, room, day, 8, 0)
	}
	room.ReceiveSent(t, support, mail(room, testkit.Mail{From: support, To: "parwin@example.org", Subject: "Re: A question", Text: "Always.", ID: "2@riverside.example", InReplyTo: "1@example.org"}).Bytes())
	room.Work(t)
	at(t, room, 27, 8, 0)
	if n := subjects(t, room, boss, nobodyActs); n != 0 {
		t.Errorf("the admin was told %d times though one was answered", n)
	}
}

func TestASummaryThatIsRefusedIsToldToOthersAtOnce(t *testing.T) {
	t.Parallel()
	room := open(t, testkit.Misbehaving(testserver.RefuseRcpt(office)))
	admin(t, room)
	send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	for _, day := range []int{24, 25} {
		at(t, room, day, 8, 0)
		if n := subjects(t, room, boss, nobodyActs); n != 1 {
			t.Errorf("on day %d the admin was told %d times, want once: %q", day, n, room.Subjects(t, boss))
		}
	}
	for _, l := range room.Letters(t, boss) {
		if strings.HasPrefix(l.Subject, nobodyActs) && !strings.Contains(l.Text, "The summary of office did not arrive.") {
			t.Errorf("the admin reads\n%s", l.Text)
		}
	}
}

// An automatic reply proposes that somebody is away, and changes nothing before
// a person has agreed.
func TestAnAutomaticReplyProposesThatAColleagueIsAway(t *testing.T) {
	t.Parallel()
	room := boxed(t)
	admin(t, room)
	reference := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	at(t, room, 24, 8, 0)
	away := func(id, from, answers string) {
		receive(t, room, support, testkit.Mail{
			From: from, To: support, Subject: "Automatic reply: Your summary", Text: "I am away until 4 December 2026.", ID: id,
			InReplyTo: answers, Header: []string{"Auto-Submitted: auto-replied"},
		})
	}
	got := latest(t, room, office)
	ours := strings.Trim(got.Header.Get("Message-ID"), "<>")
	away("0@x.example", office, "nothing-of-ours@riverside.example")
	away("1@x.example", "stranger@x.example", ours)
	if c := whoIs(room, "office"); !c.Absence.From.IsZero() || subjects(t, room, boss, "office seems") != 0 {
		t.Errorf("what anybody could write makes a colleague away: %+v", c.Absence)
	}
	away("2@x.example", office, ours)
	away("3@x.example", office, ours)
	if err := room.Team.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := whoIs(room, "office")
	if !c.Absence.Proposed || c.Away(room.Clock.Now()) || c.Absence.Until.Format(time.DateOnly) != "2026-12-04" {
		t.Errorf("the absence is %+v", c.Absence)
	}
	if n := subjects(t, room, boss, "office seems to be away"); n != 1 {
		t.Errorf("the admin was asked %d times: %q", n, room.Subjects(t, boss))
	}
	at(t, room, 25, 8, 0)
	if got := latest(t, room, office).Text; !strings.Contains(got, reference) {
		t.Errorf("without anybody's word the list has changed:\n%s", got)
	}
}

func TestOneMailADayIsEnoughToSayThatPeopleWait(t *testing.T) {
	t.Parallel()
	room := open(t)
	var all []string
	for _, who := range []string{"olena", "parwin", "sam"} {
		all = append(all, send(t, room, "ask", "name="+who, "email="+who+"@example.org", "question=Hello?"))
	}
	at(t, room, 24, 8, 0)
	at(t, room, 25, 18, 0) // all three have waited for two working days
	if n := subjects(t, room, office, "Still waiting for an answer"); n != 1 {
		t.Errorf("the office was reminded %d times: %q", n, room.Subjects(t, office))
	}
	told := 0
	for _, reference := range all {
		sub, err := room.Store.Read(t.Context()).SubmissionWith(reference)
		if err != nil {
			t.Fatal(err)
		}
		run, _, err := room.Store.Read(t.Context()).RunOf(sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := room.Store.Read(t.Context()).StepsOf(run.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Name == "chase" && s.State == postroom.StepDone && s.Reason == "summed" {
				told++
			}
		}
	}
	if told != 2 {
		t.Errorf("%d reminders say that they stand in the summary, want two", told)
	}
	at(t, room, 26, 8, 0)
	for _, reference := range all {
		if got := latest(t, room, office).Text; !strings.Contains(got, reference) {
			t.Errorf("%s is not in the next summary", reference)
		}
	}
}
