package testserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
)

// DovecotServer is an IMAP server of the test's own in which every user
// exists, with an empty mailbox, from the first time somebody names it.
type DovecotServer struct {
	IMAP     string // 127.0.0.1:PORT, no TLS, LOGIN and PLAIN
	LMTP     string // 127.0.0.1:PORT, where Postfix delivers
	Password string // the same for every user
	Folder   string // Folder/mail/USER is that user's Maildir

	t    testing.TB
	text string // of the configuration
	spec spec
	run  *process
}

// dovecotConf is the whole configuration; nothing of /etc/dovecot is read.
// The folders Drafts, Sent and Junk exist as at a usual provider.
const dovecotConf = `
protocols = imap lmtp
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
instance_name = {dir}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_location = maildir:{dir}/mail/%u
mail_uid = {mail}
mail_gid = {mailgroup}
first_valid_uid = 1
first_valid_gid = 1
mailbox_list_index = yes
mail_fsync = never
maildir_very_dirty_syncs = no
auth_cache_size = 0
imap_idle_notify_interval = 2 mins
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password={password}
}
userdb {
  driver = static
  args = uid={mail} gid={mailgroup} home={dir}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Drafts {
    special_use = \Drafts
    auto = create
  }
  mailbox Sent {
    special_use = \Sent
    auto = create
  }
  mailbox Junk {
    special_use = \Junk
    auto = create
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = {imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {lmtp}
  }
}
`

// Dovecot starts an IMAP server with an LMTP door for deliveries.
func Dovecot(t testing.TB) *DovecotServer {
	t.Helper()
	path := need(t, want{
		program: "dovecot", also: []string{"/usr/sbin/dovecot"}, root: true,
		install: "apt-get install dovecot-imapd dovecot-lmtpd",
	})
	imap, lmtp, dir := takePort(t), takePort(t), folder(t, "dovecot")
	d := &DovecotServer{IMAP: imap.addr(), LMTP: lmtp.addr(), Password: "open-sesame", Folder: dir, t: t}
	conf := filepath.Join(dir, "dovecot.conf")
	d.text = d.conf(imap, lmtp)
	write(t, conf, d.text)
	d.spec = spec{name: "dovecot", argv: []string{path, "-F", "-c", conf}, folder: dir, quit: syscall.SIGTERM}
	makeMailFolder(t, filepath.Join(dir, "mail"), "nobody")
	d.run = serve(t, d.spec, d.greets)
	return d
}

// conf fills in the configuration. The mail belongs to nobody, because
// Dovecot refuses to read mail as root.
func (d *DovecotServer) conf(imap, lmtp *port) string {
	return strings.NewReplacer(
		"{dir}", d.Folder, "{password}", d.Password,
		"{imap}", fmt.Sprint(imap.number), "{lmtp}", fmt.Sprint(lmtp.number),
		"{internal}", "dovecot", "{login}", "dovenull", "{group}", "dovecot",
		"{mail}", "nobody", "{mailgroup}", "nogroup",
	).Replace(dovecotConf)
}

// Kill ends the server at once; its workers notice and end too.
func (d *DovecotServer) Kill() { d.run.end(syscall.SIGKILL) }

// Vanish kills the server and everything it started, so that no connection goes
// on.
func (d *DovecotServer) Vanish() {
	d.Kill()
	d.run.endGroup()
}

// Stall makes the server and its workers stand still: connections stay open
// and nobody answers.
func (d *DovecotServer) Stall() { d.run.signalAll(syscall.SIGSTOP) }

// Resume ends a Stall.
func (d *DovecotServer) Resume() { d.run.signalAll(syscall.SIGCONT) }

// Deliver hands a letter over as a mail server does (LMTP), for the inbox of
// one user. Dovecot adds Return-Path, Delivered-To and Received.
func (d *DovecotServer) Deliver(from, to string, letter []byte) {
	d.t.Helper()
	wire, err := net.Dial("tcp", d.LMTP)
	if err != nil {
		d.t.Fatal(err)
	}
	client := smtp.NewClientLMTP(wire)
	defer client.Close()
	if err := client.SendMail(from, []string{to}, bytes.NewReader(letter)); err != nil {
		d.t.Fatalf("deliver a letter to %s: %v", to, err)
	}
}

// Login opens a connection as a user's mail program does. It is closed with
// the test.
func (d *DovecotServer) Login(user string) *imapclient.Client {
	d.t.Helper()
	client, err := imapclient.DialInsecure(d.IMAP, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = client.Close() })
	if err := client.Login(user, d.Password).Wait(); err != nil {
		d.t.Fatalf("log in as %s: %v", user, err)
	}
	return client
}

// Put lays letters into a folder of a user's, exactly as they are, as a mail
// program does (APPEND). at is when the server shall say it got them; zero is
// now.
func (d *DovecotServer) Put(user, folder string, at time.Time, letters ...[]byte) {
	d.t.Helper()
	client := d.Login(user)
	defer client.Close()
	for _, letter := range letters {
		command := client.Append(folder, int64(len(letter)), &imap.AppendOptions{Time: at})
		_, err := command.Write(letter)
		err = errors.Join(err, command.Close())
		if _, waitErr := command.Wait(); err != nil || waitErr != nil {
			d.t.Fatalf("put a letter into %s of %s: %v, %v", folder, user, err, waitErr)
		}
	}
}

// Restart kills the server if it runs and starts it again at the same
// addresses with the same mail; it returns when the new one answers.
func (d *DovecotServer) Restart() {
	d.t.Helper()
	d.Kill()
	d.run.endGroup()
	d.run = serve(d.t, d.spec, d.greets)
}

// greets asks both doors for their greeting.
func (d *DovecotServer) greets(ctx context.Context) error {
	if err := greeting(ctx, d.IMAP, "* OK"); err != nil {
		return err
	}
	return greeting(ctx, d.LMTP, "220 ")
}

// greeting checks how a server opens the conversation.
func greeting(ctx context.Context, addr, prefix string) error {
	line, err := say(ctx, addr, "")
	if err == nil && !strings.HasPrefix(line, prefix) {
		return fmt.Errorf("%s greets with %q, not with %q", addr, line, prefix)
	}
	return err
}

// sieveConf has mail that is delivered go by a script in each user's home, and
// what the script sends leave through a mail server.
const sieveConf = `
protocol lmtp {
  mail_plugins = sieve
}
plugin {
  sieve = file:{dir}/mail/%u/vacation.sieve;active={dir}/mail/%u/vacation.sieve
  sieve_vacation_use_original_recipient = yes
}
submission_host = {submission}
`

// Away makes a user's mailbox answer by itself, as a person on holiday has it
// do (RFC 5230), by way of a mail server at submission (host:port). It restarts
// the server.
func (d *DovecotServer) Away(user, submission, say string) {
	d.t.Helper()
	conf := filepath.Join(d.Folder, "dovecot.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("submission_host")) {
		more := strings.NewReplacer("{dir}", d.Folder, "{submission}", submission).Replace(sieveConf)
		write(d.t, conf, string(text)+more)
	}
	home := filepath.Join(d.Folder, "mail", user)
	if _, err := os.Stat(home); err != nil {
		makeMailFolder(d.t, home, "nobody")
	}
	script := filepath.Join(home, "vacation.sieve")
	write(d.t, script, "require [\"vacation\"];\nvacation :days 1 :addresses [\""+user+"\"] \""+say+"\";\n")
	if err := os.Chmod(script, 0o644); err != nil {
		d.t.Fatal(err)
	}
	d.Restart()
}
