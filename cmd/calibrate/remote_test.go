package main

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Load never leaves the machine unless --allow-remote names where to.

// elsewhere are hosts that are not this machine, or that something takes for another one: by name, number, or what is around them.
var elsewhere = map[string]string{ // as the URL has them, and as they are refused
	"192.0.2.1": "192.0.2.1", "10.0.0.1": "10.0.0.1", "169.254.169.254": "169.254.169.254", "0.0.0.0": "0.0.0.0", "255.255.255.255": "255.255.255.255",
	"[::]": "::", "[2001:db8::1]": "2001:db8::1", "[::ffff:192.0.2.1]": "::ffff:192.0.2.1", "[::ffff:c000:201]": "::ffff:c000:201", "[64:ff9b::7f00:1]": "64:ff9b::7f00:1",
	"[::127.0.0.1]": "::127.0.0.1", "[fe80::1%25lo]": "fe80::1%lo", "2130706433": "2130706433", "3221225985": "3221225985", "0x7f000001": "0x7f000001",
	"0x7f.0.0.1": "0x7f.0.0.1", "0177.0.0.1": "0177.0.0.1", "127.1": "127.1", "127.0.0.01": "127.0.0.01", "127.0.0.1.": "127.0.0.1.", "127.0.0.256": "127.0.0.256", "127。0。0。1": "127。0。0。1",
	"127.0.0.1.example.com": "127.0.0.1.example.com", "localhost.example.com": "localhost.example.com", "localhost.": "localhost.", "x.localhost": "x.localhost",
	"localhost.localdomain": "localhost.localdomain", "ip6-localhost": "ip6-localhost", "app.example": "app.example", "sub.allowed.example": "sub.allowed.example", "xn--lcalhost-b1a": "xn--lcalhost-b1a",
	"127.0.0.1@192.0.2.1": "192.0.2.1", "localhost:80@192.0.2.1": "192.0.2.1",
}

// Each place where a host can be written refuses these, before anything is started or looked up.
func TestNothingLeavesTheMachine(t *testing.T) {
	defer func(was *net.Resolver) { net.DefaultResolver = was }(net.DefaultResolver)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("a name is looked up, at %s", address)
		return nil, errors.New("not in a test")
	}}
	server := exec.Command("sleep", "60")
	must(t, server.Start())
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for host, refused := range elsewhere {
		for place, args := range map[string][]string{
			"--url of run":    {"run", "--url", "http://" + host + ":8000", "--", "sleep", "1"},
			"--url of attach": {"attach", "--pid", strconv.Itoa(server.Process.Pid), "--url", "http://" + host + ":8000", "--path", "/"},
			"requests of run": {"run", "--targets", "requests.txt", "--", "sleep", "{port}"},
			"requests before": {"run", "--before", "requests.txt", "--", "sleep", "{port}"},
		} {
			env, _, stderr := testEnv(t, nil)
			write(t, env.Dir, "requests.txt", "GET http://"+host+":8000/x\n")
			args = slices.Concat(args[:1], []string{"--allow-remote", "allowed.example"}, args[1:])
			if i := slices.Index(args, "requests.txt"); i > 0 {
				args[i] = filepath.Join(env.Dir, args[i])
			}
			code := Main(t.Context(), env, args)
			said := squeezed(stderr.String())
			if named := strings.Contains(said, refused) && strings.Contains(said, "this machine"); code != exitUsage || !named && !strings.Contains(said, "user name") {
				t.Errorf("%s at %s: exit code %d: %s", place, host, code, said)
			}
		}
	}
}

// What goes out goes one way, which is held to this machine: no code but that dials, looks a name up, or has a client of its own that
// follows the environment's proxy.
func TestOneWayOut(t *testing.T) {
	dials := []string{"net.Dial", "net.DialTimeout", "net.DialTCP", "net.DialUDP", "net.DialIP", "net.Resolver", "net.DefaultResolver", "net.LookupHost", "net.LookupIP", "net.LookupAddr", "net.LookupCNAME", "net.LookupTXT"}
	clients := []string{"http.Get", "http.Post", "http.PostForm", "http.Head", "http.DefaultClient", "http.DefaultTransport", "http.ProxyFromEnvironment", "http.ProxyURL"}
	allowed := map[string][]string{
		filepath.Join("calibrate", "reach", "reach.go"): {"net.DefaultResolver"},
		filepath.Join("sampler", "doctor_load.go"):      {"net.DialTimeout"}, // a listener of its own
	}
	root, files := filepath.Join("..", ".."), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == "fixtures" || strings.HasPrefix(entry.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		name, err := filepath.Rel(root, path)
		ast.Inspect(file, func(n ast.Node) bool {
			what := outward(n)
			if slices.Contains(slices.Concat(dials, clients, []string{ownClient}), what) && !slices.Contains(allowed[name], what) {
				t.Errorf("%s has %s", name, what)
			}
			return true
		})
		return err
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files: %v", files, err)
	}
}

// ownClient is a client or a transport that connects by itself, or by a proxy.
const ownClient = "a client that connects as it likes"

// outward is what a part of a program may go out by: a name of a package, or a client without a dialer.
func outward(n ast.Node) string {
	if selector, is := n.(*ast.SelectorExpr); is {
		return named(selector)
	}
	literal, is := n.(*ast.CompositeLit)
	if !is {
		return ""
	}
	needs := map[string]string{"http.Client": "Transport", "http.Transport": "DialContext"}[named(literal.Type)]
	held := needs == ""
	for _, element := range literal.Elts {
		pair, is := element.(*ast.KeyValueExpr)
		key := ""
		if is {
			key = named(pair.Key)
		}
		held = held || key == needs
		if key == "Proxy" && needs != "" && named(pair.Value) != "nil" {
			return ownClient
		}
	}
	if !held {
		return ownClient
	}
	return ""
}

// named is a name as it is written, "" of what is none.
func named(e ast.Node) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if of := named(e.X); of != "" {
			return of + "." + e.Sel.Name
		}
	}
	return ""
}

// TestOutward shows that TestOneWayOut can fail.
func TestOutward(t *testing.T) {
	for text, want := range map[string]string{
		`net.Dial("tcp", a)`: "net.Dial", `http.Get(a)`: "http.Get", `http.Client{}`: ownClient, `&http.Client{Transport: x}`: "", `http.Transport{DialContext: x}`: "",
		`http.Transport{DialContext: x, Proxy: nil}`: "", `http.Transport{DialContext: x, Proxy: p}`: ownClient, `&http.Transport{}`: ownClient, `to.Dial(a)`: "", `url.URL{}`: "",
	} {
		e, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		ast.Inspect(e, func(n ast.Node) bool {
			if what := outward(n); slices.Contains([]string{"net.Dial", "http.Get", ownClient}, what) {
				got = what
			}
			return true
		})
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
