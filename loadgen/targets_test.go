package loadgen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

func TestReadTargets(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "body.json", `{"a":1}`)
	for name, row := range map[string]struct{ text, want string }{
		"a path, which vegeta doesn't take on the wire":   {"GET /x", "GET /x"},
		"an absolute URL: the host is dropped":            {"GET http://localhost:8000/x?a=1", "GET /x?a=1 @localhost"},
		"https, IPv6":                                     {"GET https://[::1]:8000/x", "GET /x @::1"},
		"no path at all":                                  {"GET http://127.0.0.1:8000", "GET / @127.0.0.1"},
		"a query without a path":                          {"GET http://127.0.0.1?a", "GET /?a @127.0.0.1"},
		"two slashes are a path, not a host":              {"GET //x/y", "GET //x/y"},
		"escapes stay as they are":                        {"GET /a%2Fb/%C3%A9?q=%20", "GET /a%2Fb/%C3%A9?q=%20"},
		"a fragment is the browser's business":            {"GET /x?a#b", "GET /x?a"},
		"blank lines and comments anywhere":               {"\n# one\n\nGET /a\n# two\nA: 1\n\n\n#three\nGET /b\n\n", "GET /a A=1; GET /b"},
		"no blank line between requests":                  {"GET /a\nGET /b\nPOST /c", "GET /a; GET /b; POST /c"},
		"none after headers either":                       {"GET /a\nA: 1\nGET http://localhost/b", "GET /a A=1; GET /b @localhost"},
		"headers: two of a name, a colon in one":          {"GET /a\nA: 1\na: 2:3", "GET /a A=1,2:3"},
		"host is the header that net/http knows":          {"GET /a\nhost: shop", "GET /a Host=shop"},
		"a body file":                                     {"POST /a\nA: 1\n@body.json\nGET /b", `POST /a A=1 {"a":1}; GET /b`},
		"a body file twice":                               {"PUT /a\n@body.json\n\nPUT /a\n@body.json", `PUT /a {"a":1}; PUT /a {"a":1}`},
		"lines of Windows, with its mark":                 {"\ufeffGET /a\r\nA: 1\r\n\r\nGET /b\r\n", "GET /a A=1; GET /b"},
		"more than one blank, and tabs":                   {"GET \t /a", "GET /a"},
		"a password becomes what a client makes of it":    {"GET http://u:p@localhost/", "GET / @localhost Authorization=Basic dTpw"},
		"unless the header is there":                      {"GET http://u:p@localhost/\nAuthorization: x", "GET / @localhost Authorization=x"},
		"JSON":                                            {`{"method":"POST","url":"/a","header":{"a":["1","2"]},"body":"Zm9v"}` + "\n", "POST /a A=1,2 foo"},
		"JSON, the last line without a newline":           {`{"method":"GET","url":"/a"}` + "\n\n" + `{"method":"GET","url":"http://localhost:1/b"}`, "GET /a; GET /b @localhost"},
		"JSON after a comment":                            {"# made by a script\n" + `{"method":"GET","url":"/a"}`, "GET /a"},
		"a long line, as vegeta's own scanner can't have": {"GET /" + strings.Repeat("a", 50_000), "GET /" + strings.Repeat("a", 50_000)},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := ReadTargets("targets.txt", strings.NewReader(row.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(targets); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// Each row is a mistake and the whole sentence about it.
func TestReadTargetsRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "body.json", "{}")
	for name, row := range map[string]struct{ text, want string }{
		"empty":                            {"", "targets.txt holds no request"},
		"comments alone":                   {"# GET /x\n\n", "targets.txt holds no request"},
		"no method":                        {"GET /a\n\n/b", "targets.txt line 3: there is no method before the URL: /b"},
		"no method, absolute":              {"http://me:hunter2@localhost/b?k=hunter2", "targets.txt line 1: there is no method before the URL: http://***@localhost/b?***"},
		"no URL":                           {"GET", "targets.txt line 1: this isn't a request: GET"},
		"small letters":                    {"get /x", "targets.txt line 1: the method isn't a word in capitals: get /x"},
		"pasted from a raw request":        {"GET /x HTTP/1.1", "targets.txt line 1: the URL has a space in it: GET /x ***"},
		"a relative path":                  {"GET x", "targets.txt line 1: the URL is neither a path nor http://HOST/PATH: GET ***"},
		"the star of OPTIONS":              {"OPTIONS *", "targets.txt line 1: the URL is neither a path nor http://HOST/PATH: OPTIONS ***"},
		"another scheme":                   {"GET ftp://localhost/x", "targets.txt line 1: the URL isn't an HTTP one: GET ftp://localhost/x"},
		"no host":                          {"GET http://:80/x", "targets.txt line 1: the URL names no host: GET http://:80/x"},
		"a bad escape":                     {"GET /%zz", "targets.txt line 1: the URL is neither a path nor http://HOST/PATH: GET /%zz"},
		"a header above its request":       {"Authorization: Bearer hunter2\nGET /", "targets.txt line 1: a header stands where a request should begin: Authorization: ***"},
		"a header after a blank line":      {"GET /\n\nCookie: hunter2", "targets.txt line 3: a header stands where a request should begin: Cookie: ***"},
		"a header without a colon":         {"GET /\nA: 1\nAuthorization Bearer hunter2", "targets.txt line 3: this header has no colon: Authorization ***"},
		"a header without a value":         {"GET /\nA:", "targets.txt line 2: the header has no value: A:"},
		"a header's name with a space":     {"GET /\nMy Token: hunter2", "targets.txt line 2: the header's name isn't valid: My ***"},
		"a control character":              {"GET /\nA: hun\x00ter2", "targets.txt line 2: the header's value holds a control character: A: ***"},
		"a body pasted in":                 {"POST /\n\npassword=hunter2", "targets.txt line 3: this isn't a request: ***"},
		"a body file that isn't there":     {"POST /\n@none.json", "targets.txt line 2: the body file can't be read (no such file or directory): @none.json"},
		"a body file that is a folder":     {"POST /\n@.", "targets.txt line 2: the body file can't be read (not a regular file): @."},
		"a body file without end":          {"POST /\n@/dev/zero", "targets.txt line 2: the body file can't be read (not a regular file): @/dev/zero"},
		"a line too long":                  {"GET /\n\nGET /" + strings.Repeat("a", maxLine), "targets.txt line 3: the line is longer than 60 000 bytes: GET /" + strings.Repeat("a", 192) + "..."},
		"JSON that ends early":             {`{"method":"GET","url":"/hunter2"`, `targets.txt line 1: the JSON object doesn't end on its line: {"method":"GET","url":"***"`},
		"JSON over several lines":          {"{\n\"method\": \"GET\"\n}", "targets.txt line 1: the JSON object doesn't end on its line: {"},
		"JSON in a list":                   {`[{"method":"GET"}]`, `targets.txt line 1: this isn't a JSON object: [{"method":"GET"}]`},
		"JSON without a method":            {`{"url":"/"}`, `targets.txt line 1: there is no "method": {"url":"***"}`},
		"JSON without a URL":               {`{"method":"GET"}`, `targets.txt line 1: there is no "url": {"method":"GET"}`},
		"JSON with a misspelt key":         {`{"method":"GET","url":"/","headers":{"A":["hunter2"]}}`, `targets.txt line 1: unknown field "headers": {"method":"GET","url":"***","headers":{"***":["***"]}}`},
		"JSON with one value for a header": {`{"method":"GET","url":"/","header":{"A":"hunter2"}}`, `targets.txt line 1: the value of "header" is of the wrong kind: {"method":"GET","url":"***","header":{"***":"***"}}`},
		"JSON with a body in clear":        {`{"method":"GET","url":"/","body":"!hunter2!"}`, `targets.txt line 1: illegal base64 data at input byte 0: {"method":"GET","url":"***","body":"***"}`},
		"JSON twice on a line":             {`{"method":"GET","url":"/"} {}`, `targets.txt line 1: there is more on the line after the object: {"method":"GET","url":"***"} {}`},
		"JSON with a bad method":           {"\n" + `{"method":"G T","url":"/"}`, `targets.txt line 2: the method or the URL isn't valid: {"method":"*** ***","url":"***"}`},
		"JSON, then something else":        {`{"method":"GET","url":"/"}` + "\nGET /", "targets.txt line 2: invalid character 'G' looking for beginning of value: GET /"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTargets("targets.txt", strings.NewReader(row.text))
			got := usage(t, err)
			if got.What != row.want {
				t.Errorf("got  %s\nwant %s", got.What, row.want)
			}
			if strings.Contains(got.What+got.Try, "hunter2") {
				t.Error("a secret is shown")
			}
		})
	}
}

