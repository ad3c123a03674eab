package proof_test

import (
	"strings"
	"testing"

	"postroom/internal/proof"
)

// read asks a file for one key of every kind, as a caller would.
func read(text string, getenv func(string) string) string {
	sheet := proof.OpenEnv("f.yaml", []byte(text), getenv)
	m := sheet.Root()
	m.Need("name", "Your charity")
	m.Int("port", 25, 1, 65535)
	m.Bool("discreet")
	m.Choice("mode", "watch", "watch", "draft", "answer")
	m.Texts("programmes")
	m.Languages("languages")
	m.Words("title", "en", "fa-AF")
	for _, item := range m.Maps("keys") {
		item.Need("id", "k1")
	}
	group := m.Map("group")
	group.Need("host", "smtp.example.org")
	if err := sheet.Mistakes().AsError(); err != nil {
		return err.Error()
	}
	return ""
}

func TestMistakesSayWhereAndWhatToWriteInstead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing wrong", "name: A\nport: 25\ntitle: {en: T, fa: ت}", ""},
		{"a needed key left out", "port: 25", "f.yaml:1:1: the file has no name; write name: Your charity"},
		{"a needed key left empty", "name:\nport: 1", "f.yaml:1:1: the file has no name; write name: Your charity"},
		{"a needed key in a group", "name: A\ngroup:\n  port: 3", "f.yaml:3:3: group has no host; write host: smtp.example.org\nf.yaml:3:3: port is not a key here"},
		{"a misspelt key", "name: A\nprogrames: [x]", "f.yaml:2:1: programes is not a key here; write programmes"},
		{"a key of another world", "name: A\nwebsite: x", "f.yaml:2:1: website is not a key here"},
		{"a key twice", "name: A\nname: B", "f.yaml:2:1: name stands here twice, first in line 1; write it once"},
		{"a word for a number", "name: A\nport: many", "f.yaml:2:7: port is not a whole number from 1 to 65535; write port: 25"},
		{"a number out of range", "name: A\nport: 99999", "f.yaml:2:7: port is not a whole number from 1 to 65535; write port: 25"},
		{"neither true nor false", "name: A\ndiscreet: perhaps", "f.yaml:2:11: discreet is neither true nor false; write discreet: true or discreet: false"},
		{"a choice misspelt", "name: A\nmode: wacth", `f.yaml:2:7: "wacth" cannot be the mode; write watch`},
		{"a choice unheard of", "name: A\nmode: delete", `f.yaml:2:7: "delete" cannot be the mode; write one of watch, draft, answer`},
		{"a list for a text", "name: [A]", "f.yaml:1:7: name is not a single text; write name: text"},
		{"a text for a list of groups", "name: A\nkeys: k1", "f.yaml:2:7: keys is not a list; write each item on a line that begins with -"},
		{"a text in a list of groups", "name: A\nkeys: [k1]", "f.yaml:2:8: an item of keys is not a group of keys; write - {key: value}"},
		{"an item without a needed key", "name: A\nkeys:\n  - {id: }\n", "f.yaml:3:5: keys 1 has no id; write id: k1"},
		{"a language that is missing", "name: A\ntitle: {en: T}", "f.yaml:2:8: title of the file is missing in fa-AF; write fa-AF: …"},
		{"a language written oddly", "name: A\ntitle: {en: T, fa-af: T}", "f.yaml:2:8: title of the file is missing in fa-AF; write fa-AF: …\nf.yaml:2:16: \"fa-af\" is not how this language is written; write fa-AF"},
		{"no language at all", "name: A\nlanguages: [english]", `f.yaml:2:12: "english" is not a language; write a language tag such as en, uk or fa-AF`},
		{"a language twice", "name: A\nlanguages: [en, en]", "f.yaml:2:12: en is listed twice; write it once"},
		{"an alias", "name: &a A\nmode: *a", "f.yaml:1:7: anchors (&) and aliases (*) are not read; write the text itself, in quotes if it begins with & or *\nf.yaml:2:7: anchors (&) and aliases (*) are not read; write the text itself, in quotes if it begins with & or *"},
		{"an alias of nothing", "name: *hunter2", "f.yaml:1:1: a text cannot begin with & or *; write the text in quotes"},
		{"a tag", "name: !!binary aGk=", "f.yaml:1:7: tags (!) are not read; write the text itself, in quotes if it begins with !"},
		{"a question in braces", "name: A\ntitle: {en: Why?, uk: T}", "f.yaml:2:1: this is not YAML: did not find expected ',' or '}'; write quotes around a text between brackets that has , ? : { or } in it"},
		{"two documents", "name: A\n---\nname: B", "f.yaml:2:1: a second document begins here; write each document in a file of its own"},
		{"an empty file", "# nothing\n", "f.yaml:1:1: the file is empty"},
		{"a list for a file", "- name: A", "f.yaml:1:1: the file is not a list of keys; write key: value on each line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := read(c.text, nil); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestEveryMistakeIsToldInOrderOfLines(t *testing.T) {
	t.Parallel()
	got := read("port: x\nmode: y\ndiscreet: z\nodd: 1", nil)
	for i, part := range []string{"1:1: the file has no name", "1:7: port", "2:7:", "3:11:", "4:1: odd"} {
		lines := strings.Split(got, "\n")
		if len(lines) != 5 || !strings.Contains(lines[i], part) {
			t.Fatalf("line %d does not tell %q:\n%s", i+1, part, got)
		}
	}
}

