package testkit_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const (
	youth = `programme: youth
languages: [en, fa-AF]
reviewed: [en]
name: {en: Youth helpers, fa-AF: نوجوانان همکار}
privacy: {en: We keep your answers for a year., fa-AF: جواب‌های شما را یک سال نگاه می‌کنیم.}
addresses: [youth@communityaction.example]
coordinators: [volunteering]
forms:
  - form: helper
    kind: volunteer_offer
    title: {en: Help on Fridays, fa-AF: روزهای جمعه کمک کنید}
    reach: [email]
    fields:
      - {field: name, type: name, required: true}
      - {field: email, type: email}
      - {field: phone, type: phone}
      - {field: age, type: choice, required: true, label: {en: "How old are you?", fa-AF: "چند ساله هستید؟"}, error_label: {en: your age, fa-AF: سن خود},
         options: {under_16: {en: Under 16, fa-AF: زیر ۱۶}, 16_or_over: {en: 16 or over, fa-AF: ۱۶ یا بیشتر}}}
      - {field: adult_email, type: email, if: 'age == "under_16"', label: {en: Their address, fa-AF: ایمیل او}, error_label: {en: their address, fa-AF: ایمیل او}}
      - {field: adult_phone, type: phone, if: 'age == "under_16"', label: {en: Their number, fa-AF: شماره او}, error_label: {en: their number, fa-AF: شماره او}}
    guardian: {when: 'age == "under_16"', email: adult_email, phone: adult_phone,
               text: {en: They help on Fridays from 4 to 6., fa-AF: روزهای جمعه از ساعت ۴ تا ۶ کمک می‌کنند.}, chase: 3 working days}
workflow:
  - {step: acknowledge, on: received, send: offer-received}
`
	young, adult = "young@example.org", "adult@example.org"
	lookAfter    = "volunteering@riverside.example"
)

func youthRoom(t *testing.T) *testkit.Room {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "youth.yaml"), []byte(youth), 0o600); err != nil {
		t.Fatal(err)
	}
	return testkit.New(t, testkit.Setting("programmes: "+dir))
}

// youngOffer is what somebody under age sends, with one more field than usual.
func youngOffer(t *testing.T, room *testkit.Room, locale string, more ...string) {
	t.Helper()
	filled := room.Get(t, "/f/helper?lang="+locale).Hidden()
	for _, pair := range append([]string{"name=Young", "email=" + young, "age=under_16"}, more...) {
		name, value, _ := strings.Cut(pair, "=")
		filled.Set(name, value)
	}
	if page := room.PostForm(t, "/f/helper", filled); page.Status != 200 || !strings.Contains(page.URL, "/receipt/") {
		t.Fatalf("the form is answered %d at %s", page.Status, page.URL)
	}
	room.Work(t)
}

// told counts the mails to the coordinator with a subject that begins so.
func told(t *testing.T, room *testkit.Room, subject string) (n int) {
	t.Helper()
	for _, s := range room.Subjects(t, lookAfter) {
		if strings.HasPrefix(s, subject) {
			n++
		}
	}
	return n
}

func TestAYoungVolunteerWaitsForTheGuardianWhoReadsTheirLanguageAndEnglish(t *testing.T) {
	t.Parallel()
	room := youthRoom(t)
	youngOffer(t, room, "fa-AF", "adult_email="+adult)
	asked := room.Letter(t, adult)
	for _, words := range []string{"یک نوجوان فورمی", "A young person filled in a form"} {
		if !strings.Contains(asked.Text, words) {
			t.Errorf("the guardian does not read %q:\n%s", words, asked.Text)
		}
	}
	if n := len(room.Letters(t, young)); n != 0 {
		t.Errorf("%d letters went to the young person before the guardian agreed", n)
	}
	path := asked.Link(t, "guardian")
	if page := room.Get(t, path); page.Status != 200 || !strings.Contains(page.Body, "They help on Fridays from 4 to 6.") {
		t.Errorf("the guardian's page, %d, lacks the English:\n%s", page.Status, page.Body)
	}
	panel := room.As(t, "volunteering").Get(t, "/desk/submission/"+onlySubmission(t, room).ID)
	if !strings.Contains(panel.Body, "Waiting for the guardian") || !strings.Contains(panel.Body, "They agreed on the phone") {
		t.Errorf("the desk does not say that a guardian is waited for:\n%s", panel.Body)
	}
	room.PostForm(t, path, url.Values{"answer": {"yes"}})
	room.Work(t)
	if n := len(room.Letters(t, young)); n != 1 {
		t.Errorf("%d letters went to the young person after the yes, want 1", n)
	}
	room.Clock.Advance(7 * 24 * time.Hour)
	room.Work(t)
	if n := told(t, room, "A guardian has not agreed"); n != 0 {
		t.Errorf("the coordinators were told %d times of a guardian who agreed", n)
	}
}

