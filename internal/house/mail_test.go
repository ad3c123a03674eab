package house_test

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mailPage explains every word that `postroom inspect` and `letters list` say
// about a letter, in a table below each of these headings.
const mailPage = "docs/mail.md"

const (
	becauseHeading  = "### Why it is what it is"
	againstHeading  = "### Why it is not answered"
	problemsHeading = "### What is odd about it"
	bouncesHeading  = "### Why it came back"
	endsHeading     = "### What became of it"
)

func TestEveryWordAboutALetterIsExplained(t *testing.T) {
	code, page := wordsInCode(t), readMailPage(t)
	for heading, inCode := range map[string][]string{
		becauseHeading:  code.because(),
		againstHeading:  code.against(),
		problemsHeading: code.problems(),
		bouncesHeading:  slices.Collect(maps.Keys(code.blames(t))),
		endsHeading:     code.ends(),
	} {
		if len(inCode) < 10 {
			t.Errorf("%q: only %d words were found in the code; this test looks in the wrong place", heading, len(inCode))
		}
		explained := page.words(heading)
		for _, word := range inCode {
			if explained[word] == "" {
				t.Errorf("%s does not explain %q below %q. Whoever runs a post room sees the word and has no other place to look it up", mailPage, word, heading)
			}
		}
		for word := range explained {
			if !slices.Contains(inCode, word) {
				t.Errorf("%s explains %q below %q, and nothing says that word any more; take it out", mailPage, word, heading)
			}
		}
	}
}

func TestThePageSaysWhomABounceBlames(t *testing.T) {
	explained := readMailPage(t).words(bouncesHeading)
	for word, blames := range wordsInCode(t).blames(t) {
		if explained[word] != blames {
			t.Errorf("%s says that %q means %q, and the code does %q: a wrong \"hard\" cuts somebody off, so the page must not promise another", mailPage, word, explained[word], blames)
		}
	}
}

// sampleLetter is a letter that mailPage names, in a folder of the rules or of
// reading.
var sampleLetter = regexp.MustCompile("`((?:doors/|facts/|letter/)?[0-9]{2}-[a-z0-9-]+)`")

func TestThePageNamesLettersThatThereAre(t *testing.T) {
	letters := sampleLetter.FindAllStringSubmatch(strings.Join(readMailPage(t), "\n"), -1)
	if len(letters) < 60 {
		t.Errorf("%s names %d letters; a reader learns more from a letter than from a rule", mailPage, len(letters))
	}
	for _, m := range letters {
		file := filepath.Join(root, "internal", "inbound", "testdata", m[1]+".eml")
		if read, ok := strings.CutPrefix(m[1], "letter/"); ok {
			file = filepath.Join(root, "internal", "letter", "testdata", read+".eml")
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s names the letter %s, and there is none; it was renamed, or the row is about what is gone", mailPage, m[1])
		}
	}
}

// page is the lines of mailPage.
type page []string

func readMailPage(t *testing.T) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, mailPage))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

var codeSpan = regexp.MustCompile("`([a-z_]+)`")

// words are those in the first cells of the table below a heading, each with
// what the second cell says.
func (p page) words(heading string) map[string]string {
	words := map[string]string{}
	begin := slices.Index(p, heading)
	for _, line := range p[begin+1:] {
		if strings.HasPrefix(line, "#") || begin < 0 {
			break
		}
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, m := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			words[m[1]] = strings.TrimSpace(cells[2])
		}
	}
	return words
}

// letterCode is the declarations of the rooms that say what a letter is.
type letterCode struct {
	functions map[string][]*ast.FuncDecl // of what says what a letter is, by name
	files     map[string][]*ast.File     // of each room
}

func wordsInCode(t *testing.T) letterCode {
	t.Helper()
	c := letterCode{map[string][]*ast.FuncDecl{}, map[string][]*ast.File{}}
	for _, f := range tree(t) {
		if f.test() {
			continue
		}
		c.files[f.pkg] = append(c.files[f.pkg], f.ast)
		if f.pkg != "internal/inbound" && f.pkg != "internal/letter" {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && !acts(fn) {
				c.functions[fn.Name.Name] = append(c.functions[fn.Name.Name], fn)
			}
		}
	}
	return c
}

// acts says whether a function belongs to those that act on a letter, which say
// nothing about what it is.
func acts(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	receiver := fn.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && (name.Name == "Inbound" || name.Name == "arrival")
}

// because are the words that the rules in order return, and those of their tables.
func (c letterCode) because() []string {
	words := append(c.table("proof"), c.table("mark")...)
	words = append(words, c.table("")...)
	for _, fn := range c.functions["order"] {
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if rule, ok := n.(*ast.CompositeLit); ok && rule.Type == nil && len(rule.Elts) == 2 {
				if name, ok := rule.Elts[1].(*ast.Ident); ok {
					words = append(words, c.returned(name.Name, map[string]bool{})...)
				}
			}
			return true
		})
	}
	return once(words)
}

// against are the words of the objections, and those that are added to them.
func (c letterCode) against() []string {
	words := append(c.table("objection"), c.fields("Classify", "Against")...)
	for _, name := range []string{"against", "againstAnswer"} {
		for _, fn := range c.functions[name] {
			words = append(words, appended(fn.Body, func(ast.Expr) bool { return true })...)
		}
	}
	return once(words)
}

