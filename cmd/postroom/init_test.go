package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postroom/internal/config"
	"postroom/internal/testserver"
)

// begun runs init with what a person types, and returns what they read.
func begun(t *testing.T, folder string, typed ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "typed")
	if err := os.WriteFile(file, []byte(strings.Join(typed, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	c := &command{getenv: func(string) string { return "" }, stdout: &out}
	cmd := c.init()
	cmd.SetIn(in)
	cmd.SetArgs([]string{folder})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String()
}

// What is typed is tried at real servers, put right, and kept with the password
// where nobody else reads it.
func TestMailServersAreTriedWhileTheyAreTyped(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	sends := testserver.SMTPSink(t, testserver.RequireAuth("office@riverside.example", d.Password))
	folder := filepath.Join(t.TempDir(), "post")
	said := begun(t, folder,
		"Riverside", "office@riverside.example", "", "", "enquiries",
		"yes", "", d.IMAP, sends.Addr, "", "wrong", // the mailbox, and what is guessed of it, are taken as offered
		"", "", "", "", "", d.Password)
	for _, want := range []string{
		"enquiries ", "Server that letters are read from (IMAP), with :port if it is another than usual [imap.riverside.example]",
		"mailbox office@riverside.example  FAILED", "see that username is what your provider wants", "mailbox office@riverside.example  ok", "smtp main  ok",
		"the password is in",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("init does not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, d.Password) {
		t.Errorf("the password stands on the screen:\n%s", said)
	}
}

func TestThePasswordIsInAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	d, p := testserver.Dovecot(t), testserver.Postfix(t, testserver.PostfixOptions{}) // which knows no passwords
	folder := filepath.Join(t.TempDir(), "post")
	said := begun(t, folder, "Riverside", "office@riverside.example", "", "", "enquiries", "yes", "", d.IMAP, p.Addr, "", d.Password, "keep")
	text, err := os.ReadFile(filepath.Join(folder, "postroom.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, "mail.secret"))
	if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(string(text), d.Password) {
		t.Errorf("%v, %v\n%s", info, err, text)
	}
	if !strings.Contains(said, "smtp main  FAILED") {
		t.Errorf("a mail server that is not there is not told of:\n%s", said)
	}
	cfg, err := config.Load(filepath.Join(folder, "postroom.yaml"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	box := cfg.Mailboxes[0]
	if box.Address != "office@riverside.example" || box.Mode != config.Watch || box.Password.Reveal() != d.Password || !strings.HasSuffix(p.Addr, ":"+strconv.Itoa(cfg.SMTP[0].Port)) {
		t.Errorf("the settings say %+v and %+v", box, cfg.SMTP)
	}
}

func TestWhereMailIsIsGuessedFromTheDomain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address, mx string
		provider    config.Provider
		imap        string
	}{
		{"office@riverside.org.uk", "riverside-org-uk.mail.protection.outlook.com.", config.Microsoft365, "outlook.office365.com"},
		{"office@riverside.org.uk", "ASPMX.L.GOOGLE.COM.", config.Google, "imap.gmail.com"},
		{"riverside@gmail.com", "", config.Google, "imap.gmail.com"},
		{"office@riverside.org.uk", "mx00.ionos.co.uk.", config.PlainProvider, "imap.ionos.co.uk"},
		{"office@riverside.org.uk", "mail.riverside.org.uk.", config.PlainProvider, "mail.riverside.org.uk"},
		{"office@riverside.org.uk", "mx.notgoogle.com.", config.PlainProvider, "imap.riverside.org.uk"},
		{"office@riverside.example", "", config.PlainProvider, "imap.riverside.example"},
	} {
		h := guess(t.Context(), c.address, func(context.Context, string) []string {
			if c.mx == "" {
				return nil
			}
			return []string{c.mx}
		})
		if h.provider != c.provider || h.imap != c.imap {
			t.Errorf("%s at %s: %+v", c.address, c.mx, h)
		}
	}
}
