package outbound

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

const day = 24 * time.Hour

// reader is somebody who gets news, and the subscription by which they do.
func (r *room) reader(name string) postroom.Message {
	r.t.Helper()
	person, s := r.person(postroom.Contact{Name: name, Address: name + "@example.org", Reach: postroom.ReachEmail})
	m := acknowledgement(person, s)
	r.write(func(tx *store.Tx) error {
		sub, err := tx.Subscribe(postroom.Subscription{List: "garden-news", Programme: "garden", Contact: person.ID, Address: person.Address, Locale: "uk", Submission: s.ID, AskedAt: r.clock.Now()})
		if err != nil {
			return err
		}
		m.About = sub.ID
		_, _, err = tx.ConfirmSubscription(sub.ID, r.clock.Now())
		return err
	})
	m.Submission, m.Form = "", ""
	return m
}

// newsTo owes and delivers a piece of news.
func (r *room) newsTo(to postroom.Message) postroom.Message {
	r.t.Helper()
	m := to
	m.ID, m.Template, m.Form, m.Submission = "", "newsletter-welcome", "", ""
	m = r.owe(m)
	r.deliver(m)
	return m
}

// comesBack reports a message that was sent.
func (r *room) comesBack(m postroom.Message, hard bool) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error { return r.Bounced(tx, m.ID, hard, "mailbox_full", r.clock.Now()) })
}

// days sends news on so many days, each of which comes back.
func (r *room) days(to postroom.Message, n int) {
	r.t.Helper()
	for range n {
		r.comesBack(r.newsTo(to), false)
		r.clock.forward(day)
	}
}

func (r *room) wantScore(address string, want int) {
	r.t.Helper()
	n, err := r.store.Read(r.t.Context()).BounceScore(address, r.clock.Now())
	if err != nil || n != want {
		r.t.Errorf("the score of %s is %d (%v), want %d", address, n, err, want)
	}
}

func (r *room) wantRest(address string, rests bool) {
	r.t.Helper()
	reason, err := r.store.Read(r.t.Context()).Suppression(address, postroom.Marketing)
	if err != nil || (reason == store.RestReason) != rests {
		r.t.Errorf("news to %s is stopped by %q (%v); rests should be %t", address, reason, err, rests)
	}
}

// probes lists the letters that ask whether mail arrives, whatever became of
// them.
func (r *room) probes() (list []postroom.Message) {
	r.t.Helper()
	for _, state := range []postroom.MessageState{postroom.Queued, postroom.Sent, postroom.Failed, postroom.Suppressed} {
		some, err := r.store.Read(r.t.Context()).Messages(state, 1000)
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, slices.DeleteFunc(some, func(m postroom.Message) bool { return m.Template != ProbeLetter })...)
	}
	return list
}

// probe is the only one there is, delivered.
func (r *room) probe() postroom.Message {
	r.t.Helper()
	list := r.probes()
	if len(list) != 1 {
		r.t.Fatalf("%d letters ask whether mail arrives, want 1", len(list))
	}
	if list[0].State == postroom.Queued {
		r.deliver(list[0])
	}
	return r.state(list[0])
}

func (r *room) endRests() {
	r.t.Helper()
	if err := r.EndRests(r.t.Context(), r.clock.Now()); err != nil {
		r.t.Fatal(err)
	}
}

func TestFiveSoftBouncesOnFiveDaysRestNewsAndAskOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		ann := r.reader("ann")
		r.days(ann, 4)
		r.wantScore(ann.To, 4)
		r.wantRest(ann.To, false)
		r.days(ann, 1)
		r.wantRest(ann.To, true)
		probe := r.probe()
		if probe.State != postroom.Sent || probe.Class != postroom.Service || probe.Lane != postroom.Followup || probe.Locale != "uk" || probe.To != ann.To {
			t.Errorf("what asks is %+v", probe)
		}
		r.expect(r.newsTo(ann), postroom.Suppressed, ReasonResting)
		booking := r.owe(acknowledgement(r.person(postroom.Contact{Name: "ann", Address: ann.To, Reach: postroom.ReachEmail})))
		r.deliver(booking)
		r.expect(booking, postroom.Sent, "")
		r.clock.forward(day)
		r.comesBack(booking, false)
		r.wantScore(ann.To, 6)
		_ = r.probe()
		if calls := r.calls(); len(calls) != 1 || calls[0].Message != booking.ID {
			t.Errorf("calls to make: %+v", calls)
		}
	})
}

func TestTwoBouncesOnADayAndTwoReportsOfOneMessageCountOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ann := r.reader("ann")
	first, second := r.newsTo(ann), r.newsTo(ann)
	r.comesBack(first, false)
	r.comesBack(second, false)
	r.wantScore(ann.To, 1)
	r.clock.forward(day)
	r.comesBack(first, false)
	r.comesBack(second, true)
	r.wantScore(ann.To, 1)
	if dead, err := r.store.Read(t.Context()).AddressDead(ann.To); err != nil || dead {
		t.Errorf("a second report made the address dead (%v)", err)
	}
}

// The room is in London, where the clock is an hour ahead in summer.
func TestADayEndsWhereTheOrganisationIs(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.clock.forward(time.Date(2027, 6, 1, 22, 50, 0, 0, time.UTC).Sub(r.clock.Now()))
	ann := r.reader("ann")
	r.comesBack(r.newsTo(ann), false)
	r.clock.forward(20 * time.Minute)
	r.comesBack(r.newsTo(ann), false)
	r.wantScore(ann.To, 2)
}

