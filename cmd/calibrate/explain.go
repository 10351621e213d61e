package main

import (
	"strings"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/report"
)

func newExplainCmd(env Env) *cobra.Command {
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "explain [METRIC] [RUN]",
		Short: "Say what a number means, how it is measured, and what a run says of it",
		Long: "explain lists the metrics, or says of one what it means, its unit, which direction is better, and how it is measured;\n" +
			"and its value in the latest run, or RUN, with its interval as far as it is known.",
		Example: "  calibrate explain\n  calibrate explain marginal\n  calibrate explain 'after(10k)'",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return format.show(env, report.Metrics())
			}
			m, err := metricNamed(args[0])
			if err != nil {
				return err
			}
			if registered, _ := calibrate.FindMetric(args[0]); len(args) > 1 && m.Argument() != "" && m.Name == registered.Name {
				return calibrate.Usage("give a number: "+m.Example, "what a run says of %s depends on its %s", m.Word(), m.Argument())
			}
			run, err := explainedRun(env, args[1:])
			if err != nil {
				return err
			}
			return format.show(env, report.Explain(m, run))
		},
	}
	format.register(cmd.Flags())
	return cmd
}

// metricNamed takes after and after(N) for the metric itself, of which no run has a value.
func metricNamed(text string) (calibrate.Metric, error) {
	m, err := calibrate.FindMetric(text)
	if err != nil || m.Name == text || !strings.Contains(text, "(") && m.Argument() != "" {
		return m, err
	}
	return calibrate.ParseMetric(text)
}

// explainedRun is the run that is named, else the latest. Without any there is nothing to read, which is no error.
func explainedRun(env Env, named []string) (*calibrate.Result, error) {
	if len(named) == 0 && len(runIDs(env)) == 0 {
		return nil, nil
	}
	r, err := loadRun(env, first(named))
	return &r, err
}
