package programme_test

import (
	"strings"
	"testing"

	"postroom/internal/programme"
)

// bracketed ends its forms with questions between brackets, an empty line below.
const bracketed = `programme: small
languages: [en]
name: Small
privacy: We keep this

forms:
  # the first
  - form: first
    kind: enquiry
    title: First
    reach: [email]
    fields:
      - {field: name, type: name}
      - {field: email, type: email}

  # the second
  - form: second
    kind: enquiry
    title: Second
    reach: [email]
    fields:
      - {field: email, type: email}

# what follows
workflow:
  - {step: tell, on: received, notify: coordinators}
`

func TestWhatStandsBelowBracketsStaysBelowThem(t *testing.T) {
	t.Parallel()
	for _, text := range []string{bracketed, strings.ReplaceAll(bracketed, "\n\n", "\n"), strings.ReplaceAll(bracketed, "  # the second\n", "")} {
		got, err := programme.Apply("p.yaml", []byte(text))
		if err != nil || string(got) != text {
			t.Errorf("%v\n%s", err, got)
		}
	}
}

func TestAFormIsAddedAfterTheOthersWithItsComments(t *testing.T) {
	t.Parallel()
	const third = "# the third\nform: third\nkind: enquiry\ntitle: Third # for now\nreach: [email]\nfields:\n  - {field: email, type: email}\n"
	const want = `      - {field: email, type: email}

  # the third
  - form: third
    kind: enquiry
    title: Third # for now
    reach: [email]
    fields:
      - {field: email, type: email}

# what follows
`
	got, err := programme.Apply("p.yaml", []byte(bracketed), programme.AddForm(third))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), want) || !strings.HasPrefix(string(got), strings.Split(bracketed, "\n# what follows")[0]) {
		t.Errorf("%s", got)
	}
	if _, err := load(map[string]string{"p.yaml": string(got)}); err != nil {
		t.Error(err)
	}
}

func TestAFormIsAddedWhereThereIsNone(t *testing.T) {
	t.Parallel()
	head, _, _ := strings.Cut(bracketed, "\nforms:")
	for _, forms := range []string{"", "forms: []\n"} {
		got, err := programme.Apply("p.yaml", []byte(head+forms), programme.AddForm("form: one\nkind: enquiry\ntitle: One\nreach: [email]\nfields: [{field: email, type: email}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := load(map[string]string{"p.yaml": string(got)}); err != nil {
			t.Errorf("%v\n%s", err, got)
		}
	}
}
