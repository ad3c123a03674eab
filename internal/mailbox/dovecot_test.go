package mailbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

func TestNewLettersAreFiledOnceWithTheirPlace(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		d.Put(address, "INBOX", time.Time{}, raw(1))
		m := r.start(t, dovecotBox(t, d, address))
		m.sweep(t)
		r.each(t) // what lay there before is none of ours
		d.Put(address, "INBOX", time.Time{}, raws(2, 150)...)
		m.sweep(t)
		m.sweep(t)
		first := r.each(t, raws(2, 150)...)[0]
		if first.Mailbox != address || first.Folder != postroom.Inbox || first.MessageID == "" || first.Imported || first.Size != len(first.raw) {
			t.Errorf("filed as %+v", first.Letter)
		}
		if c := r.cursor(t, address, postroom.Inbox); c.LastUID != 151 || c.UIDValidity == 0 || c.PolledAt.IsZero() || c.Problem != "" {
			t.Errorf("cursor is %+v", c)
		}
	})
}

func TestALetterInTwoMailboxesIsOneLetterWithTwoDeliveries(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		const other = "events@riverside.example"
		m := r.start(t, dovecotBox(t, d, address), dovecotBox(t, d, other))
		m.sweep(t)
		d.Put(address, "INBOX", time.Time{}, raws(1, 3)...)
		d.Put(other, "INBOX", time.Time{}, raws(2, 3)...)
		m.sweep(t)
		for _, l := range r.each(t, raws(1, 4)...) {
			want := 2
			if l.raw == string(raw(1)) || l.raw == string(raw(4)) {
				want = 1
			}
			if len(l.mailboxes) != want {
				t.Errorf("%s lay in %q", l.MessageID, l.mailboxes)
			}
		}
	})
}

// Nobody asks: the server says that a letter came. It is delivered as a mail
// server would.
func TestALetterIsFiledWhenTheServerSaysThatItCame(t *testing.T) {
	t.Parallel()
	r, d := sqlite(t), testserver.Dovecot(t)
	filed := make(chan struct{}, 10)
	r.store.OnJobs(func(postroom.Lane) { filed <- struct{}{} })
	m := r.start(t, dovecotBox(t, d, address))
	m.sweep(t)
	for n := range 2 {
		d.Deliver("person@example.org", address, raw(n))
		select {
		case <-filed:
		case <-time.After(30 * time.Second):
			t.Fatal("the letter is not on file after half a minute")
		}
	}
	if list := r.letters(t); len(list) != 2 || !strings.HasSuffix(list[0].raw, "Hello 0\r\n") || !strings.HasPrefix(list[0].raw, "Return-Path: <person@example.org>") {
		t.Errorf("on file are %+v", list)
	}
}

func TestTheFirstConnectionImportsWhatTheSettingsAsk(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		now := r.clock.Now()
		for days, letter := range map[int][]byte{20: raw(1), 9: raw(2), 6: raw(3), 1: raw(4)} {
			d.Put(address, "INBOX", now.Add(-time.Duration(days)*24*time.Hour), letter)
		}
		d.Put(address, "Sent", now.Add(-48*time.Hour), raw(5))
		b := dovecotBox(t, d, address)
		b.Import = 7 * 24 * time.Hour
		m := r.start(t, b)
		m.sweep(t)
		for _, l := range r.each(t, raw(3), raw(4), raw(5)) {
			if !l.Imported || now.Sub(l.ReceivedAt) < 23*time.Hour {
				t.Errorf("%s: imported %t, received %s", l.MessageID, l.Imported, l.ReceivedAt)
			}
		}
		d.Put(address, "INBOX", now.Add(-300*24*time.Hour), raw(6)) // dragged in from an archive
		m.sweep(t)
		for _, l := range r.each(t, raw(3), raw(4), raw(5), raw(6)) {
			if l.raw == string(raw(6)) && l.Imported {
				t.Error("a letter that was not there at first counts as imported")
			}
		}
	})
}

