package store

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"
)

// maxWord is how much of a word is kept, in letters: more than anybody types, and
// less than what PostgreSQL refuses. maxWords is how many of one name or address
// are kept.
const (
	maxWord  = 64
	maxWords = 40
)

// cut takes a text apart into the words by which it is found: letters and digits
// only, folded so that it does not matter how somebody writes them. It is the one
// place that does so, for what is put on file, for what is asked, and for both
// engines.
func cut(text string) []string {
	found := strings.Fields(folded(text))
	found = found[:min(len(found), maxWords)]
	for i, word := range found {
		found[i] = shortened(word)
	}
	return found
}

// glued is cut for what is one word however many signs stand in it, such as an
// address.
func glued(text string) string {
	return shortened(strings.ReplaceAll(folded(text), " ", ""))
}

func shortened(word string) string {
	if letters := []rune(word); len(letters) > maxWord {
		return string(letters[:maxWord])
	}
	return word
}

// folded writes a text in small letters without accents, and puts a space in the
// place of whatever is no letter and no digit. What joins the parts of one word
// is left out.
func folded(text string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch r = plain(r); {
		case unicode.In(r, unicode.M, unicode.Cf) || strings.ContainsRune("'’ʼ‘`ـ", r):
		case unicode.IsLetter(r):
			out.WriteString(spelled(unicode.ToLower(r)))
		case unicode.IsDigit(r):
			out.WriteRune(digit(r))
		default:
			out.WriteByte(' ')
		}
	}
	return out.String()
}

// plain gives one letter to those that keyboards and habits give different signs
// for: Arabic letters in Persian and Pashto words, and the like.
func plain(r rune) rune {
	switch r {
	case 'ي', 'ى', 'ۍ', 'ے':
		return 'ی'
	case 'ك', 'ڪ':
		return 'ک'
	case 'ة', 'ہ', 'ھ', 'ە':
		return 'ه'
	case 'ګ':
		return 'گ'
	case 'ٱ':
		return 'ا'
	case 'ґ', 'Ґ':
		return 'г'
	case 'ς':
		return 'σ'
	}
	return r
}

// spelled writes the Latin letters that have no accent to lose as somebody types
// them who does not have them.
func spelled(r rune) string {
	switch r {
	case 'ł':
		return "l"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ı':
		return "i"
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'þ':
		return "th"
	}
	return string(r)
}

// digit writes a digit of any script as 0 to 9: those of one script stand in a
// row, and every row of ten begins with a zero.
func digit(r rune) rune {
	zero := r
	for r-zero < 9 && unicode.IsDigit(zero-1) {
		zero--
	}
	return '0' + r - zero
}

// contactWords are the words by which a contact is found who has this name,
// number and addresses.
func contactWords(name, phone string, addresses ...string) []string {
	found := append(cut(name), phoneWords(phone)...)
	for _, address := range addresses {
		found = append(found, addressWords(address)...)
	}
	return found
}

// addressWords are an address as one word, so that its beginning finds it, and
// what stands on each side of the @.
func addressWords(address string) []string {
	whole := glued(address)
	if whole == "" {
		return nil
	}
	return append([]string{whole}, cut(address)...)
}

// phoneWords are a number as it is written from abroad and at home, in digits.
func phoneWords(phone string) []string {
	digits := digitsOf(phone)
	if digits == "" {
		return nil
	}
	found := []string{digits}
	if number, err := phonenumbers.Parse(phone, "ZZ"); err == nil { // it has its country with it
		found = append(found, "0"+phonenumbers.GetNationalSignificantNumber(number))
	}
	return found
}

func digitsOf(text string) string {
	return shortened(strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, folded(text)))
}

// Bounds on what somebody may ask for.
const (
	maxAsked   = 8   // words
	maxQuery   = 200 // letters
	aPhoneHas  = 5   // digits, at least, of a number that is looked for
	aReference = 6   // signs, of which a person gives at least half
)

// asked takes what somebody typed into a search box apart into the beginnings of
// words.
func asked(query string) []string {
	if number := askedPhone(query); number != "" {
		return []string{number}
	}
	var found []string
	for piece := range strings.FieldsSeq(query) {
		local, _, whole := strings.Cut(piece, "@")
		switch {
		case whole && glued(local) != "":
			found = append(found, glued(piece))
		default:
			found = append(found, cut(piece)...)
		}
	}
	return found[:min(len(found), maxAsked)]
}

// askedPhone returns the digits of a query that is a phone number, as numbers are
// on file, or "".
func askedPhone(query string) string {
	query = strings.Replace(query, "(0)", "", 1) // as in +44 (0)1908
	for _, r := range norm.NFKD.String(query) {
		if !unicode.IsDigit(r) && !unicode.IsSpace(r) && !strings.ContainsRune("+-–()./", r) {
			return ""
		}
	}
	digits := digitsOf(query)
	if len(digits) < aPhoneHas {
		return ""
	}
	return strings.TrimPrefix(digits, "00") // as some dial what others write with a +
}

// askedReferences returns the first and the last of the references that begin as
// a query does, in any letters and without the dash, or "" when none can. Between
// two of the same length every collation agrees on the order.
func askedReferences(query string) (first, last string) {
	signs := strings.NewReplacer("-", "", "–", "", " ", "").Replace(strings.ToUpper(query))
	if len(signs) < aReference/2 || len(signs) > aReference || strings.Trim(signs, referenceSigns) != "" {
		return "", ""
	}
	fill := func(with string) string {
		whole := signs + strings.Repeat(with, aReference-len(signs))
		return whole[:aReference/2] + "-" + whole[aReference/2:]
	}
	return fill(referenceSigns[:1]), fill(referenceSigns[len(referenceSigns)-1:])
}
