package intake_test

import (
	"errors"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

func (r *room) news(t *testing.T, key, name string) intake.Receipt {
	t.Helper()
	return r.send(t, key, "news", "name", name, "email", name+"@example.org")
}

func (r *room) subscription(t *testing.T, id string) postroom.Subscription {
	t.Helper()
	s, err := r.store.Read(t.Context()).Subscription(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConfirmingTwiceWelcomesOnce(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.news(t, "a", "ann")
		if got.Subscription == nil || got.Subscription.State != postroom.Pending {
			t.Fatalf("receipt %+v", got)
		}
		r.heard(t, "ann@example.org", "please-confirm")
		m := r.mails(t, "ann@example.org")[0]
		if m.About != got.Subscription.ID || m.Data["name"] != "" || m.Data["list"] != "Garden news" {
			t.Errorf("message %+v", m)
		}
		for range 2 {
			if err := r.lists.Confirm(t.Context(), got.Subscription.ID); err != nil {
				t.Fatal(err)
			}
		}
		r.heard(t, "ann@example.org", "please-confirm", "newsletter-welcome")
		if m = r.mails(t, "ann@example.org")[1]; m.About != got.Subscription.ID || m.Data["name"] != "ann" {
			t.Errorf("message %+v", m)
		}
		r.clock.advance(8 * 24 * time.Hour)
		r.perform(t)
		r.heard(t, "ann@example.org", "please-confirm", "newsletter-welcome", "tips")
		if err := r.lists.Confirm(t.Context(), "nobody"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("an unknown subscription: %v", err)
		}
	})
}

func TestWhoIsOnTheListHearsSoAndThePageShowsNothing(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.news(t, "a", "ann")
		if err := r.lists.Confirm(t.Context(), first.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		again := r.news(t, "b", "ann")
		if again.Repeated || again.Submission.ID == first.Submission.ID {
			t.Errorf("the second sign-up looks different from a first one: %+v", again)
		}
		r.heard(t, "ann@example.org", "please-confirm", "newsletter-welcome", "newsletter-welcome")
		r.clock.advance(8 * 24 * time.Hour)
		r.perform(t)
		r.heard(t, "ann@example.org", "please-confirm", "newsletter-welcome", "newsletter-welcome", "tips") // once
	})
}

func TestWhoLeftMayComeBack(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.news(t, "a", "ann")
		if err := r.lists.Confirm(t.Context(), first.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := r.lists.Unsubscribe(t.Context(), first.Subscription.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.lists.Confirm(t.Context(), first.Subscription.ID); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("an old link confirmed a subscription that ended: %v", err)
		}
		again := r.news(t, "b", "ann")
		if again.Repeated || again.Subscription.State != postroom.Pending {
			t.Errorf("coming back: %+v", again)
		}
		r.clock.advance(8 * 24 * time.Hour)
		r.perform(t)
		r.heard(t, "ann@example.org", "please-confirm", "newsletter-welcome", "please-confirm") // no tips: they ended with the list
	})
}

func TestThisWasNotMeAlwaysStopsListMail(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		for i, name := range []string{"ann", "bo"} {
			got := r.news(t, name, name)
			if i == 1 { // somebody pressed the button without reading
				if err := r.lists.Confirm(t.Context(), got.Subscription.ID); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := r.lists.NotMe(t.Context(), got.Subscription.ID); err != nil {
					t.Fatal(err)
				}
			}
			if s := r.subscription(t, got.Subscription.ID); s.State != postroom.Unsubscribed {
				t.Errorf("%s is %s", name, s.State)
			}
			read := r.store.Read(t.Context())
			marketing, err := read.Suppression(name+"@example.org", postroom.Marketing)
			service, err2 := read.Suppression(name+"@example.org", postroom.Service)
			if marketing != "not_me" || service != "" || errors.Join(err, err2) != nil {
				t.Errorf("%s: marketing stopped by %q, service by %q, %v, %v", name, marketing, service, err, err2)
			}
		}
	})
}

func TestNewsThatRestsIsStoppedForGoodByNotMeAndGoesOnForWhoConfirmsAgain(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.news(t, "a", "ann")
		stopped := func(want string) {
			t.Helper()
			reason, err := r.store.Read(t.Context()).Suppression("ann@example.org", postroom.Marketing)
			if err != nil || reason != want {
				t.Errorf("marketing is stopped by %q (%v), want %q", reason, err, want)
			}
		}
		r.write(t, func(tx *store.Tx) error {
			if _, _, err := tx.ScoreBounce("ann@example.org", "2026-11-23", r.clock.Now()); err != nil {
				return err
			}
			_, err := tx.Rest("ann@example.org", "probe", r.clock.Now())
			return err
		})
		stopped(store.RestReason)
		if err := r.lists.NotMe(t.Context(), first.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		stopped("not_me")
		again := r.news(t, "b", "ann")
		if err := r.lists.Confirm(t.Context(), again.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		stopped("")
	})
}

