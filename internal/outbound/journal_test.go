package outbound

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// begunBook is the journal of a turn that has sent the first copy, has begun the
// second, and was put off with the third.
func begunBook(t testing.TB, j *journals, campaign string, turn int) *book {
	t.Helper()
	b, err := j.begin(campaign, 1, turn)
	if err != nil {
		t.Fatal(err)
	}
	sent := store.CopyResult{N: 1, State: postroom.Sent}
	for _, err := range []error{b.turnOver(nil, 1), b.turnOver(&sent, 3), b.turnOver(nil, 2)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b.note(store.CopyResult{N: 3, State: postroom.Deferred, Reason: "451 4.0.0 come back later", Tries: 2, Due: time.UnixMicro(5)})
	return b
}

// dies lets a process die that writes a journal.
func dies(b *book) {
	_ = b.file.Close()
	_ = b.lock.Unlock()
}

func folder(t testing.TB, dir string) *journals {
	t.Helper()
	j, err := openJournals(dir)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestAJournalSaysWhatLeftWhenItsProcessHasDied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := begunBook(t, folder(t, dir), "c", 7)
	if _, err := folder(t, dir).read(b.path); !errors.Is(err, errElsewhere) {
		t.Errorf("while the process lives: %v", err)
	}
	dies(b)
	for _, torn := range []string{"", "00000000 began 4", "\n\n", "deadbeef sent 9 0 0 \n", "x"} {
		file, err := os.OpenFile(b.path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.WriteString(torn)
		_ = file.Close()
		f, err := folder(t, dir).read(b.path)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.lock.Unlock()
		want := store.CopyResult{N: 3, State: postroom.Deferred, Reason: "451 4.0.0 come back later", Tries: 2, Due: time.UnixMicro(5)}
		if f.campaign != "c" || f.part != 1 || f.turn != 7 || len(f.begun) != 1 || !f.begun[2] || len(f.answers) != 2 || f.answers[3] != want || f.answers[1].State != postroom.Sent {
			t.Errorf("after %q it says %+v", torn, f.notes)
		}
	}
}

func TestNothingIsBegunThatTheJournalCannotTake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := begunBook(t, folder(t, dir), "c", 1)
	_ = b.file.Close() // as on a full disk, no byte is taken
	if err := b.turnOver(nil, 4); err == nil {
		t.Error("a copy was begun")
	}
	if file, err := os.OpenFile(b.path, os.O_APPEND|os.O_WRONLY, 0); err == nil { // there is room again
		b.file = file
	}
	if err := b.turnOver(nil, 5); err == nil {
		t.Error("another was begun in the same turn")
	}
	b.note(store.CopyResult{N: 2, State: postroom.Sent})
	dies(b)
	f, err := folder(t, dir).read(b.path)
	if err != nil || len(f.begun) != 0 || f.answers[2].State != postroom.Sent {
		t.Errorf("%+v, %v", f, err)
	}
}

// left files a campaign of five whose first turn has died after begunBook.
func (r *room) left() (c postroom.Campaign, copies []postroom.Message, path string) {
	r.t.Helper()
	c, copies = r.list(5)
	job := r.chunk(c)
	b := begunBook(r.t, r.journals, c.ID, job.Turn)
	r.write(func(tx *store.Tx) error {
		p, err := tx.Part(c.ID, 1)
		if err != nil {
			return err
		}
		return tx.TakePart(p, job.Turn, r.journals.id)
	})
	dies(b)
	r.die()
	return c, copies, b.path
}

// again does the next turn and checks what became of the copies.
func (r *room) again(c postroom.Campaign, copies []postroom.Message, want string) {
	r.t.Helper()
	job := r.chunk(c)
	r.settle(job, r.DeliverChunk(context.Background(), job))
	var states []string
	for _, m := range copies {
		states = append(states, string(r.state(m).State))
	}
	if got := strings.Join(states, " "); got != want {
		r.t.Errorf("%s, want %s", got, want)
	}
}

func TestAfterAKillOnlyWhatWasBegunAndNotAnsweredIsUncertain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		c, copies, path := r.left()
		r.again(c, copies, "sent uncertain sent sent sent") // the third was due again long ago
		if n := len(r.sink.Messages()); n != 3 {
			t.Errorf("%d mails left, want those to the last three", n)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the journal is still there")
		}
	})
}

