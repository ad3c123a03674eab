package testkit_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/wording"
)

// hand is somebody who did not look first.
var hand = wording.Hand{By: "office", Seen: wording.Any}

func edit(t *testing.T, room *testkit.Room, name string, edits ...programme.Edit) {
	t.Helper()
	if _, err := room.Wording.Edit(t.Context(), hand, name, edits...); err != nil {
		t.Fatal(err)
	}
}

func wantPage(t *testing.T, room *testkit.Room, path, text string, want bool) testkit.Page {
	t.Helper()
	page := room.Get(t, path)
	if strings.Contains(page.Body, text) != want {
		t.Errorf("%s says %q: %t, want %t", path, text, !want, want)
	}
	return page
}

// follows waits until a room has read what another has changed.
func follows(t *testing.T, room *testkit.Room) {
	t.Helper()
	if err := room.Wording.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWordedOnTheDeskIsOnThePageAtOnceAndAfterARestart(t *testing.T) {
	t.Parallel()
	dir := testkit.In(t.TempDir())
	room := testkit.New(t, dir)
	edit(t, room, "enquiries", programme.SetText("form/ask/field/question/label", "en", "What is on your <mind>?"))
	wantPage(t, room, "/f/ask?lang=en", "What is on your &lt;mind&gt;?", true)
	room.Stop()
	room = testkit.New(t, dir)
	wantPage(t, room, "/f/ask?lang=en", "What is on your &lt;mind&gt;?", true)
	if _, err := room.Wording.Undo(t.Context(), hand, store.ProgrammeWording, "enquiries", ""); err != nil {
		t.Fatal(err)
	}
	wantPage(t, room, "/f/ask?lang=en", "What is on your &lt;mind&gt;?", false)
	if p, _ := room.Wording.Programme("enquiries"); p.Version != 2 || !p.Came || p.By != "office" {
		t.Errorf("after the undo the programme is %+v", p.Change)
	}
}

func TestAFormIsClosedAndOpenedOnTheDesk(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	until := room.Clock.Now().Add(48 * time.Hour)
	form := room.Get(t, "/f/ask?lang=en").Hidden()
	edit(t, room, "enquiries", programme.SetClosed("ask", programme.Closed{Until: until, Words: postroom.Words{"": "We are back on Wednesday."}}))
	wantPage(t, room, "/f/ask?lang=en", "We are back on Wednesday.", true)
	form["name"], form["email"], form["question"] = []string{"A Person"}, []string{"person@example.org"}, []string{"When?"}
	if page := room.PostForm(t, "/f/ask", form); !strings.Contains(page.Body, "We are back on Wednesday.") || room.Count(t) != 0 {
		t.Errorf("a form from before the closing: %d on file, %s", room.Count(t), page.Body)
	}
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	if n := room.Count(t); n != 0 {
		t.Errorf("a letter was filed on a closed form: %d", n)
	}
	room.Clock.Set(until)
	wantPage(t, room, "/f/ask?lang=en", "<form", true)
}

func TestALetterIsWordedOnTheDesk(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		ask := func(who string) string {
			room.Submit(t, "ask", url.Values{"name": {"A Person"}, "email": {who}, "question": {"When?"}})
			room.Work(t)
			return room.Letter(t, who).Text
		}
		letter, _ := room.Wording.Letter("we-have-your-message", "en")
		letter.Text.Body = "Dear friend, your question lies on our table.\n\n{{if .reference}}- Your number: {{.reference}}{{end}}\n\n[See it]({{link \"manage\"}})"
		if _, err := room.Wording.SetLetter(t.Context(), hand, "we-have-your-message", "en", letter.Text); err != nil {
			t.Fatal(err)
		}
		if text := ask("one@example.org"); !strings.HasPrefix(text, "Dear friend, your question lies on our table.") || !strings.Contains(text, "- Your number: ") {
			t.Errorf("the mail says %s", text)
		}
		if _, err := room.Wording.Restore(t.Context(), hand, store.LetterWording, "we-have-your-message", "en", 0); err != nil {
			t.Fatal(err)
		}
		if text := ask("two@example.org"); strings.Contains(text, "Dear friend") {
			t.Errorf("after the undo the mail says %s", text)
		}
	})
}

