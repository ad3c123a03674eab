package testkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// friday is half an hour before the end of a week's work.
var friday = time.Date(2026, 11, 27, 16, 30, 0, 0, time.UTC)

// at moves the clock to a moment in the week after friday and does what is due.
func at(t *testing.T, room *testkit.Room, days, hour, minute int) {
	t.Helper()
	room.Clock.Set(time.Date(2026, 11, 27+days, hour, minute, 0, 0, time.UTC))
	room.Work(t)
}

// wantCalls fails unless exactly these colleagues have been called, "look" for a
// first call and "again" for one that says that nobody has looked.
func wantCalls(t *testing.T, room *testkit.Room, when string, want map[string]string) {
	t.Helper()
	for _, name := range []string{"cag", "volunteering", "events", "office", "newsletter"} {
		var calls []string
		for _, l := range room.Letters(t, name+"@riverside.example") {
			switch {
			case strings.HasPrefix(l.Subject, "Please look now: "):
				calls = append(calls, "look")
			case strings.HasPrefix(l.Subject, "Nobody has looked yet: "):
				calls = append(calls, "again")
			default:
				continue
			}
			if strings.Contains(l.Text, "partner") || strings.Contains(l.Text, "die") || strings.Contains(l.Text, person) {
				t.Errorf("%s: %s is told too much:\n%s", when, name, l.Text)
			}
		}
		if got := strings.Join(calls, " "); got != want[name] {
			t.Errorf("%s: %s was called %q, want %q", when, name, got, want[name])
		}
	}
}

func admin(t *testing.T, room *testkit.Room, name string) {
	t.Helper()
	change(t, room, func(tx *store.Tx) error { return tx.SetGrants(name, []postroom.Grant{{Role: postroom.Admin}}) })
}

func change(t *testing.T, room *testkit.Room, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := room.Team.Change(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestWhatNobodyHasOpenedRisesToTheDeputyAndThenToTheAdmins(t *testing.T) {
	t.Parallel()
	doors := map[string]func(t *testing.T, room *testkit.Room) (lead, deputy string){
		"a form": func(t *testing.T, room *testkit.Room) (string, string) {
			room.Submit(t, "ask", question(worry))
			return "office", "cag"
		},
		"a letter": func(t *testing.T, room *testkit.Room) (string, string) {
			m := enquiry(room, "w1@example.org")
			m.Text = worry
			room.Receive(t, testkit.Support, m.Bytes())
			return "office", "cag"
		},
		"a letter that nobody can place": func(t *testing.T, room *testkit.Room) (string, string) {
			m := enquiry(room, "w1@example.org")
			m.To, m.Text = "other@riverside.example", worry
			room.Receive(t, "other@riverside.example", m.Bytes())
			return "cag", "office"
		},
	}
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		for door, knock := range doors {
			t.Run(door, func(t *testing.T) {
				t.Parallel()
				room := testkit.New(t, engine)
				admin(t, room, "volunteering")
				room.Clock.Set(friday)
				lead, deputy := knock(t, room)
				room.Work(t)
				wantCalls(t, room, "at once", map[string]string{lead: "look"})
				at(t, room, 3, 9, 29)
				wantCalls(t, room, "on Monday before half past nine", map[string]string{lead: "look"})
				at(t, room, 3, 9, 30)
				wantCalls(t, room, "after one working hour", map[string]string{lead: "look", deputy: "again"})
				if l := room.Letter(t, deputy+"@riverside.example"); !strings.Contains(strings.Join(strings.Fields(l.Text), " "), "It has waited since Friday 27 November, 4:30pm.") {
					t.Errorf("the deputy reads:\n%s", l.Text)
				}
				at(t, room, 3, 10, 29)
				wantCalls(t, room, "before the second hour is over", map[string]string{lead: "look", deputy: "again"})
				at(t, room, 3, 10, 30)
				all := map[string]string{lead: "look", deputy: "again", "volunteering": "again"}
				wantCalls(t, room, "after two working hours", all)
				at(t, room, 3, 23, 0)
				wantCalls(t, room, "at the end of the day", all)
			})
		}
	})
}

func TestOnceSomebodyHasOpenedItNobodyElseIsTold(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Clock.Set(friday)
	room.Submit(t, "ask", question(worry))
	room.Work(t)
	sub := onlySubmission(t, room)
	at(t, room, 3, 9, 30)
	want := map[string]string{"office": "look", "cag": "again"}
	wantCalls(t, room, "after one working hour", want)
	room.Clock.Advance(time.Minute)
	change(t, room, func(tx *store.Tx) error {
		return room.Workflow.Opened(tx, postroom.AboutSubmission, sub.ID, "cag", room.Clock.Now())
	})
	at(t, room, 5, 12, 0) // also when the answer that is owed to everybody is late
	wantCalls(t, room, "two days later", want)
	open, err := room.Store.Read(t.Context()).OpenAlarms(9)
	if err != nil || len(open) != 1 || open[0].OpenedBy != "cag" || open[0].Stage != 1 {
		t.Errorf("the alarms that are open are %+v, %v", open, err)
	}
}

