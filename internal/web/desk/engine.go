package desk

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Engine knows how the post room itself is, and gives work another try.
type Engine interface {
	State(ctx context.Context) (EngineState, error)
	// Retry makes a job due again that was given up. Doing so twice does it once.
	Retry(ctx context.Context, by postroom.Colleague, job string) error
	// Drop gives a job up for good, or returns Gone if it is being tried again.
	Drop(ctx context.Context, by postroom.Colleague, job string) error
}

// EngineState is how the post room is. What one process alone can know is said of
// the one that is asked.
type EngineState struct {
	Mailboxes []EngineMailbox
	Servers   []EngineServer
	Sends     bool // this process sends mail, so it knows whether a server is away
	Lanes     []store.LaneLoad
	Piles     []store.Pile
	NextTry   time.Time // of the mail that waits for a server; zero if none does
	Secrets   []EngineSecret
	Duties    []store.Duty

	Answers        config.Answers
	OnlyTo         []string // all other mail is held; empty is no limit
	PostsPerMinute int      // of one visitor
	Sending        []EngineLimit

	Free      int64 // bytes that may still be written where the data is
	FreeKnown bool

	Engine, Program string // of the database, and which revision of the program
	Schema          int
	Roles           []string
	Up              time.Time // since when this process runs
	EngineCounts
}

// EngineCounts is what is counted now and then.
type EngineCounts struct {
	Mails    map[postroom.MessageState]int // of MailDays
	Watched  []store.WatchedCount
	Database int64 // bytes
	OnFile   store.Amounts
}

// EngineMailbox is how a mailbox is.
type EngineMailbox struct {
	Address string
	Mode    config.MailboxMode
	Since   time.Time // when it was first read; zero while it never was
	Read    time.Time // when it was last read
	Late    bool      // that is a quarter of an hour ago or more
	Trouble string    // login, trust, away, folder or broken; "" when it is read
}

// EngineServer is how a mail server is, as this process knows it.
type EngineServer struct {
	Name, Host  string
	Connections int
	Since, Next time.Time // since when it is away, and when it is tried again; zero while it answers
}

// EngineLimit is how many mails may leave at a time: by a server, from a domain or
// to one.
type EngineLimit struct {
	Of     string // server, from, to, or, for each domain that is not named, from_others, to_others
	Name   string // of the server or the domain
	Limits []config.Limit
}

// EngineSecret is a login whose secret ends soon, or has ended.
type EngineSecret struct {
	Mailbox, Server string // which of the two it is for
	Ends            time.Time
}

// MailDays is how many days of mail the engine room counts.
const MailDays = 7

// LateAfter is how long work may wait to be begun before that is trouble.
const LateAfter = 5 * time.Minute

// The most rows that a page of the engine room lists.
const (
	mostJobs    = 100
	mostMails   = 200
	mostWatched = 100
)

func (d *Desk) engineRoutes() []route {
	return []route{
		{"GET /desk/engine", keepers(), d.engine},
		{"GET /desk/engine/jobs", keepers(), d.engineJobs},
		{"POST /desk/engine/jobs/{id}/retry", keepers(), d.engineRetry},
		{"POST /desk/engine/jobs/{id}/drop", keepers(), d.engineDrop},
		{"GET /desk/engine/mail", keepers(), d.engineMail},
		{"GET /desk/engine/mailbox/{address}", keepers(), d.engineMailbox},
	}
}

// enginePage is the engine room: what is wrong first, then everything.
type enginePage struct {
	page
	Troubles  []engineLine
	Mailboxes []engineLine
	Servers   []engineLine
	Lanes     []engineLane
	Mails     []engineFact
	Limits    []engineFact
	Storage   []engineFact
	Program   []engineFact
	Duties    []engineLine
}

// engineLine is one thing that works, or does not.
type engineLine struct {
	Level    level
	Name     string
	Say      string // how it is
	Do       string // what to do about it; "" is nothing
	At       When
	AtSays   string // what happened then
	Link     string // where more stands; "" is nowhere
	LinkSays string
}

// level is how bad something is.
type level int

const (
	fine level = iota
	soon       // to be looked at this week
	bad        // something does not work now
)

// Class is how a line is coloured.
func (l level) Class() string { return [...]string{"mine", "soon", "late"}[l] }

// engineFact is one thing that is so.
type engineFact struct {
	Name, Say, Link string
	At              When
}

