package casework_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

const person = "olena@example.org"

// desk is a post room with one question on file that came by letter.
type desk struct {
	*testkit.Room
	sub postroom.Submission
	ref casework.Ref
}

func open(t *testing.T, options ...testkit.Option) *desk {
	t.Helper()
	d := &desk{Room: testkit.New(t, options...)}
	d.Receive(t, testkit.Support, testkit.Mail{
		From: "Olena <" + person + ">", To: testkit.Support, Subject: "The garden", ID: "one@example.org", At: d.Clock.Now(),
		Text: "Hello, I have a question. When is the garden open?", Header: []string{"Return-Path: <" + person + ">"},
	}.Bytes())
	d.Work(t)
	list, err := d.Store.Read(t.Context()).Submissions(2)
	if err != nil || len(list) != 1 || list[0].Form != "ask" {
		t.Fatalf("on file is %+v, %v", list, err)
	}
	d.sub, d.ref = list[0], casework.Ref{Matter: postroom.AboutSubmission, ID: list[0].ID}
	return d
}

func (d *desk) who(t *testing.T, name string) postroom.Colleague {
	t.Helper()
	c, here := d.Team.Named(name)
	if !here {
		t.Fatalf("%s does not work here", name)
	}
	return c
}

func (d *desk) state(t *testing.T) postroom.Submission {
	t.Helper()
	sub, err := d.Store.Read(t.Context()).Submission(d.sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func must(t *testing.T, d postroom.Deed, err error) postroom.Deed {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if d.ID == "" {
		t.Fatal("nothing was done")
	}
	return d
}

// fails fails the test unless an error is of a kind and says something.
func fails(t *testing.T, err error, kind postroom.Kind, say string) {
	t.Helper()
	e, ok := errors.AsType[*postroom.Error](err)
	if !ok || e.Kind != kind || e.Say.Key != say {
		t.Errorf("%v (%v), want %s %s", err, postroom.KindOf(err), kind, say)
	}
}

func (d *desk) forward(t *testing.T, by time.Duration) {
	t.Helper()
	d.Clock.Set(d.Clock.Now().Add(by))
	d.Work(t)
}

func TestAReplyLeavesInTheThreadAndEndsTheChase(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		office := d.who(t, "office")
		before := len(d.Letters(t, person))
		words := "Dear Olena,\n\nit opens at 10: https://example.org/garden\n- bring *boots*"
		deed, err := d.Casework.Reply(t.Context(), office, d.ref, words, "")
		must(t, deed, err)
		again, err := d.Casework.Reply(t.Context(), office, d.ref, words, "")
		if err != nil || again.ID != deed.ID {
			t.Errorf("pressed twice: %v, %v", again.ID, err)
		}
		d.Work(t)
		if n := len(d.Letters(t, person)); n != before {
			t.Fatalf("%d letters left at once", n-before)
		}
		d.forward(t, casework.UndoFor)
		if n := len(d.Letters(t, person)); n != before+1 {
			t.Fatalf("%d letters left, want 1", n-before)
		}
		l := d.Letter(t, person)
		for name, want := range map[string]string{"In-Reply-To": "<one@example.org>", "References": "<one@example.org>", "Auto-Submitted": "", "X-Auto-Response-Suppress": ""} {
			if got := l.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if from := l.Header.Get("From"); l.Subject != "Re: The garden" || !strings.Contains(from, testkit.Support) {
			t.Errorf("%q from %s", l.Subject, from)
		}
		for _, want := range []string{"it opens at 10: https://example.org/garden", "- bring *boots*"} {
			if !strings.Contains(l.Text, want) {
				t.Errorf("it does not say %q:\n%s", want, l.Text)
			}
		}
		if strings.Contains(l.Text, "computer") {
			t.Errorf("it says that a computer sent it:\n%s", l.Text)
		}
		if s := d.state(t).State; s != postroom.SubmissionAnswered {
			t.Errorf("it is %s", s)
		}
		fails(t, d.Casework.Undo(t.Context(), office, deed.ID), postroom.Gone, "desk.reply_left")
		chased := len(d.Subjects(t, "office@riverside.example"))
		d.forward(t, 7*24*time.Hour)
		if n := len(d.Subjects(t, "office@riverside.example")); n != chased {
			t.Errorf("somebody is chased: %q", d.Subjects(t, "office@riverside.example"))
		}
	})
}

func TestAReplyThatIsTakenBackSendsNothingAndTheChaseGoesOn(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		office := d.who(t, "office")
		before, rows := len(d.Letters(t, person)), d.state(t)
		deed, err := d.Casework.Reply(t.Context(), office, d.ref, "No.", "")
		must(t, deed, err)
		for range 2 { // undoing again changes nothing
			if err := d.Casework.Undo(t.Context(), office, deed.ID); err != nil {
				t.Fatal(err)
			}
		}
		if s := d.state(t); s.State != rows.State {
			t.Errorf("it is %s", s.State)
		}
		d.forward(t, time.Minute)
		if n := len(d.Letters(t, person)); n != before {
			t.Errorf("%d letters left", n-before)
		}
		chased := len(d.Subjects(t, "office@riverside.example"))
		d.forward(t, 7*24*time.Hour)
		if n := len(d.Subjects(t, "office@riverside.example")); n <= chased {
			t.Error("nobody is chased")
		}
	})
}

