package config

import (
	"fmt"
	"net/mail"
	"strings"

	"postroom/internal/proof"
)

// checkWebsiteForms notes what is no address, and one from which people write
// as well: what staff pass on would be taken for what a visitor sent.
func checkWebsiteForms(m proof.Map, c Config) {
	people := map[string]bool{strings.ToLower(c.Organisation.From.Address): true}
	for _, box := range c.Mailboxes {
		people[strings.ToLower(box.Address)] = true
	}
	for _, coordinator := range c.Coordinators {
		people[strings.ToLower(coordinator.Address)] = true
	}
	const instead = "website_forms: [wordpress@your-charity.example], an address of its own for the website"
	for i, written := range c.WebsiteForms {
		address, err := mail.ParseAddress(written)
		switch {
		case err != nil || address.Name != "" || !deliverable(address.Address):
			m.Wrong("website_forms", fmt.Sprintf("%q is not an address", written), instead)
		case people[strings.ToLower(address.Address)]:
			m.Wrong("website_forms", "people write from "+address.Address+" too", instead)
		default:
			c.WebsiteForms[i] = strings.ToLower(address.Address)
		}
	}
}
