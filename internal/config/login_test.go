package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
)

// twoLogins reads a mailbox and a mail server with the same settings, and
// returns what they came to.
func twoLogins(t *testing.T, same, mailbox, server string) (config.Config, error) {
	t.Helper()
	text := "organisation: {name: A, base_url: https://a.example, from: a@a.example}\n" +
		"smtp:\n  - {name: main, username: a@a.example, " + same + server + "}\n" +
		"mailboxes:\n  - {address: a@a.example, " + same + mailbox + "}\n"
	return load(t, text, nil)
}

func TestAProviderFillsInWhatEverybodyThereHas(t *testing.T) {
	t.Parallel()
	const app = "client_id: c, client_secret: s"
	for name, c := range map[string]struct {
		same, token string
		scopes      []string
		imap, smtp  string
		connections int
	}{
		"Microsoft as an app": {"provider: microsoft365, tenant: t, " + app, "https://login.microsoftonline.com/t/oauth2/v2.0/token",
			[]string{"https://outlook.office365.com/.default"}, "outlook.office365.com", "smtp.office365.com", 1},
		"Microsoft for a person": {"provider: microsoft365, tenant: t, refresh_token: r, " + app, "https://login.microsoftonline.com/t/oauth2/v2.0/token",
			[]string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"}, "outlook.office365.com", "smtp.office365.com", 1},
		"Google for a person": {"provider: google, refresh_token: r, " + app, "https://oauth2.googleapis.com/token",
			[]string{"https://mail.google.com/"}, "imap.gmail.com", "smtp.gmail.com", 10},
		"Google with an app password": {"provider: google, password: p", "", nil, "imap.gmail.com", "smtp.gmail.com", 10},
		"any other": {"host: h.example, token_url: https://login.example/token, scopes: [mail, more], " + app, "https://login.example/token",
			[]string{"mail", "more"}, "h.example", "h.example", 10},
		"any other with a password": {"host: h.example, password: p", "", nil, "h.example", "h.example", 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := twoLogins(t, c.same, "", "")
			if err != nil {
				t.Fatal(err)
			}
			box, server := got.Mailboxes[0], got.SMTP[0]
			if box.Host != c.imap || server.Host != c.smtp || server.Connections != c.connections || !reflect.DeepEqual(box.OAuth, server.OAuth) {
				t.Errorf("got %+v and %+v", box, server)
			}
			if (box.OAuth == nil) != (c.token == "") || box.OAuth != nil && (box.OAuth.TokenURL != c.token || !slices.Equal(box.OAuth.Scopes, c.scopes)) {
				t.Errorf("the login is %+v", box.OAuth)
			}
		})
	}
}

func TestMistakesInALoginHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for same, want := range map[string]string{
		"provider: microsoft365, client_id: c, client_secret: s":                                             "has no tenant; write tenant: ",
		"provider: microsoft365, tenant: t, client_secret: s":                                                "has no client_id",
		"provider: microsoft365, tenant: t, client_id: c":                                                    "has no client_secret",
		"provider: google, client_id: c, client_secret: s":                                                   "has no refresh_token",
		"provider: google, tenant: t, client_id: c, client_secret: s, refresh_token: r":                      "only microsoft365 has a tenant",
		"provider: hotmail, host: h, password: p":                                                            `"hotmail" cannot be the provider; write one of plain, microsoft365, google`,
		"host: h, client_id: c, client_secret: s":                                                            "has no token_url",
		"host: h, client_id: c, client_secret: s, token_url: 'http://login.example/t'":                       "token_url is not an address with https",
		"host: h, client_id: c, client_secret: s, password: p, token_url: 'https://login.example/t'":         "login: oauth2 and a password are both there",
		"host: h, client_id: c, client_secret: s, security: none, token_url: 'https://login.example/t'":      "security: none would send",
		"provider: microsoft365, tenant: t, client_id: c, client_secret: s, secret_expires: 1/5/2027":        "secret_expires is not a date; write secret_expires: 2027-05-01",
		"provider: microsoft365, tenant: t, client_id: c, client_secret: s, client_secret_file: nowhere.txt": "client_secret and client_secret_file are both there",
		"provider: google, password: p, secret_expires: 2027-05-01":                                          "secret_expires is not a key here",
	} {
		if _, err := twoLogins(t, same, "", ""); err == nil || strings.Count(err.Error(), want) != 2 {
			t.Errorf("%s: got %v, want twice %s", same, err, want)
		}
	}
}

func TestASecretIsSpokenOfThirtyDaysBeforeItsEnd(t *testing.T) {
	t.Parallel()
	const app = "provider: microsoft365, tenant: t, client_id: c, client_secret: s, "
	c, err := twoLogins(t, app, "secret_expires: 2027-05-01", "secret_expires: 2027-06-01")
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string][]string{
		"2027-03-31": nil,
		"2027-04-01": {"mailbox a@a.example"},
		"2027-05-02": {"mailbox a@a.example", "smtp main"},
		"2028-01-01": {"mailbox a@a.example", "smtp main"},
	} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range c.Expiring(now) {
			got = append(got, l.What())
		}
		if !slices.Equal(got, want) {
			t.Errorf("on %s: %q, want %q", day, got, want)
		}
	}
}
