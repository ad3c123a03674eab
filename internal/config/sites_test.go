package config

import (
	"slices"
	"strings"
	"testing"
)

func TestSitesAreAddressesOfWebsites(t *testing.T) {
	t.Parallel()
	head := strings.TrimSuffix(withWebsite, "website_forms: ")
	for written, want := range map[string]string{
		"[https://WWW.Riverside.example/]":   "https://www.riverside.example",
		"['http://127.0.0.1:8080']":          "http://127.0.0.1:8080",
		"['https://*.filesusr.example']":     "https://*.filesusr.example",
		"[www.riverside.example]":            "",
		"[https://riverside.example/page]":   "",
		"['https://*.example']":              "",
		"['*']":                              "",
		"['https://a.example;script-src *']": "",
		"['https://user@riverside.example']": "",
		"['javascript://riverside.example']": "",
	} {
		c, err := parse("postroom.yaml", []byte(head+"sites: "+written+"\n"), func(string) string { return "" })
		switch {
		case want != "" && (err != nil || !slices.Equal(c.Sites, []string{want})):
			t.Errorf("%s: %q, %v", written, c.Sites, err)
		case want == "" && (err == nil || !strings.Contains(err.Error(), "is not the address of a website")):
			t.Errorf("%s: got %v", written, err)
		}
	}
}