// endless is a file that only the limit ends.
type endless struct{}

var requests = bytes.Repeat([]byte("GET /\n"), 100_000)

func (endless) Read(p []byte) (int, error) { return copy(p, requests), nil }

func TestReadTargetsHasLimits(t *testing.T) {
	_, err := ReadTargets("-", endless{})
	if got := usage(t, err); got.What != "standard input is larger than 16 MiB, the most that a list of targets may have" {
		t.Error(got.What)
	}
	full := file{name: "t", lines: []string{"GET /"}, list: make([]target, maxTargets)}
	if got := usage(t, full.read()); got.What != "t line 1: there are more than 100 000 requests: GET /" {
		t.Error(got.What)
	}
	big := filepath.Join(t.TempDir(), "big")
	write(t, big, "")
	if err := os.Truncate(big, maxBodies+1); err != nil {
		t.Fatal(err)
	}
	_, err = ReadTargets("t", strings.NewReader("POST /\n@"+big))
	if got := usage(t, err); !strings.HasPrefix(got.What, "t line 2: the body files hold more than 64 MiB together: @") {
		t.Error(got.What)
	}
}

func TestReadTargetsThatCannotBeRead(t *testing.T) {
	_, err := ReadTargets("t", iotest.ErrReader(io.ErrClosedPipe))
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindTool || !errors.Is(err, io.ErrClosedPipe) || f.What != "t could not be read" {
		t.Errorf("%#v", err)
	}
}

