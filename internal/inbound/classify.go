package inbound

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
)

// maxRead is how much of a text the rules look at.
const maxRead = 64 << 10

// rule is one kind of letter. found says by what it was recognised, or
// returns "" and leaves v as it was.
type rule struct {
	class postroom.LetterClass
	found func(r *reading, v *Verdict) string
}

// order is the order in which kinds of letter are looked for. Reports come
// first: a third of all bounces also call themselves an automatic reply, and
// many go out through lists. People come last, but for those who wrote on a
// website: such letters have all the marks of robots, and are known by who
// sends them.
func order() []rule {
	return []rule{
		{postroom.LetterSubmission, fromSite},
		{postroom.LetterComplaint, complained},
		{postroom.LetterReceipt, receipted},
		{postroom.LetterDeliveredNotice, delivered},
		{postroom.LetterBounce, bounced},
		{postroom.LetterChallenge, challenged},
		{postroom.LetterUnsubscribe, leavingAddress},
		{postroom.LetterAutoReply, automatic},
		{postroom.LetterList, listed},
		{postroom.LetterUnsubscribe, leaving},
		{postroom.LetterReply, replied},
		{postroom.LetterSubmission, personal},
	}
}

// Classify says what a letter is before anything tries to answer it. now is
// for the age of the letter.
func Classify(l letter.Letter, ours Ours, now time.Time) (v Verdict) {
	v = Verdict{Class: postroom.LetterUnknown, Visible: l.Text, Against: []string{"unreadable"}}
	defer func() { _ = recover() }() // what breaks a rule is unknown and not answered
	r := read(l, ours, now)
	v.Own = r.own(append([]string{l.MessageID}, signedIDs(r.Header)...)...)
	v.Answers = cmp.Or(r.own(l.Refs()...), r.bouncedTo())
	v.Reference = r.reference()
	v.Leaves = r.leaves()
	v.CommandsOf = r.commandsOf()
	v.Staff = r.fromStaff()
	v.Verified = r.verified()
	v.Visible = Visible(l)
	for _, rule := range order() {
		if because := rule.found(r, &v); because != "" {
			v.Class, v.Because = rule.class, append(v.Because, because)
			break
		}
	}
	v.Behind = r.behind(v)
	v.Against = r.againstAnswer(v, r.against(v))
	v.Answerable = len(v.Against) == 0
	return v
}

// reference is what a signed reply address among the recipients names.
func (r *reading) reference() string {
	if r.ours.ReplyTo == nil {
		return ""
	}
	for _, address := range r.recipients() {
		if reference, ours := r.ours.ReplyTo(address); ours {
			return reference
		}
	}
	return ""
}

// fromStaff says whether one of our own people wrote it. Anybody can write
// such an address into From; what may be done with it depends on Verified.
func (r *reading) fromStaff() bool {
	for _, a := range r.From {
		address := strings.ToLower(a.Address)
		if slices.Contains(r.ours.Staff, address) || slices.Contains(r.ours.Mailboxes, without(address)) || slices.Contains(r.ours.Mailboxes, address) {
			return true
		}
	}
	return false
}

// replied recognises an answer to something of ours. Where nothing is known
// of what we sent, every answer may be one.
func replied(r *reading, v *Verdict) string {
	switch {
	case v.Reference != "":
		return "reply_address"
	case v.Answers != "":
		return "answers_ours"
	case r.ours.OwnMessage == nil && r.ours.ReplyTo == nil && r.sender() != "" && r.answersSomething():
		return "answers_something"
	}
	return ""
}

func (r *reading) answersSomething() bool { return answers(r.Letter) }

// answers says whether a letter looks like an answer, rather than a first
// letter or one that is passed on.
func answers(l letter.Letter) bool {
	return (len(l.InReplyTo) > 0 || len(l.References) > 0 || replySubject.MatchString(l.Subject)) && !forwardSubject.MatchString(l.Subject)
}

var (
	firstWord      = regexp.MustCompile(`^[^\s;]*`)
	replySubject   = regexp.MustCompile(`(?i)^\s*(re|aw|sv|vs|antw|odp|rif|res|ynt|відп|відповідь|на|پاسخ|ځواب)(\[\d+\])?\s*[:：]`)
	forwardSubject = regexp.MustCompile(`(?i)^\s*(fwd?|wg|tr|rv|enc|i|doorst|перес|пересл|باز ?ارسال)(\[\d+\])?\s*[:：]`)
)

// personal recognises a letter that somebody wrote and that can be answered.
func personal(r *reading, v *Verdict) string {
	said := strings.TrimSpace(v.Visible) != "" || strings.TrimSpace(r.Text) != ""
	if r.sender() == "" || !said && !r.saidInSubject() {
		return ""
	}
	return "personal"
}

// saidInSubject says whether a letter without a text says all in its subject, as
// many write on a telephone. Where a file, an answer or what could not be read
// may be meant, a person has to look.
func (r *reading) saidInSubject() bool {
	return len(r.Attachments) == 0 && len(r.Problems) == 0 && !r.answersSomething() &&
		!forwardSubject.MatchString(r.Subject) && !noSubject.MatchString(r.Subject)
}

// noSubject is a subject without a word in it, also as mail programs write it.
var noSubject = regexp.MustCompile(`(?i)^[^\pL\pN]*(no subject|без теми|без темы|بدون موضوع)?[^\pL\pN]*$`)
