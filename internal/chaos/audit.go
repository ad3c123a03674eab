package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// tally counts what became of things that were promised.
type tally struct {
	accepted  int // promised: a page said yes, a letter lies in the mailbox, a copy was chosen
	onFile    int
	confirmed int // the mail about it was taken by the mail server
	refused   int // it was not, for a reason that stands in the row
	lost      int
	repeated  int // told or filed twice against the rules
	twice     int // a service mail that came twice in doubt, which is allowed
	uncertain int
	held      int
}

func (t *tally) add(o tally) {
	t.accepted += o.accepted
	t.onFile += o.onFile
	t.confirmed += o.confirmed
	t.refused += o.refused
	t.lost += o.lost
	t.repeated += o.repeated
	t.twice += o.twice
	t.uncertain += o.uncertain
	t.held += o.held
}

// verdict is what the auditor found.
type verdict struct {
	all       tally
	byWork    map[string]*tally
	byFault   map[string]*tally
	broken    []string // requirements, each with what broke it
	uncertain []string // every mail about which nobody can say
	untold    []string // every other mail that did not arrive, counted by reason
	accounts  []string // of newsletters
}

func (v *verdict) breaks(format string, args ...any) {
	v.broken = append(v.broken, fmt.Sprintf(format, args...))
}

func (v *verdict) add(o verdict) {
	v.all.add(o.all)
	v.broken = append(v.broken, o.broken...)
}

func (v *verdict) lastLine() string {
	return fmt.Sprintf("chaos: accepted=%d lost=%d repeated=%d uncertain=%d held=%d", v.all.accepted, v.all.lost, v.all.repeated, v.all.uncertain, v.all.held)
}

// The kinds of work.
const (
	formsWork   = "forms"
	lettersWork = "letters"
	stepsWork   = "steps"
	copiesWork  = "newsletter"
	noticesWork = "notices"
)

// auditor holds the books of the load, of the mail server and of the post room
// against each other.
type auditor struct {
	*verdict
	w     *work
	taken map[string][]receipt // what the mail server took, by Message-ID
	tried map[string]time.Time // when it was last told of an address
	first map[string]int       // how many different mails each address has had
	books *books
	diary *diary
	why   map[string]int // why mails did not arrive
}

func audit(w *work, s *sink, b *books, d *diary) verdict {
	a := auditor{verdict: &verdict{byWork: make(map[string]*tally), byFault: make(map[string]*tally)}, w: w, books: b, diary: d, first: make(map[string]int), why: make(map[string]int)}
	a.taken, a.tried = s.ledger()
	b.name(a.taken)
	for _, receipts := range a.taken {
		a.first[receipts[0].to]++
	}
	for _, f := range w.forms {
		a.form(f)
	}
	for _, p := range w.letters {
		a.letter(p)
	}
	a.newsletter()
	a.strangers()
	for _, job := range b.deadJobs {
		a.breaks("a job was given up: %s", job)
	}
	for _, wrong := range d.wrongs {
		a.breaks("%s", wrong)
	}
	for reason, n := range a.why {
		a.untold = append(a.untold, fmt.Sprintf("%d mails: %s", n, reason))
	}
	slices.Sort(a.untold)
	return *a.verdict
}

// count adds what became of one item to the sums of its work and its fault.
func (a *auditor) count(work string, when time.Time, t tally) {
	fault := a.diary.kindAt(when)
	for sums, key := range map[*map[string]*tally]string{&a.byWork: work, &a.byFault: fault} {
		if (*sums)[key] == nil {
			(*sums)[key] = new(tally)
		}
		(*sums)[key].add(t)
	}
	a.all.add(t)
}

// form audits one form, and what it promised.
func (a *auditor) form(f *form) {
	sent, accepted := f.state()
	t := tally{}
	if !accepted.IsZero() {
		t.accepted = 1
	}
	rows := a.books.submissions[f.address]
	t.onFile = min(1, len(rows))
	switch {
	case len(rows) == 0:
		if t.accepted == 1 {
			t.lost = 1
			a.breaks("a form was accepted and is not on file: %s", f.address)
		}
	case len(rows) > 1:
		t.repeated = len(rows) - 1
		a.breaks("a form is on file %d times: %s", len(rows), f.address)
	}
	for _, row := range rows[:min(1, len(rows))] {
		t.add(a.told(row, "we-have-your-message", ""))
		a.notices(row, sent)
	}
	a.count(formsWork, sent, t)
	expected := 1
	if f.promises() {
		expected = 2
		a.step(f, rows)
	}
	a.few(f.address, expected)
}

