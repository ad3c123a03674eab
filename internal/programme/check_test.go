package programme_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// every is a form with a field of every type.
const every = `programme: every
languages: [en]
name: Every
privacy: P
events: [{event: day, name: D, sessions: [{session: one, name: One, starts: 2027-03-13 10:00, ends: 2027-03-13 11:00}]}]
forms:
  - form: all
    kind: event_registration
    event: day
    title: All
    reach: [email, phone]
    fields:
      - {field: name, type: name, required: true}
      - {field: email, type: email}
      - {field: phone, type: phone}
      - {field: text, type: text, label: L, error_label: l, max_length: 10}
      - {field: long, type: long_text, label: L, error_label: l}
      - {field: choice, type: choice, label: L, error_label: l, options: {a: A, b: B}}
      - {field: choices, type: choices, label: L, error_label: l, options: {a: A, b: B}}
      - {field: yes_no, type: yes_no, label: L, error_label: l}
      - {field: number, type: number, label: L, error_label: l, min: 2, max: 9}
      - {field: date, type: date, label: L, error_label: l}
      - {field: places, type: places}
      - {field: session, type: session}
      - {field: consent, type: consent, label: L, error_label: l}
      - {field: trusted_person, type: trusted_person}
      - {field: safe_message, type: safe_message}
      - {field: postcode, type: postcode}
      - {field: address, type: address}
      - {field: select, type: select, label: L, error_label: l, options: {a: A, b: B}}
      - {field: none, type: choices, label: L, error_label: l, options: {a: A, b: B, z: Z}, none: z}
      - {field: languages, type: languages}
      - {field: availability, type: availability, days: [mon, sun]}
      - {field: time, type: time, label: L, error_label: l}
      - {field: future, type: date, label: L, error_label: l, after: today}
      - {field: past, type: date, label: L, error_label: l, before: today}
      - {field: guests, type: attendees, max: 3, purpose: P, keep: K}
      - {field: access_needs, type: access_needs, purpose: P, keep: K, basis: explicit_consent, consent: C}
      - {field: asked, type: text, if: '"uk" in languages and safe_message and guests > 1 and time > "12:00"', required: true, label: L, error_label: l}
      - {field: hidden, type: text, if: choice == "b" and places > 2, required: true, label: L, error_label: l}
`

func everyForm(t testing.TB) *programme.Form {
	t.Helper()
	set, err := load(map[string]string{"p.yaml": every})
	if err != nil {
		t.Fatal(err)
	}
	return set.Forms()[0]
}

