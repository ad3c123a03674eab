package testkit_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// vouchingBox is the settings of a mailbox whose provider vouches for senders
// and takes plus-addresses.
const vouchingBox = `mailboxes:
  - {address: support@communityaction.example, host: 127.0.0.1, port: 1, security: none, password: x, mode: answer, replies: plus, authserv_id: mx.communityaction.example}`

func vouchingRoom(t *testing.T, more ...testkit.Option) *testkit.Room {
	t.Helper()
	return testkit.New(t, append(more, testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting(vouchingBox))...)
}

// vouched is what our provider writes on top of a letter whose sender it knows.
const vouched = "Authentication-Results: mx.communityaction.example; dmarc=pass header.from=example.org"

// theirLetter is a letter of the first reader, vouched for or not.
func theirLetter(room *testkit.Room, id, text string, header ...string) testkit.Mail {
	return testkit.Mail{From: reader(1), To: testkit.Support, ID: id + "@example.org", Text: text, At: room.Clock.Now(), Header: append([]string{"Return-Path: <" + reader(1) + ">"}, header...)}
}

func receive(t *testing.T, room *testkit.Room, letters ...testkit.Mail) {
	t.Helper()
	for _, m := range letters {
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
}

// onList says where the first reader stands with the newsletter.
func onList(t *testing.T, room *testkit.Room) postroom.SubscriptionState {
	t.Helper()
	return standing(t, room, reader(1))
}

func standing(t *testing.T, room *testkit.Room, address string) postroom.SubscriptionState {
	t.Helper()
	subs, err := room.Store.Read(t.Context()).SubscriptionsAt(address, []string{"newsletter"})
	if err != nil || len(subs) != 1 {
		t.Fatalf("%s is on %+v, %v; want one list", address, subs, err)
	}
	return subs[0].State
}

// idOf is the Message-ID of a letter without angle brackets.
func idOf(l testkit.Letter) string { return strings.Trim(l.Header.Get("Message-Id"), "<>") }

// heard returns the subjects that an address received since it had n mails.
func heard(t *testing.T, room *testkit.Room, address string, n int) []string {
	t.Helper()
	return room.Subjects(t, address)[n:]
}

func TestStopFromAVerifiedSenderEndsTheNewsAndCanBeUndone(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := vouchingRoom(t, engine)
		signUp(t, room, 1, 1)
		n := len(room.Letters(t, reader(1)))
		receive(t, room, theirLetter(room, "s1", "STOP", vouched))
		if got := onList(t, room); got != postroom.Unsubscribed {
			t.Errorf("they are %s", got)
		}
		if got := heard(t, room, reader(1), n); !slices.Equal(got, []string{"You are off the list"}) {
			t.Errorf("they heard %q", got)
		}
		receive(t, room, theirLetter(room, "s2", "Please unsubscribe me from your newsletter, thank you.", vouched))
		if got := heard(t, room, reader(1), n); len(got) != 1 {
			t.Errorf("saying it twice is answered by %q", got)
		}
		if list := triage(t, room); len(list) != 0 {
			t.Errorf("in triage are %+v", list)
		}
		undo := room.Letter(t, reader(1)).Link(t, "undo")
		if page := room.Get(t, undo); page.Status != 200 || onList(t, room) != postroom.Unsubscribed {
			t.Errorf("opening the page: status %d, they are %s", page.Status, onList(t, room))
		}
		for range 2 {
			if page := room.Post(t, undo); page.Status != 200 || !strings.Contains(page.Body, "There is nothing left to do") {
				t.Errorf("status %d:\n%s", page.Status, page.Body)
			}
		}
		if got := onList(t, room); got != postroom.Confirmed {
			t.Errorf("after the undo they are %s", got)
		}
		room.Clock.Advance(time.Minute)
		startEdition(t, room, false)
		room.Work(t)
		edition := room.Letter(t, reader(1))
		room.Post(t, edition.Link(t, "unsubscribe"))
		room.Post(t, undo)
		if got := onList(t, room); got != postroom.Unsubscribed {
			t.Errorf("an old undo brought them back after they had left once more: %s", got)
		}
	})
}

func TestStopFromAnybodyElseChangesNothingAndAsksTheAddressOnce(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 1)
	n := len(room.Letters(t, reader(1)))
	for i := range 4 {
		receive(t, room, theirLetter(room, fmt.Sprint("s", i), "Stop sending me emails"))
		room.Clock.Advance(25 * time.Hour)
	}
	if got := onList(t, room); got != postroom.Confirmed {
		t.Errorf("they are %s", got)
	}
	if got := heard(t, room, reader(1), n); !slices.Equal(got, []string{"Do you want to stop our news?"}) {
		t.Errorf("they heard %q", got)
	}
	link := room.Letter(t, reader(1)).Link(t, "leave")
	if room.Get(t, link); onList(t, room) != postroom.Confirmed {
		t.Error("opening the page took them off")
	}
	room.Post(t, link)
	if got := onList(t, room); got != postroom.Unsubscribed {
		t.Errorf("after the button they are %s", got)
	}
}

