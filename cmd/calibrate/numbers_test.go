package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// roundingVerb prints a number with digits behind the point, or cut to some: by a rule of its own.
var roundingVerb = regexp.MustCompile(`%[-+ #0]*[0-9]*\.[0-9]+[efg]`)

// TestNumbersAreSaidOnce holds calibrate/say to be the only code that rounds a number for people.
func TestNumbersAreSaidOnce(t *testing.T) {
	root := filepath.Join("..", "..")
	sources, err := readSources(root)
	if err != nil || len(sources) == 0 {
		t.Fatal(len(sources), err)
	}
	for _, s := range sources {
		home, _ := roomOf(filepath.ToSlash(filepath.Dir(s.file)))
		if strings.HasSuffix(s.file, "_test.go") || home.folder == forAll || home.folder == "fixtures" {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(root, s.file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && roundingVerb.MatchString(text.Value) {
				t.Errorf("%s:%d: %s: let %s write the number", s.file, fset.Position(n.Pos()).Line, text.Value, forAll)
			}
			return true
		})
	}
}

func TestRoundingVerbs(t *testing.T) {
	for text, want := range map[string]bool{"%.1f MB": true, "%+.1f %%": true, "%.3g": true, "%s MB": false, "%d %%": false, "%f": false} {
		if roundingVerb.MatchString(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
