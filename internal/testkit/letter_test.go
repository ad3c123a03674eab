package testkit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// enquiry is a stranger's letter to the support mailbox.
func enquiry(room *testkit.Room, id string) testkit.Mail {
	return testkit.Mail{
		From: "A Person <person@example.org>", To: testkit.Support, Subject: "Opening hours", ID: id, At: room.Clock.Now(),
		Header: []string{"Return-Path: <person@example.org>"},
		Text:   "Hello,\n\nwhen are you open on Saturdays?\n\nKind regards\nA Person\n",
	}
}

func TestALetterIsAnsweredInItsThread(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
		room.Work(t)

		l := room.Letter(t, person)
		from, err := l.Header.AddressList("From")
		if err != nil || from[0].Address != testkit.Support {
			t.Errorf("the answer is from %v, %v; want the mailbox that was written to", from, err)
		}
		if got := l.Header.Get("In-Reply-To"); got != "<q1@example.org>" {
			t.Errorf("In-Reply-To is %q", got)
		}
		if l.Subject != "Re: Opening hours" || l.Header.Get("Auto-Submitted") != "auto-replied" {
			t.Errorf("subject %q, Auto-Submitted %q", l.Subject, l.Header.Get("Auto-Submitted"))
		}
		if l.HTML == "" || !strings.HasPrefix(l.Text, "We have your message.") {
			t.Errorf("the answer reads:\n%s", l.Text)
		}
		sub := onlySubmission(t, room)
		if sub.Channel != postroom.ByLetter || !strings.Contains(sub.Answers.One("question"), "open on Saturdays") || sub.Answers.One("name") != "A Person" {
			t.Errorf("on file is %+v", sub)
		}
	})
}

func onlySubmission(t *testing.T, room *testkit.Room) postroom.Submission {
	t.Helper()
	subs, err := room.Store.Read(t.Context()).Submissions(10)
	if err != nil || len(subs) != 1 {
		t.Fatalf("%d submissions are on file, %v; want 1", len(subs), err)
	}
	return subs[0]
}

func triage(t *testing.T, room *testkit.Room) []postroom.Letter {
	t.Helper()
	list, err := room.Store.Read(t.Context()).Triage(10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheSameLetterTwiceIsFiledOnce(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	raw := enquiry(room, "q1@example.org").Bytes()
	room.Receive(t, testkit.Support, raw)
	room.Receive(t, testkit.Volunteering, raw) // it went to two mailboxes
	room.Work(t)
	if on, got := room.Count(t), len(room.Letters(t, person)); on != 1 || got != 1 {
		t.Errorf("%d submissions and %d answers, want 1 and 1", on, got)
	}
}

func TestALetterToTwoMailboxesIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "q1@example.org")
	m.To, m.Text = testkit.Support+", "+testkit.Volunteering, "I would like to help as a translator."
	for _, mailbox := range []string{testkit.Support, testkit.Volunteering} {
		m.Header = []string{"Return-Path: <person@example.org>", "Delivered-To: " + mailbox}
		room.Receive(t, mailbox, m.Bytes())
	}
	room.Work(t)
	if on, got := room.Count(t), room.Subjects(t, person); on != 1 || len(got) != 1 {
		t.Errorf("%d submissions and the answers %q, want 1 and 1", on, got)
	}
	if sub := onlySubmission(t, room); sub.Form != "volunteer" {
		t.Errorf("it was taken for form %s, want the one whose words it has", sub.Form)
	}
}

func TestAnotherLetterWithTheSameMessageIDIsAnotherLetter(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "always-the-same@example.org")
	room.Receive(t, testkit.Support, m.Bytes())
	m.Text = "And where are you?"
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	if n := room.Count(t); n != 2 {
		t.Errorf("%d submissions are on file, want 2", n)
	}
}

func TestAnAnswerFromALinkInTheSummaryEndsTheWaiting(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "ask", question("When are you open?"))
	room.Work(t)
	sub := onlySubmission(t, room)
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Ask us a question (" + sub.Reference + ")",
		ID: "s1@communityaction.example", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	if sub = onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("the submission is %s, want answered", sub.State)
	}
}

