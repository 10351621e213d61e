package cli

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Script is a text that a shell runs.
type Script struct {
	Shell []string // the words that run a text: bash -ec
	Text  string
	Name  string   // $0
	Args  []string // "$@"
	Login bool     // the shell reads files of its own before it, such as ~/.profile
}

var shellNames = []string{"sh", "bash", "dash", "zsh", "ash", "ksh"}

// shellOptions are those of dash(1) and bash(1).
var shellOptions = Syntax{CommandEnds: true}.Options(`c! l,login! i! e! u! x! v! n! f! a! h! m! p! o O rcfile init-file norc! noprofile! posix! verbose!`)

// ShellScript is the script of a shell's command line: sh -c TEXT, or sh FILE, whose text read gives. ok is false if there is none.
func ShellScript(words []string, read func(file string) (text string, ok bool)) (s Script, ok bool) {
	if len(words) < 2 || !slices.Contains(shellNames, filepath.Base(words[0])) {
		return s, false
	}
	args := shellOptions.Scan(words[1:])
	has := func(name string) bool { return slices.ContainsFunc(args, func(a Arg) bool { return a.Name == name }) }
	operands := args.Command()
	if has("i") || len(operands) == 0 {
		return s, false
	}
	s.Shell, s.Login = slices.Clone(words[:len(words)-len(operands)]), has("login")
	if has("c") {
		s.Text, s.Name = operands[0], words[0]
		if len(operands) > 1 {
			s.Name, s.Args = operands[1], operands[2:]
		}
		return s, true
	}
	s.Text, ok = read(operands[0])
	s.Shell, s.Name, s.Args = append(s.Shell, "-c"), operands[0], operands[1:]
	return s, ok
}

var shebang = regexp.MustCompile(`^#![ \t]*(?:\S*/env[ \t]+)?(\S+)(?:[ \t]+(-\S+))?[ \t]*\r?\n`)

// FileScript is the script in a file that the kernel has a shell run, by its first line. ok is false for any other file.
func FileScript(name, text string, args []string) (s Script, ok bool) {
	m := shebang.FindStringSubmatch(text)
	if m == nil || !slices.Contains(shellNames, filepath.Base(m[1])) {
		return s, false
	}
	s = Script{Shell: []string{m[1]}, Text: text, Name: name, Args: args}
	if m[2] != "" {
		s.Shell, s.Login = append(s.Shell, m[2]), strings.Contains(m[2], "l")
	}
	s.Shell = append(s.Shell, "-c")
	return s, true
}

// Last is the command that a script ends with.
type Last struct {
	Command []string // its words, without exec
	Set     []string // NAME=value that the script exports to it
	Before  []string // the words that run all before it: the command follows them. None if there is nothing before it
	Passes  bool     // the script passes its own arguments on: they are the command
}

// Last reads the last command of a script, as far as it is certain what the script runs there: nothing before it changes the
// folder, the arguments, or a variable that it holds in a way that isn't plain. variable is the environment.
func (s Script) Last(variable func(name string) (string, bool)) (last Last, ok bool) {
	before, line := lastLine(s.Text)
	v, certain := readVariables(before, variable)
	if !certain {
		return last, false
	}
	beside, text := lastCommand(line)
	words, err := lex(text, s.Args, v.value)
	if err != nil || unsure.MatchString(beside) {
		return last, false
	}
	command, exec := asWords(words)
	if len(command) == 0 {
		return last, false
	}
	before += beside
	last.Command, last.Set, last.Passes = command, v.exported(), s.passes(text)
	if s.Login || !idle.MatchString(withoutComments(before)) {
		last.Before = slices.Concat(s.Shell, []string{before + exec + `"$@"`, s.Name})
	}
	return last, !last.Passes || len(s.Args) > 0
}

// asWords are a command's words with what it sets before it by env, and "exec " if it takes the shell's place.
func asWords(words []string) (command []string, exec string) {
	set := 0
	for set < len(words) && assignment.MatchString(words[set]) {
		set++
	}
	command = words[set:]
	if len(command) > 0 && command[0] == "exec" {
		command, exec = command[1:], "exec "
	}
	if set > 0 && len(command) > 0 {
		command = slices.Concat([]string{"env"}, words[:set], command)
	}
	return command, exec
}

// passes says whether a command is nothing but wrappers before the script's own arguments.
func (s Script) passes(command string) bool {
	const all = "\x00"
	words, err := lex(command, []string{all}, func(string) (string, bool) { return "", false })
	if err != nil {
		return false
	}
	words, _ = asWords(words)
	return slices.Index(words, all) == len(words)-1 && len(words) > 0 && SeeThrough(words).Index == len(words)-1
}

var (
	// unsure are commands after which the last one may be another than it seems, or runs elsewhere.
	unsure = regexp.MustCompile(`(?:^|[\s;&|({!])(?:cd|pushd|popd|\.|source|eval|shift|alias|BASH_SOURCE|PATH=\S*)(?:\s|$|\[)|BASH_SOURCE` +
		`|(?:^|[\s;&|({!])set[ \t]+(?:[-+](?:[a-zA-Z]*o[ \t]+\w+|[a-zA-Z]*[a-np-zA-Z])[ \t]+)*(?:--|[^-+\s;&|#)}])`) // other arguments
	// idle is a text that only sets options of the shell.
	idle = regexp.MustCompile(`^(?:\s*set\s+[-+][^\n;&|]*(?:\n|;|&&|$)|\s*\n)*\s*$`)

	commentLine = regexp.MustCompile(`(?m)^[ \t]*#.*$`)
)

