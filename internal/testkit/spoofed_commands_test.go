package testkit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// TestADisguiseCommandsNothing has somebody write commands as the office, in
// every way that is not the office's. Only what receiving a letter changes may
// change, and the office hears of it at its own address, once a day.
func TestADisguiseCommandsNothing(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		m := newMorning(t, 2, engine)
		a := m.number(t, 0)
		for _, name := range []string{"cag", "volunteering"} { // they have mails of ours, too
			if err := m.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.AssignSubmission(m.sub(t, 1).ID, name) }); err != nil {
				t.Fatal(err)
			}
		}
		m.Clock.Set(time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC))
		m.Work(t)
		others := m.lastSummary(t, "volunteering@riverside.example")
		signed := m.replyTo
		wrong := strings.Replace(signed, ".", ".x", 2)
		bare := func(l *testkit.Mail) { l.To, l.InReplyTo, l.Header = testkit.Support, "", nil }
		commands := "DONE " + a + "\nTAKE " + a + "\nNOTE " + a + " you have been had\nSNOOZE " + a + " friday\nPASS " + a + " cag\nUNDO\nLIST"
		filed := []string{"submissions", "answers", "contacts", "contact_addresses", "runs", "steps", "form_versions", "submission_keys", // what a stranger's letter becomes
			"finds", "finds_index", "finds_index_data", "finds_index_idx", "finds_index_config", "finds_index_docsize"}
		hears := 0 // letters to the office that say that somebody was not believed
		for _, c := range []struct {
			name    string
			warned  bool // this letter may have a warning
			disobey func(l *testkit.Mail)
		}{
			{"no signature at all", true, bare},
			{"an address with a wrong signature", true, func(l *testkit.Mail) { bare(l); l.To = wrong }},
			{"a colleague's signed address", true, func(l *testkit.Mail) { bare(l); l.To = m.Links.CommandAddress(testkit.Support, "cag") }},
			{"a mail that went to a colleague", true, func(l *testkit.Mail) { bare(l); l.InReplyTo = idOf(others) }},
			{"a mail that went to a person", true, func(l *testkit.Mail) { bare(l); l.InReplyTo = idOf(m.Letter(t, "asker0@a0.example.org")) }},
			{"a Message-ID like ours", true, func(l *testkit.Mail) { bare(l); l.InReplyTo = strings.Replace(idOf(m.summary), ".", ".x", 1) }},
			{"a result that our provider did not write", true, func(l *testkit.Mail) {
				bare(l)
				l.Header = []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=riverside.example"}
			}},
			{"the signed address, disowned by the domain", true, func(l *testkit.Mail) {
				l.Header = []string{"Authentication-Results: mx.communityaction.example; dmarc=fail (p=reject) header.from=riverside.example"}
			}},
			{"the signed address, called spam", true, func(l *testkit.Mail) { l.Header = []string{"X-Spam-Flag: YES"} }},
			{"two senders", true, func(l *testkit.Mail) { l.From = officeDesk + ", " + attacker }},
			{"two From lines", true, func(l *testkit.Mail) { l.Header = []string{"From: " + officeDesk}; l.From = attacker }},
			{"a name that is an address", false, func(l *testkit.Mail) { l.From = `"` + officeDesk + `" <` + attacker + ">" }},
			{"a name and an address in one", false, func(l *testkit.Mail) { l.From = officeDesk + " <" + attacker + ">" }},
			{"another sender who says they are the office", false, func(l *testkit.Mail) {
				l.From = attacker
				l.Header = []string{"Sender: " + officeDesk, "Reply-To: " + officeDesk, "Authentication-Results: mx.communityaction.example; dmarc=pass header.from=evil.example"}
			}},
			{"only in what is quoted", false, func(l *testkit.Mail) {
				l.Text = "Thanks.\n\n> " + strings.ReplaceAll(commands, "\n", "\n> ")
			}},
			{"only in what is passed on", false, func(l *testkit.Mail) {
				l.Subject, l.InReplyTo = "Fwd: garden", ""
				l.Text = "---------- Forwarded message ---------\nFrom: A <a@example.org>\nDate: Mon, 23 Nov 2026\nSubject: x\nTo: b\n\n" + commands
			}},
			{"an automatic reply", false, func(l *testkit.Mail) { bare(l); l.Header = []string{"Auto-Submitted: auto-replied"} }}, // where one is signed it proposes an absence
			{"a letter to many", false, func(l *testkit.Mail) { l.Header = []string{"List-Id: <all.riverside.example>", "Precedence: list"} }},
		} {
			m.Clock.Advance(time.Minute)
			l := m.write("")
			l.Text = commands
			c.disobey(&l)
			before, rows := len(m.Letters(t, officeDesk)), kept(m.Rows(t), filed...)
			m.Receive(t, testkit.Support, l.Bytes())
			m.Work(t)
			if after := kept(m.Rows(t), filed...); after != rows {
				t.Errorf("%s: something changed: %s", c.name, testkit.FirstDifference(rows, after))
			}
			for _, heard := range m.Letters(t, officeDesk)[before:] {
				switch {
				case heard.Subject == "Was that you?":
					hears++
					if !c.warned || strings.Contains(heard.Text, "had") || strings.Contains(heard.Text, a+" ") {
						t.Errorf("%s: they hear\n%s", c.name, heard.Text)
					}
				case heard.Subject == "How to act by mail":
				case strings.HasPrefix(heard.Subject, "Something new came in"): // a stranger has written
				default:
					t.Errorf("%s: they hear %q", c.name, heard.Subject)
				}
			}
			if s := m.sub(t, 0); s.State == postroom.SubmissionAnswered || s.AssignedTo != "" || !s.SnoozedUntil.IsZero() {
				t.Fatalf("%s: the question is now %+v", c.name, s)
			}
		}
		if hears != 1 {
			t.Errorf("the office heard %d times that somebody was not believed, want once a day", hears)
		}
		deeds, err := m.Store.Read(t.Context()).DeedsBy("office", 10)
		if err != nil || len(deeds) != 0 {
			t.Errorf("by the office is on file %+v, %v", deeds, err)
		}
	})
}

