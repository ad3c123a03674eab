package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// pageRows is how many rows a page of the inbox has, and pagesRead how many such
// pages are read at most to fill one, where some rows are another's.
const (
	pageRows  = 30
	pagesRead = 4
)

// inboxRow is one line of the inbox.
type inboxRow struct {
	Link      string
	Reference string
	Who       string // "" where whoever looks may not open it, or nothing is known
	What      string
	Programme string
	At        When
	Urgency   string // a class: late, soon, mine or ""
	Tags      []tag
	Closed    bool   // it is held, and whoever looks may not open it
	Acts      bool   // it waits, so it can be taken, done or put off
	Mine      bool   // it was given to whoever looks
	Suspect   string // id, where it is held because it looks automatic
	Because   string // why it does, in words
}

type tag struct{ Name, Class string }

// behalf lists on whose behalf somebody looks: for themselves, and for those for
// whom they stand in.
func (d *Desk) behalf(who postroom.Colleague) []postroom.Colleague {
	list := []postroom.Colleague{who}
	for _, name := range d.Team.Covers(who.Name, d.now()) {
		if c, here := d.Team.Named(name); here {
			list = append(list, c)
		}
	}
	return list
}

// bounds are the parts in which there may be something for somebody to see. What
// of them is theirs, reads and owner say. A programme that nobody looks after is
// everybody's.
func (d *Desk) bounds(who postroom.Colleague) []store.Bound {
	list := []store.Bound{}
	for _, c := range d.behalf(who) {
		list = append(list, d.boundsOf(c)...)
	}
	return list
}

func (d *Desk) boundsOf(who postroom.Colleague) (list []store.Bound) {
	for _, g := range who.Grants {
		if g.Role == postroom.Admin || g.Role == postroom.IsCoordinator {
			list = append(list, store.Bound{Programme: g.Programme, Area: g.Area})
		}
	}
	for _, p := range d.Programmes.Programmes() {
		if !who.Reads(p.Name, "") && d.Casework.MayRead(who, p.Name, "", false) {
			list = append(list, store.Bound{Programme: p.Name})
		}
	}
	return list
}

// mailboxes lists those in which there may be letters for somebody to see; nil is
// all.
func (d *Desk) mailboxes(r *request) ([]string, error) {
	list, all := []string{}, d.behalf(r.Who)
	if slices.ContainsFunc(all, func(c postroom.Colleague) bool { return c.Reads("", "") }) {
		return nil, nil
	}
	reads := func(programme string) bool {
		return slices.ContainsFunc(all, func(c postroom.Colleague) bool { return d.Casework.MayRead(c, programme, "", false) })
	}
	add := func(address string) { list = append(list, address, strings.ToLower(address)) }
	for _, p := range d.Programmes.Programmes() {
		if reads(p.Name) {
			for _, a := range p.Addresses {
				add(a)
			}
		}
	}
	if reads("") { // mailboxes that are no programme's
		cursors, err := r.read(d).Cursors()
		if err != nil {
			return nil, err
		}
		for _, c := range cursors {
			if d.programmesAt(c.Mailbox) == nil {
				add(c.Mailbox)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// programmesAt lists the programmes that people write to at a mailbox.
func (d *Desk) programmesAt(mailbox string) (list []*programme.Programme) {
	for _, p := range d.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, mailbox) }) {
			list = append(list, p)
		}
	}
	return list
}

// sources are the looks through what came in that together find what is asked
// for: first what somebody's roles let them read, then what was given to them by
// name, or to somebody for whom they stand in, wherever it belongs.
func (d *Desk) sources(r *request, l looking, contacts []string) ([]store.InboxFilter, error) {
	boxes, err := d.mailboxes(r)
	if err != nil {
		return nil, err
	}
	base := d.filter(l, contacts)
	within := base
	within.Within, within.Mailboxes = d.bounds(r.Who), boxes
	if l.Whose == whoseNobody {
		within.Unassigned = true
		return []store.InboxFilter{within}, nil
	}
	list := []store.InboxFilter{within}
	if l.Whose != whoseMine && r.Who.Reads("", "") {
		return list, nil // everything, whoever it was given to
	}
	if l.Whose == whoseMine {
		list = d.astray(within)
		within.Unassigned = true
		list = append(list, within)
	}
	for _, name := range append(d.Team.Covers(r.Who.Name, d.now()), r.Who.Name) {
		byName := base
		byName.AssignedTo = name
		list = append(list, byName)
	}
	return list, nil
}

