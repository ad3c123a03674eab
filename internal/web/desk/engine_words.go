package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// engineText is a text of the engine room.
func (d *Desk) engineText(key string, pairs ...string) string {
	return d.say(postroom.Say("desk.engine."+key, pairs...))
}

// troubles lists what does not work, worst first.
func (d *Desk) troubles(s EngineState) (list []engineLine) {
	for _, lines := range [][]engineLine{d.mailboxLines(s), d.serverLines(s), d.dutyLines(s)} {
		for _, line := range lines {
			if line.Level > fine {
				list = append(list, line)
			}
		}
	}
	list = slices.Concat(list, d.workTroubles(s), d.mailTroubles(s), d.secretTroubles(s), d.diskTroubles(s))
	slices.SortStableFunc(list, func(a, b engineLine) int { return cmp.Compare(b.Level, a.Level) })
	return list
}

// mailboxLines says how each mailbox is.
func (d *Desk) mailboxLines(s EngineState) (list []engineLine) {
	for _, box := range s.Mailboxes {
		line := engineLine{Name: box.Address, Say: d.engineText("mailbox." + string(box.Mode)), At: d.when(box.Read), AtSays: d.engineText("mailbox.read"), Link: mailboxPath(box.Address)}
		line.LinkSays = d.engineText("mailbox.more")
		if box.Mode == config.Watch {
			line.LinkSays = d.engineText("mailbox.would", "n", number(watchedOf(s, box.Address)))
		}
		switch trouble := box.Trouble; {
		case trouble != "":
			line.Level, line.Say, line.Do = bad, d.engineText("mailbox.trouble."+trouble), d.engineText("mailbox.do."+trouble)
		case box.Read.IsZero() && d.now().Sub(s.Up) < 15*time.Minute:
			line.Say += " " + d.engineText("mailbox.first")
		case box.Late:
			line.Level, line.Say, line.Do = bad, d.engineText("mailbox.trouble.late"), d.engineText("mailbox.do.late")
		}
		list = append(list, line)
	}
	return list
}

// serverLines says how each mail server is. A process that does not send knows it
// only from the mail that waits.
func (d *Desk) serverLines(s EngineState) (list []engineLine) {
	waiting := waitsForServer(s)
	for _, server := range s.Servers {
		line := engineLine{Name: server.Name + " (" + server.Host + ")", Say: d.engineText("server.well")}
		away, next := !server.Since.IsZero(), server.Next
		if !s.Sends && waiting.N > 0 {
			away, next = true, s.NextTry
		}
		if away {
			line.Level, line.At, line.AtSays = bad, d.when(cmp.Or(server.Since, waiting.Oldest)), d.engineText("server.since")
			line.Say = d.engineText("server.away", "n", number(waiting.N))
			line.Do = d.engineText("server.do")
			if wait := next.Sub(d.now()); wait >= time.Minute {
				line.Say += " " + d.engineText("server.next", "when", d.when(next).Said)
			} else if wait > 0 {
				line.Say += " " + d.engineText("server.at_once")
			}
		}
		list = append(list, line)
	}
	for i, line := range list { // as long as another one answers, mail leaves
		if line.Level == bad && slices.ContainsFunc(list, func(l engineLine) bool { return l.Level == fine }) {
			list[i].Level = soon
		}
	}
	return list
}

func waitsForServer(s EngineState) store.Pile {
	for _, p := range s.Piles {
		if p.State == postroom.Deferred && p.Reason == outbound.ReasonServerAway {
			return p
		}
	}
	return store.Pile{}
}

// dutyAfter is how long nobody may have a duty: one process takes it over from
// another within minutes.
const dutyAfter = 15 * time.Minute

// dutyLines says what one process at a time does for all, and which.
func (d *Desk) dutyLines(s EngineState) (list []engineLine) {
	for _, duty := range s.Duties {
		line := engineLine{Name: d.dutyName(duty.Name)}
		box, mailbox := strings.CutPrefix(duty.Name, "mailbox:")
		if mailbox && !slices.ContainsFunc(s.Mailboxes, func(b EngineMailbox) bool { return b.Address == box }) {
			continue // it is not in the settings any more
		}
		switch now := d.now(); {
		case duty.Until.After(now):
			line.Say = d.engineText("duty.held", "process", duty.HeldBy[:min(len(duty.HeldBy), 8)])
		case now.Sub(duty.Until) < dutyAfter || now.Sub(s.Up) < dutyAfter || mailbox:
			line.Say = d.engineText("duty.between")
		default:
			line.Level, line.Say, line.Do = bad, d.engineText("duty.nobody"), d.engineText("duty.do")
		}
		list = append(list, line)
	}
	return list
}

func (d *Desk) dutyName(name string) string {
	if box, mailbox := strings.CutPrefix(name, "mailbox:"); mailbox {
		return d.engineText("duty.mailbox", "mailbox", box)
	}
	if name == "scheduler" {
		return d.engineText("duty.scheduler")
	}
	return name
}

