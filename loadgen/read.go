package loadgen

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// What a targets file may hold. The generator shares the host with the app, so its own memory must stay small.
const (
	maxFile    = 16 << 20 // bytes
	maxBodies  = 64 << 20 // bytes of all body files together
	maxTargets = 100_000
	maxLine    = 60_000 // bytes; at 64 KiB vegeta's scanner takes the line for the end of the file, in silence
)

const (
	tryLine   = "write a request as METHOD URL, such as GET /health, with its headers below it and a blank line after it"
	tryHeader = "write a header as Name: value, below its request and before its @body line"
	tryJSON   = `write one object a line, such as {"method":"POST","url":"/login","header":{"Content-Type":["text/plain"]},"body":"Zm9v"} with the body in base64`
)

// complaint is what is wrong with a request, and what a right one looks like.
type complaint struct{ what, try string }

// ReadTargets reads vegeta's HTTP format or its JSON format, an access log, or a HAR, told apart by content. URLs may be
// absolute or just a path. methods are those that are sent of a log or a HAR, GET and HEAD if none is named; a list in
// vegeta's formats is sent as it stands. name is for messages, "-" for standard input. It returns a *calibrate.Failure:
// KindUsage with the line if the text is at fault, KindTool if it could not be read.
func ReadTargets(name string, r io.Reader, methods ...string) (Targets, error) {
	if name == "-" {
		name = "standard input"
	}
	in := bufio.NewReaderSize(r, lookAhead)
	skipMark(in)
	start, err := in.Peek(lookAhead)
	if err != nil && !errors.Is(err, io.EOF) {
		return Targets{}, unreadable(name, err)
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return Targets{}, calibrate.Usage("zcat FILE | calibrate run --targets - ...", "%s is compressed", name)
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return Targets{}, calibrate.Usage("iconv -f utf-16 -t utf-8 FILE | calibrate run --targets - ...", "%s is UTF-16, not UTF-8", name)
	case isHAR.Match(start):
		return readHAR(name, in, methods)
	case isLog(string(start)):
		return readLog(name, in, methods)
	case len(methods) > 0:
		return Targets{}, calibrate.Usage("leave --methods out", "%s is neither an access log nor a HAR: a list of requests names its methods itself", name)
	}
	return readList(name, in)
}

// lookAhead is how many bytes the formats are told apart by, and the longest line of a log.
const lookAhead = 64 << 10

// skipMark skips the mark that editors on Windows write first.
func skipMark(in *bufio.Reader) {
	const mark = "\ufeff"
	if start, _ := in.Peek(len(mark)); string(start) == mark {
		_, _ = in.Discard(len(mark))
	}
}

// readList reads one of vegeta's formats.
func readList(name string, r io.Reader) (Targets, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return Targets{}, unreadable(name, err)
	case len(text) > maxFile:
		return Targets{}, calibrate.Usage("give a sample of the requests: they are repeated anyway",
			"%s is larger than %s MiB, the most that a list of targets may have", name, say.Count(maxFile>>20))
	}
	f := file{name: name, lines: strings.Split(string(text), "\n"), bodies: map[string][]byte{}}
	if err := f.read(); err != nil {
		return Targets{}, err
	}
	if len(f.list) == 0 {
		return Targets{}, calibrate.Usage(tryLine, "%s holds no request", name)
	}
	return Targets{name: name, list: f.list}, nil
}

func unreadable(name string, err error) error {
	return &calibrate.Failure{Kind: calibrate.KindTool, What: name + " could not be read", Why: err.Error(), Err: err}
}

// file is a targets file while it is read.
type file struct {
	name   string
	lines  []string
	list   []target
	bodies map[string][]byte // by path: a repeated request costs one copy
	held   int               // bytes in bodies
}

