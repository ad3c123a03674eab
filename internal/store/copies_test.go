package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// copiesOf are n copies of one part of a campaign, each for a subscription.
func copiesOf(campaign string, part, n int) []postroom.Message {
	copies := make([]postroom.Message, n)
	for i := range copies {
		copies[i] = postroom.Message{About: fmt.Sprintf("%d-%04d", part, i), To: fmt.Sprintf("p%d@example.org", i), Locale: "en", Discreet: i == 3, Campaign: campaign, Chunk: part, CreatedAt: monday}
	}
	return copies
}

// owe files n copies of a part and returns the part.
func owe(t testing.TB, s *Store, campaign string, part, n int) Part {
	t.Helper()
	write(t, s, func(tx *Tx) error { _, err := tx.AddCopies(copiesOf(campaign, part, n)); return err })
	return got(s.Read(t.Context()).Part(campaign, part))(t)
}

func TestCopiesAreFiledOnceForEachSubscription(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		const n = 307 // in several statements
		c, _ := addCampaign(t, s, "k")
		for _, want := range []int{n, 0} {
			var added int
			write(t, s, func(tx *Tx) (err error) { added, err = tx.AddCopies(copiesOf(c.ID, 1, n)); return err })
			if added != want {
				t.Errorf("%d were added, want %d", added, want)
			}
		}
		p, second := got(s.Read(t.Context()).Part(c.ID, 1))(t), owe(t, s, c.ID, 2, 2)
		if p.First != 1 || p.Last != n || second.Last-second.First != 1 || second.First <= n {
			t.Errorf("the parts are %+v and %+v", p, second)
		}
		all := got(s.Read(t.Context()).WaitingCopies(p, 1, monday, 1000))(t)
		if len(all) != n {
			t.Fatalf("%d wait", len(all))
		}
		m := got(s.Read(t.Context()).Message(CopyID(c.ID, 4)))(t)
		if m.ID != all[3].ID || m.To != "p3@example.org" || !m.Discreet || m.Campaign != c.ID || m.Chunk != 1 || m.Lane != postroom.Bulk || m.Class != postroom.Marketing || m.Programme != c.Programme {
			t.Errorf("the fourth copy is %+v", m)
		}
		if _, err := all[0].Subscription("a"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("the subscription that is not there: %v", err)
		}
		if _, err := all[0].Contact("c"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("the contact that is not there: %v", err)
		}
	})
}

func TestAPartIsSettledByTheTurnThatHasIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		p := owe(t, s, c.ID, 1, 10)
		write(t, s, func(tx *Tx) error { return tx.TakePart(p, 7, "journal") })
		later := monday.Add(time.Hour)
		results := []CopyResult{
			{N: 1, State: postroom.Sent}, {N: 2, State: postroom.Sent}, {N: 3, State: postroom.Failed, Reason: "550 no"},
			{N: 4, State: postroom.Deferred, Reason: "451 later", Tries: 1, Due: later}, {N: 7, State: postroom.Sent}, {N: 9, State: postroom.Sent},
		}
		for turn, kind := range map[int]postroom.Kind{6: postroom.Gone, 8: postroom.Gone} {
			wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.SettleCopies(p, turn, results, monday) }), kind)
		}
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.TakePart(p, 7, "another") }), postroom.Gone)
		write(t, s, func(tx *Tx) error { return tx.SettleCopies(p, 7, results, monday) })
		var left []int
		for _, waiting := range got(s.Read(t.Context()).WaitingCopies(p, 1, monday, 100))(t) {
			left = append(left, waiting.N)
		}
		if want := []int{5, 6, 8, 10}; !slices.Equal(left, want) {
			t.Errorf("%v wait, want %v", left, want)
		}
		if again := got(s.Read(t.Context()).WaitingCopies(p, 1, later, 100))(t); len(again) != 5 || again[0].Tries != 1 {
			t.Errorf("later %d wait", len(again))
		}
		write(t, s, func(tx *Tx) error { return tx.LeavePart(p, 7) })
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.LeavePart(p, 7) }), postroom.Gone)
		counts := got(s.Read(t.Context()).CopyCounts(c.ID))(t)
		want := []CopyCount{{postroom.Deferred, "451 later", 1}, {postroom.Failed, "550 no", 1}, {postroom.Queued, "", 4}, {postroom.Sent, "", 4}}
		if !slices.Equal(counts, want) {
			t.Errorf("counted %+v, want %+v", counts, want)
		}
		if all := got(s.Read(t.Context()).MessageCounts())(t); all[postroom.Sent] != 4 || all[postroom.Queued] != 4 || all[postroom.Failed] != 1 {
			t.Errorf("in all %+v", all)
		}
	})
}

func TestWhatMayHaveLeftIsDoubtedAndPutRightLater(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		p, other := owe(t, s, c.ID, 1, 5), owe(t, s, c.ID, 2, 1)
		write(t, s, func(tx *Tx) error {
			if err := tx.TakePart(p, 1, "lost"); err != nil {
				return err
			}
			if err := tx.SettleCopies(p, 1, []CopyResult{{N: 1, State: postroom.Sent}, {N: 2, State: postroom.Deferred, Due: monday.Add(time.Hour)}}, monday); err != nil {
				return err
			}
			_, err := tx.DoubtPart(p, "lost", monday)
			return err
		})
		uncertain := got(s.Read(t.Context()).CopiesIn(c.ID, postroom.Uncertain, 100))(t)
		if len(uncertain) != 3 || uncertain[0].Reason != "lost" {
			t.Errorf("%d are uncertain", len(uncertain))
		}
		if m := got(s.Read(t.Context()).Message(CopyID(c.ID, other.First)))(t); m.State != postroom.Queued {
			t.Errorf("a copy of another part is %s", m.State)
		}
		var n int
		write(t, s, func(tx *Tx) (err error) { n, err = tx.SentAfterAll(p, []int{1, 2, 3, 5}, monday); return err })
		if n != 2 {
			t.Errorf("%d were sent after all, want those that were doubted", n)
		}
	})
}

func TestOneCopyIsMovedByItsId(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, _ := addCampaign(t, s, "k")
		owe(t, s, c.ID, 1, 1)
		id := CopyID(c.ID, 1)
		state := func() postroom.MessageState { return got(s.Read(t.Context()).Message(id))(t).State }
		write(t, s, func(tx *Tx) error { return tx.Withhold(id, postroom.Held, "r", monday) })
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.Withhold(id, postroom.Failed, "r", monday) }), postroom.Gone)
		write(t, s, func(tx *Tx) error { return tx.RequeueMessage(id) })
		if state() != postroom.Queued {
			t.Errorf("sent again it is %s", state())
		}
		write(t, s, func(tx *Tx) error {
			p, err := tx.Part(c.ID, 1)
			if err != nil {
				return err
			}
			if err := tx.TakePart(p, 1, ""); err != nil {
				return err
			}
			return tx.SettleCopies(p, 1, []CopyResult{{N: 1, State: postroom.Sent}}, monday)
		})
		for _, want := range []bool{true, false} {
			var first bool
			write(t, s, func(tx *Tx) (err error) { first, err = tx.BounceMessage(id, "bounced", monday); return err })
			if first != want || state() != postroom.Failed {
				t.Errorf("bounced: %v, %s", first, state())
			}
		}
		if wrong := got(s.Read(t.Context()).MailsGoneWrong(10))(t); len(wrong) != 1 || wrong[0].ID != id || wrong[0].Reason != "bounced" {
			t.Errorf("what went wrong: %+v", wrong)
		}
	})
}
