package digest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/digest"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// Whatever waits is in exactly one list, whoever is away, covers for whom, was
// given what or has left. Teams are drawn; what goes wrong names its seed.
func TestWhateverWaitsIsInExactlyOneList(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := open(t, engine)
		now := room.Clock.Now().Add(time.Hour)
		waits := everythingWaits(t, room)
		for seed := range uint64(40) {
			draw := rand.New(rand.NewPCG(seed, 7))
			drawTeam(t, room, draw, now)
			drawAssignments(t, room, draw, waits, now)
			seen, putOff := map[string]int{}, 0
			for _, name := range room.Digests.Names() {
				c := whoIs(room, name)
				sheet, err := room.Digests.Today(t.Context(), c, now)
				if err != nil {
					t.Fatal(err)
				}
				putOff += sheet.PutOff
				for _, items := range [][]string{ids(sheet.Waiting.Items), ids(sheet.Letters.Items), ids(sheet.Calls.Items)} {
					if _, here := room.Team.Named(name); here && !c.Answers() && len(items) > 0 {
						t.Errorf("seed %d: %s may not open their list of %d", seed, name, len(items))
					}
					for _, id := range items {
						seen[id]++
					}
				}
			}
			for _, id := range waits {
				if n := seen[id]; n > 1 {
					t.Errorf("seed %d: %s is in %d lists", seed, id, n)
				}
			}
			if len(seen)+putOff != len(waits) {
				t.Errorf("seed %d: %d of %d things are in a list, and %d are put off", seed, len(seen), len(waits), putOff)
			}
		}
	})
}

func whoIs(room *testkit.Room, name string) postroom.Colleague {
	for _, c := range append(room.Team.All(), room.Team.LooksAfter("", "")...) {
		if c.Name == name {
			return c
		}
	}
	return postroom.Colleague{Name: name}
}

func ids(items []digest.Item) (list []string) {
	for _, i := range items {
		list = append(list, i.ID)
	}
	return list
}

// everythingWaits files questions of every kind, letters and calls, and returns
// their ids.
func everythingWaits(t *testing.T, room *testkit.Room) (list []string) {
	t.Helper()
	now := room.Clock.Now()
	write(t, room, func(tx *store.Tx) error {
		list = nil
		for i, p := range []struct{ programme, form string }{{"questions", "ask"}, {"club", "club-question"}, {"evening", "register"}, {"gone", "gone"}} {
			if err := tx.PutFormVersion("v"+p.programme, p.programme, p.form, []byte("{}"), now); err != nil {
				return err
			}
			for j, area := range []string{"", "north", "south"} {
				c, err := tx.FindOrAddContact(postroom.Contact{Name: p.programme + area, Address: fmt.Sprintf("%d%d@example.org", i, j), Reach: postroom.ReachEmail}, now)
				if err != nil {
					return err
				}
				s, _, err := tx.AddSubmission(postroom.Submission{
					Programme: p.programme, Form: p.form, FormVersion: "v" + p.programme, Kind: postroom.Enquiry, Channel: postroom.Web, Area: area,
					Contact: c.ID, Address: c.Address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: now,
				})
				if err != nil {
					return err
				}
				m := postroom.Message{ID: store.NewMessageID(), Programme: p.programme, Submission: s.ID, Contact: c.ID, Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, Template: "welcome"}
				m.Key, m.MessageID = m.ID, m.ID
				if _, err := tx.AddMessage(m); err != nil {
					return err
				}
				if err := tx.OweCall(m, "reason.no_address", now); err != nil {
					return err
				}
				list = append(list, s.ID)
			}
		}
		calls, err := tx.CallsToMake(99)
		for _, c := range calls {
			list = append(list, c.ID)
		}
		return err
	})
	for _, mailbox := range []string{support, "events@riverside.example", "other@riverside.example"} {
		puzzle(t, room, mailbox, mailbox)
		puzzle(t, room, mailbox, mailbox+" again")
	}
	letters, err := room.Store.Read(t.Context()).Triage(99)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		list = append(list, l.ID)
	}
	return list
}

