package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/internal/testserver"
)

// tokenSettings are those of a mailbox and a mail server that are opened by an
// app's token, at servers which act as Microsoft's do.
func tokenSettings(t *testing.T, imap, smtp, tokens string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "postroom.yaml")
	const text = `
organisation: {name: Riverside, base_url: "http://127.0.0.1:8080", from: office@riverside.example}
smtp:
  - {name: main, provider: microsoft365, host: 127.0.0.1, port: %s, security: none, username: support@riverside.example, token_url: "%[3]s", client_id: app-of-riverside, client_secret: very-secret}
mailboxes:
  - {address: support@riverside.example, provider: microsoft365, host: 127.0.0.1, port: %[2]s, security: none, token_url: "%[3]s", client_id: app-of-riverside, client_secret: very-secret, secret_expires: 2099-05-01, replies: plain}
`
	if err := os.WriteFile(path, fmt.Appendf(nil, text, portOf(t, smtp), portOf(t, imap), tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func portOf(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// A login is tried against servers that take tokens; what Exchange does with an
// app that nobody let into the mailbox is a server that finds no token good.
func TestALoginIsTriedStepByStep(t *testing.T) {
	t.Parallel()
	d, tokens, others := testserver.Dovecot(t), testserver.OAuth(t), testserver.OAuth(t)
	d.TakeTokens(tokens)
	tokens.App("app-of-riverside", "very-secret")
	others.App("app-of-riverside", "very-secret")
	sink := testserver.SMTPSink(t, testserver.RequireToken("support@riverside.example", tokens.Good))
	for name, c := range map[string]struct {
		provider *testserver.TokenServer
		want     []string
	}{
		"all is well": {tokens, []string{
			"token  ok  from 127.0.0.1; its secret ends on 2099-05-01", "mailbox support@riverside.example  ok  ", ", mode watch, 0 letters, sent letters in Sent", "smtp main  ok  ",
		}},
		"the app is not let in": {others, []string{
			"token  ok  ", "mailbox support@riverside.example  FAILED  login refused: token not accepted, status 401",
			"    1. Get-ServicePrincipal must show the app with the Object ID of the ENTERPRISE application", "New-ServicePrincipal -AppId app-of-riverside -ObjectId",
			"    2. Add-MailboxPermission -Identity support@riverside.example -User", "smtp main  FAILED  connect to mail server main: 535",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := printed(t, tokenSettings(t, d.IMAP, sink.Addr, c.provider.URL), "mailbox", "login", "support@riverside.example")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if strings.Contains(got, "very-secret") || strings.Contains(got, "access-token") {
				t.Errorf("a secret is in\n%s", got)
			}
		})
	}
}

// What becomes of a letter on the way is learnt from letters to ourselves: a
// provider may rewrite the envelope and the Message-ID, and lose plus-addresses.
func TestASelfTestNamesTheSettingsToChoose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deliver func(d *testserver.DovecotServer, m testserver.Mail)
		want    []string
	}{
		"everything survives": {func(d *testserver.DovecotServer, m testserver.Mail) {
			d.Deliver(m.From, "support@riverside.example", m.Data)
		}, []string{
			"our Message-ID  ok  arrives as it was sent", "plus-addresses  ok  arrive: replies: plus\n    write replies: plus into the settings of mailbox support@riverside.example",
			"our envelope sender  ok  arrives, and returned mail reaches us: envelope: verp\n    write envelope: verp into the settings of smtp server main",
		}},
		"as at Microsoft": {func(d *testserver.DovecotServer, m testserver.Mail) {
			if !strings.Contains(m.To[0], "+") {
				d.Deliver("support@riverside.example", m.To[0], bytes.Replace(m.Data, []byte("Message-ID: "), []byte("Message-ID: <new@prod.outlook.example>\r\nX-Microsoft-Original-Message-ID: "), 1))
			}
		}, []string{
			"our Message-ID  ok  is replaced, and Microsoft keeps ours aside", "plus-addresses  ok  did not arrive in time: replies: plain, as in the settings",
			"our envelope sender  ok  is replaced: envelope: plain, as in the settings",
		}},
		"nothing arrives": {func(*testserver.DovecotServer, testserver.Mail) {}, []string{"test letter  FAILED  it did not arrive within 3s\n    first see"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, tokens := testserver.Dovecot(t), testserver.OAuth(t)
			d.TakeTokens(tokens)
			tokens.App("app-of-riverside", "very-secret")
			sink := testserver.SMTPSink(t, testserver.RequireToken("support@riverside.example", tokens.Good),
				testserver.OnData(func(m testserver.Mail) error { c.deliver(d, m); return nil }))
			settings := tokenSettings(t, d.IMAP, sink.Addr, tokens.URL)
			for _, command := range [][]string{{"mailbox", "login", "support@riverside.example"}, {"check"}} {
				got := printed(t, settings, append(command, "--send-test", "--wait", "3s")...)
				for _, want := range c.want {
					if !strings.Contains(got, want) {
						t.Errorf("%s: %q is not in\n%s", command, want, got)
					}
				}
			}
		})
	}
}

// A person signs in once, in a browser anywhere; what comes of it is in a file
// that nobody else may read, and never on the screen.
func TestSigningInKeepsTheRefreshTokenInAFile(t *testing.T) {
	t.Parallel()
	tokens, out := testserver.OAuth(t), filepath.Join(t.TempDir(), "support.refresh")
	tokens.App("app-of-riverside", "")
	args := []string{"mailbox", "sign-in", "--tenant", "riverside", "--client-id", "app-of-riverside", "--out", out, "--at", tokens.At}
	got := printed(t, "none.yaml", args...)
	if !strings.Contains(got, "Open "+tokens.At+"devicelogin in a browser, enter ABC123,") || strings.Contains(got, "refresh-token") {
		t.Errorf("it prints\n%s", got)
	}
	kept, err := os.ReadFile(out)
	info, statErr := os.Stat(out)
	if err != nil || statErr != nil || string(kept) != "refresh-token-of-a-person\n" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file holds %q, %v, %v", kept, err, statErr)
	}
	if got := printed(t, "none.yaml", args...); got != "" {
		t.Errorf("a file that is there was written over: %s", got)
	}
}
