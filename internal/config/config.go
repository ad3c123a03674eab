// Package config reads postroom.yaml: whose post room this is, where its data
// and its servers are, and the secrets it needs.
//
// The idea a newcomer needs: settings are read once, at the start, and every
// mistake in them is told at once with its line and what to write instead.
// After Load nothing is left to check: a Config is complete, its addresses
// are addresses, its time zone exists and its defaults are filled in. Secrets
// are of type Secret and cannot be printed.
package config

import (
	_ "embed" // the example
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // zones also where the machine has none

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Config is everything in postroom.yaml.
type Config struct {
	Organisation  Organisation
	Coordinators  []Coordinator
	DigestAt      *TimeOfDay // when coordinators hear each working day, in the organisation's zone; nil is never
	Slack         Slack      // where their counts are posted besides
	Data          string     // folder of everything kept on this machine
	Listen        string     // host:port of the web pages
	Database      Database
	Redis         Redis
	SMTP          []SMTPServer // the first is used where nothing else is said
	Limits        DomainLimits // of domains, whatever server mail leaves by
	Mailboxes     []Mailbox
	WebsiteForms  []string  // addresses from which the forms of the organisation's own websites send
	Sites         []string  // websites that may show our forms, and to which people are sent back
	Programmes    string    // folder of programme files; "" is the built-in starters
	Keys          []Key     // the first is the current one, the others still open what they sealed
	DeliverOnlyTo []string  // addresses, or @domain; all other mail is held. Empty is no limit
	Answers       Answers   // to letters, in a day
	Strangers     Strangers // what those may cause who fill in a form

	TrustedProxies []netip.Prefix // reverse proxies that say who the visitor is
	MetricsFrom    []netip.Prefix // networks that may read /metrics besides this machine
}

// Organisation is whose post room this is.
type Organisation struct {
	Name          string
	BaseURL       string                // where people find its pages; no slash at the end
	Zone          *time.Location        // in which days begin; Europe/London if left out
	Quiet         postroom.Quiet        // when no follow-up is sent; 21:00-08:00 if left out
	WorkingHours  postroom.WorkingHours // when somebody is at work; Monday to Friday from nine to five if left out
	From          mail.Address
	PostalAddress string         // at the end of newsletters
	PrivacyNotice string         // URL of the full notice, or ""
	EmergencyText postroom.Words // at the end of every mail; nil uses the standard text
	Colour        Colour         // of links and buttons of the public pages; "" is ours
	Logo          Logo           // beside the name on the public pages; the zero value is ours

	// What a privacy notice says besides; each may be left out.
	DataContact    string         // whom to ask about data, in words
	DataNumber     string         // in the register of the Information Commissioner
	DataRecipients postroom.Words // who else gets to see data, such as a mail provider
	DataTransfers  postroom.Words // where data goes outside the United Kingdom, and what protects it there

	SafeguardingKeep int // months for which what is about somebody in danger is kept after it was let go; 72 if left out
}

// Coordinator is a person who looks after programmes.
type Coordinator struct {
	Name       string
	Address    string
	Locale     string   // "en" if left out
	Programmes []string // names; empty is every programme that names this coordinator
	Cover      string   // name of the coordinator who stands in, or ""
}

// Database says where the rows are.
type Database struct {
	Path string // SQLite file; "" when URL is set
	URL  Secret // postgres://…
}

// Postgres says whether the database is a PostgreSQL server.
func (d Database) Postgres() bool { return !d.URL.Empty() }

// KeySource says where the keys that seal answers and sign links come from.
type KeySource int

// The sources of keys.
const (
	KeysFromConfig KeySource = iota
	KeysFromFile             // made on first start, in KeyFile
)

// Key is one secret that seals what is stored and signs links. Its ID stands
// beside everything sealed with it, so that keys can be changed.
type Key struct {
	ID     string
	Secret Secret
}

// KeySource says whether serve uses Keys or makes a key file. A database on a
// server may be shared by many machines, so Load accepts that only with Keys.
func (c Config) KeySource() KeySource {
	if len(c.Keys) == 0 {
		return KeysFromFile
	}
	return KeysFromConfig
}

// KeyFile is where a made key is kept.
func (c Config) KeyFile() string { return filepath.Join(c.Data, "postroom.key") }

// Translations is the folder of the organisation's own texts of pages, which stand
// over those that come with the program.
func (c Config) Translations() string { return filepath.Join(c.Data, "translations") }

//go:embed postroom.example.yaml
var example string

// Example returns a commented postroom.yaml to begin with.
func Example() string { return example }

// Load reads the settings file at path. Paths in it count from its folder;
// ${NAME} and ${NAME:-otherwise} stand for what getenv returns. The error is
// proof.Mistakes unless the file could not be read at all.
func Load(path string, getenv func(string) string) (Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("there is no settings file %s; write one with: postroom init, or name another with --config", path)
	}
	if err != nil {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	return parse(path, data, getenv)
}

func parse(path string, data []byte, getenv func(string) string) (Config, error) {
	sheet := proof.OpenEnv(path, data, getenv)
	r := reader{folder: filepath.Dir(path)}
	c := r.config(sheet.Root())
	if err := sheet.Mistakes().AsError(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// reader reads one settings file.
type reader struct{ folder string }

func (r reader) config(m proof.Map) Config {
	c := Config{
		Organisation:  r.organisation(m),
		Coordinators:  r.coordinators(m),
		DigestAt:      digestAt(m),
		Slack:         r.slack(m),
		Data:          r.path(or(m.Text("data"), "data")),
		Listen:        listen(m),
		Redis:         redis(m),
		SMTP:          r.smtp(m),
		Limits:        domainLimits(m),
		Mailboxes:     r.mailboxes(m),
		WebsiteForms:  m.Texts("website_forms"),
		Sites:         m.Texts("sites"),
		Programmes:    r.programmes(m),
		Keys:          r.keys(m),
		DeliverOnlyTo: deliverOnlyTo(m),
		Answers:       answers(m),
		Strangers:     strangers(m),

		TrustedProxies: networks(m, "trusted_proxies"),
		MetricsFrom:    networks(m, "metrics_from"),
	}
	checkWebsiteForms(m, c)
	checkSites(m, c)
	c.Database = r.database(m, c.Data)
	if c.Database.Postgres() && len(c.Keys) == 0 && !m.Has("keys") {
		m.Lacks("keys", "[{id: k1, secret_file: k1.key}], because the machines that share a PostgreSQL database must share keys")
	}
	return c
}

// path makes a path in the file count from the file's folder.
func (r reader) path(written string) string {
	if written == "" || filepath.IsAbs(written) {
		return written
	}
	return filepath.Join(r.folder, written)
}

// secret reads key, or the file that key_file names.
func (r reader) secret(m proof.Map, key string) Secret {
	text, file := m.Verbatim(key), m.Text(key+"_file")
	if text != "" && file != "" {
		m.Wrong(key+"_file", fmt.Sprintf("%s and %s_file are both there", key, key), "one of them")
	}
	if file == "" {
		return secretOf(text)
	}
	data, err := os.ReadFile(r.path(file))
	if err != nil {
		m.Wrong(key+"_file", fmt.Sprintf("%s_file cannot be read: %v", key, cause(err)), "the path of a file this program may read")
		return Secret{}
	}
	text = strings.TrimRight(string(data), "\r\n")
	if text == "" {
		m.Wrong(key+"_file", key+"_file is empty", "the secret into that file")
	}
	return secretOf(text)
}

func (r reader) keys(m proof.Map) []Key {
	const least = 32
	var keys []Key
	seen := map[string]bool{}
	for _, item := range m.Maps("keys") {
		key := Key{ID: item.Need("id", "k1"), Secret: r.secret(item, "secret")}
		if seen[key.ID] && key.ID != "" {
			item.Wrong("id", "two keys have this id", "another id")
		}
		seen[key.ID] = true
		switch n := len(key.Secret.Reveal()); {
		case n == 0 && !item.Has("secret") && !item.Has("secret_file"):
			item.Lacks("secret", "…, or secret_file: k1.key, made with: openssl rand -hex 32")
		case n > 0 && n < least:
			item.Wrong("secret", fmt.Sprintf("the secret of this key is shorter than %d characters", least), "one made with: openssl rand -hex 32")
		}
		keys = append(keys, key)
	}
	return keys
}
