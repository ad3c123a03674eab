package testkit_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

const edition = `---
subject: What is on in December
---
The garden opens again on **Saturday**.

[See the dates](https://www.riverside.example/dates)
`

// reader is the address of one person on the list.
func reader(n int) string { return fmt.Sprintf("reader-%02d@example.org", n) }

// signUp puts people on the list by the form and the button in their mail.
func signUp(t *testing.T, room *testkit.Room, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		room.Submit(t, "newsletter", url.Values{"email": {reader(n)}})
		if n%20 == 0 {
			room.Clock.Advance(time.Hour) // or the page would ask this visitor to wait
		}
	}
	room.Work(t)
	for n := from; n <= to; n++ {
		room.Post(t, room.Letter(t, reader(n)).Link(t, "confirm"))
	}
	room.Clock.Advance(time.Hour) // past the cool-down, for the welcome
	room.Work(t)
}

// startEdition starts a newsletter as the command does.
func startEdition(t *testing.T, room *testkit.Room, again bool) (id string, started bool) {
	t.Helper()
	c, err := app.Newsletter(room.Room.Letters, room.Programmes, "news.md", []byte(edition), "newsletter")
	if err != nil {
		t.Fatal(err)
	}
	c, started, err = room.Editions.Start(t.Context(), c, again)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, started
}

func accountOf(t *testing.T, room *testkit.Room, id string) campaign.Account {
	t.Helper()
	a, err := campaign.AccountOf(room.Store.Read(t.Context()), id)
	if err != nil {
		t.Fatal(err)
	}
	if sum := a.Sent + a.Suppressed + a.Held + a.Failed + a.Uncertain + a.Waiting; sum != a.Chosen {
		t.Errorf("%d were chosen, and %d are accounted for: %+v", a.Chosen, sum, a)
	}
	return a
}

// copies returns the copies that an address has received.
func copies(t *testing.T, room *testkit.Room, address string) []testkit.Letter {
	t.Helper()
	return slices.DeleteFunc(room.Letters(t, address), func(l testkit.Letter) bool { return l.Subject != "What is on in December" })
}

func TestANewsletterReachesEverybodyWhoConfirmedOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		const people = 25
		var look atomic.Pointer[func()]
		room := testkit.New(t, engine, testkit.Misbehaving(testserver.OnData(func(testserver.Mail) error {
			if check := look.Load(); check != nil {
				(*check)()
			}
			return nil
		})))
		signUp(t, room, 1, people)
		room.Submit(t, "newsletter", url.Values{"email": {"never-pressed@example.org"}})
		room.Work(t)
		room.Post(t, room.Letter(t, reader(7)).Link(t, "unsubscribe"))

		var looks atomic.Int32
		check := func() { // while each copy is between its final dot and the answer
			n := int(looks.Add(1))
			latest, err := room.Store.Read(t.Context()).Campaigns(1)
			if err != nil || len(latest) == 0 {
				t.Errorf("%d editions, %v", len(latest), err)
				return
			}
			// What left stands in the journal until a batch of it is settled, and some
			// leave while others are still being chosen.
			a, err := campaign.AccountOf(room.Store.Read(t.Context()), latest[0].ID)
			if err != nil || a.Chosen != a.Sent+a.Waiting || a.Sent >= n || !a.Choosing && a.Chosen != people-1 {
				t.Errorf("at copy %d: %+v, %v", n, a, err)
			}
		}
		id, started := startEdition(t, room, false)
		if again, twice := startEdition(t, room, false); !started || twice || again != id {
			t.Errorf("the same newsletter was started as %s and %s (%v, %v)", id, again, started, twice)
		}
		look.Store(&check)
		room.Work(t)
		look.Store(nil)
		if a := accountOf(t, room, id); looks.Load() < people-1 || a.Sent != people-1 || a.State != postroom.CampaignSent || a.Choosing || !a.Clean() {
			t.Errorf("after %d looks: %+v", looks.Load(), a)
		}
		for n := 1; n <= people; n++ {
			want := 1
			if n == 7 {
				want = 0
			}
			if got := copies(t, room, reader(n)); len(got) != want {
				t.Errorf("%s received %d copies, want %d", reader(n), len(got), want)
			}
		}
		if got := copies(t, room, "never-pressed@example.org"); len(got) != 0 {
			t.Error("somebody who never confirmed received a copy")
		}
		if _, started := startEdition(t, room, true); !started {
			t.Error("the newsletter could not be sent once more although that was meant")
		}
		room.Work(t)
		if got := copies(t, room, reader(1)); len(got) != 2 || got[0].Header.Get("Message-Id") == got[1].Header.Get("Message-Id") {
			t.Errorf("once more: %d copies", len(got))
		}
	})
}

