package inbound_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
)

var update = flag.Bool("update", false, "write the .want files of this package again")

// today is when the letters in testdata arrive.
var today = time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC)

// house is a post room that has sent two messages: msg-1, about the submission
// ABC-123, and msg-2, with a return address of its own.
func house() inbound.Ours {
	return inbound.Ours{
		OwnMessage: func(id string) (string, bool) { return "msg-1", id == "msg-1.sig@org.example" },
		ReplyTo:    func(address string) (string, bool) { return "ABC-123", address == "support+r.k7m2@org.example" },
		BouncedTo:  func(address string) (string, bool) { return "msg-2", address == "support+msg-2.sig@org.example" },
		Mailboxes:  []string{"support@org.example", "abuse@org.example", "bounces@org.example"},
		Staff:      []string{"coordinator@org.example"}, AuthservIDs: []string{"mx.org.example"},
	}
}

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no letters in testdata: %v", err)
	}
	letters := map[string][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		letters[strings.TrimSuffix(filepath.Base(file), ".eml")] = raw
	}
	return letters
}

func TestEachLetterIsWhatItIs(t *testing.T) {
	t.Parallel()
	for name, raw := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict, err := json.MarshalIndent(inbound.Classify(letter.Read(raw), house(), today), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got, file := string(verdict)+"\n", filepath.Join("testdata", name+".want")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the verdict is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func classify(header, body string) inbound.Verdict {
	const from = "From: person@sender.example\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: Hello\n"
	return inbound.Classify(letter.Read([]byte(header+from+"\n"+body)), house(), today)
}

func TestOneReasonIsEnoughNotToAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, reason string }{
		"null sender":                          {"Return-Path: <>\n", "null_sender"},
		"auto-submitted with a comment":        {"Auto-Submitted: Auto-Generated (form)\n", "auto_submitted"},
		"precedence in capitals":               {"Precedence: BULK\n", "precedence"},
		"precedence junk":                      {"Precedence: junk\n", "precedence"},
		"any list header":                      {"List-Owner: <mailto:x@y.example>\n", "list"},
		"suppressed among others":              {"X-Auto-Response-Suppress: DR, OOF\n", "suppress"},
		"an old header of automatic replies":   {"X-Loop: yes\n", "automatic_header"},
		"no acknowledgement wanted":            {"X-Ack: no\n", "automatic_header"},
		"a bulk mailer's feedback id":          {"Feedback-ID: 1:bulk:x\n", "automatic_header"},
		"too many servers":                     {strings.Repeat("Received: from a by b\n", 26), "too_many_hops"},
		"spam":                                 {"X-Spam-Flag: YES\n", "spam"},
		"an answer that would come back to us": {"Reply-To: support@org.example\n", "own_mailbox"},
		"a list's envelope":                    {"Return-Path: <owner-list@lists.example>\n", "robot_sender"},
		"our own loop header":                  {"X-Postroom-Loop: msg-1.sig@org.example\n", "own"},
		"our id that Microsoft has replaced":   {"X-Microsoft-Original-Message-ID: <msg-1.sig@org.example>\n", "own"},
	} {
		v := classify(c.header, "Hello, is the hall open?")
		if v.Answerable || !slices.Contains(v.Against, c.reason) {
			t.Errorf("%s: answerable %t, against %q, want %s among them", name, v.Answerable, v.Against, c.reason)
		}
	}
}

func TestAPersonsLetterIsAnswered(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"nothing special":         "",
		"Auto-Submitted: no":      "Auto-Submitted: no\n",
		"suppressing receipts":    "X-Auto-Response-Suppress: DR, RN, NRN\n",
		"a rule of Exchange":      "X-MS-Exchange-Inbox-Rules-Loop: person@sender.example\n",
		"25 servers":              strings.Repeat("Received: from a by b\n", 25),
		"X-Spam-Flag: NO":         "X-Spam-Flag: NO\n",
		"somebody else's opinion": "Authentication-Results: mx.evil.example; dmarc=fail (p=reject)\n",
	} {
		if v := classify(header, "Hello, is the hall open?"); !v.Answerable || v.Class != postroom.LetterSubmission {
			t.Errorf("%s: %s, against %q", name, v.Class, v.Against)
		}
	}
}

func TestSuppressingAnswersAloneIsNoAutomaticReply(t *testing.T) {
	t.Parallel()
	if v := classify("X-Auto-Response-Suppress: All\n", "Hello, is the hall open?"); v.Class != postroom.LetterSubmission || v.Answerable {
		t.Errorf("%s, answerable %t; many programs of people send this header", v.Class, v.Answerable)
	}
}

