package outbound

import (
	"testing"

	"postroom/internal/testserver"
)

// The HTML of every letter, in English and in a language from right to left, is as its
// standard wants it. Programs that read mail know no style sheet, so that the style
// stands in it.
func TestEveryLetterIsGoodHTML(t *testing.T) {
	t.Parallel()
	o := writer(t)
	parts := make(map[string]string)
	for _, locale := range []string{"en", "fa"} {
		for _, name := range o.letters.Names() {
			parts[name+"-"+locale] = compose(t, o, sample(name, locale)).html
		}
	}
	testserver.GoodHTML(t, parts, "no-inline-style")
}
