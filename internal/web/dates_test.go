package web

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"postroom/internal/postroom"
	"postroom/templates"
)

// TestDatesAreWrittenAsTheLanguageDoes is a golden table. Months and figures are as
// CLDR 47 has them. Two things are not: Farsi months stand without the hamza that
// binds them to a year, because mails also write them without one, and Pashto days
// have the names that are used every day in Afghanistan.
func TestDatesAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		moment, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, each := range []struct{ locale, from, to, want string }{
		{"en", "2027-01-04 09:05", "2027-01-04 12:30", "Monday 4 January 2027, 9:05am to 12:30pm"},
		{"en", "2027-02-27 18:00", "2027-02-28 10:00", "Saturday 27 February 2027 to Sunday 28 February 2027"},
		{"uk", "2027-01-04 09:05", "2027-01-04 12:30", "4 січня 2027 року (понеділок), 09:05–12:30"},
		{"uk", "2027-02-27 18:00", "2027-02-28 10:00", "27 лютого 2027 року (субота) – 28 лютого 2027 року (неділя)"},
		{"fa", "2027-01-04 09:05", "2027-01-04 12:30", "دوشنبه ۴ ژانویه ۲۰۲۷، از ۰۹:۰۵ تا ۱۲:۳۰"},
		{"fa", "2027-02-27 18:00", "2027-02-28 10:00", "از شنبه ۲۷ فوریه ۲۰۲۷ تا یکشنبه ۲۸ فوریه ۲۰۲۷"},
		{"fa", "2027-08-05 16:00", "2027-08-05 17:45", "پنجشنبه ۵ اوت ۲۰۲۷، از ۱۶:۰۰ تا ۱۷:۴۵"},
		{"fa-AF", "2027-01-04 09:05", "2027-01-04 12:30", "دوشنبه ۴ جنوری ۲۰۲۷، از ۰۹:۰۵ تا ۱۲:۳۰"},
		{"fa-AF", "2027-02-27 18:00", "2027-02-28 10:00", "از شنبه ۲۷ فبروری ۲۰۲۷ تا یک‌شنبه ۲۸ فبروری ۲۰۲۷"},
		{"fa-AF", "2027-08-05 16:00", "2027-08-05 17:45", "پنج‌شنبه ۵ اگست ۲۰۲۷، از ۱۶:۰۰ تا ۱۷:۴۵"},
		{"ps", "2027-01-04 09:05", "2027-01-04 12:30", "دوشنبه ۴ جنوري ۲۰۲۷، له ۰۹:۰۵ تر ۱۲:۳۰"},
		{"ps", "2027-02-27 18:00", "2027-02-28 10:00", "له شنبه ۲۷ فبروري ۲۰۲۷ تر یکشنبه ۲۸ فبروري ۲۰۲۷"},
		{"ps", "2027-09-16 16:00", "2027-09-16 17:45", "پنجشنبه ۱۶ سېپتمبر ۲۰۲۷، له ۱۶:۰۰ تر ۱۷:۴۵"},
	} {
		if got := (voice{l, each.locale}).span(at(each.from), at(each.to), time.UTC); got != each.want {
			t.Errorf("%s: %s, want %s", each.locale, got, each.want)
		}
	}
}

// TestPagesAndMailsWriteDatesAlike compares the words of the pages with those of the
// mails: the same date must not read differently in the two.
func TestPagesAndMailsWriteDatesAlike(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range l.Tags() {
		data, err := fs.ReadFile(templates.FS, "email/"+tag+"/words.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var mail struct {
			Weekdays, Months   []string
			Digits, Date, Time string
		}
		if err := yaml.Unmarshal(data, &mail); err != nil {
			t.Fatal(err)
		}
		v := voice{l, tag}
		var days, months []string
		for i := range 7 {
			days = append(days, v.Say("date.weekday."+time.Date(2027, 1, 3+i, 0, 0, 0, 0, time.UTC).Format("Mon")))
		}
		for m := time.January; m <= time.December; m++ {
			months = append(months, v.Say("date.month."+m.String()[:3]))
		}
		for what, pair := range map[string][2]string{
			"weekdays": {strings.Join(days, " "), strings.Join(mail.Weekdays, " ")}, "months": {strings.Join(months, " "), strings.Join(mail.Months, " ")},
			"figures": {v.Say("date.digits"), mail.Digits}, "date": {v.locales.raw(tag, postroom.Say("date.day")), mail.Date}, "clock": {v.Say("date.clock"), mail.Time},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s are %q on pages and %q in mails", tag, what, pair[0], pair[1])
			}
		}
	}
}
