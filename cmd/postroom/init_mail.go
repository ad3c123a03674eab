package main

import (
	"context"
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/term"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
)

// mailSettings is what was said about the mail servers. What is empty was not said.
type mailSettings struct {
	address        string // of the mailbox
	provider       config.Provider
	imap, smtp     string // host, or host:port
	user           string
	password       string
	tenant, client string // at Microsoft 365
}

// secretFile is where the password is kept, beside the settings, for nobody else to
// read. variable is the name of a variable of the environment that holds it instead.
const secretFile = "mail.secret"

func (m *mailSettings) variable() string {
	if found := regexp.MustCompile(`^\$([A-Z][A-Z0-9_]*)$`).FindStringSubmatch(m.password); found != nil {
		return found[1]
	}
	return ""
}

// askMail asks for the mail servers and tries them, as often as the person likes.
// Whoever says later has them as in the example.
func (b *beginning) askMail(ctx context.Context, c *command, q *questions) {
	fmt.Fprintln(c.stdout, "The mail servers can be set up now, and are tried at once. You need the password of the mailbox.")
	if !strings.HasPrefix(strings.ToLower(q.ask("Set them up now? yes, or later", "later")), "y") {
		return
	}
	m := &mailSettings{}
	for {
		if !m.ask(ctx, b, q) {
			return
		}
		b.mail = m
		if b.tryMail(ctx, c) {
			return
		}
		switch q.ask("Press Enter to type them again, or write keep (as they are), or later", "again") {
		case "keep":
			return
		case "again":
			continue
		}
		b.mail = nil
		return
	}
}

// ask asks for everything once, and says whether there was an end to the answers.
func (m *mailSettings) ask(ctx context.Context, b *beginning, q *questions) bool {
	for {
		m.address = q.ask("Address of the mailbox", or(m.address, addressOnly(b.Address)))
		if _, err := mail.ParseAddress(m.address); err == nil {
			break
		}
		if q.over {
			return false
		}
		fmt.Fprintf(q.out, "%q is not an address; write one like office@your-charity.example\n", m.address)
	}
	if m.imap == "" {
		h := guess(ctx, m.address, q.lookup)
		m.provider, m.imap, m.smtp = h.provider, h.imap, h.smtp
		if h.name != "" {
			fmt.Fprintf(q.out, "Its mail seems to be with %s.\n", h.name)
		}
	}
	m.imap = q.ask("Server that letters are read from (IMAP), with :port if it is another than usual", m.imap)
	m.smtp = q.ask("Server that mail leaves by (SMTP), with :port if it is another than usual", m.smtp)
	m.user = q.ask("User name at these servers", or(m.user, m.address))
	if m.provider == config.Microsoft365 {
		fmt.Fprintln(q.out, "Microsoft 365 takes no passwords. docs/mailboxes.md says how to make an app; it has three values.")
		m.tenant = q.ask("Directory (tenant) ID", m.tenant)
		m.client = q.ask("Application (client) ID", m.client)
		m.password = q.secret("Client secret", m.password)
		return !q.over
	}
	m.password = q.secret("Password, or $NAME for a variable of the environment that holds it", m.password)
	return !q.over
}

func addressOnly(written string) string {
	if a, err := mail.ParseAddress(written); err == nil {
		return a.Address
	}
	return ""
}

// tryMail writes everything into a folder of its own, reads it as any start would,
// connects and signs in. It says whether all of it works.
func (b *beginning) tryMail(ctx context.Context, c *command) bool {
	steps, err := b.triedMail(ctx, c)
	if err == nil {
		err = c.printLogin(b.mail.address, steps)
	}
	if err != nil {
		fmt.Fprintln(c.stdout, err)
	}
	return err == nil
}

func (b *beginning) triedMail(ctx context.Context, c *command) (steps []app.Step, err error) {
	folder, err := os.MkdirTemp("", "postroom-init-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to try the settings in: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // there is nothing in it that anybody needs
	if err := b.write(folder); err != nil {
		return nil, err
	}
	cfg, err := config.Load(filepath.Join(folder, "postroom.yaml"), c.getenv)
	if err != nil {
		return nil, err
	}
	st, err := app.OpenStore(ctx, cfg, c.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }() // it was only there to be tried with
	return tryAll(ctx, cfg, st, c, b.mail.address)
}

func tryAll(ctx context.Context, cfg config.Config, st *store.Store, c *command, address string) ([]app.Step, error) {
	fmt.Fprintln(c.stdout, "trying …")
	return app.TryLogin(ctx, cfg, st, c.log, address)
}

// write puts the mail servers into settings that are like the example.
func (m *mailSettings) write(text string) string {
	text = replaced(text, "    host: smtp.your-charity.example\n", "    # dkim:", m.lines("    ", m.smtp, "starttls", true))
	box := "mailboxes:\n  - address: " + quoted(m.address) + "\n" + m.lines("    ", m.imap, "tls", false) + "    mode: watch\n"
	return strings.Replace(text, "# mailboxes:\n", box+"# mailboxes:                                      # another, with all that can be said of one\n", 1)
}

// replaced has other lines in the place of those from one to the one before another.
func replaced(text, from, to, lines string) string {
	before, rest, found := strings.Cut(text, from)
	_, after, ends := strings.Cut(rest, to)
	if !found || !ends {
		return text
	}
	return before + lines + to + after
}

// lines are a server and its login. usual is the security where no port says another.
func (m *mailSettings) lines(indent, server, usual string, sends bool) string {
	var b strings.Builder
	put := func(key, value string) { fmt.Fprintf(&b, "%s%s: %s\n", indent, key, value) }
	if m.provider != config.PlainProvider {
		put("provider", string(m.provider))
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host = server
	}
	put("host", quoted(host))
	if port != "" {
		put("port", quoted(port))
		usual = security(host, port, usual)
	}
	put("security", usual)
	if m.password == "" {
		return b.String() // a server on this machine, perhaps
	}
	if sends || m.user != m.address {
		put("username", quoted(m.user))
	}
	key := "password"
	if m.provider == config.Microsoft365 {
		put("tenant", quoted(m.tenant))
		put("client_id", quoted(m.client))
		key = "client_secret"
	}
	if name := m.variable(); name != "" {
		put(key, "${"+name+"}")
	} else {
		put(key+"_file", secretFile)
	}
	return b.String()
}

// security is what a port is for. A server on this machine at a port of its own has
// none: there is no way on which anybody could listen.
func security(host, port, usual string) string {
	switch port {
	case "465", "993":
		return string(config.TLS)
	case "143", "587":
		return string(config.StartTLS)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return string(config.Plain)
	}
	return usual
}

// writeSecret puts the password beside the settings.
func (m *mailSettings) writeSecret(folder string) error {
	if m.password == "" || m.variable() != "" {
		return nil
	}
	return writeNew(filepath.Join(folder, secretFile), []byte(m.password+"\n"))
}

// secret asks for something that nobody who looks over a shoulder shall read.
func (q *questions) secret(ask, was string) string {
	f, isFile := q.in.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return q.answer(ask, was, "")
	}
	hint := ""
	if was != "" {
		hint = " [as before]"
	}
	fmt.Fprintf(q.out, "%s%s: ", ask, hint)
	typed, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(q.out)
	q.over = q.over || err != nil
	return or(string(typed), was)
}
