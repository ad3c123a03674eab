package outbound

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// times makes a hook of answers: one for each call, then none.
func times[T any](answers ...error) func(T) error {
	var n atomic.Int64
	return func(T) error {
		if i := int(n.Add(1)); i <= len(answers) {
			return answers[i-1]
		}
		return nil
	}
}

func always[T any](answer error) func(T) error { return func(T) error { return answer } }

func TestServerThatIsFullIsTriedLater(t *testing.T) {
	t.Parallel()
	for name, behave := range map[string]testserver.SinkOption{
		"at MAIL":             testserver.OnMail(times[string](testserver.Reply(451, "later"))),
		"at RCPT":             testserver.OnRcpt(times[string](testserver.Reply(450, "greylisted"))),
		"at DATA":             testserver.OnBody(times[testserver.Mail](testserver.Reply(452, "disk is full"))),
		"after the final dot": testserver.OnData(times[testserver.Mail](testserver.Reply(451, "scanner is away"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, behave)
			m := r.owe(r.ann())
			outcome := r.deliver(m)
			if now := r.state(m); now.State != postroom.Deferred || !strings.HasPrefix(now.Reason, "45") {
				t.Errorf("the message is %s (%s)", now.State, now.Reason)
			}
			if job := r.job(m); outcome.Verdict != store.Again || job.Tries != 1 || !job.DueAt.Equal(moment.Add(time.Minute)) {
				t.Errorf("%d tries, due %v", job.Tries, job.DueAt)
			}
			r.clock.forward(time.Minute)
			r.deliver(m)
			r.expect(m, postroom.Sent, "")
			if got := r.sink.Messages(); len(got) != 1 || r.sink.Connections() != 2 {
				t.Errorf("%d mails over %d connections; an error must end its connection", len(got), r.sink.Connections())
			}
		})
	}
}

func TestRefusedMessageHasFailedAndSomebodyCalls(t *testing.T) {
	t.Parallel()
	unknown := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<ann@example.org>: no such person"}
	for name, c := range map[string]struct {
		behave testserver.SinkOption
		reason string
		dead   bool
	}{
		"nobody has the address": {testserver.OnRcpt(always[string](unknown)), "550 5.1.1 <…>: no such person", true},
		"blocked at RCPT":        {testserver.OnRcpt(always[string](testserver.Reply(550, "you are on a list"))), "550 5.0.0 you are on a list", false},
		"after the final dot":    {testserver.OnData(always[testserver.Mail](testserver.Reply(554, "it looks like spam"))), "554 5.0.0 it looks like spam", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, c.behave)
			m := r.owe(r.ann())
			r.deliver(m)
			r.expect(m, postroom.Failed, c.reason)
			if job := r.job(m); job.State != postroom.JobDead || job.Reason != c.reason {
				t.Errorf("the job is %s (%s)", job.State, job.Reason)
			}
			if calls := r.calls(); len(calls) != 1 || calls[0].Message != m.ID || !r.told(m) {
				t.Errorf("the calls to make are %+v", calls)
			}
			dead, err := r.store.Read(t.Context()).AddressDead("ann@example.org")
			if err != nil || dead != c.dead {
				t.Errorf("the address is dead: %v (%v)", dead, err)
			}
		})
	}
}

func TestPuttingOffEndsAfterTwoDays(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnRcpt(always[string](testserver.Reply(452, "mailbox is full"))))
	m := r.owe(r.ann())
	for r.job(m).State == postroom.JobDue {
		if due := r.job(m).DueAt; due.After(r.clock.Now()) {
			r.clock.forward(due.Sub(r.clock.Now()))
		}
		r.deliver(m)
	}
	r.expect(m, postroom.Failed, "452 4.0.0 mailbox is full")
	if took := r.clock.Now().Sub(moment); took < 45*time.Hour || took > 52*time.Hour {
		t.Errorf("given up after %v", took)
	}
	if len(r.calls()) != 1 {
		t.Error("nobody is asked to call")
	}
}

func TestLostAnswerIsRepeatedOnceUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnData(times[testserver.Mail](testserver.DropKeeping)))
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Deferred, ReasonAnswerLost)
	if job := r.job(m); job.Tries != 0 {
		t.Errorf("a lost answer used %d tries", job.Tries)
	}
	r.clock.forward(doubtRest)
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
	var ids []string
	for _, got := range r.sink.Messages() {
		ids = append(ids, unpack(t, got.Data).header.Get("Message-Id"))
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("the copies are %q", ids)
	}
}

