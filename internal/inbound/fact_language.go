package inbound

import (
	"strings"
	"unicode/utf8"

	"postroom/internal/programme"
)

// languageWords are the languages of our letters as people call them, in each of
// them and in Latin letters. "Persian" is Farsi, Dari or both: it is in none.
var languageWords = map[string]map[string]bool{
	"uk":    folded(`ukrainian ukranian українська українською української українську украинский украинском украинским اوکراینی اوکرایني اوکراینایی ukrainska ukrayinska ukrayinskoyu ukrainskiy ukrainsky`),
	"fa":    folded(`farsi фарсі фарси فارسی فارسي`),
	"fa-AF": folded(`dari дарі дари دری دري`),
	"ps":    folded(`pashto pashtu pushto pukhto пушту پشتو پښتو`),
	"ru":    folded(`russian російська російською російську русский русском روسی روسي`),
	"ar":    folded(`arabic арабська арабською عربی عربي`),
	"ur":    folded(`urdu урду اردو`),
}

var persian = folded(`persian перська перською перською персидською parsi پارسی`)

// The words by which somebody says that they speak a language, or translate it.
var (
	toSpeak = folded(`speak talk translate interpret understand know translating interpreting translation interpretation speaking`)
	fluency = folded(`fluent native fluently bilingual trilingual proficient`)
	iSpeak  = foldedStems(`розмовляю розмовляєм говорю говорим володію володієм перекладаю перекладат перекладач спілкуюс знаю переведу переводить
		صحبت حرف گپ ترجمه ترجمان مسلط بلد میدانم میفهمم خبرې غږېږم ژباړ ژبه پوهېږم وایم
		gap sohbat harf tarjom balad yad rozmovlyayu razgovarivayu govoryu hovoryu perekladayu perekladaty`)
	mine   = folded(`my our mine моя моєю рідна рідною наша من مادریم زما`)
	tongue = folded(`language languages tongue мова мови мовою мовами мов زبان زبانم زبانهای لسان ژبه ژبې`)
)

// asksForLanguages says whether the options of a field are languages.
func asksForLanguages(f *programme.Field) bool {
	if f.Type == programme.LanguagesField {
		return true
	}
	n := 0
	for _, o := range f.Options {
		if languageOf(o) == "" {
			continue
		}
		if n++; n == 2 {
			return true
		}
	}
	return false
}

// AsksForLanguages says whether a question is which languages somebody speaks.
func AsksForLanguages(f *programme.Field) bool { return asksForLanguages(f) }

// languageOf is the language that an option's label names, or the option itself
// where it has none; "" where that is no language of our letters.
func languageOf(o programme.Option) string {
	if len(o.Label) == 0 && languageWords[o.Value] != nil {
		return o.Value
	}
	for _, label := range o.Label {
		if tag := languageNamed[strings.ToLower(label)]; tag != "" {
			return tag
		}
	}
	return ""
}

// languageNamed is languageWords the other way round.
var languageNamed = func() map[string]string {
	named := map[string]string{}
	for tag, words := range languageWords {
		for word := range words {
			named[word] = tag
		}
	}
	return named
}()

// readLanguages reads which languages somebody offers to speak. That they are
// Ukrainian, or that somebody else speaks Dari, offers none.
func readLanguages(f *programme.Field, p page) (facts []Fact) {
	for _, o := range f.Options {
		tag := languageOf(o)
		if tag == "" {
			continue
		}
		for _, c := range p.clauses {
			if sure := c.speaks(languageWords[tag], tag); sure != "" {
				facts = append(facts, Fact{Kind: FactOption, Field: f.Name, Value: o.Value, Confidence: sure, From: c.raw})
			}
		}
	}
	return facts
}

// speaks says how sure it is that the writer of a clause speaks a language; ""
// where it is not named. What comes after "not" is not spoken.
func (c clause) speaks(words map[string]bool, tag string) Confidence {
	at := c.at(words)
	if at < 0 && tag == "fa" && c.has(persian) {
		return Guessed
	}
	if at < 0 {
		return ""
	}
	heard := clause{raw: c.raw, words: c.words[:c.denialIn(at)], asks: c.asks}
	if heard.at(words) < 0 || ofPeople[c.word(at+1)] || c.asks || heard.has(doubting) || heard.has(needing) {
		return Guessed
	}
	if len(c.words) <= 3 && !c.denied && onlyLanguages(c.words) {
		return Likely
	}
	if heard.saysSpeaking() {
		return Likely
	}
	return Guessed
}

// denialIn is where the part of a clause ends that is not denied. English and
// Ukrainian put "not" before what it is about, the others at the end.
func (c clause) denialIn(at int) int {
	for i, word := range c.words {
		if denies(word) {
			if word[0] >= 0xd8 || i < at {
				return 0
			}
			return i
		}
	}
	return len(c.words)
}

// onlyLanguages says whether words are names of languages and "and".
func onlyLanguages(words []string) bool {
	for _, word := range words {
		if !joining[word] && languageNamed[word] == "" {
			return false
		}
	}
	return true
}

// saysSpeaking says whether the writer of a clause says that they speak or
// translate something.
func (c clause) saysSpeaking() bool {
	for i, word := range c.words {
		if toSpeak[word] && c.offeredByMe(i) && !meeting[c.word(i+1)] || fluency[word] && c.has(firstPerson) && !c.has(thirdPerson) {
			return true
		}
	}
	if c.has(thirdPerson) || c.word(0) == "او" {
		return false
	}
	return c.begins(iSpeak) && c.endsInMe() || c.has(mine) && c.has(tongue)
}

// endsInMe says whether a clause in Arabic letters has a verb of the first
// person, as its ending م tells in Persian and Pashto: whose language is spoken
// need not be said otherwise.
func (c clause) endsInMe() bool {
	for _, word := range c.words {
		if word[0] < 0xd8 || utf8.RuneCountInString(word) >= 2 && strings.HasSuffix(word, "م") {
			return true
		}
	}
	return false
}

// ofPeople makes a language a people: "I know a Ukrainian family". meeting makes
// of speaking a wish: "I would like to speak to a Dari interpreter".
var (
	ofPeople = folded(`family families people person woman women man men lady ladies community communities friend friends refugee refugees group groups child children food centre church
		neighbour neighbours interpreter interpreters translator translators guests guest origin border`)
	meeting = folded(`to with about`)
)

// thirdPerson is whose languages are told of, if not the writer's.
var thirdPerson = folded(`he she they his her their mother father mum dad husband wife son daughter children friend friends neighbour people person who client family community
	він вона вони його її їх мама мати тато чоловік дружина син дочка донька діти друг подруга сусід сусідка люди людина який яка
	آنها ایشان مادرم پدرم شوهرم همسرم خانمم پسرم دخترم دوستم کسی مردم هغه هغوی څوک زوی لور خلک`)
