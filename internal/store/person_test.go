package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// wantIDs holds the ids of a list against what they should be.
func wantIDs[T any](t testing.TB, what string, list []T, more bool, id func(T) string, want ...string) {
	t.Helper()
	var ids []string
	for _, one := range list {
		ids = append(ids, id(one))
	}
	if !slices.Equal(ids, want) || more {
		t.Errorf("%s are %q (and more: %v), not %q", what, ids, more, want)
	}
}

func TestAPersonsPageHoldsWhatIsTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub, other := filed(t, s, "ann"), filed(t, s, "bob")
		step := caseOfAnn(t, s, sub, other)
		read := s.Read(t.Context())

		p := got(read.Person(sub.Contact))(t)
		if p.Name != "ann" || !p.CreatedAt.Equal(monday) || len(p.Addresses) != 2 || p.Addresses[0].Address != "new@example.org" || !p.Addresses[1].Dead {
			t.Errorf("the person is %+v", p)
		}
		if len(p.Organisations) != 1 || p.Organisations[0].Name != "Riverside" {
			t.Errorf("their groups are %+v", p.Organisations)
		}
		_, err := read.Person("nobody")
		wantKind(t, err, postroom.NotFound)

		rows, more, err := read.SubmissionsOf(sub.Contact, InboxPlace{})
		wantIDs(t, "submissions", must(t, rows, err), more, func(r InboxRow) string { return r.ID }, sub.ID)
		letters, more, err := read.LettersOf(sub.Contact, InboxPlace{})
		wantIDs(t, "letters", must(t, letters, err), more, func(l postroom.Letter) string { return l.Hash }, "filed", "from")
		messages, more, err := read.MessagesTo(sub.Contact, "")
		wantIDs(t, "messages", must(t, messages, err), more, func(m PersonMessage) string { return m.Key }, "campaign:edition:list", "alone", "step:"+step)
		if messages[2].Step != "agenda" || messages[0].Step != "" || messages[0].Campaign != "edition" {
			t.Errorf("what caused them: %+v", messages)
		}
		promises := got(read.PromisesTo(sub.Contact))(t)
		wantIDs(t, "promises", promises, false, func(p Promise) string { return p.Name }, "agenda")
		consents, more, err := read.ConsentsOf(sub.Contact, InboxPlace{})
		wantIDs(t, "consents", must(t, consents, err), more, func(c PersonConsent) string { return c.Purpose }, "news")
		lists, more, err := read.SubscriptionsOf(sub.Contact, InboxPlace{})
		wantIDs(t, "lists", must(t, lists, err), more, func(s PersonSubscription) string { return s.List }, "news")
		bookings, more, err := read.BookingsOf(sub.Contact, InboxPlace{})
		wantIDs(t, "bookings", must(t, bookings, err), more, func(b PersonBooking) string { return b.Programme + " " + b.Event + " " + b.Date }, "network meeting first")
		calls, more, err := read.CallsTo(sub.Contact, InboxPlace{})
		wantIDs(t, "calls", must(t, calls, err), more, func(c postroom.Call) string { return c.Reason }, "no address")
		if ids := got(read.NoteIDs(postroom.AboutContact, sub.Contact))(t); !slices.Equal(ids, []string{"note"}) {
			t.Errorf("notes are %q", ids)
		}

		group := got(read.Organisation(p.Organisations[0].ID))(t)
		members, more, err := read.Members(group.ID, Member{})
		wantIDs(t, "members", must(t, members, err), more, func(m Member) string { return m.Name + " " + m.Address }, "ann new@example.org")
		rows, more, err = read.SubmissionsOfMembers(group.ID, InboxPlace{})
		wantIDs(t, "submissions of members", must(t, rows, err), more, func(r InboxRow) string { return r.ContactName }, "ann")
	})
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	return got(v, err)(t)
}

