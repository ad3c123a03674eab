package programme_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/programme"
)

// examples are the blocks of YAML in a page of the documentation.
var examples = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// TestTheExamplesOfTheFormsPageAreRight holds docs/forms.md to the loader: people
// copy from it.
func TestTheExamplesOfTheFormsPageAreRight(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/forms.md")
	if err != nil {
		t.Fatal(err)
	}
	found := examples.FindAllStringSubmatch(string(page), -1)
	if len(found) < 10 {
		t.Fatalf("the page has %d examples", len(found))
	}
	for i, example := range found {
		if _, err := load(map[string]string{"example.yaml": whole(example[1])}); err != nil && !onlyTemplates(err) {
			t.Errorf("example %d:\n%s\n%v", i+1, example[1], err)
		}
	}
}

// onlyTemplates says whether a mistake is that the mail of an example is none of
// the two that tests have.
func onlyTemplates(err error) bool {
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, `there is no template "we-have-your-message"`) {
			return false
		}
	}
	return true
}

// whole makes a programme of an example that shows a form, or questions, alone.
func whole(example string) string {
	const programme = "programme: example\nlanguages: [en]\nname: Example\nprivacy: We keep this\nforms:\n"
	const form = "  - form: example\n    kind: enquiry\n    title: Example\n    reach: [email]\n    fields:\n      - {field: email, type: email}\n"
	switch {
	case strings.HasPrefix(example, "form:"):
		return programme + "  - " + strings.TrimLeft(indented(example, "    "), " ")
	case strings.HasPrefix(example, "- "):
		return programme + form + indented(example, "      ")
	}
	return example
}

func indented(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}

// TestTheFormsPageNamesEveryTypeAndKind keeps the page whole when the grammar grows.
func TestTheFormsPageNamesEveryTypeAndKind(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/forms.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range programme.FieldTypes() {
		names = append(names, string(name))
	}
	for _, kind := range programme.Kinds() {
		names = append(names, string(kind))
	}
	for _, name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/forms.md does not name %s", name)
		}
	}
}