func TestTwoProcessesSayTheSame(t *testing.T) {
	t.Parallel()
	one := testkit.New(t, testkit.OnServers)
	two := testkit.New(t, testkit.Beside(one))
	edit(t, one, "enquiries", programme.SetText("form/ask/title", "en", "Ask away"))
	follows(t, two)
	wantPage(t, two, "/f/ask?lang=en", "Ask away", true)
	edit(t, two, "enquiries", programme.SetReplyWithin("5 working days"), programme.SetText("form/ask/button", "en", "Off it goes"))
	follows(t, one)
	page := wantPage(t, one, "/f/ask?lang=en", "Ask away", true)
	if !strings.Contains(page.Body, "Off it goes") {
		t.Error("the second change took the first with it, or did not arrive")
	}
}

func TestAnotherProcessFollowsByItself(t *testing.T) {
	t.Parallel()
	one := testkit.New(t, testkit.OnServers)
	two := testkit.New(t, testkit.Beside(one))
	edit(t, one, "enquiries", programme.SetText("form/ask/title", "en", "Ask away"))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if strings.Contains(two.Get(t, "/f/ask?lang=en").Body, "Ask away") {
			return
		}
	}
	t.Error("the second process never follows")
}

func TestADateMovedOnTheDeskTellsPeopleOnce(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.OnServers)
	two := testkit.New(t, testkit.Beside(room))
	p, _ := room.Wording.Programme("networking-event")
	event := p.Events[0]
	session := event.Sessions[0]
	form := bookingForm(p)
	room.Submit(t, form.Name, bookingAnswers(form, session))
	room.Work(t)
	venue := "The other hall"
	edit(t, room, "networking-event", programme.SetSession(event.Name, session.Name, programme.SessionChange{Venue: &venue}))
	if err := two.Events.Sync(t.Context()); err != nil { // which may not know yet, and must not move it back
		t.Fatal(err)
	}
	follows(t, two)
	room.Work(t)
	two.Work(t)
	moved := 0
	for _, m := range room.Letters(t, "booker@example.org") {
		if strings.Contains(m.Subject, "A change to your event") {
			moved++
			if !strings.Contains(m.Text, "The other hall") {
				t.Errorf("the mail says %s", m.Text)
			}
		}
	}
	if moved != 1 {
		t.Errorf("%d mails tell of the change, want 1: %q", moved, room.Subjects(t, "booker@example.org"))
	}
}

// bookingForm is the form of the first event of a programme.
func bookingForm(p wording.Programme) *programme.Form {
	for _, f := range p.Forms {
		if f.Event == p.Events[0].Name {
			return f
		}
	}
	return nil
}

// bookingAnswers books a session with as little as the form needs.
func bookingAnswers(f *programme.Form, s *programme.Session) url.Values {
	answers := url.Values{"email": {"booker@example.org"}}
	for _, field := range f.Fields {
		switch {
		case field.Type == programme.SessionField:
			answers.Set(field.Name, s.Name)
		case field.Required && len(field.Options) > 0 && field.If == "":
			answers.Set(field.Name, field.Options[0].Value)
		case field.Required && field.If == "" && field.Name != "email":
			answers.Set(field.Name, "1")
		}
	}
	return answers
}

func TestAMailboxThatIsLetAnswerNeverAnswersWhatLayThere(t *testing.T) {
	t.Parallel()
	room := plusRoom(t, "watch")
	write := func(who, id string) {
		m := enquiry(room, id)
		m.From, m.Header = who, []string{"Return-Path: <" + who + ">"}
		room.Receive(t, testkit.Support, m.Bytes())
	}
	write("old@example.org", "q1@example.org")
	room.Work(t)
	write("late@example.org", "q2@example.org") // came while it was watched, and is read after that
	room.Clock.Advance(time.Hour)
	if _, err := room.Wording.SetMailboxMode(t.Context(), hand, "Support@communityaction.example", config.Answer); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	room.Clock.Advance(time.Hour)
	write("new@example.org", "q3@example.org")
	room.Work(t)
	for who, want := range map[string]int{"old@example.org": 0, "late@example.org": 0, "new@example.org": 1} {
		if n := len(room.Subjects(t, who)); n != want {
			t.Errorf("%s got %d answers, want %d", who, n, want)
		}
	}
	if _, err := room.Wording.Undo(t.Context(), hand, store.MailboxWording, "support@communityaction.example", ""); err != nil {
		t.Fatal(err)
	}
	if m := room.Wording.Mode(testkit.Support); m != config.Watch {
		t.Errorf("after the undo the mailbox is in mode %s", m)
	}
}
