package testkit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const shop = "offers@shop.example"

// offer is what a shop writes as people write.
func offer(room *testkit.Room, id string) testkit.Mail {
	m := enquiry(room, id+"@shop.example")
	m.From, m.Header, m.Subject = shop, []string{"Return-Path: <" + shop + ">", siteVouched + "shop.example"}, "Special offer on chairs"
	m.Text = "Hello,\n\nwe have chairs, letter " + id + ".\n\nThe shop\n"
	return m
}

// arrive lets a letter come to the support mailbox and returns it as it is on
// file afterwards.
func arrive(t *testing.T, room *testkit.Room, m testkit.Mail) postroom.Letter {
	t.Helper()
	room.Receive(t, testkit.Support, m.Bytes())
	room.Work(t)
	list, err := room.Store.Read(t.Context()).LettersNamed(m.ID)
	if err != nil || len(list) == 0 {
		t.Fatalf("letter %s: %+v, %v", m.ID, list, err)
	}
	return list[len(list)-1]
}

// rule makes a rule about letters like one.
func rule(t *testing.T, room *testkit.Room, l postroom.Letter, like arrivals.Like) postroom.Rule {
	t.Helper()
	r, err := room.Arrivals.RuleLike(t.Context(), l, like)
	if err == nil {
		r, err = room.Arrivals.MakeRule(t.Context(), r, "office")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantLetter checks what became of a letter.
func wantLetter(t *testing.T, l postroom.Letter, class postroom.LetterClass, state postroom.LetterState, reason string) {
	t.Helper()
	if l.Class != class || l.State != state || l.Reason != reason {
		t.Errorf("the letter is a %s, %s because %q; want %s, %s because %q", l.Class, l.State, l.Reason, class, state, reason)
	}
}

var aside = arrivals.Like{By: postroom.RuleByAddress, Says: postroom.RuleBulk}

func TestACorrectionIsRememberedUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		first := arrive(t, room, offer(room, "one"))
		wantLetter(t, first, postroom.LetterSubmission, postroom.LetterDone, "filed")
		made := rule(t, room, first, aside)

		wantLetter(t, arrive(t, room, offer(room, "two")), postroom.LetterList, postroom.LetterIgnored, "bulk rule 1")
		if on, got := room.Count(t), len(room.Letters(t, shop)); on != 1 || got != 1 {
			t.Errorf("%d submissions and %d answers, want those of the first letter", on, got)
		}
		wantLetter(t, arrive(t, room, enquiry(room, "q1@example.org")), postroom.LetterSubmission, postroom.LetterDone, "filed")

		if err := room.Arrivals.RemoveRule(t.Context(), made.ID, "events"); err != nil {
			t.Fatal(err)
		}
		wantLetter(t, arrive(t, room, offer(room, "three")), postroom.LetterSubmission, postroom.LetterDone, "filed")
		if err := room.Arrivals.RemoveRule(t.Context(), made.ID, "events"); !errors.Is(err, arrivals.ErrRuleRemoved) {
			t.Errorf("removing it again: %v", err)
		}
		if err := room.Arrivals.RemoveRule(t.Context(), 99, "events"); !errors.Is(err, arrivals.ErrNoRule) {
			t.Errorf("removing what was never made: %v", err)
		}
		for _, who := range []string{"office rule is made rule 1", "events rule is removed rule 1"} {
			if rows := room.Rows(t); strings.Count(rows, who) != 1 {
				t.Errorf("the audit does not say %q once", who)
			}
		}
	})
}

