package letter

import (
	"bytes"
	"iter"
)

// cutParts yields what stands between the delimiter lines of a multipart
// (RFC 2046, 5.1.1). The line end before a delimiter belongs to it. Where the
// last delimiter is missing, the last part ends with the body.
func cutParts(body []byte, boundary string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		mark := []byte("--" + boundary)
		begin := -1
		for at := 0; ; {
			d, found := nextDelimiter(body, mark, at)
			switch {
			case !found && begin >= 0 && len(bytes.TrimSpace(body[begin:])) > 0:
				yield(body[begin:])
				return
			case !found || begin >= 0 && !yield(withoutLineEnd(body[begin:max(begin, d.begin)])) || d.last:
				return
			}
			begin, at = d.end, d.end
		}
	}
}

// delimiter is a line that parts a multipart: where it begins, where what
// follows it begins, and whether it is the last.
type delimiter struct {
	begin, end int
	last       bool
}

func nextDelimiter(body, mark []byte, at int) (d delimiter, found bool) {
	for {
		i := bytes.Index(body[at:], mark)
		if i < 0 {
			return delimiter{}, false
		}
		begin := at + i
		at = begin + len(mark)
		if begin > 0 && body[begin-1] != '\n' && body[begin-1] != '\r' {
			continue
		}
		line, rest := cutLine(body[at:])
		if string(line) == "-" && len(bytes.TrimSpace(rest)) == 0 { // the letter ends before its last sign
			return delimiter{begin, len(body), true}, true
		}
		if after, last := bytes.CutPrefix(line, []byte("--")); endsDelimiter(after, last) {
			return delimiter{begin, len(body) - len(rest), last}, true
		}
	}
}

// endsDelimiter says whether what follows a boundary on its line ends it: blanks,
// or after the last one a sign that stands in no boundary. Anything else is a
// longer boundary that begins like this one.
func endsDelimiter(after []byte, last bool) bool {
	after = bytes.TrimRight(after, " \t")
	return len(after) == 0 || last && bytes.IndexByte([]byte("<>*!;|"), after[0]) >= 0
}

func withoutLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}