func TestAnAnswerToANewsletterIsBelievedFromWhereItWentAndFromNowhereElse(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 2)
	startEdition(t, room, false)
	room.Work(t)
	id := idOf(room.Letter(t, reader(1)))
	answer := func(from, letter string) {
		m := theirLetter(room, letter, "stop\n\n> The garden opens again on Saturday.\n")
		m.From, m.Subject, m.InReplyTo, m.Header = from, "Re: What is on in December", id, []string{"Return-Path: <" + from + ">"}
		receive(t, room, m)
	}
	answer(reader(2), "s2")
	if standing(t, room, reader(1)) != postroom.Confirmed || standing(t, room, reader(2)) != postroom.Confirmed {
		t.Error("somebody else's answer took somebody off the list")
	}
	answer(reader(1), "s1")
	if got := onList(t, room); got != postroom.Unsubscribed {
		t.Errorf("they are %s", got)
	}
}

func TestTheAddressInANewsletterEndsItWhateverTheMailProgramWrites(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, header string
		waits        bool
	}{
		"nothing":             {"", "", false},
		"a program's words":   {"This message was automatically generated by a mail program.", "Auto-Submitted: auto-generated", false},
		"the word":            {"unsubscribe", "", false},
		"words of their own":  {"And by the way, can I still come to the garden on Saturday? I have paid for two.", "", true},
		"an automatic answer": {"I am away until Monday.", "Auto-Submitted: auto-replied", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := vouchingRoom(t)
			signUp(t, room, 1, 1)
			startEdition(t, room, false)
			room.Work(t)
			n := len(room.Letters(t, reader(1)))
			edition := room.Letter(t, reader(1))
			header := edition.Header.Get("List-Unsubscribe")
			web, mailto, found := strings.Cut(header, ", <mailto:")
			if !found || !strings.HasPrefix(web, "<http") {
				t.Fatalf("List-Unsubscribe is %q", header)
			}
			to, _, _ := strings.Cut(mailto, "?")
			m := theirLetter(room, "u1", c.text)
			m.To, m.Subject = strings.ToUpper(to), "unsubscribe"
			if c.header != "" {
				m.Header = append(m.Header, c.header)
			}
			receive(t, room, m)
			want, mails := postroom.Unsubscribed, 1
			if name == "an automatic answer" {
				want, mails = postroom.Confirmed, 0
			}
			if got, mail := onList(t, room), heard(t, room, reader(1), n); got != want || len(mail) != mails {
				t.Errorf("they are %s and heard %q", got, mail)
			}
			if waits := len(triage(t, room)) > 0; waits != c.waits {
				t.Errorf("a person has to look: %t", waits)
			}
		})
	}
}

func TestOnlyALetterThatAsksNothingElseStopsTheNews(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 1)
	for i, c := range []struct{ subject, text string }{
		{"The hall", "Hello, I wrote last week about the hall. The heating is broken and nobody answers. Also please unsubscribe me. Can somebody call me about the hall before Friday?"},
		{"My neighbour", "please stop it"},
		{"", "Please delete me from your database"},
		{"", "Remove me"},
		{"Re: Our meeting", "stop"},
		{"Stop", "He reads my emails. Please do not write to me."},
	} {
		m := theirLetter(room, fmt.Sprint("l", i), c.text, vouched)
		m.Subject = c.subject
		receive(t, room, m)
		if got := onList(t, room); got != postroom.Confirmed {
			t.Fatalf("%q, %q took them off the list", c.subject, c.text)
		}
		room.Clock.Advance(time.Minute)
	}
}

