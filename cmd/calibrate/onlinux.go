package main

import (
	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/sampler"
)

// What is said where nothing can be measured.
const (
	whyLinux = "it reads memory and CPU time in /proc and in control groups"
	tryLinux = "measure in a container or a virtual machine with Linux; its saved runs can be read, sized, checked and compared here"
)

// onLinux has those commands say so, before they do anything, that can't work elsewhere.
func onLinux(env Env, commands ...*cobra.Command) []*cobra.Command {
	for _, cmd := range commands {
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return needLinux(env, cmd.CommandPath()) }
	}
	return commands
}

// needLinux is a *calibrate.Failure where nothing can be measured.
func needLinux(env Env, what string) error {
	if env.Foreign == "" {
		return nil
	}
	return &calibrate.Failure{Kind: calibrate.KindTool, What: what + " needs Linux, and this is " + env.Foreign, Why: whyLinux, Try: tryLinux}
}

// foreignCheckup is all that there is to say of a system that isn't Linux.
func foreignCheckup(env Env) calibrate.Checkup {
	host, _ := sampler.Host()
	return calibrate.NewCheckup(toolInfo(), host, []calibrate.Finding{{Area: "host", Name: "system", State: calibrate.StateMissing, Stops: true,
		Text: "calibrate measures on Linux alone, and this is " + env.Foreign + ": " + whyLinux, Try: tryLinux}}, nil, nil)
}
