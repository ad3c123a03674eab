package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"postroom/internal/casework"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// asked is a person who filled in the form for questions.
func asked(t testing.TB, room *testkit.Room, name, address, question string) postroom.Submission {
	t.Helper()
	room.Submit(t, "ask", url.Values{"name": {name}, "email": {address}, "question": {question}})
	room.Work(t)
	list, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil || len(list) != 1 {
		t.Fatalf("on file is %d, %v", len(list), err)
	}
	return list[0]
}

// wrote is a letter in triage.
func wrote(t testing.TB, room *testkit.Room, m testkit.Mail) postroom.Letter {
	t.Helper()
	if m.At.IsZero() {
		m.At = room.Clock.Now()
	}
	room.Receive(t, m.To, m.Bytes())
	room.Work(t)
	list, err := room.Store.Read(t.Context()).Triage(50)
	if err != nil || len(list) == 0 {
		t.Fatalf("in triage is %d, %v", len(list), err)
	}
	return list[len(list)-1]
}

func has(t testing.TB, p testkit.Page, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(p.Body, w) {
			t.Errorf("%s (%d) does not say %q", p.URL, p.Status, w)
		}
	}
}

func hasNot(t testing.TB, p testkit.Page, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(p.Body, w) {
			t.Errorf("%s (%d) says %q", p.URL, p.Status, w)
		}
	}
}

// viewed says whether it was noted that somebody looked at something since a moment.
func viewed(t testing.TB, room *testkit.Room, who, subject string, since time.Time) bool {
	t.Helper()
	seen, err := room.Store.Read(t.Context()).Seen(who, "view", subject, since)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestAQuestionIsAnsweredFromTheInbox(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		office := room.As(t, "office")
		has(t, office.Get(t, "/desk/inbox"), "Nobody waits for an answer")
		sub := asked(t, room, "Person One", "one@example.org", "When is the garden open?")
		has(t, office.Get(t, "/desk/inbox"), "Person One", "Ask us a question", "/desk/submission/"+sub.ID)
		page := office.Get(t, "/desk/submission/"+sub.ID)
		has(t, page, "Person One", "When is the garden open?", sub.Reference, "It is with office, who looks after", "We have your message")

		put := office.Post(t, "/desk/submission/"+sub.ID+"/reply", url.Values{"insert": {"yes"}, "ready": {"greeting"}, "text": {"At ten."}})
		has(t, put, "At ten.\n\nDear Person One,")
		before := len(room.Letters(t, "one@example.org"))
		sent := office.Post(t, "/desk/submission/"+sub.ID+"/reply", url.Values{"text": {"It opens at ten."}})
		has(t, sent, "Your answer goes out in half a minute.", "Undo", "office answered", "Answered")
		undo := regexp.MustCompile(`name="deed" value="([^"]+)"`).FindStringSubmatch(sent.Body)
		if undo == nil {
			t.Fatal("nothing can be undone")
		}
		has(t, office.Post(t, "/desk/undo", url.Values{"deed": {undo[1]}, "back": {"/desk/submission/" + sub.ID}}), "That is undone.", "Waits for an answer")
		room.Clock.Set(room.Clock.Now().Add(time.Minute))
		room.Work(t)
		if n := len(room.Letters(t, "one@example.org")); n != before {
			t.Fatalf("%d letters left after the undo", n-before)
		}
		office.Post(t, "/desk/submission/"+sub.ID+"/reply", url.Values{"text": {"It opens at eleven."}})
		room.Clock.Set(room.Clock.Now().Add(time.Minute))
		room.Work(t)
		if l := room.Letter(t, "one@example.org"); !strings.Contains(l.Text, "It opens at eleven.") || l.Header.Get("In-Reply-To") == "" {
			t.Errorf("%q goes on from %q:\n%s", l.Subject, l.Header.Get("In-Reply-To"), l.Text)
		}
		hasNot(t, office.Get(t, "/desk/inbox"), "Person One")
		has(t, office.Get(t, "/desk/inbox?which=answered"), "Person One")
		chased := len(room.Subjects(t, "office@riverside.example"))
		room.Clock.Set(room.Clock.Now().AddDate(0, 0, 7))
		room.Work(t)
		if n := len(room.Subjects(t, "office@riverside.example")); n != chased {
			t.Errorf("somebody is chased: %q", room.Subjects(t, "office@riverside.example"))
		}
	})
}

