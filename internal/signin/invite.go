package signin

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Invitation is somebody who is to work at the desk.
type Invitation struct {
	Address    string
	Name       string // "" is the part of the address before the @
	Role       postroom.Role
	Programmes []string // none is every one
	Area       string
	Locale     string // "" is English
	By         string // name of a colleague, or what invites
}

// Invite gives somebody a role at the desk and owes them a mail that says so. To
// somebody who is here it gives one role more, and somebody who had left is back.
// It returns Invalid where the address is none, and Conflict where somebody else
// has the name.
func (s *SignIn) Invite(ctx context.Context, i Invitation) (postroom.Colleague, error) {
	wants, err := i.colleague()
	if err != nil {
		return postroom.Colleague{}, err
	}
	wants.AddedAt = s.Clock.Now()
	var c postroom.Colleague
	err = s.Team.Change(ctx, func(tx *store.Tx) error {
		if c, err = invited(tx, wants, i.Name != ""); err != nil {
			return err
		}
		mail := postroom.Message{To: c.Address, Locale: c.Locale, Template: "invited", Lane: postroom.Urgent, Data: map[string]string{"url": s.BaseURL + "/desk/sign-in"}}
		if _, err := s.Outbox.Owe(tx, mail); err != nil {
			return err
		}
		return tx.Audit(i.By, "colleague invited", c.Name, wants.AddedAt)
	})
	return c, err
}

// colleague is who an invitation makes.
func (i Invitation) colleague() (postroom.Colleague, error) {
	invalid := func(cause error) (postroom.Colleague, error) {
		return postroom.Colleague{}, &postroom.Error{Kind: postroom.Invalid, Cause: cause}
	}
	address := typed(i.Address)
	parsed, err := mail.ParseAddress(address)
	switch {
	case err != nil || parsed.Address != address:
		return invalid(errors.New("this is not an email address such as name@example.org"))
	case !slices.Contains(postroom.Roles(), i.Role):
		return invalid(fmt.Errorf("there is no role %q", i.Role))
	}
	c := postroom.Colleague{Name: strings.TrimSpace(i.Name), Address: address, Locale: i.Locale}
	if c.Name == "" {
		c.Name = address[:strings.LastIndexByte(address, '@')]
	}
	if c.Locale == "" {
		c.Locale = "en"
	}
	for _, p := range i.Programmes {
		c.Grants = append(c.Grants, postroom.Grant{Role: i.Role, Programme: p, Area: i.Area})
	}
	if len(i.Programmes) == 0 {
		c.Grants = []postroom.Grant{{Role: i.Role, Area: i.Area}}
	}
	return c, nil
}

// invited puts a colleague on file, or adds to what is there.
func invited(tx *store.Tx, wants postroom.Colleague, named bool) (postroom.Colleague, error) {
	all, err := tx.Colleagues()
	if err != nil {
		return wants, err
	}
	i := slices.IndexFunc(all, func(c postroom.Colleague) bool { return strings.EqualFold(c.Address, wants.Address) })
	if i < 0 {
		added, err := tx.AddColleague(wants)
		if err == nil && !added {
			err = &postroom.Error{Kind: postroom.Conflict, Cause: fmt.Errorf("somebody else is called %s here: choose another name", wants.Name)}
		}
		return wants, err
	}
	c := all[i]
	if named && c.Name != wants.Name {
		return c, &postroom.Error{Kind: postroom.Conflict, Cause: fmt.Errorf("%s is called %s here, and a name never changes", c.Address, c.Name)}
	}
	for _, g := range wants.Grants {
		if !slices.Contains(c.Grants, g) {
			c.Grants = append(c.Grants, g)
		}
	}
	c.LeftAt, c.FromFile = postroom.Colleague{}.LeftAt, false // from now on the desk says
	if err := tx.ChangeColleague(c); err != nil {
		return c, err
	}
	return c, tx.SetGrants(c.Name, c.Grants)
}
