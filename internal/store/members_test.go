package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// bring puts people on a list as an import does, and returns the import.
func bring(t *testing.T, s *Store, hash string, members ...ListMember) (Import, int) {
	t.Helper()
	var i Import
	added := 0
	write(t, s, func(tx *Tx) (err error) {
		if i, err = tx.BeginImport(Import{List: "news", FileHash: hash, MadeBy: "sam", MadeAt: monday}); err != nil {
			return err
		}
		added, err = tx.AddMembers(MemberFile{Import: i.ID, List: "news", Programme: "p", At: i.MadeAt}, members)
		return err
	})
	return i, added
}

func agreed(address, name string) ListMember {
	return ListMember{
		Address: address, Name: name, Locale: "en", State: postroom.Confirmed, Basis: postroom.ByConsent, Source: "a paper at the fair",
		AskedAt: monday.Add(-time.Hour), ConfirmedAt: monday.Add(-time.Hour),
	}
}

func TestAnImportPutsEachPersonOnAListOnceWithTheirGround(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		unsure := agreed("unsure@example.org", "Unsure")
		unsure.State, unsure.Basis, unsure.ConfirmedAt = postroom.Pending, postroom.UnknownBasis, time.Time{}
		var many []ListMember
		for n := range 130 {
			many = append(many, agreed(fmt.Sprintf("person-%03d@example.org", n), fmt.Sprintf("Person %d", n)))
		}
		i, added := bring(t, s, "f", append(many, unsure)...)
		if added != 131 {
			t.Fatalf("%d were added", added)
		}
		if _, again := bring(t, s, "f", append(many, unsure)...); again != 0 {
			t.Errorf("%d were added once more", again)
		}
		people := got(s.Read(t.Context()).Recipients(Audience{List: "news", At: monday}, "", 500))(t)
		if len(people) != 130 {
			t.Errorf("%d would be mailed, and one has no ground", len(people))
		}
		consents, _, err := s.Read(t.Context()).ConsentsOf(people[0].Contact, InboxPlace{})
		if err != nil || len(consents) != 1 || consents[0].Source != "a paper at the fair" || consents[0].ConfirmedAt.IsZero() || consents[0].Purpose != "news" {
			t.Errorf("the record of the consent: %+v, %v", consents, err)
		}
		found := got(s.Read(t.Context()).Search("Person 77", 5))(t)
		if len(found) != 1 {
			t.Errorf("found %+v", found)
		}
		if list := got(s.Read(t.Context()).Imports(5))(t); len(list) != 1 || list[0].ID != i.ID || list[0].Rows != 131 {
			t.Errorf("imports: %+v", list)
		}
	})
}

func TestUndoingAnImportLeavesAloneWhoDidSomethingSince(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		before := subscribe(t, s, filed(t, s, "known"), monday)
		i, _ := bring(t, s, "f", agreed("stays@example.org", "Stays"), agreed("goes@example.org", "Goes"), agreed("leaves@example.org", "Leaves"), agreed(before.Address, ""))
		on := func(address string) postroom.Subscription {
			sub, _, err := s.Read(t.Context()).SubscriptionAt("news", address)
			if err != nil {
				t.Fatal(err)
			}
			return sub
		}
		goes := on("goes@example.org")
		write(t, s, func(tx *Tx) error {
			_, err := tx.SetChoices(on("stays@example.org").ID, "fa", postroom.Choices{Often: postroom.RoundUp})
			return err
		})
		write(t, s, func(tx *Tx) error {
			_, err := tx.Unsubscribe(on("leaves@example.org").ID, monday.Add(time.Hour))
			return err
		})
		removed := 0
		for after, more := "", true; more; {
			write(t, s, func(tx *Tx) error {
				n, next, err := tx.TakeBackMembers(i, after)
				removed, after, more = removed+n, next, next != ""
				return err
			})
		}
		if removed != 1 || on("goes@example.org").ID != "" || on("stays@example.org").ID == "" || on("leaves@example.org").State != postroom.Unsubscribed || on(before.Address).ID != before.ID {
			t.Errorf("%d were taken back", removed)
		}
		if _, err := s.Read(t.Context()).Contact(goes.Contact); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("the contact that the import made is still there: %v", err)
		}
	})
}

func TestWhoPausesOrWantsTheRoundUpGetsNoOtherEdition(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		bring(t, s, "f", agreed("a@example.org", "A"), agreed("b@example.org", "B"), agreed("c@example.org", "C"))
		choose := func(address string, c postroom.Choices) {
			sub, _, err := s.Read(t.Context()).SubscriptionAt("news", address)
			if err != nil {
				t.Fatal(err)
			}
			write(t, s, func(tx *Tx) error { _, err := tx.SetChoices(sub.ID, "en", c); return err })
		}
		choose("b@example.org", postroom.Choices{Often: postroom.EveryEdition, PausedUntil: monday.Add(48 * time.Hour)})
		choose("c@example.org", postroom.Choices{Often: postroom.RoundUp, Look: postroom.LargeText})
		for _, each := range []struct {
			to   Audience
			want []string
		}{
			{Audience{List: "news", At: monday}, []string{"a@example.org"}},
			{Audience{List: "news", At: monday.Add(72 * time.Hour)}, []string{"a@example.org", "b@example.org"}},
			{Audience{List: "news", At: monday, RoundUp: true}, []string{"c@example.org"}},
		} {
			var addresses []string
			for _, p := range got(s.Read(t.Context()).Recipients(each.to, "", 10))(t) {
				addresses = append(addresses, p.Address)
			}
			if !slices.Equal(addresses, each.want) {
				t.Errorf("%+v: %q, want %q", each.to, addresses, each.want)
			}
		}
	})
}

func BenchmarkAHundredThousandMembers(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		for i := range b.N {
			for first := 0; first < 100_000; first += 1024 {
				var some []ListMember
				for n := first; n < min(first+1024, 100_000); n++ {
					some = append(some, agreed(fmt.Sprintf("person-%d-%06d@example.org", i, n), fmt.Sprintf("Olena Person%d", n)))
				}
				if err := s.Write(b.Context(), func(tx *Tx) error {
					_, err := tx.AddMembers(MemberFile{Import: "i", List: "news", Programme: "p", At: monday}, some)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