func TestWhatIsWrongWithAnAnswerIsSaidBesideIt(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	base := "/desk/submission/" + sub.ID
	for act, fields := range map[string]url.Values{
		"reply":  {"text": {"  "}},
		"note":   {"note": {""}},
		"pass":   {"to": {"nobody-here"}},
		"snooze": {"until": {"date"}, "date": {"2020-01-01"}},
	} {
		if p := office.Post(t, base+"/"+act, fields); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, `role="alert"`) {
			t.Errorf("%s: %d", act, p.Status)
		}
	}
	if p := office.Post(t, base+"/eat", nil); p.Status != http.StatusNotFound {
		t.Errorf("an act that is not there: %d", p.Status)
	}
}

func TestTakingPuttingOffAndPassingOnFromTheList(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	room.Hire(t, "second", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	base := "/desk/submission/" + sub.ID
	back := url.Values{"back": {"/desk/inbox?whose=all"}}
	p := office.Post(t, base+"/take", back)
	has(t, p, "This is yours now.", "yours", "Person One")
	if !strings.Contains(p.URL, "/desk/inbox") {
		t.Errorf("it goes to %s", p.URL)
	}
	has(t, office.Get(t, "/desk/inbox?whose=mine"), "Person One")
	hasNot(t, room.As(t, "second").Get(t, "/desk/inbox?whose=mine"), "Person One")
	hasNot(t, office.Get(t, "/desk/inbox?whose=nobody"), "Person One")
	office.Post(t, base+"/pass", url.Values{"to": {"second"}})
	has(t, room.As(t, "second").Get(t, "/desk/inbox?whose=mine"), "Person One")
	has(t, office.Get(t, base), "It is with second, because it was given to them.")
	back.Set("until", "friday")
	office.Post(t, base+"/snooze", back)
	hasNot(t, office.Get(t, "/desk/inbox"), "Person One")
	has(t, office.Get(t, "/desk/inbox?asleep=asleep"), "put off until Friday 27 November 2026")
	room.Clock.Set(time.Date(2026, 11, 27, 7, 30, 0, 0, time.UTC))
	has(t, office.Get(t, "/desk/inbox"), "Person One", "Late")
	has(t, office.Post(t, base+"/done", back), "Done.")
	hasNot(t, office.Get(t, "/desk/inbox"), "Person One")
}

func TestWhoStandsInSeesItAmongTheirs(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
		c, _ := room.Team.Named("office")
		c.Cover, c.Absence = "newsletter", postroom.Absence{From: room.Clock.Now().Add(-time.Hour)}
		return tx.ChangeColleague(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	stand := room.As(t, "newsletter")
	mine := stand.Get(t, "/desk/inbox?whose=mine")
	has(t, mine, "Person One")
	has(t, stand.Get(t, "/desk/inbox"), "Person One")
	has(t, stand.Get(t, "/desk/submission/"+sub.ID), "It is with newsletter, who stands in for office.", "Why?")
}

func TestASearchFindsAPersonAndAReferenceOpensItsPage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	office := room.As(t, "office")
	one := asked(t, room, "Person One", "one@example.org", "Why?")
	room.Clock.Set(room.Clock.Now().Add(time.Hour))
	asked(t, room, "Somebody Else", "else@example.org", "How?")
	p := office.Get(t, "/desk/inbox?q=one")
	has(t, p, "Person One")
	hasNot(t, p, "Somebody Else")
	has(t, office.Get(t, "/desk/inbox?q=nobodyatall"), "Nothing fits")
	p = office.Get(t, "/desk/inbox?q="+strings.ToLower(one.Reference))
	if !strings.HasSuffix(p.URL, "/desk/submission/"+one.ID) {
		t.Errorf("a reference leads to %s", p.URL)
	}
	other := room.As(t, "newsletter")
	hasNot(t, other.Get(t, "/desk/inbox?q="+one.Reference), one.ID)
	hasNot(t, other.Get(t, "/desk/inbox?q=one"), "Person One")
}

func TestSomebodyOfAnotherProgrammeIsRefused(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	l := wrote(t, room, testkit.Mail{From: "Two <two@example.org>", To: testkit.Support, Subject: "Hm", ID: "two@example.org", Text: "Hm.",
		Header: []string{"Return-Path: <>"}})
	other := room.Hire(t, "elsewhere", postroom.Grant{Role: postroom.IsCoordinator, Programme: "newsletter"})
	hasNot(t, other.Get(t, "/desk/inbox?which=all&asleep=either"), "Person One", "two@example.org")
	for _, path := range []string{"/desk/submission/" + sub.ID, "/desk/letter/" + l.ID, "/desk/letter/" + l.ID + "/attachment/1"} {
		if p := other.Get(t, path); p.Status != http.StatusForbidden {
			t.Errorf("%s: %d", path, p.Status)
		}
	}
	for _, path := range []string{"submission/" + sub.ID, "letter/" + l.ID} {
		for _, act := range []string{"take", "done", "close", "spam", "snooze", "note", "reply", "worry", "open"} {
			fields := url.Values{"text": {"x"}, "note": {"x"}, "until": {"tomorrow"}, "to": {"office"}}
			if p := other.Post(t, "/desk/"+path+"/"+act, fields); p.Status != http.StatusForbidden {
				t.Errorf("%s %s: %d", path, act, p.Status)
			}
		}
	}
	if p := other.Post(t, "/desk/submission/"+sub.ID+"/reply", url.Values{"insert": {"yes"}, "ready": {"greeting"}}); p.Status != http.StatusForbidden {
		t.Errorf("a ready text: %d", p.Status)
	}
	if p := other.Post(t, "/desk/letter/"+l.ID+"/file", url.Values{"person": {"two@example.org"}}); p.Status != http.StatusForbidden {
		t.Errorf("filing: %d", p.Status)
	}
	if viewed(t, room, "elsewhere", sub.ID, time.Time{}) || viewed(t, room, "elsewhere", l.ID, time.Time{}) {
		t.Error("a view is noted of somebody who saw nothing")
	}
}

func TestAViewIsNotedOnceInTenMinutes(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	office := room.As(t, "office")
	first := room.Clock.Now()
	for _, c := range []struct {
		after time.Duration
		noted bool
	}{{0, true}, {5 * time.Minute, false}, {11 * time.Minute, true}} {
		room.Clock.Set(first.Add(c.after))
		office.Get(t, "/desk/submission/"+sub.ID)
		if got := viewed(t, room, "office", sub.ID, room.Clock.Now().Add(-time.Second)); got != c.noted {
			t.Errorf("after %s: noted is %t", c.after, got)
		}
	}
}

func TestWhatIsHeldIsOpenedByTheLeadAlone(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "My question is about the garden.")
	second := room.Hire(t, "second", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	base := "/desk/submission/" + sub.ID
	has(t, second.Post(t, base+"/worry", url.Values{"why": {"She sounds afraid."}}), "the people who have to know are called", "office and cag", sub.Reference)
	for _, path := range []string{base, "/desk/inbox", "/desk/inbox?which=held"} {
		p := second.Get(t, path)
		hasNot(t, p, "Person One", "garden", "afraid", "one@example.org")
	}
	has(t, second.Get(t, "/desk/inbox?which=held"), "Somebody", sub.Reference, "Held, because somebody may be in danger")
	if p := second.Post(t, base+"/release", url.Values{"reason": {"all well"}}); p.Status != http.StatusForbidden {
		t.Errorf("anybody lets it go: %d", p.Status)
	}
	lead := room.As(t, "office")
	room.Clock.Set(room.Clock.Now().Add(time.Minute))
	has(t, lead.Get(t, "/desk/inbox?which=held"), "Person One")
	p := lead.Get(t, base)
	has(t, p, "Look at it")
	hasNot(t, p, "garden", "afraid")
	if viewed(t, room, "office", sub.ID, time.Time{}) {
		t.Error("a page that was only asked for counts as looked at")
	}
	has(t, lead.Post(t, base+"/open", nil), "garden", "afraid", "Let it go")
	has(t, lead.Get(t, base), "garden")
	if p := lead.Post(t, base+"/release", nil); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("it is let go without a reason: %d", p.Status)
	}
	p = lead.Post(t, base+"/release", url.Values{"reason": {"I have spoken to her."}})
	has(t, p, "It is let go")
	hasNot(t, p, "Let it go")
	has(t, second.Get(t, base), "garden")
}

