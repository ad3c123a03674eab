package casework_test

import (
	"strings"
	"testing"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/workflow"
)

// triaged receives a letter that a person has to place, and returns it.
func triaged(t *testing.T, d *desk, m testkit.Mail) postroom.Letter {
	t.Helper()
	d.Receive(t, m.To, m.Bytes())
	d.Work(t)
	letters, err := d.Store.Read(t.Context()).Letters(9)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if l.MessageID == m.ID && l.State == postroom.LetterTriage {
			return l
		}
	}
	t.Fatalf("no letter %s is in triage: %+v", m.ID, letters)
	return postroom.Letter{}
}

func TestWhoeverIsCalledAboutALetterMayReadItAndNobodyElse(t *testing.T) {
	t.Parallel()
	const worry = "I am afraid to go home, my partner hits me."
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		ours := d.Letter(t, person)
		for name, mail := range map[string]testkit.Mail{
			"to a mailbox of no programme":            {To: "other@riverside.example"},
			"by another sender about what is on file": {To: testkit.Support, InReplyTo: strings.Trim(ours.Header.Get("Message-ID"), "<>"), Subject: "Re: The garden"},
		} {
			mail.From, mail.ID, mail.At, mail.Text = "Sam <sam@example.org>", "two-"+mail.To, d.Clock.Now(), worry
			mail.Header = []string{"Return-Path: <sam@example.org>"}
			l := triaged(t, d, mail)
			ref := casework.Ref{Matter: postroom.AboutLetter, ID: l.ID}
			a, rang, err := d.Store.Read(t.Context()).AlarmOf(postroom.AboutLetter, l.ID)
			if err != nil || !rang {
				t.Fatalf("%s: no alarm: %v", name, err)
			}
			guards := d.Workflow.Safeguarding(a.Programme)
			lead, deputy := guards[0][0].Name, guards[1][0].Name
			for _, who := range d.Team.All() {
				may, err := d.Casework.May(t.Context(), who, ref)
				if want := who.Name == lead || who.Name == deputy; err != nil || may != want {
					t.Errorf("%s: %s may read it is %t, %v; called are %s and %s", name, who.Name, may, err, lead, deputy)
				}
			}
			if err := d.Casework.Open(t.Context(), d.who(t, lead), ref); err != nil {
				t.Fatal(err)
			}
			if a, _, err = d.Store.Read(t.Context()).AlarmOf(postroom.AboutLetter, l.ID); err != nil || a.OpenedBy != lead {
				t.Errorf("%s: it was opened by %q, %v", name, a.OpenedBy, err)
			}
			deed, err := d.Casework.Close(t.Context(), d.who(t, lead), ref)
			must(t, deed, err)
			if a, _, err = d.Store.Read(t.Context()).AlarmOf(postroom.AboutLetter, l.ID); err != nil || a.ClosedBy != lead {
				t.Errorf("%s: the alarm of a letter that was closed is %+v, %v", name, a, err)
			}
			if err := d.Casework.Undo(t.Context(), d.who(t, lead), deed.ID); err != nil {
				t.Fatal(err)
			}
			if a, _, err = d.Store.Read(t.Context()).AlarmOf(postroom.AboutLetter, l.ID); err != nil || !a.ClosedAt.IsZero() {
				t.Errorf("%s: undone, and the alarm is %+v, %v", name, a, err)
			}
		}
	})
}

func TestOnceTheAdminsAreCalledTheyMayLook(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		room := closed(t, &failpoint{}, more)
		sub := ask(t, room, "Olena", person, "My partner hits me, I am afraid to go home.")
		err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
			_, err := tx.AddColleague(postroom.Colleague{Name: "boss", Address: "boss@riverside.example", Locale: "en", Grants: []postroom.Grant{{Role: postroom.Admin, Programme: "enquiries"}}})
			if err != nil {
				return err
			}
			_, err = tx.AddColleague(postroom.Colleague{Name: "stranger", Address: "stranger@riverside.example", Locale: "en", Grants: []postroom.Grant{{Role: postroom.Admin, Programme: "newsletter"}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
		reads := func(name string, want bool) {
			t.Helper()
			who, _ := room.Team.Named(name)
			if may, err := room.Casework.May(t.Context(), who, ref); err != nil || may != want {
				t.Errorf("%s may read it is %t, %v", name, may, err)
			}
		}
		reads("boss", false)
		a, _, err := room.Store.Read(t.Context()).AlarmOf(postroom.AboutSubmission, sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := room.Store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.EscalateAlarm(a, 2, a.RaisedAt); return err }); err != nil {
			t.Fatal(err)
		}
		reads("boss", true)
		reads("stranger", false)
		reads("volunteering", false)
	})
}

func TestNothingIsPutOffForEver(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		room := closed(t, &failpoint{}, more)
		sub := ask(t, room, "Olena", person, "When is it open?")
		office, _ := room.Team.Named("office")
		ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
		_, err := room.Casework.Snooze(t.Context(), office, ref, monday.AddDate(1000, 0, 0))
		fails(t, err, postroom.Invalid, "desk.snooze_far")
		deed, err := room.Casework.Snooze(t.Context(), office, ref, monday.AddDate(1, 0, 0))
		must(t, deed, err)
	})
}

func TestThatNoMachineSentItIsNoYesOfAGuardian(t *testing.T) {
	t.Parallel()
	room := closed(t, &failpoint{}, "")
	sub := ask(t, room, "Olena", person, "When is it open?")
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.AddGuardian(store.Guardian{Submission: sub.ID, GuardianReach: store.GuardianReach{Phone: "01908 123456"}, AskedAt: monday, ChaseAt: monday}); err != nil {
			return err
		}
		if err := tx.Hold(sub.ID, postroom.SuspectReason([]postroom.Sign{postroom.SignTrap}), monday); err != nil {
			return err
		}
		return tx.Hold(sub.ID, workflow.HeldForGuardian, monday)
	})
	if err != nil {
		t.Fatal(err)
	}
	office, _ := room.Team.Named("office")
	for _, want := range []string{workflow.HeldForGuardian, ""} { // the second time a colleague has spoken to them
		if err := room.Casework.Release(t.Context(), office, sub.ID, ""); err != nil {
			t.Fatal(err)
		}
		if reason, err := room.Store.Read(t.Context()).Held(sub.ID); err != nil || reason != want {
			t.Errorf("it is held for %q (%v), want %q", reason, err, want)
		}
	}
}