func TestWhatStaffSentIsReadToo(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{"found by its use": "", "named in the settings": "by hand"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, d := sqlite(t), testserver.Dovecot(t)
			folder := "Sent"
			b := dovecotBox(t, d, address)
			if sent != "" {
				folder, b.Sent = "By Hand", sent
				if err := d.Login(address).Create(folder, nil).Wait(); err != nil {
					t.Fatal(err)
				}
			}
			d.Put(address, folder, time.Time{}, raw(0))
			m := r.start(t, b)
			m.sweep(t)
			reply := []byte("From: support@riverside.example\r\nMessage-ID: <answer@riverside.example>\r\nIn-Reply-To: <letter-1@example.org>\r\nReferences: <letter-0@example.org>\r\n <letter-1@example.org>\r\n\r\nDone.\r\n")
			d.Put(address, folder, time.Time{}, reply)
			m.sweep(t)
			if l := r.each(t, reply)[0]; l.Folder != postroom.SentFolder {
				t.Errorf("its folder is %s", l.Folder)
			}
			for _, id := range []string{"letter-0@example.org", "letter-1@example.org"} {
				if list, err := r.store.Read(t.Context()).LettersNaming(id, postroom.SentFolder); err != nil || len(list) != 1 {
					t.Errorf("%d letters name %s, %v", len(list), id, err)
				}
			}
		})
	}
}

// flags returns what a mail program sees at every letter of a folder.
func flags(t *testing.T, c *imapclient.Client, folder string) (all []string) {
	t.Helper()
	data, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if data.NumMessages == 0 {
		return nil
	}
	list, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		slices.Sort(l.Flags)
		all = append(all, fmt.Sprint(l.UID, l.Flags))
	}
	return all
}

func TestAfterALetterIsOnFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after             config.MailboxAfter
		inbox, sent, done []string
	}{
		{config.Leave, []string{`1 [\Recent]`, `2 [\Flagged \Recent]`, `3 [\Recent]`, `4 [\Recent]`}, []string{`1 [\Recent]`}, nil},
		{config.Flag, []string{`1 []`, `2 [\Flagged]`, `3 [$PostroomSeen]`, `4 [$PostroomSeen]`}, []string{`1 [\Recent]`}, nil},
		{config.Move, []string{`1 []`, `2 [\Flagged]`}, []string{`1 [\Recent]`}, []string{`1 [\Recent]`, `2 [\Recent]`}},
	} {
		t.Run(string(c.after), func(t *testing.T) {
			t.Parallel()
			r, d := sqlite(t), testserver.Dovecot(t)
			d.Put(address, "INBOX", time.Time{}, raw(1), raw(2))
			person := d.Login(address)
			b := dovecotBox(t, d, address)
			b.After = c.after
			m := r.start(t, b)
			m.sweep(t)
			d.Put(address, "INBOX", time.Time{}, raw(3), raw(4))
			d.Put(address, "Sent", time.Time{}, raw(5))
			flagSecond(t, d)
			m.sweep(t)
			m.sweep(t)
			m.stop()
			r.each(t, raw(3), raw(4), raw(5))
			// Whether a letter is recent depends on who looks first, and
			// flagging the second did; what matters is who took it away.
			if got, want := unrecent(flags(t, person, "INBOX")), unrecent(c.inbox); !slices.Equal(got, want) {
				t.Errorf("the inbox is %q, want %q", got, want)
			}
			if got := unrecent(flags(t, person, "Sent")); !slices.Equal(got, unrecent(c.sent)) {
				t.Errorf("what was sent is %q, want %q", got, c.sent)
			}
			if c.done != nil {
				if got := unrecent(flags(t, person, "Postroom")); !slices.Equal(got, unrecent(c.done)) {
					t.Errorf("the folder is %q, want %q", got, c.done)
				}
			} else if boxes, err := person.List("", "Postroom", nil).Collect(); err != nil || len(boxes) > 0 {
				t.Errorf("a folder was made: %d, %v", len(boxes), err)
			}
		})
	}
}

