package config_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func withOrganisation(line string) string {
	return strings.Replace(least, "name: A,", "name: A, "+line, 1)
}

func TestWorkingHours(t *testing.T) {
	t.Parallel()
	on := func(from, to time.Duration, days ...time.Weekday) postroom.WorkingHours {
		h := postroom.WorkingHours{From: from, To: to}
		for _, d := range days {
			h.Days[d] = true
		}
		return h
	}
	for line, want := range map[string]postroom.WorkingHours{
		"":                                    postroom.OfficeHours(),
		`working_hours: Mon-Fri 09:00-17:00,`: postroom.OfficeHours(),
		`working_hours: always,`:              {},
		`working_hours: "Tue,Thursday 10:00 - 14:30",`:        on(10*time.Hour, 14*time.Hour+30*time.Minute, time.Tuesday, time.Thursday),
		`working_hours: sat-mon 22:00-06:00,`:                 on(22*time.Hour, 6*time.Hour, time.Saturday, time.Sunday, time.Monday),
		`working_hours: "Wed 9:00-12:30",`:                    on(9*time.Hour, 12*time.Hour+30*time.Minute, time.Wednesday),
		`working_hours: "${HOURS:-Mon-Tue,Fri 08:00-12:00}",`: on(8*time.Hour, 12*time.Hour, time.Monday, time.Tuesday, time.Friday),
	} {
		if got := mustLoad(t, withOrganisation(line), nil).Organisation.WorkingHours; got != want {
			t.Errorf("%s is read as %v, want %v", line, got, want)
		}
	}
	for _, wrong := range []string{"Mon-Fri", "09:00-17:00", "Mon-Fri 09:00", "Mon-Fri 09:00-09:00", "Mon-Fun 09:00-17:00", "Mo 09:00-17:00", "Mon- 09:00-17:00", "never", "Mon-Fri 9-5", ", 09:00-17:00"} {
		_, err := load(t, withOrganisation(`working_hours: "`+wrong+`",`), nil)
		if err == nil || !strings.Contains(err.Error(), "postroom.yaml:2:40: working_hours are not days of the week and two different times of day; write working_hours: Mon-Fri 09:00-17:00, or always") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestHowLongWhatIsAboutSomebodyInDangerIsKept(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{
		"":                              72,
		"safeguarding_keep: 6 years,":   72,
		"safeguarding_keep: 1 year,":    12,
		"safeguarding_keep: 18 months,": 18,
		"safeguarding_keep: 25 years,":  300,
	} {
		if got := mustLoad(t, withOrganisation(line), nil).Organisation.SafeguardingKeep; got != want {
			t.Errorf("%s is read as %d months, want %d", line, got, want)
		}
	}
	for _, wrong := range []string{"6", "years", "0 years", "6 weeks", "for ever", "1000 years"} {
		_, err := load(t, withOrganisation(`safeguarding_keep: "`+wrong+`",`), nil)
		if err == nil || !strings.Contains(err.Error(), "postroom.yaml:2:44: safeguarding_keep is not a number of years or months; write safeguarding_keep: 6 years") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