func TestWhatNobodyWroteIsNeverAnswered(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q0@example.org").Bytes())
	room.Work(t)
	own := room.Letter(t, person)
	for name, header := range map[string][]string{
		"automatic reply":     {"Return-Path: <robot@example.net>", "Auto-Submitted: auto-replied"},
		"mailing list":        {"Return-Path: <robot@example.net>", "List-Id: <news.example.net>"},
		"null sender":         {"Return-Path: <>"},
		"bulk":                {"Return-Path: <robot@example.net>", "Precedence: Bulk"},
		"suppressed":          {"Return-Path: <robot@example.net>", "X-Auto-Response-Suppress: DR, AutoReply"},
		"our own loop header": {"Return-Path: <robot@example.net>", "X-Postroom-Loop: " + own.Header.Get("X-Postroom-Loop")},
	} {
		m := testkit.Mail{From: "robot@example.net", To: testkit.Support, Subject: name, Text: "Hello there, is anybody in?", ID: strings.ReplaceAll(name, " ", "-") + "@example.net", At: room.Clock.Now(), Header: header}
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
	if got := room.Subjects(t, "robot@example.net"); len(got) != 0 {
		t.Errorf("the robot received %q, want nothing", got)
	}
}

func TestOurOwnMailComingBackIsIgnored(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	before := len(room.Sink.Messages())
	room.Receive(t, testkit.Support, room.Letter(t, person).Raw)
	room.Work(t)
	if after := len(room.Sink.Messages()); after != before {
		t.Errorf("our own mail caused %d mails", after-before)
	}
}

func TestStaffAnsweringFromTheirOwnMailProgramEndsTheWaiting(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
		room.Work(t)
		room.ReceiveSent(t, testkit.Support, testkit.Mail{
			From: "Community Action <" + testkit.Support + ">", To: person, Subject: "Re: Opening hours", ID: "staff1@communityaction.example",
			InReplyTo: "q1@example.org", Text: "From ten to four.", At: room.Clock.Now(),
		}.Bytes())
		room.Work(t)
		if sub := onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
			t.Errorf("the submission is %s, want answered", sub.State)
		}
		before := len(room.Letters(t, "office@riverside.example"))
		room.Clock.Advance(5 * 24 * time.Hour)
		room.Work(t)
		if chased := slices.DeleteFunc(room.Subjects(t, "office@riverside.example")[before:], func(s string) bool { return !strings.HasPrefix(s, "Still waiting") }); len(chased) != 0 {
			t.Errorf("the coordinator was chased: %q", chased)
		}
	})
}

func TestAForwardToAColleagueAnswersNobody(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: "colleague@communityaction.example", Subject: "Fwd: Opening hours",
		ID: "f1@communityaction.example", InReplyTo: "q1@example.org", Text: "Can you answer this?", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionReceived {
		t.Errorf("the submission is %s, want received", sub.State)
	}
}

func TestAnAnswerOfStaffThatWasReadFirstKeepsTheAcknowledgementBack(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Opening hours",
		ID: "staff1@communityaction.example", InReplyTo: "q1@example.org", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	if got := room.Subjects(t, person); len(got) != 0 {
		t.Errorf("the person received %q although staff had answered", got)
	}
}

func TestStaffAnsweringBeforeTheAcknowledgementLeavesKeepsItBack(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Sink.Down()
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Opening hours",
		ID: "staff1@communityaction.example", InReplyTo: "q1@example.org", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	room.Sink.Up()
	room.Clock.Advance(time.Hour)
	room.Work(t)
	if got := room.Subjects(t, person); len(got) != 0 {
		t.Errorf("the person received %q although staff had answered", got)
	}
}

func TestAReplyJoinsItsConversation(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	answer := room.Letter(t, person)
	again := enquiry(room, "q2@example.org")
	again.Subject, again.Text = "Re: Opening hours", "And on Sundays?\n"
	again.InReplyTo = strings.Trim(answer.Header.Get("Message-Id"), "<>")
	room.Receive(t, testkit.Support, again.Bytes())
	room.Work(t)
	sub := onlySubmission(t, room)
	letters, err := room.Store.Read(t.Context()).LettersAbout(sub.ID)
	if err != nil || len(letters) != 2 {
		t.Errorf("%d letters belong to the submission, %v; want 2", len(letters), err)
	}
	if got := room.Subjects(t, "office@riverside.example"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Somebody wrote again") }) {
		t.Errorf("the coordinator heard %q, and not that somebody wrote again", got)
	}
	if got := len(room.Letters(t, person)); got != 1 {
		t.Errorf("the person received %d mails, want the one answer", got)
	}
}

// plusRoom has mailboxes that get mail for plus-addresses.
func plusRoom(t *testing.T, mode string, more ...testkit.Option) *testkit.Room {
	return testkit.New(t, append(more, testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting(`mailboxes:
  - {address: support@communityaction.example, host: 127.0.0.1, port: 1, security: none, password: x, mode: `+mode+`, replies: plus}`))...)
}

