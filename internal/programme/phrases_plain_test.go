package programme

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"
)

// plainForms are the signs that stand for each other.
var plainForms = strings.NewReplacer("ي", "ی", "ى", "ی", "ك", "ک", "ۀ", "ه", "ة", "ه", "أ", "ا", "إ", "ا", "آ", "ا", "ё", "е",
	"\u200c", " ", "\u200d", "", "’", "'", "ʼ", "'", "‘", "'", "`", "'")

// plainFold is the plain way to fold a text: one thing after another.
func plainFold(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Cf) || r == '\'':
			return -1
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			return r
		}
		return ' '
	}, plainForms.Replace(norm.NFKC.String(strings.ToLower(text))))
	words := strings.Join(strings.Fields(text), " ")
	for _, begins := range []string{"می", "نمی"} { // of a Persian verb
		words = strings.TrimPrefix(strings.ReplaceAll(" "+words, " "+begins+" ", " "+begins), " ")
	}
	return " " + words + " "
}

// plainIn is the plain way to look for phrases: each alone, in the whole text.
func plainIn(phrases []string, text string) bool {
	text = plainFold(text)
	return slices.ContainsFunc(phrases, func(phrase string) bool {
		stem, open := strings.CutSuffix(strings.TrimSpace(phrase), "*")
		folded := plainFold(stem)
		if strings.TrimSpace(folded) == "" {
			return false
		}
		if open {
			folded = strings.TrimSuffix(folded, " ")
		}
		return strings.Contains(text, folded)
	})
}

// starterLists is every list of phrases in the starter programmes, by file and
// place.
func starterLists(t testing.TB) map[string][]string {
	t.Helper()
	lists := map[string][]string{}
	for _, name := range []string{"collaborative-action-groups", "enquiries", "networking-event", "newsletter", "volunteering"} {
		data, err := os.ReadFile("../../templates/programme/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		type byLanguage map[string][]string
		var file struct {
			Safeguarding struct{ Phrases, Silent byLanguage }
			Forms        []struct {
				Form     string
				Keywords byLanguage
			}
		}
		if err := yaml.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		add := func(place string, phrases byLanguage) {
			for _, list := range phrases {
				lists[name+" "+place] = append(lists[name+" "+place], list...)
			}
		}
		add("phrases", file.Safeguarding.Phrases)
		add("silent", file.Safeguarding.Silent)
		for _, f := range file.Forms {
			add(f.Form, f.Keywords)
		}
	}
	if len(lists) < 10 {
		t.Fatalf("only %d lists of phrases", len(lists))
	}
	return lists
}

// scrawl writes texts as people in distress do.
type scrawl struct{ *rand.Rand }

// around is what stands before, after and within phrases.
var around = []string{" ", "  ", "\n", ". ", ", ", "-", "", "'", "’", "\u200c", "\u200d", "\u0301", "…", "?! ", " and ", "x", "і", "ها ", "я ", " 7", "\xff", "\u00ad", "™", " É"}

func (s scrawl) any(list []string) string { return list[s.IntN(len(list))] }

// text writes a few phrases, or parts of such, with something around them.
func (s scrawl) text(phrases []string) string {
	var b strings.Builder
	for range 1 + s.IntN(3) {
		words := strings.Fields(strings.ReplaceAll(s.any(phrases), "*", s.any([]string{"", "о", "ing", "ی"})))
		if s.IntN(3) == 0 {
			words = words[s.IntN(len(words)):]
		}
		if s.IntN(4) == 0 {
			words = words[:1+s.IntN(len(words))]
		}
		space := " "
		if s.IntN(4) == 0 {
			space = s.any(around)
		}
		said := strings.Join(words, space)
		switch s.IntN(6) {
		case 0:
			said = strings.ToUpper(said)
		case 1:
			said = norm.NFD.String(said)
		case 2:
			said = strings.NewReplacer("'", "’", "ی", "ي", "ک", "ك", "\u200c", " ", "е", "ё").Replace(said)
		}
		b.WriteString(s.any(around) + said + s.any(around))
	}
	return b.String()
}

func TestPhrasesAreFoundAsThePlainWayFindsThem(t *testing.T) {
	t.Parallel()
	s := scrawl{rand.New(rand.NewPCG(1, 2))}
	var found, missed int
	lists := starterLists(t)
	for _, place := range slices.Sorted(maps.Keys(lists)) {
		phrases := lists[place]
		p := NewPhrases(phrases...)
		few := phrases[:1+len(phrases)/10] // so that most texts hold none
		q := NewPhrases(few...)
		for range 200 {
			text := s.text(phrases)
			if got, want := p.In(text), plainIn(phrases, text); got != want {
				t.Fatalf("%s: %q: found %t, want %t", place, text, got, want)
			}
			got, want := q.In(text), plainIn(few, text)
			if got != want {
				t.Fatalf("%s: %q among %q: found %t, want %t", place, text, few, got, want)
			}
			if want {
				found++
			} else {
				missed++
			}
		}
	}
	if found < 100 || missed < 100 {
		t.Errorf("%d texts with a phrase and %d without say too little", found, missed)
	}
}

func FuzzPhrasesAsThePlainWay(f *testing.F) {
	f.Add("I might hurt myself", "hurt*", "hurt myself")
	f.Add("самогубство", "само*", "самогуб*")
	f.Add("a b c ab", "b c a*", "")
	f.Fuzz(func(t *testing.T, text, one, other string) {
		if got, want := NewPhrases(one, other).In(text), plainIn([]string{one, other}, text); got != want {
			t.Errorf("%q and %q in %q: found %t, want %t", one, other, text, got, want)
		}
	})
}

func BenchmarkPhrases(b *testing.B) {
	lists := starterLists(b)
	letter := strings.Repeat("We would like to hire the hall for a supper of the allotment committee. ", 70) +
		strings.Repeat("Чи можна прийти з дітьми у суботу? ", 10) + strings.Repeat("آیا شنبه باز است؟ ", 10)
	p := NewPhrases(lists["enquiries phrases"]...)
	b.Run("fold", func(b *testing.B) {
		b.SetBytes(int64(len(letter)))
		for b.Loop() {
			Fold(letter)
		}
	})
	b.Run("look", func(b *testing.B) {
		text := Fold(letter)
		b.SetBytes(int64(len(letter)))
		for b.Loop() {
			if p.InFolded(text) {
				b.Fatal("found")
			}
		}
	})
}
