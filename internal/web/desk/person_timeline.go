package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mostLines is how many things one page of a timeline has.
const mostLines = 40

// lineView is one thing that happened.
type lineView struct {
	At    When
	What  string
	Link  string   // of what came in; "" leads nowhere
	More  []string // a line each
	Said  string   // what a mail server answered, as it is
	Text  string   // of a note
	Wrong bool     // it did not go as it should

	at         time.Time
	id         string
	submission string // whose it is; "" where it is none's
	programme  string
	letter     *postroom.Letter
	mail       bool
	closed     string // what stands there for whoever may know only that it is held
}

// timeline fills a page with what happened, the newest first.
func (d *Desk) timeline(r *request, p *contactPage) error {
	place, mail := placeOf(r)
	p.IsOlder = place.ID != ""
	streams, err := d.streams(r, p.ID, place, mail)
	if err != nil {
		return err
	}
	lines, before, mail, more := newestOf(streams, place.At, mail)
	if more {
		p.Older = olderLink(p.ID, before, mail)
	}
	var ids []string
	for _, line := range lines {
		if line.submission != "" {
			ids = append(ids, line.submission)
		}
	}
	slices.Sort(ids)
	seen, err := d.Casework.SeeSubmissions(r.Context(), r.Who, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, line := range lines {
		line, shown, err := d.shownTo(r, line, seen)
		if err != nil {
			return err
		}
		if shown {
			line.At = d.when(line.at)
			p.Lines = append(p.Lines, line)
		} else {
			p.Elsewhere = true
		}
	}
	return nil
}

// shownTo says what of a line somebody may see.
func (d *Desk) shownTo(r *request, line lineView, seen map[string]casework.Seen) (lineView, bool, error) {
	switch {
	case line.submission != "":
		s := seen[line.submission]
		if s.Sight == casework.Closed && line.closed != "" {
			return lineView{What: line.closed, at: line.at}, true, nil
		}
		return line, s.Sight == casework.Clear, nil
	case line.letter != nil:
		shown, err := d.Casework.SeesLetter(r.Context(), r.Who, *line.letter)
		return line, shown, err
	case line.programme != "":
		return line, d.Casework.MayRead(r.Who, line.programme, "", false), nil
	}
	return line, true, nil
}

// newestOf takes the newest lines of several lists, each of which has its newest
// first, until a page is full. It returns where the next page begins: the moment
// of the oldest line that is no mail, and the id of the last mail. What happened
// at one moment is kept together.
func newestOf(streams [][]lineView, before time.Time, mail string) (lines []lineView, _ time.Time, _ string, more bool) {
	for {
		which := -1
		for i, s := range streams {
			if len(s) > 0 && (which < 0 || s[0].at.After(streams[which][0].at)) {
				which = i
			}
		}
		if which < 0 {
			return lines, before, mail, false
		}
		head := streams[which][0]
		if len(lines) >= mostLines && (head.mail || !head.at.Equal(before)) {
			return lines, earliest(before, head.at), mail, true
		}
		if head.mail {
			mail = head.id
		} else {
			before = head.at
		}
		lines, streams[which] = append(lines, head), streams[which][1:]
	}
}

// streams reads what happened to a person, each kind in a list of its own. Of what
// happened at one moment, what caused the others comes last.
func (d *Desk) streams(r *request, contact string, place store.InboxPlace, mail string) (streams [][]lineView, err error) {
	for _, read := range []func(*request, string, store.InboxPlace) ([]lineView, error){
		d.deedLines, d.noteLines, d.callLines, d.bookingLines, d.listLines, d.consentLines, d.letterLines, d.sentLines,
	} {
		lines, err := read(r, contact, place)
		if err != nil {
			return nil, fmt.Errorf("read the timeline of contact %s: %w", contact, err)
		}
		streams = append(streams, lines)
	}
	mails, _, err := r.read(d).MessagesTo(contact, mail)
	if err != nil {
		return nil, fmt.Errorf("list mails to contact %s: %w", contact, err)
	}
	lines := make([]lineView, len(mails))
	for i, m := range mails {
		lines[i] = d.mailLine(m)
	}
	return slices.Insert(streams, 0, lines), nil
}

func (d *Desk) sentLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	rows, _, err := r.read(d).SubmissionsOf(contact, place)
	return eachLine(rows, func(row store.InboxRow) lineView {
		key := "desk.person.sent.form"
		if row.Mailbox != "" {
			key = "desk.person.sent.letter"
		}
		return lineView{
			at: row.ReceivedAt, id: row.ID, submission: row.ID, Link: submissionLink(row.ID),
			What:   d.say(postroom.Say(key, "form", d.formTitle(row.Form), "mailbox", row.Mailbox)),
			More:   []string{d.say(postroom.Say("desk.person.reference", "reference", row.Reference)), d.rowState(row)},
			closed: d.say(postroom.Say("desk.person.held", "reference", row.Reference)),
		}
	}), err
}

