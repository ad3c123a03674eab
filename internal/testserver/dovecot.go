package testserver

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// DovecotServer is an IMAP server of the test's own in which every user
// exists, with an empty mailbox, from the first time somebody names it.
type DovecotServer struct {
	IMAP     string // 127.0.0.1:PORT, no TLS, LOGIN and PLAIN
	LMTP     string // 127.0.0.1:PORT, where Postfix delivers
	Password string // the same for every user
	Folder   string // Folder/mail/USER is that user's Maildir

	t    testing.TB
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
maildir_very_dirty_syncs = no
auth_cache_size = 0
imap_idle_notify_interval = 2 mins
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
	write(t, conf, d.conf(imap, lmtp))
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

// Restart kills the server if it runs and starts it again at the same
// addresses with the same mail; it returns when the new one answers.
func (d *DovecotServer) Restart() {
	d.t.Helper()
	d.Kill()
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
