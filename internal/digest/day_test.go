package digest

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func london(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestTheHourIsTheOneOnTheClockAlsoWhenClocksChange(t *testing.T) {
	t.Parallel()
	d := &Digests{Options: Options{Zone: london(t), At: &Hour{Hour: 8}}}
	for _, c := range []struct{ name, now, next string }{
		{"before the hour", "2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"},
		{"at the hour the next one is tomorrow's", "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"},
		{"Friday evening waits for Monday", "2026-11-27T20:00:00Z", "2026-11-30T08:00:00Z"},
		{"Saturday", "2026-11-28T08:00:00Z", "2026-11-30T08:00:00Z"},
		{"Friday before the clocks go back", "2026-10-23T06:59:00Z", "2026-10-23T07:00:00Z"},
		{"over the night when they do", "2026-10-23T07:00:00Z", "2026-10-26T08:00:00Z"},
		{"Friday before the clocks go forward", "2027-03-26T07:59:00Z", "2027-03-26T08:00:00Z"},
		{"over the night when they do that", "2027-03-26T08:00:00Z", "2027-03-29T07:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Next(now).UTC().Format(time.RFC3339); got != c.next {
			t.Errorf("%s: the next summaries after %s are at %s, want %s", c.name, c.now, got, c.next)
		}
		if _, due := d.Day(d.Next(now)); !due {
			t.Errorf("%s: at %s nothing is due", c.name, c.next)
		}
		if _, due := d.Day(d.Next(now).Add(-time.Second)); due {
			t.Errorf("%s: a second before %s it is due already", c.name, c.next)
		}
	}
}

// A whole year has as many hours as it has working days, on every one of them
// at eight on the clock.
func TestAYearHasOneHourOnEachWorkingDay(t *testing.T) {
	t.Parallel()
	d := &Digests{Options: Options{Zone: london(t), At: &Hour{Hour: 8}}}
	n := 0
	for now := time.Date(2026, 1, 1, 0, 0, 0, 0, d.Zone); ; n++ {
		if now = d.Next(now); now.Year() > 2026 {
			break
		}
		if local := now.In(d.Zone); local.Hour() != 8 || !working(local) {
			t.Errorf("summaries are due at %s", local)
		}
	}
	if n != 261 {
		t.Errorf("there are %d hours in 2026, want 261", n)
	}
}

func TestNeverIsNeverDue(t *testing.T) {
	t.Parallel()
	d := &Digests{Options: Options{Zone: time.UTC}}
	if _, due := d.Day(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)); due || !d.Next(time.Now()).IsZero() {
		t.Error("summaries are due although there are to be none")
	}
}

func TestWorkingDaysAreCountedFromDayToDay(t *testing.T) {
	t.Parallel()
	zone := london(t)
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2026-11-23 23:59", "2026-11-23 08:00", 0}, {"2026-11-23 23:59", "2026-11-24 08:00", 1}, {"2026-11-23 09:00", "2026-11-26 08:00", 3},
		{"2026-11-27 09:00", "2026-11-30 08:00", 1}, {"2026-11-28 09:00", "2026-11-30 08:00", 1}, {"2026-10-23 09:00", "2026-10-27 08:00", 2},
		{"2027-03-26 01:30", "2027-03-30 08:00", 2}, {"0001-01-01 00:00", "2026-11-30 08:00", 5217},
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", c.from, zone)
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.ParseInLocation("2006-01-02 15:04", c.to, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := workingDays(from, to); got != c.want {
			t.Errorf("from %s to %s there are %d working days, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestAFormTellsByItsTitleWhenHavingSentItDoes(t *testing.T) {
	t.Parallel()
	name := programme.Field{Name: "name", Type: programme.NameField, Required: true}
	person := programme.Field{Name: "trusted_person", Type: programme.TextField}
	question := programme.Field{Name: "question", Type: programme.LongTextField, Required: true}
	needs := programme.Field{Name: "needs", Type: programme.LongTextField, SpecialCategory: true}
	needed := needs
	needed.Required = true
	for what, c := range map[string]struct {
		form programme.Form
		want bool
	}{
		"a question":                             {programme.Form{Fields: []programme.Field{name, question}}, false},
		"a booking that may name access needs":   {programme.Form{Fields: []programme.Field{name, question, needs}}, false},
		"one that must":                          {programme.Form{Fields: []programme.Field{name, question, needed}}, true},
		"one that asks for nothing else":         {programme.Form{Reach: []postroom.Reach{postroom.ReachPerson}, Fields: []programme.Field{name, person, needs}}, true},
		"a referral":                             {programme.Form{Kind: postroom.Referral, Fields: []programme.Field{name, question}}, true},
		"one that asks only who somebody is":     {programme.Form{Fields: []programme.Field{name}}, false},
		"one with a text that is no way to them": {programme.Form{Fields: []programme.Field{name, person, needs}}, false},
	} {
		if got := tells(&c.form); got != c.want {
			t.Errorf("%s tells: %t, want %t", what, got, c.want)
		}
	}
}

func TestAMailtoIsOneLinkWhateverIsInIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, copied, title, want string }{
		{"a@example.org", "", "Ask us", "mailto:a@example.org?subject=Re%3A%20Ask%20us%20%28K7M-4QX%29"},
		{"a@example.org", "s+r.K7M-4QX.x@example.org", "Ask us", "mailto:a@example.org?cc=s%2Br.K7M-4QX.x@example.org&subject=Re%3A%20Ask%20us%20%28K7M-4QX%29"},
		{"a@example.org", "b@example.org&bcc=c@example.org", "x", "mailto:a@example.org?cc=b@example.org%26bcc%3Dc@example.org&subject=Re%3A%20x%20%28K7M-4QX%29"},
		{"a+b%c@example.org", "", "A & B?", "mailto:a%2Bb%25c@example.org?subject=Re%3A%20A%20%26%20B%3F%20%28K7M-4QX%29"},
		{"a>)\r\nBcc:@example.org", "", "x", "mailto:a%3E%29%0D%0ABcc%3A@example.org?subject=Re%3A%20x%20%28K7M-4QX%29"},
		{"", "s@example.org", "Ask us", ""},
	} {
		if got := mailto(c.address, c.copied, c.title, "K7M-4QX"); got != c.want {
			t.Errorf("%q: got %s, want %s", c.address, got, c.want)
		}
	}
}

func TestAJobsSubjectIsReadBackWhateverACoordinatorIsCalled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"office", "Sam / garden", "", "a/b/c"} {
		if got, day := parse(subject(name, "2026-11-27")); got != name || day != "2026-11-27" {
			t.Errorf("%q came back as %q and %q", name, got, day)
		}
	}
}