func TestWhatIsPlannedIsLeftOutAndPlannedAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	office, base := room.As(t, "office"), "/desk/submission/"+sub.ID
	step := regexp.MustCompile(`name="step" value="([^"]+)"`).FindStringSubmatch(office.Get(t, base).Body)
	if step == nil {
		t.Fatal("nothing is planned")
	}
	p := office.Post(t, base+"/skip", url.Values{"step": {step[1]}})
	has(t, p, "Left out. It will not happen.")
	hasNot(t, p, step[1])
	undo := regexp.MustCompile(`name="deed" value="([^"]+)"`).FindStringSubmatch(p.Body)
	office.Post(t, "/desk/undo", url.Values{"deed": {undo[1]}})
	has(t, office.Get(t, base), step[1])
}

func TestALetterInTriageIsFiledAsSomebodys(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	l := wrote(t, room, testkit.Mail{From: "Person One <one@example.org>", To: testkit.Support, Subject: "The garden", ID: "one@example.org",
		Text: "Hello, I have a question. When is the garden open? My number is 01908 550123.", Header: []string{"Return-Path: <>", "Auto-Submitted: auto-generated"}})
	office := room.As(t, "office")
	base := "/desk/letter/" + l.ID
	has(t, office.Get(t, "/desk/inbox"), base, "A letter")
	p := office.Get(t, base)
	has(t, p, "Why it needs you", "When is the garden open?", "We think", "&#43;441908550123", `value="one@example.org"`)
	if p := office.Post(t, base+"/file", url.Values{"person": {"nobody"}}); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "neither an email address") {
		t.Errorf("filed as nobody's: %d", p.Status)
	}
	p = office.Post(t, base+"/file", url.Values{"person": {"one@example.org"}, "name": {"Person One"}, "form": {"ask"}})
	if !strings.Contains(p.URL, "/desk/submission/") {
		t.Fatalf("filing leads to %s (%d)", p.URL, p.Status)
	}
	has(t, p, "Person One", "When is the garden open?")
	has(t, office.Get(t, base), "See all that belongs to this letter")
}

