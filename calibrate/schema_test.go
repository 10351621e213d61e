package calibrate

import (
	"cmp"
	"encoding"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	differ "github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
)

var update = flag.Bool("update", false, "write the JSON Schemas anew")

// The committed schemas are those of the types, and no key that was in one has gone: that would be another schema number.
func TestSchemas(t *testing.T) {
	result := schemaOf[Result](t, Schema, "schema")
	result.If = &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"complete": {Const: jsonschema.Ptr[any](true)}}, Required: []string{"complete"}}
	result.Then = &jsonschema.Schema{Required: wholeParts}
	baseline := schemaOf[Baseline](t, BaselineSchema, "schema", "fingerprint", "metrics")
	for _, s := range []struct {
		file, committed string
		of              *jsonschema.Schema
	}{
		{"schema/result.json", ResultJSONSchema, result},
		{"schema/baseline.json", BaselineJSONSchema, baseline},
	} {
		for _, key := range gone(t, s.committed, s.of) {
			t.Errorf("%s had the key %s: within a schema number none goes", s.file, key)
		}
		text, err := json.MarshalIndent(s.of, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		if *update {
			if err := os.WriteFile(s.file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := differ.Diff(s.committed, string(text)); diff != "" {
			t.Errorf("%s is not that of the types; make golden writes it (-committed +types):\n%s", s.file, diff)
		}
	}
}

// A result that is not one is told from one, and a key of a later version is none to complain of.
func TestSchemasHold(t *testing.T) {
	for _, tt := range []struct {
		schema, text string
		holds        bool
	}{
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "joined_later": 1}`, true},
		{ResultJSONSchema, `{"schema": "calibrate.result/1"}`, false},
		{ResultJSONSchema, `{}`, false},
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "complete": true}`, false}, // without its phases
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "worker": {"peak_rss_bytes": "9 MB"}}`, false},
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "creep": {"verdict": "perhaps"}}`, false},
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "proof": null, "triage": {}}`, true},
		{ResultJSONSchema, `{"schema": "calibrate.result/2", "worker": null}`, false},
		{BaselineJSONSchema, `{"schema": "calibrate.baseline/1", "fingerprint": {}, "metrics": {"peak": {"unit": "bytes", "value": 1, "low": null, "high": null}}}`, true},
		{BaselineJSONSchema, `{"schema": "calibrate.baseline/1", "fingerprint": {}, "metrics": {"peak": {"unit": "bytes", "value": "1"}}}`, false},
	} {
		var value any
		if err := json.Unmarshal([]byte(tt.text), &value); err != nil {
			t.Fatal(err)
		}
		resolved, err := parsedSchema(t, tt.schema).Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(value); (err == nil) != tt.holds {
			t.Errorf("%s: %v", tt.text, err)
		}
	}
}

// The schema names every key that can be written, and takes a result of which nothing is known.
func TestSchemaIsWhole(t *testing.T) {
	var full Result
	everything(reflect.ValueOf(&full).Elem())
	setKinds(reflect.ValueOf(&full).Elem())
	closed := parsedSchema(t, ResultJSONSchema)
	for _, of := range append(slices.Collect(maps.Values(closed.Defs)), closed) {
		if of.Properties != nil {
			of.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		}
	}
	resolved, err := closed.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []Result{full, {}} {
		r.Schema = Schema
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(value); err != nil {
			t.Error(err)
		}
	}
}

func parsedSchema(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	s := &jsonschema.Schema{}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// gone are the keys of a committed schema that another lacks.
func gone(t *testing.T, committed string, now *jsonschema.Schema) (keys []string) {
	before := parsedSchema(t, committed)
	for _, name := range slices.Sorted(maps.Keys(before.Defs)) {
		for key := range before.Defs[name].Properties {
			if of := now.Defs[name]; of == nil || of.Properties[key] == nil {
				keys = append(keys, name+"."+key)
			}
		}
	}
	for key := range before.Properties {
		if now.Properties[key] == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestGone(t *testing.T) {
	const committed = `{"properties": {"a": {}, "b": {}}, "$defs": {"T": {"properties": {"c": {}, "d": {}}}, "U": {"properties": {"e": {}}}}}`
	now := parsedSchema(t, `{"properties": {"b": {}, "new": {}}, "$defs": {"T": {"properties": {"c": {}}}}}`)
	if got := gone(t, committed, now); !slices.Equal(got, []string{"T.d", "U.e", "a"}) {
		t.Errorf("gone: %q", got)
	}
}

// schemaOf is that of a type, with each type in it once, under $defs.
func schemaOf[T any](t *testing.T, number string, required ...string) *jsonschema.Schema {
	root := reflect.TypeFor[T]()
	known := map[reflect.Type]*jsonschema.Schema{reflect.TypeFor[time.Time](): {Type: "string", Format: "date-time"}}
	named := namedTypes(root)
	for _, n := range named {
		known[n] = &jsonschema.Schema{Ref: "#/$defs/" + n.Name()}
	}
	words := comments(t, ".", "knob")
	of := func(n reflect.Type) *jsonschema.Schema {
		others := maps.Clone(known)
		delete(others, n)
		s, err := jsonschema.ForType(n, &jsonschema.ForOptions{TypeSchemas: others})
		if err != nil {
			t.Fatal(err)
		}
		return described(s, n, words)
	}
	s := of(root)
	s.Schema, s.Title, s.Defs = "https://json-schema.org/draft/2020-12/schema", number, map[string]*jsonschema.Schema{}
	s.Required, s.Properties["schema"] = required, &jsonschema.Schema{Const: jsonschema.Ptr[any](number)}
	for _, n := range named {
		s.Defs[n.Name()] = of(n)
	}
	return s
}

// namedTypes are the structs and kinds in a type, without those whose keys stand among its own.
func namedTypes(root reflect.Type) (found []reflect.Type) {
	var look func(t reflect.Type, embedded bool)
	look = func(t reflect.Type, embedded bool) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			look(t.Elem(), false)
			return
		}
		isKind := knownKinds[t] != nil
		if slices.Contains(found, t) || t.Kind() != reflect.Struct && !isKind || t == reflect.TypeFor[time.Time]() {
			return
		}
		if t != root && !embedded {
			found = append(found, t)
		}
		if !isKind && !isText(t) {
			for i := range t.NumField() {
				look(t.Field(i).Type, t.Field(i).Anonymous)
			}
		}
	}
	look(root, false)
	return found
}

func isText(t reflect.Type) bool { return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) }

// described adds what jsonschema-go doesn't: comments, kinds, a null instead of a reference. What joins later is in no earlier
// result, so nothing is required, and nothing more forbidden.
func described(s *jsonschema.Schema, t reflect.Type, words map[string]string) *jsonschema.Schema {
	if isText(t) {
		s = &jsonschema.Schema{Type: "string"}
	}
	s.Description = words[t.Name()]
	for _, kind := range knownKinds[t] {
		s.Enum = append(s.Enum, kind)
	}
	if t.Kind() != reflect.Struct || isText(t) {
		return s
	}
	s.AdditionalProperties, s.Required = nil, nil
	for _, field := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if property := s.Properties[key]; property != nil {
			owner := t
			if inner := len(field.Index) - 1; inner > 0 {
				owner = t.FieldByIndex(field.Index[:inner]).Type
			}
			if field.Type.Kind() == reflect.Map { // as of a slice, nil is null
				property.Type, property.Types = "", []string{"null", property.Type}
			}
			s.Properties[key] = nullable(property)
			s.Properties[key].Description = words[owner.Name()+"."+field.Name]
		}
	}
	return s
}

// nullable has a reference or null: jsonschema-go asks for both at once.
func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Ref == "" || !slices.Contains(s.Types, "null") {
		return s
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Ref: s.Ref}, {Type: "null"}}}
}

// comments are those on the types and fields of packages, by name: "Worker", "Worker.IdleRSSBytes". What they name as Go does is
// named as JSON does.
func comments(t *testing.T, folders ...string) map[string]string {
	words, inJSON := map[string]string{}, map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", folder, err, len(files))
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				readComments(n, words)
				readNames(n, inJSON)
				return true
			})
		}
	}
	for name, text := range words {
		_, own, _ := strings.Cut(name, ".")
		words[name] = goName.ReplaceAllStringFunc(text, func(word string) string {
			if strings.HasPrefix(text, word+" ") && word == own || strings.ContainsFunc(word[1:], unicode.IsUpper) {
				return cmp.Or(inJSON[word], word)
			}
			return word
		})
	}
	return words
}

// goName is an exported name. One of a single hump may be any word that begins a sentence.
var goName = regexp.MustCompile(`\b[A-Z][A-Za-z]+\b`)

func readComments(n ast.Node, words map[string]string) {
	types, _ := n.(*ast.GenDecl)
	if types == nil || types.Tok != token.TYPE {
		return
	}
	for _, spec := range types.Specs {
		named := spec.(*ast.TypeSpec)
		words[named.Name.Name] = oneLine(named.Doc, types.Doc)
		of, _ := named.Type.(*ast.StructType)
		if of == nil {
			continue
		}
		for _, field := range of.Fields.List {
			for _, name := range field.Names {
				words[named.Name.Name+"."+name.Name] = oneLine(field.Doc, field.Comment)
			}
		}
	}
}

// readNames reads the keys of fields, and the values of kinds.
func readNames(n ast.Node, inJSON map[string]string) {
	switch n := n.(type) {
	case *ast.Field:
		if n.Tag != nil && len(n.Names) == 1 {
			tag, _ := strconv.Unquote(n.Tag.Value)
			if key, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ","); key != "-" {
				inJSON[n.Names[0].Name] = key
			}
		}
	case *ast.ValueSpec:
		if len(n.Values) == 1 {
			if value, ok := n.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				inJSON[n.Names[0].Name] = value.Value
			}
		}
	}
}

// oneLine is the first comment that there is.
func oneLine(comments ...*ast.CommentGroup) string {
	return strings.Join(strings.Fields(cmp.Or(comments...).Text()), " ")
}
