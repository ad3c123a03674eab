package inbound

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// FormFor returns the form that a letter to a mailbox is taken for. Words of a
// form stand in letters that ask for the contrary as well: then a person reads
// it as a question.
func FormFor(forms *programme.Set, mailbox, text string) (*programme.Form, bool) {
	form, ok := forms.FormFor(mailbox, text)
	if ok && Strays(form, text) {
		return forms.FormFor(mailbox, "")
	}
	return form, ok
}

// Strays says whether a letter with the words of a form wants something else.
func Strays(form *programme.Form, text string) bool {
	text = text[:min(len(text), maxRead)]
	switch {
	case form.AnyLetter:
		return false
	case form.Kind == postroom.EventRegistration:
		return Unclear(text)
	}
	return Leaving(text) || form.Kind == postroom.VolunteerOffer && Needing(text)
}

var (
	// takesBack is what somebody writes who does not want a place after all.
	takesBack = regexp.MustCompile(`(?i)\b(can'?t|cannot|can not|could not|couldn'?t|won'?t|will not|unable|not able|sorry|unfortunately|cancel\w*|no longer|instead of|regret)\b|скасу|не змо|не прийд|на жаль|нажаль|نمی‌?\s?توان|نمی‌?\s?آی|لغو|متأسف|متاسف|نشم راتل|نه شم راتل|لغوه|بښنه`)
	// polite is how places are asked for in the form of a question.
	polite = regexp.MustCompile(`(?i)(can|could|may|would|will)\s+(you|i|we)\b[^.!?؟\n]*\b(book|reserve|register|sign|put|have|get|save|keep|come|join)\b[^.!?؟\n]*[?؟]`)
	// unsureParty is a number of people that is none, or more than a form asks
	// for.
	unsureParty = regexp.MustCompile(`(?i)\b(\d+\s*(to|or|-|–)\s*\d+|about \d+|around \d+|up to \d+|maybe|perhaps|not sure|(1[1-9]|[2-9]\d) (of us|people|persons|places|seats|tickets))\b|(?:^|\D)(?:1[1-9]|[2-9]\d) (?:осіб|людей|місць|نفر|کسان)`)
)

var (
	// leaves is what somebody writes who wants no more of something, for
	// themselves or for somebody who has died.
	leaves = phrasesOf(
		each("take", "me|us|him|her|them|it|this|my name|our name|my mum|my mother|my dad|my father|my wife|my husband", "off"),
		each("remove|delete", "me|us|him|her|them|my|our|this", ""),
		each("did not|didn't|never", "ask|asked|sign|signed|subscribe|subscribed|agree|agreed|join|joined", ""),
		each("don't|do not", "want|wish", "to get|to receive|to have|any|your|the|this|these"),
		each("stop", "sending|emailing|mailing|writing|this|these|it|volunteering", ""),
		each("більше не", "хочу|можу|зможу|буду|надсилайте", ""), each("не", "хочу|можу|зможу|надсилайте", "більше"),
		each("unsubscrib*|no longer|please stop|step down|stepping down|died|passed away|відпис*|відпиш*|приберіть|видаліть|помер*|"+
			"نمی‌خواهم|نمیخواهم|دیگر نمی*|حذف کن*|لغو|فوت|درگذشت*|وفات|لرې کړئ|نور نه غواړ*|نور نشم", "", ""))
	// cannot and anyMore are the two halves of what somebody writes who stops.
	cannot  = phrasesOf(each("can't|cannot|can not|won't|will not|unable|not able", "", ""))
	anyMore = phrasesOf(each("any more|anymore|any longer|after all|this week|this month|this time|today|tomorrow|tonight", "", ""))
	gives   = regexp.MustCompile(`(?i)\b(?:can't|cant|cannot|can not|won't|wont|will not|unable|not able)\b([^.!?\n]+)`)
)

// mostGives is how many bytes may stand between the two halves.
const mostGives = 80

// each is every phrase of one of some beginnings, middles and ends, which stand
// between bars.
func each(beginnings, middles, ends string) (list []string) {
	for _, a := range strings.Split(beginnings, "|") {
		for _, b := range strings.Split(middles, "|") {
			for _, c := range strings.Split(ends, "|") {
				list = append(list, strings.Join(strings.Fields(a+" "+b+" "+c), " "))
			}
		}
	}
	return list
}

func phrasesOf(lists ...[]string) programme.Phrases {
	return programme.NewPhrases(slices.Concat(lists...)...)
}

// Leaving says whether a letter takes leave of what a form signs people up for:
// nobody must be asked to join what they ask to be let out of.
func Leaving(text string) bool {
	folded := programme.Fold(text)
	return leaves.InFolded(folded) || cannot.InFolded(folded) && anyMore.InFolded(folded) && givesUp(text)
}

// givesUp says whether somebody cannot do any more what they did: both halves
// stand in one sentence, near each other.
func givesUp(text string) bool {
	text = strings.ReplaceAll(norm.NFKC.String(text), "’", "'")
	return slices.ContainsFunc(gives.FindAllStringSubmatch(text, -1), func(m []string) bool {
		return anyMore.In(m[1][:min(len(m[1]), mostGives)])
	})
}

// needs is what somebody writes who needs what volunteers give. "You need" is
// not among it: that is what volunteers answer to.
var needs = phrasesOf(
	each("i|we|she|he|they|mum|mother|dad|father|parents|son|daughter|child|children|husband|wife|partner|friend|neighbour|client|patient|student|group|charity|school|family|who",
		"|also|really|urgently|badly|now|still|would|do|will|may|might", "need|needs|require|requires"),
	each("i am|i'm|we are|we're|she is|he is|they are|who is", "|also|still|urgently", "looking for|in need of"),
	each("find|send|get|give|lend|provide|arrange|recommend", "me|us|him|her|them", "a|an|some|somebody|someone"),
	each("мені|нам|йому|їй|їм|мамі|татові|сину|доньці", "|дуже|терміново", "потріб*"),
	each("نیاز|ضرورت|احتیاج", "دارم|داریم|دارد", ""),
	each("потребую|потребуємо|اړتیا لرم|اړتیا لرو|اړتیا لري", "", ""))

// Needing says whether a letter asks for the help that a form is for people to
// offer: who needs an interpreter must not be asked which languages they speak.
func Needing(text string) bool { return needs.In(text) }

// Unclear says whether a letter that asks for places asks for something besides
// or takes something back: a machine that books then does what nobody wanted. A
// question that only asks politely for a place is none.
func Unclear(text string) bool {
	text = strings.ReplaceAll(norm.NFKC.String(text), "’", "'")
	asked := polite.ReplaceAllString(text, " ")
	return takesBack.MatchString(text) || unsureParty.MatchString(text) || strings.ContainsAny(asked, "?؟")
}
