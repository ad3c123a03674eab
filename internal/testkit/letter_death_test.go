package testkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// post is a walk of letters in a real mailbox, seen beside the post room.
type post struct {
	*walk
	dovecot *testserver.DovecotServer
	client  *imapclient.Client
}

// newPost is a walk with a mailbox that has these settings.
func newPost(t *testing.T, engine testkit.Option, mailbox string) *post {
	t.Helper()
	d := testserver.Dovecot(t)
	p := &post{walk: &walk{death: newDeath(t, []testkit.Option{engine, testkit.Mailbox(d, testkit.Support, mailbox)}), pause: 10 * time.Minute}, dovecot: d}
	p.client = d.Login(testkit.Support)
	p.begin = p.arrive
	return p
}

// sender is the n-th letter's, of a domain each: a domain has few answers a day.
func sender(n int) string { return fmt.Sprintf("person@p%d.example.org", n) }

func letterID(n int) string { return fmt.Sprintf("l%d@example.org", n) }

// arrive lays the n-th letter into the mailbox when the room has looked through
// it and waits for letters.
func (p *post) arrive(room *child, n int) {
	p.t.Helper()
	p.until(room.died, p.looked)
	room.light(p.t, 0)
	m := testkit.Mail{From: sender(n), To: testkit.Support, Subject: "Hello", Text: fmt.Sprintf("Is anybody there? This is letter %d.", n), ID: letterID(n), At: p.now()}
	p.dovecot.Put(testkit.Support, "INBOX", p.now(), m.Bytes())
}

// looked says whether the room that lives has looked through the mailbox.
func (p *post) looked() bool {
	p.t.Helper()
	cursor, _, err := p.store.Read(p.t.Context()).Cursor(testkit.Support, postroom.Inbox)
	if err != nil {
		p.t.Fatal(err)
	}
	return cursor.PolledAt.After(p.now().Add(-p.pause / 2))
}

// lie counts the letters in a folder that have a header field, and the marks
// that are asked for.
func (p *post) lie(folder, field, value string, criteria imap.SearchCriteria) int {
	p.t.Helper()
	if _, err := p.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return 0 // it is made for the first letter
	}
	criteria.Header = []imap.SearchCriteriaHeaderField{{Key: field, Value: value}}
	found, err := p.client.Search(&criteria, nil).Wait()
	if err != nil {
		p.t.Fatal(err)
	}
	return len(found.AllSeqNums())
}

func (p *post) flagged(n int) bool {
	return p.lie("INBOX", "Message-ID", letterID(n), imap.SearchCriteria{Flag: []imap.Flag{"$PostroomSeen"}}) == 1
}

// moved says whether a letter lies in the folder of what is done, and no more in
// the inbox than as one that is deleted.
func (p *post) moved(n int) bool {
	return p.lie("Postroom", "Message-ID", letterID(n), imap.SearchCriteria{}) > 0 &&
		p.lie("INBOX", "Message-ID", letterID(n), imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}) == 0
}

// judgeFiled checks that the n-th letter is on file once.
func (p *post) judgeFiled(n int, at string) {
	p.t.Helper()
	list, err := p.store.Read(p.t.Context()).LettersNamed(letterID(n))
	if err != nil || len(list) != 1 {
		p.t.Errorf("killed at %q: the letter is on file %d times, %v", at, len(list), err)
	}
}

func TestKilledAtAnyPointALetterIsFiledOnceAnsweredAndFlagged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a letter and its answer; run without -short")
	}
	t.Parallel()
	engines(t, func(t *testing.T, engine testkit.Option) {
		p := newPost(t, engine, "mode: answer, after: flag")
		p.done = func(n int) bool { return p.settled(n) && p.flagged(n) }
		p.judge = func(n int, at string) {
			p.judgeFiled(n, at)
			p.death.judge(n, sender(n), at, 1)
		}
		p.run(100)
	})
}

func TestKilledAtAnyPointALetterIsFiledOnceAnsweredAndMoved(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a letter and its answer; run without -short")
	}
	t.Parallel()
	engines(t, func(t *testing.T, engine testkit.Option) {
		p := newPost(t, engine, "mode: answer, after: move")
		p.walkMoved(func(n int, at string, moved, left int) {
			if moved != 1 || left != 0 {
				t.Errorf("killed at %q: the letter was moved %d times and lies in the inbox %d times", at, moved, left)
			}
		})
	})
}

// TestKilledAtAnyPointALetterIsMovedWithoutMOVE has a server on which a letter
// is moved in three commands. Dying between them leaves a second copy, or the
// letter flagged as deleted, and never none.
func TestKilledAtAnyPointALetterIsMovedWithoutMOVE(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a letter and its answer; run without -short")
	}
	t.Parallel()
	p := newPost(t, testkit.In(""), "mode: answer, after: move")
	p.forgetMove()
	p.walkMoved(func(n int, at string, moved, left int) {
		if moved > 2 || left > 1 {
			t.Errorf("killed at %q: the letter was moved %d times and lies in the inbox %d times", at, moved, left)
		}
		if moved > 1 || left > 0 {
			t.Logf("killed at %q: the letter was moved %d times and lies in the inbox, flagged as deleted, %d times", at, moved, left)
		}
	})
}

// walkMoved walks letters that are moved to a folder, which is made anew for
// each, and has judged where they lie.
func (p *post) walkMoved(judge func(n int, at string, moved, left int)) {
	p.begin = func(room *child, n int) {
		_ = p.client.Delete("Postroom").Wait() // it is not there at first
		p.arrive(room, n)
	}
	p.done = func(n int) bool { return p.settled(n) && p.moved(n) }
	p.judge = func(n int, at string) {
		p.judgeFiled(n, at)
		p.death.judge(n, sender(n), at, 1)
		id := letterID(n)
		judge(n, at, p.lie("Postroom", "Message-ID", id, imap.SearchCriteria{}), p.lie("INBOX", "Message-ID", id, imap.SearchCriteria{}))
	}
	p.run(100)
}

// forgetMove takes MOVE from the server.
func (p *post) forgetMove() {
	p.t.Helper()
	conf := filepath.Join(p.dovecot.Folder, "dovecot.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		p.t.Fatal(err)
	}
	text = append(text, "imap_capability = IMAP4rev1 SASL-IR IDLE UIDPLUS LITERAL+ SPECIAL-USE LIST-EXTENDED NAMESPACE ENABLE\n"...)
	if err := os.WriteFile(conf, text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.dovecot.Restart()
	p.client = p.dovecot.Login(testkit.Support)
	if p.client.Caps().Has(imap.CapMove) {
		p.t.Fatal("the server has MOVE still")
	}
}

func TestKilledAtAnyPointALetterHasOneDraft(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a letter and its draft; run without -short")
	}
	t.Parallel()
	engines(t, func(t *testing.T, engine testkit.Option) {
		p := newPost(t, engine, "mode: draft")
		drafts := func(n int) int { return p.lie("Drafts", "To", sender(n), imap.SearchCriteria{}) }
		p.done = func(n int) bool { return p.settled(n) && drafts(n) > 0 }
		p.judge = func(n int, at string) {
			p.judgeFiled(n, at)
			if got := drafts(n); got != 1 || !p.settled(n) {
				t.Errorf("killed at %q: %d drafts, want 1; %s", at, got, p.open())
			}
			if got := p.sink.To(sender(n)); len(got) != 0 {
				t.Errorf("killed at %q: %d mails were sent, want none", at, len(got))
			}
		}
		p.run(100)
	})
}