func TestTheReplyAddressFindsTheConversationWithoutAnyThread(t *testing.T) {
	t.Parallel()
	room := plusRoom(t, "answer")
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	answer := room.Letter(t, person)
	to, err := answer.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 || !strings.HasPrefix(to[0].Address, "support+") {
		t.Fatalf("Reply-To is %v, %v", to, err)
	}
	again := enquiry(room, "q2@example.org")
	again.To, again.Subject = strings.ToUpper(to[0].Address), "something else"
	room.Receive(t, testkit.Support, again.Bytes())
	room.Work(t)
	if n := room.Count(t); n != 1 {
		t.Errorf("%d submissions are on file, want 1", n)
	}
}

func TestAMailboxInWatchFilesAndSendsNothing(t *testing.T) {
	t.Parallel()
	room := plusRoom(t, "watch")
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	room.Clock.Advance(3 * 24 * time.Hour)
	room.Work(t)
	about := func(m testkit.Letter) bool {
		return !strings.Contains(m.Header.Get("To"), "riverside") || strings.Contains(m.Subject, "came in")
	}
	for _, m := range room.Sink.Messages() {
		if l := testkit.ReadLetter(t, m); about(l) {
			t.Errorf("%q was sent", l.Subject)
		}
	}
	sub := onlySubmission(t, room)
	mails, err := room.Store.Read(t.Context()).MessagesAbout(sub.ID)
	if err != nil || len(mails) == 0 {
		t.Fatalf("%d messages, %v; want those that would have been sent", len(mails), err)
	}
	for _, m := range mails {
		if m.State != postroom.Suppressed || m.Reason != outbound.ReasonWatch {
			t.Errorf("message %s is %s because %q", m.Template, m.State, m.Reason)
		}
	}
}

func TestWhoeverWritesOftenIsAnsweredOnceADay(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	for i := range 5 {
		m := enquiry(room, fmt.Sprintf("q%d@example.org", i))
		m.Text = fmt.Sprintf("This is question number %d, what about it?", i)
		room.Receive(t, testkit.Support, m.Bytes())
		room.Work(t)
		room.Clock.Advance(15 * time.Minute)
	}
	room.Work(t)
	if got := room.Subjects(t, person); len(got) != 1 {
		t.Errorf("the person received %q, want one answer", got)
	}
	if n := room.Count(t); n != 5 {
		t.Errorf("%d submissions are on file, want 5: nothing is lost", n)
	}
}

func TestALetterNobodyCanPlaceIsKeptForAPersonAndItsSenderHears(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "q1@example.org")
	m.To = "hello@riverside.example" // no programme has this address
	room.Receive(t, "hello@riverside.example", m.Bytes())
	room.Work(t)
	if list := triage(t, room); len(list) != 1 || list[0].Reference == "" {
		t.Errorf("in triage is %+v, want the letter with a reference", list)
	}
	if l := room.Letter(t, person); !strings.HasPrefix(l.Text, "We have your message. A person will read it") {
		t.Errorf("the person hears:\n%s", l.Text)
	}
}

func TestWhatALetterLeftOpenIsAskedAndFinishedOnAPage(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		m := enquiry(room, "q1@example.org")
		m.Subject, m.Text = "Please add us", "Please add my group to the network.\nWe run a repair workshop.\n"
		room.Receive(t, testkit.Support, m.Bytes())
		room.Work(t)
		l := room.Letter(t, person)
		if !strings.Contains(l.Text, "1. Which area are you in? (Bletchley / ") {
			t.Fatalf("the answer does not ask for the area:\n%s", l.Text)
		}
		address := l.Link(t, "finish")
		page := room.Get(t, address)
		if page.Status != 200 || !strings.Contains(page.Body, "repair workshop") {
			t.Fatalf("status %d; the page does not show what the letter said", page.Status)
		}
		fields := page.Hidden()
		fields.Set("name", "A Person")
		fields.Set("work", "We run a repair workshop.")
		if page := room.PostForm(t, address, fields); page.Status != 422 {
			t.Fatalf("without an area the page answers %d, want 422", page.Status)
		}
		fields.Set("area", "wolverton")
		done := room.PostForm(t, address, fields)
		if done.Status != 200 || !strings.Contains(done.URL, "/receipt/") {
			t.Fatalf("status %d at %s", done.Status, done.URL)
		}
		room.PostForm(t, address, fields) // the button pressed twice
		room.Clock.Advance(time.Hour)     // past the cool-down
		room.Work(t)
		sub := onlySubmission(t, room)
		if len(sub.Open) != 0 || sub.Area != "wolverton" {
			t.Errorf("open is %q, area %q", sub.Open, sub.Area)
		}
		members, err := room.Store.Read(t.Context()).ForumMembers("forum-wolverton")
		if err != nil || len(members) != 1 {
			t.Errorf("%d members in the forum, %v; want 1", len(members), err)
		}
		if got := room.Subjects(t, person); len(got) != 2 {
			t.Errorf("the person received %q, want the question and the welcome", got)
		}
	})
}

