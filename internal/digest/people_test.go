package digest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/digest"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const (
	support = "support@riverside.example"
	hello   = "hello@riverside.example" // what the organisation writes from
)

// boxed is a room that reads two mailboxes, one of which gets mail for
// plus-addresses.
func boxed(t *testing.T, options ...testkit.Option) *testkit.Room {
	t.Helper()
	return open(t, append(options, testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting(`mailboxes:
  - {address: support@riverside.example, host: 127.0.0.1, port: 1, security: none, password: x, mode: answer, replies: plus}
  - {address: hello@riverside.example, host: 127.0.0.1, port: 1, security: none, password: x, mode: answer}`))...)
}

// mail is a letter that somebody writes now.
func mail(room *testkit.Room, m testkit.Mail) testkit.Mail {
	m.At = room.Clock.Now()
	return m
}

func receive(t *testing.T, room *testkit.Room, mailbox string, m testkit.Mail) {
	t.Helper()
	room.Receive(t, mailbox, mail(room, m).Bytes())
	room.Work(t)
}

// latest returns the newest summary that an address received.
func latest(t *testing.T, room *testkit.Room, address string) testkit.Letter {
	t.Helper()
	list := summaries(t, room, address)
	if len(list) == 0 {
		t.Fatalf("%s received no summary", address)
	}
	return list[len(list)-1]
}

// section returns what a summary says below a heading.
func section(text, heading string) string {
	_, below, _ := strings.Cut(text, heading+"\n---")
	_, below, _ = strings.Cut(below, "\n\n")
	if i := strings.Index(below, "\n---"); i >= 0 {
		below = below[:strings.LastIndexByte(below[:i], '\n')]
	}
	return strings.TrimRight(below, "\n")
}

func TestWhoeverIsCalledHearsOfAHoldEachMorningAndNeverThatAllIsCalm(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := send(t, room, "ask", "name=A", "email=a@example.org", "question=I want to die")
	at(t, room, 24, 8, 0)
	for _, address := range []string{office, cag, events} { // the coordinator, the lead and the deputy
		got := section(summary(t, room, address).Text, "Needs you now")
		if !strings.Contains(got, "- "+reference+", since Monday 23 November, 1 working day") || !strings.Contains(got, "look\nat each") {
			t.Errorf("%s reads\n%s", address, got)
		}
	}
	if got := summaries(t, room, nobody); len(got) != 0 {
		t.Errorf("somebody who is not called reads\n%s", got[0].Text)
	}
	at(t, room, 30, 8, 0)
	if got := latest(t, room, cag); got.Subject != "Your summary of Monday 30 November" || !strings.Contains(got.Text, reference) {
		t.Errorf("a week later the lead reads %q\n%s", got.Subject, got.Text)
	}
}

func TestWhoeverIsCalledAboutALetterHearsOfItFirst(t *testing.T) {
	t.Parallel()
	room := open(t)
	puzzle(t, room, "events@riverside.example", "of the events")
	receive(t, room, "other@riverside.example", testkit.Mail{From: "a@example.org", To: "other@riverside.example", Subject: "x", Text: "I want to die", ID: "1@example.org"})
	letters, err := room.Store.Read(t.Context()).Triage(9)
	if err != nil || len(letters) != 2 {
		t.Fatalf("in triage: %+v, %v", letters, err)
	}
	write(t, room, func(tx *store.Tx) error { // somebody else's mailbox would not keep it from the lead
		return tx.AssignLetter(letters[1].ID, "nobody who is still here")
	})
	at(t, room, 24, 8, 0)
	for _, address := range []string{cag, events} {
		got := section(summary(t, room, address).Text, "Letters that need a person")
		if !strings.HasPrefix(got, "May be about somebody in danger:\n\n- "+letters[1].Reference) {
			t.Errorf("%s reads\n%s", address, got)
		}
	}
}

