package web

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"postroom/internal/testserver"
)

// valid is what html-validate is asked: all that it recommends, but for four rules.
// The summary of mistakes stands above the h1, as it should; our doctype is written
// in small letters; boxes of one question and the parts of a date have one name; and
// the hidden button of a party is an input, so that nobody takes it for the page's.
const valid = `{
	"root": true,
	"extends": ["html-validate:recommended"],
	"rules": {"heading-level": "off", "doctype-style": "off", "form-dup-name": "off", "prefer-button": "off"}
}`

// Every page in English and Farsi is HTML as its standard wants it. One process
// reads them all.
func TestPagesAreGoodHTML(t *testing.T) {
	t.Parallel()
	command := testserver.HTMLValidate(t)
	c := open(t)
	folder := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(".htmlvalidate.json", valid)
	for _, v := range c.views() {
		for _, locale := range []string{"en", "fa"} {
			put(v.name+"-"+locale+".html", c.seen(v, locale).Body.String())
		}
	}
	cmd := exec.CommandContext(t.Context(), command, "--formatter", "text", ".")
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, bytes.ReplaceAll(out, []byte(folder+"/"), nil))
	}
}
