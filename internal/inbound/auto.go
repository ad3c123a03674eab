package inbound

import (
	"regexp"
	"strings"
)

// receipted recognises a receipt for reading (RFC 8098) and the answer of a
// calendar to an invitation (RFC 5546).
func receipted(r *reading, _ *Verdict) string {
	if r.reportType() == "disposition-notification" || r.partOf("message/disposition-notification") {
		return "disposition_notification"
	}
	for _, p := range r.Parts {
		if p.Type == "text/calendar" && (strings.EqualFold(p.Params["method"], "REPLY") || calendarReply.Match(p.Body[:min(len(p.Body), 4<<10)])) {
			return "calendar_reply"
		}
	}
	return ""
}

var calendarReply = regexp.MustCompile(`(?im)^METHOD:[ \t]*REPLY[ \t]*\r?$`)

// challenged recognises a system that lets letters through only after their
// sender has proved to be a person.
func challenged(r *reading, _ *Verdict) string {
	switch {
	case r.has("X-Boxbe-Challenge", "X-Challenge-Response", "X-TMDA-Confirm"):
		return "challenge_header"
	case r.wantsVisit():
		return "challenge_in_report"
	}
	said, may := r.Subject+" \n "+r.Text[:min(len(r.Text), 4<<10)], r.mayChallenge()
	allows := mentions(said, "address")
	if !may && !allows {
		return ""
	}
	switch head := oneLine(said); {
	case allows && allowListWording.MatchString(head):
		return "challenge_wording"
	case may && challengeWording.MatchString(head):
		return "challenge_wording"
	}
	return ""
}

// wantsVisit says whether every refusal of a report asks a person to visit a page,
// and so to let the letters of this server through: a person has to do that.
func (r *reading) wantsVisit() bool {
	groups := r.statusGroups()
	for _, g := range groups {
		if !visitWording.MatchString(oneLine(g.diagnostic())) {
			return false
		}
	}
	return len(groups) > 0
}

var visitWording = regexp.MustCompile(`(requires? (a )?confirmation|(challenge|sender) verification).{0,120}https?://|https?://\S+ to (confirm|verify) (this|your|that you)`)

