package inbound_test

import (
	"slices"
	"strings"
	"testing"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
)

func read(raw string) inbound.Verdict {
	return inbound.Classify(letter.Read([]byte(raw)), house(), today)
}

const daemon = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.provider.example\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"

func TestAReportToTheAddressOfOneMessageIsABounceOfIt(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"} {
		v := read(field + ": support+MSG-2.sig@org.example\n" + daemon + "Subject: Hiba\n\nNem sikerült.")
		if v.Class != postroom.LetterBounce || v.Answers != "msg-2" || len(v.Bounces) != 1 || v.Bounces[0].Hard {
			t.Errorf("in %s: %s of %q, %+v", field, v.Class, v.Answers, v.Bounces)
		}
	}
}

func TestAPersonWhoWritesToTheAddressOfOneMessageIsRead(t *testing.T) {
	t.Parallel()
	v := read("Return-Path: <person@sender.example>\nFrom: person@sender.example\nTo: support+msg-2.sig@org.example\nSubject: Agenda\n\nIs the hall open?")
	if v.Class != postroom.LetterReply || v.Answers != "msg-2" || !v.Answerable {
		t.Errorf("%s of %q, against %q", v.Class, v.Answers, v.Against)
	}
}

func TestReceiptsAndRobotsNeverAnswerEachOther(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"no-reply@shop.example", "noreply@shop.example", "do-not-reply@shop.example", "bounces+1@shop.example", "MAILER-DAEMON", "postmaster@shop.example", "owner-list@shop.example"} {
		if v := read("From: " + from + "\nTo: support@org.example\nSubject: We have your message\n\nThank you, we have your message."); v.Answerable {
			t.Errorf("%s would be answered", from)
		}
	}
}

func TestAnAbsenceIsKeptAndNeverAnsweredAndUnsubscribesNobody(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		if !strings.Contains(name, "absent-") {
			continue
		}
		v := read(string(raw) + "\nUnsubscribe\n")
		if v.Class != postroom.LetterAutoReply || v.Answerable || v.Back.IsZero() {
			t.Errorf("%s: %s, answerable %t, back %v", name, v.Class, v.Answerable, v.Back)
		}
	}
}

func TestNoReportOfAMailServerIsEverAnswered(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		v := read(string(raw))
		switch v.Class {
		case postroom.LetterBounce, postroom.LetterComplaint, postroom.LetterDeliveredNotice, postroom.LetterReceipt, postroom.LetterChallenge:
			if v.Answerable {
				t.Errorf("%s would be answered", name)
			}
		}
	}
}

func TestTheInboxDoesNotAnswerItselfThroughAnAlias(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"From: bounces@org.example\n", "From: support+news@org.example\n", "From: person@sender.example\nReply-To: abuse@org.example\n"} {
		if v := read(header + "To: support@org.example\nSubject: Hello\n\nHello"); v.Answerable || !slices.Contains(v.Against, "own_mailbox") {
			t.Errorf("%q: answerable %t, against %q", header, v.Answerable, v.Against)
		}
	}
}

func TestAReportThatReturnsOurMessageIsABounceOfItWhoeverItNames(t *testing.T) {
	t.Parallel()
	const returned = "\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@org.example>\nFrom: support@org.example\nMessage-ID: <msg-1.sig@org.example>\nSubject: Agenda\n\nHello\n"
	v := read(daemon + "Subject: failure notice\n\nSorry, it could not be delivered.\n" + returned)
	if v.Class != postroom.LetterBounce || v.Answers != "msg-1" || len(v.Bounces) != 1 {
		t.Errorf("%s of %q, %+v", v.Class, v.Answers, v.Bounces)
	}
}

func TestAReportThatIsNotUnderstoodIsStillABounce(t *testing.T) {
	t.Parallel()
	if v := read(daemon + "Subject: Undeliverable mail\n\nxyzzy"); v.Class != postroom.LetterBounce || len(v.Bounces) != 0 {
		t.Errorf("%s, %+v", v.Class, v.Bounces)
	}
}

func TestOneRecipientThatMakesNoSenseDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	v := read(daemon + "Subject: Delivery report\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" +
		"Final-Recipient: rfc822; ((((@@\nAction: failed\nStatus: 5.x\n\nFinal-Recipient: rfc822; gone@sender.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n--b--\n")
	if len(v.Bounces) != 1 || v.Bounces[0].Recipient != "gone@sender.example" || !v.Bounces[0].Hard {
		t.Errorf("%+v", v.Bounces)
	}
}

