package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSampleLettersAreAnsweredAndAutomaticOnesAreNot presses every button of
// the page, as somebody who tries the demo does.
func TestSampleLettersAreAnsweredAndAutomaticOnesAreNot(t *testing.T) {
	t.Parallel()
	base := started(t)
	list, err := loadSamples()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if status, body := ask(t, http.MethodPost, base+"/demo/letter", url.Values{"name": {s.Name}}); status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", s.Name, status, body)
		}
	}
	for _, s := range list[:3] { // the last one is the automatic reply
		letter := mails(t, base, s.To, 1)[0]
		answer := mails(t, base, s.sender(), 1)[0]
		if answer.InReplyTo != letter.MessageID || answer.Text == "" || answer.HTML == "" || !strings.Contains(answer.From, s.To) {
			t.Errorf("%s: the answer is %+v", s.Name, answer)
		}
	}
	if n := len(mails(t, base, list[3].sender(), 1)); n != 1 {
		t.Errorf("the automatic reply was answered: %d mails", n)
	}
	_, body := ask(t, http.MethodGet, base+"/demo", nil)
	if !strings.Contains(body, "<b>auto reply</b>") || strings.Count(body, "<b>submission</b>") != 3 {
		t.Error("the page does not say what became of the letters")
	}
}

// TestALetterIsAnsweredWithinTwoSeconds is the promise that a visitor feels.
func TestALetterIsAnsweredWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	d := startedIn(t, t.TempDir())
	sent := time.Now()
	send(t, d.smtp, "person@example.org", []string{"support+x@communityaction.example"}, "From: person@example.org\r\nTo: "+support+"\r\nSubject: Hello\r\nMessage-ID: <1@example.org>\r\n\r\nWhen are you open?\r\n")
	answer := mails(t, d.base, "person@example.org", 1)[0]
	if took := time.Since(sent); took > 2*time.Second {
		t.Errorf("the answer took %v", took)
	}
	if answer.InReplyTo != "1@example.org" {
		t.Errorf("it answers %q", answer.InReplyTo)
	}
}
