package testkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// booked is a room in which the person has booked by letter.
func booked(t *testing.T, text string, options ...testkit.Option) *pen {
	t.Helper()
	p := &pen{room: testkit.New(t, options...), mailbox: testkit.EventsBox}
	p.first(t, "Networking event", text)
	return p
}

const threeInMarch = "Hello, we would like to come on the 6th of March. We are three people.\n\nA Person"

func (p *pen) booking(t *testing.T) postroom.Booking {
	t.Helper()
	r := p.room.Store.Read(t.Context())
	subs, err := r.Submissions(10)
	if err != nil {
		t.Fatal(err)
	}
	b, found, err := r.BookingOf(subs[len(subs)-1].ID)
	if err != nil || !found {
		t.Fatalf("no booking is on file, %v", err)
	}
	return b
}

func TestAPlaceIsGivenBackByReply(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct{ subject, first, cancel, says string }{
		"English":   {"Networking event", threeInMarch, "CANCEL", "Your booking is cancelled"},
		"can't":     {"Networking event", threeInMarch, "Hello,\n\nsorry, I can't come.\n\nA Person", "Your booking is cancelled"},
		"Ukrainian": {"День знайомств", "Добрий день, хочу прийти на день знайомств 6 березня. Нас буде 3 особи.", "На жаль, ми не зможемо прийти", "Ваше бронювання скасовано"},
		"Dari":      {"محفل آشنایی", "سلام، من می‌خواهم در محفل آشنایی به تاریخ ۶ مارچ اشتراک کنم. تشکر", "لطفا جای مرا لغو کنید", "لغو شد"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
				p := &pen{room: testkit.New(t, engine), mailbox: testkit.EventsBox}
				p.first(t, c.subject, c.first)
				if b := p.booking(t); b.State != postroom.BookingConfirmed {
					t.Fatalf("the booking is %s", b.State)
				}
				p.reply(t, c.cancel)
				if b := p.booking(t); b.State != postroom.BookingCancelled {
					t.Fatalf("after %q the booking is %s", c.cancel, b.State)
				}
				says(t, p.room, c.says)
				if l := p.room.Letter(t, person); !strings.Contains(l.Calendar, "METHOD:CANCEL") {
					t.Errorf("the calendar file does not strike it out:\n%s", l.Calendar)
				}
				p.reply(t, c.cancel)
				p.reply(t, "CANCEL")
				if got := p.room.Letters(t, person); len(got) != 2 {
					t.Errorf("%d letters; saying it again is answered once", len(got))
				}
			})
		})
	}
}

func TestAPlaceThatIsGivenBackByReplyGoesToTheNext(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		p := &pen{room: testkit.New(t, engine), mailbox: testkit.EventsBox}
		p.room.Submit(t, "register", place("A Person", person, 10))
		p.room.Submit(t, "register", place("Second", "second@example.org", 3))
		p.room.Work(t)
		p.reply(t, "NO")
		if got := p.room.Letter(t, "second@example.org").Text; !strings.HasPrefix(got, "Your place") {
			t.Errorf("who waited hears %.60q", got)
		}
		says(t, p.room, "Your booking is cancelled")
	})
}

func TestYesSaysWhatStandsAndForHowMany(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch)
	p.reply(t, "Yes")
	says(t, p.room, "You had this booking before, and it stands as it is")
	p.reply(t, "yes please")
	if got := p.room.Letters(t, person); len(got) != 2 {
		t.Errorf("%d letters; what stands is said once", len(got))
	}
	p.reply(t, "YES 2")
	if b := p.booking(t); b.Party != 2 || b.State != postroom.BookingConfirmed {
		t.Errorf("the booking is %s for %d", b.State, b.Party)
	}
	says(t, p.room, "Your place is booked", "Number of people: 2")
	if l := p.room.Letter(t, person); strings.Contains(l.Text, "stands as it is") || l.Header.Get("In-Reply-To") != "<letter4@example.org>" {
		t.Errorf("in reply to %q:\n%s", l.Header.Get("In-Reply-To"), l.Text)
	}
}

