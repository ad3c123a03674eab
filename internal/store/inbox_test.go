package store

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// pick returns one of some, by a number that the test draws.
func pick[T any](r *rand.Rand, some ...T) T { return some[r.IntN(len(some))] }

// crowdedInbox files submissions and letters of every sort and returns them as
// the inbox should show them.
func crowdedInbox(t testing.TB, s *Store, r *rand.Rand) (all []InboxRow) {
	t.Helper()
	var contacts []postroom.Contact
	write(t, s, func(tx *Tx) error {
		contacts, all = nil, nil
		if err := tx.PutFormVersion("v1", "network", "join", []byte("{}"), monday); err != nil {
			return err
		}
		for i := range 20 {
			c, err := person(tx, fmt.Sprintf("p%d", i))
			if err != nil {
				return err
			}
			contacts = append(contacts, c)
		}
		for range 300 {
			row := drawnRow(r, pick(r, contacts...))
			if err := tx.putRow(row); err != nil {
				return err
			}
			if row.Held { // it is shown to whoever may open it, and read then
				row.ContactName, row.Address = "", ""
			}
			all = append(all, row)
		}
		return nil
	})
	return all
}

func drawnRow(r *rand.Rand, c postroom.Contact) InboxRow {
	row := InboxRow{
		ID: newID(), Reference: newReference(), ReceivedAt: monday.Add(time.Duration(r.IntN(100)) * time.Minute),
		AssignedTo: pick(r, "", "", "ann", "bob"), Mailbox: pick(r, "", "support@example.org", "news@example.org"), Address: c.Address,
	}
	if r.IntN(3) == 0 {
		row.SnoozedUntil = monday.Add(time.Duration(r.IntN(100)) * time.Hour)
	}
	if r.IntN(4) == 0 {
		row.Matter, row.State, row.Reason, row.Class = postroom.AboutLetter, "triage", "reason.unknown", postroom.LetterUnknown
		return row
	}
	row.Matter, row.ContactID, row.ContactName = postroom.AboutSubmission, c.ID, c.Name
	row.Programme, row.Form, row.FormKind = pick(r, "network", "cafe", "garden"), pick(r, "join", "ask"), pick(r, postroom.SignUp, postroom.Enquiry)
	row.Area, row.Locale = pick(r, "", "north", "south"), pick(r, "en", "uk")
	row.State = string(pick(r, postroom.SubmissionReceived, postroom.SubmissionReceived, postroom.SubmissionHeld, postroom.SubmissionAnswered, postroom.SubmissionClosed))
	row.Held, row.Open = row.State == "held", r.IntN(5) == 0
	if row.State == "answered" || row.State == "closed" {
		row.SnoozedUntil = time.Time{}
	}
	return row
}

func (tx *Tx) putRow(row InboxRow) error {
	if row.Matter == postroom.AboutLetter {
		_, err := tx.exec(`INSERT INTO letters (id, raw_hash, size, state, reason, class, address, mailbox, reference, assigned_to, snoozed_until, received_at)
			VALUES ($1, $1, 1, 'triage', $2, $3, $4, $5, $6, $7, $8, $9)`,
			row.ID, row.Reason, row.Class, row.Address, row.Mailbox, row.Reference, row.AssignedTo, micros(row.SnoozedUntil), micros(row.ReceivedAt))
		return err
	}
	open, letter := "", ""
	if row.Open {
		open, letter = "when", "l-"+row.ID
	}
	_, err := tx.exec(`INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id,
			address, locale, area, answers_sealed, state, mailbox, assigned_to, snoozed_until, received_at, open_fields, letter_id)
		VALUES ($1, $2, $1, $1, $3, $4, 'v1', $5, 'web', $6, $7, $8, $9, '', $10, $11, $12, $13, $14, $15, $16)`,
		row.ID, row.Reference, row.Programme, row.Form, row.FormKind, row.ContactID, row.Address, row.Locale, row.Area, row.State, row.Mailbox,
		row.AssignedTo, micros(row.SnoozedUntil), micros(row.ReceivedAt), open, letter)
	return err
}

// lets says by itself what a filter lets through, apart from its page.
func (f InboxFilter) lets(row InboxRow, sender string) bool {
	asleep := row.SnoozedUntil.After(f.Now)
	if f.Matter != "" && f.Matter != row.Matter || f.AssignedTo != "" && f.AssignedTo != row.AssignedTo || f.Unassigned && row.AssignedTo != "" ||
		f.Snoozing == Awake && asleep || f.Snoozing == Asleep && !asleep || f.Contacts != nil && !slices.Contains(f.Contacts, sender) {
		return false
	}
	if row.Matter == postroom.AboutLetter {
		return (f.Mailboxes == nil || slices.Contains(f.Mailboxes, row.Mailbox)) && len(f.Programmes) == 0 && f.Kind == "" && f.Form+f.Area+f.Locale == ""
	}
	states := f.States
	if len(states) == 0 {
		states = []postroom.SubmissionState{"received", "held"}
	}
	seen := f.Within == nil || slices.ContainsFunc(f.Within, func(b Bound) bool {
		return (b.Programme == "" || b.Programme == row.Programme) && (b.Area == "" || b.Area == row.Area)
	})
	fits := func(want, is string) bool { return want == "" || want == is }
	return seen && slices.Contains(states, postroom.SubmissionState(row.State)) && (len(f.Programmes) == 0 || slices.Contains(f.Programmes, row.Programme)) &&
		fits(string(f.Kind), string(row.FormKind)) && fits(f.Form, row.Form) && fits(f.Area, row.Area) && fits(f.Locale, row.Locale)
}

