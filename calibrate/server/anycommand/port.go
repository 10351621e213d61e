package anycommand

import "regexp"

// portOption is how programs take their own port, and where the next word, or the rest of this one, is it: --port 8080, -p 8080,
// --ServerApp.port=8888, -Dserver.port=8080; or an address of this machine. A database's port isn't that: --db-port, redis://cache:6379.
var portOption = regexp.MustCompile(`^(-p|--?D?(?:\w*[sS]erver\w*[.-]|[\w.]*http[.-])?port)(?:=(\d{2,5}))?$|` +
	`^((?:--?[\w-]+=)?(?:[\d.]+|localhost|\[[\d:]+\])?:)(\d{2,5})$`)

// saidPort finds the port that a command says, "" for none, and the words by which it would say another.
func saidPort(words []string) (port, instead string) {
	for i, word := range words {
		m := portOption.FindStringSubmatch(word)
		switch {
		case m == nil:
		case m[4] != "":
			return m[4], m[3] + "{port}"
		case m[2] != "":
			return m[2], m[1] + "={port}"
		case i+1 < len(words) && number.MatchString(words[i+1]):
			return words[i+1], word + " {port}"
		}
	}
	return "", ""
}
