package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"postroom/internal/config"
	"postroom/internal/letter"
	"postroom/internal/link"
	"postroom/internal/mailbox"
	"postroom/internal/oauth"
	"postroom/internal/outbound"
	"postroom/internal/store"
)

// lookAgain is how often a self-test looks whether its letters have come.
const lookAgain = 2 * time.Second

// selfTest sends letters from a mailbox to itself, to learn what becomes of
// them on the way: one whose envelope names its message, and one to an address
// with a plus.
type selfTest struct {
	logins
	links  *link.Signer
	server config.SMTPServer
	host   string        // of our Message-IDs
	wait   time.Duration // for the letters to come

	verp  string // the envelope's sender that was asked for
	id    string // Message-ID of the first letter, without angle brackets
	plus  string // that of the one to the plus-address
	first letter.Header
	other letter.Header
}

// SelfTest says how the letters of a mailbox arrive that leave by our first
// mail server, and which settings go with that.
func SelfTest(ctx context.Context, cfg config.Config, st *store.Store, log *slog.Logger, address string, wait time.Duration) ([]Step, error) {
	i := slices.IndexFunc(cfg.Mailboxes, func(m config.Mailbox) bool { return strings.EqualFold(m.Address, address) })
	if i < 0 {
		return nil, fmt.Errorf("there is no mailbox %s in the settings", address)
	}
	keys, err := secrets(cfg)
	if err != nil {
		return nil, err
	}
	links, err := link.New(new(Clock), linkKeys(keys))
	if err != nil {
		return nil, err
	}
	tokens := oauth.New(oauth.Options{Store: st, Clock: new(Clock), Log: log})
	t := &selfTest{logins: logins{cfg, cfg.Mailboxes[i], tokens}, links: links, server: sending(cfg), host: instance(cfg), wait: wait}
	if err := t.run(ctx); err != nil {
		return []Step{{Finding: Finding{What: "test letter", Err: err}, Do: t.undelivered()}}, nil
	}
	return t.verdicts(), nil
}

// sending is the mail server by which our mail leaves when all is well.
func sending(cfg config.Config) config.SMTPServer {
	_, ours, _ := strings.Cut(cfg.Organisation.From.Address, "@")
	i := slices.IndexFunc(cfg.SMTP, func(s config.SMTPServer) bool { return s.From == "" || strings.EqualFold(s.From, ours) })
	return cfg.SMTP[max(i, 0)]
}

func instance(cfg config.Config) string {
	if u, err := url.Parse(cfg.Organisation.BaseURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "localhost"
}

// run sends the letters and waits for them.
func (t *selfTest) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.wait+time.Minute)
	defer cancel()
	arrivals, err := mailbox.Watch(ctx, t.box, mailbox.Options{Token: mailboxToken(t.tokens)})
	if err != nil {
		return err
	}
	defer arrivals.Close(ctx)
	local, domain, _ := strings.Cut(t.box.Address, "@")
	t.id, t.plus = t.links.MessageID(uuid.NewString(), t.host), t.links.MessageID(uuid.NewString(), t.host)
	own, _, _ := strings.Cut(t.id, "@")
	t.verp = local + "+" + own + "@" + domain
	refused, err := t.send(ctx, t.verp, t.box.Address, t.id)
	if refused {
		_, err = t.send(ctx, t.box.Address, t.box.Address, t.id)
	}
	if err != nil {
		return err
	}
	if _, err := t.send(ctx, t.box.Address, local+"+test@"+domain, t.plus); err != nil {
		t.plus = "" // a server that does not even take such an address has answered
	}
	return t.await(ctx, arrivals)
}

func (t *selfTest) send(ctx context.Context, from, to, id string) (refused bool, err error) {
	head := []string{
		"From: <" + t.box.Address + ">", "To: <" + to + ">", "Subject: Test of the mailbox by postroom",
		"Message-ID: <" + id + ">", "X-Postroom-Loop: " + id, "Date: " + time.Now().Format(time.RFC1123Z),
		"Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All", "MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii",
	}
	body := strings.Join(head, "\r\n") + "\r\n\r\npostroom sent this to see how letters of this mailbox arrive. You may delete it.\r\n"
	return outbound.SendTest(ctx, mailServer(t.server, t.tokens), new(Clock), from, to, []byte(body))
}

