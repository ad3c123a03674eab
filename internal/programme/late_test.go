package programme_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// night are the quiet hours that are meant if nothing is said.
var night = postroom.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}

// steps loads a programme with a form and these steps.
func steps(t testing.TB, list string) *programme.Programme {
	t.Helper()
	form, _, _ := strings.Cut(small, "workflow:")
	set, err := load(map[string]string{"p.yaml": form + "workflow:\n" + list})
	if err != nil {
		t.Fatalf("the steps have mistakes:\n%v", err)
	}
	return set.Programmes()[0]
}

func TestWhatGoesToAPersonIsDueOutsideTheQuietHours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, step, at, event, want string }{
		{"at once is at once, also at night", "on: received, send: hello", "2027-03-03 23:00", "", "at once"},
		{"an hour after lands in the evening", "after: received, by: 1h, send: hello", "2027-03-03 19:30", "", "Wed 3 Mar 20:30"},
		{"an hour after lands in the night", "after: received, by: 1h, send: hello", "2027-03-03 20:30", "", "Thu 4 Mar 08:00"},
		{"as the night begins", "after: received, by: 1h, send: hello", "2027-03-03 20:00", "", "Thu 4 Mar 08:00"},
		{"as the night ends", "after: received, by: 1h, send: hello", "2027-03-04 07:00", "", "Thu 4 Mar 08:00"},
		{"a coordinator may be told at night", "after: received, by: 1h, notify: coordinators", "2027-03-03 20:30", "", "Wed 3 Mar 21:30"},
		{"over the short night of spring", "after: received, by: 5h, send: hello", "2027-03-27 20:00", "", "Sun 28 Mar 08:00"},
		{"over the long night of autumn", "after: received, by: 5h, send: hello", "2027-10-30 20:00", "", "Sun 31 Oct 08:00"},
		{"a working day after a Thursday's late evening", "after: received, by: 1 working day, send: hello", "2027-03-04 22:00", "", "Mon 8 Mar 08:00"},
		{"a working day after a Thursday's early morning", "after: received, by: 1 working day, send: hello", "2027-03-04 05:00", "", "Fri 5 Mar 08:00"},
		{"after the event", "on: received, after: event, by: 3h, send: hello", "2027-03-03 10:00", "2027-03-13 19:00", "Sun 14 Mar 08:00"},
		{"before an evening event", "on: received, before: event, by: 2d, send: hello", "2027-03-03 10:00", "2027-03-13 18:00", "Thu 11 Mar 18:00"},
		{"before an event at night", "on: received, before: event, by: 2d, send: hello", "2027-03-03 10:00", "2027-03-13 22:00", "Fri 12 Mar 08:00"},
		{"three hours before a breakfast", "on: received, before: event, by: 3h, send: hello", "2027-03-03 10:00", "2027-03-13 07:30", "Fri 12 Mar 21:00"},
		{"three hours before an event as the night ends", "on: received, before: event, by: 3h, send: hello", "2027-03-03 10:00", "2027-03-13 08:00", "Fri 12 Mar 21:00"},
		{"a working day before a Monday's breakfast", "on: received, before: event, by: 1 working day, send: hello", "2027-03-03 10:00", "2027-03-15 07:30", "Fri 12 Mar 08:00"},
		{"a working day before a Sunday night", "on: received, before: event, by: 1 working day, send: hello", "2027-03-03 10:00", "2027-03-14 02:00", "Fri 12 Mar 08:00"},
		{"a working day before a Saturday's dance at 22:00", "on: received, before: event, by: 1 working day, send: hello", "2027-03-03 10:00", "2027-03-13 22:00", "Fri 12 Mar 21:00"},
		{"over the spring change before an event", "on: received, before: event, by: 6h, send: hello", "2027-03-03 10:00", "2027-03-28 07:30", "Sat 27 Mar 21:00"},
		{"over the autumn change before an event", "on: received, before: event, by: 6h, send: hello", "2027-03-03 10:00", "2027-10-31 07:30", "Sat 30 Oct 21:00"},
		{"the evening before has passed already", "on: received, before: event, by: 3h, send: hello", "2027-03-12 22:00", "2027-03-13 07:30", "at once"},
		{"and late: skip leaves it out", "on: received, before: event, by: 3h, late: skip, send: hello", "2027-03-12 22:00", "2027-03-13 07:30", ""},
		{"who joins in the night waits for its end", "on: received, before: event, by: 2d, late: skip, send: hello", "2027-03-11 05:00", "2027-03-13 04:00", "Thu 11 Mar 08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := postroom.Facts{Form: "come", At: at(t, c.at), Zone: london(t), Quiet: night}
			if c.event != "" {
				f.Dates = map[string]time.Time{"event": at(t, c.event)}
			}
			got := planned(t, programme.Plan(steps(t, "  - {step: s, "+c.step+"}\n"), postroom.OnReceived, f))
			_, got, _ = strings.Cut(got, ": ")
			if got != c.want {
				t.Errorf("due %q, want %q", got, c.want)
			}
		})
	}
}

func TestWorkingDaysEndOnAWorkingDayAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, change := range []string{"2027-03-28", "2027-10-31", "2027-06-13"} { // both nights of the change, and a calm one
		for day := -9; day <= 9; day++ {
			for _, clock := range []string{"00:30", "01:30", "10:00", "23:45"} {
				from := at(t, change+" "+clock).AddDate(0, 0, day)
				if clock != from.Format("15:04") {
					continue // half past one, in the night that has none
				}
				for n := 1; n <= 7; n++ {
					span := programme.Span{Working: n}
					for _, to := range []time.Time{span.After(from, london(t)), span.Before(from, london(t))} {
						if skip := clock == "01:30" && to.Format("15:04") != clock; skip && to.Weekday() == time.Sunday {
							continue
						}
						if w := to.Weekday(); w == time.Saturday || w == time.Sunday || to.Format("15:04") != clock {
							t.Errorf("%d working days from %v lands on %v", n, from, to)
						}
					}
				}
			}
		}
	}
}

func TestNoWorkingDaysAtAllAreNoSpan(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0 working days", "0 working day", "00 working days"} {
		if span, err := programme.ParseSpan(text); err == nil {
			t.Errorf("%q is read as %+v", text, span)
		}
	}
}

func TestHowLateAStepMayBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, step, promised, now, event, late, rests string }{
		{"in time", "before: event, by: 2d, not_later_than: 1d, send: hello", "2027-03-11 10:00", "2027-03-11 10:00", "2027-03-13 10:00", "", ""},
		{"to the minute", "before: event, by: 2d, not_later_than: 1d, send: hello", "2027-03-11 10:00", "2027-03-12 10:00", "2027-03-13 10:00", "", ""},
		{"a minute too late", "before: event, by: 2d, not_later_than: 1d, send: hello", "2027-03-11 10:00", "2027-03-12 10:01", "2027-03-13 10:00", "late", ""},
		{"a day of the spring change has 23 hours", "before: event, by: 2d, not_later_than: 1d, send: hello", "2027-03-27 10:00", "2027-03-28 10:00", "2027-03-29 10:00", "", ""},
		{"working days count", "after: event, by: 1d, not_later_than: 2 working days, send: hello", "2027-03-12 10:00", "2027-03-16 09:00", "2027-03-11 10:00", "", ""},
		{"without a limit before the date", "before: event, by: 2d, send: hello", "2027-03-11 10:00", "2027-03-13 09:59", "2027-03-13 10:00", "", ""},
		{"never once the date has come", "before: event, by: 2d, not_later_than: 4w, send: hello", "2027-03-11 10:00", "2027-03-13 10:00", "2027-03-13 10:00", "late", ""},
		{"never before a date that is off", "before: event, by: 2d, send: hello", "2027-03-11 10:00", "2027-03-11 10:00", "", "late", ""},
		{"after it, without a limit for ever", "after: event, by: 1d, send: hello", "2027-03-14 10:00", "2029-03-14 10:00", "2027-03-13 10:00", "", ""},
		{"overdue by night rests until morning", "before: event, by: 2d, send: hello", "2027-03-11 10:00", "2027-03-11 23:00", "2027-03-13 10:00", "", "2027-03-12 08:00"},
		{"but not over the date", "before: event, by: 2d, send: hello", "2027-03-11 10:00", "2027-03-12 23:00", "2027-03-13 08:00", "", ""},
		{"nor if it was promised for the hour the night begins", "before: event, by: 3h, send: hello", "2027-03-12 21:00", "2027-03-12 21:00", "2027-03-13 08:00", "", ""},
		{"nor if it tells a coordinator", "after: received, by: 1h, notify: coordinators", "2027-03-11 10:00", "2027-03-11 23:00", "", "", ""},
		{"nor by day", "after: received, by: 1h, send: hello", "2027-03-11 10:00", "2027-03-11 15:00", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := postroom.Facts{Form: "come", At: at(t, c.now), Zone: london(t), Quiet: night}
			if c.event != "" {
				f.Dates = map[string]time.Time{"event": at(t, c.event)}
			}
			step := steps(t, "  - {step: s, "+c.step+"}\n").Workflow[0]
			if got := step.TooLate(at(t, c.promised), f); got != (c.late != "") {
				t.Errorf("too late: %v", got)
			}
			rests := ""
			if until := step.Rests(at(t, c.promised), f); !until.IsZero() {
				rests = until.In(london(t)).Format("2006-01-02 15:04")
			}
			if rests != c.rests {
				t.Errorf("rests until %q, want %q", rests, c.rests)
			}
		})
	}
}

