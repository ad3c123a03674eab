package outbound

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// list files a campaign with one part of n copies to people on its list.
func (r *room) list(n int) (c postroom.Campaign, copies []postroom.Message) {
	r.t.Helper()
	return r.listIn(postroom.CampaignSending, n)
}

// listIn is list for a campaign in a state.
func (r *room) listIn(state postroom.CampaignState, n int) (c postroom.Campaign, copies []postroom.Message) {
	r.t.Helper()
	return r.listOf(postroom.Campaign{Subject: "What is on in May", Markdown: "The garden opens again.\n", State: state}, n)
}

// listOf is list for a campaign that says something.
func (r *room) listOf(c postroom.Campaign, n int) (_ postroom.Campaign, copies []postroom.Message) {
	r.t.Helper()
	now := r.clock.Now()
	c.Key, c.List, c.Programme, c.Locale, c.CreatedAt = store.NewMessageID(), "garden-news", "garden", "en", now
	r.write(func(tx *store.Tx) (err error) {
		c, _, err = tx.AddCampaign(c)
		return err
	})
	for i := range n {
		person, s := r.person(postroom.Contact{Name: fmt.Sprintf("P %d", i), Address: fmt.Sprintf("p%d@example.org", i), Reach: postroom.ReachEmail})
		r.write(func(tx *store.Tx) error {
			sub, err := tx.Subscribe(postroom.Subscription{List: c.List, Programme: c.Programme, Contact: person.ID, Address: person.Address, Locale: "en", Submission: s.ID, AskedAt: now})
			if err != nil {
				return err
			}
			if _, _, err := tx.ConfirmSubscription(sub.ID, now); err != nil {
				return err
			}
			m := postroom.Message{Programme: c.Programme, Contact: person.ID, About: sub.ID, To: person.Address, Locale: []string{"en", "fa"}[i%2], Campaign: c.ID, Chunk: 1}
			_, err = r.OweCopies(tx, []postroom.Message{m})
			m.ID = store.CopyID(c.ID, i+1)
			copies = append(copies, m)
			return err
		})
	}
	r.write(func(tx *store.Tx) error {
		if err := tx.EndChoosing(c.ID, 1); err != nil {
			return err
		}
		_, err := tx.AddJob(postroom.JobCampaignChunk, postroom.ChunkSubject(c.ID, 1), postroom.Bulk, now, now)
		return err
	})
	return c, copies
}

// chunk hands the job of a campaign's part over.
func (r *room) chunk(c postroom.Campaign) postroom.Job {
	r.t.Helper()
	return r.hand(postroom.Message{ID: postroom.ChunkSubject(c.ID, 1)})
}

func TestAPartIsSentOverOneConnectionAndEndsItsCampaign(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		c, copies := r.list(5)
		job := r.chunk(c)
		out := r.DeliverChunk(t.Context(), job)
		r.settle(job, out)
		if out.Verdict != store.Done || r.sink.Connections() != 1 || len(r.sink.Messages()) != 5 {
			t.Errorf("%+v after %d mails over %d connections", out, len(r.sink.Messages()), r.sink.Connections())
		}
		for _, m := range copies {
			r.expect(m, postroom.Sent, "")
			if r.told(m) {
				t.Error("a coordinator is told of a copy")
			}
		}
		if now, err := r.store.Read(t.Context()).Campaign(c.ID); err != nil || now.State != postroom.CampaignSent {
			t.Errorf("the campaign is %s (%v)", now.State, err)
		}
		english, farsi := unpack(t, r.sink.To("p0@example.org")[0].Data), unpack(t, r.sink.To("p1@example.org")[0].Data)
		if id := english.header.Get("List-Id"); id != "<garden-news.post.example.org>" || english.subject(t) != "What is on in May" {
			t.Errorf("List-Id %s, subject %s", id, english.subject(t))
		}
		if !strings.Contains(farsi.html, `dir="rtl"`) || !strings.Contains(farsi.html, `<div lang="en" dir="ltr">`) {
			t.Errorf("an English newsletter to a reader of Farsi:\n%s", farsi.html)
		}
		if english.header.Get("List-Unsubscribe") == farsi.header.Get("List-Unsubscribe") {
			t.Error("two readers share a link")
		}
	})
}

func TestAPresumedDeadTurnSettlesNothingThatAnotherHas(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		reached, goOn := make(chan struct{}), make(chan struct{})
		first := true
		r := open(nil, testserver.OnData(func(testserver.Mail) error {
			if first {
				first = false
				close(reached)
				<-goOn
			}
			return nil
		}))
		c, copies := r.list(3)
		slow := r.chunk(c)
		settled := make(chan store.Outcome)
		go func() { settled <- r.DeliverChunk(context.Background(), slow) }()
		<-reached
		r.die() // its lease ran out
		job := r.chunk(c)
		if out := r.DeliverChunk(t.Context(), job); out.Verdict != store.Done {
			t.Errorf("the next turn: %+v", out)
		} else {
			r.settle(job, out)
		}
		close(goOn)
		out := <-settled
		err := r.store.Write(t.Context(), func(tx *store.Tx) error { return tx.Settle(slow, out, r.clock.Now()) })
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("the slow turn settled the job: %v", err)
		}
		r.expect(copies[0], postroom.Uncertain, ReasonAnswerLost)
		r.expect(copies[1], postroom.Sent, "")
		if n := len(r.sink.Messages()); n != 3 {
			t.Errorf("%d mails left, want 3", n)
		}
	})
}

