package letter

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// encodedWord is =?charset?B?text?= (RFC 2047). Blanks within the text are
// against the rules and common.
var encodedWord = regexp.MustCompile(`=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=`)

// Words decodes a header value for people to read: encoded words (RFC 2047),
// also where they should not be, and bytes above 127 that were never encoded.
// Neighbours in one charset are decoded together, because programs cut
// letters of several bytes in two.
func Words(value string) string {
	var out strings.Builder
	var held []byte // bytes of the words so far, and their charset
	var charset string
	flush := func() {
		out.WriteString(decode(charset, held))
		held = nil
	}
	end := 0
	for _, m := range encodedWord.FindAllStringSubmatchIndex(value, -1) {
		between := value[end:m[0]]
		name := value[m[2]:m[3]]
		if strings.TrimSpace(between) != "" || end == 0 || !strings.EqualFold(name, charset) {
			flush()
		}
		if strings.TrimSpace(between) != "" || end == 0 {
			out.WriteString(decode("", []byte(between)))
		}
		charset, end = name, m[1]
		held = append(held, wordBytes(value[m[4]:m[5]], value[m[6]:m[7]])...)
	}
	flush()
	out.WriteString(decode("", []byte(value[end:])))
	return printable(out.String())
}

func wordBytes(kind, text string) []byte {
	if strings.EqualFold(kind, "b") {
		return fromBase64([]byte(text))
	}
	var b []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			b = append(b, ' ')
		case c == '=' && i+2 < len(text) && isHex(text[i+1:i+3]):
			d, _ := hex.DecodeString(text[i+1 : i+3])
			b = append(b, d...)
			i += 2
		default:
			b = append(b, c)
		}
	}
	return b
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// printable drops control characters, which no header may hold.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, s))
}

// storable leaves out what no database keeps in a text: broken UTF-8 and NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}
