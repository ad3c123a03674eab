package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"

	"postroom/internal/config"
)

// Refusal is that a provider gives no token, in words for whoever looks after
// the login.
type Refusal struct {
	Code string // as the provider calls it
	Why  string // in plain words
	Do   string // what mends it, and where to click
}

// Error leaves out what to do, which is for who sets the login up.
func (r *Refusal) Error() string { return "no token: " + r.Why + " (" + r.Code + ")" }

// Refused tells a provider that says no from one that is away, to who does not
// know this type.
func (r *Refusal) Refused() bool { return true }

// Kinds of advice.
const (
	newSecret = "make a new secret (Entra admin centre, App registrations, your app, Certificates & secrets, New client secret), copy its Value at once, not its Secret ID, " +
		"put it into the file that client_secret_file names, and its day of expiry into secret_expires"
	newRefresh = "sign in once more as the mailbox's user and put the new refresh token into the settings"
	consent    = "open the Entra admin centre, App registrations, your app, API permissions, and choose: Grant admin consent"
)

// refusals are what Microsoft's and the standard's codes (RFC 6749, section
// 5.2) mean. Microsoft says that its numbers may change, so they decide which
// words are shown and nothing else.
var refusals = []Refusal{
	{"AADSTS7000215", "the client secret is wrong", "often the Secret ID was copied in place of the Value; " + newSecret},
	{"AADSTS7000222", "the client secret has expired", newSecret},
	{"AADSTS70002", "the client secret is wrong", newSecret},
	{"AADSTS7000218", "the provider wants a client secret", "put client_secret_file into the settings; or, where a person signs in, open the Entra admin centre, App registrations, your app, Authentication, and set Allow public client flows to Yes"},
	{"AADSTS900023", "the tenant is wrong", "copy the Directory (tenant) ID from the app's Overview into tenant"},
	{"AADSTS90002", "the tenant is not known at Microsoft", "copy the Directory (tenant) ID from the app's Overview into tenant"},
	{"AADSTS700016", "the app is not known in this tenant", "copy the Application (client) ID from the app's Overview into client_id, and see that tenant is of the same organisation"},
	{"AADSTS700011", "the app is not known in this tenant", "copy the Application (client) ID from the app's Overview into client_id, and see that tenant is of the same organisation"},
	{"AADSTS70001", "the app is switched off", "open the Entra admin centre, Enterprise applications, your app, Properties, and enable it for users to sign in"},
	{"AADSTS500011", "the tenant has no Exchange Online", "see that tenant is that of the organisation whose mailbox this is"},
	{"AADSTS65001", "nobody has agreed that the app may do this", consent},
	{"AADSTS70011", "the scope is wrong", "leave scopes out of the settings"},
	{"AADSTS70008", "the refresh token has expired", newRefresh},
	{"AADSTS700082", "the refresh token has expired, because it was not used for long", newRefresh},
	{"AADSTS50173", "the refresh token was withdrawn, as by a new password", newRefresh},
	{"AADSTS53003", "a Conditional Access policy of your organisation forbids it", "ask who looks after Conditional Access to let this app pass"},
	{"invalid_grant", "the refresh token is not valid any more", newRefresh},
	{"invalid_client", "the client id or the client secret is wrong", "copy both again from the provider's page of the app"},
	{"unauthorized_client", "the app may not ask for tokens in this way", "see that the app, the login and the provider in the settings belong together"},
	{"invalid_scope", "the scope is wrong", "leave scopes out of the settings, unless your provider names some"},
}

var microsoftCode = regexp.MustCompile(`AADSTS\d+`)

// explain puts what a provider answered into words. Its answer itself is told
// to nobody: who knows what a server that is asked for tokens puts into it.
func explain(err error, login config.OAuth) error {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("ask %s for a token: %w", hostOf(login.TokenURL), err)
	}
	if answer.ErrorCode == "" {
		return fmt.Errorf("ask %s for a token: it answers %s", hostOf(login.TokenURL), answer.Response.Status)
	}
	codes := append(microsoftCode.FindAllString(answer.ErrorDescription, -1), answer.ErrorCode)
	for _, code := range codes {
		for _, known := range refusals {
			if known.Code == code {
				return &Refusal{printable(codes[0]), known.Why, known.Do}
			}
		}
	}
	return &Refusal{Code: printable(codes[0]), Why: "the provider refuses", Do: "look up what the provider means by that"}
}

// printable keeps what a code may have.
func printable(code string) string {
	keep := func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}
	return strings.Map(keep, code[:min(len(code), 60)])
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the provider"
	}
	return u.Host
}

// refused says whether the provider has understood us and said no.
func refused(err error) bool {
	_, no := errors.AsType[*Refusal](err)
	return no
}

// Hopeless says whether another try will not help: somebody has to mend the
// login.
func Hopeless(err error) bool {
	var no interface {
		error
		Refused() bool
	}
	return errors.As(err, &no) && no.Refused()
}

// void says whether a refresh token is not taken (any more).
func void(err error) bool {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	return ok && answer.ErrorCode == "invalid_grant"
}