func TestAnswerLostTwiceIsShownNotSent(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnData(always[testserver.Mail](testserver.DropKeeping)))
	m := r.owe(r.ann())
	r.deliver(m)
	r.clock.forward(doubtRest)
	r.deliver(m)
	r.expect(m, postroom.Uncertain, ReasonAnswerLost)
	if job := r.job(m); job.State != postroom.JobDead || len(r.sink.Messages()) != 2 || !r.told(m) {
		t.Errorf("the job is %s after %d copies", job.State, len(r.sink.Messages()))
	}
}

func TestCoordinatorsAreNotToldOfTheirOwnMail(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnRcpt(always[string](testserver.Reply(550, "no"))))
	m := r.ann()
	m.Template, m.Contact, m.Form = "please-call", "", ""
	m = r.owe(m)
	r.deliver(m)
	r.expect(m, postroom.Failed, "550 5.0.0 no")
	if r.told(m) || len(r.calls()) != 0 {
		t.Error("one mail to a coordinator causes the next")
	}
}

// subscribed is a welcome to somebody who is on the list.
func (r *room) subscribed() postroom.Message {
	r.t.Helper()
	m := r.ann()
	m.Template = "newsletter-welcome"
	r.write(func(tx *store.Tx) error {
		sub, err := tx.Subscribe(postroom.Subscription{List: "news", Programme: "cag", Contact: m.Contact, Address: m.To, Locale: "en", Submission: m.Submission, AskedAt: moment})
		if err != nil {
			return err
		}
		m.About = sub.ID
		_, _, err = tx.ConfirmSubscription(sub.ID, moment)
		return err
	})
	return m
}

// news is a newsletter copy that may be sent.
func (r *room) news() postroom.Message {
	r.t.Helper()
	m := r.subscribed()
	m.Form = ""
	return r.owe(m)
}

func TestNewsWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnData(always[testserver.Mail](testserver.DropKeeping)))
	m := r.news()
	r.deliver(m)
	r.expect(m, postroom.Uncertain, ReasonAnswerLost)
}

// dieSending leaves a message as a process does that dies before the answer.
func (r *room) dieSending(m postroom.Message) {
	r.t.Helper()
	job := r.hand(m)
	if _, kept, err := r.begin(r.t.Context(), job, nil); kept != nil || err != nil {
		r.t.Fatalf("the message does not begin: %+v, %v", kept, err)
	}
	r.expect(m, postroom.Sending, "")
	r.die()
}

func TestProcessThatDiesWhileSendingRepeatsAServiceMessageOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.owe(r.ann())
		r.dieSending(m)
		r.deliver(m)
		r.expect(m, postroom.Sent, "")
		if now := r.state(m); now.Doubts != 1 || len(r.sink.Messages()) != 1 {
			t.Errorf("%d doubts, %d mails", now.Doubts, len(r.sink.Messages()))
		}
	})
}

func TestProcessThatDiesTwiceWhileSendingShowsTheMessage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.owe(r.ann())
		r.dieSending(m)
		r.dieSending(m)
		r.deliver(m)
		r.expect(m, postroom.Uncertain, ReasonAnswerLost)
		if n := len(r.sink.Messages()); n != 0 || !r.told(m) {
			t.Errorf("%d mails left", n)
		}
		if err := r.SendAgain(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
		r.deliver(m)
		r.expect(m, postroom.Sent, "")
	})
}

func TestNewsThatWasBeingSentWhenTheProcessDiedIsShown(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.news()
	r.dieSending(m)
	r.deliver(m)
	r.expect(m, postroom.Uncertain, ReasonAnswerLost)
	if n := len(r.sink.Messages()); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

func TestDoubtfulMessageIsNotRepeatedAgainstAHold(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.owe(r.ann())
	r.dieSending(m)
	r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) })
	r.deliver(m)
	r.expect(m, postroom.Uncertain, ReasonAnswerLost)
}

