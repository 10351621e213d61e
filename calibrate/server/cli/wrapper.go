package cli

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// wrapper is a program that runs the command that follows its own words, as the same process or as its only child.
type wrapper struct {
	options  Options        // of the program and of its subcommand
	operand  *regexp.Regexp // the word of its own before the command that is no option, such as a subcommand; nil for none
	optional bool           // the operand may be left out
	assigns  bool           // NAME=value words come before the command
	file     string         // the setting that names a file of variables, which is .env if it isn't there; "" for none
	instead  []string       // settings by which no command is run, or code in its stead
}

// gnu is how getopt_long reads the words of a wrapper: the command ends its options.
var gnu = Syntax{Abbreviates: true, CommandEnds: true}

func wraps(table string, instead ...string) wrapper {
	return wrapper{options: gnu.Options(table), instead: instead}
}

func (w wrapper) after(operand string) wrapper {
	w.operand = regexp.MustCompile("^(?:" + operand + ")$")
	return w
}

func (w wrapper) maybe() wrapper { w.optional = true; return w }

func (w wrapper) withVariables() wrapper { w.assigns = true; return w }

func (w wrapper) reading(file string) wrapper { w.file = file; return w }

// envFiles are the files of variables that a wrapper reads, whose values win over the environment's (honcho/command.py,
// command_run; foreman/cli.rb, load_environment!; dotenv/cli.py, run).
func (w wrapper) envFiles(words []string) (files []string) {
	if w.file == "" {
		return nil
	}
	all := w.options
	all.CommandEnds = false
	given := all.Scan(words).Settings()
	for name := range strings.SplitSeq(cmp.Or(given.Text(w.file), ".env"), ",") {
		if folder := cmp.Or(given.Text("app-root"), given.Text("root")); !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		files = append(files, name)
	}
	return files
}

// Operands of wrappers.
const (
	aDuration = `[0-9.]+[smhd]?`       // timeout(1)
	aMask     = `(0x)?[0-9A-Fa-f,:-]+` // taskset(1), with or without -c
	aPriority = `[0-9]+`               // chrt(1)
	aUser     = `[A-Za-z0-9_.+:-]+\$?` // gosu, su-exec: USER[:GROUP]
)

// wrappers are those people start web servers with, by their manual pages: GNU coreutils 9, util-linux 2.38, numactl 2.0, and
// each project's own help. Not here: docker, ssh, sudo and their like, whose processes aren't ours.
var wrappers = map[string]wrapper{
	"env":                      wraps("i,ignore-environment! 0,null! u,unset C,chdir S,split-string v,debug! block-signal!? default-signal!? ignore-signal!?", "split-string").withVariables(),
	"nice":                     wraps("n,adjustment"),
	"ionice":                   wraps("c,class n,classdata p,pid P,pgid u,uid t,ignore!", "pid", "pgid", "uid"),
	"nohup":                    wraps(""),
	"stdbuf":                   wraps("i,input o,output e,error"),
	"timeout":                  wraps("preserve-status! foreground! k,kill-after s,signal v,verbose!").after(aDuration),
	"taskset":                  wraps("a,all-tasks! p,pid! c,cpu-list!", "pid").after(aMask),
	"chrt":                     wraps("b,batch! d,deadline! f,fifo! i,idle! o,other! r,rr! R,reset-on-fork! T,sched-runtime P,sched-period D,sched-deadline a,all-tasks! m,max! p,pid! v,verbose!", "pid", "max").after(aPriority).maybe(),
	"prlimit":                  wraps("p,pid o,output noheadings! raw! verbose! c,core!? d,data!? e,nice!? f,fsize!? i,sigpending!? l,memlock!? m,rss!? n,nofile!? q,msgqueue!? r,rtprio!? s,stack!? t,cpu!? u,nproc!? v,as!? x,locks!? y,rttime!?", "pid"),
	"setpriv":                  wraps("d,dump! nnp! no-new-privs! ambient-caps inh-caps bounding-set ruid euid rgid egid reuid regid clear-groups! keep-groups! init-groups! groups securebits pdeathsig selinux-label apparmor-profile reset-env!", "dump"),
	"numactl":                  wraps("i,interleave w,weighted-interleave p,preferred P,preferred-many m,membind N,cpunodebind C,physcpubind l,localalloc! b,balancing! a,all! H,hardware! s,show!", "hardware", "show"),
	"time":                     wraps("a,append! f,format o,output p,portability! q,quiet! v,verbose!"),
	"catchsegv":                wraps(""),
	"gosu":                     wraps("").after(aUser),
	"su-exec":                  wraps("").after(aUser),
	"setuidgid":                wraps("").after(aUser),
	"s6-setuidgid":             wraps("").after(aUser),
	"tini":                     wraps("p e s! v! w! g! l!"),
	"dumb-init":                wraps("c,single-child! r,rewrite v,verbose!"),
	"poetry":                   wraps("C,directory P,project").after("run"),
	"pipenv":                   wraps("").after("run"),
	"pdm":                      wraps("p,project").after("run"),
	"hatch":                    wraps("e,env").after("run"),
	"rye":                      wraps("").after("run"),
	"uv":                       wraps("with p,python project directory extra group env-file package index with-requirements with-editable").after("run"),
	"conda":                    wraps("n,name p,prefix cwd no-capture-output! live-stream! v,verbose! dev!").after("run"),
	"honcho":                   wraps("e,env d,app-root no-colour! no-prefix! f,procfile v,version!").after("run").reading("env"),
	"foreman":                  wraps("e,env d,root f,procfile").after("run").reading("env"),
	"dotenv":                   wraps("f,file q,quote e,export [no-]override").after("run").reading("file"),
	"ddtrace-run":              wraps(""),
	"opentelemetry-instrument": wraps(""),
	"newrelic-admin":           wraps("").after("run-program"),
	"bundle":                   wraps("gemfile").after("exec"),
	"ruby":                     wraps("C E I r e", "e"),
}

