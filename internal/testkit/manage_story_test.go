package testkit_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/testkit"
)

// stepInto follows the first link of a page to one of its own pages.
func stepInto(t *testing.T, page testkit.Page, part string) string {
	t.Helper()
	found := regexp.MustCompile(`href="([^"]*` + part + `[^"]*)"`).FindStringSubmatch(page.Body)
	if found == nil {
		t.Fatalf("no link to %s on the page:\n%s", part, page.Body)
	}
	return strings.ReplaceAll(found[1], "&amp;", "&")
}

func TestSomebodyLooksAfterTheirBookingByThemselves(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"en", "fa-AF"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t)
			filled := room.Get(t, "/f/register?lang="+locale).Hidden()
			for name, value := range map[string]string{"session": "main", "places": "2", "name": "Parwin", "email": "parwin@example.org"} {
				filled.Set(name, value)
			}
			room.PostForm(t, "/f/register", filled)
			room.Work(t)
			manage, _, _ := strings.Cut(room.Letter(t, "parwin@example.org").Link(t, "manage"), "?")
			page := room.Get(t, manage)
			for _, press := range []struct{ act, fields string }{
				{"/party", "party=3"}, {"/party", "party=3"}, {"/language", "speak=uk"}, {"/reach", "reach=email&message=no"},
			} {
				sent, err := url.ParseQuery(press.fields)
				if err != nil {
					t.Fatal(err)
				}
				if page = room.PostForm(t, manage+press.act, sent); page.Status != 200 || !strings.Contains(page.Body, `role="status"`) {
					t.Fatalf("%s: %d\n%s", press.act, page.Status, page.Body)
				}
			}
			room.Work(t)
			if n := len(room.Letters(t, "parwin@example.org")); n != 2 {
				t.Errorf("they were sent %d letters, want the booking and the change", n)
			}
			if page = room.Post(t, manage); !strings.Contains(page.Body, `role="status"`) {
				t.Errorf("not cancelled:\n%s", page.Body)
			}
		})
	}
}

func TestOneLinkToEverythingIsMailedInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	filled := room.Get(t, "/f/ask?lang=fa-AF").Hidden()
	filled.Set("name", "Sima")
	filled.Set("email", "sima@example.org")
	filled.Set("question", "چطور کمک کنم؟")
	room.PostForm(t, "/f/ask", filled)
	room.Work(t)
	before := len(room.Letters(t, "sima@example.org"))
	for _, address := range []string{"Sima@example.org", "nobody@example.org"} {
		sent := room.Get(t, "/my-link?lang=en").Hidden()
		sent.Set("email", address)
		if page := room.PostForm(t, "/my-link", sent); !strings.Contains(page.Body, "If we know this address") {
			t.Fatalf("%s: %s", address, page.Body)
		}
	}
	room.Work(t)
	letters := room.Letters(t, "sima@example.org")
	if len(letters) != before+1 || len(room.Letters(t, "nobody@example.org")) != 0 {
		t.Fatalf("%d letters, want one more than %d", len(letters), before)
	}
	last := letters[len(letters)-1]
	if !strings.Contains(last.Text, "لینکی") {
		t.Errorf("not in Dari: %s", last.Text)
	}
	my := last.Link(t, "my")
	page := room.Get(t, my+"?lang=en")
	if page.Status != 200 || !strings.Contains(page.Body, "What you have with us") || !strings.Contains(page.Body, "Ask us a question") {
		t.Fatalf("%d\n%s", page.Status, page.Body)
	}
	if page = room.Get(t, stepInto(t, page, "/manage/")); page.Status != 200 {
		t.Errorf("%d\n%s", page.Status, page.Body)
	}
	room.Clock.Advance(8 * 24 * time.Hour)
	if page = room.Get(t, my); page.Status != 410 {
		t.Errorf("after a week: %d", page.Status)
	}
}

func TestARequestAboutDataRemindsBeforeTheLawsDay(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "your-data", url.Values{"wanted": {"see"}, "name": {"Ann"}, "email": {"ann@example.org"}})
	room.Work(t)
	if text := room.Letter(t, "ann@example.org").Text; !strings.Contains(text, "Wednesday 23 December") {
		t.Errorf("the letter does not name the day: %s", text)
	}
	reminders := func() (n int) {
		for _, subject := range room.Subjects(t, "office@riverside.example") {
			if strings.Contains(subject, "Still waiting") {
				n++
			}
		}
		return n
	}
	for _, each := range []struct{ days, want int }{{20, 0}, {4, 1}, {4, 1}, {1, 2}} {
		room.Clock.Advance(time.Duration(each.days) * 24 * time.Hour)
		room.Work(t)
		if n := reminders(); n != each.want {
			t.Errorf("%d reminders on %s, want %d", n, room.Clock.Now().Format(time.DateOnly), each.want)
		}
	}
}
