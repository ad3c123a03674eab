package programme

import yaml "go.yaml.in/yaml/v3"

// AddForm adds a form, written as in a file but for the "- " before it, after the
// others. Its comments stay.
func AddForm(text string) Edit {
	return func(d *document) error {
		added, err := open("the new form", []byte(text))
		if err != nil {
			return err
		}
		forms := d.listAt("forms")
		forms.Style = 0 // between brackets there is no room for comments
		form := added.root
		first := form.Content[0]
		form.HeadComment = under(blank, under(added.doc.HeadComment, under(form.HeadComment, first.HeadComment)))
		first.HeadComment = ""
		apart(forms, form)
		forms.Content = append(forms.Content, form)
		return nil
	}
}

// listAt returns the list at key, which it makes where there is none.
func (d *document) listAt(key string) *yaml.Node {
	at := value(d.root, key)
	if at == nil || at.Kind != yaml.SequenceNode {
		at = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		d.root.Content = append(d.root.Content, scalar(key), at)
	}
	return at
}

// apart hands the empty line below the last form on to the one that comes after it.
func apart(forms, form *yaml.Node) {
	if len(forms.Content) == 0 {
		return
	}
	last := forms.Content[len(forms.Content)-1]
	if n := len(last.Content); last.Kind == yaml.MappingNode && n > 1 && last.Content[n-2].FootComment == blank {
		last.Content[n-2].FootComment = ""
		form.Content[len(form.Content)-2].FootComment = blank
	}
}