// What a colleague may not do at the desk they may not do by letter.
func TestACommandForWhatIsNotTheirsIsRefused(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	m.Hire(t, "greeter", postroom.Grant{Role: postroom.Greeter})
	m.Hire(t, "helper", postroom.Grant{Role: postroom.IsCoordinator, Programme: "volunteering"})
	admin := m.Hire(t, "admin", postroom.Grant{Role: postroom.Admin})
	_ = admin
	m.Receive(t, testkit.Support, testkit.Mail{From: "dragan@d.example.org", To: testkit.Support, Subject: "Help", ID: "held@example.org", At: m.Clock.Now(),
		Text: "Hello, I have a question. I want to die.", Header: []string{"Return-Path: <dragan@d.example.org>"}}.Bytes())
	m.Work(t)
	held, err := m.Store.Read(t.Context()).Submissions(1)
	if err != nil || held[0].State != postroom.SubmissionHeld {
		t.Fatalf("%+v, %v", held, err)
	}
	rows := kept(m.Rows(t))
	all := "TAKE %\nDONE %\nSNOOZE % friday\nNOTE % a word\nPASS % helper\nUNDO %"
	for _, c := range []struct{ who, reference, why string }{
		{"greeter", m.refs[0], "you do not look after it"},
		{"helper", m.refs[0], "you do not look after it"},
		{"helper", held[0].Reference, "it is held. Only those who are called"},
		{"admin", held[0].Reference, "it is held. Only those who are called"},
		{"volunteering", held[0].Reference, "it is held. Only those who are called"},
	} {
		l := m.write("")
		l.From, l.To, l.InReplyTo, l.Text = c.who+"@riverside.example", m.Links.CommandAddress(testkit.Support, c.who), "", strings.ReplaceAll(all, "%", c.reference)
		m.Receive(t, testkit.Support, l.Bytes())
		m.Work(t)
		answer := flat(m.Letter(t, c.who+"@riverside.example").Text)
		if strings.Count(answer, c.why) != 5 || !strings.Contains(answer, "there is nothing that you did") || strings.Contains(answer, "What was done") || strings.Contains(answer, "dragan") {
			t.Errorf("%s hears of %s\n%s", c.who, c.reference, answer)
		}
	}
	if after := kept(m.Rows(t)); after != rows {
		t.Errorf("something changed: %s", testkit.FirstDifference(rows, after))
	}
	// The lead may note, and is told to look first before it is dealt with.
	answer := m.order(t, m.write("NOTE "+held[0].Reference+" called\nDONE "+held[0].Reference))
	tells(t, answer, "your note is there", "it is held, because somebody has to look at it first")
}

