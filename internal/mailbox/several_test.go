package mailbox_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// A letter that was erased still lies in the mailbox. Neither the next look nor
// new UIDs bring it back.
func TestAnErasedLetterIsNotReadAgainWhenUIDValidityChanges(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		d := testserver.Dovecot(t)
		m := r.start(t, dovecotBox(t, d, address))
		m.sweep(t)
		d.Put(address, "INBOX", time.Time{}, raws(1, 3)...)
		m.sweep(t)
		before := r.cursor(t, address, postroom.Inbox)
		for _, l := range r.letters(t) {
			if l.raw != string(raw(2)) {
				continue
			}
			if err := r.store.Write(t.Context(), func(tx *store.Tx) error { return tx.EraseLetter(l.ID, r.clock.Now()) }); err != nil {
				t.Fatal(err)
			}
		}
		newUIDs(t, d, before.UIDValidity+7)
		d.Put(address, "INBOX", time.Time{}, raw(4))
		m.sweepThrough(t, 5)
		if now := r.cursor(t, address, postroom.Inbox); now.UIDValidity == before.UIDValidity || now.LastUID != 4 {
			t.Errorf("the cursor is %+v", now)
		}
		r.each(t, raw(1), raw(3), raw(4))
	})
}

// Three mailboxes are broken, each in its own way: a server that stands still, a
// password that is refused, and a server that speaks no TLS. A fourth is read as
// if it were alone.
func TestABrokenMailboxDelaysNoOther(t *testing.T) {
	t.Parallel()
	r, good, stalled := sqlite(t), testserver.Dovecot(t), testserver.Dovecot(t)
	good.Put(address, "INBOX", time.Time{}, raw(1))
	stalled.Stall()
	t.Cleanup(stalled.Resume)
	plain := dovecotBox(t, good, "plain@riverside.example")
	plain.Security = config.TLS
	wrong := box(t, startMemory(t, memoryOptions{}).addr, "wrong@riverside.example", "no") // Dovecot would take its time to refuse
	healthy := dovecotBox(t, good, address)
	healthy.Import = 24 * time.Hour
	filed := r.firstBatch()
	m := r.startWith(t, mailbox.Options{Patience: time.Minute, Mailboxes: []config.Mailbox{
		dovecotBox(t, stalled, "stalled@riverside.example"), wrong, plain, healthy,
	}})
	<-filed
	r.each(t, raw(1))
	stalled.Resume()
	_ = m.trySweep(t) // each says what became of it
	list := r.states(t, healthy, wrong, plain, dovecotBox(t, stalled, "stalled@riverside.example"))
	want := []mailbox.State{
		{Address: address, Condition: mailbox.Reading},
		{Address: "wrong@riverside.example", Condition: mailbox.Broken, Problem: "login refused"},
		{Address: "plain@riverside.example", Condition: mailbox.Broken, Problem: "connection lost"},
		{Address: "stalled@riverside.example", Condition: mailbox.Reading},
	}
	for i, w := range want {
		got := list[i]
		if got.Address != w.Address || got.Condition != w.Condition || got.Problem != w.Problem || got.Polled.IsZero() != (w.Condition == mailbox.Broken) {
			t.Errorf("mailbox %s is %+v, want %+v", w.Address, got, w)
		}
	}
}

