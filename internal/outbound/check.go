package outbound

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/yuin/goldmark/ast"

	"postroom/internal/link"
	"postroom/internal/proof"
)

// usage is what a letter makes use of. A translation must use the same.
type usage struct {
	keys  map[string]bool
	links map[string]bool
	calls map[string]bool // functions
	given bool            // it holds a text that comes from elsewhere
}

// reading notes usage and mistakes while it walks a parsed template.
type reading struct {
	usage *usage
	file  string
	part  string // "subject", "discreet_subject" or "body"
	text  string
	found proof.Mistakes
}

// read notes every key and link in a template, and what a letter may not do.
func (u *usage) read(file, text string, tree *parse.Tree) proof.Mistakes {
	if u.keys == nil {
		u.keys, u.links, u.calls = make(map[string]bool), make(map[string]bool), make(map[string]bool)
	}
	r := &reading{usage: u, file: file, part: tree.Name, text: text}
	r.list(tree.Root)
	return r.found
}

func (r *reading) wrong(n parse.Node, say, instead string) {
	line := 1 + strings.Count(r.text[:min(int(n.Position()), len(r.text))], "\n")
	r.found = append(r.found, proof.Mistake{File: r.file, Line: line, Column: 1, Say: say, Instead: instead})
}

func (r *reading) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		r.node(n)
	}
}

func (r *reading) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
	case *parse.ActionNode:
		r.node(n.Pipe)
	case *parse.IfNode:
		r.node(n.Pipe)
		r.list(n.List)
		r.list(n.ElseList)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			r.command(c)
		}
	case *parse.FieldNode:
		r.key(n)
	case *parse.IdentifierNode:
		r.function(n)
	default:
		r.wrong(n, fmt.Sprintf("a letter has no use for %s", n), "{{if}}, a key or a function")
	}
}

// command checks one call: the purpose of a link is known only if it is
// written out.
func (r *reading) command(c *parse.CommandNode) {
	for _, arg := range c.Args {
		r.node(arg)
	}
	if name, ok := c.Args[0].(*parse.IdentifierNode); !ok || name.Ident != "link" {
		return
	}
	purposes := []string{string(link.Confirm), string(link.Manage), string(link.Unsubscribe), string(link.Finish), string(link.Leave), string(link.Undo), string(link.My), string(link.Move)}
	if len(c.Args) == 2 {
		if purpose, ok := c.Args[1].(*parse.StringNode); ok && slices.Contains(purposes, purpose.Text) {
			r.usage.links[purpose.Text] = true
			return
		}
	}
	r.wrong(c, "link has no purpose that is known", `link "confirm", link "manage", link "finish", link "unsubscribe", link "leave", link "undo", link "my" or link "move"`)
}

func (r *reading) key(n *parse.FieldNode) {
	name := strings.Join(n.Ident, ".")
	if !slices.Contains(keys(), name) {
		r.wrong(n, "there is no key "+name, proof.OneOf(name, keys()))
		return
	}
	r.usage.keys[name] = true
}

func (r *reading) function(n *parse.IdentifierNode) {
	known := append(slices.Sorted(maps.Keys(stubs())), "and", "or", "not", "eq", "ne")
	if !slices.Contains(known, n.Ident) {
		r.wrong(n, "a letter may not call "+n.Ident, proof.OneOf(n.Ident, known))
	}
	r.usage.calls[n.Ident] = true
	if n.Ident == "markdown" {
		r.given(n)
	}
}

// given notes that a letter holds a text from elsewhere: once, and as a block
// of its own.
func (r *reading) given(n *parse.IdentifierNode) {
	at := int(n.Position())
	begin, end := strings.LastIndexByte(r.text[:at], '\n')+1, len(r.text)
	if to := strings.IndexByte(r.text[at:], '\n'); to >= 0 {
		end = at + to
	}
	if r.part != "body" || r.usage.given || r.text[begin:end] != "{{markdown}}" {
		r.wrong(n, "markdown is not once in the letter, on a line of its own", "{{markdown}}")
	}
	r.usage.given = true
}

// compare notes where a translation differs from the English letter: another
// class or lane, a link or a fact that was lost.
func (l *Letters) compare() (found proof.Mistakes) {
	for locale, letters := range l.library() {
		if l.words[locale] == nil {
			found = append(found, proof.Mistake{File: "email/" + locale + "/words.yaml", Line: 1, Column: 1, Say: "there is no such file", Instead: "one like email/en/words.yaml"})
		}
		for name, translated := range letters {
			found = append(found, translated.compare(l.library()["en"][name])...)
		}
	}
	return found
}

