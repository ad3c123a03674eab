package letter

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// transferred undoes a Content-Transfer-Encoding (RFC 2045, 6). What is
// damaged comes out as far as it goes; odd says that it was.
func transferred(encoding string, b []byte) (out []byte, odd bool) {
	encoding, _, _ = strings.Cut(strings.ToLower(encoding), ";")
	switch strings.Trim(strings.TrimSpace(encoding), `"'`) {
	case "base64":
		return fromBase64(b), false
	case "quoted-printable", "quopri":
		return fromQuotedPrintable(b), false
	case "uuencode", "x-uuencode", "uue", "x-uue":
		return fromUU(b), false
	case "", "7bit", "8bit", "binary":
		return b, false
	}
	return b, true
}

// fromBase64 passes over whatever is no base64, and goes on after a padding
// in the middle, where two texts were joined.
func fromBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)*3/4)
	quantum := make([]byte, 0, 4)
	var plain [3]byte
	for _, c := range b {
		if isBase64(c) {
			quantum = append(quantum, c)
		}
		if len(quantum) == 4 || c == '=' && len(quantum) > 1 {
			n, _ := base64.RawStdEncoding.Decode(plain[:], quantum)
			out, quantum = append(out, plain[:n]...), quantum[:0]
		}
	}
	if len(quantum) > 1 {
		n, _ := base64.RawStdEncoding.Decode(plain[:], quantum)
		out = append(out, plain[:n]...)
	}
	return out
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// fromQuotedPrintable leaves an equals sign that encodes nothing as it is.
func fromQuotedPrintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		line, rest, found := bytes.Cut(b, []byte("\n"))
		end := "\n"
		if trimmed := bytes.TrimRight(line, " \t\r"); bytes.HasSuffix(trimmed, []byte("=")) {
			line, end = trimmed[:len(trimmed)-1], ""
		} else if bytes.HasSuffix(line, []byte("\r")) {
			line, end = trimmed, "\r\n"
		}
		out = appendQuoted(out, line)
		if found {
			out = append(out, end...)
		}
		b = rest
	}
	return out
}

func appendQuoted(out, line []byte) []byte {
	var d [1]byte
	for i := 0; i < len(line); i++ {
		if line[i] == '=' && i+2 < len(line) {
			if _, err := hex.Decode(d[:], line[i+1:i+3]); err == nil {
				out = append(out, d[0])
				i += 2
				continue
			}
		}
		out = append(out, line[i])
	}
	return out
}

// fromUU decodes between a begin and an end line.
func fromUU(b []byte) []byte {
	var out []byte
	begun := false
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		line = bytes.TrimRight(line, "\r")
		switch {
		case !begun:
			begun = bytes.HasPrefix(line, []byte("begin "))
		case len(line) == 0 || bytes.Equal(line, []byte("end")):
			return out
		default:
			out = append(out, uuLine(line)...)
		}
	}
	if !begun {
		return b
	}
	return out
}

func uuLine(line []byte) []byte {
	value := func(i int) byte {
		if i >= len(line) {
			return 0
		}
		return (line[i] - ' ') & 63
	}
	n := int(value(0))
	var out []byte
	for i := 1; len(out) < n && i < len(line); i += 4 {
		a, b, c, d := value(i), value(i+1), value(i+2), value(i+3)
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	return out[:min(n, len(out))]
}
