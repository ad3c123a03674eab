package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/app"
	"postroom/internal/config"
)

const support = "support@communityaction.example"

// login returns a program that has logged in.
func login(t *testing.T, address, user string, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, "post-room-demo").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// letters waits until a folder holds n letters and returns them.
func letters(t *testing.T, c *imapclient.Client, name string, n int) (raw []string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		box, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%s does not hold %d letters: %v", name, n, err)
		}
		if int(box.NumMessages) >= n {
			break
		}
	}
	body := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got {
		raw = append(raw, string(m.FindBodySection(body)))
	}
	if len(raw) != n {
		t.Fatalf("%s holds %d letters, want %d", name, len(raw), n)
	}
	return raw
}

func send(t *testing.T, address, from string, to []string, text string) {
	t.Helper()
	c, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail(from); err != nil {
		t.Fatal(err)
	}
	for _, r := range to {
		if err := c.Rcpt(r); err != nil {
			t.Fatal(err)
		}
	}
	w, err := c.Data()
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestALetterSentToAMailboxLiesThereUnderTheLinesOfAServer(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	send(t, d.smtp, "person@example.org", []string{"Support+abc@communityaction.example", "other@example.org"},
		"From: person@example.org\r\nSubject: Hello\r\nMessage-ID: <1@example.org>\r\n\r\nHello?\r\n")
	raw := letters(t, login(t, d.imap, support, nil), "INBOX", 1)[0]
	head, body, _ := strings.Cut(raw, "\r\nFrom: person@example.org\r\n")
	for _, want := range []string{"Return-Path: <person@example.org>\r\nDelivered-To: Support+abc@communityaction.example\r\nReceived: from ", "by localhost with ESMTP", "for <Support+abc@communityaction.example>; "} {
		if !strings.Contains(head, want) {
			t.Errorf("the letter lacks %q above what was sent:\n%s", want, raw)
		}
	}
	if !strings.HasSuffix(body, "\r\n\r\nHello?\r\n") {
		t.Errorf("the letter was changed:\n%s", raw)
	}
	if n := len(mails(t, d.base, "other@example.org", 1)); n != 1 {
		t.Errorf("the other recipient has %d mails", n)
	}
	letters(t, login(t, d.imap, "events@communityaction.example", nil), "INBOX", 0)
}

func TestTheNullSenderIsKept(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	send(t, d.smtp, "", []string{support}, "From: MAILER-DAEMON@example.org\r\nSubject: Not delivered\r\n\r\nSorry.\r\n")
	if raw := letters(t, login(t, d.imap, support, nil), "INBOX", 1)[0]; !strings.HasPrefix(raw, "Return-Path: <>\r\n") {
		t.Errorf("the letter begins with:\n%.200s", raw)
	}
}

func TestALetterThatCannotBeReadIsDeliveredAllTheSame(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	send(t, d.smtp, "person@example.org", []string{support}, "no header at all, only words\r\n")
	letters(t, login(t, d.imap, support, nil), "INBOX", 1)
}

func TestSwaksReachesTheMailbox(t *testing.T) {
	t.Parallel()
	swaks, err := exec.LookPath("swaks")
	if err != nil {
		t.Skip("swaks is not on this machine: apt-get install swaks")
	}
	d := startedIn(t, t.TempDir())
	out, err := exec.CommandContext(t.Context(), swaks, "--server", d.smtp, "--from", "person@example.org", "--to", support,
		"--header", "Subject: From a real program").CombinedOutput()
	if err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	if raw := letters(t, login(t, d.imap, support, nil), "INBOX", 1)[0]; !strings.Contains(raw, "Subject: From a real program\r\n") {
		t.Errorf("the letter is:\n%s", raw)
	}
}

// alone runs mailboxes without a post room. end waits until every connection
// is gone.
func alone(t *testing.T) (m *mailboxes, address string, end func() error) {
	t.Helper()
	m, err := newMailboxes([]config.Mailbox{{Address: support, Password: config.NewSecret("post-room-demo")}}, new(app.Clock))
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.serve(ctx, l) }()
	t.Cleanup(cancel)
	return m, l.Addr().String(), func() error { cancel(); return <-done }
}