func TestALetterBooksTheDayItNames(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		m := enquiry(room, "b1@example.org")
		m.To, m.Subject, m.Text = testkit.EventsBox, "Networking event", "Hello, we would like to come on the 6th of March. We are three people.\n\nA Person"
		room.Receive(t, testkit.EventsBox, m.Bytes())
		room.Work(t)
		sub := onlySubmission(t, room)
		b, booked, err := room.Store.Read(t.Context()).BookingOf(sub.ID)
		if err != nil || !booked || b.Party != 3 || b.State != postroom.BookingConfirmed {
			t.Fatalf("booking %+v, %t, %v; want three places", b, booked, err)
		}
		if l := room.Letter(t, person); !strings.HasPrefix(l.Text, "Your place is booked") || l.Header.Get("In-Reply-To") != "<b1@example.org>" {
			t.Errorf("the person hears %q:\n%s", l.Subject, l.Text)
		}
	})
}

func TestALetterThatIsOnlyASubjectIsReadAsOne(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "b1@example.org")
	m.To, m.Subject, m.Text = testkit.EventsBox, "Please book 3 places for the networking event on 13 March", ""
	room.Receive(t, testkit.EventsBox, m.Bytes())
	room.Work(t)
	sub := onlySubmission(t, room)
	if b, booked, err := room.Store.Read(t.Context()).BookingOf(sub.ID); err != nil || !booked || b.Party != 3 {
		t.Errorf("booking %+v, %t, %v; want three places", b, booked, err)
	}

	m = enquiry(room, "q1@example.org")
	m.From, m.Subject, m.Text = "other@example.org", "When are you open on Saturdays?", ""
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	if l := room.Letter(t, "other@example.org"); !strings.HasPrefix(l.Text, "We have your message. A person will answer by") || strings.Contains(l.Text, "1. ") {
		t.Errorf("the person hears:\n%s", l.Text)
	}
}

func TestALetterThatNamesNoDayIsAskedForIt(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "b1@example.org")
	m.To, m.Subject, m.Text = testkit.EventsBox, "Networking event", "Hello, I would like to come to the networking event."
	room.Receive(t, testkit.EventsBox, m.Bytes())
	room.Work(t)
	if l := room.Letter(t, person); !strings.Contains(l.Text, "1. Which date would you like?") {
		t.Errorf("the person hears:\n%s", l.Text)
	}
	m = enquiry(room, "b2@example.org")
	m.From, m.To, m.Subject, m.Text = "other@example.org", testkit.EventsBox, "Stall", "We would like a stall at the networking event please. There will be 2 of us."
	room.Receive(t, testkit.EventsBox, m.Bytes())
	room.Work(t)
	if l := room.Letter(t, "other@example.org"); !strings.Contains(l.Text, "1. Which date would you like?") || strings.Contains(l.Text, "How many people") {
		t.Errorf("who has said how many they are hears:\n%s", l.Text)
	}
}

const worry = "I do not know what to do. My partner hits me and I am not safe at home."

func TestAWorryingLetterStopsEverythingUntilAPersonHasLooked(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		m := enquiry(room, "w1@example.org")
		m.Text = worry
		room.Receive(t, testkit.Support, m.Bytes())
		room.Work(t)
		if l := room.Letter(t, person); !strings.HasPrefix(l.Text, "We have your message. A person will read it as soon as they can.") {
			t.Fatalf("the person hears:\n%s", l.Text)
		}
		l := room.Letters(t, "office@riverside.example") // the lead
		i := slices.IndexFunc(l, func(l testkit.Letter) bool { return strings.HasPrefix(l.Subject, "Please look now: ") })
		if i < 0 || strings.Contains(l[i].Text, "partner") || strings.Contains(l[i].Text, person) {
			t.Error("the lead received no alert, or one that tells too much")
		}
		sub := onlySubmission(t, room)
		room.Clock.Advance(time.Hour)
		room.Work(t)
		if got := len(room.Letters(t, person)); sub.State != postroom.SubmissionHeld || got != 1 {
			t.Fatalf("the submission is %s and the person received %d mails", sub.State, got)
		}

		release(t, room, sub)
		room.Work(t)
		room.Clock.Advance(49 * time.Hour)
		room.Work(t)
		if got := room.Subjects(t, person); len(got) != 1 {
			t.Errorf("the person received %q: they know that we have the letter", got)
		}
		if got := room.Subjects(t, "office@riverside.example"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Still waiting") }) {
			t.Errorf("after a false alarm the coordinator heard %q, and nobody is chased for the answer", got)
		}
	})
}