func TestWithoutItsJournalAllOfAPartIsUncertainAndAJournalThatComesLaterPutsItRight(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		c, copies, path := r.left()
		aside := filepath.Join(t.TempDir(), "aside")
		if err := os.Rename(path, aside); err != nil {
			t.Fatal(err)
		}
		r.again(c, copies, strings.TrimSpace(strings.Repeat("uncertain ", 5)))
		if n := len(r.sink.Messages()); n != 0 {
			t.Errorf("%d mails left", n)
		}
		if err := os.Rename(aside, path); err != nil {
			t.Fatal(err)
		}
		r.journals.recovered = false // the process that wrote it starts
		if err := r.recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.expect(copies[0], postroom.Sent, "")
		r.expect(copies[1], postroom.Uncertain, ReasonAnswerLost)
	})
}

func TestWhatAnotherStartOfTheMachineWroteTellsOnlyWhatLeft(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c, copies, _ := r.left()
	r.journals.id += "another start"
	r.again(c, copies, "sent uncertain uncertain uncertain uncertain") // the third may have been tried again
}

func TestAJournalOfAnotherVersionIsPutAsideAndItsPartIsUncertain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c, copies, path := r.left()
	if err := os.WriteFile(path, []byte("postroom sending journal 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.again(c, copies, strings.TrimSpace(strings.Repeat("uncertain ", 5)))
	if _, err := os.Stat(strings.TrimSuffix(path, journalEnding) + unreadEnding); err != nil {
		t.Errorf("it is not kept: %v", err)
	}
}

func TestWhatIsPausedWaitsAndWhatIsCancelledNeverLeaves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		campaign postroom.CampaignState
		verdict  store.Verdict
		copies   postroom.MessageState
		reason   string
	}{
		{postroom.CampaignPaused, store.Wait, postroom.Queued, ""},
		{postroom.CampaignCancelled, store.Done, postroom.Suppressed, ReasonCancelled},
	} {
		t.Run(string(c.campaign), func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
				r := open(nil)
				campaign, copies := r.listIn(c.campaign, 3)
				job := r.chunk(campaign)
				out := r.DeliverChunk(t.Context(), job)
				r.settle(job, out)
				if n := len(r.sink.Messages()); out.Verdict != c.verdict || n != 0 {
					t.Errorf("%+v after %d mails", out, n)
				}
				r.expect(copies[0], c.copies, c.reason)
			})
		})
	}
}

// few are permits for so many messages at each asking.
type few struct {
	n     int
	until time.Time
	asked []Ask
}

func (f *few) Take(_ context.Context, asks []Ask) ([]bool, time.Time, error) {
	f.asked = append(f.asked, asks...)
	granted := make([]bool, len(asks))
	for i := range granted {
		granted[i] = f.n > 0
		f.n--
	}
	return granted, f.until, nil
}

func TestNoMoreLeavesThanThereArePermitsFor(t *testing.T) {
	t.Parallel()
	p := &few{n: 3, until: moment.Add(20 * time.Minute)}
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) { o.Permits = p })
	c, _ := r.list(20)
	job := r.chunk(c)
	out := r.DeliverChunk(t.Context(), job)
	r.settle(job, out)
	if out.Verdict != store.Wait || !out.At.Equal(p.until) || out.Reason != ReasonNoPermit || len(r.sink.Messages()) != 3 {
		t.Errorf("%+v after %d mails", out, len(r.sink.Messages()))
	}
	if want := (Ask{Server: "main", From: domain(r.org.From.Address), To: "example.org"}); p.asked[0] != want {
		t.Errorf("asked for %+v, want %+v", p.asked[0], want)
	}
	p.n = 100
	r.clock.forward(time.Hour)
	r.turns(c, 20)
	if n := len(r.sink.Messages()); n != 20 {
		t.Errorf("%d mails left, want 20", n)
	}
}

func FuzzReadNotes(f *testing.F) {
	f.Add([]byte(journalVersion + "\n" + sealed("c 1 2 j") + "\n" + sealed("began 3") + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := readNotes(data)
		if err == nil && n.begun == nil {
			t.Errorf("%q was read as %+v", data, n)
		}
	})
}