func TestWhoConfirmsAfterAllGetsTheNewsAgain(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.news(t, "a", "ann")
		if err := r.lists.NotMe(t.Context(), first.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		again := r.news(t, "b", "ann")
		stopped := func() string {
			reason, err := r.store.Read(t.Context()).Suppression("ann@example.org", postroom.Marketing)
			if err != nil {
				t.Fatal(err)
			}
			return reason
		}
		if stopped() != "not_me" {
			t.Error("asking was enough, and anybody can ask")
		}
		r.write(t, func(tx *store.Tx) error { return tx.Suppress("ann@example.org", true, "junk", r.clock.Now()) })
		if err := r.lists.Confirm(t.Context(), again.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		if got := stopped(); got != "junk" {
			t.Errorf("after the owner confirmed, marketing is stopped by %q", got)
		}
	})
}

func TestATickOnAnotherFormAsksForTheList(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		plain := r.supper(t, "a", "ann", "1")
		ticked := r.send(t, "b", "supper", "session", "spring", "name", "Bo", "email", "bo@example.org", "garden_news", "yes")
		if plain.Subscription != nil || ticked.Subscription == nil {
			t.Errorf("without a tick %+v, with one %+v", plain.Subscription, ticked.Subscription)
		}
		r.heard(t, "bo@example.org", "please-confirm", "place-booked") // the booking waits for no click
		mails := r.mails(t, "bo@example.org")
		if mails[0].About != ticked.Subscription.ID || mails[1].About != ticked.Submission.ID {
			t.Errorf("links are about %s and %s", mails[0].About, mails[1].About)
		}
		if err := r.lists.Unsubscribe(t.Context(), ticked.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		r.clock.now = time.Date(2027, 3, 11, 19, 0, 0, 0, time.UTC)
		r.perform(t)
		r.heard(t, "bo@example.org", "please-confirm", "place-booked", "event-reminder") // news is not service
	})
}

func TestACorrectedAddressIsWrittenToOnce(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.news(t, "a", "anm")
		r.leave(t)
		r.clock.advance(time.Minute)
		for range 3 {
			if err := r.Readdress(t.Context(), got.Submission.ID, "Ann@example.org"); err != nil {
				t.Fatal(err)
			}
		}
		r.heard(t, "ann@example.org", "please-confirm")
		right, _, err := r.store.Read(t.Context()).SubscriptionOf(got.Submission.ID)
		if err != nil || right.Address != "ann@example.org" || right.State != postroom.Pending {
			t.Errorf("subscription %+v, %v", right, err)
		}
		if m := r.mails(t, "ann@example.org")[0]; m.About != right.ID || m.Form != "news" {
			t.Errorf("message %+v", m)
		}
		sub, err := r.store.Read(t.Context()).Submission(got.Submission.ID)
		if err != nil || sub.Address != "ann@example.org" {
			t.Errorf("submission %+v, %v", sub, err)
		}
		contact, err := r.store.Read(t.Context()).Contact(sub.Contact)
		if err != nil || contact.Address != "ann@example.org" {
			t.Errorf("contact %+v, %v", contact, err)
		}
		if err := r.lists.Confirm(t.Context(), got.Subscription.ID); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("the link that went to the wrong address confirmed: %v", err)
		}
		if err := r.lists.Confirm(t.Context(), right.ID); err != nil {
			t.Fatal(err)
		}
		err = r.Readdress(t.Context(), got.Submission.ID, "other@example.org")
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("a confirmed address was changed: %v", err)
		}
	})
}

func TestWhatHasNotLeftGoesToTheCorrectedAddress(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "k", "ask", "name", "Ann", "email", "anm@example.org", "question", "?")
		for _, address := range []string{"amn@example.org", "ann@example.org"} {
			if err := r.Readdress(t.Context(), got.Submission.ID, address); err != nil {
				t.Fatal(err)
			}
		}
		r.heard(t, "anm@example.org")
		r.heard(t, "amn@example.org")
		r.heard(t, "ann@example.org", "we-have-your-message")
		r.accepted(t, got.Submission)
		r.heard(t, "ann@example.org", "we-have-your-message")
		r.heard(t, "office@hall.example", "notice")
		_, err := errors.AsType[*intake.Refused](r.Readdress(t.Context(), got.Submission.ID, "ann@"))
		if !err {
			t.Error("an address that is none was taken")
		}
	})
}

func TestCorrectingToAnAddressThatIsOnTheListJoinsThem(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		right, wrong := r.news(t, "a", "ann"), r.news(t, "b", "anm")
		if err := r.Readdress(t.Context(), wrong.Submission.ID, "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		if s := r.subscription(t, wrong.Subscription.ID); s.State != postroom.Unsubscribed {
			t.Errorf("the wrong address is still %s", s.State)
		}
		if s := r.subscription(t, right.Subscription.ID); s.State != postroom.Pending || s.Address != "ann@example.org" {
			t.Errorf("the right one is %+v", s)
		}
	})
}
