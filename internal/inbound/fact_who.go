package inbound

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"postroom/internal/programme"
)

// What people write before and after their name. A name is up to four words, in
// Latin and Cyrillic with capitals.
const nameRun = `(\p{Lu}[\pL\pM'.-]*(?: \p{Lu}[\pL\pM'.-]*){0,3})`

var (
	nameAfter = regexp.MustCompile(`(?i:\bmy name is|\bI am called|\bthis is me,|мене звати|мене звуть|моє ім'я -?|меня зовут|\bmenya zovut|\bmene zvaty|\bmoye imya)[ :,-]+` + nameRun)
	nameInner = regexp.MustCompile(`(?:(?:اسم|نام) من|اسمم|نامم|زما نوم|نوم مې) ([\pL\pM\x{200c}]+(?: [\pL\pM\x{200c}]+){0,3}?) (?:است|هست|می باشد|میباشد|می‌باشد|دی|ده)(?:\P{L}|$)`)
	nameDari  = regexp.MustCompile(`(?i:\b(?:esm|nam|name|esme)[ -]?e? ?man|\besmam|\bnamam) ` + nameRun + `(?i: (?:ast|hast|as)\b)`)
	iAm       = regexp.MustCompile(`(?:^|[ ,])I am (\p{Lu}[\pL'-]+(?: \p{Lu}[\pL'-]+){1,2})(?:[ ,.]|$)`)
	nameHints = folded(`name called звати звуть ім'я зовут zovut zvaty imya اسم اسمم نام نامم نوم esm esme esmam nam namam`)
)

// readNames reads what the writer calls themselves: in a sentence, beside their
// address, under the letter. "I am …" is a guess: people are many things.
func readNames(p page, beside string) (facts []Fact) {
	for _, c := range p.clauses {
		if c.denied || c.asks || !c.has(nameHints) {
			continue
		}
		for _, pattern := range []*regexp.Regexp{nameAfter, nameInner, nameDari} {
			if m := pattern.FindStringSubmatch(c.raw); m != nil && isName(m[1]) {
				facts = append(facts, Fact{Kind: FactName, Value: strings.TrimRight(m[1], ".-' "), Confidence: Likely, From: c.raw})
			}
		}
	}
	if beside = strings.TrimSpace(beside); beside != "" && len(beside) <= mostLabel {
		facts = append(facts, Fact{Kind: FactName, Value: beside, Confidence: Likely, From: beside})
	}
	if signed := SignedName(strings.Join(p.lines, "\n")); utf8.RuneCountInString(signed) > 1 {
		facts = append(facts, Fact{Kind: FactName, Value: signed, Confidence: Likely, From: signed})
	}
	return append(facts, readIAm(p)...)
}

func readIAm(p page) (facts []Fact) {
	for _, c := range p.clauses {
		if !strings.Contains(c.raw, "I am ") {
			continue
		}
		if m := iAm.FindStringSubmatch(c.raw); m != nil && !c.denied && !groupName(m[1]) {
			facts = append(facts, Fact{Kind: FactName, Value: m[1], Confidence: Guessed, From: c.raw})
		}
	}
	return facts
}

// orgWord is a word that names of groups have, in the languages in which names
// are told by their capitals.
var orgWord = set(`group club centre center cic cio trust association church mosque school society charity foundation network forum partnership project hub kitchen
	pantry choir scouts guides academy college university library temple gurdwara synagogue federation union fellowship friends theatre museum collective
	cooperative co-operative institute allotments nursery preschool playgroup foodbank bank charities community carers volunteers
	організація фонд центр клуб спілка асоціація церква школа бібліотека громада товариство об'єднання`)

// groupName says whether words are the name of a group.
func groupName(words string) bool {
	for word := range strings.FieldsSeq(words) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsUpper(r) && orgWord[strings.ToLower(strings.Trim(word, ",.'"))] {
			return true
		}
	}
	return false
}

// What stands before the name of the writer's own group. "From" alone does not:
// people hear of us from others.
var (
	orgBefore = regexp.MustCompile(`\b(?:[Oo]n behalf of|[Rr]epresenting|I represent|[Ww]e represent|I am (?:writing )?from|[Ww]e are (?:writing )?from|I work (?:for|at|with)|[Ww]e are|I run|[Ww]e run|` +
		`[Oo]ur (?:group|charity|organisation|organization)(?:,| is)?(?: called)?|[Mm]y (?:group|charity|organisation|organization)(?:,| is)?(?: called)?|[Nn]ame of (?:our|my) group is|` +
		`(?:[Cc]hair|[Ss]ecretary|[Tt]reasurer|[Mm]anager|[Cc]o-?ordinator|[Ll]eader|[Tt]rustee|[Dd]irector|[Ff]ounder)(?: of| at|,)) (?:the )?` + orgRun)
	orgQuoted = regexp.MustCompile(`(?i)(?:від імені|представля[юєм]+|(?:я|ми) (?:з|із|зі)|працюю (?:в|у)|голова|керівни[кця]+|координатор\pL*|از طرف|نماینده|به نمایندگی از|د) [^«»]{0,40}«([^«»]{2,60})»`)
	orgEnd    = regexp.MustCompile(`(?: (?:and|of|for|the|in))+$`)
)

