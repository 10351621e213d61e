package calibrate

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"an ordinary command stays", []string{"gunicorn", "-w", "1", "app:app"}, []string{"gunicorn", "-w", "1", "app:app"}},
		{"an assignment loses its value", []string{"env", "DATABASE_URL=postgres://u:p@h/d", "gunicorn"}, []string{"env", "DATABASE_URL=***", "gunicorn"}},
		{"a URL loses its password", []string{"serve", "--db=postgres://u:p@h/d"}, []string{"serve", "--db=postgres://***@h/d"}},
		{"a URL loses its query", []string{"serve", "http://h/x?token=1"}, []string{"serve", "http://h/x?***"}},
		{"a secret option's next word", []string{"serve", "--api-key", "abc", "x"}, []string{"serve", "--api-key", "***", "x"}},
		{"a secret option's own value", []string{"serve", "--password=abc"}, []string{"serve", "--password=***"}},
		{"a secret switch doesn't hide the option behind it", []string{"serve", "--require-token", "--password", "abc"}, []string{"serve", "--require-token", "--password", "***"}},
		{"a secret glued to its letter", []string{"serve", "-psecretword", "--db-pass", "abc"}, []string{"serve", "-p***", "--db-pass", "***"}},
		{"an option called auth", []string{"serve", "--auth", "abc"}, []string{"serve", "--auth", "***"}},
		{"a header", []string{"serve", "Authorization: Bearer abc def"}, []string{"serve", "Authorization: ***"}},
		{"a query without a scheme", []string{"serve", "db?password=abc&x=1"}, []string{"serve", "db?password=***&x=1"}},
		{"a long option with one dash", []string{"serve", "-password", "abc", "x"}, []string{"serve", "-p***", "***", "x"}},
		{"an assignment of several lines", []string{"env", "TLS_KEY=a\nb", "x"}, []string{"env", "TLS_KEY=***", "x"}},
		{"assignments of a script", []string{"sh", "-c", "#!/bin/sh\nexport PIN='1 2'3 A=b\nC=\"d e\"; [ \"$A\" = b ] && x --bind=y\nexec \"$@\""},
			[]string{"sh", "-c", "#!/bin/sh\nexport PIN=*** A=***\nC=***; [ \"$A\" = b ] && x --bind=y\nexec \"$@\""}},
		{"an assignment in an option", []string{"gunicorn", "--env=SECRET_KEY=abc", "--dsn", "https://abc@sentry/5"}, []string{"gunicorn", "--env=SECRET_KEY=***", "--dsn", "https://***@sentry/5"}},
		{"a slash in a password", []string{"postgres://u:a/b@db/x"}, []string{"postgres://***@db/x"}},
		{"an option that ends in key", []string{"serve", "--signing-key", "abc", "--session-id=5"}, []string{"serve", "--signing-key", "***", "--session-id=***"}},
		{"a key's file is not the key", []string{"serve", "--ssl-keyfile", "k.pem", "--gevent-monkey-patch", "app"}, []string{"serve", "--ssl-keyfile", "k.pem", "--gevent-monkey-patch", "app"}},
		{"keys and sessions of a sentence stay", []string{"KeyError: 'x', session: 5"}, []string{"KeyError: 'x', session: 5"}},
		{"placeholders stay", []string{"serve", "--port={port}"}, []string{"serve", "--port={port}"}},
		{"a placeholder is no secret", []string{"env", "PORT={port}", "BIND=0.0.0.0:{port}", "URL=http://{host}:{port}/", "serve", "--auth-port={port}", "--key", "{workers}"},
			[]string{"env", "PORT={port}", "BIND=0.0.0.0:{port}", "URL=http://{host}:{port}/", "serve", "--auth-port={port}", "--key", "{workers}"}},
		{"what stands beside a placeholder may be one", []string{"env", "DB=postgres://u:p@h/{port}", "PIN=1234{port}", "X={secret}", "serve"}, []string{"env", "DB=***", "PIN=***", "X=***", "serve"}},
	} {
		if diff := cmp.Diff(c.want, Redact(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What isn't looked through isn't shown, and may be secret.
func TestRedactLineOfAMegabyte(t *testing.T) {
	long := "gunicorn " + strings.Repeat("\u00e9", 500_000) + " SECRET_KEY=hunter2"
	got := RedactLine(long)
	if strings.Contains(got, "hunter2") || !strings.HasPrefix(got, long[:60_001]) || !utf8.ValidString(got) || !SecretLine(long) {
		t.Errorf("%d bytes end in %q", len(got), got[len(got)-20:])
	}
	if short := long[:60_001]; RedactLine(short) != short || SecretLine(short) {
		t.Error("a line that is looked through is another now")
	}
}

// A shell's line is shown without what its words are shown without, whatever stands between them.
func TestRedactLine(t *testing.T) {
	for line, want := range map[string]string{
		"gunicorn -w 1 --bind 0.0.0.0:{port} app:app":                            "",
		"web: gunicorn 'app:app' --name \"a: b # c\" && x":                       "",
		"SECRET_KEY=abc DB=postgres://u:p@h/d gunicorn app:app":                  "SECRET_KEY=*** DB=*** gunicorn app:app",
		"web: PIN='1 2'3 PORT={port} exec serve":                                 "web: PIN=*** PORT={port} exec serve",
		"cd app && A=\"b c\" serve --db=postgres://u:p@h/d":                      "cd app && A=*** serve --db=postgres://***@h/d",
		"serve --token abc --api-key 'a b'c -v":                                  "serve --token *** --api-key *** -v",
		"serve --password=\"a b\" && x":                                          "serve --password=*** && x",
		"serve --require-token --key abc|tee x":                                  "serve --require-token --key ***|tee x",
		"serve --token \"a b":                                                    "serve --token ***",
		"serve --key {workers} --ssl-keyfile k.pem -H 'Authorization: Bearer a'": "serve --key {workers} --ssl-keyfile k.pem -H 'Authorization: ***",
	} {
		if want == "" {
			want = line
		}
		if got := RedactLine(line); got != want {
			t.Errorf("%s\nis shown as %s\nwant        %s", line, got, want)
		}
	}
}

func TestSecretName(t *testing.T) {
	for name, want := range map[string]bool{
		"Authorization": true, "Cookie": true, "X-CSRF-Token": true, "AccessKey": true, "Ocp-Apim-Subscription-Key": true, "X-Session-Id": true,
		"Accept": false, "User-Agent": false, "Keep-Alive": false, "--keyfile": false, "X-Keyword": false, "DB_PASS": true,
	} {
		if got := SecretName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
