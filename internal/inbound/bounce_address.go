package inbound

import (
	"regexp"
	"strings"

	"postroom/internal/letter"
)

// readBouncedTo returns the id of our message that a letter was sent back for,
// when each of our messages has a return address of its own: whoever reports on
// it need not say anything else that we understand.
func (r *reading) readBouncedTo() string {
	if r.ours.BouncedTo == nil {
		return ""
	}
	for _, address := range append(r.recipients(), r.returnPath()) {
		if message, ours := r.ours.BouncedTo(address); ours {
			return message
		}
	}
	return ""
}

func (r *reading) bouncedIn(h letter.Header, fields ...string) string {
	if r.ours.BouncedTo == nil {
		return ""
	}
	for _, field := range fields {
		for _, value := range h.All(field) {
			for _, a := range letter.Addresses(value) {
				if message, ours := r.ours.BouncedTo(strings.ToLower(a.Address)); ours {
					return message
				}
			}
		}
	}
	return ""
}

// sentBack says whether a server sent the letter to the return address of one
// message of ours. An absent person's program answers that address too.
func (r *reading) sentBack() bool {
	return r.bouncedTo() != "" && (r.fromDaemon() || r.nullSender()) && !r.saysAbsent()
}

func (r *reading) saysAbsent() bool {
	replied := autoReplied.MatchString(r.token("Auto-Submitted")) && !r.fromDaemon()
	return replied || r.autoReplyHeader() || absentWording.MatchString(r.opening())
}

// tellAnswers names the message of ours that a report is about: by the address
// that it came to, by what it returns, or by the id that it quotes.
func (r *reading) tellAnswers(v *Verdict) {
	for _, told := range []struct {
		word string
		find func() string
	}{
		{"bounce_address", r.bouncedTo},
		{"returned_ours", r.returnedOurs},
		{"names_ours", r.namedOurs},
	} {
		if message := told.find(); message != "" {
			v.Answers, v.Because = message, append(v.Because, told.word)
			return
		}
	}
}

func (r *reading) returnedOurs() string {
	for _, h := range r.returned {
		if own := r.own(append(signedIDs(h), h.All("Message-ID")...)...); own != "" {
			return own
		}
		if own := r.bouncedIn(h, "Return-Path", "Errors-To"); own != "" {
			return own
		}
	}
	return ""
}

func (r *reading) namedOurs() string {
	for _, m := range quotedID.FindAllStringSubmatch(r.notice, 10) {
		if own := r.own(m[1]); own != "" {
			return own
		}
	}
	return ""
}

var quotedID = regexp.MustCompile(`(?i)\bmessage-?id:?\s*<([^\s<>]{3,250})>`)
