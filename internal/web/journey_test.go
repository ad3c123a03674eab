package web

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/internal/seal"
	"postroom/internal/store"
)

// walker goes through the pages of a form as a browser without JavaScript does.
type walker struct {
	*counter
	at string // the page it is on
}

// begin presses the button of the page before the first question.
func (c *counter) begin(form, locale string) *walker {
	c.t.Helper()
	w := c.post("/f/"+form, url.Values{"start": {"1"}, "lang": {locale}})
	want(c.t, w, 303)
	return &walker{c, w.Header().Get("Location")}
}

// send sends the page with answers, which are name and value, and goes where it
// leads.
func (w *walker) send(pairs ...string) {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	got := w.post(strings.SplitN(w.at, "?", 2)[0], form)
	want(w.t, got, 303)
	w.at = got.Header().Get("Location")
}

// page is the name of the page it is on.
func (w *walker) page() string {
	path, _, _ := strings.Cut(w.at, "?")
	return path[strings.LastIndex(path, "/")+1:]
}

// path is where the page is in every language.
func (w *walker) path() string {
	path, _, _ := strings.Cut(w.at, "?")
	return "/" + strings.SplitN(path, "/", 3)[2]
}

func (w *walker) base() string { return "/d/" + w.token() }

func (w *walker) token() string { return strings.Split(w.at, "/")[3] } // behind the language

func (w *walker) on(page string) {
	w.t.Helper()
	if w.page() != page {
		w.t.Fatalf("the page is %s, want %s", w.at, page)
	}
}

