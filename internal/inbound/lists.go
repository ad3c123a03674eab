package inbound

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// listed recognises mailing lists and bulk mail. The list that is our own front
// door is neither: a person wrote, and the list only brought it. Neither is the
// form of a website, whatever the website's provider marks its mails with.
func listed(r *reading, _ *Verdict) string {
	switch {
	case r.listHeaders() && !r.ownList() && !r.printsForm():
		return "list_header"
	case listWords.MatchString(r.token("Precedence")) && r.bulkPrecedence() && !r.printsForm():
		return "precedence"
	case strings.Contains(strings.ToLower(r.Header.Get("Feedback-ID")), "bulk") && !r.printsForm():
		return "feedback_id"
	}
	return ""
}

// listHeaders says whether a list sent the letter on (RFC 2369, RFC 2919).
func (r *reading) listHeaders() bool {
	return r.has("List-Id", "List-Post", "List-Help", "List-Unsubscribe", "List-Subscribe", "List-Archive", "Mailing-List", "X-Mailing-List")
}

// ownList says whether the list that sent the letter on is one of our mailboxes:
// many organisations have a group address for a front door. List-Id has a dot
// for the @ (RFC 2919, section 3).
func (r *reading) ownList() bool {
	id := strings.ToLower(r.Header.Get("List-Id"))
	id = strings.TrimSpace(id[strings.LastIndexByte(id, '<')+1:])
	post := strings.ToLower(r.Header.Get("List-Post"))
	return slices.ContainsFunc(r.ours.Mailboxes, func(mailbox string) bool {
		return strings.TrimSuffix(id, ">") == strings.Replace(mailbox, "@", ".", 1) || strings.Contains(post, "<mailto:"+mailbox+">")
	})
}

// bulkPrecedence says whether a program marked the letter as one of many. Our
// own list marks every letter so.
func (r *reading) bulkPrecedence() bool {
	precedence := r.token("Precedence")
	return bulkWords.MatchString(precedence) && (precedence != "list" || !r.ownList())
}

var listWords = regexp.MustCompile(`^(list|bulk)$`)

// leaving recognises somebody who asks to get no more newsletters. The whole
// of what they wrote must be that: a word of it in a longer letter is for a
// person to read.
func leaving(r *reading, v *Verdict) string {
	if r.sender() == "" {
		return ""
	}
	said := plainWords(v.Visible)
	subject := plainWords(replySubject.ReplaceAllString(r.Subject, ""))
	switch {
	case isLeaving(said):
		return "unsubscribe_text"
	case isLeaving(subject) && len(strings.Fields(said)) <= mostLeavingWords:
		return "unsubscribe_subject"
	}
	return ""
}

// mostLeavingWords is how long a letter may be whose subject asks to leave.
const mostLeavingWords = 40

// longestLeaving is how many bytes of words are too many to ask only that.
const longestLeaving = 200

func isLeaving(words string) bool {
	return words != "" && len(words) < longestLeaving && leavingWords.MatchString(words)
}

// leavingWords is a whole letter that asks to leave a list, in the languages
// of our forms.
var leavingWords = regexp.MustCompile(`^(hi |hello |dear \w+ |good \w+ )?(please |pls |can you |could you |kindly |i want to |i would like to |i wish to )*(unsubscribe|un subscribe|opt out|remove me|take me off|stop (sending|emailing|mailing)|delete me from|stop( it)?|no more (e ?mails|newsletters))` +
	`( please| me| my (e ?mail|address|name)| us| from| of| this| the| your| all| any| further| future| more| mailing| e ?mails?| news ?letters?| lists?| database| messages| sending| \S+@\S+| now| thanks?| thank you| to| \S+ communications?)*$` +
	`|^(будь ласка |прошу )?(відпишіть|відписатися|відписатись|відписка|видаліть)( мене| від| зі| з| цієї| вашої| розсилки| списку| будь ласка)*$` +
	`|^(لطفا |لطفاً )?(لغو اشتراک|لغو عضویت|مرا حذف کنید|اشتراک (من|مرا) را لغو کنید|اشتراکم را لغو کنید|دیگر ایمیل نفرستید)( لطفا| لطفاً| ممنون| تشکر)*$` +
	`|^(مهرباني وکړئ )?(ګډون لغوه کړئ|زما ګډون لغوه کړئ|زما نوم لرې کړئ|ما لرې کړئ|ګډون لغو کړئ)( مهرباني| مننه)*$`)

// plainWords is a text in small letters with single blanks and without
// punctuation, or the beginning of one that is too long to ask to leave.
func plainWords(s string) string {
	var b strings.Builder
	words := 0
	for word := range strings.FieldsFuncSeq(s[:min(len(s), maxRead)], betweenWords) {
		if words > mostLeavingWords && b.Len() >= longestLeaving {
			break
		}
		if words > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToLower(word))
		words++
	}
	return b.String()
}

func betweenWords(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(".,;:!?\"'()[]-–—،؛؟\u200c", r)
}