func TestStopNeverStopsServiceMail(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 1)
	m := theirLetter(room, "q1", "When are you open on Saturdays?", vouched)
	m.Subject = "Opening hours"
	receive(t, room, m)
	service := room.Letter(t, reader(1))
	stop := theirLetter(room, "s1", "STOP", vouched)
	stop.Subject, stop.InReplyTo = "Re: Opening hours", idOf(service)
	receive(t, room, stop)
	if got := onList(t, room); got != postroom.Unsubscribed {
		t.Errorf("they are %s", got)
	}
	if list := triage(t, room); len(list) != 1 || list[0].Reason != "unsubscribes" {
		t.Errorf("in triage are %+v; a person has to ask what was meant", list)
	}
	room.Submit(t, "ask", url.Values{"name": {"A Person"}, "email": {reader(1)}, "question": {"Another question?"}})
	room.Clock.Advance(time.Hour)
	n := len(room.Letters(t, reader(1)))
	room.Work(t)
	if got := heard(t, room, reader(1), n); len(got) != 1 {
		t.Errorf("an enquiry is answered by %q", got)
	}
	if reason, err := room.Store.Read(t.Context()).Suppression(reader(1), postroom.Service); err != nil || reason != "" {
		t.Errorf("service mail is stopped by %q, %v", reason, err)
	}
}

func TestTwoRobotsThatSayStopToEachOtherEnd(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	room.Submit(t, "newsletter", url.Values{"email": {otherRoom}})
	room.Work(t)
	room.Post(t, room.Letter(t, otherRoom).Link(t, "confirm"))
	room.Clock.Advance(time.Hour)
	room.Work(t)
	seen := len(room.Letters(t, otherRoom))
	first := seen
	for turn := range 30 {
		all := room.Letters(t, otherRoom)
		if turn > 0 && len(all) == seen {
			break
		}
		seen = len(all)
		m := testkit.Mail{From: otherRoom, To: testkit.Support, Subject: "Re: " + all[len(all)-1].Subject, Text: "STOP", ID: fmt.Sprintf("r%d@elsewhere.example", turn),
			InReplyTo: idOf(all[len(all)-1]), At: room.Clock.Now()}
		receive(t, room, m)
		room.Clock.Advance(2 * time.Hour)
		room.Work(t)
	}
	if n := len(room.Letters(t, otherRoom)) - first; n > 2 {
		t.Errorf("the robot got %d answers", n)
	}
}

func TestWhatALetterEndedIsOnRecord(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 1)
	receive(t, room, theirLetter(room, "s1", "STOP", vouched))
	letters, err := room.Store.Read(t.Context()).Letters(1)
	if err != nil || len(letters) != 1 {
		t.Fatal(letters, err)
	}
	if rows := room.Rows(t); !strings.Contains(rows, " letter "+letters[0].ID+" unsubscribed ") {
		t.Error("the audit does not say which letter ended it")
	}
}

// askedToConfirm signs the first reader up and returns the mail that asks.
func askedToConfirm(t *testing.T, room *testkit.Room) testkit.Letter {
	t.Helper()
	room.Submit(t, "newsletter", url.Values{"email": {reader(1)}})
	room.Work(t)
	return room.Letter(t, reader(1))
}

func TestAYesToTheMailThatAsksConfirms(t *testing.T) {
	t.Parallel()
	for said, quote := range map[string]string{
		"Yes": "\n\nOn Mon, 23 Nov 2026 at 09:30, Riverside <hello@riverside.example> wrote:\n> You are not on our list yet. Please confirm\n> that you want our messages.\n",
		"Hello,\n\nyes please, thank you!\n\nKind regards\nA Person": "", "I confirm my subscription": "", "Yes.\n\nSent from my phone": "",
		"Так, підтверджую": "", "بلی": "", "بله، تأیید می‌کنم": "", "هو، مننه": "",
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			room := vouchingRoom(t)
			asked := askedToConfirm(t, room)
			for range 2 { // two letters: who says it twice is welcomed once
				m := theirLetter(room, fmt.Sprint("y", room.Clock.Now().Unix()), said+quote)
				m.Subject, m.InReplyTo = "Re: Please confirm your email address", idOf(asked)
				receive(t, room, m)
				room.Clock.Advance(time.Hour)
				room.Work(t)
			}
			if got := onList(t, room); got != postroom.Confirmed {
				t.Errorf("they are %s", got)
			}
			if got := heard(t, room, reader(1), 1); len(got) != 1 || !strings.HasPrefix(got[0], "Welcome") {
				t.Errorf("they heard %q", got)
			}
			letters, err := room.Store.Read(t.Context()).Letters(10)
			if err != nil || len(letters) != 2 || letters[0].Reason != "confirmed" || letters[1].Reason != "confirmed" {
				t.Fatalf("the letters are %+v, %v", letters, err)
			}
			if rows := room.Rows(t); strings.Count(rows, " confirmed ") == 0 || !strings.Contains(rows, " letter "+letters[1].ID+" confirmed ") && !strings.Contains(rows, " letter "+letters[0].ID+" confirmed ") {
				t.Error("the audit does not say which letter confirmed")
			}
		})
	}
}

