package house_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	lines := map[string]int{}
	for _, f := range tree(t) {
		if f.test() {
			continue
		}
		doc := 0
		if f.ast.Doc != nil {
			doc = len(strings.Split(strings.TrimSpace(f.ast.Doc.Text()), "\n"))
		}
		lines[f.pkg] = max(lines[f.pkg], doc)
	}
	for pkg, n := range lines {
		if n < 3 {
			t.Errorf("package %s: its comment has %d lines, and 3 are the least. A newcomer reads it first: "+
				"say what the package is for, and then the one idea that the code does not show", pkg, n)
		}
	}
}

// The longest function outside tests, and the middle one.
const (
	longestFunction = 90
	medianFunction  = 15
)

// function is one declared function and how many lines it takes.
type function struct {
	where string
	name  string
	lines int
}

func TestFunctionsStayShort(t *testing.T) {
	all := functions(t)
	if len(all) == 0 {
		t.Fatal("no function was found; this test looks in the wrong place")
	}
	slices.SortFunc(all, func(a, b function) int { return cmp.Compare(b.lines, a.lines) })
	for _, f := range all[:min(10, len(all))] {
		t.Logf("%3d lines: %s %s", f.lines, f.where, f.name)
	}
	if n := all[len(all)/2].lines; n > medianFunction {
		t.Errorf("the median function has %d lines, and %d are the most. Code is read a function at a time; let names carry the steps", n, medianFunction)
	}
	for _, f := range all {
		if f.lines > longestFunction {
			t.Errorf("%s: %s has %d lines, and %d are the most. It is the tail that makes code feared, not the average; "+
				"give its steps names", f.where, f.name, f.lines, longestFunction)
		}
	}
}

// functions measures every function with a body outside tests, from its first
// line to its closing brace.
func functions(t *testing.T) []function {
	t.Helper()
	var all []function
	for _, f := range tree(t) {
		if f.test() {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			lines := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			all = append(all, function{f.at(fn.Pos()), fn.Name.Name, lines})
		}
	}
	return all
}

func TestTestsDoNotSleep(t *testing.T) {
	for _, f := range tree(t) {
		if !f.test() && !testHelp(f.pkg) {
			continue
		}
		calls(f, func(call *ast.CallExpr, on, name string) {
			if on == "time" && name == "Sleep" {
				t.Errorf("%s: a sleep makes a test slow where the machine is fast and wrong where it is slow; "+
					"wait for a signal, move the clock, or work until idle", f.at(call.Pos()))
			}
		})
	}
}

// testHelp reports packages that are only there for tests.
func testHelp(pkg string) bool {
	return pkg == "internal/testkit" || pkg == "internal/testserver"
}

// skipWords is how many words make a sentence that helps.
const skipWords = 5

func TestSkippedTestsSayHowToRunThem(t *testing.T) {
	for _, f := range tree(t) {
		if !f.test() && !testHelp(f.pkg) {
			continue
		}
		fuzzing := token.NoPos // in a fuzz function a skip says "not this input", which needs no sentence
		calls(f, func(call *ast.CallExpr, _, name string) {
			if name == "Fuzz" {
				fuzzing = call.End()
			}
			if call.Pos() < fuzzing {
				return
			}
			if name == "SkipNow" || (name == "Skip" || name == "Skipf") && !explains(call) {
				t.Errorf("%s: a test that is skipped must say in a sentence why, and how to have it run; "+
					"otherwise nobody notices that it never runs", f.at(call.Pos()))
			}
		})
	}
}

// explains reports whether a skip's first argument is a sentence, or put
// together from more than a literal, which a reader must judge.
func explains(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	text, ok := call.Args[0].(*ast.BasicLit)
	return !ok || len(strings.Fields(text.Value)) >= skipWords
}

// calls reports every call in a file whose function is written on.name.
func calls(f file, report func(call *ast.CallExpr, on, name string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			on, _ := sel.X.(*ast.Ident)
			if on == nil {
				on = &ast.Ident{}
			}
			report(call, on.Name, sel.Sel.Name)
		}
		return true
	})
}

// Tables, errors, regular expressions and embedded files are package-level
// variables that nobody changes. What changes is found by its assignments.
func TestPackagesHoldNoMutableState(t *testing.T) {
	packages := map[string][]file{}
	for _, f := range tree(t) {
		if !f.test() && !strings.HasPrefix(f.pkg, "cmd/") {
			packages[f.pkg] = append(packages[f.pkg], f)
		}
	}
	for _, files := range packages {
		vars := packageVars(files)
		for _, f := range files {
			for _, where := range assignments(f, vars) {
				t.Errorf("%s is assigned to, and it belongs to the package. Two post rooms in one process (every test) would share it; "+
					"make it a field of something that a constructor returns", where)
			}
		}
	}
}

// packageVars returns the names of a package's variables.
func packageVars(files []file) map[string]bool {
	vars := map[string]bool{}
	for _, f := range files {
		for _, d := range f.ast.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, s := range gen.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					vars[name.Name] = name.Name != "_"
				}
			}
		}
	}
	return vars
}

// assignments finds where a file changes a package's variable: x = , x++,
// x[k] = , x.f = , delete(x, k), clear(x). The parser has tied each name that
// is declared inside a function to that declaration, which leaves the
// package's own.
func assignments(f file, vars map[string]bool) []string {
	found := changeable(f)
	report := func(e ast.Expr) {
		if id := base(e); id != nil && vars[id.Name] && !local(f, id) {
			found = append(found, fmt.Sprintf("%s: %s", f.at(id.Pos()), id.Name))
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					report(e)
				}
			}
		case *ast.IncDecStmt:
			report(n.X)
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (fn.Name == "delete" || fn.Name == "clear") {
				report(n.Args[0])
			}
		}
		return true
	})
	return found
}

// changeable finds variables of the package whose type is there to be changed:
// a lock, a pool, an atomic number.
func changeable(f file) []string {
	var found []string
	for _, d := range f.ast.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			spec := s.(*ast.ValueSpec)
			typ, ok := spec.Type.(*ast.SelectorExpr)
			if from := base(spec.Type); ok && from != nil && (from.Name == "sync" || from.Name == "atomic") {
				found = append(found, fmt.Sprintf("%s: %s, a %s.%s,", f.at(spec.Pos()), spec.Names[0].Name, from.Name, typ.Sel.Name))
			}
		}
	}
	return found
}

// base returns the name at the start of x, x.f, x[i] and *x.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// local reports whether the name stands for something declared inside a
// function, a parameter or a receiver among them.
func local(f file, id *ast.Ident) bool {
	if id.Obj == nil {
		return false // declared in another file: the package's
	}
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= id.Obj.Pos() && id.Obj.Pos() < fn.End() {
			return true
		}
	}
	return false
}

// Guards the words of this package's own failures against a typing mistake.
func TestSkipSentencesAreCountedInWords(t *testing.T) {
	for text, want := range map[string]bool{"no redis": false, "redis-server is not here; get it with apt": true} {
		call := &ast.CallExpr{Args: []ast.Expr{&ast.BasicLit{Value: strconv.Quote(text)}}}
		if explains(call) != want {
			t.Errorf("explains(%q) is %t", text, !want)
		}
	}
}
