package casework_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

func TestLettersInTriageCallsAndSteps(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := &desk{Room: testkit.New(t, engine)}
		ctx, root := t.Context(), casework.Root()
		d.Receive(t, testkit.Support, testkit.Mail{From: "News <news@shop.example>", To: testkit.Support, Subject: "Fwd: look", ID: "n@shop.example", At: d.Clock.Now(), Text: "look",
			Header: []string{"Auto-Submitted: auto-generated", "Return-Path: <news@shop.example>", "X-Odd: 1", "List-Unsubscribe-Odd: 1"}}.Bytes())
		d.Work(t)
		letters, err := d.Store.Read(ctx).Letters(5)
		if err != nil || len(letters) != 1 {
			t.Fatalf("%+v, %v", letters, err)
		}
		id := letters[0].ID
		triage := func() {
			t.Helper()
			err := d.Store.Write(ctx, func(tx *store.Tx) error {
				if err := tx.MoveToBatch(id, store.NewBatch()); err != nil {
					return err
				}
				l := letters[0]
				l.State, l.Reason, l.Address, l.Class = postroom.LetterTriage, "unknown", "news@shop.example", postroom.LetterUnknown
				_, err := tx.SettleLetter(l, d.Clock.Now())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		triage()
		ref := casework.Ref{Matter: postroom.AboutLetter, ID: id}
		for want, act := range map[postroom.LetterState]func() (postroom.Deed, error){
			postroom.LetterIgnored: func() (postroom.Deed, error) { return d.Casework.Spam(ctx, root, ref) },
			postroom.LetterDone:    func() (postroom.Deed, error) { return d.Casework.Done(ctx, root, ref) },
		} {
			deed, err := act()
			must(t, deed, err)
			if l, err := d.Store.Read(ctx).Letter(id); err != nil || l.State != want {
				t.Errorf("%s: it is %s, %v", deed.Act, l.State, err)
			}
			if err := d.Casework.Undo(ctx, root, deed.ID); err != nil {
				t.Error(err)
			}
			if l, err := d.Store.Read(ctx).Letter(id); err != nil || l.State != postroom.LetterTriage {
				t.Errorf("%s undone: it is %s, %v", deed.Act, l.State, err)
			}
		}
		deed, err := d.Casework.Reply(ctx, root, ref, "Who are you?", "")
		must(t, deed, err)
		d.forward(t, time.Minute)
		if l := d.Letter(t, "news@shop.example"); l.Subject != "Re: Fwd: look" || l.Header.Get("In-Reply-To") != "<n@shop.example>" {
			t.Errorf("%q in reply to %q", l.Subject, l.Header.Get("In-Reply-To"))
		}

		sub := accept(t, d.Room.Room, "ask", postroom.Answers{"name": {"Ali"}, "phone": {"01908 123456"}, "question": {"When?"}})
		about := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
		_, err = d.Casework.Reply(ctx, root, about, "At ten.", "")
		fails(t, err, postroom.Invalid, "desk.reply_by_phone")
		_, err = d.Casework.Reply(ctx, root, about, " \n ", "")
		fails(t, err, postroom.Invalid, "desk.text_empty")
		_, err = d.Casework.Reply(ctx, root, about, strings.Repeat("x", casework.MaxText+1), "")
		fails(t, err, postroom.Invalid, "desk.text_long")
		d.Work(t)
		calls, err := d.Store.Read(ctx).CallsToMake(5)
		if err != nil || len(calls) != 1 {
			t.Fatalf("%+v, %v", calls, err)
		}
		deed, err = d.Casework.CallDone(ctx, root, calls[0].ID, "Told him.")
		must(t, deed, err)
		if err := d.Casework.Undo(ctx, root, deed.ID); err != nil {
			t.Error(err)
		}
		if call, err := d.Store.Read(ctx).Call(calls[0].ID); err != nil || call.Done {
			t.Errorf("undone it is %+v, %v", call, err)
		}
		d.steps(t, sub)
	})
}

// steps skips, stops and wants the chase of a submission, and undoes each.
func (d *desk) steps(t *testing.T, sub postroom.Submission) {
	t.Helper()
	ctx, root := t.Context(), casework.Root()
	run, _, err := d.Store.Read(ctx).RunOf(sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := d.Store.Read(ctx).StepsOf(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(steps, func(s postroom.Step) bool { return s.State == postroom.StepPlanned })
	for name, act := range map[string]func() (postroom.Deed, error){
		"skip": func() (postroom.Deed, error) { return d.Casework.SkipStep(ctx, root, steps[i].ID) },
		"stop": func() (postroom.Deed, error) { return d.Casework.StopStep(ctx, root, steps[i].ID) },
		"do":   func() (postroom.Deed, error) { return d.Casework.DoStepNow(ctx, root, steps[i].ID) },
	} {
		deed, err := act()
		must(t, deed, err)
		if err := d.Casework.Undo(ctx, root, deed.ID); err != nil {
			t.Errorf("undo %s: %v", name, err)
		}
		if s, err := d.Store.Read(ctx).Step(steps[i].ID); err != nil || s != steps[i] {
			t.Errorf("%s undone: %+v, %v; want %+v", name, s, err, steps[i])
		}
	}
}

func TestNumbersAreGivenOnceAndInOrder(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		room := closed(t, &failpoint{}, more)
		given := make([]int, 12)
		var wait sync.WaitGroup
		for i := range given {
			wait.Go(func() {
				subject := string(rune('a' + i/2)) // two ask for each at the same moment
				err := room.Store.Write(t.Context(), func(tx *store.Tx) (err error) {
					given[i], err = tx.Number(postroom.AboutSubmission, subject, monday)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for i := 0; i < len(given); i += 2 {
			if given[i] != given[i+1] {
				t.Errorf("one has two numbers: %d and %d", given[i], given[i+1])
			}
		}
		slices.Sort(given)
		if all := slices.Compact(given); len(all) != 6 || all[0] != 1 || all[5] != 6 {
			t.Errorf("the numbers are %v", all)
		}
		if item, err := room.Store.Read(t.Context()).ItemWith(3); err != nil || item.Subject == "" {
			t.Errorf("%+v, %v", item, err)
		}
	})
}

func TestASubmissionMovesToAFormThatLosesNothing(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		folder, err := filepath.Abs("testdata/programmes")
		if err != nil {
			t.Fatal(err)
		}
		room := testkit.New(t, engine, testkit.Setting("programmes: "+folder))
		ctx, root := t.Context(), casework.Root()
		question := accept(t, room.Room, "garden-question", postroom.Answers{"name": {"Olena"}, "email": {person}, "question": {"Tomatoes"}})
		plot := accept(t, room.Room, "garden-plot", postroom.Answers{"name": {"Ali"}, "email": {"ali@example.org"}, "question": {"Beans"}, "size": {"4"}})
		room.Work(t)
		ref := casework.Ref{Matter: postroom.AboutSubmission, ID: question.ID}
		for sub, form := range map[string]string{question.ID: "no-such-form", plot.ID: "garden-question"} {
			_, err := room.Casework.Reclassify(ctx, root, casework.Ref{Matter: postroom.AboutSubmission, ID: sub}, form)
			fails(t, err, postroom.Invalid, "desk.other_form")
		}
		planned := func() (names []string) {
			run, _, err := room.Store.Read(ctx).RunOf(question.ID)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := room.Store.Read(ctx).StepsOf(run.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if s.State == postroom.StepPlanned {
					names = append(names, s.Name)
				}
			}
			return append(names, run.Form)
		}
		deed, err := room.Casework.Reclassify(ctx, root, ref, "garden-plot")
		must(t, deed, err)
		if got, want := planned(), []string{"chase", "plot-list", "garden-plot"}; !slices.Equal(got, want) {
			t.Errorf("planned is %q, want %q", got, want)
		}
		if sub, err := room.Store.Read(ctx).Submission(question.ID); err != nil || sub.Form != "garden-plot" || sub.Answers.One("question") != "Tomatoes" {
			t.Errorf("it is %+v, %v", sub, err)
		}
		if err := room.Casework.Undo(ctx, root, deed.ID); err != nil {
			t.Fatal(err)
		}
		if got, want := planned(), []string{"look-up", "chase", "garden-question"}; !slices.Equal(got, want) {
			t.Errorf("undone, planned is %q, want %q", got, want)
		}
		if sub, err := room.Store.Read(ctx).Submission(question.ID); err != nil || sub.Form != "garden-question" || sub.FormVersion != question.FormVersion {
			t.Errorf("undone it is %+v, %v", sub, err)
		}
	})
}

// A booking and a sign-up to a list stay on their forms, of whatever kind the other is:
// moved, they would leave their place behind or have none.
func TestWhatHoldsAPlaceStaysOnItsForm(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	ctx, root := t.Context(), casework.Root()
	booking := accept(t, room.Room, "register", postroom.Answers{"session": {"main"}, "places": {"2"}, "name": {"Olena"}, "email": {person}, "phone": {"07700 900123"}, "attending_as": {"visitor"}})
	question := accept(t, room.Room, "ask", postroom.Answers{"name": {"Ali"}, "email": {"ali@example.org"}, "question": {"Beans?"}})
	room.Work(t)
	for _, f := range room.Programmes.Forms() {
		if f.Name != "register" {
			_, err := room.Casework.Reclassify(ctx, root, casework.Ref{Matter: postroom.AboutSubmission, ID: booking.ID}, f.Name)
			fails(t, err, postroom.Invalid, "desk.form_books")
		}
		if f.Event != "" || f.List != "" {
			_, err := room.Casework.Reclassify(ctx, root, casework.Ref{Matter: postroom.AboutSubmission, ID: question.ID}, f.Name)
			fails(t, err, postroom.Invalid, "desk.form_books")
		}
	}
	if taken, _, err := room.Store.Read(ctx).Places(sessionOf(t, room, booking.ID)); err != nil || taken != 2 {
		t.Errorf("%d places are taken, %v", taken, err)
	}
}

func sessionOf(t *testing.T, room *testkit.Room, submission string) string {
	t.Helper()
	b, booked, err := room.Store.Read(t.Context()).BookingOf(submission)
	if err != nil || !booked {
		t.Fatalf("%+v, %v", b, err)
	}
	return b.Session
}

func TestLookingIsNotedOnceInTenMinutes(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		room := closed(t, &failpoint{}, more)
		sub := ask(t, room, "Olena", person, "When is it open?")
		office, _ := room.Team.Named("office")
		ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
		before := strings.Count(whole(t, room), " view ")
		for range 2 {
			if err := room.Casework.Open(t.Context(), office, ref); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(whole(t, room), " view ") - before; n != 1 {
			t.Errorf("it is noted %d times", n)
		}
		newsletter, _ := room.Team.Named("newsletter")
		fails(t, room.Casework.Open(t.Context(), newsletter, ref), postroom.Forbidden, "desk.not_yours")
	})
}