func withoutComments(text string) string { return commentLine.ReplaceAllString(text, "") }

// lastLine parts a script before its last line that isn't empty, of those that a backslash joins.
func lastLine(text string) (before, line string) {
	lines := strings.SplitAfter(text, "\n")
	blank := func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || line[0] == '#'
	}
	joined := func(line string) bool { return strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`) && !blank(line) }
	end := len(lines)
	for end > 0 && blank(lines[end-1]) {
		end--
	}
	begin := max(end-1, 0)
	for begin > 0 && joined(lines[begin-1]) {
		begin--
	}
	line = strings.Join(lines[begin:end], "")
	return strings.Join(lines[:begin], ""), strings.TrimRight(joint.ReplaceAllString(line, ""), "\r\n")
}

// lastCommand parts a line behind its last && or ;. Inside of quotation marks, or of a comment, what follows is no plain command.
func lastCommand(line string) (beside, command string) {
	line = strings.TrimRight(line, " \t;")
	at := strings.LastIndex(line, ";") + 1
	if and := strings.LastIndex(line, "&&"); and >= at {
		at = and + len("&&")
	}
	if at == 0 {
		return "", line
	}
	if beside = line[:at]; comment.MatchString(beside) {
		return beside, "#"
	}
	return beside + " ", strings.TrimLeft(line[at:], " \t")
}

var comment = regexp.MustCompile(`(?:^|\s)#`)

var joint = regexp.MustCompile(`\\\r?\n`)

// variables are those that a script sets, over its environment.
type variables struct {
	set      map[string]string
	unknown  map[string]bool // set in a way that isn't plain
	exports  []string
	variable func(name string) (string, bool)
}

var (
	plainSet    = regexp.MustCompile(`^(export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)
	plainUnset  = regexp.MustCompile(`^:[ \t]+"?\$\{([A-Za-z_][A-Za-z0-9_]*):=([^}$` + "`" + `"']*)\}"?[ \t]*$`)
	plainExport = regexp.MustCompile(`^export((?:[ \t]+[A-Za-z_][A-Za-z0-9_]*)+)[ \t]*$`)
	anySet      = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*):?=`)
	alsoSets    = regexp.MustCompile(`\b(?:read|getopts|for|local|declare|typeset|unset)[ \t]+([^;\n]*)`)
)

// readVariables reads what the lines before a script's last command set. certain is false if a line may change more than that.
func readVariables(before string, variable func(string) (string, bool)) (v variables, certain bool) {
	v = variables{set: map[string]string{}, unknown: map[string]bool{}, variable: variable}
	before = withoutComments(before)
	for line := range strings.Lines(before) {
		v.read(strings.TrimRight(line, " \t\r\n"))
	}
	return v, !unsure.MatchString(before)
}

func (v *variables) read(line string) {
	if m := plainExport.FindStringSubmatch(line); m != nil {
		v.exports = append(v.exports, strings.Fields(m[1])...)
		return
	}
	if m := plainUnset.FindStringSubmatch(line); m != nil {
		if value, ok := v.value(m[1]); !ok || value == "" {
			v.set[m[1]] = m[2]
		}
		return
	}
	if m := plainSet.FindStringSubmatch(line); m != nil && !v.unknown[m[2]] {
		if words, err := lex("x"+m[3], nil, v.value); err == nil && len(words) == 1 {
			v.set[m[2]] = words[0][1:]
			if m[1] != "" {
				v.exports = append(v.exports, m[2])
			}
			return
		}
	}
	for _, m := range anySet.FindAllStringSubmatch(line, -1) {
		v.unknown[m[1]] = true
	}
	for _, m := range alsoSets.FindAllStringSubmatch(line, -1) {
		for _, name := range strings.Fields(m[1]) {
			v.unknown[name] = true
		}
	}
}

// value is that of a variable at the script's end. A port that nobody has set is the one that we choose.
func (v *variables) value(name string) (string, bool) {
	if v.unknown[name] {
		return "", false
	}
	if value, ok := v.set[name]; ok {
		return value, true
	}
	return v.variable(name)
}

// exported are the variables that the script gives to what it runs.
func (v *variables) exported() (all []string) {
	for _, name := range v.exports {
		if value, ok := v.set[name]; ok && !v.unknown[name] {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// PlainCommands are the commands that a script holds in lines of their own, whatever it does around them. Variables stay as
// they are written.
func PlainCommands(text string) (all [][]string) {
	text = joint.ReplaceAllString(withoutComments(text), "")
	for _, part := range between.Split(text, -1) {
		words, err := lexAsIs(part)
		if command, _ := asWords(words); err == nil && len(command) > 0 {
			all = append(all, command)
		}
	}
	return all
}

// between is what ends a command, and what sends its output elsewhere.
var between = regexp.MustCompile(`\n|;|&&?|\|\|?|(?:\d?>>?&?|<)[ \t]*\S+|\b(?:then|else|do)\b`)
