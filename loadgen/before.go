package loadgen

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
)

// Before is the requests that are sent once, in order, to every app that is started, before its load: a login, mostly.
// The cookies that they get go with every request of the load.
type Before struct {
	name   string
	list   []target // as written, with its placeholders
	getenv func(string) string
}

const formType = "application/x-www-form-urlencoded"

var (
	// field is {{name}}, a hidden field or a meta element of the page before.
	field = regexp.MustCompile(`\{\{\s*([^{}\s]+)\s*\}\}`)
	// placeholder is a field, or ${NAME}, a variable of the environment. Both are filled in at one go: a value that is put
	// in is never looked at again, whatever it holds.
	placeholder = regexp.MustCompile(field.String() + `|\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	// inPath is a variable in a path or a query, as it would go over the wire.
	inPath = regexp.MustCompile(`\$(?:\{|%7B)([A-Za-z_][A-Za-z0-9_]*)(?:\}|%7D)`)
)

// ReadBefore reads vegeta's HTTP format, or its JSON format. In headers and bodies, ${NAME} stands for a variable of the
// environment, so that a password need not be in a file. In paths, too, {{name}} stands for the value that the last HTML
// page has in its hidden field, or its meta element, of that name: the token against forged requests. A body without a
// Content-Type is a form's, as of curl -d. It returns a *calibrate.Failure, as ReadTargets does.
func ReadBefore(name string, r io.Reader, getenv func(string) string) (Before, error) {
	in := bufio.NewReader(r)
	skipMark(in)
	targets, err := readList(name, in)
	if err != nil {
		return Before{}, err
	}
	b := Before{name: name, list: targets.list, getenv: getenv}
	for i := range b.list {
		one := &b.list[i]
		one.path = strings.NewReplacer("%7B%7B", "{{", "%7D%7D", "}}").Replace(one.path)
		if len(one.body) > 0 && one.header.Get("Content-Type") == "" {
			one.header.Set("Content-Type", formType)
		}
		if m := inPath.FindStringSubmatch(one.path); m != nil {
			return Before{}, calibrate.Usage("write its value there, or send it in a header or a body", "%s: ${%s} is in the path, and variables are filled in headers and bodies only", b.where(*one), m[1])
		}
		filled := *one
		if missing := filled.fill(getenv, func(name string) string { return name }); missing != "" { // no page is there yet
			return Before{}, calibrate.Usage("export it, or write its value there", "%s: the environment's %s is not set, or empty", b.where(*one), missing)
		}
		if _, bad := checkHeader(filled.header); bad != nil {
			return Before{}, calibrate.Usage(bad.try, "%s: %s", b.where(*one), bad.what)
		}
		if i == 0 && one.asks() {
			return Before{}, calibrate.Usage("get the page with the form first, such as GET /login", "%s: no page comes before it that could fill in {{...}}", b.where(*one))
		}
	}
	return b, nil
}

// Check is that of [Targets].
func (b Before) Check(allow []string) error { return Targets{name: b.name, list: b.list}.Check(allow) }

// where names a request: its place in the file, and its path without what may be secret.
func (b Before) where(one target) string {
	path, _, _ := strings.Cut(one.path, "?")
	return clip(fmt.Sprintf("%s %s (%s)", one.method, path, where(b.name, one.line)))
}

// fill replaces each placeholder by its value, escaped as its place needs it, and returns the first name that has none. The
// target's own header and body are replaced, not changed.
func (t *target) fill(variable, value func(name string) string) (missing string) {
	replace := func(text string, pattern *regexp.Regexp, escape func(string) string) string {
		return pattern.ReplaceAllStringFunc(text, func(found string) string {
			m := pattern.FindStringSubmatch(found)
			name, from := m[1], value
			if name == "" {
				name, from = m[2], variable
			}
			filled := from(name)
			if filled == "" && missing == "" {
				missing = name
			}
			return escape(filled)
		})
	}
	t.path = replace(t.path, field, url.QueryEscape)
	t.header = t.header.Clone()
	for _, values := range t.header {
		for i := range values {
			values[i] = replace(values[i], placeholder, plainly)
		}
	}
	t.body = []byte(replace(string(t.body), placeholder, escaperOf(t.header.Get("Content-Type"))))
	return missing
}

func plainly(s string) string { return s }

// escaperOf fits a value into a body of a kind.
func escaperOf(contentType string) func(string) string {
	switch {
	case strings.HasPrefix(contentType, formType):
		return url.QueryEscape
	case strings.Contains(contentType, "json"):
		return func(s string) string {
			quoted, _ := json.Marshal(s) // a string always can be
			return string(quoted[1 : len(quoted)-1])
		}
	}
	return plainly
}

// asks says whether something of the page before is to be filled in.
func (t *target) asks() bool {
	for _, values := range t.header {
		if slices.ContainsFunc(values, field.MatchString) {
			return true
		}
	}
	return field.MatchString(t.path) || field.Match(t.body)
}
