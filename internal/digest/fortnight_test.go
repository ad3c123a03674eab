package digest_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// fortnight is two weeks of a post room with three coordinators: the office is on
// leave from the first Thursday to the second Tuesday and events stands in, and
// mail to cag comes back, who does nothing.
type fortnight struct {
	*testing.T
	room    *testkit.Room
	draw    *rand.Rand
	filed   int
	waits   map[string]waits // by reference
	numbers map[string]int   // by reference
}

type waits struct {
	id       string
	assigned string // whose it is while nobody is away
	since    time.Time
	until    time.Time // put off
}

func TestForTwoWeeksNobodyWaitsUnseen(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := open(t, engine, testkit.Misbehaving(testserver.RefuseRcpt(cag)))
		admin(t, room)
		f := &fortnight{t, room, rand.New(rand.NewPCG(1, 2)), 0, map[string]waits{}, map[string]int{}}
		leave, back := day(t, "2026-11-26"), day(t, "2026-12-02")
		change(t, room, "office", func(c *postroom.Colleague) {
			c.Cover, c.Absence = "events", postroom.Absence{From: leave, Until: back}
		})
		for date := day(t, "2026-11-23"); date.Before(day(t, "2026-12-08")); date = date.AddDate(0, 0, 1) {
			if date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
				f.moveTo(date.Add(12 * time.Hour))
				continue
			}
			away := !date.Before(leave) && date.Before(back)
			if f.filed > 0 {
				f.moveTo(date.Add(8 * time.Hour))
				f.morning(date, away)
			}
			f.moveTo(date.Add(10 * time.Hour))
			f.fileSome(20)
			f.moveTo(date.Add(15 * time.Hour))
			f.answerSome(away)
		}
		if f.filed < 200 {
			t.Errorf("only %d were filed", f.filed)
		}
		if n := subjects(t, room, boss, "Nobody has acted on the summaries of cag"); n != 2 { // that the first was refused, and that they do nothing
			t.Errorf("the admin was told %d times of cag: %q", n, room.Subjects(t, boss))
		}
		for _, other := range []string{"office", "events"} {
			if n := subjects(t, room, boss, "Nobody has acted on the summaries of "+other); n != 0 {
				t.Errorf("the admin was told %d times of %s, who acts", n, other)
			}
		}
	})
}

func day(t *testing.T, written string) time.Time {
	t.Helper()
	date, err := time.Parse(time.DateOnly, written)
	if err != nil {
		t.Fatal(err)
	}
	return date
}

func (f *fortnight) moveTo(moment time.Time) {
	f.Helper()
	if moment.After(f.room.Clock.Now()) {
		f.room.Clock.Set(moment)
	}
	f.room.Work(f.T)
}

// fileSome has people ask, and gives two of three to a coordinator by name.
func (f *fortnight) fileSome(n int) {
	f.Helper()
	now := f.room.Clock.Now()
	for range n {
		f.filed++
		name := fmt.Sprintf("P%d", f.filed)
		r, err := f.room.Intake.Accept(f.Context(), postroom.Entry{
			Channel: postroom.Web, Key: name, Form: "ask", Locale: "en", At: now,
			Answers: postroom.Answers{"name": {name}, "email": {name + "@example.org"}, "question": {"Where?"}},
		})
		if err != nil {
			f.Fatal(err)
		}
		w := waits{id: r.Submission.ID, assigned: []string{"office", "events", "cag"}[f.filed%3], since: now}
		write(f.T, f.room, func(tx *store.Tx) error {
			if w.assigned == "office" {
				return nil // the first of the programme has it without anybody's saying so
			}
			return tx.AssignSubmission(w.id, w.assigned)
		})
		f.waits[r.Submission.Reference] = w
	}
	f.room.Work(f.T)
}

// answerSome has those who are here answer most of what is theirs, and put one
// off to the day after tomorrow.
func (f *fortnight) answerSome(away bool) {
	f.Helper()
	later := true
	for reference, w := range f.waits {
		owner := owner(w, away)
		switch {
		case owner == "cag":
		case later:
			later, w.until = false, f.room.Clock.Now().AddDate(0, 0, 1)
			f.waits[reference] = w
			write(f.T, f.room, func(tx *store.Tx) error { return tx.Snooze(w.id, w.until) })
		case f.draw.IntN(4) > 0:
			delete(f.waits, reference)
			write(f.T, f.room, func(tx *store.Tx) error {
				sub, err := tx.Submission(w.id)
				if err != nil {
					return err
				}
				return f.room.Workflow.Answered(tx, sub, owner, f.room.Clock.Now())
			})
		}
	}
}

