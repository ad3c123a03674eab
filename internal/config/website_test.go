package config

import (
	"slices"
	"strings"
	"testing"
)

const withWebsite = `organisation: {name: Riverside, base_url: https://post.riverside.example, from: office@riverside.example}
smtp: [{name: main, host: smtp.riverside.example}]
coordinators: [{name: cag, address: cag@riverside.example}]
website_forms: `

func TestWebsiteFormsAreAddressesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"[WordPress@riverside.example]":     "",
		"[riverside.example]":               `"riverside.example" is not an address`,
		"[office@riverside.example]":        "people write from office@riverside.example too",
		"[CAG@riverside.example]":           "people write from CAG@riverside.example too",
		"['Site <site@riverside.example>']": "is not an address",
	} {
		c, err := parse("postroom.yaml", []byte(withWebsite+written+"\n"), func(string) string { return "" })
		switch {
		case want == "" && (err != nil || !slices.Equal(c.WebsiteForms, []string{"wordpress@riverside.example"})):
			t.Errorf("%s: %q, %v", written, c.WebsiteForms, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", written, err, want)
		}
	}
}
