package testkit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// siteRoom is a room with a website, whose mail provider vouches for senders.
func siteRoom(t *testing.T) *testkit.Room {
	t.Helper()
	return testkit.New(t, testkit.Roles(app.RoleWeb, app.RoleWorker, app.RoleScheduler), testkit.Setting(`website_forms: [wordpress@riverside-site.example]
mailboxes:
  - {address: support@communityaction.example, host: 127.0.0.1, port: 1, security: none, password: x, mode: answer, authserv_id: mx.communityaction.example}`))
}

const siteVouched = "Authentication-Results: mx.communityaction.example; dmarc=pass header.from="

// siteMail is what the organisation's website sends when somebody fills in its
// form.
func siteMail(room *testkit.Room, id string, header ...string) testkit.Mail {
	return testkit.Mail{
		From: "Riverside <wordpress@riverside-site.example>", To: testkit.Support, Subject: "Riverside \"Hello\"", ID: id, At: room.Clock.Now(),
		Header: append([]string{"Return-Path: <>", "Auto-Submitted: auto-generated", "Precedence: bulk", "Reply-To: person@example.org"}, header...),
		Text:   "Name: A Person\nEmail: person@example.org\nWhat is it about?: Events\nMessage: When are you open on Saturdays?\n",
	}
}

func TestWhoWritesOnTheWebsiteIsAnsweredAndTheRobotIsNot(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	room.Receive(t, testkit.Support, siteMail(room, "w1@riverside-site.example", siteVouched+"riverside-site.example").Bytes())
	room.Work(t)
	sub := onlySubmission(t, room)
	if sub.Address != person || sub.Form != "ask" || sub.Answers.One("name") != "A Person" || sub.Answers.One("topic") != "events" || sub.Answers.One("question") != "When are you open on Saturdays?" {
		t.Errorf("on file is %+v", sub)
	}
	if got := room.Subjects(t, person); len(got) != 1 {
		t.Errorf("the person received %q, want one answer", got)
	}
	if got := room.Subjects(t, "wordpress@riverside-site.example"); len(got) != 0 {
		t.Errorf("the robot received %q", got)
	}
	if list := triage(t, room); len(list) != 0 {
		t.Errorf("in triage are %+v", list)
	}
	// Staff answer the person by Reply-To, in the thread of the robot.
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Riverside", ID: "s1@communityaction.example", InReplyTo: "w1@riverside-site.example", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	if sub = onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("the submission is %s, want answered", sub.State)
	}
}

func TestAFormThatNobodyVouchesForWaitsForAPerson(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	for name, header := range map[string][]string{"forged": nil, "vouched for by a stranger": {"Authentication-Results: mx.evil.example; dmarc=pass header.from=riverside-site.example"}} {
		room.Receive(t, testkit.Support, siteMail(room, strings.ReplaceAll(name, " ", "")+"@riverside-site.example", header...).Bytes())
	}
	room.Work(t)
	if got := len(room.Sink.To(person)); got != 0 || room.Count(t) != 0 {
		t.Errorf("the person received %d mails, and %d submissions are on file", got, room.Count(t))
	}
	list := triage(t, room)
	if len(list) != 2 || !strings.Contains(list[0].Reason, "form_unverified") {
		t.Fatalf("in triage are %+v", list)
	}
	_, v, err := room.Arrivals.Look(t.Context(), list[0])
	if err != nil || v.Behind == nil || v.Behind.Address != person || v.Behind.Believed {
		t.Errorf("behind it is %+v, %v", v.Behind, err)
	}
}

