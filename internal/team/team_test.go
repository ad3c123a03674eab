package team_test

import (
	"path/filepath"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/team"
	"postroom/internal/testserver"
	"postroom/templates"

	"io/fs"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

type still struct{}

func (still) Now() time.Time                  { return monday }
func (still) Until(time.Time) <-chan struct{} { return nil }

// open returns a team of a new database, with the coordinators of the starter
// programmes.
func open(t *testing.T, url string, file ...team.FromFile) *team.Team {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	files, err := fs.Sub(templates.FS, "programme")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(files, programme.Options{Zone: time.UTC, HasTemplate: func(string, string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	made := team.New(team.Options{Store: st, Programmes: set, File: file, Clock: still{}, Fallback: postroom.Colleague{Name: "us", Address: "us@example.org"}})
	if err := made.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return made
}

func engines(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, filepath.Join(t.TempDir(), "x.db")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, testserver.PostgresWith(t, store.Prepare)) })
}

func file() []team.FromFile {
	return []team.FromFile{
		{Name: "events", Address: "Events@example.org", Locale: "en", Cover: "office"},
		{Name: "office", Address: "office@example.org", Locale: "en", Cover: "volunteering"},
		{Name: "volunteering", Address: "volunteering@example.org", Locale: "en", Programmes: []string{"volunteering", "networking-event"}},
	}
}

func TestWhatWaitsHasExactlyOneOwner(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		away := func(name string, from, until time.Time, proposed bool) {
			t.Helper()
			c, here := crew.Named(name)
			if !here {
				t.Fatalf("%s is not here", name)
			}
			c.Absence, c.FromFile = postroom.Absence{From: from, Until: until, Proposed: proposed}, false
			if err := crew.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(c) }); err != nil {
				t.Fatal(err)
			}
		}
		owner := func(what, programme, assigned, want string) {
			t.Helper()
			if got := crew.Owner(programme, "", assigned, monday).Name; got != want {
				t.Errorf("%s: it is with %s, want %s", what, got, want)
			}
		}
		owner("named by the programme file before whoever adds it to their own", "networking-event", "", "events")
		owner("assigned", "networking-event", "volunteering", "volunteering")
		owner("assigned to nobody who is here", "networking-event", "stranger", "events")
		away("events", monday.Add(-time.Hour), monday.Add(time.Hour), true)
		owner("an absence that nobody has agreed to", "networking-event", "", "events")
		away("events", monday.Add(-time.Hour), monday.Add(time.Hour), false)
		owner("their cover stands in", "networking-event", "events", "office")
		away("office", monday.Add(-time.Hour), time.Time{}, false)
		owner("the cover of the cover", "networking-event", "events", "volunteering")
		away("volunteering", monday, monday.Add(time.Hour), false)
		if got := crew.Owner("networking-event", "", "", monday); got.Name == "" {
			t.Error("while everybody is away it is with nobody")
		}
		away("events", monday.Add(-time.Hour), monday, false)
		owner("back", "networking-event", "", "events")
	})
}

func TestCoordinatorsFollowTheFileUntilTheDeskChangesThem(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		if c, here := crew.At("EVENTS@example.org"); !here || !c.Has(postroom.IsCoordinator, "networking-event", "") || c.Has(postroom.Admin, "", "") {
			t.Errorf("events is %+v, %t", c, here)
		}
		office, _ := crew.Named("office")
		office.Address, office.FromFile = "front@example.org", false
		if err := crew.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(office) }); err != nil {
			t.Fatal(err)
		}
		crew.File = []team.FromFile{{Name: "office", Address: "office@example.org", Locale: "en"}, {Name: "events", Address: "new@example.org", Locale: "uk"}}
		if err := crew.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, _ := crew.Named("events"); c.Address != "new@example.org" || c.Locale != "uk" {
			t.Errorf("events does not follow the file: %+v", c)
		}
		if c, _ := crew.Named("volunteering"); c.Name != "" {
			t.Errorf("who is in the file no more is still here: %+v", c)
		}
	})
}

func TestWhileNobodyWorksHereTheOrganisationIsAsked(t *testing.T) {
	t.Parallel()
	crew := open(t, filepath.Join(t.TempDir(), "x.db"))
	if got := crew.LooksAfter("enquiries", ""); len(got) != 1 || got[0].Name != "us" {
		t.Errorf("%+v is asked", got)
	}
	if got := crew.Owner("enquiries", "", "", monday); got.Name != "us" {
		t.Errorf("it is with %+v", got)
	}
}

func TestWhoIsAtTheDoorHasNobodysPeopleInTheirList(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, file()...)
		change := func(c postroom.Colleague, grants ...postroom.Grant) {
			t.Helper()
			c.FromFile = false
			err := crew.Change(t.Context(), func(tx *store.Tx) error {
				if err := tx.ChangeColleague(c); err != nil {
					return err
				}
				return tx.SetGrants(c.Name, grants)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		office, _ := crew.Named("office")
		change(office, postroom.Grant{Role: postroom.Greeter})
		if got := crew.Owner("networking-event", "", "office", monday).Name; got != "events" {
			t.Errorf("what was assigned to who is at the door now is with %s", got)
		}
		events, _ := crew.Named("events") // office stands in for them
		grants := events.Grants
		events.Absence.From = monday
		change(events, grants...)
		if got := crew.Owner("networking-event", "", "", monday).Name; got != "volunteering" {
			t.Errorf("while its owner is away it is with %s", got)
		}
		if got := crew.Covers("office", monday); len(got) > 0 {
			t.Errorf("who is at the door stands in for %q", got)
		}
	})
}

// A coordinator of the settings file whom no programme names keeps their role when
// something else of them is changed at the desk, and loses it when that is.
func TestACoordinatorWithoutAProgrammeKeepsTheirRoleWhenChangedAtTheDesk(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		crew := open(t, url, append(file(), team.FromFile{Name: "spare", Address: "spare@example.org", Locale: "en"})...)
		boss := postroom.Colleague{Name: "boss", Grants: []postroom.Grant{{Role: postroom.Admin}}}
		if _, err := crew.Alter(t.Context(), boss, "details", "spare", func(c *postroom.Colleague) error { c.Locale = "uk"; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := crew.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, _ := crew.Named("spare"); !c.Answers() || c.Follows() || c.Locale != "uk" {
			t.Errorf("after a change of language they are %+v", c)
		}
		d, err := crew.Alter(t.Context(), boss, "grants", "spare", func(c *postroom.Colleague) error {
			c.Grants = []postroom.Grant{{Role: postroom.Viewer}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := crew.Named("spare"); c.Answers() {
			t.Errorf("as a viewer they are %+v", c)
		}
		if err := crew.Undo(t.Context(), boss, d.ID); err != nil {
			t.Fatal(err)
		}
		if c, _ := crew.Named("spare"); !c.Answers() {
			t.Errorf("undone, they are %+v", c)
		}
	})
}
