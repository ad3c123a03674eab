package programme_test

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func TestTheLawsClocks(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	p := &programme.Programme{ReplyWithin: programme.Span{Working: 2}}
	for _, c := range []struct {
		name     string
		kind     postroom.FormKind
		received string
		want     string
	}{
		{"a request has until the same day of the next month", postroom.DataRequest, "2027-09-03", "2027-10-03"},
		{"or its last day, where that month is shorter", postroom.DataRequest, "2027-03-31", "2027-04-30"},
		{"also in February", postroom.DataRequest, "2027-01-29", "2027-02-28"},
		{"and in a leap year", postroom.DataRequest, "2028-01-30", "2028-02-29"},
		{"over the end of a year", postroom.DataRequest, "2026-12-31", "2027-01-31"},
		{"a complaint's 30 days begin with the day it came", postroom.DataComplaint, "2026-11-23", "2026-12-22"},
		{"a referral has what the programme promises", postroom.Referral, "2026-11-27", "2026-12-01"},
		{"and so has a concern", postroom.Concern, "2026-11-23", "2026-11-25"},
	} {
		received, err := time.ParseInLocation(time.DateOnly, c.received, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.AnswerBy(c.kind, received.Add(9*time.Hour).UTC(), zone).Format(time.DateOnly); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
