package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"postroom/internal/store"
	"postroom/internal/testserver"
)

// TestServeAnswersALetterAndSeesThatStaffAnswered goes the whole way by the
// command itself: Postfix, Dovecot, serve on PostgreSQL and Redis, and back.
func TestServeAnswersALetterAndSeesThatStaffAnswered(t *testing.T) {
	t.Parallel()
	dovecot := testserver.Dovecot(t)
	postfix := testserver.Postfix(t, testserver.PostfixOptions{LMTP: dovecot.LMTP})
	host, port, err := net.SplitHostPort(dovecot.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	_, path := servingWith(t, postfix, fmt.Sprintf("database: %q\nredis: %q\nmailboxes:\n  - {address: support@communityaction.example, host: %s, port: %s, security: none, password: %s, mode: answer}\n",
		testserver.PostgresWith(t, store.Prepare), testserver.Redis(t).URL, host, port, dovecot.Password))
	// What lay in a mailbox before it was first read is not answered.
	eventually(t, path, []string{"mailbox", "list"}, func(out string) bool { return !strings.Contains(out, "never") })

	letter := "From: A Person <person@example.org>\r\nTo: support@communityaction.example\r\nSubject: Opening hours\r\nMessage-ID: <q1@example.org>\r\nDate: " +
		time.Now().Format(time.RFC1123Z) + "\r\n\r\nWhen are you open on Saturdays?\r\n"
	if err := smtp.SendMail(postfix.Addr, nil, "person@example.org", []string{"support@communityaction.example"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	if subject, text := firstLetter(t, dovecot); subject != "Re: Opening hours" || !strings.Contains(text, "We have your message") {
		t.Errorf("the person got %q:\n%s", subject, text)
	}

	dovecot.Put("support@communityaction.example", "Sent", time.Time{}, []byte("From: support@communityaction.example\r\nTo: person@example.org\r\nSubject: Re: Opening hours\r\n"+
		"Message-ID: <s1@communityaction.example>\r\nIn-Reply-To: <q1@example.org>\r\n\r\nFrom ten to four.\r\n"))
	// IDLE waits on the inbox: a letter there has both folders looked through.
	note := strings.NewReplacer("<q1@", "<q2@", "Opening hours", "Something else").Replace(letter)
	if err := smtp.SendMail(postfix.Addr, nil, "person@example.org", []string{"support@communityaction.example"}, []byte(note)); err != nil {
		t.Fatal(err)
	}
	eventually(t, path, []string{"submissions", "list"}, func(out string) bool { return strings.Contains(out, "answered") })
}

// eventually runs a command beside the server until what it prints will do.
func eventually(t *testing.T, path string, args []string, will func(out string) bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var out bytes.Buffer
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); <-tick.C {
		out.Reset()
		if err := run(context.Background(), append(args, "--config", path), os.Getenv, &out, os.Stderr); err == nil && will(out.String()) {
			return
		}
	}
	t.Fatalf("postroom %s goes on saying:\n%s", strings.Join(args, " "), out.String())
}
