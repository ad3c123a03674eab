package digest

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/templates"
)

// full is a summary in which everything happens, and how often each.
func full(l language, n int) Summary {
	since := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	acts := errand{Number: n, Done: "mailto:s@example.org?subject=DONE%2014", For: l.say("Sam"), Until: since}
	waits := []wait{
		{age: age{Since: since, Days: n}, Reference: l.say("K7M-4QX"), Title: l.say("Ask us"), Name: l.say("Olena"), Mailto: mailto("a@example.org", "s@example.org", "Ask us", "K7M-4QX"), copied: "s@example.org", Again: true, Open: true, Overdue: true, errand: acts},
		{age: age{Since: since, Days: n}, Reference: l.say("P2P-P2P"), Title: l.say("Ask us"), Open: true, errand: acts},
		{age: age{Since: since, Today: true}, Reference: l.say("Q9Q-Q9Q"), Yours: true, errand: errand{Number: n}},
	}
	s := Summary{
		Since: since, Held: cut(waits, most, n+3), Waiting: cut(waits, most, n+3), GivenUp: n, PutOff: n, Example: 14,
		New: cut([]arrival{
			{Programme: l.say("Events"), N: n, Dates: []bookings{
				{Title: l.say("Evening"), Starts: since, Confirmed: n, Waiting: n, Limited: true, Left: n}, {Title: l.say("Walk"), Starts: since, Limited: true},
			}}, {N: n, Unfinished: n},
		}, most, 2),
		Coming: cut([]date{{Today: true, Starts: since, Title: l.say("Evening"), Programme: l.say("Events"), Venue: l.say("The hall"), Booked: n}, {Starts: since}}, most, 2),
		Calls:  cut([]call{{age: age{Since: since, Days: n}, errand: acts, Reference: l.say("K7M-4QX"), Reason: outbound.ReasonNoAddress}, {age: age{Since: since}}}, most, 2),
		Wrong: cut([]trouble{
			{Reference: l.say("K7M-4QX"), Reason: "550 no", N: 1}, {Reference: l.say("K7M-4QX"), Uncertain: true, N: 1},
			{Programme: l.say("Events"), N: n}, {Uncertain: true, N: n},
		}, most, 4),
		Unread:  cut([]mailbox{{Address: l.say("a@example.org"), Since: since}, {Address: l.say("b@example.org")}}, most, 2),
		Ending:  cut([]ending{{Name: l.say("a@example.org"), Day: since}, {Name: l.say("main"), Day: since, Over: true}}, most, 2),
		Watched: cut([]mailbox{{Address: l.say("a@example.org"), N: n}, {N: n}}, most, 2),
	}
	for _, why := range piles() {
		s.Triage = append(s.Triage, pile{why, cut(waits, most, n+3)})
	}
	for _, kind := range []string{"event-reminder", "event-update", "event-thanks", "agenda", "minutes", "workspace-invitation", chase, "something-new"} {
		s.Due.Items = append(s.Due.Items, due{l.say("Events"), kind, n})
	}
	return s
}

