package programme_test

import (
	"fmt"
	"strings"
	"testing"

	"postroom/internal/programme"
)

// advised is a programme that helps nobody, line by line.
const advised = `programme: small
languages: [en, uk]
reviewed: [en]
name: Small
privacy: We keep this.
forms:
  - form: come
    kind: enquiry
    title: Come
    intro: Notwithstanding considerations of organisational responsibility, administrative documentation necessitates comprehensive participation.
    reach: [email]
    fields:
      - {field: email, type: email}
      - {field: why, type: text, label: Why would you like to come to the club this year and not in the next one, error_label: why}
      - {field: needs, type: text, required: true, special_category: true, label: N, error_label: n, purpose: P, keep: K}
`

func advice(t *testing.T, text string) []string {
	t.Helper()
	set, err := load(map[string]string{"p.yaml": text})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range programme.Advise("p.yaml", []byte(text), set.Programmes()[0]) {
		list = append(list, m.String())
	}
	return list
}

func TestAdviceSaysWhereAndWhatWouldHelp(t *testing.T) {
	t.Parallel()
	want := []string{
		"p.yaml:2:12: nobody who speaks it has read uk; write reviewed: [en, uk] when",
		"p.yaml:10:12: only people of ",
		"p.yaml:14:41: the question why has 72 characters and no hint",
		"p.yaml:15:46: everybody has to answer needs",
	}
	got := advice(t, advised)
	if len(got) != len(want) {
		t.Fatalf("got %d\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestManyQuestionsBelongOnSeveralPages(t *testing.T) {
	t.Parallel()
	text := strings.Replace(advised, "languages: [en, uk]", "languages: [en]", 1)
	for i := range 10 {
		text += fmt.Sprintf("      - {field: q%d, type: name}\n", i)
	}
	if got := strings.Join(advice(t, text), "\n"); !strings.Contains(got, "p.yaml:7:11: form come has 13 questions on one page") {
		t.Error(got)
	}
	if got := strings.Join(advice(t, strings.Replace(text, "    kind:", "    layout: pages\n    kind:", 1)), "\n"); strings.Contains(got, "questions") {
		t.Error(got)
	}
}

func TestAWebsiteThatTheSettingsDoNotNameIsFound(t *testing.T) {
	t.Parallel()
	text := strings.Replace(advised, "    title: Come\n", "    title: Come\n    sites: [https://www.charity.example, \"https://Other.example/\"]\n", 1)
	set, err := load(map[string]string{"p.yaml": text})
	if err != nil {
		t.Fatal(err)
	}
	found := func(opened ...string) string {
		var list []string
		for _, m := range programme.Unopened("p.yaml", []byte(text), set.Programmes()[0], opened) {
			list = append(list, m.String())
		}
		return strings.Join(list, "\n")
	}
	const both = "p.yaml:10:13: form come is for https://www.charity.example, which postroom.yaml does not name, so that it stays shut there; write it below sites: in postroom.yaml as well\n" +
		"p.yaml:10:42: form come is for https://other.example, which postroom.yaml does not name, so that it stays shut there; write it below sites: in postroom.yaml as well"
	if got := found(); got != both {
		t.Errorf("got\n%s\nwant\n%s", got, both)
	}
	if got := found("https://www.charity.example"); !strings.HasPrefix(got, "p.yaml:10:42:") || !strings.HasSuffix(got, ", or one of those that stand there: https://www.charity.example") {
		t.Errorf("got %s", got)
	}
	if got := found("https://www.charity.example", "https://other.example"); got != "" {
		t.Errorf("got %s", got)
	}
}
