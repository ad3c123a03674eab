package testkit_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const (
	officeDesk = "office@riverside.example"
	cagDesk    = "cag@riverside.example"
)

// morning is a post room on the day after some people have asked something, when
// the office has its summary.
type morning struct {
	*testkit.Room
	summary testkit.Letter
	replyTo string   // the address for the office's commands
	refs    []string // references of the questions, in their order
	n       int      // letters that were written
}

// newMorning has so many people ask.
func newMorning(t *testing.T, people int, options ...testkit.Option) *morning {
	t.Helper()
	m := &morning{Room: vouchingRoom(t, append(options, testkit.Setting(`digest_at: "08:00"`))...)}
	for i := range people {
		from := fmt.Sprintf("asker%d@a%d.example.org", i, i)
		m.Receive(t, testkit.Support, testkit.Mail{From: from, To: testkit.Support, Subject: "Opening hours", ID: fmt.Sprintf("ask%d@example.org", i), At: m.Clock.Now(),
			Text: "Hello, I have a question. When are you open?", Header: []string{"Return-Path: <" + from + ">"}}.Bytes())
		m.Work(t)
		m.Clock.Advance(time.Minute)
		subs, err := m.Store.Read(t.Context()).Submissions(1)
		if err != nil || len(subs) != 1 {
			t.Fatalf("%v, %v", subs, err)
		}
		m.refs = append(m.refs, subs[0].Reference)
	}
	m.Clock.Set(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	m.Work(t)
	m.summary = m.lastSummary(t, officeDesk)
	to, err := m.summary.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 || !strings.Contains(to[0].Address, "+d.") {
		t.Fatalf("Reply-To is %v, %v", to, err)
	}
	m.replyTo = to[0].Address
	return m
}

func (m *morning) lastSummary(t *testing.T, address string) testkit.Letter {
	t.Helper()
	list := slices.DeleteFunc(m.Letters(t, address), func(l testkit.Letter) bool { return !strings.HasPrefix(l.Subject, "Your summary") })
	if len(list) == 0 {
		t.Fatalf("%s has no summary: %q", address, m.Subjects(t, address))
	}
	return list[len(list)-1]
}

// number is the one under which a summary speaks of the n-th question.
func (m *morning) number(t *testing.T, n int) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^- (\d+) · [^(]*\(` + m.refs[n]).FindStringSubmatch(strings.ReplaceAll(m.summary.Text, "\r\n", "\n"))
	if found == nil {
		t.Fatalf("%s has no number in\n%s", m.refs[n], m.summary.Text)
	}
	return found[1]
}

// write is a letter of the office in answer to its summary.
func (m *morning) write(text string) testkit.Mail {
	m.n++
	return testkit.Mail{From: "The office <" + officeDesk + ">", To: m.replyTo, Subject: "Re: " + m.summary.Subject, InReplyTo: idOf(m.summary),
		ID: fmt.Sprintf("c%d@riverside.example", m.n), Text: text + "\n\nOn Tuesday, 24 November 2026 at 08:00, Riverside <hello@riverside.example> wrote:\n> DONE 1\n> TAKE 2\n", At: m.Clock.Now(), Header: []string{"Return-Path: <" + officeDesk + ">"}}
}

// order has the post room read a letter, and returns the answer to its writer.
func (m *morning) order(t *testing.T, l testkit.Mail) string {
	t.Helper()
	before := len(m.Letters(t, officeDesk))
	m.Receive(t, testkit.Support, l.Bytes())
	m.Work(t)
	list := m.Letters(t, officeDesk)[before:]
	if len(list) == 0 {
		return ""
	}
	if len(list) > 1 {
		t.Fatalf("%d answers: %q", len(list), m.Subjects(t, officeDesk)[before:])
	}
	if got := list[0].Header.Get("In-Reply-To"); l.ID != "" && list[0].Subject == "What your mail did" && got != "<"+l.ID+">" {
		t.Errorf("the answer is in reply to %s", got)
	}
	return list[0].Subject + "\n" + flat(list[0].Text)
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func (m *morning) sub(t *testing.T, n int) postroom.Submission {
	t.Helper()
	sub, err := m.Store.Read(t.Context()).SubmissionWith(m.refs[n])
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func tells(t *testing.T, answer string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(answer, w) {
			t.Errorf("the answer does not say %q:\n%s", w, answer)
		}
	}
	for _, secret := range []string{"asker", "Opening hours", "When are you open"} {
		if strings.Contains(answer, secret) {
			t.Errorf("the answer says %q:\n%s", secret, answer)
		}
	}
}

func TestCommandsInAReplyDoWhatTheyNameAndAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		m := newMorning(t, 4, engine)
		a, b, c, d := m.number(t, 0), m.number(t, 1), m.number(t, 2), m.number(t, 3)
		answer := m.order(t, m.write("Hi,\n\nDONE "+a+"\nsnooze "+b+" until friday\npass "+c+" to "+cagDesk+"\nNOTE "+d+" rang her,\nno answer\nTAKE "+strings.ToLower(m.refs[3])+"\nDONE 4711"))
		tells(t, answer, "What your mail did", a+" ("+m.refs[0]+"): it is dealt with", b+" ("+m.refs[1]+"): it is put off until Friday 27 November 2026", c+" ("+m.refs[2]+"): it is passed on to "+cagDesk,
			d+" ("+m.refs[3]+"): your note is there", d+" ("+m.refs[3]+"): it is yours from now on", "4711: there is nothing with this number", "answer this mail with UNDO")
		if s := m.sub(t, 0); s.State != postroom.SubmissionAnswered {
			t.Errorf("DONE leaves it %s", s.State)
		}
		if s := m.sub(t, 1); s.SnoozedUntil.In(time.UTC).Format(time.DateTime) != "2026-11-27 00:00:00" {
			t.Errorf("SNOOZE puts it off until %v", s.SnoozedUntil)
		}
		if s := m.sub(t, 2); s.AssignedTo != "cag" || !slices.ContainsFunc(m.Subjects(t, cagDesk), func(s string) bool { return strings.HasPrefix(s, "Passed on to you") }) {
			t.Errorf("PASS gives it to %q, who hears %q", s.AssignedTo, m.Subjects(t, cagDesk))
		}
		notes, err := m.Store.Read(t.Context()).Notes(postroom.AboutSubmission, m.sub(t, 3).ID)
		if err != nil || len(notes) != 1 || notes[0].Text != "rang her, no answer" || notes[0].By != "office" || m.sub(t, 3).AssignedTo != "office" {
			t.Errorf("NOTE leaves %+v, %v; TAKE gives it to %q", notes, err, m.sub(t, 3).AssignedTo)
		}
		if list := triage(t, m.Room); len(list) != 0 {
			t.Errorf("in triage is %+v", list)
		}
		again := m.write("DONE " + a)
		again.ID = "c1@riverside.example" // the same letter to another mailbox, and once more
		tells(t, m.order(t, m.write("UNDO "+d)), d+" ("+m.refs[3]+"): what you did is taken back")
		if s := m.sub(t, 3); s.AssignedTo != "" {
			t.Errorf("after UNDO it is with %q", s.AssignedTo)
		}
	})
}

func TestUndoTakesBackWhatTheAnsweredLetterDid(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 2)
	a, b := m.number(t, 0), m.number(t, 1)
	m.order(t, m.write("DONE "+a+", "+b))
	first := m.Letter(t, officeDesk)
	m.Clock.Advance(time.Minute)
	m.order(t, m.write("UNDO"))
	if m.sub(t, 0).State == postroom.SubmissionAnswered || m.sub(t, 1).State == postroom.SubmissionAnswered {
		t.Error("UNDO left what was done")
	}
	m.Clock.Advance(time.Minute)
	m.order(t, m.write("NOTE "+a+" a word"))
	m.Clock.Advance(time.Minute)
	m.order(t, m.write("DONE "+a))
	m.Clock.Advance(time.Minute)
	older := m.write("undo")
	older.InReplyTo = idOf(first)
	tells(t, m.order(t, older), "What was done") // it was taken back before, which is what they want
	if m.sub(t, 0).State != postroom.SubmissionAnswered {
		t.Error("an UNDO of an older letter took back a newer deed")
	}
	m.Clock.Advance(time.Minute)
	m.order(t, m.write("Undo!"))
	if m.sub(t, 0).State == postroom.SubmissionAnswered {
		t.Error("the last deed stands")
	}
}

func TestTheSameLetterReadAgainDoesNothingTwice(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	l := m.write("NOTE " + m.number(t, 0) + " rang her")
	m.order(t, l)
	if answer := m.order(t, l); answer != "" {
		t.Errorf("the same bytes are answered by %q", answer)
	}
	copied := l
	copied.Header = append(copied.Header, "Received: by another.example")
	if answer := m.order(t, copied); answer != "" {
		t.Errorf("the letter in another mailbox is answered by %q", answer)
	}
	notes, err := m.Store.Read(t.Context()).Notes(postroom.AboutSubmission, m.sub(t, 0).ID)
	if err != nil || len(notes) != 1 {
		t.Errorf("there are %d notes, %v", len(notes), err)
	}
}

func TestListAndHelpAreAnswered(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 2)
	tells(t, m.order(t, m.write("LIST")), "What waits for you", m.number(t, 0)+" · "+m.refs[0]+", since Monday 23 November", m.refs[1])
	tells(t, m.order(t, m.write("HELP")), "How to act by mail", "SNOOZE 14 friday")
	tells(t, m.order(t, m.write("help")), "How to act by mail") // who asks is answered
}

func TestADoneLinkIsALetterThatOnlyNeedsToBeSent(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	link := "<mailto:" + strings.Replace(m.replyTo, "+", "%2B", 1) + "?subject=DONE%20" + m.number(t, 0) + ">"
	if !strings.Contains(m.summary.Text, link) {
		t.Fatalf("the summary has no link %s:\n%s", link, m.summary.Text)
	}
	l := testkit.Mail{From: officeDesk, To: strings.ToUpper(m.replyTo), Subject: "DONE " + m.number(t, 0), ID: "link@riverside.example", At: m.Clock.Now()}
	tells(t, m.order(t, l), "it is dealt with")
}

func TestANoticeIsAnsweredByAWordAlone(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	for _, l := range m.Letters(t, officeDesk) {
		if strings.HasPrefix(l.Subject, "Something new came in") {
			a := m.write("Done.")
			a.InReplyTo, a.To = idOf(l), testkit.Support
			tells(t, m.order(t, a), m.refs[0]+"): it is dealt with")
			return
		}
	}
	t.Fatalf("the office has no notice: %q", m.Subjects(t, officeDesk))
}

func TestALetterToTheCommandAddressWithoutACommandIsExplainedOnceADay(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	tells(t, m.order(t, m.write("Thank you, I will look at it after lunch with the others.")), "How to act by mail")
	if answer := m.order(t, m.write("And by the way, the heating is broken.")); answer != "" {
		t.Errorf("it is explained again: %q", answer)
	}
	m.Clock.Set(time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC))
	m.Work(t)
	tells(t, m.order(t, m.write("And it is still broken.")), "How to act by mail")
	if list := triage(t, m.Room); len(list) != 3 || list[0].Reason != "from_staff" {
		t.Errorf("in triage is %+v", list)
	}
}

func TestACommandWithoutADayIsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	a := m.number(t, 0)
	tells(t, m.order(t, m.write("SNOOZE "+a+" later\nPASS "+a+"\nDONE\nDONE "+a+" lions\nPASS "+a+" to somebody\nSNOOZE "+a+" today\n\nPlease tell the others that the hall is cold.")),
		"say until which day", "say to whom", "done: say which number", "there is more in the line", "nobody called somebody works here", "that day has begun already", "Nobody reads the rest of your mail")
}

// An automatic reply is none of a colleague's words, whatever it quotes.
func TestAnAutomaticReplyGivesNoCommandAndProposesAnAbsence(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	l := m.write("DONE " + m.number(t, 0) + "\nI am away until 4 December 2026.")
	l.Subject, l.InReplyTo, l.Header = "Automatic reply: Your summary", "", append(l.Header, "Auto-Submitted: auto-replied")
	if answer := m.order(t, l); answer != "" {
		t.Errorf("it is answered by %q", answer)
	}
	if err := m.Team.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	who, _ := m.Team.Named("office")
	if m.sub(t, 0).State == postroom.SubmissionAnswered || !who.Absence.Proposed {
		t.Errorf("the question is %s, and of the office is on file %+v", m.sub(t, 0).State, who.Absence)
	}
}

// Whoever is added at the desk may give commands at once, and whoever left none.
func TestWhoIsAddedAtTheDeskCounts(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 2)
	m.Hire(t, "newcomer", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	l := m.write("TAKE " + m.number(t, 0))
	l.From, l.To, l.InReplyTo = "newcomer@riverside.example", m.Links.CommandAddress(testkit.Support, "newcomer"), ""
	m.Receive(t, testkit.Support, l.Bytes())
	m.Work(t)
	if got := m.sub(t, 0).AssignedTo; got != "newcomer" {
		t.Errorf("it is with %q", got)
	}
	err := m.Team.Change(t.Context(), func(tx *store.Tx) error {
		c, _ := m.Team.Named("newcomer")
		c.LeftAt = m.Clock.Now()
		return tx.ChangeColleague(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Text, l.ID = "TAKE "+m.number(t, 1), "later@riverside.example"
	m.Receive(t, testkit.Support, l.Bytes())
	m.Work(t)
	if got := m.sub(t, 1).AssignedTo; got != "" {
		t.Errorf("who has left takes it: %q", got)
	}
}
