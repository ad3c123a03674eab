package desk_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/emersion/go-smtp"

	"postroom/internal/casework"
	"postroom/internal/config"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// TestTheDeskIsWalkedWithTheKeyboardAlone does the main task of each page without
// a mouse, with JavaScript and without. One room serves all walks of a browser;
// each walk has people of its own. How somebody is answered from the inbox,
// TestSomebodyIsAnsweredWithTheKeyboardAlone walks.
func TestTheDeskIsWalkedWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	for _, v := range hands() {
		t.Run(fmt.Sprintf("%d px, JavaScript %t", v.width, v.script), func(t *testing.T) {
			t.Parallel()
			w := walked(t, v)
			for _, each := range []struct {
				name string
				walk func(*walk)
			}{
				{"today", walkToday},
				{"submission", walkSubmission},
				{"letter", walkLetter},
				{"person", walkPerson},
				{"merge", walkMerge},
				{"organisation", walkOrganisation},
				{"groups", walkGroups},
				{"import", walkImport},
				{"calls", walkCalls},
				{"deed", walkDeed},
				{"engine", walkEngine},
				{"invite", walkInvite},
				{"cover", walkCover},
				{"leaving", walkLeaving},
				{"letter wording", walkWording},
				{"form", walkForm},
				{"mailbox", walkMailbox},
				{"door", walkDoor}, // this moves the clock, and the figures come after it
				{"figures", walkFigures},
			} {
				t.Run(each.name, func(t *testing.T) {
					w.t, w.keyboard.t = t, t
					each.walk(w)
				})
			}
		})
	}
}

// walk is a keyboard in a room that has something of everything.
type walk struct {
	*keyboard
	t       *testing.T
	refuses atomic.Bool // the mail server refuses refused@example.org
}

const walkedBox = "volunteering@communityaction.example"

func walked(t *testing.T, v view) *walk {
	w := &walk{t: t}
	room := testkit.New(t, testkit.Setting("mailboxes: [{address: "+walkedBox+", host: 127.0.0.1, port: 1, security: none, password: x, mode: watch}]"),
		testkit.Misbehaving(testserver.OnRcpt(func(to string) error {
			if w.refuses.Load() && to == "refused@example.org" {
				return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not today"}
			}
			return nil
		})))
	room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	room.Hire(t, "greeter-1", postroom.Grant{Role: postroom.Greeter})
	room.Hire(t, "viewer-1", postroom.Grant{Role: postroom.Viewer})
	w.keyboard = sit(t, room, v)
	w.as("office")
	return w
}

