package programme_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
)

// small is a programme with nothing wrong; tests change a line of it.
const small = `programme: small
languages: [en, fa-AF]
name: {en: Small, fa: S}
privacy: {en: We keep this, fa: P}
lists:
  - {list: news, name: News}
events:
  - event: day
    name: Day
    sessions:
      - {session: one, name: One, starts: 2027-03-13 10:00, ends: 2027-03-13 15:00, capacity: 3}
forms:
  - form: come
    kind: event_registration
    event: day
    list: news
    title: Come
    reach: [email, phone]
    fields:
      - {field: email, type: email}
      - {field: phone, type: phone}
      - {field: area, type: choice, label: Area, error_label: your area, options: {a: Here, b: There}}
      - {field: why, type: text, if: 'area == "b"', label: Why, error_label: why}
      - {field: needs, type: text, label: N, error_label: n, special_category: true, purpose: P, keep: K}
workflow:
  - {step: hello, on: received, when: 'area == "a" and form == "come"', send: hello, add_to: "forum-{{area}}"}
  - {step: agenda, before: meeting, by: 3d, send: agenda}
`

func load(files map[string]string) (*programme.Set, error) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	has := func(name, locale string) bool { return locale == "en" && (name == "hello" || name == "agenda") }
	return programme.Load(fsys, programme.Options{HasTemplate: has})
}

func TestLoadTellsEachMistakeWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, line, instead, want string }{
		{"no privacy notice", "privacy: {en: We keep this, fa: P}", "", "p.yaml:1:1: the programme has no privacy notice; write privacy: {en:"},
		{"no languages", "languages: [en, fa-AF]", "", "the programme has no languages"},
		{"a listed language incomplete", "name: {en: Small, fa: S}", "name: {en: Small}", "p.yaml:3:7: name of the programme is missing in fa-AF; write fa-AF: …"},
		{"a misspelt key", "name: {en: Small, fa: S}", "nam: {en: Small, fa: S}", "p.yaml:3:1: nam is not a key here; write name"},
		{"a field without a label", "label: Why, ", "", "field why has no label"},
		{"a field without an error label", ", error_label: why", "", "field why has no error_label"},
		{"special-category without a purpose", "purpose: P, ", "", "field needs has no purpose"},
		{"special-category without retention", ", keep: K", "", "field needs has no keep"},
		{"a form without reach", "    reach: [email, phone]\n", "", "form come has no reach; write reach: [email, phone]"},
		{"a way of reach without a field", "reach: [email, phone]", "reach: [email, post]", "form come has no field called post"},
		{"a way of reach unheard of", "reach: [email, phone]", "reach: [emial]", `there is no way to reach somebody called "emial"; write email`},
		{"an unknown kind", "kind: event_registration", "kind: registration", `"registration" cannot be the kind`},
		{"an unknown type", "type: text, if", "type: txt, if", `"txt" cannot be the type; write text`},
		{"an unknown list", "    list: news", "    list: newz", `there is no list called "newz"; write news`},
		{"an unknown event", "    event: day", "    event: dya", `there is no event called "dya"; write day`},
		{"a booking without an event", "    event: day\n", "", "form come has no event"},
		{"a choice without options", ", options: {a: Here, b: There}", "", "field area has no options"},
		{"an option twice", "{a: Here, b: There}", "{a: Here, a: There}", "a stands here twice"},
		{"two options that read the same", "{a: Here, b: There}", "{a: Here, b: Here}", "options a and b read the same in en"},
		{"a field twice", "field: phone,", "field: email,", "form come has two fields called email"},
		{"a field with a name of ours", "field: why,", "field: form,", `a field cannot be called "form"`},
		{"a condition about a later field", `'area == "b"'`, `'needs == "b"'`, "this condition cannot be read: unknown name needs"},
		{"a condition that is no comparison", `'area == "b"'`, `area`, "this condition cannot be read: expected bool, but got string"},
		{"a condition that calls a function", `'area == "b"'`, `'all(1..9, true)'`, "this condition cannot be read"},
		{"a step's condition about a special category", `area == "a" and`, `needs == "a" and`, "unknown name needs"},
		{"an unknown trigger", "on: received", "on: recieved", `there is no trigger called "recieved"; write received`},
		{"an unknown date", "before: meeting", "before: meting", `there is no date called "meting"; write meeting`},
		{"an unknown template", "send: hello", "send: helo", `there is no template "helo" for en, fa-AF`},
		{"a gap nobody is asked for", "forum-{{area}}", "forum-{{place}}", "there is no choice called place"},
		{"a gap that people write freely", "forum-{{area}}", "forum-{{why}}", "there is no choice called why to fill {{why}}; write area"},
		{"a step twice", "step: agenda", "step: hello", "there are two steps called hello"},
		{"a step that never falls due", "on: received, ", "", "step hello never falls due"},
		{"a step that does nothing", "by: 3d, send: agenda", "by: 3d", "step agenda does nothing"},
		{"a date without a span", "by: 3d, ", "", "step agenda has no by"},
		{"a span nobody understands", "by: 3d", "by: soon", `"soon" is not a span`},
		{"an unknown state", "by: 3d,", "by: 3d, unless: answerd,", `there is no state called "answerd"; write answered`},
		{"a step of an unknown form", "by: 3d,", "by: 3d, form: cone,", `there is no form called "cone"; write come`},
		{"late where nothing can be late", "on: received,", "on: received, late: skip,", "only a step before a date can be late"},
		{"an end before the start", "ends: 2027-03-13 15:00", "ends: 2027-03-13 09:00", "session one ends before it starts"},
		{"a date that is none", "starts: 2027-03-13 10:00", "starts: 2027-02-30 10:00", "starts is not a date and a time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(small, c.line) != 1 {
				t.Fatalf("%q is not once in the file", c.line)
			}
			_, err := load(map[string]string{"p.yaml": strings.Replace(small, c.line, c.instead, 1)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant it to say\n%s", err, c.want)
			}
		})
	}
}

func TestMistakesOfAllFilesComeAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(map[string]string{"b.yaml": "programme: b", "a.yaml": small, "c.yml": small, "d.yaml": strings.Replace(small, "programme: small", "programme: other", 1)})
	mistakes, ok := errors.AsType[proof.Mistakes](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"b.yaml:1:1: the programme has no languages",
		"c.yml:1:1: only names that end in .yaml are read",
		"d.yaml:13:11: there is a form called come already, in programme small",
		"d.yaml:6:12: there is a list called news already, in programme small",
	} {
		if !strings.Contains(mistakes.Error(), want) {
			t.Errorf("nothing says %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "a.yaml") {
		t.Errorf("the file without mistakes is blamed:\n%v", err)
	}
}

func TestFormMaySubscribeToListOfLaterFile(t *testing.T) {
	t.Parallel()
	first := strings.Replace(small, "lists:\n  - {list: news, name: News}\n", "", 1)
	second := "programme: z\nlanguages: [en]\nname: Z\nprivacy: P\nlists: [{list: news, name: N}]\n"
	if _, err := load(map[string]string{"a.yaml": first, "z.yaml": second}); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestSetFindsWhatItHas(t *testing.T) {
	t.Parallel()
	set := starters(t)
	var names []string
	for _, f := range set.Forms() {
		names = append(names, f.Name)
		if found, ok := set.Form(f.Name); !ok || found != f || f.Programme == nil {
			t.Errorf("form %s is not found", f.Name)
		}
	}
	if got := strings.Join(names, " "); got != "join ask register newsletter refer concern volunteer your-data data-complaint" {
		t.Errorf("forms are %s", got)
	}
	if _, ok := set.Programme("newsletter"); !ok || len(set.Programmes()) != 7 {
		t.Errorf("programmes are %v", set.Programmes())
	}
	if _, ok := set.Form("nobody"); ok {
		t.Error("a form nobody wrote is found")
	}
}

func TestVersionChangesWithWhatPeopleSee(t *testing.T) {
	t.Parallel()
	version := func(from, to string) string {
		set, err := load(map[string]string{"p.yaml": strings.Replace(small, from, to, 1)})
		if err != nil {
			t.Fatal(err)
		}
		return set.Forms()[0].Version
	}
	first := version("", "")
	if first != version("", "") || first != version("by: 3d", "by: 2d") {
		t.Error("the version changes though people see the same")
	}
	if first == version("label: Why", "label: Why not") || first == version("en: We keep this", "en: We sell this") {
		t.Error("the version stays though people see something else")
	}
}

func TestEventsHaveTheirHours(t *testing.T) {
	t.Parallel()
	form, _ := starters(t).Form("register")
	sessions := form.Sessions()
	if len(sessions) != 3 || sessions[0].StartsAt.UTC().Hour() != 10 || *sessions[2].Capacity != 12 || form.Kind != postroom.EventRegistration {
		t.Errorf("got %+v", sessions)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(small)
	for _, form := range []string{"forms: [{form: a, fields: [{field: b, if: 'b'}]}]", "workflow: [{step: a, or_after: {meeting: x}, after: received}]", "events: [{event: a, sessions: [{}]}]"} {
		f.Add("programme: a\nlanguages: [en]\nname: A\nprivacy: P\n" + form)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := load(map[string]string{"p.yaml": text})
		if _, told := errors.AsType[proof.Mistakes](err); err != nil && !told {
			t.Fatalf("got %v", err)
		}
		if err != nil {
			return
		}
		for _, form := range set.Forms() {
			form.Check(postroom.Answers{})
		}
		for _, p := range set.Programmes() {
			programme.Plan(p, postroom.OnReceived, postroom.Facts{})
		}
	})
}
