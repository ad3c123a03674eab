package mailbox_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// memory is an IMAP server inside the test, for what no real server does on
// request: to refuse a copy, to break a line, to offer less than usual.
type memory struct {
	user *imapmemserver.User
	addr string
}

type memoryOptions struct {
	caps   imap.CapSet                                 // nil is IMAP4rev1 with UIDPLUS
	tls    *tls.Config                                 // for STARTTLS
	listen func(net.Listener) net.Listener             // nil is plain
	wrap   func(imapserver.Session) imapserver.Session // nil is the plain session
}

func startMemory(t testing.TB, o memoryOptions) *memory {
	t.Helper()
	user := imapmemserver.NewUser(address, "open-sesame")
	for _, name := range []string{"INBOX", "Sent Items", "Drafts"} {
		if err := user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	users := imapmemserver.New()
	users.AddUser(user)
	if o.caps == nil {
		o.caps = imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			session := users.NewSession()
			if o.wrap != nil {
				session = o.wrap(session)
			}
			return session, nil, nil
		},
		Caps: o.caps, TLSConfig: o.tls, InsecureAuth: o.tls == nil, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{user: user, addr: l.Addr().String()}
	if o.listen != nil {
		l = o.listen(l)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

// literal is bytes as IMAP appends them.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func (m *memory) put(t testing.TB, folder string, letters ...[]byte) {
	t.Helper()
	for _, raw := range letters {
		if _, err := m.user.Append(folder, literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: time.Now().Add(-time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *memory) count(t testing.TB, folder string) uint32 {
	t.Helper()
	status, err := m.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	return *status.NumMessages
}

func (m *memory) deleted(t testing.TB, folder string) uint32 {
	t.Helper()
	status, err := m.user.Status(folder, &imap.StatusOptions{NumDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	return *status.NumDeleted
}

// cutting breaks a connection in the middle of whatever has a mark in it.
type cutting struct {
	net.Listener
	mark string
}

func (l cutting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return cuttingConn{c, l.mark}, err
}

type cuttingConn struct {
	net.Conn
	mark string
}

func (c cuttingConn) Write(b []byte) (int, error) {
	if at := bytes.Index(b, []byte(c.mark)); at >= 0 {
		_, _ = c.Conn.Write(b[:at])
		_ = c.Close()
		return at, net.ErrClosed
	}
	return c.Conn.Write(b)
}

// sweepThrough reads a mailbox over as many connections as it takes.
func (m *reading) sweepThrough(t testing.TB, most int) {
	t.Helper()
	for range most {
		if m.Sweep(t.Context()) == nil {
			return
		}
	}
	m.sweep(t)
}

func TestALetterThatBreaksTheConnectionKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	const body = "From: a@example.org\r\nMessage-ID: <broken@example.org>\r\n\r\nPOISON\r\n"
	const header = "From: b@example.org\r\nSubject: POISON\r\n\r\nHello\r\n"
	for name, letter := range map[string]string{"in its text": body, "in its header": header} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sqlite(t)
			server := startMemory(t, memoryOptions{listen: func(l net.Listener) net.Listener { return cutting{l, "POISON"} }})
			m := r.start(t, box(t, server.addr, address, "open-sesame"))
			m.sweep(t)
			server.put(t, "INBOX", append(append(raws(1, 3), []byte(letter)), raws(4, 3)...)...)
			m.sweepThrough(t, 10)
			list := r.letters(t)
			if len(list) != 7 {
				t.Fatalf("%d letters are on file, want 7", len(list))
			}
			odd := 0
			for _, l := range list {
				if strings.HasPrefix(l.raw, "From: person@example.org") {
					continue
				}
				odd++
				if l.Size <= len(l.raw) {
					t.Errorf("of %d bytes %d are on file, and nobody can see that it is not all", l.Size, len(l.raw))
				}
				if wholeHeader := letter == body; wholeHeader != (l.MessageID == "broken@example.org") {
					t.Errorf("on file is %q with id %q", l.raw, l.MessageID)
				}
			}
			if odd != 1 || r.log.said("a letter could not be fetched whole; what there is of it is on file") != 1 {
				t.Errorf("%d odd letters, and the log said so %d times", odd, r.log.said("a letter could not be fetched whole; what there is of it is on file"))
			}
		})
	}
}

// stingy is a session that does not hand out one letter.
type stingy struct{ imapserver.Session }

func (s stingy) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	uids, ok := set.(imap.UIDSet)
	if ok && uids.Contains(2) && len(o.BodySection) > 0 && o.BodySection[0].Specifier == imap.PartSpecifierNone {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "this one is broken"}
	}
	return s.Session.Fetch(w, set, o)
}

func TestALetterThatTheServerRefusesIsFiledAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	server := startMemory(t, memoryOptions{wrap: func(s imapserver.Session) imapserver.Session { return stingy{s} }})
	m := r.start(t, box(t, server.addr, address, "open-sesame"))
	m.sweep(t)
	server.put(t, "INBOX", raws(1, 4)...)
	m.sweep(t) // over one connection
	r.each(t, raws(1, 4)...)
	if list := r.letters(t); list[1].Size <= len(list[1].raw) {
		t.Errorf("the second letter passes for whole: %+v", list[1].Letter)
	}
}

