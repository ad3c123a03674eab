package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"postroom/internal/config"
	"postroom/internal/postroom"
)

// These bound what the mailboxes keep in memory and how many programs may
// have them open.
const (
	maxFolders  = 20
	maxInFolder = 500
	maxAccount  = 32 << 20 // bytes of all folders of one mailbox
	maxOpen     = 50
)

// mailboxes is the mail server on which the organisation's own mailboxes lie. It
// speaks IMAP as far as a mail program and the post room need it, and only on
// this machine, because its password stands on the demo's page.
type mailboxes struct {
	server   *imapserver.Server
	clock    postroom.Clock
	accounts map[string]*account // by address in small letters

	mu     sync.Mutex
	closed bool
	open   int
	gone   sync.WaitGroup // of every session
}

// newMailboxes makes the mailboxes that the settings name, all of them empty.
func newMailboxes(boxes []config.Mailbox, clock postroom.Clock) (*mailboxes, error) {
	m := &mailboxes{clock: clock, accounts: make(map[string]*account)}
	for _, box := range boxes {
		a, err := newAccount(box)
		if err != nil {
			return nil, fmt.Errorf("make mailbox %s: %w", box.Address, err)
		}
		m.accounts[strings.ToLower(box.Address)] = a
	}
	m.server = imapserver.New(&imapserver.Options{
		NewSession: m.session,
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapESearch: {},
			imap.CapListExtended: {}, imap.CapListStatus: {}, imap.CapStatusSize: {}, imap.CapSpecialUse: {},
		},
		InsecureAuth: true,                       // on loopback
		Logger:       log.New(io.Discard, "", 0), // it would tell of every program that hangs up
	})
	return m, nil
}

// serve answers IMAP until ctx ends, and returns when every connection has
// ended too.
func (m *mailboxes) serve(ctx context.Context, l net.Listener) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		m.mu.Lock()
		m.closed = true
		m.mu.Unlock()
		_ = m.server.Close() // the process is ending
		m.gone.Wait()
	}()
	err := m.server.Serve(l)
	if ctx.Err() == nil {
		return fmt.Errorf("serve mailboxes: %w", errors.Join(err, l.Close()))
	}
	_ = l.Close() // if the end came before the beginning
	<-stopped
	return nil
}

// session begins one connection, unless there are too many.
func (m *mailboxes) session(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.open >= maxOpen {
		return nil, nil, &imap.Error{Type: imap.StatusResponseTypeBye, Text: "no more connections"}
	}
	m.open++
	m.gone.Add(1)
	return &session{boxes: m}, nil, nil
}

func (m *mailboxes) left() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open--
	m.gone.Done()
}

// account returns the mailbox that takes mail for an address, which may have
// a part behind a plus (RFC 5233), or nil.
func (m *mailboxes) account(address string) *account {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	local, _, _ = strings.Cut(local, "+")
	return m.accounts[local+"@"+domain]
}

// account is one mailbox with its folders.
type account struct {
	address  string
	user     *imapmemserver.User
	validity uint32 // what is added to the store's own UIDVALIDITY

	mu      sync.Mutex // held while folders change or something new is let in
	folders map[string]*mailFolder
}

type mailFolder struct {
	use        imap.MailboxAttr // RFC 6154
	subscribed bool
}

// newAccount makes a mailbox with the folders that mail programs look for.
// The store counts UIDVALIDITY from 1 at each start, but UIDs of an earlier
// start mean nothing now (RFC 3501, section 2.3.1.1), and a post room that goes
// on in the same folder remembers them; so the time is added.
func newAccount(box config.Mailbox) (*account, error) {
	const tick = 50 * time.Millisecond // fits into 32 bits until 2032; no start is as quick
	since := time.Since(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	a := &account{
		address: box.Address, user: imapmemserver.NewUser(box.Address, box.Password.Reveal()),
		validity: uint32(since / tick), folders: make(map[string]*mailFolder),
	}
	for _, f := range []struct {
		name string
		use  imap.MailboxAttr
	}{{inbox, ""}, {"Drafts", imap.MailboxAttrDrafts}, {"Junk", imap.MailboxAttrJunk}, {"Sent", imap.MailboxAttrSent}, {"Trash", imap.MailboxAttrTrash}} {
		if err := a.user.Create(f.name, nil); err != nil {
			return nil, err
		}
		a.folders[f.name] = &mailFolder{use: f.use, subscribed: true}
	}
	return a, nil
}

const inbox = "INBOX"

// errFull says that a mailbox takes no more.
var errFull = errors.New("the mailbox is full")

// deliver puts a mail into the inbox. The oldest letters make room for it.
func (a *account) deliver(raw []byte, at time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.fits(inbox, len(raw)) {
		dropped, err := a.dropOldest()
		if err != nil {
			return err
		}
		if !dropped {
			return errFull
		}
	}
	_, err := a.user.Append(inbox, bytes.NewReader(raw), &imap.AppendOptions{Time: at})
	return err
}

// fits says whether a folder takes one more mail of some bytes.
func (a *account) fits(name string, size int) bool {
	total := int64(size)
	for other := range a.folders {
		status, err := a.user.Status(other, &imap.StatusOptions{NumMessages: true, Size: true})
		if err != nil || other == name && *status.NumMessages >= maxInFolder {
			return false
		}
		total += *status.Size
	}
	return total <= maxAccount
}

// dropOldest removes the first letter of the inbox, as a mail program would,
// and says whether there was one.
func (a *account) dropOldest() (bool, error) {
	s := imapmemserver.NewUserSession(a.user)
	if _, err := s.Select(inbox, nil); err != nil {
		return false, err
	}
	defer s.Close()
	found, err := s.Search(imapserver.NumKindUID, &imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(1)}}, &imap.SearchOptions{})
	if err != nil || found.Count == 0 {
		return false, err
	}
	return true, remove(s, found.All.(imap.UIDSet))
}

// remove takes letters out of the folder that a session has open; every
// program that has it open hears of it.
func remove(s *imapmemserver.UserSession, uids imap.UIDSet) error {
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.Store(nil, uids, deleted, nil); err != nil {
		return err
	}
	return s.Expunge(nil, &uids)
}

// names lists the folders, the inbox first.
func (a *account) names() []string {
	names := make([]string, 0, len(a.folders))
	for name := range a.folders {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		if x == inbox || y == inbox {
			return map[bool]int{true: -1, false: 1}[x == inbox]
		}
		return strings.Compare(x, y)
	})
	return names
}
