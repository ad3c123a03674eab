package inbound

import (
	"regexp"
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
	if ok && strays(form, text) {
		return forms.FormFor(mailbox, "")
	}
	return form, ok
}

// strays says whether a letter with the words of a form wants something else.
func strays(form *programme.Form, text string) bool {
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

// leaves is what somebody writes who wants no more of something, or who cannot
// do any more what they did: for themselves, or for somebody who has died.
var leaves = regexp.MustCompile(`(?i)\b(unsubscrib\w*|no longer|(did not|didn't|never) (ask\w*|sign\w*|subscrib\w*|agree\w*|join\w*)|(don't|do not) (want|wish) (to (get|receive|have)|any|your|the|this|these)|stop (sending|send|emailing|mailing|writing|this|these|it|volunteering)|please stop|(take|remove|delete) (me|us|him|her|them|my|our|this)\b|step(ping)? down|has died|have died|passed away|died)\b|\b(can't|cannot|can not|won't|will not|unable|not able)\b[^.!?\n]{0,60}\b(any ?more|any longer|after all|this (week|month|time)|today|tomorrow|tonight)\b|відпис|відпиш|приберіть|видаліть|помер|більше не (хочу|можу|зможу|буду|надсилайте)|не (хочу|можу|зможу|надсилайте) більше|دیگر نمی|حذف کن|لغو|فوت|درگذشت|وفات|لرې کړئ|نور نه غواړ|نور نشم`)

// Leaving says whether a letter takes leave of what a form signs people up for:
// nobody must be asked to join what they ask to be let out of.
func Leaving(text string) bool {
	return leaves.MatchString(strings.ReplaceAll(norm.NFKC.String(text), "’", "'"))
}

// needs is what somebody writes who needs what volunteers give. "You need" is
// not among it: that is what volunteers answer to.
var needs = regexp.MustCompile(`(?i)\b(i|we|she|he|they|mum|mother|dad|father|parents|son|daughter|child|children|husband|wife|partner|friend|neighbour|client|patient|student|group|charity|school|family|who) ((also|really|urgently|badly|now|still|would|do|will|may|might) )*(needs?|requires?|(am|are|is) (also |still |urgently )?(looking for|in need of))\b|\b(find|send|get|give|lend|provide|arrange|recommend) (me|us|him|her|them|(my|our) \w+|a \w+ with)( with)? (an?|some|somebody|someone)\b|(мені|нам|йому|їй|їм|мамі|татові|сину|доньці) (дуже |терміново )?потріб|потребую|потребуємо|(نیاز|ضرورت|احتیاج) (دارم|داریم|دارد)|اړتیا (لرم|لرو|لري)`)

// Needing says whether a letter asks for the help that a form is for people to
// offer: who needs an interpreter must not be asked which languages they speak.
func Needing(text string) bool { return needs.MatchString(norm.NFKC.String(text)) }

// Unclear says whether a letter that asks for places asks for something besides
// or takes something back: a machine that books then does what nobody wanted. A
// question that only asks politely for a place is none.
func Unclear(text string) bool {
	text = strings.ReplaceAll(norm.NFKC.String(text), "’", "'")
	asked := polite.ReplaceAllString(text, " ")
	return takesBack.MatchString(text) || unsureParty.MatchString(text) || strings.ContainsAny(asked, "?؟")
}