func TestAFalseAlarmLosesNothing(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	booking := enquiry(room, "b1@one.example")
	booking.From, booking.To, booking.Text = "first@one.example", testkit.EventsBox, "We would like to come to the networking event on 6 March, we are two people. My partner hits me."
	room.Receive(t, testkit.EventsBox, booking.Bytes())
	open := enquiry(room, "b2@two.example")
	open.From, open.Text = "second@two.example", "Please add my group to the network. We help families who have nothing to eat."
	room.Receive(t, testkit.Support, open.Bytes())
	room.Work(t)
	for _, address := range []string{"first@one.example", "second@two.example"} {
		if l := room.Letter(t, address); !strings.HasPrefix(l.Text, "We have your message. A person will read it as soon as they can.") {
			t.Errorf("before anybody has looked %s hears:\n%s", address, l.Text)
		}
	}
	subs, err := room.Store.Read(t.Context()).Submissions(10)
	if err != nil || len(subs) != 2 {
		t.Fatalf("%d submissions, %v", len(subs), err)
	}
	for _, sub := range subs {
		release(t, room, sub)
	}
	room.Clock.Advance(4 * 24 * time.Hour)
	room.Work(t)
	if l := room.Letter(t, "first@one.example"); !strings.HasPrefix(l.Text, "Your place is booked") {
		t.Errorf("after the release the first hears:\n%s", l.Text)
	}
	if l := room.Letter(t, "second@two.example"); !strings.Contains(l.Text, "1. Which area are you in?") || !strings.Contains(l.Text, "A person will answer you.") {
		t.Errorf("after the release the second hears, four days later:\n%s", l.Text)
	}
}

func TestWhoeverWasCalledHearsWhenThePersonWritesAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "w1@example.org")
	m.Text = worry
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	alerts := func() (n int) {
		for _, s := range append(room.Subjects(t, "office@riverside.example"), room.Subjects(t, "cag@riverside.example")...) { // lead and deputy
			if strings.HasPrefix(s, "Please look now") || strings.HasPrefix(s, "Nobody has looked yet") {
				n++
			}
		}
		return n
	}
	if got := alerts(); got != 1 {
		t.Fatalf("%d alerts at once, want 1", got)
	}
	room.Clock.Advance(time.Hour)
	room.Work(t)
	if got := alerts(); got != 2 {
		t.Errorf("%d alerts after an hour, want 2", got)
	}
	again := enquiry(room, "w2@example.org")
	again.InReplyTo, again.Text = "w1@example.org", "He has gone out and not come back. Please ring me."
	room.Receive(t, testkit.Support, again.Bytes())
	room.Work(t)
	if got := alerts(); got != 4 {
		t.Errorf("%d alerts after the person wrote again, want 4: both hear of it", got)
	}
	for _, s := range append(room.Subjects(t, "office@riverside.example"), room.Subjects(t, "cag@riverside.example")...) {
		if strings.HasPrefix(s, "Something new came in") || strings.HasPrefix(s, "Somebody wrote again") {
			t.Errorf("%q makes an ordinary letter of it", s)
		}
	}
	release(t, room, onlySubmission(t, room))
	before := alerts()
	room.Clock.Advance(72 * time.Hour)
	room.Work(t)
	if got := alerts(); got != before {
		t.Errorf("%d alerts after somebody has looked", got-before)
	}
}

func TestAReleasedFalseAlarmDoesNotMuteTheNextOne(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "w1@example.org")
	m.Text = worry
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	release(t, room, onlySubmission(t, room))
	room.Clock.Advance(15 * time.Minute) // what rings sooner after a call is told together with it
	again := enquiry(room, "w2@example.org")
	again.InReplyTo, again.Text = "w1@example.org", "I want to die."
	before := len(room.Letters(t, "office@riverside.example")) // the lead
	room.Receive(t, testkit.Support, again.Bytes())
	room.Work(t)
	if got := len(room.Letters(t, "office@riverside.example")) - before; got != 1 || onlySubmission(t, room).State != postroom.SubmissionHeld {
		t.Errorf("%d alerts, the submission is %s", got, onlySubmission(t, room).State)
	}
}

