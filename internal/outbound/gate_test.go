package outbound

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/templates"
)

type opener = func(change func(*Options), behave ...testserver.SinkOption) *room

func TestMessageIsOwedOncePerKey(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.ann()
		m.Key = "step:1"
		first := r.owe(m)
		if first.Class != postroom.Service || first.Lane != postroom.Confirm || first.State != postroom.Queued || first.ID == "" {
			t.Errorf("owed %+v", first)
		}
		if id, ours := r.links.OwnMessageID(first.MessageID); !ours || id != first.ID {
			t.Errorf("the Message-ID %q is not known again", first.MessageID)
		}
		r.write(func(tx *store.Tx) error {
			_, err := r.Owe(tx, m)
			return err
		})
		jobs, err := r.store.Read(t.Context()).Jobs("", 100)
		if counts, countErr := r.store.Read(t.Context()).MessageCounts(); err != nil || countErr != nil || counts[postroom.Queued] != 1 || len(jobs) != 1 {
			t.Errorf("owed twice: %v, %+v (%v, %v)", counts, jobs, err, countErr)
		}
		if job := r.job(first); job.Lane != postroom.Confirm || job.State != postroom.JobDue || !job.DueAt.Equal(moment) {
			t.Errorf("the job is %+v", job)
		}
	})
}

func TestUnknownLetterIsNotOwed(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	err := r.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := r.Owe(tx, postroom.Message{Template: "no-such-letter", To: "a@example.org"})
		return err
	})
	if err == nil {
		t.Error("a letter nobody wrote was owed")
	}
}

func TestMessageThatMayLeaveIsSentAndItsJobDone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.owe(r.ann())
		r.deliver(m)
		r.expect(m, postroom.Sent, "")
		if now := r.state(m); !now.SentAt.Equal(moment) {
			t.Errorf("sent at %v", now.SentAt)
		}
		if job := r.job(m); job.State != postroom.JobDone || job.Tries != 0 {
			t.Errorf("the job is %s after %d tries", job.State, job.Tries)
		}
		got := r.sink.To("ann@example.org")
		if len(got) != 1 || got[0].From != "office@example.org" {
			t.Fatalf("Ann received %d mails", len(got))
		}
		if id := unpack(t, got[0].Data).header.Get("Message-Id"); id != "<"+m.MessageID+">" {
			t.Errorf("the mail is %s, the row %s", id, m.MessageID)
		}
	})
}

func TestSettledMessageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.owe(r.ann())
	job := r.hand(m)
	r.settle(job, r.Deliver(t.Context(), job))
	if again := r.Deliver(t.Context(), job); again.Verdict != store.Done || again.Also != nil {
		t.Errorf("the second nudge gave %+v", again)
	}
	if n := len(r.sink.Messages()); n != 1 {
		t.Errorf("%d mails left", n)
	}
}

// kept is a message the gate keeps back.
type kept struct {
	name   string
	before func(r *room, m *postroom.Message)
	state  postroom.MessageState
	reason string
	calls  int
}

