package testkit_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// readers is how many people are on the list of a post room that dies.
const readers = 3

// join puts people on the list without the post room, which is not running.
func (d *death) join() {
	d.t.Helper()
	now := time.Now()
	err := d.store.Write(d.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutFormVersion("v1", "newsletter", "newsletter", []byte("{}"), now); err != nil {
			return err
		}
		for n := 1; n <= readers; n++ {
			if err := joinOne(tx, reader(n), now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func joinOne(tx *store.Tx, address string, now time.Time) error {
	c, err := tx.FindOrAddContact(postroom.Contact{Address: address, Reach: postroom.ReachEmail, Locale: "en"}, now)
	if err != nil {
		return err
	}
	s, _, err := tx.AddSubmission(postroom.Submission{
		Key: address, NaturalKey: address, Programme: "newsletter", Form: "newsletter", FormVersion: "v1", Kind: postroom.SignUp, Channel: postroom.Web,
		Contact: c.ID, Address: address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: now,
	})
	if err != nil {
		return err
	}
	sub, err := tx.Subscribe(postroom.Subscription{List: "newsletter", Programme: "newsletter", Contact: c.ID, Address: address, Locale: "en", Submission: s.ID, AskedAt: now})
	if err != nil {
		return err
	}
	_, _, err = tx.ConfirmSubscription(sub.ID, now)
	return err
}

// subjectOf is the subject of the n-th newsletter.
func subjectOf(n int) string { return fmt.Sprintf("Edition %d", n) }

// start starts the n-th newsletter beside the post room, as the command does.
func (d *death) start(n int) (id string) {
	d.t.Helper()
	rooms := campaign.NewEditions(campaign.EditionOptions{Store: d.store, Clock: testkit.NewClock(time.Now())})
	c, _, err := rooms.Start(d.t.Context(), postroom.Campaign{List: "newsletter", Programme: "newsletter", Locale: "en", Subject: subjectOf(n), Markdown: "News.\n"}, false)
	if err != nil {
		d.t.Fatal(err)
	}
	return c.ID
}

// light lights the fuse of a room that is to die.
func (c *child) light(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Burn", "yes")
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

// ended waits until a newsletter is sent and returns its account, or false
// when the post room died first. At each look the account must add up.
func (d *death) ended(id string, died <-chan struct{}) (a campaign.Account, ended bool) {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case <-died:
			return a, false
		case <-tick.C:
		}
		var err error
		if a, err = campaign.AccountOf(d.store.Read(d.t.Context()), id); err != nil {
			d.t.Fatal(err)
		}
		if sum := a.Sent + a.Suppressed + a.Held + a.Failed + a.Uncertain + a.Waiting; sum != a.Chosen || !a.Choosing && a.Chosen != readers {
			d.t.Fatalf("%d are accounted for: %+v", sum, a)
		}
		if a.Ended() {
			return a, true
		}
	}
	d.t.Fatalf("the newsletter was not sent in a minute: %+v\n%s", a, d.open())
	return a, false
}

// judgeEdition checks that nobody received the n-th newsletter twice, and that
// whoever did not is shown as uncertain.
func (d *death) judgeEdition(n int, id string, a campaign.Account) {
	d.t.Helper()
	lost, err := d.store.Read(d.t.Context()).CopiesIn(id, postroom.Uncertain, 100)
	if err != nil {
		d.t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range lost {
		shown[m.To] = true
	}
	for r := 1; r <= readers; r++ {
		got := 0
		for _, m := range d.sink.To(reader(r)) {
			if testkit.ReadLetter(d.t, m).Subject == subjectOf(n) {
				got++
			}
		}
		if got > 1 || got == 0 && !shown[reader(r)] {
			d.t.Errorf("statement %d: %s received %d copies (uncertain: %v)", n, reader(r), got, shown[reader(r)])
		}
	}
	if a.Sent+a.Uncertain != readers || a.Uncertain > 1 {
		d.t.Errorf("statement %d: %+v", n, a)
	}
}

func TestKilledAheadOfAnyStatementANewsletterMissesNobodyAndReachesNobodyTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each statement between a newsletter and its end; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := newDeath(t, engine)
		d.join()
		first, step := sampled(12)
		var last *started
		for n, survived := first, false; !survived; n += step {
			if last, survived = d.send(n, last); survived {
				t.Logf("killed ahead of statements %d to %d, each %d", first, n-step, step)
			}
			if n > 400 {
				t.Fatal("a newsletter takes more than 400 statements")
			}
		}
	})
}

// started is a newsletter and its number.
type started struct {
	n  int
	id string
}

// send starts the room anew with a fuse of n statements, lets it make good
// what the last one left behind of the newsletter before, and starts one more.
func (d *death) send(n int, before *started) (now *started, survived bool) {
	d.t.Helper()
	room := startChild(d.t, d.settings, n, 10*n)
	defer room.kill()
	if before != nil {
		a, _ := d.ended(before.id, nil)
		d.judgeEdition(before.n, before.id, a)
	}
	room.light(d.t)
	now = &started{n, d.start(n)}
	a, survived := d.ended(now.id, room.died)
	if survived {
		d.judgeEdition(n, now.id, a)
	}
	return now, survived
}

func TestKilledAroundTheFinalDotACopyIsShownAndNotSentAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes that die; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		var first atomic.Pointer[child]
		reached := make(chan struct{})
		d := newDeath(t, engine, testserver.OnData(func(m testserver.Mail) error {
			if m.To[0] != reader(2) || first.Load() == nil {
				return nil
			}
			first.Swap(nil).kill()
			close(reached)
			return testserver.DropKeeping
		}))
		d.join()
		first.Store(startChild(t, d.settings, 0, 0))
		id := d.start(1)
		select {
		case <-reached:
		case <-time.After(30 * time.Second):
			t.Fatal("the second reader's copy was never sent")
		}
		second := startChild(t, d.settings, 0, 10)
		defer second.kill()
		a, _ := d.ended(id, nil)
		d.judgeEdition(1, id, a)
		if a.Uncertain != 1 || a.Sent != readers-1 || len(a.Reasons) != 1 || a.Reasons[0].Reason != "reason.answer_lost" {
			t.Errorf("%+v", a)
		}
	})
}
