package outbound

import (
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
	"postroom/templates"
)

// material is what the editions of these tests may take from elsewhere.
func material() Material {
	at := time.Date(2026, time.December, 12, 10, 0, 0, 0, time.UTC)
	book := func(locale string) string { return "https://post.example.org/" + locale + "/f/register" }
	return Material{
		Name: "Example Charity", Zone: organisation().Zone, Now: moment, Fields: []string{"area"},
		Events: []EventCard{
			{
				Event: "networking", Title: postroom.Words{"en": "Networking event", "fa": "رویداد آشنایی"}, Session: postroom.Words{"en": "Small workshop", "fa": "کارگاه کوچک"},
				Starts: at, Ends: at.Add(2 * time.Hour), Venue: "Community Hall, 1 Market Square", Book: book,
			},
			{Event: "picnic", Title: postroom.Words{"en": "Picnic"}, Starts: at.AddDate(1, 0, 0), Ends: at.AddDate(1, 0, 0).Add(time.Hour)},
			{Event: "over", Title: postroom.Words{"en": "Over"}, Starts: moment.AddDate(0, 0, -1), Ends: moment.AddDate(0, 0, -1).Add(time.Hour)},
		},
		Condition: func(text string) (string, error) {
			if text != "gardeners" {
				return "", &ConditionError{Line: 1, Column: 3, Say: "this is no condition", Instead: "gardeners"}
			}
			return `"gardening" in interests`, nil
		},
	}
}

func TestAnEditionIsReadInEachOfItsLanguages(t *testing.T) {
	t.Parallel()
	e, found := letters(t).ReadEditionWith("may.md", []byte("---\nsubject: May\nto: gardeners\nexcept: [gardeners]\n---\nThe garden opens.\n\n---\n\nOn Saturday.\n\n---\nsubject: Травень\nlocale: uk\n---\nСад відчинено.\n\n---\nlocale: fa\nsubject: مه\n---\nباغ باز می‌شود.\n"), material())
	if len(found) > 0 {
		t.Fatal(found)
	}
	if e.Locale != "en" || e.Markdown != "The garden opens.\n\n---\n\nOn Saturday.\n" || len(e.Others) != 2 || e.Others[0].Locale != "fa" || e.Others[1].Subject != "Травень" ||
		e.Others[1].Markdown != "Сад відчинено.\n" || !slices.Equal(e.Audience.To, []string{`"gardening" in interests`}) || len(e.Audience.Except) != 1 {
		t.Errorf("%+v", e)
	}
	c := postroom.Campaign{Subject: e.Subject, Locale: e.Locale, Markdown: e.Markdown, Others: e.Others}
	for reader, want := range map[string]string{"en": "en", "uk": "uk", "fa-AF": "fa", "ps": "en", "": "en"} {
		if got := c.In(reader).Locale; got != want {
			t.Errorf("who reads %q gets the text in %q, want %q", reader, got, want)
		}
	}
}

func TestWhatKeepsAnEditionFromBeingSentIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	l := letters(t)
	const good = "---\nsubject: May\n---\nThe garden opens.\n"
	for _, c := range []struct{ name, text, want string }{
		{"a gap in the subject", "---\nsubject: Hello {{name}}\n---\nx\n", "may.md:2:10: a subject knows no gaps"},
		{"no fallback", good + "\nDear {{name}},\n", "may.md:6:6: nothing is there for those of whom we do not know name; write {{name | neighbour}}"},
		{"unknown field", good + "\nDear {{nmae | you}},\n", "may.md:6:6: there is no field nmae to fill this gap; write one of name, area"},
		{"another program's gap", good + "\n{{.name}}\n", "may.md:6:1: this gap is not known"},
		{"a gap without an end", good + "\nDear {{name | you\n", "may.md:6:6: this gap does not end"},
		{"a gap in an address", good + "\n[Go](https://example.org/{{area | x}})\n", "may.md:6:26: an address cannot differ between readers"},
		{"unknown event", good + "\n{{event picnc}}\n", "may.md:6:1: there is no event called \"picnc\"; write picnic"},
		{"an event that is over", good + "\n{{event over}}\n", "may.md:6:1: event \"over\" is over"},
		{"an event in a sentence", good + "\nCome to {{event picnic}}.\n", "may.md:6:9: dates of events do not stand in a sentence"},
		{"an odd horizon", good + "\n{{events soon}}\n", "may.md:6:1: how far ahead is not a number of days"},
		{"still to be written", good + "\n## {{write the news}}\n", "may.md:6:4: this is still to be written: the news"},
		{"no words in a link", good + "\nSee [](https://example.org/).\n", "may.md:6:5: a link has no words"},
		{"a link to nowhere", good + "\nSee [this](javascript:alert).\n", "may.md:6:5: a link leads nowhere"},
		{"an empty link", good + "\nSee [this]().\n", "may.md:6:5: a link leads nowhere"},
		{"a condition", "---\nsubject: May\nto: 'nobody'\n---\nx\n", "may.md:3:8: this is no condition; write gardeners"},
		{"one condition of several", "---\nsubject: May\nexcept:\n  - gardeners\n  - nobody\n---\nx\n", "may.md:5:7: this is no condition"},
		{"the second language", good + "\n---\nlocale: uk\nsubject: Т\n---\nDear {{name}},\n", "may.md:10:6: nothing is there for those"},
		{"one language twice", good + "\n---\nlocale: en\nsubject: T\n---\nx\n", "may.md:6:1: there are two texts in en"},
		{"whom it is for, in the second", good + "\n---\nlocale: uk\nsubject: T\nto: gardeners\n---\nx\n", "may.md:9:1: to is not a key here"},
	} {
		_, found := l.ReadEditionWith("may.md", []byte(c.text), material())
		if len(found) == 0 || !strings.HasPrefix(found[0].String(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, found, c.want)
		}
	}
}

