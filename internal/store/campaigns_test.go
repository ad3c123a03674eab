package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func addCampaign(t testing.TB, s *Store, key string) (c postroom.Campaign, added bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		c, added, err = tx.AddCampaign(postroom.Campaign{Key: key, List: "news", Programme: "network", Subject: "May", Markdown: "Hello.\n",
			Locale: "en", State: postroom.CampaignSending, CreatedAt: monday})
		return err
	})
	return c, added
}

func endCampaign(t testing.TB, s *Store, id string) postroom.CampaignState {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		if _, err := tx.LockCampaign(id); err != nil {
			return err
		}
		return tx.EndCampaign(id, monday.Add(time.Hour))
	})
	return got(s.Read(t.Context()).Campaign(id))(t).State
}

func TestACampaignIsFiledOncePerKey(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first, added := addCampaign(t, s, "k")
		again, twice := addCampaign(t, s, "k")
		other, _ := addCampaign(t, s, "other")
		if !added || twice || !again.Same(first) || other.ID == first.ID {
			t.Errorf("%+v (%v), %+v (%v), %+v", first, added, again, twice, other)
		}
		if first.Subject != "May" || first.Markdown != "Hello.\n" || !first.CreatedAt.Equal(monday) || !first.SettledAt.IsZero() {
			t.Errorf("came back as %+v", first)
		}
		if list := got(s.Read(t.Context()).Campaigns(1))(t); len(list) != 1 || list[0].ID != other.ID {
			t.Errorf("the newest is %+v", list)
		}
		if _, err := s.Read(t.Context()).Campaign("nothing"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("an unknown campaign: %v", err)
		}
	})
}

func TestRecipientsAreWhoeverConfirmedInStepsOfTheirIds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var want []string
		for i := range 7 {
			sub := subscribe(t, s, filed(t, s, fmt.Sprintf("person-%d", i)), monday)
			if i == 3 { // never confirmed
				continue
			}
			if _, err := confirm(t, s, sub.ID); err != nil {
				t.Fatal(err)
			}
			if i == 5 {
				unsubscribe(t, s, sub.ID)
				continue
			}
			want = append(want, sub.Address) // ids grow
		}
		var found []string
		for after, more := "", true; more; {
			part := got(s.Read(t.Context()).Recipients(Audience{List: "news", At: monday}, after, 2))(t)
			for _, p := range part {
				found, after = append(found, p.Address), p.ID
			}
			more = len(part) > 0
		}
		if !slices.Equal(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
		if none := got(s.Read(t.Context()).Recipients(Audience{List: "other", At: monday}, "", 10))(t); len(none) != 0 {
			t.Errorf("on another list: %+v", none)
		}
	})
}

func TestACampaignEndsWithItsLastCopyAndNotBeforeAllAreChosen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		settle := func(part int, state postroom.MessageState) {
			write(t, s, func(tx *Tx) error {
				p, err := tx.Part(c.ID, part)
				if err != nil {
					return err
				}
				return tx.settleCopies(p, []CopyResult{{N: p.First, State: state}}, `'queued', 'deferred'`, monday)
			})
		}
		owe(t, s, c.ID, 1, 1)
		settle(1, postroom.Sent)
		if state := endCampaign(t, s, c.ID); state != postroom.CampaignSending {
			t.Errorf("%s while recipients are being chosen", state)
		}
		owe(t, s, c.ID, 2, 1)
		settle(2, postroom.Deferred)
		write(t, s, func(tx *Tx) error { return tx.EndChoosing(c.ID, 2) })
		if state := endCampaign(t, s, c.ID); state != postroom.CampaignSending {
			t.Errorf("%s while a copy waits", state)
		}
		settle(2, postroom.Suppressed)
		if state := endCampaign(t, s, c.ID); state != postroom.CampaignSent {
			t.Errorf("%s after the last copy", state)
		}
		if c := got(s.Read(t.Context()).Campaign(c.ID))(t); c.Chosen != 2 || c.Chunks != 2 || c.SettledAt.IsZero() {
			t.Errorf("ended as %+v", c)
		}
		empty, _ := addCampaign(t, s, "empty")
		write(t, s, func(tx *Tx) error { return tx.EndChoosing(empty.ID, 0) })
		if state := endCampaign(t, s, empty.ID); state != postroom.CampaignSent {
			t.Errorf("a campaign to nobody is %s", state)
		}
	})
}

func TestAPartThatIsKeptBackLosesWhatWaitsAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		p := owe(t, s, c.ID, 1, 4)
		write(t, s, func(tx *Tx) error {
			err := tx.settleCopies(p, []CopyResult{{N: 1, State: postroom.Sent}, {N: 2, State: postroom.Failed, Reason: "r"}, {N: 3, State: postroom.Deferred, Reason: "r"}}, `'queued'`, monday)
			if err != nil {
				return err
			}
			_, err = tx.KeepBackPart(p, postroom.Suppressed, "cancelled", monday)
			return err
		})
		counts := got(s.Read(t.Context()).CopyCounts(c.ID))(t)
		if want := []CopyCount{{postroom.Failed, "r", 1}, {postroom.Sent, "", 1}, {postroom.Suppressed, "cancelled", 2}}; !slices.Equal(counts, want) {
			t.Errorf("%+v, want %+v", counts, want)
		}
	})
}