// eachLine makes a line of each.
func eachLine[T any](list []T, line func(T) lineView) (lines []lineView) {
	for _, one := range list {
		lines = append(lines, line(one))
	}
	return lines
}

func (d *Desk) letterLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	letters, _, err := r.read(d).LettersOf(contact, place)
	return eachLine(letters, func(l postroom.Letter) lineView {
		line := lineView{at: l.ReceivedAt, id: l.ID, submission: l.Submission, letter: &l}
		kind := string(cmp.Or(l.Class, postroom.LetterUnknown))
		if l.Folder == postroom.SentFolder {
			kind = "staff"
		}
		line.What = d.say(postroom.Say("desk.person.letter."+kind, "address", l.Address, "mailbox", l.Mailbox))
		line.Wrong = l.Class == postroom.LetterBounce || l.Class == postroom.LetterComplaint
		if l.State == postroom.LetterTriage {
			line.Link, line.More = inboxLetterLink(l.ID), []string{d.say(postroom.Say("desk.person.letter.waits"))}
		}
		return line
	}), err
}

func (d *Desk) consentLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	list, _, err := r.read(d).ConsentsOf(contact, place)
	return eachLine(list, func(c store.PersonConsent) lineView {
		line := lineView{at: c.At, id: c.ID, submission: c.Submission, What: d.say(postroom.Say("desk.person.consent", "purpose", d.purpose(c.Purpose)))}
		if c.Wording != "" {
			line.More = append(line.More, d.say(postroom.Say("desk.person.consent.words", "words", c.Wording)))
		}
		if c.Source != "" {
			line.More = append(line.More, d.say(postroom.Say("desk.person.consent.source", "source", c.Source)))
		}
		if !c.WithdrawnAt.IsZero() {
			line.More = append(line.More, d.say(postroom.Say("desk.person.consent.withdrawn", "day", d.day(c.WithdrawnAt))))
		}
		return line
	}), err
}

func (d *Desk) listLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	list, _, err := r.read(d).SubscriptionsOf(contact, place)
	return eachLine(list, func(s store.PersonSubscription) lineView {
		line := lineView{at: s.AskedAt, id: s.ID, submission: s.Submission, What: d.say(postroom.Say("desk.person.list", "list", d.listTitle(s.Programme, s.List), "address", s.Address))}
		if !s.ConfirmedAt.IsZero() {
			line.More = append(line.More, d.say(postroom.Say("desk.person.list.confirmed", "day", d.day(s.ConfirmedAt))))
		}
		switch {
		case !s.EndedAt.IsZero():
			line.More = append(line.More, d.say(postroom.Say("desk.person.list.ended", "day", d.day(s.EndedAt))))
		case s.State == postroom.Pending:
			line.More = append(line.More, d.say(postroom.Say("desk.person.list.pending")))
		}
		return line
	}), err
}

func (d *Desk) bookingLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	list, _, err := r.read(d).BookingsOf(contact, place)
	return eachLine(list, func(b store.PersonBooking) lineView {
		key := "desk.person.booked"
		if b.Party == 1 {
			key = "desk.person.booked.one"
		}
		line := lineView{
			at: b.QueuedAt, id: b.ID, submission: b.Submission,
			What: d.say(postroom.Say(key, "event", d.dateTitle(b.Programme, b.Event, b.Date), "day", d.day(b.StartsAt), "n", strconv.Itoa(b.Party))),
			More: []string{d.say(postroom.Say("desk.person.booking." + string(b.State)))},
		}
		if !b.HeldUntil.IsZero() {
			line.More = append(line.More, d.say(postroom.Say("desk.person.booking.until", "when", d.when(b.HeldUntil).Exact)))
		}
		return line
	}), err
}

