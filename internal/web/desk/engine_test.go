package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// says looks for sentences on a page, and for some that must not be there.
func says(t *testing.T, p testkit.Page, want []string, never ...string) {
	t.Helper()
	if p.Status != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", p.URL, p.Status, p.Body)
	}
	for _, text := range want {
		if !strings.Contains(p.Body, text) {
			t.Errorf("%s lacks %q:\n%s", p.URL, text, p.Body)
		}
	}
	for _, text := range never {
		if strings.Contains(p.Body, text) {
			t.Errorf("%s says %q", p.URL, text)
		}
	}
}

const well = "All is well"

// admin is somebody who looks after the post room.
func admin(t *testing.T, room *testkit.Room) *testkit.Colleague {
	t.Helper()
	return room.Hire(t, "admin-1", postroom.Grant{Role: postroom.Admin})
}

// ask sends a question by the form.
func ask(t *testing.T, room *testkit.Room, from string) {
	t.Helper()
	room.Submit(t, "ask", url.Values{"name": {"A Person"}, "email": {from}, "question": {"When are you open?"}})
	room.Work(t)
}

func TestTheEngineRoomSaysThatAllIsWell(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		ann := admin(t, room)
		ask(t, room, "person@example.org")
		says(t, ann.Get(t, "/desk/engine"), []string{well, "No mailbox is read", "Mail leaves this way", "Confirmations", "everybody", "Started"}, "What needs somebody")
		says(t, ann.Get(t, "/desk/engine/jobs"), []string{"Nothing was given up"})
		says(t, ann.Get(t, "/desk/engine/mail"), []string{"No mail went wrong"})
		if p := ann.Get(t, "/desk/engine/mailbox/nobody@riverside.example"); p.Status != http.StatusNotFound {
			t.Errorf("a mailbox that is not there: status %d", p.Status)
		}
	})
}

// press presses the first button of a page that posts to an address with this end.
func press(t *testing.T, who *testkit.Colleague, p testkit.Page, end string) testkit.Page {
	t.Helper()
	found := regexp.MustCompile(`action="(/desk/engine/jobs/[^"]+/` + end + `)"`).FindStringSubmatch(p.Body)
	if found == nil {
		t.Fatalf("there is no button to %s:\n%s", end, p.Body)
	}
	return who.Post(t, found[1], url.Values{})
}

// A mail that the server refuses is given up. Its job is listed with what the
// server said; a person puts it away, takes that back, and has it tried again.
func TestWorkThatWasGivenUpIsTriedAgain(t *testing.T) {
	t.Parallel()
	var refuses atomic.Bool
	refuses.Store(true)
	room := testkit.New(t, testkit.Misbehaving(testserver.OnRcpt(func(to string) error {
		if refuses.Load() && to == "person@example.org" {
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not today"}
		}
		return nil
	})))
	ann := admin(t, room)
	ask(t, room, "person@example.org")
	says(t, ann.Get(t, "/desk/engine"), []string{"What needs somebody", "Work was given up"}, well)
	says(t, ann.Get(t, "/desk/engine/mail"), []string{"person@example.org", "not today", "Failed"})
	jobs := ann.Get(t, "/desk/engine/jobs")
	says(t, jobs, []string{"Sending the mail", "not today", "Try again", "Put away"})
	look(t, room, "admin-1", "engine-jobs", "/desk/engine/jobs")
	look(t, room, "admin-1", "engine-mail", "/desk/engine/mail")
	look(t, room, "admin-1", "engine-dead", "/desk/engine")

	dropped := press(t, ann, jobs, "drop")
	says(t, dropped, []string{"It is put away", "Nothing was given up", "can still be tried again"})
	says(t, ann.Get(t, "/desk/engine"), []string{well})

	refuses.Store(false)
	says(t, press(t, ann, dropped, "retry"), []string{"It is being tried again"}, "can still be tried again")
	if p := press(t, ann, dropped, "retry"); p.Status != http.StatusOK {
		t.Errorf("pressing it twice: status %d", p.Status)
	}
	if p := press(t, ann, jobs, "drop"); p.Status != http.StatusGone {
		t.Errorf("what is tried again is put away by an old page: status %d", p.Status)
	}
	room.Work(t)
	room.Letter(t, "person@example.org")
	says(t, ann.Get(t, "/desk/engine/jobs"), []string{"Nothing was given up"})
	if got, want := audited(t, room), []string{"drop job", "retry job", "view"}; !slices.Equal(got, want) {
		t.Errorf("of the admin is noted %q, want %q", got, want)
	}
}