// read cuts the text into requests by its own scan, which knows the line numbers, and has vegeta parse each.
func (f *file) read() error {
	isJSON := f.isJSON()
	for i := 0; i < len(f.lines); {
		if skipped(f.lines[i]) {
			i++
			continue
		}
		var err error
		if isJSON {
			i, err = i+1, f.readObject(i)
		} else {
			end := f.blockEnd(i)
			i, err = end, f.readBlock(i, end)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) isJSON() bool {
	for _, line := range f.lines {
		if !skipped(line) {
			first := strings.TrimSpace(line)[0]
			return first == '{' || first == '['
		}
	}
	return false
}

// skipped is true of blank lines and comments.
func skipped(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// requestLine is vegeta's own rule for where a request begins.
var requestLine = regexp.MustCompile(`^[A-Z]+\s`)

// blockEnd is the index after the request that begins at index i: it ends before a blank line, before another
// request line, and after a body line.
func (f *file) blockEnd(i int) int {
	for i++; i < len(f.lines); i++ {
		line := strings.TrimSpace(f.lines[i])
		switch {
		case line == "" || requestLine.MatchString(line):
			return i
		case line[0] == '@':
			return i + 1
		}
	}
	return i
}

// readBlock parses the request in lines[i:end].
func (f *file) readBlock(i, end int) error {
	words, bad := checkRequestLine(f.lines[i])
	if bad != nil {
		return f.at(i, bad)
	}
	block, body := []string{strings.Join(words, " ")}, []byte(nil)
	for j := i + 1; j < end; j++ {
		line := strings.TrimSpace(f.lines[j])
		switch {
		case skipped(line):
			continue
		case line[0] == '@':
			body, bad = f.body(line[1:])
		default:
			bad = checkHeaderLine(line)
			block = append(block, line)
		}
		if bad != nil {
			return f.at(j, bad)
		}
	}
	text := strings.NewReader(strings.Join(block, "\n") + "\n")
	return f.add(i, vegeta.NewHTTPTargeter(text, body, nil))
}

// readObject parses the object in line i. The standard library checks it first: its messages can be read, and
// unknown keys, which vegeta skips, are mostly misspelt ones.
func (f *file) readObject(i int) error {
	line := strings.TrimSpace(f.lines[i])
	strict := json.NewDecoder(strings.NewReader(line))
	strict.DisallowUnknownFields()
	var object struct {
		Method, URL string
		Header      map[string][]string
		Body        []byte
	}
	if err := strict.Decode(&object); err != nil {
		return f.at(i, &complaint{jsonReason(err), tryJSON})
	}
	if strict.More() {
		return f.at(i, &complaint{"there is more on the line after the object", tryJSON})
	}
	// vegeta drops a last line that has no newline.
	return f.add(i, vegeta.NewJSONTargeter(strings.NewReader(line+"\n"), nil, nil))
}

// jsonReason is the standard library's error without its talk of Go types.
func jsonReason(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		field, _, _ := strings.Cut(wrong.Field, ".")
		return fmt.Sprintf("the value of %q is of the wrong kind", strings.ToLower(field))
	case errors.As(err, &wrong):
		return "this isn't a JSON object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON object doesn't end on its line"
	}
	return clip(strings.TrimPrefix(err.Error(), "json: "))
}

// add takes the one request that next gives; it begins at index i.
func (f *file) add(i int, next vegeta.Targeter) error {
	if len(f.list) == maxTargets {
		return f.at(i, &complaint{fmt.Sprintf("there are more than %s", say.Plural(maxTargets, "request")),
			"give a sample of the requests: they are repeated anyway"})
	}
	var t vegeta.Target
	switch err := next.Decode(&t); {
	case errors.Is(err, vegeta.ErrNoMethod):
		return f.at(i, &complaint{`there is no "method"`, tryJSON})
	case errors.Is(err, vegeta.ErrNoURL):
		return f.at(i, &complaint{`there is no "url"`, tryJSON})
	case err != nil: // its text may hold a secret
		return f.at(i, &complaint{"the request isn't valid", tryLine})
	}
	one, bad := newTarget(t)
	if bad != nil {
		return f.at(i, bad)
	}
	one.line = i + 1
	f.list = append(f.list, one)
	return nil
}

// body reads a body file, the path being relative to the working directory, as in vegeta.
func (f *file) body(path string) ([]byte, *complaint) {
	if body, ok := f.bodies[path]; ok {
		return body, nil
	}
	body, err := readBodyFile(path, int64(maxBodies-f.held))
	if errors.Is(err, errTooLarge) {
		return nil, &complaint{fmt.Sprintf("the body files hold more than %s MiB together", say.Count(maxBodies>>20)), "use smaller bodies, or fewer"}
	}
	if err != nil {
		return nil, &complaint{"the body file can't be read (" + reason(err) + ")",
			"write @FILE, the path of a regular file as seen from the working directory"}
	}
	f.held += len(body)
	f.bodies[path] = body
	return body, nil
}

var (
	errTooLarge   = errors.New("too large")
	errNotRegular = errors.New("not a regular file")
)

// readBodyFile reads a file of at most limit bytes. A pipe or a device, which may block or never end, isn't opened.
func readBodyFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	case info.Size() > limit:
		return nil, errTooLarge
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(body)) > limit { // it grew, or lives in /proc, where every size is 0
		err = errTooLarge
	}
	return body, err
}

// reason is an error of the file system without its path, which the message shows anyway.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// at is the failure for the line at index i.
func (f *file) at(i int, bad *complaint) error {
	return calibrate.Usage(bad.try, "%s: %s: %s", where(f.name, i+1), bad.what, masked(f.lines[i]))
}

func where(name string, line int) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s line %d", name, line)
}

// checkRequestLine returns the method and the URL.
func checkRequestLine(line string) ([]string, *complaint) {
	words := strings.Fields(line)
	looksLikeURL := strings.HasPrefix(words[0], "/") || strings.Contains(words[0], "://")
	switch {
	case len(line) > maxLine:
		return nil, &complaint{fmt.Sprintf("the line is longer than %s", say.Plural(maxLine, "byte")), tryLine}
	case looksLikeURL:
		return nil, &complaint{"there is no method before the URL", tryLine}
	case len(words) == 1:
		return nil, &complaint{"this isn't a request", tryLine}
	case strings.HasSuffix(words[0], ":"):
		return nil, &complaint{"a header stands where a request should begin", tryHeader}
	case strings.Trim(words[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return nil, &complaint{"the method isn't a word in capitals", tryLine}
	case len(words) > 2:
		return nil, &complaint{"the URL has a space in it", "write a space as %20, and leave out HTTP/1.1; " + tryLine}
	}
	if _, bad := parseURL(words[1]); bad != nil { // vegeta's error would show it whole
		return nil, bad
	}
	return words, nil
}

func checkHeaderLine(line string) *complaint {
	name, value, found := strings.Cut(line, ":")
	switch {
	case len(line) > maxLine:
		return &complaint{fmt.Sprintf("the line is longer than %s", say.Plural(maxLine, "byte")), tryHeader}
	case !found:
		return &complaint{"this header has no colon", tryHeader}
	case !isToken(strings.TrimSpace(name)):
		return &complaint{"the header's name isn't valid", tryHeader}
	case strings.TrimSpace(value) == "":
		return &complaint{"the header has no value", tryHeader}
	case strings.ContainsFunc(strings.TrimSpace(value), isControl):
		return &complaint{"the header's value holds a control character", tryHeader}
	}
	return nil
}
