package inbound

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// homeRegion is where a telephone number without a country code belongs.
const homeRegion = "GB"

// numberLike is what may be a telephone number: figures with the signs that
// people put between them. What stands right before and after is looked at
// by Phone, so that half of a longer number is not taken for one.
var numberLike = regexp.MustCompile(`(?:\+|00|\(|\b)[0-9][0-9 ().\-\x{2010}-\x{2013}\x{a0}]{7,22}[0-9]`)

// dateLike is a day, and perhaps an hour, in figures: read as a number it would
// be one.
var dateLike = regexp.MustCompile(`^(?:20\d\d[-.]\d\d[-.]\d\d\b|\d{1,2}[-.]\d{1,2}[-.](?:19|20)\d\d\b)`)

// Phone returns the first telephone number in a text as E.164, or "". A
// number without a country code is British; dates, references and account
// numbers are no telephone numbers.
func Phone(text string) string {
	for _, number := range phones(text, 1) {
		return number
	}
	return ""
}

// mostPhones is how many telephone numbers of one line are looked at.
const mostPhones = 3

// phonesIn lists the telephone numbers on a line.
func phonesIn(line string) []string { return phones(line, mostPhones) }

func phones(text string, most int) (numbers []string) {
	if !figuresFor(text, 8) {
		return nil
	}
	text = strings.Map(plainFigure, clip(text))
	for _, at := range numberLike.FindAllStringIndex(text, 100) {
		if at[0] > 0 && glued(text[at[0]-1]) || at[1] < len(text) && glued(text[at[1]]) {
			continue
		}
		if dateLike.MatchString(text[at[0]:at[1]]) {
			continue
		}
		number, err := phonenumbers.Parse(text[at[0]:at[1]], homeRegion)
		if err == nil && phonenumbers.IsValidNumber(number) {
			numbers = append(numbers, phonenumbers.Format(number, phonenumbers.E164))
		}
		if len(numbers) == most {
			break
		}
	}
	return numbers
}

// figuresFor says whether a text has as many figures as a number needs.
func figuresFor(text string, needed int) bool {
	for _, r := range text {
		if unicode.IsDigit(r) {
			needed--
		}
		if needed == 0 {
			return true
		}
	}
	return false
}

// glued says whether a character ties a number to what is beside it.
func glued(c byte) bool {
	return c == '/' || c == '@' || c == '_' || c == '#' || c == '=' || c == '-' || unicode.IsLetter(rune(c)) && c < 0x80 || unicode.IsDigit(rune(c))
}

// plainFigure turns the figures of Persian and Arabic into 0-9.
func plainFigure(r rune) rune {
	switch {
	case r >= '۰' && r <= '۹':
		return '0' + r - '۰'
	case r >= '٠' && r <= '٩':
		return '0' + r - '٠'
	}
	return r
}
