package intake

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// heavy is how much the signs of an entry must weigh together for it to be held.
const heavy = 100

// weights say how much each sign tells. A sign that people show as well is worth
// less than heavy: browsers fill in short forms at a touch, people send links, and a
// form on another site brings no ticket of ours.
func weight(s postroom.Sign) int {
	switch s {
	case postroom.SignNoTicket:
		return 30
	case postroom.SignFast:
		return 40
	case postroom.SignLink, postroom.SignNoise:
		return 60
	case postroom.SignLinks:
		return 80
	}
	return heavy
}

// weighed returns the signs if they are heavy together, or nil.
func weighed(signs []postroom.Sign) []postroom.Sign {
	sum := 0
	for _, s := range signs {
		sum += weight(s)
	}
	if sum < heavy {
		return nil
	}
	return signs
}

// byStranger says whether an entry came by a door at which anybody can say anything.
func byStranger(c postroom.Channel) bool { return c == postroom.Web || c == postroom.ByAPI }

// signs are those that the channel noticed and those in what was written.
func signs(form *programme.Form, e postroom.Entry) []postroom.Sign {
	if !byStranger(e.Channel) {
		return nil
	}
	list := slices.Clone(e.Signs)
	if e.Suspect && len(list) == 0 {
		list = append(list, postroom.SignTrap)
	}
	return append(list, written(form, e.Answers)...)
}

// manyLinks is more web addresses than anybody sends who asks something.
const manyLinks = 4

var webAddress = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)

// written are the signs in the answers.
func written(form *programme.Form, answers postroom.Answers) (list []postroom.Sign) {
	links, onlyLinks, inName, noise := 0, false, false, false
	for field, values := range answers {
		f, known := form.Field(field)
		if !known {
			continue
		}
		for _, value := range values {
			n := len(webAddress.FindAllStringIndex(value, manyLinks))
			links += n
			inName = inName || f.Type == programme.NameField && (n > 0 || strings.Contains(value, "://"))
			onlyLinks = onlyLinks || n > 1 && strings.TrimSpace(webAddress.ReplaceAllString(value, "")) == ""
			noise = noise || noisy(value)
		}
	}
	add := func(is bool, s postroom.Sign) {
		if is {
			list = append(list, s)
		}
	}
	add(inName, postroom.SignNameLink)
	add(onlyLinks, postroom.SignOnlyLinks)
	add(links >= manyLinks, postroom.SignLinks)
	add(links > 0 && links < manyLinks, postroom.SignLink)
	add(noise, postroom.SignNoise)
	return list
}

// mostNoise is how many words of a text may mix alphabets before it is noise: a
// slip of the keyboard is one.
const mostNoise = 2

// noisy says whether letters of several alphabets stand in the words of a text, by
// which senders of spam hide from those who look for words.
func noisy(text string) bool {
	n := 0
	for word := range strings.FieldsSeq(text) {
		if mixed(word) {
			n++
		}
		if n > mostNoise {
			return true
		}
	}
	return false
}

// mixed says whether a word has letters of two of the alphabets that look alike.
func mixed(word string) bool {
	latin, other := false, false
	for _, r := range word {
		latin = latin || unicode.Is(unicode.Latin, r)
		other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek)
	}
	return latin && other
}