func drawnFilter(r *rand.Rand, contacts []string) InboxFilter {
	f := InboxFilter{Now: monday.Add(50 * time.Hour), OldestFirst: r.IntN(2) == 0, Snoozing: pick(r, AwakeOrAsleep, AwakeOrAsleep, Awake, Asleep),
		Matter:     pick(r, "", "", postroom.AboutSubmission, postroom.AboutLetter),
		AssignedTo: pick(r, "", "", "", "ann"), Kind: pick(r, "", "", "", postroom.Enquiry), Form: pick(r, "", "", "", "ask"), Area: pick(r, "", "", "", "north"),
		Locale: pick(r, "", "", "", "uk"), Unassigned: r.IntN(5) == 0, Programmes: pick(r, nil, nil, nil, []string{"cafe", "none"})}
	if f.Unassigned {
		f.AssignedTo = ""
	}
	f.Within = pick(r, nil, nil, []Bound{}, []Bound{{"network", ""}}, []Bound{{"network", "north"}, {"cafe", ""}, {"nothing", ""}}, []Bound{{"", "south"}, {"garden", "north"}})
	f.Mailboxes = pick(r, nil, nil, []string{}, []string{"support@example.org"})
	f.States = pick(r, nil, nil, []postroom.SubmissionState{"answered"}, []postroom.SubmissionState{"received", "closed", "held", "answered"}, []postroom.SubmissionState{"held"})
	f.Contacts = pick(r, nil, nil, nil, nil, []string{}, contacts[:2])
	return f
}

func TestTheInboxShowsWhatItsFilterLetsThrough(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := rand.New(rand.NewPCG(7, 8))
		all := crowdedInbox(t, s, r)
		senders := make(map[string]string) // by address, of which each has one here
		var contacts []string
		for _, row := range all {
			if row.ContactID != "" && !row.Held {
				senders[row.Address] = row.ContactID
				contacts = append(contacts, row.ContactID)
			}
		}
		for range 300 {
			f := drawnFilter(r, contacts)
			var want []InboxRow
			for _, row := range all {
				if f.lets(row, cmp.Or(row.ContactID, senders[row.Address])) {
					want = append(want, row)
				}
			}
			slices.SortFunc(want, func(a, b InboxRow) int {
				if f.OldestFirst {
					a, b = b, a
				}
				return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), strings.Compare(b.ID, a.ID))
			})
			wantInbox(t, s, f, want)
		}
	})
}

func TestTheInboxListsExactlyWhoWaitsForAnAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := rand.New(rand.NewPCG(9, 10))
		all := crowdedInbox(t, s, r)
		again, senders := wroteAgainSome(t, s, r, all), make(map[string]string)
		var contacts []string
		for _, row := range all {
			if row.ContactID != "" && !row.Held {
				senders[row.Address] = row.ContactID
				contacts = append(contacts, row.ContactID)
			}
		}
		awaited := func(programme string) []postroom.Awaited {
			list := []postroom.Awaited{{Kind: postroom.Enquiry}}
			if programme == "network" {
				list = append(list, postroom.Awaited{Kind: postroom.SignUp, Form: "join"})
			}
			return list
		}
		waits := func(row InboxRow) bool {
			return row.Matter == postroom.AboutLetter || row.Open || again[row.ID] ||
				slices.ContainsFunc(awaited(row.Programme), func(a postroom.Awaited) bool { return a.Kind == row.FormKind && (a.Form == "" || a.Form == row.Form) })
		}
		for range 200 {
			f := drawnFilter(r, contacts)
			f.States = []postroom.SubmissionState{postroom.SubmissionReceived}
			var want []InboxRow
			for _, row := range all {
				if f.lets(row, cmp.Or(row.ContactID, senders[row.Address])) && waits(row) {
					want = append(want, row)
				}
			}
			slices.SortFunc(want, func(a, b InboxRow) int {
				if f.OldestFirst {
					a, b = b, a
				}
				return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), strings.Compare(b.ID, a.ID))
			})
			f.Awaited = awaited
			wantInbox(t, s, f, want)
		}
	})
}

