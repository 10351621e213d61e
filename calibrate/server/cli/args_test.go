package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/servertest"
)

const table = "w,workers b,bind q,quiet! D,daemon! n,name f,fork!? maybe? [no-]log own=else,o"

var syntaxes = []cli.Syntax{cli.Argparse, cli.Click, cli.ClickGroup, cli.OptionParser, cli.Getopt}

// said writes arguments as setting=value, words that are no option as -.
func said(args cli.Args) string {
	var all []string
	for _, arg := range args {
		if arg.Name == "" {
			all = append(all, "-")
		} else {
			all = append(all, arg.Name+"="+arg.Value)
		}
	}
	return strings.Join(all, " ")
}

func TestScan(t *testing.T) {
	for _, test := range []struct {
		name   string
		syntax cli.Syntax
		words  string
		want   string
	}{
		{"value behind", cli.Click, "--workers 3 app", "workers=3 -"},
		{"value in the word", cli.Click, "--workers=3 --bind= -w4", "workers=3 bind= workers=4"},
		{"another name", cli.Click, "--else 1 -o2", "own=1 own=2"},
		{"flags in one word", cli.Click, "-qDw4", "quiet=true daemon=true workers=4"},
		{"value behind flags in one word", cli.Click, "-qw 4", "quiet=true workers=4"},
		{"value in the same word or none", cli.Click, "-f3 -f 3 --fork=3 --fork 3", "fork=3 fork= - fork=3 fork= -"},
		{"negative form", cli.Click, "--log --no-log", "log=true log=false"},
		{"end of options", cli.Click, "-q -- -w 3", "quiet=true - - -"},
		{"a value may look like an option", cli.Click, "-w -q --bind -- -q", "workers=-q bind=-- quiet=true"},
		{"unless it may be left out", cli.Click, "--maybe 3 --maybe -q", "maybe=3 maybe= quiet=true"},
		{"no abbreviations", cli.Click, "--work 3", "- -"},
		{"equals sign is of the value", cli.Click, "-w=3", "workers==3"},
		{"what the program refuses", cli.Click, "--quiet=1 --unknown -x -qx - a -w", "- - - - - - -"},
		{"command", cli.ClickGroup, "-w 3 -q serve -q --bind x", "workers=3 quiet=true - - - -"},

		{"abbreviation", cli.Argparse, "--work 3 --wor=4", "workers=3 workers=4"},
		{"of two", cli.Argparse, "--n 3 --no 4", "- - log=false -"},
		{"equals sign", cli.Argparse, "-w=3 -qw=4", "workers=3 quiet=true workers=4"},
		{"shy value", cli.Argparse, "-n -w3 -n -- x", "- workers=3 - - -"},
		{"negative number", cli.Argparse, "-w -5 -n -.5", "workers=-5 name=-.5"},
		{"case counts", cli.Argparse, "--Workers 3", "- -"},

		{"Ruby's abbreviation", cli.OptionParser, "--WORK 3 --No-L", "workers=3 log=false"},
		{"Ruby's equals sign", cli.OptionParser, "-w=3", "workers==3"},
	} {
		if got := said(test.syntax.Options(table).Scan(strings.Fields(test.words))); got != test.want {
			t.Errorf("%s: %s: %s, want %s", test.name, test.words, got, test.want)
		}
	}
}

func TestABlankInAWord(t *testing.T) {
	words := []string{"--name", "-x y", "--name", "--bind x", "--name=a b", "-b c d", "-n", "-w 3"}
	if got := said(cli.Argparse.Options(table).Scan(words)); got != "name=-x y name=--bind x name=a b bind= c d - workers= 3" {
		t.Error(got)
	}
}

func TestWithout(t *testing.T) {
	for words, want := range map[string]string{
		"-qw4 a":           "-q a",
		"-qDn x -w 4":      "-qDn x",
		"-qbDw":            "-q", // -b's value is Dw
		"--maybe -w 4 a":   "a --maybe",
		"-f3 -w 4":         "-f3",
		"-w4 -- -w4":       "-- -w4",
		"--maybe -w4 --":   "--maybe --",
		"--no-log -w 4 --": "--no-log --",
	} {
		if got := strings.Join(cli.Click.Options(table).Scan(strings.Fields(words)).Without("workers", "bind"), " "); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
	args := cli.Click.Options(table).Scan(strings.Fields("-qf3 -bx"))
	if got := strings.Join(args.Without("quiet"), " "); got != "-f3 -bx" {
		t.Error(got)
	}
	if got := args.Except(func(a cli.Arg) bool { return a.Value == "x" }); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestOperands(t *testing.T) {
	args := cli.ClickGroup.Options(table).Scan(strings.Fields("-w 3 --unknown serve -q x"))
	if got := args.Operands(); !slices.Equal(got, []string{"serve", "x"}) {
		t.Errorf("%q", got)
	}
	if got := args.Command(); !slices.Equal(got, []string{"serve", "-q", "x"}) {
		t.Errorf("%q", got)
	}
	if got := (cli.Args{}).Command(); got != nil {
		t.Errorf("%q", got)
	}
}

// scanned holds whatever the words, in every syntax.
func scanned(t interface{ Errorf(string, ...any) }, words []string) {
	for _, syntax := range syntaxes {
		options := syntax.Options(table)
		if options.CommandEnds { // no such program has a value that may be left out: none can be moved behind the command
			options = syntax.Options(strings.Replace(table, "maybe?", "", 1))
		}
		servertest.Scanned(t, options, words, "workers", "bind", "daemon", "fork")
	}
}

func TestWordsScannedAndWrittenAgain(t *testing.T) {
	word := rapid.OneOf(
		rapid.SampledFrom(strings.Fields("-w --workers --work --bind -b -q -D -n --name -f --fork --maybe --may --log --no-log --no-l -o -- - a app:app -5 -x --x")),
		rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom(strings.Fields("-w --workers= --bind= -q -qD -n --name= -f --fork= --maybe= --quiet= -qw -Dn")).Draw(t, "option") +
				rapid.SampledFrom([]string{"", "3", "=3", "w", "qD", "a b", "-", "x"}).Draw(t, "value")
		}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(word).Draw(t, "words")
		scanned(t, words)
	})
}

func FuzzScan(f *testing.F) {
	f.Add("-b X -w3 --bind=5 app:app")
	f.Add("-qw4\n-n\n-w\n--\n--bind")
	f.Add("--name\n--workers\n--\n--bind\n--quiet=1")
	f.Fuzz(func(t *testing.T, text string) {
		scanned(t, strings.Split(text, "\n"))
	})
}

func TestTable(t *testing.T) {
	var all []string
	for _, o := range cli.Click.Options("?,h,help! " + table).All {
		all = append(all, fmt.Sprintf("%s:%s:%s:%s:%d", o.Name, strings.Join(o.Long, "+"), o.Off, o.Short, o.Takes))
	}
	want := "help:help::?h:1 workers:workers::w:0 bind:bind::b:0 quiet:quiet::q:1 daemon:daemon::D:1 name:name::n:0 " +
		"fork:fork::f:3 maybe:maybe:::2 log:log:no-log::1 own:else::o:0"
	if got := strings.Join(all, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
