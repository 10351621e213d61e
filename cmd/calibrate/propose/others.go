package propose

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"

	"workermem/calibrate/server/cli"
)

// pumaConfig is config/puma.rb, which Puma reads by itself in the app's folder.
func (d dir) pumaConfig() (f Found, ok bool) {
	if !d.has("config/puma.rb") {
		return f, false
	}
	f.File, f.Says, f.Why = "config/puma.rb", "settings of Puma", "it is the server's own configuration"
	f.Words = []string{"puma", "-C", f.File}
	if d.has("Gemfile") {
		f.Words, f.Note = append([]string{"bundle", "exec"}, f.Words...), "by the Gemfile"
	}
	return f, true
}

var (
	pm2        = regexp.MustCompile(`\bpm2(?:-runtime)?\b`)
	pm2Script  = regexp.MustCompile(`\bscript\s*:\s*["']([^"'\n]+)["']`)
	javaScript = regexp.MustCompile(`\.[cm]?js$`)
)

// node is package.json's start, or what pm2 starts in its place.
func (d dir) node() (f Found, ok bool) {
	text, ok := d.read("package.json")
	if !ok {
		return f, false
	}
	f.File, f.Port, f.Why = "package.json", true, "npm starts the app so"
	var read struct {
		Scripts map[string]string
		Main    string
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return Found{File: f.File, Says: "no JSON", Note: "it can't be read"}, true
	}
	start := read.Scripts["start"]
	words, plain := cli.Plain(start)
	switch {
	case pm2.MatchString(start), start == "" && d.has("ecosystem.config.js"):
		return d.ecosystem(), true
	case plain && words[0] == "node":
		f.Says = "start: " + start
		f.words(words)
	case start != "":
		f.Says, f.Words, f.Note = "start: "+start, []string{"npm", "start"}, "npm finds its programs"
	case javaScript.MatchString(read.Main) && d.has(read.Main):
		f.Says, f.Words = "main: "+read.Main, []string{"node", read.Main}
	default:
		return Found{File: f.File, Says: "no start script", Note: "nothing says which file is the server"}, true
	}
	return f, true
}

// ecosystem is pm2's file: calibrate starts the one process of it that is the app.
func (d dir) ecosystem() Found {
	name, text, ok := d.first("ecosystem.config.js", "ecosystem.config.cjs")
	m := pm2Script.FindStringSubmatch(text)
	if !ok || m == nil {
		return Found{File: "package.json", Says: "it starts pm2", Note: "no ecosystem.config.js here names a script"}
	}
	script := path.Clean(strings.TrimPrefix(m[1], "./"))
	f := Found{File: name, Why: "pm2 starts the app so", Says: "script: " + m[1], Port: true, Words: []string{"node", script}, Note: "without pm2: calibrate counts the workers itself"}
	if !javaScript.MatchString(script) {
		f.Words = []string{m[1]}
	}
	return f
}
