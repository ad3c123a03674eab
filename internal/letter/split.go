package letter

import (
	"bytes"
	"regexp"
)

// What is read of a letter, and no more. A letter beyond one of these is
// still a letter: what is over is left out and noted.
const (
	maxRaw         = 48 << 20 // bytes of the whole letter
	maxHeader      = 1 << 20  // bytes of one header
	maxFields      = 2000     // fields of one header
	maxPartFields  = 100      // fields of a part's header
	maxFieldLength = 64 << 10 // bytes of one field, unfolded
	maxParts       = 500      // leaves
	maxDepth       = 20       // multiparts within multiparts
	maxDecoded     = 4 << 20  // bytes of one text, in its own charset
	maxText        = 2 << 20  // bytes of text that are looked at, plain and HTML each
)

// split takes a header off its body. It forgives what letters in the wild do:
// an mbox line or empty lines before the header, lines that are no field, a
// missing empty line, any kind of line end.
func split(raw []byte) (h Header, body []byte, odd bool) {
	return splitHeader(trimLead(raw), maxFields)
}

// splitPart takes the header off a part of a multipart, which may have none
// and then begins with an empty line (RFC 2046, 5.1).
func splitPart(part []byte) (h Header, body []byte, odd bool) {
	if line, rest := cutLine(part); len(bytes.TrimSpace(line)) == 0 {
		return nil, rest, false
	}
	return splitHeader(part, maxPartFields)
}

func splitHeader(rest []byte, most int) (Header, []byte, bool) {
	var h fields
	odd := false
	for used := 0; len(rest) > 0; {
		line, after := cutLine(rest)
		name, value, isField := cutField(line)
		switch {
		case used > maxHeader || len(h.list) > most:
			return h.end(), rest, true
		case len(bytes.TrimSpace(line)) == 0:
			if len(line) > 0 && goesOn(after) { // white space alone is not the end while fields follow
				odd = true
				break
			}
			return h.end(), after, odd
		case h.begun() && isBlank(line[0]):
			h.fold(line)
		case isField:
			h.begin(name, value)
		case !startsField(after) && !knownFieldFollows(after):
			return h.end(), rest, true // the body began without an empty line
		case h.begun():
			odd = true
			h.fold(line)
		default:
			odd = true
		}
		used += len(rest) - len(after)
		rest = after
	}
	return h.end(), nil, odd
}

// trimLead drops what may stand before a header: a byte order mark, empty
// lines, the From_ line of an mbox.
func trimLead(raw []byte) []byte {
	raw = lineEnds(raw)
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = bytes.TrimLeft(raw, "\r\n")
	for bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, raw = cutLine(raw)
	}
	return raw
}

// lineEnds gives a letter that was stored with CR alone the ends that
// everything else looks for.
func lineEnds(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
}

// cutLine takes the first line without its end, which is CRLF, LF or CR.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b[:min(len(b), maxHeader)], "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// cutField reads "Name: value". A name is printable ASCII (RFC 5322, 2.2);
// blanks before the colon are forgiven.
func cutField(line []byte) (name string, value []byte, ok bool) {
	before, after, found := bytes.Cut(line, []byte(":"))
	before = bytes.TrimRight(before, " \t")
	if !found || len(before) == 0 || len(before) > 200 {
		return "", nil, false
	}
	for _, c := range before {
		if c <= ' ' || c > '~' {
			return "", nil, false
		}
	}
	return string(before), bytes.TrimSpace(after[:min(len(after), maxFieldLength)]), true
}

func startsField(b []byte) bool {
	line, _ := cutLine(b)
	_, _, ok := cutField(line)
	return ok
}

// knownField is a field that every letter has. Where one follows after lines
// that are none, the header was only broken.
var knownField = regexp.MustCompile(`(?i)^(from|to|subject|date|message-id|content-type|mime-version|received|return-path)[ \t]*:`)

// mostBroken is how many lines that are no field are passed over.
const mostBroken = 40

func knownFieldFollows(b []byte) bool {
	for range mostBroken {
		line, rest := cutLine(b)
		if len(bytes.TrimSpace(line)) == 0 {
			return false
		}
		if knownField.Match(line[:min(len(line), 40)]) {
			return true
		}
		b = rest
	}
	return false
}

// goesOn says whether a header goes on with a field or the rest of one.
func goesOn(b []byte) bool {
	line, _ := cutLine(b)
	return startsField(b) || len(line) > 0 && isBlank(line[0]) && len(bytes.TrimSpace(line)) > 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
