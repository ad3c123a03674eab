package web

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

func TestATextOnWhichRightsDependHasTheEnglishBesideItUntilItIsRead(t *testing.T) {
	t.Parallel()
	const key = "consent.news"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, each := range []struct {
		name, english, mark string
		beside              bool
	}{
		{"nobody has read it", "You may stop.", "", true},
		{"somebody has", "You may stop.", Mark("You may stop."), false},
		{"the English has changed since", "You may stop at any time.", Mark("You may stop."), true},
	} {
		folder := fstest.MapFS{"locale/en.yaml": file(key + ": " + each.english + "\nother.text: One\n"), "locale/fa.yaml": file(key + ": می‌توانید\nother.text: یک\n")}
		if each.mark != "" {
			folder["locale/reviewed/fa.yaml"] = file(key + ": " + each.mark)
		}
		l, err := LoadLocales(folder)
		if err != nil {
			t.Fatal(err)
		}
		said := string(l.HTML("fa", postroom.Say(key)))
		if got := strings.Contains(said, `<span class="beside" lang="en" dir="ltr">`+each.english+`</span>`); got != each.beside {
			t.Errorf("%s: %s", each.name, said)
		}
		if said := string(l.HTML("en", postroom.Say(key))) + string(l.HTML("fa", postroom.Say("other.text"))); strings.Contains(said, "beside") {
			t.Errorf("%s: %s", each.name, said)
		}
	}
}

func TestConsentToNewsStandsBesideItsEnglish(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := c.link(link.Confirm, pending(t, c))
	want(t, c.get("/ps"+at), http.StatusOK, `<span class="beside" lang="en" dir="ltr">Yes, send me the news</span>`, `<span class="beside" lang="en" dir="ltr">If somebody is in danger now, call 999.`)
	unwanted(t, c.get("/en"+at), "beside")
}

func TestANumberIsInTheFormThatGoesWithIt(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	folder := fstest.MapFS{
		"locale/en.yaml": file("left.one: \"{n} place\"\nleft.other: \"{n} places\"\n"),
		"locale/uk.yaml": file("left.one: \"{n} місце\"\nleft.few: \"{n} місця\"\nleft.many: \"{n} місць\"\nleft.other: \"{n} місця\"\n"),
		"locale/fa.yaml": file("left.one: \"{n} جا\"\nleft.other: \"{n} جا\"\n"),
	}
	l, err := LoadLocales(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct{ locale, n, want string }{
		{"en", "1", "1 place"}, {"en", "2", "2 places"}, {"uk", "1", "1 місце"}, {"uk", "22", "22 місця"}, {"uk", "11", "11 місць"}, {"fa", "۲", "\u2068۲\u2069 جا"},
		{"ps", "1", "1 place"}, {"uk", "many", "many місця"},
	} {
		if got := strings.ReplaceAll(l.Text(each.locale, postroom.Say("left", "n", each.n)), "\u2068"+each.n+"\u2069 place", each.n+" place"); got != each.want {
			t.Errorf("%s %s: %q, want %q", each.locale, each.n, got, each.want)
		}
	}
	if !l.Has("left") {
		t.Error("a text with forms is not there")
	}
	folder["locale/uk.yaml"] = file("left.one: \"{n} місце\"\nleft.few: \"{n} місця\"\nleft.many: місць\n")
	folder["locale/fa.yaml"] = file("left.one: \"{n} جا\"\nleft.other: \"{n} جا\"\nleft.few: \"{n} جا\"\n")
	_, err = LoadLocales(folder)
	for _, said := range []string{"uk.yaml: left.other is missing; a number has the forms one, few, many, other", "uk.yaml: left.many has the gaps [], in English [{n}]", "fa.yaml: left.few is a form that the language has not"} {
		if err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%v does not say %q", err, said)
		}
	}
}

// TestNothingIsToTheLeftOrRight holds every style sheet and page to logical
// properties: what is to the left in English is to the right in Farsi.
func TestNothingIsToTheLeftOrRight(t *testing.T) {
	t.Parallel()
	sided := regexp.MustCompile(`(?i)(^|[\s;{"])((margin|padding|border|inset|scroll-margin|scroll-padding)-(left|right)|(left|right)\s*:|(text-align|float|clear|caption-side)\s*:\s*(left|right)|border-(top|bottom)-(left|right)-radius|translateX|[←→⟵⟶»«›‹▶◀]\s*(</a>|</button>|"))`)
	checked := 0
	for _, pattern := range []string{"../../templates/static/*.css", "../../templates/web/*.html", "../../templates/web/*/*.html", "../../templates/desk/*.html", "../../templates/desk/*/*.html", "../../templates/email/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checked++
			if found := sided.FindString(string(data)); found != "" {
				t.Errorf("%s has %q; write it with inline-start or inline-end", file, strings.TrimSpace(found))
			}
		}
	}
	if checked < 30 {
		t.Fatalf("only %d files were looked at", checked)
	}
}
