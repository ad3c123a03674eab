package testserver_test

import (
	"crypto/tls"
	"errors"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"

	"postroom/internal/testserver"
)

func send(sink *testserver.Sink, to ...string) error {
	return smtp.SendMail(sink.Addr, nil, "club@example.org", to, []byte(letter))
}

// codeOf returns the SMTP code of an error; 0 means the connection was lost.
func codeOf(err error) int {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code
	}
	return 0
}

func TestSinkKeepsWhatItAccepts(t *testing.T) {
	t.Parallel()
	sink := testserver.SMTPSink(t)
	go func() { _ = send(sink, "person@example.org") }()
	got := sink.Wait(1)[0]
	if got.From != "club@example.org" || got.To[0] != "person@example.org" || string(got.Data) != letter {
		t.Errorf("kept %+v", got)
	}
	if len(sink.To("person@example.org")) != 1 || len(sink.To("nobody@example.org")) != 0 || sink.Connections() != 1 {
		t.Errorf("mail for the person: %v, connections %d", sink.To("person@example.org"), sink.Connections())
	}
}

func TestSinkAnswersAsTheHookSays(t *testing.T) {
	t.Parallel()
	str := func(err error) func(string) error { return func(string) error { return err } }
	mail := func(err error) func(testserver.Mail) error { return func(testserver.Mail) error { return err } }
	for name, c := range map[string]struct {
		option testserver.SinkOption
		code   int // 0: the connection is lost
		kept   int
	}{
		"421 instead of a greeting":         {testserver.OnConnect(func(int) error { return testserver.Reply(421, "too busy") }), 421, 0},
		"no greeting at all":                {testserver.OnConnect(func(int) error { return testserver.Drop }), 0, 0},
		"sender refused for now":            {testserver.OnMail(str(testserver.Reply(451, "try later"))), 451, 0},
		"recipient refused":                 {testserver.RefuseRcpt("person@example.org"), 550, 0},
		"lost at the recipient":             {testserver.OnRcpt(str(testserver.Drop)), 0, 0},
		"lost before the final dot":         {testserver.OnBody(mail(testserver.Drop)), 0, 0},
		"message refused for now":           {testserver.OnData(mail(testserver.Reply(452, "full"))), 452, 0},
		"message refused":                   {testserver.OnData(mail(testserver.Reply(554, "spam"))), 554, 0},
		"421 after the final dot":           {testserver.OnData(mail(testserver.Reply(421, "going down"))), 421, 0},
		"lost after the dot, not kept":      {testserver.OnData(mail(testserver.Drop)), 0, 0},
		"kept, and the answer lost":         {testserver.OnData(mail(testserver.DropKeeping)), 0, 1},
		"authentication required, not done": {testserver.RequireAuth("room", "secret"), 502, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testserver.SMTPSink(t, c.option)
			err := send(sink, "person@example.org")
			if err == nil || codeOf(err) != c.code {
				t.Errorf("the client saw %v, want code %d", err, c.code)
			}
			if got := len(sink.Messages()); got != c.kept {
				t.Errorf("kept %d messages, want %d", got, c.kept)
			}
		})
	}
}

func TestSinkHangsUpAfter421(t *testing.T) {
	t.Parallel()
	var tried atomic.Int32
	sink := testserver.SMTPSink(t, testserver.OnMail(func(string) error {
		tried.Add(1)
		return testserver.Reply(421, "going down")
	}))
	c, err := smtp.Dial(sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Mail("club@example.org"); codeOf(err) != 421 {
		t.Errorf("first MAIL: %v", err)
	}
	if err := c.Mail("club@example.org"); err == nil || codeOf(err) != 0 || tried.Load() != 1 {
		t.Errorf("second MAIL on the same connection: %v, tried %d times", err, tried.Load())
	}
}

func TestSinkThatIsDownRefusesUntilItIsUp(t *testing.T) {
	t.Parallel()
	sink := testserver.SMTPSink(t)
	open, err := smtp.Dial(sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = open.Close() })
	sink.Down()
	if err := open.Noop(); err == nil {
		t.Error("an open connection outlived the server")
	}
	if err := send(sink, "person@example.org"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("connecting to a server that is down: %v", err)
	}
	sink.Up()
	if err := send(sink, "person@example.org"); err != nil {
		t.Errorf("sending once it is up again: %v", err)
	}
}

func TestSinkTakesMailAfterAuthenticationOverTLS(t *testing.T) {
	t.Parallel()
	server, client := testserver.TLS(t)
	sink := testserver.SMTPSink(t, testserver.StartTLS(server), testserver.RequireAuth("room", "secret"))
	if err := sendTLS(sink, client, "wrong"); codeOf(err) != 535 {
		t.Errorf("a wrong password: %v, want 535", err)
	}
	if err := sendTLS(sink, client, "secret"); err != nil {
		t.Error(err)
	}
	if got := len(sink.Messages()); got != 1 {
		t.Errorf("kept %d messages, want 1", got)
	}
}

func sendTLS(sink *testserver.Sink, config *tls.Config, password string) error {
	c, err := smtp.Dial(sink.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.StartTLS(config); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", "room", password, "127.0.0.1")); err != nil {
		return err
	}
	if err := errors.Join(c.Mail("club@example.org"), c.Rcpt("person@example.org")); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(letter)); err != nil {
		return err
	}
	return errors.Join(w.Close(), c.Quit())
}
