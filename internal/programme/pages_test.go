package programme

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/postroom"
)

// paged is a programme with one form; more stands among the keys of the form.
func paged(more string) string {
	return `programme: p
languages: [en]
name: P
privacy: We read it.
coordinators: [office]
events:
  - event: fair
    name: Fair
    sessions: [{session: main, name: Fair, starts: 2027-03-13 10:00, ends: 2027-03-13 12:00}]
forms:
  - form: f
    kind: enquiry
    event: fair
    title: F
    reach: [email]
` + more
}

const pagedFields = `    fields:
      - {field: name, type: name}
      - {field: email, type: email}
      - {field: born, type: date, required: true, autocomplete: bday, label: Born, error_label: your date of birth}
      - {field: school, type: text, if: 'age_band == "under 18"', label: School, error_label: your school}
      - {field: adult, type: email, if: 'age_band == "under 18"', label: Adult, error_label: the address of an adult}
    derive:
      - {derive: age_band, from: born, at: event, bands: {under 16: "<16", under 18: "<18", 18 or over: ""}}
`

func TestPagesThatCannotBeAreMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ more, want string }{
		"a field in no section":       {pagedFields + "    sections: [{section: you, title: You, fields: [name, email, born, school]}]\n", "field adult is in no section"},
		"a field twice":               {pagedFields + "    sections: [{section: you, title: You, fields: [name, email, born, school, adult]}, {section: b, title: B, fields: [name]}]\n", "field name is in section you already"},
		"out of order":                {pagedFields + "    sections: [{section: you, title: You, fields: [email, name, born, school, adult]}]\n", "stands further up"},
		"an unknown layout":           {pagedFields + "    layout: book\n", "layout"},
		"a name of ours":              {pagedFields + "    sections: [{section: check, title: You, fields: [name, email, born, school, adult]}]\n", "a section cannot be called"},
		"an exit to nowhere":          {pagedFields + "    exit_page: true\n    exit_to: here\n", "is not the address of a page"},
		"an exit without its button":  {pagedFields + "    exit_to: https://a.example\n", "there is no button"},
		"bands that do not end":       {strings.Replace(pagedFields, `18 or over: ""`, `18 or over: "<200"`, 1), "is no age above"},
		"derived from nothing":        {strings.Replace(pagedFields, "from: born", "from: birth", 1), `there is no field called "birth"`},
		"a condition on what is kept": {strings.Replace(pagedFields, `if: 'age_band == "under 18"', label: School`, `if: 'born == "x"', label: School`, 1), "condition cannot be read"},
		"equality with no check":      {pagedFields + "    equality: {why: Why, fields: [{field: g, type: choice, label: G, error_label: g, options: {a: A}}]}\n", "come after the page that shows the answers"},
		"equality in own words":       {pagedFields + "    check: true\n    equality: {why: Why, fields: [{field: g, type: text, label: G, error_label: g}]}\n", "answers about equality are chosen"},
		"a guardian nobody asks for":  {pagedFields + "    guardian: {when: 'age_band == \"under 18\"', email: parent, text: T}\n", `no field "parent"`},
		"the sender as the guardian":  {pagedFields + "    guardian: {when: 'age_band == \"under 18\"', email: email, text: T}\n", "own email as well"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(fstest.MapFS{"p.yaml": {Data: []byte(paged(c.more))}}, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.yaml:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestABandIsToldAndWhatItIsToldFromIsDropped(t *testing.T) {
	t.Parallel()
	set, err := Load(fstest.MapFS{"p.yaml": {Data: []byte(paged(pagedFields + "    guardian: {when: 'age_band == \"under 18\" or age_band == \"under 16\"', email: adult, text: T}\n"))}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	form, _ := set.Form("f")
	for name, c := range map[string]struct{ born, band string }{
		"eighteen on the day":      {"2009-03-13", "18 or over"},
		"a day too young":          {"2009-03-14", "under 18"},
		"fifteen":                  {"2011-03-14", "under 16"},
		"sixteen on 1 March":       {"2011-03-01", "under 18"},
		"born on a day in leap":    {"2008-02-29", "18 or over"},
		"older than we were asked": {"1930-01-01", "18 or over"},
	} {
		clean, _ := form.CheckAt(postroom.Answers{"email": {"a@example.org"}, "born": {c.born}, "adult": {"b@example.org"}}, time.Time{})
		if clean.One("age_band") != c.band || len(clean["born"]) > 0 {
			t.Errorf("%s: %v", name, clean)
		}
	}
	_, mistakes := form.Check(postroom.Answers{"email": {"a@example.org"}, "age_band": {"under 18"}})
	if len(mistakes) != 1 || mistakes[0].Field != "adult" {
		t.Errorf("without a way to the guardian: %v", mistakes)
	}
	_, mistakes = form.Check(postroom.Answers{"email": {"a@example.org"}, "age_band": {"nonsense"}})
	if len(mistakes) != 1 || mistakes[0].Field != "born" {
		t.Errorf("a band that is none: %v", mistakes)
	}
}