// await looks for the letters until both are there or the time is up. Only the
// first has to come.
func (t *selfTest) await(ctx context.Context, arrivals *mailbox.Arrivals) error {
	until := time.NewTimer(t.wait)
	defer until.Stop()
	for {
		headers, err := arrivals.Look(ctx)
		if err != nil {
			return err
		}
		for _, h := range headers {
			t.take(h)
		}
		if t.first != nil && (t.other != nil || t.plus == "") {
			return nil
		}
		select {
		case <-time.After(lookAgain):
		case <-until.C:
			if t.first != nil {
				return nil
			}
			return fmt.Errorf("it did not arrive within %s", t.wait)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take keeps a header if it is of one of our letters, by whatever the provider
// has left of our marks.
func (t *selfTest) take(h letter.Header) {
	marks := slices.Concat(h.All("Message-ID"), h.All("X-Postroom-Loop"), h.All("X-Microsoft-Original-Message-ID"))
	for _, mark := range marks {
		id, ours := t.links.OwnMessageID(mark)
		switch {
		case ours && strings.HasPrefix(t.id, id+"."):
			t.first = h
		case ours && t.plus != "" && strings.HasPrefix(t.plus, id+"."):
			t.other = h
		}
	}
}

// verdicts says what was learnt, and which setting goes with it.
func (t *selfTest) verdicts() []Step {
	return []Step{t.identity(), t.plusAddress(), t.envelope()}
}

func (t *selfTest) identity() Step {
	s := Step{Finding: Finding{What: "our Message-ID"}}
	has := func(field string) bool {
		return slices.ContainsFunc(t.first.All(field), func(v string) bool { return strings.Contains(v, t.id) })
	}
	switch {
	case has("Message-ID"):
		s.Good = "arrives as it was sent"
	case has("X-Microsoft-Original-Message-ID"):
		s.Good = "is replaced, and Microsoft keeps ours aside, where we find it"
	case has("X-Postroom-Loop"):
		s.Good = "is replaced; our letters are known by another field of their header"
	default:
		s.Err = errors.New("is replaced, and nothing of ours is left in the header")
		s.Do = "tell the makers of postroom which provider this is"
	}
	return s
}

func (t *selfTest) plusAddress() Step {
	if t.other != nil {
		return chosen("plus-addresses", "arrive", "replies: plus", t.box.Replies == config.PlusReplies, "mailbox "+t.box.Address)
	}
	return chosen("plus-addresses", "did not arrive in time", "replies: plain", t.box.Replies == config.PlainReplies, "mailbox "+t.box.Address)
}

// envelope says whether a returned mail can name its message: the sender that
// we asked for has to arrive, and so has what is sent back to it.
func (t *selfTest) envelope() Step {
	kept := slices.ContainsFunc(t.first.All("Return-Path"), func(v string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(t.verp)) })
	where := "smtp server " + t.server.Name
	switch {
	case kept && t.other != nil:
		return chosen("our envelope sender", "arrives, and returned mail reaches us", "envelope: verp", t.server.Envelope == config.VERP, where)
	case kept:
		return chosen("our envelope sender", "arrives, but returned mail would not reach us", "envelope: plain", t.server.Envelope == config.PlainEnvelope, where)
	}
	return chosen("our envelope sender", "is replaced", "envelope: plain", t.server.Envelope == config.PlainEnvelope, where)
}

// chosen says which setting goes with what was learnt. A setting that differs
// is not a failure: plain works everywhere, and verp and plus work better.
func chosen(what, is, setting string, already bool, where string) Step {
	s := Step{Finding: Finding{What: what, Good: is + ": " + setting}}
	if already {
		s.Good += ", as in the settings"
		return s
	}
	s.Do = "write " + setting + " into the settings of " + where
	return s
}

// undelivered says where to look for a letter that did not come.
func (t *selfTest) undelivered() string {
	return "first see that every step of the login is ok; then look for the letter in Junk, in the Sent folder and in the quarantine of your provider"
}
