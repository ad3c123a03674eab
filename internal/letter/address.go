package letter

import (
	"regexp"
	"strings"
)

const maxAddresses = 500

// Addresses reads a list of addresses (RFC 5322, 3.4) as far as it can be
// read: names in any of the encodings, groups, comments, missing quotes. What
// holds no address is left out.
func Addresses(value string) []Address {
	var list []Address
	for _, one := range cutList(value) {
		if !strings.Contains(one, "@") && !strings.Contains(one, "=?") {
			continue
		}
		if a, ok := addressIn(one); ok && len(list) < maxAddresses {
			list = append(list, a)
		}
	}
	return list
}

func addressesIn(h Header, name string) []Address {
	var list []Address
	for _, v := range h.All(name) {
		if len(list) < maxAddresses {
			list = append(list, Addresses(v)...)
		}
	}
	return list[:min(len(list), maxAddresses)]
}

// writersIn is whom a letter is from. One that names no address at all still
// says who wrote: a name without an address is kept.
func writersIn(h Header) []Address {
	if list := addressesIn(h, "From"); len(list) > 0 {
		return list
	}
	value, _, _ := strings.Cut(h.Get("From"), "<")
	if name := phrase(value); name != "" && len(name) <= 200 {
		return []Address{{Name: name}}
	}
	return nil
}

// mostCuts is how many pieces of one list are looked at.
const mostCuts = 2 * maxAddresses

// cutList cuts at commas and semicolons that stand in no quotes, comment or
// angle brackets. The name of a group goes with its colon.
func cutList(value string) []string {
	var list []string
	start, depth, quoted, angle := 0, 0, false, false
	for i := 0; i < len(value) && len(list) < mostCuts; i++ {
		switch c := value[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0 && (quoted || strings.Contains(value[i+1:], `"`)):
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ':' && !angle:
			start = i + 1
		case (c == ',' || c == ';') && !angle:
			list, start = append(list, value[start:i]), i+1
		}
	}
	return append(list, value[min(start, len(value)):])
}

var (
	inAngles  = regexp.MustCompile(`<([^<>]*)>[^<>]*$`)
	inComment = regexp.MustCompile(`\(([^()]*)\)`)
	plainAddr = regexp.MustCompile(`(?:"[^"@]+"|[^\s<>()\[\]",;:@]+)@[^\s<>()",;:@]+`)
)

func addressIn(one string) (Address, bool) {
	one = strings.TrimSpace(one)
	if m := inAngles.FindStringSubmatchIndex(one); m != nil {
		a := Address{Name: phrase(one[:m[0]]), Address: tidyAddress(one[m[2]:m[3]])}
		if a.Name == "" {
			a.Name = comment(one[m[3]:])
		}
		if strings.Contains(a.Address, "@") {
			return a, true
		}
	}
	found := plainAddr.FindString(inComment.ReplaceAllString(Words(one), " "))
	if found == "" {
		return Address{}, false
	}
	return Address{Name: comment(one), Address: tidyAddress(found)}, true
}

// phrase is a display name: its words without quotes, decoded.
func phrase(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		s = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : len(s)-1])
	}
	return strings.Trim(strings.TrimSpace(Words(s)), `"' `)
}

func comment(s string) string {
	if m := inComment.FindStringSubmatch(s); m != nil {
		return phrase(m[1])
	}
	return ""
}

// tidyAddress drops a route (RFC 5322, 4.4), blanks and the case of the
// domain.
func tidyAddress(s string) string {
	s = strings.Join(strings.Fields(inComment.ReplaceAllString(Words(s), "")), "")
	if strings.HasPrefix(s, "@") {
		_, s, _ = strings.Cut(s, ":")
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 320 {
		return ""
	}
	return s[:at] + "@" + strings.TrimSuffix(strings.ToLower(s[at+1:]), ".")
}
