package web

import (
	"strconv"

	"postroom/internal/plural"
	"postroom/internal/programme"
)

// countView is what the script needs that says how many characters are left. The
// answer is counted again here: without the script, or with another, nothing is
// different but that people hear of it later.
type countView struct {
	Max        int
	Digits     string // ten of them, 0 first
	Left, Over []countForm
}

// countForm is one form of a text with a number in it, which stands as #.
type countForm struct{ Form, Text string }

// count tells how long an answer may be, where the programme says so.
func (a asker) count(view *fieldView, f *programme.Field) {
	if !f.Counted {
		return
	}
	view.Limits = a.v.Say("form.most", "max", a.v.figures(strconv.Itoa(f.MaxLength)))
	view.Count = &countView{Max: f.MaxLength, Digits: a.v.Say("date.digits"), Left: a.v.forms("form.left"), Over: a.v.forms("form.over")}
}

// forms are all the forms that a text has in the reader's language.
func (v voice) forms(key string) (list []countForm) {
	for _, form := range plural.Forms(v.locale) {
		list = append(list, countForm{form, v.Say(key+"."+form, "n", "#")})
	}
	return list
}
