package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/oauth"
	"postroom/internal/outbound"
	"postroom/internal/programme"
	"postroom/internal/queue"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// connectWithin bounds how long one connection is tried.
const connectWithin = 10 * time.Second

// Finding is what one check found.
type Finding struct {
	What string // "settings", "smtp main"
	Good string // what is there, when Err is nil
	Err  error
	Warn bool // it works, but hardly as somebody meant it
}

// Detail returns what is there, or what is wrong.
func (f Finding) Detail() string {
	if f.Err != nil {
		return f.Err.Error()
	}
	return f.Good
}

// Check reads everything a post room needs and tries every connection. It
// changes nothing but the database's schema, which it brings up to date.
func Check(ctx context.Context, cfg config.Config) []Finding {
	findings := []Finding{{What: "settings", Good: cfg.Organisation.Name}}
	findings = append(findings, checkTexts(cfg)...)
	st, database := checkDatabase(ctx, cfg)
	findings = append(findings, database, checkRedis(ctx, cfg))
	if st != nil {
		defer func() { _ = st.Close() }() // nothing is written that the close could lose
	}
	tokens := oauth.New(oauth.Options{Store: st, Clock: new(Clock)})
	for _, s := range cfg.SMTP {
		findings = append(findings, checkMailServer(ctx, s, tokens))
	}
	for _, m := range boxesNow(ctx, st, cfg.Mailboxes) {
		findings = append(findings, checkMailbox(ctx, m, tokens))
	}
	return append(findings, checkSecrets(cfg, time.Now())...)
}

// boxesNow is the mailboxes in the modes they were changed to on the desk, or as in
// the settings where that cannot be read.
func boxesNow(ctx context.Context, st *store.Store, boxes []config.Mailbox) []config.Mailbox {
	if st == nil {
		return boxes
	}
	if now, err := wording.Boxes(st.Read(ctx), boxes); err == nil {
		return now
	}
	return boxes
}

// checkSecrets says which secrets come to their end.
func checkSecrets(cfg config.Config, now time.Time) (findings []Finding) {
	for _, l := range cfg.Expiring(now) {
		f := Finding{What: "secret of " + l.What(), Good: "ends on " + l.Expires.Format(time.DateOnly) + ": make a new one before that"}
		if !now.Before(l.Expires) {
			f.Err = fmt.Errorf("the secret has ended on %s, by the settings: make a new one", l.Expires.Format(time.DateOnly))
		}
		findings = append(findings, f)
	}
	return findings
}

func checkTexts(cfg config.Config) []Finding {
	letters, set, err := Load(cfg)
	mails, forms := Finding{What: "mails", Err: err}, Finding{What: "programmes", Err: err}
	if letters != nil {
		mails = Finding{What: "mails", Good: fmt.Sprintf("%d mails in %d languages", len(letters.Names()), len(letters.Locales()))}
	}
	if set == nil {
		return []Finding{forms, mails}
	}
	forms.Good = fmt.Sprintf("%d programmes with %d forms", len(set.Programmes()), len(set.Forms()))
	if cfg.Programmes == "" {
		forms.Good += ", the built-in examples: copy them and set programmes: before you open to the public"
	}
	return append([]Finding{forms, mails, checkCoordinators(cfg, set)}, checkSites(cfg, set)...)
}

// checkSites says which websites the forms name for which the settings open no door.
func checkSites(cfg config.Config, set *programme.Set) (findings []Finding) {
	folder, err := programmes(cfg)
	if err != nil {
		return []Finding{{What: "sites", Err: err}}
	}
	files, err := programme.ReadFiles(folder)
	if err != nil {
		return []Finding{{What: "sites", Err: err}}
	}
	for _, p := range set.Programmes() {
		for _, m := range programme.Unopened(p.File, files[p.File], p, cfg.Sites) {
			m.File = filepath.Join(cfg.Programmes, m.File)
			findings = append(findings, Finding{What: "sites", Good: m.String(), Warn: true})
		}
	}
	return findings
}

