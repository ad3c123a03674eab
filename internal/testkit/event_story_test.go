package testkit_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/testkit"
)

var update = flag.Bool("update", false, "write the goldens anew")

// events is the coordinator of the networking event.
const events = "events@riverside.example"

// announcement is the edition of the newsletter that tells of the event.
const announcement = `---
subject: "Meet us in March"
locale: en
---
Our networking event is on Saturday 13 March.

There are talks, a workshop and a performance. It costs nothing.

[Book a place](http://post.riverside.example/f/register)
`

// newStory is a notebook in which coordinators hear every morning.
func newStory(t *testing.T, engine testkit.Option) *notebook {
	t.Helper()
	files := programmes(t)
	n := &notebook{t: t, programme: filepath.Join(files, "networking-event.yaml")}
	n.options = []testkit.Option{testkit.In(t.TempDir()), testkit.Setting("programmes: " + files), testkit.Setting(`digest_at: "08:00"`)}
	n.first = testkit.New(t, append([]testkit.Option{engine}, n.options...)...)
	n.Room = n.first
	return n
}

// mornings lets the days go by until t, and stops each morning at eight.
func (n *notebook) mornings(t time.Time) {
	n.t.Helper()
	for {
		now := n.Clock.Now()
		next := time.Date(now.Year(), now.Month(), now.Day(), 8, 0, 0, 0, n.Config.Organisation.Zone)
		if !next.After(now) {
			next = next.AddDate(0, 0, 1)
		}
		if !next.Before(t) {
			break
		}
		n.Clock.Set(next)
		n.Work(n.t)
	}
	n.Clock.Set(t)
	n.Work(n.t)
}

// announce sends the newsletter to everybody on the list.
func (n *notebook) announce() {
	n.t.Helper()
	c, err := app.Newsletter(n.Room.Room.Letters, n.Programmes, "march.md", []byte(announcement), "newsletter")
	if err != nil {
		n.t.Fatal(err)
	}
	if _, _, err := n.Editions.Start(n.t.Context(), c, false); err != nil {
		n.t.Fatal(err)
	}
	n.Work(n.t)
}

// subscribe signs somebody up to the newsletter and presses the button in the
// mail.
func (n *notebook) subscribe(address string) {
	n.t.Helper()
	n.Submit(n.t, "newsletter", url.Values{"email": {address}})
	n.Work(n.t)
	n.Post(n.t, n.first.Letter(n.t, address).Link(n.t, "confirm"))
	n.Work(n.t)
}

// heard are the beginnings of the subjects of everybody's mails.
func (n *notebook) heard(address string, beginnings ...string) {
	n.t.Helper()
	got := n.first.Subjects(n.t, address)
	same := len(got) == len(beginnings)
	for i := 0; same && i < len(got); i++ {
		same = strings.HasPrefix(got[i], beginnings[i])
	}
	if !same {
		n.t.Fatalf("at %v %s has received\n%q\nwant\n%q", n.Clock.Now(), address, got, beginnings)
	}
}

var anyReference = regexp.MustCompile(`\b[2-9BCDFGHJKMNPQRTVWXZ]{3}-[2-9BCDFGHJKMNPQRTVWXZ]{3}\b`)

// summaries are the events coordinator's summaries in full text, with the
// references, which are drawn, called by the order in which they came.
func (n *notebook) summaries() string {
	n.t.Helper()
	var all strings.Builder
	names := map[string]string{}
	for _, l := range n.first.Letters(n.t, events) {
		if !strings.Contains(l.Text, "ummary") && !strings.Contains(l.Text, "calm") {
			continue
		}
		fmt.Fprintf(&all, "Subject: %s\n\n%s\n====\n", l.Subject, strings.ReplaceAll(l.Text, "\r\n", "\n"))
	}
	subs, err := n.Store.Read(n.t.Context()).Submissions(100)
	if err != nil {
		n.t.Fatal(err)
	}
	for i, s := range subs {
		names[s.Reference] = fmt.Sprintf("REF-%03d", len(subs)-i)
	}
	letters, err := n.Store.Read(n.t.Context()).Letters(100)
	if err != nil {
		n.t.Fatal(err)
	}
	for i, l := range letters {
		names[l.Reference] = fmt.Sprintf("LET-%03d", len(letters)-i)
	}
	return anyReference.ReplaceAllStringFunc(all.String(), func(ref string) string {
		if name := names[ref]; name != "" {
			return name
		}
		return ref
	})
}

// golden compares a text with what stands in a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads differently now (see it with -update and git diff): %s\n%s", file, testkit.FirstDifference(string(want), got), got)
	}
}