func TestAnswersAreCleaned(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	for _, c := range []struct{ name, field, written, want string }{
		{"spaces around and within", "name", "  Ada \t Lovelace\n", "Ada Lovelace"},
		{"accents come in one piece", "name", "Zoe\u0308", "Zoë"},
		{"invisible characters", "name", "\ufeffAda\u200b\u00ad\u202e", "Ada"},
		{"joiners that are Persian spelling stay", "name", "می\u200cخواهم", "می\u200cخواهم"},
		{"joiners at the ends go", "name", "\u200cعلی\u200d", "علی"},
		{"broken bytes", "name", "A\xffb", "A\ufffdb"},
		{"the domain of an address in small letters", "email", " Ada@Example.ORG ", "Ada@example.org"},
		{"an address with invisible characters", "email", "ada\u200c@example.org\u200b", "ada@example.org"},
		{"a number without a country is British", "phone", "(01632) 960 123", "+441632960123"},
		{"a number with a country", "phone", "+380 44 123 4567", "+380441234567"},
		{"a number in Persian figures", "phone", "۰۱۶۳۲ ۹۶۰۱۲۳", "+441632960123"},
		{"a number only a person understands", "phone", "01632 960123 ask for Sam", "01632 960123 ask for Sam"},
		{"a long text keeps its lines", "long", " a\r\nb  c\r\n\n\n\nd ", "a\nb c\n\nd"},
		{"a tick from a browser", "consent", "on", "yes"},
		{"a whole number in Arabic figures", "number", "٧", "7"},
		{"a date as a number", "date", "13/3/2027", "2027-03-13"},
		{"a date in words", "date", "13 march 2027", "2027-03-13"},
		{"a date from a machine", "date", "2027-03-13", "2027-03-13"},
		{"a party", "places", "10", "10"},
		{"a date of the event", "session", "one", "one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answers := postroom.Answers{"name": {"Ada"}, "email": {"ada@example.org"}, c.field: {c.written}}
			clean, mistakes := form.Check(answers)
			if len(mistakes) > 0 || clean.One(c.field) != c.want {
				t.Errorf("got %q and %v, want %q", clean.One(c.field), mistakes, c.want)
			}
		})
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	for _, c := range []struct{ name, field, written, want string }{
		{"nothing where something is needed", "name", " \u200b", "error.enter"},
		{"more than there is room for", "text", "12345678901", "error.too_long"},
		{"an address without @", "email", "ada", "error.email"},
		{"an address with two @", "email", "a@b@example.org", "error.email"},
		{"an address with a name", "email", "Ada <ada@example.org>", "error.email"},
		{"an address with a comment", "email", "ada@example.org (Ada)", "error.email"},
		{"a quoted address", "email", `"a b"@example.org`, "error.email"},
		{"an address without a dot", "email", "ada@example", "error.email"},
		{"an address at a number", "email", "ada@[127.0.0.1]", "error.email"},
		{"an address of two lines", "email", "ada@example.org\nBcc: all@example.org", "error.email"},
		{"an address too long to be written to", "email", strings.Repeat("a", 250) + "@example.org", "error.too_long"},
		{"a number with too few figures", "phone", "ask Sam", "error.phone"},
		{"an option nobody offers", "choice", "c", "error.unknown_option"},
		{"one option of several that nobody offers", "choices", "c", "error.unknown_option"},
		{"neither yes nor no", "yes_no", "perhaps", "error.unknown_option"},
		{"a tick that says something else", "consent", "never", "error.unknown_option"},
		{"a word for a number", "number", "seven", "error.number"},
		{"a number too small", "number", "1", "error.range"},
		{"a party too large", "places", "11", "error.range"},
		{"a day that does not exist", "date", "30/2/2027", "error.date"},
		{"a session of another event", "session", "two", "error.unknown_option"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answers := postroom.Answers{"name": {"Ada"}, "phone": {"01632 960123"}, c.field: {c.written}}
			clean, mistakes := form.Check(answers)
			if len(mistakes) != 1 || mistakes[0].Field != c.field || mistakes[0].Say.Key != c.want || clean[c.field] != nil {
				t.Errorf("got %v and %q, want %s", mistakes, clean[c.field], c.want)
			}
			if !slices.Contains(programme.Keys(), c.want) {
				t.Errorf("%s is not among Keys", c.want)
			}
		})
	}
}

