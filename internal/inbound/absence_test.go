package inbound

import (
	"testing"
	"time"
)

func TestAbsentPeopleSayWhenTheyAreBack(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"I am on leave and will be back in the office on Monday 7 December.":           "2026-12-07",
		"I am out of the office until Friday 4 December and back on Monday 7 December": "2026-12-07",
		"Away from 23rd November to 4th December 2026":                                 "2026-12-04",
		"Ik ben afwezig tot en met 4 december en terug op maandag 7 december.":         "2026-12-07",
		"I'm back on the 7th of December":                                              "2026-12-07",
		"I will return on January 4th, 2027.":                                          "2027-01-04",
		"returning 04/01/27":                                                           "2027-01-04",
		"AUTO: A person is out of the office (returning 04/01/2027)":                   "2027-01-04",
		"Out of office until 2027-01-04":                                               "2027-01-04",
		"I am away till 4 Jan":                                                         "2027-01-04",
		"On 4 January I will be back":                                                  "2027-01-04",
		"until 12/24/2026":                                                             "2026-12-24",
		"Ich bin bis einschließlich 4. Januar 2027 nicht im Büro":                      "2027-01-04",
		"Vom 23.11. bis zum 04.12.2026 bin ich im Urlaub":                              "2026-12-04",
		"Ab dem 7. Dezember bin ich wieder erreichbar":                                 "2026-12-07",
		"Am Montag, dem 7. Dezember, bin ich wieder im Haus":                           "2026-12-07",
		"Je suis absent jusqu'au 4 décembre 2026 inclus":                               "2026-12-04",
		"Je suis absent jusqu’au vendredi 4 décembre":                                  "2026-12-04",
		"De retour le lundi 7 décembre":                                                "2026-12-07",
		"Absent du 23 novembre au 1er décembre":                                        "2026-12-01",
		"Estaré fuera de la oficina hasta el 7 de diciembre de 2026":                   "2026-12-07",
		"Vuelvo el lunes 7 de diciembre":                                               "2026-12-07",
		"Sarò assente fino al 4 dicembre":                                              "2026-12-04",
		"Rientro lunedì 7 dicembre 2026":                                               "2026-12-07",
		"Ik ben afwezig tot en met 4 december":                                         "2026-12-04",
		"Ik ben terug op maandag 7 december":                                           "2026-12-07",
		"Jestem na urlopie do 4 grudnia":                                               "2026-12-04",
		"Wracam w poniedziałek 7 grudnia 2026":                                         "2026-12-07",
		"Я у відпустці до 4 грудня 2026 року":                                          "2026-12-04",
		"Повернуся в понеділок, 7 грудня":                                              "2026-12-07",
		"من تا تاریخ ۱۴۰۵/۰۹/۱۵ در مرخصی هستم":                                         "2026-12-06",
		"تا ۱۵ آذر ۱۴۰۵ در دفتر نیستم":                                                 "2026-12-06",
		"در ۱۵ آذر برمی‌گردم":                                                          "2026-12-06",
		"من الی ۱۵ قوس رخصت هستم و به تاریخ ۱۶ قوس دوباره می‌آیم":                      "2026-12-07",
		"تا ٤ دسامبر ٢٠٢٦ نیستم":                                                       "2026-12-04",
		"زه تر ۱۵ لیندۍ پورې رخصت یم":                                                  "2026-12-06",
		"In urgent cases ring 01908 12 34 56. I read my mail on 3 March 2026.":         "",
		"I have been away since 3 November":                                            "",
		"I am away. Our office is open from 9 to 5.":                                   "",
		"We are a team of 12 March hares. Back soon!":                                  "",
	} {
		got := ""
		if at := returnDate(text, sent); !at.IsZero() {
			got = at.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestThePersianYearBeginsInMarch(t *testing.T) {
	t.Parallel()
	for want, d := range map[string][3]int{
		"2024-03-20": {1403, 1, 1}, "2025-03-21": {1404, 1, 1}, "2026-03-21": {1405, 1, 1}, "2021-03-20": {1399, 12, 30},
		"2026-09-22": {1405, 6, 31}, "2026-09-23": {1405, 7, 1}, "2026-12-06": {1405, 9, 15}, "2017-03-21": {1396, 1, 1},
	} {
		if got := persianDate(d[0], d[1], d[2]).Format(time.DateOnly); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}
