package inbound_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
)

// cameAt is a Wednesday.
var cameAt = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

// written writes commands down in one line each.
func writtenDown(c inbound.Commands) string {
	var lines []string
	for _, cmd := range c.List {
		line := strings.ToUpper(string(cmd.Verb)) + " " + strings.Join(cmd.Aims, "+")
		if !cmd.Until.IsZero() {
			line += " until " + cmd.Until.Format(time.DateOnly)
		}
		if cmd.To != "" {
			line += " to " + cmd.To
		}
		if cmd.Words != "" {
			line += " saying " + cmd.Words
		}
		if cmd.Fault != "" {
			line += " but " + cmd.Fault
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "; ")
}

func plainMail(subject, text string) letter.Letter {
	return letter.Read([]byte("From: a@example.org\r\nTo: b@example.org\r\nSubject: " + subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")))
}

func TestCommandsAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// What is dealt with, and whose it is.
		"DONE 14":                          "DONE 14",
		"done 14":                          "DONE 14",
		"Done: 14, 15 and 16":              "DONE 14+15+16",
		"DONE #14.":                        "DONE 14",
		"done no. 14":                      "DONE 14",
		"DONE 14 15 16":                    "DONE 14+15+16",
		"DONE 14, 14":                      "DONE 14",
		"Done 14 & K7M-4QX":                "DONE 14+K7M-4QX",
		"DONE 965-VTF":                     "DONE 965-VTF",
		"done 965vtf, 234-567 and 2345678": "DONE 965-VTF+234-567+2345678",
		"965-vtf done":                     "DONE 965-VTF",
		"NOTE 965-VTF rang her":            "NOTE 965-VTF saying rang her",
		"DONE k7m-4qx":                     "DONE K7M-4QX",
		"done k7m4qx thanks":               "DONE K7M-4QX",
		"DONE K7M‑4QX":                     "DONE K7M-4QX",
		"**DONE 14**":                      "DONE 14",
		"- done 14\n- take 15":             "DONE 14; TAKE 15",
		"* DONE 14":                        "DONE 14",
		"“DONE 14”":                        "DONE 14",
		"14 done":                          "DONE 14",
		"#14: done!":                       "DONE 14",
		"DONE 14, please":                  "DONE 14",
		"DONE 14 - rang her":               "DONE 14",
		"DONE 14 (rang her)":               "DONE 14",
		"DONE 014":                         "DONE 14",
		"DONE ۱۴":                          "DONE 14",
		"DONE ١٤، ١٥":                      "DONE 14+15",
		"\u2068DONE 14\u2069":              "DONE 14",
		"DONE\u00a014":                     "DONE 14",
		"TAKE 14":                          "TAKE 14",
		"APPROVE":                          "APPROVE",
		"Approve, thank you":               "APPROVE",
		"approve 14 of them":               "",
		"Approve, but mend the date":       "",
		"Approved by the board":            "",
		"take 14 and k7m-4qx":              "TAKE 14+K7M-4QX",
		"Hi,\n\nDONE 14\n\nThanks\nSam":    "DONE 14",
		"DONE 14\nTAKE 15\nSNOOZE 16 fri":  "DONE 14; TAKE 15; SNOOZE 16 until 2026-11-27",
		"DONE 14\nDONE 14":                 "DONE 14",
		"DONE":                             "DONE",
		"Done!":                            "DONE",
		"Done 14 interviews today":         "DONE 14 but more",
		"DONE 14 lions":                    "DONE 14 but more",
		"DONE 14?":                         "DONE 14 but more",
		"DONE 14 - or is it?":              "DONE 14 but more",
		"Done with the report":             "",
		"Undone 14":                        "",
		"doner 14":                         "",
		"Take care":                        "",
		"take-away for 14":                 "",
		"I have DONE 14":                   "",
		"DONE 14.5":                        "",
		"DONE 14/15":                       "",
		"DONE 14th":                        "",
		"DONE 0":                           "",
		"DONE 12345678901":                 "",
		"Done ABC-DEF":                     "", // no reference has an A or an E
		"Everything is fine.\nTalk later.": "",

		// Until when.
		"SNOOZE 14 friday":                 "SNOOZE 14 until 2026-11-27",
		"snooze 14 until friday":           "SNOOZE 14 until 2026-11-27",
		"Snooze 14, until Friday, please.": "SNOOZE 14 until 2026-11-27",
		"snooze 14 wednesday":              "SNOOZE 14 until 2026-12-02",
		"snooze 14 thurs":                  "SNOOZE 14 until 2026-11-26",
		"snooze 14 next monday":            "SNOOZE 14 until 2026-11-30",
		"snooze 14 next friday":            "SNOOZE 14 until 2026-12-04",
		"snooze 14 next week":              "SNOOZE 14 until 2026-11-30",
		"snooze 14 3 days":                 "SNOOZE 14 until 2026-11-28",
		"snooze 14 for 3 days":             "SNOOZE 14 until 2026-11-28",
		"snooze 14, 3 days":                "SNOOZE 14 until 2026-11-28",
		"snooze 14 15 friday":              "SNOOZE 14+15 until 2026-11-27",
		"snooze 14, 15 and 16: monday":     "SNOOZE 14+15+16 until 2026-11-30",
		"snooze 14 a week":                 "SNOOZE 14 until 2026-12-02",
		"snooze 14 2 weeks":                "SNOOZE 14 until 2026-12-09",
		"snooze 14 one month":              "SNOOZE 14 until 2026-12-25",
		"snooze 14 tomorrow":               "SNOOZE 14 until 2026-11-26",
		"snooze 14 today":                  "SNOOZE 14 until 2026-11-25",
		"snooze 14 4 dec":                  "SNOOZE 14 until 2026-12-04",
		"snooze 14 until 4th of December":  "SNOOZE 14 until 2026-12-04",
		"snooze 14 Dec 4":                  "SNOOZE 14 until 2026-12-04",
		"snooze 14 4/12":                   "SNOOZE 14 until 2026-12-04",
		"snooze 14 4.12.":                  "SNOOZE 14 until 2026-12-04",
		"snooze 14 4.12.2026":              "SNOOZE 14 until 2026-12-04",
		"snooze 14 2026-12-04":             "SNOOZE 14 until 2026-12-04",
		"snooze 14 2 jan":                  "SNOOZE 14 until 2027-01-02",
		"snooze 14 31 feb":                 "SNOOZE 14 but day",
		"snooze 14 4 dec 2030":             "SNOOZE 14 until 2030-12-04 but far",
		"snooze 14":                        "SNOOZE 14 but day",
		"snooze 14 later":                  "SNOOZE 14 but day",
		"snooze 14 п'ятниця":               "SNOOZE 14 until 2026-11-27",
		"snooze 14 جمعه":                   "SNOOZE 14 until 2026-11-27",
		"snooze 14 پنج\u200cشنبه":          "SNOOZE 14 until 2026-11-26",
		"snooze 14 ۴ دسامبر":               "SNOOZE 14 until 2026-12-04",
		"snooze until friday":              "SNOOZE until 2026-11-27",
		"snooze":                           "SNOOZE but which",

		// To whom.
		"PASS 14 office@example.org":                                 "PASS 14 to office@example.org",
		"pass 14 to Office@Example.org.":                             "PASS 14 to office@example.org",
		"pass 14 to office@example.org <mailto:office@example.org>":  "PASS 14 to office@example.org",
		"pass 14 to [office@example.org](mailto:office@example.org)": "PASS 14 to office@example.org",
		"pass 14 to office":                                          "PASS 14 to office",
		"pass 14, 15 to office, please":                              "PASS 14+15 to office",
		"PASS 14 -> Sam Smith":                                       "PASS 14 to Sam Smith",
		"pass 14":                                                    "PASS 14 but whom",
		"pass to office@example.org":                                 "PASS to office@example.org",
		"pass me the salt":                                           "",

		// Notes.
		"note 14 rang her, no answer":                        "NOTE 14 saying rang her, no answer",
		"NOTE 14: she prefers\nmornings, and\ntea\n\nThanks": "NOTE 14 saying she prefers mornings, and tea",
		"NOTE 14 rang\nDONE 15":                              "NOTE 14 saying rang; DONE 15",
		"NOTE 14\nrang her":                                  "NOTE 14 saying rang her",
		"NOTE 14 2 people rang at 3":                         "NOTE 14 saying 2 people rang at 3",
		"NOTE 14 сказала ۳ так":                              "NOTE 14 saying сказала ۳ так",
		"NOTE 14":                                            "NOTE 14 but text_empty",
		"Note: I am away on Friday":                          "",

		// The rest.
		"UNDO":                     "UNDO",
		"undo.":                    "UNDO",
		"UNDO 14":                  "UNDO 14",
		"LIST":                     "LIST",
		"help!":                    "HELP",
		"help me":                  "",
		"list 14":                  "",
		"List the people who came": "",
	} {
		if got := writtenDown(inbound.ReadCommands(plainMail("Re: Your summary", text), cameAt)); got != want {
			t.Errorf("%q reads %q, want %q", text, got, want)
		}
	}
}

func TestACommandMayBeTheSubject(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"DONE 14": "DONE 14", "done k7m-4qx": "DONE K7M-4QX", "SNOOZE 14 friday": "SNOOZE 14 until 2026-11-27",
		"Re: DONE 14": "", "Fwd: DONE 14": "", "Your summary": "",
	} {
		if got := writtenDown(inbound.ReadCommands(plainMail(subject, "\n-- \nSam\n"), cameAt)); got != want {
			t.Errorf("subject %q reads %q, want %q", subject, got, want)
		}
	}
	if got := writtenDown(inbound.ReadCommands(plainMail("DONE 14", "DONE 14\nTAKE 15"), cameAt)); got != "DONE 14; TAKE 15" {
		t.Errorf("said twice it reads %q", got)
	}
}