func owner(w waits, away bool) string {
	if w.assigned == "office" && away {
		return "events"
	}
	return w.assigned
}

// morning holds every coordinator's summary against who waits.
func (f *fortnight) morning(date time.Time, away bool) {
	f.Helper()
	seen := map[string]int{}
	for _, name := range []string{"office", "events", "cag"} {
		expected, putOff := map[string]bool{}, 0
		for reference, w := range f.waits {
			switch {
			case owner(w, away) != name:
			case w.until.After(f.room.Clock.Now()):
				putOff++
			default:
				expected[reference] = true
			}
		}
		text := f.summary(name, date)
		if name == "office" && away {
			if text != "" {
				f.Errorf("%s: the office is away and gets\n%s", date.Format(time.DateOnly), text)
			}
			continue
		}
		f.holds(name, date, text, expected, putOff)
		sheet, err := f.room.Digests.Today(f.Context(), whoIs(f.room, name), f.room.Clock.Now())
		if err != nil {
			f.Fatal(err)
		}
		for _, i := range sheet.Waiting.Items {
			seen[i.Reference]++
			if !expected[i.Reference] {
				f.Errorf("%s: on the desk of %s stands %s, which is not theirs", date.Format(time.DateOnly), name, i.Reference)
			}
		}
	}
	for reference, w := range f.waits {
		if !w.until.After(f.room.Clock.Now()) && seen[reference] != 1 {
			f.Errorf("%s: %s is in %d lists", date.Format(time.DateOnly), reference, seen[reference])
		}
	}
}

// summary returns what a coordinator's summary of a day says, whether or not it
// arrived.
func (f *fortnight) summary(name string, date time.Time) string {
	f.Helper()
	read := f.room.Store.Read(f.Context())
	d, found, err := read.LastDigest(name, date.Format(time.DateOnly))
	if err != nil {
		f.Fatal(err)
	}
	if !found || d.Day != date.Format(time.DateOnly) || d.Message == "" {
		return ""
	}
	m, err := read.Message(d.Message)
	if err != nil {
		f.Fatal(err)
	}
	if arrived := m.State == postroom.Sent; arrived == (name == "cag") {
		f.Errorf("%s: the summary of %s is %s", d.Day, name, m.State)
	}
	return strings.ReplaceAll(m.Data["markdown"], `\`, "")
}

var (
	anyMore = regexp.MustCompile(`(?m)^- and (\d+) more$`)
	anyItem = regexp.MustCompile(`(?m)^- \*\*(\d+)\*\* · P\d+: Ask us a question \(([^)]+)\)`)
)

// holds fails unless a summary tells of those and of nobody else, by numbers that
// stay.
func (f *fortnight) holds(name string, date time.Time, text string, expected map[string]bool, putOff int) {
	f.Helper()
	told := anyItem.FindAllStringSubmatch(text, -1)
	more := 0
	if found := anyMore.FindStringSubmatch(text); found != nil {
		more, _ = strconv.Atoi(found[1])
	}
	if len(told)+more != len(expected) {
		f.Errorf("%s: the summary of %s tells of %d and %d more, want %d:\n%s", date.Format(time.DateOnly), name, len(told), more, len(expected), text)
	}
	for _, item := range told {
		number, _ := strconv.Atoi(item[1])
		if !expected[item[2]] {
			f.Errorf("%s: the summary of %s tells of %s, which is not theirs", date.Format(time.DateOnly), name, item[2])
		}
		if before, known := f.numbers[item[2]]; known && before != number {
			f.Errorf("%s has the numbers %d and %d", item[2], before, number)
		}
		f.numbers[item[2]] = number
	}
	if later := strings.Contains(text, "put off until later"); later != (putOff > 0) && text != "" {
		f.Errorf("%s: %d are put off for %s, and the summary says\n%s", date.Format(time.DateOnly), putOff, name, text)
	}
}