// checkCoordinators holds the names in the settings and in the programmes
// against each other. A programme whose coordinators are not in the settings
// is looked after by whoever is there, which is said.
func checkCoordinators(cfg config.Config, set *programme.Set) Finding {
	f := Finding{What: "coordinators", Good: fmt.Sprintf("%d in the settings", len(cfg.Coordinators))}
	for _, c := range cfg.Coordinators {
		for _, name := range c.Programmes {
			if _, known := set.Programme(name); !known {
				f.Err = errors.Join(f.Err, fmt.Errorf("%s looks after %q, which is no programme; write one of %v", c.Name, name, names(set)))
			}
		}
	}
	for _, p := range set.Programmes() {
		if !lookedAfter(cfg, p) {
			f.Good += fmt.Sprintf("; %s names %v, who is not there, so everybody is asked", p.Name, p.Coordinators)
		}
		for _, name := range []string{p.Safeguarding.Lead, p.Safeguarding.Deputy} {
			if name != "" && !called(cfg, name) {
				f.Good += fmt.Sprintf("; %s calls %s when somebody may be in danger, who is not there", p.Name, name)
			}
		}
	}
	return f
}

func called(cfg config.Config, name string) bool {
	return slices.ContainsFunc(cfg.Coordinators, func(c config.Coordinator) bool { return c.Name == name })
}

func lookedAfter(cfg config.Config, p *programme.Programme) bool {
	return slices.ContainsFunc(cfg.Coordinators, func(c config.Coordinator) bool { return looksAfter(c, p) })
}

func names(set *programme.Set) (list []string) {
	for _, p := range set.Programmes() {
		list = append(list, p.Name)
	}
	return list
}

// checkMailServer goes as far as logging in.
func checkMailServer(ctx context.Context, s config.SMTPServer, tokens *oauth.Tokens) Finding {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	err := outbound.Try(ctx, mailServer(s, tokens), new(Clock))
	return Finding{What: "smtp " + s.Name, Good: net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), Err: err}
}

// checkDatabase returns the database too, unless it cannot be opened.
func checkDatabase(ctx context.Context, cfg config.Config) (*store.Store, Finding) {
	f := Finding{What: "database"}
	st, err := OpenStore(ctx, cfg, nil)
	if err != nil {
		f.Err = err
		return nil, f
	}
	version, err := st.Read(ctx).SchemaVersion()
	f.Good, f.Err = fmt.Sprintf("%s, schema %d", st.Engine(), version), err
	return st, f
}

func checkRedis(ctx context.Context, cfg config.Config) Finding {
	if cfg.Redis.Mode == config.RedisEmbedded {
		return Finding{What: "redis", Good: "inside the process"}
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	return Finding{What: "redis", Good: string(cfg.Redis.Mode), Err: queue.Ping(ctx, cfg.Redis)}
}

// checkMailbox logs in and looks for the folders, as reading it would.
func checkMailbox(ctx context.Context, box config.Mailbox, tokens *oauth.Tokens) Finding {
	found, err := mailbox.Try(ctx, box, mailbox.Options{Patience: connectWithin, Token: mailboxToken(tokens)})
	f := Finding{What: "mailbox " + box.Address, Err: err}
	f.Good = fmt.Sprintf("%s, mode %s, %d letters", net.JoinHostPort(box.Host, strconv.Itoa(box.Port)), box.Mode, found.Letters)
	f.Good += folderWords(", sent letters in ", found.Sent, ", no folder of sent letters, so answers by staff are not seen")
	f.Good += folderWords(", drafts in ", found.Drafts, ", no folder of drafts")
	return f
}

func folderWords(before, name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return before + name
}

// looksAfter says whether a coordinator is asked about a programme: one whose
// settings name programmes is asked about those only, any other where the
// programme names them.
func looksAfter(c config.Coordinator, p *programme.Programme) bool {
	if len(c.Programmes) > 0 {
		return slices.Contains(c.Programmes, p.Name)
	}
	return slices.Contains(p.Coordinators, c.Name)
}