func (w *walker) draft() store.Draft {
	w.t.Helper()
	d, err := w.Store.Read(w.t.Context()).Draft(store.HashOfDraft(w.token()), w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// toCheck answers every question of the visit.
func (w *walker) toCheck() *walker {
	w.t.Helper()
	w.send("born", "1", "born", "2", "born", "1990")
	w.send("pets", "no")
	w.send("needs", "a lift")
	w.send("name", "Olena", "email", "olena@example.org")
	w.on("check")
	return w
}

func TestAJourneyAsksOneThingAPageAndSendsOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/f/visit"), 200, "Start now", "What happens to your answers", `name="ticket"`)
	unwanted(t, c.get("/f/visit"), `name="born"`)
	w := c.begin("visit", "en")
	w.on("age")
	want(t, c.get(w.at), 200, "<title>When were you born? – Ask for a visit – Community Hub</title>", "Continue")
	w.send("born", "1", "born", "2", "born", "1990")
	w.on("pets") // the school is asked of others
	w.send("pets", "yes", "pet", "dog")
	w.send("needs", "")
	w.on("you")
	w.send("name", "Olena", "email", "olena@example.org")
	w.on("check")
	page := c.get(w.at)
	want(t, page, 200, "Nothing is sent until", "Not provided", "A dog", "18 or over", "Ask for the visit", `<span class="away"> Which pets?</span>`)
	unwanted(t, page, "Which school", "1990")
	if n, _ := c.Store.Read(t.Context()).CountSubmissions(); n != 0 {
		t.Error("something was sent before the button was pressed")
	}
	check := w.at
	w.send()
	w.on("equality")
	second := c.post(strings.SplitN(check, "?", 2)[0], url.Values{})
	want(t, second, 303)
	if n, _ := c.Store.Read(t.Context()).CountSubmissions(); n != 1 {
		t.Errorf("%d submissions, want 1", n)
	}
	entry := c.rooms.entry()
	if entry.Answers.One("age_band") != "18 or over" || entry.Answers.One("born") != "" {
		t.Errorf("the entry holds %v", entry.Answers)
	}
	w.send("home", "village", "id", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if !strings.HasPrefix(w.at, "/en/receipt/") {
		t.Errorf("it ends at %s", w.at)
	}
	want(t, c.get(w.at), 200, "Your reference is")
}

func TestChangingAnAnswerAsksOnlyWhatBecameNew(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en").toCheck()
	check := w.at
	w.at = strings.Replace(check, "/check", "/pets", 1)
	want(t, c.get(w.at+"?change=1"), 200, `name="change"`, "/check")
	w.send("change", "1", "pets", "yes", "pet", "cat")
	w.on("check")
	w.at = strings.Replace(check, "/check", "/age", 1)
	w.send("change", "1", "born", "1", "born", "2", "born", "2015")
	w.on("school")
	w.send("change", "1", "school", "The hill school")
	w.on("check")
	want(t, c.get(w.at), 200, "Under 18", "The hill school", "A cat")
	w.at = strings.Replace(check, "/check", "/age", 1)
	w.send("change", "1") // the band is known, so the date need not be written again
	w.on("check")
	want(t, c.get(w.at), 200, "Under 18")
}

func TestWhatATokenIsToldFromIsNeverKept(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	w.send("born", "1", "born", "2", "born", "1990")
	if got := w.draft().Answers; got.One("born") != "" || got.One("age_band") != "18 or over" {
		t.Errorf("the draft holds %v", got)
	}
}

func TestOnMistakesEveryAnswerIsStillThereAndSoIsTheLinkBack(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	path := strings.SplitN(w.at, "?", 2)[0]
	got := c.post(path, url.Values{"born": {"31", "2", "1990"}})
	want(t, got, 422, "<title>Error: When were you born?", `value="31"`, `class="summary" tabindex="-1" autofocus`, `href="#f-born"`, `class="wrap back"`)
	if len(w.draft().Answers) != 0 {
		t.Error("what has to be mended was kept")
	}
}

func TestASingleQuestionIsTheHeadingOfItsPage(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	page := parsePage(t, c.get(w.at).Body.String())
	h1 := page.named("h1")
	if len(h1) != 1 || h1[0].parent.name != "legend" {
		t.Error("the heading is not in the legend")
	}
	w.send("born", "1", "born", "2", "born", "2015")
	w.on("school")
	page = parsePage(t, c.get(w.at).Body.String())
	if h1 = page.named("h1"); len(h1) != 1 || len(h1[0].named("label")) != 1 {
		t.Error("the label is not in the heading")
	}
}

func TestASinglePageFormMayShowItsAnswersOnceMore(t *testing.T) {
	t.Parallel()
	c := open(t)
	form := c.get("/f/note")
	want(t, form, 200, `role="group" aria-labelledby="s-you"`, "Continue")
	sent := url.Values{"note": {"Hello"}, "name": {"Sam"}, "email": {"sam@example.org"}}
	want(t, c.post("/f/note", url.Values{}), 422, "Enter your note")
	first := c.post("/f/note", sent)
	want(t, first, 303)
	w := &walker{c, first.Header().Get("Location")}
	w.on("check")
	want(t, c.get(w.at), 200, "Hello", "Not provided", "sam@example.org")
	w.send()
	if !strings.HasPrefix(w.at, "/en/receipt/") || c.rooms.entry().Answers.One("note") != "Hello" {
		t.Errorf("it ends at %s", w.at)
	}
}

func TestADraftIsSealedAndItsTokenIsNowhereOnFile(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en").toCheck()
	other, err := seal.New([]seal.Key{{ID: "k", Secret: []byte(strings.Repeat("x", 32))}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open("drafts.body:"+store.HashOfDraft(w.token()), nil); err == nil {
		t.Error("it opens without the key")
	}
	if len(w.token()) < 26 {
		t.Errorf("the token %q can be guessed", w.token())
	}
	want(t, c.get("/d/"+store.HashOfDraft(w.token())+"/check"), 404)
	want(t, c.get("/d/AAAAAAAAAAAAAAAAAAAAAAAAAA/check"), 404, "more than two months")
}

func TestADraftEndsAfterAWeekAndItsPageSaysSo(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en").toCheck()
	c.clock.move(6 * 24 * time.Hour)
	want(t, c.get(w.at), 200, "Olena")
	c.clock.move(25 * time.Hour)
	for range 2 { // before and after the answers are deleted
		want(t, c.get(w.at), 410, "not here any more", "nothing of them is kept", "Start again")
		want(t, c.post(strings.SplitN(w.at, "?", 2)[0], url.Values{}), 410)
		if err := c.Store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.PurgeDrafts(c.clock.Now()); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := c.Store.Read(t.Context()).CountSubmissions(); n != 0 {
		t.Error("it was sent all the same")
	}
}

func TestFinishingLaterMailsALinkAndNeverTooMany(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "fa")
	w.send("born", "1", "born", "2", "born", "1990")
	w.send("later", "1", "pets", "")
	w.on("later")
	path := strings.SplitN(w.at, "?", 2)[0]
	want(t, c.post(path, url.Values{"email": {"nothing"}}), 422)
	first := c.post(path, url.Values{"email": {"Olena@example.org"}})
	want(t, first, 200, "Olena@example.org")
	for range 5 {
		want(t, c.post(path, url.Values{"email": {"Olena@example.org"}}), 200)
	}
	if n := strings.Count(c.rooms.did(), "owe:finish-later"); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
}

func TestALinkFromAMailGoesOnWithoutShowingWhatIsSealed(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en").toCheck()
	j := journey{draft: w.draft()}
	mailed := "/d/" + c.Links.Make("d", j.draft.Hash, c.clock.Now().Add(time.Hour))
	got := c.get(mailed)
	want(t, got, 303)
	check := got.Header().Get("Location")
	want(t, c.get(check), 200, "Olena", "opened from a mail")
	unwanted(t, c.get(check), "a lift")
	needs := strings.Replace(check, "/check", "/needs", 1)
	unwanted(t, c.get(needs), "a lift")
	want(t, c.post(strings.SplitN(needs, "?", 2)[0], url.Values{"needs": {""}}), 303)
	if got := w.draft().Answers.One("needs"); got != "a lift" {
		t.Errorf("the answer that was not shown is %q now", got)
	}
}

func TestAnswersAboutEqualityLeadToNobody(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en").toCheck()
	w.send()
	page := c.get(w.at)
	want(t, page, 200, "Prefer not to say", "whom we reach")
	id := regexp.MustCompile(`name="id" value="(\w+)"`).FindStringSubmatch(page.Body.String())[1]
	path := strings.SplitN(w.at, "?", 2)[0]
	for range 2 {
		want(t, c.post(path, url.Values{"id": {id}, "home": {"town"}, "tongues": {"prefer-not-to-say"}}), 303)
	}
	want(t, c.post(path, url.Values{"id": {id}, "skip": {"1"}, "home": {"village"}}), 303)
	list, err := c.Store.Read(t.Context()).Equality("visit", "2026-11", "2026-11")
	if err != nil || len(list) != 1 || list[0].One("home") != "town" || list[0].One("tongues") != "prefer-not-to-say" {
		t.Errorf("kept: %v, %v", list, err)
	}
}

func TestNothingIsAskedAfterwardsOfSomebodyWhoHasNotSent(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	want(t, c.get("/d/"+w.token()+"/equality"), 404)
}

func TestAPageCanBeLeftAtOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	for _, path := range []string{"/f/visit", w.at} {
		got := c.get(path)
		want(t, got, 200, `href="/leave-page/visit"`, "Leave this page")
		if got.Header().Get("Cache-Control") != "no-store" || !strings.Contains(got.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: headers %v", path, got.Header())
		}
	}
	left := c.get("/leave-page/visit")
	want(t, left, 303)
	if left.Header().Get("Location") != "https://weather.example" || left.Header().Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("headers %v", left.Header())
	}
	unwanted(t, c.get("/f/ask"), "leave-page", "script")
}

func TestTooEarlyIsAPageThatSaysWhen(t *testing.T) {
	t.Parallel()
	c := open(t)
	want(t, c.get("/f/later"), 200, "not open yet", "Monday 4 January 2027, 9:00am")
	want(t, c.post("/f/later", url.Values{"email": {"a@example.org"}}), 200, "not open yet")
	unwanted(t, c.get("/"), "/f/later")
	c.clock.move(60 * 24 * time.Hour)
	want(t, c.get("/f/later"), 200, `name="email"`)
}

func TestAllDatesFullIsSaidFirst(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.submit("walk", url.Values{"email": {"a@example.org"}})
	got := c.get("/f/walk")
	want(t, got, 200, "All places are taken", "waiting list", "waiting=1")
	unwanted(t, got, `name="email"`)
	want(t, c.get("/f/walk?lang=en&waiting=1"), 200, `name="email"`)
}

func TestADraftThatDiesBetweenIsSentOnce(t *testing.T) {
	t.Parallel()
	box, err := seal.New([]seal.Key{{ID: "k", Secret: []byte(strings.Repeat("\x07", 32))}})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 60; n++ {
		f := &dying{}
		s, err := store.Open(t.Context(), store.Options{URL: filepath.Join(t.TempDir(), "x.db"), Box: box, Before: f.pass})
		if err != nil {
			t.Fatal(err)
		}
		c := open(t, func(o *Options) { o.Store = s })
		w := c.begin("visit", "en").toCheck()
		f.left = n
		path := strings.SplitN(w.at, "?", 2)[0]
		first := c.post(path, url.Values{})
		died := f.left == 0
		f.left = 0
		again := c.post(path, url.Values{})
		want(t, again, 303)
		count, err := c.Store.Read(t.Context()).CountSubmissions()
		if err != nil || count != 1 {
			t.Fatalf("dying ahead of statement %d (status %d): %d submissions, %v", n, first.Code, count, err)
		}
		if d := w.draft(); d.State != store.DraftSent || len(d.Answers) != 0 {
			t.Fatalf("dying ahead of statement %d: the draft is %s", n, d.State)
		}
		_ = s.Close()
		if !died {
			return
		}
	}
	t.Error("it never came through")
}

// dying panics ahead of the statement that many from now; 0 is never.
type dying struct{ left int }

func (f *dying) pass(statement string) {
	if f.left == 0 || statement == "committed" {
		return
	}
	if f.left--; f.left == 0 {
		panic("died ahead of " + statement)
	}
}

func TestTheStarterForVolunteersIsAJourney(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, locale := range []string{"en", "ps"} {
		w := c.begin("volunteer", locale)
		w.send("name", "Olena", "email", "olena-"+locale+"@example.org")
		w.send("roles", "translator", "languages", "uk")
		w.on("more")
		w.send("adult", "yes")
		w.on("check")
		w.send()
		want(t, c.get(w.at), 200)
	}
}
