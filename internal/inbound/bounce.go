package inbound

import (
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// maxBounces is how many recipients one report may tell of.
const maxBounces = 200

// proof is one way in which a report says who was not reached. They are
// tried in order, the most exact first, and the first that names somebody is
// believed.
type proof struct {
	word string
	find func(r *reading) []Bounce
}

func proofs() []proof {
	return []proof{
		{"delivery_status", statusFields},
		{"failed_recipients", failedRecipients},
		{"text", textShapes},
		{"returned_message", returnedRecipients},
	}
}

// bounced recognises a report that something did not arrive, or has not yet.
func bounced(r *reading, v *Verdict) string {
	if !r.isBounce() {
		return ""
	}
	because := "bounce_wording"
	for _, p := range proofs() {
		if found := p.find(r); len(found) > 0 {
			v.Bounces, because = found[:min(len(found), maxBounces)], p.word
			break
		}
	}
	r.explain(v.Bounces)
	r.tellAnswers(v)
	return because
}

// delivered recognises a report that nothing went wrong: delivered, relayed
// or expanded, and nobody failed.
func delivered(r *reading, v *Verdict) string {
	groups := r.statusGroups()
	for _, g := range groups {
		switch g.action() {
		case "delivered", "relayed", "expanded":
		default:
			return ""
		}
	}
	if len(groups) == 0 {
		return ""
	}
	r.tellAnswers(v)
	return "delivered"
}

// tellAnswers names the message of ours that a report returns.
func (r *reading) tellAnswers(v *Verdict) {
	for _, h := range r.returned {
		ids := append(h.All("X-Postroom-Loop"), h.All("Message-ID")...)
		if own := r.own(ids...); own != "" {
			v.Answers, v.Because = own, append(v.Because, "returned_ours")
			return
		}
	}
}

// isBounce weighs the marks of a report. Not one of them is on every report,
// and each is on other letters too.
func (r *reading) isBounce() bool {
	switch {
	case r.reportType() == "delivery-status" || r.has("X-Failed-Recipients"):
		return true
	case (automaticSubject.MatchString(r.Subject) || softSubject.MatchString(r.Subject)) && !r.bounceSubject():
		return false
	}
	weight := 0
	for _, m := range bounceMarks() {
		if m.on(r) {
			weight += m.weight
		}
	}
	if r.personalEnvelope() {
		return weight >= enoughOfPerson
	}
	return weight >= enough
}

// enough is the weight of marks that makes a report.
const (
	enough         = 3
	enoughOfPerson = 4 // of a letter sent as people send: parcels are returned and not delivered too
)

// personalEnvelope says whether nothing but its words makes a letter a report.
func (r *reading) personalEnvelope() bool {
	return !r.fromNobody() && !r.autoSubmitted() && len(r.statusGroups()) == 0
}

type weighed struct {
	weight int
	on     func(r *reading) bool
}

func bounceMarks() []weighed {
	return []weighed{
		{3, func(r *reading) bool {
			return len(r.statusGroups()) > 0 && (r.fromNobody() || r.bounceSubject())
		}},
		{2, func(r *reading) bool { return r.fromDaemon() }},
		{1, func(r *reading) bool { return r.fromNobody() && !r.fromDaemon() }},
		{2, func(r *reading) bool { return r.bounceSubject() }},
		{1, func(r *reading) bool { return bounceWording.MatchString(r.phrases) }},
		{1, func(r *reading) bool { return r.shaped() && !r.autoSubmitted() }},
		{1, func(r *reading) bool { return r.returns() }},
		{-2, func(r *reading) bool { return r.listHeaders() && !r.fromDaemon() }},
	}
}

func (r *reading) fromNobody() bool { return r.fromRobot() || r.nullSender() }

// fromDaemon says whether a mail server wrote the letter.
func (r *reading) fromDaemon() bool {
	from := strings.ToLower(r.Header.Get("From") + " " + strings.Join(addressesOf(r.From), " "))
	return strings.TrimSpace(from) == "<>" || daemonName.MatchString(from)
}

// returns says whether a report carries the message it is about.
func (r *reading) returns() bool { return len(r.returned) > 0 }

// bounceSubject are the subjects that mail servers give to reports.
var bounceSubject = regexp.MustCompile(`(?i)^\W*(undeliver(ed|able)|(mail |message |e-?mail )?delivery (has )?(failed|failure|problem|error|notification|status|report|unsuccessful|incomplete)|` +
	`(message |mail )?delivery (status )?notification|failure (notice|delivery)|returned (mail|message|to sender)|mail (could not be|system error|failed|not)|` +
	`(your )?message (status|could not be|was not|not delivered|delayed)|mail delivery|undelivered|non[- ]?deliver|could not send message|rejected (mail|message)|` +
	`delivery (failure|failed|delayed)|unzustellbar|nicht zustellbar|warning: (could not|message)|error sending|mail status report|nondeliverable|` +
	`notification d.*tat de remise|non remis|échec|no se puede|notificaci.n de estado|erreur|auto: .*deliver|\W*bounce)|delivery failure|could not be delivered|returned to sender|not deliver(ed|able)`)

// bounceWording are the sentences in which mail servers say so.
var bounceWording = regexp.MustCompile(`not (be )?deliver(ed|able)|(could|can|can ?not|couldn.t|can.t|was not able|wasn.t able|unable)( not)?( to)?( be)? (deliver|send|relay)|undeliver|` +
	`delivery (to the following|has failed|failed|failure|error|attempt|problem|not)|failed to deliver|(has|have|was) (been )?(rejected|returned|bounced|refused)|returned (to|below|message|mail)|` +
	`did not reach|permanent (fatal )?error|user unknown|unknown user|no such (user|mailbox|recipient|account|address)|mailbox (is )?(full|unavailable|not found|exceeds)|quota|` +
	`following (recipients?|address(es)?)|recipient (address )?(rejected|unknown)|error (delivering|while|occurred)|non[- ]?deliver|not listed in|invalid (final|recipient|address|user)|` +
	`konnte nicht|nicht zugestellt|no pudo ser entregad|n'a pas pu|não foi entregue|\b5[0-9][0-9][ -]5\.[0-9]+\.[0-9]+|<<< 5[0-9][0-9]|failed addresses|no valid recipients|transcript of session|host unknown|unknown host`)

// divide parts the text of a report from the message that it returns, and
// reads the headers of the latter wherever they stand.
func divide(l letter.Letter) (notice string, returned []letter.Header) {
	var b strings.Builder
	for i, p := range l.Parts {
		switch {
		case p.Type == "message/rfc822" || p.Type == "text/rfc822-headers" || p.Type == "message/rfc822-headers" || p.Type == "message/partial":
			h, _ := letter.ReadHeader(p.Body)
			returned = append(returned, h)
		case p.Type == "message/delivery-status" || p.Type == "message/feedback-report" || p.Type == "message/global-delivery-status":
		case p.Type == "text/html" && i > 0 && strings.TrimSpace(b.String()) != "":
		case p.Type == "text/html":
			b.WriteString(letter.Plain(string(p.Body), nil) + "\n")
		case strings.HasPrefix(p.Type, "text/"):
			text, h := cutReturned(string(p.Body[:min(len(p.Body), maxRead)]))
			b.WriteString(text + "\n")
			if len(h) > 0 {
				returned = append(returned, h)
			}
		}
	}
	return b.String(), returned
}

// returnedMark is a line after which the returned message stands.
var returnedMark = regexp.MustCompile(`(?im)^[\s\-_=*|>]*(below (this line|is)[^\n]*copy|this is a copy of|(the )?(original|returned|unsent|undelivered|failed) (message|mail)\b[^\n]{0,40}$|message headers? follow|` +
	`the header of the original|message text follows|start of (the )?returned|(included is )?a copy of (the|your) (original |message)|attachment is a copy|mensaje original|` +
	`forwarded message|received headers|text of message|message header|original e?-?mail( info)?|your (original )?message (follows|reads|is below)|ursprüngliche nachricht|this is the message)[^\n]*\n` +
	`|^(Received: (from|by|\(qmail)|Return-Path: )`)

// cutReturned cuts a text before the message it returns.
func cutReturned(text string) (notice string, h letter.Header) {
	at := returnedMark.FindStringIndex(text)
	if at == nil {
		return text, nil
	}
	rest := strings.TrimLeft(text[at[0]:], "\r\n")
	if !strings.HasPrefix(rest, "Re") {
		rest = strings.TrimLeft(text[at[1]:], "\r\n \t-")
	}
	h, _ = letter.ReadHeader([]byte(rest))
	if len(h) < 2 {
		return text, nil
	}
	return text[:at[0]], h
}

// returnedRecipients takes the recipients of the returned message, when the
// report names nobody itself and there is only one.
func returnedRecipients(r *reading) []Bounce {
	for _, h := range r.returned {
		for _, field := range []string{"X-Failed-Recipients", "X-Rcpt-To", "To"} {
			if list := letter.Addresses(h.Get(field)); len(list) == 1 {
				return []Bounce{{Recipient: strings.ToLower(list[0].Address)}}
			}
		}
	}
	return nil
}
