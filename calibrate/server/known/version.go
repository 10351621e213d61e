package known

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
)

var versionNumber = regexp.MustCompile(`\b(\d+)\.(\d+)(\.\d+)*`)

// AskVersion is the number that a server's own --version prints in the last line that holds the word. It is "", with a
// warning, if the program prints nothing; if it prints something else, it isn't that server, and the error says so.
func (l *Launch) AskVersion(p cli.Program, server, word string) (string, error) {
	out, err := l.Ask(slices.Concat(p.Argv[:p.Index+1], []string{"--version"}), VersionTime, nil)
	if errors.Is(err, guard.ErrEnded) {
		return "", GuardKilled(strings.ToLower(server), "while its version was asked for")
	}
	if err != nil {
		l.Warn("version-unknown", "run it by hand and see", "%s --version did not answer: %v", strings.ToLower(server), err)
		return "", nil
	}
	version := versionNumber.FindString(LogOf(out).Says(word))
	if version == "" {
		f := calibrate.Usage("is the virtual environment active?", "%s does not start %s", strings.Join(p.Argv[:p.Index+1], " "), server)
		f.Log = LogOf(out).End()
		f.Why = Log(f.Log).LastLine()
		return "", f
	}
	return version, nil
}

// VersionReaches says whether a version is at least another, such as "0.30", by the first two of their numbers. One that
// isn't known reaches none.
func VersionReaches(version, least string) bool {
	has, wants := versionNumber.FindStringSubmatch(version), versionNumber.FindStringSubmatch(least)
	if has == nil || wants == nil {
		return false
	}
	for i := 1; i <= 2; i++ {
		a, _ := strconv.Atoi(has[i])
		b, _ := strconv.Atoi(wants[i])
		if a != b {
			return a > b
		}
	}
	return true
}

// saidVersion is a version as servers and packagers write them: a number, and what they add to it ("2.0.21-debian",
// "8.1.2-1ubuntu2.14", "22.0.0rc1", "3.0.2.post1"), which is left out. It is bounded, since anything may be printed.
var saidVersion = regexp.MustCompile(`^(\d{1,6}(?:\.\d{1,6}){0,4})(?:(?:\.?[A-Za-z]|[-+~][0-9A-Za-z])[0-9A-Za-z.+~-]{0,40})?$`)

// PlainVersion is the number in a version that a program or its installer says, and why it is "" if something was said.
func PlainVersion(said string) (number, doubt string) {
	m := saidVersion.FindStringSubmatch(said)
	switch {
	case m != nil:
		return m[1], ""
	case said != "":
		return "", "what it says isn't a number such as 21.2.0"
	}
	return "", ""
}
