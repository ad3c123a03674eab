package team_test

import (
	"testing"

	"postroom/internal/postroom"
)

func TestUndoingPutsBackWhatWasThereUnlessItHasChangedSince(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		admin := postroom.Colleague{Name: "admin", Grants: []postroom.Grant{{Role: postroom.Admin}}}
		alter := func(by postroom.Colleague, change func(*postroom.Colleague)) postroom.Deed {
			t.Helper()
			d, err := crew.Alter(t.Context(), by, "details", "events", func(c *postroom.Colleague) error { change(c); return nil })
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		if d := alter(admin, func(*postroom.Colleague) {}); d.ID != "" {
			t.Errorf("a change that changes nothing left %+v", d)
		}
		before, _ := crew.Named("events")
		first := alter(admin, func(c *postroom.Colleague) {
			c.Grants = []postroom.Grant{{Role: postroom.Viewer}, {Role: postroom.IsCoordinator, Programme: "enquiries", Area: "x"}}
			c.Absence = postroom.Absence{From: monday, Until: monday.AddDate(0, 0, 3)}
		})
		second := alter(admin, func(c *postroom.Colleague) { c.Locale = "uk" })
		third := alter(admin, func(c *postroom.Colleague) { c.Locale = "fa" })
		if err := crew.Undo(t.Context(), admin, second.ID); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("undone under what was changed since: %v", err)
		}
		for range 2 { // pressed twice
			if err := crew.Undo(t.Context(), admin, third.ID); err != nil {
				t.Error(err)
			}
		}
		self, _ := crew.Named("events")
		if err := crew.Undo(t.Context(), self, first.ID); postroom.KindOf(err) != postroom.Forbidden {
			t.Errorf("somebody gave themselves back what an admin took: %v", err)
		}
		own := alter(self, func(c *postroom.Colleague) { c.Cover = "volunteering" })
		if err := crew.Undo(t.Context(), self, own.ID); err != nil {
			t.Errorf("what they did to themselves: %v", err)
		}
		if err := crew.Undo(t.Context(), admin, second.ID); err != nil {
			t.Error(err)
		}
		if err := crew.Undo(t.Context(), admin, first.ID); err != nil {
			t.Error(err)
		}
		if after, _ := crew.Named("events"); len(after.Grants) != len(before.Grants) || after.Grants[0] != before.Grants[0] || !after.Absence.From.IsZero() || !after.FromFile {
			t.Errorf("all undone, and they are %+v, were %+v", after, before)
		}
	})
}

func TestWhoLeavesHandsEverythingOver(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		admin := postroom.Colleague{Name: "admin", Grants: []postroom.Grant{{Role: postroom.Admin}}}
		d, err := crew.HandOver(t.Context(), admin, "office", "events", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := crew.HandOver(t.Context(), admin, "office", "events", nil); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("handed over again: %v", err)
		}
		for range 2 { // also after the settings file is read again
			if _, here := crew.Named("office"); here {
				t.Error("who has left is still here")
			}
			events, _ := crew.Named("events")
			if !events.Reads("enquiries", "") || crew.Owner("enquiries", "", "office", monday).Name != "events" {
				t.Errorf("%+v looks after nothing", events)
			}
			if err := crew.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := crew.Undo(t.Context(), admin, d.ID); err != nil {
			t.Fatal(err)
		}
		if crew.Owner("enquiries", "", "", monday).Name != "office" {
			t.Error("who is back looks after nothing")
		}
	})
}

func TestTwoOfOneAddressKeepNobodyFromStarting(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		events, _ := crew.Named("events")
		crew.File[1].Address = events.Address
		if err := crew.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if office, here := crew.Named("office"); !here || office.Address != "office@example.org" {
			t.Errorf("they are %+v", office)
		}
	})
}
