package cli

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Reading is how a server reads the text of a setting.
type Reading struct {
	Number func(text string) (n int, ok bool)
	Yes    func(text string) bool
}

// PythonInt reads as Python's int does: 1_000 is a number too. What is larger than any number here is the largest.
func PythonInt(text string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(text), "_", ""))
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

// PythonLiteral reads as Python's int(text, 0) does: 0x10 and 1_000 are numbers too.
func PythonLiteral(text string) (n int, ok bool) {
	long, err := strconv.ParseInt(text, 0, 32)
	return int(long), err == nil
}

// Atoi reads as C's atoi does, and says whether there was a number.
func Atoi(text string) (n int, ok bool) {
	n, err := strconv.Atoi(leadingDigits.FindString(text))
	return n, err == nil
}

var leadingDigits = regexp.MustCompile(`^\d+`)

// OnlyTrue takes true alone for yes, in whatever case.
func OnlyTrue(text string) bool { return strings.EqualFold(text, "true") }

// ClickTrue takes the words that click takes for yes (click/types.py, BoolParamType).
func ClickTrue(text string) bool {
	return slices.Contains([]string{"1", "true", "t", "yes", "y", "on"}, strings.ToLower(strings.TrimSpace(text)))
}

// ClickFalse takes those that it takes for no. What is blank is false to some versions of click.
func ClickFalse(text string) bool {
	return slices.Contains([]string{"", "0", "false", "f", "no", "n", "off"}, strings.ToLower(strings.TrimSpace(text)))
}

// Unless takes all but some words for yes.
func Unless(no ...string) func(text string) bool {
	return func(text string) bool { return !slices.Contains(no, strings.ToLower(text)) }
}