func TestCoordinatorsHearOnceOfAGuardianWhoDoesNotAnswerOrSaysNo(t *testing.T) {
	t.Parallel()
	room := youthRoom(t)
	youngOffer(t, room, "en", "adult_email="+adult)
	for _, days := range []int{2, 3, 3} {
		if n := told(t, room, "A guardian has not agreed"); days == 2 && n != 0 {
			t.Errorf("the coordinators were told at once")
		}
		room.Clock.Advance(time.Duration(days) * 24 * time.Hour)
		room.Work(t)
	}
	if n := told(t, room, "A guardian has not agreed"); n != 1 {
		t.Errorf("the coordinators were told %d times that no answer came, want 1", n)
	}
	old := room.Letter(t, adult).Link(t, "guardian")
	room.Clock.Advance(10 * 24 * time.Hour)
	if page := room.Get(t, old); !strings.Contains(page.Body, "come to its end") {
		t.Fatalf("after 18 days the link still works: %d\n%s", page.Status, page.Body)
	}
	path, _, _ := strings.Cut(old, "?")
	room.PostForm(t, path+"/again", url.Values{})
	room.Work(t)
	anew := room.Letter(t, adult).Link(t, "guardian")
	if anew == old || len(room.Letters(t, adult)) != 2 {
		t.Fatalf("no newer link was sent: %d letters", len(room.Letters(t, adult)))
	}
	room.PostForm(t, anew, url.Values{"answer": {"no"}})
	room.Work(t)
	if n := told(t, room, "A guardian has not agreed"); n != 2 {
		t.Errorf("the coordinators were told %d times, want once of the silence and once of the no", n)
	}
	if n := len(room.Letters(t, young)); n != 0 {
		t.Errorf("%d letters went to the young person after a no", n)
	}
	desk := room.As(t, "volunteering")
	sub := onlySubmission(t, room)
	desk.Post(t, "/desk/submission/"+sub.ID+"/release", nil) // they changed their mind on the phone
	room.Work(t)
	if n := len(room.Letters(t, young)); n != 1 {
		t.Errorf("%d letters went to the young person after the yes by telephone, want 1", n)
	}
	if g, _, err := room.Store.Read(t.Context()).Guardian(sub.ID); err != nil || g.State != store.GuardianAgreed {
		t.Errorf("the guardian is %s, %v", g.State, err)
	}
}

func TestACoordinatorPhonesAGuardianWhoHasNoAddress(t *testing.T) {
	t.Parallel()
	room := youthRoom(t)
	youngOffer(t, room, "en", "adult_phone=01908 555555")
	if n := told(t, room, "Please phone somebody"); n != 1 {
		t.Fatalf("the coordinator was asked %d times to phone, want 1: %q", n, room.Subjects(t, lookAfter))
	}
	if l := room.Letter(t, lookAfter); !strings.Contains(l.Text, "whether they agree") || strings.Contains(l.Text, "555555") {
		t.Errorf("the coordinator reads:\n%s", l.Text)
	}
	room.As(t, "volunteering").Post(t, "/desk/submission/"+onlySubmission(t, room).ID+"/release", nil)
	room.Clock.Advance(7 * 24 * time.Hour)
	room.Work(t)
	if n := told(t, room, "A guardian has not agreed"); n != 0 || len(room.Letters(t, young)) != 1 {
		t.Errorf("after the yes by telephone they were chased %d times, and %d letters went to the young person", n, len(room.Letters(t, young)))
	}
}

func TestAGuardianIsAskedOnceNobodySuspectsAMachineAnyMore(t *testing.T) {
	t.Parallel()
	room := youthRoom(t)
	youngOffer(t, room, "en", "adult_email="+adult, "fax_number=1")
	sub := onlySubmission(t, room)
	if n := len(room.Letters(t, adult)); n != 0 || sub.State != postroom.SubmissionHeld {
		t.Fatalf("a guardian was mailed %d times for what looks automatic, which is %s", n, sub.State)
	}
	desk := room.As(t, "volunteering")
	desk.Post(t, "/desk/submission/"+sub.ID+"/release", nil)
	room.Work(t)
	if len(room.Letters(t, adult)) != 1 || len(room.Letters(t, young)) != 0 {
		t.Fatalf("let go: %d letters to the guardian, want 1, and %d to the young person, want 0", len(room.Letters(t, adult)), len(room.Letters(t, young)))
	}
	room.PostForm(t, room.Letter(t, adult).Link(t, "guardian"), url.Values{"answer": {"yes"}})
	room.Work(t)
	if n := len(room.Letters(t, young)); n != 1 {
		t.Errorf("%d letters went to the young person after the yes, want 1", n)
	}
}