// told audits the one mail that tells a person about a submission. letter is
// set when it answers one.
func (a *auditor) told(row submissionRow, template, letter string) tally {
	var mails []messageRow
	for _, m := range a.books.about[row.id] {
		if m.contact != "" && (m.template == template || letter != "" && m.letter == letter) {
			mails = append(mails, m)
		}
	}
	return a.one(mails, "submission "+row.reference)
}

// one audits mails of which there has to be one.
func (a *auditor) one(mails []messageRow, about string) tally {
	switch len(mails) {
	case 0:
		a.breaks("nothing is owed for %s", about)
		return tally{lost: 1}
	case 1:
		return a.mail(mails[0], about)
	}
	a.breaks("%d mails are owed for %s where one is", len(mails), about)
	return tally{repeated: len(mails) - 1}
}

// mail audits one mail: what its row says against what the mail server took.
func (a *auditor) mail(m messageRow, about string) (t tally) {
	receipts := a.taken[m.messageID]
	t.confirmed = min(1, len(receipts))
	switch m.state {
	case "sent":
		if len(receipts) == 0 {
			t.lost = 1
			a.breaks("a mail for %s is said to be sent and never arrived: %s", about, m.messageID)
		}
	case "uncertain":
		t.uncertain = 1
		a.uncertain = append(a.uncertain, fmt.Sprintf("%s, message %s to %s: %s, the mail server has it %d times", about, m.id, m.address, m.reason, len(receipts)))
	case "held":
		t.held = 1
		a.why["held: "+m.reason]++
	case "failed", "suppressed":
		t.refused = 1
		a.why[m.state+": "+m.reason]++
		if len(receipts) > 0 || m.reason == "" {
			a.breaks("a mail for %s is %s with reason %q, and arrived %d times: %s", about, m.state, m.reason, len(receipts), m.messageID)
		}
	default:
		t.lost = 1
		a.breaks("a mail for %s still waits: it is %s", about, m.state)
	}
	t.add(a.again(m, about, receipts))
	return t
}

// again audits a mail that came more than once.
func (a *auditor) again(m messageRow, about string, receipts []receipt) (t tally) {
	switch {
	case len(receipts) < 2:
	case m.class != "service":
		t.repeated = len(receipts) - 1
		a.breaks("a copy of a newsletter came %d times: %s to %s", len(receipts), m.messageID, m.address)
	case m.doubts == 0 || len(receipts) > 2:
		t.repeated = len(receipts) - 1
		a.breaks("a mail for %s came %d times, and was in doubt %d times: %s", about, len(receipts), m.doubts, m.messageID)
	case !a.diary.explains(receipts[0].at):
		t.repeated = 1
		a.breaks("a mail for %s came twice, and nothing had happened by which its answer could be lost (%s): %s", about, a.diary.kindAt(receipts[0].at), m.messageID)
	default:
		t.twice = 1
	}
	return t
}

// few audits how many different mails an address has had, whatever the rows
// say.
func (a *auditor) few(address string, most int) {
	if n := a.first[address]; n > most {
		a.breaks("%d different mails came to %s where %d are owed", n, address, most)
	}
}

// notices audits what coordinators are told about a submission: that it came
// in, once.
func (a *auditor) notices(row submissionRow, when time.Time) {
	told := 0
	for _, m := range a.books.about[row.id] {
		if m.contact != "" {
			continue
		}
		t := a.mail(m, "the notice of "+row.reference)
		t.accepted, t.onFile = 1, 1
		a.count(noticesWork, when, t)
		if m.template == "notice" {
			told++
		}
	}
	if told != 1 {
		a.breaks("coordinators are told %d times of submission %s", told, row.reference)
	}
}