func TestOversizeLettersAreFiledByTheirStart(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		server := startMemory(t, memoryOptions{})
		m := r.startWith(t, mailbox.Options{MaxLetter: 200 << 10, Mailboxes: []config.Mailbox{box(t, server.addr, address, "open-sesame")}})
		m.sweep(t)
		head := "From: a@example.org\r\nMessage-ID: <large@example.org>\r\n\r\n"
		large := []byte(head + strings.Repeat("0123456789\r\n", 30_000))
		server.put(t, "INBOX", raw(1), large, raw(2))
		m.sweep(t)
		list := r.each(t, raw(1), large[:len(head)+64<<10], raw(2))
		for _, l := range list {
			if l.MessageID == "large@example.org" && l.Size != len(large) {
				t.Errorf("its size is %d, want %d", l.Size, len(large))
			}
		}
	})
}

func TestHostileMessageIDsDoNotStopFiling(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		server := startMemory(t, memoryOptions{})
		m := r.start(t, box(t, server.addr, address, "open-sesame"))
		m.sweep(t)
		hostile := [][]byte{
			[]byte("Message-ID: <a\x00b@example.org>\r\nReferences: <\xff\xfe@x> <good@example.org>\r\n\r\nx"),
			[]byte("Message-ID: <" + strings.Repeat("x", 5000) + "@example.org>\r\n\r\nx"),
			[]byte("Message-ID: \xff\r\n\r\nno \x00 is text"),
		}
		server.put(t, "INBOX", hostile...)
		m.sweep(t)
		r.each(t, hostile...)
	})
}

func TestMovingWaitsForTheCopy(t *testing.T) {
	t.Parallel()
	plus := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}
	for _, c := range []struct {
		name          string
		caps          imap.CapSet
		refuse        bool
		left, deleted uint32
		moved         uint32
	}{
		{"with MOVE", imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}}, false, 1, 0, 2},
		{"with UIDPLUS", plus, false, 1, 0, 2},
		{"with neither, letters stay flagged", imap.CapSet{imap.CapIMAP4rev1: {}}, false, 3, 2, 2},
		{"when the copy is refused, nothing is deleted", plus, true, 3, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := sqlite(t)
			server := startMemory(t, memoryOptions{caps: c.caps, wrap: func(s imapserver.Session) imapserver.Session {
				if c.refuse {
					return noCopy{s}
				}
				return s
			}})
			server.put(t, "INBOX", raw(0)) // lay there before
			b := box(t, server.addr, address, "open-sesame")
			b.After = config.Move
			m := r.start(t, b)
			m.sweep(t)
			server.put(t, "INBOX", raws(1, 2)...)
			server.put(t, "Sent Items", raw(3))
			m.sweep(t)
			m.sweep(t)
			r.each(t, raws(1, 3)...)
			if left, deleted, moved := server.count(t, "INBOX"), server.deleted(t, "INBOX"), server.count(t, "Postroom"); left != c.left || deleted != c.deleted || moved != c.moved {
				t.Errorf("%d letters in the inbox, %d of them deleted, and %d moved; want %d, %d, %d", left, deleted, moved, c.left, c.deleted, c.moved)
			}
			if n := server.count(t, "Sent Items"); n != 1 {
				t.Errorf("%d sent letters are left", n)
			}
		})
	}
}

// noCopy is a session that has no room for a copy.
type noCopy struct{ imapserver.Session }

