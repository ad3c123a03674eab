package inbound

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"postroom/internal/letter"
)

// What Show looks at; a longer text is cut there, so that nobody's letter
// keeps the others waiting.
const (
	maxVisible = 64 << 10
	maxLines   = 2000
)

// Shown is an answer taken apart: what the person wrote this time, the
// signature under it, and the older letter that it quotes. Between says that
// answers stand between the quoted lines: then the words alone ("yes", "no")
// may say too little, and the whole letter is the better thing to show.
type Shown struct {
	Text, Signature, Quoted string
	Between                 bool
}

// Visible returns what the person wrote this time: an answer without the
// letter it quotes and without the signature; any other letter as it is.
func Visible(l letter.Letter) string { return Show(l).Text }

// Show takes an answer apart. Where it is not sure what is a quote or a
// signature it shows it, because a quote too many is a nuisance and an answer
// lost is a person unheard. A first letter quotes nothing of ours: all of it
// is shown.
func Show(l letter.Letter) Shown {
	if !answers(l) {
		return Shown{Text: strings.TrimSpace(clip(l.Text))}
	}
	if l.HTML != "" && !hasPlainText(l) {
		if shown, ok := showPage(l.HTML); ok {
			return shown
		}
	}
	return takeApart(l.Text, false)
}

// showPage takes a page apart. It does not where nothing but a quote is left,
// or where the person answers in the midst of a letter that it cut.
func showPage(text string) (shown Shown, ok bool) {
	page := pruner{quoted: map[*html.Node]bool{}}
	pruned := letter.Plain(text, page.drops)
	if !written(linesOf(pruned)) {
		return Shown{}, false
	}
	shown = takeApart(pruned, page.introduced)
	return shown, len(page.quoted) == 0 || !pointsBelow(linesOf(shown.Text))
}

func hasPlainText(l letter.Letter) bool {
	for _, p := range l.Parts {
		if p.Type == "text/plain" && strings.TrimSpace(string(p.Body[:min(len(p.Body), maxVisible)])) != "" {
			return true
		}
	}
	return false
}

// takeApart takes quotes out of an answer, and the signature off its end. An
// answer in which nothing else is written is shown whole. introduced says that
// the words before a quote have been taken out of a page.
func takeApart(text string, introduced bool) Shown {
	parts := sorter{marked: introduced}
	parts.sort(linesOf(text))
	own := parts.own
	var quoted, signature cutOff
	for {
		before := len(own)
		own = quoted.take(trimEmpty(own), quotedFrom)
		own = signature.take(trimEmpty(own), signatureFrom)
		if len(own) == before {
			break
		}
	}
	if shown := joined(own); shown != "" {
		return Shown{Text: shown, Signature: joined(signature.lines()), Quoted: joined(append(parts.quoted, quoted.lines()...)), Between: parts.between}
	}
	return Shown{Text: strings.TrimSpace(clip(text))}
}

// cutOff is what was taken off the end of an answer, the last lines first.
type cutOff [][]string

// take takes off what begins where from says, if something is written above.
func (c *cutOff) take(own []string, from func([]string) int) []string {
	at := from(own)
	if at >= len(own) || !written(own[:at]) {
		return own
	}
	*c = append(*c, own[at:])
	return trimEmpty(own[:at])
}

func (c *cutOff) lines() (lines []string) {
	for _, part := range slices.Backward(*c) {
		lines = append(lines, part...)
	}
	return lines
}

func joined(lines []string) string { return strings.TrimSpace(strings.Join(lines, "\n")) }

func clip(text string) string {
	if len(text) > maxVisible {
		text = strings.ToValidUTF8(text[:maxVisible], "")
	}
	return text
}