func TestWhatIsQuotedOrPassedOnIsNoCommand(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"quoted with marks":         "> DONE 14\n> DONE 15",
		"marks and nothing else":    ">DONE 14",
		"below an introduction":     "Thanks!\n\nOn Monday, 23 November 2026 at 09:00, A <a@example.org> wrote:\n> DONE 14\nDONE 15",
		"an introduction, no marks": "On Monday, 23 November 2026 at 09:00, A <a@example.org> wrote:\n\nDONE 14",
		"an older letter":           "See below.\n\n-----Original Message-----\nFrom: A\nDONE 14",
		"an older letter first":     "-----Original Message-----\nFrom: A\nSent: Monday\nTo: B\nSubject: C\n\nDONE 14",
		"header lines":              "From: A <a@example.org>\nSent: Monday, 23 November 2026 09:00\nTo: B <b@example.org>\nSubject: Garden\n\nDONE 14",
		"passed on":                 "---------- Forwarded message ---------\nFrom: A <a@example.org>\nDate: Mon, 23 Nov 2026\nSubject: x\nTo: b\n\nDONE 14",
		"passed on with words":      "Please look.\n\nBegin forwarded message:\n\nDONE 14",
		"in a signature":            "Thanks\n-- \nSam\nDONE 14",
		"in a sentence":             "She told me that DONE 14 is a command.",
		"indented by a bar":         "| DONE 14",
	} {
		for _, subject := range []string{"Re: Your summary", "Fwd: Your summary", "The garden"} {
			if got := inbound.ReadCommands(plainMail(subject, text), cameAt); len(got.List) != 0 {
				t.Errorf("%s, %q: reads %q", name, subject, writtenDown(got))
			}
		}
	}
}