// step audits the one thing that a form promised for later.
func (a *auditor) step(f *form, rows []submissionRow) {
	if len(rows) == 0 {
		return
	}
	t := tally{accepted: 1}
	var mails []messageRow
	steps := slices.DeleteFunc(slices.Clone(a.books.steps[rows[0].id]), func(s stepRow) bool { return !strings.HasPrefix(s.name, "promised-") })
	t.onFile = min(1, len(steps))
	switch {
	case len(steps) != 1:
		a.breaks("%d steps are promised for submission %s where one is", len(steps), rows[0].reference)
	case steps[0].state != "done":
		a.breaks("a step of submission %s was not done: it is %s (%s)", rows[0].reference, steps[0].state, steps[0].reason)
	}
	for _, m := range a.books.about[rows[0].id] {
		if m.contact != "" && m.template == "minutes" {
			mails = append(mails, m)
		}
	}
	t.add(a.one(mails, "the step of "+rows[0].reference))
	when, _ := f.state()
	if f.name == "later" {
		when = when.Add(time.Minute)
	}
	a.count(stepsWork, when, t)
}

// letter audits one letter: on file once, one submission, one answer.
func (a *auditor) letter(p *post) {
	put := p.state()
	if put.IsZero() {
		return
	}
	t := tally{accepted: 1}
	letters, subs := a.books.letters[p.messageID], a.books.submissions[p.address]
	t.onFile = min(1, len(letters))
	switch {
	case len(letters) == 0:
		t.lost = 1
		a.breaks("a letter lies in %s and is not on file: %s", p.box, p.messageID)
	case len(letters) > 1 || len(subs) > 1:
		t.repeated = max(len(letters), len(subs)) - 1
		a.breaks("a letter is on file %d times with %d submissions: %s", len(letters), len(subs), p.messageID)
	case len(subs) == 0:
		t.lost = 1
		a.breaks("a letter became no submission; it is %s (%s): %s", letters[0].state, letters[0].reason, p.messageID)
	default:
		t.add(a.told(subs[0], "letter-received", letters[0].id))
		a.notices(subs[0], put)
	}
	a.count(lettersWork, put, t)
	a.few(p.address, 1)
}

// newsletter audits every reader's copy, and the account.
func (a *auditor) newsletter() {
	if a.w.edition == "" {
		a.breaks("the newsletter could not be started")
		return
	}
	states := map[string]int{}
	for _, address := range a.w.readers {
		t, copies := tally{accepted: 1}, a.books.copies[address]
		t.onFile = min(1, len(copies))
		t.add(a.one(copies, "the reader "+address))
		for _, m := range copies {
			states[m.state]++
		}
		a.count(copiesWork, a.tried[address], t)
	}
	for _, c := range a.books.campaigns {
		settled := states["sent"] + states["suppressed"] + states["held"] + states["failed"] + states["uncertain"]
		account := fmt.Sprintf("newsletter %s: %d chosen = %d sent + %d suppressed + %d held + %d failed + %d uncertain + %d waiting", c.state, c.chosen,
			states["sent"], states["suppressed"], states["held"], states["failed"], states["uncertain"], states["queued"]+states["deferred"]+states["sending"])
		a.accounts = append(a.accounts, account)
		if c.chosen != settled || c.chosen != len(a.w.readers) || c.state != "sent" || len(a.books.campaigns) != 1 {
			a.breaks("the account does not add up for %d readers: %s", len(a.w.readers), account)
		}
	}
}

// bounded audits how many copies nobody knows of, when only a newsletter was sent: one
// for each connection of a process that was killed, or of the server when it went
// away, and none for any other reason.
func (a *verdict) bounded(kills, outages int) {
	if n, most := a.byWork[copiesWork].uncertain, sinkConnections*(kills+outages); n > most {
		a.breaks("%d copies are uncertain after %d kills and %d outages, where %d may be", n, kills, outages, most)
	}
	for _, kind := range []string{"sigterm", "redis-flush", string(says451)} {
		if t := a.byFault[kind]; t != nil && t.uncertain > 0 {
			a.breaks("%d copies became uncertain during %s", t.uncertain, kind)
		}
	}
}

// sinkConnections is how many connections a process has to the mail server.
const sinkConnections = 10

// strangers audits mails that the mail server took and nobody owes.
func (a *auditor) strangers() {
	known := make(map[string]messageRow, len(a.books.messages))
	for _, m := range a.books.messages {
		known[m.messageID] = m
	}
	for id, receipts := range a.taken {
		for _, r := range receipts {
			if m, is := known[id]; !is || !strings.EqualFold(m.address, r.to) {
				a.breaks("a mail arrived that nobody owes: %s to %s", id, r.to)
			}
		}
	}
}