func everyLanguage(t *testing.T) (sheets, []language) {
	t.Helper()
	read, err := readSheets(templates.FS, "digest")
	if err != nil {
		t.Fatal(err)
	}
	letters, err := outbound.LoadLetters(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	var list []language
	for _, tag := range slices.Sorted(maps.Keys(read)) {
		list = append(list, language{tag, letters.Words(tag, time.UTC)})
	}
	if len(list) != 5 {
		t.Fatalf("there are %d languages, want five", len(list))
	}
	return read, list
}

func TestASummaryIsWholeInEveryLanguage(t *testing.T) {
	t.Parallel()
	read, languages := everyLanguage(t)
	for _, l := range languages {
		for _, n := range []int{0, 1, 2, 5, 21, 22, 25} {
			text, err := read.write(l, full(l, n))
			if err != nil {
				t.Fatalf("%s: %v", l.tag, err)
			}
			if wrong := outbound.CheckMarkdown(l.tag, text); len(wrong) > 0 {
				t.Errorf("%s: %v\n%s", l.tag, wrong, text)
			}
			if strings.Contains(text, "{{") || strings.Contains(text, "%!") || strings.Contains(text, "no value") || strings.Contains(text, "\n\n\n\n") {
				t.Errorf("%s shows how it is made:\n%s", l.tag, text)
			}
			if got := strings.Count(text, "\n## "); got != 9 {
				t.Errorf("%s has %d headings, want nine:\n%s", l.tag, got, text)
			}
		}
		if text, err := read.write(l, Summary{}); err != nil || strings.TrimSpace(text) != "" {
			t.Errorf("%s of nothing says %q, %v", l.tag, text, err)
		}
	}
}

// uses finds what a template tells and asks about.
var uses = regexp.MustCompile(`\.[A-Z]\w+|"[a-z-]+"|because|number|\btime\b|\bday\b|\bdate\b`)

func TestEveryLanguageTellsTheSame(t *testing.T) {
	t.Parallel()
	used := func(tag string) []string {
		data, err := fs.ReadFile(templates.FS, path.Join("digest", tag+".md"))
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(data), "*/")
		found := map[string]bool{}
		for _, action := range regexp.MustCompile(`(?s)\{\{.*?\}\}`).FindAllString(regexp.MustCompile(`plural \.\w+( "[^"]*")+`).ReplaceAllString(text, ""), -1) {
			for _, use := range uses.FindAllString(action, -1) {
				found[use] = true
			}
		}
		return slices.Sorted(maps.Keys(found))
	}
	_, languages := everyLanguage(t)
	want := used("en")
	for _, l := range languages {
		if got := used(l.tag); !slices.Equal(got, want) {
			t.Errorf("%s tells\n%q\nand English\n%q", l.tag, got, want)
		}
	}
}

func TestNumbersTakeTheFormTheirLanguageHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tag   string
		n     int
		forms []string
		want  string
	}{
		{"en", 0, []string{"day", "days"}, "days"}, {"en", 1, []string{"day", "days"}, "day"}, {"en", 21, []string{"day", "days"}, "days"},
		{"uk", 1, []string{"день", "дні", "днів"}, "день"}, {"uk", 3, []string{"день", "дні", "днів"}, "дні"}, {"uk", 5, []string{"день", "дні", "днів"}, "днів"},
		{"uk", 11, []string{"день", "дні", "днів"}, "днів"}, {"uk", 21, []string{"день", "дні", "днів"}, "день"}, {"uk", 0, []string{"день", "дні", "днів"}, "днів"},
		{"fa-AF", 7, []string{"روز"}, "روز"}, {"ps", 1, []string{"ورځ", "ورځې"}, "ورځ"}, {"ps", 2, []string{"ورځ", "ورځې"}, "ورځې"},
	} {
		if got, err := (language{tag: c.tag}).plural(c.n, c.forms...); err != nil || got != c.want {
			t.Errorf("%d in %s is %q, %v; want %q", c.n, c.tag, got, err, c.want)
		}
	}
	if _, err := (language{tag: "en"}).plural(1); err == nil {
		t.Error("a number without words is no mistake")
	}
}

func TestATextIsHarmlessAndStaysOnItsSide(t *testing.T) {
	t.Parallel()
	evil := "# [x](javascript:y) <b>\u202e"
	if got, want := (language{tag: "en"}).say(evil).String(), `\# \[x\]\(javascript\:y\) \<b\>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := (language{tag: "fa"}).say("Olena").String(), "\u2068Olena\u2069"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (language{tag: "fa"}).say(" "); got != "" {
		t.Errorf("nothing became %q", got)
	}
}

func TestEnglishStandsInForALanguageThatIsNotThere(t *testing.T) {
	t.Parallel()
	read, err := readSheets(fstest.MapFS{"digest/en.md": {Data: []byte("x")}, "digest/fa.md": {Data: []byte("x")}}, "digest")
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{"en": "en", "en-GB": "en", "de": "en", "fa-AF": "fa", "": "en"} {
		if got := read.nearest(locale); got != want {
			t.Errorf("who reads %q is written to in %q, want %q", locale, got, want)
		}
	}
	for _, wrong := range []fstest.MapFS{{"digest/uk.md": {Data: []byte("x")}}, {"digest/en.md": {Data: []byte("{{if}}")}}, {"digest/en.md": {Data: []byte("{{nothing}}")}}} {
		if _, err := readSheets(wrong, "digest"); err == nil {
			t.Errorf("%v has no mistakes", wrong)
		}
	}
	if !postroom.RightToLeft("fa-AF") {
		t.Error("Dari runs from the right")
	}
}