func TestARuleIsAboutTheLettersThatItMeans(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	first := arrive(t, room, offer(room, "one"))
	worded := aside
	worded.Words = "special OFFER"
	rule(t, room, first, worded)
	wantLetter(t, arrive(t, room, offer(room, "two")), postroom.LetterList, postroom.LetterIgnored, "bulk rule 1")
	other := offer(room, "three")
	other.Subject = "Your bill"
	wantLetter(t, arrive(t, room, other), postroom.LetterSubmission, postroom.LetterDone, "filed")
	room.Receive(t, testkit.Volunteering, offer(room, "four").Bytes())
	room.Work(t)
	if n := room.Count(t); n != 3 {
		t.Errorf("%d submissions are on file; the rule holds at one mailbox only", n)
	}

	domain := arrivals.Like{By: postroom.RuleByDomain, Says: postroom.RuleCoordinator, Target: "events"}
	rule(t, room, first, domain)
	sales := offer(room, "five")
	sales.From, sales.Text = "sales@shop.example", "Hello, may we call you about the chairs?"
	l := arrive(t, room, sales)
	wantLetter(t, l, postroom.LetterSubmission, postroom.LetterTriage, "assigned rule 2")
	if l.AssignedTo != "events" || l.Reference == "" {
		t.Errorf("it is %+v, want it to be for events", l)
	}
	if got := room.Letters(t, "sales@shop.example"); len(got) != 1 || !strings.HasPrefix(got[0].Text, "We have your message") {
		t.Errorf("the sender received %d mails", len(got))
	}
	wantLetter(t, arrive(t, room, offer(room, "six")), postroom.LetterList, postroom.LetterIgnored, "bulk rule 1") // the closer one
}

func TestARuleThatPutsAsideLosesNobody(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	first := arrive(t, room, enquiry(room, "q1@example.org"))
	rule(t, room, first, aside)

	danger := enquiry(room, "q2@example.org")
	danger.Text = worry
	if l := arrive(t, room, danger); strings.Contains(l.Reason, "rule") || l.State == postroom.LetterIgnored {
		t.Errorf("the letter of somebody in danger is %+v", l)
	}
	if got := room.Subjects(t, "office@riverside.example"); len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "Please look now") {
		t.Errorf("the lead was not called: %q", got)
	}

	answer := room.Letter(t, person)
	again := enquiry(room, "q3@example.org")
	again.InReplyTo = strings.Trim(answer.Header.Get("Message-Id"), "<>")
	wantLetter(t, arrive(t, room, again), postroom.LetterReply, postroom.LetterDone, "added")

	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "The key", ID: "s1@communityaction.example", Text: "Do you have it?", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	toStaff := enquiry(room, "q4@example.org")
	toStaff.InReplyTo, toStaff.Text = "s1@communityaction.example", "Yes, I have it."
	if l := arrive(t, room, toStaff); strings.Contains(l.Reason, "rule") || l.State == postroom.LetterIgnored {
		t.Errorf("the answer to what staff wrote is %+v", l)
	}

	leaving := enquiry(room, "q5@example.org")
	leaving.Text = "Unsubscribe"
	wantLetter(t, arrive(t, room, leaving), postroom.LetterUnsubscribe, postroom.LetterTriage, "unsubscribes")
	wantLetter(t, arrive(t, room, enquiry(room, "q6@example.org")), postroom.LetterList, postroom.LetterIgnored, "bulk rule 1")
}

// listed is a letter that a mailing list sent on for a person.
func listed(room *testkit.Room, id string, header ...string) testkit.Mail {
	m := enquiry(room, id+"@example.org")
	m.Header = append([]string{"Return-Path: <" + person + ">", "List-Id: Neighbours <neighbours.example.net>", "List-Post: <mailto:neighbours@example.net>", "Precedence: list"}, header...)
	m.Text = "Hello, when are you open on " + id + "?"
	return m
}