func unrecent(flags []string) (list []string) {
	for _, f := range flags {
		list = append(list, strings.NewReplacer(` \Recent`, "", `\Recent `, "", `\Recent`, "").Replace(f))
	}
	return list
}

// flagSecond is a person who marks a letter in the inbox.
func flagSecond(t *testing.T, d *testserver.DovecotServer) {
	t.Helper()
	c := d.Login(address)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

// With after: leave not even the mark "recent" goes, which SELECT takes away.
func TestLeavingTouchesNoFileOfTheMailbox(t *testing.T) {
	t.Parallel()
	r, d := sqlite(t), testserver.Dovecot(t)
	m := r.start(t, dovecotBox(t, d, address))
	m.sweep(t)
	d.Put(address, "INBOX", time.Time{}, raws(1, 3)...)
	before := flags(t, d.Login(address), "INBOX")
	m.sweep(t)
	r.each(t, raws(1, 3)...)
	if got := flags(t, d.Login(address), "INBOX"); !slices.Equal(got, before) || !strings.Contains(before[0], "Recent") {
		t.Errorf("the inbox is %q, and was %q", got, before)
	}
}

// A process that dies between filing and flagging is made up for by the next.
func TestFlagsThatWereLeftToDoAreSet(t *testing.T) {
	t.Parallel()
	r, d := sqlite(t), testserver.Dovecot(t)
	d.Put(address, "INBOX", time.Time{}, raw(1))
	b := dovecotBox(t, d, address)
	m := r.start(t, b)
	m.sweep(t)
	d.Put(address, "INBOX", time.Time{}, raw(2), raw(3))
	m.sweep(t)
	m.stop()
	b.After = config.Flag
	r.start(t, b).sweep(t)
	got := unrecent(flags(t, d.Login(address), "INBOX"))
	if want := []string{`1 []`, `2 [$PostroomSeen]`, `3 [$PostroomSeen]`}; !slices.Equal(got, want) {
		t.Errorf("the inbox is %q, want %q", got, want)
	}
}

// firstBatch returns a channel that is closed when the first letters are on
// file, which is in the middle of a fetch of several hundred.
func (r *room) firstBatch() <-chan struct{} {
	filed := make(chan struct{}, 100)
	r.store.OnJobs(func(postroom.Lane) {
		select {
		case filed <- struct{}{}:
		default:
		}
	})
	return filed
}

// begin starts a sweep, and hands out what came of it.
func (m *reading) begin(t *testing.T) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- m.Sweep(t.Context()) }()
	return done
}

func TestEveryLetterIsFiledOnceWhenDovecotIsKilledAndRestartedInTheMiddle(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		filed := r.firstBatch()
		m := r.start(t, dovecotBox(t, d, address))
		m.sweep(t)
		d.Put(address, "INBOX", time.Time{}, raws(1, 400)...)
		for range 3 {
			done := m.begin(t)
			<-filed
			d.Restart()
			<-done // whatever it says
		}
		m.sweepThrough(t, 5)
		r.each(t, raws(1, 400)...)
	})
}

func TestEveryLetterIsFiledOnceWhenDovecotStallsInTheMiddle(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		filed := r.firstBatch()
		m := r.startWith(t, mailbox.Options{Patience: 2 * time.Second, Mailboxes: []config.Mailbox{dovecotBox(t, d, address)}})
		m.sweepThrough(t, 5)
		d.Put(address, "INBOX", time.Time{}, raws(1, 400)...)
		done := m.begin(t)
		<-filed
		d.Stall()
		if err := <-done; err == nil {
			t.Log("the server had sent everything before it stalled")
		} else if problem := r.cursor(t, address, postroom.Inbox).Problem; !strings.Contains(problem, "server stopped answering") {
			t.Errorf("the problem is %q", problem)
		}
		d.Resume()
		m.sweepThrough(t, 5)
		r.each(t, raws(1, 400)...)
	})
}

