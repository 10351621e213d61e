package loadgen

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// maxHAR bounds a HAR, which may hold every answer.
const maxHAR = 256 << 20 // bytes

const tryHAR = `save it again from the browser's network tools ("Save all as HAR"): {"log":{"entries":[...]}}`

// harEntry is what is taken of an entry of an HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/).
type harEntry struct {
	Request struct {
		Method, URL string
		Headers     []struct{ Name, Value string }
		PostData    *struct {
			MimeType, Text string
			Params         []json.RawMessage
		}
	}
	Response struct {
		Status  int
		Content struct{ MimeType string }
	}
}

// isHAR looks at the beginning of a file: an archive is one object with the key "log"; keys of the tool's own begin with
// an underscore.
var isHAR = regexp.MustCompile(`^\s*\{\s*"(log|_\w*)"\s*:`)

// readHAR takes the requests in their order. The host is dropped, as everywhere: what was asked of the first page's host
// goes to the app, and what was asked of others (fonts, analytics) goes nowhere.
func readHAR(name string, in *bufio.Reader, methods []string) (Targets, error) {
	limited := &io.LimitedReader{R: in, N: maxHAR + 1}
	h := harReader{recorded: newRecorded(name, "entry", methods)}
	err := h.readAll(json.NewDecoder(limited))
	switch {
	case limited.N <= 0:
		return Targets{}, calibrate.Usage("save it without the answers' content, or in parts", "%s is larger than %s MiB, the most that a HAR may have", name, say.Count(maxHAR>>20))
	case err != nil:
		return Targets{}, err
	}
	list := h.own()
	if len(list) == 0 {
		return Targets{}, h.nothing()
	}
	return Targets{name: name, list: list, notes: h.notes(len(list), len(list), "nothing, if those aren't wanted; --methods GET,HEAD,POST sends other methods, too")}, nil
}

// harReader is a HAR while it is read.
type harReader struct {
	*recorded
	list   []target // host is with the port here
	page   string   // host of the first page
	first  string   // host of the first entry
	bodies int      // bytes
}

// readAll decodes an entry at a time: a HAR is mostly answers.
func (h *harReader) readAll(in *json.Decoder) error {
	entries := 0
	err := members(in, func(key string) error {
		if key != "log" {
			return skip(in)
		}
		return members(in, func(key string) error {
			if key != "entries" {
				return skip(in)
			}
			return within(in, '[', func() error {
				entries++
				var e harEntry
				if err := in.Decode(&e); err != nil {
					return err
				}
				return h.add(e)
			})
		})
	})
	var failure *calibrate.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure):
		return failure
	case notJSON(err):
		return calibrate.Usage(tryHAR, "%s: entry %d isn't a HAR's: %s", h.name, entries, harReason(err))
	}
	return unreadable(h.name, err)
}

// notJSON tells the text's faults from those of reading it.
func notJSON(err error) bool {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &wrong) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errNotHAR)
}

func harReason(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the file ends in the middle of it"
	}
	return jsonReason(err)
}

var errNotHAR = errors.New("something else stands where an object or a list should")

// members calls each for every key of an object, before its value.
func members(in *json.Decoder, each func(key string) error) error {
	return within(in, '{', func() error {
		key, err := in.Token()
		if err != nil {
			return err
		}
		return each(fmt.Sprint(key))
	})
}

// within calls each before everything that stands in an object or a list.
func within(in *json.Decoder, open json.Delim, each func() error) error {
	switch token, err := in.Token(); {
	case err != nil:
		return err
	case token != open:
		return errNotHAR
	}
	for in.More() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := in.Token()
	return err
}

func skip(in *json.Decoder) error {
	var value json.RawMessage
	return in.Decode(&value)
}

func (h *harReader) add(e harEntry) error {
	h.read++
	host := e.host()
	if host == "" {
		h.left[leftNoRequest]++
		return nil
	}
	if h.first == "" {
		h.first = host
	}
	if h.page == "" && strings.HasPrefix(e.Response.Content.MimeType, "text/html") {
		h.page = host
	}
	t := vegeta.Target{Method: e.Request.Method, URL: e.Request.URL, Header: e.header()}
	if post := e.Request.PostData; post != nil {
		if post.Text == "" && len(post.Params) > 0 {
			h.left[leftNoBody]++
			return nil
		}
		t.Body = []byte(post.Text)
		h.bodies += len(post.Text)
	}
	if one, ok := h.take(t, e.Response.Status); ok {
		one.line, one.host = h.read, host
		one.header.Del("Authorization") // of a password in the URL
		h.list = append(h.list, one)
	}
	return h.bounded()
}

func (h *harReader) bounded() error {
	switch {
	case len(h.list) > maxTargets:
		return calibrate.Usage("give a part of it: the requests are repeated anyway", "%s holds more than %s", h.name, say.Plural(maxTargets, "request"))
	case h.bodies > maxBodies:
		return calibrate.Usage("give a part of it: the requests are repeated anyway", "the bodies in %s hold more than %s MiB together", h.name, say.Count(maxBodies>>20))
	}
	return nil
}

// own are the requests of the page's host.
func (h *harReader) own() []target {
	host := h.page
	if host == "" {
		host = h.first
	}
	var own []target
	for _, one := range h.list {
		if one.host != host {
			h.left[leftOtherHosts]++
			continue
		}
		one.host = ""
		own = append(own, one)
	}
	return own
}

// host is with the port; "" if the URL isn't an HTTP one, such as those of data: and wss:.
func (e harEntry) host() string {
	u, err := url.Parse(e.Request.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return strings.ToLower(u.Host)
}

// connectionHeader are the headers that a HAR's request doesn't bring along: those of its own connection, and those that
// name its own host. Nor does it bring whatever may be a secret: who wants to be logged in logs in anew.
var connectionHeader = regexp.MustCompile(`(?i)^(host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|expect|origin|referer|proxy-.*|forwarded|x-forwarded-.*)$`)

func (e harEntry) header() http.Header {
	header := http.Header{}
	for _, h := range e.Request.Headers {
		fits := isToken(h.Name) && !strings.ContainsFunc(h.Value, isControl) // :authority and the like aren't tokens
		if fits && !connectionHeader.MatchString(h.Name) && !calibrate.SecretName(h.Name) {
			header.Add(h.Name, h.Value)
		}
	}
	if post := e.Request.PostData; post != nil && header.Get("Content-Type") == "" && post.MimeType != "" && !strings.ContainsFunc(post.MimeType, isControl) {
		header.Set("Content-Type", post.MimeType)
	}
	return header
}
