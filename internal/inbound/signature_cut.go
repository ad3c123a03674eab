package inbound

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// mostSignature is how many lines a signature may have.
const mostSignature = 15

// signatureFrom is where the signature at the end of an answer begins: what a
// telephone adds, what follows a mark, or a business card with what only a
// program puts there. A bare "Best wishes" with a name stays: it costs nobody
// anything, and a name may be the answer.
func signatureFrom(own []string) int {
	for _, begins := range []func([]string) int{endingSentFrom, markedSignature, disclaimer, businessCard} {
		if at := begins(own); at < len(own) {
			return at
		}
	}
	return len(own)
}

// signatureMark is a line above a signature: "-- " (RFC 3676, section 4.3), or
// a line drawn as far as mail programs draw it.
var signatureMark = regexp.MustCompile(`^(-{2,}|_{2,})$`)

// markedSignature is where the last mark of a signature near the end stands,
// or the name with a dash above it.
func markedSignature(own []string) int {
	for i := len(own) - 1; i >= 0 && i >= len(own)-mostSignature; i-- {
		if !signatureMark.MatchString(strings.TrimSpace(own[i])) {
			continue
		}
		if speaks(own[i+1:]) || len(strings.TrimSpace(own[i])) > 2 && !reachable(own[i+1:]) {
			return len(own)
		}
		return dashedName(own[:i])
	}
	return len(own)
}

// reachable says whether some lines hold an address or a number, or are what a
// company puts under its letters. A longer line may be drawn for any reason.
func reachable(lines []string) bool {
	return len(lines) == 0 || stockPhrases(strings.Join(lines, " ")) >= 2 || slices.ContainsFunc(lines, func(line string) bool {
		kind := contactKind(strings.TrimSpace(line))
		return kind != "" && kind != "address" && kind != "number"
	})
}

// dashedName returns where "-First Last" stands at the end of some lines, in a
// paragraph of its own, or how many lines there are.
func dashedName(own []string) int {
	own = trimEmpty(own)
	last := len(own) - 1
	if last > 0 && strings.TrimSpace(own[last-1]) == "" && nameWithDash.MatchString(own[last]) {
		return last
	}
	return len(own)
}

var nameWithDash = regexp.MustCompile(`^\s*[-–—]\p{Lu}[\p{L}'’.]+( [\p{L}'’.]+){0,2} \p{Lu}[\p{L}'’-]+$`)

// endingSentFrom is where the last line stands if a telephone or a mail
// program wrote it, in a paragraph of its own. What somebody wrote below such
// a line is never its.
func endingSentFrom(own []string) int {
	last := len(own) - 1
	if last > 0 && strings.TrimSpace(own[last-1]) == "" && isSentFrom(own[last]) {
		return last
	}
	return len(own)
}

// speaks says whether somebody says something in lines that look like a
// signature: "call me on 01234 567890" is an answer wherever it stands.
func speaks(lines []string) bool {
	phrases := stockPhrases(strings.Join(lines, " "))
	for len(lines) > 0 {
		n := slices.Index(lines, "")
		if n < 0 {
			n = len(lines)
		}
		if paragraph := strings.Join(lines[:n], " "); phrases < 2 || stockPhrases(paragraph) == 0 {
			if slices.ContainsFunc(lines[:n], func(line string) bool { return speaking(line) && !isSentFrom(line) }) {
				return true
			}
		}
		lines = lines[min(n+1, len(lines)):]
	}
	return false
}

func speaking(line string) bool {
	if strings.HasSuffix(line, "?") || strings.HasSuffix(line, "؟") {
		return true
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(line), notInWord) {
		if spoken[word] {
			return true
		}
	}
	return false
}

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’'
}

// A disclaimer of a company says two or more of these.
var stockPhrase = []string{"intended recipient", "intended for the recipient", "intended solely for", "for the use of the", "named addressee", "strictly prohibited", "strictly forbidden", "in error",
	"by mistake", "notify the sender", "may be privileged", "legally privileged", "confidential and", "is confidential", "third party",
	"bestimmungsgemäße", "vertrauliche", "irrtümlich", "destinataire", "confidentiel", "par erreur", "destinatario", "riservate", "per errore", "confidencial", "por error", "por engano", "geadresseerde", "vertrouwelijk", "ten onrechte",
	"конфіденційн", "помилково", "конфиденциальн", "по ошибке", "adresat", "poufn", "omyłkowo"}

