package inbound_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"postroom/internal/inbound"
	"postroom/internal/letter"
)

// factLetters are the letters in testdata/facts by their file.
func factLetters(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/facts/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no letters in testdata/facts: %v", err)
	}
	letters := map[string][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		letters[file] = raw
	}
	return letters
}

// readLetter is what is read from a letter for the form that it would be filed
// on.
func readLetter(t testing.TB, raw []byte) any {
	t.Helper()
	l := letter.Read(raw)
	v := inbound.Classify(l, house(), today)
	form, _ := starters(t).FormFor(l.To[0].Address, l.Subject+"\n"+v.Visible)
	said, _ := inbound.Said(v.Visible)
	language, _ := inbound.Guess(v.Visible, []string{"en", "uk", "fa", "fa-AF", "ps"})
	facts := []string{}
	for _, f := range inbound.ReadFacts(form, inbound.WritingOf(l, v.Visible, l.Date)) {
		facts = append(facts, string(f.Confidence)+" "+string(f.Kind)+" "+f.Field+": "+f.Value)
	}
	name := ""
	if form != nil {
		name = form.Name
	}
	return map[string]any{"form": name, "said": said, "language": language, "facts": facts}
}

func TestEachLetterTellsItsFacts(t *testing.T) {
	t.Parallel()
	for file, raw := range factLetters(t) {
		got, err := json.MarshalIndent(readLetter(t, raw), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		wanted := file[:len(file)-len(".eml")] + ".want"
		if *update {
			if err := os.WriteFile(wanted, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(wanted)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: read\n%s\nwant\n%s", file, got, want)
		}
	}
}
