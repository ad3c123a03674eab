package programme_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// person are the answers that every form of these tests needs.
func person(more postroom.Answers) postroom.Answers {
	answers := postroom.Answers{"name": {"Ada"}, "email": {"ada@example.org"}}
	for field, values := range more {
		answers[field] = values
	}
	return answers
}

func TestAnswersOfEachTypeAreCleaned(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	for _, c := range []struct {
		name, field string
		written     []string
		want        string // values with | between
	}{
		{"a trusted person in parts", "trusted_person", []string{" Sam  Green ", "(01632) 960-123"}, "Sam Green|+441632960123"},
		{"a trusted person in one text", "trusted_person", []string{"Sam Green: ۰۱۶۳۲ ۹۶۰۱۲۳"}, "Sam Green|+441632960123"},
		{"nothing about a trusted person", "trusted_person", []string{"", " "}, ""},
		{"leave a message", "safe_message", []string{"no"}, "no"},
		{"a postcode without its space", "postcode", []string{"mk11aa"}, "MK1 1AA"},
		{"a postcode with hyphen, brackets and an invisible sign", "postcode", []string{"(mk9-\u200b۳ ab)"}, "MK9 3AB"},
		{"a postcode of London", "postcode", []string{"ec1a 1bb"}, "EC1A 1BB"},
		{"an address in parts", "address", []string{"1 High  Street", "", "Olney", "mk46 4aa"}, "1 High Street||Olney|MK46 4AA"},
		{"an address on an envelope", "address", []string{"Flat 2\n1 High Street\nOlney MK46 4AA"}, "Flat 2|1 High Street|Olney|MK46 4AA"},
		{"an address with commas", "address", []string{"1 High Street, Olney, MK46 4AA"}, "1 High Street||Olney|MK46 4AA"},
		{"one of a list", "select", []string{"b"}, "b"},
		{"none of these", "none", []string{"z"}, "z"},
		{"languages kept apart", "languages", []string{"fa-af", "fa", "ps", "uk", "fa-AF"}, "fa-AF|fa|ps|uk"},
		{"a language nobody listed", "languages", []string{"also: Zaza ", "also:"}, "also:Zaza"},
		{"times of the week", "availability", []string{"mon-morning", "sun-evening"}, "mon-morning|sun-evening"},
		{"an hour", "time", []string{"9"}, "09:00"},
		{"an hour in the morning", "time", []string{"9am"}, "09:00"},
		{"an hour in the afternoon", "time", []string{"9.30 PM"}, "21:30"},
		{"noon", "time", []string{"12pm"}, "12:00"},
		{"midnight", "time", []string{"12 a.m."}, "00:00"},
		{"a time in Persian figures", "time", []string{"۲۱:۳۰"}, "21:30"},
		{"a time without a sign between", "time", []string{"0930"}, "09:30"},
		{"a month by its short name", "date", []string{"3", "jan", "2027"}, "2027-01-03"},
		{"a month in capitals and an ordinal", "date", []string{"1st MARCH 2027"}, "2027-03-01"},
		{"a month before its day", "date", []string{"March 13, 2027"}, "2027-03-13"},
		{"a date in Ukrainian", "date", []string{"24 серпня 2027"}, "2027-08-24"},
		{"a date in Farsi", "date", []string{"۱۲", "آوریل", "۲۰۲۷"}, "2027-04-12"},
		{"a date in Dari", "date", []string{"۱۲ جنوری ۲۰۲۷"}, "2027-01-12"},
		{"a date in Pashto", "date", []string{"۱۲ ډیسمبر ۲۰۲۷"}, "2027-12-12"},
		{"a date with full stops", "date", []string{"3.4.2027"}, "2027-04-03"},
		{"three empty boxes", "date", []string{"", "", ""}, ""},
		{"one attendee", "guests", []string{"Ann", "a ramp", "attendee", "ann@Example.org", "yes"}, "Ann|a ramp|attendee|ann@example.org|yes"},
		{"an attendee of whom nothing is said", "guests", []string{"", "", "", "", ""}, ""},
		{"a second one without a name", "guests", []string{"Ann", "", "", "", "", "", "", "", "", ""}, "Ann|||||||||"},
		{"an address nothing is sent to", "guests", []string{"Ann", "", "booker", "x", "no"}, "Ann||booker||no"},
		{"needs that may be kept", "access_needs", []string{"a ramp\r\nand water", "on"}, "a ramp\nand water|yes"},
		{"a box without needs", "access_needs", []string{"", "yes"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clean, mistakes := form.Check(person(postroom.Answers{c.field: c.written}))
			if got := strings.Join(clean[c.field], "|"); len(mistakes) > 0 || got != c.want {
				t.Errorf("got %q and %v, want %q", got, mistakes, c.want)
			}
		})
	}
}