// submission reads one as it is on file.
func (w *walk) submission(id string) postroom.Submission {
	w.t.Helper()
	s, err := w.room.Store.Read(w.t.Context()).Submission(id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// is fails unless a submission is in a state.
func (w *walk) is(id string, want postroom.SubmissionState) {
	w.t.Helper()
	if got := w.submission(id).State; got != want {
		w.t.Fatalf("it is %s, want %s", got, want)
	}
}

func walkToday(w *walk) {
	longest := asked(w.t, w.room, "Ada Long", "ada@example.org", "Since when?")
	w.room.Clock.Advance(time.Hour)
	asked(w.t, w.room, "Ben Short", "ben@example.org", "Why?")
	w.tour("/desk/today")
	w.open("/desk/today")
	w.skip()
	w.follow(`section[aria-labelledby="waiting"] .item:first-child h3 a`)
	w.says("Ada Long", "Since when?")
	w.follow(`.rooms a[href="/desk/today"]`)
	w.press(`section[aria-labelledby="waiting"] .item:first-child form[action$="/done"] button`)
	w.is(longest.ID, postroom.SubmissionAnswered)
	w.press(`.did button`)
	w.is(longest.ID, postroom.SubmissionReceived)
}

func walkSubmission(w *walk) {
	s := asked(w.t, w.room, "Cleo Asks", "cleo@example.org", "May I come?")
	path := "/desk/submission/" + s.ID
	w.tour(path)
	w.open(path)
	w.press(`form[action$="/take"] button`)
	if got := w.submission(s.ID).AssignedTo; got != "office" {
		w.t.Errorf("taken, it is with %q", got)
	}
	w.write("#note", "She came last year.")
	w.press(`form[action$="/note"] button`)
	w.says("Notes", "She came last year.")
	w.unfold(`details:has(form[action$="/snooze"])`)
	w.day("#date", w.room.Clock.Now().AddDate(0, 0, 3))
	w.press(`form[action$="/snooze"] button`)
	if until := w.submission(s.ID).SnoozedUntil; until.Sub(w.room.Clock.Now()) < 48*time.Hour {
		w.t.Errorf("put off, it is back on %s", until)
	}
	w.press(`.did button`)
	w.press(`form[action$="/close"] button`)
	w.is(s.ID, postroom.SubmissionClosed)
	w.press(`.did button`)
	w.is(s.ID, postroom.SubmissionReceived)
}

func walkLetter(w *walk) {
	unclear := func(name string) postroom.Letter {
		return wrote(w.t, w.room, testkit.Mail{From: name + " <" + name + "@example.org>", To: testkit.Support, Subject: "Hello", ID: name + "@example.org",
			Text: "A word from " + name + ".", Header: []string{"Return-Path: <>", "Auto-Submitted: auto-generated"}})
	}
	state := func(id string) postroom.Letter {
		l, err := w.room.Store.Read(w.t.Context()).Letter(id)
		if err != nil {
			w.t.Fatal(err)
		}
		return l
	}
	filed := unclear("dina")
	w.tour("/desk/letter/" + filed.ID)
	w.open("/desk/letter/" + filed.ID)
	w.write("#person", "dina@example.org")
	w.write("#name", "Dina Wrote")
	w.choose("#form", "ask")
	w.press("#file button")
	if l := state(filed.ID); l.State != postroom.LetterDone || l.Submission == "" {
		w.t.Errorf("filed, it is %s, and %q", l.State, l.Submission)
	}
	done := unclear("ed")
	w.open("/desk/letter/" + done.ID)
	w.press(`form[action$="/done"] button`)
	if l := state(done.ID); l.State != postroom.LetterDone {
		w.t.Errorf("done, it is %s", l.State)
	}
	w.press(".did button")
	if l := state(done.ID); l.State != postroom.LetterTriage {
		w.t.Errorf("undone, it is %s", l.State)
	}
}

// find types a name into the search of people, and waits for who is found.
func (w *walk) find(name, found string) {
	w.t.Helper()
	w.open("/desk/people")
	w.write("#q", name)
	if !w.v.script {
		w.arrives(kb.Enter)
		return
	}
	w.key(kb.Enter) // the list changes and the page stays
	w.run(chromedp.Poll("!!document.querySelector("+quoted(found)+") && document.activeElement.id === 'q'", nil, chromedp.WithPollingTimeout(time.Minute)))
}

func walkPerson(w *walk) {
	w.as("events")
	defer w.as("office")
	books(w.t, w.room, "Flo Came", 2)
	path := "/desk/person/" + personNamed(w.t, w.room, "Flo Came")
	w.tour("/desk/people")
	w.tour(path)
	link := `#found a[href="` + path + `"]`
	w.find("flo", link)
	w.follow(link)
	w.says("Flo Came", "What will happen next")
	var step string
	w.evaluate(`document.querySelector("form[action='/desk/step/skip'] [name=step]").value`, &step)
	state := func() postroom.StepState {
		s, err := w.room.Store.Read(w.t.Context()).Step(step)
		if err != nil {
			w.t.Fatal(err)
		}
		return s.State
	}
	w.press(`form[action="/desk/step/skip"] button`)
	if got := state(); got != postroom.StepSkipped {
		w.t.Errorf("stopped, it is %s", got)
	}
	w.press(".did button")
	if got := state(); got != postroom.StepPlanned {
		w.t.Errorf("undone, it is %s", got)
	}
}

func walkMerge(w *walk) {
	asks(w.t, w.room, "Gus Hill", "gus@example.org", "First?")
	asks(w.t, w.room, "Gustav Hill", "gustav@example.org", "Second?")
	keep, drop := personNamed(w.t, w.room, "Gus Hill"), personNamed(w.t, w.room, "Gustav Hill")
	base := "/desk/person/" + keep
	w.tour(base + "/merge?q=hill")
	w.tour(base + "/merge/" + drop)
	w.open(base)
	w.follow(`a[href="` + base + `/merge"]`)
	w.write("#q", "gustav")
	w.arrives(kb.Enter)
	w.follow(`.items a[href="` + base + "/merge/" + drop + `"]`)
	w.says("This one stays", "gustav@example.org")
	w.press(`form[action="` + base + `/merge"] button`)
	w.says("They are one person now.")
	if p := w.room.As(w.t, "office").Get(w.t, "/desk/person/"+drop); !strings.HasSuffix(p.URL, keep) {
		w.t.Errorf("the other entry leads to %s", p.URL)
	}
}

func walkOrganisation(w *walk) {
	w.as("cag")
	defer w.as("office")
	w.room.Submit(w.t, "join", url.Values{"name": {"Hana Bell"}, "organisation": {"Millside Gardeners"}, "email": {"hana@example.org"}, "area": {"wolverton"}})
	w.room.Work(w.t)
	found, err := w.room.Store.Read(w.t.Context()).Search("millside", 9)
	if err != nil || len(found) == 0 {
		w.t.Fatal(found, err)
	}
	var path string
	for _, f := range found {
		if f.Kind == store.FoundOrganisation {
			path = "/desk/organisation/" + f.ID
		}
	}
	w.tour(path)
	link := `#found a[href="` + path + `"]`
	w.find("millside", link)
	w.follow(link)
	w.says("Millside Gardeners", "What its people sent")
	w.follow(`.items a[href="/desk/person/` + personNamed(w.t, w.room, "Hana Bell") + `"]`)
	w.says("Hana Bell", "hana@example.org")
}

func walkGroups(w *walk) {
	w.as("cag")
	defer w.as("office")
	joins(w.t, w.room, "Ida Moss", "Millbrook Singers")
	joins(w.t, w.room, "Ivy Moss", "Millbrook Singerz")
	keep, drop := groupNamed(w.t, w.room, "Millbrook Singers"), groupNamed(w.t, w.room, "Millbrook Singerz")
	base := "/desk/organisation/" + keep
	w.tour(base + "/merge/" + drop)
	w.open(base)
	w.follow(`a[href="` + base + "/merge/" + drop + `"]`)
	w.says("Is this one group?", "Ida Moss", "Ivy Moss")
	w.press(`form[action="` + base + `/merge"] button`)
	w.says("They are one group now.", "Ivy Moss")
}

func walkImport(w *walk) {
	w.tour("/desk/imports")
	page := brings(w.t, w.room, "office", "form:ask", "name,email,question\nUma Reed,uma@example.org,When?\n")
	path := strings.TrimPrefix(page.URL, w.room.URL)
	w.tour(path)
	w.open(path)
	w.write("#source", "the May meeting")
	w.arrives(kb.Enter)
	w.says("the May meeting", "Will be added")
	w.press(`form[method="post"] button`)
	w.says("What was imported")
	w.press(`form[action$="/undo"] button`)
	w.says("Rows taken back: 1.")
}

func walkCalls(w *walk) {
	call := func(name string) string {
		w.room.Submit(w.t, "ask", url.Values{"name": {name}, "phone": {"07700 900456"}, "question": {"When?"}})
		w.room.Work(w.t)
		return callOf(w.t, w.room.As(w.t, "office").Get(w.t, "/desk/calls"), name)
	}
	open := func(id string) bool {
		calls, err := w.room.Store.Read(w.t.Context()).Calls(100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range calls {
			if c.ID == id {
				return !c.Done
			}
		}
		return false
	}
	reached, printed := call("Ivo Rings"), call("Jo Reads")
	w.tour("/desk/calls")
	w.tour("/desk/calls/" + printed + "/print")
	w.open("/desk/calls")
	form := `form[action="/desk/calls/` + reached + `/done"]`
	w.unfold("details:has(" + form + ")")
	w.choose(form+" input[type=radio]", "left_message")
	w.write("#t-"+reached, "His sister will tell him.")
	w.press(form + " button")
	if open(reached) {
		w.t.Error("the call is still to be made")
	}
	w.follow(`a[href="/desk/calls/` + printed + `/print"]`)
	w.press(`form[action="/desk/calls/` + printed + `/done"] button`)
	if open(printed) {
		w.t.Error("the letter is still to be sent")
	}
	w.press(".did button")
	if !open(printed) {
		w.t.Error("undone, and the letter is not to be sent")
	}
}

func walkDeed(w *walk) {
	s := asked(w.t, w.room, "Kit Mails", "kit@example.org", "Where?")
	path := link.Path(link.Deed, w.room.Links.Make(link.Deed, link.DeedSubject("done", "submission", s.ID, "office"), w.room.Clock.Now().Add(time.Hour)))
	w.tour(path)
	w.open(path)
	w.press("form.acts button")
	w.is(s.ID, postroom.SubmissionAnswered)
	w.follow(`a.button[href="/desk/"]`)
	w.says("Today")
}

func walkEngine(w *walk) {
	w.as("boss")
	defer w.as("office")
	w.refuses.Store(true)
	asks(w.t, w.room, "Lou Refused", "refused@example.org", "Hello?")
	w.refuses.Store(false)
	w.tour("/desk/engine")
	w.tour("/desk/engine/jobs")
	w.tour("/desk/engine/mail")
	w.open("/desk/engine")
	w.follow(`.item a[href="/desk/engine/jobs"]`)
	w.press(`form[action$="/retry"] button`)
	w.says("It is being tried again")
	w.room.Work(w.t)
	w.room.Letter(w.t, "refused@example.org")
}

func walkInvite(w *walk) {
	w.as("boss")
	defer w.as("office")
	w.tour("/desk/settings")
	w.tour("/desk/settings/people")
	w.open("/desk/settings")
	w.follow(`.cards a[href="/desk/settings/people"]`)
	w.unfold(`details:has(#name)`)
	w.write("#address", "mia")
	w.refused(`form:has(#name) button`)
	w.write("#name", "Mia")
	w.write("#address", "mia@riverside.example")
	w.choose("input[type=radio][name=role]", "coordinator")
	w.tick(`[name=programme][value=enquiries]`)
	w.choose("#locale", "uk")
	w.press(`form:has(#name) button`)
	c, here := w.room.Team.Named("Mia")
	if !here || !c.Reads("enquiries", "") || c.Reads("volunteering", "") || c.Locale != "uk" {
		w.t.Errorf("Mia is %+v, %t", c, here)
	}
	w.room.Work(w.t)
	w.room.Letter(w.t, "mia@riverside.example")
}

// refused presses the button of a form that has to be mended: the focus is led to
// the summary, whose links lead to inputs that say themselves that they are wrong.
func (w *walk) refused(button string) {
	w.t.Helper()
	w.tabTo(button)
	if status := w.answered(kb.Enter); status != http.StatusUnprocessableEntity {
		w.t.Fatalf("%s is answered %d, want 422", button, status)
	}
	var focused bool
	w.evaluate(`document.activeElement.matches(".summary")`, &focused)
	if !focused {
		w.t.Errorf("%s: after a refusal the focus is not on the summary", w.where())
	}
	var bad []string
	w.evaluate(`[...document.querySelectorAll(".summary a")].map(a => a.getAttribute("href").slice(1)).filter(id => {
		const e = document.getElementById(id);
		return !e || e.getAttribute("aria-invalid") !== "true" || !(e.getAttribute("aria-describedby") || "").split(" ").some(d => document.getElementById(d)?.matches(".mistake, :has(.mistake)"));
	})`, &bad)
	if len(bad) > 0 {
		w.t.Errorf("%s: nothing at these inputs says that they are wrong: %q", w.where(), bad)
	}
	w.tabTo(".summary a")
	w.key(kb.Enter)
}

func walkCover(w *walk) {
	w.open("/desk/settings/people")
	w.follow(`.item.mine h2 a`)
	today := w.room.Clock.Now()
	w.day("#from", today)
	w.day("#until", today.AddDate(0, 0, 4))
	w.choose("#away-cover", "events")
	w.press(`form[action$="/away"] button`)
	if c, _ := w.room.Team.Named("office"); !c.Away(today) || c.Cover != "events" {
		w.t.Errorf("office is %+v", c)
	}
	w.press(`form[action$="/back"] button`)
	if c, _ := w.room.Team.Named("office"); c.Away(today) {
		w.t.Errorf("back, office is %+v", c)
	}
}

func walkLeaving(w *walk) {
	w.room.Hire(w.t, "nils", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	w.as("boss")
	defer w.as("office")
	w.tour("/desk/settings/people/nils")
	w.tour("/desk/settings/people/nils/leaving")
	w.open("/desk/settings/people/nils")
	w.follow(`a[href$="/nils/leaving"]`)
	w.choose("#to", "events")
	w.press("form:has(#to) button")
	if _, here := w.room.Team.Named("nils"); here {
		w.t.Error("nils is still here")
	}
	w.press(".did button")
	if _, here := w.room.Team.Named("nils"); !here {
		w.t.Error("undone, and nils has left")
	}
}

func walkWording(w *walk) {
	w.as("boss")
	defer w.as("office")
	w.open("/desk/settings")
	w.follow(`.cards a[href="/desk/settings/letters"]`)
	w.follow("main .item h3 a")
	page := w.where()
	name := strings.Split(page, "/")[4]
	subject := func() string {
		l, _ := w.room.Wording.Letter(name, "en")
		return l.Text.Subject
	}
	before := subject()
	w.write("#subject", "Thank you so much")
	w.press(`button[value=preview]`)
	w.says("Thank you so much")
	if got := subject(); got != before {
		w.t.Errorf("looked at only, the subject is %q", got)
	}
	w.press(`button[value=save]`)
	if got := subject(); got != "Thank you so much" {
		w.t.Errorf("saved, the subject is %q", got)
	}
	w.press(".did button")
	if got := subject(); got != before {
		w.t.Errorf("undone, the subject is %q", got)
	}
	w.tour(page)
}

func walkForm(w *walk) {
	w.as("boss")
	defer w.as("office")
	const path = "/desk/settings/programme/enquiries"
	status := func() int { return w.room.Get(w.t, "/f/ask").Status }
	w.tour(path)
	if len(hands()) > 2 { // it is the longest of all
		w.tour("/desk/settings/form/ask?in=uk&look=1")
		w.tour("/desk/settings/letters")
	}
	w.open("/desk/settings")
	w.follow(`.cards a[href="` + path + `"]`)
	w.press(`#form-ask button[value=close]`)
	if got := status(); got != http.StatusGone {
		w.t.Errorf("closed, its page says %d", got)
	}
	w.press(`#form-ask button[value=open]`)
	if got := status(); got != http.StatusOK {
		w.t.Errorf("open, its page says %d", got)
	}
}

func walkMailbox(w *walk) {
	w.as("boss")
	defer w.as("office")
	w.tour("/desk/settings/mailboxes")
	w.open("/desk/settings/mailboxes")
	w.tabTo("input[type=radio][value=watch]") // the one that is chosen
	w.key(kb.ArrowDown)
	if s := w.here("input[value=draft]:checked"); !s.Is {
		w.t.Fatalf("below it is %s", s.Value)
	}
	w.press(`form[action*="/mailboxes/"] button`)
	if got := w.room.Wording.Mode(walkedBox); got != config.Draft {
		w.t.Errorf("it is in mode %s", got)
	}
	w.press(".did button")
	if got := w.room.Wording.Mode(walkedBox); got != config.Watch {
		w.t.Errorf("undone, it is in mode %s", got)
	}
}

func walkDoor(w *walk) {
	books(w.t, w.room, "Olga Guest", 3)
	w.room.Clock.Set(morning)
	w.as("greeter-1")
	defer w.as("office")
	door := doorLink(w.t, w.room.As(w.t, "greeter-1"))
	booking := bookingIn(w.t, w.room.As(w.t, "greeter-1").Get(w.t, door), "Olga Guest").Get("booking")
	state := func() postroom.BookingState {
		b, err := w.room.Store.Read(w.t.Context()).Booking(booking)
		if err != nil {
			w.t.Fatal(err)
		}
		return b.State
	}
	w.tour("/desk/door")
	w.tour(door)
	w.open("/desk/door")
	w.follow(`.items a[href="` + door + `"]`)
	before := state()
	w.press(`#b` + booking + ` button`)
	if got := state(); got == before {
		w.t.Errorf("they came, and it is %s", got)
	}
	if w.key(kb.Tab); !w.here("#b" + booking + " button").Is {
		w.t.Errorf("after ticking, Tab goes to %q and not on from there", w.here("*").Says)
	}
	w.press(`#b` + booking + ` button.plain`)
	if got := state(); got != before {
		w.t.Errorf("they are not here, and it is %s", got)
	}
}

func walkFigures(w *walk) {
	w.as("viewer-1")
	defer w.as("office")
	w.tour("/desk/figures")
	w.open("/desk/")
	w.skip()
	w.says("Figures", "Networking event", "March 2027")
}

var sixNumbers = regexp.MustCompile(`\b\d{3} ?\d{3}\b`)

// TestSomebodySignsInWithTheKeyboardAlone walks in by the link of a mail, out,
// and in again by the numbers.
func TestSomebodySignsInWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.Locked)
	k := sit(t, room, hands()[0])
	for _, v := range hands() {
		t.Run(fmt.Sprintf("%d px, JavaScript %t", v.width, v.script), func(t *testing.T) {
			k.t = t
			k.turn(v)
			ask := func() testkit.Letter {
				room.Clock.Advance(casework.UndoFor + time.Hour)
				k.open("/desk/inbox")
				k.write("#address", "office@riverside.example")
				k.press("main form button")
				k.says("code")
				room.Work(t)
				return room.Letter(t, "office@riverside.example")
			}
			k.tour("/desk/sign-in")
			k.tour("/desk/sign-in/sent")
			k.open(ask().Links()[0])
			k.press("main form button")
			k.says("Inbox")
			k.tour("/desk/devices")
			k.open("/desk/devices")
			k.press(`.me form button`)
			code := sixNumbers.FindString(ask().Text)
			k.write("#code", strings.ReplaceAll(code, " ", ""))
			k.arrives(kb.Enter)
			k.says("Inbox", "Sign out")
			k.press(`.me form button`)
		})
	}
}
