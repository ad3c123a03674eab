package inbound

import (
	"slices"
	"strconv"
	"strings"
)

// mostSaid is the most that a bare number beside "yes" may be to be one of
// people.
const mostSaid = 12

// SaidParty reads for how many somebody says yes: "YES 3", "yes, two of us". It
// is 0 where they do not say, or it is not clear: a day of a month is no number
// of people.
func SaidParty(text string) int {
	own := strings.Join(answerLines(text), "\n")
	if strings.ContainsAny(own, ":/") {
		return 0
	}
	if n := sureOf(readPlaces(pageOf(Writing{Text: own}))); len(n) > 0 {
		party, _ := strconv.Atoi(n[0])
		return party
	}
	if _, sure := Said(own); sure != Certain {
		return 0
	}
	party := 0
	for _, word := range clauseOf(strings.ReplaceAll(plain(own), "\n", " ")).words {
		if _, day := weekdayNamed(word); day || monthNamed(word) > 0 {
			return 0
		}
		n, err := strconv.Atoi(word)
		if err != nil {
			n = numberWords[word]
		}
		if n > 0 && party > 0 || n > mostSaid {
			return 0
		}
		party = max(party, n)
	}
	return party
}

// SaidOfComing says whether an answer says of itself that it is about coming, as
// "No, we can't come" does. A bare "No" below other questions answers those.
func SaidOfComing(text string) bool {
	var rest []string
	for _, line := range answerLines(text) {
		words := slices.DeleteFunc(slices.Clone(clauseOf(line).words), func(word string) bool {
			return yesFirst[word] || noFirst[word] || loneWords[word] != ""
		})
		rest = append(rest, strings.Join(words, " "))
	}
	whole, _ := Said(text)
	said, sure := Said(strings.Join(rest, "\n"))
	return sure.Enough() && said == whole
}

var (
	waitingList = foldedEach(`waiting list|waitlist|wait list|waiting list please|лист очікування|листі очікування|список очікування|списку очікування|список ожидания|
		لیست انتظار|فهرست انتظار|د انتظار لیست|انتظار لیست|د انتظار لړلیک|liste entezar`)
	waitingWords = folded(`put on onto keep stay add want like yes join into remain
		залиште залишіть поставте запишіть додайте лишіть у в так хочу
		در به باشم بگذارید نگه دارید اضافه کنید بنویسید بله بلی می خواهم
		هو په کې کړئ ولیکئ پاتې شم`)
)

// AsksToWait says whether nothing is written but the wish to be on the waiting
// list.
func AsksToWait(text string) bool {
	asks := false
	for _, line := range answerLines(text) {
		words := clauseOf(line).words
		if strings.ContainsAny(line, "?؟") {
			return false
		}
		for i := 0; i < len(words); {
			n := phraseLength(words[i:], waitingList)
			asks = asks || n > 0
			if n == 0 && !idleWords[words[i]] && !courtesies[words[i]] && !waitingWords[words[i]] {
				return false
			}
			i += max(n, 1)
		}
	}
	return asks
}

// phraseLength is how many words the longest phrase has that some words begin
// with.
func phraseLength(words []string, phrases [][]string) (n int) {
	for _, phrase := range phrases {
		if len(phrase) <= len(words) && slices.Equal(words[:len(phrase)], phrase) {
			n = max(n, len(phrase))
		}
	}
	return n
}