// mentions says whether a word of small letters of ASCII, without k and i whose
// capitals are not all of ASCII, stands anywhere in a text.
func mentions(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// mayChallenge says whether anything but its words speaks for a challenge. It
// is asked before them, because looking for those takes longest of all.
func (r *reading) mayChallenge() bool {
	return len(r.HTML) < 200<<10 && (r.fromRobot() || r.nullSender() || r.autoSubmitted() || challengeSubject.MatchString(r.Subject))
}

var (
	challengeSubject = regexp.MustCompile(`(?i)(confirm|verif|action required|waiting|authoriz|approve|needs? (your )?(confirmation|approval)|not (yet )?delivered|challenge|permission|please (respond|reply))`)
	allowListWording = regexp.MustCompile(`(your|have your|the) (e-?mail )?address (be )?(added|put) (to|on|in) [^.]{0,30}(allowed|approved|safe|white|guest) ?-?(senders? )?list`)
	challengeWording = regexp.MustCompile(`(message|e-?mail|mail)[^.]{0,80}(held|waiting|quarantine|pending|hold|deliver)[^.]{0,160}(confirm|verif|click|reply|prove)|challenge[- /]response|(prove|verify|confirm|ensure) (that )?you(.re| are)( not| a| an)? (a )?(real |human|person|legitimate|robot|spam)|` +
		`to (confirm|verify|authenticate|validate) (that )?(you|your) (sent|message|e-?mail|are|address)|(one[- ]time|single) (confirmation|verification)|not in my (address|contact|allowed|approved|white)|(added to|on) (my|the|his|her|our) (white ?list|guest ?list|approved senders|safe senders)|anti-?spam[^.]{0,60}(confirm|verify|reply|click)`)
)

// mark is one way in which a program says that no person wrote.
type mark struct {
	word string
	on   func(r *reading) bool
}

func marks() []mark {
	return []mark{
		{"auto_replied", func(r *reading) bool { return autoReplied.MatchString(r.token("Auto-Submitted")) }},
		{"auto_reply_header", func(r *reading) bool { return r.autoReplyHeader() }},
		{"precedence_auto_reply", func(r *reading) bool { return autoReplied.MatchString(r.token("Precedence")) }},
		{"exchange_out_of_office", func(r *reading) bool {
			return r.has("X-MS-Exchange-Inbox-Rules-Loop") && strings.Contains(strings.ToLower(r.Header.Get("X-Auto-Response-Suppress")), "all")
		}},
		{"subject", func(r *reading) bool { return r.automaticSubject() && !r.printsForm() }},
		{"automatic_and_absent", func(r *reading) bool {
			return r.automaticEnvelope() && absentWording.MatchString(r.opening()) && !r.printsForm()
		}},
	}
}

// automatic recognises out-of-office replies and their like (RFC 3834).
// "auto-generated" alone is not one: the mails of web forms say that too, with
// a person behind them.
func automatic(r *reading, v *Verdict) string {
	for _, m := range marks() {
		if m.on(r) {
			v.Back = returnDate(r.Subject+"\n"+r.Text[:min(len(r.Text), 8<<10)], r.sentAt())
			return m.word
		}
	}
	return ""
}

var autoReplied = regexp.MustCompile(`^auto[-_ ]?(repl(y|ied)|notified|response)`)

// autoReplyHeader finds the headers of particular programs: Gmail, Exim,
// iCloud, Zimbra and hosters.
func (r *reading) autoReplyHeader() bool {
	if value := r.token("X-Autoreply"); value != "" && value != "no" {
		return true
	}
	return r.has("X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply", "X-Autoreply-From", "X-Vacation", "X-Autogenerated-Reply") ||
		strings.EqualFold(r.token("X-Apple-Action"), "vacation") || strings.HasPrefix(r.token("X-Autogenerated"), "reply") ||
		strings.Contains(strings.ToLower(r.Header.Get("Delivered-To")), "autoresponder") ||
		strings.Contains(strings.ToLower(r.Header.Get("X-POST-MessageClass")), "autoresponder")
}

// automaticEnvelope says whether the letter was sent as programs send.
func (r *reading) automaticEnvelope() bool {
	return r.nullSender() || r.autoSubmitted() || r.bulkPrecedence() || suppressWords.MatchString(r.Header.Get("X-Auto-Response-Suppress")) || r.fromRobot() || r.automaticHeader()
}

func (r *reading) opening() string {
	return oneLine(r.Subject + " " + r.Text[:min(len(r.Text), 2<<10)])
}

// automaticSubject says whether a program gave the letter its subject. People
// write such words too, and in need of help: something besides the subject has
// to say that nobody wrote, and the softer the subject, the more.
func (r *reading) automaticSubject() bool {
	switch {
	case replySubject.MatchString(r.Subject):
		return false
	case automaticSubject.MatchString(r.Subject):
		return r.automaticEnvelope() || absentWording.MatchString(oneLine(r.Text[:min(len(r.Text), 1<<10)]))
	}
	return softSubject.MatchString(r.Subject) && r.automaticEnvelope()
}

// softSubject are subjects that programs write and people as well.
var softSubject = regexp.MustCompile(`(?i)^\W*(auto:|on (vacation|holiday|leave)|i am (out|away|on)|thank you for (your e-?mail|contacting)\W*$)`)

// automaticSubject are the subjects that programs write, at the beginning of
// one; a person's answer to such a letter has its Re: before it.
var automaticSubject = regexp.MustCompile(`(?i)^\W*(auto(matic|mated|mat)?[- ]?(reply|response|answer|responder|antwort)|auto[- ]?re(ply|sponse)?:|out of (the )?office|out of office|ooo\b|away from (the|my) (office|mail|desk)|` +
	`vacation (reply|message|notice)|holiday (reply|notice)|automatische (antwort|rückantwort)|abwesenheit|außer haus|nicht im büro|réponse automatique|reponse automatique|absence du bureau|` +
	`respuesta autom|fuera de la oficina|risposta automatica|fuori (sede|ufficio)|automatisch(e)? antwoord|afwezig|autosvar|automatisk svar|frånvaro|fravær|odpowied. automatyczna|automatyczna odpowied|automaattinen vastaus|automatická odpov|` +
	`автоматична відповідь|автовідповідь|автоответ|автоматический ответ|поза офісом|پاسخ خودکار|پاسخ اتوماتیک|اتومات ځواب|اوتومات ځواب|自动回复|自動返信|自動回覆|resposta automática|ausência)`)

// absentWording are the sentences of people who are away.
var absentWording = regexp.MustCompile(`out of (the )?office|(on|auf) (annual |maternity |sick |parental )?(leave|vacation|holiday|urlaub)|away (from|until|on|till)|(back|return(ing)?) (in|to|on|at) (the |my )?(office|work|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)|` +
	`limited access to (my )?(e-?)?mail|(currently|be) (away|unavailable|out|absent)|not (be )?(in the office|available|able to (read|respond|reply|answer))|no longer (work|with|employ)|abwesen|nicht (im (büro|haus)|erreichbar)|en vacances|absent|fuera de|de vacaciones|` +
	`urlop|nieobecn|у відпустці|не в офісі|відсутн|в отпуске|مرخصی|رخصت|بیرون از دفتر|vacation|received your (e-?mail|message)|automat(ic|ed) (reply|response|message)|auto-?(reply|respon)`)
