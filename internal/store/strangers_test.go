package store

import (
	"errors"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestOnlyMoreThanAFormVouchesForAnAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		vouched := func(contact string) bool { return got(s.Read(t.Context()).Vouched(contact, sub.Address))(t) }
		if vouched(sub.Contact) {
			t.Error("a form vouches for itself")
		}
		var pending postroom.Subscription
		write(t, s, func(tx *Tx) (err error) {
			pending, err = tx.Subscribe(postroom.Subscription{List: "news", Programme: "cag", Contact: sub.Contact, Address: sub.Address, Locale: "en", Submission: sub.ID, AskedAt: monday})
			return err
		})
		if vouched(sub.Contact) {
			t.Error("asking for news vouches")
		}
		write(t, s, func(tx *Tx) error { _, _, err := tx.ConfirmSubscription(pending.ID, monday); return err })
		if !vouched(sub.Contact) {
			t.Error("whoever confirmed is not vouched for")
		}
		var other postroom.Contact
		write(t, s, func(tx *Tx) (err error) {
			other, err = tx.FindOrAddContact(postroom.Contact{Name: "Win Money", Address: sub.Address, Locale: "en", Reach: postroom.ReachEmail}, monday)
			return err
		})
		if other.ID == sub.Contact || vouched(other.ID) {
			t.Error("another name at the address is vouched for")
		}
	})
}

func TestCausedMailIsCountedOverAllForms(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		for i, form := range []string{"join", "news", "ask", ""} {
			m := letterTo(sub)
			m.Form = form
			addMessage(t, s, m)
			at := monday.Add(time.Duration(i) * time.Minute)
			write(t, s, func(tx *Tx) error {
				return errors.Join(tx.StartSending(m.ID, 1, at), tx.EndSending(m.ID, 1, postroom.Sent, "", 0, at))
			})
		}
		times := got(s.Read(t.Context()).CausedMail(sub.Address, monday.Add(-time.Hour), 2))(t)
		if len(times) != 2 || !times[0].Equal(monday.Add(2*time.Minute)) {
			t.Errorf("mail went at %v", times)
		}
		if n := got(s.Read(t.Context()).CausedFor(sub.Address, monday.Add(-24*time.Hour), 3))(t); n != 1 {
			t.Errorf("it was caused by %d submissions", n)
		}
	})
}

// Whatever an address is written to for, by forms or because somebody asked, it is
// counted together.
func TestWhatIsAskedOfAnAddressIsCountedTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		room := func(perDay int, at time.Time) (is bool) {
			write(t, s, func(tx *Tx) (err error) { is, err = tx.RoomToAsk(sub.Address, perDay, at); return err })
			return is
		}
		owes := func(change func(*postroom.Message)) {
			m := letterTo(sub)
			m.Form, m.Contact = "", ""
			change(&m)
			addMessage(t, s, m)
		}
		var asked LinkRequest
		write(t, s, func(tx *Tx) (err error) {
			asked = LinkRequest{Address: sub.Address, Locale: "en", AskedAt: monday}
			asked.ID, err = tx.AskForLink(asked)
			return err
		})
		if !room(1, monday) {
			t.Error("what was asked and not sent counts")
		}
		owes(func(m *postroom.Message) { m.Key, m.Template = asked.MailKey(), "my-link" })
		write(t, s, func(tx *Tx) error { return tx.LookedAt(asked.ID, true) })
		owes(func(m *postroom.Message) { m.Template = "finish-later" })
		owes(func(m *postroom.Message) { m.Template = "guardian-ask" })
		owes(func(m *postroom.Message) { m.Form, m.Contact = "join", sub.Contact })
		owes(func(m *postroom.Message) { m.Template = "booking-reminder" })
		if room(4, monday) || !room(5, monday) {
			t.Errorf("room for a fourth is %t, for a fifth %t", room(4, monday), room(5, monday))
		}
		if !room(1, monday.Add(25*time.Hour)) {
			t.Error("it is counted the day after")
		}
		if times := got(s.Read(t.Context()).CausedMail(sub.Address, monday.Add(-time.Hour), 9))(t); len(times) != 3 {
			t.Errorf("%d mails count against a form's that leaves now, want those that were asked for", len(times))
		}
	})
}

func TestTalliesAreOfOneHourAndForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		tally := func(at time.Time) { write(t, s, func(tx *Tx) error { return tx.Tally("mail:x", at) }) }
		hour := monday.Truncate(time.Hour)
		tally(hour)
		tally(hour.Add(59 * time.Minute))
		tally(hour.Add(time.Hour))
		for at, want := range map[time.Time]int{hour: 2, hour.Add(time.Hour): 1, hour.Add(2 * time.Hour): 0} {
			if n := got(s.Read(t.Context()).Tallied("mail:x", at.Add(time.Minute)))(t); n != want {
				t.Errorf("%v has %d, want %d", at, n, want)
			}
		}
		tally(hour.Add(72 * time.Hour))
		if n := count(t, s, `SELECT count(*) FROM tallies`); n != 1 {
			t.Errorf("%d tallies are kept", n)
		}
	})
}

func TestASurgeIsShutOnceAndOpenedByAPersonForAWhile(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		shut := func(at time.Time) (did bool) {
			write(t, s, func(tx *Tx) (err error) {
				did, err = tx.Shut(Surge{Form: "join", Programme: "cag", ShutAt: at, Room: 60})
				return err
			})
			return did
		}
		open := func(by string, until time.Time) (did bool) {
			write(t, s, func(tx *Tx) (err error) {
				did, err = tx.Unshut("join", by, until)
				return err
			})
			return did
		}
		if !shut(monday) || shut(monday.Add(time.Minute)) {
			t.Error("it is not shut once")
		}
		if list := got(s.Read(t.Context()).Surges())(t); len(list) != 1 || !list[0].ShutAt.Equal(monday) || list[0].Room != 60 {
			t.Errorf("the surges are %v", list)
		}
		if !open("eva", monday.Add(2*time.Hour)) || open("eva", monday.Add(2*time.Hour)) {
			t.Error("it is not opened once")
		}
		if shut(monday.Add(time.Hour)) || !shut(monday.Add(2*time.Hour)) {
			t.Error("a person opened it for two hours")
		}
	})
}

func TestTheBusiestDayLeavesOutWhatIsHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		filed(t, s, "bo")
		held := filed(t, s, "cy")
		write(t, s, func(tx *Tx) error {
			return tx.Hold(held.ID, postroom.SuspectReason([]postroom.Sign{postroom.SignTrap}), monday)
		})
		young := filed(t, s, "dan")
		write(t, s, func(tx *Tx) error { return tx.Hold(young.ID, "guardian", monday) })
		read := s.Read(t.Context())
		if n := got(read.BusiestDay(sub.Programme, sub.Form, sub.ReceivedAt.Add(-48*time.Hour), sub.ReceivedAt.Add(time.Hour)))(t); n != 2 {
			t.Errorf("the busiest day had %d", n)
		}
		if n := got(read.Lately(sub.Programme, sub.Form, sub.ReceivedAt.Add(-time.Minute), 2))(t); n != 2 {
			t.Errorf("%d came lately, of 4, counted to 2", n)
		}
		if n := got(read.Suspects(sub.Programme, held.ReceivedAt, held.ReceivedAt.Add(time.Minute)))(t); n != 1 {
			t.Errorf("%d are suspects", n)
		}
	})
}