func TestMistakesCarryWhatTheirWordsNeed(t *testing.T) {
	t.Parallel()
	_, mistakes := everyForm(t).Check(postroom.Answers{"name": {"A"}, "email": {"a@b.example"}, "number": {"99"}})
	want := postroom.Say("error.range", "label", "how many", "min", "2", "max", "9")
	if got := mistakes[0].Labelled("how many"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMistakesStandInTheOrderOfTheForm(t *testing.T) {
	t.Parallel()
	_, mistakes := everyForm(t).Check(postroom.Answers{"places": {"0"}, "text": {"12345678901"}})
	var got []string
	for _, m := range mistakes {
		got = append(got, m.Field+" "+m.Say.Key)
	}
	want := []string{"name error.enter", "email error.reach", "text error.too_long", "places error.range"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOneWayToReachSomebodyIsEnough(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	for _, c := range []struct {
		name    string
		answers postroom.Answers
		want    string
	}{
		{"a telephone alone", postroom.Answers{"phone": {"01632 960123"}}, ""},
		{"neither", nil, "email error.reach"},
		{"an address that is wrong has one message", postroom.Answers{"email": {"ada"}}, "email error.email"},
	} {
		answers := maps.Clone(c.answers)
		if answers == nil {
			answers = postroom.Answers{}
		}
		answers["name"] = []string{"Ada"}
		_, mistakes := form.Check(answers)
		got := ""
		for _, m := range mistakes {
			got += m.Field + " " + m.Say.Key
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHiddenFieldIsNeitherNeededNorKept(t *testing.T) {
	t.Parallel()
	form := everyForm(t)
	base := func() postroom.Answers {
		return postroom.Answers{"name": {"Ada"}, "email": {"ada@example.org"}, "choice": {"b"}, "places": {"2"}, "hidden": {"x"}}
	}
	if clean, mistakes := form.Check(base()); len(mistakes) > 0 || clean["hidden"] != nil {
		t.Errorf("hidden: got %v and %v", clean, mistakes)
	}
	shown := base()
	shown["places"], shown["hidden"] = []string{"3"}, nil
	if _, mistakes := form.Check(shown); len(mistakes) != 1 || mistakes[0].Field != "hidden" {
		t.Errorf("shown: got %v", mistakes)
	}
}

func TestUnknownAnswersAndRepeatsAreDropped(t *testing.T) {
	t.Parallel()
	answers := postroom.Answers{"name": {"Ada"}, "email": {"ada@example.org"}, "choices": {"b", "", "a", "b"}, "consent": {"no"}, "admin": {"yes"}}
	clean, mistakes := everyForm(t).Check(answers)
	want := postroom.Answers{"name": {"Ada"}, "email": {"ada@example.org"}, "choices": {"b", "a"}}
	if len(mistakes) > 0 || !reflect.DeepEqual(clean, want) {
		t.Errorf("got %v and %v, want %v", clean, mistakes, want)
	}
}

func TestDateMayComeInThreeParts(t *testing.T) {
	t.Parallel()
	clean, mistakes := everyForm(t).Check(postroom.Answers{"name": {"A"}, "email": {"a@b.example"}, "date": {"13", "Mar", "2027"}})
	if len(mistakes) > 0 || clean.One("date") != "2027-03-13" {
		t.Errorf("got %v and %v", clean, mistakes)
	}
}

func TestAllAnswersTogetherHaveALimit(t *testing.T) {
	t.Parallel()
	text := strings.Replace(every, "type: long_text, label: L", "type: long_text, max_length: 65536, label: L", 1)
	set, err := load(map[string]string{"p.yaml": text})
	if err != nil {
		t.Fatal(err)
	}
	answers := postroom.Answers{"name": {"A"}, "email": {"a@b.example"}, "long": {strings.Repeat("ї", 40<<10)}}
	if _, mistakes := set.Forms()[0].Check(answers); len(mistakes) != 1 || mistakes[0].Say.Key != "error.too_long" {
		t.Errorf("got %v", mistakes)
	}
}

func FuzzCheck(f *testing.F) {
	form := everyForm(f)
	f.Add("trusted_person", "Sam 07700 900123", "languages", "fa-af", "also: Zaza")
	f.Add("address", "1 High Street, Olney", "guests", "Ann", "both")
	f.Add("date", "12 Січня 2027", "time", "۹.۳۰", "access_needs")
	f.Add("name", "Ada", "email", "ada@example.org", "b")
	f.Add("phone", "+44 1632 960123 x9", "date", "13", "3")
	f.Add("places", "3", "choice", "b", "\u200c")
	f.Fuzz(func(t *testing.T, key, value, key2, value2, value3 string) {
		clean, mistakes := form.Check(postroom.Answers{key: {value, value3}, key2: {value2}})
		again, second := form.Check(clean)
		if len(mistakes) == 0 && (len(second) > 0 || !reflect.DeepEqual(clean, again)) {
			t.Errorf("checking twice differs: %q, then %q and %v", clean, again, second)
		}
		for field, values := range clean {
			if _, known := form.Field(field); !known || !utf8.ValidString(strings.Join(values, "")) {
				t.Errorf("%q passed as %q", field, values)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	form, _ := starters(b).Form("register")
	answers := postroom.Answers{"session": {"main"}, "places": {"2"}, "name": {"Ada Lovelace"}, "email": {"ada@example.org"}, "phone": {"01632 960123"},
		"attending_as": {"stall"}, "organisation": {"Garden group"}, "access_needs": {"a quiet place"}, "photographs": {"yes"}}
	if _, mistakes := form.Check(answers); len(mistakes) > 0 {
		b.Fatal(mistakes)
	}
	b.ReportAllocs()
	for b.Loop() {
		form.Check(answers)
	}
}