func TestADangerInAnyLetterIsSeenWhateverFormItIsFor(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	for i, m := range []struct{ mailbox, text string }{
		{testkit.EventsBox, "Please book two places on 6 March. I want to kill myself."},
		{testkit.Volunteering, "I would like to volunteer. I want to die."},
		{"newsletter@communityaction.example", "Please sign me up for news. I want to die."},
		{testkit.Support, "Please add us to the network. I want to die."},
	} {
		l := enquiry(room, fmt.Sprintf("d%d@example.org", i))
		l.From, l.To, l.Text = fmt.Sprintf("p@d%d.example", i), m.mailbox, m.text
		room.Receive(t, m.mailbox, l.Bytes())
	}
	room.Work(t)
	subs, err := room.Store.Read(t.Context()).Submissions(10)
	if err != nil || len(subs) != 4 {
		t.Fatalf("%d submissions, %v", len(subs), err)
	}
	for _, sub := range subs {
		if sub.State != postroom.SubmissionHeld {
			t.Errorf("form %s is %s, want held", sub.Form, sub.State)
		}
	}
}

func TestSomebodyWhoseMailIsReadByAnotherIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	files := programmes(t)
	room := testkit.New(t, testkit.Setting("programmes: "+files))
	m := enquiry(room, "w1@example.org")
	m.Text = worry + " Please do not write to me, he reads my mail."
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	if p, _ := room.Programmes.Programme("enquiries"); !p.Safeguarding.Silent.Any() {
		t.Skip("the starter programme has no silent phrases yet; write some below safeguarding: to run this")
	}
	if got := room.Subjects(t, person); len(got) != 0 {
		t.Errorf("the person received %q", got)
	}
}

func TestThanksForStaffsAnswerJoinTheirConversation(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Opening hours", ID: "s1@communityaction.example",
		InReplyTo: "q1@example.org", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	room.Clock.Advance(25 * time.Hour)
	thanks := enquiry(room, "q2@example.org")
	thanks.Header = append(thanks.Header, "References: <q1@example.org> <s1@communityaction.example>")
	thanks.Text = "Thank you!"
	room.Receive(t, testkit.Support, thanks.Bytes())
	room.Work(t)
	if n := room.Count(t); n != 1 {
		t.Errorf("%d submissions are on file, want 1", n)
	}
	if got := len(room.Letters(t, person)); got != 1 {
		t.Errorf("the person received %q, want the one acknowledgement", room.Subjects(t, person))
	}
}

func TestADelayIsNoFailure(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	report := strings.Replace(string(dsn(sent.Header.Get("Message-Id"), person, "4.4.1")), "Action: failed", "Action: delayed", 1)
	room.Receive(t, testkit.Support, []byte(report))
	room.Work(t)
	if calls, err := room.Store.Read(t.Context()).Calls(10); err != nil || len(calls) != 0 {
		t.Errorf("%d calls, %v; the mail server goes on trying", len(calls), err)
	}
}

func TestSomebodyWhoseAddressBouncedIsAnsweredWhenTheyWriteFromIt(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	if err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.TouchAddress(person, time.Time{}); err != nil {
			return err
		}
		return tx.MarkAddress(person, true)
	}); err != nil {
		t.Fatal(err)
	}
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	if got := len(room.Letters(t, person)); got != 1 {
		t.Errorf("the person received %d answers", got)
	}
}