// TestTheNetworkingEventFromAnnouncementToThanks is the whole of it on a clock
// of its own: the newsletter that announces the event, bookings by form and by
// letter, the waiting list, a change of date, what everybody hears and when, and
// what the coordinator reads every morning.
func TestTheNetworkingEventFromAnnouncementToThanks(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		n := newStory(t, engine)
		zone := n.Config.Organisation.Zone
		on := func(month time.Month, day, hour, minute int) time.Time {
			return time.Date(2027, month, day, hour, minute, 0, 0, zone)
		}
		first, second, third := "first@one.example", "second@two.example", "third@three.example"

		// Announced on a Monday in February, to whoever wants the news.
		n.Clock.Set(on(time.February, 1, 9, 30))
		n.Work(t)
		n.subscribe(first)
		n.subscribe("news@four.example")
		n.mornings(on(time.February, 1, 15, 0))
		n.announce()
		n.heard(first, "Please confirm", "Welcome", "Meet us in March")

		// The first books the workshop for ten by form, the second the last two
		// places by letter, and the third, by letter too, waits.
		n.mornings(on(time.February, 2, 10, 0))
		n.Submit(t, "register", place("First", first, 10))
		n.Work(t)
		n.letter("Second <"+second+">", "b2@two.example", "Hello, we are two people and would like to come to the small workshop on 13 March.\n\nSecond")
		n.Work(t)
		n.letter("Third <"+third+">", "b3@three.example", "Hi, I would like to come to the Small workshop please. There will be 3 people.\n\nThird")
		n.Work(t)
		n.heard(second, "Re: The workshop")
		n.heard(third, "Re: The workshop")
		if l := n.first.Letter(t, second); !strings.HasPrefix(l.Text, "Your place is booked") || l.Calendar == "" {
			t.Errorf("the second hears:\n%s", l.Text)
		}
		if l := n.first.Letter(t, third); !strings.HasPrefix(l.Text, "You are on the waiting list") || l.Calendar != "" {
			t.Errorf("the third hears:\n%s", l.Text)
		}

		// Somebody else goes on with the second's conversation. Nobody can know
		// whether they may: a person has to look, and does two days later.
		answer := n.first.Letter(t, second)
		n.Receive(t, testkit.EventsBox, testkit.Mail{From: "Fourth <fourth@four.example>", To: testkit.EventsBox, Subject: "Re: The workshop", ID: "q4@four.example",
			InReplyTo: strings.Trim(answer.Header.Get("Message-Id"), "<>"), Text: "Is there a car park?", At: n.Clock.Now()}.Bytes())
		n.Work(t)
		n.heard("fourth@four.example", "Re: The workshop")
		n.mornings(on(time.February, 4, 10, 0))
		n.ReceiveSent(t, testkit.EventsBox, testkit.Mail{From: testkit.EventsBox, To: "fourth@four.example", Subject: "Re: The workshop", ID: "s4@communityaction.example",
			InReplyTo: "q4@four.example", Text: "Yes, behind the hall.", At: n.Clock.Now()}.Bytes())
		n.Work(t)
		n.mornings(on(time.February, 5, 10, 0))

		// The first cannot come after all: the third moves up.
		n.Post(t, n.first.Letters(t, first)[3].Link(t, "manage"))
		n.Work(t)
		n.heard(third, "Re: The workshop", "Your place is booked")

		// The date changes in the programme file.
		n.mornings(on(time.February, 15, 10, 0))
		n.edit("starts: 2027-03-13 13:00\n        ends: 2027-03-13 14:00", "starts: 2027-03-20 13:00\n        ends: 2027-03-20 14:00")
		n.heard(second, "Re: The workshop", "A change to your event")
		n.heard(third, "Re: The workshop", "Your place is booked", "A change to your event")

		// Update, reminder, the day, the thanks: each once, on the new dates.
		n.mornings(on(time.March, 13, 14, 0))
		n.mornings(on(time.March, 19, 10, 0))
		n.mornings(on(time.March, 23, 9, 0))
		n.heard(second, "Re: The workshop", "A change to your event", "Soon", "Reminder", "How was")
		n.heard(first, "Please confirm", "Welcome", "Meet us in March", "Your place is booked", "Your booking is cancelled")
		golden(t, "event-story.txt", n.summaries())
	})
}

// letter lays a letter into the events mailbox.
func (n *notebook) letter(from, id, text string) {
	n.t.Helper()
	n.Receive(n.t, testkit.EventsBox, testkit.Mail{From: from, To: testkit.EventsBox, Subject: "The workshop", ID: id, Text: text, At: n.Clock.Now(),
		Header: []string{"Return-Path: <" + id + ">"}}.Bytes())
}
