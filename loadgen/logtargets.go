package loadgen

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// logLine is one line of an access log in the common or the combined format of Apache, which nginx and Gunicorn write
// by default, also with the virtual host before it:
//
//	[HOST:PORT] CLIENT IDENT USER [TIME] "METHOD URL HTTP/1.1" STATUS ...
//
// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
type logLine struct {
	host    string // virtual host, "" if it isn't logged
	request string // without the log's escapes
	status  int
}

// parseLogLine says false if it isn't such a line.
func parseLogLine(line string) (logLine, bool) {
	before, after, found := strings.Cut(line, `] "`)
	client, time, timed := cutAtLast(before, " [")
	end := closingQuote(after)
	if !found || !timed || client == "" || !strings.Contains(time, ":") || end < 0 {
		return logLine{}, false
	}
	code, _, _ := strings.Cut(strings.TrimPrefix(after[end+1:], " "), " ")
	status, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || after[end+1:][:1] != " " {
		return logLine{}, false
	}
	return logLine{host: virtualHost(client), request: unescapeLog(after[:end]), status: status}, true
}

func cutAtLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// closingQuote is the index of the first quote that isn't escaped, -1 for none.
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// virtualHost is the first of four words before the time, if it is a name with a port.
func virtualHost(client string) string {
	words := strings.Fields(client)
	if len(words) < 4 {
		return ""
	}
	host, _, err := net.SplitHostPort(words[0])
	if _, isIP := netip.ParseAddr(host); err != nil || isIP == nil {
		return ""
	}
	return strings.ToLower(host)
}

var logEscape = regexp.MustCompile(`\\(x[0-9A-Fa-f]{2}|.)`)

// unescapeLog undoes what the servers do to bytes that would break the log: \" and \\ and \x16, and \n and the like.
func unescapeLog(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return logEscape.ReplaceAllStringFunc(s, func(found string) string {
		if hex := strings.TrimPrefix(found, `\x`); len(hex) == 2 && len(found) == 4 {
			b, _ := strconv.ParseUint(hex, 16, 8)
			return string([]byte{byte(b)})
		}
		if control := strings.IndexByte("abtnvfr", found[1]); control >= 0 {
			return string(rune('\a' + control))
		}
		return found[1:]
	})
}

// isLog looks at the beginning of a file, which need not be a line that can be read. A list of requests begins with one.
func isLog(start string) bool {
	first := true
	for line := range strings.Lines(start) {
		if skipped(line) {
			continue
		}
		if first && (requestLine.MatchString(line) || line[0] == '{') {
			return false
		}
		if _, ok := parseLogLine(strings.TrimRight(line, "\r\n")); ok {
			return true
		}
		first = false
	}
	return false
}

// bodyMethods have a body, which no access log holds.
var bodyMethods = []string{http.MethodPost, http.MethodPut, http.MethodPatch}

// readLog reads line by line, so that a log may be of any size.
func readLog(name string, in *bufio.Reader, methods []string) (Targets, error) {
	const elsewhere = "an access log has no bodies: take requests with a body from a HAR, or write them in vegeta's format"
	if i := slices.IndexFunc(methods, func(m string) bool { return slices.Contains(bodyMethods, m) }); i >= 0 {
		return Targets{}, calibrate.Usage(elsewhere, "%s is an access log, and a %s without its body is another request", name, methods[i])
	}
	l := logReader{recorded: newRecorded(name, "line", methods), sample: newReservoir(maxTargets)}
	if err := l.readAll(in); err != nil {
		return Targets{}, err
	}
	bad := l.left[leftUnreadable]
	switch {
	case 2*bad > l.read:
		return Targets{}, calibrate.Usage("give the log in the common or the combined format, which Apache, nginx and Gunicorn write by default",
			"%s: %s of %s can't be read as an access log's, the first of them: %s", where(name, l.firstBad), say.Count(bad), say.Plural(l.read, l.unit), masked(l.bad))
	case l.sample.seen == 0:
		return Targets{}, l.nothing()
	}
	try := "nothing, if those aren't wanted"
	if slices.ContainsFunc(bodyMethods, func(m string) bool { return l.left[m] > 0 }) {
		try += "; " + elsewhere
	}
	list := l.sample.mixed()
	return Targets{name: name, list: list, notes: l.notes(l.sample.seen, len(list), try)}, nil
}

// logReader is an access log while it is read.
type logReader struct {
	*recorded
	sample   *reservoir
	host     string // the first that a line names: the others are other apps'
	line     int
	firstBad int // line
	bad      string
}

func (l *logReader) readAll(in *bufio.Reader) error {
	var err error
	for err == nil {
		var line string
		var whole bool
		line, whole, err = nextLine(in)
		l.line++
		l.add(line, whole)
	}
	if !errors.Is(err, io.EOF) {
		return unreadable(l.name, err)
	}
	return nil
}

// nextLine is a line without its end; whole is false of one that is longer than the reader's buffer, and cut.
func nextLine(in *bufio.Reader) (line string, whole bool, err error) {
	first, err := in.ReadSlice('\n')
	line, whole = strings.TrimRight(string(first), "\r\n"), !errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	return line, whole, err
}

func (l *logReader) add(line string, whole bool) {
	if strings.TrimSpace(line) == "" {
		return
	}
	l.read++
	entry, ok := parseLogLine(line)
	if !ok || !whole {
		if l.left[leftUnreadable]++; l.firstBad == 0 {
			l.firstBad, l.bad = l.line, line
		}
		return
	}
	words := strings.Split(entry.request, " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/") { // "-", or TLS spoken to a port without it
		l.left[leftNoRequest]++
		return
	}
	one, ok := l.take(vegeta.Target{Method: words[0], URL: words[1]}, entry.status)
	if !ok {
		return
	}
	if host := strings.ToLower(one.host); host != "" { // asked of a proxy
		entry.host = host
	}
	if l.host == "" {
		l.host = strings.Clone(entry.host)
	}
	if entry.host != "" && entry.host != l.host {
		l.left[leftOtherHosts]++
		return
	}
	one.line, one.host, one.header = l.line, "", nil
	l.sample.add(one)
}
