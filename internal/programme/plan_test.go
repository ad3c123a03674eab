package programme_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func london(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func at(t testing.TB, clock string) time.Time {
	t.Helper()
	moment, err := time.ParseInLocation("2006-01-02 15:04", clock, london(t))
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// planned shows effects as people would write them down.
func planned(t testing.TB, effects []postroom.Effect) string {
	t.Helper()
	var lines []string
	for _, e := range effects {
		due := "at once"
		if !e.Due.IsZero() {
			due = e.Due.In(london(t)).Format("Mon 2 Jan 15:04")
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", e.Step, e.Occurrence, due, strings.Join(e.AddTo, ","))))
	}
	return strings.Join(lines, "\n")
}

func TestPlanOfStarters(t *testing.T) {
	t.Parallel()
	set := starters(t)
	wednesday := at(t, "2027-03-03 15:00")
	meeting := map[string]time.Time{"meeting": at(t, "2027-03-10 18:00")}
	event := map[string]time.Time{"event": at(t, "2027-03-13 10:00")}
	for _, c := range []struct {
		name, form string
		trigger    postroom.Trigger
		facts      postroom.Facts
		want       string
	}{
		{"a welcome is the answer to a sign-up, and nobody is chased", "join", postroom.OnReceived, postroom.Facts{}, ""},
		{"a member is welcomed once, into the forum of the area", "join", postroom.OnAccepted, postroom.Facts{Answers: postroom.Answers{"area": {"olney"}}}, "welcome : at once forum-olney"},
		{"a known meeting brings agenda, workspace and minutes", "join", postroom.OnAccepted, postroom.Facts{Dates: meeting},
			"welcome : at once\nagenda 2027-03-10: Sun 7 Mar 18:00\nspace : Fri 12 Mar 18:00\nminutes 2027-03-10: Thu 11 Mar 18:00"},
		{"who came first gets the workspace an hour later", "join", postroom.OnFirstAttended, postroom.Facts{}, "space : Wed 3 Mar 16:00"},
		{"who joins later gets the agenda at once", "join", postroom.OnAccepted, postroom.Facts{At: at(t, "2027-03-09 09:00"), Dates: meeting},
			"welcome : at once\nagenda 2027-03-10: at once\nspace : Fri 12 Mar 18:00\nminutes 2027-03-10: Thu 11 Mar 18:00"},
		{"nobody gets the agenda of a meeting that is past", "join", postroom.OnAccepted, postroom.Facts{At: at(t, "2027-03-10 19:00"), Dates: meeting},
			"welcome : at once\nspace : Fri 12 Mar 18:00\nminutes 2027-03-10: Thu 11 Mar 18:00"},
		{"a question is acknowledged and chased twice", "ask", postroom.OnReceived, postroom.Facts{}, "acknowledge : at once\nchase : Fri 5 Mar 15:00\nchase-again : Tue 9 Mar 15:00"},
		{"an answered question is not chased", "ask", postroom.OnReceived, postroom.Facts{States: map[string]bool{"answered": true}}, "acknowledge : at once"},
		{"a booking is told at once and reminded of", "register", postroom.OnBooked, postroom.Facts{Dates: event},
			"booked : at once\nupdate 2027-03-13: Sat 6 Mar 10:00\nreminder 2027-03-13: Thu 11 Mar 10:00\nthanks 2027-03-13: Sun 14 Mar 10:00"},
		{"a late booking gets no reminder a minute later", "register", postroom.OnBooked, postroom.Facts{At: at(t, "2027-03-12 10:00"), Dates: event},
			"booked : at once\nthanks 2027-03-13: Sun 14 Mar 10:00"},
		{"somebody waiting is not reminded", "register", postroom.OnWaiting, postroom.Facts{Dates: event}, "waiting : at once"},
		{"a speaker is shown to a coordinator", "register", postroom.OnReceived, postroom.Facts{Answers: postroom.Answers{"attending_as": {"speaker"}}}, "guest : at once"},
		{"a visitor is not", "register", postroom.OnReceived, postroom.Facts{Answers: postroom.Answers{"attending_as": {"visitor"}, "email": {"o@example.org"}}}, ""},
		{"a visitor without email is", "register", postroom.OnReceived, postroom.Facts{Answers: postroom.Answers{"attending_as": {"visitor"}, "phone": {"01908 123456"}}}, "guest : at once"},
		{"news waits for a click", "newsletter", postroom.OnReceived, postroom.Facts{}, "confirm : at once"},
		{"and welcomes after it", "newsletter", postroom.OnConfirmed, postroom.Facts{}, "welcome : at once"},
		{"an offer is chased", "volunteer", postroom.OnReceived, postroom.Facts{At: at(t, "2027-03-05 23:30")}, "acknowledge : at once\nchase : Tue 9 Mar 23:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			form, _ := set.Form(c.form)
			f := c.facts
			f.Form, f.Kind, f.Zone = form.Name, form.Kind, london(t)
			if f.At.IsZero() {
				f.At = wednesday
			}
			if got := planned(t, programme.Plan(form.Programme, c.trigger, f)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestPlanAsksItsConditions(t *testing.T) {
	t.Parallel()
	set, err := load(map[string]string{"p.yaml": small})
	if err != nil {
		t.Fatal(err)
	}
	p := set.Programmes()[0]
	for area, want := range map[string]int{"a": 1, "b": 0, "": 0} {
		f := postroom.Facts{Form: "come", Answers: postroom.Answers{"area": {area}}}
		if got := len(programme.Plan(p, postroom.OnReceived, f)); got != want {
			t.Errorf("area %q: %d effects, want %d", area, got, want)
		}
	}
}

func TestSpansCountOnTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, from, span, after, before string }{
		{"hours over the spring change", "2027-03-27 23:30", "3h", "2027-03-28 03:30", "2027-03-27 20:30"},
		{"a day over the spring change", "2027-03-27 12:00", "1d", "2027-03-28 12:00", "2027-03-26 12:00"},
		{"a day over the autumn change", "2027-10-30 12:00", "1d", "2027-10-31 12:00", "2027-10-29 12:00"},
		{"a week over the autumn change", "2027-10-29 09:00", "1w", "2027-11-05 09:00", "2027-10-22 09:00"},
		{"working days over the spring change", "2027-03-26 16:00", "2 working days", "2027-03-30 16:00", "2027-03-24 16:00"},
		{"working days over the autumn change", "2027-10-29 16:00", "1 working day", "2027-11-01 16:00", "2027-10-28 16:00"},
		{"working days from a Saturday", "2027-03-06 10:00", "1 working day", "2027-03-08 10:00", "2027-03-05 10:00"},
		{"working days from a Sunday night", "2027-03-07 23:59", "5 working days", "2027-03-12 23:59", "2027-03-01 23:59"},
		{"minutes", "2027-03-07 23:59", "2m", "2027-03-08 00:01", "2027-03-07 23:57"},
	} {
		span, err := programme.ParseSpan(c.span)
		if err != nil {
			t.Fatal(err)
		}
		from := at(t, c.from).UTC()
		if got := span.After(from, london(t)); !got.Equal(at(t, c.after)) {
			t.Errorf("%s: after is %v, want %s", c.name, got, c.after)
		}
		if got := span.Before(from, london(t)); !got.Equal(at(t, c.before)) {
			t.Errorf("%s: before is %v, want %s", c.name, got, c.before)
		}
	}
	for _, text := range []string{"", "3", "d", "-1d", "3 days", "1.5h", "9999d", "2 working hours"} {
		if span, err := programme.ParseSpan(text); err == nil {
			t.Errorf("%q is read as %+v", text, span)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	form, _ := starters(b).Form("register")
	f := postroom.Facts{Form: "register", Kind: form.Kind, At: at(b, "2027-02-01 10:00"), Zone: london(b),
		Dates: map[string]time.Time{"event": at(b, "2027-03-13 10:00")}, Answers: postroom.Answers{"attending_as": {"speaker"}}}
	b.ReportAllocs()
	for b.Loop() {
		programme.Plan(form.Programme, postroom.OnBooked, f)
	}
}
