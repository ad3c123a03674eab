package inbound

import (
	"bytes"
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// group is the fields of one recipient in a delivery report (RFC 3464, 2.3).
type group struct{ letter.Header }

func (g group) action() string {
	return strings.ToLower(strings.TrimSpace(firstWord.FindString(strings.TrimSpace(g.Get("Action")))))
}

// readStatusGroups reads the recipients of a delivery report, wherever its
// fields stand: some programs send them as plain text.
func (r *reading) readStatusGroups() []group {
	var groups []group
	for _, p := range r.Parts {
		stands := strings.HasPrefix(p.Type, "message/") && strings.HasSuffix(p.Type, "delivery-status")
		if !stands && (!strings.HasPrefix(p.Type, "text/") || !hasStatusLine(p.Body)) {
			continue
		}
		for block := range strings.SplitSeq(strings.ReplaceAll(string(p.Body), "\r\n", "\n"), "\n\n") {
			h, _ := letter.ReadHeader([]byte(block))
			groups = append(groups, groupsIn(h)...)
		}
		if len(groups) > maxBounces {
			break
		}
	}
	return groups
}

// groupsIn parts the fields of several recipients between which the empty line
// (RFC 3464, 2.1) is missing.
func groupsIn(h letter.Header) []group {
	var groups []group
	begin := 0
	for i, f := range h {
		if part := h[begin:i]; recipientField(f.Name) && part.Has(f.Name) {
			groups, begin = appendGroup(groups, part), i
		}
	}
	return appendGroup(groups, h[begin:])
}

func appendGroup(groups []group, h letter.Header) []group {
	if h.Has("Final-Recipient") || h.Has("Original-Recipient") || h.Has("Action") && h.Has("Status") {
		return append(groups, group{h})
	}
	return groups
}

func recipientField(name string) bool {
	return strings.EqualFold(name, "Final-Recipient") || strings.EqualFold(name, "Original-Recipient")
}

// hasStatusLine looks for colons first: a pattern is slow in a long letter, and
// every letter is asked.
func hasStatusLine(body []byte) bool {
	const label = "-recipient"
	for rest := body; ; {
		before, after, found := bytes.Cut(rest, []byte(":"))
		if !found {
			return false
		}
		if len(before) >= len(label) && bytes.EqualFold(before[len(before)-len(label):], []byte(label)) {
			return statusLine.Match(body)
		}
		rest = after
	}
}

var statusLine = regexp.MustCompile(`(?im)^(final|original)-recipient:\s*\S`)

// statusFields is the proof by RFC 3464.
func statusFields(r *reading) []Bounce {
	var list []Bounce
	for _, g := range r.statusGroups() {
		switch g.action() {
		case "delivered", "relayed", "expanded":
			continue
		}
		recipient := g.recipient()
		if recipient == "" {
			continue
		}
		b := Bounce{Recipient: recipient, Status: statusCode.FindString(g.Get("Status"))}
		r.judge(&b, g.diagnostic())
		if g.action() == "delayed" {
			b.Reason, b.Hard = reasonDelayed, false
		}
		b.Hard = b.Hard && !g.wentOn(recipient)
		list = addBounce(list, b)
	}
	return list
}

// diagnostic is what the server said, as far as anybody needs it.
func (g group) diagnostic() string {
	said := g.Get("Diagnostic-Code")
	return said[:min(len(said), longestReply)]
}

// longestReply is how much of a server's words is looked at.
const longestReply = 4 << 10

// wentOn says whether the letter failed on its way from the address that we
// wrote to. That address may have others behind it, who were reached.
func (g group) wentOn(recipient string) bool {
	_, final, _ := strings.Cut(g.Get("Final-Recipient"), ";")
	final = onlyAddress(final)
	return final != "" && final != recipient
}

// recipient is whom we wrote to. The final recipient is where it went after
// any forwarding; programs fill in one, the other, or nonsense.
func (g group) recipient() string {
	for _, field := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		value := g.Get(field)
		if _, after, ok := strings.Cut(value, ";"); ok {
			value = after
		}
		if address := onlyAddress(value); address != "" {
			return address
		}
	}
	return ""
}

// failedRecipients is the proof by the header that Exim and Gmail write.
func failedRecipients(r *reading) []Bounce {
	var list []Bounce
	for _, value := range r.Header.All("X-Failed-Recipients") {
		for _, a := range letter.Addresses(value) {
			list = addBounce(list, Bounce{Recipient: strings.ToLower(a.Address)})
		}
	}
	return list
}

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	oneAddress = regexp.MustCompile(`(?i)(?:"[^"\s@]{1,64}"|[a-z0-9!#$%&'*+/=?^_{|}~.\-]{1,128})@(?:[a-z0-9](?:[a-z0-9\-_]*[a-z0-9])?\.)+[a-z0-9\-]{2,}`)
)

// onlyAddress is the address in a value, in small letters.
func onlyAddress(value string) string {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, "<@") || strings.HasPrefix(value, "@") { // a route
		if _, after, ok := strings.Cut(value, ":"); ok {
			value = after
		}
	}
	return strings.ToLower(strings.Trim(oneAddress.FindString(value), `'."`))
}

// addBounce adds a recipient, once; what a second mention knows more is kept.
func addBounce(list []Bounce, b Bounce) []Bounce {
	for i := range list {
		if list[i].Recipient == b.Recipient {
			if list[i].Reason == "" || list[i].Reason == unknownReason {
				list[i].Reason, list[i].Hard = b.Reason, b.Hard
			}
			if list[i].Status == "" {
				list[i].Status = b.Status
			}
			return list
		}
	}
	return append(list, b)
}
