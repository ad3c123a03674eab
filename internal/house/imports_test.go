package house_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// anything marks the packages that put the others together: they may import
// every package of the project.
var anything = []string{"*"}

// below lists what each package may import from this module. Data goes one
// way, and a room never reaches back into the room it came from; adding an
// arrow is a design decision, made here in view of a reviewer. A package that
// is not in the list may not exist.
var below = map[string][]string{
	// The words, and the rooms that need only them.
	"internal/postroom":  {},
	"templates":          {},
	"internal/seal":      {"internal/postroom"},
	"internal/link":      {"internal/postroom"},
	"internal/proof":     {},
	"internal/plural":    {},
	"internal/config":    {"internal/postroom", "internal/proof"},
	"internal/letter":    {"internal/postroom"},
	"internal/mailbox":   {"internal/postroom", "internal/letter", "internal/store", "internal/config"},
	"internal/programme": {"internal/postroom", "internal/proof"},
	"internal/oauth":     {"internal/postroom", "internal/store", "internal/config"}, // for mailbox and outbound, which app hands it to

	// What one letter is and what it holds. It reads, and changes nothing.
	"internal/inbound": {"internal/postroom", "internal/programme", "internal/letter"},

	// The truth and the engine, and the one door out.
	"internal/store":    {"internal/postroom", "internal/seal"},
	"internal/queue":    {"internal/postroom", "internal/store", "internal/config"},
	"internal/outbound": {"internal/postroom", "internal/store", "internal/link", "internal/letter", "internal/config", "internal/proof", "templates"},

	// The work, and the one door in.
	"internal/team":      {"internal/postroom", "internal/store", "internal/programme"},
	"internal/signin":    {"internal/postroom", "internal/store", "internal/team"},
	"internal/access":    {"internal/postroom", "internal/store"}, // programs, as signin lets people in
	"internal/workflow":  {"internal/postroom", "internal/store", "internal/programme"},
	"internal/event":     {"internal/postroom", "internal/store", "internal/programme", "internal/workflow"},
	"internal/volunteer": {"internal/postroom", "internal/store", "internal/programme", "internal/workflow"},
	"internal/group":     {"internal/postroom", "internal/store", "internal/programme", "internal/workflow"},
	"internal/campaign":  {"internal/postroom", "internal/store", "internal/programme"},
	"internal/casework": { // what colleagues do; what it needs of the rooms beside and above it, app hands it
		"internal/postroom", "internal/store", "internal/programme", "internal/letter", "internal/team", "internal/workflow", "internal/outbound",
	},
	"internal/digest": {"internal/postroom", "internal/store", "internal/programme", "internal/outbound", "templates"},
	"internal/intake": {
		"internal/postroom", "internal/config", "internal/store", "internal/programme", "internal/workflow",
		"internal/event", "internal/volunteer", "internal/group",
	},
	"internal/arrivals": {
		"internal/postroom", "internal/store", "internal/programme", "internal/letter", "internal/inbound",
		"internal/workflow", "internal/intake",
	},

	// Files of people who signed up elsewhere.
	"internal/imports": {"internal/postroom", "internal/store", "internal/programme", "internal/intake"},

	// What was changed on the desk of programmes, mails and mailboxes.
	"internal/wording": {
		"internal/postroom", "internal/store", "internal/programme", "internal/outbound", "internal/config", "internal/proof",
	},

	// What people who translate are handed, and hand back.
	"internal/translation": {
		"internal/postroom", "internal/plural", "internal/programme", "internal/outbound", "internal/wording", "internal/web", "internal/proof",
	},

	// The doors to people and to time.
	"internal/web": {
		"internal/postroom", "internal/store", "internal/programme", "internal/intake", "internal/event",
		"internal/link", "internal/config", "templates", "internal/workflow", "internal/plural",
		"internal/access", "internal/campaign", "internal/imports", "internal/proof", // what programs with a token ask for
	},
	"internal/web/desk": {
		"internal/postroom", "internal/store", "internal/programme", "internal/team", "internal/casework", "internal/digest",
		"internal/signin", "internal/wording", "internal/arrivals", "internal/inbound", "internal/letter", "internal/outbound",
		"internal/workflow", "internal/link", "internal/config", "internal/web", "templates",
		"internal/intake",   // what staff put in for somebody
		"internal/proof",    // what wording says is wrong with a text, for whoever typed it
		"internal/campaign", // editions of newsletters, and how they stand
		"internal/imports",  // files of people who signed up elsewhere
	},
	"workers": {
		"internal/postroom", "internal/store", "internal/queue", "internal/outbound", "internal/intake",
		"internal/workflow", "internal/event", "internal/volunteer", "internal/group", "internal/programme",
		"internal/arrivals", "internal/campaign", "internal/digest",
	},

	// What puts the rooms together.
	"internal/app":     rooms(),
	"internal/live":    {"internal/proof"}, // pages that follow what somebody writes
	"internal/preview": append(rooms(), "internal/app", "internal/live"),
	"internal/demo":    append(rooms(), "internal/app", "internal/live"),
	"cmd/postroom":     anything,
	"internal/bench":   anything,
	"internal/chaos":   anything,
	"internal/testkit": anything,

	// Beside the house. testserver knows nothing of the project, so that any
	// package's tests may use it.
	"internal/testserver": {},
	"internal/house":      {},
}

