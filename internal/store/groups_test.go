package store

import (
	"slices"
	"testing"
	"time"
)

// groupsOf files names one after the other, and returns their ids.
func groupsOf(t testing.TB, s *Store, names ...string) (ids []string) {
	t.Helper()
	for i, name := range names {
		err := s.Write(t.Context(), func(tx *Tx) error {
			id, err := tx.FindOrAddOrganisation(name, monday.Add(time.Duration(i)*time.Minute))
			ids = append(ids, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func TestAGroupIsOneHoweverItsNameIsWritten(t *testing.T) {
	for _, names := range [][]string{
		{"Riverside Friends", " riverside  FRIENDS ", "River-side Friends", "The Riverside Friends Ltd.", "RIVERSIDE FRIENDS LIMITED", "Riverside Friends C.I.C."},
		{"Milton Keynes & Friends", "Milton Keynes and Friends", "milton keynes friends"},
		{"انجمن كتاب ياران", "انجمن کتاب یاران", "انجمن کتاب‌یاران"},
		{"Café Olé", "Cafe Ole"},
		{"ГО «Надія»", "Надія", "надія"},
	} {
		t.Run(names[0], func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				ids := groupsOf(t, s, names...)
				if len(slices.Compact(slices.Clone(ids))) != 1 || count(t, s, `SELECT count(*) FROM organisations`) != 1 {
					t.Errorf("%q are %q", names, ids)
				}
				if n := count(t, s, `SELECT count(*) FROM organisation_doubts`); n != 0 {
					t.Errorf("%d doubts", n)
				}
			})
		})
	}
}

func TestOneGroupWrittenTwiceAtOnceIsOneGroup(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ids := make([]string, 16)
		noErrors(t, together(len(ids), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				ids[i], err = tx.FindOrAddOrganisation([]string{"Riverside Friends", "The Riverside Friends CIO"}[i%2], monday)
				return err
			})
		}))
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 1 || count(t, s, `SELECT count(*) FROM organisations`) != 1 {
			t.Errorf("one group is %q", ids)
		}
	})
}

func TestNamesThatAreMuchAlikeAreDoubted(t *testing.T) {
	for _, each := range []struct {
		one, other string
		doubted    bool
	}{
		{"Riverside Gardeners", "Riverside Gardners", true},
		{"Friends of Riverside", "Riverside Friends Group", true},
		{"Riverside Gardeners", "Riverside Gardeners Wolverton", true},
		{"انجمن زنان ولورتن", "زنان ولورتن", true},
		{"Riverside Gardeners", "Riverside Readers", false},
		{"Bletchley Foodbank", "Wolverton Foodbank", false},
		{"Age UK", "Age NI", false},
	} {
		t.Run(each.one+", "+each.other, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				ids := groupsOf(t, s, each.one, each.other)
				doubts, err := s.Read(t.Context()).Doubts(ids[0], 10)
				if err != nil || ids[0] == ids[1] || (len(doubts) == 1) != each.doubted {
					t.Fatalf("%+v, %v", doubts, err)
				}
				if !each.doubted {
					return
				}
				if err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.TellApart(ids[0], ids[1], "cag", monday); return err }); err != nil {
					t.Fatal(err)
				}
				if doubts, err = s.Read(t.Context()).Doubts("", 10); err != nil || len(doubts) != 0 {
					t.Errorf("somebody has said that they are two: %+v, %v", doubts, err)
				}
			})
		})
	}
}

func TestMergedGroupsAreOneByBothNamesAndCanBePartedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ids := groupsOf(t, s, "Riverside Gardeners", "Wolverton Diggers")
		keep, drop := ids[0], ids[1]
		var moved map[string]string
		write := func(do func(tx *Tx) error) {
			t.Helper()
			if err := s.Write(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *Tx) (err error) { moved, err = tx.MergeOrganisations(keep, drop); return err })
		if again := groupsOf(t, s, "wolverton diggers ltd"); again[0] != keep {
			t.Errorf("its name leads to %s", again[0])
		}
		if _, err := s.FindMissing(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Read(t.Context()).Search("diggers", 9); err != nil || len(found) != 0 {
			t.Errorf("the one that is no more is found: %+v, %v", found, err)
		}
		write(func(tx *Tx) error { return tx.PartOrganisations(keep, drop, moved) })
		if again := groupsOf(t, s, "Wolverton Diggers"); again[0] != drop {
			t.Errorf("parted, its name leads to %s", again[0])
		}
		if found, err := s.Read(t.Context()).Search("diggers", 9); err != nil || len(found) != 1 {
			t.Errorf("parted, it is not found: %+v, %v", found, err)
		}
	})
}