func TestLettersThatNeedAPersonAreSortedByWhy(t *testing.T) {
	t.Parallel()
	room := open(t)
	names := map[string]string{}
	for _, reason := range []string{"from_staff", "unclear", "unsubscribes", "other_sender", "not_answered list bcc", "worrying", "no_form", "unreadable"} {
		names[reason] = puzzled(t, room, reason)
	}
	at(t, room, 24, 8, 0)
	got := section(summary(t, room, office).Text, "Letters that need a person")
	for reason, reference := range names {
		got = strings.ReplaceAll(got, reference+", since Monday 23 November, 1 working day", reason)
	}
	const want = `May be about somebody in danger:

- worrying

Nothing automatic may answer it:

- not_answered list bcc

Nobody could tell what it is about:

- unclear
- no_form
- unreadable

Goes on with somebody else's conversation:

- other_sender

Asks to leave a list:

- unsubscribes

From one of your own people: a letter passed on, or a note to postroom:

- from_staff`
	if !strings.HasPrefix(got, want+"\n\nAsk whoever") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// puzzled files a letter that needs a person for a reason.
func puzzled(t *testing.T, room *testkit.Room, reason string) (reference string) {
	t.Helper()
	now := room.Clock.Now()
	write(t, room, func(tx *store.Tx) error {
		id, _, err := tx.AddLetter(postroom.Letter{Hash: reason, Mailbox: support, ReceivedAt: now}, nil, []byte(reason))
		if err != nil {
			return err
		}
		if _, err := tx.SettleLetter(postroom.Letter{ID: id, Class: postroom.LetterUnknown, State: postroom.LetterTriage, Reason: reason}, now); err != nil {
			return err
		}
		l, err := tx.Letter(id)
		reference = l.Reference
		return err
	})
	room.Clock.Advance(time.Second)
	return reference
}

func TestWhoHasQuestionsOpenWaits(t *testing.T) {
	t.Parallel()
	room := open(t)
	now := room.Clock.Now()
	var reference string
	write(t, room, func(tx *store.Tx) error {
		letter, _, err := tx.AddLetter(postroom.Letter{Hash: "x", ReceivedAt: now}, nil, []byte("x"))
		if err != nil {
			return err
		}
		c, err := tx.FindOrAddContact(postroom.Contact{Name: "Halyna", Address: "h@example.org", Reach: postroom.ReachEmail}, now)
		if err != nil {
			return err
		}
		if err := tx.PutFormVersion("v", "evening", "register", []byte("{}"), now); err != nil {
			return err
		}
		s, _, err := tx.AddSubmission(postroom.Submission{
			Programme: "evening", Form: "register", FormVersion: "v", Kind: postroom.EventRegistration, Channel: postroom.ByLetter, Letter: letter, Mailbox: "events@riverside.example",
			Contact: c.ID, Address: c.Address, Locale: "en", Open: []string{"session"}, State: postroom.SubmissionReceived, ReceivedAt: now,
		})
		reference = s.Reference
		return err
	})
	at(t, room, 24, 8, 0)
	got := summary(t, room, office).Text
	if want := "- Halyna: Book your place (" + reference + ")\n  since Monday 23 November, 1 working day; has questions open\n"; !strings.Contains(got, want) {
		t.Errorf("the summary lacks %q:\n%s", want, got)
	}
	if !strings.Contains(got, "- Networking evening: 1, 1 not finished\n") {
		t.Errorf("what is new does not tell of what is not finished:\n%s", got)
	}
}

func TestWhoWroteAgainWaitsWhateverTheySentBefore(t *testing.T) {
	t.Parallel()
	room := open(t)
	reference := send(t, room, "register", "session=walk", "places=1", "name=Guest", "email=guest@example.org")
	booked := room.Letter(t, "guest@example.org")
	at(t, room, 24, 8, 0)
	if got := section(summary(t, room, office).Text, "Waiting for an answer"); got != "" {
		t.Errorf("a booking alone waits for an answer:\n%s", got)
	}
	room.Clock.Advance(time.Hour)
	receive(t, room, "events@riverside.example", testkit.Mail{
		From: "guest@example.org", To: "events@riverside.example", Subject: "Re: " + booked.Subject, Text: "May I bring my dog?",
		ID: "2@example.org", InReplyTo: strings.Trim(booked.Header.Get("Message-ID"), "<>"),
	})
	at(t, room, 25, 8, 0)
	got := section(latest(t, room, office).Text, "Waiting for an answer")
	if want := "- Guest: Book your place (" + reference + ")\n  since Tuesday 24 November, 1 working day; wrote again\n"; !strings.Contains(got, want) {
		t.Errorf("the summary lacks %q:\n%s", want, got)
	}
}

// Whoever never had an answer waits since the beginning, and whoever had one
// since they wrote again; both stand in the list once.
func TestWhoAsksAgainIsListedOnce(t *testing.T) {
	t.Parallel()
	room := boxed(t)
	ask := func(who, text, id, answers string) {
		receive(t, room, support, testkit.Mail{From: who + "@example.org", To: support, Subject: "A question", Text: text, ID: id, InReplyTo: answers})
	}
	ask("patient", "When are you open?", "p1@example.org", "")
	ask("answered", "Where are you?", "a1@example.org", "")
	room.ReceiveSent(t, support, mail(room, testkit.Mail{From: support, To: "answered@example.org", Subject: "Re: A question", Text: "In the hall.", ID: "s1@riverside.example", InReplyTo: "a1@example.org"}).Bytes())
	room.Work(t)
	at(t, room, 24, 9, 0)
	for _, who := range []string{"patient", "answered"} {
		ours := room.Letters(t, who+"@example.org")[0]
		ask(who, "And on Sundays?", who+"2@example.org", strings.Trim(ours.Header.Get("Message-ID"), "<>"))
	}
	at(t, room, 25, 8, 0)
	got := section(latest(t, room, office).Text, "Waiting for an answer")
	first, second := strings.Index(got, "since Monday 23 November, 2 working days; wrote again"), strings.Index(got, "since Tuesday 24 November, 1 working day; wrote again")
	if first < 0 || second < first || strings.Count(got, "since") != 2 {
		t.Errorf("who waits reads\n%s", got)
	}
}

func TestACopyOfTheAnswerEndsTheWaiting(t *testing.T) {
	t.Parallel()
	room := boxed(t)
	form := send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	receive(t, room, support, testkit.Mail{From: "Parwin <parwin@example.org>", To: support, Subject: "A question", Text: "When are you open?", ID: "1@example.org"})
	at(t, room, 24, 8, 0)
	got := section(summary(t, room, office).Text, "Waiting for an answer")
	signed := "parwin@example.org?cc=support%2B"
	if !strings.Contains(got, "<mailto:olena@example.org?cc=hello@riverside.example&subject=") || !strings.Contains(got, signed) {
		t.Errorf("the links of\n%s\nlack a copy line", got)
	}
	if strings.Count(got, "Keep the copy line of your answer") != 1 {
		t.Errorf("nobody says what the copy line is for:\n%s", got)
	}
	receive(t, room, hello, testkit.Mail{
		From: office, To: "olena@example.org", Subject: "Re: Ask us a question (" + form + ")", Text: "Good morning!", ID: "2@riverside.example", Header: []string{"Cc: " + hello},
	})
	at(t, room, 25, 8, 0)
	if got := section(latest(t, room, office).Text, "Waiting for an answer"); strings.Contains(got, form) || !strings.Contains(got, signed) {
		t.Errorf("after the answer there wait\n%s", got)
	}
}

func TestWithoutAMailboxThereIsNoCopyLine(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	at(t, room, 24, 8, 0)
	if got := summary(t, room, office).Text; strings.Contains(got, "cc=") || strings.Contains(got, "copy line") {
		t.Errorf("the summary tells of a copy that nobody would read:\n%s", got)
	}
}

func TestAChaseSaysWhereToAnswer(t *testing.T) {
	t.Parallel()
	room := boxed(t)
	send(t, room, "ask", "name=Olena", "email=olena@example.org", "question=Hello?")
	at(t, room, 24, 9, 0)
	receive(t, room, support, testkit.Mail{From: "parwin@example.org", To: support, Subject: "A question", Text: "When are you open?", ID: "1@example.org"})
	at(t, room, 25, 18, 0)
	at(t, room, 26, 18, 0)
	var how []bool
	for _, l := range room.Letters(t, office) {
		if strings.HasPrefix(l.Subject, "Still waiting") {
			how = append(how, strings.Contains(strings.Join(strings.Fields(l.Text), " "), "To answer, open support@riverside.example in your mail program"))
		}
	}
	if !slices.Equal(how, []bool{false, true}) {
		t.Errorf("of the chases for a form and a letter these say where to answer: %v", how)
	}
}

func TestWhoOnlyOwnsWhatIsHeldReadsNoNameInACallEither(t *testing.T) {
	t.Parallel()
	room := open(t)
	send(t, room, "ask", "name=Alexandra", "phone=01908 123456", "question=I want to die")
	now := room.Clock.Now()
	subs, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, room, func(tx *store.Tx) error {
		m := postroom.Message{ID: store.NewMessageID(), Programme: subs[0].Programme, Submission: subs[0].ID, Contact: subs[0].Contact, Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, Template: "welcome"}
		m.Key, m.MessageID = m.ID, m.ID
		if _, err := tx.AddMessage(m); err != nil {
			return err
		}
		return tx.OweCall(m, "reason.no_address", now)
	})
	sheet, err := room.Digests.Today(t.Context(), whoIs(room, "office"), now.Add(time.Minute))
	if err != nil || len(sheet.Calls.Items) == 0 || len(sheet.Held.Items) != 1 {
		t.Fatalf("the owner sees %+v and %+v, %v", sheet.Calls.Items, sheet.Held.Items, err)
	}
	for _, i := range append(sheet.Calls.Items, sheet.Held.Items...) {
		if i.Name+i.Phone+i.Title != "" {
			t.Errorf("the owner sees %+v", i)
		}
	}
}

