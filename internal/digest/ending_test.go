package digest_test

import (
	"strings"
	"testing"

	"postroom/internal/app"
	"postroom/internal/testkit"
)

// A secret that ends takes a mailbox with it, from one day to the next. Whoever
// looks after what people write to there hears of it a month before.
func TestASecretThatEndsIsSaidAMonthBefore(t *testing.T) {
	t.Parallel()
	const login = "host: 127.0.0.1, port: 1, security: none, client_id: c, client_secret: very-secret, token_url: 'http://127.0.0.1:1/'"
	room := open(t, testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting("mailboxes:\n"+
		"  - {address: events@riverside.example, secret_expires: 2026-12-25, "+login+"}\n"+
		"  - {address: other@riverside.example, secret_expires: 2026-12-26, "+login+"}\n"))
	puzzle(t, room, "events@riverside.example", "a letter, because a room in which nothing happened says nothing")
	at(t, room, 24, 8, 0)
	for _, l := range summaries(t, room, events) {
		if strings.Contains(l.Text, "client secret") {
			t.Errorf("31 days before the summary says\n%s", l.Text)
		}
	}
	at(t, room, 25, 8, 0)
	got := strings.Join(strings.Fields(section(latest(t, room, events).Text, "What went wrong")), " ")
	if want := "- What opens events@riverside.example for postroom ends on Friday 25 December. Please tell whoever runs postroom that a new client secret is needed"; !strings.HasPrefix(got, want) {
		t.Errorf("the summary says %q", got)
	}
	at(t, room, 26, 8, 0)
	got = section(latest(t, room, nobody).Text, "What went wrong")
	if !strings.Contains(got, "other@riverside.example") || strings.Contains(got, "events@") || strings.Contains(got, "very-secret") {
		t.Errorf("somebody else's summary says %q", got)
	}
}
