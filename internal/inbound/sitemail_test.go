package inbound_test

import (
	"encoding/json"
	"fmt"
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

// withSite is house, with a website of its own.
func withSite() inbound.Ours {
	ours := house()
	ours.WebsiteForms = []string{"wordpress@site.example"}
	return ours
}

// door is what a test compares of a letter that came by another door.
type door struct {
	Class   postroom.LetterClass
	Against []string
	Because []string
	Behind  *inbound.Behind
}

func TestThePersonBehindALetterIsFound(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/doors/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no letters: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			v := inbound.Classify(letter.Read(raw), withSite(), today)
			compare(t, strings.TrimSuffix(file, ".eml")+".want", door{v.Class, v.Against, v.Because, v.Behind})
		})
	}
}

func compare(t *testing.T, file string, seen any) {
	t.Helper()
	var got strings.Builder
	out := json.NewEncoder(&got)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(seen); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("found\n%s\nwant\n%s", got.String(), want)
	}
}

const vouchedForWix = "Authentication-Results: mx.org.example; dmarc=pass header.from=wix-forms.com\n"

// onWix is a believed mail of a form.
func onWix(header, body string) inbound.Verdict {
	raw := header + vouchedForWix + "From: notifications@wix-forms.com\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: Contact got a new submission\n\n" + body
	return inbound.Classify(letter.Read([]byte(raw)), withSite(), today)
}

const question = "Name: Person One\nEmail: person@sender.example\nMessage: When is the next meeting?\n"

func TestTheMarksOfARobotDoNotKeepAPersonFromAnAnswer(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Return-Path: <>\n", "Auto-Submitted: auto-generated\n", "Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "List-Id: <forms.wix.example>\n", "Feedback-ID: 1:bulk:x\n", "X-Auto-Response-Suppress: All\n"} {
		v := onWix(header, question)
		if v.Class != postroom.LetterSubmission || !v.Answerable || v.Behind == nil || v.Behind.Address != "person@sender.example" {
			t.Errorf("with %q it is %s, against %q, behind it %+v", header, v.Class, v.Against, v.Behind)
		}
	}
}

func TestWhatSpeaksAgainstTheLetterItselfStillCounts(t *testing.T) {
	t.Parallel()
	for header, reason := range map[string]string{"X-Spam-Flag: YES\n": "spam", strings.Repeat("Received: from a by b\n", 26): "too_many_hops", "X-Postroom-Loop: msg-1.sig@org.example\n": "own"} {
		if v := onWix(header, question); v.Answerable || !slices.Contains(v.Against, reason) {
			t.Errorf("%s: answerable %t, against %q", reason, v.Answerable, v.Against)
		}
	}
}

func TestNobodyOfOursAndNoRobotIsAnsweredByAForm(t *testing.T) {
	t.Parallel()
	for address, reason := range map[string]string{
		"support@org.example": "own_address", "SUPPORT+x@org.example": "own_address", "coordinator@org.example": "own_address", "support+r.k7m2@org.example": "own_address",
		"wordpress@site.example": "own_address", "noreply@other.example": "robot_address", "mailer-daemon@other.example": "robot_address",
	} {
		v := onWix("", strings.Replace(question, "person@sender.example", address, 1))
		if v.Answerable || !slices.Contains(v.Against, reason) {
			t.Errorf("%s: answerable %t, against %q, want %s", address, v.Answerable, v.Against, reason)
		}
	}
}

func TestAFormThatNobodyVouchesForIsShownAndNotAnswered(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"nothing vouches": "", "somebody else does": "Authentication-Results: mx.evil.example; dmarc=pass header.from=wix-forms.com\n",
		"for another domain": "Authentication-Results: mx.org.example; dmarc=pass header.from=evil.example\n", "it failed": "Authentication-Results: mx.org.example; dmarc=fail header.from=wix-forms.com\n",
	} {
		raw := header + "From: notifications@wix-forms.com\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nPrecedence: bulk\nSubject: x\n\n" + question
		v := inbound.Classify(letter.Read([]byte(raw)), withSite(), today)
		if v.Class != postroom.LetterSubmission || v.Answerable || v.Behind == nil || v.Behind.Believed {
			t.Errorf("%s: %s, answerable %t, behind it %+v", name, v.Class, v.Answerable, v.Behind)
		}
	}
}