func TestJunkIsPutAwayAndSoIsWhatIsLikeIt(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	l := wrote(t, room, testkit.Mail{From: "Seller <seller@shop.example>", To: testkit.Support, Subject: "Buy", ID: "buy@shop.example", Text: "Buy now.", Header: []string{"Return-Path: <>"}})
	office := room.As(t, "office")
	has(t, office.Get(t, "/desk/letter/"+l.ID), "Always put away letters from seller@shop.example")
	has(t, office.Post(t, "/desk/letter/"+l.ID+"/spam", url.Values{"rule": {"address"}}), "Put away as junk.", "Undo", "Put aside")
	rules, err := room.Store.Read(t.Context()).Rules()
	if err != nil || len(rules) != 1 || rules[0].Who != "seller@shop.example" || rules[0].MadeBy != "office" {
		t.Errorf("the rules are %+v, %v", rules, err)
	}
}

func TestAnAttachmentIsHandedOutAsAFile(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	raw := "From: Person One <one@example.org>\r\nTo: " + testkit.Support + "\r\nReturn-Path: <>\r\nSubject: Notes\r\nMessage-ID: <notes@example.org>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n" +
		"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"no\\\"tes.txt\"\r\n\r\nSome notes.\r\n" +
		"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=page.html\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"
	room.Receive(t, testkit.Support, []byte(raw))
	room.Work(t)
	list, err := room.Store.Read(t.Context()).Triage(2)
	if err != nil || len(list) != 1 {
		t.Fatalf("in triage is %d, %v", len(list), err)
	}
	office, base := room.As(t, "office"), "/desk/letter/"+list[0].ID
	has(t, office.Get(t, base), "no&#34;tes.txt", base+"/attachment/1", "page.html", "may hold a program")
	p := office.Get(t, base+"/attachment/1")
	if p.Status != http.StatusOK || strings.TrimSpace(p.Body) != "Some notes." {
		t.Errorf("%d %q", p.Status, p.Body)
	}
	if got := p.Header.Get("Content-Disposition"); got != "attachment; filename=notes.txt" {
		t.Errorf("Content-Disposition is %q", got)
	}
	if p.Header.Get("X-Content-Type-Options") != "nosniff" || p.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("it comes as %v", p.Header)
	}
	for _, n := range []string{"0", "2", "3", "x", "-1"} {
		if p := office.Get(t, base+"/attachment/"+n); p.Status != http.StatusNotFound {
			t.Errorf("attachment %s: %d", n, p.Status)
		}
	}
}