// shortestDisclaimer is how long a paragraph is before it can be one: people
// say "this is confidential" too.
const shortestDisclaimer = 80

func stockPhrases(line string) (n int) {
	if len(line) < shortestDisclaimer {
		return 0
	}
	line = strings.ToLower(line)
	for _, phrase := range stockPhrase {
		if strings.Contains(line, phrase) {
			n++
		}
	}
	return n
}

// disclaimer is where a company's disclaimer stands that is the last line.
func disclaimer(own []string) int {
	if last := len(own) - 1; last > 0 && stockPhrases(own[last]) >= 2 {
		return last
	}
	return len(own)
}

const (
	mostCardLines   = 12
	leastCardLines  = 5
	leastCardKinds  = 3
	longestCardLine = 80
)

// businessCard is where a signature without a mark begins: a name, and below
// it lines of contact of a few kinds, one of which nobody types into an answer
// (a logo, a fax number). Somebody who was asked for name, telephone and
// address answers in the same shape, hence the last condition.
func businessCard(own []string) int {
	if !slices.ContainsFunc(own[max(0, len(own)-2*mostCardLines):], mayBeOffice) {
		return len(own)
	}
	kinds, lines := map[string]bool{}, 0
	for i := len(own) - 1; i > 0 && lines < mostCardLines; i-- {
		line := strings.TrimSpace(own[i])
		if line == "" {
			continue
		}
		kind := contactKind(line)
		if len(line) > longestCardLine || kind == "" && speaking(line) {
			break
		}
		lines++
		if kind != "" {
			kinds[kind] = true
		} else if own[i-1] == "" && nameLine.MatchString(line) {
			if lines >= leastCardLines && len(kinds) >= leastCardKinds && (kinds["logo"] || kinds["fax"]) {
				return i
			}
			break
		}
	}
	return len(own)
}

// mayBeOffice says whether a line could hold a logo or a fax number, which is
// cheap to see.
func mayBeOffice(line string) bool {
	return strings.Contains(line, "[") || strings.Contains(line, "ax") || strings.Contains(line, "AX")
}

// nameLine is a name, with a role behind a bar perhaps.
var nameLine = regexp.MustCompile(`^\*?\p{Lu}[\p{L}'’.-]*( [\p{L}'’.-]+){1,4}\*?( ?[|,–-] ?\*?[\p{L} .&-]{2,40}\*?)?$`)

// contactKind says what a line of a business card holds.
func contactKind(line string) string {
	for _, kind := range cardKinds {
		if kind.pattern.MatchString(line) {
			return kind.name
		}
	}
	return ""
}

var cardKinds = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"logo", regexp.MustCompile(`(?i)^\[(image|cid|bild|afbeelding|inline image)\b.*(logo|icon|banner|signature|linkedin|facebook|twitter|instagram|image00\d).*\]$`)},
	{"fax", regexp.MustCompile(`(?i)^\*?(tele)?fax\b.{0,3}[:.]?.{0,12}\d{3}`)},
	{"phone", regexp.MustCompile(`(?i)^\*?(\p{L}+[ .:]+){0,3}\+?[\d(][\d ()./-]{6,}`)},
	{"page", regexp.MustCompile(`(?i)^\*?(\S+[ :]+){0,1}(https?://|www\.|[\w.-]+\.[a-z]{2,4} <http)\S+.*$`)},
	{"mail", regexp.MustCompile(`(?i)^\*?(\S+[ :]+){0,1}\S+@\S+\.\S+$`)},
	{"number", regexp.MustCompile(`^\*?[A-Z.]{2,6}[ :]+[A-Z0-9 ]{6,}\*?$`)},
	{"address", regexp.MustCompile(`\d.*\d`)},
}