func TestAnOutageUsesNoTryAndAPutOffCopyUsesOneOfItsOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil, testserver.OnRcpt(func(to string) error {
			if to == "p1@example.org" {
				return testserver.Reply(451, "later")
			}
			return nil
		}))
		c, copies := r.list(3)
		r.sink.Down()
		job := r.chunk(c)
		out := r.DeliverChunk(t.Context(), job)
		r.settle(job, out)
		if out.Verdict != store.Wait || out.Reason != ReasonServerAway || !out.At.After(r.clock.Now()) {
			t.Errorf("while the server is away: %+v", out)
		}
		r.sink.Up()
		r.clock.forward(time.Hour)
		job = r.chunk(c)
		out = r.DeliverChunk(t.Context(), job)
		r.settle(job, out)
		if out.Verdict != store.Wait || out.At.Before(r.clock.Now().Add(time.Minute)) || job.Tries != 0 {
			t.Errorf("with one put off, after %d tries: %+v", job.Tries, out)
		}
		r.expect(copies[0], postroom.Sent, "")
		r.expect(copies[1], postroom.Deferred, "451 4.0.0 later")
		r.expect(copies[2], postroom.Sent, "")
	})
}

func TestATurnThatIsToldToStopGivesTheRestBack(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	r := newRoom(t, testserver.OnData(func(testserver.Mail) error { return nil }))
	c, copies := r.list(3)
	stop()
	out := r.DeliverChunk(ctx, r.chunk(c))
	if out.Verdict == store.Done || out.Verdict == store.Dead || len(r.sink.Messages()) != 0 {
		t.Errorf("%+v after %d mails", out, len(r.sink.Messages()))
	}
	r.expect(copies[0], postroom.Queued, "")
}

func TestAJobThatNamesNoPartIsDead(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for _, subject := range []string{"", "x", "x/0", "x/-1", "/1", "gone/1"} {
		if out := r.DeliverChunk(t.Context(), postroom.Job{ID: "j", Subject: subject}); out.Verdict != store.Dead {
			t.Errorf("%q: %+v", subject, out)
		}
	}
}

func TestAPreviewReadsAsTheCopyWill(t *testing.T) {
	t.Parallel()
	raw, err := writer(t).ComposeCopy(postroom.Campaign{List: "garden-news", Subject: "What is on", Markdown: "The garden *opens*.\n", Locale: "en"}, Recipient{To: "me@example.org", Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if p := unpack(t, raw); p.subject(t) != "What is on" || !strings.HasPrefix(p.text, "The garden opens.\n") || p.header.Get("To") != "<me@example.org>" || p.header.Get("List-Unsubscribe") == "" {
		t.Errorf("%s\n%s", p.header, p.text)
	}
}

func TestMistakesInANewsletterAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	l := letters(t)
	const good = "---\nsubject: What is on\n---\nThe garden opens.\n"
	if e, found := l.ReadEdition("may.md", []byte("\ufeff"+strings.ReplaceAll(good, "\n", "\r\n"))); len(found) > 0 || e.Subject != "What is on" || e.Locale != "en" || e.Markdown != "The garden opens.\n" {
		t.Errorf("a good one: %+v, %v", e, found)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "may.md:1:1: the newsletter does not begin with its subject"},
		{"no front matter", "Hello.\n", "may.md:1:1: the newsletter does not begin with its subject"},
		{"front matter not closed", "---\nsubject: x\n", "may.md:1:1: the newsletter does not begin with its subject"},
		{"no subject", strings.Replace(good, "subject: What is on", "locale: en", 1), "may.md:2:1: the newsletter has no subject"},
		{"unknown key", strings.Replace(good, "subject:", "subjct: x\nsubject:", 1), "may.md:2:1"},
		{"unknown language", strings.Replace(good, "subject:", "locale: xx\nsubject:", 1), "may.md:2:9: \"xx\" cannot be the locale"},
		{"long subject", strings.Replace(good, "What is on", strings.Repeat("long ", 50), 1), "may.md:2:10: the subject has 249 signs"},
		{"HTML", good + "\n<b>x</b>\n", "may.md:6:1: a letter holds no HTML"},
		{"picture", good + "\n![x](https://x.example/a.png)\n", "may.md:6:1: pictures lie beside the file of an edition, and this one does not"},
		{"no text", "---\nsubject: x\n---\n\n", "may.md:5:1: the newsletter says nothing"},
		{"not UTF-8", good + "\xff", "may.md:1:1: the text is not UTF-8"},
		{"far too long", good + strings.Repeat("x", 4*MaxMarkdown), "may.md:1:1: the text is longer"},
	} {
		_, found := l.ReadEdition("may.md", []byte(c.text))
		if len(found) == 0 || !strings.HasPrefix(found[0].String(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, found, c.want)
		}
	}
}

func FuzzReadEdition(f *testing.F) {
	l := letters(f)
	f.Add([]byte("---\nsubject: What is on\nlocale: fa\n---\nThe garden opens.\n"))
	f.Add([]byte("---\n---\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, found := l.ReadEdition("may.md", data)
		if len(found) == 0 && (e.Subject == "" || strings.TrimSpace(e.Markdown) == "" || CheckMarkdown("x", e.Markdown).AsError() != nil) {
			t.Errorf("%q was read as %+v", data, e)
		}
	})
}

// BenchmarkChunk is a whole part: each copy through the gate, noted, composed, sent
// and settled. BenchmarkLockStep is what the same
// sink takes from net/smtp.
func BenchmarkChunk(b *testing.B) {
	r := newRoom(b)
	const part = 500
	sent := 0
	for b.Loop() {
		b.StopTimer()
		c, _ := r.list(part)
		job := r.chunk(c)
		b.StartTimer()
		out := r.DeliverChunk(b.Context(), job)
		r.settle(job, out)
		if out.Verdict != store.Done {
			b.Fatalf("%+v", out)
		}
		sent += part
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "copies/s")
}
