package outbound

import (
	"errors"
	"strings"
	"testing"
	"time"

	"postroom/internal/proof"
	"postroom/templates"
)

func came(t testing.TB) *Letters {
	t.Helper()
	l, err := ReadLetters(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryLetterCanBeKeptAsItCame(t *testing.T) {
	t.Parallel()
	l := came(t)
	for _, locale := range l.Locales() {
		for _, name := range l.Names() {
			letter, ok := l.Letter(name, locale)
			if !ok {
				continue
			}
			if err := l.CheckText(name, locale, letter.Text); err != nil {
				t.Errorf("%s in %s: %v", name, locale, err)
			}
			look, err := l.Look(name, locale, letter.Text, "Riverside")
			if err != nil || look.Subject == "" || look.Discreet == "" || !strings.Contains(look.Text, "Riverside") || !strings.Contains(look.HTML, `lang="`+locale+`"`) || strings.Contains(look.HTML, "{{") {
				t.Errorf("%s in %s looks like %+v: %v", name, locale, look, err)
			}
			file, err := l.Reword(name, locale, letter.Text)
			again, readErr := ReadLetterText(file)
			if err != nil || readErr != nil || again != letter.Text {
				t.Errorf("%s in %s: read back as %+v, was %+v (%v %v)", name, locale, again, letter.Text, err, readErr)
			}
		}
	}
}

func TestALetterKeepsWhatItPromises(t *testing.T) {
	t.Parallel()
	l := came(t)
	deep := strings.Repeat("> ", 13)
	for _, c := range []struct{ name, letter, old, instead, where, want string }{
		{"its link", "please-confirm", `{{link "confirm"}}`, "https://evil.example", "body", "the link that this letter is for is missing"},
		{"the purpose of its link", "please-confirm", `link "confirm"`, `link "unsubscribe"`, "body", "the link that this letter is for is missing"},
		{"the text of others", "newsletter", "{{markdown}}", "News", "body", "the line {{markdown}} is missing"},
		{"keys that there are", "welcome", "\n", " {{.secret}}\n", "body", "there is no key secret"},
		{"functions that there are", "welcome", "\n", " {{printf .name}}\n", "body", "a letter may not call printf"},
		{"no loops", "welcome", "\n", " {{range .name}}x{{end}}\n", "body", "a letter has no use for"},
		{"no other templates", "welcome", "\n", ` {{define "x"}}{{end}}{{template "x"}}` + "\n", "body", "a letter has no use for"},
		{"no variables", "welcome", "\n", " {{$x := .name}}{{$x}}\n", "body", "a letter has no use for"},
		{"braces that are closed", "welcome", "\n", " {{if .name}}\n", "body", "unexpected EOF"},
		{"no HTML", "welcome", "\n", "\n\n<script>alert(1)</script>\n\n", "body", "neither HTML"},
		{"no way to our pages", "welcome", "\n", "\n\n{{if desk_url}}x{{end}}\n\n", "body", "our own pages"},
		{"no signs that nobody sees", "welcome", "\n", " \x01\n", "body", "a sign that nobody can see"},
		{"the direction of writing", "welcome", "\n", " \u202eevil\u202c\n", "body", "a sign that nobody can see"},
		{"letters of UTF-8", "welcome", "\n", "\xff\n", "body", "not UTF-8"},
		{"an end", "welcome", "\n", strings.Repeat("x", MaxLetter) + "\n", "body", "longer than 65536 bytes"},
		{"few levels", "welcome", "\n", "\n\n" + deep + "x\n\n", "body", "too deep"},
	} {
		letter, _ := l.Letter(c.letter, "en")
		letter.Text.Body = strings.Replace(letter.Text.Body, c.old, c.instead, 1)
		err := l.CheckText(c.letter, "en", letter.Text)
		found, ok := errors.AsType[proof.Mistakes](err)
		if !ok || found[0].File != c.where || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	letter, _ := l.Letter("place-booked", "en")
	for where, change := range map[string]func(*LetterText){
		"subject":          func(t *LetterText) { t.Subject = "  " },
		"discreet_subject": func(t *LetterText) { t.Discreet = "" },
	} {
		text := letter.Text
		change(&text)
		if found, ok := errors.AsType[proof.Mistakes](l.CheckText("place-booked", "en", text)); !ok || found[0].File != where {
			t.Errorf("an empty %s: %v", where, found)
		}
	}
	letter.Text.Body = "Good.\n\n{{.nme}}"
	if found, _ := errors.AsType[proof.Mistakes](l.CheckText("place-booked", "en", letter.Text)); len(found) == 0 || found[0].Line != 3 {
		t.Errorf("a mistake in the third line: %v", found)
	}
}

func TestTheRestOfALetterStaysAsItCame(t *testing.T) {
	t.Parallel()
	l := came(t)
	letter, _ := l.Letter("we-have-your-message", "en")
	for _, text := range []string{"x\nclass: marketing", `x"` + "\nclass: marketing", "x\n---\n", "x # y", "{{if .name}}{{.name}}: {{end}}x"} {
		letter.Text.Subject = text
		file, err := l.Reword("we-have-your-message", "en", letter.Text)
		if err != nil {
			t.Fatal(err)
		}
		read, found := readLetter("email/en/x.md", file)
		if before := l.library()["en"]["we-have-your-message"]; len(found) > 0 || read.class != before.class || read.lane != before.lane || read.acknowledges != before.acknowledges {
			t.Errorf("%q changed the letter: %v %s", text, found, file)
		}
	}
}

func TestRewordedLettersStandBesideThoseThatCame(t *testing.T) {
	t.Parallel()
	l := came(t)
	with, problems := l.With([]Rewording{
		{"welcome", "en", LetterText{Subject: "Hello {{.name}}", Discreet: "Hello", Body: "You are in. {{.name}} is a fine name.\n\n[See]({{link \"manage\"}})"}},
		{"please-confirm", "en", LetterText{Subject: "Click", Body: "No link."}},
		{"gone", "en", LetterText{}},
	})
	if problems[0] != nil || problems[1] == nil || problems[2] == nil {
		t.Fatalf("problems: %v", problems)
	}
	live := l.Copy()
	live.Replace(with)
	now, _ := live.Letter("welcome", "en")
	before, _ := l.Letter("welcome", "en")
	kept, _ := live.Letter("please-confirm", "en")
	if now.Text.Subject != "Hello {{.name}}" || before.Text.Subject == now.Text.Subject || kept.Text.Subject == "Click" || !live.Has("welcome", "fa-AF") {
		t.Errorf("now %+v, before %+v, kept %+v", now.Text, before.Text, kept.Text)
	}
}

func TestALetterOffersItsGaps(t *testing.T) {
	t.Parallel()
	l := came(t)
	var got []string
	for _, g := range l.Gaps("event-reminder") {
		got = append(got, g.Write)
		if g.Must != (g.Write == `{{link "manage"}}`) {
			t.Errorf("%s must be there: %t", g.Write, g.Must)
		}
	}
	if !strings.HasPrefix(strings.Join(got, " "), "{{time .ends}} {{.event}} {{.name}} {{number .party}}") {
		t.Errorf("offers %q", got)
	}
	for _, name := range l.Names() {
		for _, g := range l.Gaps(name) {
			if g.Must || strings.Contains(g.Write, "questions") {
				continue
			}
			letter, _ := l.Letter(name, "en")
			letter.Text.Body += "\n\nMore: " + g.Write
			if err := l.CheckText(name, "en", letter.Text); err != nil {
				t.Errorf("%s: what is offered is refused: %s: %v", name, g.Write, err)
			}
		}
	}
}

func TestAHostileLetterIsJudgedQuickly(t *testing.T) {
	t.Parallel()
	l := came(t)
	for _, unit := range []string{"[", "*", "> ", "`", "_a_", "{{if .name}}", "![](", "- ", "<", "&#x;", "\n", "**a", "[a](", "1. "} {
		letter, _ := l.Letter("welcome", "en")
		letter.Text.Body = "Good.\n\n" + strings.Repeat(unit, MaxLetter/len(unit)-10)
		begun := time.Now()
		err := l.CheckText("welcome", "en", letter.Text)
		if took := time.Since(begun); took > time.Minute { // a guard against a letter without an end, not a measure
			t.Errorf("%q took %v: %v", unit, took, err)
		}
	}
}
