package programme_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/templates"
)

// beforeComment is the room that is left before a comment at the end of a line.
var beforeComment = regexp.MustCompile(`[ ]+#`)

func TestAFileThatIsNotChangedIsWrittenBackAsItWas(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(templates.FS, "programme/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := programme.Apply(file, data)
		if err != nil {
			t.Fatal(err)
		}
		was, is := strings.Split(beforeComment.ReplaceAllString(string(data), " #"), "\n"), strings.Split(beforeComment.ReplaceAllString(string(again), " #"), "\n")
		for i := range min(len(was), len(is)) {
			if was[i] != is[i] {
				t.Errorf("%s:%d: was %.120q, is %.120q", file, i+1, was[i], is[i])
				break
			}
		}
		if len(was) != len(is) {
			t.Errorf("%s: %d lines became %d", file, len(was), len(is))
		}
	}
}

// commented is a programme as people write it.
const commented = `# What it is for.
programme: small
languages: [en, uk]
name: Small # a plain text stands for all
privacy: {en: We keep this, uk: P}
coordinators: [a, b]

# The day itself.
events:
  - event: day
    name: Day
    sessions:
      - {session: one, name: One, starts: '2027-03-13 10:00', ends: '2027-03-13 15:00', capacity: 3}

forms:
  # people come by this
  - form: come
    kind: event_registration
    event: day
    title: {en: "Come", uk: C}
    intro:
      en: |
        First.

        Second.
      uk: F
    reach: [email]
    fields:
      - {field: email, type: email}
      - {field: area, type: choice, label: Area, error_label: your area, options: {a: Here, b: There}}
`

func apply(t *testing.T, edits ...programme.Edit) (string, *programme.Programme) {
	t.Helper()
	data, err := programme.Apply("p.yaml", []byte(commented), edits...)
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(fstest.MapFS{"p.yaml": {Data: data}}, programme.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	p, _ := set.Programme("small")
	return string(data), p
}

func TestAnEditChangesItsOwnLinesOnly(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 4, 1, 18, 30, 0, 0, time.UTC)
	venue, capacity, none := "Hall: 2", 12, 0
	for _, c := range []struct {
		name, was, is string
		edit          programme.Edit
	}{
		{"a text in one language", `title: {en: "Come", uk: C}`, `title: {en: "Come in", uk: C}`, programme.SetText("form/come/title", "en", "Come in")},
		{"a text that stood for all", "name: Small # a plain text stands for all", "# a plain text stands for all\nname:\n  en: Big\n  uk: Small", programme.SetText("name", "en", "Big")},
		{"a text for all", "title: {en: \"Come\", uk: C}", "title: 'Yes: come'", programme.SetText("form/come/title", "", "Yes: come")},
		{"a text that is a number", "label: Area", `label: "12"`, programme.SetText("form/come/field/area/label", "", "12")},
		{"a text taken out", "    intro:\n      en: |\n        First.\n\n        Second.\n      uk: F\n", "", programme.SetText("form/come/intro", "", "")},
		{"the label of an option", "b: There", "b: Over there", programme.SetText("form/come/field/area/option/b", "", "Over there")},
		{"coordinators", "coordinators: [a, b]", "coordinators: [c]", programme.SetCoordinators("c")},
		{"an option more", "b: There}", "b: There, new: Newtown}", programme.PutOption("come", "area", "new", postroom.Words{"": "Newtown"})},
		{"the order of options", "{a: Here, b: There}", "{b: There, a: Here}", programme.OrderOptions("come", "area", "b")},
		{"an option closed", "b: There}}", "b: There}, closed_options: [b]}", programme.CloseOption("come", "area", "b", true)},
		{"a date moved", "ends: '2027-03-13 15:00'", "ends: '2027-04-01 18:30'", programme.SetSession("day", "one", programme.SessionChange{Ends: &at})},
		{"a venue and a capacity", "capacity: 3}", "capacity: 12, venue: 'Hall: 2'}", programme.SetSession("day", "one", programme.SessionChange{Venue: &venue, Capacity: &capacity})},
		{"no limit", ", capacity: 3}", "}", programme.SetSession("day", "one", programme.SessionChange{Capacity: &none})},
	} {
		got, _ := apply(t, c.edit)
		if want := strings.Replace(commented, c.was, c.is, 1); got != want {
			t.Errorf("%s:\n%s", c.name, got)
		}
	}
}