func TestPeopleWhoWriteThroughAListAreHeardWhereARuleSaysSo(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	vouched := siteVouched + "example.org"
	first := arrive(t, room, listed(room, "monday", vouched))
	wantLetter(t, first, postroom.LetterList, postroom.LetterIgnored, "bulk")
	rule(t, room, first, arrivals.Like{By: postroom.RuleByList, Says: postroom.RuleEnquiry, Target: "ask"})

	wantLetter(t, arrive(t, room, listed(room, "tuesday", vouched)), postroom.LetterSubmission, postroom.LetterDone, "filed rule 1")
	if sub := onlySubmission(t, room); sub.Form != "ask" || sub.Address != person {
		t.Errorf("on file is %+v", sub)
	}
	if got := room.Subjects(t, person); len(got) != 1 {
		t.Errorf("the person received %q, want one answer", got)
	}

	// Whatever else speaks against an answer still does.
	for id, c := range map[string]struct {
		header []string
		reason string
	}{
		"robot": {[]string{vouched, "X-Auto-Response-Suppress: All"}, "not_answered suppress rule 1"},
		"loop":  {[]string{vouched, "X-Loop: neighbours@example.net"}, "not_answered automatic_header rule 1"},
	} {
		wantLetter(t, arrive(t, room, listed(room, id, c.header...)), postroom.LetterSubmission, postroom.LetterTriage, c.reason)
	}
	wantLetter(t, arrive(t, room, listed(room, "away", vouched, "Auto-Submitted: auto-replied")), postroom.LetterAutoReply, postroom.LetterDone, "automatic")
	wantLetter(t, arrive(t, room, listed(room, "forged")), postroom.LetterList, postroom.LetterIgnored, "bulk")
	munged := listed(room, "munged", siteVouched+"example.net")
	munged.From = "A Person by Neighbours <neighbours@example.net>"
	wantLetter(t, arrive(t, room, munged), postroom.LetterList, postroom.LetterIgnored, "bulk")
	if got := len(room.Sink.To("neighbours@example.net")) + len(room.Letters(t, person)); got != 1 || room.Count(t) != 1 {
		t.Errorf("%d mails went out and %d submissions are on file, want 1 and 1", got, room.Count(t))
	}
}

func TestAWebsiteIsKnownByARule(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	site := func(id string) testkit.Mail {
		m := siteMail(room, id+"@other-site.example", siteVouched+"other-site.example")
		m.From, m.Text = "wordpress@other-site.example", strings.Replace(m.Text, "Saturdays", id, 1)
		m.Header = slices.DeleteFunc(m.Header, func(h string) bool {
			return strings.HasPrefix(h, "Auto-Submitted") || strings.HasPrefix(h, "Precedence")
		})
		return m
	}
	first := arrive(t, room, site("monday"))
	rule(t, room, first, arrivals.Like{By: postroom.RuleByAddress, Says: postroom.RuleWebsite})
	wantLetter(t, arrive(t, room, site("tuesday")), postroom.LetterSubmission, postroom.LetterDone, "filed rule 1")
	if sub := onlySubmission(t, room); sub.Address != person {
		t.Errorf("on file is %+v", sub)
	}
	if got := len(room.Sink.To("wordpress@other-site.example")); got != 0 {
		t.Errorf("the robot received %d mails", got)
	}
	forged := site("wednesday")
	forged.Header = slices.DeleteFunc(forged.Header, func(h string) bool { return strings.HasPrefix(h, "Authentication") })
	if l := arrive(t, room, forged); l.State != postroom.LetterTriage || strings.Contains(l.Reason, "rule") {
		t.Errorf("the forged letter is %+v", l)
	}
	if _, err := room.Arrivals.RuleLike(t.Context(), first, aside); !errors.Is(err, arrivals.ErrSpared) {
		t.Errorf("putting visitors aside: %v", err)
	}
}