func keptBack() []kept {
	stop := func(marketingOnly bool) func(r *room, m *postroom.Message) {
		return func(r *room, m *postroom.Message) {
			r.write(func(tx *store.Tx) error { return tx.Suppress(m.To, marketingOnly, "asked", moment) })
		}
	}
	reach := func(how postroom.Reach, address string) func(r *room, m *postroom.Message) {
		return func(r *room, m *postroom.Message) {
			c, s := r.person(postroom.Contact{Name: "Bo", Address: address, Phone: "+441908000000", Reach: how})
			*m = acknowledgement(c, s)
		}
	}
	return []kept{
		{"no address", reach(postroom.ReachPhone, ""), postroom.Suppressed, ReasonNoAddress, 1},
		{"asked to be phoned", reach(postroom.ReachPhone, "bo@example.org"), postroom.Suppressed, ReasonNotByEmail, 1},
		{"asked for letters", reach(postroom.ReachPost, "bo@example.org"), postroom.Suppressed, ReasonNotByEmail, 1},
		{"dead address", func(r *room, m *postroom.Message) {
			r.write(func(tx *store.Tx) error { return tx.MarkAddress(m.To, true) })
		}, postroom.Suppressed, ReasonAddressDead, 1},
		{"dead address of a coordinator", func(r *room, m *postroom.Message) {
			r.write(func(tx *store.Tx) error { return tx.MarkAddress(m.To, true) })
			m.Contact = ""
		}, postroom.Suppressed, ReasonAddressDead, 0},
		{"wants no mail at all", stop(false), postroom.Suppressed, ReasonSuppressed, 0},
		{"held submission", func(r *room, m *postroom.Message) {
			r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) })
		}, postroom.Held, ReasonHeld, 0},
		{"held submission of somebody who is phoned", func(r *room, m *postroom.Message) {
			reach(postroom.ReachPhone, "")(r, m)
			r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) })
		}, postroom.Held, ReasonHeld, 0},
		{"news without a subscription", func(_ *room, m *postroom.Message) { m.Template = "newsletter-welcome" }, postroom.Suppressed, ReasonNotConfirmed, 0},
	}
}

func TestGateKeepsBackWithAReason(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		for i, c := range keptBack() {
			who, s := r.person(postroom.Contact{Name: "Ann", Address: fmt.Sprintf("ann%d@example.org", i), Reach: postroom.ReachEmail})
			m, calls := acknowledgement(who, s), len(r.calls())
			c.before(r, &m)
			m = r.owe(m)
			r.deliver(m)
			if now := r.state(m); now.State != c.state || now.Reason != c.reason {
				t.Errorf("%s: the message is %s (%s), want %s (%s)", c.name, now.State, now.Reason, c.state, c.reason)
			}
			if got := len(r.calls()) - calls; got != c.calls {
				t.Errorf("%s: %d calls are owed, want %d", c.name, got, c.calls)
			}
			if job := r.job(m); job.State != postroom.JobDone {
				t.Errorf("%s: the job is %s", c.name, job.State)
			}
			if told := r.told(m); told != (c.calls > 0 || c.state == postroom.Held) {
				t.Errorf("%s: somebody is told: %v", c.name, told)
			}
		}
		if n := r.sink.Connections(); len(r.sink.Messages()) != 0 || n > 1 {
			t.Errorf("%d mails left over %d connections", len(r.sink.Messages()), n)
		}
	})
}

func TestBrakeLetsTheCoordinatorsNoticePass(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	ann := r.ann()
	r.write(func(tx *store.Tx) error { return tx.Hold(ann.Submission, "safeguarding", moment) })
	notice := ann
	notice.Template, notice.Contact, notice.To, notice.Form = "notice", "", "sam@example.org", ""
	notice = r.owe(notice)
	r.deliver(notice)
	r.expect(notice, postroom.Sent, "")
}

func TestBrakeKeepsBackAnAnswerToTheAddressAlone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.ann()
	m.Contact, m.Form, m.Letter = "", "", "a letter"
	m = r.owe(m)
	r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) }) // by the next letter
	r.deliver(m)
	r.expect(m, postroom.Held, ReasonHeld)
}

func TestReleasedHoldSendsWhatItKeptBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.ann()
		r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) })
		m = r.owe(m)
		r.deliver(m)
		r.expect(m, postroom.Held, ReasonHeld)
		r.write(func(tx *store.Tx) error {
			if _, err := tx.Release(m.Submission, "Sam", moment); err != nil {
				return err
			}
			_, err := r.Release(tx, m.Submission)
			return err
		})
		r.deliver(m)
		r.expect(m, postroom.Sent, "")
	})
}

// A hold that is lifted while its message is on its way to "held" must not
// leave the message held with nobody to release it.
func TestHoldLiftedWhileTheGateDecidesLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.ann()
	r.write(func(tx *store.Tx) error { return tx.Hold(m.Submission, "safeguarding", moment) })
	m = r.owe(m)
	job := r.hand(m)
	outcome := r.Deliver(t.Context(), job)
	r.write(func(tx *store.Tx) error {
		if _, err := tx.Release(m.Submission, "Sam", moment); err != nil {
			return err
		}
		_, err := r.Release(tx, m.Submission)
		return err
	})
	err := r.store.Write(t.Context(), func(tx *store.Tx) error { return tx.Settle(job, outcome, moment) })
	if err == nil {
		t.Error("the message was settled as held although nothing holds it")
	}
	r.die()
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
}

