package letter

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// decode turns bytes into text by a label that may be missing, unknown or a
// lie. Bytes above 127 that happen to be valid UTF-8 are UTF-8 whatever the
// label of one byte a letter says: by chance that hardly ever happens.
func decode(label string, b []byte) string {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	label = tidyLabel(label)
	enc := encodingOf(label)
	switch {
	case isASCII(b) && !sevenBit(label):
		return string(b)
	case label == "utf-7" && isASCII(b):
		return fromUTF7(b)
	case utf8.Valid(b) && !wide(label):
		return string(b)
	case enc != nil && label != "utf-8":
		if text, clean := decodeWith(enc, b); clean || wide(label) && len(b) < leastGuess {
			return text
		}
	}
	return guessed(b, label)
}

func tidyLabel(label string) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	label, _, _ = strings.Cut(label, "*") // RFC 2231 language
	if same, ok := sameLabel[label]; ok {
		return same
	}
	if m := codePage.FindStringSubmatch(label); m != nil {
		return "windows-" + m[1]
	}
	if m := isoLatin.FindStringSubmatch(label); m != nil {
		return "iso-8859-" + m[1]
	}
	return label
}

// The charsets that programs name in most ways: those of Windows, and those of
// ISO 8859, with or without the direction of writing (RFC 1556).
var (
	codePage = regexp.MustCompile(`^(?:x-)?(?:cp|ms|win|windows|microsoft)?[-_ ]*(125[0-8])$`)
	isoLatin = regexp.MustCompile(`^(?:x-)?(?:iso)?[-_ ]*8859[-_ ]*(1?[0-9])(?:[-_][ie])?$`)
)

// sameLabel names what programs call charsets besides their names.
var sameLabel = map[string]string{
	"utf8": "utf-8", "utf_8": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "cp65001": "utf-8",
	"ansi": "windows-1252", "latin-1": "iso-8859-1", "koi8": "koi8-r", "koi8r": "koi8-r", "koi8u": "koi8-u", "koi8-ru": "koi8-u",
	"macroman": "macintosh", "mac-roman": "macintosh", "x-mac-roman": "macintosh", "applemac": "macintosh", "utf7": "utf-7",
	"unicode-1-1-utf-7": "utf-7", "unicode-2-0-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7", "cp-850": "ibm850", "cp850": "ibm850", "cp437": "ibm437",
	"cp932": "shift_jis", "ms932": "shift_jis", "sjis": "shift_jis", "cp936": "gbk", "cp949": "euc-kr", "cp950": "big5",
	"iso-2022-jp-ms": "iso-2022-jp", "cp50220": "iso-2022-jp",
}

// encodingOf returns nil for labels that say nothing.
func encodingOf(label string) encoding.Encoding {
	switch label {
	case "", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "unknown", "8bit", "ansi_x3.110-1983", "default", "x-user-defined":
		return nil
	}
	if enc, err := htmlindex.Get(label); err == nil {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil {
		return enc
	}
	return nil
}

// sevenBit says whether a charset writes other letters with ASCII bytes.
func sevenBit(label string) bool {
	return strings.HasPrefix(label, "iso-2022-") || strings.HasPrefix(label, "utf-16") || label == "hz-gb-2312" || label == "utf-7"
}

// wide says whether a charset writes letters with several bytes, which may
// be valid UTF-8 by chance.
func wide(label string) bool {
	switch label {
	case "shift_jis", "gbk", "gb2312", "gb18030", "big5", "euc-jp", "euc-kr", "ks_c_5601-1987", "euc-tw":
		return true
	}
	return sevenBit(label)
}

func decodeWith(enc encoding.Encoding, b []byte) (text string, clean bool) {
	out, err := enc.NewDecoder().Bytes(b)
	return string(out), err == nil && bytes.Count(out, []byte("\ufffd")) == 0
}

// A guess needs some text to go by, and looks at no more than it needs.
const (
	leastGuess  = 60
	enoughGuess = 8 << 10
	sureGuess   = 60 // per cent
)

// guessed decodes what its label does not explain. Short texts are too little
// to guess from and are Western, as mail without a label mostly is.
func guessed(b []byte, label string) string {
	if label == "utf-8" && mostlyUTF8(b) {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	if len(b) >= leastGuess {
		if r, err := chardet.NewTextDetector().DetectBest(b[:min(len(b), enoughGuess)]); err == nil && r.Confidence >= sureGuess {
			if enc := encodingOf(strings.ToLower(r.Charset)); enc != nil {
				if text, clean := decodeWith(enc, b); clean {
					return text
				}
			}
		}
	}
	text, _ := decodeWith(charmap.Windows1252, b)
	return strings.ToValidUTF8(text, "\ufffd")
}

// mostlyUTF8 says whether broken bytes are the exception in a text.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		b = b[n:]
	}
	return good > bad
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
