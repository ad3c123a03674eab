package inbound

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// oldest is the age beyond which a letter is not answered any more: an
// answer would surprise, and an imported mailbox is full of such letters.
const oldest = 48 * time.Hour

// mostReceived is how many servers a letter may have passed (RFC 5321, 6.3).
const mostReceived = 25

// objection is one reason not to answer a letter automatically.
type objection struct {
	word  string
	holds func(r *reading, v Verdict) bool
}

// objections is the whole list of what the letter itself may say against an
// answer. Any one is enough, whatever the letter is. How often somebody was
// answered already is asked elsewhere.
func objections() []objection {
	return []objection{
		{"own", func(_ *reading, v Verdict) bool { return v.Own != "" }},
		{"own_mailbox", func(r *reading, _ Verdict) bool { return r.fromMailbox() }},
		{"not_a_person", func(_ *reading, v Verdict) bool { return notAPerson(v.Class) }},
		{"null_sender", func(r *reading, _ Verdict) bool { return r.nullSender() }},
		{"no_sender", func(r *reading, _ Verdict) bool { return r.sender() == "" }},
		{"robot_sender", func(r *reading, _ Verdict) bool { return r.fromRobot() || robotPath.MatchString(r.returnPath()) }},
		{"auto_submitted", func(r *reading, _ Verdict) bool { return r.autoSubmitted() }},
		{"precedence", func(r *reading, _ Verdict) bool { return bulkWords.MatchString(r.token("Precedence")) }},
		{"list", func(r *reading, _ Verdict) bool {
			return r.anyPrefix("list-") || r.has("Mailing-List", "X-Mailing-List")
		}},
		{"suppress", func(r *reading, _ Verdict) bool {
			return suppressWords.MatchString(r.Header.Get("X-Auto-Response-Suppress"))
		}},
		{"automatic_header", func(r *reading, _ Verdict) bool { return r.automaticHeader() }},
		{"report", func(r *reading, _ Verdict) bool { return r.kind() == "multipart/report" }},
		{"too_many_hops", func(r *reading, _ Verdict) bool { return len(r.Header.All("Received")) > mostReceived }},
		{"own_host_twice", func(r *reading, _ Verdict) bool { return r.cameByTwice(r.ours.Host) }},
		{"spam", func(r *reading, _ Verdict) bool { return r.spam() }},
		{"dmarc_fail", func(r *reading, _ Verdict) bool { return r.refusedByPolicy() }},
		{"too_old", func(r *reading, _ Verdict) bool { return !r.Date.IsZero() && r.now.Sub(r.Date) > oldest }},
		{"bcc", func(r *reading, _ Verdict) bool { return r.onlyBcc() }},
	}
}

func (r *reading) against(v Verdict) []string {
	var words []string
	for _, o := range objections() {
		if o.holds(r, v) {
			words = append(words, o.word)
		}
	}
	return words
}

func notAPerson(class postroom.LetterClass) bool {
	switch class {
	case postroom.LetterUnsubscribe, postroom.LetterReply, postroom.LetterSubmission, postroom.LetterUnknown:
		return false
	}
	return true
}

var (
	robotName     = regexp.MustCompile(`^(mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|post[-_.]?master|no[-_.]?reply.*|.+[-_.+]no[-_.]?reply|do[-_.]?not[-_.]?reply.*|bounces?|bounces?[-_+=].*|.+[-_+]bounces?|listserv|majordomo|.+-request|owner-.*|double-bounce|nobody|autoreply|auto-?responder|vacation|symantec[-_].*antivirus.*)@`)
	robotPath     = regexp.MustCompile(`^(owner-.*|.+-(request|owner|bounces?|admin)(\+.*)?|bounces?([-_+=].*)?|mailer-daemon|double-bounce|no-?reply.*)@`)
	bulkWords     = regexp.MustCompile(`^(bulk|list|junk|auto[-_]?reply)`)
	suppressWords = regexp.MustCompile(`(?i)\b(all|autoreply|oof)\b`)
)

// sentByRobot says whether the letter comes from an address behind which nobody
// sits. Sender is the robot of our own list where that brought the letter.
func (r *reading) sentByRobot() bool {
	if slices.ContainsFunc(addressesOf(r.From), robotName.MatchString) || !r.ownList() && slices.ContainsFunc(addressesOf(r.Sender), robotName.MatchString) {
		return true
	}
	from := strings.ToLower(r.Header.Get("From"))
	return r.Header.Has("From") && (strings.TrimSpace(from) == "<>" || daemonName.MatchString(from))
}

var daemonName = regexp.MustCompile(`mail(er)?[-_.]?daemon|mdaemon\b|post[-_.]?master|\b(mail|message) (delivery|system|transport|router|administrator)|(delivery|mail) subsystem|system administrator`)

// fromMailbox says whether an answer would come back to ourselves.
func (r *reading) fromMailbox() bool {
	for _, address := range append(addressesOf(r.From), addressesOf(r.ReplyTo)...) {
		if slices.Contains(r.ours.Mailboxes, address) || slices.Contains(r.ours.Mailboxes, without(address)) {
			return true
		}
	}
	return false
}

// cameByTwice says whether a letter was with a host of ours more than once on
// its way, as only mail that goes in a circle is.
func (r *reading) cameByTwice(host string) bool {
	times := 0
	for _, hop := range r.Header.All("Received") {
		words := strings.Fields(strings.ToLower(hop))
		for i, word := range words {
			if word == "by" && i+1 < len(words) && strings.TrimRight(words[i+1], ".;") == host {
				times++
			}
		}
	}
	return host != "" && times > 1
}

// autoSubmitted reads RFC 3834, 5: anything but "no" is automatic.
func (r *reading) autoSubmitted() bool {
	return r.has("Auto-Submitted") && r.token("Auto-Submitted") != "no" && r.token("Auto-Submitted") != ""
}

func (r *reading) anyPrefix(prefix string) bool {
	for _, f := range r.Header {
		if len(f.Name) > len(prefix) && strings.EqualFold(f.Name[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// automaticHeader finds the headers by which programs said "do not answer"
// before and beside RFC 3834.
func (r *reading) automaticHeader() bool {
	if r.has("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply", "X-Autogenerated", "X-Auto-Generated", "X-Loop", "X-No-Ack", "X-Vacation") {
		return true
	}
	return r.token("X-Ack") == "no" || r.token("Feedback-ID") != "" && strings.Contains(strings.ToLower(r.Header.Get("Feedback-ID")), "bulk")
}

// spam says whether a filter on the way found the letter to be spam. Nobody
// gains by forging that.
func (r *reading) spam() bool {
	return r.token("X-Spam-Flag") == "yes" || strings.HasPrefix(r.token("X-Spam-Status"), "yes") || r.token("X-Spam") == "yes" ||
		strings.Contains(strings.ToUpper(r.Header.Get("X-Forefront-Antispam-Report")), "SFV:SPM")
}

// onlyBcc says whether none of our mailboxes is named where a letter says
// whom it is for.
func (r *reading) onlyBcc() bool {
	if len(r.ours.Mailboxes) == 0 {
		return false
	}
	for _, address := range r.recipients() {
		if slices.Contains(r.ours.Mailboxes, address) || slices.Contains(r.ours.Mailboxes, without(address)) {
			return false
		}
		if r.ours.ReplyTo != nil {
			if _, ours := r.ours.ReplyTo(address); ours {
				return false
			}
		}
	}
	return true
}