func TestNewsGoToAConfirmedSubscriptionOnly(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		m := r.ann()
		m.Template, m.Form = "newsletter-welcome", ""
		var sub postroom.Subscription
		r.write(func(tx *store.Tx) (err error) {
			sub, err = tx.Subscribe(postroom.Subscription{List: "news", Programme: "cag", Contact: m.Contact, Address: m.To, Locale: "en", Submission: m.Submission, AskedAt: moment})
			return err
		})
		m.About = sub.ID
		pending := r.owe(m)
		r.deliver(pending)
		r.expect(pending, postroom.Suppressed, ReasonNotConfirmed)

		r.write(func(tx *store.Tx) error { _, _, err := tx.ConfirmSubscription(sub.ID, moment); return err })
		confirmed := r.owe(m)
		r.deliver(confirmed)
		r.expect(confirmed, postroom.Sent, "")

		m.To = "somebody.else@example.org"
		elsewhere := r.owe(m)
		r.deliver(elsewhere)
		r.expect(elsewhere, postroom.Suppressed, ReasonNotConfirmed)

		m.To = "ann@example.org"
		r.write(func(tx *store.Tx) error { _, err := tx.Unsubscribe(sub.ID, moment); return err })
		ended := r.owe(m)
		r.deliver(ended)
		r.expect(ended, postroom.Suppressed, ReasonNotConfirmed)
	})
}

func TestUnsubscribingFromNewsNeverSilencesABooking(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	m := r.ann()
	r.write(func(tx *store.Tx) error { return tx.Suppress(m.To, true, "junk button", moment) })
	m = r.owe(m)
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
}

func TestTrialDeliversToItsOwnAddressesOnly(t *testing.T) {
	t.Parallel()
	r := roomOn(t, t.TempDir()+"/post.db", func(o *Options) { o.DeliverOnlyTo = []string{"ann@example.org", "@trial.example"} })
	for to, want := range map[string]postroom.MessageState{
		"ann@example.org": postroom.Sent, "bo@trial.example": postroom.Sent, "bo@example.org": postroom.Held,
		"bo@not-trial.example": postroom.Held, "ann@example.org.evil.example": postroom.Held,
	} {
		c, s := r.person(postroom.Contact{Name: "P", Address: to, Reach: postroom.ReachEmail})
		m := r.owe(acknowledgement(c, s))
		r.deliver(m)
		reason := ""
		if want == postroom.Held {
			reason = ReasonOnlyTo
		}
		r.expect(m, want, reason)
	}
}

func TestCoolDownSpacesWhatAFormCausesAndLetsAFamilyWait(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		first, second := r.owe(r.ann()), r.owe(r.ann())
		r.deliver(first)
		r.expect(first, postroom.Sent, "")

		outcome := r.deliver(second)
		r.expect(second, postroom.Deferred, ReasonCoolDown)
		if job := r.job(second); job.Tries != 0 || !job.DueAt.Equal(moment.Add(10*time.Minute)) || outcome.Verdict != store.Wait {
			t.Errorf("the second waits until %v after %d tries", job.DueAt, job.Tries)
		}
		r.clock.forward(10 * time.Minute)
		r.deliver(second)
		r.expect(second, postroom.Sent, "")

		r.clock.forward(10 * time.Minute)
		third := r.owe(r.ann())
		r.deliver(third)
		r.expect(third, postroom.Sent, "")

		r.clock.forward(time.Hour)
		fourth := r.owe(r.ann())
		r.deliver(fourth)
		r.expect(fourth, postroom.Deferred, ReasonCoolDown)
		if job := r.job(fourth); job.Tries != 0 || !job.DueAt.Equal(moment.Add(24*time.Hour)) {
			t.Errorf("the fourth waits until %v after %d tries", job.DueAt, job.Tries)
		}
		r.clock.forward(r.job(fourth).DueAt.Sub(r.clock.Now()))
		r.deliver(fourth)
		r.expect(fourth, postroom.Sent, "")
	})
}