func TestWhatIsNoClearYesFromTheVeryAddressConfirmsNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *testkit.Mail, asked testkit.Letter){
		"only the quote": func(m *testkit.Mail, _ testkit.Letter) {
			m.Text = "> You are not on our list yet.\n> Yes, please confirm.\n"
		},
		"with a question": func(m *testkit.Mail, _ testkit.Letter) { m.Text = "Yes, but who are you?" },
		"in danger":       func(m *testkit.Mail, _ testkit.Letter) { m.Subject = "My partner hits me" },
		"OK":              func(m *testkit.Mail, _ testkit.Letter) { m.Text = "OK" },
		"no":              func(m *testkit.Mail, _ testkit.Letter) { m.Text = "No" },
		"from another place": func(m *testkit.Mail, _ testkit.Letter) {
			m.From = "other@example.org"
			m.Header = append(m.Header, vouched)
		},
		"from two places":    func(m *testkit.Mail, _ testkit.Letter) { m.Header = append(m.Header, "From: "+reader(1)) },
		"to no mail of ours": func(m *testkit.Mail, _ testkit.Letter) { m.InReplyTo = "0193a1b2.0000000000000000@riverside.example" },
		"by a robot":         func(m *testkit.Mail, _ testkit.Letter) { m.Header = append(m.Header, "Auto-Submitted: auto-replied") },
		"bounced":            func(m *testkit.Mail, _ testkit.Letter) { m.Header = []string{"Return-Path: <>"} },
		"refused by policy": func(m *testkit.Mail, _ testkit.Letter) {
			m.Header = append(m.Header, "Authentication-Results: mx.communityaction.example; dmarc=fail (p=reject) header.from=example.org")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := vouchingRoom(t)
			asked := askedToConfirm(t, room)
			m := theirLetter(room, "y1", "Yes")
			m.Subject, m.InReplyTo = "Re: Please confirm your email address", idOf(asked)
			change(&m, asked)
			receive(t, room, m)
			if got := onList(t, room); got != postroom.Pending {
				t.Errorf("they are %s", got)
			}
		})
	}
}

// staffAsks is a letter of staff into a thread and the answer of the first reader
// to it, which names the whole thread.
func staffAsks(t *testing.T, room *testkit.Room, thread []string, question, answer string) {
	t.Helper()
	last := thread[len(thread)-1]
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: reader(1), Subject: "Re: Your question", Text: question,
		ID: "staff1@communityaction.example", InReplyTo: last, At: room.Clock.Now()}.Bytes())
	room.Work(t)
	room.Clock.Advance(time.Minute)
	m := theirLetter(room, "answer1", answer, "References: <"+strings.Join(thread, "> <")+"> <staff1@communityaction.example>")
	m.Subject, m.InReplyTo = "Re: Your question", "staff1@communityaction.example"
	receive(t, room, m)
}

func TestAYesToStaffFurtherDownTheThreadConfirmsNothing(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	asked := askedToConfirm(t, room)
	answerTo(t, room, asked, "y0", "Hello, what will you send me, and how often?")
	staffAsks(t, room, []string{idOf(asked), "y0@example.org"}, "Once a month. Shall I call you about the workshop?", "Yes")
	if got := onList(t, room); got != postroom.Pending {
		t.Errorf("they are %s", got)
	}
}

func TestAYesThatComesTooLateConfirmsNothing(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	asked := askedToConfirm(t, room)
	room.Clock.Advance(8 * 24 * time.Hour)
	m := theirLetter(room, "y1", "Yes")
	m.Subject, m.InReplyTo = "Re: Please confirm your email address", idOf(asked)
	receive(t, room, m)
	if got := onList(t, room); got != postroom.Pending {
		t.Errorf("they are %s", got)
	}
}

func TestAStrangersStopForASignUpThatWaitsIsForAPerson(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	askedToConfirm(t, room)
	receive(t, room, theirLetter(room, "s1", "STOP"))
	if list := triage(t, room); len(list) != 1 || onList(t, room) != postroom.Pending {
		t.Errorf("in triage are %+v, and they are %s", list, onList(t, room))
	}
}

func TestStopInAnswerToTheQuestionIsTheButton(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	signUp(t, room, 1, 1)
	receive(t, room, theirLetter(room, "s1", "STOP"))
	asked := room.Letter(t, reader(1))
	m := theirLetter(room, "s2", "stop")
	m.Subject, m.InReplyTo = "Re: "+asked.Subject, idOf(asked)
	receive(t, room, m)
	if got := onList(t, room); got != postroom.Unsubscribed {
		t.Errorf("they are %s", got)
	}
}
