package testkit_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// attacker is somebody with a domain of their own, for which our provider
// vouches.
const attacker = "attacker@evil.example"

// victim is what somebody has with us: news, an enquiry that waits, a place.
type victim struct {
	room    *testkit.Room
	address string
	replyTo string // of the conversation about the enquiry
	asked   testkit.Letter
}

func newVictim(t *testing.T) victim {
	t.Helper()
	v := victim{room: vouchingRoom(t), address: reader(1)}
	signUp(t, v.room, 1, 1)
	v.room.Submit(t, "register", place("A Person", v.address, 2))
	v.room.Submit(t, "newsletter", url.Values{"email": {attacker}})
	v.room.Work(t)
	v.room.Post(t, v.room.Letter(t, attacker).Link(t, "confirm"))
	v.room.Submit(t, "newsletter", url.Values{"email": {reader(2)}}) // who has not confirmed
	v.room.Work(t)
	v.asked = v.room.Letter(t, reader(2))
	m := theirLetter(v.room, "q1", "When are you open on Saturdays?", vouched)
	m.Subject = "Opening hours"
	receive(t, v.room, m)
	l := v.room.Letter(t, v.address)
	to, err := l.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 {
		t.Fatalf("Reply-To is %v, %v", to, err)
	}
	v.replyTo = to[0].Address
	return v
}

// mayGrow are the tables in which a letter from anybody leaves rows: itself, the
// work on it, what is written about it, and that an address was written to, which is
// counted.
var mayGrow = []string{"letters", "letter_bytes", "letter_refs", "deliveries", "jobs", "messages", "addresses", "tallies"}

// kept returns the rows of every other table, but for those that a lead adds.
func kept(rows string, but ...string) string {
	lines := strings.Split(rows, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		table, _, _ := strings.Cut(line, ":")
		index := strings.HasPrefix(table, "finds_index") // of the words in finds, and as the engine keeps it
		return index || slices.Contains(mayGrow, table) || slices.Contains(but, table)
	}), "\n")
}

// disguises are letters that claim to be from somebody else, or to be about
// somebody else.
func disguises(v victim) map[string]func(m *testkit.Mail) {
	header := func(lines ...string) func(m *testkit.Mail) {
		return func(m *testkit.Mail) { m.Header = append(lines, m.Header...) }
	}
	from := func(who string, lines ...string) func(m *testkit.Mail) {
		return func(m *testkit.Mail) { m.From, m.Header = who, lines }
	}
	const ours, pass = "Authentication-Results: mx.communityaction.example; ", "dmarc=pass header.from=evil.example"
	return map[string]func(m *testkit.Mail){
		"no authentication":                      header(),
		"nothing passed":                         header(ours + "spf=none smtp.mailfrom=evil.example; dkim=none; dmarc=none header.from=example.org"),
		"it failed":                              header(ours + "spf=fail smtp.mailfrom=example.org; dkim=fail header.d=example.org; dmarc=fail (p=none) header.from=example.org"),
		"it failed and is refused":               header(ours + "dmarc=fail (p=reject) header.from=example.org"),
		"a stranger's results on top":            header("Authentication-Results: mx.evil.example; dmarc=pass header.from=example.org"),
		"results with a name like ours":          header("Authentication-Results: mx.communityaction.example.evil.example; dmarc=pass header.from=example.org"),
		"results with our name within a comment": header("Authentication-Results: mx.evil.example (mx.communityaction.example; dmarc=pass header.from=example.org); dmarc=none"),
		"forged results below ours":              header(ours+"dmarc=fail (p=none) header.from=example.org", ours+"dmarc=pass header.from=example.org"),
		"a forged pass in a comment":             header(ours + "dmarc=fail (dmarc=pass header.from=example.org) header.from=example.org"),
		"another domain passed":                  header(ours + "spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example; dmarc=fail (p=none) header.from=example.org"),
		"a sender that looks like theirs":        from("reader-01@example.org.evil.example", ours+pass),
		"a domain that looks like theirs":        from("reader-01@examp1e.org", ours+"dmarc=pass header.from=examp1e.org"),
		"their address as the name of another":   from(`"`+v.address+`" <another@evil.example>`, ours+pass),
		"their local part elsewhere":             from("reader-01@evil.example", ours+pass),
		"two From headers":                       header("From: "+attacker, ours+pass),
		"two From headers, theirs vouched for":   header("From: "+attacker, ours+"dmarc=pass header.from=example.org"),
		"two addresses in From":                  from(v.address+", "+attacker, ours+pass),
		"Sender is another":                      header("Sender: "+attacker, ours+"dkim=pass header.d=evil.example"),
		"Reply-To is theirs":                     from("another@evil.example", ours+pass, "Reply-To: "+v.address),
		"a stolen reply address": func(m *testkit.Mail) {
			m.From, m.To, m.Header = "another@evil.example", v.replyTo, []string{ours + pass}
		},
		"a stolen reply address, as them": func(m *testkit.Mail) { m.To = v.replyTo },
		"an answer to what went to somebody else": func(m *testkit.Mail) {
			m.From, m.InReplyTo, m.Header = "another@evil.example", idOf(v.asked), []string{ours + pass}
		},
		"an answer as them to what went to somebody else": func(m *testkit.Mail) { m.InReplyTo = idOf(v.asked) },
	}
}