func TestAnAlarmGoesOnWhereThePostRoomStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := testkit.New(t, testkit.In(dir))
	first.Clock.Set(friday)
	first.Submit(t, "ask", question(worry))
	first.Work(t)
	wantCalls(t, first, "at once", map[string]string{"office": "look"})
	first.Stop()

	second := testkit.New(t, testkit.In(dir))
	second.Clock.Set(friday.Add(time.Hour))
	second.Work(t)
	wantCalls(t, second, "after the restart", nil)
	at(t, second, 3, 9, 40)
	wantCalls(t, second, "after the weekend", map[string]string{"cag": "again"})
	second.Stop()

	third := testkit.New(t, testkit.In(dir))
	at(t, third, 3, 10, 40) // nobody is an admin
	wantCalls(t, third, "an hour later", map[string]string{"volunteering": "again", "events": "again", "newsletter": "again"})
}

func TestWhoIsNotHereToLookIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	away := func(name string) func(t *testing.T, room *testkit.Room) {
		return func(t *testing.T, room *testkit.Room) {
			c, _ := room.Team.Named(name)
			c.Absence.From, c.Cover = friday.Add(-time.Hour), "events"
			change(t, room, func(tx *store.Tx) error { return tx.ChangeColleague(c) })
		}
	}
	left := func(name string) func(t *testing.T, room *testkit.Room) {
		return func(t *testing.T, room *testkit.Room) {
			c, _ := room.Team.Named(name)
			c.LeftAt, c.FromFile = friday.Add(-time.Hour), false
			change(t, room, func(tx *store.Tx) error { return tx.ChangeColleague(c) })
		}
	}
	for name, c := range map[string]struct {
		before      []func(t *testing.T, room *testkit.Room)
		atOnce, end map[string]string
	}{
		"the lead is away, and the deputy is called at once": {[]func(*testing.T, *testkit.Room){away("office")},
			map[string]string{"office": "look", "cag": "look"}, map[string]string{"office": "look", "cag": "look", "volunteering": "again"}},
		"both are away, and the admin is called at once": {[]func(*testing.T, *testkit.Room){away("office"), away("cag")},
			map[string]string{"office": "look", "cag": "look", "volunteering": "look"}, map[string]string{"office": "look", "cag": "look", "volunteering": "look"}},
		"the deputy is away, and the admin is called with them": {[]func(*testing.T, *testkit.Room){away("cag")},
			map[string]string{"office": "look"}, map[string]string{"office": "look", "cag": "again", "volunteering": "again"}},
		"the lead has left, and all others are called at once": {[]func(*testing.T, *testkit.Room){left("office")},
			map[string]string{"cag": "look", "volunteering": "look"}, map[string]string{"cag": "look", "volunteering": "look"}},
		"the deputy has left, and the admin is next": {[]func(*testing.T, *testkit.Room){left("cag")},
			map[string]string{"office": "look"}, map[string]string{"office": "look", "volunteering": "again"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t)
			admin(t, room, "volunteering")
			for _, prepare := range c.before {
				prepare(t, room)
			}
			room.Clock.Set(friday)
			room.Submit(t, "ask", question(worry))
			room.Work(t)
			wantCalls(t, room, "at once", c.atOnce)
			at(t, room, 3, 9, 30)
			at(t, room, 3, 10, 30)
			at(t, room, 3, 16, 30)
			wantCalls(t, room, "at the end", c.end)
		})
	}
}

func TestASecondPhraseDoesNotStartAnAlarmAgainThatIsOpen(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	admin(t, room, "volunteering")
	room.Clock.Set(friday)
	first := enquiry(room, "w1@example.org")
	first.Text = worry
	room.Receive(t, testkit.Support, first.Bytes())
	room.Work(t)
	sub := onlySubmission(t, room)
	at(t, room, 3, 9, 20)
	again := enquiry(room, "w2@example.org")
	again.InReplyTo, again.Text = "w1@example.org", "I want to die."
	room.Receive(t, testkit.Support, again.Bytes())
	room.Work(t)
	wantCalls(t, room, "with the second letter", map[string]string{"office": "look look"})
	at(t, room, 3, 9, 30)
	wantCalls(t, room, "one working hour after the first", map[string]string{"office": "look look", "cag": "again"})

	change(t, room, func(tx *store.Tx) error {
		if _, err := tx.Release(sub.ID, "office", room.Clock.Now()); err != nil {
			return err
		}
		return room.Workflow.CloseAlarm(tx, postroom.AboutSubmission, sub.ID, "office", "she is safe", room.Clock.Now())
	})
	closed, _, err := room.Store.Read(t.Context()).AlarmOf(postroom.AboutSubmission, sub.ID)
	if err != nil || closed.Reason != "2026-11-30 office: she is safe" || !closed.KeepUntil.Equal(room.Clock.Now().AddDate(6, 0, 0)) {
		t.Errorf("closed it is %+v, %v", closed, err)
	}
	at(t, room, 3, 12, 0)
	wantCalls(t, room, "after it was let go", map[string]string{"office": "look look", "cag": "again"})
	third := enquiry(room, "w3@example.org")
	third.InReplyTo, third.Text = "w2@example.org", "He hits me again. "+worry
	room.Receive(t, testkit.Support, third.Bytes())
	room.Work(t)
	wantCalls(t, room, "with a phrase after it was let go", map[string]string{"office": "look look look", "cag": "again"})
	at(t, room, 3, 13, 0)
	wantCalls(t, room, "an hour after that", map[string]string{"office": "look look look", "cag": "again again"})
}

