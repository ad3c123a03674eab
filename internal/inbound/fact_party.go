package inbound

import (
	"strconv"
	"strings"
)

// mostParty is the largest party that is read: more than a form asks for, so
// that a person sees it, and less than the people of a whole group.
const mostParty = 30

// readPlaces reads for how many people somebody asks, themselves among them.
func readPlaces(p page) (facts []Fact) {
	for _, c := range p.clauses {
		n, sure := partyOf(c)
		if n == 0 || c.denied {
			continue
		}
		if c.has(doubting) || c.begins(staying) || c.asks && !polite.MatchString(c.raw+"?") || unsureParty.MatchString(c.raw) {
			sure = Guessed
		}
		facts = append(facts, Fact{Kind: FactPlaces, Value: strconv.Itoa(n), Confidence: sure, From: c.raw})
	}
	return facts
}

// partyOf is the party that a clause names: one number of people, a list of
// them, or the writer and whoever comes along. 0 is none.
func partyOf(c clause) (int, Confidence) {
	if len(c.words) > 60 {
		return 0, Guessed
	}
	total, found := totalOf(c)
	listed, many := listedOf(c)
	switch {
	case found && listed > 0 && total != listed && (many || !c.has(amongThem) && !c.namesThem()):
		return total, Guessed // "4 of us and 2 children": four or six?
	case found:
		return within(total, Likely)
	case many:
		return within(listed, Likely)
	case aloneIn(c):
		return 1, Likely
	}
	n, sure := companyOf(c)
	return within(n, sure)
}

// namesThem says whether the number of a party is followed by who they are, the
// writer first: "five of us: me, my husband and our three children".
func (c clause) namesThem() bool {
	for i := range c.words {
		if _, ok := c.numberAt(i); ok && (strings.HasPrefix(c.after(i, 3), " of us me ") || c.word(i-1) == "нас" && c.word(i+1) == "я") {
			return true
		}
	}
	return false
}

func within(n int, sure Confidence) (int, Confidence) {
	if n < 1 || n > mostParty {
		return 0, Guessed
	}
	return n, sure
}

// numberAt is the number that the word at i stands for.
func (c clause) numberAt(i int) (int, bool) {
	if i < 0 || i >= len(c.words) {
		return 0, false
	}
	word := c.words[i]
	if n, ok := numberWords[word]; ok {
		return n, true
	}
	if len(word) > 2 || word[0] < '1' || word[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(word)
	return n, err == nil
}

func (c clause) word(i int) string {
	if i < 0 || i >= len(c.words) {
		return ""
	}
	return c.words[i]
}

// before joins up to n words before the one at i.
func (c clause) before(i, n int) string {
	return " " + strings.Join(c.words[max(0, i-n):max(0, i)], " ") + " "
}

// after joins up to n words after the one at i.
func (c clause) after(i, n int) string {
	return " " + strings.Join(c.words[min(len(c.words), i+1):min(len(c.words), i+1+n)], " ") + " "
}

// totalOf is a number that is said of the whole party: "4 of us", "we are 4",
// "a table for six", "نفر ۳". Two of them are none.
func totalOf(c clause) (total int, found bool) {
	for i := range c.words {
		n, ok := c.numberAt(i)
		if !ok || !c.totalAt(i) {
			continue
		}
		if found && n != total {
			return 0, false
		}
		total, found = n, true
	}
	if n, ok := together(c); ok && !found {
		return n, true
	}
	return total, found
}

// together is a party in one word: "втрьох", "both of us".
func together(c clause) (int, bool) {
	if _, ok := c.phrase([]string{"both", "of", "us"}); ok {
		return 2, true
	}
	for _, word := range c.words {
		if n, ok := togetherWords[word]; ok {
			return n, c.begins(coming) || len(c.words) <= 4
		}
	}
	return 0, false
}

// totalAt says whether the number at i is that of the whole party.
func (c clause) totalAt(i int) bool {
	before, after := c.before(i, 4), c.after(i, 3)
	unit := c.word(i + 1)
	switch {
	case strings.HasPrefix(after, " of us "):
		return c.word(i+3) == "" || followsParty[c.word(i+3)]
	case placeUnits[unit]:
		return c.asksForPlaces()
	case hasAnySuffix(before, countsUs):
		return ends_(after) || peopleUnits[unit] || followsParty[unit]
	case peopleUnits[unit]:
		return hasAnySuffix(before, forPeople) && c.begins(coming) || len(c.words) <= 4 && i <= 1
	case hasAnySuffix(before, forPeople):
		return (ends_(after) || followsParty[unit]) && c.begins(reserving)
	}
	return i == 1 && len(c.words) <= 3 && yesFirst[c.words[0]] && ends_(after)
}

// asksForPlaces says whether places are asked for, and not told of a room.
func (c clause) asksForPlaces() bool {
	return !c.has(leftOver) && (len(c.words) <= 4 || c.begins(wanting))
}

func ends_(after string) bool { return strings.TrimSpace(after) == "" }

func hasAnySuffix(s string, endings []string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(s, ending) {
			return true
		}
	}
	return false
}