func TestWhatElseAWebsiteSendsIsNobodysQuestion(t *testing.T) {
	t.Parallel()
	const header = "Authentication-Results: mx.org.example; dmarc=pass header.from=site.example\nFrom: wordpress@site.example\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: [Riverside] News\n\n"
	for name, c := range map[string]struct{ body, reason string }{
		"a comment":     {"A new comment on the post \"Hall\" is waiting for your approval\n\nAuthor: Person One\nEmail: person@sender.example\nComment:\nNice hall.\n\nApprove it: https://site.example/wp-admin/comment.php?action=approve&c=1\n", "website"},
		"a new account": {"New user registration on your site:\n\nUsername: one\n\nEmail: person@sender.example\n", "no_message"},
		"an update":     {"Your site has been updated.", "website"},
	} {
		v := inbound.Classify(letter.Read([]byte(header+c.body)), withSite(), today)
		if v.Answerable || !slices.Contains(v.Against, c.reason) {
			t.Errorf("%s: answerable %t, against %q, behind it %+v", name, v.Answerable, v.Against, v.Behind)
		}
	}
}

func TestAVisitorMayCallTheirQuestionAnAnswer(t *testing.T) {
	t.Parallel()
	raw := vouchedForWix + "From: notifications@wix-forms.com\nTo: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: Re: Fwd: the hall\n\n" + question
	if v := inbound.Classify(letter.Read([]byte(raw)), withSite(), today); !v.Answerable || v.Behind == nil || !v.Behind.Believed {
		t.Errorf("against %q, behind it %+v", v.Against, v.Behind)
	}
}

func TestOrdinaryLettersAreNobodysForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ header, body string }{
		"a list of details":         {"", "Hello,\n\nName: Person One\nEmail: work@other.example\nMessage: please ring me."},
		"two addresses of one":      {"Reply-To: work@other.example\n", "Please answer at work.\n\nName: Person One\nEmail: work@other.example\nPhone: 01908 234567"},
		"a signature":               {"", "When are you open?\n\nPerson One\nTel: 01908 234567\nEmail: person@sender.example"},
		"the words of a conference": {"", "From: Milton Keynes\nTo: Bletchley\nWhich bus do I take?"},
	} {
		v := classify(c.header, c.body)
		if v.Behind != nil || !v.Answerable {
			t.Errorf("%s: behind it %+v, against %q", name, v.Behind, v.Against)
		}
	}
}

func TestNothingThatAStrangerTypedCommandsAHeader(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"person@sender.example\r\nBcc: all@sender.example", "person@sender.example%0aBcc: x@y.example", "\"a b\"@sender.example", "person@sender.example,x@y.example", "person@sender.example\x00", "<script>@sender.example", "person@[192.0.2.7]"} {
		if v := onWix("", "Name: x\nEmail: "+value+"\nMessage: hello\n"); v.Behind != nil && strings.ContainsAny(v.Behind.Address, "\r\n\x00 ,<>\"%[") {
			t.Errorf("%q gives the address %q", value, v.Behind.Address)
		}
	}
	v := onWix("", "Name: Person\x1b[31m One\x07\nEmail: person@sender.example\nSubject: a\u2028b\nMessage: hello\n")
	if strings.ContainsAny(v.Behind.Name+v.Behind.Subject, "\x1b\x07\u2028") {
		t.Errorf("name %q, subject %q", v.Behind.Name, v.Behind.Subject)
	}
}

