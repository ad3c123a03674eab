package digest

import (
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// mayName returns the form of a submission if its title, and who sent it, may
// stand in a summary. A form that is no longer there is not named, because
// nobody can tell any more what it asked.
func (g *gathering) mayName(a store.Awaiting) (*programme.Form, bool) {
	form, known := g.Programmes.Form(a.Form)
	if !known || form.Programme.Name != a.Programme || form.Programme.Discreet || a.Discreet || tells(form) {
		return nil, false
	}
	return form, true
}

// tells says whether having filled in a form is itself something that UK GDPR
// Article 9 protects: somebody is referred, the form cannot be sent without
// such an answer, or it asks for nothing else.
func tells(f *programme.Form) bool {
	if f.Kind == postroom.Referral {
		return true
	}
	special, other := false, false
	for _, field := range f.Fields {
		switch {
		case field.SpecialCategory && field.Required:
			return true
		case field.SpecialCategory:
			special = true
		case !who(f, field):
			other = true
		}
	}
	return special && !other
}

// who says whether a field asks who somebody is and how to reach them, and
// nothing of what they want.
func who(f *programme.Form, field programme.Field) bool {
	switch field.Type {
	case programme.NameField, programme.EmailField, programme.PhoneField, programme.TrustedField, programme.SafeMessageField,
		programme.AddressField, programme.PostcodeField, programme.OrganisationField, programme.ConsentField:
		return true
	}
	return slices.Contains(f.Reach, postroom.Reach(field.Name))
}

// mailto is a link that begins an answer in the reader's own mail program, with
// a copy to the post room if there is an address for it. The reference in the
// subject ties the answer to what it answers (RFC 6068).
func mailto(address, copied, title, reference string) string {
	if address == "" {
		return ""
	}
	link := "mailto:" + percent(address, "@") + "?"
	if copied != "" {
		link += "cc=" + percent(copied, "@") + "&"
	}
	return link + "subject=" + percent("Re: "+title+" ("+reference+")", "")
}

// percent writes every byte that is not plain as %XX, but for those in keep.
func percent(s, keep string) string {
	const plain, hex = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain, c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