// newUIDs gives every letter of the inbox a UID under another UIDVALIDITY, as a
// server does that was restored from a backup. The server is down meanwhile: with
// our own connection still open it would write back what it remembers.
func newUIDs(t *testing.T, d *testserver.DovecotServer, validity uint32) {
	t.Helper()
	d.Vanish()
	box := filepath.Join(d.Folder, "mail", address)
	for _, name := range []string{"dovecot-uidlist", "dovecot.index", "dovecot.index.cache", "dovecot.index.log", "dovecot-uidvalidity"} {
		_ = os.Remove(filepath.Join(box, name))
	}
	if old, err := filepath.Glob(filepath.Join(box, "dovecot-uidvalidity.*")); err == nil {
		for _, name := range old {
			_ = os.Remove(name)
		}
	}
	if err := os.WriteFile(filepath.Join(box, "dovecot-uidlist"), fmt.Appendf(nil, "3 V%d N1 G%032d\n", validity, 7), 0o666); err != nil {
		t.Fatal(err)
	}
	d.Restart()
}

// A new UIDVALIDITY makes every UID mean something else (RFC 9051, section
// 2.3.1.1). Some days are read again, and what is on file is known by its hash.
func TestEveryLetterIsFiledOnceWhenUIDValidityChanges(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		d.Put(address, "INBOX", time.Time{}, raw(0)) // lay there before we came
		r.clock.advance(time.Second)
		m := r.start(t, dovecotBox(t, d, address))
		m.sweep(t)
		r.clock.advance(-time.Second)
		d.Put(address, "INBOX", time.Time{}, raws(1, 250)...)
		m.sweep(t)
		before := r.cursor(t, address, postroom.Inbox)
		newUIDs(t, d, before.UIDValidity+7)
		d.Put(address, "INBOX", time.Time{}, raw(251))
		m.sweepThrough(t, 5)
		if now := r.cursor(t, address, postroom.Inbox); now.UIDValidity == before.UIDValidity {
			t.Fatalf("UIDVALIDITY is still %d", now.UIDValidity)
		}
		for _, l := range r.each(t, raws(0, 252)...) {
			if old := l.raw == string(raw(0)); l.Imported != old {
				t.Errorf("%s: imported is %t", l.MessageID, l.Imported)
			}
		}
		m.sweep(t)
		d.Put(address, "INBOX", time.Time{}, raw(252))
		m.sweep(t)
		r.each(t, raws(0, 253)...)
	})
}

func TestAMailboxIsTriedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	d.Put(address, "INBOX", time.Time{}, raw(1))
	b := dovecotBox(t, d, address)
	found, err := mailbox.Try(t.Context(), b, mailbox.Options{})
	if err != nil || found != (mailbox.Found{Letters: 1, Sent: "Sent", Drafts: "Drafts"}) {
		t.Errorf("found %+v, %v", found, err)
	}
	b.Sent = "Nowhere"
	if _, err := mailbox.Try(t.Context(), b, mailbox.Options{}); err == nil || !strings.Contains(err.Error(), "Nowhere") {
		t.Errorf("a folder that is not there: %v", err)
	}
	b.Password = config.NewSecret("wrong")
	if _, err := mailbox.Try(t.Context(), b, mailbox.Options{}); err == nil || !strings.HasPrefix(err.Error(), "login refused") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestADraftIsFoundByAPersonsMailProgram(t *testing.T) {
	t.Parallel()
	r, d := sqlite(t), testserver.Dovecot(t)
	m := mailbox.New(mailbox.Options{Store: r.store, Clock: r.clock, Mailboxes: []config.Mailbox{dovecotBox(t, d, address)}})
	for range 2 {
		if err := m.Draft(t.Context(), address, raw(1), "letter-1@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	if got := unrecent(flags(t, d.Login(address), "Drafts")); !slices.Equal(got, []string{`1 [\Draft]`}) {
		t.Errorf("the drafts are %q", got)
	}
}