// astray looks for what was given to somebody who is away without a cover, or
// has left: it is with whoever looks after the programme.
func (d *Desk) astray(within store.InboxFilter) (list []store.InboxFilter) {
	names := d.Team.Gone()
	for _, c := range d.Team.All() {
		if c.Away(d.now()) {
			names = append(names, c)
		}
	}
	for _, c := range names {
		within.AssignedTo = c.Name
		list = append(list, within)
	}
	return list
}

// rows reads one page. Rows that are not whoever's looks are left out, and more
// are read in their place, up to a bound; last is where the page ended.
func (d *Desk) rows(r *request, l looking, contacts []string) (rows []inboxRow, last store.InboxPlace, more bool, err error) {
	last, more = l.after, true
	for n := 0; more && n < pagesRead && len(rows) < pageRows; n++ {
		l.after = last
		var some []store.InboxRow
		if some, more, err = d.look(r, l, contacts); err != nil {
			return nil, last, false, err
		}
		wroteAgain, err := d.wroteAgain(r, some)
		if err != nil {
			return nil, last, false, err
		}
		for _, row := range some {
			if len(rows) == pageRows {
				return rows, last, true, nil
			}
			last = row.Place()
			line, theirs, err := d.row(r, l, row)
			if err != nil {
				return nil, last, false, err
			}
			if theirs && wroteAgain[row.ID] && line.Acts {
				line.Tags = append([]tag{{d.say(postroom.Say("desk.inbox.tag_again")), ""}}, line.Tags...)
			}
			if theirs {
				rows = append(rows, line)
			}
		}
	}
	return rows, last, more, nil
}

func (d *Desk) wroteAgain(r *request, rows []store.InboxRow) (map[string]bool, error) {
	var ids []string
	for _, row := range rows {
		if row.Matter == postroom.AboutSubmission {
			ids = append(ids, row.ID)
		}
	}
	return r.read(d).AgainAmong(ids)
}

// look reads the next rows of all sources, in one order, each once.
func (d *Desk) look(r *request, l looking, contacts []string) (rows []store.InboxRow, more bool, err error) {
	sources, err := d.sources(r, l, contacts)
	if err != nil {
		return nil, false, err
	}
	for _, f := range sources {
		some, goesOn, err := r.read(d).Inbox(f, pageRows)
		if err != nil {
			return nil, false, err
		}
		rows, more = append(rows, some...), more || goesOn
	}
	slices.SortFunc(rows, func(a, b store.InboxRow) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), strings.Compare(b.ID, a.ID))
	})
	rows = slices.CompactFunc(rows, func(a, b store.InboxRow) bool { return a.ID == b.ID })
	if len(rows) > pageRows {
		return rows[:pageRows], true, nil
	}
	return rows, more, nil
}

// owner is in whose list a row is.
func (d *Desk) owner(row store.InboxRow) postroom.Colleague {
	if row.Matter == postroom.AboutLetter {
		return d.Team.OwnerOfMailbox(row.Mailbox, row.AssignedTo, d.now())
	}
	return d.Team.Owner(row.Programme, row.Area, row.AssignedTo, d.now())
}

// row is one line, and whether it is for whoever looks to see.
func (d *Desk) row(r *request, l looking, row store.InboxRow) (line inboxRow, theirs bool, err error) {
	owner := d.owner(row)
	if l.Whose == whoseMine && owner.Name != r.Who.Name {
		return line, false, nil
	}
	if !d.reads(r.Who, row) && owner.Name != r.Who.Name && row.AssignedTo != r.Who.Name {
		return line, false, nil
	}
	if line.Closed, err = d.closed(r, row); err != nil {
		return line, false, err
	}
	ref := casework.Ref{Matter: row.Matter, ID: row.ID}
	line.Link, line.Reference, line.At = matterLink(ref), row.Reference, d.when(row.ReceivedAt)
	waits := row.State == string(postroom.SubmissionReceived) || row.State == string(postroom.LetterTriage)
	line.Acts, line.Mine = waits && !line.Closed && (!row.Held || row.Matter == postroom.AboutLetter), row.AssignedTo == r.Who.Name
	if row.Held && !line.Closed {
		if row.ContactName, row.Address, err = r.read(d).Sender(row); err != nil {
			return line, false, err
		}
	}
	d.name(&line, row)
	line.Tags = d.tags(r.Who, row, line.Closed)
	line.Urgency = d.urgency(r.Who, row, waits && (row.Matter == postroom.AboutLetter || row.Open || d.awaits(row.Programme, row.FormKind, row.Form)))
	return line, true, d.suspect(r, &line, row)
}

// suspect notes in a line why it is held, where that is because it looks automatic.
func (d *Desk) suspect(r *request, line *inboxRow, row store.InboxRow) error {
	if row.Matter != postroom.AboutSubmission || row.State != string(postroom.SubmissionHeld) || line.Closed {
		return nil
	}
	reason, err := r.read(d).Held(row.ID)
	if err == nil && strings.HasPrefix(reason, postroom.HeldAsSuspect) {
		line.Suspect, line.Because = row.ID, d.signs(reason)
	}
	return err
}

