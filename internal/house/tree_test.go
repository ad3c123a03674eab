package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module is the import path of this project.
const module = "postroom"

// root is the top of the checkout, seen from this package.
const root = "../.."

// file is one Go file of the project, parsed.
type file struct {
	path string // from the top of the checkout, with slashes
	pkg  string // its folder's import path without the module: "internal/store"; "" at the top
	ast  *ast.File
	fset *token.FileSet
}

// test reports whether the file belongs to the tests.
func (f file) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// at names a place in the file for a failure text.
func (f file) at(p token.Pos) string {
	pos := f.fset.Position(p)
	return fmt.Sprintf("%s:%d", f.path, pos.Line)
}

// tree parses every Go file of the project.
func tree(t *testing.T) []file {
	t.Helper()
	var files []file
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, filepath.Join(root, path), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		files = append(files, file{path: filepath.ToSlash(path), pkg: pkg, ast: parsed, fset: fset})
	})
	return files
}

// walk calls f with every file of the project that is its own: dot folders,
// testdata and what make builds are not.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
			return fs.SkipDir
		}
		if !d.IsDir() {
			f(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
