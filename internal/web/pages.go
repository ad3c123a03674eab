package web

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"text/template/parse"

	"postroom/internal/postroom"
)

// Pages are the templates of every page in each language, with the language's words
// bound to them. A page is put together when it is first asked for in a language:
// all of them in all languages would be fifty megabytes, of which most are never
// looked at.
type Pages struct {
	fsys    fs.FS
	files   map[string]string             // of each page, by its name
	layouts map[string]*template.Template // what is around every page, by language

	mu    sync.Mutex
	pages map[string]*template.Template // by language and name
}

// ParsePages reads layout.html, parts and pages of a folder of fsys. A page
// that cannot be parsed, or asks for a text or a file that is not there, is a mistake.
func ParsePages(fsys fs.FS, folder string, l *Locales, a *Assets) (*Pages, error) {
	names, err := fs.Glob(fsys, folder+"/pages/*.html")
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s/pages holds no page", folder))
	}
	p := &Pages{fsys: fsys, files: make(map[string]string), layouts: make(map[string]*template.Template), pages: make(map[string]*template.Template)}
	for _, locale := range l.Tags() {
		p.layouts[locale], err = template.New("layout.html").Funcs(funcs(l, a, locale)).ParseFS(fsys, folder+"/layout.html", folder+"/parts/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse layout: %w", err)
		}
	}
	for _, name := range names {
		p.files[path.Base(name)] = name
	}
	return p, p.check(l, a)
}

// page returns a page in a language.
func (p *Pages) page(locale, name string) (*template.Template, error) {
	layout, spoken := p.layouts[locale]
	file, known := p.files[name]
	if !spoken || !known {
		return nil, fmt.Errorf("there is no page %s in %s", name, locale)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if page, there := p.pages[locale+"/"+name]; there {
		return page, nil
	}
	page, err := p.parse(layout, file)
	if err != nil {
		return nil, err
	}
	p.pages[locale+"/"+name] = page
	return page, nil
}

func (p *Pages) parse(layout *template.Template, file string) (*template.Template, error) {
	around, err := layout.Clone()
	if err != nil {
		return nil, fmt.Errorf("parse layout: %w", err)
	}
	page, err := around.ParseFS(p.fsys, file)
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	return page, nil
}

// funcs are what a template may call: t puts a key into words as HTML, say as
// plain text for titles and attributes, static gives the address of a file.
func funcs(l *Locales, a *Assets, locale string) template.FuncMap {
	return template.FuncMap{
		"t":      func(key string, pairs ...string) template.HTML { return l.HTML(locale, postroom.Say(key, pairs...)) },
		"say":    func(key string, pairs ...string) string { return l.Text(locale, postroom.Say(key, pairs...)) },
		"static": a.address,
	}
}

// Execute makes a page in a language.
func (p *Pages) Execute(w io.Writer, locale, name string, data any) error {
	page, err := p.page(locale, name)
	if err != nil {
		return err
	}
	if err := page.ExecuteTemplate(w, "layout.html", data); err != nil {
		return fmt.Errorf("make page %s: %w", name, err)
	}
	return nil
}

// ExecutePart makes one part of a page in a language.
func (p *Pages) ExecutePart(w io.Writer, locale, name, part string, data any) error {
	page, err := p.page(locale, name)
	if err != nil {
		return err
	}
	if err := page.ExecuteTemplate(w, part, data); err != nil {
		return fmt.Errorf("make part %s of page %s: %w", part, name, err)
	}
	return nil
}

// check looks at what every page asks for. One language is enough: all have
// the same texts.
func (p *Pages) check(l *Locales, a *Assets) error {
	var mistakes []error
	for name, file := range p.files {
		page, err := p.parse(p.layouts[english], file)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		for _, part := range page.Templates() {
			if part.Tree == nil {
				continue
			}
			visit(part.Tree.Root, func(cmd *parse.CommandNode) {
				if err := checkCall(cmd, l, a); err != nil {
					mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
				}
			})
		}
	}
	return errors.Join(mistakes...)
}

func checkCall(cmd *parse.CommandNode, l *Locales, a *Assets) error {
	fn, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok || !strings.Contains(" t say static ", " "+fn.Ident+" ") {
		return nil
	}
	if len(cmd.Args) < 2 {
		return fmt.Errorf("%s has no key", fn.Ident)
	}
	key, ok := cmd.Args[1].(*parse.StringNode)
	if !ok {
		return fmt.Errorf("%s: the key must be written out, so that it can be checked", cmd)
	}
	if fn.Ident == "static" {
		_, err := a.address(key.Text)
		return err
	}
	if !l.Has(key.Text) {
		return fmt.Errorf("locale/en.yaml: %s is missing", key.Text)
	}
	return checkGaps(cmd, gaps(l.raw(english, postroom.Say(key.Text))))
}

// checkGaps says whether a call fills every gap of its text.
func checkGaps(cmd *parse.CommandNode, gaps []string) error {
	given := make(map[string]bool)
	for i := 2; i < len(cmd.Args); i += 2 {
		if name, ok := cmd.Args[i].(*parse.StringNode); ok {
			given["{"+name.Text+"}"] = true
		}
	}
	for _, gap := range gaps {
		if !given[gap] {
			return fmt.Errorf("%s does not fill %s", cmd, gap)
		}
	}
	return nil
}

// visit calls fn for every command below a node of a template.
func visit(n parse.Node, fn func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		visitList(n, fn)
	case *parse.ActionNode:
		visit(n.Pipe, fn)
	case *parse.IfNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.RangeNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.WithNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.TemplateNode:
		visitPipe(n.Pipe, fn)
	case *parse.PipeNode:
		visitPipe(n, fn)
	}
}

func visitList(list *parse.ListNode, fn func(*parse.CommandNode)) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		visit(n, fn)
	}
}

func visitBranch(b *parse.BranchNode, fn func(*parse.CommandNode)) {
	visitPipe(b.Pipe, fn)
	visitList(b.List, fn)
	visitList(b.ElseList, fn)
}

func visitPipe(pipe *parse.PipeNode, fn func(*parse.CommandNode)) {
	if pipe == nil {
		return
	}
	for _, cmd := range pipe.Cmds {
		fn(cmd)
		for _, arg := range cmd.Args {
			visit(arg, fn) // what stands in brackets
		}
	}
}
