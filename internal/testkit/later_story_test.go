package testkit_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/store"
	"postroom/internal/testkit"
)

// fair is a programme whose form asks one thing a page, and for a photo.
const fair = `programme: fair
languages: [en, fa]
reviewed: [en]
name: {en: Spring fair, fa: بازار بهاری}
privacy: {en: We keep your answers for a year., fa: پاسخ‌های شما را یک سال نگه می‌داریم.}
addresses: [events@communityaction.example]
coordinators: [events]
forms:
  - form: stall
    kind: enquiry
    title: {en: Bring a stall, fa: غرفه بیاورید}
    reach: [email]
    layout: pages
    fields:
      - {field: photo, type: file, accept: [image, pdf], size: 1MB, max: 2, label: {en: Your photo, fa: عکس شما}, error_label: {en: your photo, fa: عکس شما}}
      - {field: stall, type: text, required: true, label: {en: "What do you bring?", fa: "چه می‌آورید؟"}, error_label: {en: what you bring, fa: آنچه می‌آورید}}
      - {field: name, type: name, required: true}
      - {field: email, type: email, required: true}
  - form: poster
    kind: enquiry
    title: {en: Send a poster, fa: پوستر بفرستید}
    reach: [email]
    fields:
      - {field: photo, type: file, accept: [image, pdf], size: 1MB, max: 2, required: true, label: {en: Your photo, fa: عکس شما}, error_label: {en: your photo, fa: عکس شما}}
      - {field: name, type: name, required: true}
      - {field: email, type: email, required: true}
workflow:
  - {step: acknowledge, on: received, send: we-have-your-message}
`

// offers makes a programme the only one of a room.
func offers(t *testing.T, text string) testkit.Option {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "one.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return testkit.Setting("programmes: " + dir)
}

// poster is how a picture begins.
const poster = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

// withFile is a form as a browser sends it that has a file to choose.
func withFile(t *testing.T, address string, fields url.Values, content string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			_ = form.WriteField(name, value)
		}
	}
	if content != "" {
		part, err := form.CreateFormFile("photo", "our stall.png")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(content))
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return req
}

// on fails unless a page is the one that its address names last, and returns that
// address without the question.
func on(t *testing.T, page testkit.Page, name string) string {
	t.Helper()
	at, _, _ := strings.Cut(page.URL, "?")
	if page.Status != http.StatusOK || !strings.HasSuffix(at, "/"+name) {
		t.Fatalf("the page is %s (%d), want %s\n%s", page.URL, page.Status, name, page.Body)
	}
	return at
}

func TestAFormIsFinishedLaterByTheLinkInAMailWithItsPhoto(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine, offers(t, fair))
		first := room.PostForm(t, "/f/stall", url.Values{"start": {"1"}, "lang": {"fa"}})
		at := on(t, first, "photo")
		second := testkit.Ask(t, withFile(t, at, url.Values{}, poster))
		at = on(t, second, "stall")
		later := on(t, room.PostForm(t, at, url.Values{"stall": {"Honey & jam"}, "later": {"1"}}), "later")
		if page := room.PostForm(t, later, url.Values{"email": {"Olena@example.org"}}); page.Status != http.StatusOK {
			t.Fatalf("asking for the link is answered with %d\n%s", page.Status, page.Body)
		}
		room.Work(t)
		letter := room.Letter(t, "olena@example.org")
		if !strings.Contains(letter.HTML, `dir="rtl"`) || strings.Contains(letter.Text, "Honey") {
			t.Errorf("the mail is not in their language, or says what they wrote:\n%s", letter.Text)
		}
		if room.Count(t) != 0 {
			t.Error("something was sent before the last button")
		}
		page := room.Get(t, letter.Link(t, "d"))
		at = on(t, page, "stall")
		if !strings.Contains(page.Body, "Honey &amp; jam") {
			t.Errorf("the page where they stopped lacks what they wrote there:\n%s", page.Body)
		}
		page = room.PostForm(t, at, url.Values{"stall": {"Honey & jam"}})
		page = room.PostForm(t, on(t, page, "name"), url.Values{"name": {"Olena"}})
		page = room.PostForm(t, on(t, page, "email"), url.Values{"email": {"olena@example.org"}})
		check := on(t, page, "check")
		for _, words := range []string{"Honey &amp; jam", "our stall.png", "Olena"} {
			if !strings.Contains(page.Body, words) {
				t.Errorf("the answers once more lack %q:\n%s", words, page.Body)
			}
		}
		if page = room.PostForm(t, check, url.Values{}); !strings.Contains(page.URL, "/receipt/") {
			t.Fatalf("it ends at %s (%d)\n%s", page.URL, page.Status, page.Body)
		}
		// The link is in a mailbox that may be shared: it shows that the form was sent, and
		// no receipt.
		if again := room.PostForm(t, check, url.Values{}); again.Status != http.StatusOK || strings.Contains(again.URL, "/receipt/") {
			t.Errorf("a second time it ends at %s (%d)", again.URL, again.Status)
		}
		room.Work(t)
		sub := onlySubmission(t, room)
		if sub.Locale != "fa" || sub.Answers.One("stall") != "Honey & jam" {
			t.Errorf("on file is %v in %s", sub.Answers, sub.Locale)
		}
		desk := room.As(t, "events")
		link := regexp.MustCompile(`href="(/desk/submission/[^"]*/file/[^"]*)"`).FindStringSubmatch(desk.Get(t, "/desk/submission/"+sub.ID).Body)
		if link == nil || desk.Get(t, link[1]).Body != poster {
			t.Errorf("the desk hands out no photo: %v", link)
		}
		if n := len(room.Letters(t, "olena@example.org")); n != 2 {
			t.Errorf("%d letters, want the link and that it arrived", n)
		}
	})
}

