package testserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// PostfixOptions says where a Postfix delivers.
type PostfixOptions struct {
	// Domain is the domain it delivers for; empty means every domain there
	// is, so that mail to anybody is caught here.
	Domain string
	// LMTP is the host:port it hands mail to, such as a DovecotServer's.
	// Without it all mail lands in one Maildir, which Caught reads.
	LMTP string
	// Settings are further main.cf lines ("message_size_limit = 1000").
	Settings []string
}

// PostfixServer is a mail server of the test's own. It delivers on this
// machine or not at all: there is no transport in it that leaves.
type PostfixServer struct {
	Addr   string // 127.0.0.1:PORT, where it takes mail over SMTP
	Folder string

	t    testing.TB
	spec spec
	run  *process
}

// postfixMain is the whole main.cf. Every transport but the virtual one
// answers with an error, and no name is ever looked up in the DNS.
const postfixMain = `
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
default_transport = error:this mail server never sends anything off the machine
relay_transport = error:this mail server never sends anything off the machine
local_transport = error:this mail server has no local users
relayhost =
relay_domains =
virtual_mailbox_domains = {domains}
virtual_transport = {transport}
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = static:caught/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_recipient_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
disable_dns_lookups = yes
lmtp_destination_concurrency_limit = 20
biff = no
`

// postfixServices are the lines of master.cf: one SMTP door on the loopback
// address, nothing in a chroot, and no smtp client that could leave.
const postfixServices = `
{addr} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`

// Postfix starts a mail server that delivers as the options say.
func Postfix(t testing.TB, o PostfixOptions) *PostfixServer {
	t.Helper()
	path := need(t, want{
		program: "postfix", also: []string{"/usr/sbin/postfix"}, root: true,
		install: "apt-get install postfix",
	})
	p, dir := takePort(t), folder(t, "postfix")
	s := &PostfixServer{Addr: p.addr(), Folder: dir, t: t}
	s.configure(o)
	s.spec = spec{
		name: "postfix", argv: []string{postfixMaster(path), "-c", dir, "-d"},
		folder: dir, quit: syscall.SIGTERM,
	}
	s.prepare()
	s.run = serve(t, s.spec, s.greets)
	t.Cleanup(s.showLog)
	return s
}

// postfixMaster finds the daemon behind the postfix command, which we start
// ourselves so that it stays our child.
func postfixMaster(postfix string) string {
	out, err := exec.Command(filepath.Join(filepath.Dir(postfix), "postconf"), "-h", "daemon_directory").Output()
	if err != nil {
		return "/usr/lib/postfix/sbin/master"
	}
	return filepath.Join(strings.TrimSpace(string(out)), "master")
}

// configure writes main.cf and master.cf.
func (s *PostfixServer) configure(o PostfixOptions) {
	s.t.Helper()
	domains, transport := o.Domain, "virtual"
	if domains == "" {
		domains = "static:all"
	}
	if o.LMTP != "" {
		transport = "lmtp:inet:" + o.LMTP
	}
	fill := strings.NewReplacer("{dir}", s.Folder, "{addr}", s.Addr, "{domains}", domains, "{transport}", transport)
	write(s.t, filepath.Join(s.Folder, "main.cf"), fill.Replace(postfixMain)+strings.Join(o.Settings, "\n")+"\n")
	write(s.t, filepath.Join(s.Folder, "master.cf"), fill.Replace(postfixServices))
}

// prepare makes the folders that `postfix check` would make, in a hundredth of
// its time. They belong to Postfix's own user; the pid folder stays root's.
func (s *PostfixServer) prepare() {
	s.t.Helper()
	makeMailFolder(s.t, filepath.Join(s.Folder, "mail"), "nobody")
	for _, name := range []string{"queue", "queue/pid"} {
		if err := os.Mkdir(filepath.Join(s.Folder, name), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	makeMailFolder(s.t, filepath.Join(s.Folder, "data"), "postfix")
	for _, name := range strings.Fields("active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace") {
		makeMailFolder(s.t, filepath.Join(s.Folder, "queue", name), "postfix")
	}
}

// makeMailFolder makes a folder that belongs to another user.
func makeMailFolder(t testing.TB, path, owner string) {
	t.Helper()
	as, err := serviceUser(owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, int(as.Uid), int(as.Gid)); err != nil {
		t.Fatal(err)
	}
}

// Caught returns the letters delivered to the Maildir so far, each with the
// Return-Path and Delivered-To that Postfix puts on top.
func (s *PostfixServer) Caught() []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Folder, "mail", "caught", "new", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	letters := make([]string, 0, len(files))
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		letters = append(letters, string(b))
	}
	return letters
}

// Kill ends the server at once, with whatever is in its queue.
func (s *PostfixServer) Kill() { s.run.end(syscall.SIGKILL) }

// Restart kills the server if it runs and starts it again at the same address
// with the same queue; it returns when the new one answers.
func (s *PostfixServer) Restart() {
	s.t.Helper()
	s.Kill()
	s.run = serve(s.t, s.spec, s.greets)
}

func (s *PostfixServer) greets(ctx context.Context) error {
	if err := greeting(ctx, s.Addr, "220 "); err != nil {
		return fmt.Errorf("%w; %s", err, s.mailLog())
	}
	return nil
}

// showLog prints what happened to the mail of a failed test.
func (s *PostfixServer) showLog() {
	if s.t.Failed() {
		s.t.Logf("postfix says:\n%s", s.mailLog())
	}
}

func (s *PostfixServer) mailLog() string {
	b, err := os.ReadFile(filepath.Join(s.Folder, "mail.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}
