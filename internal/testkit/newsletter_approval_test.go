package testkit_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// drafted files an edition as a colleague wrote it.
func drafted(t *testing.T, room *testkit.Room, by string) string {
	t.Helper()
	c, err := room.Draft("news.md", []byte(edition), "newsletter", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err = room.Newsletter.Draft(t.Context(), c, edition, by)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func TestANewsletterIsApprovedByReplyingToItsTest(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := vouchingRoom(t, engine)
		room.Hire(t, "ann", postroom.Grant{Role: postroom.Admin})
		room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
		room.Hire(t, "cas", postroom.Grant{Role: postroom.IsCoordinator, Programme: "referrals"})
		id := drafted(t, room, "ann")
		state := func() postroom.CampaignState {
			c, err := room.Store.Read(t.Context()).Campaign(id)
			if err != nil {
				t.Fatal(err)
			}
			return c.State
		}
		n := 0
		reply := func(who, from, text string) string {
			t.Helper()
			if _, err := room.Newsletter.Test(t.Context(), id, "ann", who); err != nil {
				t.Fatal(err)
			}
			room.Work(t)
			return answer(t, room, from, room.Letter(t, who+"@riverside.example"), &n, text)
		}
		tells(t, reply("ann", "ann", "APPROVE"), "you wrote this newsletter, so a colleague has to approve it")
		tells(t, reply("ben", "ben", "APPROVE\n\nBut mend the date first."), "your mail says other things, too")
		tells(t, reply("cas", "cas", "APPROVE"), "you do not look after it")
		if reply("ben", "ann", "APPROVE"); state() != postroom.CampaignDraft { // somebody else has ben's test
			t.Errorf("it is %s", state())
		}
		if _, err := room.Newsletter.Test(t.Context(), id, "ann", "person@example.org"); postroom.KindOf(err) != postroom.Invalid {
			t.Errorf("a test to a stranger: %v", err)
		}
		if _, err := room.Newsletter.Test(t.Context(), id, "ann", "ben"); err != nil {
			t.Fatal(err)
		}
		room.Work(t)
		test := room.Letter(t, "ben@riverside.example")
		if test.Subject != "Test: What is on in December" || !strings.Contains(test.Text, "The garden opens again") {
			t.Errorf("the test is %q\n%s", test.Subject, test.Text)
		}
		changed := strings.Replace(edition, "Saturday", "Sunday", 1)
		c, err := room.Draft("news.md", []byte(changed), "newsletter", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := room.Newsletter.Edit(t.Context(), id, "ann", c, changed); err != nil {
			t.Fatal(err)
		}
		tells(t, answer(t, room, "ben", test, &n, "Approve"), "the newsletter has been changed since that mail")
		if state() != postroom.CampaignDraft {
			t.Fatalf("words that nobody saw are %s", state())
		}
		for range 2 {
			tells(t, reply("ben", "ben", "Hi,\n\nAPPROVE\n\nThanks"), "the newsletter is approved and may be sent")
		}
		if m, err := campaign.MatterOf(room.Store.Read(t.Context()), id); err != nil || m.State != postroom.CampaignApproved || m.Life.ApprovedBy != "ben" {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// answer replies to a mail as a colleague, and returns what they hear.
func answer(t *testing.T, room *testkit.Room, from string, to testkit.Letter, n *int, text string) string {
	t.Helper()
	*n++
	address := from + "@riverside.example"
	at, err := to.Header.AddressList("Reply-To")
	if err != nil || len(at) != 1 {
		t.Fatalf("Reply-To is %v, %v", at, err)
	}
	before := len(room.Letters(t, address))
	room.Receive(t, testkit.Support, testkit.Mail{
		From: from + " <" + address + ">", To: at[0].Address, Subject: "Re: " + to.Subject, InReplyTo: idOf(to), ID: "approve" + strings.Repeat("x", *n) + "@riverside.example",
		Text: text + "\n", At: room.Clock.Now(), Header: []string{"Return-Path: <" + address + ">"},
	}.Bytes())
	room.Work(t)
	list := room.Letters(t, address)[before:]
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].Subject + "\n" + flat(list[len(list)-1].Text)
}

// Whoever reads along in public sees what was sent to a list that says so, once all
// have it, and nothing of anybody it was sent to.
func TestTheArchiveShowsWhatAllHaveAndNothingOfThem(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	signUp(t, room, 1, 2)
	room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
	id := drafted(t, room, "ann")
	if err := room.Newsletter.Approve(t.Context(), id, "ben", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Newsletter.Send(t.Context(), id, "ben", campaign.When{AtOnce: true}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/en/news/newsletter/" + id, "/en/news/nothing", "/en/news/nothing/feed.atom"} {
		if p := room.Get(t, path); p.Status != 404 {
			t.Errorf("%s before it is sent: status %d", path, p.Status)
		}
	}
	room.Work(t)
	for path, want := range map[string]string{
		"/en/news/newsletter": "What is on in December", "/uk/news/newsletter": "What is on in December", "/en/news/newsletter/" + id: "<strong>Saturday</strong>", "/news/newsletter/feed.atom": "&lt;strong&gt;Saturday",
	} {
		p := room.Get(t, path)
		if p.Status != 200 || !strings.Contains(p.Body, want) {
			t.Errorf("%s: status %d without %q\n%s", path, p.Status, want, p.Body)
		}
		for _, secret := range []string{"reader-", "unsubscribe", "ben@"} {
			if strings.Contains(p.Body, secret) {
				t.Errorf("%s says %q", path, secret)
			}
		}
	}
}

// Nothing ran when a newsletter should have begun: after an hour nobody gets it by
// surprise.
func TestALateStartAsksFirst(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		signUp(t, room, 1, 1)
		ann := room.Hire(t, "ann", postroom.Grant{Role: postroom.Admin})
		room.Hire(t, "ben", postroom.Grant{Role: postroom.Admin})
		id := drafted(t, room, "ann")
		if err := room.Newsletter.Approve(t.Context(), id, "ben", ""); err != nil {
			t.Fatal(err)
		}
		at := room.Clock.Now().Add(2 * time.Hour).Format(postroom.ClockLayout)
		ann.Post(t, "/desk/newsletters/"+id+"/schedule", url.Values{"at": {at}, "late": {"1"}})
		if err := room.Newsletter.Begin(context.WithoutCancel(t.Context()), room.Clock.Now().Add(4*time.Hour)); err != nil {
			t.Fatal(err)
		}
		room.Work(t)
		if l := room.Letter(t, "ann@riverside.example"); !strings.HasPrefix(l.Subject, "A newsletter was not sent") {
			t.Errorf("its author was told %q", l.Subject)
		}
		if got := copies(t, room, reader(1)); len(got) != 0 {
			t.Error("it was sent all the same")
		}
	})
}
