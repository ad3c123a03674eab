package testserver

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// notAsked are the rules of html-validate that our pages do not keep, on purpose. The
// summary of mistakes stands above the h1, as it should; our doctype is written in
// small letters; boxes of one question and the parts of a date have one name; and the
// hidden button of a party is an input, so that nobody takes it for the page's.
var notAsked = []string{"heading-level", "doctype-style", "form-dup-name", "prefer-button"}

// GoodHTML fails unless pages are HTML as its standard wants it: all that
// html-validate recommends, but for a few rules, and those that are named besides. The
// keys are what a page is called in the failure. One process reads them all. It needs
// Node.
func GoodHTML(t testing.TB, pages map[string]string, besides ...string) {
	t.Helper()
	need(t, want{program: "node", install: "apt-get install nodejs"})
	command := filepath.Join(fetched(t, "html-validate"), "node_modules/.bin/html-validate")
	rules := make(map[string]string)
	for _, rule := range append(besides, notAsked...) {
		rules[rule] = "off"
	}
	settings, err := json.Marshal(map[string]any{"root": true, "extends": []string{"html-validate:recommended"}, "rules": rules})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(".htmlvalidate.json", string(settings))
	for name, text := range pages {
		put(strings.NewReplacer("/", "_", "?", "_").Replace(name)+".html", text)
	}
	cmd := exec.CommandContext(t.Context(), command, "--formatter", "text", ".")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, bytes.ReplaceAll(out, []byte(folder+"/"), nil))
	}
}
