package translation

import (
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"postroom/internal/plural"
)

// TestGettextCountsAsCLDRDoes works out the rule in the head of a file for many
// numbers, as the program of whoever translates does.
func TestGettextCountsAsCLDRDoes(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"en", "uk", "fa", "fa-AF", "ps", "ar", "ja"} {
		rule, ok := counting(tag)
		_, rule, found := strings.Cut(strings.TrimSuffix(rule, ";"), "plural=")
		if _, after, more := strings.Cut(rule, "plural="); more {
			rule = after
		}
		if !ok || !found {
			t.Fatalf("%s has no rule", tag)
		}
		program, err := expr.Compile(rule, expr.Env(map[string]any{"n": 0}))
		if err != nil {
			t.Fatal(tag, err)
		}
		for n := range 500 {
			got, err := expr.Run(program, map[string]any{"n": n})
			if err != nil {
				t.Fatal(tag, err)
			}
			index, isNumber := got.(int)
			if yes, isBool := got.(bool); isBool && yes {
				index = 1
			} else if !isNumber && !isBool {
				t.Fatalf("%s: %v", tag, got)
			}
			if want := slices.Index(plural.Forms(tag), plural.Form(tag, n)); index != want {
				t.Errorf("%s: %d has the form %d, want %d", tag, n, index, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("msgid \"\"\nmsgstr \"\"\n\"Language: uk\\n\"\n\nmsgctxt \"a\"\nmsgid \"b\"\nmsgstr \"c\"\n"))
	f.Add([]byte("msgstr[99999999] \"x\"\n"))
	f.Add([]byte("#, fuzzy\nmsgid_plural \"\"\nmsgstr[-1] \"\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, entries, err := parse("x.po", data); err != nil && len(entries) > 0 {
			t.Error("a file that cannot be read says something")
		}
	})
}
