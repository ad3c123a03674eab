package programme

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Phrases are words to look for in what somebody wrote. They are looked for in
// every language at once: people mix them, and nobody should be missed because
// a language was guessed wrong. A phrase that ends with * also stands for its
// longer forms, as Ukrainian and Persian have many. The zero value finds nothing.
type Phrases struct{ folded []string } // " words " for whole words, " words" for any ending

// NewPhrases makes Phrases of texts as people write them. One without a letter
// finds nothing.
func NewPhrases(texts ...string) Phrases {
	var p Phrases
	for _, text := range texts {
		stem, open := strings.CutSuffix(strings.TrimSpace(text), "*")
		words := fold(stem)
		switch {
		case words == " ":
		case open:
			p.folded = append(p.folded, strings.TrimSuffix(words, " "))
		default:
			p.folded = append(p.folded, words)
		}
	}
	return p
}

// Any says whether there is anything to look for.
func (p Phrases) Any() bool { return len(p.folded) > 0 }

// In says whether any of the phrases stands in a text, whole words only and
// however it is capitalised or spelt with signs.
func (p Phrases) In(text string) bool { return p.Any() && p.inFolded(fold(text)) }

// inFolded looks for the phrases between spaces; fold has left only words and
// single spaces, with one at each end.
func (p Phrases) inFolded(folded string) bool {
	return slices.ContainsFunc(p.folded, func(phrase string) bool { return strings.Contains(folded, phrase) })
}

// letterForms are pairs of signs that keyboards write one for the other:
// Arabic and Persian yeh and kaf, and the figures of three scripts.
var letterForms = strings.NewReplacer("ي", "ی", "ى", "ی", "ك", "ک", "ۀ", "ه", "ة", "ه", "أ", "ا", "إ", "ا", "آ", "ا", "ё", "е",
	"\u200c", " ", "\u200d", "", "’", "'", "ʼ", "'", "‘", "'", "`", "'")

// fold makes texts comparable: small letters without accents of their own,
// one form of each letter, single spaces between words, one at each end.
func fold(text string) string {
	text = letterForms.Replace(norm.NFKC.String(strings.ToLower(text)))
	var b strings.Builder
	b.WriteByte(' ')
	space := true
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), r == '\'':
			continue
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	if !space {
		b.WriteByte(' ')
	}
	return b.String()
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
// for a letter that belongs to none.
func (s *Set) Worrying(text string) (*Programme, bool) {
	i := slices.IndexFunc(s.programmes, func(p *Programme) bool { return p.Worrying(text) })
	if i < 0 {
		return nil, false
	}
	return s.programmes[i], true
}

// FormFor returns the form that a letter to a mailbox is taken for: the first
// one of the programmes at that address whose keywords stand in it, or else
// the one of them that takes any question. It returns false where no programme
// has the address, or none takes questions.
func (s *Set) FormFor(mailbox, text string) (*Form, bool) {
	var otherwise *Form
	folded := fold(text)
	for _, f := range s.forms {
		if !slices.ContainsFunc(f.Programme.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) }) {
			continue
		}
		if f.Keywords.inFolded(folded) {
			return f, true
		}
		if otherwise == nil && f.AnyLetter {
			otherwise = f
		}
	}
	return otherwise, otherwise != nil
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