// workTroubles says whether work is late or was given up.
func (d *Desk) workTroubles(s EngineState) (list []engineLine) {
	late, dead, oldest := 0, 0, time.Time{}
	for _, l := range s.Lanes {
		late, dead = late+l.Late, dead+l.Dead
		if l.Late > 0 && (oldest.IsZero() || l.Oldest.Before(oldest)) {
			oldest = l.Oldest
		}
	}
	more := engineLine{Link: "/desk/engine/jobs", LinkSays: d.engineText("jobs.more")}
	if late > 0 {
		line := more
		line.Level, line.Name, line.At, line.AtSays = bad, d.engineText("late.name"), d.when(oldest), d.engineText("late.since")
		line.Say, line.Do = d.engineText("late.say", "n", number(late)), d.engineText("late.do")
		list = append(list, line)
	}
	if dead > 0 {
		line := more
		line.Level, line.Name = soon, d.engineText("dead.name")
		line.Say, line.Do = d.engineText("dead.say", "n", number(dead)), d.engineText("dead.do")
		list = append(list, line)
	}
	return list
}

// mailTroubles says what keeps mail back that should leave.
func (d *Desk) mailTroubles(s EngineState) (list []engineLine) {
	for _, p := range s.Piles {
		key := ""
		switch {
		case p.State == postroom.Held && p.Reason == outbound.ReasonOnlyTo && len(s.OnlyTo) > 0:
			key = "only_to"
		case p.State == postroom.Deferred && p.Reason == outbound.ReasonBudgetInAll:
			key = "budget"
		default:
			continue
		}
		line := engineLine{Level: soon, Name: d.engineText(key + ".name"), At: d.when(p.Oldest), AtSays: d.engineText("pile.oldest")}
		line.Say, line.Do = d.engineText(key+".say", "n", number(p.N)), d.engineText(key+".do")
		list = append(list, line)
	}
	return list
}

func (d *Desk) secretTroubles(s EngineState) (list []engineLine) {
	for _, secret := range s.Secrets {
		line := engineLine{Level: soon, Name: d.engineText("secret.mailbox", "mailbox", secret.Mailbox), Do: d.engineText("secret.do")}
		if secret.Mailbox == "" {
			line.Name = d.engineText("secret.server", "server", secret.Server)
		}
		line.Say = d.engineText("secret.ends", "day", d.day(secret.Ends))
		if !secret.Ends.After(d.now()) {
			line.Level, line.Say = bad, d.engineText("secret.ended", "day", d.day(secret.Ends))
		}
		list = append(list, line)
	}
	return list
}

// How little room there may be on the disk, in bytes.
const (
	littleRoom = 1 << 30
	noRoom     = 200 << 20
)

func (d *Desk) diskTroubles(s EngineState) []engineLine {
	if !s.FreeKnown || s.Free >= littleRoom {
		return nil
	}
	line := engineLine{Level: soon, Name: d.engineText("disk.name"), Say: d.engineText("disk.say", "free", size(s.Free)), Do: d.engineText("disk.do")}
	if s.Free < noRoom {
		line.Level = bad
	}
	return []engineLine{line}
}

// engineLane is how much work a lane has.
type engineLane struct {
	Name, Due, Running, Late, Ahead, Dead string
	Trouble                               bool
}

func (d *Desk) laneLines(s EngineState) (list []engineLane) {
	for _, l := range s.Lanes {
		list = append(list, engineLane{
			Name: d.engineText("lane." + string(l.Lane)), Due: number(l.Due), Running: number(l.Running), Late: number(l.Late), Ahead: number(l.Ahead),
			Dead: number(l.Dead), Trouble: l.Late > 0 || l.Dead > 0,
		})
	}
	return list
}

// mailFacts says what became of the mail of the last days.
func (d *Desk) mailFacts(s EngineState) (list []engineFact) {
	waiting := s.Mails[postroom.Queued] + s.Mails[postroom.Deferred] + s.Mails[postroom.Sending]
	for _, f := range []struct {
		key, link string
		n         int
	}{
		{"sent", "", s.Mails[postroom.Sent]}, {"waiting", "", waiting}, {"held", "", s.Mails[postroom.Held]},
		{"failed", "/desk/engine/mail", s.Mails[postroom.Failed]}, {"uncertain", "/desk/engine/mail", s.Mails[postroom.Uncertain]},
		{"suppressed", "", s.Mails[postroom.Suppressed]},
	} {
		list = append(list, engineFact{Name: d.engineText("mails." + f.key), Say: number(f.n), Link: f.link})
	}
	return list
}