// states is what whoever asks is told of mailboxes.
func (r *room) states(t *testing.T, boxes ...config.Mailbox) []mailbox.State {
	t.Helper()
	list, err := mailbox.States(r.store.Read(t.Context()), boxes, r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The coordinators hear of a mailbox that is not read once, however long that
// lasts, whoever reads it, and again only after it has been read in between.
func TestAQuarterOfAnHourWithoutAPollIsToldOnce(t *testing.T) {
	t.Parallel()
	r, server := sqlite(t), startMemory(t, memoryOptions{})
	gate := newGate(t, server.addr)
	type word struct {
		key     string
		mailbox string
	}
	var told []word
	o := mailbox.Options{Mailboxes: []config.Mailbox{box(t, gate.addr, address, "open-sesame")}, Alarm: func(_ *store.Tx, s mailbox.State) error {
		told = append(told, word{s.AlarmKey(), s.Address})
		return nil
	}}
	m := r.startWith(t, o)
	m.sweep(t)
	outage := func(first, rounds int) {
		gate.shut()
		for range rounds {
			_ = m.trySweep(t)
			r.clock.advance(4 * time.Minute)
		}
		if got := r.states(t, o.Mailboxes...)[0]; got.Condition != mailbox.Broken || !got.Late {
			t.Errorf("during outage %d the mailbox is %+v", first, got)
		}
	}
	outage(1, 6)
	if len(told) != 1 || told[0].mailbox != address {
		t.Fatalf("after the first outage %v were told", told)
	}
	m.stop() // another process goes on, and says the same under the same key
	m = r.startWith(t, o)
	outage(1, 6)
	if len(told) != 2 || told[0].key != told[1].key {
		t.Fatalf("after the other process came %v were told", told)
	}
	gate.open()
	m.sweep(t)
	if got := r.states(t, o.Mailboxes...)[0]; got.Condition != mailbox.Reading || got.Late || got.Problem != "" {
		t.Errorf("after the outage the mailbox is %+v", got)
	}
	outage(2, 6)
	if len(told) != 3 || told[2].key == told[0].key {
		t.Errorf("after the second outage %v were told", told)
	}
}

func TestTheFoldersThatTheSettingsNameAreUsed(t *testing.T) {
	t.Parallel()
	r, d := sqlite(t), testserver.Dovecot(t)
	client := d.Login(address)
	for _, name := range []string{"Enquiries", "Outgoing"} {
		if err := client.Create(name, nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	b := dovecotBox(t, d, address)
	b.Inbox, b.Sent, b.Done, b.After = "enquiries", "Outgoing", "Filed", config.Move
	m := r.start(t, b)
	m.sweep(t)
	d.Put(address, "INBOX", time.Time{}, raw(1))
	d.Put(address, "Sent", time.Time{}, raw(2))
	d.Put(address, "Enquiries", time.Time{}, raw(3))
	d.Put(address, "Outgoing", time.Time{}, raw(4))
	m.sweep(t)
	for _, l := range r.each(t, raw(3), raw(4)) {
		if sent := l.raw == string(raw(4)); sent != (l.Folder == postroom.SentFolder) {
			t.Errorf("%q lay in %s", l.MessageID, l.Folder)
		}
	}
	for name, want := range map[string]int{"Filed": 1, "Enquiries": 0, "INBOX": 1, "Outgoing": 1} {
		if got := flags(t, d.Login(address), name); len(got) != want {
			t.Errorf("in %s are %q, want %d letters", name, got, want)
		}
	}
	b.Inbox = "Nowhere"
	if _, err := mailbox.Try(t.Context(), b, mailbox.Options{}); err == nil || !strings.Contains(err.Error(), "folder cannot be opened") {
		t.Errorf("an inbox that is not there: %v", err)
	}
}

// A letter that was too large is read whole when a person asks for it, and the
// part that was on file does not wait for anybody any more.
func TestALetterInPartIsFetchedWholeWhenAPersonAsks(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		server := startMemory(t, memoryOptions{})
		m := r.startWith(t, mailbox.Options{MaxLetter: 200 << 10, Mailboxes: []config.Mailbox{box(t, server.addr, address, "open-sesame")}})
		m.sweep(t)
		head := "From: a@example.org\r\nMessage-ID: <large@example.org>\r\n\r\n"
		large := []byte(head + strings.Repeat("0123456789\r\n", 30_000))
		server.put(t, "INBOX", raw(1), large)
		m.sweep(t)
		part := slices.IndexFunc(r.letters(t), func(l onFile) bool { return l.MessageID == "large@example.org" })
		old := r.letters(t)[part].Letter
		err := r.store.Write(t.Context(), func(tx *store.Tx) error {
			old.State, old.Reason = postroom.LetterTriage, "not_fetched"
			if _, err := tx.SettleLetter(old, r.clock.Now()); err != nil {
				return err
			}
			known, err := tx.Want(old.ID)
			if err == nil && !known {
				err = errors.New("nobody knows where it lay")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		m.sweep(t)
		if l := r.onFileNamed(t, "large@example.org", len(large)); l.raw != string(large) || !slices.Equal(l.mailboxes, []string{address}) {
			t.Errorf("of %d bytes %d are on file, from %q", len(large), len(l.raw), l.mailboxes)
		}
		l, err := r.store.Read(t.Context()).Letter(old.ID)
		if err != nil || l.State != postroom.LetterDone || l.Reason != store.FetchedWhole {
			t.Errorf("the part is %s %s, %v", l.State, l.Reason, err)
		}
		m.sweep(t)
		list, err := r.store.Read(t.Context()).Letters(10)
		if err != nil || len(list) != 3 {
			t.Errorf("%d letters are on file, %v; want the first, the part and the whole", len(list), err)
		}
	})
}

// onFileNamed is the letter with a Message-ID and a size.
func (r *room) onFileNamed(t *testing.T, id string, size int) onFile {
	t.Helper()
	list, err := r.store.Read(t.Context()).LettersNamed(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if l.Size == size {
			if raw, err := r.store.Read(t.Context()).LetterRaw(l.ID); err == nil && len(raw) == size {
				return r.whole(t, l)
			}
		}
	}
	t.Fatalf("no letter %s has %d bytes on file", id, size)
	return onFile{}
}

// A letter that the server still does not hand out stays as it is, and is asked
// for once.
func TestALetterThatIsStillWithheldIsAskedForOnce(t *testing.T) {
	t.Parallel()
	r := sqlite(t)
	server := startMemory(t, memoryOptions{listen: func(l net.Listener) net.Listener { return cutting{l, "POISON"} }})
	m := r.start(t, box(t, server.addr, address, "open-sesame"))
	m.sweep(t)
	server.put(t, "INBOX", []byte("From: a@example.org\r\nMessage-ID: <broken@example.org>\r\n\r\nPOISON\r\n"))
	m.sweepThrough(t, 10)
	l := r.letters(t)[0]
	if err := r.store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Want(l.ID); return err }); err != nil {
		t.Fatal(err)
	}
	_ = m.trySweep(t) // it breaks the connection once more
	server.put(t, "INBOX", raw(1))
	m.sweep(t)
	if n := len(r.letters(t)); n != 2 {
		t.Errorf("%d letters are on file", n)
	}
}