// linesOf makes one kind of line end of all, and of the spaces at which no line
// may break, which mail programs put before colons.
func linesOf(text string) []string {
	text = clip(text)
	for _, end := range []string{"\r\n", "\r", "\u2028", "\u2029"} {
		text = strings.ReplaceAll(text, end, "\n")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\u00a0", " "), "\u202f", " ")
	lines := strings.Split(text, "\n")
	lines = lines[:min(len(lines), maxLines)]
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return lines
}

func trimEmpty(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func skipEmpty(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	return lines
}

// sorter parts an answer from what it quotes. An older letter without marks
// goes on to the end; one whose lines are marked leaves everything that is not
// marked, because people answer below a quote and within it.
type sorter struct {
	own, quoted []string
	marked      bool // a program has begun to quote with marks
	answered    bool // and something was written after it
	between     bool // and it went on then
}

func (s *sorter) sort(lines []string) {
	for i := 0; i < len(lines); {
		n, toEnd := s.quoteAt(lines, i)
		switch {
		case n > 0:
			s.quoted = append(s.quoted, lines[i:i+n]...)
			s.between = s.between || s.answered
			i += n
		case passesOn(lines[i]):
			s.own = append(s.own, lines[i:]...)
			return
		case toEnd:
			s.own, s.quoted = withoutRule(s.own), append(s.quoted, lines[i:]...)
			return
		default:
			s.write(lines[i:])
			i++
		}
	}
}

// quoteAt returns how many lines at a place are quoted, and whether all that
// follows is.
func (s *sorter) quoteAt(lines []string, i int) (n int, toEnd bool) {
	if s.marked && ofQuote(lines, i) {
		return 1, false
	}
	if endsHere(lines[i:]) {
		return 0, s.ends()
	}
	if n = introLines(lines[i:]); n == 0 || sharesLine(lines[i:]) {
		return 0, false
	}
	if below := skipEmpty(lines[i+n:]); len(below) > 0 && isQuoted(below[0]) {
		s.marked, s.own = true, withoutRule(s.own)
		return n, false
	}
	return 0, byProgram(lines[i:i+n]) && s.ends()
}

// ends says whether an older letter without marks may end the answer: not
// before anything is written, and not where the person says that they answer
// further down, in the midst of it.
func (s *sorter) ends() bool { return written(s.own) && !pointsBelow(s.own) }

// write takes the first of some lines for the person's own.
func (s *sorter) write(lines []string) {
	said, intro := sharedLine(lines)
	if said == "" && len(s.quoted) > 0 && len(s.own) > 0 && s.own[len(s.own)-1] == "" {
		return // the empty lines on both sides of a quote
	}
	if intro != "" {
		s.marked, s.quoted = true, append(s.quoted, intro)
	}
	s.own = append(s.own, said)
	s.answered = s.answered || s.marked && intro == "" && said != ""
}

// endsHere says whether all that follows is an older letter: after a
// separator, or a block of header lines.
func endsHere(lines []string) bool {
	return separates(strings.TrimSpace(lines[0])) || headerBlock(lines)
}

// withoutRule leaves out the line that some programs draw above a quote.
func withoutRule(own []string) []string {
	kept := trimEmpty(own)
	if n := len(kept); n > 0 && drawnRule.MatchString(kept[n-1]) {
		return kept[:n-1]
	}
	return own
}

// written says whether the person has said anything in some lines.
func written(lines []string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" && !isQuoted(line) {
			return true
		}
	}
	return false
}

func isQuoted(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, ">") || strings.HasPrefix(line, "|") && (len(line) < 3 || !strings.HasSuffix(line, "|"))
}

// ofQuote says whether a line in a quote is marked as one, or is the rest of a
// link that was broken on the way.
func ofQuote(lines []string, i int) bool {
	line := lines[i]
	if isQuoted(line) || strings.HasSuffix(line, ">") && restOfLink.MatchString(line) {
		return true
	}
	return i > 0 && strings.HasSuffix(line, ")") && !strings.Contains(line, " ") && brokenLink.MatchString(lines[i-1])
}

// quotedFrom is where the quoted lines at the end begin.
func quotedFrom(own []string) int {
	n := len(own)
	for n > 0 && (isQuoted(own[n-1]) || strings.TrimSpace(own[n-1]) == "") {
		n--
	}
	return n
}
