package modwsgi

import (
	"maps"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

// A configuration is foreign input: whatever is in it, what is not changed is written as it was.
func FuzzApacheLines(f *testing.F) {
	for _, seed := range []string{"", "Listen 80\n", "a \\\n b\n# c \\\n d", "X \"a b\" 'c d' e=\"f g\"\\", "<VirtualHost *:80>\r\n</VirtualHost>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var whole []string
		for _, line := range apacheLines(text) {
			whole = append(whole, line.text)
			_, _ = line.args(), line.Name()
		}
		want := strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(text, "\r", ""), "\n", ""), "\r")
		if got := strings.ReplaceAll(strings.ReplaceAll(strings.Join(whole, "\n"), "\r", ""), "\n", ""); got != want {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func TestModuleVersion(t *testing.T) {
	for text, want := range map[string]string{
		"x\x003.11.1\x00mod_wsgi/%s\x004.9.4\x00": "4.9.4",
		"\x006.1.1\x00":  "6.1.1",
		"\x003.11.1\x00": "",
		"":               "",
	} {
		root, _ := servertest.Site(t, map[string]string{"mod_wsgi.so": text})
		c := &apacheConfig{root: root, names: map[string]string{}, env: func(string) string { return "" }}
		c.add("LoadModule mpm_event_module x.so\nLoadModule wsgi_module mod_wsgi.so")
		if got := moduleVersion(c); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// What was read and is written again is read as the same.
func FuzzApacheConfig(f *testing.F) {
	f.Add("Define A x\n<IfDefine A>\nDefine B ${A}${C}\n</IfDefine>\n<IfDefine !A>\nDefine D \\\n y\n</IfDefine>\nServerRoot \"/etc/${B}\"\n")
	f.Add("</IfDefine>\n<IfDefine>\n<ifdefine !>\nDefine\n")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) *apacheConfig {
			c := &apacheConfig{env: func(string) string { return "" }, names: map[string]string{}, depth: includeDepth} // no file of this host
			c.add(text)
			return c
		}
		once := read(text)
		again := read(once.text())
		if again.text() != once.text() || !maps.Equal(again.names, once.names) || again.root != once.root || again.off != once.off {
			t.Errorf("%+v, and again %+v", once, again)
		}
	})
}
