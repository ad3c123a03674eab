package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// stage is how far a message had come when something went wrong.
type stage int

const (
	connecting stage = iota
	mailFrom
	rcptTo
	data
	content  // writing the message: a server forgets what has no end
	finalDot // the end was written: only the answer tells what became of it
)

// String names a stage as failpoints do.
func (s stage) String() string {
	return [...]string{"smtp: connect", "smtp: MAIL", "smtp: RCPT", "smtp: DATA", "smtp: content", "smtp: final dot"}[s]
}

// failure is why a message was not, or perhaps not, taken by the server.
type failure struct {
	at   stage
	code int    // of the server's answer; 0 when there was none
	text string // of that answer, or of the error, without addresses

	until time.Time // when to ask again for a permit; zero where that was not why
}

// meaning is what a failure comes to.
type meaning int

const (
	unreachable meaning = iota // the server is away: the message waits, no try is used
	putOff                     // this message may be taken later
	refused                    // this message will never be taken
	unanswered                 // nobody can say whether it was taken
	unpermitted                // the server was not asked: we may not send more at the moment
)

// mean sorts failures. A lost connection is code 0, which is an outage at
// every stage but the last, as 421 is (RFC 5321, section 3.8).
func (f *failure) mean() meaning {
	switch {
	case !f.until.IsZero():
		return unpermitted
	case f.at == finalDot && f.code < 400:
		return unanswered
	case f.at == connecting, f.code == 0, f.code == 421, f.aboutUs():
		return unreachable
	case f.code >= 500:
		return refused
	}
	return putOff
}

// aboutUs says whether the answer is about us rather than about the message:
// we are not to send from our address, or not without another login (RFC 4954,
// section 6). No message has failed by that; somebody has to mend the settings.
func (f *failure) aboutUs() bool {
	login := f.code == 530 || f.code == 534 || f.code == 535 || f.code == 538
	return login || f.at == mailFrom && f.code >= 500
}

// lost says whether the connection ended in the middle of the message.
func (f *failure) lost() bool { return f.code == 0 && f.at > mailFrom && f.at < finalDot }

// deadAddress says whether the server knows that nobody has this address
// (RFC 3463, section 3.2). A 550 alone may as well be about our reputation.
func (f *failure) deadAddress() bool {
	return f.at == rcptTo && f.code >= 500 && (strings.HasPrefix(f.text, "5.1.1 ") || strings.HasPrefix(f.text, "5.1.2 ") ||
		strings.HasPrefix(f.text, "5.1.3 ") || strings.HasPrefix(f.text, "5.1.6 ") || strings.HasPrefix(f.text, "5.1.10 "))
}

// level is how loudly to say so.
func (f *failure) level() slog.Level {
	switch {
	case !f.until.IsZero():
		return slog.LevelInfo
	case f.aboutUs():
		return slog.LevelError
	}
	return slog.LevelWarn
}

// reason is what a person reads about it.
func (f *failure) reason() string {
	if f.code == 0 {
		return f.text
	}
	return fmt.Sprintf("%d %s", f.code, f.text)
}

var addressLike = regexp.MustCompile(`[^\s<>"]+@[^\s<>"]+`)

// fail makes a failure of an error. A server's answer may repeat the address,
// which has no place in a reason.
func fail(at stage, err error) *failure {
	f := &failure{at: at, text: err.Error()}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		f.code, f.text = answer.Code, answer.Msg
	}
	f.text = addressLike.ReplaceAllString(tidy(f.text), "…")
	if signs := []rune(f.text); len(signs) > 200 {
		f.text = string(signs[:200]) + "…"
	}
	return f
}

// connect returns a connection to the first server that can be had. If none
// can, it says why, and when to try again.
func (o *Outbox) connect(ctx context.Context) (*server, *connection, *absence) {
	away := &absence{}
	for _, s := range o.route() {
		ok, at := s.try()
		if !ok {
			away.add(at, "")
			continue
		}
		c, err := s.take(ctx)
		if err == nil {
			return s, c, nil
		}
		o.log.Log(ctx, loudness(err), "mail server is away", "server", s.Name, "err", fail(connecting, err).text)
		away.add(s.away(), fail(connecting, err).text)
	}
	if away.until.IsZero() {
		away.add(o.clock.Now().Add(lastRest), "")
	}
	return nil, nil, away
}

// loudness is how loudly to say that a server cannot be had: a login that does
// not work is for somebody to mend, any other outage ends by itself.
func loudness(err error) slog.Level {
	if errors.Is(err, errNoToken) {
		return slog.LevelError
	}
	return fail(connecting, err).level()
}

// absence is that no server can be had.
type absence struct {
	until  time.Time
	reason string
	why    string // as a locale key; "" is that the servers are away
}

// says returns why, as a locale key.
func (a *absence) says() string { return cmp.Or(a.why, ReasonServerAway) }

func (a *absence) add(at time.Time, reason string) {
	if a.until.IsZero() || at.Before(a.until) {
		a.until = at
	}
	if a.reason == "" {
		a.reason = reason
	}
}

// route lists the servers for our mail, those that answer first.
func (o *Outbox) route() []*server {
	var answer, away []*server
	for _, s := range o.servers {
		switch {
		case s.From != "" && !strings.EqualFold(s.From, domain(o.org.From.Address)):
		case s.closed():
			answer = append(answer, s)
		default:
			away = append(away, s)
		}
	}
	return append(answer, away...)
}

// send hands a message to a server and returns the connection for the next
// one, or why the message was not taken: then the connection is ended, because
// nothing is certain about it any more. A kept connection that the server has
// ended meanwhile is replaced once: nothing was said on it yet. Nothing is said
// at all without a permit.
func (o *Outbox) send(ctx context.Context, s *server, c *connection, m postroom.Message, body []byte) (*connection, *failure) {
	permit, none := o.permit(ctx, s, m)
	if none != nil {
		s.keep(c)
		return nil, none
	}
	defer permit.end(ctx)
	from := s.envelope(o.sender(m), m)
	failed := c.converse(ctx, s.Patience, from, m.To, body)
	if failed != nil && c.used && failed.at == mailFrom && failed.mean() == unreachable {
		c.drop()
		fresh, err := s.dial(ctx)
		if err != nil {
			return nil, fail(connecting, err)
		}
		c = fresh
		if !permit.good() {
			s.keep(c)
			return nil, &failure{at: mailFrom, text: ReasonNoPermit, until: o.clock.Now()}
		}
		failed = c.converse(ctx, s.Patience, from, m.To, body)
	}
	if failed != nil {
		c.drop()
		return nil, failed
	}
	s.well()
	c.used = true
	return c, nil
}

// envelope returns the sender in the envelope: our address, or one that names
// the message in a way only we can have written.
func (s *server) envelope(from string, m postroom.Message) string {
	local, at, _ := strings.Cut(from, "@")
	own, _, _ := strings.Cut(m.MessageID, "@")
	if long := local + "+" + own; s.VERP && len(long) <= 64 { // RFC 5321, section 4.5.3.1.1
		return long + "@" + at
	}
	return from
}