// listedOf adds up "2 adults and 3 children". Without adults it is no whole
// party.
func listedOf(c clause) (sum int, whole bool) {
	for i, word := range c.words {
		n, ok := c.numberAt(i - 1)
		if !ok || !adults[word] && !personOne[word] && !personMany[word] {
			continue
		}
		whole = whole || adults[word]
		sum += n
	}
	if whole = whole && sum > 0; whole && (strings.Contains(c.before(len(c.words), 60), " me and ") || !c.begins(booking) && !c.begins(coming) && len(c.words) > 8) {
		return 0, false
	}
	return sum, whole
}

// aloneIn says whether somebody comes by themselves. "I am alone" is no party.
func aloneIn(c clause) bool {
	for _, words := range onlyThem {
		if at, ok := c.phrase(words); ok && (c.begins(coming) || idle(c.words[:at]) && idle(c.words[at+len(words):])) {
			return !c.begins(staying)
		}
	}
	return false
}

// idle says whether words add nothing.
func idle(words []string) bool {
	for _, word := range words {
		if !idleWords[word] {
			return false
		}
	}
	return true
}

// companyOf counts the writer and those who come along: "me and my two
// children" are 3. It is 0 where anybody is not counted.
func companyOf(c clause) (int, Confidence) {
	me := c.has(meWords) || c.begins(iCome)
	if !me || !c.begins(coming) && (len(c.words) > 8 || c.has(needing) || c.begins(helping)) || c.begins(staying) {
		return 0, Guessed
	}
	n := 0
	for i := range c.words {
		if !personOne[c.words[i]] && !personMany[c.words[i]] && !persianPerson(c.words[i]) {
			continue
		}
		count, ok := c.companionAt(i)
		if !ok {
			return 0, Guessed
		}
		n += count
	}
	if n == 0 {
		return 0, Guessed
	}
	if c.has(weWords) {
		return n + 1, Guessed
	}
	return n + 1, Likely
}

// companionAt counts the companions that the noun at i names, if they are tied
// to the writer by a word such as "with" or "and".
func (c clause) companionAt(i int) (int, bool) {
	count, counted := 1, false
	j := i - 1
	for ; j >= 0 && !joining[c.words[j]]; j-- {
		n, ok := c.numberAt(j)
		switch {
		case ok && !ages[c.word(j+1)]:
			count, counted = n, true
		case ok, belonging[c.words[j]], ages[c.words[j]]:
		default:
			return 0, false
		}
	}
	if personMany[c.words[i]] && !counted || c.word(i+1) == "ها" || c.word(i+1) == "هایم" {
		return 0, false
	}
	if beingWords[c.word(i+1)] && !meWords[c.word(j-1)] { // of whom something else is told
		return 0, false
	}
	return count, j >= 0 || joining[c.word(i+1)] && meWords[c.word(i+2)]
}

// persianPerson says whether a word is a companion with an ending: همسرم,
// بچه‌هایم has a word of its own after it.
func persianPerson(word string) bool {
	return len(word) >= 4 && word[0] >= 0xd8 && beginsWith(word, persianPersons) && len([]rune(word)) <= 7
}

// mentionsOthers says whether a letter tells of anybody who may come along:
// then one place is not what is meant by no number.
func mentionsOthers(p page) bool {
	for _, c := range p.clauses {
		if c.has(weWords) || c.has(personOne) || c.has(personMany) || c.has(groupWords) {
			return true
		}
		for _, word := range c.words {
			if persianPerson(word) {
				return true
			}
		}
	}
	return false
}

// onlyNumber is the number that stands beside a label, or "".
func onlyNumber(value string) string {
	c := clauseOf(value)
	if len(c.words) == 0 || len(c.words) > 2 || len(c.words) == 2 && !peopleUnits[c.words[1]] && !placeUnits[c.words[1]] {
		return ""
	}
	n, ok := c.numberAt(0)
	if !ok || n > mostParty || strings.ContainsAny(value, "-–?") {
		return ""
	}
	return strconv.Itoa(n)
}