func (noCopy) Copy(imap.NumSet, string) (*imap.CopyData, error) {
	return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeOverQuota, Text: "full"}
}

func TestConnectionsAreSecured(t *testing.T) {
	t.Parallel()
	server, client := testserver.TLS(t)
	overTLS := func(l net.Listener) net.Listener { return tls.NewListener(l, server) }
	for _, c := range []struct {
		name     string
		server   memoryOptions
		security config.Security
		trust    *tls.Config
		want     string // in the problem; "" is none
	}{
		{"TLS", memoryOptions{listen: overTLS}, config.TLS, client, ""},
		{"STARTTLS", memoryOptions{tls: server}, config.StartTLS, client, ""},
		{"a certificate nobody knows", memoryOptions{listen: overTLS}, config.TLS, nil, "certificate not trusted"},
		{"STARTTLS with a certificate nobody knows", memoryOptions{tls: server}, config.StartTLS, nil, "certificate not trusted"},
		{"STARTTLS that is not offered", memoryOptions{}, config.StartTLS, client, "server offers no STARTTLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, s := sqlite(t), startMemory(t, c.server)
			b := box(t, s.addr, address, "open-sesame")
			b.Security = c.security
			m := r.startWith(t, mailbox.Options{TLS: c.trust, Mailboxes: []config.Mailbox{b}})
			if c.want == "" {
				m.sweep(t)
				s.put(t, "INBOX", raw(1))
				m.sweep(t)
				r.each(t, raw(1))
				return
			}
			err := m.trySweep(t)
			if problem := r.cursor(t, address, postroom.Inbox).Problem; !strings.HasPrefix(problem, c.want) {
				t.Errorf("the problem is %q (%v), want %q", problem, err, c.want)
			}
		})
	}
}

func TestABadPasswordIsAProblemInWordsAndTriedSlowly(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		server := startMemory(t, memoryOptions{})
		m := r.start(t, box(t, server.addr, address, "wrong"), box(t, server.addr, "nobody@riverside.example", "wrong"))
		_ = m.trySweep(t)
		for _, who := range []string{address, "nobody@riverside.example"} {
			if c := r.cursor(t, who, postroom.Inbox); !strings.HasPrefix(c.Problem, "login refused") || !c.ConnectedAt.IsZero() {
				t.Errorf("the cursor is %+v", c)
			}
		}
		if wait := r.clock.lastWait(); wait < 3*time.Minute || wait > 5*time.Minute {
			t.Errorf("it is tried again after %s", wait)
		}
	})
}

// A mailbox that cannot be read is said aloud once, and is forgotten when it
// can. A mailbox beside it does not notice.
func TestALongOutageIsSaidAloudOnceAndForgottenWhenItIsOver(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	good, bad := startMemory(t, memoryOptions{}), startMemory(t, memoryOptions{})
	gate := newGate(t, bad.addr)
	other := box(t, gate.addr, "other@riverside.example", "open-sesame")
	other.Username = address
	m := r.start(t, box(t, good.addr, address, "open-sesame"), other)
	m.sweep(t)
	gate.shut()
	good.put(t, "INBOX", raw(1))
	for range 5 {
		_ = m.trySweep(t)
		r.clock.advance(4 * time.Minute)
	}
	r.each(t, raw(1))
	if n := r.log.said("mailbox has not been read for a quarter of an hour"); n != 1 {
		t.Errorf("said aloud %d times", n)
	}
	if c := r.cursor(t, other.Address, postroom.SentFolder); c.Problem == "" {
		t.Error("the problem is not on file")
	}
	gate.open()
	m.sweep(t)
	for _, folder := range []postroom.Folder{postroom.Inbox, postroom.SentFolder} {
		if c := r.cursor(t, other.Address, folder); c.Problem != "" || c.PolledAt.IsZero() {
			t.Errorf("after the outage the cursor is %+v", c)
		}
	}
}

func TestDraftsAreLeftOnce(t *testing.T) {
	t.Parallel()
	r, server := sqlite(t), startMemory(t, memoryOptions{})
	m := r.start(t, box(t, server.addr, address, "open-sesame"))
	for range 2 {
		if err := m.Draft(t.Context(), strings.ToUpper(address), raw(1), "letter-1@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Draft(t.Context(), address, raw(2), "letter-2@example.org"); err != nil {
		t.Fatal(err)
	}
	if n := server.count(t, "Drafts"); n != 2 {
		t.Errorf("%d drafts, want 2", n)
	}
	err := m.Draft(t.Context(), "nobody@riverside.example", raw(1), "x")
	if postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("a mailbox that is not there: %v", err)
	}
}

