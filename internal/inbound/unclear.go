package inbound

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

var (
	// takesBack is what somebody writes who does not want a place after all.
	takesBack = regexp.MustCompile(`(?i)\b(can'?t|cannot|can not|could not|couldn'?t|won'?t|will not|unable|not able|sorry|unfortunately|cancel\w*|no longer|instead of|regret)\b|скасу|не змо|не прийд|на жаль|нажаль|نمی‌?\s?توان|نمی‌?\s?آی|لغو|متأسف|متاسف|نشم راتل|نه شم راتل|لغوه|بښنه`)
	// polite is how places are asked for in the form of a question.
	polite = regexp.MustCompile(`(?i)(can|could|may|would|will)\s+(you|i|we)\b[^.!?؟\n]*\b(book|reserve|register|sign|put|have|get|save|keep|come|join)\b[^.!?؟\n]*[?؟]`)
	// unsureParty is a number of people that is none, or more than a form asks
	// for.
	unsureParty = regexp.MustCompile(`(?i)\b(\d+\s*(to|or|-|–)\s*\d+|about \d+|around \d+|up to \d+|maybe|perhaps|not sure|(1[1-9]|[2-9]\d) (of us|people|persons|places|seats|tickets))\b|(?:^|\D)(?:1[1-9]|[2-9]\d) (?:осіб|людей|місць|نفر|کسان)`)
)

// Unclear says whether a letter that asks for places asks for something besides
// or takes something back: a machine that books then does what nobody wanted. A
// question that only asks politely for a place is none.
func Unclear(text string) bool {
	text = strings.ReplaceAll(norm.NFKC.String(text), "’", "'")
	asked := polite.ReplaceAllString(text, " ")
	return takesBack.MatchString(text) || unsureParty.MatchString(text) || strings.ContainsAny(asked, "?؟")
}