func TestTheApprovedWordsLeaveOnceADay(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	for i := range 6 {
		m := enquiry(room, fmt.Sprintf("f%d@example.org", i))
		m.Text = fmt.Sprintf("%s This is letter %d.", worry, i)
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
	if got := room.Subjects(t, person); len(got) != 1 {
		t.Errorf("the person received %d times the approved words", len(got))
	}
}

func release(t *testing.T, room *testkit.Room, sub postroom.Submission) {
	t.Helper()
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Release(sub.ID, "test", room.Clock.Now()); err != nil {
			return err
		}
		_, err := room.Outbox.Release(tx, sub.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWorryingFormStopsEverythingToo(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Submit(t, "ask", question(worry))
	room.Work(t)
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionHeld {
		t.Errorf("the submission is %s, want held", sub.State)
	}
	if l := room.Letter(t, person); !strings.HasPrefix(l.Text, "We have your message. A person will read it as soon as they can.") {
		t.Errorf("the person hears:\n%s", l.Text)
	}
}

func TestAHoldingTextThatNobodyHasReadStandsBesideTheEnglish(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "w1@example.org")
	m.Text = "Добрий день. Допоможіть, будь ласка. Мій чоловік погрожує вбити мене і дітей."
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	l := room.Letter(t, person)
	if !strings.HasPrefix(l.Text, "Ми отримали") || !strings.Contains(l.Text, "A person will read it as soon as they can.") {
		t.Errorf("the person hears:\n%s", l.Text)
	}
}

func TestTelephoneNumbersStayInOrderInALetterThatRunsFromTheRight(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "w1@example.org")
	m.Text = "سلام. شوهرم مرا می‌زند و جانم در خطر است. لطفا کمک کنید"
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	l := room.Letter(t, person)
	for _, want := range []string{"08082000247", "116123", "\u2066We have your message."} { // groups of figures would change places
		if !strings.Contains(l.Text, want) {
			t.Errorf("%q is not in:\n%s", want, l.Text)
		}
	}
}

func TestAReportAboutOurMailBecomesACall(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	room.Receive(t, testkit.Support, dsn(sent.Header.Get("Message-Id"), person, "5.1.1"))
	room.Work(t)
	calls, err := room.Store.Read(t.Context()).Calls(10)
	if err != nil || len(calls) != 1 || calls[0].Reason != outbound.ReasonBounced {
		t.Errorf("calls %+v, %v; want one because the mail came back", calls, err)
	}
	dead, err := room.Store.Read(t.Context()).AddressDead(person)
	if err != nil || !dead {
		t.Errorf("the address is dead: %t, %v", dead, err)
	}
}

func TestWhoWritesIsGoodAgainWhateverCameBackBefore(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	score := func() int {
		n, err := room.Store.Read(t.Context()).BounceScore(person, room.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	room.Receive(t, testkit.Support, dsn(sent.Header.Get("Message-Id"), person, "5.2.2"))
	room.Work(t)
	if dead, err := room.Store.Read(t.Context()).AddressDead(person); err != nil || dead || score() != 1 {
		t.Errorf("a full mailbox gives %d points; the address is dead: %t, %v", score(), dead, err)
	}
	room.Receive(t, testkit.Support, enquiry(room, "q2@example.org").Bytes())
	room.Work(t)
	if n := score(); n != 0 {
		t.Errorf("the score is %d although the person has written", n)
	}
}

func TestAComplaintIsKeptAlsoWhereNewsRests(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		if _, _, err := tx.ScoreBounce(person, "2026-11-23", room.Clock.Now()); err != nil {
			return err
		}
		_, err := tx.Rest(person, "probe", room.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	report := strings.NewReplacer("report-type=delivery-status", "report-type=feedback-report", "message/delivery-status", "message/feedback-report",
		"Reporting-MTA: dns; mail.example.net", "Feedback-Type: abuse\r\nUser-Agent: Example/1\r\nVersion: 1").Replace(string(dsn(sent.Header.Get("Message-Id"), person, "5.2.2")))
	room.Receive(t, testkit.Support, []byte(report))
	room.Work(t)
	if reason, err := room.Store.Read(t.Context()).Suppression(person, postroom.Marketing); err != nil || reason != "complaint" {
		t.Errorf("news is stopped by %q, %v", reason, err)
	}
}

func TestAReportAboutNoMailOfOursIsNotBelieved(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	room.Receive(t, testkit.Support, dsn("<forged@example.net>", person, "5.1.1"))
	room.Work(t)
	if dead, err := room.Store.Read(t.Context()).AddressDead(person); err != nil || dead {
		t.Errorf("the address is dead: %t, %v", dead, err)
	}
}

// dsn is a delivery report as RFC 3464 has it.
func dsn(messageID, recipient, status string) []byte {
	return []byte(strings.ReplaceAll(`Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mail.example.net>
To: support@communityaction.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 09:31:00 +0000
Message-ID: <dsn1@mail.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Final-Recipient: rfc822; `+recipient+`
Action: failed
Status: `+status+`
Diagnostic-Code: smtp; 550 `+status+` `+map[string]string{"5.1.1": "user unknown", "5.2.2": "mailbox full"}[status]+`

--b1
Content-Type: text/rfc822-headers

Message-ID: `+messageID+`
Subject: Re: Opening hours
From: support@communityaction.example

--b1--
`, "\n", "\r\n"))
}

// otherRoom is the address of another organisation's post room.
const otherRoom = "desk@elsewhere.example"

func TestTwoPostRoomsExchangeAtMostOneMailEach(t *testing.T) {
	t.Parallel()
	one, two := testkit.New(t), testkit.New(t, testkit.Stranger)
	m := enquiry(one, "loop@example.org")
	m.From, m.Header = otherRoom, nil
	one.Receive(t, testkit.Support, m.Bytes())
	rooms, seen := []*testkit.Room{one, two}, []int{0, 0}
	for turn := range 10 {
		here, there := rooms[turn%2], rooms[(turn+1)%2]
		here.Work(t)
		mails := here.Sink.Messages()
		for _, mail := range mails[seen[turn%2]:] {
			if mail.To[0] == otherRoom || mail.To[0] == testkit.Support {
				there.Receive(t, mail.To[0], testkit.ReadLetter(t, mail).Raw)
			}
		}
		seen[turn%2] = len(mails)
	}
	for i, room := range rooms {
		n := 0
		for _, mail := range room.Sink.Messages() {
			if mail.To[0] == otherRoom || mail.To[0] == testkit.Support {
				n++
			}
		}
		if n > 1 {
			t.Errorf("post room %d sent %d mails to the other", i+1, n)
		}
	}
}

func TestALetterInDariIsAnsweredInDari(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "d1@example.org")
	m.To, m.Subject = testkit.Volunteering, "رضاکار"
	m.Text = "سلام، من می‌خواهم رضاکار باشم و در ترجمانی کمک کنم. گروپ ما در این ساحه است. تشکر"
	room.Receive(t, testkit.Volunteering, m.Bytes())
	room.Work(t)
	l := room.Letter(t, person)
	if !strings.HasPrefix(l.Text, "پیام شما به ما رسید") || !strings.Contains(l.HTML, `dir="rtl"`) {
		t.Errorf("the person hears:\n%s", l.Text)
	}
	sub := onlySubmission(t, room)
	if sub.Form != "volunteer" || !sub.Guessed || !strings.Contains(l.Text, "پښتو") {
		t.Errorf("form %s, guessed %t; a guess must offer other languages:\n%s", sub.Form, sub.Guessed, l.Text)
	}
}

func TestAVacationReplyIsKeptAndChangesNothing(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	before := onlySubmission(t, room)
	away := enquiry(room, "v1@example.org")
	away.Subject, away.Text = "Automatic reply: We have your message", "I am out of the office."
	answer := room.Letter(t, person)
	away.InReplyTo = strings.Trim(answer.Header.Get("Message-Id"), "<>")
	away.Header = []string{"Return-Path: <>", "Auto-Submitted: auto-replied"}
	mails := len(room.Sink.Messages())
	room.Receive(t, testkit.Support, away.Bytes())
	room.Work(t)
	if after := onlySubmission(t, room); after.State != before.State || len(room.Sink.Messages()) != mails {
		t.Errorf("state %s, %d new mails", after.State, len(room.Sink.Messages())-mails)
	}
}

// TestAFollowUpWaitsForWhoeverIsAway also lets others write that the person is
// away: a stranger who took the thread, and a coordinator who was told of it.
func TestAFollowUpWaitsForWhoeverIsAway(t *testing.T) {
	t.Parallel()
	files := programmes(t)
	file, err := os.OpenFile(filepath.Join(files, "enquiries.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("  - {step: still-well, after: received, by: 3d, send: welcome}\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	room := testkit.New(t, testkit.Setting("programmes: "+files))
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	answer := room.Letter(t, person)
	told := room.Letters(t, "office@riverside.example")
	if len(told) == 0 {
		t.Fatal("no coordinator was told")
	}
	due := func() time.Time {
		promises, err := room.Store.Read(t.Context()).Promises(100)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range promises {
			if p.Name == "still-well" {
				return p.DueAt
			}
		}
		t.Fatal("nothing is promised")
		return time.Time{}
	}
	away := func(id, from, answers string) {
		m := enquiry(room, id)
		m.From, m.Subject, m.Text = from, "Automatic reply: We have your message", "I am on leave and back on 7 December 2026."
		m.InReplyTo, m.Header = strings.Trim(answers, "<>"), []string{"Return-Path: <>", "Auto-Submitted: auto-replied"}
		room.Receive(t, testkit.Support, m.Bytes())
		room.Work(t)
	}
	planned := due()
	away("v1@example.org", "stranger@example.net", answer.Header.Get("Message-Id"))
	away("v2@example.org", "office@riverside.example", told[0].Header.Get("Message-Id"))
	away("v3@example.org", person, told[0].Header.Get("Message-Id"))
	away("v4@example.org", person, "q1@example.org")
	if now := due(); !now.Equal(planned) {
		t.Errorf("what others wrote puts it off to %s", now)
	}
	away("v5@example.org", person, answer.Header.Get("Message-Id"))
	if want := time.Date(2026, 12, 8, 9, 0, 0, 0, time.UTC); !due().Equal(want) {
		t.Errorf("it is due at %s, want %s", due(), want)
	}
}