func TestAWebsiteThatIsUsedAgainstSomebodyWritesToThemSeldom(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	for i := range 12 {
		m := siteMail(room, "w"+strings.Repeat("x", i)+"@riverside-site.example", siteVouched+"riverside-site.example")
		m.Text = strings.Replace(m.Text, "Saturdays", "day "+strings.Repeat("x", i), 1)
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
	if got := room.Subjects(t, person); len(got) > 3 {
		t.Errorf("the person received %d mails: %q", len(got), got)
	}
}

func TestSomebodyInDangerOnTheWebsiteIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	for id, header := range map[string][]string{"a": {siteVouched + "riverside-site.example"}, "b": nil} {
		m := siteMail(room, id+"@riverside-site.example", header...)
		m.Text = strings.Replace(m.Text, "When are you open on Saturdays?", "I am scared of my husband. He reads my emails.", 1)
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
	if got := room.Subjects(t, person); len(got) != 0 {
		t.Errorf("the person received %q", got)
	}
	leads := []string{"office@riverside.example", "cag@riverside.example"} // where it is an enquiry, and where no form takes it
	if got := len(room.Letters(t, leads[0])) + len(room.Letters(t, leads[1])); got < 2 {
		t.Errorf("the leads heard of %d", got)
	}
}

func TestSomebodyInDangerInALetterThatIsAttachedIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	raw := "From: office@riverside.example\r\nTo: " + testkit.Support + "\r\nSubject: A letter\r\nMessage-ID: <a1@riverside.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nAttached.\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=letter.eml\r\n\r\n" +
		"From: A Person <person@example.org>\r\nTo: office@riverside.example\r\nSubject: Help\r\n\r\nI want to die.\r\n--b--\r\n"
	room.Receive(t, testkit.Support, []byte(raw))
	room.Work(t)
	if got := room.Letters(t, "cag@riverside.example"); len(got) == 0 || len(room.Sink.To(person)) != 0 {
		t.Errorf("the lead heard %d times, the person %d times", len(got), len(room.Sink.To(person)))
	}
}

// passedOn is a letter that a coordinator passes on.
func passedOn(room *testkit.Room, from string) testkit.Mail {
	return testkit.Mail{
		From: from, To: testkit.Support, Subject: "Fwd: The hall", ID: "f1@riverside.example", At: room.Clock.Now(), Header: []string{"Return-Path: <" + from + ">"},
		Text: "---------- Forwarded message ---------\nFrom: A Person <person@example.org>\nDate: Mon, 23 Nov 2026 at 09:00\nSubject: The hall\nTo: <office@riverside.example>\n\nIs the hall free on Saturdays?\n",
	}
}

func TestALetterThatIsPassedOnIsFiledWhenACoordinatorSaysWhose(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, passedOn(room, "office@riverside.example").Bytes())
	room.Work(t)
	list := triage(t, room)
	if len(list) != 1 || len(room.Sink.Messages()) != 0 || room.Count(t) != 0 {
		t.Fatalf("in triage are %+v, %d mails left, %d submissions are on file", list, len(room.Sink.Messages()), room.Count(t))
	}
	receipt, err := room.Arrivals.File(t.Context(), list[0], arrivals.As{Person: person}, "office")
	if err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	sub := onlySubmission(t, room)
	if sub.ID != receipt.Submission.ID || sub.Address != person || sub.Channel != postroom.ByLetter || sub.Answers.One("name") != "A Person" || sub.Answers.One("question") != "Is the hall free on Saturdays?" {
		t.Errorf("on file is %+v", sub)
	}
	if got := room.Subjects(t, person); len(got) != 1 || got[0] != "Re: The hall" {
		t.Errorf("the person received %q", got)
	}
	if got := slices.DeleteFunc(room.Subjects(t, "office@riverside.example"), func(s string) bool { return !strings.HasPrefix(s, "Re: ") }); len(got) != 0 {
		t.Errorf("whoever passed it on received %q", got)
	}
	letters, err := room.Store.Read(t.Context()).LettersAbout(sub.ID)
	if err != nil || len(letters) != 1 || letters[0].State != postroom.LetterDone || len(triage(t, room)) != 0 {
		t.Errorf("its letters are %+v, %v", letters, err)
	}
	if _, err := room.Arrivals.File(t.Context(), letters[0], arrivals.As{Person: person}, "office"); !errors.Is(err, arrivals.ErrNotWaiting) {
		t.Errorf("filing it again: %v", err)
	}
	if again, err := room.Arrivals.File(t.Context(), list[0], arrivals.As{Person: person}, "office"); err != nil || again.Submission.ID != sub.ID || room.Count(t) != 1 {
		t.Errorf("two coordinators at once: %+v, %v", again, err)
	}
}