// command is the index of the command after a wrapper's own words, which begin at i, -1 where there is none.
func (w wrapper) command(argv []string, i int) int {
	operand, ended := w.operand, false
	for i < len(argv) {
		word := argv[i]
		switch {
		case word == "--" && !ended:
			ended = true
			i++
		case dashed(word) && !ended:
			n, runs := w.option(argv[i:])
			if !runs {
				return -1
			}
			i += n
		case operand != nil && operand.MatchString(word):
			operand = nil
			i++
		case operand != nil && !w.optional:
			return -1
		case w.assigns && (word == "-" || assignment.MatchString(word)): // - alone is env's -i
			i++
		default:
			return i
		}
	}
	return -1
}

// option is how many words an option takes up, and whether a command is run with it.
func (w wrapper) option(words []string) (n int, runs bool) {
	found := w.options.next(words)
	instead := slices.ContainsFunc(found, func(a Arg) bool { return slices.Contains(w.instead, a.Name) })
	return len(found[len(found)-1].Words), !instead
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

func assignments(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !assignment.MatchString(w) })
}

// IsAssignment says whether a word is NAME=value.
func IsAssignment(word string) bool { return assignment.MatchString(word) }

// IsWrapper says whether a program is one that runs the command that follows it.
func IsWrapper(name string) bool {
	_, is := wrappers[name]
	return is
}

// SplitString puts the words of env -S in their place; nil if there is none, or env would do more than split it at blanks and
// quotation marks.
func SplitString(words []string) []string {
	if filepath.Base(words[0]) != "env" {
		return nil
	}
	env := wrappers["env"]
	for i := 1; i < len(words) && dashed(words[i]) && words[i] != "--"; {
		found := env.options.next(words[i:])
		last := found[len(found)-1]
		if last.Name != "split-string" {
			i += len(last.Words)
			continue
		}
		split, err := SplitWords(last.Value)
		if err != nil || len(found) > 1 || strings.ContainsAny(last.Value, `\$#`) {
			return nil
		}
		return slices.Concat(words[:i], split, words[i+len(last.Words):])
	}
	return nil
}

// Start is what starts the processes of a Procfile.
type Start struct {
	Run          []string // the words that run one command in the same environment
	Folder, File string   // of the Procfile
	Names        []string // of the processes; none for all
}

// ProcfileStart reads honcho start and foreman start. ok is false for what starts a process more than once, and for all else.
func ProcfileStart(words []string) (start Start, ok bool) {
	name := filepath.Base(words[0])
	if name != "honcho" && name != "foreman" {
		return start, false
	}
	args := procfileOptions.Scan(words[1:])
	operands := args.Operands()
	if len(operands) == 0 || operands[0] != "start" {
		return start, false
	}
	given := args.Settings()
	if given.Has("concurrency") || given.Has("formation") {
		return start, false
	}
	start.Folder, start.File, start.Names = cmp.Or(given.Text("app-root"), given.Text("root"), "."), cmp.Or(given.Text("procfile"), "Procfile"), operands[1:]
	start.Run = words[:1:1]
	for _, a := range args {
		if slices.Contains([]string{"env", "app-root", "root", "procfile"}, a.Name) {
			start.Run = append(start.Run, a.Words...)
		}
	}
	if name == "foreman" { // its options follow the subcommand
		start.Run = slices.Insert(start.Run, 1, "run")
		return start, true
	}
	start.Run = append(start.Run, "run")
	return start, true
}

// procfileOptions are those of honcho 2.0 (honcho start --help) and foreman 0.88 (foreman help start).
var procfileOptions = Argparse.Options("e,env d,app-root root no-colour! no-prefix! f,procfile p,port c,concurrency m,formation q,quiet t,timeout color!")
