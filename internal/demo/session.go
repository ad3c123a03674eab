package demo

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is one program that has a mailbox open. The store does most of it;
// this adds what it lacks: limits, the uses of folders (RFC 6154), a
// UIDVALIDITY that is new at each start, and moves that cannot lock each other.
type session struct {
	*imapmemserver.UserSession // nil before the login
	boxes                      *mailboxes
	account                    *account
}

var (
	_ imapserver.SessionMove        = (*session)(nil)
	_ imapserver.SessionNamespace   = (*session)(nil)
	_ imapserver.SessionAppendLimit = (*session)(nil)
)

func no(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

func (s *session) Close() error {
	defer s.boxes.left()
	return s.UserSession.Close() // which knows that there may be none
}

func (s *session) Login(username, password string) error {
	a := s.boxes.accounts[strings.ToLower(username)]
	if a == nil {
		return imapserver.ErrAuthFailed
	}
	if err := a.user.Login(a.address, password); err != nil {
		return err
	}
	s.account, s.UserSession = a, imapmemserver.NewUserSession(a.user)
	return nil
}

func (s *session) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	data, err := s.UserSession.Select(name, o)
	if err == nil {
		data.UIDValidity += s.account.validity
	}
	return data, err
}

func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	data, err := s.UserSession.Status(name, o)
	if err == nil && o.UIDValidity {
		data.UIDValidity += s.account.validity
	}
	return data, err
}

// List lists folders with what they are for. Programs that ask in the old way
// are told too, which RFC 6154 allows.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 {
		return s.UserSession.List(w, ref, nil, o) // only asks for the delimiter
	}
	s.account.mu.Lock()
	list := s.listed(ref, patterns, o)
	s.account.mu.Unlock()
	for _, data := range list {
		if o.ReturnStatus != nil {
			data.Status, _ = s.Status(data.Mailbox, o.ReturnStatus) // one that has just gone has none
		}
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) listed(ref string, patterns []string, o *imap.ListOptions) (list []*imap.ListData) {
	for _, name := range s.account.names() {
		f := s.account.folders[name]
		if !matches(name, ref, patterns) || o.SelectSubscribed && !f.subscribed || o.SelectSpecialUse && f.use == "" {
			continue
		}
		data := &imap.ListData{Mailbox: name, Delim: '/'}
		if f.use != "" {
			data.Attrs = append(data.Attrs, f.use)
		}
		if f.subscribed && (o.SelectSubscribed || o.ReturnSubscribed) {
			data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
		}
		list = append(list, data)
	}
	return list
}

func matches(name, ref string, patterns []string) bool {
	for _, pattern := range patterns {
		if imapserver.MatchList(name, '/', ref, pattern) {
			return true
		}
	}
	return false
}

func (s *session) Create(name string, o *imap.CreateOptions) error {
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.folders) >= maxFolders || len(name) > 100 || name == "" || name[len(name)-1] == '/' {
		return no(imap.ResponseCodeLimit, "no such folder can be made here")
	}
	if err := a.user.Create(name, o); err != nil {
		return err
	}
	a.folders[name] = new(mailFolder)
	return nil
}

func (s *session) Delete(name string) error {
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.folders[name]; f == nil || f.use != "" || name == inbox {
		return no(imap.ResponseCodeCannot, "this folder stays")
	}
	delete(a.folders, name)
	return a.user.Delete(name)
}

func (s *session) Rename(name, to string, o *imap.RenameOptions) error {
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.folders[name]
	if f == nil || f.use != "" || name == inbox || len(to) > 100 || to == "" || to[len(to)-1] == '/' {
		return no(imap.ResponseCodeCannot, "this folder keeps its name")
	}
	if err := a.user.Rename(name, to, o); err != nil {
		return err
	}
	delete(a.folders, name)
	a.folders[to] = f
	return nil
}

func (s *session) Subscribe(name string) error   { return s.subscribe(name, true) }
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, yes bool) error {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	f := s.account.folders[name]
	if f == nil {
		return no(imap.ResponseCodeNonExistent, "there is no such folder")
	}
	f.subscribed = yes
	return nil
}

// AppendLimit is the largest letter that is taken (RFC 7889).
func (s *session) AppendLimit() uint32 { return maxMail }

// Append reads the letter before it waits for anybody, so that a slow program
// holds up nobody else.
func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if o.Time.IsZero() {
		o.Time = s.boxes.clock.Now()
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	if s.account.folders[name] != nil && !s.account.fits(name, len(raw)) {
		return nil, no(imap.ResponseCodeOverQuota, errFull.Error())
	}
	data, err := s.UserSession.Append(name, bytes.NewReader(raw), o)
	if err == nil {
		data.UIDValidity += s.account.validity
	}
	return data, err
}

func (s *session) Copy(numbers imap.NumSet, to string) (*imap.CopyData, error) {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return s.copy(numbers, to)
}

// copy returns nil data where there was nothing to copy. A folder may grow to
// twice what it should hold, because copies are counted together.
func (s *session) copy(numbers imap.NumSet, to string) (*imap.CopyData, error) {
	if s.account.folders[to] != nil && !s.account.fits(to, 0) {
		return nil, no(imap.ResponseCodeOverQuota, errFull.Error())
	}
	data, err := s.UserSession.Copy(numbers, to)
	if err != nil || len(data.SourceUIDs) == 0 {
		return nil, err
	}
	data.UIDValidity += s.account.validity
	return data, nil
}

// Move copies and then removes. The store's own way holds two folders at once,
// and two programs that move in opposite ways would wait for each other.
func (s *session) Move(w *imapserver.MoveWriter, numbers imap.NumSet, to string) error {
	s.account.mu.Lock()
	data, err := s.copy(numbers, to)
	if err == nil && data != nil {
		err = remove(s.UserSession, data.SourceUIDs)
	}
	s.account.mu.Unlock()
	if err != nil || data == nil {
		return err
	}
	return w.WriteCopyData(data) // the removals follow with the end of the command
}

// Idle waits as the store does, and looks once more when the wait has begun:
// the store would keep to itself what came between the last command and the
// wait, until something else comes (RFC 2177).
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	end, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.UserSession.Idle(w, end) }()
	begun := time.NewTimer(100 * time.Millisecond)
	defer begun.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-begun.C:
			if err := s.Poll(w, true); err != nil {
				close(end)
				return errors.Join(err, <-done)
			}
		case <-stop:
			close(end)
			return <-done
		}
	}
}
