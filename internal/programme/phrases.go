package programme

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Phrases are words to look for in what somebody wrote. They are looked for in
// every language at once: people mix them, and nobody should be missed because
// a language was guessed wrong. A phrase that ends with * also stands for its
// longer forms, as Ukrainian and Persian have many. The zero value finds nothing.
//
// They are kept by their first word: then a text costs one look at each of its
// words, however many the phrases are.
type Phrases struct {
	byFirst map[string][]string // "words " for whole words, "words" for any ending
	stems   []string            // phrases of one word and any ending, in order, none the beginning of another
}

// NewPhrases makes Phrases of texts as people write them. One without a letter
// finds nothing.
func NewPhrases(texts ...string) Phrases {
	var p Phrases
	for _, text := range texts {
		stem, open := strings.CutSuffix(strings.TrimSpace(text), "*")
		p.add(Fold(stem), open)
	}
	p.sort()
	return p
}

// add adds a phrase. One that is open stands for any ending of its last word.
func (p *Phrases) add(phrase Folded, open bool) {
	if phrase.words == "" {
		return
	}
	first, rest, _ := strings.Cut(phrase.joined, " ")
	switch {
	case open && rest == "":
		p.stems = append(p.stems, first)
	case open:
		p.put(first, strings.TrimSuffix(phrase.joined, " "))
	default:
		p.put(first, phrase.joined)
	}
}

func (p *Phrases) put(first, phrase string) {
	if p.byFirst == nil {
		p.byFirst = map[string][]string{}
	}
	if !slices.Contains(p.byFirst[first], phrase) {
		p.byFirst[first] = append(p.byFirst[first], phrase)
	}
}

// sort puts the stems in order and drops those that a shorter one stands for.
func (p *Phrases) sort() {
	slices.Sort(p.stems)
	var kept []string
	for _, stem := range p.stems {
		if len(kept) == 0 || !strings.HasPrefix(stem, kept[len(kept)-1]) {
			kept = append(kept, stem)
		}
	}
	p.stems = kept
}

// together is all phrases of several lists.
func together(lists ...Phrases) Phrases {
	var all Phrases
	for _, p := range lists {
		all.stems = append(all.stems, p.stems...)
		for first, phrases := range p.byFirst {
			for _, phrase := range phrases {
				all.put(first, phrase)
			}
		}
	}
	all.sort()
	return all
}

// Any says whether there is anything to look for.
func (p Phrases) Any() bool { return len(p.byFirst) > 0 || len(p.stems) > 0 }

// In says whether any of the phrases stands in a text, whole words only and
// however it is capitalised or spelt with signs. Who asks for several Phrases
// folds the text once and asks InFolded.
func (p Phrases) In(text string) bool { return p.Any() && p.InFolded(Fold(text)) }

// InFolded is In for a text that is folded already.
func (p Phrases) InFolded(text Folded) bool {
	if !p.Any() {
		return false
	}
	for rest := text.joined; rest != ""; {
		word, after, _ := strings.Cut(rest, " ")
		if p.stemOf(word) || p.begins(word, rest) {
			return true
		}
		rest = after
	}
	return false
}

// begins says whether a text, of which word is the first, begins with a phrase.
func (p Phrases) begins(word, text string) bool {
	for _, phrase := range p.byFirst[word] {
		if strings.HasPrefix(text, phrase) {
			return true
		}
	}
	return false
}

// stemOf says whether a word begins with a stem. If one does, it is the last
// in order that does not come after the word: whatever lies between a stem and
// a word that begins with it begins with the stem as well.
func (p Phrases) stemOf(word string) bool {
	i, found := slices.BinarySearch(p.stems, word)
	return found || i > 0 && strings.HasPrefix(word, p.stems[i-1])
}

// Folded is a text made comparable, to be asked for many Phrases: small letters
// without accents of their own, one form of each letter, and nothing between
// words but a space.
type Folded struct {
	words  string // each followed by a space
	joined string // the same, with the beginnings of Persian verbs joined to them
}

// Words lists the words of a folded text.
func (f Folded) Words() []string { return strings.Fields(f.words) }

// Fold makes a text comparable. A sign of ASCII needs nothing but small letters,
// unless others follow it, such as an accent: then it is folded with those.
func Fold(text string) Folded {
	f := folder{make([]byte, 0, len(text)+1)}
	for text != "" {
		plain := ascii(text)
		for _, r := range text[:plain] {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			f.put(r)
		}
		end := strangeEnd(text, plain)
		for _, r := range norm.NFKC.String(strings.ToLower(text[plain:end])) {
			f.put(letterForm(r))
		}
		text = text[end:]
	}
	f.space()
	words := string(f.out)
	return Folded{words, joinVerbs(words)}
}

// joinVerbs writes the verbs of a folded text as one word each. Their beginnings
// in Farsi and in Dari, "mi" and "nemi", are written with a joiner by the rules,
// with a space by many, and with nothing behind them on most telephones.
func joinVerbs(words string) string {
	if !strings.Contains(words, "می ") {
		return words
	}
	text := " " + strings.TrimSuffix(words, " ")
	for _, begins := range []string{" می", " نمی"} {
		text = strings.ReplaceAll(text, begins+" ", begins)
	}
	return text[1:] + " "
}

// ascii is how many signs at the beginning of a text are of ASCII and followed
// by one that is too, or by none.
func ascii(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return max(i-1, 0)
		}
	}
	return len(text)
}