// Line breaks fall where they fall: what matters is that each copy says its
// reader's own words in both parts, whichever way it was written.
func TestEachCopySaysItsReadersOwnWords(t *testing.T) {
	t.Parallel()
	o := writer(t)
	e := o.edition(postroom.Campaign{ID: "x", List: "garden-news", Subject: "May", Locale: "en", Markdown: "Hello {{name | neighbour}}.\n\n" + strings.Repeat("The garden in {{area | town}} opens again and we look forward to it. ", 6) + "\n",
		Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "سلام {{name | همسایه}}، خوش آمدید.\n"}}})
	if !slices.Equal(e.fields, []string{"name", "area"}) {
		t.Errorf("the fields are %q", e.fields)
	}
	for _, c := range []struct {
		locale, name, text, html string
	}{
		{"en", "Ann", "Hello Ann.", "Hello Ann."},
		{"en", "", "Hello neighbour.", "Hello neighbour."},
		{"en", `<b>O'Neil & Co</b>`, "Hello <b>O'Neil & Co</b>.", "Hello &lt;b&gt;O&#39;Neil &amp; Co&lt;/b&gt;."},
		{"en", "buy at www.example.org", "Hello neighbour.", "Hello neighbour."},
		{"en", strings.Repeat("Long ", 15), "Hello " + strings.TrimSpace(strings.Repeat("Long ", 15)) + ".", "Long Long."},
		{"en", "مریم", "Hello \u2068مریم\u2069.", "\u2068مریم\u2069"},
		{"fa", "Ann", "سلام \u2068Ann\u2069، خوش آمدید.", "\u2068Ann\u2069"},
		{"fa-AF", "", "سلام \u2068همسایه\u2069، خوش آمدید.", "همسایه"},
	} {
		m := copyTo(t, o, "ann@example.org", c.locale, false)
		m.Data = map[string]string{"name": c.name, "area": "Wolverton"}
		short, err := e.write(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		long, err := e.compose(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range [][]byte{short, long} {
			p := unpack(t, raw)
			if !strings.HasPrefix(p.text, c.text) || !strings.Contains(p.html, c.html) || strings.ContainsAny(p.text+p.html, "\x01\x02\x0e\x0f") {
				t.Errorf("%s %q:\n%s\n%s", c.locale, c.name, p.text, p.html)
			}
			if c.locale == "en" && (strings.Count(p.text, "Wolverton") != 6 || strings.Count(p.html, "Wolverton") != 6) {
				t.Errorf("the area is said %d times", strings.Count(p.text, "Wolverton"))
			}
			for line := range strings.SplitSeq(string(raw), "\r\n") {
				if len(line) > 78 && !strings.HasPrefix(line, "List-") && !strings.HasPrefix(line, " ") {
					t.Errorf("a line is %d bytes long: %s", len(line), line)
				}
			}
		}
	}
	for like, made := range e.moulds {
		if made == nil {
			t.Errorf("there is no mould for %+v", like)
		}
	}
}

func TestWhoeverReadsAnotherLanguageIsToldThatThereIsNoneInTheirs(t *testing.T) {
	t.Parallel()
	o := writer(t)
	c := postroom.Campaign{List: "garden-news", Subject: "May", Locale: "en", Markdown: "The garden opens.\n", Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "باغ باز می‌شود.\n"}}}
	for reader, want := range map[string]string{"en": "The garden", "fa-AF": "باغ باز", "uk": "Цих новин"} {
		raw, err := o.ComposeCopy(c, Recipient{To: "ann@example.org", Locale: reader})
		if err != nil {
			t.Fatal(err)
		}
		p := unpack(t, raw)
		if !strings.HasPrefix(p.text, want) {
			t.Errorf("%s: %s", reader, p.text)
		}
		if reader == "uk" && (!strings.Contains(p.html, `<div lang="en" dir="ltr">`) || !strings.Contains(p.text, "The garden opens.")) {
			t.Errorf("the English text is not marked as that:\n%s", p.html)
		}
	}
}

