package letter

import "strings"

// What a page may become as a tree: its elements and texts, and the elements
// that a parser has to open again in each paragraph because they were never
// closed (HTML, 13.2.4.3). A page that becomes more was written to hurt: four
// kilobytes can ask for a million elements.
const (
	mostElements    = 16_000
	bytesPerElement = 64 // of which more elements are allowed
)

// tooTangled says whether a page would become a tree that is out of proportion
// to its size. It counts tags without parsing anything.
func tooTangled(page string) bool {
	most := mostElements + len(page)/bytesPerElement
	elements, open := 0, 0
	for elements <= most {
		_, after, found := strings.Cut(page, "<")
		if !found {
			return false
		}
		name, closing := tagName(after)
		switch {
		case name == "":
		case formatting(name) && closing:
			open = max(0, open-1)
		case formatting(name):
			open++
		}
		elements += 1 + open
		page = after
	}
	return true
}

// tagName is the name of a tag in small letters; "" if it is none that formats,
// the longest of which is "strike".
func tagName(after string) (name string, closing bool) {
	after, closing = strings.CutPrefix(after, "/")
	n := 0
	for n < len(after) && n < 7 && (after[n]|0x20 >= 'a' && after[n]|0x20 <= 'z') {
		n++
	}
	return after[:n], closing
}

// formatting are the elements that stay open over the end of a paragraph.
func formatting(name string) bool {
	switch strings.ToLower(name) {
	case "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u":
		return true
	}
	return false
}