func TestEachFailureHasWordsAndAPlace(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	long := strings.Repeat("x", 2001)
	for _, c := range []struct {
		name, field string
		written     []string
		part, want  string
	}{
		{"a trusted person without a number", "trusted_person", []string{"Sam", ""}, "number", "error.trusted_number"},
		{"a number of nobody", "trusted_person", []string{"", "01632 960123"}, "name", "error.trusted_name"},
		{"a trusted person's number too short", "trusted_person", []string{"Sam", "12"}, "number", "error.trusted_shape"},
		{"a message that may perhaps be left", "safe_message", []string{"perhaps"}, "", "error.unknown_option"},
		{"half a postcode", "postcode", []string{"MK1"}, "", "error.postcode"},
		{"an address without its street", "address", []string{"", "", "Olney", "MK46 4AA"}, "line1", "error.address_line"},
		{"an address without its town", "address", []string{"1 High Street", "", "", "MK46 4AA"}, "town", "error.address_town"},
		{"an address without its postcode", "address", []string{"1 High Street", "", "Olney", ""}, "postcode", "error.address_postcode"},
		{"an address with a wrong postcode", "address", []string{"1 High Street", "", "Olney", "12345"}, "postcode", "error.postcode"},
		{"something that is not in the list", "select", []string{"c"}, "", "error.unknown_option"},
		{"none of these and one of these", "none", []string{"a", "z"}, "", "error.none_and_more"},
		{"a language that is not offered", "languages", []string{"tlh"}, "", "error.unknown_option"},
		{"a time of a day that is not asked for", "availability", []string{"tue-morning"}, "", "error.unknown_option"},
		{"a time nobody can be sure of", "time", []string{"half past"}, "", "error.time"},
		{"an hour that is none", "time", []string{"25:00"}, "", "error.time"},
		{"a thirteenth hour of the afternoon", "time", []string{"13pm"}, "", "error.time"},
		{"a date without its day", "date", []string{"", "3", "2027"}, "day", "error.date_day"},
		{"a date without its month", "date", []string{"1", "", "2027"}, "month", "error.date_month"},
		{"a date without its year", "date", []string{"1", "3", ""}, "year", "error.date_year"},
		{"a year of two figures", "date", []string{"1", "3", "27"}, "year", "error.year"},
		{"a month that is none", "date", []string{"1", "13", "2027"}, "month", "error.date"},
		{"a day that its month has not", "date", []string{"31", "4", "2027"}, "day", "error.date"},
		{"today, where later is wanted", "future", []string{"23/11/2026"}, "", "error.date_future"},
		{"today, where earlier is wanted", "past", []string{"23/11/2026"}, "", "error.date_past"},
		{"four people where three may come", "guests", slices.Repeat([]string{"A", "", "", "", ""}, 4), "", "error.attendees_most"},
		{"letters to somebody without an address", "guests", []string{"A", "", "", "", "", "B", "", "both", "", ""}, "2.email", "error.attendee_email"},
		{"letters to somebody with half an address", "guests", []string{"A", "", "attendee", "a@", ""}, "1.email", "error.attendee_shape"},
		{"letters to somebody else", "guests", []string{"A", "", "everybody", "", ""}, "1.letters", "error.attendee_letters"},
		{"a photograph perhaps", "guests", []string{"A", "", "", "", "perhaps"}, "1.photos", "error.attendee_photos"},
		{"more about somebody than there is room for", "guests", []string{"A", long, "", "", ""}, "1.needs", "error.attendee_too_long"},
		{"needs that may not be kept", "access_needs", []string{"a ramp", ""}, "consent", "error.consent_needed"},
		{"needs too long to be read", "access_needs", []string{long, "yes"}, "text", "error.too_long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clean, mistakes := form.CheckOn(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), person(postroom.Answers{c.field: c.written}))
			if len(mistakes) != 1 || mistakes[0].Field != c.field || mistakes[0].Part != c.part || mistakes[0].Say.Key != c.want || clean[c.field] != nil {
				t.Errorf("got %v and %q, want %s at %q", mistakes, clean[c.field], c.want, c.part)
			}
			if !slices.Contains(programme.Keys(), c.want) {
				t.Errorf("%s is not among Keys", c.want)
			}
		})
	}
}

func TestAnswersOnFileAreNotJudgedByToday(t *testing.T) {
	t.Parallel()
	if _, mistakes := everyForm(t).Check(person(postroom.Answers{"future": {"2020-01-01"}, "past": {"2099-01-01"}})); len(mistakes) > 0 {
		t.Errorf("got %v", mistakes)
	}
}

func TestATrustedPersonIsAWayToReachSomebody(t *testing.T) {
	t.Parallel()
	set, err := load(map[string]string{"p.yaml": strings.Replace(every, "reach: [email, phone]", "reach: [email, phone, trusted_person]", 1)})
	if err != nil {
		t.Fatal(err)
	}
	answers := postroom.Answers{"name": {"Ada"}, "trusted_person": {"Sam", "01632 960123"}}
	if _, mistakes := set.Forms()[0].Check(answers); len(mistakes) > 0 {
		t.Errorf("got %v", mistakes)
	}
}