func (d *Desk) callLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	read := r.read(d)
	calls, _, err := read.CallsTo(contact, place)
	if err != nil {
		return nil, err
	}
	outcomes := map[string][]postroom.Note{}
	for i, call := range calls {
		if call.Done && i < mostLines { // more do not fit on the page
			if outcomes[call.ID], err = read.Notes(postroom.AboutCall, call.ID); err != nil {
				return nil, err
			}
		}
	}
	return eachLine(calls, func(c postroom.Call) lineView {
		key := "desk.person.call"
		if c.Done {
			key = "desk.person.call.done"
		}
		line := lineView{at: c.At, id: c.ID, submission: c.Submission, What: d.say(postroom.Say(key)), More: []string{d.say(postroom.Say("desk.person.call.why", "reason", d.because(c.Reason)))}}
		for _, n := range outcomes[c.ID] {
			line.More = append(line.More, d.say(postroom.Say("desk.person.call.said", "who", n.By, "text", n.Text)))
		}
		return line
	}), nil
}

// deedLines are what colleagues did. Those of a note are left out: the note is
// there itself.
func (d *Desk) deedLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	deeds, _, err := r.read(d).DeedsAround(contact, place)
	var lines []lineView
	for _, deed := range deeds {
		key := "desk.deed." + strings.ReplaceAll(deed.Act, " ", "_")
		if deed.Act == "note" || !d.words.Has(key) {
			continue
		}
		line := lineView{at: deed.At, id: deed.ID, What: d.say(postroom.Say(key, "name", deed.Actor))}
		if deed.Matter == postroom.AboutSubmission {
			line.submission = deed.Subject
		}
		if !deed.UndoneAt.IsZero() {
			line.More = []string{d.say(postroom.Say("desk.deed.undone"))}
		}
		lines = append(lines, line)
	}
	return lines, err
}

func (d *Desk) noteLines(r *request, contact string, place store.InboxPlace) ([]lineView, error) {
	notes, err := r.read(d).Notes(postroom.AboutContact, contact)
	var lines []lineView
	for i := len(notes) - 1; i >= 0; i-- {
		n := notes[i]
		if place.ID == "" || n.At.Before(place.At) {
			lines = append(lines, lineView{at: n.At, id: n.ID, What: d.say(postroom.Say("desk.person.note", "who", n.By)), Text: n.Text})
		}
	}
	return lines, err
}

// mailLine says of a mail what it was, what became of it, and why it was sent.
func (d *Desk) mailLine(m store.PersonMessage) lineView {
	line := lineView{at: m.CreatedAt, id: m.ID, mail: true, submission: m.Submission, programme: m.Programme, What: d.say(postroom.Say("desk.person.mail", "letter", d.mailName(m)))}
	state := postroom.Say("desk.timeline.mail."+string(m.State), "address", m.To, "when", d.when(m.SettledAt).Exact, "reason", d.because(m.Reason))
	if m.State == postroom.Sent && m.To == "" {
		state = postroom.Say("desk.timeline.mail.sent_nowhere")
	}
	line.More = append(line.More, d.say(state))
	if why := d.mailCause(m); why != "" {
		line.More = append(line.More, why)
	}
	if m.Locale != english {
		line.More = append(line.More, d.say(postroom.Say("desk.mail.in", "language", d.tongueOf(m.Locale))))
	}
	line.Said = serverSaid(m.Reason)
	line.Wrong = m.State == postroom.Failed || m.State == postroom.Uncertain
	return line
}

// serverSaid is the answer of a mail server, where the reason is one.
func serverSaid(reason string) string {
	if reason == "" || strings.HasPrefix(reason, "reason.") {
		return ""
	}
	return reason
}

// earliest is where the page after one begins that had nothing but mails: what is
// no mail may be as new as the next of them.
func earliest(before, next time.Time) time.Time {
	if before.IsZero() {
		return next.Add(time.Microsecond)
	}
	return before
}
