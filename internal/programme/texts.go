package programme

import "postroom/internal/postroom"

// Text is one text of a programme that may be worded otherwise.
type Text struct {
	Path  string // by which SetText finds it: "form/join/field/area/label"
	Words postroom.Words
	Must  bool // it cannot be left out
	Long  bool // it may have several sentences
}

// textKeys lists the texts that a part of a programme has of its own; "" is the
// programme itself.
func textKeys(kind string) []string {
	switch kind {
	case "":
		return []string{"name", "privacy"}
	case "form":
		return []string{"title", "intro", "button", "closed_words"}
	case "field":
		return []string{"label", "hint", "error_label", "only_if", "purpose", "keep"}
	case "event", "session", "list":
		return []string{"name"}
	}
	return nil
}

// Texts lists every text of the programme, as it is, in the order of the file. One
// that is left out has no words.
func (p *Programme) Texts() []Text {
	list := []Text{
		{Path: "name", Words: p.Title, Must: true},
		{Path: "privacy", Words: p.Privacy, Must: true, Long: true},
	}
	for _, l := range p.Lists {
		list = append(list, Text{Path: "list/" + l.Name + "/name", Words: l.Title, Must: true})
	}
	for _, e := range p.Events {
		list = append(list, Text{Path: "event/" + e.Name + "/name", Words: e.Title, Must: true})
		for _, s := range e.Sessions {
			list = append(list, Text{Path: "event/" + e.Name + "/session/" + s.Name + "/name", Words: s.Title, Must: true})
		}
	}
	for _, f := range p.Forms {
		list = append(list, f.texts()...)
	}
	return list
}

func (f *Form) texts() []Text {
	path := "form/" + f.Name + "/"
	list := []Text{
		{Path: path + "title", Words: f.Title, Must: true},
		{Path: path + "intro", Words: f.Intro, Long: true},
		{Path: path + "button", Words: f.Button},
		{Path: path + "closed_words", Words: f.Closed.Words, Long: true},
	}
	for i := range f.Fields {
		if f.Fields[i].Derived != nil {
			continue // its words stand elsewhere in the file
		}
		list = append(list, f.Fields[i].texts(path)...)
	}
	return list
}

func (f *Field) texts(path string) []Text {
	path += "field/" + f.Name + "/"
	own := !f.Type.WellKnown()
	list := []Text{
		{Path: path + "label", Words: f.Label, Must: own},
		{Path: path + "hint", Words: f.Hint, Long: true},
		{Path: path + "error_label", Words: f.ErrorLabel, Must: own},
	}
	if f.If != "" {
		list = append(list, Text{Path: path + "only_if", Words: f.OnlyIf})
	}
	if f.SpecialCategory {
		list = append(list, Text{Path: path + "purpose", Words: f.Purpose, Must: true}, Text{Path: path + "keep", Words: f.Keep, Must: true})
	}
	for _, o := range f.Options {
		list = append(list, Text{Path: path + "option/" + o.Value, Words: o.Label, Must: true})
	}
	return list
}
