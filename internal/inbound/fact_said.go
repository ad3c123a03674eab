package inbound

import (
	"strconv"
	"strings"
)

// Answer is what a short letter says to something that we asked or promised.
type Answer string

// The answers. SaidNothing is also what is mixed, hedged or asked: a person
// reads it.
const (
	SaidNothing Answer = ""
	SaidYes     Answer = "yes"
	SaidNo      Answer = "no"
	SaidCancel  Answer = "cancel" // gives up what was booked
)

// longestAnswer is how many words an answer may have that is read as one. Who
// writes more says more than yes or no.
const longestAnswer = 40

// Said reads a short answer: yes, no, or the wish to give up a place. It is
// certain where nothing else was written, and likely where other words stand
// beside it. Whoever acts on it decides what was asked.
func Said(text string) (Answer, Confidence) {
	var heard hearing
	for _, line := range answerLines(text) {
		var p page
		p.add(strings.NewReplacer(",", ";", "،", ";", " - ", "; ", " – ", "; ").Replace(line))
		for _, c := range p.clauses {
			heard.hear(c)
		}
		heard.turned = heard.turned || turns(line)
	}
	return heard.answer()
}

// answerLines is the lines of a text without the greeting and without what
// stands under a sign-off.
func answerLines(text string) []string {
	var lines []string
	for _, line := range ownLines(text) {
		switch {
		case signOff.MatchString(line) && len(lines) > 0:
			return lines
		case line == "" || len(lines) == 0 && onlyGreets(line):
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// onlyGreets says whether a line is a greeting and nothing more.
func onlyGreets(line string) bool {
	words := clauseOf(line).words
	return len(words) > 0 && len(words) <= 4 && greetingWords[words[0]] && !sayWords(words[1:])
}

// sayWords says whether any of some words answers something.
func sayWords(words []string) bool {
	for _, word := range words {
		if yesFirst[word] || yesVerbs[word] || noFirst[word] || beginsWith(word, cancelStems) {
			return true
		}
	}
	return false
}

func turns(line string) bool {
	for word := range strings.FieldsSeq(strings.ToLower(line)) {
		if turning[strings.Trim(word, ",.،:;")] {
			return true
		}
	}
	return false
}

// hearing counts what the clauses of an answer say.
type hearing struct {
	yes, no, cancel bool
	doubt, turned   bool
	words, other    int // all words, and those that say nothing that is known
	lone            Answer
}

// unsure is a word that answers something else: "I have no car".
const unsure Answer = "unsure"

func (h *hearing) hear(c clause) {
	h.words += len(c.words)
	h.doubt = h.doubt || c.asks || c.has(doubting) || c.has(waverWords)
	words := withoutPhrases(c.words)
	opening := true
	for i := 0; i < len(words); {
		said, n := heardAt(words[i:], opening)
		if n > 0 {
			h.say(said)
		} else {
			h.word(words[i], len(words))
		}
		opening = opening && n == 0 && courtesies[words[i]]
		i += max(n, 1)
	}
}

// withoutPhrases drops what says something else than its words: "no problem".
func withoutPhrases(words []string) []string {
	text := " " + strings.Join(words, " ") + " "
	for _, phrase := range emptyPhrases {
		text = strings.ReplaceAll(text, phrase, " ")
	}
	return strings.Fields(text)
}

// heardAt is the answer at the beginning of some words, and how many words it
// takes. "Yes" and "no" answer only where a clause opens with them.
func heardAt(words []string, opening bool) (Answer, int) {
	if said, n := phraseAt(words); n > 0 {
		return said, n
	}
	word := words[0]
	switch {
	case opening && yesFirst[word], yesVerbs[word]:
		return SaidYes, 1
	case opening && noFirst[word]:
		if len(words) == 1 || afterNo[words[1]] {
			return SaidNo, 1
		}
		return unsure, 1
	case beginsWith(word, cancelStems):
		return cancelled(words), 1
	case noFirst[word] || denies(word) && !courtesies[word]:
		return unsure, 1
	}
	return SaidNothing, 0
}

// phraseAt hears an answer of several words. "I can't" is one only where it is
// about coming: "I can't open your letter" is none.
func phraseAt(words []string) (Answer, int) {
	for _, said := range saidPhrases {
		for _, phrase := range said.phrases {
			if len(phrase) > len(words) || !sameWords(words, phrase) {
				continue
			}
			if rest := words[len(phrase):]; said.comes && len(rest) > 0 && !startsWithAny(rest, aboutComing) {
				return unsure, len(phrase)
			}
			return said.answer, len(phrase)
		}
	}
	return SaidNothing, 0
}

func startsWithAny(words []string, phrases [][]string) bool {
	for _, phrase := range phrases {
		if len(phrase) <= len(words) && sameWords(words, phrase) {
			return true
		}
	}
	return false
}

// cancelled says whether a place is given up: "cancel my booking", and not "my
// train was cancelled" or "I had to cancel my holiday".
func cancelled(words []string) Answer {
	if strings.HasSuffix(words[0], "ed") || strings.HasPrefix(words[0], "cancell") || strings.HasSuffix(words[0], "но") {
		return unsure
	}
	for _, word := range words[1:] {
		if cancelObjects[word] {
			return SaidCancel
		}
		if !idleWords[word] && numberWords[word] == 0 {
			return unsure
		}
	}
	return SaidCancel
}

func (h *hearing) say(a Answer) {
	h.yes, h.no, h.cancel = h.yes || a == SaidYes, h.no || a == SaidNo, h.cancel || a == SaidCancel
	h.doubt = h.doubt || a == unsure
}

// word takes note of a word that is no answer, or is one only where hardly
// anything else was written: "da" and "na" are words of many languages.
func (h *hearing) word(word string, of int) {
	_, err := strconv.Atoi(word)
	_, day := weekdayNamed(word)
	switch {
	case loneWords[word] != "" && of <= 3:
		h.lone = loneWords[word]
	case err == nil, day, idleWords[word], cancelObjects[word], numberWords[word] > 0, peopleUnits[word], placeUnits[word], monthNamed(word) > 0:
	default:
		h.other++
	}
}

// answer is what was heard if it is one thing; any mixture is for a person to
// read. "I can't come, please cancel" is no mixture.
func (h *hearing) answer() (Answer, Confidence) {
	if h.other == 0 {
		h.say(h.lone)
	}
	one := h.yes != (h.no || h.cancel)
	if h.doubt || h.turned || h.words > longestAnswer || !one || h.other > mostBeside {
		return SaidNothing, Guessed
	}
	said := SaidYes
	if h.no {
		said = SaidNo
	}
	if h.cancel {
		said = SaidCancel
	}
	if h.other > 0 {
		return said, Likely
	}
	return said, Certain
}

// mostBeside is how many words that mean nothing to us may stand beside an
// answer.
const mostBeside = 8
