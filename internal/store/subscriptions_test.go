package store

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

func subscribe(t testing.TB, s *Store, sub postroom.Submission, at time.Time) (asked postroom.Subscription) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		asked, err = tx.Subscribe(postroom.Subscription{List: "news", Programme: "network", Contact: sub.Contact,
			Address: sub.Address, Locale: sub.Locale, Submission: sub.ID, AskedAt: at})
		return err
	})
	return asked
}

func confirm(t testing.TB, s *Store, id string) (changed bool, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx *Tx) (err error) {
		_, changed, err = tx.ConfirmSubscription(id, monday.Add(time.Hour))
		return err
	})
	return changed, err
}

func unsubscribe(t testing.TB, s *Store, id string) (changed bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		changed, err = tx.Unsubscribe(id, monday.Add(2*time.Hour))
		return err
	})
	return changed
}

func wantSubscription(t testing.TB, s *Store, id string, state postroom.SubscriptionState, address string) {
	t.Helper()
	if sub := got(s.Read(t.Context()).Subscription(id))(t); sub.State != state || sub.Address != address {
		t.Errorf("the subscription is %s at %s, want %s at %s", sub.State, sub.Address, state, address)
	}
}

func TestConfirmingManyTimesAtOnceChangesSomethingOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := subscribe(t, s, filed(t, s, "ann"), monday)
		changed := make([]bool, 12)
		noErrors(t, together(len(changed), func(i int) (err error) {
			changed[i], err = confirm(t, s, sub.ID)
			return err
		}))
		n := 0
		for _, c := range changed {
			if c {
				n++
			}
		}
		if n != 1 {
			t.Errorf("confirmed %d times", n)
		}
		wantSubscription(t, s, sub.ID, postroom.Confirmed, "ann@example.org")
	})
}

func TestAskingAgainNeverUndoesAConfirmation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first := filed(t, s, "ann")
		sub := subscribe(t, s, first, monday)
		if again := subscribe(t, s, filed(t, s, "ann"), monday); again.ID != sub.ID || again.State != postroom.Pending {
			t.Errorf("asking again gave %+v", again)
		}
		if _, err := confirm(t, s, sub.ID); err != nil {
			t.Fatal(err)
		}
		if again := subscribe(t, s, filed(t, s, "ann"), monday); again.ID != sub.ID || again.State != postroom.Confirmed {
			t.Errorf("asking once more gave %+v", again)
		}
	})
}

func TestWhoeverLeftIsNotConfirmedByAnOldLink(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := subscribe(t, s, filed(t, s, "ann"), monday)
		if !unsubscribe(t, s, sub.ID) || unsubscribe(t, s, sub.ID) {
			t.Error("leaving twice changes something twice, or never")
		}
		_, err := confirm(t, s, sub.ID)
		wantKind(t, err, postroom.Gone)
		_, err = confirm(t, s, "nobody")
		wantKind(t, err, postroom.NotFound)
		if unsubscribe(t, s, "nobody") {
			t.Error("nobody left")
		}
	})
}

func TestWhoeverLeftMayAskAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := subscribe(t, s, filed(t, s, "ann"), monday)
		unsubscribe(t, s, sub.ID)
		later := filed(t, s, "ann")
		if again := subscribe(t, s, later, monday.Add(3*time.Hour)); again.State != postroom.Pending {
			t.Errorf("asking again gave %+v", again)
		}
		of, found, err := s.Read(t.Context()).SubscriptionOf(later.ID)
		if err != nil || !found || of.ID != sub.ID {
			t.Errorf("the later submission asked for %+v, %v", of, err)
		}
		if changed, err := confirm(t, s, sub.ID); !changed || err != nil {
			t.Errorf("confirming changed %v, %v", changed, err)
		}
		if n := count(t, s, `SELECT count(*) FROM subscriptions WHERE state = 'confirmed' AND ended_at > 0`); n != 0 {
			t.Error("a confirmed subscription has ended")
		}
	})
}

func TestTheLinkSentToAMistypedAddressDoesNotConfirmTheRightOne(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asked := filed(t, s, "typo")
		wrong := subscribe(t, s, asked, monday)
		left, waits := letterTo(asked), letterTo(asked)
		left.About, waits.About = wrong.ID, wrong.ID
		inState(t, s, left, postroom.Sent)
		addMessage(t, s, waits)
		write(t, s, func(tx *Tx) error { return tx.ReaddressSubscription(asked.ID, "right@example.org", monday) })

		right, found, err := s.Read(t.Context()).SubscriptionOf(asked.ID)
		if err != nil || !found || right.ID == wrong.ID || right.Contact != asked.Contact {
			t.Fatalf("the submission asks for %+v, found %v, %v", right, found, err)
		}
		wantSubscription(t, s, right.ID, postroom.Pending, "right@example.org")
		_, err = confirm(t, s, wrong.ID)
		wantKind(t, err, postroom.Gone)
		wantSubscription(t, s, wrong.ID, postroom.Unsubscribed, "typo@example.org")
		for id, about := range map[string]string{left.ID: wrong.ID, waits.ID: right.ID} {
			if m := got(s.Read(t.Context()).Message(id))(t); m.About != about {
				t.Errorf("the message is about %s, want %s", m.About, about)
			}
		}
	})
}