func TestARuleThatGoesTooFarIsRefused(t *testing.T) {
	t.Parallel()
	room := siteRoom(t)
	first := arrive(t, room, offer(room, "one"))
	unvouched := offer(room, "two")
	unvouched.Header = unvouched.Header[:1]
	stranger := arrive(t, room, unvouched)
	everybodys := map[string]postroom.Letter{}
	for i, domain := range []string{"gmail.com", "outlook.com", "yahoo.co.uk", "ukr.net", "co.uk"} {
		m := enquiry(room, fmt.Sprintf("e%d@%s", i, domain))
		m.From, m.Text = "person@"+domain, "Hello from "+domain
		everybodys[domain] = arrive(t, room, m)
	}
	staff := offer(room, "three")
	staff.From = "office@riverside.example"
	ours := arrive(t, room, staff)
	byAddress, byDomain := postroom.RuleByAddress, postroom.RuleByDomain
	for name, c := range map[string]struct {
		letter postroom.Letter
		like   arrivals.Like
		want   error
	}{
		"all of gmail.com":         {everybodys["gmail.com"], arrivals.Like{By: byDomain, Says: postroom.RuleBulk}, arrivals.ErrEverybodys},
		"all of outlook.com":       {everybodys["outlook.com"], arrivals.Like{By: byDomain, Says: postroom.RuleAutomatic}, arrivals.ErrEverybodys},
		"all of yahoo.co.uk":       {everybodys["yahoo.co.uk"], arrivals.Like{By: byDomain, Says: postroom.RuleBulk, Words: "opening"}, arrivals.ErrEverybodys},
		"all of ukr.net":           {everybodys["ukr.net"], arrivals.Like{By: byDomain, Says: postroom.RuleBulk}, arrivals.ErrEverybodys},
		"all of co.uk":             {everybodys["co.uk"], arrivals.Like{By: byDomain, Says: postroom.RuleBulk}, arrivals.ErrEverybodys},
		"one person at gmail.com":  {everybodys["gmail.com"], aside, nil},
		"our own people":           {ours, aside, arrivals.ErrOurs},
		"our own domain":           {ours, arrivals.Like{By: byDomain, Says: postroom.RuleBulk}, arrivals.ErrOurs},
		"no list":                  {first, arrivals.Like{By: postroom.RuleByList, Says: postroom.RuleBulk}, arrivals.ErrNoList},
		"words that are not there": {first, arrivals.Like{By: byAddress, Says: postroom.RuleBulk, Words: "invoice"}, arrivals.ErrNotSaid},
		"a form that is not there": {first, arrivals.Like{By: byAddress, Says: postroom.RuleEnquiry, Target: "nothing"}, arrivals.ErrNoForm},
		"a website of a domain":    {first, arrivals.Like{By: byDomain, Says: postroom.RuleWebsite}, arrivals.ErrOneAddress},
		"no form in it":            {first, arrivals.Like{By: byAddress, Says: postroom.RuleWebsite}, arrivals.ErrSpared},
		"nobody vouches":           {stranger, arrivals.Like{By: byAddress, Says: postroom.RuleEnquiry, Target: "ask"}, arrivals.ErrSpared},
		"nobody vouches, aside":    {stranger, aside, nil},
	} {
		if _, err := room.Arrivals.RuleLike(t.Context(), c.letter, c.like); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	made := rule(t, room, first, aside)
	if _, err := room.Arrivals.MakeRule(t.Context(), made, "office"); !errors.Is(err, arrivals.ErrSuchARule) {
		t.Errorf("the same rule again: %v", err)
	}
}

func TestARuleIsTriedBeforeItIsMade(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	first := arrive(t, room, offer(room, "one"))
	danger := offer(room, "two")
	danger.Text = worry
	arrive(t, room, danger)
	arrive(t, room, enquiry(room, "q1@example.org"))
	before := room.Rows(t)
	r, err := room.Arrivals.RuleLike(t.Context(), first, aside)
	if err != nil {
		t.Fatal(err)
	}
	tried, touched, err := room.Arrivals.TryRule(t.Context(), r, 200)
	if err != nil || tried != 3 || len(touched) != 2 {
		t.Fatalf("of %d letters the rule is about %+v, %v", tried, touched, err)
	}
	if newest, oldest := touched[0], touched[1]; newest.Spared != arrivals.SparedWorrying || oldest.Spared != "" || oldest.Class != postroom.LetterList {
		t.Errorf("it would do %+v", touched)
	}
	if after := room.Rows(t); after != before {
		t.Errorf("something changed:\n%s", testkit.FirstDifference(before, after))
	}
}

func TestALetterIsReadAgainByARuleThatCameAfterIt(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := offer(room, "one")
	m.Header = append(m.Header, "X-Auto-Response-Suppress: All")
	l := arrive(t, room, m)
	wantLetter(t, l, postroom.LetterSubmission, postroom.LetterTriage, "not_answered suppress")
	rule(t, room, l, aside)
	if err := room.Store.Write(t.Context(), func(tx *store.Tx) error { return arrivals.Again(tx, l, room.Clock.Now()) }); err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	l, err := room.Store.Read(t.Context()).Letter(l.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantLetter(t, l, postroom.LetterList, postroom.LetterIgnored, "bulk rule 1")
}
