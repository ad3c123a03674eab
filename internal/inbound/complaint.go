package inbound

import (
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// complained recognises an abuse report (RFC 5965), and the older letters by
// which providers pass on that somebody pressed "junk".
func complained(r *reading, v *Verdict) string {
	fields, because := r.feedback()
	if because == "" {
		return ""
	}
	c := Complaint{FeedbackType: strings.ToLower(strings.TrimSpace(fields.Get("Feedback-Type")))}
	for _, name := range []string{"Original-Rcpt-To", "Removal-Recipient", "X-HmXmrOriginalRecipient"} {
		for _, value := range fields.All(name) {
			c.add(value)
		}
	}
	for _, h := range r.returned {
		if len(c.Recipients) == 0 {
			c.add(h.Get("X-HmXmrOriginalRecipient"))
		}
		if len(c.Recipients) == 0 {
			for _, a := range letter.Addresses(h.Get("To")) {
				c.add(a.Address)
			}
		}
	}
	v.Complaint = &c
	r.tellAnswers(v)
	return because
}

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
