package programme

import (
	"slices"

	"postroom/internal/postroom"
)

// Awaited lists what a person answers in a programme: what is a question by its
// kind, and every form for which the programme chases an answer. Of a programme
// without a file, which is nil, only the kinds are known. The summaries, Today and
// the inbox all ask it, so that who waits in one of them waits in all.
func (p *Programme) Awaited() []postroom.Awaited {
	list := []postroom.Awaited{{Kind: postroom.Enquiry}, {Kind: postroom.VolunteerOffer}, {Kind: postroom.Concern}, {Kind: postroom.Referral}, {Kind: postroom.DataRequest}, {Kind: postroom.DataComplaint}}
	if p == nil {
		return list
	}
	known := len(list)
	for _, f := range p.Forms {
		chased := slices.ContainsFunc(p.Workflow, func(s Step) bool { return s.Form == f.Name && s.Unless == "answered" })
		if chased && !slices.ContainsFunc(list[:known], func(a postroom.Awaited) bool { return a.Kind == f.Kind }) {
			list = append(list, postroom.Awaited{Kind: f.Kind, Form: f.Name})
		}
	}
	return list
}

// Awaits says whether a person answers what came by a form.
func (p *Programme) Awaits(kind postroom.FormKind, form string) bool {
	return slices.ContainsFunc(p.Awaited(), func(a postroom.Awaited) bool { return a.Kind == kind && (a.Form == "" || a.Form == form) })
}
