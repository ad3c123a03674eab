// Package app puts the rooms together into one post room, for serve, for the
// demo and for tests alike.
//
// The idea a newcomer needs: this is wiring and nothing else. Open makes every
// room in the order of the picture in docs/architecture.md, handing each what
// it needs; Run starts what the process's roles ask for and stops it in the
// opposite order: first no more work is taken in, then what was begun is
// finished, and last the database is closed.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postroom/internal/access"
	"postroom/internal/arrivals"
	"postroom/internal/campaign"
	"postroom/internal/casework"
	"postroom/internal/config"
	"postroom/internal/digest"
	"postroom/internal/event"
	"postroom/internal/imports"
	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/mailbox"
	"postroom/internal/oauth"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/queue"
	"postroom/internal/seal"
	"postroom/internal/signin"
	"postroom/internal/store"
	"postroom/internal/team"
	"postroom/internal/web"
	"postroom/internal/web/desk"
	"postroom/internal/wording"
	"postroom/internal/workflow"
	"postroom/templates"
	"postroom/workers"
)

// Room is a whole post room.
type Room struct {
	Config     config.Config
	Clock      postroom.Clock
	Log        *slog.Logger
	Store      *store.Store
	Tokens     *oauth.Tokens
	Links      *link.Signer
	Letters    *outbound.Letters
	Programmes *programme.Set
	Team       *team.Team
	Wording    *wording.Wordings
	Outbox     *outbound.Outbox
	SignIn     *signin.SignIn
	Access     *access.Access
	Workflow   *workflow.Workflow
	Events     *event.Events
	Intake     *intake.Intake
	Imports    *imports.Imports
	Arrivals   *arrivals.Arrivals
	Casework   *casework.Casework
	Lists      *campaign.Lists
	Mailboxes  *mailbox.Mailboxes
	Digests    *digest.Digests
	Editions   *campaign.Editions
	Newsletter *campaign.Life
	Queue      *queue.Queue
	Scheduler  *workers.Scheduler
	Desk       *desk.Desk
	Web        *web.Server

	locales   *web.Locales
	deskTexts *desk.Texts
	desk      string // address of the desk; "" where there is none
	roles     []Role
	unlock    func() error
}

// Options say which post room, and what it does.
type Options struct {
	Config config.Config
	Clock  postroom.Clock
	Log    *slog.Logger
	Roles  []Role // none is all
	Desk   string // address of the coordinators' page; "" while there is none
	Demo   bool   // links to the desk work more than once
	Texts  *Texts // what was read and checked before; nil reads it

	// SignIn says who opens the desk, for tests; nil is who signed in.
	SignIn desk.SignIn

	// PermitLease is how long a permit to send may stay unused; 0 is the usual. It is
	// for tests in which a minute is short.
	PermitLease time.Duration

	// Before is called ahead of each statement of a transaction, of its commit
	// and of what follows it, and around each effect on another machine. It is
	// for tests that kill the process there.
	Before func(point string)
}

