package programme

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"postroom/internal/postroom"
)

// fault is what has to be mended in one answer: the part of it, if it has
// parts, and the words. The zero value is none.
type fault struct {
	part string
	say  postroom.Text
}

func (f fault) is() bool { return f.say.Key != "" }

func wrong(part, key string, pairs ...string) fault { return fault{part, postroom.Say(key, pairs...)} }

func tooLong(part string, most int) fault { return wrong(part, sayTooLong, "max", strconv.Itoa(most)) }

// The most characters that a part of an answer may have.
const (
	longestName   = 200
	longestLine   = 200
	longestNumber = 40
	longestNeeds  = 2000
)

// tidyParts makes every part plain and keeps its place. It returns nil where
// all are empty.
func tidyParts(written []string, n int) []string {
	values, any := make([]string, n), false
	for i, v := range written[:min(len(written), n)] {
		values[i] = tidyLine(v)
		any = any || values[i] != ""
	}
	if !any {
		return nil
	}
	return values
}

// trusted reads through whom somebody may be reached. A door that knows no
// parts sends both in one text: "Sam Green 07700 900123".
func (f *Field) trusted(written []string) ([]string, fault) {
	if len(written) == 1 {
		written = nameAndNumber(tidyLine(written[0]))
	}
	values := tidyParts(written, 2)
	if values == nil {
		return nil, fault{say: f.missing()}
	}
	if values[0] == "" {
		return nil, wrong("name", sayTrustedName)
	}
	if values[1] == "" {
		return nil, wrong("number", sayTrustedNumber)
	}
	if utf8.RuneCountInString(values[0]) > longestName {
		return nil, tooLong("name", longestName)
	}
	number := strings.Map(plainRune, values[1])
	if utf8.RuneCountInString(number) > longestNumber {
		return nil, tooLong("number", longestNumber)
	}
	number, say := phone(number)
	if say.Key != "" {
		return nil, wrong("number", sayTrustedShape)
	}
	return []string{values[0], number}, fault{}
}

// nameAndNumber divides a text before its first figure.
func nameAndNumber(text string) []string {
	i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsDigit(r) || r == '+' })
	if i < 0 {
		return []string{text, ""}
	}
	return []string{strings.TrimRight(text[:i], " ,;:-("+joiners), text[i:]}
}

// address reads where somebody lives. A door that knows no parts sends lines,
// or one with commas.
func (f *Field) address(written []string) ([]string, fault) {
	if len(written) == 1 {
		written = envelope(written[0])
	}
	values := tidyParts(written, 4)
	if values == nil {
		return nil, fault{say: f.missing()}
	}
	parts := f.Type.Parts()
	for i, key := range []string{sayAddressLine, "", sayAddressTown, sayAddressPostcode} {
		if values[i] == "" && key != "" {
			return nil, wrong(parts[i], key)
		}
	}
	for i, v := range values {
		if utf8.RuneCountInString(v) > longestLine {
			return nil, tooLong(parts[i], longestLine)
		}
	}
	code, say := postcode(values[3])
	if say.Key != "" {
		return nil, wrong("postcode", sayPostcode)
	}
	values[3] = code
	return values, fault{}
}

// envelope takes an address apart as it stands on an envelope: the postcode
// last, the town before it, and above them the street. A postcode may stand
// behind the town.
func envelope(text string) []string {
	lines := strings.FieldsFunc(tidyLines(text), func(r rune) bool { return r == '\n' || r == ',' || r == '،' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	if n := len(lines); n > 0 {
		if town, code, ok := townAndCode(lines[n-1]); ok {
			lines = append(lines[:n-1], town, code)
		}
	}
	switch n := len(lines); {
	case n < 3:
		return append(lines, "", "", "", "")[:4]
	case n == 3:
		return []string{lines[0], "", lines[1], lines[2]}
	default:
		return []string{lines[0], strings.Join(lines[1:n-2], ", "), lines[n-2], lines[n-1]}
	}
}

// townAndCode divides a line that ends with a postcode and begins with more.
func townAndCode(line string) (town, code string, ok bool) {
	words := strings.Fields(line)
	for _, n := range []int{2, 1} {
		if len(words) <= n {
			continue
		}
		code = strings.Join(words[len(words)-n:], " ")
		if _, say := postcode(code); say.Key == "" {
			return strings.Join(words[:len(words)-n], " "), code, true
		}
	}
	return "", "", false
}

// postcodeShape is what Royal Mail gives out, without the space (BS 7666).
var postcodeShape = regexp.MustCompile(`^(?:GIR0AA|[A-PR-UWYZ](?:[0-9][0-9A-HJKPSTUW]?|[A-HK-Y][0-9][0-9ABEHMNPRVWXY]?)[0-9][ABD-HJLNP-UW-Z]{2})$`)

// postcode keeps a postcode as it stands on an envelope, however it is spaced
// and written.
func postcode(value string) (string, postroom.Text) {
	code := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, strings.Map(plainRune, value))
	if !postcodeShape.MatchString(code) {
		return "", postroom.Say(sayPostcode)
	}
	return code[:len(code)-3] + " " + code[len(code)-3:], postroom.Text{}
}

// accessNeeds reads what somebody needs and, where that is the ground, whether
// it may be kept. A box without a text says nothing.
func (f *Field) accessNeeds(written []string) ([]string, fault) {
	values := append(slices.Clone(written), "", "")
	text, box := tidyLines(values[0]), strings.Map(plainRune, tidyLine(values[1]))
	if text == "" {
		return nil, fault{say: f.missing()}
	}
	if utf8.RuneCountInString(text) > f.MaxLength {
		return nil, tooLong("text", f.MaxLength)
	}
	if f.Basis != ExplicitConsent {
		return []string{text}, fault{}
	}
	if box != yes && box != "on" {
		return nil, wrong("consent", sayConsentNeeded)
	}
	return []string{text, yes}, fault{}
}
