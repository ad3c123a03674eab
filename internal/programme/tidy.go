package programme

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tidy makes every value of a field plain and drops the empty ones. Texts for
// people keep the joiners that Persian, Dari and Pashto are written with;
// what a program reads keeps nothing invisible, and its figures become 0-9.
func (f *Field) tidy(written []string) []string {
	var values []string
	for _, v := range written {
		if v = f.tidyOne(v); v != "" && !f.unticked(v) {
			values = append(values, v)
		}
	}
	return values
}

// unticked says whether v is what a program sends for a box left alone.
func (f *Field) unticked(v string) bool { return f.Type == ConsentField && v == no }

func (f *Field) tidyOne(v string) string {
	switch f.Type {
	case LongTextField:
		return tidyLines(v)
	case TextField, NameField, OrganisationField, LanguagesField:
		return tidyLine(v)
	}
	v = strings.Map(plainRune, tidyLine(v))
	if f.Type == ConsentField && v == "on" {
		return yes // what browsers send for a ticked box without a value
	}
	return v
}

func tidyAll(written []string) []string { return (&Field{Type: TextField}).tidy(written) }

// tidyLine is one line: NFC, without invisible characters, single spaces.
func tidyLine(v string) string {
	return strings.Trim(strings.Join(strings.Fields(visible(v)), " "), joiners)
}

var manyEmptyLines = regexp.MustCompile(`\n{3,}`)

// tidyLines is tidyLine for each line, with at most one empty line between.
func tidyLines(v string) string {
	v = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(v)
	lines := strings.Split(v, "\n")
	for i, line := range lines {
		lines[i] = tidyLine(line)
	}
	return strings.Trim(manyEmptyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"), "\n")
}

// joiners are the zero-width non-joiner and joiner. Inside a word they are
// spelling; at its ends they are nothing.
const joiners = "\u200c\u200d"

func visible(v string) string {
	return norm.NFC.String(strings.Map(visibleRune, strings.ToValidUTF8(v, "\ufffd")))
}

// visibleRune drops control and format characters, among them the ones that
// turn the direction of a text around and could disguise it.
func visibleRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case strings.ContainsRune(joiners, r):
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
		return -1
	}
	return r
}

// plainRune drops joiners and turns the figures of other scripts into 0-9.
func plainRune(r rune) rune {
	switch {
	case strings.ContainsRune(joiners, r):
		return -1
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	case r >= '０' && r <= '９':
		return '0' + r - '０'
	}
	return r
}

func digits(v string) int {
	n := 0
	for _, r := range v {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func notInDomain(r rune) bool {
	return r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}