// rooms is every package below internal/app.
func rooms() []string {
	return []string{
		"internal/postroom", "templates", "internal/seal", "internal/link", "internal/proof", "internal/config",
		"internal/letter", "internal/programme", "internal/store", "internal/queue", "internal/outbound", "internal/workflow",
		"internal/event", "internal/volunteer", "internal/group", "internal/campaign", "internal/intake", "internal/web", "workers",
		"internal/mailbox", "internal/inbound", "internal/arrivals", "internal/digest", "internal/oauth", "internal/team",
		"internal/casework",
		"internal/signin", "internal/access",
		"internal/translation", "internal/wording",
		"internal/web/desk",
		"internal/imports",
	}
}

func TestImportsFollowTheArrows(t *testing.T) {
	for _, f := range tree(t) {
		if f.test() {
			continue
		}
		allowed, known := below[f.pkg]
		if !known {
			t.Errorf("%s: package %q is not in the map of the house. Each room has one place in the picture of docs/architecture.md; "+
				"add it to `below` in internal/house/imports_test.go with the arrows it needs", f.path, f.pkg)
			continue
		}
		for _, spec := range f.ast.Imports {
			arrow, ours := imported(t, spec.Path.Value)
			if ours && !slices.Contains(allowed, "*") && !slices.Contains(allowed, arrow) {
				t.Errorf("%s: %q may not import %q. Data goes one way, and a room that reaches back cannot be read alone; "+
					"pass what is needed down, or add the arrow to `below` in internal/house/imports_test.go and say why", f.at(spec.Pos()), f.pkg, arrow)
			}
		}
	}
}

// imported returns which package of this module an import names.
func imported(t *testing.T, quoted string) (pkg string, ours bool) {
	t.Helper()
	path, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatal(err)
	}
	pkg, ours = strings.CutPrefix(path, module+"/")
	return pkg, ours
}

func TestTheMapHasNoWayBack(t *testing.T) {
	seen := map[string]int{} // 1: on the way, 2: done
	var visit func(pkg string, way []string)
	visit = func(pkg string, way []string) {
		if seen[pkg] == 1 {
			t.Errorf("the map in internal/house/imports_test.go has a way back: %s", strings.Join(append(way, pkg), " > "))
		}
		if seen[pkg] != 0 {
			return
		}
		seen[pkg] = 1
		for _, next := range below[pkg] {
			visit(next, append(way, pkg))
		}
		seen[pkg] = 2
	}
	for pkg := range below {
		visit(pkg, nil)
	}
}
