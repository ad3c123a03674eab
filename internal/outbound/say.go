package outbound

import (
	"strconv"
	"time"

	"postroom/internal/postroom"
)

// Words is how one language writes what is in no letter of its own: dates,
// numbers and reasons. Rooms that put a text together use it, so that they say
// these things as the letters do. What it returns is not escaped.
type Words struct {
	w    *words
	zone *time.Location
}

// Words returns the words of a language, or of the nearest there is. Times are
// written in zone.
func (l *Letters) Words(locale string, zone *time.Location) Words {
	for _, tag := range postroom.Fallbacks(locale) {
		if w := l.words[tag]; w != nil {
			return Words{w, zone}
		}
	}
	return Words{l.words["en"], zone}
}

// Day writes the day of a moment without its year.
func (w Words) Day(t time.Time) string { return w.w.numerals(w.w.writeDay(t.In(w.zone))) }

// Date writes the day of a moment with its year.
func (w Words) Date(t time.Time) string { return w.w.numerals(w.w.writeDate(t.In(w.zone))) }

// Time writes the time of day of a moment.
func (w Words) Time(t time.Time) string { return w.w.numerals(w.w.writeTime(t.In(w.zone))) }

// Number writes a whole number.
func (w Words) Number(n int) string { return w.w.numerals(strconv.Itoa(n)) }

// Because puts the reason of a message or of a call into words.
func (w Words) Because(reason string) string { return w.w.because(reason) }

// Presentable returns what a stranger typed for a name as it may be shown in a
// mail: on one line, and "" where it carries a link or is a whole text.
func Presentable(name string) string { return greeting(tidy(name)) }

// OneLine returns what a stranger typed on one line, without signs that only a
// machine sees: also on a terminal it is nothing but words.
func OneLine(s string) string { return tidy(s) }

// Preview returns a message as its reader would see it, and sends nothing.
func (o *Outbox) Preview(m postroom.Message) (subject, text, html string, err error) {
	w, err := o.write(m)
	return w.subject, w.text, w.html, err
}