func (r *letter) compare(english *letter) proof.Mistakes {
	wrong := func(say, instead string) proof.Mistakes {
		return proof.Mistakes{{File: r.file, Line: 1, Column: 1, Say: say, Instead: instead}}
	}
	switch {
	case english == nil:
		return wrong("there is no English letter of this name", "email/en/"+r.name+".md as well")
	case r.class != english.class || r.lane != english.lane:
		return wrong("class and lane are not those of the English letter", fmt.Sprintf("class: %s and lane: %s", english.class, english.lane))
	case r.coordinators != english.coordinators:
		return wrong("to: coordinators is in one of this and the English letter only", "it in both or none")
	case r.holding != english.holding || r.acknowledges != english.acknowledges || r.byPerson != english.byPerson:
		return wrong("holding, acknowledges or by_person is in one of this and the English letter only", "it in both or none")
	case r.calendar != english.calendar:
		return wrong("the calendar file is not that of the English letter", "the same calendar:")
	case (r.discreet == nil) != (english.discreet == nil):
		return wrong("discreet_subject is in one of this and the English letter only", "it in both or none")
	case !maps.Equal(r.says.links, english.says.links):
		return wrong("the links are not those of the English letter", "the same links")
	case r.says.given != english.says.given:
		return wrong("{{markdown}} is in one of this and the English letter only", "it in both or none")
	case !maps.Equal(r.says.keys, english.says.keys):
		return wrong("what the letter tells is not what the English letter tells", "all of "+strings.Join(slices.Sorted(maps.Keys(english.says.keys)), ", "))
	}
	return nil
}

// rehearse writes every letter twice, with everything known and with nothing
// known, not even a desk, and notes where either does not read as a letter
// must.
func (l *Letters) rehearse() (found proof.Mistakes) {
	for locale, letters := range l.library() {
		for _, r := range letters {
			found = append(found, l.rehearseBoth(r, l.words[locale])...)
		}
	}
	return found
}

func (l *Letters) rehearseBoth(r *letter, w *words) proof.Mistakes {
	found := l.rehearseOne(r, rehearsal(w, "https://example.org/desk"), everythingKnown())
	return append(found, l.rehearseOne(r, rehearsal(w, ""), map[string]string{})...)
}

// everythingKnown is everything that a letter could know.
func everythingKnown() map[string]string {
	full := map[string]string{"since": "2026-11-26T16:30:00Z", "starts": "2026-11-26T18:00:00Z", "was_starts": "2026-11-25T18:00:00Z", "ends": "2026-11-26T20:00:00Z", "reply_by": "2026-11-26T18:00:00Z", "url": "https://example.org/"}
	for _, key := range keys() {
		if full[key] == "" {
			full[key] = "Example"
		}
	}
	return full
}

// rehearsal stands in for the functions that need a real message.
func rehearsal(w *words, desk string) template.FuncMap {
	list := "" // no desk stands for nothing known
	if desk != "" {
		list = "1. Example\n2. Example"
	}
	when := func(write func(time.Time) string) func(any) any {
		return func(v any) any { return marked(w.when(raw(v), time.UTC, write)) }
	}
	address := func(string) string { return "https://example.org/x" }
	return template.FuncMap{
		"link": address, "form_url": address, "desk_url": func() string { return desk },
		"date": when(w.writeDate), "day": when(w.writeDay), "time": when(w.writeTime), "org": func() any { return marked("Example") },
		"number": func(v any) any { return v }, "because": func(v any) any { return v },
		"questions": func() string { return list },
		"markdown":  func() string { return "A text from elsewhere." }, // what that may hold, CheckMarkdown says
	}
}

func (l *Letters) rehearseOne(r *letter, functions template.FuncMap, data map[string]string) proof.Mistakes {
	write := writing{functions: functions, say: func(s string) any { return marked(s) }, data: data}
	subject, err := write.run(r.subject)
	if err == nil && strings.TrimSpace(subject) == "" {
		err = fmt.Errorf("the subject can be empty")
	}
	if err != nil {
		return proof.Mistakes{templateMistake(r.file, err)}
	}
	body, err := write.run(r.body)
	if err != nil {
		return proof.Mistakes{templateMistake(r.file, err)}
	}
	return r.reads(body, l.markdown([]byte(body)))
}

// reads notes what keeps a written letter from being understood at a glance:
// the first line must answer the reader, and there is one thing to press.
func (r *letter) reads(body string, doc ast.Node) (found proof.Mistakes) {
	wrong := func(n ast.Node, say, instead string) {
		line := 1 + strings.Count(body, "\n")
		if n != nil {
			line = 1 + strings.Count(body[:max(0, min(n.Pos(), len(body)))], "\n")
		}
		found = append(found, proof.Mistake{File: r.file, Line: line, Column: 1, Say: say, Instead: instead})
	}
	first, ok := doc.FirstChild().(*ast.Paragraph)
	if !ok || !answers(plainText(first, []byte(body))) {
		wrong(doc.FirstChild(), "the first line is not a sentence that answers the reader", "a sentence such as: Your place is booked.")
	}
	links := 0
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.RawHTML, *ast.HTMLBlock, *ast.Image, *ast.AutoLink:
			wrong(n, "a letter holds neither HTML, pictures nor bare addresses", "text and [words](link)")
		case *ast.Link:
			links++
			if !alone(n) || links > 1 {
				wrong(n, "a letter has one link, in a paragraph of its own", "the rest in words")
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

// answers says whether a first paragraph is a sentence, and not a greeting.
func answers(first string) bool {
	first = strings.TrimRight(first, "\u2069 ")
	return first != "" && strings.ContainsAny(first[len(first)-1:], ".!?") || strings.HasSuffix(first, "؟") || strings.HasSuffix(first, "۔")
}
