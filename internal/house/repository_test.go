package house_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// topLevel is everything that may stand at the top of the repository, besides
// names that begin with a dot.
var topLevel = []string{
	"cmd", "docs", "internal", "templates", "workers",
	"go.mod", "go.sum", "Dockerfile", "Makefile", "docker-compose.yml",
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
}

func TestTheTopLevelIsAsAgreed(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("git does not list the files here, so this is no checkout; run the test in one: %v", err)
	}
	seen := map[string]bool{}
	for path := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		name, _, _ := strings.Cut(path, "/")
		if seen[name] || strings.HasPrefix(name, ".") {
			continue
		}
		seen[name] = true
		if !slices.Contains(topLevel, name) {
			t.Errorf("%s stands at the top of the repository, which is the first page a newcomer reads; "+
				"put it into the folder it belongs to, or add it to topLevel in internal/house/repository_test.go", name)
		}
	}
}

// physical finds CSS that says left or right instead of start or end.
var physical = regexp.MustCompile(`(?i)(^|[\s;{])(` +
	`(margin|padding|scroll-margin|scroll-padding)-(left|right)(\s*:)` +
	`|border-(left|right)(-(color|style|width))?\s*:` +
	`|border-(top|bottom)-(left|right)-radius\s*:` +
	`|(left|right)\s*:` +
	`|(text-align|float|clear)\s*:\s*(left|right)\b)`)

func TestStylesKnowNoLeftOrRight(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "templates", "static", "*.css"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		css, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(css), "\n") {
			if found := physical.FindString(line); found != "" {
				t.Errorf("%s:%d: %q. Farsi, Dari and Pashto are read from the right, where this would be on the wrong side; "+
					"say inline-start or inline-end (margin-inline-start, inset-inline-end, text-align: start)", filepath.Base(path), i+1, strings.TrimSpace(found))
			}
		}
	}
}

func TestTheRuleForStylesFindsSides(t *testing.T) {
	for css, want := range map[string]bool{
		"  margin-left: 1em;":               true,
		"p{text-align:right}":               true,
		"a { right: 0 }":                    true,
		"border-top-left-radius: 2px":       true,
		"border-left: 2px solid":            true,
		"margin-inline-start: 1em;":         false,
		"text-align: start":                 false,
		"justify-content: space-between":    false,
		".leftover { color: red }":          false,
		"background: url(arrow-right.svg);": false,
	} {
		if got := physical.MatchString(css); got != want {
			t.Errorf("%q: found %t, want %t", css, got, want)
		}
	}
}