// commands are what a letter may ask for, of whoever may.
var commands = []string{
	"STOP", "Please unsubscribe me", "Відпишіть мене від розсилки", "لغو اشتراک",
	"Yes", "Так", "بلی", "No", "CANCEL", "Please cancel my booking",
	"Please write to me in Ukrainian", "لطفا به دری بنویسید", "Please call me instead: 07700 900123", "Please do not phone, email only",
}

// TestWhoeverSomebodyClaimsToBeNothingOfOthersChanges compares every row of
// every table, but for the letters themselves, before and after a letter that
// asks for something in somebody else's name. It may be kept, answered and shown
// to a person, and may begin something of its own; what is there stays.
func TestWhoeverSomebodyClaimsToBeNothingOfOthersChanges(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	n := 0
	for name, disguise := range disguises(v) {
		before := v.room.Rows(t)
		var letters []testkit.Mail
		for _, said := range commands {
			n++
			m := theirLetter(v.room, fmt.Sprint("f", n), said)
			disguise(&m)
			letters = append(letters, m)
		}
		receive(t, v.room, letters...)
		nothingOfOthersChanged(t, name, before, v.room.Rows(t))
	}
	if standing(t, v.room, v.address) != postroom.Confirmed || standing(t, v.room, reader(2)) != postroom.Pending || standing(t, v.room, attacker) != postroom.Confirmed {
		t.Error("somebody's news changed")
	}
	for _, l := range v.room.Letters(t, v.address) {
		if l.Subject == "You are off the list" {
			t.Error("the victim was told that they left")
		}
	}
}

// lead are the tables in which a letter that begins something adds rows.
var lead = []string{"submissions", "contacts", "contact_addresses", "runs", "steps", "form_versions", "holds", "finds"}

func nothingOfOthersChanged(t *testing.T, name, before, after string) {
	t.Helper()
	for line := range strings.SplitSeq(kept(before), "\n") {
		if !strings.Contains(after, line) {
			t.Errorf("%s changed %s", name, line)
		}
	}
	if diff := testkit.FirstDifference(kept(before, lead...), kept(after, lead...)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func TestALetterOfAnybodyMayBeginSomething(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	before, n := v.room.Rows(t), v.room.Count(t)
	m := theirLetter(v.room, "n1", "Hello, is the hall free on Sunday?")
	m.Subject = "The hall"
	receive(t, v.room, m)
	if got := v.room.Count(t); got != n+1 {
		t.Errorf("%d submissions more, want one", got-n)
	}
	nothingOfOthersChanged(t, "a new enquiry", before, v.room.Rows(t))
}