const orgRun = `(\p{Lu}[\pL\d'.-]*(?: (?:\p{Lu}[\pL\d'.-]*|and|of|for|the|in))*)`

// readOrganisations reads the group that somebody writes for.
func readOrganisations(p page) (facts []Fact) {
	for _, c := range p.clauses {
		if name := groupIn(c.raw); name != "" {
			sure := c.doubt(Likely)
			if strings.Contains(c.raw, "I work ") {
				sure = Guessed // they may write for themselves
			}
			facts = append(facts, Fact{Kind: FactOrganisation, Value: name, Confidence: sure, From: c.raw})
		}
	}
	if name, line := signedGroup(p.lines); name != "" {
		facts = append(facts, Fact{Kind: FactOrganisation, Value: name, Confidence: Likely, From: line})
	}
	return facts
}

func groupIn(raw string) string {
	if strings.Contains(raw, "«") {
		return groupQuoted(raw)
	}
	if !groupName(raw) {
		return ""
	}
	m := orgBefore.FindStringSubmatch(raw)
	if m == nil {
		return ""
	}
	name := strings.TrimRight(orgEnd.ReplaceAllString(m[1], ""), ".- ")
	if own, _, found := strings.Cut(name, " in "); found && groupName(own) {
		name = own
	}
	if !groupName(name) || !strings.Contains(name, " ") || len(name) > mostLabel {
		return ""
	}
	return name
}

func groupQuoted(raw string) string {
	if m := orgQuoted.FindStringSubmatch(raw); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

// signedGroup is the group that stands under the name of who signs.
func signedGroup(lines []string) (name, line string) {
	for i, line := range lines {
		if len(line) > mostLabel || !groupName(line) || !slices.ContainsFunc(lines[max(0, i-5):i], signOff.MatchString) {
			continue
		}
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || r == '|' || r == '/' || r == '•' }) {
			if part = strings.TrimSpace(part); isGroup(part) {
				return part, line
			}
		}
	}
	return "", ""
}

var wholeRun = regexp.MustCompile(`^(?:The )?` + orgRun + `$`)

func isGroup(s string) bool {
	return len(s) <= mostLabel && strings.Contains(s, " ") && groupName(s) && wholeRun.MatchString(s)
}

// doubt is how sure something is in a clause that may deny or ask it.
func (c clause) doubt(otherwise Confidence) Confidence {
	if c.denied || c.asks || c.has(doubting) {
		return Guessed
	}
	return otherwise
}

// noCalls is what somebody writes who must not be rung.
var noCalls = programme.NewPhrases("don't call", "do not call", "don't ring", "do not ring", "don't phone", "do not phone", "no calls", "not by phone", "never call", "please don't telephone",
	"не дзвоніть", "не телефонуйте", "не звоните", "زنگ نزنید", "تماس نگیرید", "تلفن نکنید", "زنگ نزن*", "زنگ مه وهئ", "ټیلیفون مه کوئ", "zang nazan*")

// readPhones reads telephone numbers that exist. One of somebody else's is a
// guess, and so is any of somebody who does not want to be rung: it might be
// picked up by whoever they are afraid of.
func readPhones(p page) (facts []Fact) {
	for _, line := range p.lines {
		if len(facts) >= mostPhones {
			break
		}
		for _, number := range phonesIn(line) {
			fact := Fact{Kind: FactPhone, Value: number, Confidence: Certain, From: line}
			if notTheirs(line) || !dialled.MatchString(line) {
				fact.Confidence = Guessed
			}
			facts = append(facts, fact)
		}
	}
	if len(facts) > 0 && noCalls.In(strings.Join(p.lines, "\n")) {
		for i := range facts {
			facts[i].Confidence = Guessed
		}
	}
	return facts
}

// dialled is a number as it is dialled here. One without its 0 may be anything:
// an account, or a number of another country.
var dialled = regexp.MustCompile(`(?:\+|\b00?|\(0)[ ()\-\d]*\d`)

var (
	notTheirsWords = folded(`old previous wrong fax f reference ref account стар колишній قبلی قدیمی`)
	anyCaller      = folded(`you can call ring text whatsapp reach contact me on if your questions have any need to`)
)

// notTheirs says whether a line with a number tells of somebody else's.
func notTheirs(line string) bool {
	c := clauseOf(line)
	if c.denied || c.has(notTheirsWords) {
		return true
	}
	for _, word := range c.words {
		if (othersWords[word] || othersWords[strings.TrimSuffix(word, "s")]) && !anyCaller[word] {
			return true
		}
	}
	return false
}

// clauseOf is a text taken for one clause.
func clauseOf(text string) clause {
	var p page
	p.clause(text, strings.ContainsAny(text, "?؟"))
	if len(p.clauses) == 0 {
		return clause{}
	}
	return p.clauses[0]
}
