package config

import (
	"fmt"
	"net/url"
	"strings"

	"postroom/internal/proof"
)

// checkSites notes what is not the address of a website. A * stands for any one
// name below a domain, for makers of websites that put what they embed on hosts
// of their own; such a site may show our forms, and nobody is sent back to it.
func checkSites(m proof.Map, c Config) {
	for i, written := range c.Sites {
		at, err := url.Parse(written)
		host, wild := "", false
		if err == nil {
			host, wild = strings.CutPrefix(at.Hostname(), "*.")
		}
		switch {
		case err != nil || at.Scheme != "https" && at.Scheme != "http" || at.User != nil || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.Fragment != "",
			host == "" || strings.ContainsAny(host, "*;, '\""), wild && !strings.Contains(host, "."):
			m.Wrong("sites", fmt.Sprintf("%q is not the address of a website", written), "sites: [https://www.your-charity.example], without what follows the host")
		default:
			c.Sites[i] = at.Scheme + "://" + strings.ToLower(at.Host)
		}
	}
}
