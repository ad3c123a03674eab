package mailbox

import (
	"fmt"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Condition is how a mailbox is, in one word.
type Condition string

// The conditions of a mailbox.
const (
	Reading Condition = "reading" // it was read when it was last looked at
	Broken  Condition = "broken"  // it was not: Problem says why
	Unread  Condition = "unread"  // no process has looked at it for a while, or ever
)

// The problems that a State names.
const (
	ProblemLogin       = string(errRefused)
	ProblemTrust       = string(errDistrusted)
	ProblemUnreachable = string(errUnreachable)
	ProblemSilent      = string(errSilent)
	ProblemLost        = string(errLost)
	ProblemFolder      = string(errNoFolder)
)

// State is how one mailbox is, for whoever looks after the post room. It is read
// from the database, so that any process can tell it of a mailbox that another
// one reads.
type State struct {
	Address   string
	Mode      config.MailboxMode
	Condition Condition
	Since     time.Time // when it was first read; zero while it never was
	Polled    time.Time // when it was last read to its end; zero while it never was
	Late      bool      // that is a quarter of an hour ago or more
	Problem   string    // why it cannot be read, in plain words; "" when it can
	Detail    string    // the same with what the server said, which is not for everybody
}

// AlarmKey names one outage: whoever says aloud that the mailbox is not read says
// so once under it, also after a restart.
func (s State) AlarmKey() string {
	return fmt.Sprintf("unread:%s:%d", s.Address, s.Polled.Unix())
}

// States returns how each mailbox in the settings is.
func States(r store.Reader, boxes []config.Mailbox, now time.Time) ([]State, error) {
	cursors, err := r.Cursors()
	if err != nil {
		return nil, fmt.Errorf("read how the mailboxes are: %w", err)
	}
	list := make([]State, len(boxes))
	for i, box := range boxes {
		list[i] = stateOf(box, cursors, now)
	}
	return list, nil
}

func stateOf(box config.Mailbox, cursors []store.Cursor, now time.Time) State {
	s := State{Address: box.Address, Mode: box.Mode}
	for _, c := range cursors {
		if c.Mailbox != box.Address {
			continue
		}
		if c.Folder == postroom.Inbox {
			s.Since, s.Polled = c.ConnectedAt, c.PolledAt
		}
		if c.Problem != "" {
			s.Problem, s.Detail = plain(c.Problem), c.Problem
		}
	}
	s.Late = now.Sub(s.Polled) >= alarmAfter
	switch {
	case s.Problem != "":
		s.Condition = Broken
	case s.Late:
		s.Condition = Unread
	default:
		s.Condition = Reading
	}
	return s
}

// plain is a problem without what a server or the system said. The order matters
// where one trouble brings another.
func plain(problem string) string {
	for _, t := range []trouble{errRefused, errDistrusted, errNoStartTLS, errUnreachable, errNoFolder, errWithheld, errSilent, errLost} {
		if strings.Contains(problem, string(t)) {
			return string(t)
		}
	}
	return "it cannot be read"
}