func TestNoLetterIsFiledAsOurOwnOrNobodys(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, passedOn(room, "office@riverside.example").Bytes())
	room.Work(t)
	l := triage(t, room)[0]
	for who, want := range map[string]error{"office@riverside.example": arrivals.ErrOurs, testkit.Support: arrivals.ErrOurs, "a person": arrivals.ErrNobody, "a@b.example, c@d.example": arrivals.ErrNobody, "": arrivals.ErrNobody} {
		if _, err := room.Arrivals.File(t.Context(), l, arrivals.As{Person: who}, "office"); !errors.Is(err, want) {
			t.Errorf("as %q: %v, want %v", who, err, want)
		}
	}
	if _, err := room.Arrivals.File(t.Context(), l, arrivals.As{Person: person, Form: "nothing"}, "office"); !errors.Is(err, arrivals.ErrNoForm) {
		t.Errorf("on a form that is not there: %v", err)
	}
	if room.Count(t) != 0 || len(triage(t, room)) != 1 {
		t.Errorf("%d submissions are on file, %d letters in triage", room.Count(t), len(triage(t, room)))
	}
}

func TestSomebodyElsesNameIsNotGivenToWhomACoordinatorNames(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, passedOn(room, "office@riverside.example").Bytes())
	room.Work(t)
	if _, err := room.Arrivals.File(t.Context(), triage(t, room)[0], arrivals.As{Person: "other@example.org"}, "office"); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	if sub := onlySubmission(t, room); sub.Address != "other@example.org" || sub.Answers.One("name") != "" || len(room.Sink.To(person)) != 0 {
		t.Errorf("on file is %+v", sub)
	}
}

func TestALetterMayBelongToSomebodyWithATelephoneOnly(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, passedOn(room, "office@riverside.example").Bytes())
	room.Work(t)
	if _, err := room.Arrivals.File(t.Context(), triage(t, room)[0], arrivals.As{Person: "01908 234567", Name: "A Neighbour"}, "office"); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	if sub := onlySubmission(t, room); sub.Address != "" || sub.Answers.One("phone") != "+441908234567" || sub.Answers.One("name") != "A Neighbour" {
		t.Errorf("on file is %+v", sub)
	}
}

func TestAStrangerWhoPassesALetterOnIsNotTakenForItsWriter(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, passedOn(room, "stranger@example.net").Bytes())
	room.Work(t)
	if got := len(room.Sink.To(person)); got != 0 || room.Count(t) != 0 {
		t.Errorf("the writer received %d mails, %d submissions are on file", got, room.Count(t))
	}
	if list := triage(t, room); len(list) != 1 || list[0].Reason != "passed_on" {
		t.Errorf("in triage are %+v", list)
	}
	if got := room.Subjects(t, "stranger@example.net"); len(got) != 1 {
		t.Errorf("the stranger received %q, want that we have the letter", got)
	}
	m := passedOn(room, "other@example.net")
	m.ID, m.Text = "f2@example.net", "This is from my mother, and I would like to know it as well.\n\n"+m.Text
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	if sub := onlySubmission(t, room); sub.Address != "other@example.net" {
		t.Errorf("who writes for themselves is filed as %s", sub.Address)
	}
}

func TestOnlyWhatIsKeptOfALetterIsOffered(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	raw := "From: A Person <person@example.org>\r\nTo: " + testkit.Support + "\r\nSubject: Photographs\r\nMessage-ID: <p1@example.org>\r\nReturn-Path: <person@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n" +
		"--b\r\nContent-Type: image/png; name=garden.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\r\n" +
		"--b\r\nContent-Type: application/pdf; name=invoice.pdf.exe\r\n\r\nMZ\r\n" +
		"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=notes.txt\r\n\r\nSome notes.\r\n--b--\r\n"
	room.Receive(t, testkit.Support, []byte(raw))
	room.Work(t)
	letters, err := room.Store.Read(t.Context()).LettersAbout(onlySubmission(t, room).ID)
	if err != nil || len(letters) != 1 {
		t.Fatalf("%+v, %v", letters, err)
	}
	read, _, err := room.Arrivals.Look(t.Context(), letters[0])
	if err != nil {
		t.Fatal(err)
	}
	refused, err := room.Arrivals.Offers(t.Context(), letters[0], read)
	if err != nil || len(refused) != 3 || refused[0] != "" || refused[1] != "program" || refused[2] != "" {
		t.Errorf("refused %q, %v", refused, err)
	}
	if notes, found := arrivals.Attached(read, 2); !found || strings.TrimSpace(string(notes)) != "Some notes." {
		t.Errorf("the notes are %q, %t", notes, found)
	}
	if picture, found := arrivals.Attached(read, 0); !found || !strings.HasPrefix(string(picture), "\x89PNG") {
		t.Errorf("the picture is %.10q, %t", picture, found)
	}
}