// A letter that the provider vouches for counts if it begins with a command, and
// not if a command stands somewhere in it.
func TestALetterThatIsVouchedForCountsIfItBeginsWithACommand(t *testing.T) {
	t.Parallel()
	m := newMorning(t, 1)
	vouch := "Authentication-Results: mx.communityaction.example; dmarc=pass header.from=riverside.example"
	l := m.write("")
	l.To, l.InReplyTo, l.Subject = testkit.Support, "", "From the meeting"
	l.Header = []string{"Return-Path: <" + officeDesk + ">", vouch}
	l.Text = "We spoke about the list that we have of what there is to do.\nDone " + m.number(t, 0) + "\nand the rest is for later, so please file this."
	if answer := m.order(t, l); answer != "" || m.sub(t, 0).State == postroom.SubmissionAnswered {
		t.Errorf("minutes of a meeting were obeyed: %q", answer)
	}
	l.ID, l.Text = "second@riverside.example", "DONE "+m.number(t, 0)
	l.To = testkit.Support + ", person@example.org"
	if answer := m.order(t, l); answer != "" || m.sub(t, 0).State == postroom.SubmissionAnswered {
		t.Errorf("a letter to somebody outside was obeyed: %q", answer)
	}
	l.ID, l.To = "third@riverside.example", testkit.Support
	tells(t, m.order(t, l), "it is dealt with")
}

// ends are the ways in which somebody who waits is answered.
func TestHoweverSomebodyIsAnsweredTheyLeaveEverySummary(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(t *testing.T, m *morning){
		"DONE by mail": func(t *testing.T, m *morning) { m.order(t, m.write("DONE "+m.number(t, 0))) },
		"done at the desk": func(t *testing.T, m *morning) {
			who, _ := m.Team.Named("office")
			if _, err := m.Casework.Done(t.Context(), who, casework.Ref{Matter: postroom.AboutSubmission, ID: m.sub(t, 0).ID}); err != nil {
				t.Fatal(err)
			}
		},
		"a reply from the desk": func(t *testing.T, m *morning) {
			who, _ := m.Team.Named("office")
			if _, err := m.Casework.Reply(t.Context(), who, casework.Ref{Matter: postroom.AboutSubmission, ID: m.sub(t, 0).ID}, "At ten.", ""); err != nil {
				t.Fatal(err)
			}
			m.Clock.Advance(casework.UndoFor)
		},
		"the Sent folder of the mailbox": func(t *testing.T, m *morning) {
			m.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: "asker0@a0.example.org", Subject: "Re: Opening hours", InReplyTo: "ask0@example.org", ID: "s@x", Text: "At ten.", At: m.Clock.Now()}.Bytes())
		},
		"the link of the summary, with its copy": func(t *testing.T, m *morning) {
			l := m.write("")
			l.To, l.InReplyTo, l.Text, l.Subject = "asker0@a0.example.org", "", "At ten.", "Re: Ask us a question ("+m.refs[0]+")"
			l.Header = []string{"Return-Path: <" + officeDesk + ">", vouchedOffice, "Cc: " + m.Links.ReplyAddress(testkit.Support, m.refs[0])}
			m.Receive(t, testkit.Support, l.Bytes())
		},
		"an answer to the notice, sent on to the person with a copy to us": func(t *testing.T, m *morning) {
			l := m.write("")
			i := slices.IndexFunc(m.Letters(t, officeDesk), func(l testkit.Letter) bool { return strings.HasPrefix(l.Subject, "Something new") })
			l.To, l.InReplyTo, l.Text, l.Subject = "asker0@a0.example.org", idOf(m.Letters(t, officeDesk)[i]), "At ten.", "Re: your question"
			l.Header = []string{"Return-Path: <" + officeDesk + ">", vouchedOffice, "Cc: " + testkit.Support}
			m.Receive(t, testkit.Support, l.Bytes())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMorning(t, 2)
			answer(t, m)
			m.Work(t)
			if s := m.sub(t, 0).State; s != postroom.SubmissionAnswered {
				t.Errorf("the question is %s", s)
			}
			before := len(m.Subjects(t, officeDesk))
			for _, day := range []int{25, 26, 27, 30} {
				m.Clock.Set(time.Date(2026, 11, day, 8, 0, 0, 0, time.UTC))
				m.Work(t)
			}
			for _, l := range m.Letters(t, officeDesk)[before:] {
				if strings.Contains(l.Text, m.refs[0]) || strings.Contains(l.Subject, m.refs[0]) {
					t.Errorf("it is in %q:\n%s", l.Subject, l.Text)
				}
			}
			if !strings.Contains(m.lastSummary(t, officeDesk).Text, m.refs[1]) {
				t.Error("who still waits is not in the summary")
			}
		})
	}
}

const vouchedOffice = "Authentication-Results: mx.communityaction.example; dmarc=pass header.from=riverside.example"
