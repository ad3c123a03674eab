package web

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/templates"
)

func TestLocaleFilesAreComplete(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.Tags(), " "); got != "en fa fa-AF ps uk" {
		t.Errorf("languages %s", got)
	}
}

func TestLocaleFilesThatDifferAreNamed(t *testing.T) {
	t.Parallel()
	_, err := LoadLocales(fstest.MapFS{
		"locale/en.yaml": {Data: []byte("a: One {x}\nb: Two")},
		"locale/uk.yaml": {Data: []byte("a: Один {y}\nc: Три")},
	})
	for _, said := range []string{"uk.yaml: a has the gaps [{y}], in English [{x}]", "uk.yaml: b is missing", "uk.yaml: c is not in English"} {
		if err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%v does not say %q", err, said)
		}
	}
}

// blame is what a message never says: GOV.UK's list, and ours.
var blame = regexp.MustCompile(`(?i)\b(please|sorry|valid|invalid|forbidden|illegal|oops|error occurred|this field is required|failed)\b`)

func TestTextsArePlain(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for tag, texts := range l.texts {
		for key, text := range texts {
			if found := blame.FindString(text); found != "" {
				t.Errorf("%s: %s says %q", tag, key, found)
			}
			if strings.Contains(text, "  ") || text != strings.TrimSpace(text) {
				t.Errorf("%s: %s has stray spaces", tag, key)
			}
		}
	}
}

func TestEveryKeyInTheCodeHasItsText(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	keys := append(programme.Keys(), keysInCode(t)...)
	for kind := postroom.Internal; kind <= postroom.Unavailable; kind++ {
		keys = append(keys, "page.error."+kind.String()+".title", "page.error."+kind.String()+".text")
	}
	for _, state := range []string{"confirmed", "waiting", "held", "cancelled", "expired", "attended"} {
		keys = append(keys, "booking.state."+state)
	}
	for _, did := range deeds() {
		keys = append(keys, "manage.done."+did)
	}
	for _, way := range ways() {
		keys = append(keys, "manage.reach."+string(way))
	}
	for _, kind := range []postroom.FormKind{postroom.SignUp, postroom.VolunteerOffer, postroom.EventRegistration, postroom.Enquiry, postroom.Concern, postroom.Referral, postroom.Feedback, postroom.DataRequest, postroom.DataComplaint} {
		keys = append(keys, "notice.for."+string(kind), "receipt.have."+string(kind))
	}
	keys = append(keys, "notice.basis.law", "notice.basis.consent", "notice.basis.interest", "contact.message_yes", "contact.message_no")
	for _, state := range []string{"pending", "confirmed", "unsubscribed"} {
		keys = append(keys, "confirm.title."+state)
	}
	for _, kind := range []string{"too_many", "unavailable", "internal"} {
		keys = append(keys, "form.again."+kind)
	}
	desk := deskKeys(t)
	for _, key := range keys {
		if strings.HasPrefix(key, "desk.") && !desk[key] {
			t.Errorf("desk/locale/en.yaml: %s is missing", key)
		} else if !strings.HasPrefix(key, "desk.") && !l.Has(key) {
			t.Errorf("locale/en.yaml: %s is missing", key)
		}
	}
}

var deskKey = regexp.MustCompile(`(?m)^(desk\.[a-z0-9_.]+):`)

// deskKeys are the texts that colleagues read, which are in English alone.
func deskKeys(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile("../../templates/desk/locale/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, found := range deskKey.FindAllStringSubmatch(string(data), -1) {
		keys[found[1]] = true
	}
	return keys
}

// keysInCode finds every locale key written out in a call to Say or compose,
// anywhere in the module.
func keysInCode(t *testing.T) (keys []string) {
	t.Helper()
	walk := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if key := cmp.Or(keyIn(n), deskKeyIn(n, path)); key != "" {
				keys = append(keys, key)
			}
			return true
		})
		return nil
	}
	for _, root := range []string{"..", "../../workers"} {
		if err := filepath.WalkDir(root, walk); err != nil {
			t.Log(err) // a file that somebody is writing
		}
	}
	if len(keys) < 40 {
		t.Fatalf("only %d keys were found; this test looks in the wrong place", len(keys))
	}
	return keys
}

// deskKeyIn finds a key of the desk wherever it is written out in the room in
// which colleagues act.
func deskKeyIn(n ast.Node, path string) string {
	literal, ok := n.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING || !strings.Contains(filepath.ToSlash(path), "/casework") {
		return ""
	}
	if key, err := strconv.Unquote(literal.Value); err == nil && deskKey.MatchString(key+":") {
		return key
	}
	return ""
}

func keyIn(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	fn, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fn.Sel.Name != "Say" && fn.Sel.Name != "compose" {
		return ""
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	key, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return key
}

func TestValuesInRightToLeftTextsAreIsolated(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	text := postroom.Say("receipt.sending", "address", "<a@b>")
	if got := l.Text("fa", text); !strings.Contains(got, "\u2068<a@b>\u2069") {
		t.Errorf("%q", got)
	}
	if got := l.Text("en", text); strings.ContainsRune(got, '\u2068') {
		t.Errorf("%q", got)
	}
	if got := string(l.HTML("en", text)); !strings.Contains(got, "<bdi>&lt;a@b&gt;</bdi>") {
		t.Errorf("%q", got)
	}
}

func TestAPageThatAsksForWhatIsNotThereStopsTheStart(t *testing.T) {
	t.Parallel()
	locales := &Locales{tags: []string{"en"}, texts: map[string]map[string]string{"en": {"there": "Here", "gap": "One {x}"}}}
	for page, said := range map[string]string{
		`{{t "there"}}{{t "gap" "x" .}}`:                     "",
		`{{t "nowhere"}}`:                                    "nowhere is missing",
		`{{if .}}{{range .}}{{say "nowhere"}}{{end}}{{end}}`: "nowhere is missing",
		`{{with .}}{{else}}{{template "x" (say "nowhere")}}{{end}}{{define "x"}}{{end}}`: "nowhere is missing",
		`{{t .}}`:             "must be written out",
		`{{t "gap"}}`:         "does not fill {x}",
		`{{static "no.css"}}`: "there is no file static/no.css",
		`{{misspelt}}`:        "misspelt",
	} {
		folder := fstest.MapFS{"web/layout.html": {Data: []byte(`{{template "main" .}}`)}, "web/parts/p.html": {}, "web/pages/x.html": {Data: []byte(`{{define "main"}}` + strings.Split(page, "{{define")[0] + `{{end}}{{define "x"}}{{end}}`)}}
		_, err := ParsePages(folder, "web", locales, &Assets{})
		if said == "" && err != nil || said != "" && (err == nil || !strings.Contains(err.Error(), said)) {
			t.Errorf("%s: %v, want %q", page, err, said)
		}
	}
}
