package puma

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestPumaArgs(t *testing.T) {
	for words, want := range map[string]string{
		"-w 3 -t 1:5":                       "workers=3 threads=1:5",
		"-w3 -t1:5":                         "workers=3 threads=1:5",
		"--workers=3 --threads 1:5":         "workers=3 threads=1:5",
		"--work 3 --thr=1:5":                "workers=3 threads=1:5", // OptionParser's abbreviations
		"--redirect-std 3":                  "- -",                   // of two
		"config.ru -w 2":                    "- workers=2",
		"-b -w -w 2":                        "bind=-w workers=2",
		"-f config.ru":                      "fork-worker= -",
		"--fork-worker=500 config.ru":       "fork-worker=500 -",
		"--bind-to-activated-sockets -w 2":  "bind-to-activated-sockets= workers=2",
		"--bind-to-activated-sockets only":  "bind-to-activated-sockets=only",
		"-C - --no-config --preload -q":     "config=- no-config=true preload=true quiet=true",
		"-- -w 3":                           "- - -",
		"-w":                                "-", // puma refuses it
		"--unheard-of 5":                    "- -",
		"-e production -p 80 app.ru --port": "environment=production port=80 - -",
	} {
		var got []string
		for _, arg := range syntax.Scan(strings.Fields(words)) {
			if arg.Name == "" {
				got = append(got, "-")
			} else {
				got = append(got, arg.Name+"="+arg.Value)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s\n got  %s\n want %s", words, strings.Join(got, " "), want)
		}
		if again := syntax.Scan(strings.Fields(words)).Without(); strings.Join(again, " ") != words {
			t.Errorf("%s is written again as %q", words, again)
		}
	}
}

// Short flags in one word are read one by one, as OptionParser does, and stay in one word if none of them goes.
func TestPumaArgsInOneWord(t *testing.T) {
	for _, words := range []string{
		"-qw4", "-qb tcp://x -t1:1", "-qvw 4", "-qf500", "--THREADS 3:3", "--Work=3 -",
	} {
		args := syntax.Scan(strings.Fields(words))
		if got := strings.Join(args.Without(), " "); got != words {
			t.Errorf("%s: %s", words, got)
		}
		if left := strings.Join(args.Without("bind", "workers", "threads", "quiet", "log-requests", "fork-worker"), ""); strings.Trim(left, "-") != "" {
			t.Errorf("%s: %s is left", words, left)
		}
	}
	if got := syntax.Scan([]string{"-qvw4"}).Without("log-requests"); !slices.Equal(got, []string{"-q", "-w", "4"}) {
		t.Errorf("%q", got)
	}
	if s := rackupCommand.Scan([]string{"-qD", "-p", "80"}).Settings(); !s.Has("daemonize") || s.Text("port") != "80" {
		t.Errorf("%v", s)
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "-w 3 -t 1:5 -C config.rb -f5", "--fork-worker=5 --bind-to-activated-sockets only -- -p 1")
}

func FuzzRailsArgs(f *testing.F) {
	servertest.FuzzArgs(f, railsServer, []string{"port", "binding"}, "-p 3000 -b 0.0.0.0 -C --no-early-hints -d")
}

func FuzzRackupArgs(f *testing.F) {
	servertest.FuzzArgs(f, rackupCommand, []string{"port", "host"}, "-s puma -O Threads=1:5 -o x -p 1 -E production config.ru")
}
