package inbound

import (
	"strings"

	"postroom/internal/letter"
)

// What Visible looks at; a longer text is cut there, so that nobody's letter
// keeps the others waiting.
const (
	maxVisible = 64 << 10
	maxLines   = 2000
)

// Visible returns what the person wrote this time: an answer without the
// letter it quotes and without the signature; any other letter as it is.
// Where it is not sure what is a quote it shows it, because a quote too many
// is a nuisance and an answer lost is a person unheard.
func Visible(l letter.Letter) string {
	if !answers(l) {
		return strings.TrimSpace(clip(l.Text))
	}
	text := l.Text
	if l.HTML != "" && !hasPlainText(l) {
		if pruned := letter.Plain(l.HTML, isQuote); strings.TrimSpace(pruned) != "" {
			text = pruned
		}
	}
	return withoutQuotes(text)
}

func hasPlainText(l letter.Letter) bool {
	for _, p := range l.Parts {
		if p.Type == "text/plain" && strings.TrimSpace(string(p.Body[:min(len(p.Body), maxVisible)])) != "" {
			return true
		}
	}
	return false
}

// withoutQuotes cuts quotes and signature off the end of an answer.
func withoutQuotes(text string) string {
	lines := linesOf(text)
	lines = lines[:quoteBegins(lines)]
	for {
		before := len(lines)
		lines = trimQuoted(trimEmpty(lines))
		lines = trimSignature(trimEmpty(lines))
		if len(lines) == before {
			break
		}
	}
	lines = withoutLeadingQuote(lines)
	if shown := strings.TrimSpace(strings.Join(lines, "\n")); shown != "" {
		return shown
	}
	return strings.TrimSpace(clip(text))
}

func clip(text string) string {
	if len(text) > maxVisible {
		text = strings.ToValidUTF8(text[:maxVisible], "")
	}
	return text
}

func linesOf(text string) []string {
	text = clip(text)
	for _, end := range []string{"\r\n", "\r", "\u2028", "\u2029"} {
		text = strings.ReplaceAll(text, end, "\n")
	}
	lines := strings.Split(text, "\n")
	lines = lines[:min(len(lines), maxLines)]
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\u00a0")
	}
	return lines
}

func trimEmpty(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// quoteBegins is the line at which all that follows is an older letter: a
// separator, a block of header lines, or "On … wrote:" with a text after it.
func quoteBegins(lines []string) int {
	begun := false
	for i := range lines {
		if passesOn(lines[i]) {
			return len(lines)
		}
		if begun = begun || i > 0 && written(lines[i-1:i]); !begun {
			continue
		}
		if separates(strings.TrimSpace(lines[i])) || headerBlock(lines[i:]) {
			return ruleBefore(lines, i)
		}
		if n := introLines(lines[i:]); n > 0 && !answeredBelow(lines[i+n:]) {
			return ruleBefore(lines, i)
		}
	}
	return len(lines)
}

// ruleBefore steps back over the line that some programs draw above a quote.
func ruleBefore(lines []string, i int) int {
	kept := trimEmpty(lines[:i])
	if n := len(kept); n > 0 && drawnRule.MatchString(kept[n-1]) {
		return n - 1
	}
	return i
}

// written says whether the person has said anything in some lines.
func written(lines []string) bool {
	for _, line := range lines {
		if s := strings.TrimSpace(line); s != "" && !quoted(s) {
			return true
		}
	}
	return false
}

func quoted(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, ">") || strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|")
}

// answeredBelow says whether, below the words that begin a quote, quoted
// lines and new ones take turns.
func answeredBelow(lines []string) bool {
	seenQuote := false
	for i, line := range lines {
		s := strings.TrimSpace(line)
		switch {
		case s == "":
		case quoted(s):
			seenQuote = true
		case !seenQuote:
			return false // the quote is not marked, so nothing tells an answer from it
		case i > 0 && strings.TrimSpace(lines[i-1]) != "" && i+1 < len(lines) && quoted(strings.TrimSpace(lines[i+1])) && quoted(strings.TrimSpace(lines[i-1])):
			// a long line that was broken without a mark
		case separates(s) || signatureMark.MatchString(s) || sentFrom.MatchString(s):
			return false
		default:
			return true
		}
	}
	return false
}

// trimQuoted drops quoted lines at the end, with the words that begin them.
func trimQuoted(lines []string) []string {
	n := len(lines)
	for n > 0 && (quoted(lines[n-1]) || strings.TrimSpace(lines[n-1]) == "") {
		n--
	}
	if n == len(lines) {
		return lines
	}
	whole := trimEmpty(lines[:n])
	for back := min(maxIntro, len(whole)); back > 0; back-- {
		if at := len(whole) - back; introLines(whole[at:]) == back {
			return whole[:at]
		}
	}
	return whole
}

// withoutLeadingQuote drops one block of quoted lines above the answer.
func withoutLeadingQuote(lines []string) []string {
	i := introLines(skipEmpty(lines))
	rest := skipEmpty(lines)[i:]
	n := 0
	for n < len(rest) && (quoted(rest[n]) || strings.TrimSpace(rest[n]) == "") {
		n++
	}
	if n == 0 || i == 0 && !strings.HasPrefix(rest[0], ">") {
		return lines
	}
	for _, line := range rest[n:] {
		if quoted(line) {
			return lines // they take turns
		}
	}
	return rest[n:]
}

func skipEmpty(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	return lines
}

// mostSignature is how many lines a signature may have.
const mostSignature = 15

// trimSignature cuts at the last mark of a signature near the end.
func trimSignature(lines []string) []string {
	for i := len(lines) - 1; i >= 0 && i >= len(lines)-mostSignature; i-- {
		s := strings.TrimSpace(lines[i])
		if (signatureMark.MatchString(s) || i >= len(lines)-3 && sentFrom.MatchString(s)) && written(lines[:i]) {
			return lines[:i]
		}
	}
	return lines
}
