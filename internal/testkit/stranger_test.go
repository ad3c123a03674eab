package testkit_test

import (
	"io"
	"net/http"
	"net/url"
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
