package digest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"golang.org/x/text/feature/plural"
	tags "golang.org/x/text/language"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
)

// text is what a summary may print of people and programmes. It makes itself
// harmless when it is printed, so that no template can forget to; being a
// string, {{if .Name}} asks whether there is one.
type text string

// String returns the text as Markdown that reads exactly as the text did.
func (t text) String() string {
	inner, isolated := strings.CutPrefix(string(t), isolate)
	if !isolated {
		return outbound.EscapeMarkdown(inner)
	}
	return isolate + outbound.EscapeMarkdown(inner) + popIsolate
}

// A text that stands in a line which runs the other way is fenced off by FIRST
// STRONG ISOLATE and POP DIRECTIONAL ISOLATE (Unicode TR 9), so that it does
// not reorder what is around it.
const (
	isolate    = "\u2068"
	popIsolate = "\u2069"
)

// language is the language that one summary is written in.
type language struct {
	tag string
	outbound.Words
}

// say makes a text fit to be printed in this language.
func (l language) say(s string) text {
	if s = strings.TrimSpace(s); s == "" || !postroom.RightToLeft(l.tag) {
		return text(s)
	}
	return text(isolate + s)
}

// plural returns the form that goes with a number: one of two (one, other), of
// three (one, few, many), or the only one, as the language has them.
func (l language) plural(n int, forms ...string) (string, error) {
	if len(forms) == 0 {
		return "", errors.New("plural has no words")
	}
	tag, err := tags.Parse(l.tag)
	if err != nil {
		return "", fmt.Errorf("plural in %s: %w", l.tag, err)
	}
	switch plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) {
	case plural.One:
		return forms[0], nil
	case plural.Few:
		return forms[min(1, len(forms)-1)], nil
	}
	return forms[len(forms)-1], nil
}

// functions are what a template may call. What they return is escaped.
func (l language) functions() template.FuncMap {
	when := func(write func(time.Time) string) func(time.Time) text {
		return func(t time.Time) text { return text(write(t)) }
	}
	return template.FuncMap{
		"day": when(l.Day), "date": when(l.Date), "time": when(l.Time),
		"number":  func(n int) text { return text(l.Number(n)) },
		"because": func(reason string) text { return text(l.Because(reason)) },
		"plural":  l.plural,
	}
}

// sheets are the templates of a summary, or of an answer to commands, by language.
type sheets map[string]*template.Template

// readSheets reads FOLDER/LOCALE.md. English must be there; it stands in for a
// language that is not.
func readSheets(fsys fs.FS, folder string) (sheets, error) {
	files, err := fs.Glob(fsys, folder+"/*.md")
	if err != nil {
		return nil, err
	}
	read := make(sheets)
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		t, err := template.New(path.Base(file)).Funcs(language{}.functions()).Parse(string(data))
		if err != nil {
			return nil, err
		}
		read[strings.TrimSuffix(path.Base(file), ".md")] = t
	}
	if read["en"] == nil {
		return nil, fmt.Errorf("there is no %s/en.md", folder)
	}
	return read, nil
}

// nearest returns the language that a reader of locale is written to in.
func (s sheets) nearest(locale string) string {
	for _, tag := range postroom.Fallbacks(locale) {
		if s[tag] != nil {
			return tag
		}
	}
	return "en"
}

// write puts a summary, or an answer to commands, into words.
func (s sheets) write(l language, summary any) (string, error) {
	t, err := s[l.tag].Clone()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Funcs(l.functions()).Execute(&b, summary); err != nil {
		return "", fmt.Errorf("write summary in %s: %w", l.tag, err)
	}
	return b.String(), nil
}
