package config

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Read reads the file at a path. shown is how its name is written in what is said of it.
func Read(path, shown string, keys []Key) (File, error) {
	text, err := Bounded(path)
	if err != nil {
		return File{}, calibrate.Usage("name another with --config, or leave it out with --no-config", "the configuration can't be read: %s", err)
	}
	file, wrong := Parse(shown, text, keys)
	return file, Failure(shown, wrong)
}

// Failure is all that is wrong with a file, nil if nothing is.
func Failure(name string, wrong []calibrate.Mistake) error {
	if len(wrong) == 0 {
		return nil
	}
	f := calibrate.Usage("calibrate guide config explains the file; --no-config leaves it out", "%s has %s; nothing was started", name, say.Plural(len(wrong), "mistake"))
	f.Mistakes = wrong
	return f
}

// Parse takes the text of a file apart.
func Parse(name string, text []byte, keys []Key) (File, []calibrate.Mistake) {
	r := reader{name: name, keys: keys, lines: linesOf(string(text))}
	file := File{Path: name}
	if root := r.document(text); root != nil {
		r.plain(root)
		file.Layer, file.Profiles = r.top(root)
	}
	slices.SortStableFunc(r.wrong, func(a, b calibrate.Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return file, r.wrong
}

// lineEnd is what ends a line of YAML, by which its parser counts them (YAML 1.1, b-char).
var lineEnd = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func linesOf(text string) []string { return lineEnd.Split(strings.TrimPrefix(text, "\ufeff"), -1) }

// reader is a file in the course of being read.
type reader struct {
	name    string
	keys    []Key
	lines   []string
	profile string // inside of which it is, "" for none
	wrong   []calibrate.Mistake
	hidden  []bool // lines that may hold a secret; nil: not looked for
}

// document is what the text holds, nil if it isn't one document of YAML.
func (r *reader) document(text []byte) *yaml.Node {
	if at := firstInvalid(text); at >= 0 {
		before := linesOf(string(text[:at]))
		r.complain(Place{Line: len(before), Column: utf8.RuneCountInString(before[len(before)-1]) + 1},
			"save it as UTF-8", "this is no text in UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root, more yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		r.complain(Place{Line: 1, Column: 1}, "calibrate init writes one", "it is empty")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		r.complain(placeOf(&more), "leave it out", "a second document begins here")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
	}
	if len(root.Content) != 1 {
		return nil
	}
	return root.Content[0]
}

// firstInvalid is where the text is no UTF-8, or holds what no text has; -1 if it is a text.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if control := r < ' ' && !strings.ContainsRune("\t\n\r", r); control || r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// syntax says why it is no YAML. Of tabs each is told: who writes one writes many.
func (r *reader) syntax(err error) {
	before := len(r.wrong)
	for i, line := range r.lines {
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
			r.complain(Place{Line: i + 1, Column: strings.Index(indent, "\t") + 1}, "indent with spaces", "a tab can't indent YAML")
		}
	}
	if len(r.wrong) > before {
		return
	}
	what, at := err.Error(), Place{Line: 1, Column: 1}
	var bad *yaml.LoadError
	if errors.As(err, &bad) {
		what = bad.Message
		if bad.Mark.Line > 0 {
			at.Line, at.Column = bad.Mark.Line, bad.Mark.Column
		}
		if bad.ContextMark.Line > 0 {
			what += " " + bad.ContextMsg
			if bad.ContextMark.Line != bad.Mark.Line { // of what doesn't end, the place where it begins helps
				at.Line, at.Column = bad.ContextMark.Line, bad.ContextMark.Column
			}
		}
	}
	r.complain(at, tryOf(what), "this is no YAML: %s", what)
}

// tryOf is the next thing to try for the commonest of the parser's own messages.
func tryOf(message string) string {
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		return "put a value that has a colon between quotation marks"
	case strings.Contains(message, "cannot start any token"):
		return "put the value between quotation marks"
	}
	return ""
}

// plain complains of all that makes YAML more than keys and values.
func (r *reader) plain(n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		r.complain(placeOf(n), "write the value again", "an alias (*%s) is not read", short(n.Value))
	case n.Anchor != "":
		r.complain(placeOf(n), "leave it out", "an anchor (&%s) is not read", short(n.Anchor))
	case n.Style&yaml.TaggedStyle != 0:
		r.complain(placeOf(n), "leave it out", "a tag (%s) is not read", short(n.Tag))
	case n.Tag == "!!merge":
		r.complain(placeOf(n), "write the keys again", "merging (<<) is not read")
	}
	for _, below := range n.Content {
		r.plain(below)
	}
}

func placeOf(n *yaml.Node) Place {
	for n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	return Place{Line: n.Line, Column: n.Column}
}
