package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/proof"
)

// Security says how a connection is encrypted.
type Security string

// The kinds of security.
const (
	TLS      Security = "tls"      // from the first byte
	StartTLS Security = "starttls" // after asking, and never without
	Plain    Security = "none"     // only for a server on this machine or network
)

// Envelope says which address bounces of a server's mail come back to.
type Envelope string

// The kinds of envelope.
const (
	VERP          Envelope = "verp"  // one for each message, where the server takes it
	PlainEnvelope Envelope = "plain" // the From address, which every server takes
)

// SMTPServer is one way out for mail.
type SMTPServer struct {
	Name     string
	Host     string
	Port     int
	Security Security
	Username string
	Password Secret
	OAuth    *OAuth // nil where Password is used
	From     string // domain whose mail goes this way; "" is any
	DKIM     *DKIM  // nil when the server signs
	Envelope Envelope

	Connections int // that the parts of a newsletter use at the same time, in one process

	Limits []Limit // of what it lets us send, the shortest time first; none is no limit
}

// DKIM is how mail is signed.
type DKIM struct {
	Domain   string
	Selector string
	KeyFile  string // PEM
}

// MailboxMode says how much a mailbox does by itself.
type MailboxMode string

// The modes of a mailbox.
const (
	Watch  MailboxMode = "watch"  // files and suggests, sends nothing
	Draft  MailboxMode = "draft"  // leaves answers as drafts
	Answer MailboxMode = "answer" // answers
)

// MailboxAfter says what happens to a letter that was read.
type MailboxAfter string

// What may happen to a letter that was read.
const (
	Leave MailboxAfter = "leave" // nothing; staff work in the same mailbox
	Flag  MailboxAfter = "flag"
	Move  MailboxAfter = "move"
)

// MailboxReplies says which addresses reach a mailbox.
type MailboxReplies string

// The addresses that may reach a mailbox.
const (
	PlusReplies  MailboxReplies = "plus"  // support+anything@ as well as support@
	PlainReplies MailboxReplies = "plain" // only the address itself
)

// Mailbox is one place letters are read from.
type Mailbox struct {
	Address    string
	Host       string
	Port       int
	Security   Security
	Username   string // the address if left out
	Password   Secret
	OAuth      *OAuth // nil where Password is used
	Mode       MailboxMode
	After      MailboxAfter
	Import     time.Duration  // how old a letter may be that lay there before we came; 0 reads none of those
	Inbox      string         // folder that letters come to; "" is INBOX
	Sent       string         // folder of what staff sent; "" is found by itself
	Done       string         // folder that letters on file are moved to; "" is Postroom
	Replies    MailboxReplies // whether an answer to a plus-address arrives
	AuthservID string         // under which its server vouches for senders (RFC 8601); "" believes nobody
}

func listen(m proof.Map) string {
	written := or(m.Text("listen"), "127.0.0.1:8080")
	if _, port, err := net.SplitHostPort(written); err != nil || !isPort(port) {
		m.Wrong("listen", "listen is not a host and a port", "listen: 127.0.0.1:8080, or listen: :8080 for every network")
	}
	return written
}

func isPort(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && n <= 65535
}

// networks reads addresses and networks such as 10.0.0.0/8.
func networks(m proof.Map, key string) []netip.Prefix {
	var list []netip.Prefix
	for _, written := range m.Texts(key) {
		whole, err := netip.ParsePrefix(written)
		if addr, addrErr := netip.ParseAddr(written); addrErr == nil {
			whole, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			m.Wrong(key, key+" has what is neither an address nor a network", "127.0.0.1 or 10.0.0.0/8")
		}
		list = append(list, whole)
	}
	return list
}

// database reads a PostgreSQL URL or the path of an SQLite file. A URL holds
// a password, so no mistake repeats it.
func (r reader) database(m proof.Map, data string) Database {
	written := m.Text("database")
	scheme, _, isURL := strings.Cut(written, "://")
	if !isURL {
		return Database{Path: or(r.path(written), filepath.Join(data, "postroom.db"))}
	}
	u, err := url.Parse(written)
	if scheme != "postgres" && scheme != "postgresql" || err != nil || u.Path == "" || u.Path == "/" {
		m.Wrong("database", "database is neither a PostgreSQL URL nor a path", "database: postgres://name:password@host:5432/postroom, or leave it out for SQLite")
		return Database{}
	}
	return Database{URL: NewSecret(written)}
}

func (r reader) smtp(m proof.Map) []SMTPServer {
	var servers []SMTPServer
	for _, item := range m.Maps("smtp") {
		s := r.smtpServer(item)
		if slices.ContainsFunc(servers, func(other SMTPServer) bool { return other.Name == s.Name }) {
			item.Wrong("name", "two smtp servers have this name", "another name")
		}
		servers = append(servers, s)
	}
	if len(servers) == 0 && !m.Has("smtp") {
		m.Lacks("smtp", "[{name: main, host: smtp.your-charity.example, username: …, password_file: smtp.password}]")
	}
	return servers
}

func (r reader) smtpServer(m proof.Map) SMTPServer {
	s := SMTPServer{Name: m.Need("name", "main")}
	m = m.As("smtp server " + s.Name)
	owner, known := provider(m)
	s.Host = host(m, known.smtp, "smtp.your-charity.example")
	s.Security = Security(m.Choice("security", string(StartTLS), string(TLS), string(StartTLS), string(Plain)))
	s.Port = m.Int("port", map[Security]int{TLS: 465, StartTLS: 587, Plain: 25}[s.Security], 1, 65535)
	s.Username = m.Text("username")
	s.Password, s.OAuth = r.secret(m, "password"), r.oauth(m, owner, known.login)
	s.From = m.Text("from")
	s.Connections = m.Int("connections", known.connections, 1, 100)
	s.Limits = limits(m, known.limits)
	s.DKIM = r.dkim(m)
	s.Envelope = Envelope(m.Choice("envelope", string(PlainEnvelope), string(VERP), string(PlainEnvelope)))
	if s.From != "" && strings.ContainsAny(s.From, "@ ") {
		m.Wrong("from", "from is not a domain", "from: your-charity.example")
	}
	checkLogin(m, s.Security, s.Host, s.Username, s.OAuth != nil)
	return s
}