// wroteAgainSome files letters by which some people wrote again, one or two each.
func wroteAgainSome(t testing.TB, s *Store, r *rand.Rand, all []InboxRow) map[string]bool {
	t.Helper()
	again := make(map[string]bool)
	write(t, s, func(tx *Tx) error {
		clear(again)
		for _, row := range all {
			if row.Matter != postroom.AboutSubmission || r.IntN(4) > 0 {
				continue
			}
			again[row.ID] = true
			if _, err := tx.exec(`UPDATE submissions SET wrote_again = TRUE WHERE id = $1`, row.ID); err != nil {
				return err
			}
			for range 1 + r.IntN(2) {
				id := newID()
				if _, err := tx.exec(`INSERT INTO letters (id, raw_hash, size, state, reason, class, address, mailbox, submission_id, received_at)
					VALUES ($1, $1, 1, 'done', 'added', 'personal', 'p@example.org', '', $2, $3)`, id, row.ID, micros(row.ReceivedAt)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return again
}

// wantInbox turns over page after page, and counts.
func wantInbox(t *testing.T, s *Store, f InboxFilter, want []InboxRow) {
	t.Helper()
	read := s.Read(t.Context())
	counts := got(read.InboxCounts(f))(t)
	if n := counts.Submissions + counts.Letters; n != len(want) || counts.MoreSubmissions || counts.MoreLetters {
		t.Errorf("%+v counts %+v, not %d", f, counts, len(want))
	}
	var list []InboxRow
	for more := true; more; {
		var rows []InboxRow
		var err error
		if rows, more, err = read.Inbox(f, 13); err != nil {
			t.Fatal(err)
		}
		if list = append(list, rows...); more && len(rows) != 13 {
			t.Fatalf("a page of %d rows has another after it", len(rows))
		}
		if len(rows) > 0 {
			f.After = rows[len(rows)-1].Place()
		}
	}
	if !slices.Equal(list, want) {
		t.Errorf("%+v shows %d rows, not %d:\n%+v\n%+v", f, len(list), len(want), list, want)
	}
}

func TestTheInboxIsCountedUpToAThousand(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		filed(t, s, "ann")
		write(t, s, func(tx *Tx) error {
			for i := range MostCounted + 1 {
				if err := tx.putRow(InboxRow{Matter: postroom.AboutLetter, ID: newID(), Reference: fmt.Sprint(i), ReceivedAt: monday}); err != nil {
					return err
				}
			}
			return nil
		})
		if c := got(s.Read(t.Context()).InboxCounts(InboxFilter{}))(t); c != (InboxCounts{Submissions: 1, Letters: MostCounted, MoreLetters: true}) {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestManyProgrammesAreLookedThrough(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			sub, err := submissionOf(tx, "ann")
			for i := range 3 * looksAtOnce {
				if err == nil {
					row := drawnRow(rand.New(rand.NewPCG(1, uint64(i))), postroom.Contact{ID: sub.Contact, Name: "ann", Address: "ann@example.org"})
					row.Matter, row.Programme, row.State, row.Reference = postroom.AboutSubmission, fmt.Sprintf("p%03d", i), "received", fmt.Sprint(i)
					row.ContactID, row.ID, row.ReceivedAt = sub.Contact, newID(), monday.Add(time.Duration(i+1)*time.Hour)
					err = tx.putRow(row)
				}
			}
			return err
		})
		read := s.Read(t.Context())
		rows, more, err := read.Inbox(InboxFilter{}, 1000)
		if err != nil || more || len(rows) != 3*looksAtOnce+1 || rows[0].Programme != "p179" {
			t.Errorf("shown are %d rows, more %v, error %v", len(rows), more, err)
		}
		if c := got(read.InboxCounts(InboxFilter{}))(t); c.Submissions != len(rows) {
			t.Errorf("counted %+v", c)
		}
	})
}

// Lists say neither the name nor the address of what is held, which are read for
// whoever may open it.
func TestAListReadsNoNameOfWhatIsHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var row InboxRow
		write(t, s, func(tx *Tx) error {
			sub, err := submissionOf(tx, "ann")
			if err != nil {
				return err
			}
			row = InboxRow{Matter: postroom.AboutSubmission, ID: newID(), Reference: "K7M-4QX", Programme: "network", Form: "join", FormKind: postroom.SignUp,
				ContactID: sub.Contact, Address: "ann@example.org", Locale: "en", State: "held", ReceivedAt: monday}
			return tx.putRow(row)
		})
		read := s.Read(t.Context())
		rows, _, err := read.Inbox(InboxFilter{States: []postroom.SubmissionState{postroom.SubmissionHeld}}, 5)
		if err != nil || len(rows) != 1 || !rows[0].Held || rows[0].ContactName+rows[0].Address != "" {
			t.Errorf("the inbox reads %+v, %v", rows, err)
		}
		list, err := read.Search("K7M-4QX", 5)
		if err != nil || len(list) != 1 || list[0].Name+list[0].Detail != "" {
			t.Errorf("a search reads %+v, %v", list, err)
		}
		if name, address, err := read.Sender(row); err != nil || name == "" || address != "ann@example.org" {
			t.Errorf("they are %q, %q, %v", name, address, err)
		}
	})
}
