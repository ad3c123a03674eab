package programme

import (
	"fmt"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

func (r *reader) lists(m proof.Map) []*List {
	var lists []*List
	for _, item := range m.Maps("lists") {
		list := &List{Name: r.name(item, "list")}
		item = item.As("list " + list.Name)
		list.Title = r.words(item, "name", true)
		list.Topics, list.TopicsField = r.offered(item, list, "topics")
		list.Areas, list.AreasField = r.offered(item, list, "areas")
		list.SoftOptIn = r.softOptIn(item)
		list.Archive = item.Bool("archive")
		list.Approval = Approval(item.Choice("approval", string(ColleagueApproval), string(ColleagueApproval), string(OwnApproval)))
		lists = append(lists, list)
		r.loader.lists = append(r.loader.lists, list.Name)
	}
	return lists
}

// offered reads what the readers of a list may choose from: options that stand
// here, or those of a question in a form that subscribes to it.
func (r *reader) offered(m proof.Map, list *List, key string) ([]Option, string) {
	var read []Option
	options := m.Map(key).As("list " + list.Name)
	for _, value := range options.Keys() {
		if !optionShape.MatchString(value) {
			options.Wrong(value, fmt.Sprintf("an option cannot be called %q", value), "small letters, figures, - and _")
		}
		read = append(read, Option{Value: value, Label: r.words(options, value, true)})
	}
	r.sameLabels(options, read)
	field := m.Text(key + "_from")
	if field == "" {
		return read, key
	}
	if len(read) > 0 {
		m.Wrong(key+"_from", key+" stand in the file already", "one of the two")
	}
	r.later = append(r.later, func() { r.offeredBy(m, list, key, field) })
	return nil, field
}

// offeredBy takes the options of a question, once every form is read.
func (r *reader) offeredBy(m proof.Map, list *List, key, name string) {
	for _, form := range r.p.Forms {
		f, ok := form.Field(name)
		if form.List != list.Name || !ok || f.Type != ChoicesField {
			continue
		}
		if key == "topics" {
			list.Topics = f.Options
		} else {
			list.Areas = f.Options
		}
		return
	}
	m.Wrong(key+"_from", fmt.Sprintf("no form of this programme subscribes to %s and has a field %s of type choices", list.Name, name), key+": {first: The first}")
}

// softOptIn reads whether contacts that the charity collected itself may be on a
// list without a "yes" (PECR, regulation 22(3A)). That is never so of those who
// asked for help, or for whom others answer: their programmes cannot say it.
func (r *reader) softOptIn(m proof.Map) bool {
	if !m.Bool("soft_opt_in") {
		return false
	}
	r.later = append(r.later, func() {
		for _, form := range r.p.Forms {
			if why := neverSoft(form); why != "" {
				m.Wrong("soft_opt_in", fmt.Sprintf("form %s of this programme %s, and such contacts need to say yes", form.Name, why), "soft_opt_in: false, or a programme of its own for the list")
				return
			}
		}
	})
	return true
}

// neverSoft says why those who fill in a form may never be mailed without a "yes".
func neverSoft(form *Form) string {
	switch form.Kind {
	case postroom.Enquiry, postroom.Concern, postroom.Referral, postroom.DataRequest, postroom.DataComplaint:
		return "is for people who ask for help"
	}
	guarded := slices.ContainsFunc(form.Fields, func(f Field) bool {
		return f.SpecialCategory || f.Type == TrustedField || f.Type == AttendeesField
	})
	if guarded || form.Guardian != nil {
		return "is for people for whom others answer, or asks what is delicate"
	}
	return ""
}