func TestOnlyADeadAddressIsHard(t *testing.T) {
	t.Parallel()
	for said, hard := range map[string]bool{
		"550 5.1.1 <x@sender.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)": true,
		"550 User unknown (in reply to RCPT TO command)":                                                       true,
		"551 5.1.6 The user has moved":                                                                         true,
		"550 5.1.10 null MX":                                                                                   true,
		"550 5.1.2 Host unknown":                                                                               true,
		"550 User unknown (in reply to end of DATA command)":                                                   false,
		"550 5.2.1 User unknown":                                                                               false,
		"450 4.1.1 User unknown in virtual alias table (in reply to RCPT TO command)":                          false,
		"552 5.2.2 Mailbox full":                                                                               false,
		"550 5.7.1 Message rejected as spam (in reply to RCPT TO command)":                                     false,
		"550 5.1.1 Refused due to recipient preferences":                                                       false,
		"554 5.7.1 Relay access denied (in reply to RCPT TO command)":                                          false,
		"541 5.4.1 Mail rejected by destination domain (in reply to RCPT TO command)":                          false,
		"550 5.7.26 unauthenticated email is not accepted (in reply to end of DATA command)":                   false,
		"550 5.2.1 The email account that you tried to reach is inactive":                                      false,
		"554 5.7.1 This server does not accept mail from dynamic addresses":                                    false,
		"550 This group only accepts messages from its members (in reply to RCPT TO command)":                  false,
		"550 Temporary lookup failure of the domain":                                                           false,
		"421 4.7.0 Try again later, user unknown is what we say when busy":                                     false,
	} {
		v := read(daemon + "Subject: Undelivered Mail Returned to Sender\n\n<x@sender.example>: host mx.sender.example[192.0.2.1] said: " + said + "\n")
		if len(v.Bounces) != 1 || v.Bounces[0].Hard != hard {
			t.Errorf("%q: %+v, want hard %t", said, v.Bounces, hard)
		}
	}
}

func TestAFailureBehindAnAddressIsNotHardForTheAddress(t *testing.T) {
	t.Parallel()
	v := read(daemon + "Subject: Delivery report\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" +
		"Original-Recipient: rfc822; group@sender.example\nFinal-Recipient: rfc822; gone@sender.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n--b--\n")
	if len(v.Bounces) != 1 || v.Bounces[0].Recipient != "group@sender.example" || v.Bounces[0].Hard {
		t.Errorf("%+v", v.Bounces)
	}
}

func TestPeopleWhoWriteOfLostMailAreRead(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"My letter to volunteering@org.example could not be delivered. What am I to do?",
		"Your message was returned to me. The parcel could not be delivered either.",
		"I was told \"550 5.1.1 user unknown\" when I wrote to help@org.example. Please help me.",
		"I pressed junk by mistake and marked it as spam, please keep writing to me.",
	} {
		for _, subject := range []string{"Returned mail", "Help", "My message was returned", "Undelivered"} {
			v := read("Return-Path: <person@sender.example>\nFrom: person@sender.example\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: " + subject + "\n\n" + body)
			if v.Class != postroom.LetterSubmission || !v.Answerable {
				t.Errorf("%q, %q: %s, against %q", subject, body, v.Class, v.Against)
			}
		}
	}
}

func TestARefusalThatSpeaksOfSpamIsNoComplaint(t *testing.T) {
	t.Parallel()
	v := read(daemon + "Subject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n<x@sender.example>: marked it as spam\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" +
		"Final-Recipient: rfc822; x@sender.example\nAction: failed\nStatus: 5.7.1\n--b\nContent-Type: message/rfc822\n\nFrom: support@org.example\nTo: x@sender.example\nSubject: Agenda\n\nHello\n--b--\n")
	if v.Class != postroom.LetterBounce || v.Complaint != nil {
		t.Errorf("%s, %+v", v.Class, v.Complaint)
	}
}

func FuzzBounces(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v := read(daemon + "Subject: Undelivered Mail Returned to Sender\n" + string(body))
		for _, b := range v.Bounces {
			if b.Recipient != strings.ToLower(b.Recipient) || b.Reason == "" || b.Hard && b.Reason == "delayed" {
				t.Errorf("bounce %+v", b)
			}
		}
		if slices.Contains(v.Against, "unreadable") {
			t.Error("a rule broke")
		}
	})
}