func TestMorePlacesThanThereAreAreForAPerson(t *testing.T) {
	t.Parallel()
	p := &pen{room: testkit.New(t), mailbox: testkit.EventsBox}
	p.room.Submit(t, "register", place("A Person", person, 2))
	p.room.Submit(t, "register", place("Second", "second@example.org", 9))
	p.room.Work(t)
	p.reply(t, "YES 4")
	if b := p.booking(t); b.Party != 2 || b.State != postroom.BookingConfirmed {
		t.Errorf("the booking is %s for %d, want as it was", b.State, b.Party)
	}
	if got := p.room.Subjects(t, "events@riverside.example"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Somebody wrote again") }) {
		t.Errorf("the coordinator heard %q", got)
	}
	if got := p.room.Letters(t, person); len(got) != 1 {
		t.Errorf("%d letters, want no other", len(got))
	}
}

func TestWhoWaitsMayStayLeaveOrBeFewer(t *testing.T) {
	t.Parallel()
	p := &pen{room: testkit.New(t), mailbox: testkit.EventsBox}
	p.room.Submit(t, "register", place("Second", "second@example.org", 10))
	p.room.Submit(t, "register", place("A Person", person, 4))
	p.room.Work(t)
	waiting := func() postroom.Booking {
		subs, err := p.room.Store.Read(t.Context()).Submissions(10)
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := p.room.Store.Read(t.Context()).BookingOf(subs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	p.reply(t, "Waiting list please")
	says(t, p.room, "You are on the waiting list", "it stands as it is")
	p.reply(t, "Yes, two of us")
	if b := waiting(); b.State != postroom.BookingConfirmed || b.Party != 2 {
		t.Errorf("two fit, and the booking is %s for %d", b.State, b.Party)
	}
	says(t, p.room, "Your place is booked")
	p.reply(t, "cancel")
	if b := waiting(); b.State != postroom.BookingCancelled {
		t.Errorf("the booking is %s", b.State)
	}
}

// vouching is a room whose provider says who sent a letter.
func vouching() []testkit.Option {
	return []testkit.Option{testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting(`mailboxes:
  - {address: ` + testkit.EventsBox + `, host: 127.0.0.1, port: 1, security: none, password: x, mode: answer, replies: plus, authserv_id: mx.communityaction.example}`)}
}

func TestWhatIsNotShownToBeTheirsChangesNoBooking(t *testing.T) {
	t.Parallel()
	const ours, theirs = "mx.communityaction.example", "mx.elsewhere.example"
	own := func(m *testkit.Mail) { m.InReplyTo = "letter1@example.org" } // a thread that anybody may know of
	result := func(by, what string) func(*testkit.Mail) {
		return func(m *testkit.Mail) {
			own(m)
			m.Header = []string{"Authentication-Results: " + by + "; " + what}
		}
	}
	for name, c := range map[string]struct {
		change func(m *testkit.Mail)
		want   postroom.BookingState
	}{
		"our own mail is answered": {func(*testkit.Mail) {}, postroom.BookingCancelled},
		"nobody vouches":           {own, postroom.BookingConfirmed},
		"somebody else vouches":    {result(theirs, "dmarc=pass header.from=example.org"), postroom.BookingConfirmed},
		"our provider does not":    {result(ours, "dmarc=fail (p=none) header.from=example.org"), postroom.BookingConfirmed},
		"our provider does":        {result(ours, "dmarc=pass header.from=example.org"), postroom.BookingCancelled},
		"a forged line below our provider's": {func(m *testkit.Mail) {
			result(ours, "dmarc=fail header.from=example.org")(m)
			m.Header = append(m.Header, "Authentication-Results: "+ours+"; dmarc=pass header.from=example.org")
		}, postroom.BookingConfirmed},
		"our mail is answered by somebody else": {func(m *testkit.Mail) { m.From = "B Person <other@example.net>" }, postroom.BookingConfirmed},
		"a vouched for letter of somebody else": {func(m *testkit.Mail) {
			result(ours, "dmarc=pass header.from=example.net")(m)
			m.From = "B Person <other@example.net>"
		}, postroom.BookingConfirmed},
		"it answers a letter of staff": {func(m *testkit.Mail) {
			m.Header = []string{"References: <" + m.InReplyTo + "> <staff1@communityaction.example>"}
			m.InReplyTo = ""
		}, postroom.BookingConfirmed},
		"our mail was refused by their policy": {func(m *testkit.Mail) {
			m.Header = []string{"Authentication-Results: " + ours + "; dmarc=fail (p=reject) header.from=example.org"}
		}, postroom.BookingConfirmed},
		"an automatic reply":             {func(m *testkit.Mail) { m.Header = []string{"Auto-Submitted: auto-replied"} }, postroom.BookingConfirmed},
		"an invented Message-ID of ours": {func(m *testkit.Mail) { m.InReplyTo = "01a21b24.AAAA@communityaction.example" }, postroom.BookingConfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := booked(t, threeInMarch, vouching()...)
			m := p.answer(t, "CANCEL")
			c.change(&m)
			p.write(t, m)
			if b := p.booking(t); b.State != c.want {
				t.Errorf("the booking is %s, want %s", b.State, c.want)
			}
		})
	}
}

func TestTheSignedReplyAddressIsEnough(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch, vouching()...)
	l := p.room.Letter(t, person)
	to, err := l.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 {
		t.Fatalf("Reply-To: %v, %v", to, err)
	}
	m := testkit.Mail{From: person, To: to[0].Address, Subject: "Our places", Text: "Please cancel our booking", ID: "new@example.org", At: p.room.Clock.Now(), Header: []string{"Return-Path: <" + person + ">"}}
	p.room.Receive(t, p.mailbox, m.Bytes())
	p.room.Work(t)
	if b := p.booking(t); b.State != postroom.BookingCancelled {
		t.Errorf("the booking is %s", b.State)
	}
}

