package store

import (
	"fmt"
	"slices"
	"strings"
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

// copyOf files one copy of a campaign in a state.
func copyOf(t testing.TB, s *Store, campaign string, chunk int, address string, state postroom.MessageState) string {
	t.Helper()
	id := NewMessageID()
	return inState(t, s, postroom.Message{
		ID: id, Key: "campaign:" + campaign + ":" + address, MessageID: id + "@example.org", To: address, Template: "newsletter", Locale: "en",
		Class: postroom.Marketing, Lane: postroom.Bulk, Campaign: campaign, Chunk: chunk, CreatedAt: monday,
	}, state)
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

func TestRecipientsAreWhoeverConfirmedInStepsOfAddresses(t *testing.T) {
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
			want = append(want, sub.Address)
		}
		slices.Sort(want)
		var found []string
		for after, more := "", true; more; {
			part := got(s.Read(t.Context()).Recipients(Audience{List: "news", At: monday}, after, 2))(t)
			for _, p := range part {
				found, after = append(found, p.Address), p.Address
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
		copyOf(t, s, c.ID, 1, "a@example.org", postroom.Sent)
		if state := endCampaign(t, s, c.ID); state != postroom.CampaignSending {
			t.Errorf("%s while recipients are being chosen", state)
		}
		waits := copyOf(t, s, c.ID, 2, "b@example.org", postroom.Deferred)
		write(t, s, func(tx *Tx) error { return tx.EndChoosing(c.ID, 2) })
		if state := endCampaign(t, s, c.ID); state != postroom.CampaignSending {
			t.Errorf("%s while a copy waits", state)
		}
		write(t, s, func(tx *Tx) error { return tx.Withhold(waits, postroom.Suppressed, "reason", monday) })
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

func TestOnlyWhatAnEarlierTurnWasSendingIsDoubted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		for _, state := range messageStates { // each sent at turn 1 so far
			copyOf(t, s, c.ID, 1, string(state)+"@example.org", state)
		}
		other := copyOf(t, s, c.ID, 2, "other@example.org", postroom.Sending)
		doubt := func(turn int) (n int) {
			write(t, s, func(tx *Tx) (err error) {
				n, err = tx.DoubtChunk(c.ID, 1, turn, "lost", monday)
				return err
			})
			return n
		}
		if same, later := doubt(1), doubt(2); same != 0 || later != 1 {
			t.Errorf("doubted %d at the same turn and %d at a later one, want 0 and 1", same, later)
		}
		if m := got(s.Read(t.Context()).Message(other))(t); m.State != postroom.Sending {
			t.Errorf("a copy of another part is %s", m.State)
		}
		if ids := got(s.Read(t.Context()).WaitingCopies(c.ID, 1))(t); len(ids) != 2 {
			t.Errorf("%d copies wait, want the queued and the deferred one", len(ids))
		}
		sum, uncertain := 0, 0
		for _, n := range got(s.Read(t.Context()).CopyCounts(c.ID))(t) {
			if sum += n.N; n.State == postroom.Uncertain {
				uncertain += n.N
			}
		}
		if sum != len(messageStates)+1 || uncertain != 2 {
			t.Errorf("%d copies, %d uncertain", sum, uncertain)
		}
	})
}

func TestADroppedPartFailsWhatWaitsAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		for _, state := range messageStates {
			copyOf(t, s, c.ID, 1, string(state)+"@example.org", state)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.DropChunk(c.ID, 1, "dropped", monday); return err })
		var states []string
		for _, address := range messageStates {
			m := got(s.Read(t.Context()).messages(`SELECT `+messageColumns+` FROM messages WHERE address = $1`, string(address)+"@example.org"))(t)
			states = append(states, string(address)+"→"+string(m[0].State))
		}
		want := "queued→failed deferred→failed sending→uncertain sent→sent failed→failed suppressed→suppressed held→held uncertain→uncertain"
		if got := strings.Join(states, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