func TestOneClickInACopyActs(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		signUp(t, room, 1, 2)
		startEdition(t, room, false)
		room.Work(t)
		l := copies(t, room, reader(1))[0]
		for name, want := range map[string]string{
			"List-Id": "<newsletter.127.0.0.1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Precedence": "bulk", "Auto-Submitted": "auto-generated",
		} {
			if got := l.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		at := strings.Trim(l.Header.Get("List-Unsubscribe"), "<>")
		if page := room.Get(t, at); page.Status != 200 || !strings.Contains(page.Body, reader(1)) {
			t.Errorf("the page says %d\n%s", page.Status, page.Body)
		}
		page := room.PostForm(t, at, url.Values{"List-Unsubscribe": {"One-Click"}}) // as providers send it: no Origin, no cookie
		if page.Status != 200 || page.Body != "" {
			t.Errorf("one click was answered with %d %q", page.Status, page.Body)
		}
		startEdition(t, room, true)
		room.Work(t)
		if one, two := len(copies(t, room, reader(1))), len(copies(t, room, reader(2))); one != 1 || two != 2 {
			t.Errorf("who left has %d copies, who stayed %d; want 1 and 2", one, two)
		}
	})
}

func TestLeavingAfterBeingChosenStopsTheCopy(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	signUp(t, room, 1, 3)
	room.Sink.Down()
	id, _ := startEdition(t, room, false)
	room.Work(t)
	if a := accountOf(t, room, id); a.Waiting != 3 || a.State != postroom.CampaignSending {
		t.Errorf("while the mail server is away: %+v", a)
	}
	room.Post(t, room.Letter(t, reader(2)).Link(t, "unsubscribe"))
	room.Sink.Up()
	room.Clock.Advance(time.Hour)
	room.Work(t)
	room.Clock.Advance(time.Hour) // the mail about leaving may have tried the server first, which one at a time does
	room.Work(t)
	a := accountOf(t, room, id)
	if a.Sent != 2 || a.Suppressed != 1 || a.State != postroom.CampaignSent || len(a.Reasons) != 1 || a.Reasons[0].Reason != "reason.not_confirmed" {
		t.Errorf("in the end: %+v", a)
	}
	if got := copies(t, room, reader(2)); len(got) != 0 {
		t.Error("somebody who had left received a copy")
	}
}