func TestWhatFindsNoRoomForAWeekIsToldByPhone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	late := r.owe(r.ann())
	r.clock.forward(formMailWithin - time.Hour)
	for range mostFormMail {
		r.deliver(r.owe(r.ann()))
		r.clock.forward(formMailApart)
	}
	r.deliver(late)
	r.expect(late, postroom.Deferred, ReasonCoolDown)
	r.clock.forward(r.job(late).DueAt.Sub(r.clock.Now()))
	for range mostFormMail {
		r.deliver(r.owe(r.ann()))
		r.clock.forward(formMailApart)
	}
	r.deliver(late)
	r.expect(late, postroom.Suppressed, ReasonCoolDown)
	if len(r.calls()) != 1 || !r.told(late) {
		t.Error("nobody is asked to call")
	}
}

func TestCoolDownIsForOneAddressAndOneForm(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for name, change := range map[string]func(*postroom.Message){
		"the first": func(*postroom.Message) {}, "of another form": func(m *postroom.Message) { m.Form = "other" },
		"a reminder":    func(m *postroom.Message) { m.Template, m.Form = "event-reminder", "" },
		"a coordinator": func(m *postroom.Message) { m.Template, m.Contact, m.Form = "notice", "", "join" },
	} {
		t.Run(name, func(t *testing.T) {
			m := r.ann()
			change(&m)
			m = r.owe(m)
			r.deliver(m)
			r.expect(m, postroom.Sent, "")
		})
	}
}

// Whoever is on a list already is welcomed again; twenty posts with their
// address must not become twenty mails.
func TestWelcomeSentAgainIsNoMailBomb(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		again := r.subscribed()
		sent := 0
		for range 20 {
			_, s := r.person(postroom.Contact{Name: "Ann", Address: "ann@example.org", Reach: postroom.ReachEmail})
			again.Submission = s.ID
			m := r.owe(again)
			r.deliver(m)
			if r.state(m).State == postroom.Sent {
				sent++
			}
			r.clock.forward(formMailApart)
		}
		if sent != mostFormMail || len(r.sink.Messages()) != mostFormMail {
			t.Errorf("%d welcomes were sent", sent)
		}
	})
}

func TestAPlaceAndAListOfOneFormAreConfirmedTogether(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		r.vouchFor(postroom.Contact{Name: "Ann", Address: "ann@example.org", Reach: postroom.ReachEmail})
		for i := range 4 {
			booked := r.ann()
			news := booked
			news.Template = "please-confirm"
			booked, news = r.owe(booked), r.owe(news)
			r.deliver(booked)
			r.deliver(news)
			if i < mostFormMail {
				r.expect(booked, postroom.Sent, "")
				r.expect(news, postroom.Sent, "")
			} else {
				r.expect(booked, postroom.Deferred, ReasonCoolDown)
				r.expect(news, postroom.Suppressed, ReasonCoolDown)
			}
			r.clock.forward(10 * time.Minute)
		}
	})
}

// A victim has one address, and a stranger as many forms as there are.
func TestAnAddressThatNobodyVouchesForGetsThreeMailsADayOfAllForms(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		for i, form := range []string{"a", "b", "c", "d", "e"} {
			m := r.ann()
			m.Form = form
			m = r.owe(m)
			r.deliver(m)
			if i < mostFormMail {
				r.expect(m, postroom.Sent, "")
			} else {
				r.expect(m, postroom.Deferred, ReasonCoolDown)
			}
			r.clock.forward(formMailApart)
		}
		known := r.vouchFor(postroom.Contact{Name: "Bo", Address: "ann@example.org", Reach: postroom.ReachEmail})
		known.Form = "f"
		known = r.owe(known)
		r.deliver(known)
		r.expect(known, postroom.Sent, "") // what strangers typed does not keep it from who is known there
		reminder := r.ann()
		reminder.Template, reminder.Form = "event-reminder", ""
		reminder = r.owe(reminder)
		r.deliver(reminder)
		r.expect(reminder, postroom.Sent, "")
	})
}

