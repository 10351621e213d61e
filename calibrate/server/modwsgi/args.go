package modwsgi

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// apacheOptions are those of httpd 2.4 (server/main.c, AP_SERVER_BASEARGS).
var apacheOptions = cli.Getopt.Options("D C c d f e E k v! V! l! L! t! T! S! M! h! X! ?!")

// apacheShows are the options by which it shows something, and ends.
const apacheShows = "vVlLtSMh?"

// refuseApache says which commands serve nothing, or nothing that can be measured.
func refuseApache(args cli.Args, name string) error {
	// What apachectl, or -k, is told to do.
	if told := slices.Concat(args.Operands(), args.Settings().List("k")); len(told) > 0 && told[0] != "start" {
		return calibrate.Usage("give the command that starts it: "+name+" -DFOREGROUND", "%s %s starts no server", name, told[0])
	}
	for _, arg := range args {
		switch {
		case arg.Name == "X":
			return calibrate.Usage("leave -X out", "-X is for debugging: the app runs inside Apache's only process")
		case arg.Name != "" && strings.Contains(apacheShows, arg.Name):
			return calibrate.Usage("leave "+arg.Written+" out", "with %s %s serves nothing", arg.Written, name)
		}
	}
	return nil
}

// apacheWordsBeside are the words that stay beside a configuration of ours: all options but those that name or are one.
func apacheWordsBeside(args cli.Args) []string {
	return args.Except(func(a cli.Arg) bool {
		return a.Operand() || a.Name == "D" && a.Value == "FOREGROUND" || a.Name != "" && strings.Contains("fCcEk", a.Name)
	})
}