func TestAButtonInASummaryDoesWhatItSaysAsItsColleague(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	sub := asked(t, room, "Person One", "one@example.org", "Why?")
	token := func(act, who string) string {
		return link.Path(link.Deed, room.Links.Make(link.Deed, link.DeedSubject(act, "submission", sub.ID, who), room.Clock.Now().Add(time.Hour)))
	}
	p := room.Get(t, token("done", "office"))
	has(t, p, "Is "+sub.Reference+" dealt with?", "You do this as")
	hasNot(t, p, "Person One", "Why?")
	if s, _ := room.Store.Read(t.Context()).Submission(sub.ID); s.State != postroom.SubmissionReceived {
		t.Fatalf("looking made it %s", s.State)
	}
	has(t, room.Post(t, token("take", "office")), sub.Reference+" is yours now.")
	has(t, room.Post(t, token("snooze-tomorrow", "office")), "is put off until Tuesday 24 November 2026")
	has(t, room.Post(t, token("done", "office")), "is done", "Open the desk")
	has(t, room.Post(t, token("done", "office")), "is done")
	p = room.Get(t, token("done", "office"))
	has(t, p, sub.Reference+" is done")
	hasNot(t, p, "dealt with?")
	s, err := room.Store.Read(t.Context()).Submission(sub.ID)
	if err != nil || s.State != postroom.SubmissionAnswered || s.AssignedTo != "office" {
		t.Errorf("it is %s with %s, %v", s.State, s.AssignedTo, err)
	}
	for path, want := range map[string]int{
		token("done", "nobody"):   http.StatusGone,
		token("done", "events"):   http.StatusForbidden,
		token("eat", "office"):    http.StatusNotFound,
		"/deed/nonsense":          http.StatusNotFound,
		token("done", "office|x"): http.StatusGone,
		link.Path(link.Deed, room.Links.Make(link.Deed, link.DeedSubject("done", "submission", sub.ID, "office"), room.Clock.Now().Add(-time.Hour))): http.StatusGone,
	} {
		if p := room.Post(t, path); p.Status != want {
			t.Errorf("%s: %d, want %d", path, p.Status, want)
		}
	}
}