func TestASecondAddressInAMessageIsNotThePersons(t *testing.T) {
	t.Parallel()
	v := onWix("", "Name: Person One\nEmail: person@sender.example\nMessage: please write to my son\nEmail: son@sender.example\nPS: he is twelve\n")
	if v.Behind.Address != "person@sender.example" || !strings.Contains(v.Behind.Text, "son@sender.example") || !strings.Contains(v.Behind.Text, "PS: he is twelve") {
		t.Errorf("behind it %+v", v.Behind)
	}
}

func TestNobodyIsAnsweredWhomAMessageOnlyNames(t *testing.T) {
	t.Parallel()
	const son, theirs = "Name: Person One\nMessage: please write to my son\nEmail: son@other.example\nthank you\n", "Email: person@sender.example\n"
	const person, elsewhere, maker = "Reply-To: person@sender.example\n", "Reply-To: Person@elsewhere.example\n", "Reply-To: visitor-17@mail.wix-forms.com\n"
	for name, c := range map[string]struct{ header, body, address string }{
		"the form prints theirs below":             {"", son + theirs, ""},
		"the form prints none":                     {person, son, ""},
		"answers go to theirs, which stands below": {person, son + theirs, "person@sender.example"},
		"answers go to neither":                    {elsewhere, son + theirs, ""},
		"answers go elsewhere":                     {elsewhere, "Name: x\n" + theirs + "Message: hello\n", ""},
		"answers go by way of the maker":           {maker, "Name: x\n" + theirs + "Message: hello\n", "person@sender.example"},
		"answers come back to us":                  {"Reply-To: support@org.example\n", "Name: x\n" + theirs + "Message: hello\n", "person@sender.example"},
		"theirs is printed twice":                  {person, "Name: x\n" + theirs + "Confirm email: person@sender.example\nMessage: hello\n" + theirs, "person@sender.example"},
		"only where answers go is known":           {person, "Name: x\nMessage: hello\n", "person@sender.example"},
	} {
		v := onWix(c.header, c.body)
		if v.Behind == nil || v.Behind.Address != c.address || v.Answerable != (c.address != "") {
			t.Errorf("%s: answerable %t, against %q, behind it %+v", name, v.Answerable, v.Against, v.Behind)
		}
	}
}

func TestLongFormsAndForwardsAreReadQuickly(t *testing.T) {
	t.Parallel()
	var labels, blocks, rows, nested strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&labels, "Question %d: answer\n", i)
		blocks.WriteString("---------- Forwarded message ---------\nFrom: a@b.example\n")
		rows.WriteString("<tr><td>Question</td><td>answer</td></tr>")
		nested.WriteString("<table><tr><td>")
	}
	page := "MIME-Version: 1.0\nContent-Type: text/html\n\n"
	for name, body := range map[string]string{
		"labels": "\n" + labels.String(), "forwards within forwards": "\n" + blocks.String(), "From lines": "\n" + strings.Repeat("From: x\n", 100000), "one line": "\nEmail: " + strings.Repeat("a@", 500000),
		"rows": page + "<table>" + rows.String(), "tables within tables": page + nested.String(),
	} {
		raw := vouchedForWix + "From: notifications@wix-forms.com\nTo: support@org.example\nSubject: Fwd: x\n"
		begun := time.Now()
		for _, subject := range []string{raw, strings.Replace(raw, "Fwd: x", "x", 1)} {
			inbound.Classify(letter.Read([]byte(subject+body)), withSite(), today)
		}
		if took := time.Since(begun); took > time.Minute { // a guard against reading without an end, not a measure
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestAStrangersLetterStaysTheirs(t *testing.T) {
	t.Parallel()
	v := written("", "Fwd: The hall", "My mother wrote this, and I would like to know too.\n\n---------- Forwarded message ---------\nFrom: Mother <mother@other.example>\nSubject: The hall\n\nIs it free?\n")
	if v.Class != postroom.LetterSubmission || !v.Answerable || v.Behind == nil || v.Behind.Address != "mother@other.example" || v.Behind.Believed {
		t.Errorf("%s, against %q, behind it %+v", v.Class, v.Against, v.Behind)
	}
}

func FuzzBehind(f *testing.F) {
	files, _ := filepath.Glob("testdata/doors/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := inbound.Classify(letter.Read(raw), withSite(), today)
		if v.Behind == nil {
			return
		}
		if strings.ContainsAny(v.Behind.Name+v.Behind.Address+v.Behind.Subject+v.Behind.Phone, "\r\n\x00\x1b") {
			t.Errorf("behind it %+v", v.Behind)
		}
		if v.Behind.By == inbound.ByWebsite && v.Answerable && (!v.Behind.Believed || !v.Verified || v.Behind.Address == "") {
			t.Errorf("answerable, and behind it %+v", v.Behind)
		}
	})
}

func BenchmarkBehind(b *testing.B) {
	for _, name := range []string{"03-contact-form-of-our-own-site", "04-a-table-with-a-row-for-each", "20-passed-on-by-gmail"} {
		raw, err := os.ReadFile("testdata/doors/" + name + ".eml")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			l, ours := letter.Read(raw), withSite()
			for b.Loop() {
				inbound.Classify(l, ours, today)
			}
		})
	}
}