func TestCorrectingToAnAddressThatIsOnTheListKeepsWhatItsOwnerSaid(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t testing.TB, s *Store, id string)
		want postroom.SubscriptionState
	}{
		"pending":   {func(testing.TB, *Store, string) {}, postroom.Pending},
		"confirmed": {func(t testing.TB, s *Store, id string) { got(confirm(t, s, id))(t) }, postroom.Confirmed},
		"left":      {func(t testing.TB, s *Store, id string) { unsubscribe(t, s, id) }, postroom.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				owner := subscribe(t, s, filed(t, s, "right"), monday)
				c.end(t, s, owner.ID)
				asked := filed(t, s, "typo")
				wrong := subscribe(t, s, asked, monday)
				write(t, s, func(tx *Tx) error { return tx.ReaddressSubscription(asked.ID, "right@example.org", monday) })
				wantSubscription(t, s, owner.ID, c.want, "right@example.org")
				wantSubscription(t, s, wrong.ID, postroom.Unsubscribed, "typo@example.org")
			})
		})
	}
}

func TestAConfirmedSubscriptionStaysWhereItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asked := filed(t, s, "ann")
		sub := subscribe(t, s, asked, monday)
		got(confirm(t, s, sub.ID))(t)
		write(t, s, func(tx *Tx) error { return tx.ReaddressSubscription(asked.ID, "other@example.org", monday) })
		wantSubscription(t, s, sub.ID, postroom.Confirmed, "ann@example.org")
		other := filed(t, s, "bob") // asked for no list
		write(t, s, func(tx *Tx) error { return tx.ReaddressSubscription(other.ID, "other@example.org", monday) })
		if _, found, err := s.Read(t.Context()).SubscriptionOf(other.ID); found || err != nil {
			t.Errorf("found %v, %v", found, err)
		}
	})
}

func TestAConsentKnowsWhenItWasConfirmedAndWithdrawn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, again, bob := filed(t, s, "ann"), filed(t, s, "ann"), filed(t, s, "bob")
		write(t, s, func(tx *Tx) error {
			for _, sub := range []postroom.Submission{ann, again, bob} {
				for _, purpose := range []string{"news", "photographs"} {
					if err := tx.AddConsent(postroom.Consent{Contact: sub.Contact, Purpose: purpose, FormVersion: "v1", Submission: sub.ID, At: monday}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		dated := func(column string) int {
			return count(t, s, `SELECT count(*) FROM consents WHERE purpose = 'news' AND contact_id = $1 AND `+column+` > 0`, ann.Contact) +
				100*count(t, s, `SELECT count(*) FROM consents WHERE (purpose <> 'news' OR contact_id <> $1) AND `+column+` > 0`, ann.Contact)
		}
		sub := subscribe(t, s, ann, monday)
		got(confirm(t, s, sub.ID))(t)
		if c, w := dated("confirmed_at"), dated("withdrawn_at"); c != 2 || w != 0 {
			t.Errorf("after the click %d are confirmed, %d withdrawn", c, w)
		}
		unsubscribe(t, s, sub.ID)
		if c, w := dated("confirmed_at"), dated("withdrawn_at"); c != 2 || w != 2 {
			t.Errorf("after leaving %d are confirmed, %d withdrawn", c, w)
		}
	})
}

func TestWhoeverAskedFirstKeepsASubscriptionThatWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first, second := filed(t, s, "ann"), filed(t, s, "ann")
		sub := subscribe(t, s, first, monday)
		subscribe(t, s, second, monday.Add(time.Hour))
		if now := got(s.Read(t.Context()).Subscription(sub.ID))(t); now.Submission != first.ID || now.Contact != first.Contact {
			t.Errorf("it is of %+v", now)
		}
		unsubscribe(t, s, sub.ID)
		subscribe(t, s, second, monday.Add(3*time.Hour))
		if now := got(s.Read(t.Context()).Subscription(sub.ID))(t); now.Submission != second.ID || now.State != postroom.Pending {
			t.Errorf("after it had ended it is of %+v", now)
		}
	})
}