func TestAnAbsenceIsAgreedFromASummary(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	away := func() postroom.Absence {
		c, _ := room.Team.Named("events")
		return c.Absence
	}
	propose := func() {
		err := room.Team.Change(t.Context(), func(tx *store.Tx) error {
			c, _ := room.Team.Named("events")
			c.Absence = postroom.Absence{From: room.Clock.Now(), Proposed: true}
			return tx.ChangeColleague(c)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	propose()
	path := link.Path(link.Deed, room.Links.Make(link.Deed, link.DeedSubject("away", "colleague", "events", "office"), time.Time{}))
	has(t, room.Get(t, path), "Is events away?", "Yes, they are away", "No, they are here")
	has(t, room.PostForm(t, path, url.Values{"act": {"away-agree"}}), "Thank you")
	if a := away(); a.Proposed || a.From.IsZero() {
		t.Errorf("they are %+v", a)
	}
	if p := room.PostForm(t, path, url.Values{"act": {"away-not"}}); p.Status != http.StatusGone {
		t.Errorf("the other way after that: %d", p.Status)
	}
	propose()
	room.PostForm(t, path, url.Values{"act": {"away-not"}})
	if a := away(); a.Proposed || !a.From.IsZero() {
		t.Errorf("they are %+v", a)
	}
}

// fillDesk puts on file what a busy desk has.
func fillDesk(t testing.TB, room *testkit.Room, n int) {
	t.Helper()
	for i := range n {
		room.Submit(t, "ask", url.Values{"name": {fmt.Sprintf("Person %d", i)}, "email": {fmt.Sprintf("p%d@example.org", i)}, "question": {fmt.Sprintf("What about number %d?", i)}})
		if i%6 == 5 {
			room.Clock.Set(room.Clock.Now().Add(7 * time.Hour))
		}
	}
	room.Work(t)
}

// What the inbox lists first is what Today lists, whoever looks: bookings and
// sign-ups, which need no answer, are one link away.
func TestTheInboxBeginsWithWhoWaitsAsTodayDoes(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		office := room.As(t, "office")
		asked(t, room, "Person One", "one@example.org", "When is the garden open?")
		books(t, room, "Person Two", 1)
		wrote(t, room, testkit.Mail{From: "A Person <letter@example.org>", To: testkit.Support, Subject: "Hello", ID: "l@example.org", Text: "Good morning.", Header: []string{"Auto-Submitted: auto-generated"}})
		first := office.Get(t, "/desk/inbox")
		has(t, first, "Person One", "letter@example.org", "Waiting for an answer", "Everything open")
		hasNot(t, first, "Person Two")
		n := 0
		for _, name := range room.Digests.Names() {
			c, _ := room.Team.Named(name)
			sheet, err := room.Digests.Today(t.Context(), c, room.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			n += sheet.Waiting.All() + sheet.Letters.All()
		}
		has(t, first, fmt.Sprintf(`Waiting for an answer <span class="count">%d</span>`, n))
		has(t, office.Get(t, "/desk/inbox?which=open"), "Person One", "letter@example.org")
		events := room.As(t, "events")
		hasNot(t, events.Get(t, "/desk/inbox"), "Person Two")
		hasNot(t, events.Get(t, "/desk/inbox?q=two"), "Person Two")
		for _, open := range []string{"/desk/inbox?which=open", "/desk/inbox?which=open&q=two"} {
			p := events.Get(t, open)
			has(t, p, "Person Two")
			hasNot(t, p, "Late")
		}
	})
}

func TestTheInboxGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	fillDesk(t, room, 33)
	office := room.As(t, "office")
	p := office.Get(t, "/desk/inbox")
	if n := strings.Count(p.Body, `<li class="item`); n != 30 {
		t.Errorf("%d on the first page", n)
	}
	has(t, p, `<span class="count">33</span>`)
	older := regexp.MustCompile(`href="([^"]*after=[^"]*)">Older`).FindStringSubmatch(p.Body)
	if older == nil {
		t.Fatal("there is no page after it")
	}
	p = office.Get(t, strings.ReplaceAll(older[1], "&amp;", "&"))
	if n := strings.Count(p.Body, `<li class="item`); n != 3 || strings.Contains(p.Body, ">Older<") {
		t.Errorf("%d on the second page", n)
	}
}

func TestTheInboxInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	look(t, room, "office", "inbox-empty", "/desk/inbox")
	second := room.Hire(t, "second", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	fillDesk(t, room, 30)
	list, err := room.Store.Read(t.Context()).Submissions(6)
	if err != nil {
		t.Fatal(err)
	}
	room.As(t, "office").Post(t, "/desk/submission/"+list[0].ID+"/take", nil)
	second.Post(t, "/desk/submission/"+list[1].ID+"/take", nil)
	second.Post(t, "/desk/submission/"+list[2].ID+"/worry", nil)
	l := wrote(t, room, testkit.Mail{From: "A Person <letter@example.org>", To: testkit.Support, Subject: "Hello", ID: "l@example.org",
		Text: "I am Amina Example. Could four of us come? You can call me on 01908 550123.\n\nAmina", Header: []string{"Return-Path: <>", "Auto-Submitted: auto-generated"}})
	room.Submit(t, "ask?lang=fa", url.Values{"name": {"نرگس"}, "email": {"narges@example.org"}, "question": {"سلام، باغ چه ساعتی باز می‌شود؟ آیا می‌توانم با کودکانم بیایم؟"}, "lang": {"fa"}})
	room.Work(t)
	newest, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil {
		t.Fatal(err)
	}
	if newest[0].Locale != "fa" {
		t.Errorf("it is in %s", newest[0].Locale)
	}
	room.As(t, "office").Post(t, "/desk/submission/"+newest[0].ID+"/note", url.Values{"note": {"She came last year, too."}})
	look(t, room, "office", "inbox", "/desk/inbox")
	look(t, room, "second", "inbox-held", "/desk/inbox?which=held")
	look(t, room, "office", "submission-en", "/desk/submission/"+list[1].ID)
	look(t, room, "office", "submission-fa", "/desk/submission/"+newest[0].ID)
	look(t, room, "office", "letter", "/desk/letter/"+l.ID)
	look(t, room, "second", "shut", "/desk/submission/"+list[2].ID)
	look(t, room, "office", "sealed", "/desk/submission/"+list[2].ID)
	room.As(t, "office").Post(t, "/desk/submission/"+list[2].ID+"/open", nil)
	look(t, room, "office", "held", "/desk/submission/"+list[2].ID)
	look(t, room, "", "deed", link.Path(link.Deed, room.Links.Make(link.Deed, link.DeedSubject("done", "submission", list[0].ID, "office"), time.Time{})))
}

// TestSomebodyIsAnsweredWithTheKeyboardAlone walks from the inbox to an answer
// with Tab, Enter and letters, with JavaScript and without.
func TestSomebodyIsAnsweredWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		room := testkit.New(t)
		sub := asked(t, room, "Person One", "one@example.org", "Why?")
		browser := testserver.Browser(t)
		at := func(what string) string {
			var got string
			if err := chromedp.Run(browser, emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(what, &got), emulation.SetScriptExecutionDisabled(!script)); err != nil {
				t.Fatal(err)
			}
			return got
		}
		press := func(keys string) {
			if err := chromedp.Run(browser, chromedp.KeyEvent(keys)); err != nil {
				t.Fatal(err)
			}
		}
		tabTo := func(is string) {
			t.Helper()
			for range 80 {
				if at(`String(document.activeElement.matches(`+"`"+is+"`"+`))`) == "true" {
					return
				}
				press(kb.Tab)
			}
			t.Fatalf("Tab never comes to %s (script %t)", is, script)
		}
		enter := func(ready string) {
			t.Helper()
			if err := chromedp.Run(browser, chromedp.KeyEvent(kb.Enter), chromedp.WaitReady(ready)); err != nil {
				t.Fatal(err)
			}
		}
		err := chromedp.Run(browser, network.SetCookie("as", "office").WithURL(room.URL), emulation.SetScriptExecutionDisabled(!script), chromedp.Navigate(room.URL+"/desk/inbox"))
		if err != nil {
			t.Fatal(err)
		}
		if script {
			press("j")
			if got := at(`document.activeElement.getAttribute("href")`); got != "/desk/submission/"+sub.ID {
				t.Errorf("j goes to %s", got)
			}
		}
		tabTo(".items h3 a")
		enter("#text")
		tabTo("#text")
		press("It opens at ten.")
		tabTo("#reply .acts button")
		enter(".did")
		s, err := room.Store.Read(t.Context()).Submission(sub.ID)
		if err != nil || s.State != postroom.SubmissionAnswered {
			t.Errorf("script %t: it is %s, %v", script, s.State, err)
		}
		room.Clock.Set(room.Clock.Now().Add(casework.UndoFor))
		room.Work(t)
		if l := room.Letter(t, "one@example.org"); !strings.Contains(l.Text, "It opens at ten.") {
			t.Errorf("script %t: the person reads\n%s", script, l.Text)
		}
	}
}

