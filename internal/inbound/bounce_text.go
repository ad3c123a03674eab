package inbound

import (
	"regexp"
	"slices"
	"strings"
)

// shape is one way in which mail servers write down, for people, whom they
// could not reach. Only the wording that many versions share is in it.
type shape struct {
	how firmness
	at  *regexp.Regexp // its first group is the recipient
}

// firmness is how much a shape proves.
type firmness int

const (
	loose firmness = iota // only what was sent to somebody else can have failed
	firm                  // says by itself that this is a report
	sure                  // and that this address failed, whoever it belongs to
)

const addr = `<?((?:mailto:)?[^\s<>@,;:"()\[\]]+@(?:[a-zA-Z0-9\-_]+\.)+[a-zA-Z0-9\-]+)[>.]?`

// shapes are tried in order; the first that finds a recipient is believed.
var shapes = []shape{
	// Exim and hosters: who@where: and what the server said, on the next line
	{sure, regexp.MustCompile(`(?m)^\s{0,8}<?([^\s<>:]+@[^\s<>:]+)>?:?[ \t]*\r?\n[ \t]*(?:SMTP error from|host \S+ \[|host \S+:? *\d{3}[ -]|retry time|Unrouteable address|all hosts |mailbox is full)`)},
	// qmail and its kin: <who@where>:
	{firm, regexp.MustCompile(`(?m)^\s{0,8}<([^\s<>]+@[^\s<>]+)>:?[ \t]*(?:$|:|\(|\.\.\.)`)},
	// OpenSMTPD: who@where: 550 …
	{firm, regexp.MustCompile(`(?m)^\s{0,8}([^\s<>:]+@[^\s<>:]+): (?:\d{3}|[A-Z])`)},
	// Exchange: who@where on Mon, …
	{firm, regexp.MustCompile(`(?m)^\s{0,8}<?([^\s<>:]+@[^\s<>:]+)>? on (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), `)},
	// Postfix: <who@where>: host …
	{firm, regexp.MustCompile(`(?m)^\s{0,4}<([^\s<>]+@[^\s<>]+)>: \S`)},
	// a transcript: RCPT TO:<who@where>
	{firm, regexp.MustCompile(`(?mi)^[ \t>]*(?:<<<|>>>|in:)?[ \t]*RCPT TO:[ \t]*` + addr)},
	// Sendmail: who@where... User unknown
	{firm, regexp.MustCompile(`(?mi)^[ \t]*(?:\d{3} (?:\d\.\d\.\d )?)?` + addr + `[ \t]*\.\.\.[ \t]`)},
	// a label: Recipient: who@where
	{firm, regexp.MustCompile(`(?mi)^[ \t*|\-]*(?:failed |original |final |intended |e-?mail )?(?:recipient|destination|rcpt|addressee)s?(?: address)?(?:\(s\))?[ \t]*[:=][ \t]*(?:\[?smtp:)?` + addr)},
	// a sentence: delivering your mail to who@where
	{loose, regexp.MustCompile(`(?i)(?:deliver(?:ing|y|ed)?|message|mail|sent?|reach|undeliverable|return(?:ed)?)[^\n@<]{0,60}?\b(?:to|for|recipient|user|address)\b:?\s*[<'"\[]?` + addr)},
	// a sentence about the user, mailbox or address who@where
	{loose, regexp.MustCompile(`(?i)(?:user|mailbox|account|recipient|address|userid|size|unknown|user name)\b[^\n@]{0,40}?[:\s('"<]` + addr)},
	// alone on a line of a list
	{loose, regexp.MustCompile(`(?m)^[ \t]*(?:[\-*•][ \t]*)?["']?` + addr + `["']?(?:[ \t]*(?:$|:|\(|;|<mailto|on |-|\.\.\.|,| ))`)},
	// anywhere
	{loose, regexp.MustCompile(addr)},
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
	return slices.ContainsFunc(shapes, func(s shape) bool { return s.how >= firm && len(r.shapedAs(s)) > 0 })
}

func (r *reading) shapedAs(s shape) []Bounce {
	var list []Bounce
	for _, m := range s.at.FindAllStringSubmatch(r.notice, maxBounces) {
		address := onlyAddress(strings.TrimPrefix(m[1], "mailto:"))
		if address != "" && (s.how == sure || !r.aside(address) && (s.how == firm || !helpName.MatchString(address))) {
			list = addBounce(list, Bounce{Recipient: address})
		}
	}
	return list
}

// withExpanded adds whom we wrote to, where a server sent that on to somebody
// else and says so. It is not hard: others may be behind that address.
func (r *reading) withExpanded(list []Bounce) []Bounce {
	if len(list) == 0 || len(r.statusGroups()) > 0 {
		return list
	}
	for _, m := range expandedFrom.FindAllStringSubmatch(r.notice, maxBounces) {
		if address := onlyAddress(m[1]); address != "" {
			list = addBounce(list, Bounce{Recipient: address, Status: list[0].Status, Reason: list[0].Reason})
		}
	}
	return list
}

var expandedFrom = regexp.MustCompile(`\(expanded from:\s+` + addr)

// bareNames is the proof by names without a domain, as AOL and others wrote
// those of their own users: "to the following recipients could not be delivered".
func bareNames(r *reading) []Bounce {
	m := bareName.FindStringSubmatch(r.notice)
	if m == nil || !r.fromDaemon() || len(r.From) == 0 {
		return nil
	}
	_, domain, found := strings.Cut(strings.ToLower(r.From[0].Address), "@")
	if !found {
		return nil
	}
	var list []Bounce
	for name := range strings.FieldsSeq(m[1]) {
		list = addBounce(list, Bounce{Recipient: strings.ToLower(name) + "@" + domain})
	}
	return list
}

var bareName = regexp.MustCompile(`(?i)following recipients?\b[^:\n]*(?:\n[^:\n]+){0,4}:[ \t]*\r?\n((?:[ \t]+[\w.\-]{2,64}[ \t]*(?:\r?\n|$))+)`)

// aside says whether an address in a report is there for another reason than
// having failed: who wrote the report, whom it was sent to, whom to ask.
func (r *reading) aside(address string) bool {
	return robotName.MatchString(address) ||
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
	if recipient == "" {
		return ""
	}
	low := r.low
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