// audited lists what is noted of the admin.
func audited(t *testing.T, room *testkit.Room) (list []string) {
	t.Helper()
	for line := range strings.Lines(room.Rows(t)) {
		for _, act := range []string{"drop job", "retry job", "view"} {
			if strings.HasPrefix(line, "audit: ") && strings.Contains(line, "admin-1") && strings.Contains(line, " "+act+" ") {
				list = append(list, act)
			}
		}
	}
	slices.Sort(list)
	return list
}

// A mail server that is away is seen in the process that sends, and in one that
// only shows pages, which knows it by the mail that waits.
func TestAMailServerThatIsAwayIsSeenInEveryProcess(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		ann := admin(t, room)
		room.Sink.Down()
		ask(t, room, "person@example.org")
		want := []string{"What needs somebody", "This mail server does not answer", "Mails that wait for it: 2", "Wait a little"}
		says(t, ann.Get(t, "/desk/engine"), want, well, "Mail leaves this way")
		if room.Store.Engine() == "postgres" {
			beside := testkit.New(t, testkit.Beside(room), testkit.Roles(app.RoleWeb))
			says(t, beside.As(t, "admin-1").Get(t, "/desk/engine"), want, well)
		} else {
			look(t, room, "admin-1", "engine-away", "/desk/engine")
		}
		room.Sink.Up()
		room.Clock.Advance(2 * time.Minute)
		room.Work(t)
		says(t, ann.Get(t, "/desk/engine"), []string{well, "Mail leaves this way"})
	})
}

// A mailbox that is watched lists what would have been sent, and one that cannot
// be read says why and what to do.
func TestMailboxesSayWhatTheyWouldHaveSentAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	room := testkit.New(t, testkit.Mailbox(d, testkit.Support, "mode: watch"), testkit.Setting("deliver_only_to: [\"@riverside.example\"]"))
	ann := admin(t, room)
	room.Sweep(t)
	d.Put(testkit.Support, "INBOX", time.Time{}, []byte("From: A Person <person@example.org>\r\nTo: "+testkit.Support+
		"\r\nSubject: Opening hours\r\nDate: Mon, 23 Nov 2026 09:20:00 +0000\r\nMessage-ID: <one@example.org>\r\n\r\nWhen are you open on Saturdays?\r\n"))
	room.Sweep(t)
	room.Work(t)
	ask(t, room, "other@example.org") // held: this is a trial
	says(t, ann.Get(t, "/desk/engine"), []string{testkit.Support, "Watches only", "See what would have been sent: 2", "This is a trial", "only @riverside.example"}, well)
	says(t, ann.Get(t, "/desk/engine/mailbox/"+testkit.Support), []string{"person@example.org", "We have your message", "Something new came in"}, "other@example.org")
	look(t, room, "admin-1", "engine-mailbox", "/desk/engine/mailbox/"+testkit.Support)

	d.Vanish()
	room.Clock.Advance(20 * time.Minute)
	if err := room.Mailboxes.Sweep(t.Context()); err == nil {
		t.Error("a mailbox that is away was read")
	}
	says(t, ann.Get(t, "/desk/engine"), []string{"The mail server does not answer. No new letters come in from here.", "postroom tries again every few minutes"}, well)
	look(t, room, "admin-1", "engine", "/desk/engine")
}

// What a message that is held says, and to whom, is not for every admin.
func TestWhomAHeldMailIsForIsNotShown(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.Misbehaving(testserver.OnRcpt(func(to string) error {
		if to != "person@example.org" {
			return nil
		}
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no mail for person@example.org"}
	})))
	ann := admin(t, room)
	ask(t, room, "person@example.org")
	mails, err := room.Store.Read(t.Context()).Messages(postroom.Failed, 10)
	if err != nil || len(mails) == 0 {
		t.Fatalf("%d mails failed: %v", len(mails), err)
	}
	err = room.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.Hold(mails[0].Submission, "safeguarding", room.Clock.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	says(t, ann.Get(t, "/desk/engine/mail"), []string{"not shown", "something that is held"}, "person@example.org")
	says(t, ann.Get(t, "/desk/engine/jobs"), []string{"something that is held"}, "person@example.org")
}

// One reason reads the same wherever it stands: on the page of what somebody sent,
// on their own, and in the engine room.
func TestAReasonReadsTheSameOnEveryPage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, testkit.Setting("deliver_only_to: [only@example.org]"))
	ann := admin(t, room)
	sub := asked(t, room, "Person One", "one@example.org", "When is the garden open?")
	says(t, ann.Get(t, "/desk/submission/"+sub.ID), []string{"This is a trial, and mail goes to a few addresses only."})
	says(t, ann.Get(t, "/desk/person/"+sub.Contact), []string{"Kept back: this is a trial, and mail goes to a few addresses only"})
}
