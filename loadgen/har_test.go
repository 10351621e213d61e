package loadgen

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// entry is one of a HAR. rest is what comes after method and URL in its request.
func entry(method, url string, status int, rest string) string {
	kind := "application/json"
	if strings.HasSuffix(url, "/") {
		kind = "text/html; charset=utf-8"
	}
	return fmt.Sprintf(`{"startedDateTime":"2026-11-21T09:30:00Z","time":12,"request":{"method":%q,"url":%q,"httpVersion":"HTTP/2"%s},
	"response":{"status":%d,"content":{"size":3,"mimeType":%q,"text":"<p>"}},"cache":{},"timings":{}}`, method, url, rest, status, kind)
}

func har(entries ...string) string {
	return `{
  "log": {"version": "1.2", "creator": {"name": "Firefox", "version": "1"}, "pages": [{"id": "p"}],
  "entries": [` + strings.Join(entries, ",\n") + `], "comment": ""}
}`
}

const harHeaders = `,"headers":[{"name":":authority","value":"shop.example"},{"name":"Host","value":"shop.example"},{"name":"Accept","value":"text/html"},
{"name":"cookie","value":"sid=hunter2"},{"name":"Authorization","value":"Bearer hunter2"},{"name":"X-CSRFToken","value":"hunter2"},
{"name":"connection","value":"keep-alive"},{"name":"Content-Length","value":"7"},{"name":"Referer","value":"https://shop.example/?hunter2"}]`

func TestReadHAR(t *testing.T) {
	for name, row := range map[string]struct {
		text    string
		methods []string
		want    string
		skipped string
	}{
		"a page and what is on it": {har(entry("GET", "https://shop.example/", 200, ""), entry("GET", "https://shop.example/app.js?v=1", 304, "")),
			nil, "GET /; GET /app.js?v=1", ""},
		"twice is twice": {har(entry("GET", "http://localhost:8000/", 200, ""), entry("GET", "http://localhost:8000/", 200, "")), nil, "GET /; GET /", ""},
		"headers, but for those of its connection and its secrets": {har(entry("GET", "https://u:hunter2@shop.example/", 200, harHeaders)), nil, "GET / Accept=text/html", ""},
		"hosts of others, one of them first": {har(entry("GET", "https://cdn.example/a.js", 200, ""), entry("GET", "https://Shop.example/", 200, ""), entry("GET", "https://fonts.example/f", 200, ""), entry("GET", "https://shop.example:8443/b", 200, "")),
			nil, "GET /", "of the 4 entries of a.har, 1 can be sent; left out are 3 for other hosts"},
		"no page: the first entry's host": {har(entry("GET", "https://a.example/x", 200, ""), entry("GET", "https://b.example/x", 200, "")),
			nil, "GET /x", "of the 2 entries of a.har, 1 can be sent; left out are 1 for other hosts"},
		"what was posted, and what failed": {har(entry("GET", "https://a.example/", 200, ""), entry("POST", "https://a.example/b", 200, ""), entry("GET", "https://a.example/c", 404, ""), entry("GET", "https://a.example/d", 0, "")),
			nil, "GET /", "of the 4 entries of a.har, 1 can be sent; left out are 1 POST, 2 answered by neither 2xx nor 3xx"},
		"what was posted, asked for": {har(entry("GET", "https://a.example/", 200, ""), entry("POST", "https://a.example/b", 201, `,"postData":{"mimeType":"application/json","text":"{}"}`)),
			[]string{"GET", "POST"}, "GET /; POST /b Content-Type=application/json {}", ""},
		"a body that isn't there": {har(entry("GET", "https://a.example/", 200, ""), entry("POST", "https://a.example/b", 201, `,"postData":{"mimeType":"multipart/form-data","params":[{"name":"f"}]}`)),
			[]string{"GET", "POST"}, "GET /", "of the 2 entries of a.har, 1 can be sent; left out are 1 whose body isn't in the file"},
		"what isn't HTTP": {har(entry("GET", "data:image/png;base64,xx", 200, ""), entry("GET", "https://a.example/", 200, ""), entry("GET", "wss://a.example/x", 101, "")),
			nil, "GET /", "of the 3 entries of a.har, 1 can be sent; left out are 2 without a request that can be sent"},
		"on one line, after the mark of Windows": {"\ufeff" + strings.ReplaceAll(har(entry("GET", "https://a.example/", 200, "")), "\n", " "), nil, "GET /", ""},
		"keys of the tool's own first":           {strings.Replace(har(entry("GET", "https://a.example/", 200, "")), `"log"`, `"_meta": {"a": [1, 2]}, "log"`, 1), nil, "GET /", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if raw := strings.TrimPrefix(row.text, "\ufeff"); !json.Valid([]byte(raw)) {
				t.Fatal("the test's own HAR is none")
			}
			targets, err := ReadTargets("a.har", strings.NewReader(row.text), row.methods...)
			if err != nil {
				t.Fatal(err)
			}
			if got := told(targets); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if got := noted(targets, "targets-skipped"); got != row.skipped {
				t.Errorf("got  %s\nwant %s", got, row.skipped)
			}
			if err := targets.Check(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReadHARRefuses(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"nothing in it":       {har(), "a.har holds no request to send"},
		"failures alone":      {har(entry("GET", "http://a/", 500, "")), "a.har holds no request to send; of its 1 entry, left out are 1 answered by neither 2xx nor 3xx"},
		"no entries":          {`{"log":{}}`, "a.har holds no request to send"},
		"cut off":             {har(entry("GET", "http://a/", 200, ""), entry("GET", "http://a/?hunter2", 200, ""))[:600], "a.har: entry 2 isn't a HAR's: the file ends in the middle of it"},
		"another kind":        {har(entry("GET", "http://a/", 200, ""), `{"request":[]}`), `a.har: entry 2 isn't a HAR's: the value of "request" is of the wrong kind`},
		"entries in no list":  {`{"log":{"entries":{}}}`, "a.har: entry 0 isn't a HAR's: something else stands where an object or a list should"},
		"a log that isn't an": {`{"log":"hunter2"}`, "a.har: entry 0 isn't a HAR's: something else stands where an object or a list should"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTargets("a.har", strings.NewReader(row.text))
			if got := usage(t, err); got.What != row.want {
				t.Errorf("got  %s\nwant %s", got.What, row.want)
			}
		})
	}
}

func FuzzReadHAR(f *testing.F) {
	for _, seed := range []string{
		har(entry("GET", "http://a/", 200, harHeaders)), har(), `{"log":{"entries":[null,{},[]]}}`, `{"_a":{"log":1},"log":{"entries":[{"request":{"url":"http://[::1]:1/?"}}]}}`,
		har(entry("GET", "http://u:p@a/", 200, `,"headers":[{"name":"a b","value":"\u0000"}],"postData":{"mimeType":"\n","text":"x"}`)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isHAR.MatchString(text) {
			t.Skip("not taken for a HAR")
		}
		targets, err := ReadTargets("t", strings.NewReader(text))
		if err != nil {
			usage(t, err)
			return
		}
		sendable(t, targets)
	})
}
