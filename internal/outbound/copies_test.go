package outbound

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/templates"
)

// turns does turns of a chunk, an hour apart, until its job is done, and
// checks at each that the copies add up.
func (r *room) turns(c postroom.Campaign, n int) {
	r.t.Helper()
	for range 8 {
		job := r.chunk(c)
		out := r.DeliverChunk(r.t.Context(), job)
		r.settle(job, out)
		counts, err := r.store.Read(r.t.Context()).CopyCounts(c.ID)
		if err != nil {
			r.t.Fatal(err)
		}
		sum := 0
		for _, count := range counts {
			sum += count.N
			if count.State == postroom.Sending {
				r.t.Errorf("%d copies are still being sent when the turn has ended", count.N)
			}
		}
		if sum != n {
			r.t.Errorf("%d copies are accounted for, want %d: %+v", sum, n, counts)
		}
		if out.Verdict == store.Done {
			return
		}
		r.clock.forward(time.Hour)
	}
	r.t.Error("the part was not done in eight turns")
}

// nth says how often each address was seen.
type nth struct {
	mu   sync.Mutex
	seen map[string]int
}

func (n *nth) time(address string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen == nil {
		n.seen = make(map[string]int)
	}
	n.seen[address]++
	return n.seen[address]
}

func TestWhateverHappensToSomeCopiesOfManyAtATimeAllAreAccountedFor(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		var asked, begun nth
		r := open(nil, testserver.OnRcpt(func(to string) error {
			switch {
			case to == "p3@example.org":
				return testserver.Reply(550, "no")
			case to == "p7@example.org" && asked.time(to) == 1:
				return testserver.Reply(451, "later")
			case to == "p13@example.org" && asked.time(to) == 1:
				return testserver.Reply(421, "going away")
			}
			return nil
		}), testserver.OnBody(func(m testserver.Mail) error {
			if m.To[0] == "p17@example.org" && begun.time(m.To[0]) == 1 {
				return testserver.Drop
			}
			return nil
		}), testserver.OnData(func(m testserver.Mail) error {
			switch m.To[0] {
			case "p19@example.org":
				return testserver.Drop
			case "p23@example.org":
				return testserver.DropKeeping
			case "p29@example.org":
				return testserver.Reply(554, "spam")
			}
			return nil
		}))
		const n = 60
		c, copies := r.list(n)
		r.turns(c, n)
		for i, m := range copies {
			state, reason, mails := postroom.Sent, "", 1
			switch i {
			case 3:
				state, reason, mails = postroom.Failed, "550 5.0.0 no", 0
			case 17: // the server hung up about when the message was written: whether it could have seen the end depends on who was faster
				if r.state(m).State == postroom.Uncertain {
					state, reason, mails = postroom.Uncertain, ReasonAnswerLost, 0
				}
			case 19:
				state, reason, mails = postroom.Uncertain, ReasonAnswerLost, 0
			case 23:
				state, reason = postroom.Uncertain, ReasonAnswerLost
			case 29:
				state, reason, mails = postroom.Failed, "554 5.0.0 spam", 0
			}
			r.expect(m, state, reason)
			if got := len(r.sink.To(m.To)); got != mails {
				t.Errorf("%s received %d copies, want %d", m.To, got, mails)
			}
		}
	})
}

// stern is a mail server that knows nothing of pipelining and notes whoever
// speaks before they are answered.
type stern struct {
	mu    sync.Mutex
	mails int
	rude  []string
}

func (s *stern) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for answer := "220 stern"; ; {
		if _, err := fmt.Fprintf(c, "%s\r\n", answer); err != nil {
			return
		}
		line, err := textproto.NewReader(r).ReadLine()
		if err != nil {
			return
		}
		s.mu.Lock()
		if r.Buffered() > 0 {
			s.rude = append(s.rude, line)
		}
		s.mu.Unlock()
		switch answer = "250 ok"; line {
		case "DATA":
			_, _ = fmt.Fprint(c, "354 go on\r\n")
			if _, err := textproto.NewReader(r).ReadDotBytes(); err != nil {
				return
			}
			s.mu.Lock()
			s.mails++
			s.mu.Unlock()
		case "QUIT":
			return
		}
	}
}

func TestAServerThatOffersNoPipeliningIsAskedOneThingAtATime(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &stern{}
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go s.serve(c)
		}
	}()
	r := roomOn(t, t.TempDir()+"/post.db", func(o *Options) { o.Servers = []Server{serverAt(t, "stern", l.Addr().String())} })
	c, copies := r.list(40)
	r.turns(c, 40)
	for _, m := range copies {
		r.expect(m, postroom.Sent, "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mails != 40 || len(s.rude) > 0 {
		t.Errorf("%d mails; it was interrupted after %q", s.mails, s.rude)
	}
}

