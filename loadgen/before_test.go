package loadgen

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

var environ = map[string]string{"USER_NAME": "me & you", "USER_PASSWORD": "hunter2"}

func getenv(name string) string { return environ[name] }

func before(t *testing.T, text string) Before {
	t.Helper()
	b, err := ReadBefore("login.txt", strings.NewReader(text), getenv)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const login = "GET /login\n\nPOST /login?next=%2F\n@form\n"

// shop is an app with a login: its page has a token, in a form and in a meta element, that only the page's cookie fits.
func shop(t *testing.T) *app {
	return newApp(t, func(w http.ResponseWriter, r *http.Request) {
		set := func(name, value string) {
			http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, Domain: strings.TrimPrefix(r.Header.Get("X-Domain"), "-")})
		}
		visit, _ := r.Cookie("visit")
		session, _ := r.Cookie("session")
		switch {
		case r.URL.Path == "/login" && r.Method == http.MethodGet:
			set("visit", "1")
			loginPage(w, "")
		case r.URL.Path == "/login" && (visit == nil || r.PostFormValue("csrf_token") != "a+b/c=" || r.PostFormValue("user") != "me & you"):
			http.Error(w, "forged", http.StatusBadRequest)
		case r.URL.Path == "/login" && r.PostFormValue("password") != "hunter2":
			loginPage(w, "wrong password")
		case r.URL.Path == "/login":
			set("session", "s1")
			http.Redirect(w, r, "https://"+r.Host+"/home", http.StatusFound) // as behind a proxy
		case r.URL.Path == "/away":
			http.Redirect(w, r, "https://sso.example/?token=hunter2", http.StatusFound)
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case r.URL.Path == "/api" && (r.Header.Get("X-Token") != "a+b/c=" || r.Header.Get("Content-Type") != "application/json"):
			http.Error(w, "no", http.StatusForbidden)
		case r.URL.Path == "/api":
			set("session", "s1")
		case session == nil || session.Value != "s1":
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.Path), http.StatusFound)
		default:
			fmt.Fprintln(w, "welcome", r.Header.Get("Cookie"))
		}
	})
}