func TestOnlyOurProvidersTopmostResultCounts(t *testing.T) {
	t.Parallel()
	ours, other := "Authentication-Results: mx.org.example; ", "Authentication-Results: mx.evil.example; "
	for name, c := range map[string]struct {
		header   string
		verified bool
	}{
		"dmarc passed":                      {ours + "dmarc=pass header.from=sender.example\n", true},
		"dkim of the same owner":            {ours + "dkim=pass header.d=mail.sender.example\n", true},
		"dkim of somebody else":             {ours + "dkim=pass header.d=evil.example\n", false},
		"spf of somebody else":              {ours + "spf=pass smtp.mailfrom=a@evil.example\n", false},
		"spf of the domain":                 {ours + "spf=pass smtp.mailfrom=a@sender.example\n", true},
		"a pass within a comment":           {ours + "dmarc=fail (dmarc=pass header.from=sender.example) header.from=sender.example\n", false},
		"not our provider":                  {other + "dmarc=pass header.from=sender.example\n", false},
		"a forged one below":                {ours + "dmarc=none\n" + ours + "dmarc=pass header.from=sender.example\n", false},
		"an unknown method beside":          {ours + "dkim-atps=neutral; x=; dmarc=pass header.from=sender.example\n", true},
		"two senders":                       {ours + "dmarc=pass header.from=sender.example\nFrom: other@sender.example\n", false},
		"a version after the name":          {"Authentication-Results: mx.org.example 1; dmarc=pass header.from=sender.example\n", true},
		"spf of an address with a blank":    {ours + "spf=pass smtp.mailfrom=\"sender.example x\"@evil.example\n", false},
		"a result within an address":        {ours + "spf=pass smtp.mailfrom=\"x; dkim=pass header.d=sender.example \"@evil.example\n", false},
		"a result after half a comment":     {ours + "spf=pass (domain of \") ; dkim=pass header.d=sender.example (\"@evil.example says so) smtp.mailfrom=evil.example\n", false},
		"a comment within a comment":        {ours + "spf=pass (domain (a) ; dkim=pass header.d=sender.example (b) says so) smtp.mailfrom=evil.example\n", false},
		"a comment that does not end":       {ours + "spf=none (; dkim=pass header.d=sender.example\n", false},
		"a domain in quotes":                {ours + "dkim=pass reason=\"good signature\" header.d=\"sender.example\"\n", true},
		"dmarc of another domain than From": {ours + "dmarc=pass header.from=evil.example\n", false},
	} {
		if v := classify(c.header, "x"); v.Verified != c.verified {
			t.Errorf("%s: verified %t", name, v.Verified)
		}
	}
}

func TestABounceIsNotTakenForAnAutomaticReply(t *testing.T) {
	t.Parallel()
	raw := samples(t)["04-postfix-bounce"]
	for _, header := range []string{"Auto-Submitted: auto-replied\n", "Precedence: bulk\nList-Id: <a.example>\n", "X-Autoreply: yes\n"} {
		if v := inbound.Classify(letter.Read(append([]byte(header), raw...)), house(), today); v.Class != postroom.LetterBounce {
			t.Errorf("with %q it is %s", header, v.Class)
		}
	}
}

func TestWhereNothingIsKnownOfUsAnyAnswerIsAReply(t *testing.T) {
	t.Parallel()
	l := letter.Read(samples(t)["02-answer-to-ours"])
	if v := inbound.Classify(l, inbound.Ours{}, today); v.Class != postroom.LetterReply || v.Verified || v.Staff {
		t.Errorf("%s, verified %t, staff %t", v.Class, v.Verified, v.Staff)
	}
}

func TestPeopleLeaveListsInTheirOwnWords(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"unsubscribe", "Please unsubscribe me from this list.", "STOP", "Hi, please remove me from your mailing list. Thank you",
		"Відпишіть мене від розсилки, будь ласка", "لطفا لغو اشتراک", "مهرباني وکړئ زما ګډون لغوه کړئ"} {
		if v := classify("", body); v.Class != postroom.LetterUnsubscribe {
			t.Errorf("%q is %s", body, v.Class)
		}
	}
	for _, body := range []string{"Please stop by on Saturday.", "How do I unsubscribe my neighbour, who has died?", "Can you remove the bench from the garden?"} {
		if v := classify("", body); v.Class != postroom.LetterSubmission {
			t.Errorf("%q is %s", body, v.Class)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := inbound.Classify(letter.Read(raw), house(), today)
		if v.Class == "" || v.Answerable != (len(v.Against) == 0) {
			t.Errorf("class %q, answerable %t, against %q", v.Class, v.Answerable, v.Against)
		}
		if slices.Contains(v.Against, "unreadable") {
			t.Error("a rule broke") // Classify survives that, and should not have to
		}
		for _, b := range v.Bounces {
			if b.Recipient == "" && v.Answers == "" || b.Recipient != strings.ToLower(b.Recipient) || b.Reason == "" {
				t.Errorf("bounce %+v", b)
			}
		}
	})
}

// ordinary are letters as most of those in a mailbox are: longer than the
// samples, and with nothing odd about them.
func ordinary() map[string][]byte {
	text := strings.Repeat("We would like to hire the hall for the supper of our allotment committee: is it free in autumn?\r\n"+
		"Чи можна прийти з дітьми?\r\n\r\n", 50)
	header := "From: Ann <ann@sender.example>\r\nTo: support@org.example\r\nSubject: Hall for our supper\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
	quote := "In-Reply-To: <x@sender.example>\r\nSubject: Re: the hall\r\n"
	return map[string][]byte{
		"plain":  []byte(header + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text),
		"answer": []byte(quote + header + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "On Mon, 23 Nov 2026, Support <support@org.example> wrote:\r\n> " + strings.ReplaceAll(text, "\n", "\n> ")),
		"page":   []byte(header + "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>" + strings.ReplaceAll(text, "\r\n\r\n", "</p>\r\n<div>") + "</body></html>"),
	}
}

func BenchmarkClassify(b *testing.B) {
	letters := samples(b)
	maps.Copy(letters, ordinary())
	for _, name := range slices.Sorted(maps.Keys(letters)) {
		b.Run(name, func(b *testing.B) {
			l, ours := letter.Read(letters[name]), house()
			for b.Loop() {
				inbound.Classify(l, ours, today)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	letters := ordinary()
	for _, name := range slices.Sorted(maps.Keys(letters)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				letter.Read(letters[name])
			}
		})
	}
}
