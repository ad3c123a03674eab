package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/config"
)

const least = `
organisation: {name: A, base_url: "https://a.example/", from: A <office@a.example>}
smtp: [{name: main, host: smtp.a.example}]
`

// load writes text into a folder of its own and reads it.
func load(t *testing.T, text string, env map[string]string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postroom.yaml")
	write(t, path, text)
	return config.Load(path, func(name string) string { return env[name] })
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustLoad(t *testing.T, text string, env map[string]string) config.Config {
	t.Helper()
	c, err := load(t, text, env)
	if err != nil {
		t.Fatalf("unexpected mistakes:\n%v", err)
	}
	return c
}

func TestExampleHasNoMistakes(t *testing.T) {
	t.Parallel()
	mustLoad(t, config.Example(), nil)
}

func TestEveryLineOfTheExampleMayBeUsed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"smtp.password", "support.password", "dkim.pem"} {
		write(t, filepath.Join(folder, name), "hunter2\n")
	}
	write(t, filepath.Join(folder, "slack.secret"), "https://hooks.slack.com/services/x\n")
	write(t, filepath.Join(folder, "k1.key"), strings.Repeat("k", 64))
	write(t, filepath.Join(folder, "logo.svg"), `<svg xmlns="http://www.w3.org/2000/svg"/>`)
	if err := os.Mkdir(filepath.Join(folder, "programmes"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "postroom.yaml")
	write(t, path, uncommented(config.Example()))
	c, err := config.Load(path, func(string) string { return "pw" })
	if err == nil || strings.Count(err.Error(), "\n") > 0 || !strings.Contains(err.Error(), "cover is not the name of another coordinator") {
		t.Errorf("only the cover nobody can be should be wrong, got %+v\n%v", c, err)
	}
}

var commented = regexp.MustCompile(`(?m)^( *)# ( *(?:- )?[a-z_]+:(?: .*)?| *- \{.*)$`)

// uncommented turns "# key: value" into "key: value"; sentences stay.
func uncommented(text string) string { return commented.ReplaceAllString(text, "$1$2") }

func TestLeftOutSettingsHaveDefaults(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, least+"mailboxes: [{address: a@a.example, host: imap.a.example, password: x}]\ncoordinators: [{name: Sam, address: s@a.example}]", nil)
	if c.Organisation.BaseURL != "https://a.example" || c.Organisation.Zone.String() != "Europe/London" || c.Organisation.From.Address != "office@a.example" {
		t.Errorf("organisation is %+v", c.Organisation)
	}
	if c.Listen != "127.0.0.1:8080" || filepath.Base(c.Database.Path) != "postroom.db" || filepath.Dir(c.Database.Path) != c.Data || c.Database.Postgres() || c.Redis.Mode != config.RedisEmbedded {
		t.Errorf("got %+v", c)
	}
	if s := c.SMTP[0]; s.Port != 587 || s.Security != config.StartTLS || s.Envelope != config.PlainEnvelope || s.Connections != 10 {
		t.Errorf("smtp is %+v", s)
	}
	if b := c.Mailboxes[0]; b.Port != 993 || b.Mode != config.Watch || b.After != config.Leave || b.Username != "a@a.example" {
		t.Errorf("mailbox is %+v", b)
	}
	if c.Coordinators[0].Locale != "en" || c.KeySource() != config.KeysFromFile || filepath.Dir(c.KeyFile()) != c.Data {
		t.Errorf("got %+v, keys from %v", c.Coordinators, c.KeySource())
	}
}

func TestAllMistakesComeAtOnceWithTheirLines(t *testing.T) {
	t.Parallel()
	_, err := load(t, `organisation:
  base_url: a.example
  from: nobody
  timezone: Europe/Londn
listen: "8080"
database: mysql://u:hunter2@h/d
redis: http://:hunter2@h
smtp:
  - {name: main, host: mail.example, security: none, username: u, password: hunter2}
  - {name: main, host: h, port: 0, envelope: odd, username: u}
keys: [{id: a, secret: hunter2}]
coordinators: [{name: Sam, address: sam, cover: Alex}]
programs: x
`, nil)
	if err == nil {
		t.Fatal("no mistakes")
	}
	want := []string{
		":2:3: organisation has no name; write name: Your charity",
		":2:13: base_url is not the address of a page",
		":3:9: from is not a name and an address",
		":4:13: there is no time zone of this name; write timezone: Europe/London",
		":5:9: listen is not a host and a port",
		":6:11: database is neither a PostgreSQL URL nor a path",
		":7:8: redis is not the URL of a Redis",
		":9:48: security: none would send the password for everybody to read",
		":10:5: smtp server main has no password",
		":10:12: two smtp servers have this name",
		":10:33: port is not a whole number from 1 to 65535",
		`:10:46: "odd" cannot be the envelope; write one of verp, plain`,
		":11:24: the secret of this key is shorter than 32 characters",
		":12:37: address is not an address",
		":12:49: cover is not the name of another coordinator",
		":13:1: programs is not a key here; write programmes",
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Errorf("got %d mistakes, want %d:\n%v", len(got), len(want), err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), "postroom.yaml"+w) {
			t.Errorf("nothing says %q", w)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is told:\n%v", err)
	}
}

