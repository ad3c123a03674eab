package inbound

import (
	"slices"
	"strings"
	"unicode"
)

// Guess returns the language a text is most likely written in, one of the
// candidates (BCP 47 tags such as en, uk, fa, fa-AF, ps), and how sure that
// is. It returns "" when nothing speaks for any. The script is looked at
// first and then the small words that every text is full of. Farsi and Dari
// are one language to a reader of single words: between them it is never sure.
func Guess(text string, candidates []string) (locale string, sure bool) {
	words := wordsOf(text)
	switch script(words) {
	case unicode.Latin:
		locale, sure = guessLatin(words)
	case unicode.Cyrillic:
		locale, sure = guessCyrillic(words)
	case unicode.Arabic:
		locale, sure = guessArabic(words)
	}
	if locale == "fa" || locale == "fa-AF" {
		return oneOf(candidates, locale)
	}
	if !slices.Contains(candidates, locale) {
		return "", false
	}
	return locale, sure
}

// oneOf is the better of Farsi and Dari that is offered at all.
func oneOf(candidates []string, locale string) (string, bool) {
	for _, c := range []string{locale, "fa", "fa-AF"} {
		if slices.Contains(candidates, c) {
			return c, false
		}
	}
	return "", false
}

// maxGuess is how much of a text is enough to know it by.
const maxGuess = 4 << 10

// wordsOf is the words of a text in small letters. Addresses of mail and of
// pages are left out: they are Latin in every letter.
func wordsOf(text string) []string {
	var words []string
	for _, field := range strings.Fields(strings.ToLower(strings.ToValidUTF8(text[:min(len(text), maxGuess)], ""))) {
		if strings.ContainsAny(field, "@/") {
			continue
		}
		word := strings.FieldsFunc(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' })
		words = append(words, word...)
	}
	return words
}

// script is the script that most letters of a text are in, if it is one of
// those that our languages use.
func script(words []string) *unicode.RangeTable {
	scripts := []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Arabic}
	counts, all := make([]int, len(scripts)), 0
	for _, word := range words {
		for _, r := range word {
			all++
			for i, s := range scripts {
				if unicode.Is(s, r) {
					counts[i]++
				}
			}
		}
	}
	for i, n := range counts {
		if 2*n > all {
			return scripts[i]
		}
	}
	return nil
}

// share is how many of a hundred words are in a list.
func share(words []string, list map[string]bool) int {
	n := 0
	for _, word := range words {
		if list[strings.ReplaceAll(word, "’", "'")] {
			n++
		}
	}
	if len(words) == 0 {
		return 0
	}
	return 100 * n / len(words)
}

// Of a hundred words of English, about fifty are in the list; of its
// neighbours hardly ten.
const (
	likelyShare = 18
	sureShare   = 30
	sureWords   = 5
)

func guessLatin(words []string) (string, bool) {
	en := share(words, english)
	if en < likelyShare {
		return guessSpelt(words), false
	}
	if share(words, otherLatin) > en {
		return "", false
	}
	return "en", en >= sureShare && len(words) >= sureWords
}

// Of a hundred words of a language that is spelt in Latin letters, so many are
// among those that we know: everybody spells them in their own way.
const speltShare = 30

// guessSpelt tells languages that people write in Latin letters where their
// keyboard has no others: "salam, man mikhaham sabt nam konam". It is a guess.
func guessSpelt(words []string) string {
	fa, uk, ru := share(words, speltPersian), share(words, speltUkrainian), share(words, speltRussian)
	most := max(fa, uk, ru)
	switch {
	case most < speltShare || share(words, otherLatin) >= most:
		return ""
	case fa == most && share(words, speltDari) > share(words, speltIranian):
		return "fa-AF"
	case fa == most:
		return "fa"
	case uk > ru:
		return "uk"
	}
	return "ru"
}

// guessCyrillic tells Ukrainian by letters that Russian and Bulgarian lack.
func guessCyrillic(words []string) (string, bool) {
	own, others := letters(words, "іїєґ"), letters(words, "ыэъёў")
	uk := share(words, ukrainian)
	switch {
	case own > others && (own > 0 || uk > 0):
		return "uk", len(words) >= sureWords
	case own == 0 && others == 0 && uk >= likelyShare && share(words, russian) < uk:
		return "uk", false
	}
	return "", false
}

// guessArabic tells Pashto by its own letters, Farsi and Dari by theirs, and
// leaves Arabic and Urdu alone.
func guessArabic(words []string) (string, bool) {
	pashtoLetters := letters(words, "ټډړږښګڼېۍۀځڅ")
	ps, fa, ar := share(words, pashto), share(words, farsi), share(words, arabic)
	if letters(words, "ٹڈڑےںھ") > pashtoLetters {
		return "", false // Urdu
	}
	if pashtoLetters > 0 && pashtoLetters*20 >= len(words) || ps > fa && ps > 0 {
		return "ps", pashtoLetters >= 3 && len(words) >= sureWords
	}
	if fa < ar || fa == 0 && letters(words, "پچژگ") == 0 {
		return "", false
	}
	if share(words, dari) > share(words, iranian) {
		return "fa-AF", false
	}
	return "fa", false
}

func letters(words []string, set string) int {
	n := 0
	for _, word := range words {
		for _, r := range word {
			if strings.ContainsRune(set, r) {
				n++
			}
		}
	}
	return n
}
