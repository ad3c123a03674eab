package inbound

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// vouched is what our own provider found out about the sender, from its
// Authentication-Results (RFC 8601): method to result and properties.
type vouched struct {
	results []authResult
}

// authResult is one method's result, such as dmarc=fail (p=reject).
type authResult struct {
	method, result string
	text           string // the whole of it, in small letters
}

// authenticated reads the topmost Authentication-Results that bears one of
// our provider's names. Whoever writes a letter can write more of them below,
// and never above.
func (r *reading) authenticated() vouched {
	for _, value := range r.Header.All("Authentication-Results") {
		value = strings.ToLower(unquoted(value))
		id, rest, _ := strings.Cut(value, ";")
		id = firstWord.FindString(strings.TrimSpace(id))
		if !slices.ContainsFunc(r.ours.AuthservIDs, func(ours string) bool { return strings.EqualFold(ours, id) }) {
			continue
		}
		return vouched{authResults(rest)}
	}
	return vouched{}
}

// unquoted is a header value without its comments, which nest, and without what
// is quoted in it (RFC 5322, 3.2.2 and 3.2.4). Whoever sends a letter chooses
// the first part of their address: between quotes it may hold anything, also
// what reads like a result or ends a comment, because providers print it in
// comments as it is. What is quoted and could stand without quotes is kept.
func unquoted(value string) string {
	var plain, comment, quote strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			if quoted && depth == 0 && onlyName.MatchString(quote.String()) {
				plain.WriteString(quote.String())
			}
			quote.Reset()
			quoted = !quoted
		case quoted:
			quote.WriteByte(c)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				plain.WriteString(keepPolicy(comment.String()))
				comment.Reset()
			}
		case depth > 0:
			comment.WriteByte(c)
		default:
			plain.WriteByte(c)
		}
	}
	return plain.String()
}

// onlyName is what may stand in a property without quotes.
var onlyName = regexp.MustCompile(`^[A-Za-z0-9._+@-]*$`)

// keepPolicy keeps of a comment only the policy that DMARC results carry
// there, and nothing that could pass for a result.
func keepPolicy(comment string) string {
	return " " + policyInComment.FindString(strings.ToLower(comment)) + " "
}

var (
	policyInComment = regexp.MustCompile(`\bp=(none|quarantine|reject)\b`)
	methodResult    = regexp.MustCompile(`^\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)`)
)

// authResults cuts at semicolons. Parsers that want each word to be known
// refuse the whole header for one odd result.
func authResults(s string) []authResult {
	var list []authResult
	for one := range strings.SplitSeq(s, ";") {
		if m := methodResult.FindStringSubmatch(one); m != nil {
			list = append(list, authResult{m[1], m[2], one})
		}
	}
	return list
}

// verified says whether our provider vouches for the address in From: DMARC
// passed, or DKIM or SPF passed for its domain or one above or below it.
func (r *reading) verified() bool {
	_, domain, ok := strings.Cut(r.sender(), "@")
	if !ok || len(r.From) != 1 || len(r.Header.All("From")) != 1 {
		return false
	}
	for _, a := range r.authenticated().results {
		switch {
		case a.result != "pass":
		case a.method == "dmarc" && (!strings.Contains(a.text, "header.from=") || aligned(property(a.text, "header.from"), domain)):
			return true
		case a.method == "dkim" && (aligned(property(a.text, "header.d"), domain) || aligned(property(a.text, "header.i"), domain)):
			return true
		case a.method == "spf" && aligned(property(a.text, "smtp.mailfrom"), domain):
			return true
		}
	}
	return false
}

// refusedByPolicy says whether DMARC failed and the domain's owner wants such
// letters refused or put aside (RFC 9989, 4.7).
func (r *reading) refusedByPolicy() bool {
	for _, a := range r.authenticated().results {
		if a.method == "dmarc" && a.result == "fail" {
			return strings.Contains(a.text, "p=reject") || strings.Contains(a.text, "p=quarantine") ||
				strings.Contains(a.text, "action=quarantine") || strings.Contains(a.text, "action=oreject") || strings.Contains(a.text, "action=reject")
		}
	}
	return false
}

// property is the domain in a property such as smtp.mailfrom=person@a.example.
func property(text, name string) string {
	_, after, ok := strings.Cut(text, name+"=")
	if !ok {
		return ""
	}
	value := strings.Trim(firstWord.FindString(after), `"<>`)
	if at := strings.LastIndexByte(value, '@'); at >= 0 {
		value = value[at+1:]
	}
	return value
}

// aligned is DMARC's relaxed alignment: both belong to one owner's domain.
func aligned(a, b string) bool {
	ownerA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	ownerB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && ownerA == ownerB
}
