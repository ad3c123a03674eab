package letter

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// tidyPatterns is the plain way to tidy a text: patterns, and what stands for
// what they match.
func tidyPatterns() func(s string) string {
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`\r\n`), regexp.MustCompile(`[ \t]*\n?[ \t]*\x00[\x00 \t]*`), regexp.MustCompile(`[ \t\x{a0}]{2,}`),
		regexp.MustCompile(`[ \t]*\n[ \t]*`), regexp.MustCompile(`\x{a0}`), regexp.MustCompile(`\n{3,}`),
	}
	by := []string{"\n", "\n", " ", "\n", " ", "\n\n"}
	return func(s string) string {
		for i, p := range patterns {
			s = p.ReplaceAllString(s, by[i])
		}
		return strings.TrimSpace(s)
	}
}

func TestTextIsTidiedAsThePatternsSay(t *testing.T) {
	t.Parallel()
	patternTidy, spaces := tidyPatterns(), regexp.MustCompile(`[ \t\r\n\f]+`)
	s := rand.New(rand.NewPCG(1, 2))
	signs := []string{" ", " ", "\t", "\n", "\n", "\x00", "\u00a0", "\r\n", "\r", "a", "я", "\xff"}
	for range 50_000 {
		var b strings.Builder
		for range s.IntN(14) {
			b.WriteString(signs[s.IntN(len(signs))])
		}
		text := b.String()
		if got, want := tidyText(text), patternTidy(text); got != want {
			t.Fatalf("%q becomes %q, want %q", text, got, want)
		}
		if got, want := squeezed(text, 1, isSpace), spaces.ReplaceAllString(text, " "); got != want {
			t.Fatalf("%q is squeezed to %q, want %q", text, got, want)
		}
	}
}