var toWrite = regexp.MustCompile(`\{\{write [^}]*\}\}`)

// writtenTemplates is each template with words in the places that wait for them, as
// a mail to readers of two languages.
func writtenTemplates(t *testing.T, tell func(name, locale string, p parts)) {
	t.Helper()
	files, err := fs.Glob(templates.FS, "edition/*.md")
	if err != nil || len(files) < 4 {
		t.Fatalf("%q, %v", files, err)
	}
	o := writer(t)
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := o.letters.ReadEditionWith(file, text, material()); toWrite.Match(text) && len(found) == 0 {
			t.Errorf("%s can be sent as it is", file)
		}
		e, found := o.letters.ReadEditionWith(file, toWrite.ReplaceAll(text, []byte("12 – 14 ½")), material())
		if len(found) > 0 || len(e.Others) != 4 {
			t.Errorf("%d other languages, %v", len(e.Others), found)
			continue
		}
		c := postroom.Campaign{List: "news", Programme: "news", Subject: e.Subject, Locale: e.Locale, Markdown: e.Markdown, Others: e.Others}
		for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
			raw, err := o.ComposeCopy(c, Recipient{To: "ann@example.org", Locale: locale})
			if err != nil {
				t.Fatal(err)
			}
			tell(strings.TrimSuffix(filepath.Base(file), ".md"), locale, unpack(t, raw))
		}
	}
}

var token = regexp.MustCompile(`/u/[^\s>"]+|/unsubscribe/[^\s>"]+`)

func TestTheTemplatesReadAsTheyDid(t *testing.T) {
	t.Parallel()
	writtenTemplates(t, func(name, locale string, p parts) {
		if locale != "en" && locale != "fa" {
			return
		}
		golden(t, "edition-"+name+"."+locale+".txt", token.ReplaceAllString("Subject: "+p.subject(t)+"\n\n"+p.text, "/TOKEN"))
		golden(t, "edition-"+name+"."+locale+".html", token.ReplaceAllString(p.html, "/TOKEN"))
	})
}

var (
	markup = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)
	marks  = regexp.MustCompile(`(?m)^[-=]{3,}$|^- |^\d+\. `)
	leads  = regexp.MustCompile(`:?\s?<?(?:https?|mailto):[^\s>]+>?`)
	breaks = regexp.MustCompile(`\s+`)
)

// saying is all that a part says, without what only one of them needs.
func saying(s string) string {
	return strings.TrimSpace(breaks.ReplaceAllString(leads.ReplaceAllString(marks.ReplaceAllString(s, ""), ""), " "))
}

func TestBothPartsOfATemplateSayTheSame(t *testing.T) {
	t.Parallel()
	writtenTemplates(t, func(name, locale string, p parts) {
		text := strings.ReplaceAll(saying(p.text), " ", "")
		page := strings.ReplaceAll(saying(html.UnescapeString(markup.ReplaceAllString(p.html, " "))), " ", "")
		if text != page {
			t.Errorf("%s %s: the text part says\n%s\nand the page\n%s", name, locale, text, page)
		}
		if dir := map[bool]string{true: "rtl", false: "ltr"}[postroom.RightToLeft(locale)]; !strings.Contains(p.html, `<html lang="`+locale+`" dir="`+dir+`">`) {
			t.Errorf("%s %s does not say which way it is written", name, locale)
		}
	})
}

func TestTheTemplatesAreGoodHTML(t *testing.T) {
	t.Parallel()
	shots, pages := os.Getenv("POSTROOM_EDITION_PAGES"), make(map[string]string) // where to leave them, to be looked at
	writtenTemplates(t, func(name, locale string, p parts) {
		pages[name+"-"+locale] = p.html
		if shots != "" {
			_ = os.WriteFile(filepath.Join(shots, name+"-"+locale+".html"), []byte(p.html), 0o600)
		}
	})
	testserver.GoodHTML(t, pages, "no-inline-style") // mail programs drop style sheets, so that the style is in each element
}
