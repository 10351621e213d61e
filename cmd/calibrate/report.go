package main

import (
	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
	"workermem/report"
)

func newReportCmd(env Env) *cobra.Command {
	format := formatFlag{exports: true}
	cmd := &cobra.Command{
		Use:     "report [RUN]",
		Short:   "Show a saved run; the latest if none is named",
		Example: "  calibrate report\n  calibrate report --markdown > RUNBOOK.md\n  calibrate report .calibrate/runs/20261121-093000-1f2e --json\n  calibrate report --format junit --app shop > junit.xml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			result, err := loadRun(env, first(args))
			if err != nil {
				return err
			}
			return format.show(env, report.Run(result, server.Known()))
		},
	}
	format.register(cmd.Flags())
	return cmd
}

// first is the first of some arguments, "" of none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
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