func (d *Desk) engine(w http.ResponseWriter, r *request) error {
	s, err := d.Engine.State(r.Context())
	if err != nil {
		return err
	}
	p := enginePage{
		page:     d.page(r, d.say(postroom.Say("desk.engine.title"))),
		Troubles: d.troubles(s), Mailboxes: d.mailboxLines(s), Servers: d.serverLines(s), Lanes: d.laneLines(s),
		Mails: d.mailFacts(s), Limits: d.limitFacts(s), Storage: d.storageFacts(s), Program: d.programFacts(s), Duties: d.dutyLines(s),
	}
	p.Wide = true
	return d.render(w, r, http.StatusOK, "engine.html", p)
}

// jobsPage lists work that was given up or is late.
type jobsPage struct {
	page
	Dead, Late, Dropped []engineJob
}

// engineJob is one job as people speak of it.
type engineJob struct {
	ID, Name, Why string
	At            When
}

func (d *Desk) engineJobs(w http.ResponseWriter, r *request) error {
	read := r.read(d)
	dead, err := read.DeadJobs(false, mostJobs)
	if err != nil {
		return err
	}
	dropped, err := read.DeadJobs(true, mostJobs/2)
	if err != nil {
		return err
	}
	p := jobsPage{page: d.page(r, d.say(postroom.Say("desk.engine.jobs.title"))), Dead: d.jobRows(dead), Dropped: d.jobRows(dropped)}
	for _, lane := range postroom.Lanes() {
		late, err := read.LateJobs(lane, d.now().Add(-LateAfter), mostJobs/2)
		if err != nil {
			return err
		}
		for _, j := range late {
			p.Late = append(p.Late, engineJob{j.ID, d.jobName(j.Kind, ""), d.why(j.Reason), d.when(j.DueAt)})
		}
	}
	if was := r.URL.Query().Get("was"); was == "retried" || was == "dropped" {
		p.Notice = &notice{Say: d.say(postroom.Say("desk.engine.jobs." + was))}
	}
	return d.render(w, r, http.StatusOK, "engine-jobs.html", p)
}

func (d *Desk) engineRetry(w http.ResponseWriter, r *request) error {
	if err := d.Engine.Retry(r.Context(), r.Who, r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/desk/engine/jobs?was=retried", http.StatusSeeOther)
	return nil
}

func (d *Desk) engineDrop(w http.ResponseWriter, r *request) error {
	if err := d.Engine.Drop(r.Context(), r.Who, r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/desk/engine/jobs?was=dropped", http.StatusSeeOther)
	return nil
}

// mailsPage lists mails: those that went wrong, or would have been sent.
type mailsPage struct {
	page
	Mails []engineMail
	Box   engineLine
	Total string // that would have been sent
}

// engineMail is one mail, without what it says.
type engineMail struct {
	store.MailRow
	Name, Outcome, Why string
	When               When
}

func (d *Desk) engineMail(w http.ResponseWriter, r *request) error {
	mails, err := r.read(d).MailsGoneWrong(mostMails)
	if err != nil {
		return err
	}
	if err := d.noteLook(r, "engine:mail"); err != nil {
		return err
	}
	p := mailsPage{page: d.page(r, d.say(postroom.Say("desk.engine.mail.title"))), Mails: d.mailRows(mails)}
	p.Wide = true
	return d.render(w, r, http.StatusOK, "engine-mail.html", p)
}

// engineMailbox shows one mailbox, and what would have been answered while it is
// only watched.
func (d *Desk) engineMailbox(w http.ResponseWriter, r *request) error {
	s, err := d.Engine.State(r.Context())
	if err != nil {
		return err
	}
	address := r.PathValue("address")
	for i, box := range s.Mailboxes {
		if box.Address != address {
			continue
		}
		mails, err := r.read(d).WatchedMails(address, mostWatched)
		if err != nil {
			return err
		}
		if err := d.noteLook(r, "engine:mailbox:"+address); err != nil {
			return err
		}
		p := mailsPage{page: d.page(r, address), Mails: d.mailRows(mails), Box: d.mailboxLines(s)[i], Total: number(watchedOf(s, address))}
		return d.render(w, r, http.StatusOK, "engine-mailbox.html", p)
	}
	return &postroom.Error{Kind: postroom.NotFound}
}

// noteLook notes that a colleague looked at people's addresses, once in ten
// minutes.
func (d *Desk) noteLook(r *request, what string) error {
	now := d.Clock.Now()
	return d.Store.Write(r.Context(), func(tx *store.Tx) error {
		return tx.NoteLook(r.Who.Name, "view", what, now, now.Add(-10*time.Minute))
	})
}

func watchedOf(s EngineState, address string) (n int) {
	for _, c := range s.Watched {
		if c.Mailbox == address {
			n += c.N
		}
	}
	return n
}

// mailboxPath is the page of a mailbox.
func mailboxPath(address string) string { return "/desk/engine/mailbox/" + url.PathEscape(address) }