func TestThirtyQuietDaysTakeAPointOff(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ann := r.reader("ann")
	r.days(ann, 4)
	r.clock.forward(29 * day)
	r.wantScore(ann.To, 3)
	r.days(ann, 1)
	r.wantScore(ann.To, 4)
	r.wantRest(ann.To, false)
}

func TestARestEndsAWeekAfterALetterThatDidNotComeBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		ann := r.reader("ann")
		r.days(ann, 5)
		r.clock.forward(30 * day) // it has not left yet
		r.endRests()
		r.wantRest(ann.To, true)
		_ = r.probe()
		r.clock.forward(7*day - time.Minute)
		r.endRests()
		r.wantRest(ann.To, true)
		r.clock.forward(time.Minute)
		r.endRests()
		r.wantRest(ann.To, false)
		r.wantScore(ann.To, 0)
		r.expect(r.newsTo(ann), postroom.Sent, "")
		r.days(ann, 5) // and all over again
		r.wantRest(ann.To, true)
		if n := len(r.probes()); n != 2 {
			t.Errorf("%d letters have asked", n)
		}
	})
}

func TestALetterThatComesBackKeepsTheRestUntilThePersonWrites(t *testing.T) {
	t.Parallel()
	for name, hard := range map[string]bool{"soft": false, "hard": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t)
			ann := r.reader("ann")
			r.days(ann, 5)
			probe := r.probe()
			r.comesBack(probe, hard)
			r.clock.forward(100 * day)
			r.endRests()
			r.wantRest(ann.To, true)
			if len(r.calls()) != 0 || r.told(probe) {
				t.Error("somebody is asked to phone about a letter that only asks")
			}
			r.write(func(tx *store.Tx) error { return tx.Revive(ann.To, r.clock.Now()) })
			r.wantScore(ann.To, 0)
			r.expect(r.newsTo(ann), postroom.Sent, "")
		})
	}
}

func TestWhoGetsNoNewsIsNotAskedAndACoordinatorIsNeverBlamed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ann := r.ann()
	ann.Form = ""
	cora := ann
	cora.Contact, cora.To, cora.Submission = "", "cora@example.org", ""
	for i := range 6 {
		m := r.owe(ann)
		r.deliver(m)
		r.comesBack(m, false)
		m = r.owe(cora)
		r.deliver(m)
		r.comesBack(m, i == 5)
		r.clock.forward(day)
	}
	r.wantScore(ann.To, 6)
	r.wantScore(cora.To, 0)
	if n := len(r.probes()); n != 0 {
		t.Errorf("%d letters ask whether mail arrives", n)
	}
	if dead, err := r.store.Read(t.Context()).AddressDead(cora.To); err != nil || dead {
		t.Errorf("the coordinator is cut off (%v)", err)
	}
	if n := len(r.calls()); n != 6 {
		t.Errorf("%d calls to make, want 6: points never stop service", n)
	}
}

func TestWhatTheServerSaysOfAnAddressCountsAndWhatIsOursToMendDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer error
		score  int
		dead   bool
	}{
		"a policy":         {testserver.Reply(550, "not from you"), 1, false},
		"a full mailbox":   {testserver.Reply(552, "full"), 1, false},
		"nobody is called": {&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, testserver.OnRcpt(func(string) error { return c.answer }))
			ann := r.reader("ann")
			r.newsTo(ann)
			r.wantScore(ann.To, c.score)
			if dead, err := r.store.Read(t.Context()).AddressDead(ann.To); err != nil || dead != c.dead {
				t.Errorf("the address is dead: %t (%v)", dead, err)
			}
		})
	}
	for _, f := range []failure{{at: mailFrom, code: 451}, {at: data}, {at: connecting, code: 550}} {
		if f.fate() != blameless {
			t.Errorf("%+v is blamed on the address", f)
		}
	}
}

func TestWhatIsPutOffForTwoDaysCountsOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t, testserver.OnRcpt(func(string) error { return testserver.Reply(452, "full") }))
	ann := r.reader("ann")
	m := ann
	m.Template = "newsletter-welcome"
	m = r.owe(m)
	for r.deliver(m).Verdict == store.Again {
		r.wantScore(ann.To, 0)
		r.clock.forward(6 * time.Hour)
	}
	r.wantScore(ann.To, 1)
}

func TestCopiesThatAreRefusedRestTheNewsAndAreAccountedFor(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		full := true
		r := open(nil, testserver.OnRcpt(func(to string) error {
			if full && to == "p1@example.org" {
				return testserver.Reply(552, "full")
			}
			return nil
		}))
		for range 5 {
			c, _ := r.list(3)
			r.turns(c, 3)
			r.clock.forward(day)
		}
		full = false
		r.wantRest("p1@example.org", true)
		c, copies := r.list(3)
		r.turns(c, 3)
		r.expect(copies[0], postroom.Sent, "")
		r.expect(copies[1], postroom.Suppressed, ReasonResting)
		r.expect(copies[2], postroom.Sent, "")
		if r.probe().To != "p1@example.org" {
			t.Error("somebody else was asked")
		}
	})
}

func TestReportsAtOnceScoreOnceAndAskOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(func(*Options), ...testserver.SinkOption) *room) {
		r := open(nil)
		ann := r.reader("ann")
		r.days(ann, 4)
		const reports = 6
		mails := make([]postroom.Message, reports)
		for i := range mails {
			mails[i] = r.newsTo(ann)
		}
		var all sync.WaitGroup
		for _, m := range mails {
			all.Go(func() {
				err := r.store.Write(t.Context(), func(tx *store.Tx) error { return r.Bounced(tx, m.ID, false, "mailbox_full", r.clock.Now()) })
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		r.wantScore(ann.To, 5)
		_ = r.probe()
	})
}