func TestOnePath(t *testing.T) {
	targets, err := OnePath("", "/x?a=1", http.Header{"a": {"1"}}, []byte("b"))
	if err != nil || told(targets) != "GET /x?a=1 A=1 b" {
		t.Errorf("%s, %v", told(targets), err)
	}
	method, path, header := targets.First()
	if method != "GET" || path != "/x?a=1" || header.Get("A") != "1" || targets.Len() != 1 || hosts(targets) != nil {
		t.Errorf("%s %s %v", method, path, header)
	}
	for _, bad := range []string{"", "x", "/a b", "mailto:x", "/%", "/\x01"} {
		_, err := OnePath("GET", bad, nil, nil)
		usage(t, err)
	}
	_, err = OnePath("G T", "/", nil, nil)
	usage(t, err)
	_, err = OnePath("GET", "/", http.Header{"A": {"hun\nter2"}}, nil)
	if strings.Contains(usage(t, err).What, "ter2") {
		t.Error(err)
	}
	targets, _ = OnePath("GET", "http://example.com/x", nil, nil)
	if got := usage(t, targets.Check(nil)); !strings.HasPrefix(got.What, "the host example.com isn't this machine") {
		t.Error(got.What)
	}
}

func TestPaths(t *testing.T) {
	targets, err := Paths([]string{"/a", "/b?c", "/a"})
	if err != nil || told(targets) != "GET /a; GET /b?c; GET /a" {
		t.Errorf("%s, %v", told(targets), err)
	}
	_, err = Paths([]string{"/a", "b"})
	if got := usage(t, err); got.What != "the URL is neither a path nor http://HOST/PATH: GET ***" {
		t.Error(got.What)
	}
}

