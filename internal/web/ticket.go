package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// ticket stands in a form that was shown, signed, so that sending it twice is
// known to be sending it twice.
type ticket struct {
	token   string
	key     string
	version string    // of the form as it was shown; "" if it brought no ticket of ours
	made    time.Time // zero then, too
}

// ticketLife is longer than anybody leaves a page open before coming back.
const ticketLife = 30 * 24 * time.Hour

func (s *Server) newTicket(form *programme.Form) ticket {
	t := ticket{key: rand.Text(), version: form.Version, made: s.Clock.Now()}
	subject := strings.Join([]string{form.Name, t.key, strconv.FormatInt(t.made.UnixMilli(), 36), t.version}, "|")
	t.token = s.Links.Make(link.Ticket, subject, t.made.Add(ticketLife))
	return t
}

// openTicket reads a ticket. A missing, old or foreign one is no reason to
// turn anybody away: they get a fresh one.
func (s *Server) openTicket(form *programme.Form, token string) ticket {
	fresh := s.newTicket(form)
	fresh.version, fresh.made = "", time.Time{}
	subject, err := s.Links.Open(token, link.Ticket)
	if err != nil {
		return fresh
	}
	parts := strings.Split(subject, "|")
	if len(parts) != 4 || parts[0] != form.Name {
		return fresh
	}
	millis, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil {
		return fresh
	}
	return ticket{token: token, key: parts[1], version: parts[3], made: time.UnixMilli(millis)}
}

// keyFor is the idempotency key of these answers on this ticket. A double
// click is the same key; going back to mend an answer is another, or the
// mended answer would be lost without a word. The answers cannot be guessed
// from it, because the ticket's own key is not kept.
func (t ticket) keyFor(answers postroom.Answers) string {
	written, err := json.Marshal(answers)
	if err != nil {
		panic(err) // texts always marshal
	}
	sum := sha256.Sum256(append([]byte(t.key+"|"), written...))
	return "web:" + base64.RawURLEncoding.EncodeToString(sum[:16])
}
