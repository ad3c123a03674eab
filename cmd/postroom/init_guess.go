package main

import (
	"context"
	"net"
	"strings"
	"time"

	"postroom/internal/config"
)

// hoster is where an organisation probably has its mail.
type hoster struct {
	name       string // "" is one of their own
	provider   config.Provider
	imap, smtp string
}

// hosters lists who is known by what the servers are called that take a domain's
// mail. All is guessed and then tried, so that a name which has changed does no harm.
func hosters() map[string]hoster {
	plain := func(name, imap, smtp string) hoster { return hoster{name, config.PlainProvider, imap, smtp} }
	return map[string]hoster{
		".mail.protection.outlook.com": {"Microsoft 365", config.Microsoft365, "outlook.office365.com", "smtp.office365.com"},
		".mx.microsoft":                {"Microsoft 365", config.Microsoft365, "outlook.office365.com", "smtp.office365.com"},
		".google.com":                  {"Google", config.Google, "imap.gmail.com", "smtp.gmail.com"},
		".googlemail.com":              {"Google", config.Google, "imap.gmail.com", "smtp.gmail.com"},
		".ionos.co.uk":                 plain("IONOS", "imap.ionos.co.uk", "smtp.ionos.co.uk"),
		".kundenserver.de":             plain("IONOS", "imap.ionos.co.uk", "smtp.ionos.co.uk"),
		".livemail.co.uk":              plain("Fasthosts", "imap.livemail.co.uk", "smtp.livemail.co.uk"),
		".123-reg.co.uk":               plain("123 Reg", "imap.123-reg.co.uk", "smtp.123-reg.co.uk"),
		".messagingengine.com":         plain("Fastmail", "imap.fastmail.com", "smtp.fastmail.com"),
		".zoho.eu":                     plain("Zoho", "imap.zoho.eu", "smtp.zoho.eu"),
		".gandi.net":                   plain("Gandi", "mail.gandi.net", "mail.gandi.net"),
		".ovh.net":                     plain("OVH", "ssl0.ovh.net", "ssl0.ovh.net"),
		".mailbox.org":                 plain("mailbox.org", "imap.mailbox.org", "smtp.mailbox.org"),
	}
}

// lookup returns the servers that take a domain's mail, the first choice first.
type lookup func(ctx context.Context, domain string) []string

// asDNSSays asks the domain name system, and not for long: without an answer
// there is a guess less.
func asDNSSays(ctx context.Context, domain string) (hosts []string) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	records, err := net.DefaultResolver.LookupMX(ctx, domain)
	if err != nil {
		return nil
	}
	for _, r := range records {
		hosts = append(hosts, r.Host)
	}
	return hosts
}

// guess says where the mail of an address probably is.
func guess(ctx context.Context, address string, ask lookup) hoster {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	switch domain {
	case "gmail.com", "googlemail.com":
		return hosters()[".google.com"]
	case "outlook.com", "hotmail.com", "hotmail.co.uk", "live.co.uk":
		return hosters()[".mx.microsoft"]
	}
	var hosts []string
	if !strings.HasSuffix(domain, ".example") && !strings.HasSuffix(domain, ".test") { // nobody has these (RFC 2606)
		hosts = ask(ctx, domain)
	}
	for _, host := range hosts {
		host = "." + strings.TrimSuffix(strings.ToLower(host), ".")
		for ending, h := range hosters() {
			if strings.HasSuffix(host, ending) {
				return h
			}
		}
		if strings.HasSuffix(host, "."+domain) {
			return hoster{"", config.PlainProvider, host[1:], host[1:]}
		}
	}
	return hoster{"", config.PlainProvider, "imap." + domain, "smtp." + domain}
}