func TestWhoLeftIsPassedOverWhereCopiesLeaveTogether(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		c, copies := r.list(45)
		r.write(func(tx *store.Tx) error {
			if _, err := tx.Unsubscribe(copies[4].About, r.clock.Now()); err != nil {
				return err
			}
			if err := tx.Suppress(copies[5].To, true, "complaint", r.clock.Now()); err != nil {
				return err
			}
			return tx.MarkAddress(copies[6].To, true)
		})
		r.turns(c, 45)
		reasons := map[int]string{4: ReasonNotConfirmed, 5: ReasonSuppressed, 6: ReasonAddressDead}
		for i, m := range copies {
			if reason := reasons[i]; reason != "" {
				r.expect(m, postroom.Suppressed, reason)
			} else {
				r.expect(m, postroom.Sent, "")
			}
		}
		if n := len(r.sink.Messages()); n != 42 {
			t.Errorf("%d mails left, want 42", n)
		}
	})
}

// copyTo is a copy for somebody.
func copyTo(t *testing.T, o *Outbox, to, locale string, discreet bool) postroom.Message {
	t.Helper()
	m := postroom.Message{ID: store.CopyID(store.NewMessageID(), 7), Template: NewsletterLetter, Programme: "garden", Contact: "c", About: store.NewMessageID(), To: to, Locale: locale, Discreet: discreet, Campaign: "x", Chunk: 1}
	if err := o.address(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestACopyFromAMouldIsTheCopyWrittenTheLongWay(t *testing.T) {
	t.Parallel()
	o := writer(t)
	o.leaveTo = func(subscription string) string {
		return o.links.LeaveAddress("newsletter@charity.example", subscription)
	}
	e := o.edition(postroom.Campaign{ID: "x", List: "garden-news", Subject: "What is on in May", Locale: "en", Markdown: "The garden *opens* again. ½ price!\n\n.\n\n[Dates](https://example.org/a_b?c=d&e=f)\n"})
	for _, locale := range []string{"en", "uk", "fa"} {
		for _, discreet := range []bool{false, true} {
			for _, to := range []string{"ann@example.org", "a.very-long+tag.of_somebody@a-long-domain.of.example.org", strings.Repeat("x", 70) + "@example.org",
				`"odd one"@example.org`, "zoë@example.org", ".odd@example.org"} {
				m := copyTo(t, o, to, locale, discreet)
				long, err := e.compose(m, nil)
				short, again := e.write(m, nil)
				if !bytes.Equal(long, short) || (err == nil) != (again == nil) {
					t.Errorf("%s %s %v: written by the mould (%v)\n%s\nand the long way (%v)\n%s", locale, to, discreet, again, short, err, long)
				}
			}
		}
	}
	for like, made := range e.moulds {
		if made == nil {
			t.Errorf("there is no mould for %+v", like)
		}
	}
	if len(e.moulds) != 6 {
		t.Errorf("there are %d moulds, want 6", len(e.moulds))
	}
}

// TestALetterThatSaysMoreHasNoMould changes the letter around a newsletter so
// that more of it is the reader's own.
func TestALetterThatSaysMoreHasNoMould(t *testing.T) {
	t.Parallel()
	changed := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, "email", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.FS, path)
		if strings.HasSuffix(path, "/"+NewsletterLetter+".md") {
			text = append(text, "\n[What we know of you]({{link \"manage\"}})\n"...)
		}
		changed[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	o := writer(t)
	if o.letters, err = ReadLetters(changed); err != nil {
		t.Fatal(err)
	}
	e := o.edition(postroom.Campaign{ID: "x", List: "garden-news", Subject: "What is on", Locale: "en", Markdown: "News.\n"})
	m := copyTo(t, o, "ann@example.org", "en", false)
	long, err := e.compose(m, nil)
	short, again := e.write(m, nil)
	if err != nil || again != nil || !bytes.Equal(long, short) || !bytes.Contains(long, []byte("/manage/")) {
		t.Errorf("%v, %v\n%s\n%s", err, again, short, long)
	}
	for _, made := range e.moulds {
		if made != nil {
			t.Error("a mould was made that leaves out whose the link is")
		}
	}
}

func TestAMessageIsWrittenToTheServerAsTextprotoWould(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", ".", "a", "a\r\n", ".a\r\n", "a\r\n.\r\nb\r\n", "a\r\n..\r\n", "a\nb\n", "a\n.b", "a\rb\r\n", "a\r\n\r\n", "a\r\n.b\r\n"} {
		var b bytes.Buffer
		into := bufio.NewWriter(&b)
		w := textproto.NewWriter(into).DotWriter()
		_, _ = w.Write([]byte(body))
		_ = w.Close()
		_ = into.Flush()
		if got := dotted([]byte(body)); string(got) != b.String() {
			t.Errorf("%q became %q, want %q", body, got, b.String())
		}
	}
}
