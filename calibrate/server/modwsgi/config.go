package modwsgi

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate/server/known"
)

// apacheConfig is an Apache configuration with the files that it includes put in their places.
type apacheConfig struct {
	lines []apacheLine
	root  string // ServerRoot, to which paths are relative
	env   func(name string) string
	names map[string]string // set by Define, or by -D without a value
	depth int               // of files that include files
	off   int               // of sections <IfDefine> around what comes next, from the first that does not hold
}

// apacheLine is one directive, with the lines that a backslash continues it on; or a comment, or nothing.
type apacheLine struct {
	text  string   // without its newline
	words []string // raw, with their quotation marks; none of a comment
}

// includeDepth bounds files that include themselves, as AP_MAX_INCLUDE_DEPTH does (server/config.c).
const includeDepth = 128

// read appends a file. An included file that can't be read is left to Apache, which ignores it if the Include stands
// in a section that does not hold.
func (c *apacheConfig) read(file string) error {
	text, err := known.ReadRegular(file)
	if err != nil {
		return err
	}
	c.add(string(text))
	return nil
}

// add appends the directives of a text.
func (c *apacheConfig) add(text string) {
	for _, line := range apacheLines(text) {
		args := line.args()
		if c.skips(line.Name(), args.at(0)) {
			line.words = nil
		}
		switch line.Name() {
		case "serverroot":
			c.root = c.path(c.expand(args.at(0)))
		case "define":
			c.names[args.at(0)] = c.expand(args.at(1))
		case "include", "includeoptional":
			if c.include(c.expand(args.at(0))) {
				continue
			}
		}
		c.lines = append(c.lines, line)
	}
}

// skips says whether a line stands in an <IfDefine> that does not hold: Apache doesn't read it. Of other conditions, what
// they come to is known to Apache only: their directives count.
func (c *apacheConfig) skips(name, condition string) bool {
	switch {
	case name == "</ifdefine" && c.off > 0:
		c.off--
		return true
	case name == "<ifdefine":
		define, not := strings.CutPrefix(condition, "!")
		if _, defined := c.names[define]; c.off > 0 || defined == not {
			c.off++
		}
	}
	return c.off > 0
}

// include appends the files that a pattern or a folder names, in Apache's order. It says false if nothing could be
// read.
func (c *apacheConfig) include(pattern string) bool {
	if pattern == "" || c.depth >= includeDepth {
		return false
	}
	files, err := filepath.Glob(c.path(pattern)) // sorted
	if err != nil || len(files) == 0 {
		return false
	}
	c.depth++
	defer func() { c.depth-- }()
	for _, file := range files {
		_ = filepath.WalkDir(file, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && c.read(path) != nil {
				c.lines = append(c.lines, apacheLine{text: `Include "` + path + `"`}) // for Apache to complain
			}
			return nil
		})
	}
	return true
}

func (c *apacheConfig) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.root, name)
}

var apacheVariable = regexp.MustCompile(`\$\{(\w+)\}`)

// expand replaces ${NAME} by what Define or the environment says, and leaves it if neither does (server/core.c,
// ap_resolve_env).
func (c *apacheConfig) expand(text string) string {
	return apacheVariable.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		if value, ok := c.names[name]; ok {
			return value
		}
		if value := c.env(name); value != "" {
			return value
		}
		return found
	})
}

// text writes the configuration again.
func (c *apacheConfig) text() string {
	var all strings.Builder
	for _, line := range c.lines {
		all.WriteString(line.text + "\n")
	}
	return all.String()
}

// directives are the indexes of the lines of some names.
func (c *apacheConfig) directives(names ...string) []int {
	var found []int
	for i, line := range c.lines {
		if slices.Contains(names, line.Name()) {
			found = append(found, i)
		}
	}
	return found
}

// has says whether there is a directive of one of the names.
func (c *apacheConfig) has(names ...string) bool { return len(c.directives(names...)) > 0 }

// values are the first arguments of the directives of a name.
func (c *apacheConfig) values(name string) []string {
	var values []string
	for _, i := range c.directives(name) {
		values = append(values, c.expand(c.lines[i].args().at(0)))
	}
	return values
}

// apacheLines splits a text into directives (server/util.c, ap_cfg_getline).
func apacheLines(text string) []apacheLine {
	var lines []apacheLine
	var whole []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		whole = append(whole, line)
		if strings.HasSuffix(line, `\`) {
			continue
		}
		lines = append(lines, newApacheLine(whole))
		whole = nil
	}
	if whole != nil {
		lines = append(lines, newApacheLine(whole))
	}
	return lines
}

func newApacheLine(whole []string) apacheLine {
	line := apacheLine{text: strings.Join(whole, "\n")}
	joined := strings.TrimSpace(strings.ReplaceAll(line.text+"\n", "\\\n", ""))
	if joined != "" && joined[0] != '#' {
		line.words = apacheWords(joined)
	}
	return line
}

// apacheWords splits at blanks outside quotation marks, which stay.
func apacheWords(text string) []string {
	var words []string
	for text = strings.TrimLeft(text, " \t"); text != ""; text = strings.TrimLeft(text, " \t") {
		end := wordEnd(text)
		words = append(words, text[:end])
		text = text[end:]
	}
	return words
}

// wordEnd is where the first word ends. A quotation begins with a word, or with the value of name=: that of it's is none.
func wordEnd(text string) int {
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == ' ' || c == '\t':
			return i
		case (c == '"' || c == '\'') && (i == 0 || text[i-1] == '='):
			quote = c
		}
	}
	return len(text)
}

// Name is the directive's, in lower case: "<virtualhost" for the begin of a section. "" for a comment.
func (l apacheLine) Name() string {
	if len(l.words) == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(l.words[0], ">"))
}

// apacheWordList are the arguments of a directive, unquoted.
type apacheWordList []string

func (w apacheWordList) at(i int) string {
	if i >= len(w) {
		return ""
	}
	return w[i]
}

func (l apacheLine) args() apacheWordList {
	var args apacheWordList
	for i, word := range l.words {
		if i > 0 {
			args = append(args, unquote(word))
		}
	}
	if n := len(args); n > 0 && l.words[0][0] == '<' {
		args[n-1] = strings.TrimSuffix(args[n-1], ">")
	}
	return args
}

var escapedQuote = regexp.MustCompile(`\\(["'\\])`)

// unquote takes the quotation marks off a word, also off the value of name="value".
func unquote(word string) string {
	for _, quote := range []string{`"`, `'`} {
		name, value, ok := strings.Cut(word, quote)
		if ok && (name == "" || strings.HasSuffix(name, "=")) && strings.HasSuffix(value, quote) {
			return name + escapedQuote.ReplaceAllString(strings.TrimSuffix(value, quote), "$1")
		}
	}
	return word
}
