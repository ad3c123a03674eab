package testkit_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

const person = "person@example.org"

// question fills in the enquiry form.
func question(text string) url.Values {
	return url.Values{"name": {"A Person"}, "email": {person}, "question": {text}}
}

// place fills in the registration form for the small workshop.
func place(name, address string, party int) url.Values {
	return url.Values{"session": {"workshop"}, "places": {strconv.Itoa(party)}, "name": {name}, "email": {address}}
}

func TestEveryFormIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		for form, fields := range map[string]url.Values{
			"ask":        question("When is the next meeting?"),
			"join":       {"name": {"A Person"}, "email": {"join@example.org"}, "area": {"bletchley"}, "organisation": {"Garden group"}},
			"volunteer":  {"name": {"A Person"}, "email": {"help@example.org"}, "roles": {"translator"}, "languages": {"ps", "uk"}, "adult": {"yes"}},
			"register":   place("A Person", "guest@example.org", 2),
			"newsletter": {"email": {"news@example.org"}},
		} {
			page := room.Submit(t, form, fields)
			if page.Status != 200 || !strings.Contains(page.URL, "/receipt/") {
				t.Fatalf("form %s: status %d at %s\n%s", form, page.Status, page.URL, page.Body)
			}
			room.Work(t)
			l := room.Letter(t, fields.Get("email"))
			if l.Text == "" || l.HTML == "" {
				t.Errorf("form %s: a part of the answer is empty", form)
			}
		}
		if got := room.Count(t); got != 5 {
			t.Errorf("%d submissions are on file, want 5", got)
		}
	})
}

func TestConfirmTwiceWelcomesOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Submit(t, "newsletter", url.Values{"email": {person}})
		room.Work(t) // run every job that is due, until none is left
		link := room.Letter(t, person).Link(t, "confirm")

		room.Post(t, link)
		room.Clock.Advance(time.Hour) // past the cool-down between two mails
		room.Post(t, link)
		room.Work(t)

		if got := len(room.Letters(t, person)); got != 2 {
			t.Errorf("the person received %q, want a question and one welcome", room.Subjects(t, person))
		}
	})
}

func TestGetOnEveryLinkOfEveryMailChangesNothing(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Submit(t, "newsletter", url.Values{"email": {person}})
		room.Submit(t, "register", place("A Person", "guest@example.org", 2))
		room.Submit(t, "ask", url.Values{"name": {"B"}, "email": {"b@example.org"}, "question": {"Why?"}})
		room.Work(t)
		room.Post(t, room.Letter(t, person).Link(t, "confirm"))
		room.Clock.Advance(time.Hour)
		room.Work(t)

		before := room.Rows(t)
		seen := 0
		for _, m := range room.Sink.Messages() {
			for _, link := range testkit.ReadLetter(t, m).Links() {
				if strings.HasPrefix(link, room.URL) {
					room.Get(t, link)
					seen++
				}
			}
		}
		room.Work(t)
		if seen < 3 {
			t.Fatalf("only %d links were found", seen)
		}
		if after := room.Rows(t); after != before {
			t.Errorf("opening %d links changed the database:\n%s", seen, testkit.FirstDifference(before, after))
		}
	})
}

func TestSendingTheSamePageTwiceFilesItOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		page := room.Get(t, "/f/ask")
		fields := page.Hidden()
		for name, values := range question("Is it free?") {
			fields[name] = values
		}
		first := room.PostForm(t, "/f/ask", fields)
		second := room.PostForm(t, "/f/ask", fields)
		room.Submit(t, "ask", question("Is it free?")) // another page, the same words
		room.Work(t)
		if first.Status != 200 || second.Status != 200 {
			t.Fatalf("statuses %d and %d", first.Status, second.Status)
		}
		if on, got := room.Count(t), len(room.Letters(t, person)); on != 1 || got != 1 {
			t.Errorf("%d submissions on file and %d mails, want 1 and 1", on, got)
		}
	})
}

func TestFullWorkshopWaitsAndMovesUpInOrder(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Submit(t, "register", place("First", "first@example.org", 10))
		room.Submit(t, "register", place("Second", "second@example.org", 2))
		page := room.Submit(t, "register", place("Third", "third@example.org", 3))
		room.Work(t)
		first := room.Letter(t, "first@example.org")
		waiting := room.Letter(t, "third@example.org")
		if !strings.HasPrefix(first.Text, "Your place") || !strings.HasPrefix(waiting.Text, "You are on the waiting list") {
			t.Fatalf("first hears %.60q, third hears %.60q", first.Text, waiting.Text)
		}
		if !strings.Contains(page.Body, "waiting list") {
			t.Error("the page does not say that the third party waits")
		}

		room.Clock.Advance(time.Hour)
		room.Post(t, first.Link(t, "manage"))
		room.Work(t)
		if got := room.Letter(t, "third@example.org").Text; !strings.HasPrefix(got, "Your place") {
			t.Errorf("after the cancellation the third party hears %.60q", got)
		}
		if got := room.Letter(t, "first@example.org").Text; !strings.HasPrefix(got, "Your booking is cancelled") {
			t.Errorf("who cancelled hears %.60q", got)
		}
	})
}

