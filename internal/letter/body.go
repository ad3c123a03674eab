package letter

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// ownWords is the letter's own text and its page, put together from those of
// its parts that are not attached. Of parts that say the same one is taken;
// whatever else was said is kept in its order, because a text may stand around
// a picture, and a list or a virus scanner may have put its own before it.
func ownWords(own []Part) (text, page string) {
	own = oneOfEach(own)
	spoken := alternativesSpoken(own)
	var plain, pages, all []string
	for i := range own {
		if said := string(own[i].Body); own[i].Type == "text/html" {
			pages, all = append(pages, said), append(all, "")
		} else {
			plain, all = append(plain, said), append(all, said)
		}
	}
	text, page = limited(strings.Join(plain, "\n")), limited(strings.Join(pages, "\n"))
	if page == "" {
		return text, page
	}
	if strings.TrimSpace(text) == "" {
		return Plain(page, nil), page
	}
	for i := range own {
		if p := &own[i]; p.Type == "text/html" && !p.inAny(spoken) {
			if said := Plain(string(p.Body), nil); !sameWords(text, said) {
				all[i] = "\n" + said + "\n"
			}
		}
	}
	return limited(strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "\n")), page
}

// firstWords is the first of the plain texts that make up a letter's own words;
// "" if there is none.
func firstWords(own []Part) string {
	own = oneOfEach(own)
	for i := range own {
		if p := &own[i]; p.Type != "text/html" && len(bytes.TrimSpace(p.Body)) > 0 {
			return limited(string(p.Body))
		}
	}
	return ""
}

// alternativesSpoken are the multipart/alternatives that have a plain text.
// Their pages say the same (RFC 2046, 5.1.4).
func alternativesSpoken(own []Part) map[int]bool {
	spoken := map[int]bool{}
	for i := range own {
		if p := &own[i]; p.Type != "text/html" && len(strings.TrimSpace(string(p.Body))) > 0 {
			for _, b := range p.within {
				spoken[b.number] = spoken[b.number] || b.kind == alternative
			}
		}
	}
	return spoken
}

const alternative = "multipart/alternative"

func (p *Part) inAny(numbers map[int]bool) bool {
	return slices.ContainsFunc(p.within, func(b branch) bool { return numbers[b.number] })
}

// choice is the number of the multipart/alternative that a part is one of the
// choices of; 0 if it is none.
func (p *Part) choice() int {
	if n := len(p.within); n > 0 && p.within[n-1].kind == alternative {
		return p.within[n-1].number
	}
	return 0
}

// oneOfEach leaves one plain text in each multipart/alternative, the one that
// says most: the others are notes for programs that show no HTML, or a page
// that calls itself plain.
func oneOfEach(own []Part) []Part {
	best := map[int]int{}
	for i := range own {
		number, p := own[i].choice(), &own[i]
		if number == 0 || p.Type != "text/plain" {
			continue
		}
		at, more := best[number]
		if more && markup.Match(p.Body[:min(len(p.Body), 200)]) {
			p.Type = "text/html"
		} else if !more || len(p.Body) > len(own[at].Body) {
			best[number] = i
		}
	}
	var kept []Part
	for i := range own {
		if at, more := best[own[i].choice()]; !more || at == i || own[i].Type != "text/plain" {
			kept = append(kept, own[i])
		}
	}
	return kept
}

var markup = regexp.MustCompile(`(?i)^\s*<(!doctype|html|head|body|div|p|table|span|font|meta|style|br)\b`)

// What is compared of two texts, and how many of the words of each the other
// has if they say the same.
const (
	mostCompared = 64 << 10
	sameShare    = 70 // per cent
)

// sameWords says whether two texts say the same in another form: some programs
// send a page beside its plain text without calling them alternatives.
func sameWords(a, b string) bool {
	one, other := wordSet(a), wordSet(b)
	both := 0
	for w := range one {
		if other[w] {
			both++
		}
	}
	return both*100 >= len(one)*sameShare && both*100 >= len(other)*sameShare
}

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s[:min(len(s), mostCompared)]) {
		set[strings.ToLower(strings.Trim(w, `.,;:!?"'()[]<>*_-|`))] = true
	}
	delete(set, "")
	return set
}

const (
	smallPage = 64 << 10 // bytes
	smallData = 1 << 10  // bytes
)

// withoutData cuts long runs of base64 out of a page.
func withoutData(page []byte) []byte {
	const mark = "base64,"
	var out []byte
	kept := 0
	for at := 0; ; {
		i := bytes.Index(page[at:], []byte(mark))
		if i < 0 {
			return append(out, page[kept:]...)
		}
		begin := at + i + len(mark)
		for at = begin; at < len(page) && (isBase64(page[at]) || page[at] == '=' || page[at] == '\r' || page[at] == '\n'); at++ {
		}
		if at-begin > smallData {
			out, kept = append(out, page[kept:begin]...), at
		}
	}
}
