package programme

import (
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"postroom/internal/proof"
)

// Unopened notes the websites that forms of a file name and the settings, which
// open the doors, do not: there the form stays shut, and nobody would know why. It
// is no mistake of the file, which may be used with other settings.
func Unopened(file string, data []byte, p *Programme, opened []string) proof.Mistakes {
	d, err := open(file, data)
	if err != nil {
		return nil // what cannot be read has mistakes, and they come first
	}
	a := &adviser{document: d}
	for _, f := range p.Forms {
		if at, err := a.named(a.root, "forms", "form", f.Name); err == nil && f.Sites != nil {
			a.sites(value(at, "sites"), f, opened)
		}
	}
	return a.found.Sorted()
}

func (a *adviser) sites(list *yaml.Node, f *Form, opened []string) {
	each := []*yaml.Node{list}
	if list != nil && list.Kind == yaml.SequenceNode {
		each = list.Content
	}
	for i, site := range f.Sites.Only {
		if slices.Contains(opened, site) || i >= len(each) {
			continue
		}
		instead := "it below sites: in postroom.yaml as well"
		if len(opened) > 0 {
			instead += ", or one of those that stand there: " + strings.Join(opened, ", ")
		}
		a.say(each[i], fmt.Sprintf("form %s is for %s, which postroom.yaml does not name, so that it stays shut there", f.Name, site), instead)
	}
}