func TestPromisesForLaterAreKeptOnTheirDay(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Submit(t, "register", place("A Person", person, 1))
		room.Work(t)
		session := time.Date(2027, 3, 13, 13, 0, 0, 0, time.UTC)
		for _, day := range []int{-8, -6, -1, 2} { // before the update, after it, after the reminder, after the thanks
			room.Clock.Set(session.AddDate(0, 0, day))
			room.Work(t)
		}
		if got := room.Subjects(t, person); len(got) != 4 {
			t.Errorf("the person received %q, want booking, update, reminder and thanks", got)
		}
	})
}

func TestNobodyAnsweringIsNoticedAfterTwoWorkingDays(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "ask", question("Can you help?"))
	room.Work(t)
	before := len(room.Letters(t, "office@riverside.example"))
	room.Clock.Advance(49 * time.Hour) // from Monday to Wednesday
	room.Work(t)
	if got := len(room.Letters(t, "office@riverside.example")) - before; got != 1 {
		t.Errorf("the coordinator was chased %d times, want once", got)
	}
}

func TestSomebodyWithoutEmailBecomesACallToMake(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	page := room.Submit(t, "ask", url.Values{"name": {"A Person"}, "phone": {"01908 123456"}, "question": {"Can you phone me?"}})
	room.Work(t)
	if page.Status != 200 {
		t.Fatalf("status %d\n%s", page.Status, page.Body)
	}
	calls, err := room.Store.Read(t.Context()).Calls(10)
	if err != nil || len(calls) != 1 {
		t.Errorf("%d calls to make, %v; want 1", len(calls), err)
	}
}

func TestWhatLooksLikeAMachineIsHeldForAPersonAndNotRefused(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	fields := question("Buy now")
	fields.Set(room.Honeypot(t, "ask"), "https://spam.example")
	page := room.Submit(t, "ask", fields)
	room.Work(t)
	if page.Status != 200 || len(room.Letters(t, person)) != 0 {
		t.Fatalf("status %d, mails %q; want a receipt and no mail", page.Status, room.Subjects(t, person))
	}
	subs, err := room.Store.Read(t.Context()).Submissions(10)
	if err != nil || len(subs) != 1 || subs[0].State != postroom.SubmissionHeld {
		t.Errorf("on file: %+v, %v; want one that is held", subs, err)
	}
}

func TestWorkGoesOnWhereTheLastProcessStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := testkit.New(t, testkit.In(dir))
	first.Sink.Down()
	first.Submit(t, "ask", question("Are you there?"))
	first.Stop()

	second := testkit.New(t, testkit.In(dir))
	second.Clock.Advance(time.Hour)
	second.Work(t)
	if got := second.Subjects(t, person); len(got) != 1 {
		t.Errorf("after the restart the person received %q, want one mail", got)
	}
}

func TestEveryMailFitsTheRules(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "ask", question("Hello?"))
	room.Work(t)
	h := room.Letter(t, person).Header
	for name, want := range map[string]string{"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	subjects := room.Subjects(t, person)
	if !slices.ContainsFunc(subjects, func(s string) bool { return s != "" }) {
		t.Error("the mail has no subject")
	}
}

func TestRolesMaySpreadOverManyProcesses(t *testing.T) {
	t.Parallel()
	web := testkit.New(t, testkit.OnServers, testkit.Roles(app.RoleWeb))
	testkit.New(t, testkit.Beside(web), testkit.Roles(app.RoleWorker))
	testkit.New(t, testkit.Beside(web), testkit.Roles(app.RoleWorker))
	testkit.New(t, testkit.Beside(web), testkit.Roles(app.RoleScheduler))
	testkit.New(t, testkit.Beside(web), testkit.Roles(app.RoleScheduler))
	for i := range 20 {
		fields := question("Is anybody there?")
		fields.Set("email", fmt.Sprintf("person-%d@example.org", i))
		web.Submit(t, "ask", fields)
	}
	web.Sink.Wait(40) // an answer and a notice each
	web.Clock.Advance(49 * time.Hour)
	web.Sink.Wait(60) // nobody answered: each is chased once
	for i := range 20 {
		if got := web.Subjects(t, fmt.Sprintf("person-%d@example.org", i)); len(got) != 1 {
			t.Errorf("person %d received %q, want one answer", i, got)
		}
	}
	if got := len(web.Letters(t, "office@riverside.example")); got != 40 {
		t.Errorf("the coordinator received %d mails, want 20 notices and 20 chases", got)
	}
}
