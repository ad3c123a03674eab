package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/oauth"
	"postroom/internal/store"
)

// Step is one step of a login, and what to do when it failed.
type Step struct {
	Finding
	Do string // what mends it, and where to click; "" when nothing is wrong
}

// logins tries what a mailbox needs.
type logins struct {
	cfg    config.Config
	box    config.Mailbox
	tokens *oauth.Tokens
}

// TryLogin walks through everything that reading a mailbox and sending from it
// needs, and says of each step whether it works. What comes after a step that
// failed is left out where it could only fail too. Nothing is changed but the
// refresh token, where the provider changes it.
func TryLogin(ctx context.Context, cfg config.Config, st *store.Store, log *slog.Logger, address string) ([]Step, error) {
	i := slices.IndexFunc(cfg.Mailboxes, func(m config.Mailbox) bool { return strings.EqualFold(m.Address, address) })
	if i < 0 {
		return nil, fmt.Errorf("there is no mailbox %s in the settings", address)
	}
	l := logins{cfg: cfg, box: cfg.Mailboxes[i], tokens: oauth.New(oauth.Options{Store: st, Clock: new(Clock), Log: log})}
	steps := l.tryToken(ctx, "token", l.box.OAuth, "IMAP.AccessAsApp", "IMAP.AccessAsUser.All")
	if len(steps) == 0 || steps[len(steps)-1].Err == nil {
		steps = append(steps, l.tryMailbox(ctx))
	}
	for _, s := range cfg.SMTP {
		steps = append(steps, l.tryServer(ctx, s)...)
	}
	return steps, nil
}

// tryToken gets a token and looks into it for one of the permissions that are
// needed: Microsoft hands out tokens before anybody has agreed to anything.
func (l logins) tryToken(ctx context.Context, what string, login *config.OAuth, needed ...string) []Step {
	if login == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	step := Step{Finding: Finding{What: what}}
	token, err := l.tokens.For(login)(ctx, "")
	grants := oauth.Grants(token)
	switch {
	case err != nil:
		step.Err, step.Do = err, tokenAdvice(err)
	case login.Provider == config.Microsoft365 && oauth.Readable(token) && !intersect(grants, needed):
		step.Err = fmt.Errorf("the token does not hold %s", needed[0])
		step.Do = "in the Entra admin centre open App registrations, your app, API permissions: add " + needed[0] +
			" (APIs my organization uses, Office 365 Exchange Online, Application permissions), then choose Grant admin consent; " +
			"wait some minutes and try again"
	default:
		step.Good = "from " + hostOf(login.TokenURL) + listed(grants) + expiry(login)
	}
	return []Step{step}
}

func intersect(have, wanted []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(have, w) })
}

func listed(grants []string) string {
	if len(grants) == 0 {
		return ""
	}
	return ", for " + strings.Join(grants, ", ")
}

func expiry(login *config.OAuth) string {
	if login.Expires.IsZero() {
		if login.Provider == config.Microsoft365 {
			return "; write down when its secret ends: secret_expires"
		}
		return ""
	}
	return "; its secret ends on " + login.Expires.Format(time.DateOnly)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the provider"
	}
	return u.Hostname()
}

// tryMailbox logs in and opens the inbox.
func (l logins) tryMailbox(ctx context.Context) Step {
	step := Step{Finding: checkMailbox(ctx, l.box, l.tokens)}
	if step.Err != nil {
		step.Do = mailboxAdvice(l.box, step.Err)
	}
	return step
}

// tryServer logs in to a mail server. One with the mailbox's own login has its
// token already.
func (l logins) tryServer(ctx context.Context, s config.SMTPServer) (steps []Step) {
	steps = l.tryToken(ctx, "token for smtp "+s.Name, s.OAuth, "SMTP.SendAsApp", "SMTP.Send")
	if len(steps) > 0 && steps[0].Err != nil {
		return steps
	}
	step := Step{Finding: checkMailServer(ctx, s, l.tokens)}
	if step.Err != nil {
		step.Do = serverAdvice(s, step.Err)
	}
	return append(steps, step)
}

// tokenAdvice says how to come to a token.
func tokenAdvice(err error) string {
	if no, ok := asRefusal(err); ok {
		return no.Do
	}
	return "see that this machine reaches the provider over https, and that token_url and tenant are right"
}

// mailboxAdvice says how to get into a mailbox.
func mailboxAdvice(box config.Mailbox, err error) string {
	switch {
	case mailbox.Unreachable(err):
		return "see that host and port are those of your provider's IMAP server, and that no firewall is between"
	case mailbox.Distrusted(err):
		return "see that host is the name in the server's certificate, and that security is what the server offers (tls on 993, starttls on 143)"
	case !mailbox.Refused(err):
		return ""
	}
	switch {
	case box.OAuth == nil:
		return passwordAdvice(box.Host)
	case box.OAuth.Provider == config.Google:
		return "sign in once more as " + box.Username + " with the scope https://mail.google.com/, and put the new refresh token into the settings"
	case box.OAuth.Provider == config.Microsoft365 && box.OAuth.Refresh.Empty():
		return exchangeAdvice(box)
	}
	return "see that whoever agreed may open the mailbox " + box.Username + ", and that IMAP is switched on for it"
}

// exchangeAdvice names what keeps an app with a good token out of a mailbox,
// the most frequent first.
func exchangeAdvice(box config.Mailbox) string {
	return "the token is good, but Exchange does not let the app into this mailbox. In Exchange Online PowerShell:\n" +
		"1. Get-ServicePrincipal must show the app with the Object ID of the ENTERPRISE application (Entra admin centre, Enterprise applications, your app, Overview), " +
		"not that of the app registration. If it does not: Remove-ServicePrincipal, then New-ServicePrincipal -AppId " + box.OAuth.ClientID + " -ObjectId <that Object ID>\n" +
		"2. Add-MailboxPermission -Identity " + box.Username + " -User <that Object ID> -AccessRights FullAccess\n" +
		"3. Set-CASMailbox -Identity " + box.Username + " -ImapEnabled $true\n" +
		"then wait some minutes and try again"
}

// passwordAdvice says what to look for where a password is refused.
func passwordAdvice(host string) string {
	switch strings.ToLower(host) {
	case "imap.gmail.com", "smtp.gmail.com":
		return "Google takes no account passwords here: switch on 2-Step Verification for the mailbox's account, make an app password (myaccount.google.com/apppasswords) " +
			"and put that into the settings; or use a refresh token"
	case "outlook.office365.com":
		return "Microsoft 365 takes no passwords here: use login: oauth2, as docs/mailboxes.md says"
	}
	return "see that username is what your provider wants (often the whole address) and that the password is right; some providers want IMAP and SMTP switched on for a mailbox first"
}
