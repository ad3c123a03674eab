package testkit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/testkit"
)

// sendFrom sends a form as somebody behind a reverse proxy does.
func sendFrom(t *testing.T, room *testkit.Room, client, form string, fields url.Values) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/f/"+form, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", client)
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// TestAFloodWritesToNobodyMoreThanThreeTimesADay is an attacker with many addresses
// of the internet and one victim, beside a person with a question.
func TestAFloodWritesToNobodyMoreThanThreeTimesADay(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine, testkit.Setting("trusted_proxies: [127.0.0.0/8, '::1/128']\nstrangers: {surge: 20}"))
		const victim, flood = "victim@victim.example", 60
		ticket := map[string]url.Values{}
		for _, form := range []string{"ask", "newsletter", "volunteer"} {
			ticket[form] = room.Get(t, "/f/"+form).Hidden()
		}
		room.Clock.Advance(time.Minute)
		room.Submit(t, "ask", url.Values{"name": {"Olena"}, "email": {"olena@example.org"}, "question": {"Is the hall free?"}, "topic": {"group"}})
		room.Work(t)
		for n := range flood {
			form := []string{"ask", "newsletter", "volunteer"}[n%3]
			fields := url.Values{"name": {fmt.Sprint("Bot ", n)}, "email": {victim}, "question": {fmt.Sprint("Question ", n)}, "topic": {"group"}, "adult": {"yes"}, "roles": {"translator"}}
			for name, values := range ticket[form] {
				fields[name] = values
			}
			if status := sendFrom(t, room, fmt.Sprintf("10.%d.0.1", n), form, fields); status != http.StatusSeeOther && status != http.StatusUnprocessableEntity {
				t.Fatalf("entry %d on %s is answered with %d", n, form, status)
			}
		}
		for range 12 { // a day, in which everything that waits comes up again
			room.Clock.Advance(2 * time.Hour)
			room.Work(t)
			if n := len(room.Letters(t, victim)); n > 3 {
				t.Fatalf("the victim got %d mails within a day", n)
			}
		}
		if n := len(room.Letters(t, "olena@example.org")); n == 0 {
			t.Error("somebody who asked before the flood has no answer")
		}
		held, err := room.Store.Read(t.Context()).OnHold(1000)
		if err != nil {
			t.Fatal(err)
		}
		if on := room.Count(t); len(held) == 0 || on < flood/3 {
			t.Errorf("%d entries are held of %d on file", len(held), on)
		}
	})
}

// TestNothingThatAStrangerTypedIsInMailToTheirVictim fills every field of every form
// with words of its own, and looks for them in all that is sent before anybody has
// confirmed anything.
func TestNothingThatAStrangerTypedIsInMailToTheirVictim(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t, testkit.Setting("strangers: {surge: 0, mails_to_address: 100}"))
			mark := "zqx" // no word of any language
			sent := 0
			for _, p := range room.Programmes.Programmes() {
				for _, form := range p.Forms {
					to := fmt.Sprintf("%s@victim.example", form.Name)
					fields := url.Values{"lang": {locale}}
					for _, f := range form.Fields {
						fields.Set(f.Name, mark+f.Name)
						switch {
						case len(f.Options) > 0:
							fields.Set(f.Name, f.Options[0].Value)
						case f.Type == "email":
							fields.Set(f.Name, to)
						case f.Type == "phone":
							fields.Set(f.Name, "01908 123456")
						case f.Type == "consent", f.Type == "yes_no":
							fields.Set(f.Name, "yes")
						case f.Type == "places", f.Type == "number":
							fields.Set(f.Name, "1")
						case f.Type == "date":
							fields.Del(f.Name)
						case f.Type == "session":
							fields.Del(f.Name)
							if all := form.Sessions(); len(all) > 0 {
								fields.Set(f.Name, all[0].Name)
							}
						}
					}
					fields.Set("reach", "email")
					room.Submit(t, form.Name, fields)
					room.Work(t)
					for _, l := range room.Letters(t, to) {
						sent++
						if said := strings.ToLower(l.Subject + l.Text + l.HTML + l.Calendar); strings.Contains(said, mark) {
							t.Errorf("what was typed on %s is in %q:\n%s", form.Name, l.Subject, l.Text)
						}
					}
				}
			}
			if sent < 4 {
				t.Errorf("only %d mails were sent", sent)
			}
		})
	}
}
