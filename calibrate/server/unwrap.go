package server

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// unwrapped is a server's command and what runs it.
type unwrapped struct {
	outer  []string // words that run the command behind them, and do other things first: none of them is part of a question to the server
	argv   []string // the command
	script string   // the last text that a shell runs on the way to it, "" for none
	notes  []string // what is otherwise than the user wrote it
	env    []string
	set    []string // NAME=value that outer sets. They may be secrets, and everybody can read a command line: they are no words of one
}

// mostWraps bounds scripts that run each other.
const mostWraps = 8

// unwrap looks for a server that is known behind shells, scripts and Procfiles. What they do is followed as far as it is
// certain; if that leads to no known server, the command stays as it is.
func unwrap(argv, env []string) unwrapped {
	u := unwrapped{argv: argv, env: env}
	for range mostWraps {
		p := see(u.argv)
		if knownServer(p) != nil || anycommand.RunsSingle(p) {
			return u
		}
		if !u.next(p) {
			break
		}
	}
	return unwrapped{argv: argv, script: u.script}
}

// see sees through wrappers, and reads the files of variables that they read.
func see(argv []string) cli.Program {
	p := cli.SeeThrough(argv)
	for _, file := range p.EnvFiles {
		if text, ok := readText(file); ok {
			p.Set = slices.Concat(cli.EnvLines(text), p.Set)
		}
	}
	return p
}

// next takes one layer off, false if there is none or it isn't certain what it does.
func (u *unwrapped) next(p cli.Program) bool {
	if p.Index >= len(u.argv) {
		return false
	}
	before, words := u.argv[:p.Index], u.argv[p.Index:]
	if split := cli.SplitString(words); split != nil {
		u.argv = slices.Concat(before, split)
		return true
	}
	if p.Index == 0 && procfileName.MatchString(words[0]) && len(words) > 1 {
		u.argv = words[1:]
		u.notes = append(u.notes, words[0]+" is left out: it is a Procfile's name of the process, and no command")
		return true
	}
	if run, note := u.procfile(words); run != nil {
		u.argv = slices.Concat(before, run)
		u.notes = append(u.notes, note)
		return true
	}
	if script, ok := u.scriptOf(words); ok {
		return u.through(script, p, before, words)
	}
	return false
}

// through goes on with the last command of a script.
func (u *unwrapped) through(script cli.Script, p cli.Program, before, words []string) bool {
	u.script = script.Text
	u.env = slices.Concat(u.env, p.Set)
	last, ok := script.Last(u.variable)
	if !ok || u.namesServer(last) {
		return false
	}
	switch {
	case last.Passes:
		at := len(words) - len(script.Args)
		u.outer = slices.Concat(u.outer, before, words[:at])
		u.argv, u.set = script.Args, slices.Concat(u.set, p.Set, last.Set)
	case len(last.Before) > 0:
		u.outer = slices.Concat(u.outer, before, last.Before)
		u.argv, u.set = last.Command, slices.Concat(u.set, p.Set, last.Set)
		u.notes = append(u.notes, "the last command of "+nameOf(script)+" is run with what is changed here, and all before it as it is: what is to be typed goes there")
	default:
		u.argv = slices.Concat(before, last.Command)
		u.notes = append(u.notes, "the shell is left out: its command is simple enough to be run directly")
	}
	return true
}

func nameOf(script cli.Script) string {
	if slices.Contains(script.Shell, script.Name) {
		return "the script"
	}
	return script.Name
}

// namesServer says whether what comes before the last command names a server, and so may start one.
func (u *unwrapped) namesServer(last cli.Last) bool {
	for _, text := range last.Before {
		for _, command := range cli.PlainCommands(text) {
			if knownServer(cli.SeeThrough(command)) != nil {
				return true
			}
		}
	}
	return false
}

// variable is one of the environment. A port that nobody has set is the one that is chosen.
func (u *unwrapped) variable(name string) (string, bool) {
	value, ok := cli.LookupEnv(u.env, name)
	if !ok && name == "PORT" {
		return "{port}", true
	}
	return value, ok
}

// scriptOf is what a shell runs: by sh -c, sh FILE, or a file that begins with its name.
func (u *unwrapped) scriptOf(words []string) (cli.Script, bool) {
	if script, ok := cli.ShellScript(words, readText); ok {
		return script, true
	}
	file, err := cli.LookPath(words[0], cli.Getenv(u.env, "PATH"))
	if err != nil {
		return cli.Script{}, false
	}
	text, ok := readText(file)
	if !ok {
		return cli.Script{}, false
	}
	return cli.FileScript(words[0], text, words[1:])
}

func readText(file string) (string, bool) {
	text, err := known.ReadRegular(file)
	if err != nil || len(text) > mostScript || slices.Contains(text, 0) { // no word can hold a 0
		return "", false
	}
	return string(text), true
}

// mostScript is more than a start script has, and less than a kernel takes for one word (MAX_ARG_STRLEN, 128 KiB).
const mostScript = 64 << 10

// Procfiles name one command a line (honcho/environ.py, PROCFILE_LINE).
var (
	procfileName = regexp.MustCompile(`^[A-Za-z0-9_-]+:$`)
	procfileLine = regexp.MustCompile(`(?m)^([A-Za-z0-9_-]+):[ \t]*(\S.*)$`)
)

// procfile is what starts one process of a Procfile without its siblings, in the same environment: honcho start web is honcho
// run sh -c LINE. It is nil if the command starts more than one.
func (u *unwrapped) procfile(words []string) (run []string, note string) {
	start, ok := cli.ProcfileStart(words)
	if !ok {
		return nil, ""
	}
	file := filepath.Join(start.Folder, start.File)
	text, _ := readText(file)
	lines := procfileLine.FindAllStringSubmatch(text, -1)
	if len(start.Names) > 0 {
		lines = slices.DeleteFunc(lines, func(m []string) bool { return !slices.Contains(start.Names, m[1]) })
	}
	if len(lines) != 1 {
		return nil, ""
	}
	return slices.Concat(start.Run, []string{"sh", "-c", strings.TrimSpace(lines[0][2])}), "the command of " + lines[0][1] + " in " + file + " is run by itself"
}
