package desk_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// busy is a post room in which people wait, for different reasons.
func busy(t *testing.T) *testkit.Room {
	t.Helper()
	room := testkit.New(t, testkit.Setting("digest_at: \"07:30\""))
	room.Submit(t, "ask", url.Values{"name": {"Olena Koval"}, "email": {"olena@example.org"}, "question": {"When are you open?"}})
	room.Submit(t, "ask", url.Values{"name": {"Parwin"}, "phone": {"01908 123456"}, "question": {"May my daughter come?"}})
	room.Work(t)
	room.Clock.Advance(5 * 24 * time.Hour)
	room.Work(t)
	room.Submit(t, "ask", url.Values{"name": {"پروین"}, "email": {"parwin@example.org"}, "question": {"سلام، آیا می‌توانم بیایم؟"}})
	room.Work(t)
	return room
}

func TestTodayShowsWhoWaitsAndForHowLong(t *testing.T) {
	t.Parallel()
	room := busy(t)
	page := room.As(t, "office").Get(t, "/desk/today")
	for _, want := range []string{"Olena Koval", "5 days ago", "later than we promised", "Calls to make", "people wait for you"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if page := room.As(t, "events").Get(t, "/desk/today"); !strings.Contains(page.Body, "Nobody is waiting for you") || strings.Contains(page.Body, "Olena") {
		t.Error("who looks after something else is shown who waits, or not told that nobody does")
	}
}

func TestTodayInARealBrowser(t *testing.T) {
	t.Parallel()
	room := busy(t)
	look(t, room, "office", "today", "/desk/today")
	look(t, room, "events", "today-empty", "/desk/today")
}

func TestTodayCountsOneAsOne(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "register", url.Values{"session": {"main"}, "places": {"1"}, "name": {"Anna"}, "email": {"anna@example.org"}, "attending_as": {"visitor"}})
	room.Submit(t, "ask", url.Values{"name": {"Tom"}, "email": {"tom@example.org"}, "question": {"My father hits me and I am afraid to go home."}})
	room.Work(t)
	room.Hire(t, "everything", postroom.Grant{Role: postroom.IsCoordinator})
	page := room.As(t, "office").Get(t, "/desk/today")
	if !strings.Contains(page.Body, "One person needs somebody to look") || strings.Contains(page.Body, "They wrote .") {
		t.Error("one who is only held is said to wait since no time at all")
	}
	if page := room.As(t, "everything").Get(t, "/desk/today"); !strings.Contains(page.Body, "1 new booking,") && !strings.Contains(page.Body, "1 new booking<") {
		t.Error("one new booking is not counted as one")
	}
}
