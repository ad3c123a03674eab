package testkit_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/testkit"
)

// send sends a place in the workshop as a program does and returns the answer.
func send(t *testing.T, room *testkit.Room, key, name, address, party string) (status int, body string) {
	t.Helper()
	what := `{"answers": {"session": "workshop", "places": "` + party + `", "name": "` + name + `", "email": "` + address + `"}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/api/v1/forms/register/submissions", strings.NewReader(what))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

// Whoever knows a name and an address can fill in a form with them. What that
// person has with us only their mailbox may learn.
func TestAStrangerReadsNobodysBooking(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Submit(t, "register", place("A Person", person, 10))
		page := room.Submit(t, "register", place("a person", person, 5))
		for _, secret := range []string{"is booked", "waiting list", ">10<", "13 March"} {
			if strings.Contains(page.Body, secret) {
				t.Errorf("the stranger reads %q", secret)
			}
		}
		if !strings.Contains(page.Body, "The message we send says what stands.") {
			t.Errorf("the page does not say where to look:\n%s", page.Body)
		}
		if status, body := send(t, room, "a", "A person", person, "4"); status != http.StatusCreated || !strings.Contains(body, `"state":"received"`) {
			t.Errorf("a program is told %d %s", status, body)
		}
		room.Work(t)

		changed := room.PostForm(t, strings.Split(page.URL, "?")[0]+"/address", url.Values{"email": {"stranger@example.org"}})
		if changed.Status != http.StatusOK || !strings.Contains(changed.URL, "changed=1") {
			t.Errorf("changing the address is answered %d at %s", changed.Status, changed.URL)
		}
		room.Clock.Advance(time.Hour)
		room.Work(t)
		if l := room.Letter(t, "stranger@example.org"); !strings.HasPrefix(l.Text, "You are on the waiting list") || strings.Contains(l.Text, "people: 10") {
			t.Errorf("the stranger is written to:\n%s", l.Text)
		}
		for _, l := range room.Letters(t, person) {
			if !strings.HasPrefix(l.Text, "Your place is booked") || !strings.Contains(l.Text, "Number of people: 10") {
				t.Errorf("the owner of the place reads:\n%s", l.Text)
			}
		}
	})
}

func TestAKeyWithOtherAnswersIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		_, first := send(t, room, "k", "A Person", person, "2")
		room.Work(t)
		before := room.Rows(t)
		status, body := send(t, room, "k", "B Person", "b@example.org", "1")
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "key") || strings.Contains(body, "reference") {
			t.Errorf("other answers under the key: %d %s", status, body)
		}
		if status, again := send(t, room, "k", "A Person", person, "2"); status != http.StatusCreated || again != first {
			t.Errorf("the same answers under the key: %d %s, want %s", status, again, first)
		}
		if after := room.Rows(t); after != before {
			t.Errorf("something changed:\n%s", testkit.FirstDifference(before, after))
		}
	})
}

func TestAStrangerIsNotAskedAboutSomebodyElsesBooking(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string]bool{"before the mail has left": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t)
			room.Submit(t, "register", place("A Person", person, 2))
			room.Work(t)
			room.Clock.Advance(time.Hour)
			page := room.Submit(t, "register", place("Somebody", person, 3))
			if waits {
				room.Work(t)
			}
			room.PostForm(t, strings.Split(page.URL, "?")[0]+"/address", url.Values{"email": {"stranger@example.org"}})
			room.Clock.Advance(time.Hour)
			room.Work(t)
			if l := room.Letter(t, "stranger@example.org"); strings.Contains(l.Text, "another booking") {
				t.Errorf("the stranger reads of another's booking:\n%s", l.Text)
			}
		})
	}
}

// TestTheFourthFormOfADayTellsNobodyWhetherWeKnowTheName: mail to an address that is
// busy waits for a stranger and goes to a person whom we know, and the page, the
// API and a second press of the button say the same of both.
func TestTheFourthFormOfADayTellsNobodyWhetherWeKnowTheName(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Receive(t, testkit.Support, testkit.Mail{From: "Olena <" + person + ">", To: testkit.Support, Subject: "The garden", ID: "k@example.org", At: room.Clock.Now(),
			Text: "Hello, I have a question. When is the garden open?", Header: []string{"Return-Path: <" + person + ">"}}.Bytes())
		room.Work(t)
		ask := func(n int, name string) testkit.Page {
			fields := room.Get(t, "/f/ask").Hidden()
			room.Clock.Advance(time.Minute)
			for field, value := range map[string]string{"name": name, "email": person, "question": fmt.Sprint("Question ", n), "topic": "group"} {
				fields.Set(field, value)
			}
			room.PostForm(t, "/f/ask", fields)
			return room.PostForm(t, "/f/ask", fields) // pressed twice
		}
		for n := range 3 {
			ask(n, fmt.Sprint("Visitor ", n))
		}
		pages := map[string]string{}
		for n, name := range []string{"Olena", "Somebody"} {
			p := ask(10+n, name)
			pages[name] = regexp.MustCompile(`[0-9A-Z]{3}-[0-9A-Z]{3}|/receipt/[^"?]+`).ReplaceAllString(p.Body, "")
			if p.Status != http.StatusOK || !strings.Contains(p.Body, "several forms with this email address") {
				t.Errorf("%s: %d\n%s", name, p.Status, p.Body)
			}
		}
		if pages["Olena"] != pages["Somebody"] {
			t.Errorf("the pages differ:\n%s", testkit.FirstDifference(pages["Olena"], pages["Somebody"]))
		}
		for _, name := range []string{"Olena", "Somebody"} {
			if status, body := apiAsk(t, room, name); status != http.StatusCreated || !strings.Contains(body, `"received"`) {
				t.Errorf("a program of %s is told %d %s", name, status, body)
			}
		}
		held, err := room.Store.Read(t.Context()).OnHold(10)
		if err != nil || len(held) != 2 {
			t.Errorf("%d are held, %v; want those of the stranger", len(held), err)
		}
	})
}

// apiAsk asks something by the API.
func apiAsk(t *testing.T, room *testkit.Room, name string) (int, string) {
	t.Helper()
	body := fmt.Sprintf(`{"answers": {"name": %q, "email": %q, "question": "Asked by a program", "topic": "group"}, "locale": "en"}`, name, person)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/api/v1/forms/ask/submissions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", name)
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