func TestAPartyCountsItself(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	two := []string{"Ann", "", "", "", "", "Ben", "", "", "", ""}
	for _, c := range []struct {
		name   string
		places []string
		guests []string
		want   string
	}{
		{"two who are named", nil, two, "2"},
		{"and not the number beside them", []string{"5"}, two, "2"},
		{"a number alone", []string{"5"}, nil, "5"},
		{"neither", nil, nil, ""},
	} {
		clean, mistakes := form.Check(person(postroom.Answers{"places": c.places, "guests": c.guests}))
		if len(mistakes) > 0 || clean.One("places") != c.want {
			t.Errorf("%s: got %q and %v, want %s", c.name, clean.One("places"), mistakes, c.want)
		}
	}
}

func TestConditionsAskTheNewTypes(t *testing.T) {
	t.Parallel()
	answers := person(postroom.Answers{"languages": {"uk"}, "safe_message": {"yes"}, "time": {"3pm"}, "guests": {"Ann", "", "", "", "", "Ben", "", "", "", ""}})
	if _, mistakes := everyForm(t).Check(answers); len(mistakes) != 1 || mistakes[0].Field != "asked" {
		t.Errorf("got %v", mistakes)
	}
}

func TestPartsArePutTogether(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	sent := map[string][]string{
		"address.line1": {"1 High Street"}, "address.town": {"Olney"}, "address.postcode": {"MK46 4AA"}, "languages": {"uk"}, "languages.also": {"Zaza"},
		"guests.1.name": {"Ann"}, "guests.3.name": {"Ben"}, "guests.3.letters": {"booker"}, "admin": {"yes"}, "date.day": {"1"}, "date.month": {"2"}, "date.year": {"2027"},
	}
	want := postroom.Answers{"address": {"1 High Street", "", "Olney", "MK46 4AA"}, "languages": {"uk", "also:Zaza"},
		"guests": {"Ann", "", "", "", "", "Ben", "", "booker", "", ""}, "date": {"1", "2", "2027"}}
	if got := form.Gather(sent); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsWrongInTheGrammarOfATypeIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, field, want string }{
		{"needs without a ground", "{field: x, type: access_needs, purpose: P, keep: K}", "has no basis"},
		{"needs without the words of the box", "{field: x, type: access_needs, purpose: P, keep: K, basis: explicit_consent}", "has no consent"},
		{"needs without a purpose", "{field: x, type: access_needs, keep: K, basis: public_interest}", "has no purpose"},
		{"attendees without an end", "{field: x, type: attendees, purpose: P}", "has no keep"},
		{"a ground nobody knows", "{field: x, type: access_needs, purpose: P, keep: K, basis: explicit_concent}", "write explicit_consent"},
		{"a ground of an ordinary answer", "{field: x, type: text, label: L, error_label: l, basis: public_interest}", "of no special category"},
		{"none that is no option", "{field: x, type: choices, label: L, error_label: l, options: {a: A}, none: b}", `no option called "b"`},
		{"none of a list", "{field: x, type: select, label: L, error_label: l, options: {a: A}, none: a}", "only choice and choices have none"},
		{"a rule of dates for a time", "{field: x, type: time, label: L, error_label: l, after: today}", "only a date"},
		{"a rule nobody knows", "{field: x, type: date, label: L, error_label: l, after: tomorrow}", "cannot be the after"},
		{"a language nobody knows", "{field: x, type: languages, options: [en, klingon]}", `no language called "klingon"`},
		{"a day nobody knows", "{field: x, type: availability, days: [someday]}", `no day called "someday"`},
		{"a name in an address of a page", "{field: x, type: name, prefill: true}", "is about a person"},
		{"an answer of a special category in one", "{field: x, type: text, label: L, error_label: l, special_category: true, purpose: P, keep: K, prefill: true}", "is about a person"},
	} {
		_, err := load(map[string]string{"p.yaml": every + "      - " + c.field + "\n"})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.yaml:") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestCheckedAnswersStayAsTheyAre mixes what people and programs may send.
func TestCheckedAnswersStayAsTheyAre(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	bits := []string{"", " ", "a", "z", "yes", "on", "uk", "fa-af", "also:x", "also:", "mon-morning", "9", "9am", "۹", "2027-02-03", "3", "jan", "2027",
		"Ada", "ada@example.org", "both", "attendee", "01632 960123", "MK1 1AA", "mk11aa", "one", "1 High Street, Olney, MK46 4AA", "\u200c", "\xff", "-1"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3_000 {
		answers := person(nil)
		for _, f := range form.Fields {
			for range r.IntN(7) {
				answers[f.Name] = append(answers[f.Name], bits[r.IntN(len(bits))])
			}
		}
		clean, _ := form.Check(answers)
		again, second := form.Check(clean)
		for _, m := range second {
			if len(clean[m.Field]) > 0 {
				t.Fatalf("%s passed as %q and then did not: %v", m.Field, clean[m.Field], m)
			}
		}
		for field := range clean {
			if !slices.Equal(clean[field], again[field]) && !slices.Contains([]string{"hidden", "asked"}, field) {
				t.Fatalf("%s: %q, then %q", field, clean[field], again[field])
			}
		}
	}
}
