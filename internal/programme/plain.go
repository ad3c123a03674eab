package programme

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What is easy to read. The pages are written for somebody of 9 to 11; a text of a
// programme may be a little harder before anything is said.
const (
	longSentence = 25 // words
	oldestReader = 14 // years
	fewWords     = 8  // of which no age can be told
)

var (
	sentenceEnd = regexp.MustCompile(`[.!?:;]+(?:\s|$)|\n+`)
	syllable    = regexp.MustCompile(`[aeiouy]+`)
)

// hard says why an English text is hard to read, or "".
func hard(text string) (say, instead string) {
	words, sentences, longest := 0, 0, 0
	for _, sentence := range sentenceEnd.Split(text, -1) {
		if n := len(strings.Fields(sentence)); n > 0 {
			words, sentences, longest = words+n, sentences+1, max(longest, n)
		}
	}
	if longest > longSentence {
		return fmt.Sprintf("a sentence has %d words", longest), "two sentences"
	}
	if words < fewWords {
		return "", ""
	}
	if age := readingAge(words, sentences, syllables(text)); age > oldestReader {
		return fmt.Sprintf("only people of %d and more read this with ease", age), "shorter words and sentences"
	}
	return "", ""
}

// readingAge is the age by the formula of Flesch and Kincaid, which gives years of
// school, begun at five.
func readingAge(words, sentences, syllables int) int {
	grade := 0.39*float64(words)/float64(sentences) + 11.8*float64(syllables)/float64(words) - 15.59
	return int(grade+0.5) + 5
}

// syllables counts groups of vowels, but for an e that is not heard.
func syllables(text string) (n int) {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		n += max(1, len(syllable.FindAllString(strings.TrimSuffix(word, "e"), -1)))
	}
	return n
}