// drawTeam gives the colleagues, and some who come and go, roles, covers and
// absences at random.
func drawTeam(t *testing.T, room *testkit.Room, draw *rand.Rand, now time.Time) {
	t.Helper()
	names := []string{"office", "events", "cag", "newsletter", "new-1", "new-2"}
	roles := postroom.Roles()
	err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
		for _, name := range names {
			if _, err := tx.AddColleague(postroom.Colleague{Name: name, Address: name + "@drawn.example", Locale: "en", AddedAt: now}); err != nil {
				return err
			}
			c := postroom.Colleague{Name: name, Address: name + "@drawn.example", Locale: "en"}
			if draw.IntN(2) == 0 {
				c.Cover = names[draw.IntN(len(names))]
			}
			switch draw.IntN(5) {
			case 0:
				c.Absence = postroom.Absence{From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
			case 1:
				c.Absence = postroom.Absence{From: now.Add(-time.Hour)}
			case 2:
				c.Absence = postroom.Absence{From: now.Add(-time.Hour), Proposed: true}
			}
			if draw.IntN(6) == 0 {
				c.LeftAt = now
			}
			if err := tx.ChangeColleague(c); err != nil {
				return err
			}
			var grants []postroom.Grant
			for range draw.IntN(3) {
				grants = append(grants, postroom.Grant{
					Role:      roles[draw.IntN(len(roles))],
					Programme: []string{"", "questions", "club", "evening"}[draw.IntN(4)], Area: []string{"", "", "north"}[draw.IntN(3)],
				})
			}
			if c.LeftAt.IsZero() {
				if err := tx.SetGrants(name, grants); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	room.Clock.Set(now)
}

// drawAssignments gives some of what waits to somebody, who may be nobody.
func drawAssignments(t *testing.T, room *testkit.Room, draw *rand.Rand, waits []string, now time.Time) {
	t.Helper()
	write(t, room, func(tx *store.Tx) error {
		for _, id := range waits {
			name := []string{"", "", "office", "events", "new-1", "nobody of this name"}[draw.IntN(6)]
			until := []time.Time{{}, {}, now.Add(-time.Hour), now.Add(time.Hour)}[draw.IntN(4)]
			for _, err := range []error{tx.AssignSubmission(id, name), tx.Snooze(id, until), tx.AssignLetter(id, name), tx.SnoozeLetter(id, until)} {
				if err != nil && postroom.KindOf(err) == postroom.Internal {
					return err
				}
			}
		}
		return nil
	})
}

func TestACoversSummaryHasWhatWaitsForWhoIsAway(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	change(t, room, "office", func(c *postroom.Colleague) {
		c.Cover, c.Absence = "events", postroom.Absence{From: room.Clock.Now(), Until: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)}
	})
	at(t, room, 24, 8, 0)
	if got := summaries(t, room, office); len(got) != 0 {
		t.Errorf("somebody who is away receives\n%s", got[0].Text)
	}
	got := strings.Join(strings.Fields(summary(t, room, events).Text), " ")
	if !strings.Contains(got, "("+reference+") since Monday 23 November, 1 working day; for office, who is away until Monday 30 November") || !strings.Contains(got, "Enquiries: 1") {
		t.Errorf("whoever stands in reads\n%s", got)
	}
	at(t, room, 30, 8, 0)
	if got := latest(t, room, office).Text; !strings.Contains(got, reference) {
		t.Errorf("once they are back they read\n%s", got)
	}
	if got := latest(t, room, events).Text; strings.Contains(got, reference) {
		t.Errorf("and so does who stood in:\n%s", got)
	}
}

// change changes one colleague as the desk does.
func change(t *testing.T, room *testkit.Room, name string, how func(*postroom.Colleague)) {
	t.Helper()
	err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Colleagues()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return c.Name == name })
		how(&all[i])
		return tx.ChangeColleague(all[i])
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoeverIsAddedAtTheDeskGetsSummariesAtOnce(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	write(t, room, func(tx *store.Tx) error { // as another process would: this one does not know of it yet
		_, err := tx.AddColleague(postroom.Colleague{Name: "new", Address: "new@riverside.example", Locale: "en", AddedAt: room.Clock.Now(), Grants: []postroom.Grant{{Role: postroom.IsCoordinator, Programme: "questions"}}})
		if err != nil {
			return err
		}
		sub, err := tx.SubmissionWith(reference)
		if err != nil {
			return err
		}
		return tx.AssignSubmission(sub.ID, "new")
	})
	at(t, room, 24, 8, 0)
	if got := summary(t, room, "new@riverside.example").Text; !strings.Contains(got, reference) {
		t.Errorf("the new colleague reads\n%s", got)
	}
	for _, l := range summaries(t, room, office) {
		if strings.Contains(l.Text, reference) {
			t.Errorf("the office reads of it too:\n%s", l.Text)
		}
	}
}

func TestWhatIsPutOffIsCountedAndComesBack(t *testing.T) {
	t.Parallel()
	room := open(t)
	later := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	now := send(t, room, "ask", "name=Parwin", "email=parwin@example.org", "question=Hello?")
	write(t, room, func(tx *store.Tx) error {
		sub, err := tx.SubmissionWith(later)
		if err != nil {
			return err
		}
		return tx.Snooze(sub.ID, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	})
	at(t, room, 24, 8, 0)
	if got := summary(t, room, office).Text; strings.Contains(got, later) || !strings.Contains(got, now) || !strings.Contains(got, "\n1 thing is put off until later.\n") {
		t.Errorf("the office reads\n%s", got)
	}
	at(t, room, 25, 8, 0)
	if got := latest(t, room, office).Text; !strings.Contains(got, later) || strings.Contains(got, "put off until") {
		t.Errorf("the day after it reads\n%s", got)
	}
}

// What nobody looks after is in the list of an admin, and not left to whoever looks
// after something else; where there is no admin it is theirs all the same.
func TestWhatIsNobodysToLookAfterIsAnAdmins(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	now := room.Clock.Now().Add(time.Hour)
	waitsWith := func() (list []string) {
		for _, name := range room.Digests.Names() {
			sheet, err := room.Digests.Today(t.Context(), whoIs(room, name), now)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(sheet.Waiting.Items, func(i digest.Item) bool { return i.Reference == reference }) {
				list = append(list, name)
			}
		}
		return list
	}
	write(t, room, func(tx *store.Tx) error {
		for _, c := range room.Team.LooksAfter("questions", "") {
			if err := tx.SetGrants(c.Name, nil); err != nil {
				return err
			}
		}
		_, err := tx.AddColleague(postroom.Colleague{Name: "other", Address: "other@riverside.example", Locale: "en", Grants: []postroom.Grant{{Role: postroom.IsCoordinator, Programme: "elsewhere"}}, AddedAt: room.Clock.Now()})
		return err
	})
	if err := room.Team.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := waitsWith(); len(list) != 1 {
		t.Errorf("without an admin it is in the lists of %v", list)
	}
	write(t, room, func(tx *store.Tx) error {
		_, err := tx.AddColleague(postroom.Colleague{Name: "warden", Address: "warden@riverside.example", Locale: "en", Grants: []postroom.Grant{{Role: postroom.Admin}}, AddedAt: room.Clock.Now()})
		return err
	})
	if err := room.Team.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := waitsWith(); !slices.Equal(list, []string{"warden"}) {
		t.Errorf("it is in the list of %v", list)
	}
	printed, err := room.Digests.Preview(t.Context(), "warden", now)
	if err != nil || !strings.Contains(printed.Text, reference) {
		t.Errorf("the admin's summary does not tell of it: %v\n%s", err, printed.Text)
	}
}
