package programme

import (
	"time"

	"postroom/internal/postroom"
)

// complaintDays is how long a complaint about data may wait for its
// acknowledgement: "within the period of 30 days beginning when the complaint is
// received" (Data Protection Act 2018, section 164A(3)). The day on which it came
// is the first of them, so the last is 29 days later.
const complaintDays = 29

// ByLaw says whether the law, and not the programme, says by when a person must
// have answered what was sent on a form of this kind.
func ByLaw(k postroom.FormKind) bool {
	return k == postroom.DataRequest || k == postroom.DataComplaint
}

// AnswerBy returns by when a person must have answered what was sent on a form
// of a kind: as soon as the programme promises, and what is about somebody's data
// by the last day that the law leaves.
func (p *Programme) AnswerBy(k postroom.FormKind, received time.Time, zone *time.Location) time.Time {
	switch k {
	case postroom.DataRequest:
		return monthAfter(received.In(zone))
	case postroom.DataComplaint:
		return received.In(zone).AddDate(0, 0, complaintDays)
	}
	return p.ReplyWithin.After(received, zone)
}

// monthAfter is the same day of the next month, or its last where that month is
// shorter (UK GDPR, Article 12(3)). A weekend puts nothing off: the law would
// allow it, and nobody should count on it.
func monthAfter(t time.Time) time.Time {
	next := t.AddDate(0, 1, 0)
	if next.Day() != t.Day() {
		next = next.AddDate(0, 0, -next.Day())
	}
	return next
}
