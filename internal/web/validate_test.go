package web

import (
	"testing"

	"postroom/internal/testserver"
)

// Every page in English and Farsi is HTML as its standard wants it.
func TestPagesAreGoodHTML(t *testing.T) {
	t.Parallel()
	c := open(t)
	pages := make(map[string]string)
	for _, v := range c.views() {
		for _, locale := range []string{"en", "fa"} {
			pages[v.name+"-"+locale] = c.seen(v, locale).Body.String()
		}
	}
	testserver.GoodHTML(t, pages)
}