func TestOutageMakesMailWaitWithoutATry(t *testing.T) {
	t.Parallel()
	for name, behave := range map[string]testserver.SinkOption{
		"421 instead of a greeting":  testserver.OnConnect(times[int](testserver.Reply(421, "busy"))),
		"hangs up before a greeting": testserver.OnConnect(times[int](testserver.Drop)),
		"421 at MAIL":                testserver.OnMail(times[string](testserver.Reply(421, "closing"))),
		"hangs up at MAIL":           testserver.OnMail(times[string](testserver.Drop)),
		"wants a login":              testserver.OnMail(times[string](testserver.Reply(530, "log in first"))),
		"refuses us as a sender":     testserver.OnMail(times[string](testserver.Reply(553, "not you"))),
		"421 at RCPT":                testserver.OnRcpt(times[string](testserver.Reply(421, "closing"))),
		"hangs up at RCPT":           testserver.OnRcpt(times[string](testserver.Drop)),
		"421 at DATA":                testserver.OnBody(times[testserver.Mail](testserver.Reply(421, "closing"))),
		"421 after the final dot":    testserver.OnData(times[testserver.Mail](testserver.Reply(421, "closing"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, behave)
			m := r.owe(r.ann())
			r.deliver(m)
			r.expect(m, postroom.Deferred, ReasonServerAway)
			job := r.job(m)
			if pause := job.DueAt.Sub(moment); job.Tries != 0 || pause < firstRest || pause > 2*firstRest {
				t.Errorf("%d tries, due in %v", job.Tries, pause)
			}
			r.clock.forward(2 * firstRest)
			r.deliver(m)
			r.expect(m, postroom.Sent, "")
		})
	}
}

// A message with which the server hangs up each time must not keep the others
// waiting for ever, nor itself.
func TestMessageThatBreaksTheConnectionEachTimeIsGivenUp(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnRcpt(func(to string) error {
		if strings.Contains(to, "poison") {
			return testserver.Drop
		}
		return nil
	}))
	c, s := r.person(postroom.Contact{Name: "P", Address: "poison@example.org", Reach: postroom.ReachEmail})
	m := r.owe(acknowledgement(c, s))
	for range mostLosses {
		r.deliver(m)
		r.expect(m, postroom.Deferred, ReasonServerAway)
		if n := r.job(m).Tries; n != 0 {
			t.Errorf("an outage used %d tries", n)
		}
		r.clock.forward(2 * lastRest)
	}
	r.deliver(m)
	if job := r.job(m); job.Tries != 1 || r.state(m).State != postroom.Deferred {
		t.Errorf("%d tries, %s", job.Tries, r.state(m).State)
	}
	other := r.owe(r.ann())
	r.deliver(other)
	r.expect(other, postroom.Sent, "")
	for r.job(m).State == postroom.JobDue {
		if due := r.job(m).DueAt; due.After(r.clock.Now()) {
			r.clock.forward(due.Sub(r.clock.Now()))
		}
		r.deliver(m)
	}
	if now := r.state(m); now.State != postroom.Failed || !r.told(m) {
		t.Errorf("the message is %s (%s)", now.State, now.Reason)
	}
}

func TestServerThatIsAwayIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.sink.Down()
	first, second := r.owe(r.ann()), r.owe(r.ann())
	r.deliver(first)
	r.sink.Up()
	r.deliver(second)
	r.expect(second, postroom.Deferred, ReasonServerAway)
	if n := r.sink.Connections(); n != 0 {
		t.Errorf("%d connections to a server that had just been away", n)
	}
}

func TestWhatIsKeptBackIsSettledDuringAnOutageToo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.sink.Down()
	c, s := r.person(postroom.Contact{Name: "Bo", Phone: "+441908000000", Reach: postroom.ReachPhone})
	m := r.owe(acknowledgement(c, s))
	r.deliver(m)
	r.expect(m, postroom.Suppressed, ReasonNoAddress)
	if len(r.calls()) != 1 {
		t.Error("nobody is asked to call while the mail server is away")
	}
}

func TestSecondServerStandsIn(t *testing.T) {
	t.Parallel()
	spare := testserver.SMTPSink(t)
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) {
		o.Servers = append(o.Servers, serverAt(t, "spare", spare.Addr))
		elsewhere := serverAt(t, "elsewhere", spare.Addr)
		elsewhere.From = "other.example"
		o.Servers = append([]Server{elsewhere}, o.Servers...)
	})
	r.sink.Down()
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
	if len(spare.Messages()) != 1 {
		t.Error("the spare server has no mail")
	}
}

func TestConnectionIsKeptAndReplacedWhenTheServerEndedIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for range 3 {
		m := r.ann()
		m.Form = ""
		r.deliver(r.owe(m))
	}
	if n := r.sink.Connections(); n != 1 || len(r.sink.Messages()) != 3 {
		t.Errorf("%d mails took %d connections", len(r.sink.Messages()), n)
	}
	r.sink.Down()
	r.sink.Up()
	m := r.ann()
	m.Form = ""
	m = r.owe(m)
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
}

func TestServerThatSaysNothingIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) { o.Servers[0].Patience = 200 * time.Millisecond },
		testserver.OnMail(func(string) error { <-release; return nil }))
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Deferred, ReasonServerAway)
}

func TestShutdownCutsTheConversation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	r := newRoom(t, testserver.OnRcpt(func(string) error { cancel(); <-release; return nil }))
	m := r.owe(r.ann())
	job := r.hand(m)
	r.settle(job, r.Deliver(ctx, job))
	if now := r.state(m); now.State != postroom.Deferred {
		t.Errorf("the message is %s (%s)", now.State, now.Reason)
	}
}

func TestMessageIsSentWithAPasswordOverTLS(t *testing.T) {
	t.Parallel()
	server, client := testserver.TLS(t)
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) {
		o.Servers[0].Security, o.Servers[0].RootCAs = StartTLS, client.RootCAs
		o.Servers[0].Username, o.Servers[0].Password = "office", "secret"
	}, testserver.RequireAuth("office", "secret"), testserver.StartTLS(server))
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
}

func TestWrongPasswordIsOursToMendNotTheMessagesEnd(t *testing.T) {
	t.Parallel()
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) {
		o.Servers[0].Username, o.Servers[0].Password = "office", "wrong"
	}, testserver.RequireAuth("office", "secret"))
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Deferred, ReasonServerAway)
}

func TestServerWithoutEncryptionIsNotUsedWhereItIsAsked(t *testing.T) {
	t.Parallel()
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) { o.Servers[0].Security = StartTLS })
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Deferred, ReasonServerAway)
}

func TestLetterThatCannotBeWrittenIsShown(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c, s := r.person(postroom.Contact{Name: "Ann", Address: "not an address", Reach: postroom.ReachEmail})
	m := r.owe(acknowledgement(c, s))
	r.deliver(m)
	r.expect(m, postroom.Failed, ReasonUnwritable)
	if len(r.calls()) != 1 {
		t.Error("nobody is asked to call")
	}
}

func TestBounceNamesItsMessageWhereTheServerAllowsIt(t *testing.T) {
	t.Parallel()
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) { o.Servers[0].VERP = true })
	m := r.owe(r.ann())
	r.deliver(m)
	got := r.sink.Wait(1)[0].From
	own, tagged := strings.CutPrefix(got, "office+")
	if id, ours := r.links.OwnMessageID(own); !tagged || !ours || id != m.ID {
		t.Errorf("the envelope's sender is %s", got)
	}
	long := server{Server: Server{VERP: true}}
	if got := long.envelope("a-rather-long-name@example.org", m); got != "a-rather-long-name@example.org" {
		t.Errorf("%s is too long for a mail server", got)
	}
}

func TestReasonsHoldNoAddress(t *testing.T) {
	t.Parallel()
	f := fail(rcptTo, errors.New("550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown; try bo@example.org\r\nx"))
	if want := "550 5.1.1 <…>: Recipient address rejected: User unknown; try … x"; f.reason() != want {
		t.Errorf("%q, want %q", f.reason(), want)
	}
}

func TestBreakerRestsLongerEachTimeAndLetsOneTry(t *testing.T) {
	t.Parallel()
	clock := &handClock{now: moment}
	b := &breaker{clock: clock}
	for _, want := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		if ok, _ := b.try(); !ok {
			t.Fatalf("the server may not be tried before a rest of %v", want)
		}
		at := b.away()
		if got := at.Sub(clock.Now()); got < want || got > want+want/5 {
			t.Errorf("rests %v, want %v and a little", got, want)
		}
		if b.away(); b.rest != want {
			t.Errorf("a second worker that found it away made the rest %v", b.rest)
		}
		if ok, _ := b.try(); ok {
			t.Error("the server is tried although it rests")
		}
		clock.forward(want)
	}
	if ok, _ := b.try(); !ok {
		t.Error("nobody tries after the rest")
	}
	if ok, _ := b.try(); ok {
		t.Error("two try at once")
	}
	b.well()
	if ok, _ := b.try(); !ok || !b.closed() {
		t.Error("a server that answers is left alone")
	}
}

func TestClosedOutboxKeepsNoConnection(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.deliver(r.owe(r.ann()))
	r.Close()
	if n := len(r.servers[0].kept); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}
