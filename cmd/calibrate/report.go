package main

import (
	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
	"workermem/report"
)

func newReportCmd(env Env) *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:     "report [RUN]",
		Short:   "Show a saved run; the latest if none is named",
		Example: "  calibrate report\n  calibrate report --markdown > RUNBOOK.md\n  calibrate report .calibrate/runs/20261121-093000-1f2e --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			result, err := loadRun(env, name)
			if err != nil {
				return err
			}
			return format.show(env, report.Run(result, server.Known()))
		},
	}
	format.register(cmd.Flags())
	return cmd
}

// loadRun reads a run back, as today's rules have it.
func loadRun(env Env, name string) (calibrate.Result, error) {
	path, err := findRun(env, name)
	if err != nil {
		return calibrate.Result{}, err
	}
	r, err := analyse.Load(path)
	if err != nil {
		return calibrate.Result{}, calibrate.Usage("name a folder or a result.json of calibrate run", "the run can't be read: %s", err)
	}
	return r, nil
}
