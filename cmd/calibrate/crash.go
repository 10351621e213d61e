package main

import (
	"fmt"
	"os"
	"strings"

	"workermem/calibrate"
)

// catchCrashes ends the program by one message where a goroutine has a fault, as Main does where it has one itself.
func catchCrashes(env Env, args []string) {
	calibrate.OnCrash = func(cause any, stack []byte) { os.Exit(exitCode(env, crashed(args, cause, stack))) }
}

// crashed is a fault of calibrate's own: a line for whoever is there, and a file for whoever mends it.
func crashed(args []string, cause any, stack []byte) error {
	what, _, _ := strings.Cut(fmt.Sprint(cause), "\n")
	failure := &calibrate.Failure{Kind: calibrate.KindTool, What: "a fault in calibrate itself: " + calibrate.RedactText(what),
		Try: "run it again; if it stays, report it with the command and this message"}
	file, err := os.CreateTemp("", "calibrate-crash-*.txt")
	if err != nil {
		return failure
	}
	defer file.Close()
	tool := toolInfo()
	if _, err := fmt.Fprintf(file, "calibrate %s\ncommand: %s\npanic: %s\n\n%s", tool.Version, strings.Join(calibrate.Redact(args), " "), failure.What, stack); err == nil {
		failure.Try = "report it, with " + file.Name()
	}
	return failure
}
