package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workermem/calibrate"
)

// In a job of CI a name is often a variable's, and one that isn't set is an empty text. It is no name: taken for one that wasn't given,
// it would leave out what a gate was to hold a run to, in silence.
const unset = "; a variable that isn't set is empty"

// nameValue is a flag's value that names something.
type nameValue struct{ text *string }

// naming registers a flag that takes a name. Without it there is none.
func naming(flags *pflag.FlagSet, text *string, flag, usage string) {
	flags.Var(nameValue{text}, flag, usage)
}

func (n nameValue) String() string { return *n.text }
func (n nameValue) Type() string   { return "string" }

func (n nameValue) Set(text string) error {
	if text == "" {
		return calibrate.Usage("name something, or leave it out"+unset, "it is empty")
	}
	*n.text = text
	return nil
}

// namesRuns refuses an argument before -- that names no run.
func namesRuns(cmd *cobra.Command, args []string) error {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash]
	}
	if slices.Contains(args, "") {
		return calibrate.Usage("name a run, or latest"+unset, "RUN is empty")
	}
	return nil
}
