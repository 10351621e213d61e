package server

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
)

var versionNumber = regexp.MustCompile(`\b(\d+)\.(\d+)(\.\d+)*`)

// askVersion reads what a server's own --version says in the line that holds the word.
func askVersion(l *Launch, p program, server, word string) (string, error) {
	out, err := probe(l, slices.Concat(p.argv[:p.index+1], []string{"--version"}), versionLimit, nil)
	if errors.Is(err, errGuardEnded) {
		return "", guardKilled(strings.ToLower(server), "while its version was asked for")
	}
	if err != nil {
		l.warn("version-unknown", "run it by hand and see", "%s --version did not answer: %v", strings.ToLower(server), err)
		return "", nil
	}
	version := versionNumber.FindString(logSays(splitLog(out), word))
	if version == "" {
		f := calibrate.Usage("is the virtual environment active?", "%s does not start %s", strings.Join(p.argv[:p.index+1], " "), server)
		f.Log = lastLines(splitLog(out), logLines)
		f.Why = strings.Join(lastLines(f.Log, 1), "")
		return "", f
	}
	return version, nil
}

func versionAtLeast(version string, major, minor int) bool {
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[2])
	return a > major || a == major && b >= minor
}