func loginPage(w http.ResponseWriter, said string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>%s</title><META NAME="csrf-token" CONTENT="a+b/c=">
	<form method=post><input type=hidden name=csrf_token value="a&#43;b/c="><input name=user><input type="password" name="password"></form>`, said)
}

func TestLoadIsLoggedIn(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "form", "csrf_token={{csrf_token}}&user=${USER_NAME}&password=${USER_PASSWORD}")
	write(t, "json", `{"user":"${USER_NAME}"}`)
	for name, row := range map[string]struct {
		before string
		header http.Header
	}{
		"a form":                         {before: login},
		"a token in a header":            {before: "GET /login\n\nPOST /api\nContent-Type: application/json\nX-Token: {{csrf-token}}\n@json\n"},
		"lines of Windows, and its mark": {before: "\ufeff" + strings.ReplaceAll(login, "\n", "\r\n")},
		"a cookie of its public domain":  {before: login, header: http.Header{"Host": {"www.shop.example"}, "X-Domain": {"shop.example"}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := shop(t)
			l := New(path(t, "/home?a"), Options{Before: before(t, row.before), Header: row.header})
			for range 2 { // each app has a login of its own
				if _, err := l.Prepare(t.Context(), a.URL); err != nil {
					t.Fatal(err)
				}
			}
			tally := attack(t, l, a.URL, calibrate.Pace{Requests: 10})
			if tally.Succeeded != 10 || len(tally.Refusals) != 0 || l.Answered() != 10 {
				t.Errorf("%+v", tally)
			}
		})
	}
	a := shop(t)
	l := New(path(t, "/home"), Options{})
	if _, err := l.Prepare(t.Context(), a.URL); err != nil || a.served.Load() != 0 {
		t.Error(err)
	}
	if all := attack(t, l, a.URL, calibrate.Pace{Requests: 10}).Refusals; len(all) != 1 || all[0].Kind != calibrate.RefusalLogin || all[0].Location != "/login" || all[0].Answers != 10 {
		t.Errorf("%+v", all)
	}
}

// What is put in is sent as it is, though it looks like a placeholder itself; those beside it are filled in.
func TestValuesAreNoPlaceholders(t *testing.T) {
	t.Chdir(t.TempDir())
	const secret, token = "p{{csrf}}${USER_NAME}{{x}}", "t${USER_PASSWORD}{{csrf}}"
	get := func(name string) string {
		return map[string]string{"SECRET": secret, "USER_NAME": "u", "USER_PASSWORD": "p"}[name]
	}
	write(t, "json", `{"a":"${SECRET}","b":"{{csrf}}","c":"${USER_NAME}"}`)
	write(t, "form", `a=${SECRET}&b={{csrf}}&c=${USER_NAME}`)
	var bodies, headers []string
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies, headers = append(bodies, string(body)), append(headers, r.Header.Get("X"))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<meta name=csrf content='%s'>", token)
	})
	const text = "GET /\nX: ${SECRET}\n\nPOST /\nContent-Type: application/json\nX: {{csrf}} ${SECRET}\n@json\n\nPOST /\nX: ${USER_NAME}\n@form\n"
	b, err := ReadBefore("login.txt", strings.NewReader(text), get)
	if err != nil {
		t.Fatal(err)
	}
	l := New(path(t, "/"), Options{Before: b})
	for range 2 { // an app that is started again gets the same
		bodies, headers = nil, nil
		if _, err := l.Prepare(t.Context(), a.URL); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"a": {secret}, "b": {token}, "c": {"u"}}.Encode()
		if want := []string{"", `{"a":"` + secret + `","b":"` + token + `","c":"u"}`, form}; !slices.Equal(bodies, want) {
			t.Errorf("bodies %q\nwant   %q", bodies, want)
		}
		if want := []string{secret, token + " " + secret, "u"}; !slices.Equal(headers, want) {
			t.Errorf("headers %q\nwant    %q", headers, want)
		}
	}
}

// The cookies of the login stand beside those of a request's own, and keep to their path.
func TestCookiesOfTheLoad(t *testing.T) {
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "all", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "part", Value: "2", Path: "/part"})
		http.SetCookie(w, &http.Cookie{Name: "foreign", Value: "3", Domain: "other.example"})
	})
	targets, err := ReadTargets("t", strings.NewReader("GET /\nCookie: own=0\n\nGET /part/x\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := New(targets, Options{Before: before(t, "GET /")})
	if _, err := l.Prepare(t.Context(), a.URL); err != nil {
		t.Fatal(err)
	}
	list := targets.rebase("http://127.0.0.1:1", nil)
	l.cookies.addTo(list, targets)
	if got := list[0].Header.Get("Cookie"); got != "own=0; all=1" {
		t.Error(got)
	}
	if got := list[1].Header.Get("Cookie"); got != "part=2; all=1" {
		t.Error(got)
	}
}

// Each row is a login that fails, and the whole sentence about it.
func TestPrepareRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "form", "csrf_token={{csrf_token}}&user=${USER_NAME}&password=${USER_PASSWORD}")
	write(t, "wrong", "csrf_token={{csrf_token}}&user=${USER_NAME}&password=x")
	for name, row := range map[string]struct{ before, what, why string }{
		"a wrong password":          {"GET /login\n\nPOST /login\n@wrong", "POST /login (login.txt line 3) was answered by a form with a password again", "the app did not take what it was sent"},
		"no token":                  {"POST /login?k=hunter2\nA: b", "POST /login (login.txt line 1) was answered by 400 Bad Request", ""},
		"no such field":             {"GET /login\n\nGET /x?t={{token}}", "GET /x (login.txt line 3) can't be sent", "the page before it has no hidden field or meta element named token"},
		"no cookie at all":          {"GET /none", "GET /none (login.txt line 1) led to /login, which answered 418 I'm a teapot", ""},
		"away":                      {"GET /away", "GET /away (login.txt line 1) was not answered", "it redirects to another host, sso.example"},
		"round and round":           {"GET /round?k=hunter2", "GET /round (login.txt line 1) was not answered", "it redirects more than 10 times, at last to /round"},
		"no cookie of any request":  {"GET /plain", "no cookie was set by any answer", ""},
		"a cookie of another place": {"GET /elsewhere", "cookies were set, but none for a request of the load", "they are for another domain or path, or are over already"},
	} {
		t.Run(name, func(t *testing.T) {
			inner := shop(t)
			a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasPrefix(name, "no cookie at all") && r.URL.Path == "/login":
					w.WriteHeader(http.StatusTeapot)
				case r.URL.Path == "/plain":
				case r.URL.Path == "/elsewhere":
					http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/elsewhere"})
				default:
					inner.Config.Handler.ServeHTTP(w, r)
				}
			})
			_, err := New(path(t, "/home"), Options{Before: before(t, row.before)}).Prepare(t.Context(), a.URL)
			var f *calibrate.Failure
			if !errors.As(err, &f) || f.Kind != calibrate.KindInconclusive || f.Try == "" {
				t.Fatalf("%#v", err)
			}
			if f.What != "before the load, "+row.what || f.Why != row.why {
				t.Errorf("got  %s: %s\nwant %s: %s", f.What, f.Why, row.what, row.why)
			}
			if strings.Contains(fmt.Sprint(f), "hunter2") {
				t.Error("a secret is shown")
			}
		})
	}
}

func TestReadBeforeRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "form", "password=${NO_SUCH}")
	environ["EMPTY"] = ""
	environ["BROKEN"] = "hun\nter2"
	for name, row := range map[string]struct{ text, want string }{
		"nothing":               {"# nothing\n", "login.txt holds no request"},
		"a mistake":             {"GET /login\n\npassword=hunter2", "login.txt line 3: this isn't a request: ***"},
		"a variable of a body":  {"GET /login\n\nPOST /login?k=hunter2\n@form", "POST /login (login.txt line 3): the environment's NO_SUCH is not set, or empty"},
		"one of a header":       {"GET /\nAuthorization: Bearer ${NO_SUCH}", "GET / (login.txt line 1): the environment's NO_SUCH is not set, or empty"},
		"an empty one":          {"GET /\nAuthorization: ${EMPTY}", "GET / (login.txt line 1): the environment's EMPTY is not set, or empty"},
		"one of a path":         {"GET /a/${USER_NAME}", "GET /a/$%7BUSER_NAME%7D (login.txt line 1): ${USER_NAME} is in the path, and variables are filled in headers and bodies only"},
		"one of a query":        {"GET /a?x=${NO_SUCH}", "GET /a (login.txt line 1): ${NO_SUCH} is in the path, and variables are filled in headers and bodies only"},
		"a line end in it":      {"GET /\nAuthorization: ${BROKEN}", "GET / (login.txt line 1): the value of the header Authorization holds a control character"},
		"no page before it":     {"GET /x?t={{token}}", "GET /x (login.txt line 1): no page comes before it that could fill in {{...}}"},
		"a log instead of them": {good("/"), "login.txt line 1: the method isn't a word in capitals: ***"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadBefore("login.txt", strings.NewReader(row.text), getenv)
			if got := usage(t, err); got.What != row.want {
				t.Errorf("got  %s\nwant %s", got.What, row.want)
			}
		})
	}
}

func TestReadPage(t *testing.T) {
	p, _ := readPage(strings.NewReader(`<!-- <input type=hidden name=a value=comment> --><script>"<input type=hidden name=a value=script>"</script>
	<input name=shown value=x><INPUT TYPE='hidden' value='1 > 0 &amp; "x"' name=a /><input type=hidden name=a value=2><meta name=m content=3><meta charset=utf-8>`))
	if p.fields["a"] != `1 > 0 & "x"` || p.fields["m"] != "3" || p.password || len(p.fields) != 2 {
		t.Errorf("%+v", p)
	}
	if p, _ := readPage(strings.NewReader(`<input type=Password><input type=hidden name=a value=`)); !p.password || len(p.fields) != 0 {
		t.Errorf("%+v", p)
	}
}

func FuzzReadBefore(f *testing.F) {
	f.Add("GET /login\n\nPOST /login?a={{b}}\nA: ${USER_PASSWORD}{{b}}\n", `<input type=hidden name=b value="&#10;">`)
	f.Add(`{"method":"POST","url":"/{{b}}","header":{"Content-Type":["application/json"]},"body":"e3tifX0="}`, `<meta name=b content=x>`)
	f.Fuzz(func(t *testing.T, text, html string) {
		if strings.Contains(text, "\n@") {
			t.Skip("a body file of this very host")
		}
		b, err := ReadBefore("t", strings.NewReader(text), getenv)
		if err != nil {
			usage(t, err)
			return
		}
		p, _ := readPage(strings.NewReader(html))
		for _, one := range b.list {
			if one.fill(getenv, func(name string) string { return p.fields[name] }) != "" {
				continue
			}
			req, err := Targets{list: []target{one}}.rebase("http://127.0.0.1:1", nil)[0].Request()
			if err == nil && (req.URL.Host != "127.0.0.1:1" || req.URL.User != nil) {
				t.Fatalf("%+v", req.URL)
			}
		}
	})
}

// What net/http says of an answer that it can't read quotes it, and that may be a secret.
func TestUnansweredQuotesNothing(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 302 Found\r\nLocation: http://[::1/SECRET%zz\r\n\r\n",
		"HTTP/1.1 SECRET\r\n\r\n",
		"HTTP/1.1 200 OK\r\nSet-Cookie: s=\x01SECRET\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nSet-Cookie: s=1\r\n\r\nabc",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, answer)
		}()
		before, err := ReadBefore("login.txt", strings.NewReader("GET /\n"), func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(Targets{}, Options{Before: before, Timeout: time.Second}).Prepare(t.Context(), "http://"+listener.Addr().String())
		listener.Close()
		var f *calibrate.Failure
		if !errors.As(err, &f) || strings.Contains(f.Error()+f.Why, "SECRET") || f.Why == "" {
			t.Errorf("%q: %v", answer, err)
		}
	}
}