func TestWhatIsPlacedByAPersonCallsNobodyElse(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Clock.Set(friday)
	m := enquiry(room, "w1@example.org")
	m.To, m.Text = "other@riverside.example", worry
	room.Receive(t, "other@riverside.example", m.Bytes())
	room.Work(t)
	l := triage(t, room)[0]
	change(t, room, func(tx *store.Tx) error { // as a version would that knows nothing of alarms
		_, err := tx.EndTriage(l.ID, "done", room.Clock.Now())
		return err
	})
	at(t, room, 3, 9, 30)
	at(t, room, 3, 10, 30)
	wantCalls(t, room, "at the end", map[string]string{"cag": "look"})
	if a, _, err := room.Store.Read(t.Context()).AlarmOf(postroom.AboutLetter, l.ID); err != nil || a.ClosedAt.IsZero() {
		t.Errorf("the alarm is %+v, %v", a, err)
	}
}

func TestTwoProcessesTellEachOnce(t *testing.T) {
	t.Parallel()
	one := testkit.New(t, testkit.OnServers)
	two := testkit.New(t, testkit.Beside(one))
	one.Clock.Set(friday)
	one.Submit(t, "ask", question(worry))
	one.Work(t)
	for _, hour := range []int{9, 10} {
		one.Clock.Set(time.Date(2026, 11, 30, hour, 30, 0, 0, time.UTC))
		done := make(chan error, 1)
		go func() {
			_, err := two.Workflow.EscalateAlarms(t.Context(), one.Clock.Now())
			done <- err
		}()
		if _, err := one.Workflow.EscalateAlarms(t.Context(), one.Clock.Now()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		one.Work(t)
	}
	wantCalls(t, one, "at the end", map[string]string{"office": "look", "cag": "again", "volunteering": "again", "events": "again", "newsletter": "again"})
}

// TestAFloodOfAlarmsIsNoFloodOfCalls: the first calls at once, the others together,
// and whoever has looked at one is not told of it.
func TestAFloodOfAlarmsIsNoFloodOfCalls(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Clock.Set(friday)
		var references []string
		for n := range 6 {
			e := postroom.Entry{Channel: postroom.Web, Key: fmt.Sprint("flood-", n), Form: "ask", Locale: "en", At: room.Clock.Now(),
				Answers: postroom.Answers{"name": {fmt.Sprint("Person ", n)}, "email": {fmt.Sprintf("p%d@example.org", n)}, "topic": {"group"}, "question": {"I want to die"}}}
			got, err := room.Intake.Accept(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			references = append(references, got.Submission.Reference)
			if n == 5 { // somebody has it already
				err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
					return room.Workflow.Opened(tx, postroom.AboutSubmission, got.Submission.ID, "cag", room.Clock.Now())
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			room.Clock.Advance(time.Minute)
		}
		room.Work(t)
		lead := func() (list []testkit.Letter) {
			for _, l := range room.Letters(t, "office@riverside.example") {
				if strings.HasPrefix(l.Subject, "Please look now: ") {
					list = append(list, l)
				}
			}
			return list
		}
		if got := lead(); len(got) != 1 || !strings.Contains(got[0].Text, references[0]) {
			t.Fatalf("at once the lead gets %d calls", len(got))
		}
		room.Clock.Set(friday.Add(10 * time.Minute))
		room.Work(t)
		got := lead()
		if len(got) != 2 || got[1].Subject != "Please look now: 4 messages" || strings.Contains(got[1].Text, "Person") {
			t.Fatalf("ten minutes later the lead has %d calls, the last:\n%s\n%s", len(got), got[len(got)-1].Subject, got[len(got)-1].Text)
		}
		for n, reference := range references {
			if listed := strings.Contains(got[1].Text, reference); listed != (n > 0 && n < 5) {
				t.Errorf("alarm %d stands among the others: %t", n, listed)
			}
		}
		room.Clock.Advance(time.Hour)
		room.Work(t)
		if n := len(lead()); n != 2 {
			t.Errorf("an hour later the lead has %d calls", n)
		}
	})
}