func TestWhatSomebodyWroteOnAWebsiteIsNotPutAwayAsARobots(t *testing.T) {
	t.Parallel()
	const unnamed, ours = "From: noreply@forms.example\nReply-To: person@sender.example\n", "From: wordpress@site.example\n"
	form := func(message string) string {
		return "Name: Person One\nEmail: person@sender.example\nMessage: " + message + "\n"
	}
	for name, c := range map[string]struct{ header, body string }{
		"marked as bulk":                            {unnamed + "Precedence: bulk\n", form("Where is the food bank?")},
		"with a way to leave":                       {unnamed + "List-Unsubscribe: <https://forms.example/leave>\n", form("Where is the food bank?")},
		"by somebody who is away":                   {unnamed + "Return-Path: <>\n", form("I am away until Monday. Where is the food bank?")},
		"by somebody on leave":                      {unnamed + "Auto-Submitted: auto-generated\nSubject: On leave\n", form("Where is the food bank?")},
		"with other questions, on a site of ours":   {ours + "Precedence: bulk\n", "Your story: I came to the garden.\nWhere do you live?: Bletchley\n"},
		"by somebody away, on another site of ours": {ours + "Return-Path: <>\n", "Your story: I am away until Monday.\n"},
	} {
		raw := c.header + "To: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: New entry\n\n" + c.body
		if v := inbound.Classify(letter.Read([]byte(raw)), withSite(), today); v.Class != postroom.LetterSubmission || v.Answerable {
			t.Errorf("%s: %s by %q, answerable %t", name, v.Class, v.Because, v.Answerable)
		}
	}
	for name, c := range map[string]struct {
		header, body string
		class        postroom.LetterClass
	}{
		"the news of a robot":                   {unnamed + "Precedence: bulk\n", "Our news: we are open.\nEmail: us@forms.example\n", postroom.LetterList},
		"a robot that has a letter of ours":     {unnamed + "Return-Path: <>\n", strings.Replace(form("We received your message: hello"), "person@sender", "support@org", 1), postroom.LetterAutoReply},
		"a robot that says that it is one":      {unnamed + "Auto-Submitted: auto-replied\n", form("I am away until Monday."), postroom.LetterAutoReply},
		"somebody away whose signature is long": {"From: person@sender.example\nReturn-Path: <>\n", "I am away until Monday.\n\nName: Person One\nEmail: work@sender.example\nMessage: none\n", postroom.LetterAutoReply},
	} {
		raw := c.header + "To: support@org.example\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: Hello\n\n" + c.body
		if v := inbound.Classify(letter.Read([]byte(raw)), withSite(), today); v.Class != c.class {
			t.Errorf("%s: %s by %q, want %s", name, v.Class, v.Because, c.class)
		}
	}
}