// caseOfAnn puts one of each on file that belongs to the contact of sub, and of
// some that belongs to another. It returns the id of a step.
func caseOfAnn(t testing.TB, s *Store, sub, other postroom.Submission) (step string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		run, err := tx.AddRun(postroom.Run{Programme: "network", Form: "join", Submission: sub.ID, Contact: sub.Contact, CreatedAt: monday})
		if err != nil {
			return err
		}
		promised, _, err := tx.PromiseStep(postroom.Step{Run: run.ID, Name: "agenda", DueAt: monday.Add(time.Hour)})
		if err != nil {
			return err
		}
		step = promised.ID
		group, err := tx.FindOrAddOrganisation("Riverside", monday)
		if err != nil {
			return err
		}
		if err := tx.JoinOrganisation(sub.Contact, group, monday); err != nil {
			return err
		}
		if err := tx.AddAddress(sub.Contact, "new@example.org", monday.Add(time.Hour)); err != nil {
			return err
		}
		if err := tx.MarkAddress("ann@example.org", true); err != nil {
			return err
		}
		return tx.runAll([]statement{
			{`INSERT INTO letters (id, raw_hash, size, submission_id, received_at) VALUES ('l2', 'filed', 1, $1, 20), ('l3', 'of another', 1, $2, 30)`, []any{sub.ID, other.ID}},
			{`INSERT INTO letters (id, raw_hash, size, address, received_at, folder) VALUES ('l1', 'from', 1, 'ann@example.org', 10, 'inbox'), ('l4', 'to', 1, 'ann@example.org', 40, 'sent')`, nil},
			{`INSERT INTO campaigns (id, key, list, programme, subject, markdown, locale, state, created_at) VALUES ('edition', 'k', 'news', 'network', '', '', 'en', 'sent', 1)`, nil},
			{`INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at) VALUES ('list', 'news', 'network', $1, 'ann@example.org', 'en', $2, 'confirmed', 1)`, []any{sub.Contact, sub.ID}},
			{`INSERT INTO messages (id, key, message_id, submission_id, contact_id, campaign_id, locale, class, lane, created_at) VALUES
				('m1', $4, 'm1', $2, $1, '', 'en', 'service', 'confirm', 1), ('m2', 'alone', 'm2', '', $1, '', 'en', 'service', 'confirm', 1),
				('m4', 'to coordinator', 'm4', $2, '', '', 'en', 'service', 'confirm', 1), ('m5', 'to another', 'm5', $3, $5, '', 'en', 'service', 'confirm', 1)`, []any{sub.Contact, sub.ID, other.ID, "step:" + step, other.Contact}},
			{`INSERT INTO copies (campaign_id, n, part, subscription_id, address, locale, created_at, id) VALUES ('edition', 1, 1, 'list', 'ann@example.org', 'en', 1, 'm3')`, nil},
			{`INSERT INTO consents (id, contact_id, purpose, wording, form_version, submission_id, given_at) VALUES ('c1', $1, 'news', 'yes', 'v1', $2, 1)`, []any{sub.Contact, sub.ID}},
			{`INSERT INTO events (id, programme, name, created_at) VALUES ('e1', 'network', 'meeting', 1)`, nil},
			{`INSERT INTO sessions (id, event_id, name, starts_at, ends_at) VALUES ('s1', 'e1', 'first', 1, 2)`, nil},
			{`INSERT INTO bookings (id, session_id, contact_id, submission_id, party, state, queued_at) VALUES ('b1', 's1', $1, $2, 1, 'confirmed', 1)`, []any{sub.Contact, sub.ID}},
			{`INSERT INTO calls (id, message_id, contact_id, reason, created_at) VALUES ('q1', 'm1', $1, 'no address', 1)`, []any{sub.Contact}},
			{`INSERT INTO notes (id, kind, subject, text_sealed, made_by, made_at, removed_at) VALUES ('note', 'contact', $1, '', 'ann', 1, 0), ('gone', 'contact', $1, '', 'ann', 1, 2)`, []any{sub.Contact}},
		})
	})
	return step
}

func (tx *Tx) runAll(statements []statement) error {
	for _, st := range statements {
		if _, err := tx.exec(st.query, st.args...); err != nil {
			return fmt.Errorf("%s: %w", st.query, err)
		}
	}
	return nil
}

func TestAPersonsPageIsTurnedOver(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		write(t, s, func(tx *Tx) error {
			for i := range 2*MostShown + 5 {
				m := letterTo(sub)
				m.ID, m.Key, m.MessageID, m.Contact = newID(), fmt.Sprint(i), fmt.Sprint(i), sub.Contact
				if _, err := tx.AddMessage(m); err != nil {
					return err
				}
				if _, err := tx.exec(`INSERT INTO calls (id, message_id, contact_id, reason, created_at) VALUES ($1, $2, $3, 'r', $4)`, newID(), m.ID, sub.Contact, i/3); err != nil {
					return err
				}
			}
			return nil
		})
		read, pages := s.Read(t.Context()), 0
		seen := make(map[string]bool)
		for last, more := "", true; more; pages++ {
			list, after, err := read.MessagesTo(sub.Contact, last)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				seen[m.ID], last = true, m.ID
			}
			more = after
		}
		for place, more := (InboxPlace{}), true; more; pages++ {
			list, after, err := read.CallsTo(sub.Contact, place)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				seen[c.ID], place = true, InboxPlace{c.At, c.ID}
			}
			more = after
		}
		if len(seen) != 2*(2*MostShown+5) || pages != 6 {
			t.Errorf("%d pages hold %d mails and calls", pages, len(seen))
		}
	})
}
