package inbound

import (
	"bytes"
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
		{"notification", notified},
		{"failed_recipients", failedRecipients},
		{"bare_names", bareNames},
		{"text", textShapes},
		{"enclosed_report", enclosedReport},
		{"returned_message", returnedRecipients},
	}
}

// bounced recognises a report that something did not arrive, or has not yet.
func bounced(r *reading, v *Verdict) string {
	if !r.isBounce() || r.wantsVisit() {
		return ""
	}
	because := "bounce_wording"
	for _, p := range proofs() {
		if found := p.find(r); len(found) > 0 {
			v.Bounces, because = found[:min(len(found), maxBounces)], p.word
			break
		}
	}
	r.tellAnswers(v)
	if len(v.Bounces) == 0 && v.Answers != "" { // whom we wrote to is known
		v.Bounces = []Bounce{{}}
	}
	r.explain(v.Bounces)
	v.Bounces = r.withExpanded(v.Bounces)
	if r.saysDelayed() {
		for i := range v.Bounces {
			v.Bounces[i].Reason, v.Bounces[i].Hard = reasonDelayed, false
		}
	}
	return because
}

// saysDelayed recognises a report without fields of what may still arrive.
func (r *reading) saysDelayed() bool {
	return len(r.statusGroups()) == 0 && (delayedSubject.MatchString(r.Subject) || delayedWording.MatchString(r.phrases)) && !gaveUp.MatchString(r.phrases)
}

var (
	delayedSubject = regexp.MustCompile(`(?i)^\W*(warning: (could not send|message .{0,40}delayed)|(mail|message|e-?mail|delivery)( \S+)?( is| has been| was)? delayed|delayed (mail|message)|delivery (status )?notification \(delay\)|delivery delayed)`)
	delayedWording = regexp.MustCompile(`warning (message )?only|do not need to resend|no action is required (on|from) you|will (keep|continue|go on) (on )?(try|to try)|attempts will continue|still being retried|delivery will be retried|will (be )?retr(y|ied) for`)
	gaveUp         = regexp.MustCompile(`(giving|given|gave) up|permanent (fatal )?errors?|will not (be retried|keep|continue)|failed permanently|could not be delivered (for|within)|no longer`)
)

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
	because := "delivered"
	if len(groups) == 0 {
		because = r.saysDelivered()
	}
	if because != "" {
		r.tellAnswers(v)
	}
	return because
}

// saysDelivered recognises a report of success that has no fields.
func (r *reading) saysDelivered() string {
	switch {
	case r.notifies("Delivery"):
		return "notification"
	case r.fromDaemon() && deliveredSubject.MatchString(r.Subject) && !failedWording.MatchString(r.phrases):
		return "delivered_wording"
	}
	return ""
}

var (
	deliveredSubject = regexp.MustCompile(`(?i)^\W*(success(ful)? (mail )?delivery|delivered:|relayed:|(mail |message )?delivery (status )?(notification|report)?\W*(success|relay|delivered|successful)|your message was( successfully)? delivered)`)
	failedWording    = regexp.MustCompile(`not (be |been )?deliver|undeliver|fail|unable|returned|rejected`)
)

// isBounce weighs the marks of a report. Not one of them is on every report,
// and each is on other letters too.
func (r *reading) isBounce() bool {
	switch {
	case r.reportType() == "delivery-status" || r.has("X-Failed-Recipients"):
		return true
	case r.sentBack() || r.notifies("Bounce"):
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
	`notification d.*tat de remise|non remis|échec|no se puede|notificaci.n de estado|erreur|auto: .*deliver|onbestelbaar|non recapitabile|impossibile recapitare|mancata consegna|niedostarcz|nie można dostarczyć|zwrot wiadomości|` +
	`недостав|не доставлен|не вдалося доставити|повідомлення про недоставку|não (foi )?entregue|غیر ?قابل تحویل|تحویل نشد|\W*bounce)|delivery failure|could not be delivered|returned to sender|not deliver(ed|able)`)

// bounceWording are the sentences in which mail servers say so.
var bounceWording = regexp.MustCompile(`not (be )?deliver(ed|able)|(could|can|can ?not|couldn.t|can.t|was not able|wasn.t able|unable)( not)?( to)?( be)? (deliver|send|relay)|undeliver|` +
	`delivery (to the following|has failed|failed|failure|error|attempt|problem|not)|failed to deliver|(has|have|was) (been )?(rejected|returned|bounced|refused)|returned (to|below|message|mail)|` +
	`did not reach|permanent (fatal )?error|user unknown|unknown user|no such (user|mailbox|recipient|account|address)|mailbox (is )?(full|unavailable|not found|exceeds)|quota|` +
	`following (recipients?|address(es)?)|recipient (address )?(rejected|unknown)|error (delivering|while|occurred)|non[- ]?deliver|not listed in|invalid (final|recipient|address|user)|` +
	`konnte nicht|nicht zugestellt|no pudo ser entregad|n'a pas pu|não foi entregue|non è stato possibile recapitare|kan niet worden (bezorgd|afgeleverd)|nie został[ao]? dostarczon|nie można dostarczyć|не вдалося доставити|не було доставлено|\b5[0-9][0-9][ -]5\.[0-9]+\.[0-9]+|<<< 5[0-9][0-9]|failed addresses|no valid recipients|transcript of session|host unknown|unknown host`)

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

// enclosedReport is the proof of a report that another one brings: gateways wrap
// what a server told them.
func enclosedReport(r *reading) []Bounce {
	if r.enclosed {
		return nil
	}
	for _, p := range r.Parts {
		if p.Type != "message/rfc822" || !bytes.Contains(p.Body[:min(len(p.Body), maxRead)], []byte("report")) {
			continue
		}
		inner := read(letter.Read(p.Body), r.ours, r.now)
		inner.enclosed = true
		var v Verdict
		if inner.isBounce() && bounced(inner, &v) != "" {
			return v.Bounces
		}
	}
	return nil
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
