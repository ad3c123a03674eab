// Package postroom holds the words that every other room uses: what a
// submission, a message, a job or a booking is, and the states each may be in.
//
// The idea a newcomer needs: nothing happens here. These are plain values with
// no database, no network and no clock of their own, so that any room can
// speak about them without depending on any other room. A state is a string
// that also stands in a CHECK constraint of the schema; docs/architecture.md
// draws the arrows between them.
package postroom

import (
	"strings"
	"time"
)

// Clock tells the time. It is handed to every service, so that a test can run
// a whole year and the demo can fast-forward a day.
type Clock interface {
	// Now returns the current moment; callers must not care for its zone.
	Now() time.Time
	// Until returns a channel that is closed when the clock has reached t.
	Until(t time.Time) <-chan struct{}
}

// Words is one text in several languages, keyed by BCP 47 tag as it stands in
// a programme file ("en", "uk", "fa", "fa-AF", "ps").
type Words map[string]string

// In returns the text in locale, else in its parent language (fa-AF → fa),
// else in English, else any: a reader is shown something rather than nothing.
func (w Words) In(locale string) string {
	for _, l := range Fallbacks(locale) {
		if s := w[l]; s != "" {
			return s
		}
	}
	for _, s := range w {
		return s
	}
	return ""
}

// Fallbacks lists the locales to try for locale, best first.
func Fallbacks(locale string) []string {
	chain := make([]string, 0, 3)
	if locale != "" {
		chain = append(chain, locale)
	}
	for i := len(locale) - 1; i > 0; i-- {
		if locale[i] == '-' {
			chain = append(chain, locale[:i])
		}
	}
	return append(chain, "en")
}

// RightToLeft says whether locale is written from right to left. Dari, Farsi
// and Pashto share the Arabic script, so the script cannot tell them apart;
// the locale can.
func RightToLeft(locale string) bool {
	base, _, _ := strings.Cut(locale, "-")
	switch base {
	case "fa", "ps", "ar", "ur", "prs":
		return true
	}
	return false
}
