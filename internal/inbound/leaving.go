package inbound

import (
	"regexp"

	"postroom/internal/letter"
)

// leaves is the subscription that an address among the recipients ends.
func (r *reading) leaves() string {
	if r.ours.Leaves == nil {
		return ""
	}
	for _, address := range r.recipients() {
		if subscription, ours := r.ours.Leaves(address); ours {
			return subscription
		}
	}
	return ""
}

// leavingAddress recognises a letter to an address that is there to end one
// subscription (RFC 2369, section 3.2). Mail programs write such letters by
// themselves, and some mark them so; an automatic reply is something else.
func leavingAddress(r *reading, v *Verdict) string {
	if v.Leaves == "" || r.token("Auto-Submitted") == "auto-replied" {
		return ""
	}
	return "unsubscribe_address"
}

// longestProgram is how long what a mail program writes by itself may be.
const longestProgram = 400

var programWords = regexp.MustCompile(`\b(automatically (generated|sent|created)|sent this (e ?mail|message) to unsubscribe|unsubscribe request)\b`)

// SaysMore says whether a letter to an address that ends a subscription says
// more than that: whoever wrote it themselves may have written about something
// else.
func SaysMore(l letter.Letter, v Verdict) bool {
	said := plainWords(v.text(l))
	program := len(said) <= longestProgram && programWords.MatchString(said)
	return said != "" && !isLeaving(said) && !program
}

// OnlyLeaves says whether the whole of a letter asks to get no more news, so
// that it may be acted on. A subject of its own may be about something else, as
// "stop it" below "my neighbour" is; and who wants to be taken out of a database
// wants more than no news.
func OnlyLeaves(l letter.Letter, v Verdict) bool {
	said, reply := plainWords(v.Visible), replySubject.MatchString(l.Subject)
	subject := plainWords(replySubject.ReplaceAllString(l.Subject, ""))
	switch {
	case reply && v.Answers == "":
		return false // to staff's own letter, perhaps
	case erasing.MatchString(said) || erasing.MatchString(subject) && !reply:
		return false
	case said == "":
		return !reply && isLeaving(subject)
	case vagueLeaving.MatchString(said) && !reply && !isLeaving(subject):
		return false
	}
	return isLeaving(said) && (subject == "" || reply || isLeaving(subject) || newsSubject.MatchString(subject))
}

var (
	// erasing are words of who wants that nothing is kept about them.
	erasing = regexp.MustCompile(`\b(delete|database)\b`)
	// vagueLeaving are words that do not say what they ask to leave.
	vagueLeaving = regexp.MustCompile(`^(please |pls )?(remove me|take me off|видаліть( мене)?|(لطفا |لطفاً )?مرا حذف کنید|(مهرباني وکړئ )?(ما لرې کړئ|زما نوم لرې کړئ))( please| будь ласка| لطفا| لطفاً| ممنون| تشکر| مهرباني| مننه)*$`)
	// newsSubject is a subject that is about news.
	newsSubject = regexp.MustCompile(`^(your |the |our |ваш[аі]? |наш[аі]? )?(e ?mails?|news|news ?letters?|mailing( list)?|розсилк[аи]|новини|خبرنامه|خبرها|خبرپاڼه|خبرونه)$`)
)
