package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// shape is one way in which mail servers write down, for people, whom they
// could not reach. Only the wording that many versions share is in it.
type shape struct {
	firm bool           // says by itself that this is a report
	at   *regexp.Regexp // its first group is the recipient, or a list of them
}

const addr = `<?((?:mailto:)?[^\s<>@,;:"()\[\]]+@(?:[a-zA-Z0-9\-_]+\.)+[a-zA-Z0-9\-]+)[>.]?`

// shapes are tried in order; the first that finds a recipient is believed.
var shapes = []shape{
	// qmail and its kin: <who@where>:
	{true, regexp.MustCompile(`(?m)^\s{0,8}<([^\s<>]+@[^\s<>]+)>:?[ \t]*(?:$|:|\(|\.\.\.)`)},
	// OpenSMTPD: who@where: 550 …
	{true, regexp.MustCompile(`(?m)^\s{0,8}([^\s<>:]+@[^\s<>:]+): (?:\d{3}|[A-Z])`)},
	// Exchange: who@where on Mon, …
	{true, regexp.MustCompile(`(?m)^\s{0,8}<?([^\s<>:]+@[^\s<>:]+)>? on (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), `)},
	// Postfix: <who@where>: host …
	{true, regexp.MustCompile(`(?m)^\s{0,4}<([^\s<>]+@[^\s<>]+)>: \S`)},
	// a transcript: RCPT TO:<who@where>
	{true, regexp.MustCompile(`(?mi)^[ \t>]*(?:<<<|>>>)?[ \t]*RCPT TO:[ \t]*` + addr)},
	// Sendmail: who@where... User unknown
	{true, regexp.MustCompile(`(?mi)^[ \t]*(?:\d{3} (?:\d\.\d\.\d )?)?` + addr + `[ \t]*\.\.\.[ \t]`)},
	// a label: Recipient: who@where
	{true, regexp.MustCompile(`(?mi)^[ \t*|\-]*(?:failed |original |final |intended |e-?mail )?(?:recipient|destination|rcpt|addressee)s?(?: address)?(?:\(s\))?[ \t]*[:=][ \t]*(?:\[?smtp:)?` + addr)},
	// a sentence: delivering your mail to who@where
	{false, regexp.MustCompile(`(?i)(?:deliver(?:ing|y|ed)?|message|mail|sent?|reach|undeliverable|return(?:ed)?)[^\n@<]{0,60}?\b(?:to|for|recipient|user|address)\b:?\s*[<'"\[]?` + addr)},
	// a sentence about the user, mailbox or address who@where
	{false, regexp.MustCompile(`(?i)(?:user|mailbox|account|recipient|address|userid|size|unknown|user name)\b[^\n@]{0,40}?[:\s('"<]` + addr)},
	// alone on a line of a list
	{false, regexp.MustCompile(`(?m)^[ \t]*(?:[\-*•][ \t]*)?["']?` + addr + `["']?(?:[ \t]*(?:$|:|\(|;|<mailto|on |-|\.\.\.|,| ))`)},
	// anywhere
	{false, regexp.MustCompile(addr)},
}

// textShapes is the proof by wording.
func textShapes(r *reading) []Bounce {
	for _, s := range shapes {
		if list := r.shapedAs(s); len(list) > 0 {
			return list
		}
	}
	return nil
}

// shaped says whether the text names somebody as only reports do.
func (r *reading) shaped() bool {
	return slices.ContainsFunc(shapes, func(s shape) bool { return s.firm && len(r.shapedAs(s)) > 0 })
}

func (r *reading) shapedAs(s shape) []Bounce {
	var list []Bounce
	for _, m := range s.at.FindAllStringSubmatch(r.notice, maxBounces) {
		address := onlyAddress(strings.TrimPrefix(m[1], "mailto:"))
		if address != "" && !r.aside(address) {
			list = addBounce(list, Bounce{Recipient: address})
		}
	}
	return list
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
	whole := r.Subject + " " + r.phrases[:min(len(r.phrases), 4*nearby)]
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
		if r.judge(b, near); b.Reason == unknownReason {
			r.judge(b, whole)
		}
	}
}

// judge gives a recipient the reason that a server's words stand for.
func (r *reading) judge(b *Bounce, said string) {
	b.Reason, b.Hard = reasonOf(said, b.Status)
	if b.Reason == "user_unknown" && doubted(b.Status, said, r.near(b.Recipient)) {
		b.Reason, b.Hard = "filtered", false
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
