package inbound

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postroom/internal/programme"
)

// Facts are read from the beginning of a long letter and from its end, where
// people sign: a person says within that who they are and what they want.
const (
	factsHead    = 6 << 10
	factsTail    = 2 << 10
	factsSubject = 300
	mostClauses  = 300
	mostWords    = 80 // of one clause
)

// page is a person's own words, in lines and in clauses.
type page struct {
	lines   []string // of the text, tidied
	clauses []clause // of the subject and the text
	scripts scripts  // that its words begin with
}

// scripts are sets of scripts, told by the first byte of a letter.
type scripts int

const (
	latinScript scripts = 1 << iota
	cyrillicScript
	arabicScript
	otherScript
	allScripts = latinScript | cyrillicScript | arabicScript | otherScript
)

// scriptOf is the script that a word begins with.
func scriptOf(word string) scripts {
	switch b := word[0]; {
	case b < utf8.RuneSelf:
		return latinScript
	case b >= 0xd0 && b <= 0xd3:
		return cyrillicScript
	case b >= 0xd8 && b <= 0xdb:
		return arabicScript
	}
	return otherScript
}

// clause is a piece of a sentence between full stops and words such as "but":
// what is denied or asked in it says nothing about the others.
type clause struct {
	raw    string
	words  []string // folded
	asks   bool     // it is a question
	denied bool     // it has a word such as "not"
}

func pageOf(w Writing) page {
	lines := ownLines(w.Text)
	p := page{lines: lines}
	p.add(plain(w.Subject[:min(len(w.Subject), factsSubject)]))
	for _, paragraph := range paragraphs(lines) {
		p.add(paragraph)
	}
	return p
}

// ownLines is the lines of a text that its writer wrote: without quotes, and
// without a letter that is passed on.
func ownLines(text string) []string {
	var own []string
	for _, line := range linesOf(ends(text)) {
		if passesOn(line) {
			break
		}
		if !isQuoted(line) {
			own = append(own, plain(line))
		}
	}
	return own
}

// ends is the beginning and the end of a text, in whole lines.
func ends(text string) string {
	if len(text) <= factsHead+factsTail {
		return text
	}
	head, tail := text[:factsHead], text[len(text)-factsTail:]
	if i := strings.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i]
	} else {
		head = head[:max(strings.LastIndexByte(head, ' '), 0)]
	}
	_, tail, _ = strings.Cut(tail, "\n")
	return strings.ToValidUTF8(head+"\n\n"+tail, "")
}

// plain is a line with one form of each sign and the short forms of English
// written out, whose apostrophes folding would drop: "we're" is not "were".
func plain(line string) string {
	if strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
		line = latinFigures(norm.NFKC.String(strings.ToValidUTF8(line, "")))
		line = oneSign.Replace(line)
	} else if strings.ContainsAny(line, "`+&") {
		line = oneSign.Replace(line)
	}
	if strings.IndexByte(line, '\'') >= 0 {
		line = shortForms.Replace(line)
	}
	return strings.TrimSpace(line)
}

// oneSign and shortForms are what plain writes otherwise.
var (
	oneSign    = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "`", "'", "\u00a0", " ", "+ ", "plus ", "&", " and ")
	shortForms = strings.NewReplacer("I'm", "I am", "i'm", "i am", "I'd", "I would", "i'd", "i would", "I'll", "I will", "i'll", "i will", "I've", "I have", "i've", "i have",
		"We're", "We are", "we're", "we are", "We'd", "We would", "we'd", "we would", "We'll", "We will", "we'll", "we will", "We've", "We have", "we've", "we have",
		"It's", "It is", "it's", "it is", "There's", "There is", "there's", "there is", "There'll", "There will", "there'll", "there will")
)

// wrapped is from how many signs on a line was broken by a program, not by its
// writer.
const wrapped = 55

// paragraphs puts lines together that a program has broken.
func paragraphs(lines []string) (texts []string) {
	open := false
	for _, line := range lines {
		if open && line != "" {
			texts[len(texts)-1] += " " + line
		} else if line != "" {
			texts = append(texts, line)
		}
		open = line != "" && utf8.RuneCountInString(line) >= wrapped && !strings.ContainsAny(line[len(line)-1:], ".!?:")
	}
	return texts
}

// add cuts a text into its clauses.
func (p *page) add(text string) {
	for text != "" && len(p.clauses) < mostClauses {
		end, stop := endOfSentence(text)
		p.sentence(strings.TrimSpace(text[:end]), stop == '?' || stop == '؟')
		text = text[end:]
	}
}

// endOfSentence is where the first sentence of a text ends, and with which sign.
// A full stop inside a number, an address or a date ends none.
func endOfSentence(text string) (int, rune) {
	for i, r := range text {
		rest := text[i+utf8.RuneLen(r):]
		switch r {
		case '!', '?', '؟', ';', '؛', '…', '\n':
			return len(text) - len(rest), r
		case '.':
			if stops(text[:i], rest) {
				return len(text) - len(rest), r
			}
		}
	}
	return len(text), 0
}

func stops(before, after string) bool {
	if after == "" {
		return true
	}
	if after[0] != ' ' {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, " "))
	return !unicode.IsDigit(last) || unicode.IsUpper(next)
}

// sentence adds the clauses of a sentence.
func (p *page) sentence(text string, asks bool) {
	words := strings.Fields(text)
	begin := 0
	for i, word := range words {
		turns := turning[strings.Trim(strings.ToLower(word), ",،;:-–")]
		if i > begin && turns || i-begin >= mostWords {
			p.clause(strings.Join(words[begin:i], " "), asks)
			begin = i
		}
		if turns {
			begin = i + 1
		}
	}
	p.clause(strings.Join(words[min(begin, len(words)):], " "), asks)
}

func (p *page) clause(raw string, asks bool) {
	c := clause{raw: raw, words: programme.Fold(raw).Words(), asks: asks}
	if len(c.words) == 0 {
		return
	}
	for _, word := range c.words {
		c.denied = c.denied || denies(word)
		p.scripts |= scriptOf(word)
	}
	p.clauses = append(p.clauses, c)
}

// denies says whether a word turns into the opposite what stands beside it.
func denies(word string) bool {
	return denying[word] || strings.HasPrefix(word, "نمی") || strings.HasPrefix(word, "nami") || strings.HasPrefix(word, "nemi")
}

// has says whether a clause has a word of a list.
func (c clause) has(list map[string]bool) bool { return c.at(list) >= 0 }

// at is where the first word of a list stands in a clause, or -1.
func (c clause) at(list map[string]bool) int {
	for i, word := range c.words {
		if list[word] {
			return i
		}
	}
	return -1
}

// begins says whether a word of the clause begins with one of some stems.
func (c clause) begins(stems []string) bool {
	for _, word := range c.words {
		if beginsWith(word, stems) {
			return true
		}
	}
	return false
}

func beginsWith(word string, stems []string) bool {
	for _, stem := range stems {
		if strings.HasPrefix(word, stem) {
			return true
		}
	}
	return false
}

// phrase says whether words stand in the clause one after the other.
func (c clause) phrase(words []string) (at int, found bool) {
	for i := 0; len(words) > 0 && i+len(words) <= len(c.words); i++ {
		if sameWords(c.words[i:i+len(words)], words) {
			return i, true
		}
	}
	return 0, false
}

func sameWords(a, b []string) bool {
	for i := range b {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
