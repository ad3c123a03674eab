package inbound

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// day of three sessions: a day with a workshop in it, and another day.
func threeSessions() *programme.Form {
	at := func(day, from, to int) (time.Time, time.Time) {
		return time.Date(2027, 3, day, from, 0, 0, 0, time.UTC), time.Date(2027, 3, day, to, 0, 0, 0, time.UTC)
	}
	session := func(name, title string, day, from, to int) *programme.Session {
		starts, ends := at(day, from, to)
		return &programme.Session{Name: name, Title: postroom.Words{"en": title}, StartsAt: starts, EndsAt: ends}
	}
	p := &programme.Programme{Events: []*programme.Event{{Name: "fair", Sessions: []*programme.Session{
		session("main", "Main event", 13, 10, 15), session("sister", "Sister event", 6, 10, 15), session("workshop", "Small workshop", 13, 13, 14),
	}}}}
	return &programme.Form{Programme: p, Event: "fair"}
}

func TestADateIsReadWhereItIsClear(t *testing.T) {
	t.Parallel()
	winter := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"on 13 March":                         "main", // who names the day means the day
		"on the 13th of march please":         "main",
		"March 6 would suit us":               "sister",
		"6.3. or not at all":                  "sister",
		"06/03/2027":                          "sister",
		"прийду 6 березня":                    "sister",
		"۶ مارچ می‌آیم":                       "sister",
		"the small workshop on 13 March":      "workshop",
		"the sister event":                    "sister",
		"the main event or the sister event":  "",
		"6 or 13 March":                       "main", // only the day before a month is a date
		"on the 7th of March":                 "",
		"I would like to come":                "",
		"we sell at the market on 6 May":      "",
		"ساعت ۶ می‌آیم":                       "",
		"call me on 01908 123456 13 marches!": "main",
		"":                                    "",
	} {
		if got := sessionIn(threeSessions(), text, winter); got != want {
			t.Errorf("%q: session %q, want %q", text, got, want)
		}
	}
}

func TestADayThatIsOverIsNotMeant(t *testing.T) {
	t.Parallel()
	between := time.Date(2027, 3, 8, 9, 0, 0, 0, time.UTC)
	if got := sessionIn(threeSessions(), "6 March", between); got != "" {
		t.Errorf("session %q, want none", got)
	}
}
