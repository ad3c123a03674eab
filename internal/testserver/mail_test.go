package testserver_test

import (
	"io"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/testserver"
)

const letter = "From: club@example.org\r\nTo: person@example.org\r\nSubject: Your place is booked\r\n\r\nSee you there.\r\n"

// until asks again every few milliseconds until the answer is yes.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if yes() {
			return
		}
	}
	t.Fatalf("%s: not after 30 seconds", what)
}

func TestMailTravelsFromPostfixToDovecotAndIsReadByIMAP(t *testing.T) {
	t.Parallel()
	dovecot := testserver.Dovecot(t)
	postfix := testserver.Postfix(t, testserver.PostfixOptions{LMTP: dovecot.LMTP})
	if err := smtp.SendMail(postfix.Addr, nil, "club@example.org", []string{"person@example.org"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	client := login(t, dovecot)
	until(t, "the letter is in the inbox", func() bool {
		box, err := client.Select("INBOX", nil).Wait()
		return err == nil && box.NumMessages == 1
	})
	if got := fetchSubject(t, client); got != "Your place is booked" {
		t.Errorf("subject %q", got)
	}
}

func fetchSubject(t *testing.T, client *imapclient.Client) string {
	t.Helper()
	got, err := client.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Envelope: true}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("fetch: %d messages, %v", len(got), err)
	}
	return got[0].Envelope.Subject
}

func TestDovecotKeepsMailOverARestart(t *testing.T) {
	t.Parallel()
	dovecot := testserver.Dovecot(t)
	appendLetter(t, dovecot)
	dovecot.Restart()
	client := login(t, dovecot)
	box, err := client.Select("INBOX", nil).Wait()
	if err != nil || box.NumMessages != 1 {
		t.Errorf("inbox after the restart: %+v, %v", box, err)
	}
}

func login(t *testing.T, dovecot *testserver.DovecotServer) *imapclient.Client {
	t.Helper()
	client, err := imapclient.DialInsecure(dovecot.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Login("person@example.org", dovecot.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return client
}

func appendLetter(t *testing.T, dovecot *testserver.DovecotServer) {
	t.Helper()
	cmd := login(t, dovecot).Append("INBOX", int64(len(letter)), nil)
	if _, err := io.Copy(cmd, strings.NewReader(letter)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestPostfixDeliversToAMaildirAndRefusesToSendOffTheMachine(t *testing.T) {
	t.Parallel()
	postfix := testserver.Postfix(t, testserver.PostfixOptions{Domain: "example.org"})
	send := func(to string) error {
		return smtp.SendMail(postfix.Addr, nil, "club@example.org", []string{to}, []byte(letter))
	}
	if err := send("person@elsewhere.example"); err == nil || !strings.HasPrefix(err.Error(), "550 ") {
		t.Errorf("mail for another domain: %v, want it refused with 550", err)
	}
	if err := send("person@example.org"); err != nil {
		t.Fatal(err)
	}
	until(t, "the letter is in the Maildir", func() bool { return len(postfix.Caught()) == 1 })
	if got := postfix.Caught()[0]; !strings.Contains(got, "Delivered-To: person@example.org\n") || !strings.Contains(got, "place is booked") {
		t.Errorf("caught %q", got)
	}
}
