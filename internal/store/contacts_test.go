package store

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// idsOf finds or adds the same contact n times at once.
func idsOf(t testing.TB, s *Store, n int, contact func(i int) postroom.Contact) []string {
	t.Helper()
	ids := make([]string, n)
	noErrors(t, together(n, func(i int) error {
		return s.Write(t.Context(), func(tx *Tx) error {
			c, err := tx.FindOrAddContact(contact(i), monday)
			ids[i] = c.ID
			return err
		})
	}))
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestOnePersonWritingTwiceAtOnceIsOneContact(t *testing.T) {
	for name, c := range map[string]postroom.Contact{
		"by address":             {Name: "Ann Bell", Address: "ann@example.org", Reach: postroom.ReachEmail},
		"by phone":               {Name: "Ann Bell", Phone: "+441908000000", Reach: postroom.ReachPhone},
		"by address, with phone": {Name: "Ann Bell", Address: "ann@example.org", Phone: "+441908000000", Reach: postroom.ReachEmail},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				ids := idsOf(t, s, 24, func(i int) postroom.Contact {
					c := c
					c.Name = []string{"Ann Bell", " ann  BELL "}[i%2]
					return c
				})
				if n := count(t, s, `SELECT count(*) FROM contacts`); n != 1 || len(ids) != 1 {
					t.Errorf("one person became %d contacts, ids %v", n, ids)
				}
			})
		})
	}
}

func TestTwoNamesAtOneAddressAreTwoContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ids := idsOf(t, s, 20, func(i int) postroom.Contact {
			return postroom.Contact{Name: []string{"Ann", "Bob"}[i%2], Address: "home@example.org", Reach: postroom.ReachEmail}
		})
		if len(ids) != 2 {
			t.Errorf("a couple sharing an address became %d contacts", len(ids))
		}
		if n := count(t, s, `SELECT count(*) FROM addresses`); n != 1 {
			t.Errorf("their address is on file %d times", n)
		}
	})
}

func TestWhoeverGivesNoWayToBeRecognisedIsSomebodyNew(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ids := idsOf(t, s, 3, func(int) postroom.Contact { return postroom.Contact{Name: "Ann", Reach: postroom.ReachPerson} })
		if len(ids) != 3 {
			t.Errorf("three people without address or phone became %d contacts", len(ids))
		}
	})
}

func TestAContactIsReachedAtTheNewestAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := contactFor(t, s, "ann")
		add := func(address string, after time.Duration) {
			write(t, s, func(tx *Tx) error { return tx.AddAddress(c.ID, address, monday.Add(after)) })
		}
		add("", 0) // changes nothing
		for i, address := range []string{"new@example.org", "ann@example.org"} {
			add(address, time.Duration(i+1)*time.Hour)
			if now := got(s.Read(t.Context()).Contact(c.ID))(t); now.Address != address {
				t.Errorf("reached at %q, want %q", now.Address, address)
			}
		}
		_, err := s.Read(t.Context()).Contact("nobody")
		wantKind(t, err, postroom.NotFound)
	})
}

func TestAContactKeepsWhatWasSaidFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first := postroom.Contact{Name: "Ann Bell", Address: "ann@example.org", Phone: "+441", Locale: "uk", Reach: postroom.ReachPhone, Discreet: true}
		write(t, s, func(tx *Tx) (err error) { first, err = tx.FindOrAddContact(first, monday); return err })
		write(t, s, func(tx *Tx) error {
			again, err := tx.FindOrAddContact(postroom.Contact{Name: "ann bell", Address: "ann@example.org", Locale: "en", Reach: postroom.ReachEmail}, monday)
			if again != first {
				t.Errorf("found %+v, want %+v", again, first)
			}
			return err
		})
	})
}

func TestADeadAddressIsKnownUntilMailArrivesAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		contactFor(t, s, "ann")
		for _, dead := range []bool{false, true, false} {
			write(t, s, func(tx *Tx) error { return tx.MarkAddress("ann@example.org", dead) })
			if is := got(s.Read(t.Context()).AddressDead("ann@example.org"))(t); is != dead {
				t.Errorf("dead is %v, want %v", is, dead)
			}
		}
		if is := got(s.Read(t.Context()).AddressDead("nobody@example.org"))(t); is {
			t.Error("an unknown address is taken for dead")
		}
	})
}

func TestTouchingAnAddressForgetsNoEarlierMail(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, mailed := range []time.Time{{}, monday, {}} {
			write(t, s, func(tx *Tx) error { return tx.TouchAddress("ann@example.org", mailed) })
		}
		if us := count(t, s, `SELECT mailed_at FROM addresses`); int64(us) != micros(monday) {
			t.Errorf("mailed at %v", moment(int64(us)))
		}
	})
}

func TestOneLocalGroupHoweverItsNameIsSpaced(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ids, c := make([]string, 12), contactFor(t, s, "ann")
		noErrors(t, together(len(ids), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				ids[i], err = tx.FindOrAddOrganisation([]string{"Yoga for All", "yoga  FOR all"}[i%2], monday)
				if err != nil {
					return err
				}
				return tx.JoinOrganisation(c.ID, ids[i], monday)
			})
		}))
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) != 1 || ids[0] == "" {
			t.Errorf("one group has the ids %q", ids)
		}
		if n := count(t, s, `SELECT count(*) FROM contact_organisations`); n != 1 {
			t.Errorf("joined %d times", n)
		}
	})
}

func TestJoiningAForumAgainChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		for i, sub := range []postroom.Submission{bob, ann, bob} {
			write(t, s, func(tx *Tx) error { return tx.JoinForum("bletchley", sub, monday.Add(time.Duration(i)*time.Hour)) })
		}
		if members := got(s.Read(t.Context()).ForumMembers("bletchley"))(t); !slices.Equal(members, []string{bob.Contact, ann.Contact}) {
			t.Errorf("members %v, want bob and then ann", members)
		}
	})
}
