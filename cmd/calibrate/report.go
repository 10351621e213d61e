package main

import (
	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
	"workermem/report"
)

func newReportCmd(env Env) *cobra.Command {
	format := formatFlag{exports: true, rows: true}
	var tables string
	cmd := &cobra.Command{
		Use:     "report [RUN...]",
		Short:   "Show a saved run; the latest if none is named; or several side by side",
		Example: "  calibrate report\n  calibrate report --markdown > RUNBOOK.md\n  calibrate report .calibrate/runs/20261121-093000-1f2e --json\n  calibrate report --html report.html\n  calibrate report report.html\n  calibrate report shop/result.json cart/result.json\n  calibrate report --csv tables\n  calibrate report --format junit --app shop > junit.xml",
		Args:    namesRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			var wrong complaints
			if format.complain(env, &wrong); len(wrong) > 0 {
				return wrong.err("calibrate report --help lists the formats")
			}
			switch {
			case cmd.Flags().Changed("csv"):
				return format.tables(env, tables, args)
			case len(args) > 1:
				return format.several(env, args)
			}
			run, m, err := keptRun(env, first(args))
			if err != nil {
				return err
			}
			page := report.Drawn(m.Result, m.Curves(), server.Known())
			page.Again = report.Command(append([]string{"calibrate", "report"}, args...))
			page.Saved = []report.SavedRun{run}
			return format.show(env, page)
		},
	}
	format.register(cmd.Flags())
	format.registerVerbose(cmd.Flags())
	cmd.Flags().StringVar(&tables, "csv", "", "write the runs as tables into a `folder`: runs, candidates, routes, samples, load (calibrate guide files)")
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
	m, err := loadMeasured(env, name)
	return m.Result, err
}

// loadMeasured is the same with what was recorded.
func loadMeasured(env Env, name string) (calibrate.Measured, error) {
	path, err := findRun(env, name)
	if err != nil {
		return calibrate.Measured{}, err
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		return calibrate.Measured{}, calibrate.Usage("name a folder, a result.json or a page of calibrate run", "the run can't be read: %s", err)
	}
	m.Result = analyse.Today(m)
	return m, nil
}