func TestHostileFilesEndInAMistake(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"too large":      "name: " + strings.Repeat("a", 1<<20),
		"too deep":       "name: A\ngroup: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"far too deep":   strings.Repeat("[", 100_000),
		"a text too big": "name: " + strings.Repeat("a", 30_000),
		"billion laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nname: *c",
	} {
		if got := read(text, nil); got == "" || len(got) > 10_000 {
			t.Errorf("%s: %d bytes of mistakes", name, len(got))
		}
	}
}

func TestTheEnvironmentFillsGapsAndIsNeverQuoted(t *testing.T) {
	t.Parallel()
	env := map[string]string{"NAME": "A", "MODE": "hunter2"}
	getenv := func(name string) string { return env[name] }
	if got := read("name: ${NAME}-${MISSING:-x}\nport: ${PORT:-}", getenv); got != "" {
		t.Errorf("a filled file has mistakes: %s", got)
	}
	if got := read("name: A\nmode: ${MODE}", getenv); strings.Contains(got, "hunter2") || !strings.Contains(got, `"${MODE}" cannot be the mode`) {
		t.Errorf("got %s", got)
	}
	if got, want := read("name: ${MISSING}", getenv), "the environment has no MISSING"; !strings.Contains(got, want) {
		t.Errorf("got %s, want it to say %s", got, want)
	}
}

func TestVerbatimKeepsSpacesThatTextTrims(t *testing.T) {
	t.Parallel()
	m := proof.Open("f.yaml", []byte(`p: " a "`)).Root()
	if m.Verbatim("p") != " a " || m.Text("p") != "a" {
		t.Errorf("got %q and %q", m.Verbatim("p"), m.Text("p"))
	}
}

func FuzzOpen(f *testing.F) {
	f.Add("name: A\nkeys: [{id: k}]")
	f.Add("name: &a [*a]\n? [x]\n: y")
	f.Add("title: {en: ${X}, 1: 2}\n<<: {a: b}")
	f.Fuzz(func(t *testing.T, text string) {
		for line := range strings.SplitSeq(read(text, func(string) string { return "" }), "\n") {
			if line != "" && !strings.HasPrefix(line, "f.yaml:") {
				t.Errorf("a mistake spreads over lines: %q", line)
			}
		}
	})
}