func (r reader) dkim(m proof.Map) *DKIM {
	d := m.Map("dkim")
	if !d.Given() {
		return nil
	}
	dkim := &DKIM{
		Domain:   d.Need("domain", "your-charity.example"),
		Selector: d.Need("selector", "post"),
		KeyFile:  r.path(d.Need("key_file", "dkim.pem")),
	}
	if _, err := os.Stat(dkim.KeyFile); err != nil && d.Has("key_file") {
		d.Wrong("key_file", fmt.Sprintf("key_file cannot be read: %v", cause(err)), "the path of a PEM file this program may read")
	}
	return dkim
}

// checkLogin notes half a login, and a password or token that would cross a
// network for everybody to read.
func checkLogin(m proof.Map, security Security, host, username string, token bool) {
	password := m.Has("password") || m.Has("password_file")
	switch {
	case username != "" && !password && !token:
		m.Lacks("password", "…, or password_file: path of a file that holds it")
	case username == "" && (password || token):
		m.Lacks("username", "office@your-charity.example")
	case security == Plain && (password || token) && !local(host):
		m.Wrong("security", "security: none would send the password for everybody to read", "security: tls or security: starttls")
	}
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (r reader) mailboxes(m proof.Map) []Mailbox {
	var mailboxes []Mailbox
	for _, item := range m.Maps("mailboxes") {
		box := r.mailbox(item)
		if slices.ContainsFunc(mailboxes, func(other Mailbox) bool { return other.Address == box.Address }) {
			item.Wrong("address", "two mailboxes have this address", "another address")
		}
		mailboxes = append(mailboxes, box)
	}
	return mailboxes
}

func (r reader) mailbox(m proof.Map) Mailbox {
	box := Mailbox{Address: address(m, "address", true)}
	m = m.As("mailbox " + box.Address)
	owner, known := provider(m)
	box.Host = host(m, known.imap, "imap.your-charity.example")
	box.Security = Security(m.Choice("security", string(TLS), string(TLS), string(StartTLS), string(Plain)))
	box.Port = m.Int("port", map[Security]int{TLS: 993, StartTLS: 143, Plain: 143}[box.Security], 1, 65535)
	box.Username = or(m.Text("username"), box.Address)
	box.Password, box.OAuth = r.secret(m, "password"), r.oauth(m, owner, known.login)
	box.Mode = MailboxMode(m.Choice("mode", string(Watch), string(Watch), string(Draft), string(Answer)))
	box.After = MailboxAfter(m.Choice("after", string(Leave), string(Leave), string(Flag), string(Move)))
	box.Import = days(m, "import")
	box.folders(m)
	box.Replies = MailboxReplies(m.Choice("replies", string(usualReplies(box.Host)), string(PlusReplies), string(PlainReplies)))
	box.AuthservID = authservID(m)
	checkLogin(m, box.Security, box.Host, box.Username, box.OAuth != nil)
	return box
}

// folders reads what the folders of a mailbox are called. A letter that is moved
// to where it came from would be read for ever.
func (b *Mailbox) folders(m proof.Map) {
	b.Inbox, b.Sent, b.Done = m.Text("inbox"), m.Text("sent"), m.Text("done")
	inbox := or(b.Inbox, "INBOX")
	for key, name := range map[string]string{"sent": b.Sent, "done": b.Done} {
		if strings.EqualFold(name, inbox) {
			m.Wrong(key, key+" is the folder that letters come to", "the name of another folder, or leave it out")
		}
	}
}

// usualReplies knows the providers that deliver plus-addresses unasked.
func usualReplies(host string) MailboxReplies {
	switch strings.ToLower(host) {
	case "imap.gmail.com", "outlook.office365.com":
		return PlusReplies
	}
	return PlainReplies
}

// days reads a number of days such as 7d, a year at most.
func days(m proof.Map, key string) time.Duration {
	const most = 366
	written := m.Text(key)
	if written == "" || written == "none" {
		return 0
	}
	number, isDays := strings.CutSuffix(written, "d")
	n, err := strconv.Atoi(number)
	if !isDays || err != nil || n < 0 || n > most {
		m.Wrong(key, fmt.Sprintf("%s is not a number of days up to %d", key, most), key+": 7d, or leave it out to read only new letters")
		return 0
	}
	return time.Duration(n) * 24 * time.Hour
}

// authservID reads the name that a mail server writes first into its
// Authentication-Results. One with a space or a semicolon is a whole such line.
func authservID(m proof.Map) string {
	written := m.Text("authserv_id")
	if strings.ContainsAny(written, " ;\t") {
		m.Wrong("authserv_id", "authserv_id is not one name", "the first word of the Authentication-Results lines, such as mx.google.com")
		return ""
	}
	return strings.ToLower(written)
}

func (r reader) programmes(m proof.Map) string {
	folder := r.path(m.Text("programmes"))
	if folder == "" {
		return ""
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		m.Wrong("programmes", "programmes is not a folder", "the path of a folder, or leave it out for the programmes that come with postroom")
	}
	return folder
}

// cause leaves the path out of an error about a file: the line that is quoted
// has it already.
func cause(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func secretOf(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return NewSecret(text)
}