func TestALetterIsTheLeadsWhoeverItWasGivenToAndWhoeverTheLeadIsNow(t *testing.T) {
	t.Parallel()
	room := open(t)
	puzzled := puzzle(t, room, "other@riverside.example", "nothing")
	l, err := room.Store.Read(t.Context()).LetterWith(puzzled)
	if err != nil {
		t.Fatal(err)
	}
	write(t, room, func(tx *store.Tx) error {
		if err := tx.AssignLetter(l.ID, "newsletter"); err != nil { // who may not look
			return err
		}
		// whoever was lead when it rang was called at another address
		_, _, err := tx.RaiseAlarm(postroom.Alarm{Matter: postroom.AboutLetter, Subject: l.ID, Programme: "questions", RaisedAt: room.Clock.Now()})
		return err
	})
	for _, name := range []string{"cag", "events"} {
		sheet, err := room.Digests.Today(t.Context(), whoIs(room, name), room.Clock.Now().Add(time.Minute))
		i := slices.IndexFunc(sheet.Letters.Items, func(i digest.Item) bool { return i.ID == l.ID })
		if err != nil || i < 0 || sheet.Letters.Items[i].Why != "danger" {
			t.Errorf("%s sees %+v, %v", name, sheet.Letters.Items, err)
		}
	}
}
