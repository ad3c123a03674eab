package letter

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// fromUTF7 decodes UTF-7 (RFC 2152): "+" begins UTF-16 in base64, which ends
// with "-" or any sign that is no base64; "+-" is a plus. What is no base64 is
// left as it is, for plus signs also stand in ordinary texts.
func fromUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		c := b[0]
		b = b[1:]
		if c != '+' {
			out.WriteByte(c)
			continue
		}
		n := 0
		for n < len(b) && isBase64(b[n]) {
			n++
		}
		text, ok := utf16In(b[:n])
		switch ends := n < len(b) && b[n] == '-'; {
		case n == 0 && ends:
			out.WriteByte('+')
			b = b[1:]
		case ok && ends:
			out.WriteString(text)
			b = b[n+1:]
		case ok:
			out.WriteString(text)
			b = b[n:]
		default:
			out.WriteByte('+')
		}
	}
	return out.String()
}

func utf16In(b []byte) (string, bool) {
	raw, err := base64.RawStdEncoding.DecodeString(string(b))
	if err != nil || len(raw) < 2 {
		return "", false
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units)), true
}
