package config

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"postroom/internal/proof"
)

func (r reader) organisation(m proof.Map) Organisation {
	o := m.Map("organisation")
	if !o.Given() && !m.Has("organisation") {
		m.Lacks("organisation", "{name: Your charity, base_url: https://post.your-charity.example, from: office@your-charity.example}")
	}
	return Organisation{
		Name:          o.Need("name", "Your charity"),
		BaseURL:       strings.TrimRight(webAddress(o, "base_url", o.Need("base_url", "https://post.your-charity.example")), "/"),
		Zone:          zone(o),
		Quiet:         quiet(o),
		WorkingHours:  workingHours(o),
		From:          from(o),
		PostalAddress: o.Text("postal_address"),
		PrivacyNotice: webAddress(o, "privacy_notice", o.Text("privacy_notice")),
		EmergencyText: o.Words("emergency_text", "en"),
		Colour:        colour(o),
		Logo:          r.logo(o),

		DataContact: o.Text("data_contact"), DataNumber: o.Text("data_number"),
		DataRecipients: o.Words("data_recipients", "en"), DataTransfers: o.Words("data_transfers", "en"),

		SafeguardingKeep: safeguardingKeep(o),
	}
}

func webAddress(m proof.Map, key, written string) string {
	if written == "" {
		return ""
	}
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		m.Wrong(key, key+" is not the address of a page", key+": https://post.your-charity.example")
		return ""
	}
	return written
}

func zone(m proof.Map) *time.Location {
	name := or(m.Text("timezone"), "Europe/London")
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		m.Wrong("timezone", "there is no time zone of this name", "timezone: Europe/London")
		return time.UTC
	}
	return zone
}

func from(m proof.Map) mail.Address {
	const instead = "Your charity <office@your-charity.example>"
	written := m.Need("from", instead)
	if written == "" {
		return mail.Address{}
	}
	address, err := mail.ParseAddress(written)
	if err != nil || !deliverable(address.Address) {
		m.Wrong("from", "from is not a name and an address", "from: "+instead)
		return mail.Address{}
	}
	return *address
}

func (r reader) coordinators(m proof.Map) []Coordinator {
	items := m.Maps("coordinators")
	var coordinators []Coordinator
	for _, item := range items {
		c := Coordinator{
			Name:       item.Need("name", "Sam"),
			Address:    address(item, "address", true),
			Locale:     locale(item),
			Programmes: item.Texts("programmes"),
			Cover:      item.Text("cover"),
		}
		if slices.ContainsFunc(coordinators, func(other Coordinator) bool { return other.Name == c.Name }) {
			item.Wrong("name", "two coordinators have this name", "another name")
		}
		coordinators = append(coordinators, c)
	}
	for _, item := range items {
		checkCover(item, coordinators)
	}
	return coordinators
}

func checkCover(m proof.Map, coordinators []Coordinator) {
	cover := m.Text("cover")
	if cover == "" {
		return
	}
	var others []string
	for _, c := range coordinators {
		if c.Name != m.Text("name") {
			others = append(others, c.Name)
		}
	}
	if !slices.Contains(others, cover) {
		m.Wrong("cover", "cover is not the name of another coordinator", proof.OneOf(cover, others))
	}
}

func locale(m proof.Map) string {
	written := or(m.Text("locale"), "en")
	if tag, err := language.Parse(written); err != nil || tag.String() != written {
		m.Wrong("locale", "locale is not a language tag", "locale: en")
	}
	return written
}

// address reads an address without a name.
func address(m proof.Map, key string, needed bool) string {
	const instead = "office@your-charity.example"
	written := m.Text(key)
	if needed {
		written = m.Need(key, instead)
	}
	if written == "" {
		return ""
	}
	parsed, err := mail.ParseAddress(written)
	if err != nil || parsed.Address != written || !deliverable(written) {
		m.Wrong(key, key+" is not an address", key+": "+instead)
		return ""
	}
	return written
}

// deliverOnlyTo reads addresses and domains, in small letters because they
// are compared with addresses in small letters.
func deliverOnlyTo(m proof.Map) []string {
	var only []string
	for _, written := range m.Texts("deliver_only_to") {
		whole := written
		if strings.HasPrefix(written, "@") {
			whole = "anybody" + written
		}
		if parsed, err := mail.ParseAddress(whole); err != nil || parsed.Address != whole {
			m.Wrong("deliver_only_to", "deliver_only_to has what is neither an address nor a domain", "person@example.org or @example.org")
		}
		only = append(only, strings.ToLower(written))
	}
	return only
}

// deliverable says whether an address has just the one @ and no control
// characters, which could end a line of a mail's header.
func deliverable(address string) bool {
	return strings.Count(address, "@") == 1 && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