func FuzzComplaint(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, returned []byte) {
		v := read("From: feedback@provider.example\nTo: abuse@org.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=bound\n\n--bound\n\nA report.\n--bound\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--bound\nContent-Type: message/rfc822\n\n" + string(returned) + "\n--bound--\n")
		if v.Class != postroom.LetterComplaint || v.Complaint == nil || slices.Contains(v.Against, "unreadable") {
			t.Errorf("%s, %+v, against %q", v.Class, v.Complaint, v.Against)
		}
	})
}

func TestAbsencesAreKnownInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"Automatic reply: Agenda", "Auto reply: Agenda", "Auto Response", "Autoreply: Agenda", "Out of Office: Agenda", "Out of office", "Automatische Antwort: Agenda", "Abwesenheitsnotiz: Agenda",
		"Réponse automatique : Agenda", "Reponse automatique", "Absence du bureau", "Respuesta automática: Agenda", "Respuesta automatica", "Risposta automatica: Agenda", "Fuori sede", "Automatisch antwoord: Agenda", "Afwezig: Agenda",
		"Autosvar: Agenda", "Automatisk svar: Agenda", "Frånvaro", "Odpowiedź automatyczna: Agenda", "Automatyczna odpowiedź: Agenda", "Автоматична відповідь: Agenda", "پاسخ خودکار: Agenda", "اتومات ځواب: Agenda", "自动回复: Agenda", "自動返信: Agenda"} {
		v := read("Return-Path: <>\nFrom: person@sender.example\nTo: support@org.example\nPrecedence: bulk\nContent-Type: text/plain; charset=utf-8\nSubject: " + subject + "\n\n.")
		if v.Class != postroom.LetterAutoReply || v.Answerable {
			t.Errorf("%q is %s", subject, v.Class)
		}
	}
}

func TestReportsAreKnownInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"Undeliverable: Agenda", "Unzustellbar: Agenda", "Non remis : Agenda", "No se puede entregar: Agenda", "Non recapitabile: Agenda", "Onbestelbaar: Agenda", "Niedostarczalne: Agenda", "Недоставлено: Agenda",
		"Mail delivery failed: returning message to sender", "failure notice", "Returned mail: see transcript for details", "Delivery Status Notification (Failure)", "Undelivered Mail Returned to Sender", "DELIVERY FAILURE: User not listed"} {
		v := read("Return-Path: <>\nFrom: postmaster@sender.example\nTo: support@org.example\nContent-Type: text/plain; charset=utf-8\nSubject: " + subject + "\n\nx\n\n<gone@sender.example>:\n550 5.1.1 User unknown\n")
		if v.Class != postroom.LetterBounce || len(v.Bounces) != 1 || v.Bounces[0].Recipient != "gone@sender.example" || !v.Bounces[0].Hard {
			t.Errorf("%q is %s, %+v", subject, v.Class, v.Bounces)
		}
	}
}

func TestDelaysAndSuccessesAreNoFailures(t *testing.T) {
	t.Parallel()
	fields := func(action, status string) string {
		return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; slow@sender.example\nAction: " + action + "\nStatus: " + status + "\n--b--\n"
	}
	for _, c := range []struct {
		raw   string
		class postroom.LetterClass
	}{
		{"Subject: Delayed Mail (still being retried)\n" + fields("delayed", "4.4.1"), postroom.LetterBounce},
		{"Subject: Delivery delayed: Agenda\n\nDelivery to these recipients is delayed:\n\nslow@sender.example\n\nIt will be retried for 2 days.\n", postroom.LetterBounce},
		{"Subject: Delivery Status Notification (Delay)\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nslow@sender.example\n", postroom.LetterBounce},
		{"Subject: Successful Mail Delivery Report\n" + fields("delivered", "2.0.0"), postroom.LetterDeliveredNotice},
		{"Subject: Relayed: Agenda\n" + fields("relayed", "2.0.0"), postroom.LetterDeliveredNotice},
		{"Subject: Delivery report\n" + fields("expanded (to a list)", "2.0.0"), postroom.LetterDeliveredNotice},
	} {
		v := read(daemon + c.raw)
		if v.Class != c.class || v.Class == postroom.LetterBounce && (len(v.Bounces) != 1 || v.Bounces[0].Reason != "delayed" || v.Bounces[0].Hard) {
			t.Errorf("%q is %s, %+v", c.raw[:50], v.Class, v.Bounces)
		}
	}
}
