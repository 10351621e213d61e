package calibrate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What is no kind of a result: of metrics, of check-ups, of what a run is held to, and of comparisons.
var notOfResults = []string{"Unit", "Direction", "State", "Ground", "LimitVerdict", "LimitReason", "NoiseKind", "CompareWay", "CompareVerdict", "Side", "PartName"}

// Every type of words in this package is a kind that knows all its words, and is met in a result when it is read.
func TestEveryKindIsKnown(t *testing.T) {
	declared := declaredWords(t)
	met := map[string]reflect.Type{}
	wordsIn(reflect.TypeFor[Result](), met)
	for name, words := range declared {
		if slices.Contains(notOfResults, name) {
			continue
		}
		of, is := met[name]
		if !is {
			t.Errorf("no result has a %s", name)
			continue
		}
		known := slices.DeleteFunc(slices.Clone(knownKinds[of]), func(word string) bool { return word == "" })
		slices.Sort(known)
		slices.Sort(words)
		if !slices.Equal(known, words) {
			t.Errorf("%s knows %q, and the constants are %q", name, known, words)
		}
	}
	if len(declared) < 20 {
		t.Errorf("only %d types of words were found", len(declared))
	}
}

// declaredWords are the constants of each type of strings in this package.
func declaredWords(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch spec := n.(type) {
			case *ast.TypeSpec:
				if of, is := spec.Type.(*ast.Ident); is && of.Name == "string" && spec.Name.IsExported() {
					found[spec.Name.Name] = append(found[spec.Name.Name], []string{}...)
				}
			case *ast.ValueSpec:
				of, typed := spec.Type.(*ast.Ident)
				if !typed || len(spec.Values) != 1 {
					break
				}
				if word, is := spec.Values[0].(*ast.BasicLit); is && word.Kind == token.STRING {
					text, _ := strconv.Unquote(word.Value)
					found[of.Name] = append(found[of.Name], text)
				}
			}
			return true
		})
	}
	delete(found, "string")
	return found
}

func wordsIn(of reflect.Type, met map[string]reflect.Type) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		wordsIn(of.Elem(), met)
	case reflect.String:
		met[of.Name()] = of
	case reflect.Struct:
		for i := range of.NumField() {
			if of.Field(i).IsExported() {
				wordsIn(of.Field(i).Type, met)
			}
		}
	}
}

// An unknown word is found wherever it stands, and named by its keys.
func TestUnknownKinds(t *testing.T) {
	var r Result
	everything(reflect.ValueOf(&r).Elem())
	setKinds(reflect.ValueOf(&r).Elem())
	if odd := unknownKind("", reflect.ValueOf(r)); odd != "" {
		t.Fatal(odd)
	}
	places := []string{}
	eachKind(reflect.ValueOf(&r).Elem(), "", func(v reflect.Value, key string) {
		was := v.String()
		v.SetString("bogus")
		if got, want := unknownKind("", reflect.ValueOf(r)), key+` is "bogus"`; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		v.SetString(was)
		places = append(places, key)
	})
	for _, key := range strings.Fields("mode watch.counter load.mode load.errors.class phases.peak_source creep.by recommendation.recycling.doubt " +
		"recommendation.recycling.life_by recommendation.recycling.jitter_by recommendation.recycling.rate_basis recommendation.recycling.conflict.kind " +
		"recommendation.sum.basis sweep.rate_basis sweep.runs.observed_source origin.how proof.trials.creep.verdict routes.runs.creep.verdict triage.runs.creep.verdict") {
		if !slices.Contains(places, key) {
			t.Errorf("%s is not looked at: %q", key, places)
		}
	}
}

func setKinds(v reflect.Value) {
	eachKind(v, "", func(v reflect.Value, _ string) { v.SetString(knownKinds[v.Type()][0]) })
}

func eachKind(v reflect.Value, key string, do func(reflect.Value, string)) {
	switch v.Kind() {
	case reflect.Pointer:
		eachKind(v.Elem(), key, do)
	case reflect.Slice:
		for i := range v.Len() {
			eachKind(v.Index(i), key, do)
		}
	case reflect.String:
		if knownKinds[v.Type()] != nil {
			do(v, key)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				eachKind(v.Field(i), strings.Trim(key+"."+name, "."), do)
			}
		}
	}
}