// strangeEnd is where, after its first sign, a part of a text ends that is not
// of ASCII.
func strangeEnd(text string, begin int) int {
	end := min(begin+1, len(text))
	for end < len(text) && text[end] >= utf8.RuneSelf {
		end++
	}
	return end
}

// folder writes a folded text.
type folder struct{ out []byte }

func (f *folder) put(r rune) {
	switch {
	case inWord(r):
		f.out = utf8.AppendRune(f.out, r)
	case r == '\'' || r == '`' || r >= utf8.RuneSelf && unicode.In(r, unicode.Mn, unicode.Cf):
	default:
		f.space()
	}
}

// space ends a word, if there is one.
func (f *folder) space() {
	if n := len(f.out); n > 0 && f.out[n-1] != ' ' {
		f.out = append(f.out, ' ')
	}
}

// inWord says whether a sign is part of a word. Most signs are of ASCII.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' // ™ is folded to TM
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// letterForm is one sign for those that keyboards write for each other: Arabic
// and Persian yeh and kaf, forms of alef and heh, and apostrophes. A joiner that
// keeps letters apart is a space.
func letterForm(r rune) rune {
	switch r {
	case 'ي', 'ى':
		return 'ی'
	case 'ك':
		return 'ک'
	case 'ۀ', 'ة':
		return 'ه'
	case 'أ', 'إ', 'آ':
		return 'ا'
	case 'ё':
		return 'е'
	case '\u200c':
		return ' '
	case '’', 'ʼ', '‘':
		return '\''
	}
	return r
}

// Safeguarding says what makes the post room stop and call somebody.
type Safeguarding struct {
	Lead    string // name of a coordinator in postroom.yaml
	Deputy  string
	Phrases Phrases
	Silent  Phrases // words of somebody who must not be written to: "he reads my mail"
}

// Worrying says whether what somebody wrote has a phrase that a person must
// see before anything automatic goes on. Every answer counts, those of a
// special category first of all.
func (p *Programme) Worrying(texts ...string) bool {
	return p.Safeguarding.Phrases.In(strings.Join(texts, "\n"))
}

// Worrying returns the first programme one of whose phrases stands in a text,
// for a letter that belongs to none. Most letters hold no phrase of any.
func (s *Set) Worrying(text Folded) (*Programme, bool) {
	held := s.now()
	if !held.worries.InFolded(text) {
		return nil, false
	}
	i := slices.IndexFunc(held.programmes, func(p *Programme) bool { return p.Safeguarding.Phrases.InFolded(text) })
	if i < 0 {
		return nil, false
	}
	return held.programmes[i], true
}

// Safeguarding returns whom a programme names to be called when somebody may be in
// danger. Of what belongs to no programme, or to one that names nobody, those are
// called whom the first has named that names anybody.
func (s *Set) Safeguarding(name string) Safeguarding {
	if p, known := s.Programme(name); known && p.Safeguarding.Lead != "" {
		return p.Safeguarding
	}
	for _, p := range s.now().programmes {
		if p.Safeguarding.Lead != "" {
			return p.Safeguarding
		}
	}
	return Safeguarding{}
}

// FormFor returns the form that a letter to a mailbox is taken for: the first
// one of the programmes at that address whose keywords stand in it, or else
// the one of them that takes any question. What the law has a clock for comes
// before all others: whoever wants to be deleted from a list also names the list.
// It returns false where no programme has the address, or none takes questions.
func (s *Set) FormFor(mailbox, text string) (*Form, bool) {
	var named, otherwise *Form
	folded := Fold(text)
	for _, f := range s.now().forms {
		if !slices.ContainsFunc(f.Programme.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) }) {
			continue
		}
		keyed := f.Keywords.InFolded(folded)
		switch {
		case keyed && ByLaw(f.Kind):
			return f, true
		case keyed && named == nil:
			named = f
		case otherwise == nil && f.AnyLetter:
			otherwise = f
		}
	}
	form := cmp.Or(named, otherwise)
	return form, form != nil
}

// safeguarding reads who is called and by which words.
func (r *reader) safeguarding(m proof.Map) Safeguarding {
	s := m.Map("safeguarding")
	if !s.Given() {
		return Safeguarding{}
	}
	s = s.As("safeguarding of programme " + r.p.Name)
	read := Safeguarding{Lead: s.Need("lead", "the name of a coordinator in postroom.yaml"), Deputy: s.Text("deputy"), Phrases: r.phrases(s, "phrases"), Silent: r.phrases(s, "silent")}
	if !read.Phrases.Any() {
		s.Lacks("phrases", "{en: [hurt myself, not safe at home]}")
	}
	return read
}

// phrases reads lists of phrases by language.
func (r *reader) phrases(m proof.Map, key string) Phrases {
	byLanguage := m.Map(key)
	var all []string
	for _, tag := range byLanguage.Keys() {
		for _, phrase := range byLanguage.Texts(tag) {
			if !NewPhrases(phrase).Any() {
				byLanguage.Wrong(tag, "a phrase has no letter in it", "words as people write them")
			}
			all = append(all, phrase)
		}
	}
	return NewPhrases(all...)
}

// takesLetters reads which letters the form is for.
func (r *reader) takesLetters(m proof.Map, f *Form) {
	f.Keywords = r.phrases(m, "keywords")
	f.AnyLetter = m.Bool("any_letter") || f.Kind == postroom.Enquiry && !m.Has("any_letter")
}
