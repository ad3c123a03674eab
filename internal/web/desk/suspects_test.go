package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// sendsAs sends a question as somebody, with more fields besides.
func sendsAs(t *testing.T, room *testkit.Room, name string, more ...string) {
	t.Helper()
	fields := url.Values{"name": {name}, "email": {strings.ToLower(name) + "@example.org"}, "topic": {"group"}, "question": {"Is the hall free for " + name + "?"}}
	for i := 0; i < len(more); i += 2 {
		fields.Set(more[i], more[i+1])
	}
	room.Submit(t, "ask", fields)
}

func TestWhatLooksAutomaticIsShownInWordsAndSettledTogether(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	c := room.Hire(t, "eva", postroom.Grant{Role: postroom.IsCoordinator})
	trap := room.Honeypot(t, "ask")
	for _, name := range []string{"Olena", "Amir", "Bot"} {
		sendsAs(t, room, name, trap, "1")
	}
	room.Work(t)
	list := c.Get(t, "/desk/inbox?which=held")
	if n := strings.Count(list.Body, "It looks automatic: something was filled in that people do not see"); n != 3 {
		t.Fatalf("%d say why:\n%s", n, list.Body)
	}
	var ids []string
	for _, found := range regexp.MustCompile(`name="id" value="([^"]+)"`).FindAllStringSubmatch(list.Body, -1) {
		ids = append(ids, found[1])
	}
	if page := c.Get(t, "/desk/submission/"+ids[0]); !strings.Contains(page.Body, "It looks automatic") {
		t.Error("its own page does not say why")
	}
	if len(room.Letters(t, "olena@example.org"))+len(room.Letters(t, "bot@example.org")) > 0 {
		t.Fatal("something was sent before anybody looked")
	}
	back := "/desk/inbox?which=held"
	if page := c.Post(t, "/desk/held", url.Values{"act": {"spam"}, "id": ids[:1], "back": {back}}); page.Status != http.StatusOK { // the newest first
		t.Errorf("putting aside is answered with %d", page.Status)
	}
	page := c.Post(t, "/desk/held", url.Values{"act": {"release"}, "id": ids, "back": {back}}) // the first is gone meanwhile
	if page.Status != http.StatusOK || strings.Contains(page.Body, "It looks automatic") {
		t.Errorf("letting go is answered with %d:\n%s", page.Status, page.Body)
	}
	room.Clock.Advance(time.Hour)
	room.Work(t)
	if len(room.Letters(t, "olena@example.org")) == 0 || len(room.Letters(t, "amir@example.org")) == 0 || len(room.Letters(t, "bot@example.org")) > 0 {
		t.Errorf("olena got %q, the machine %q", room.Subjects(t, "olena@example.org"), room.Subjects(t, "bot@example.org"))
	}
}

func TestWhoLooksAfterAFormHearsOfAFloodOnceAndOpensItAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.Setting("strangers: {surge: 3}"))
	c := room.Hire(t, "eva", postroom.Grant{Role: postroom.IsCoordinator})
	for _, name := range []string{"Anna", "Bela", "Cora", "Dora", "Emil", "Fred"} {
		sendsAs(t, room, name)
	}
	room.Work(t)
	if page := c.Get(t, "/desk/today"); !strings.Contains(page.Body, "Far more than usual comes in") {
		t.Errorf("today says nothing of it:\n%s", page.Body)
	}
	if page := room.Get(t, "/f/ask"); !strings.Contains(page.Body, "A person reads what you send") {
		t.Error("the form says nothing of it")
	}
	other := room.Hire(t, "omar", postroom.Grant{Role: postroom.IsCoordinator, Programme: "newsletter"})
	if page := other.Post(t, "/desk/busy/ask/open", url.Values{}); page.Status != http.StatusForbidden {
		t.Errorf("who does not look after it opens it: %d", page.Status)
	}
	if page := c.Post(t, "/desk/busy/ask/open", url.Values{}); strings.Contains(page.Body, "Far more than usual comes in") {
		t.Error("it is not open")
	}
	sendsAs(t, room, "Gina")
	room.Work(t)
	if len(room.Letters(t, "gina@example.org")) == 0 || len(room.Letters(t, "fred@example.org")) > 0 {
		t.Error("who came after it opened is not answered, or who came before is")
	}
	room.Clock.Advance(2 * time.Hour)
	room.Work(t)
	told := map[string]int{}
	for _, name := range room.Config.Coordinators {
		for _, subject := range room.Subjects(t, name.Address) {
			told[subject]++
		}
	}
	for _, subject := range []string{"Far more than usual comes in by a form", "Please look: some of what came in looks automatic"} {
		if told[subject] == 0 {
			t.Errorf("nobody was told %q: %v", subject, told)
		}
	}
}