func TestAReplyLeavesFromAMailboxThatIsOnlyWatchedOrDrafts(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"watch", "draft"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			d := open(t, testkit.Roles("worker", "scheduler"), testkit.Setting("mailboxes:\n  - {address: "+testkit.Support+", host: 127.0.0.1, port: 1, security: none, password: x, mode: "+mode+"}"))
			deed, err := d.Casework.Reply(t.Context(), d.who(t, "office"), d.ref, "At ten.", "")
			must(t, deed, err)
			d.forward(t, time.Minute)
			if l := d.Letter(t, person); l.Subject != "Re: The garden" {
				t.Errorf("%q", l.Subject)
			}
		})
	}
}

func TestOfTwoWhoTakeAtOnceOneHasIt(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		office, other := d.who(t, "office"), d.who(t, "cag")
		other.Grants = append(other.Grants, postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
		var wait sync.WaitGroup
		var errs [2]error
		for i, who := range []postroom.Colleague{office, other} {
			wait.Go(func() { _, errs[i] = d.Casework.Take(t.Context(), who, d.ref) })
		}
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("both hear %v and %v", errs[0], errs[1])
		}
		winner := []string{"office", "cag"}[slices.Index(errs[:], nil)]
		for _, err := range errs {
			if err != nil {
				fails(t, err, postroom.Conflict, "desk.taken")
			}
		}
		if got := d.state(t).AssignedTo; got != winner {
			t.Errorf("it is with %q, and %s was told so", got, winner)
		}
	})
}

func TestDoneAtTheDeskIsDoneInTheSentFolder(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		end := func(d *desk) (states []string) {
			read := d.Store.Read(t.Context())
			run, _, err := read.RunOf(d.sub.ID)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := read.StepsOf(run.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				states = append(states, s.Name+" "+string(s.State)+" "+s.Reason)
			}
			mails, err := read.MessagesAbout(d.sub.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mails {
				states = append(states, m.Template+" "+m.To+" "+string(m.State)+" "+m.Reason)
			}
			return append(states, string(d.state(t).State))
		}
		byDesk, bySent := open(t, engine), open(t, engine)
		deed, err := byDesk.Casework.Done(t.Context(), byDesk.who(t, "office"), byDesk.ref)
		must(t, deed, err)
		bySent.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: The garden", ID: "answer@riverside.example", InReplyTo: "one@example.org", At: bySent.Clock.Now(), Text: "At ten."}.Bytes())
		for _, d := range []*desk{byDesk, bySent} {
			d.Work(t)
			d.forward(t, 7*24*time.Hour)
		}
		if desk, sent := end(byDesk), end(bySent); !slices.Equal(desk, sent) {
			t.Errorf("at the desk:\n%s\nin the Sent folder:\n%s", strings.Join(desk, "\n"), strings.Join(sent, "\n"))
		}
	})
}

