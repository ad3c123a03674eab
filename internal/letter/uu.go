package letter

import (
	"bytes"
	"strings"
)

// file is one that stood in a text.
type file struct {
	name string
	body []byte
}

// filesInText takes uuencoded (POSIX uuencode) and yEnc files out of a plain
// text, as mail did before MIME and some programs still do. What does not look
// like such a file through and through is left in the text: "begin" is also a
// word.
func filesInText(text []byte) (rest []byte, files []file) {
	if !bytes.Contains(text, []byte("begin ")) {
		return text, nil
	}
	kept := 0
	for at := 0; at < len(text) && len(files) < maxParts; {
		line, after := cutLine(text[at:])
		next := len(text) - len(after)
		if f, left, ok := fileAt(line, after); ok {
			rest, files = append(rest, text[kept:at]...), append(files, f)
			next = len(text) - len(left)
			kept = next
		}
		at = next
	}
	if files == nil {
		return text, nil
	}
	return append(rest, text[kept:]...), files
}

func fileAt(line, after []byte) (f file, left []byte, ok bool) {
	if name, begins := uuBegin(line); begins {
		return uuFile(name, after)
	}
	if fields, begins := bytes.CutPrefix(line, []byte("=ybegin ")); begins && bytes.Contains(fields, []byte("size=")) {
		_, name, _ := bytes.Cut(fields, []byte("name="))
		return yencFile(string(bytes.TrimSpace(name)), after)
	}
	return file{}, nil, false
}

// uuBegin reads "begin 644 name". The name may be missing.
func uuBegin(line []byte) (name string, ok bool) {
	rest, found := bytes.CutPrefix(line, []byte("begin "))
	if !found || len(rest) > 300 {
		return "", false
	}
	mode, after, _ := strings.Cut(string(rest), " ")
	if len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" {
		return "", false
	}
	return strings.TrimSpace(after), true
}

// uuFile reads lines up to "end". Where the letter was cut before it, there
// must be whole lines.
func uuFile(name string, b []byte) (f file, left []byte, ok bool) {
	f.name = name
	whole := 0
	for len(b) > 0 {
		line, rest := cutLine(b)
		switch {
		case bytes.Equal(bytes.TrimSpace(line), []byte("end")):
			return f, rest, len(f.body) > 0
		case isUULine(line):
			f.body = append(f.body, uuLine(line)...)
			if len(line) >= 61 {
				whole++
			}
		case len(bytes.Trim(line, " `")) > 0:
			return f, b, whole > 1
		}
		b = rest
	}
	return f, nil, whole > 0
}

// isUULine says whether a line has the letters of uuencode and no more than its
// first one says. Blanks at its end may have been lost, and some programs add a
// check letter.
func isUULine(line []byte) bool {
	if len(line) < 2 || line[0] == ' ' || line[0] == '`' {
		return false
	}
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	n := int(line[0]-' ') & 63
	return len(line) <= 1+(n+2)/3*4+2
}

// yencFile reads lines up to "=yend" (yEnc 1.3).
func yencFile(name string, b []byte) (f file, left []byte, ok bool) {
	f.name = name
	for len(b) > 0 {
		line, rest := cutLine(b)
		switch {
		case bytes.HasPrefix(line, []byte("=yend ")):
			return f, rest, true
		case bytes.HasPrefix(line, []byte("=ybegin ")):
			return f, b, false
		case !bytes.HasPrefix(line, []byte("=ypart ")):
			f.body = appendYenc(f.body, line)
		}
		b = rest
	}
	return f, nil, false
}

func appendYenc(out, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		out = append(out, c-42)
	}
	return out
}
