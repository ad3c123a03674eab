package inbound

import (
	"net/mail"
	"strings"
	"sync"
	"time"

	"postroom/internal/letter"
)

// reading is one letter while it is being judged, with what several rules
// ask about worked out once.
type reading struct {
	letter.Letter
	ours     Ours
	now      time.Time
	notice   string // the text of a report, without the message it returns
	low      string // the notice in small letters
	returned []letter.Header
	phrases  string // the notice in small letters, on one line
	enclosed bool   // it stands in another report

	fromRobot     func() bool    // whether it comes from an address behind which nobody sits
	bounceSubject func() bool    // whether its subject is one that mail servers give to reports
	statusGroups  func() []group // the recipients of a delivery report
	recipients    func() []string
	notification  func() (notification, bool)
	bouncedTo     func() string // our message whose own bounce address it was sent to
}

func read(l letter.Letter, ours Ours, now time.Time) *reading {
	r := &reading{Letter: l, ours: ours, now: now}
	r.fromRobot = sync.OnceValue(r.sentByRobot)
	r.bounceSubject = sync.OnceValue(func() bool { return bounceSubject.MatchString(r.Subject) })
	r.statusGroups = sync.OnceValue(r.readStatusGroups)
	r.notification = sync.OnceValues(r.readNotification)
	r.recipients = sync.OnceValue(r.readRecipients)
	r.bouncedTo = sync.OnceValue(r.readBouncedTo)
	if r.suspect() {
		r.notice, r.returned = divide(l)
		r.notice = r.notice[:min(len(r.notice), 2*maxRead)]
		r.low = strings.ToLower(r.notice)
		r.phrases = oneLine(r.notice)
	}
	return r
}

// suspect says whether it is worth looking for a report in a letter: most
// letters are from people, and cost nothing more.
func (r *reading) suspect() bool {
	return r.kind() == "multipart/report" || r.fromRobot() || r.nullSender() || r.has("X-Failed-Recipients") ||
		r.has("Auto-Submitted") || r.bounceSubject() || r.bouncedTo() != "" || r.sender() == "" || r.partOf("message/")
}

func (r *reading) has(names ...string) bool {
	for _, name := range names {
		if r.Header.Has(name) {
			return true
		}
	}
	return false
}

// kind is the media type of the whole letter in small letters.
func (r *reading) kind() string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// reportType is the kind of a multipart/report (RFC 6522), or "".
func (r *reading) reportType() string {
	switch r.kind() {
	case "multipart/report":
	case "message/delivery-status": // without the multipart around it
		return "delivery-status"
	default:
		return ""
	}
	_, after, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), "report-type=")
	return strings.Trim(firstWord.FindString(strings.TrimLeft(after, `" `)), `"`)
}

// partOf says whether a part's media type begins so.
func (r *reading) partOf(prefix string) bool {
	for _, p := range r.Parts {
		if strings.HasPrefix(p.Type, prefix) {
			return true
		}
	}
	return false
}

// token is the first word of a header in small letters, without parameters
// and comments: "Auto-Submitted: Auto-Replied (vacation); x=y" is auto-replied.
func (r *reading) token(name string) string {
	value, _, _ := strings.Cut(r.Header.Get(name), ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}

// nullSender says whether the envelope named nobody to tell of failures,
// which is how automatic mail is sent (RFC 5321, 4.5.5).
func (r *reading) nullSender() bool {
	value := strings.TrimSpace(r.Header.Get("Return-Path"))
	return r.has("Return-Path") && (value == "<>" || value == "" || strings.EqualFold(value, "<MAILER-DAEMON>"))
}

// returnPath is the envelope sender in small letters, or "".
func (r *reading) returnPath() string {
	for _, a := range letter.Addresses(r.Header.Get("Return-Path")) {
		return strings.ToLower(a.Address)
	}
	return ""
}

// sender is whom the letter is from, in small letters, or "".
func (r *reading) sender() string {
	for _, a := range r.From {
		if _, err := mail.ParseAddress(a.Address); err == nil {
			return strings.ToLower(a.Address)
		}
	}
	return ""
}

// recipientFields are the headers in which the address stands that a letter
// was sent to; which of them are there depends on the provider.
var recipientFields = []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Resent-To", "X-Delivered-To", "X-Rcpt-To"}

// readRecipients lists every address that the letter says it was sent to.
func (r *reading) readRecipients() []string {
	var list []string
	for _, field := range recipientFields {
		for _, value := range r.Header.All(field) {
			for _, a := range letter.Addresses(value) {
				list = append(list, strings.ToLower(a.Address))
			}
		}
	}
	return list
}

// signedIDs returns where our Message-ID stands besides its own field, which
// providers may rewrite: in a field of ours, and where Microsoft puts aside what
// it has replaced.
func signedIDs(h letter.Header) []string {
	return append(h.All("X-Postroom-Loop"), h.All("X-Microsoft-Original-Message-ID")...)
}

// own returns the first of our messages that the ids name.
func (r *reading) own(ids ...string) string {
	if r.ours.OwnMessage == nil {
		return ""
	}
	for _, id := range ids {
		if id = strings.Trim(strings.TrimSpace(id), "<>"); id == "" {
			continue
		}
		if message, ours := r.ours.OwnMessage(id); ours {
			return message
		}
	}
	return ""
}

// without drops the part of an address after a plus: who owns person@ also
// owns person+anything@.
func without(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return address
	}
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

func oneLine(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Sender is the first address that a letter says it is from, in small letters
// and as it stands there, or "".
func Sender(l letter.Letter) string { return firstAddress(l.From) }

func firstAddress(list []letter.Address) string {
	if len(list) == 0 {
		return ""
	}
	return strings.ToLower(list[0].Address)
}

func addressesOf(list []letter.Address) []string {
	var addresses []string
	for _, a := range list {
		addresses = append(addresses, strings.ToLower(a.Address))
	}
	return addresses
}