func TestWhatIsHeldIsForTheLeadAndTheDeputy(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		office, cag, admin := d.who(t, "office"), d.who(t, "cag"), postroom.Colleague{Name: "boss", Address: "boss@riverside.example", Grants: []postroom.Grant{{Role: postroom.Admin}}}
		deed, err := d.Casework.Worry(t.Context(), admin, d.ref, "She sounds afraid.")
		must(t, deed, err)
		d.Work(t)
		if s := d.state(t).State; s != postroom.SubmissionHeld {
			t.Fatalf("it is %s", s)
		}
		if l := d.Letter(t, "office@riverside.example"); !strings.HasPrefix(l.Subject, "Please look now") {
			t.Errorf("the lead hears %q", l.Subject)
		}
		if n := d.Subjects(t, "cag@riverside.example"); len(n) != 0 { // it is their turn when the lead has not looked
			t.Errorf("the deputy hears %q at once", n)
		}
		before := len(d.Letters(t, person))
		_, err = d.Casework.Note(t.Context(), admin, d.ref, "x")
		fails(t, err, postroom.Forbidden, "desk.held_for_lead")
		fails(t, d.Casework.Open(t.Context(), admin, d.ref), postroom.Forbidden, "desk.held_for_lead")
		fails(t, d.Casework.Release(t.Context(), admin, d.sub.ID, "false alarm"), postroom.Forbidden, "desk.held_for_lead")
		fails(t, d.Casework.Undo(t.Context(), office, deed.ID), postroom.Forbidden, "desk.release_instead")
		deed, err = d.Casework.Reply(t.Context(), cag, d.ref, "We call you today.", "")
		must(t, deed, err)
		d.forward(t, time.Minute)
		if n := len(d.Letters(t, person)); n != before+1 {
			t.Errorf("%d letters left, want the deputy's", n-before)
		}
		if s := d.state(t).State; s != postroom.SubmissionHeld {
			t.Errorf("after the answer it is %s", s)
		}
		fails(t, d.Casework.Release(t.Context(), office, d.sub.ID, ""), postroom.Invalid, "desk.reason_needed")
		if err := d.Casework.Release(t.Context(), office, d.sub.ID, "We spoke to her."); err != nil {
			t.Fatal(err)
		}
		if s := d.state(t).State; s != postroom.SubmissionAnswered {
			t.Errorf("let go it is %s", s)
		}
		fails(t, d.Casework.Release(t.Context(), office, d.sub.ID, "again"), postroom.Gone, "desk.not_held")
		notes, err := d.Store.Read(t.Context()).Notes(postroom.AboutSubmission, d.sub.ID)
		if err != nil || len(notes) != 2 || notes[1].Text != "We spoke to her." {
			t.Errorf("notes are %+v, %v", notes, err)
		}
	})
}

func TestDeedsAreUndoneUntilSomethingNewerHappens(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := open(t, engine)
		office, ctx := d.who(t, "office"), t.Context()
		before := d.state(t)
		later := d.Clock.Now().Add(48 * time.Hour)
		for name, act := range map[string]func() (postroom.Deed, error){
			"take":   func() (postroom.Deed, error) { return d.Casework.Take(ctx, office, d.ref) },
			"pass":   func() (postroom.Deed, error) { return d.Casework.Pass(ctx, office, d.ref, "EVENTS@riverside.example") },
			"done":   func() (postroom.Deed, error) { return d.Casework.Done(ctx, office, d.ref) },
			"close":  func() (postroom.Deed, error) { return d.Casework.Close(ctx, office, d.ref) },
			"spam":   func() (postroom.Deed, error) { return d.Casework.Spam(ctx, office, d.ref) },
			"snooze": func() (postroom.Deed, error) { return d.Casework.Snooze(ctx, office, d.ref, later) },
			"note":   func() (postroom.Deed, error) { return d.Casework.Note(ctx, office, d.ref, "Rang them.") },
		} {
			deed, err := act()
			must(t, deed, err)
			if name != "note" {
				twice, err := act()
				if err != nil || twice.ID != deed.ID {
					t.Errorf("%s again: %q, %v; want %q", name, twice.ID, err, deed.ID)
				}
			}
			if err := d.Casework.Undo(ctx, office, deed.ID); err != nil {
				t.Errorf("undo %s: %v", name, err)
			}
			after := d.state(t)
			after.NaturalKey = before.NaturalKey
			if got, want := fmt.Sprintf("%+v", after), fmt.Sprintf("%+v", before); got != want {
				t.Errorf("after undoing %s:\n%s\nwant\n%s", name, got, want)
			}
		}
		first, err := d.Casework.Snooze(ctx, office, d.ref, later)
		must(t, first, err)
		second, err := d.Casework.Take(ctx, office, d.ref)
		must(t, second, err)
		fails(t, d.Casework.Undo(ctx, office, first.ID), postroom.Gone, "desk.overtaken")
		if err := d.Casework.Undo(ctx, office, second.ID); err != nil {
			t.Error(err)
		}
		if err := d.Casework.Undo(ctx, office, first.ID); err != nil {
			t.Errorf("the newer one is undone, and still: %v", err)
		}
		_, err = d.Casework.Done(ctx, d.who(t, "newsletter"), d.ref)
		fails(t, err, postroom.Forbidden, "desk.not_yours")
		d.Work(t)
		if l := d.Letter(t, "events@riverside.example"); !strings.Contains(l.Text, "office has passed something on to you") || strings.Contains(l.Text, "Olena") || !strings.Contains(l.Subject, d.sub.Reference) {
			t.Errorf("%s\n%s", l.Subject, l.Text)
		}
	})
}