// Open makes every room. On SQLite it takes the lock of the data folder, and
// returns Conflict when another process works there.
func Open(ctx context.Context, o Options) (*Room, error) {
	r := &Room{Config: o.Config, Clock: o.Clock, Log: o.Log, roles: o.Roles, desk: o.Desk, unlock: func() error { return nil }}
	if len(r.roles) == 0 {
		r.roles = AllRoles()
	}
	if err := r.lock(); err != nil {
		return nil, err
	}
	if err := r.open(ctx, o); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// lock makes sure of being alone where that is needed: SQLite and the Redis
// inside the process cannot be shared.
func (r *Room) lock() (err error) {
	if r.alone() {
		r.unlock, err = store.LockFolder(r.Config.Data)
	}
	return err
}

func (r *Room) alone() bool { return !r.Config.Database.Postgres() }

func (r *Room) open(ctx context.Context, o Options) error {
	if err := r.lay(ctx, o); err != nil {
		return err
	}
	if err := r.makeWorkRooms(o); err != nil {
		return err
	}
	if err := r.Events.Sync(ctx); err != nil {
		return fmt.Errorf("put events on file: %w", err)
	}
	return r.makeDoors(o)
}

// lay makes what every room stands on: keys, database, mails and programmes.
func (r *Room) lay(ctx context.Context, o Options) (err error) {
	keys, err := secrets(r.Config)
	if err != nil {
		return err
	}
	if r.Links, err = link.New(r.Clock, linkKeys(keys)); err != nil {
		return err
	}
	if r.Store, err = openStore(ctx, r.Config, keys, r.Log, o.Before); err != nil {
		return err
	}
	r.Tokens = oauth.New(oauth.Options{Store: r.Store, Clock: r.Clock, Log: r.Log, Before: o.Before})
	if err := r.readTexts(o.Texts); err != nil {
		return err
	}
	if err := r.makeWording(ctx); err != nil {
		return err
	}
	return r.makeTeam(ctx)
}

// OpenStore opens the database alone, for commands that work beside a
// running server.
func OpenStore(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.Store, error) {
	keys, err := secrets(cfg)
	if err != nil {
		return nil, err
	}
	return openStore(ctx, cfg, keys, log, nil)
}

func openStore(ctx context.Context, cfg config.Config, keys []secret, log *slog.Logger, before func(string)) (*store.Store, error) {
	box, err := seal.New(sealKeys(keys))
	if err != nil {
		return nil, err
	}
	url := cfg.Database.Path
	if cfg.Database.Postgres() {
		url = cfg.Database.URL.Reveal()
	}
	return store.Open(ctx, store.Options{URL: url, Box: box, Log: log, Before: before})
}

// Texts are the mails and the words of the pages, read and checked. They do not
// change, so many post rooms in one process may share them.
type Texts struct {
	Letters *outbound.Letters
	Locales *web.Locales
	Desk    *desk.Texts
}

// ReadTexts reads the texts that come with the program. That each letter reads
// as it must, the program's own tests have seen, and check sees again.
func ReadTexts() (*Texts, error) {
	letters, err := outbound.ReadLetters(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	locales, err := web.LoadLocales(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	pages, err := desk.ReadTexts(templates.FS)
	if err != nil {
		return nil, fmt.Errorf("read the desk: %w", err)
	}
	return &Texts{letters, locales, pages}, nil
}

// Load reads the mails and the programme files, each checked against the
// other.
func Load(cfg config.Config) (*outbound.Letters, *programme.Set, error) {
	letters, err := outbound.LoadLetters(templates.FS)
	if err != nil {
		return nil, nil, fmt.Errorf("read mails: %w", err)
	}
	set, err := loadProgrammes(cfg, letters)
	return letters, set, err
}

func loadProgrammes(cfg config.Config, letters *outbound.Letters) (*programme.Set, error) {
	files, err := programmes(cfg)
	if err != nil {
		return nil, err
	}
	set, err := programme.Load(files, programme.Options{Zone: cfg.Organisation.Zone, HasTemplate: letters.Has})
	if err != nil {
		return nil, fmt.Errorf("read programmes: %w", err)
	}
	return set, nil
}

func programmes(cfg config.Config) (fs.FS, error) {
	if cfg.Programmes != "" {
		return os.DirFS(cfg.Programmes), nil
	}
	return fs.Sub(templates.FS, "programme")
}

func (r *Room) makeWorkRooms(o Options) (err error) {
	r.Queue, err = queue.New(queue.Options{Store: r.Store, Clock: r.Clock, Redis: r.Config.Redis, Alone: r.alone(), Log: r.Log, Before: o.Before})
	if err != nil {
		return err
	}
	r.Mailboxes = mailbox.New(mailbox.Options{Store: r.Store, Mailboxes: r.Config.Mailboxes, Clock: r.Clock, Log: r.Log, Token: mailboxToken(r.Tokens), Alarm: r.alarmOfMailbox, Before: o.Before})
	out := outboxOptions(r, o.Desk)
	out.Before, out.Journal = o.Before, filepath.Join(r.Config.Data, "sending")
	out.Permits = r.permits(o.PermitLease)
	if r.Outbox, err = outbound.New(out); err != nil {
		return err
	}
	r.makeSignIn(o.Demo)
	r.makeAccess()
	r.makeWorkflow()
	r.Lists = campaign.New(campaign.Options{Store: r.Store, Runs: r.Workflow, Mails: r.Outbox, Clock: r.Clock, Title: r.listTitle, Discreet: r.discreet})
	r.Editions = campaign.NewEditions(campaign.EditionOptions{Store: r.Store, Copies: r.Outbox, Discreet: r.discreet, Segment: campaign.NewAudiences(r.Programmes, r.Clock).Segment, Clock: r.Clock})
	r.makeNewsletter()
	r.makeIntake()
	r.Digests, err = r.makeDigests()
	return err
}

// makeIntake makes the door in and what reads letters for it.
func (r *Room) makeIntake() {
	r.Events = event.New(event.Options{Store: r.Store, Programmes: r.Programmes, Runs: r.Workflow, Clock: r.Clock, Stands: r.Wording.Stands})
	r.Intake = intake.New(intake.Options{
		Store: r.Store, Programmes: r.Programmes, Workflow: r.Workflow, Events: r.Events, Clock: r.Clock, Log: r.Log, Zone: r.Config.Organisation.Zone,
		Strangers: r.Config.Strangers, Mails: r.Outbox, GuardianLink: r.guardianLink,
	})
	r.Arrivals = arrivals.New(arrivals.Options{
		Store: r.Store, Programmes: r.Programmes, Intake: r.Intake, Workflow: r.Workflow, Outbox: r.Outbox, Lists: r.Lists,
		Ours: r.ours, Clock: r.Clock, Log: r.Log, Desk: byLetter{r}, CommandsTo: r.commandsTo, Zone: r.Config.Organisation.Zone,
		SeemsAway: func(tx *store.Tx, address string, back, at time.Time) error {
			return r.Digests.SeemsAway(tx, address, back, at)
		},
	})
	r.Imports = imports.New(imports.Options{
		Store: r.Store, Programmes: r.Programmes, Intake: r.Intake, Events: r.Events, Clock: r.Clock, Label: r.locales.Text, Locales: r.locales.Tags(),
	})
	r.makeCasework()
}

// readTexts takes the texts that were read before, or reads them.
func (r *Room) readTexts(texts *Texts) (err error) {
	if texts == nil {
		if texts, err = ReadTexts(); err != nil {
			return err
		}
	}
	r.deskTexts = texts.Desk
	r.Letters = texts.Letters.Copy() // others may share the texts, and are not reworded with us
	r.Letters.Wear(r.Config.Organisation.Colour)
	var aside error
	if r.locales, aside = texts.Locales.With(os.DirFS(r.Config.Translations())); aside != nil {
		r.Log.Warn("translations of the organisation's own are left aside", "err", aside)
	}
	r.Programmes, err = loadProgrammes(r.Config, r.Letters)
	return err
}

func (r *Room) makeWorkflow() {
	r.Workflow = workflow.New(workflow.Options{
		Store: r.Store, Programmes: r.Programmes, Outbox: r.Outbox,
		Zone: r.Config.Organisation.Zone, Quiet: r.Config.Organisation.Quiet, Coordinators: r.coordinators,
		Safeguarding: r.safeguarding, Hours: r.Config.Organisation.WorkingHours, KeepMonths: r.Config.Organisation.SafeguardingKeep, Clock: r.Clock,
		Label: r.locales.Text, Day: r.day, ReplyTo: r.replyTo, Log: r.Log,
		Summaries: r.Config.DigestAt != nil,
	})
}

func (r *Room) makeDoors(o Options) (err error) {
	r.employ()
	if err := r.makeDesk(o); err != nil {
		return err
	}
	r.Web, err = web.New(web.Options{
		Programmes: r.Programmes, Intake: r.Intake, Lists: r.Lists, Events: r.Events, Mails: r.Outbox, Guardians: r.Intake, Amendments: r.Intake,
		Store: r.Store, Links: r.Links, Clock: r.Clock, Org: r.Config.Organisation, Templates: templates.FS, Locales: r.locales, Log: r.Log,
		Desk: r.Desk.Handler(), Ready: r.readiness(),
		SecretsEnd:     func(now time.Time) bool { return len(r.Config.Expiring(now)) > 0 },
		Mailboxes:      r.mailboxStates,
		Sites:          r.Config.Sites,
		Programs:       r.programs(),
		TrustedProxies: r.Config.TrustedProxies, MetricsFrom: r.Config.MetricsFrom,
	})
	return err
}

// guardianLink is where somebody's guardian answers. Whether it may still be used
// is for the row to say, because one that has come to its end offers another.
func (r *Room) guardianLink(submission string, asked int) string {
	token := r.Links.Make(link.Guardian, submission+"|"+strconv.Itoa(asked), time.Time{})
	return r.Config.Organisation.BaseURL + link.Path(link.Guardian, token)
}

// readiness lists what else this process needs. One that answers pages needs
// no Redis: what people send is safe in the database until it is back.
func (r *Room) readiness() []web.Check {
	if r.has(RoleWeb) || !r.has(RoleWorker) {
		return nil
	}
	return []web.Check{{Name: "redis", Do: func(ctx context.Context) error { return queue.Ping(ctx, r.Config.Redis) }}}
}

// listTitle is the name of a list in a language.
func (r *Room) listTitle(name, locale string) string {
	if l, _, ok := r.Programmes.List(name); ok {
		return cmp.Or(l.Title.In(locale), name)
	}
	return name
}

// discreet says whether nobody may learn of a programme from a subject.
func (r *Room) discreet(name string) bool {
	p, known := r.Programmes.Programme(name)
	return known && p.Discreet
}

func outboxOptions(r *Room, desk string) outbound.Options {
	org := r.Config.Organisation
	o := outbound.Options{
		Drafter: r.Mailboxes, LeaveTo: r.leaveTo, Tell: campaign.NewAudiences(r.Programmes, r.Clock).Tell, Store: r.Store, Letters: r.Letters, Links: r.Links, Clock: r.Clock, DeliverOnlyTo: r.Config.DeliverOnlyTo, Log: r.Log,
		Answers: r.Config.Answers, Strangers: r.Config.Strangers, Watchers: r.watchers(),
		Org: outbound.Organisation{
			Name: org.Name, BaseURL: org.BaseURL, DeskURL: desk, Zone: org.Zone, From: org.From,
			PostalAddress: org.PostalAddress, EmergencyText: org.EmergencyText,
		},
	}
	if len(r.Config.Mailboxes) > 0 {
		o.Modes, o.WatchedUntil = r.Wording.Mode, r.Wording.WatchedUntil
	}
	for _, s := range r.Config.SMTP {
		o.Servers = append(o.Servers, mailServer(s, r.Tokens))
	}
	return o
}

// permits give permits to send, if there is any limit.
func (r *Room) permits(lease time.Duration) outbound.Permits {
	own := r.Config.Organisation.From.Address
	p := r.Queue.Permits(queue.PermitOptions{
		Servers: r.Config.SMTP, Domains: r.Config.Limits, Own: own[strings.LastIndexByte(own, '@')+1:], Lease: lease,
	})
	if p == nil {
		return nil
	}
	return outbound.NewPermits(p)
}

func mailServer(s config.SMTPServer, tokens *oauth.Tokens) outbound.Server {
	server := outbound.Server{
		Name: s.Name, Host: s.Host, Port: s.Port, Security: outbound.Security(s.Security),
		Username: s.Username, Password: s.Password.Reveal(), From: s.From, VERP: s.Envelope == config.VERP, Connections: s.Connections,
		Token: tokens.For(s.OAuth),
	}
	if s.DKIM != nil {
		server.DKIM = &outbound.DKIM{Domain: s.DKIM.Domain, Selector: s.DKIM.Selector, KeyFile: s.DKIM.KeyFile}
	}
	return server
}

// Close closes what Open opened. Run must have returned.
func (r *Room) Close() error {
	var errs []error
	if r.Outbox != nil {
		r.Outbox.Close()
	}
	if r.Store != nil {
		errs = append(errs, r.Store.Close())
	}
	return errors.Join(append(errs, r.unlock())...)
}

// Pages are the public pages of a room that does not answer for them, for commands
// that make one.
func (r *Room) Pages() (*web.Server, error) { return web.New(r.pages()) }

// pages is what public pages need that stand beside those of the room.
func (r *Room) pages() web.Options {
	return web.Options{
		Programmes: r.Programmes, Intake: r.Intake, Lists: r.Lists, Events: r.Events, Store: r.Store, Links: r.Links, Clock: r.Clock,
		Org: r.Config.Organisation, Templates: templates.FS, Locales: r.locales, Log: r.Log,
	}
}
