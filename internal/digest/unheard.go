package digest

import (
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// patience is how many summaries in a row may tell somebody of people who wait
// before others hear that nobody acts.
const patience = 3

// mostAnswers is how many answers of our people are looked through for one that
// shows that somebody acts.
const mostAnswers = 500

// unheard says whether others have to hear that a colleague does not act: their
// last summaries, one a working day, all told of something that waits, there is
// still something, and they did nothing since the first of them that is on file.
// It is said once, until they act or until nothing waits any more.
func (g *gathering) unheard(s Sheet, day string) (bool, error) {
	if s.Waits() == 0 {
		return false, nil
	}
	last, err := g.read.Digests(g.who.Name, g.day(g.now.AddDate(0, 0, -1)), patience)
	if err != nil || len(last) < patience {
		return false, err
	}
	for _, d := range last {
		if d.Waiting == 0 {
			return false, nil
		}
	}
	since := last[patience-1].MadeAt
	told, found, err := g.read.LastUnheard(g.who.Name)
	if err != nil {
		return false, err
	}
	if found {
		cleared, err := g.read.LastCleared(g.who.Name, day)
		if err != nil {
			return false, err
		}
		if cleared <= told.Day { // it is the same stretch, unless they acted in it
			acted, err := g.acted(told.MadeAt)
			if err != nil || !acted {
				return false, err
			}
		}
	}
	acted, err := g.acted(since)
	return !acted, err
}

// acted says whether a colleague did anything since a moment: at the desk, by a
// command, or by an answer that was found in a mailbox. Who wrote one of those is
// often not to be seen, so one for somebody in their list counts as theirs.
func (g *gathering) acted(since time.Time) (bool, error) {
	last, err := g.read.LastActed(g.who.Name)
	if err != nil || last.After(since) {
		return err == nil, err
	}
	list, err := g.read.StaffAnswers(since, mostAnswers)
	for _, a := range list {
		b := g.belongingAt(a.Mailbox, a.Assigned)
		if a.Programme != "" {
			b = g.belonging(a.Programme, a.Area, a.Assigned)
		}
		if g.mine(b) || strings.EqualFold(a.From, g.who.Address) {
			return true, nil
		}
	}
	return false, err
}

// unheardMails are the mails to whoever has to know that a colleague does not
// act. They say how many wait and since when, and name none of them.
func (g *gathering) unheardMails(s Sheet, made store.Digest) []postroom.Message {
	if !made.Unheard {
		return nil
	}
	return g.tellOthers(g.who.Colleague, "unheard:"+made.Coordinator+":"+made.Day, s.At, map[string]string{
		"waiting": strconv.Itoa(s.Waits()), "starts": s.Oldest().UTC().Format(time.RFC3339), "reason": "",
	})
}

// tellOthers writes to whoever has to know something about a colleague's
// summaries, each once for a key.
func (d *Digests) tellOthers(c postroom.Colleague, key string, at time.Time, data map[string]string) (list []postroom.Message) {
	data["name"] = c.Name
	for _, o := range d.others(c, at) {
		list = append(list, postroom.Message{
			ID: store.NewMessageID(), Key: key + ":" + o.Address, To: o.Address, Locale: localeOf(o), Class: postroom.Service,
			Template: unheardOf, CreatedAt: at, Data: data,
		})
	}
	return list
}

// Returned tells whoever stands in for a colleague, and the admins, that a
// summary of theirs did not arrive: once, and then again only after one that did.
// A message that carries no summary, or did not fail, is nothing.
func (d *Digests) Returned(tx *store.Tx, m postroom.Message, at time.Time) error {
	if m.State != postroom.Failed {
		return nil
	}
	lost, found, err := tx.DigestOf(m.ID)
	if err != nil || !found {
		return err
	}
	before, err := d.lostBefore(tx, lost)
	if err != nil || before {
		return err
	}
	who, known := d.find(lost.Coordinator)
	if !known {
		return nil
	}
	for _, m := range d.tellOthers(who, "unheard:"+lost.Coordinator+":"+lost.Day+":returned", at, map[string]string{
		"waiting": strconv.Itoa(lost.Waiting), "starts": "", "reason": "returned",
	}) {
		if _, err := d.Outbox.Owe(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// lookedBack is how many days are looked through for the summary before.
const lookedBack = 30

// lostBefore says whether the summary before one did not arrive either.
func (d *Digests) lostBefore(tx *store.Tx, lost store.Digest) (bool, error) {
	list, err := tx.Digests(lost.Coordinator, lost.Day, lookedBack)
	if err != nil {
		return false, err
	}
	for _, before := range list {
		if before.Day == lost.Day || before.Message == "" {
			continue
		}
		m, err := tx.Message(before.Message)
		if postroom.KindOf(err) == postroom.NotFound {
			return false, nil
		}
		return m.State == postroom.Failed, err
	}
	return false, nil
}

// SeemsAway notes that a colleague's mail was answered automatically, until they
// are back at a moment (zero is not known): an absence is proposed, which counts
// for nothing before somebody agrees, and whoever stands in for them and the
// admins are asked, once for each return. An address that is nobody's is nothing,
// and so is who is away already.
func (d *Digests) SeemsAway(tx *store.Tx, address string, back, at time.Time) error {
	who, here := d.at(address)
	if !here || who.Away(at) || !back.IsZero() && !back.After(at) {
		return nil
	}
	spell := back.Format(time.DateOnly)
	if back.IsZero() {
		year, week := at.In(d.Zone).ISOWeek()
		spell = strconv.Itoa(year) + "-w" + strconv.Itoa(week)
	}
	var until time.Time
	if !back.IsZero() { // a day, as the letter wrote it
		until = time.Date(back.Year(), back.Month(), back.Day(), 0, 0, 0, 0, d.Zone)
	}
	key := "seems-away:" + who.Name + ":" + spell
	others := d.others(who, at)
	for _, o := range others { // whatever became of it, they have been asked
		if _, asked, err := tx.MessageWithKey(key + ":" + o.Address); err != nil || asked {
			return err
		}
	}
	proposed, err := tx.ProposeAbsence(who.Name, postroom.Absence{From: at, Until: until, Proposed: true}, at)
	if err != nil || !proposed {
		return err
	}
	for _, o := range others {
		m := postroom.Message{
			Key: key + ":" + o.Address, To: o.Address, Locale: localeOf(o), Class: postroom.Service, Template: awayLetter, CreatedAt: at,
			Data: map[string]string{"name": who.Name, "ends": "", "url": ""},
		}
		if !until.IsZero() {
			m.Data["ends"] = until.UTC().Format(time.RFC3339)
		}
		if d.Deed != nil {
			m.Data["url"] = d.Deed(actAway, postroom.AboutColleague, who.Name, o.Name)
		}
		if _, err := d.Outbox.Owe(tx, m); err != nil {
			return err
		}
	}
	return nil
}

func (d *Digests) at(address string) (postroom.Colleague, bool) {
	for _, c := range d.Team.All() {
		if address != "" && strings.EqualFold(c.Address, address) {
			return c, true
		}
	}
	return postroom.Colleague{}, false
}
