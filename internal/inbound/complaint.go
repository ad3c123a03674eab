package inbound

import (
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// complained recognises an abuse report (RFC 5965), and the older letters by
// which providers pass on that somebody pressed "junk".
func complained(r *reading, v *Verdict) string {
	if c, found := r.notifiedComplaint(); found {
		v.Complaint = &c
		r.tellAnswers(v)
		return "notification"
	}
	fields, because := r.feedback()
	if because == "" {
		return ""
	}
	c := Complaint{FeedbackType: strings.ToLower(strings.TrimSpace(fields.Get("Feedback-Type")))}
	c.addFields(fields, "Original-Rcpt-To", "Removal-Recipient", "X-HmXmrOriginalRecipient")
	for _, h := range r.returned {
		c.addReturned(h)
	}
	v.Complaint = &c
	r.tellAnswers(v)
	return because
}

func (c *Complaint) addFields(h letter.Header, names ...string) {
	for _, name := range names {
		for _, value := range h.All(name) {
			c.add(value)
		}
	}
}

// addReturned looks in the returned letter for who complains, where the report
// does not say it: providers cross addresses out, but seldom everywhere.
func (c *Complaint) addReturned(h letter.Header) {
	for _, find := range []func(letter.Header){
		func(h letter.Header) { c.addFields(h, "X-HmXmrOriginalRecipient") },
		c.addTo,
		func(h letter.Header) { c.addFields(h, "X-Rcpt-To", "X-Original-To", "Delivered-To", "Envelope-To") },
		c.addReceived,
	} {
		if len(c.Recipients) > 0 {
			return
		}
		find(h)
	}
}

func (c *Complaint) addTo(h letter.Header) {
	for _, a := range letter.Addresses(h.Get("To")) {
		c.add(a.Address)
	}
}

// addReceived takes the recipient that a server noted on the way (RFC 5321, 4.4).
func (c *Complaint) addReceived(h letter.Header) {
	for _, hop := range h.All("Received") {
		if m := receivedFor.FindStringSubmatch(hop); m != nil && len(c.Recipients) == 0 {
			c.add(m[1])
		}
	}
}

var receivedFor = regexp.MustCompile(`(?i)\sfor\s+<?([^\s<>;]+@[^\s<>;]+)`)

func (c *Complaint) add(value string) {
	address := onlyAddress(value)
	for _, known := range c.Recipients {
		if known == address {
			return
		}
	}
	if address != "" && len(c.Recipients) < maxBounces {
		c.Recipients = append(c.Recipients, address)
	}
}

// feedback finds the fields of a report.
func (r *reading) feedback() (fields letter.Header, because string) {
	for _, p := range r.Parts {
		if p.Type == "message/feedback-report" {
			h, _ := letter.ReadHeader(p.Body)
			return h, "feedback_report"
		}
	}
	switch {
	case r.reportType() == "delivery-status" || r.has("X-Failed-Recipients"):
		return nil, "" // whatever words the refusal or the returned letter has
	case r.reportType() == "feedback-report":
		return feedbackInText(r.Text), "feedback_report"
	case r.has("X-HmXmrOriginalRecipient"):
		return r.Header, "junk_mail_report"
	case complaintSubject.MatchString(r.Subject) && (r.partOf("message/rfc822") || r.returns()):
		return nil, "complaint_wording"
	case r.partOf("message/rfc822") && complaintWording.MatchString(oneLine(r.Text[:min(len(r.Text), maxRead)])):
		return nil, "complaint_wording"
	}
	return nil, ""
}

// feedbackInText reads the fields of a report that came as plain text.
func feedbackInText(text string) letter.Header {
	at := feedbackField.FindStringIndex(text)
	if at == nil {
		return nil
	}
	h, _ := letter.ReadHeader([]byte(text[at[0]:]))
	return h
}

var (
	feedbackField    = regexp.MustCompile(`(?im)^feedback-type:`)
	complaintSubject = regexp.MustCompile(`(?i)^\W*(complaint about (message|e-?mail)|(email )?(abuse|spam) (report|complaint|feedback)|feedback loop|client tos notification|junk mail report)`)
	complaintWording = regexp.MustCompile(`this is an? (email |e-mail )?(abuse|spam) report|(email )?abuse report (from|for)|marked (it |this )?as (spam|junk)|feedback loop`)
)