func TestTheApprovedWordsAreNoMailBombEither(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for i := range 6 {
		m := r.ann()
		m.Template = "holding"
		m = r.owe(m)
		r.deliver(m)
		want, reason := postroom.Sent, ""
		if i >= mostFormMail {
			want, reason = postroom.Suppressed, ReasonCoolDown
		}
		r.expect(m, want, reason)
	}
	if len(r.calls()) > 0 {
		t.Error("somebody is asked to call a stranger")
	}
}

func TestADomainGetsSoMuchAnHourAndTheRestWaits(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.strange.ToDomain = 2
	for i := range 4 {
		c, s := r.person(postroom.Contact{Name: "Ann", Address: fmt.Sprintf("ann%d@small.example", i), Reach: postroom.ReachEmail})
		m := r.owe(acknowledgement(c, s))
		r.deliver(m)
		if i < 2 {
			r.expect(m, postroom.Sent, "")
			continue
		}
		r.expect(m, postroom.Deferred, ReasonCoolDown)
		r.clock.forward(r.job(m).DueAt.Sub(r.clock.Now()))
		r.deliver(m)
		r.expect(m, postroom.Sent, "")
	}
}

func TestWelcomeSharesTheFateOfItsConfirmation(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.vouchFor(postroom.Contact{Name: "Ann", Address: "ann@example.org", Reach: postroom.ReachEmail})
	for i := range 5 {
		if i > 0 {
			r.clock.forward(20 * time.Minute)
		}
		ack := r.ann()
		welcome := ack
		welcome.Template = "welcome"
		ack, welcome = r.owe(ack), r.owe(welcome)
		r.deliver(welcome) // whichever comes first
		r.deliver(ack)
		want, reason := postroom.Sent, ""
		if i >= mostFormMail {
			want, reason = postroom.Deferred, ReasonCoolDown
		}
		r.expect(ack, want, reason)
		r.expect(welcome, want, reason)
	}
}

func TestTwoWorkersNeverBothSeeRoomForTheLastConfirmation(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open opener) {
		r := open(nil)
		c, _ := r.person(postroom.Contact{Name: "Ann", Address: "ann@example.org", Reach: postroom.ReachEmail})
		var jobs []postroom.Job
		for range 8 {
			_, s := r.person(c)
			jobs = append(jobs, r.hand(r.owe(acknowledgement(c, s))))
		}
		var wg sync.WaitGroup
		for _, job := range jobs {
			wg.Go(func() {
				o := r.Deliver(t.Context(), job)
				if err := r.store.Write(t.Context(), func(tx *store.Tx) error { return tx.Settle(job, o, moment) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(r.sink.Messages()); n != 1 {
			t.Errorf("%d confirmations left in the same minute", n)
		}
	})
}

func TestPersonSendsAgainWhatWasHeld(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.only = []string{"@trial.example"}
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Held, ReasonOnlyTo)
	r.only = nil
	if err := r.SendAgain(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
	if err := r.SendAgain(t.Context(), m.ID); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("a message that was sent can be sent again: %v", err)
	}
}

func TestEveryReasonHasWordsForThePersonWhoLooks(t *testing.T) {
	t.Parallel()
	words, err := templates.FS.ReadFile("email/en/words.yaml") // the other languages have the same keys
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{ReasonNoAddress, ReasonNotByEmail, ReasonAddressDead, ReasonSuppressed, ReasonResting, ReasonHeld, ReasonNotConfirmed,
		ReasonOnlyTo, ReasonCoolDown, ReasonServerAway, ReasonAnswerLost, ReasonUnwritable} {
		if !strings.Contains(string(words), "\n  "+strings.TrimPrefix(reason, "reason.")+": ") {
			t.Errorf("%s has no words", reason)
		}
	}
}