func TestWhatIsNotClearChangesNoBooking(t *testing.T) {
	t.Parallel()
	for i, text := range []string{"Maybe we cancel, I do not know yet", "How do I cancel?", "My train was cancelled", "Yes, but only until noon", "Thank you!", "Please do not cancel",
		"I can't come. My partner hits me and I am not safe at home.", "I can't find the venue", "I can't come on 6 March but can come on 13 March"} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := booked(t, threeInMarch)
			before := len(p.room.Letters(t, person))
			p.reply(t, text)
			if b := p.booking(t); b.State != postroom.BookingConfirmed || b.Party != 3 {
				t.Errorf("after %q the booking is %s for %d", text, b.State, b.Party)
			}
			for _, l := range p.room.Letters(t, person)[before:] {
				if !strings.Contains(text, "hits me") {
					t.Errorf("%q is answered %q", text, l.Subject)
				}
			}
		})
	}
}

// askingMore is where the starter programmes lie, with two more questions about the
// event.
func askingMore(t *testing.T) (files string) {
	t.Helper()
	files = programmes(t)
	file := filepath.Join(files, "networking-event.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var asks string
	for name, words := range map[string]string{
		"interpreter": "{en: interpreter, uk: перекладач, fa: مترجم, fa-AF: ترجمان, ps: ژباړن}",
		"parking":     "{en: parking, uk: паркування, fa: پارکینگ, fa-AF: پارکنگ, ps: پارکینګ}",
	} {
		asks += fmt.Sprintf("      - {field: %s, type: yes_no, required: true, label: %s, error_label: %s}\n", name, words, words)
	}
	const before = "      - field: attending_as\n"
	if err := os.WriteFile(file, []byte(strings.Replace(string(raw), before, asks+before, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestABareAnswerToOtherQuestionsChangesNoBooking(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]postroom.BookingState{
		"No": postroom.BookingConfirmed, "No, nothing": postroom.BookingConfirmed, "Ні, дякую": postroom.BookingConfirmed, "نه": postroom.BookingConfirmed,
		"CANCEL": postroom.BookingCancelled, "No, sorry, we can't come": postroom.BookingCancelled,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			files := askingMore(t)
			p := booked(t, threeInMarch, testkit.Setting("programmes: "+files))
			if sub := onlySubmission(t, p.room); len(sub.Open) != 2 {
				t.Fatalf("open is %q", sub.Open)
			}
			p.reply(t, text)
			if b := p.booking(t); b.State != want {
				t.Errorf("after %q the booking is %s", text, b.State)
			}
		})
	}
}

func TestWhatStandsBesideACancellationWaitsForAPerson(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]postroom.SubmissionState{"I can't come because my mother is ill": postroom.SubmissionReceived, "I can't come": postroom.SubmissionAnswered} {
		p := booked(t, threeInMarch)
		p.reply(t, text)
		if b := p.booking(t); b.State != postroom.BookingCancelled {
			t.Fatalf("after %q the booking is %s", text, b.State)
		}
		if sub := onlySubmission(t, p.room); sub.State != want {
			t.Errorf("after %q the submission is %s, want %s", text, sub.State, want)
		}
	}
}

func TestWhatStaffWroteBeforeAnswersNothingBesideACancellation(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch)
	before := p.room.Clock.Now()
	sent := testkit.Mail{From: p.mailbox, To: person, Subject: "Re: Networking event", Text: "See you then.", ID: "staff1@communityaction.example", InReplyTo: "letter1@example.org", At: before}
	p.room.Clock.Advance(time.Minute)
	p.reply(t, "I can't come because my mother is ill")
	err := p.room.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, _, err := arrivals.Take(tx, p.mailbox, postroom.SentFolder, sent.Bytes(), before) // which is read late
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.room.Work(t)
	if sub := onlySubmission(t, p.room); sub.State != postroom.SubmissionReceived {
		t.Errorf("the submission is %s, want received", sub.State)
	}
}

