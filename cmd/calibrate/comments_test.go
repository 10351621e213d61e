package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// spoken is what one package declares, and what its comments say.
type spoken struct {
	declared map[string]bool // functions, types, variables, constants; methods and fields as Type.Name
	docs     map[string]string
	comments []string
}

// spokenOf are those of this module, by folder, tests apart.
func spokenOf(t *testing.T) map[string]*spoken {
	t.Helper()
	all := map[string]*spoken{}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "fixtures" || name == "testdata" || name == "bin" || len(name) > 2 && strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		folder := filepath.Dir(file)
		if all[folder] == nil {
			all[folder] = &spoken{declared: map[string]bool{}, docs: map[string]string{}}
		}
		all[folder].read(parsed)
		return nil
	})
	if err != nil || len(all) < 10 {
		t.Fatalf("%d packages, %v", len(all), err)
	}
	return all
}

func (s *spoken) read(file *ast.File) {
	for _, group := range file.Comments {
		s.comments = append(s.comments, group.Text())
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			s.declare(name, d.Doc)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				s.readSpec(d, spec)
			}
		}
	}
}

func (s *spoken) readSpec(d *ast.GenDecl, spec ast.Spec) {
	doc := func(own *ast.CommentGroup) *ast.CommentGroup {
		if own == nil && len(d.Specs) == 1 {
			return d.Doc
		}
		return own
	}
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			s.declare(name.Name, doc(spec.Doc))
		}
	case *ast.TypeSpec:
		s.declare(spec.Name.Name, doc(spec.Doc))
		ast.Inspect(spec.Type, func(n ast.Node) bool {
			if field, is := n.(*ast.Field); is {
				for _, name := range field.Names {
					s.declared[spec.Name.Name+"."+name.Name] = true
				}
			}
			return true
		})
	}
}

func (s *spoken) declare(name string, doc *ast.CommentGroup) {
	s.declared[name] = true
	if doc != nil {
		s.docs[name] = doc.Text()
	}
}

func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

var (
	firstWord = regexp.MustCompile(`^([a-z]\w*) `)
	docLink   = regexp.MustCompile(`(?:^|[^\w\]])\[([A-Za-z]\w*(?:\.\w+){0,2})\]`)
	seeName   = regexp.MustCompile(`[:(;,] see \[?((?:[A-Z]\w*\.)?[A-Za-z]\w*[a-z][A-Z]\w*|[A-Z]\w*\.[A-Z]\w*)\b`)
)

// A doc comment that begins with a name begins with that of what it stands at.
func TestDocCommentsNameTheirOwn(t *testing.T) {
	for folder, s := range spokenOf(t) {
		for name, doc := range s.docs {
			own := name[strings.LastIndex(name, ".")+1:]
			if first := firstWord.FindStringSubmatch(doc); first != nil && first[1] != own {
				t.Errorf("%s: what is said of %s begins with %q", folder, name, first[1])
			}
		}
	}
}

// What a comment links to, or says to see, is there.
func TestDocLinksLeadSomewhere(t *testing.T) {
	all := spokenOf(t)
	anywhere := map[string]bool{}
	for folder, s := range all {
		for name := range s.declared {
			anywhere[name], anywhere[path.Base(folder)+"."+name] = true, true
			anywhere[name[strings.LastIndex(name, ".")+1:]] = true
		}
	}
	for folder, s := range all {
		for _, comment := range s.comments {
			for _, link := range docLink.FindAllStringSubmatch(comment, -1) {
				if to := link[1]; !anywhere[to] && to != "path.Match" && to != "madvise" && to != strings.ToUpper(to) { // in capitals: of a command line
					t.Errorf("%s: [%s] is nowhere", folder, to)
				}
			}
			for _, link := range seeName.FindAllStringSubmatch(strings.ReplaceAll(comment, "\n", " "), -1) {
				if !anywhere[link[1]] {
					t.Errorf("%s: %q names nothing", folder, link[0])
				}
			}
		}
	}
}
