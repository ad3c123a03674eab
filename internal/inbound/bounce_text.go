package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// shape is one way in which mail servers write down, for people, whom they
// could not reach. Only the wording that many versions share is in it.
type shape struct {
	word string
	at   *regexp.Regexp // its first group is the recipient, or a list of them
}

const addr = `<?((?:mailto:)?[^\s<>@,;:"()\[\]]+@(?:[a-zA-Z0-9\-_]+\.)+[a-zA-Z0-9\-]+)[>.]?`

// shapes are tried in order; the first that finds a recipient is believed.
var shapes = []shape{
	{"qmail", regexp.MustCompile(`(?m)^\s{0,8}<([^\s<>]+@[^\s<>]+)>:?[ \t]*(?:$|:|\(|\.\.\.)`)},
	{"opensmtpd", regexp.MustCompile(`(?m)^\s{0,8}([^\s<>:]+@[^\s<>:]+): (?:\d{3}|[A-Z])`)},
	{"exchange", regexp.MustCompile(`(?m)^\s{0,8}<?([^\s<>:]+@[^\s<>:]+)>? on (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), `)},
	{"postfix", regexp.MustCompile(`(?m)^\s{0,4}<([^\s<>]+@[^\s<>]+)>: \S`)},
	{"transcript", regexp.MustCompile(`(?mi)^[ \t>]*(?:<<<|>>>)?[ \t]*RCPT TO:[ \t]*` + addr)},
	{"sendmail", regexp.MustCompile(`(?mi)^[ \t]*(?:\d{3} (?:\d\.\d\.\d )?)?` + addr + `[ \t]*\.\.\.[ \t]`)},
	{"labelled", regexp.MustCompile(`(?mi)^[ \t*|\-]*(?:failed |original |final |intended |e-?mail )?(?:recipient|destination|rcpt|addressee)s?(?: address)?(?:\(s\))?[ \t]*[:=][ \t]*(?:\[?smtp:)?` + addr)},
	{"sentence", regexp.MustCompile(`(?i)(?:deliver(?:ing|y|ed)?|message|mail|sent?|reach|undeliverable|return(?:ed)?)[^\n@<]{0,60}?\b(?:to|for|recipient|user|address)\b:?\s*[<'"\[]?` + addr)},
	{"user", regexp.MustCompile(`(?i)(?:user|mailbox|account|recipient|address|userid|size|unknown|user name)\b[^\n@]{0,40}?[:\s('"<]` + addr)},
	{"listed", regexp.MustCompile(`(?m)^[ \t]*(?:[\-*•][ \t]*)?["']?` + addr + `["']?(?:[ \t]*(?:$|:|\(|;|<mailto|on |-|\.\.\.|,| ))`)},
	{"mentioned", regexp.MustCompile(addr)},
}

// textShapes is the proof by wording.
func textShapes(r *reading) []Bounce {
	for _, s := range shapes {
		var list []Bounce
		for _, m := range s.at.FindAllStringSubmatch(r.notice, maxBounces) {
			address := onlyAddress(strings.TrimPrefix(m[1], "mailto:"))
			if address != "" && !r.aside(address) {
				list = addBounce(list, Bounce{Recipient: address})
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// aside says whether an address in a report is there for another reason than
// having failed: who wrote the report, whom it was sent to, whom to ask.
func (r *reading) aside(address string) bool {
	return robotName.MatchString(address) || helpName.MatchString(address) ||
		slices.Contains(addressesOf(r.From), address) || slices.Contains(addressesOf(r.To), address) || r.wroteReturned(address)
}

var helpName = regexp.MustCompile(`^(support|help|helpdesk|abuse|admin|administrator|hostmaster|webmaster|postmast|system)[^@]*@`)

// wroteReturned says whether the returned message is from an address and not
// to it as well.
func (r *reading) wroteReturned(address string) bool {
	for _, h := range r.returned {
		if strings.Contains(strings.ToLower(h.Get("From")), address) && !strings.Contains(strings.ToLower(h.Get("To")), address) {
			return true
		}
	}
	return false
}

// explain gives each recipient the reason that the text of the report gives,
// where its fields give none. What stands near the address counts first.
func (r *reading) explain(list []Bounce) {
	for i := range list {
		b := &list[i]
		if b.Reason != "" && b.Reason != unknownReason {
			continue
		}
		near := r.near(b.Recipient)
		if b.Status == "" || strings.HasSuffix(b.Status, ".0.0") {
			if status := statusCode.FindString(near); status != "" && status[0] != '2' {
				b.Status = status
			}
		}
		b.Reason, b.Hard = reasonOf(near, b.Status)
		if b.Reason == unknownReason || b.Reason == "" {
			b.Reason, b.Hard = reasonOf(r.Subject+" "+r.phrases, b.Status)
		}
	}
}

// nearby is how much text after an address belongs to it.
const nearby = 600

// near is the text of a report around its mentions of a recipient, up to the
// next address.
func (r *reading) near(recipient string) string {
	low := strings.ToLower(r.notice)
	var b strings.Builder
	for at, from := 0, 0; from < len(low) && b.Len() < 4*nearby; from = at + len(recipient) {
		i := strings.Index(low[from:], recipient)
		if i < 0 {
			break
		}
		at = from + i
		begin := strings.LastIndexByte(low[:at], '\n') + 1
		after := low[at+len(recipient) : min(len(low), at+len(recipient)+nearby)]
		if next := nextRecipient.FindStringIndex(after); next != nil {
			after = after[:next[0]]
		}
		b.WriteString(low[begin:at] + recipient + after + "\n")
	}
	return b.String()
}

var nextRecipient = regexp.MustCompile(`\n\s{0,8}<?[^\s<>@]+@[^\s<>@]+>?:?[ \t]*(\n|\(|\.\.\.)`)