// TestTheKeysCanBeSwitchedOff holds the desk to WCAG 2.2, 2.1.4, and shows that a
// list follows what is typed.
func TestTheKeysCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	asked(t, room, "Person One", "one@example.org", "Why?")
	room.Clock.Set(room.Clock.Now().Add(time.Hour))
	asked(t, room, "Somebody Else", "else@example.org", "How?")
	browser := testserver.Browser(t)
	var focus, again string
	err := chromedp.Run(browser, network.SetCookie("as", "office").WithURL(room.URL), chromedp.Navigate(room.URL+"/desk/inbox"),
		chromedp.KeyEvent("/"), chromedp.Evaluate(`document.activeElement.id`, &focus),
		chromedp.KeyEvent("one"), chromedp.Poll(`document.querySelectorAll("#list .item").length === 1 && document.activeElement.id === "q"`, nil, chromedp.WithPollingTimeout(10*time.Second)),
		chromedp.Navigate(room.URL+"/desk/inbox"), chromedp.KeyEvent("?"), chromedp.Click("#keys-off"), chromedp.Navigate(room.URL+"/desk/inbox"),
		chromedp.KeyEvent("/"), chromedp.Evaluate(`document.activeElement.id`, &again))
	if err != nil {
		t.Fatal(err)
	}
	if focus != "q" || again == "q" {
		t.Errorf("/ goes to %q, and to %q after it was switched off", focus, again)
	}
}

