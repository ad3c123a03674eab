package inbound

import (
	"regexp"
	"strings"
)

// A British postcode: an area of one or two letters, a district, and, after a
// space, a sector and two letters that are never C, I, K, M, O or V. So "5pm" is
// no end of one.
var (
	postcode     = regexp.MustCompile(`(?:^|[ ,;:(])([A-Z]{1,2})([0-9][0-9A-Z]?) ?([0-9][ABD-HJLNP-UW-Z]{2})(?:[ ,;:.)]|$)`)
	outward      = regexp.MustCompile(`\b([A-Z]{1,2})([0-9][0-9A-Z]?)\b`)
	postcodeCues = folded(`postcode live lives living based address area індекс живу мешкаю адреса زندگی آدرس کدپستی اوسېږم پته`)
)

// postcodeAreas are the areas that there are.
var postcodeAreas = set(`AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY
	HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY
	TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE`)

// postcodeIn is the first whole postcode in a text in capitals, or else the
// first half of one if nothing but that stands there; "" is none.
func postcodeIn(text string) string {
	for _, m := range postcode.FindAllStringSubmatch(text, 10) {
		if postcodeAreas[m[1]] {
			return m[1] + m[2] + " " + m[3]
		}
	}
	if m := outward.FindStringSubmatch(text); m != nil && m[0] == strings.TrimSpace(text) && postcodeAreas[m[1]] {
		return m[0]
	}
	return ""
}

// readPostcodes reads postcodes. One in small letters, or in the middle of a
// sentence, is likely; half of one is a guess, as roads and vitamins look like
// that too.
func readPostcodes(p page) (facts []Fact) {
	for _, line := range p.lines {
		if !strings.ContainsAny(line, "0123456789") {
			continue
		}
		upper := strings.ToUpper(line)
		code := postcodeIn(upper)
		switch {
		case code == "":
			facts = append(facts, halfPostcode(line)...)
		case !strings.Contains(code, " "):
			facts = append(facts, Fact{Kind: FactPostcode, Value: code, Confidence: Guessed, From: line})
		default:
			facts = append(facts, Fact{Kind: FactPostcode, Value: code, Confidence: wholePostcode(line, upper, code), From: line})
		}
	}
	return facts
}

func wholePostcode(line, upper, code string) Confidence {
	c := clauseOf(line)
	half, _, _ := strings.Cut(code, " ")
	rest := postcode.ReplaceAllString(upper, "")
	switch {
	case strings.Trim(rest, " .,") == "":
		return Certain
	case c.denied || c.asks || c.has(othersWords):
		return Guessed
	case (!strings.Contains(line, half) || !strings.Contains(line, code)) && !c.has(postcodeCues): // "e1 4ab" may be anything
		return Guessed
	}
	return Likely
}

func halfPostcode(line string) []Fact {
	m := outward.FindStringSubmatch(line)
	if m == nil || !postcodeAreas[m[1]] {
		return nil
	}
	if c := clauseOf(line); c.denied || !c.has(postcodeCues) {
		return nil
	}
	return []Fact{{Kind: FactPostcode, Value: m[0], Confidence: Guessed, From: line}}
}