// Of two processes one reads; when it ends or dies the other goes on where it
// stood.
func TestOneProcessAtATimeReadsAMailbox(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		server := startMemory(t, memoryOptions{})
		b := box(t, server.addr, address, "open-sesame")
		first := r.start(t, b)
		first.sweep(t)
		second := r.start(t, b)
		if err := second.trySweep(t); !strings.Contains(err.Error(), "another process reads this mailbox") {
			t.Errorf("the second process says %v", err)
		}
		server.put(t, "INBOX", raws(1, 5)...)
		first.sweep(t)
		first.stop()
		server.put(t, "INBOX", raws(6, 5)...)
		second.sweep(t)
		r.each(t, raws(1, 10)...)
	})
}

// A process whose lease ran out while it was fetching files nothing.
func TestALostLeaseFilesNothing(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	server := startMemory(t, memoryOptions{})
	m := r.start(t, box(t, server.addr, address, "open-sesame"))
	m.sweep(t)
	server.put(t, "INBOX", raw(1))
	r.clock.advance(time.Nanosecond)
	later := r.clock.Now().Add(10 * time.Minute)
	err := r.store.Write(t.Context(), func(tx *store.Tx) error {
		took, err := tx.Lease("mailbox:"+address, "another", later, r.clock.Now().Add(time.Minute))
		if !took {
			t.Error("the lease was not to be had")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = m.trySweep(t)
	r.each(t)
}

// deaf is a listener whose connections go silent when told to: they stay open,
// and nothing more comes over them, as when a router forgets them.
type deaf struct {
	net.Listener
	mu    sync.Mutex
	wires []*deafConn
}

type deafConn struct {
	net.Conn
	silent atomic.Bool
}

func (l *deaf) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	wire := &deafConn{Conn: c}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wires = append(l.wires, wire)
	return wire, err
}

func (c *deafConn) Write(b []byte) (int, error) {
	if c.silent.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// forget makes every connection silent that is open now.
func (l *deaf) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, wire := range l.wires {
		wire.silent.Store(true)
	}
}

// mail_room#10, zammad#4935: a connection that waited for the server to speak
// (RFC 2177) had died without a word, and no letter was read any more.
func TestAConnectionThatDiedWithoutAWordIsNoticedAtTheNextLook(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	filed := r.firstBatch()
	var wires *deaf
	server := startMemory(t, memoryOptions{
		caps:   imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapIdle: {}},
		listen: func(l net.Listener) net.Listener { wires = &deaf{Listener: l}; return wires },
	})
	m := r.startWith(t, mailbox.Options{Patience: time.Second, Mailboxes: []config.Mailbox{box(t, server.addr, address, "open-sesame")}})
	m.sweep(t)
	wires.forget()
	server.put(t, "INBOX", raw(1))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); ; {
		select {
		case <-filed:
			r.each(t, raw(1))
			return
		case <-tick.C:
			r.clock.advance(time.Minute) // nobody asks; only time passes
		case <-late:
			t.Fatal("the letter is not on file")
		}
	}
}

// freescout#1611, mautic#6391: what a person had read already was passed over,
// and what the machine had read was marked so.
func TestALetterThatAPersonHasReadAlreadyIsFiledAllTheSame(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	server := startMemory(t, memoryOptions{})
	m := r.start(t, box(t, server.addr, address, "open-sesame"))
	m.sweep(t)
	for n, flags := range [][]imap.Flag{{imap.FlagSeen}, nil, {imap.FlagSeen, imap.FlagAnswered}} {
		if _, err := server.user.Append("INBOX", literal{bytes.NewReader(raw(n))}, &imap.AppendOptions{Flags: flags, Time: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	m.sweep(t)
	r.each(t, raws(0, 3)...)
	if status, err := server.user.Status("INBOX", &imap.StatusOptions{NumUnseen: true}); err != nil || *status.NumUnseen != 1 {
		t.Errorf("unread are %+v, %v; want the one that no person has read", status, err)
	}
}
