package testkit_test

import (
	"fmt"
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

// account reads what became of a newsletter so far. At each look it must add up.
func (d *death) account(id string) campaign.Account {
	d.t.Helper()
	a, err := campaign.AccountOf(d.store.Read(d.t.Context()), id)
	if err != nil {
		d.t.Fatal(err)
	}
	if sum := a.Sent + a.Suppressed + a.Held + a.Failed + a.Uncertain + a.Waiting; sum != a.Chosen || !a.Choosing && a.Chosen != readers {
		d.t.Fatalf("%d are accounted for: %+v", sum, a)
	}
	return a
}

// judgeEdition checks that nobody received the n-th newsletter twice, and that
// whoever did not is shown as uncertain.
func (d *death) judgeEdition(n int, id, at string) {
	d.t.Helper()
	a := d.account(id)
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
			d.t.Errorf("killed at %q: %s received %d copies (uncertain: %v)", at, reader(r), got, shown[reader(r)])
		}
	}
	if a.Sent+a.Uncertain != readers || a.Uncertain > 1 {
		d.t.Errorf("killed at %q: %+v", at, a)
	}
}

func TestKilledAtAnyPointANewsletterMissesNobodyAndReachesNobodyTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a newsletter and its end; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := newDeath(t, []testkit.Option{engine})
		d.join()
		ids := map[int]string{}
		w := &walk{death: d, pause: 10 * time.Minute}
		w.begin = func(room *child, n int) {
			room.light(t, 0)
			ids[n] = d.start(n)
		}
		w.done = func(n int) bool { return d.account(ids[n]).Ended() && d.idle() }
		w.judge = func(n int, at string) { d.judgeEdition(n, ids[n], at) }
		w.run(50)
	})
}

func TestKilledAroundTheFinalDotACopyIsShownAndNotSentAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes that die; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		var first atomic.Pointer[child]
		reached := make(chan struct{})
		d := newDeath(t, []testkit.Option{engine}, testserver.OnData(func(m testserver.Mail) error {
			if m.To[0] != reader(2) || first.Load() == nil {
				return nil
			}
			first.Swap(nil).kill()
			close(reached)
			return testserver.DropKeeping
		}))
		d.join()
		first.Store(startChild(t, d.settings, never, 0))
		id := d.start(1)
		select {
		case <-reached:
		case <-time.After(30 * time.Second):
			t.Fatal("the second reader's copy was never sent")
		}
		second := startChild(t, d.settings, never, 10*time.Minute)
		defer second.kill()
		d.until(nil, func() bool { return d.account(id).Ended() })
		d.judgeEdition(1, id, "the final dot")
		if a := d.account(id); a.Uncertain != 1 || a.Sent != readers-1 || len(a.Reasons) != 1 || a.Reasons[0].Reason != "reason.answer_lost" {
			t.Errorf("%+v", a)
		}
	})
}