func TestWhatAnswersNobodyWakesNobody(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2027-03-11 15:00": "2027-03-11 15:00", "2027-03-11 23:00": "2027-03-12 08:00",
		"2027-03-13 05:00": "2027-03-13 05:00", // the event begins as the night ends
	} {
		f := postroom.Facts{Form: "come", At: at(t, now), Zone: london(t), Quiet: night, Dates: map[string]time.Time{"event": at(t, "2027-03-13 08:00")}}
		step := steps(t, "  - {step: s, before: event, by: 2d, send: hello}\n").Workflow[0]
		if got := step.Awake(f); !got.Equal(at(t, want)) {
			t.Errorf("at %s it is done at %v, want %s", now, got, want)
		}
	}
}

func TestEachMoveOfAnEventIsAnOccurrenceOfItsOwn(t *testing.T) {
	t.Parallel()
	p := steps(t, "  - {step: moved, on: moved, send: hello}\n  - {step: later, after: moved, by: 1h, send: hello}\n  - {step: agenda, before: event, by: 2d, send: hello}\n")
	f := postroom.Facts{Form: "come", At: at(t, "2027-03-03 10:00"), Zone: london(t), Occurrence: "move 1", Dates: map[string]time.Time{"event": at(t, "2027-03-13 10:00")}}
	if got, want := planned(t, programme.Plan(p, postroom.OnMoved, f)), "moved move 1: at once\nlater move 1: Wed 3 Mar 11:00"; got != want {
		t.Errorf("planned\n%s\nwant\n%s", got, want)
	}
}

func TestMistakesAboutBeingLate(t *testing.T) {
	t.Parallel()
	form, _, _ := strings.Cut(small, "workflow:")
	for step, want := range map[string]string{
		"on: received, not_later_than: 1d, send: hello":                          "what is done at once is never late",
		"after: received, by: 1d, not_later_than: soon, send: hello":             `"soon" is not a span`,
		"after: received, by: 1d, otherwise: ask, send: hello":                   "this one never is",
		"after: received, by: 1d, not_later_than: 1d, otherwise: x, send: hello": "otherwise",
		"after: received, by: 0 working days, send: hello":                       "is no time at all",
	} {
		_, err := load(map[string]string{"p.yaml": form + "workflow:\n  - {step: s, " + step + "}\n"})
		line := strings.Count(form, "\n") + 2
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p.yaml:"+strconv.Itoa(line)+":") {
			t.Errorf("%s: %v", step, err)
		}
	}
	p := steps(t, "  - {step: s, before: event, by: 1d, otherwise: ask, send: hello}\n")
	if s := p.Workflow[0]; s.Otherwise != programme.OtherwiseAsk || s.NotLaterThan != nil {
		t.Errorf("read as %+v", s)
	}
}