func TestOneOfAHouseholdDoesNotSpeakForTheOther(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch)
	p.write(t, testkit.Mail{From: "B Person <" + person + ">", Subject: "A question", Text: "When do the doors open for stalls?\n\nB Person"})
	p.n = 5
	first := p.room.Letters(t, person)[0]
	p.write(t, testkit.Mail{From: "B Person <" + person + ">", Subject: "Re: " + first.Subject, Text: "cancel my booking\n\nKind regards\nB Person", InReplyTo: strings.Trim(first.Header.Get("Message-Id"), "<>")})
	if b := p.booking(t); b.State != postroom.BookingConfirmed {
		t.Errorf("the other's word made the booking %s", b.State)
	}
	if got := p.room.Subjects(t, "events@riverside.example"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Somebody wrote again") }) {
		t.Errorf("the coordinator heard %q", got)
	}
}

func TestWhatHasBegunIsNotGivenBackByReply(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch)
	p.room.Clock.Set(time.Date(2027, 3, 6, 11, 0, 0, 0, time.UTC))
	p.room.Work(t)
	p.reply(t, "cancel")
	if b := p.booking(t); b.State != postroom.BookingConfirmed {
		t.Errorf("the booking is %s", b.State)
	}
}

func TestAnotherNameAtTheAddressIsAskedAboutAndNotTakenForARepeat(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		p := &pen{room: testkit.New(t, engine), mailbox: testkit.EventsBox}
		p.room.Submit(t, "register", place("A Person", person, 2))
		p.room.Work(t)
		if strings.Contains(p.room.Letter(t, person).Text, "another booking from this address") {
			t.Error("the first is asked about a second")
		}
		p.room.Clock.Advance(time.Hour)
		p.room.Submit(t, "register", place("A. Person", person, 3))
		p.room.Work(t)
		says(t, p.room, "Your place is booked", "another booking from this address", "somebody else?", "CANCEL")
		subs, err := p.room.Store.Read(t.Context()).Submissions(10)
		if err != nil || len(subs) != 2 {
			t.Fatalf("%d submissions are on file, %v; want 2", len(subs), err)
		}
		if !strings.Contains(p.room.Letter(t, person).Text, subs[1].Reference) {
			t.Error("the letter does not name the other booking")
		}
		p.reply(t, "CANCEL")
		for i, want := range []postroom.BookingState{postroom.BookingCancelled, postroom.BookingConfirmed} {
			if b, _, err := p.room.Store.Read(t.Context()).BookingOf(subs[i].ID); err != nil || b.State != want {
				t.Errorf("booking %d is %s, %v; want %s", i, b.State, err, want)
			}
		}
	})
}

func TestAMachineThatAnswersEachLetterIsAnsweredAFewTimes(t *testing.T) {
	t.Parallel()
	p := booked(t, threeInMarch)
	for i := range 30 {
		p.room.Clock.Advance(5 * time.Hour)
		p.reply(t, fmt.Sprintf("YES %d", 2+i%2))
	}
	if got := len(p.room.Letters(t, person)); got > 12 {
		t.Errorf("%d letters were sent to a machine", got)
	}
}
