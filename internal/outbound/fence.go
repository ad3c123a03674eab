package outbound

import (
	"regexp"
	"strings"
)

// fence puts a text between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE.
func fence(s string) string { return "\u2068" + s + "\u2069" }

// latin finds what is written in Latin letters and in numbers, with the values
// between, and, so that they stay as they are, the addresses of links.
var latin = func() *regexp.Regexp {
	const word, value = `[A-Za-z0-9]+(?:[.@_-][A-Za-z0-9]+)*`, `\x{2068}[ -~]*\x{2069}`
	return regexp.MustCompile(`\]\([^)\s]*\)|https?://[^\s)]+|(?:` + word + `|` + value + `)(?: (?:` + word + `|` + value + `))*`)
}()

var letterOfLatin = regexp.MustCompile(`[A-Za-z]`)

// fenceLatin fences off what a letter that runs from right to left says in Latin
// letters, such as a command to be typed: "3 days" is else read as "days 3", and
// a line of the text part that begins with such a word runs the wrong way.
func fenceLatin(body string) string {
	return latin.ReplaceAllStringFunc(body, func(run string) string {
		switch {
		case strings.HasPrefix(run, "]("), strings.Contains(run, "://"), !letterOfLatin.MatchString(run):
			return run
		case strings.HasPrefix(run, "\u2068") && strings.Index(run, "\u2069") == len(run)-len("\u2069"):
			return run // a value alone is fenced off already
		}
		return fence(run)
	})
}

// wholeSubject takes the fence off a subject that is one value and nothing else.
func wholeSubject(s string) string {
	inner, begins := strings.CutPrefix(s, "\u2068")
	inner, ends := strings.CutSuffix(inner, "\u2069")
	if begins && ends && !strings.ContainsAny(inner, "\u2068\u2069") {
		return inner
	}
	return s
}