func TestCommandsStandAboveTheQuote(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"marks":            "DONE 14\n\nOn Monday, 23 November 2026 at 09:00, A <a@example.org> wrote:\n> DONE 15\n",
		"without marks":    "DONE 14\n\nFrom: A <a@example.org>\nSent: Monday, 23 November 2026 09:00\nTo: B <b@example.org>\nSubject: Garden\n\nDONE 15",
		"a telephone":      "DONE 14\n\nSent from my phone\n\n> On 23 Nov 2026, at 09:00, A wrote:\n> \n> DONE 15",
		"a drawn line":     "DONE 14\n________________________________\nFrom: A <a@example.org>\nSent: 23 November 2026 09:00\nTo: B\nSubject: x\n\nDONE 15",
		"signed":           "DONE 14\n\nKind regards,\nSam Smith\nRiverside Centre\n01908 123456\nsam@example.org",
		"signed with mark": "DONE 14\n--\nSam\nsam@example.org",
	} {
		if got := writtenDown(inbound.ReadCommands(plainMail("Re: Your summary", text), cameAt)); got != "DONE 14" {
			t.Errorf("%s: reads %q", name, got)
		}
	}
}

func TestCommandsAreReadOnAPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, want string }{
		"a quote as programs write it": {`<div>DONE 14</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 23 Nov 2026 at 09:00, A &lt;a@example.org&gt; wrote:</div><blockquote class="gmail_quote"><p>DONE 15</p></blockquote></div>`, "DONE 14"},
		"nothing but a quote":          {`<blockquote type="cite"><p>DONE 15</p></blockquote>`, ""},
		"Outlook":                      {`<p>DONE 14</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> A<br><b>Sent:</b> Monday<br><b>To:</b> B<br><b>Subject:</b> x</p></div><p>DONE 15</p>`, "DONE 14"},
	} {
		raw := "From: a@example.org\r\nTo: b@example.org\r\nSubject: Re: Your summary\r\nIn-Reply-To: <x@y>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + c.page
		if got := writtenDown(inbound.ReadCommands(letter.Read([]byte(raw)), cameAt)); got != c.want {
			t.Errorf("%s: reads %q, want %q", name, got, c.want)
		}
	}
}

