package cli

import (
	"errors"
	"strings"
)

var errQuotes = errors.New("a quotation that doesn't end")

// SplitWords splits as a POSIX shell and Python's shlex do: blanks, quotes and backslashes, no expansion.
func SplitWords(text string) ([]string, error) {
	var s splitter
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && s.quote != '\'' {
			i++
			if i == len(text) {
				return nil, errQuotes
			}
			s.escaped(text[i])
			continue
		}
		s.plain(c)
	}
	if s.quote != 0 {
		return nil, errQuotes
	}
	s.end()
	return s.words, nil
}

// Quoted writes words for a shell to read again. Variables stay variables.
func Quoted(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		switch {
		case word != "" && !strings.ContainsAny(word, " \t\n\"'`\\;&|<>()*?[]~#!"):
			out[i] = word
		case strings.ContainsAny(word, "$") && !strings.ContainsAny(word, "\"`\\"):
			out[i] = `"` + word + `"`
		default:
			out[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// splitter is the state between two bytes.
type splitter struct {
	words  []string
	word   []byte
	inWord bool
	quote  byte // the one we are inside of, 0 for none
}

func (s *splitter) plain(c byte) {
	switch {
	case s.quote != 0 && c == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.word = append(s.word, c)
	case c == '\'' || c == '"':
		s.quote, s.inWord = c, true
	case strings.IndexByte(" \t\r\n", c) >= 0:
		s.end()
	default:
		s.word, s.inWord = append(s.word, c), true
	}
}

// escaped takes the byte after a backslash. Between double quotes a backslash is only special before those two.
func (s *splitter) escaped(c byte) {
	if s.quote == '"' && c != '"' && c != '\\' {
		s.word = append(s.word, '\\')
	}
	s.word, s.inWord = append(s.word, c), true
}

func (s *splitter) end() {
	if s.inWord {
		s.words = append(s.words, string(s.word))
	}
	s.word, s.inWord = nil, false
}
