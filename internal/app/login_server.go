package app

import (
	"errors"
	"strings"

	"postroom/internal/config"
	"postroom/internal/oauth"
)

func asRefusal(err error) (*oauth.Refusal, bool) { return errors.AsType[*oauth.Refusal](err) }

// serverAdvice says how to get a mail server to take our mail. A server's own
// code is the only thing that tells its reasons apart.
func serverAdvice(s config.SMTPServer, err error) string {
	said := err.Error()
	switch {
	case !strings.Contains(said, " 53") && !strings.HasPrefix(said, "53"):
		return "see that host, port and security are those of your provider's SMTP server, and that no firewall is between"
	case strings.Contains(said, "5.7.139") && strings.Contains(said, "SmtpClientAuthentication"):
		return smtpAuthAdvice(s.Username)
	case s.OAuth != nil && s.OAuth.Provider == config.Microsoft365:
		return "1. " + smtpAuthAdvice(s.Username) + "\n" +
			"2. see that the app has SMTP.SendAsApp with admin consent (Entra admin centre, App registrations, your app, API permissions)\n" +
			"3. see that the app may open the mailbox: Add-MailboxPermission -Identity " + s.Username + " -User <Object ID of the enterprise application> -AccessRights FullAccess"
	case strings.EqualFold(s.Host, "smtp.office365.com"):
		return "Microsoft 365 is giving up passwords for sending: use login: oauth2, as docs/mailboxes.md says; until then, " + smtpAuthAdvice(s.Username)
	case s.OAuth != nil:
		return "see that the token's owner may send as " + s.Username
	}
	return passwordAdvice(s.Host)
}

func smtpAuthAdvice(username string) string {
	return "switch on SMTP AUTH for the mailbox: Microsoft 365 admin centre, Users, Active users, " + username + ", Mail, Manage email apps, tick Authenticated SMTP; " +
		"or Set-CASMailbox -Identity " + username + " -SmtpClientAuthenticationDisabled $false"
}