func TestCommandsInAnAttachmentAreNone(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]string{
		"a text":    "Content-Type: text/plain; name=x.txt\r\nContent-Disposition: attachment; filename=x.txt\r\n\r\nDONE 14\r\n",
		"a message": "Content-Type: message/rfc822\r\n\r\nFrom: c@example.org\r\nSubject: DONE 14\r\n\r\nDONE 14\r\n",
	} {
		raw := "From: a@example.org\r\nTo: b@example.org\r\nSubject: Look\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
			"--x\r\nContent-Type: text/plain\r\n\r\nPlease look at this.\r\n--x\r\n" + part + "--x--\r\n"
		if got := inbound.ReadCommands(letter.Read([]byte(raw)), cameAt); len(got.List) != 0 {
			t.Errorf("%s: reads %q", name, writtenDown(got))
		}
	}
}

func TestALetterSaysWhetherItBeginsWithACommandAndSaysMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		first, rest bool
	}{
		{"DONE 14", true, false},
		{"Hi,\n\nDONE 14\n\nThanks,\nSam", true, false},
		{"DONE 14\n\nAnd please ring the school about the gate.", true, true},
		{"The man said something long.\nDONE 14", false, true},
	} {
		if got := inbound.ReadCommands(plainMail("Re: x", c.text), cameAt); got.First != c.first || got.Rest != c.rest {
			t.Errorf("%q: first %t, more %t", c.text, got.First, got.Rest)
		}
	}
}

func TestCommandsHaveAnEnd(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "DONE %d\n", i+1)
	}
	got := inbound.ReadCommands(plainMail("Re: x", text.String()), cameAt).List
	if n := len(got); n != 101 || got[n-1].Fault != inbound.FaultMany {
		t.Errorf("%d commands, the last is %+v", n, got[n-1])
	}
}

func TestALongLetterDoesNotKeepTheOthersWaiting(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SNOOZE 14 " + strings.Repeat("to ", 20_000), "PASS 14 " + strings.Repeat("to ", 20_000), "DONE " + strings.Repeat("14 ", 20_000),
		"NOTE 14 " + strings.Repeat("x\n", 30_000), strings.Repeat("SNOOZE 1 2 3 4 5 6 7 8 9\n", 2_500), strings.Repeat("NOTE 14\n", 8_000), strings.Repeat("14 ", 20_000),
	} {
		begun := time.Now()
		inbound.ReadCommands(plainMail("Re: x", text), cameAt)
		if took := time.Since(begun); took > time.Minute { // a guard against reading without an end, not a measure
			t.Errorf("%.20q… takes %v", text, took)
		}
	}
}

func FuzzReadCommands(f *testing.F) {
	for _, text := range []string{"DONE 14, 15 and K7M-4QX", "SNOOZE 14 4 dec 2026", "PASS 14 to a@b.example", "NOTE ۱۴ rang\nher", "> DONE 1\n", "14 done", "DONE #14.\n-- \nSam", "UNDO\nLIST\nHELP"} {
		f.Add("Re: x", text)
		f.Add(text, "<p>"+text+"</p>")
	}
	f.Fuzz(func(t *testing.T, subject, text string) {
		l := letter.Letter{Subject: subject, Text: text}
		c := inbound.ReadCommands(l, cameAt)
		aims := 0
		for _, cmd := range c.List {
			aims += len(cmd.Aims)
			for _, a := range cmd.Aims {
				if a == "" || strings.Trim(a, "0123456789") != "" && len(a) != 7 {
					t.Errorf("%q reads the aim %q", text, a)
				}
			}
		}
		if aims > 200 {
			t.Errorf("%d aims", aims)
		}
		quoted := "> " + strings.NewReplacer("\r", "\n> ", "\n", "\n> ", "\u2028", "\n> ", "\u2029", "\n> ").Replace(text)
		if got := inbound.ReadCommands(letter.Letter{Subject: "Re: x", Text: quoted}, cameAt); len(got.List) > 0 {
			t.Errorf("%q quoted reads %+v", text, got.List)
		}
	})
}