// reads says whether somebody's roles let them read a row, held or not.
func (d *Desk) reads(who postroom.Colleague, row store.InboxRow) bool {
	if row.Matter == postroom.AboutSubmission {
		return d.Casework.MayRead(who, row.Programme, row.Area, false)
	}
	programmes := d.programmesAt(row.Mailbox)
	if len(programmes) == 0 {
		return d.Casework.MayRead(who, "", "", false)
	}
	return slices.ContainsFunc(programmes, func(p *programme.Programme) bool { return d.Casework.MayRead(who, p.Name, "", false) })
}

// closed says whether a row is held and not for whoever looks to open.
func (d *Desk) closed(r *request, row store.InboxRow) (bool, error) {
	if !row.Held {
		return false, nil
	}
	may, err := d.Casework.May(r.Context(), r.Who, casework.Ref{Matter: row.Matter, ID: row.ID})
	return !may, err
}

// name says who it is from and what it is.
func (d *Desk) name(line *inboxRow, row store.InboxRow) {
	if line.Closed {
		line.What = d.say(postroom.Say("desk.inbox.closed_row"))
		return
	}
	line.Who = cmp.Or(row.ContactName, row.Address)
	line.What = d.say(postroom.Say("desk.inbox.letter"))
	if row.Matter == postroom.AboutLetter {
		line.Programme = row.Mailbox
		return
	}
	line.What, line.Programme = d.formTitle(row.Form), d.programmeTitle(row.Programme)
}

func (d *Desk) formTitle(name string) string {
	if f, known := d.Programmes.Form(name); known {
		return f.Title.In(english)
	}
	return plainName(name)
}

func (d *Desk) programmeTitle(name string) string {
	if p, known := d.Programmes.Programme(name); known {
		return p.Title.In(english)
	}
	return plainName(name)
}

// plainName makes words of a name in a file: "we-have-your-message" is "We have
// your message".
func plainName(name string) string {
	words := strings.NewReplacer("-", " ", "_", " ").Replace(name)
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// tags are what else a person needs to know before they open it.
func (d *Desk) tags(who postroom.Colleague, row store.InboxRow, closed bool) (list []tag) {
	add := func(class, name string) {
		if name != "" {
			list = append(list, tag{name, class})
		}
	}
	if row.Held || closed {
		add("held", d.say(postroom.Say("desk.inbox.tag_held")))
	}
	if row.Matter == postroom.AboutLetter && !closed {
		add("", d.whyTriage(row.Reason))
	}
	switch row.State {
	case string(postroom.SubmissionAnswered), string(postroom.SubmissionClosed):
		add("", d.keyed("desk.state."+row.State))
	}
	if row.Open {
		add("", d.say(postroom.Say("desk.inbox.tag_open")))
	}
	if row.SnoozedUntil.After(d.now()) {
		add("", d.say(postroom.Say("desk.inbox.tag_asleep", "day", d.day(row.SnoozedUntil))))
	}
	switch row.AssignedTo {
	case "":
	case who.Name:
		add("yours", d.say(postroom.Say("desk.inbox.tag_yours")))
	default:
		add("", d.say(postroom.Say("desk.inbox.tag_with", "name", row.AssignedTo)))
	}
	if row.Locale != "" && row.Locale != english && !closed {
		add("", d.language(row.Locale))
	}
	return list
}

// urgency is a class for how long somebody has waited, measured by what the
// programme promises.
func (d *Desk) urgency(who postroom.Colleague, row store.InboxRow, waits bool) string {
	promises := &programme.Programme{ReplyWithin: programme.Span{Working: 2}}
	if p, known := d.Programmes.Programme(row.Programme); known {
		promises = p
	} else if at := d.programmesAt(row.Mailbox); len(at) > 0 {
		promises = at[0]
	}
	by := promises.AnswerBy(row.FormKind, row.ReceivedAt, d.Org.Zone)
	switch {
	case waits && !by.After(d.now()):
		return "late"
	case waits && by.Before(d.now().Add(24*time.Hour)):
		return "soon"
	case row.AssignedTo == who.Name:
		return "mine"
	}
	return ""
}

// whyTriage says why a letter needs a person. The reason on file is a word, and in
// some more after it.
func (d *Desk) whyTriage(reason string) string {
	word, _, _ := strings.Cut(reason, " ")
	return cmp.Or(d.keyed("desk.triage."+word), d.say(postroom.Say("desk.triage.unclear")))
}