func TestWhatIsNotFinishedIsDeletedWithItsPhoto(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, offers(t, fair))
	at := on(t, room.PostForm(t, "/f/stall", url.Values{"start": {"1"}, "lang": {"en"}}), "photo")
	at = on(t, testkit.Ask(t, withFile(t, at, url.Values{"later": {"1"}}, poster)), "later")
	room.PostForm(t, at, url.Values{"email": {"olena@example.org"}})
	room.Work(t)
	link := room.Letter(t, "olena@example.org").Link(t, "d")
	room.Clock.Advance(store.DraftLife - time.Hour)
	room.Work(t)
	read := func() int64 {
		t.Helper()
		n, err := room.Store.Read(t.Context()).UnsentFiles()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if page := room.Get(t, link); page.Status != http.StatusOK || read() == 0 {
		t.Fatalf("an hour before its end: %d, and %d bytes of photos", page.Status, read())
	}
	room.Clock.Advance(2 * time.Hour)
	room.Work(t)
	if page := room.Get(t, link); page.Status != http.StatusGone || !strings.Contains(page.Body, "7 days and then delete them") {
		t.Errorf("after its end: %d\n%s", page.Status, page.Body)
	}
	// The scheduler deletes them, in a round of its own that Work does not wait for.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); read() != 0; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d bytes of photos are still there", read())
		}
	}
}

// However somebody has us write to an address that is not shown to be theirs, by
// forms, by links to go on or by links to all that is on file, that is three mails in
// a day together.
func TestAnAddressGetsThreeMailsADayWhateverIsAskedForIt(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine, offers(t, fair))
		const victim = "victim@example.org"
		n := 0
		form := func() {
			n++
			fields := room.Get(t, "/f/poster").Hidden()
			fields.Set("name", "Victim")
			fields.Set("email", victim)
			if page := testkit.Ask(t, withFile(t, room.URL+"/f/poster", fields, poster+strings.Repeat("x", n))); !strings.Contains(page.URL, "/receipt/") {
				t.Fatalf("the form is answered with %d", page.Status)
			}
		}
		link := func() { room.PostForm(t, "/my-link", url.Values{"email": {victim}}) }
		later := func() {
			at := on(t, room.PostForm(t, "/f/stall", url.Values{"start": {"1"}}), "photo")
			room.PostForm(t, strings.TrimSuffix(at, "photo")+"later", url.Values{"email": {victim}})
		}
		asked := 0
		for range 4 { // each is asked for often enough to have filled the day alone
			for _, ask := range []func(){form, link, later} {
				ask()
				asked++
				room.Clock.Advance(20 * time.Minute)
				room.Work(t)
			}
		}
		if got := len(room.Letters(t, victim)); got != 3 {
			t.Errorf("%d mails after %d were asked for, want 3: %q", got, asked, room.Subjects(t, victim))
		}
		room.Clock.Advance(25 * time.Hour)
		room.Work(t)
		before := len(room.Letters(t, victim))
		link()
		room.Clock.Advance(time.Hour)
		room.Work(t)
		if got := len(room.Letters(t, victim)); got > 6 || got == before && before == 3 {
			t.Errorf("%d mails a day later", got)
		}
	})
}
