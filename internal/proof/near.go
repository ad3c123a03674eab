package proof

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Nearest returns the candidate that written was probably meant to be, or ""
// when none is near.
func Nearest(written string, candidates []string) string {
	best, far := "", max(1, min(3, (len(written)+1)/3))
	for _, c := range candidates {
		if d := distance(written, c, far); d <= far && (best == "" || d < far) {
			best, far = c, d
		}
	}
	return best
}

// OneOf says what may be written instead: the nearest candidate, else all.
func OneOf(written string, candidates []string) string {
	if near := Nearest(written, candidates); near != "" {
		return near
	}
	if len(candidates) == 1 {
		return candidates[0]
	}
	return "one of " + strings.Join(candidates, ", ")
}

// distance is the number of letters to change, add or leave out. It gives up
// early on words whose lengths are further apart than far.
func distance(a, b string, far int) int {
	if len(a)-len(b) > far || len(b)-len(a) > far {
		return far + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := previous
			if a[i] != b[j] {
				change++
			}
			previous = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func wrap(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func spread(text string, languages []string) map[string]string {
	words := make(map[string]string, len(languages))
	for _, l := range languages {
		words[l] = text
	}
	if len(languages) == 0 {
		words["en"] = text
	}
	return words
}

// without lists the languages that words has neither itself nor through a
// parent.
func without(words map[string]string, languages []string) []string {
	var missing []string
	for _, l := range languages {
		if !covers(words, l) {
			missing = append(missing, l)
		}
	}
	return missing
}

func covers(words map[string]string, tag string) bool {
	for {
		if words[tag] != "" {
			return true
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			return false
		}
		tag = tag[:cut]
	}
}

// clip keeps a quoted word short enough for one line, and on it.
func clip(s string) string {
	const most = 40
	runes := []rune(strings.Map(printable, strings.ToValidUTF8(s, "?")))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '?'
	}
	return r
}