func TestHostsAndCheck(t *testing.T) {
	targets, err := ReadTargets("t", strings.NewReader("GET http://localhost/\nGET /x\nGET http://Example.com:80/\nGET http://[::1]/\nGET http://localhost:9/"))
	if err != nil || !slices.Equal(hosts(targets), []string{"localhost", "Example.com", "::1"}) {
		t.Errorf("%v, %v", hosts(targets), err)
	}
	if err := targets.Check([]string{"example.COM"}); err != nil {
		t.Error(err)
	}
	if got := usage(t, targets.Check([]string{"example.org"})); got.What != "t line 3: the host Example.com isn't this machine, and load may hurt it" {
		t.Error(got.What)
	}
	if method, _, _ := (Targets{}).First(); method != "" {
		t.Error(method)
	}
}

func TestRebaseLeavesTheTargetsAlone(t *testing.T) {
	targets, _ := ReadTargets("t", strings.NewReader("GET //x?a\nB: own\n"))
	list := targets.rebase("http://127.0.0.1:1", http.Header{"a": {"1"}, "B": {"common"}})
	if list[0].URL != "http://127.0.0.1:1//x?a" || list[0].Header.Get("A") != "1" || list[0].Header.Get("B") != "own" {
		t.Errorf("%+v", list[0])
	}
	if told(targets) != "GET //x?a B=own" {
		t.Error(told(targets))
	}
}

func FuzzReadTargets(f *testing.F) {
	for _, seed := range []string{
		"GET /x", "GET http://localhost:1/x?y#z\nA: 1\n# c\n\nPOST /\n@body", "\ufeffGET /\r\n",
		`{"method":"GET","url":"/","header":{"A":["1"]},"body":"Zm9v"}`, `{"method":"GET","url":"http://u:p@[::1]/"}`,
		"GET //x", "OPTIONS *", `{"header":{"a":null}}`, "[", "GET\t/\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "@") && strings.ContainsAny(text, "./") && strings.Contains(text, "\n@") {
			t.Skip("a body file of this very host")
		}
		targets, err := ReadTargets("t", strings.NewReader(text))
		if err != nil {
			usage(t, err)
			return
		}
		if targets.Len() == 0 {
			t.Fatal("accepted, and empty")
		}
		var again bytes.Buffer
		encode := vegeta.NewJSONTargetEncoder(&again)
		for _, one := range targets.rebase("http://127.0.0.1:1", nil) {
			req, err := one.Request()
			if err != nil || req.URL.Host != "127.0.0.1:1" || req.URL.User != nil {
				t.Fatalf("%+v makes %v, %v", one, req, err)
			}
			if err := encode(&one); err != nil {
				t.Fatal(err)
			}
		}
		second, err := ReadTargets("again", &again)
		if err != nil || second.Len() != targets.Len() {
			t.Fatalf("%d targets became %d: %v", targets.Len(), second.Len(), err)
		}
	})
}

// told is a list in one line.
func told(t Targets) string {
	var list []string
	for _, one := range t.list {
		words := []string{one.method, one.path}
		if one.host != "" {
			words = append(words, "@"+one.host)
		}
		for name, values := range one.header {
			words = append(words, fmt.Sprintf("%s=%s", name, strings.Join(values, ",")))
		}
		if one.body != nil {
			words = append(words, string(one.body))
		}
		list = append(list, strings.Join(words, " "))
	}
	return strings.Join(list, "; ")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hosts are those that absolute URLs named, each once, in their order.
func hosts(t Targets) []string {
	var hosts []string
	for _, one := range t.list {
		if one.host != "" && !slices.Contains(hosts, one.host) {
			hosts = append(hosts, one.host)
		}
	}
	return hosts
}