func TestWhatAMailServerDoesWithACopyIsAccountedFor(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		var misbehave atomic.Bool
		var greylisted atomic.Int32
		room := testkit.New(t, engine, testkit.Misbehaving(
			testserver.OnRcpt(func(to string) error {
				switch {
				case !misbehave.Load():
				case to == reader(2):
					return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}
				case to == reader(3) && greylisted.Add(1) < 4:
					return testserver.Reply(451, "come back later")
				case to == reader(4):
					return testserver.Reply(452, "mailbox full")
				}
				return nil
			}),
			testserver.OnData(func(m testserver.Mail) error {
				if misbehave.Load() && m.To[0] == reader(5) {
					return testserver.DropKeeping
				}
				return nil
			}),
		))
		signUp(t, room, 1, 6)
		misbehave.Store(true)
		id, _ := startEdition(t, room, false)
		room.Work(t)
		if a := accountOf(t, room, id); a.Sent != 2 || a.Failed != 1 || a.Uncertain != 1 || a.Waiting != 2 || a.State != postroom.CampaignSending {
			t.Errorf("at first: %+v", a)
		}
		for range 4 * 24 { // a mailbox may be full for a weekend
			room.Clock.Advance(time.Hour)
			room.Work(t)
			accountOf(t, room, id)
		}
		a := accountOf(t, room, id)
		if a.Sent != 3 || a.Failed != 2 || a.Uncertain != 1 || a.State != postroom.CampaignSent || a.Clean() {
			t.Errorf("in the end: %+v", a)
		}
		for n, want := range []int{1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 6: 1} {
			if got := copies(t, room, reader(n)); n > 0 && len(got) != want {
				t.Errorf("%s received %d copies, want %d", reader(n), len(got), want)
			}
		}
		misbehave.Store(false)
		next, _ := startEdition(t, room, true)
		room.Work(t)
		if a := accountOf(t, room, next); a.Sent != 5 || a.Suppressed != 1 || a.Reasons[0].Reason != "reason.address_dead" {
			t.Errorf("the next newsletter: %+v", a)
		}
	})
}

func TestAnUncertainCopyIsSentAgainWhenAPersonSaysSo(t *testing.T) {
	t.Parallel()
	var drop atomic.Bool
	room := testkit.New(t, testkit.Misbehaving(testserver.OnData(func(testserver.Mail) error {
		if drop.Load() {
			return testserver.DropKeeping
		}
		return nil
	})))
	signUp(t, room, 1, 1)
	drop.Store(true)
	id, _ := startEdition(t, room, false)
	room.Work(t)
	lost, err := room.Store.Read(t.Context()).CopiesIn(id, postroom.Uncertain, 10)
	if err != nil || len(lost) != 1 {
		t.Fatalf("%d copies are uncertain (%v), want one", len(lost), err)
	}
	drop.Store(false)
	if err := room.Outbox.SendAgain(t.Context(), lost[0].ID); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	if a, got := accountOf(t, room, id), copies(t, room, reader(1)); a.Sent != 1 || len(got) != 2 || got[0].Header.Get("Message-Id") != got[1].Header.Get("Message-Id") {
		t.Errorf("%+v after %d copies", a, len(got))
	}
}

func TestAStoppedProcessGivesTheRestOfANewsletterBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reached, goOn := make(chan struct{}), make(chan struct{})
	var n atomic.Int32
	var armed atomic.Bool
	room := testkit.New(t, testkit.In(dir), testkit.Misbehaving(testserver.OnData(func(testserver.Mail) error {
		if armed.Load() && n.Add(1) == 3 {
			close(reached)
			<-goOn
		}
		return nil
	})))
	signUp(t, room, 1, 6)
	armed.Store(true)
	id, _ := startEdition(t, room, false)
	<-reached
	if a := accountOf(t, room, id); a.Sent+a.Waiting != 6 || a.Sent > 2 { // what left stands in the journal until it is settled
		t.Errorf("in the middle: %+v", a)
	}
	close(goOn)
	room.Stop()
	next := testkit.New(t, testkit.In(dir), testkit.Through(room.Sink.Addr))
	next.Work(t)
	if a := accountOf(t, next, id); a.Sent != 6 || a.State != postroom.CampaignSent {
		t.Errorf("in the end: %+v", a)
	}
	for n := 1; n <= 6; n++ {
		if got := copies(t, room, reader(n)); len(got) != 1 {
			t.Errorf("%s received %d copies", reader(n), len(got))
		}
	}
}

func TestANewsletterToNobodyIsSent(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	id, _ := startEdition(t, room, false)
	room.Work(t)
	if a := accountOf(t, room, id); a.Chosen != 0 || a.State != postroom.CampaignSent || a.Choosing {
		t.Errorf("%+v", a)
	}
}
