package cli

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// errNotPlain says that a text is more than a plain command: what it would run can't be told from its text.
var errNotPlain = errors.New("more than a plain command")

// lexer splits a plain command of a POSIX shell into words (XCU 2.3 and 2.6): blanks, quotation marks, backslashes, parameters.
// All else is an error.
type lexer struct {
	text   string
	expand func(name string) (value string, ok bool) // of parameters
	args   []string                                  // what "$@" stands for
	asIs   bool                                      // parameters stay as they are written

	at     int
	words  []string
	word   []byte
	inWord bool
	size   int // of all words
}

// mostWords is what a command may take, in bytes: less than a kernel takes for one word (MAX_ARG_STRLEN, 128 KiB). Variables that
// double each other take more than any machine has.
const mostWords = 64 << 10

// lex are the words of a plain command; none of a blank one.
func lex(text string, args []string, expand func(string) (string, bool)) ([]string, error) {
	return (&lexer{text: text, args: args, expand: expand}).all()
}

// lexAsIs are the words of a plain command in which parameters stay.
func lexAsIs(text string) ([]string, error) {
	whatever := func(string) (string, bool) { return "", true }
	return (&lexer{text: text, args: []string{`"$@"`}, expand: whatever, asIs: true}).all()
}

func (l *lexer) all() ([]string, error) {
	for l.at < len(l.text) {
		if err := l.step(); err != nil {
			return nil, err
		}
		if l.size > mostWords {
			return nil, errNotPlain
		}
	}
	l.endWord()
	if len(l.words) > 0 && slices.Contains(reserved, l.words[0]) {
		return nil, errNotPlain
	}
	return l.words, nil
}

// reserved are the words that make a command more than a plain one (XCU 2.4).
var reserved = strings.Fields("if then else elif fi for while until do done case esac in { } function select")

// step reads what begins at a place outside of quotation marks.
func (l *lexer) step() error {
	c := l.text[l.at]
	switch {
	case !l.inWord && c == '#':
		l.at = len(l.text)
		return nil
	case !l.inWord && l.positional():
		return nil
	case !l.inWord && c == '~', strings.IndexByte("`|&;<>()*?[!", c) >= 0:
		return errNotPlain
	}
	l.at++
	switch c {
	case ' ', '\t', '\r', '\n':
		l.endWord()
	case '\'':
		return l.single()
	case '"':
		return l.double()
	case '\\':
		return l.backslash()
	case '$':
		return l.unquoted()
	default:
		l.put(string(c))
	}
	return nil
}

func (l *lexer) put(text string) {
	l.size += len(text)
	l.word, l.inWord = append(l.word, text...), true
}

func (l *lexer) endWord() {
	if l.inWord {
		l.words = append(l.words, string(l.word))
	}
	l.word, l.inWord = nil, false
}

// positional reads "$@" where it is a whole word.
func (l *lexer) positional() bool {
	for _, all := range []string{`"$@"`, `"${@}"`, `$@`, `$*`} {
		if rest, ok := strings.CutPrefix(l.text[l.at:], all); ok && (rest == "" || strings.IndexByte(" \t\r\n", rest[0]) >= 0) {
			l.words = append(l.words, l.args...)
			for _, arg := range l.args {
				l.size += len(arg) + 1
			}
			l.at += len(all)
			return true
		}
	}
	return false
}

func (l *lexer) single() error {
	text, rest, ended := strings.Cut(l.text[l.at:], "'")
	if !ended {
		return errQuotes
	}
	l.put(text)
	l.at = len(l.text) - len(rest)
	return nil
}

func (l *lexer) double() error {
	l.put("")
	for l.at < len(l.text) {
		c := l.text[l.at]
		l.at++
		switch c {
		case '"':
			return nil
		case '`':
			return errNotPlain
		case '$':
			value, err := l.parameter()
			if err != nil {
				return err
			}
			l.put(value)
		case '\\':
			if l.at < len(l.text) && strings.IndexByte("$`\"\\", l.text[l.at]) >= 0 {
				c = l.text[l.at]
				l.at++
			}
			l.put(string(c))
		default:
			l.put(string(c))
		}
	}
	return errQuotes
}

func (l *lexer) backslash() error {
	if l.at == len(l.text) {
		return errQuotes
	}
	l.put(l.text[l.at : l.at+1])
	l.at++
	return nil
}

const blanks = " \t\n"

// unquoted is a parameter whose value is split at blanks.
func (l *lexer) unquoted() error {
	value, err := l.parameter()
	if err != nil || strings.ContainsAny(value, "*?[") {
		return errNotPlain
	}
	for i, field := range strings.Fields(value) {
		if i > 0 || strings.TrimLeft(value, blanks) != value {
			l.endWord()
		}
		l.put(field)
	}
	if strings.TrimRight(value, blanks) != value {
		l.endWord()
	}
	return nil
}

// parameter reads behind a $: NAME, {NAME}, {NAME:-text} and {NAME-text}; and (COMMAND) of one word, which no variable is called.
func (l *lexer) parameter() (string, error) {
	if l.size > mostWords {
		return "", errNotPlain
	}
	begin := l.at - 1
	value, err := l.evaluate()
	if l.asIs {
		value = l.text[begin:l.at]
	}
	return value, err
}

func (l *lexer) evaluate() (string, error) {
	rest := l.text[l.at:]
	if asked := oneWord.FindString(rest); asked != "" {
		l.at += len(asked)
		return l.value(asked)
	}
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		inside, _, closed := strings.Cut(inner, "}")
		if !closed {
			return "", errNotPlain
		}
		l.at += len(inside) + 2
		return l.braced(inside)
	}
	name := leadingName(rest)
	l.at += len(name)
	return l.value(name)
}

func (l *lexer) braced(inside string) (string, error) {
	name := leadingName(inside)
	otherwise := inside[len(name):]
	if otherwise == "" {
		return l.value(name)
	}
	text, unset := strings.CutPrefix(otherwise, "-")
	unsetOrEmpty := false
	if !unset {
		text, unsetOrEmpty = strings.CutPrefix(otherwise, ":-")
	}
	if name == "" || !unset && !unsetOrEmpty || strings.ContainsAny(text, "$`\"'\\") {
		return "", errNotPlain
	}
	if value, ok := l.expand(name); ok && (value != "" || unset) {
		return value, nil
	}
	return text, nil
}

func (l *lexer) value(name string) (string, error) {
	if value, ok := l.expand(name); ok && name != "" {
		return value, nil
	}
	return "", errNotPlain
}

var oneWord = regexp.MustCompile(`^\([^()\s]+\)`)

// leadingName is the name of a variable with which a text begins.
func leadingName(text string) string {
	at := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if at < 0 {
		at = len(text)
	}
	if at > 0 && text[0] >= '0' && text[0] <= '9' {
		return ""
	}
	return text[:at]
}

// Plain are the words of a plain command, in which a shell would find nothing to do but to part it. ok is false for all else.
func Plain(text string) (words []string, ok bool) {
	text = strings.TrimSpace(text)
	words, err := lex(text, nil, func(string) (string, bool) { return "", false })
	if err != nil || len(words) == 0 || assignment.MatchString(words[0]) || strings.Contains(text, "\n") || strings.Contains(text, "$") {
		return nil, false
	}
	return words, true
}

// Command is what runs a line as a shell does: its own words where it is a plain command, else a shell.
func Command(line string) []string {
	if words, ok := Plain(line); ok {
		return words
	}
	return []string{"sh", "-c", strings.TrimSpace(line)}
}
