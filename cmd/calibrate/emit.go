package main

import (
	"strings"

	"github.com/spf13/cobra"

	"workermem/calibrate"
	"workermem/calibrate/server"
	"workermem/report"
)

func newEmitCmd(env Env) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "emit [RUN] [--for SERVER]",
		Short: "Write the recommendation of a saved run as the configuration to paste",
		Long: "emit writes what a run recommends as a configuration file, for the server that was measured or for another. Its\n" +
			"comments say which run it rests on, and what isn't in it. It writes nothing if the run recommends nothing.",
		Example: "  calibrate emit > gunicorn.conf.py\n  calibrate emit --for systemd\n  calibrate emit 20261121-093000-1f2e --for kubernetes",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind == "" && cmd.Flags().Changed("for") {
				return calibrate.Usage("one of "+strings.Join(report.EmitKinds(server.Known()), ", "), "--for is empty")
			}
			result, err := loadRun(env, first(args))
			if err != nil {
				return err
			}
			if doubt := report.Reading(result); doubt != "" {
				note(env, "%s", doubt)
			}
			return report.Emit(env.Stdout, result, kind, server.Known())
		},
	}
	cmd.Flags().StringVar(&kind, "for", "", "the configuration of which `SERVER`, supervisor or container:\n"+strings.Join(report.EmitKinds(server.Known()), ", ")+"\n(default: the measured server's)")
	return cmd
}