func (d *Desk) limitFacts(s EngineState) []engineFact {
	list := []engineFact{
		{Name: d.engineText("limits.answers"), Say: d.engineText("limits.answers.say", "to_address", number(s.Answers.ToAddress), "to_domain", number(s.Answers.ToDomain), "in_all", number(s.Answers.InAll))},
		{Name: d.engineText("limits.posts"), Say: d.engineText("limits.posts.say", "n", number(s.PostsPerMinute))},
	}
	for _, server := range s.Servers {
		list = append(list, engineFact{Name: d.engineText("limits.connections", "server", server.Name), Say: d.engineText("limits.connections.say", "n", number(server.Connections))})
	}
	for _, l := range s.Sending {
		list = append(list, engineFact{Name: d.engineText("limits.sending_"+l.Of, "name", l.Name), Say: d.limitWords(l.Limits)})
	}
	only := engineFact{Name: d.engineText("limits.only_to"), Say: d.engineText("limits.only_to.none")}
	if len(s.OnlyTo) > 0 {
		held := 0
		for _, p := range s.Piles {
			if p.State == postroom.Held && p.Reason == outbound.ReasonOnlyTo {
				held = p.N
			}
		}
		only.Say = d.engineText("limits.only_to.say", "list", strings.Join(s.OnlyTo, ", "), "n", number(held))
	}
	return append(list, only)
}

// limitWords says how many mails may leave, for each length of time.
func (d *Desk) limitWords(limits []config.Limit) string {
	words := make([]string, len(limits))
	for i, l := range limits {
		words[i] = d.engineText("limits.in_"+l.Unit(), "n", number(l.Most))
	}
	return strings.Join(words, ", ")
}

func (d *Desk) storageFacts(s EngineState) []engineFact {
	list := []engineFact{{Name: d.engineText("storage.database"), Say: size(s.Database)}}
	if s.FreeKnown {
		list = append(list, engineFact{Name: d.engineText("storage.free"), Say: size(s.Free)})
	}
	for _, f := range []struct {
		key string
		n   int64
	}{{"submissions", s.OnFile.Submissions}, {"letters", s.OnFile.Letters}, {"messages", s.OnFile.Messages}} {
		say := number(int(f.n))
		if f.n >= store.CountedTo {
			say = d.engineText("about", "n", roughly(f.n))
		}
		list = append(list, engineFact{Name: d.engineText("storage." + f.key), Say: say})
	}
	return list
}

func (d *Desk) programFacts(s EngineState) []engineFact {
	roles := make([]string, len(s.Roles))
	for i, role := range s.Roles {
		roles[i] = d.engineText("role." + role)
	}
	return []engineFact{
		{Name: d.engineText("program.version"), Say: s.Program},
		{Name: d.engineText("program.database"), Say: d.engineText("program.database.say", "engine", d.engineText("database."+s.Engine), "schema", strconv.Itoa(s.Schema))},
		{Name: d.engineText("program.roles"), Say: strings.Join(roles, ", ")},
		{Name: d.engineText("program.up"), At: d.when(s.Up)},
	}
}

func (d *Desk) jobRows(jobs []store.DeadJob) (list []engineJob) {
	for _, j := range jobs {
		job := engineJob{j.ID, d.jobName(j.Kind, j.Template), d.why(j.Reason), d.when(j.SettledAt)}
		if j.Held {
			job.Name, job.Why = d.jobName(j.Kind, ""), d.engineText("mail.held")
		}
		list = append(list, job)
	}
	return list
}

// jobName says what a job does, and with which letter.
func (d *Desk) jobName(kind postroom.JobKind, template string) string {
	if template != "" {
		return d.engineText("job.deliver_one", "letter", d.letterNamed(template))
	}
	return d.engineText("job." + string(kind))
}

func (d *Desk) mailRows(mails []store.MailRow) (list []engineMail) {
	for _, m := range mails {
		row := engineMail{MailRow: m, Name: d.letterNamed(m.Template), Outcome: d.engineText("mails." + string(m.State)), Why: d.why(m.Reason), When: d.when(m.At)}
		if m.Template == "" {
			row.Name = d.engineText("mail.unnamed")
		}
		if m.Held {
			row.Address, row.Name, row.Why = "", d.engineText("mail.unnamed_held"), d.engineText("mail.held")
		}
		list = append(list, row)
	}
	return list
}

// number writes a number as people do, and stops where counting did.
func number(n int) string {
	if n >= store.CountedTo {
		return "10,000+"
	}
	return thousands(int64(n))
}

func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// roughly is an estimate with two figures that mean something.
func roughly(n int64) string {
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return thousands(n / unit * unit)
}

// size is a number of bytes as people say it.
func size(bytes int64) string {
	units := []string{"KB", "MB", "GB", "TB"}
	n, unit := float64(bytes)/1000, 0
	for n >= 1000 && unit < len(units)-1 {
		n, unit = n/1000, unit+1
	}
	if n < 10 && unit > 0 {
		return fmt.Sprintf("%.1f %s", n, units[unit])
	}
	return fmt.Sprintf("%.0f %s", n, units[unit])
}