func TestALetterThatWorriesIsClosedToAllButTheLead(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	l := wrote(t, room, testkit.Mail{From: "Two <two@example.org>", To: testkit.Support, Subject: "Hm", ID: "two@example.org", Text: "A word.", Header: []string{"Return-Path: <>"}})
	second := room.Hire(t, "second", postroom.Grant{Role: postroom.IsCoordinator})
	base := "/desk/letter/" + l.ID
	var lead *testkit.Colleague
	for _, name := range []string{"office", "cag"} { // whoever is called about this mailbox has seen it before
		room.As(t, name).Get(t, base)
	}
	room.Clock.Set(room.Clock.Now().Add(time.Minute))
	p := second.Post(t, base+"/worry", url.Values{"why": {"A threat."}})
	has(t, p, l.Reference, "Who has been told")
	for _, path := range []string{base, "/desk/inbox"} {
		hasNot(t, second.Get(t, path), "two@example.org", "A word.", "A threat.")
	}
	if p := second.Get(t, base+"/attachment/1"); p.Status != http.StatusForbidden {
		t.Errorf("an attachment: %d", p.Status)
	}
	for _, name := range []string{"office", "cag"} {
		if strings.Contains(p.Body, name) {
			lead = room.As(t, name)
		}
	}
	p = lead.Get(t, base)
	has(t, p, "Look at it")
	hasNot(t, p, "A word.")
	has(t, lead.Post(t, base+"/open", nil), "A word.", "A threat.")
}
