package web

import (
	"net/http"
	"net/url"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// noticePage says what a programme does with people's data: all that UK GDPR,
// Article 13 asks for, from what its forms ask and from the settings.
type noticePage struct {
	page
	Programme  run
	Privacy    prose
	Postal     string
	Contact    string // of whoever looks after data, in words
	Number     string // in the register of the Information Commissioner
	Recipients run
	Transfers  run
	Forms      []noticeForm
	Special    bool // some answers are of a special category
	Referred   bool // somebody else may have told us
	Request    string
	Complaint  string
	MyLink     string
	Full       string // the organisation's whole notice, elsewhere
}

// noticeForm is one form: what its answers are for and by what right we keep them.
type noticeForm struct {
	Title  run
	For    string
	Basis  string
	Fields []noticeField
}

type noticeField struct {
	Label   run
	Purpose run // where it is not that of the form
	Keep    run // where it is not that of the programme
	Needed  bool
	Way     bool // one of the ways to answer, of which one is needed
	Special bool
}

// showNotice shows the notice of a programme, or of the one that a form belongs to.
func (s *Server) showNotice(w http.ResponseWriter, r *http.Request) error {
	p, known := s.Programmes.Programme(r.PathValue("programme"))
	if form, ok := s.Programmes.Form(r.PathValue("form")); ok {
		p, known = form.Programme, true
	}
	if !known {
		return &postroom.Error{Kind: postroom.NotFound}
	}
	v := s.voice(r, s.guess.of(p.Name), "")
	return s.render(w, http.StatusOK, v, "privacy.html", s.noticePage(r, v, p))
}

func (s *Server) noticePage(r *http.Request, v voice, p *programme.Programme) noticePage {
	n := noticePage{
		page: s.page(r, v, p.Name), Programme: v.of(p.Title), Privacy: v.prose(p.Privacy, p.Reviewed),
		Postal: s.Org.PostalAddress, Contact: s.Org.DataContact, Number: s.Org.DataNumber,
		Recipients: v.maybe(s.Org.DataRecipients), Transfers: v.maybe(s.Org.DataTransfers),
		Request: s.formOfKind(v, postroom.DataRequest), Complaint: s.formOfKind(v, postroom.DataComplaint),
		MyLink: inLanguage("/my-link", v.locale), Full: s.Org.PrivacyNotice,
	}
	n.Title = v.Say("notice.title")
	for _, f := range p.Forms {
		n.Forms = append(n.Forms, n.form(v, f))
	}
	return n
}

func (n *noticePage) form(v voice, f *programme.Form) noticeForm {
	view := noticeForm{Title: v.of(f.Title), For: v.Say("notice.for." + string(f.Kind)), Basis: v.Say("notice.basis." + basis(f))}
	n.Referred = n.Referred || f.Kind == postroom.Referral
	for i := range f.Fields {
		field := &f.Fields[i]
		n.Special = n.Special || field.SpecialCategory
		view.Fields = append(view.Fields, noticeField{
			Label: v.ofOr(field.Label, field.Type.LabelKey()), Purpose: v.maybe(field.Purpose), Keep: v.maybe(field.Keep),
			Needed: field.Required && field.If == "", Special: field.SpecialCategory, Way: slices.Contains(f.Reach, postroom.Reach(field.Name)),
		})
	}
	return view
}

// basis is by what right answers are kept (UK GDPR, Article 6): what is asked for
// by law, what somebody agreed to, or our interest in doing what they ask of us.
func basis(f *programme.Form) string {
	switch {
	case programme.ByLaw(f.Kind):
		return "law"
	case f.Kind == postroom.SignUp && f.List != "":
		return "consent"
	}
	return "interest"
}

// noticePath is where the notice of a form is.
func noticePath(form *programme.Form, locale string) string {
	return inLanguage("/f/"+url.PathEscape(form.Name)+"/privacy", locale)
}