// problems are the words that reading a letter notes.
func (c letterCode) problems() []string {
	words := append(c.returned("sealed", map[string]bool{}), c.fields("plainest", "Problems")...)
	for _, f := range c.files["internal/letter"] {
		words = append(words, appended(f, func(list ast.Expr) bool { return named(list, "problems") || named(list, "odd") })...)
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && named(call.Fun, "note") {
				words = append(words, literals(call.Args...)...)
			}
			return true
		})
	}
	return once(words)
}

// blames are the reasons why mail came back, and what each means for the address.
func (c letterCode) blames(t *testing.T) map[string]string {
	t.Helper()
	blames := map[string]string{}
	for _, row := range c.rows("reason") {
		if word := literals(row.Elts[0]); len(word) == 1 {
			blames[word[0]] = "scores"
			if named(row.Elts[1], "true") {
				blames[word[0]] = "hard"
			}
		}
	}
	for _, word := range c.constants(func(name string) bool { return name == "unknownReason" }) {
		blames[word] = "scores"
	}
	for _, word := range c.oursToMend() {
		if blames[word] != "scores" {
			t.Errorf("outbound says that %q is ours to mend, and inbound says %q", word, blames[word])
		}
		blames[word] = "ours"
	}
	for _, word := range c.constants(func(name string) bool { return name == delayed }) {
		blames[word] = "nothing"
	}
	return blames
}

// oursToMend are the reasons that say nothing about the address.
func (c letterCode) oursToMend() (words []string) {
	for _, f := range c.files["internal/outbound"] {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "reported" {
				ast.Inspect(fn.Body, func(n ast.Node) bool {
					if clause, ok := n.(*ast.CaseClause); ok {
						words = append(words, literals(clause.List...)...)
					}
					return true
				})
			}
		}
	}
	return words
}

// returned are the words that a function returns, itself or by asking another.
func (c letterCode) returned(name string, seen map[string]bool) (words []string) {
	if seen[name] {
		return nil
	}
	seen[name] = true
	take := func(values ...ast.Expr) {
		words = append(words, literals(values...)...)
		for _, v := range values {
			if call, ok := v.(*ast.CallExpr); ok {
				words = append(words, c.returned(nameOf(call.Fun), seen)...)
			}
		}
	}
	for _, fn := range c.functions[name] {
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt:
				take(n.Results...)
			case *ast.AssignStmt:
				if slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return named(e, "because") }) {
					take(n.Rhs...)
				}
			}
			return true
		})
	}
	return words
}

// table is the words that stand first in the rows of a table.
func (c letterCode) table(of string) (words []string) {
	for _, row := range c.rows(of) {
		words = append(words, literals(row.Elts[0])...)
	}
	return words
}

// rows are the rows of every table of a type whose first field is a word; "" is
// the tables whose type has no name.
func (c letterCode) rows(of string) (rows []*ast.CompositeLit) {
	for _, f := range c.files["internal/inbound"] {
		ast.Inspect(f, func(n ast.Node) bool {
			table, ok := n.(*ast.CompositeLit)
			if !ok || !holds(table, of) {
				return true
			}
			for _, e := range table.Elts {
				if row, ok := e.(*ast.CompositeLit); ok && len(row.Elts) > 1 {
					rows = append(rows, row)
				}
			}
			return true
		})
	}
	return rows
}

func holds(table *ast.CompositeLit, of string) bool {
	list, ok := table.Type.(*ast.ArrayType)
	if !ok {
		return false
	}
	if row, ok := list.Elt.(*ast.StructType); ok && of == "" {
		first := row.Fields.List[0].Names
		return len(first) > 0 && first[0].Name == "word"
	}
	return of != "" && named(list.Elt, of)
}

// fields are the words in a list that a function gives a field.
func (c letterCode) fields(function, field string) (words []string) {
	for _, fn := range c.functions[function] {
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok && named(pair.Key, field) {
				if list, ok := pair.Value.(*ast.CompositeLit); ok {
					words = append(words, literals(list.Elts...)...)
				}
			}
			return true
		})
	}
	return words
}

// delayed is the constant of the one reason that is no end of a letter.
const delayed = "reasonDelayed"

// ends are the words for what became of a letter.
func (c letterCode) ends() []string {
	return c.constants(func(name string) bool { return strings.HasPrefix(name, "reason") && name != delayed })
}

// constants are the words of constants in the rooms of letters.
func (c letterCode) constants(of func(name string) bool) (words []string) {
	for _, f := range slices.Concat(c.files["internal/inbound"], c.files["internal/arrivals"]) {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && of(spec.Names[0].Name) {
				words = append(words, literals(spec.Values...)...)
			}
			return true
		})
	}
	return words
}

// appended are the words that are appended to a list.
func appended(in ast.Node, to func(list ast.Expr) bool) (words []string) {
	ast.Inspect(in, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && named(call.Fun, "append") && to(call.Args[0]) {
			words = append(words, literals(call.Args[1:]...)...)
		}
		return true
	})
	return words
}

var aWord = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// literals are the words among some expressions.
func literals(list ...ast.Expr) (words []string) {
	for _, e := range list {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if word, err := strconv.Unquote(lit.Value); err == nil && aWord.MatchString(word) {
				words = append(words, word)
			}
		}
	}
	return words
}

func named(e ast.Expr, name string) bool { return nameOf(e) == name }

// nameOf is the last name of an expression such as r.feedback, or "".
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func once(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
