package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/internal/proof"
)

// Provider is whose mailboxes these are. It fills in what everybody who is
// there has in common.
type Provider string

// The providers that are known.
const (
	PlainProvider Provider = "plain" // any host with passwords
	Microsoft365  Provider = "microsoft365"
	Google        Provider = "google"
)

// The ways to log in.
const (
	passwordLogin = "password"
	oauthLogin    = "oauth2"
)

// OAuth is how a mailbox or a mail server is opened with a token in place of a
// password (RFC 6749). Without a refresh token the app logs in as itself
// (client credentials, section 4.4).
type OAuth struct {
	Provider Provider
	ClientID string
	Secret   Secret
	Refresh  Secret // from a person who said yes once; "" is client credentials
	TokenURL string
	Scopes   []string
	Expires  time.Time // the day on which the provider stops taking Secret; zero is not known
}

// preset is what a provider fills in.
type preset struct {
	imap, smtp  string
	login       string
	connections int    // that a mail server of theirs lets us use
	limits      string // name of the limits of such a server
}

func presetOf(p Provider) preset {
	switch p {
	case Microsoft365:
		return preset{imap: "outlook.office365.com", smtp: "smtp.office365.com", login: oauthLogin, connections: 1, limits: microsoftLimits} // three in all, the people's own among them
	case Google:
		return preset{imap: "imap.gmail.com", smtp: "smtp.gmail.com", login: passwordLogin, connections: 10, limits: googleLimits}
	}
	return preset{login: passwordLogin, connections: 10, limits: noLimits}
}

// provider reads whose mailbox or server this is. A mailbox whose app is named
// is opened by that, whoever has it.
func provider(m proof.Map) (Provider, preset) {
	p := Provider(m.Choice("provider", string(PlainProvider), string(PlainProvider), string(Microsoft365), string(Google)))
	set := presetOf(p)
	if m.Has("client_id") {
		set.login = oauthLogin
	}
	return p, set
}

// host reads the name of a server, which a provider may know already.
func host(m proof.Map, known, instead string) string {
	if known == "" {
		return m.Need("host", instead)
	}
	return or(m.Text("host"), known)
}

// oauth reads how a token is got, or nil where a password is used.
func (r reader) oauth(m proof.Map, p Provider, usual string) *OAuth {
	if m.Choice("login", usual, passwordLogin, oauthLogin) == passwordLogin {
		return nil
	}
	o := &OAuth{Provider: p, ClientID: m.Need("client_id", "00000000-0000-0000-0000-000000000000, the application (client) id")}
	o.Secret, o.Refresh = r.secret(m, "client_secret"), r.secret(m, "refresh_token")
	o.Expires = day(m, "secret_expires")
	o.endpoint(m)
	if m.Has("password") || m.Has("password_file") {
		m.Wrong("login", "login: oauth2 and a password are both there", "one of them")
	}
	if o.Refresh.Empty() && !m.Has("refresh_token") && !m.Has("refresh_token_file") {
		o.needs(m)
	}
	return o
}

// needs notes what is missing where nobody said yes once: at Google nothing
// goes without that, elsewhere the app has a secret of its own.
func (o *OAuth) needs(m proof.Map) {
	switch {
	case o.Provider == Google:
		m.Lacks("refresh_token", "…, or refresh_token_file: path of a file that holds it; or leave client_id out and use an app password")
	case !m.Has("client_secret") && !m.Has("client_secret_file"):
		m.Lacks("client_secret", "…, or client_secret_file: path of a file that holds it")
	}
}

// endpoint fills in where tokens are got and for what. Microsoft tells
// organisations apart by the tenant.
func (o *OAuth) endpoint(m proof.Map) {
	tenant := m.Text("tenant")
	o.TokenURL, o.Scopes = m.Text("token_url"), m.Texts("scopes")
	switch o.Provider {
	case Microsoft365:
		o.microsoft(m, tenant)
	case Google:
		o.fill("https://oauth2.googleapis.com/token", "https://mail.google.com/")
	default:
		if o.TokenURL == "" && !m.Has("token_url") {
			m.Lacks("token_url", "https://login.your-provider.example/oauth2/token")
		}
	}
	if o.Provider != Microsoft365 && tenant != "" {
		m.Wrong("tenant", "only microsoft365 has a tenant", "provider: microsoft365, or leave it out")
	}
	if u, err := url.Parse(o.TokenURL); o.TokenURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !local(u.Hostname())) {
		m.Wrong("token_url", "token_url is not an address with https", "https://login.your-provider.example/oauth2/token")
	}
}

// microsoft fills in what Microsoft calls its scopes: an app asks for all that
// was consented to, a person's refresh token for reading and sending.
func (o *OAuth) microsoft(m proof.Map, tenant string) {
	if tenant == "" && !m.Has("tenant") && o.TokenURL == "" {
		m.Lacks("tenant", "00000000-0000-0000-0000-000000000000, the directory (tenant) id")
	}
	if strings.ContainsAny(tenant, "/?# ") {
		m.Wrong("tenant", "tenant is not a directory (tenant) id", "tenant: 00000000-0000-0000-0000-000000000000")
	}
	scopes := []string{"https://outlook.office365.com/.default"}
	if !o.Refresh.Empty() {
		scopes = userScopes()
	}
	o.fill("https://login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token", scopes...)
}

// userScopes are what a person lets an app do: read and send, also later.
func userScopes() []string {
	return []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"}
}

// MicrosoftUser is the login of somebody who has not said yes to an app yet.
func MicrosoftUser(client, tokenURL string) OAuth {
	return OAuth{Provider: Microsoft365, ClientID: client, TokenURL: tokenURL, Scopes: userScopes()}
}

func (o *OAuth) fill(tokenURL string, scopes ...string) {
	o.TokenURL = or(o.TokenURL, tokenURL)
	if len(o.Scopes) == 0 {
		o.Scopes = scopes
	}
}

// day reads a date such as 2027-05-01.
func day(m proof.Map, key string) time.Time {
	written := m.Text(key)
	if written == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, written)
	if err != nil {
		m.Wrong(key, key+" is not a date", key+": 2027-05-01")
	}
	return at
}

// Login is one way in that needs a token, of a mailbox or of a mail server.
type Login struct {
	Mailbox string // its address
	Server  string // its name
	OAuth
}

// What names the login for whoever looks after the settings.
func (l Login) What() string {
	if l.Mailbox != "" {
		return "mailbox " + l.Mailbox
	}
	return "smtp " + l.Server
}

// Logins lists every way in that needs a token.
func (c Config) Logins() (list []Login) {
	for _, box := range c.Mailboxes {
		if box.OAuth != nil {
			list = append(list, Login{Mailbox: box.Address, OAuth: *box.OAuth})
		}
	}
	for _, s := range c.SMTP {
		if s.OAuth != nil {
			list = append(list, Login{Server: s.Name, OAuth: *s.OAuth})
		}
	}
	return list
}

// expireSoon is how long before its end a secret is spoken of: time enough for
// a volunteer who looks in once a week.
const expireSoon = 30 * 24 * time.Hour

// Expiring lists the logins whose secret ends within 30 days, or has ended,
// the first one first.
func (c Config) Expiring(now time.Time) []Login {
	soon := slices.DeleteFunc(c.Logins(), func(l Login) bool { return l.Expires.IsZero() || l.Expires.Sub(now) > expireSoon })
	slices.SortStableFunc(soon, func(a, b Login) int { return a.Expires.Compare(b.Expires) })
	return soon
}
