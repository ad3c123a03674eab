package inbound

import (
	"regexp"
	"strings"
	"unicode"
)

// signOff is a line with which people end a letter, in the languages of our
// forms.
var signOff = regexp.MustCompile(`(?i)^\s*((kind|kindest|best|warm|warmest|many)( regards| wishes| thanks)|regards|best|cheers|thanks|thank you|many thanks|thanks( so much| very much| again| in advance)?|yours( sincerely| faithfully| truly)?|sincerely|love|` +
	`з повагою|щиро|дякую|з найкращими побажаннями|با احترام|با تشکر|ارادتمند|ممنون|تشکر|په درناوي|مننه|درنښت)\s*[,.!،]*\s*$`)

// SignedName returns the name under a sign-off line ("Kind regards,"), or ""
// when there is none that looks like a name: two to four words of letters
// only, or one.
func SignedName(text string) string {
	lines := linesOf(text)
	for i, line := range lines {
		if !signOff.MatchString(line) {
			continue
		}
		for _, below := range lines[i+1 : min(len(lines), i+4)] {
			if below = strings.TrimSpace(below); below != "" {
				if isName(below) {
					return strings.Trim(below, ",. ")
				}
				break
			}
		}
	}
	return ""
}

func isName(s string) bool {
	words := strings.Fields(strings.Trim(s, ",. "))
	if len(words) == 0 || len(words) > 4 || len(s) > 60 || signOff.MatchString(s) {
		return false
	}
	for _, word := range words {
		for i, r := range word {
			switch {
			case i == 0 && !unicode.IsUpper(r) && !unicode.In(r, unicode.Arabic):
				return false
			case !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("-'’.\u200c", r):
				return false
			}
		}
	}
	return true
}