func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, `
organisation: {name: A, base_url: "https://a.example", from: office@a.example}
database: postgres://u:hunter2@db/postroom
redis: redis://:hunter2@cache
smtp: [{name: main, host: h, username: u, password: hunter2}]
mailboxes: [{address: a@a.example, host: h, password: "${PASSWORD}"}]
keys: [{id: a, secret: hunter2hunter2hunter2hunter2hunter2}]
`, map[string]string{"PASSWORD": "hunter2"})
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "settings", c, "secret", c.Keys[0].Secret)
	unexported := struct{ c config.Config }{c}
	all := []string{string(asJSON), log.String(), c.Keys[0].Secret.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		all = append(all, fmt.Sprintf(verb, c), fmt.Sprintf(verb, unexported))
	}
	for _, shown := range all {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("a secret is shown: %s", shown)
		}
	}
	if c.Mailboxes[0].Password.Reveal() != "hunter2" || c.Redis.Password.Reveal() != "hunter2" || !c.Database.Postgres() {
		t.Error("secrets are lost")
	}
}

func TestSecretsMayStandInFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "pw"), "hunter 2 \n")
	write(t, filepath.Join(folder, "empty"), "\n")
	path := filepath.Join(folder, "postroom.yaml")
	server := func(lines string) string {
		return strings.Replace(least, "host: smtp.a.example", "host: h, username: u, "+lines, 1)
	}
	write(t, path, server("password_file: pw"))
	c, err := config.Load(path, os.Getenv)
	if err != nil || c.SMTP[0].Password.Reveal() != "hunter 2 " {
		t.Errorf("got %q and %v", c.SMTP[0].Password.Reveal(), err)
	}
	for lines, want := range map[string]string{
		"password_file: nowhere":         "password_file cannot be read: no such file or directory",
		"password_file: empty":           "password_file is empty",
		"password: x, password_file: pw": "password and password_file are both there; write one of them",
	} {
		write(t, path, server(lines))
		if _, err := config.Load(path, os.Getenv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", lines, err, want)
		}
	}
}

func TestSharedDatabaseNeedsSharedKeys(t *testing.T) {
	t.Parallel()
	_, err := load(t, least+"database: postgres://u@h/d\n", nil)
	if err == nil || !strings.Contains(err.Error(), "the file has no keys") {
		t.Errorf("got %v", err)
	}
	c := mustLoad(t, least+"database: postgres://u@h/d\nkeys: [{id: b, secret: "+strings.Repeat("b", 32)+"}, {id: a, secret: "+strings.Repeat("a", 32)+"}]\n", nil)
	if c.KeySource() != config.KeysFromConfig || c.Keys[0].ID != "b" {
		t.Errorf("got %v from %v", c.Keys, c.KeySource())
	}
}

func TestRedisURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url  string
		want config.Redis
	}{
		{"redis://h", config.Redis{Mode: config.RedisSingle, Addresses: []string{"h:6379"}}},
		{"rediss://u@h:7000/3", config.Redis{Mode: config.RedisSingle, Addresses: []string{"h:7000"}, Username: "u", DB: 3, TLS: true}},
		{"redis://[::1]:7000/", config.Redis{Mode: config.RedisSingle, Addresses: []string{"[::1]:7000"}}},
		{"redis-sentinel://a,b:1/main/2", config.Redis{Mode: config.RedisSentinel, Addresses: []string{"a:26379", "b:1"}, Master: "main", DB: 2}},
		{"rediss-cluster://a,b", config.Redis{Mode: config.RedisCluster, Addresses: []string{"a:6379", "b:6379"}, TLS: true}},
	} {
		if got, err := config.ParseRedis(c.url); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v and %v", c.url, got, err)
		}
	}
	for _, url := range []string{"", "redis", "redis:h", "http://h", "redis://", "redis://a,b", "redis://h/x", "redis://h:p", "redis-sentinel://a,b", "redis-cluster://a/1", "redis://%zz@h", "redis://h?db=1"} {
		if got, err := config.ParseRedis(url); err == nil {
			t.Errorf("%s is read as %+v", url, got)
		}
	}
	if got, err := config.ParseRedis("redis://u:p%40@/w@h"); err == nil {
		t.Errorf("an unescaped slash in a password is read as %+v", got)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(least)
	f.Add(config.Example())
	f.Add("redis: redis://a,,b\nlisten: ::::\nkeys: [{}]")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "_file") || strings.Contains(text, "programmes") {
			t.Skip("looks at files")
		}
		c, err := load(t, text, nil)
		if err == nil && (c.Organisation.Zone == nil || len(c.SMTP) == 0) {
			t.Errorf("an incomplete Config passed: %+v", c)
		}
	})
}