func TestAMailProgramFindsItsFoldersAndWorksInThem(t *testing.T) {
	t.Parallel()
	m, address, _ := alone(t)
	if err := m.accounts[support].deliver([]byte("Subject: One\r\n\r\none\r\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	c := login(t, address, support, nil)
	list, err := c.List("", "*", &imap.ListOptions{ReturnSpecialUse: true, ReturnStatus: &imap.StatusOptions{NumMessages: true, UIDValidity: true}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, l := range list {
		found = append(found, strings.TrimSpace(fmt.Sprint(l.Mailbox, l.Attrs, *l.Status.NumMessages)))
	}
	want := []string{"INBOX[]1", `Drafts[\Drafts]0`, `Junk[\Junk]0`, `Sent[\Sent]0`, `Trash[\Trash]0`}
	for i := range want {
		if i >= len(found) || strings.ReplaceAll(found[i], " ", "") != want[i] {
			t.Fatalf("folders %q, want %q", found, want)
		}
	}
	for _, cap := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus, imap.CapSpecialUse} {
		if !c.Caps().Has(cap) {
			t.Errorf("the server does not offer %s", cap)
		}
	}
	worksInThem(t, c, list[0].Status.UIDValidity)
}

// worksInThem searches, appends, moves and removes, as a program does.
func worksInThem(t *testing.T, c *imapclient.Client, validity uint32) {
	t.Helper()
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil || box.UIDValidity != validity {
		t.Fatalf("UIDVALIDITY %d in SELECT, %d in STATUS, %v", box.UIDValidity, validity, err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{
		Since: time.Now().AddDate(0, 0, -2), Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "one"}},
	}, nil).Wait()
	if err != nil || !slices.Equal(found.AllUIDs(), []imap.UID{1}) {
		t.Fatalf("found %v, %v", found.AllUIDs(), err)
	}
	moved, err := c.Move(imap.UIDSetNum(1), "Trash").Wait()
	if err != nil || moved.UIDValidity == 0 {
		t.Fatalf("move: %+v, %v", moved, err)
	}
	letters(t, c, "INBOX", 0)
	letters(t, c, "Trash", 1)
	text := []byte("Subject: Sent\r\n\r\nsent\r\n")
	a := c.Append("Sent", int64(len(text)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	_, _ = a.Write(text) // Wait tells
	_ = a.Close()
	if data, err := a.Wait(); err != nil || data.UID != 1 {
		t.Fatalf("append: %+v, %v", data, err)
	}
	if raw := letters(t, c, "Sent", 1); raw[0] != string(text) {
		t.Errorf("appended letter is %q", raw[0])
	}
	if err := c.Delete("Sent").Wait(); err == nil {
		t.Error("the folder for sent letters could be removed")
	}
	if err := c.Create("Archive 2027", nil).Wait(); err != nil {
		t.Error(err)
	}
}

func TestAWaitingProgramHearsOfANewLetter(t *testing.T) {
	t.Parallel()
	m, address, _ := alone(t)
	heard := make(chan uint32, 9)
	c := login(t, address, support, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				heard <- *data.NumMessages
			}
		},
	}})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	deliver := func() {
		if err := m.accounts[support].deliver([]byte("Subject: One\r\n\r\none\r\n"), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	deliver() // between the last command and the wait
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	for want := uint32(1); want <= 2; want++ {
		select {
		case n := <-heard:
			if n != want {
				t.Errorf("heard of %d letters, want %d", n, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing was heard of letter %d", want)
		}
		deliver()
	}
	if err := idle.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFullInboxLetsItsOldestLettersGo(t *testing.T) {
	t.Parallel()
	m, address, _ := alone(t)
	for n := range maxInFolder + 3 {
		if err := m.accounts[support].deliver(fmt.Appendf(nil, "Subject: %d\r\n\r\n\r\n", n), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	raw := letters(t, login(t, address, support, nil), "INBOX", maxInFolder)
	if !strings.HasPrefix(raw[0], "Subject: 3\r\n") {
		t.Errorf("the oldest letter is now %q", raw[0])
	}
}

func TestTheMailboxesKeepWithinTheirMemory(t *testing.T) {
	t.Parallel()
	m, address, _ := alone(t)
	big := bytes.Repeat([]byte("x"), maxMail)
	for range maxAccount/maxMail + 5 {
		if err := m.accounts[support].deliver(big, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	status, err := m.accounts[support].user.Status("INBOX", &imap.StatusOptions{Size: true})
	if err != nil || *status.Size > maxAccount {
		t.Errorf("the inbox holds %d bytes, %v", *status.Size, err)
	}
	c := login(t, address, support, nil)
	for name, size := range map[string]int{"more than fits": maxMail, "more than is taken": maxMail + 1} {
		a := c.Append("Sent", int64(size), nil)
		_, _ = a.Write(bytes.Repeat([]byte("x"), size)) // Wait tells
		_ = a.Close()
		if _, err := a.Wait(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestTooManyProgramsAreRefused(t *testing.T) {
	t.Parallel()
	_, address, end := alone(t)
	for range maxOpen {
		login(t, address, support, nil)
	}
	c, err := imapclient.DialInsecure(address, nil)
	if err == nil {
		defer c.Close()
		err = c.WaitGreeting()
	}
	if err == nil {
		t.Error("one program more than the limit was let in")
	}
	if err := end(); err != nil {
		t.Errorf("the end: %v", err)
	}
}

func TestAWrongPasswordOpensNothing(t *testing.T) {
	t.Parallel()
	_, address, _ := alone(t)
	c, err := imapclient.DialInsecure(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, user := range []string{support, "nobody@communityaction.example"} {
		if err := c.Login(user, "wrong").Wait(); err == nil {
			t.Errorf("%s was let in", user)
		}
	}
}

// TestUIDsOfAnEarlierStartMeanNothing guards the post room's memory of how far
// it has read: it must not skip the letters of a demo that was started again.
func TestUIDsOfAnEarlierStartMeanNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var before uint32
	for range 2 {
		d := startedIn(t, dir)
		box, err := login(t, d.imap, support, nil).Select("INBOX", nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if box.UIDValidity <= before {
			t.Errorf("UIDVALIDITY is %d after %d", box.UIDValidity, before)
		}
		before = box.UIDValidity
		d.stop()
	}
}

func TestMailboxesAreForThisMachineOnly(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), Options{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", IMAP: ":0", Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "--imap 127.0.0.1:1143") {
		t.Errorf("got %v", err)
	}
}
