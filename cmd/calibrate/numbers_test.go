package main_test

import (
	"fmt"
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

// countingVerb prints a whole number without setting its thousands apart.
var countingVerb = regexp.MustCompile(`%[-+ #0]*[0-9]*d`)

// machineText is where digits stand together because nobody counts with them, or because a machine reads them.
var machineText = []struct{ what, pattern string }{
	{"the number of a process or a user", `process (\()?%d|%d is no process|user %d|worker %d that|%d can't be the number`},
	{"an exit code or a signal", `exit code %d|signal %d`},
	{"an HTTP status", `redirect \(%d\)|answers %d|answered %d to GET`},
	{"a version", `cgroups?:? v%d`},
	{"a place in a file", `line %d|entry %d|:%d`},
	{"a value to set, as it is typed", `--[a-z-]+ %d|-w %d|%s=%d|somaxconn=%d|%s %d(, or less|, with one worker| counts connections)|set it to %d|limit-max-requests %d|from 1 to %d`},
	{"an amount, as it is typed", `^"%dm"$|%sc/%dG`},
	{"a name", `"%d-%d-%d-%d"|^"%d %s"$`},
	{"uWSGI's own variable", `^"%d"$`},
}

// machineFiles hold nothing but text for machines, or read it.
var machineFiles = regexp.MustCompile(`^(report/ci_[a-z]+\.go|report/emit_boxes\.go|calibrate/migrate\.go|calibrate/linux/.*|calibrate/server/servertest/.*)$`)

// TestNumbersAreSaidOnce holds calibrate/say to be the only code that writes a number for people.
func TestNumbersAreSaidOnce(t *testing.T) {
	used := map[string]bool{}
	for where, text := range literals(t) {
		for _, m := range machineText {
			if pattern := regexp.MustCompile(m.pattern); pattern.MatchString(text) {
				text, used[m.what] = pattern.ReplaceAllString(text, ""), used[m.what] || countingVerb.MatchString(text)
			}
		}
		if roundingVerb.MatchString(text) || countingVerb.MatchString(text) {
			t.Errorf("%s: %s: let %s write the number", where, text, forAll)
		}
	}
	for _, m := range machineText {
		if !used[m.what] {
			t.Errorf("nothing prints %s any more: %s", m.what, m.pattern)
		}
	}
}

// literals are the texts in the code of every room that speaks to people, by file and line.
func literals(t *testing.T) map[string]string {
	root := filepath.Join("..", "..")
	sources, err := readSources(root)
	if err != nil || len(sources) == 0 {
		t.Fatal(len(sources), err)
	}
	all := map[string]string{}
	for _, s := range sources {
		home, _ := roomOf(filepath.ToSlash(filepath.Dir(s.file)))
		if strings.HasSuffix(s.file, "_test.go") || home.folder == forAll || home.folder == "fixtures" || machineFiles.MatchString(filepath.ToSlash(s.file)) {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(root, s.file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				at := fset.Position(n.Pos())
				all[fmt.Sprintf("%s:%d:%d", s.file, at.Line, at.Column)] = text.Value
			}
			return true
		})
	}
	return all
}

func TestRoundingVerbs(t *testing.T) {
	for text, want := range map[string]bool{"%.1f MB": true, "%+.1f %%": true, "%.3g": true, "%s MB": false, "%d %%": false, "%f": false} {
		if roundingVerb.MatchString(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