func TestEditsAreReadAsTheyWereMeant(t *testing.T) {
	t.Parallel()
	until := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	text, p := apply(t,
		programme.SetClosed("come", programme.Closed{Until: until, Words: postroom.Words{"en": "Back soon", "uk": "C"}}),
		programme.SetReplyWithin("3 working days"), programme.SetText("form/come/field/email/hint", "", "- [a](b): {c}\nand: more # no comment"),
		programme.CloseOption("come", "area", "a", true), programme.CloseOption("come", "area", "a", false))
	form := p.Forms[0]
	if !form.Closed.Until.Equal(until) || form.Closed.Words["uk"] != "C" || p.ReplyWithin.Working != 3 || form.Fields[1].Options[0].Closed {
		t.Errorf("read back as %+v %+v\n%s", form.Closed, p.ReplyWithin, text)
	}
	if got := form.Fields[0].Hint["uk"]; got != "- [a](b): {c}\nand: more # no comment" {
		t.Errorf("the hint is %q", got)
	}
	again, err := programme.Apply("p.yaml", []byte(text), programme.SetClosed("come", programme.Closed{}))
	if err != nil || strings.Contains(string(again), "closed_until") || !strings.Contains(string(again), "closed_words") {
		t.Errorf("opened again: %v\n%s", err, again)
	}
}

func TestAnEditOfWhatIsNotThereIsAMistake(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "programme", "addresses", "form/come", "form/come/kind", "form/gone/title", "form/come/field/area/option/z", "form/come/option/a", "workflow/x/send", "form/come/field/email/option/a", "a/b/c/d", "/"} {
		if got, err := programme.Apply("p.yaml", []byte(commented), programme.SetText(path, "en", "x")); err == nil {
			t.Errorf("%q changed something: %s", path, got)
		}
	}
	if _, err := programme.Apply("p.yaml", []byte(commented), programme.SetSafeguarding("a", "b")); err == nil {
		t.Error("a programme without phrases got somebody to call")
	}
}

func TestEveryTextThatIsListedCanBeChanged(t *testing.T) {
	t.Parallel()
	_, p := apply(t)
	for _, text := range p.Texts() {
		_, changed := apply(t, programme.SetText(text.Path, "", "Other words"))
		for _, now := range changed.Texts() {
			if now.Path == text.Path && now.Words["uk"] != "Other words" {
				t.Errorf("%s is %v", text.Path, now.Words)
			}
		}
	}
}

func FuzzATextIsReadBackAsItWasWritten(f *testing.F) {
	for _, seed := range []string{"x", "a: b", "# c", "- d", "{{.name}}", "<b>", "'\"", "\\", "a\n\n b", "\u2028", "true", "~", "#\ue000blank", "a\n#\ue000blank\nb", "|", "&a", "*a", "!!x", "%a", "\t", "@", "`", "a #b", "\u0085"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := programme.Apply("p.yaml", []byte(commented), programme.SetText("form/come/field/area/label", "uk", text), programme.SetText("form/come/title", "en", text), programme.SetText("form/come/intro", "en", text))
		if err != nil {
			return
		}
		set, err := programme.Load(fstest.MapFS{"p.yaml": {Data: data}}, programme.Options{})
		if err != nil {
			return // refused, and nothing is kept
		}
		p, _ := set.Programme("small")
		want := strings.ReplaceAll(strings.TrimSpace(text), "\ue000", "")
		if got := p.Forms[0].Title["en"]; want != "" && got != want {
			t.Errorf("written %q, read %q\n%s", want, got, data)
		}
		if p.Coordinators[1] != "b" || p.Forms[0].Fields[1].Options[1].Label["uk"] != "There" {
			t.Errorf("%q reached beyond its own place\n%s", text, data)
		}
	})
}
